//! Allocations that start no collection.
//!
//! Until 3.11 an allocation may start a collection, in the middle of what native code does. Here it never
//! does: it is made up for at the next poll, where 3.12 and later collect anyway.

/// Runs what allocates, and does not collect meanwhile.
///
/// # Safety
/// The GIL is held; `make` runs no Python code.
#[cfg(Py_3_12)]
#[inline(always)]
pub unsafe fn collecting_later<R>(make: impl FnOnce() -> R) -> R {
    make()
}

#[cfg(not(Py_3_12))]
pub use until_3_11::collecting_later;

#[cfg(not(Py_3_12))]
mod until_3_11 {
    use std::sync::atomic::{AtomicU32, Ordering};

    use pyo3::ffi;

    /// Allocations without a collection before one is asked for: the interpreter's own first threshold.
    const ALLOCATIONS: u32 = 700;
    static COUNT: AtomicU32 = AtomicU32::new(0);

    /// Runs what allocates, and does not collect meanwhile.
    ///
    /// # Safety
    /// The GIL is held; `make` runs no Python code.
    pub unsafe fn collecting_later<R>(make: impl FnOnce() -> R) -> R {
        // SAFETY: as required; the collector is as before afterwards.
        unsafe {
            if ffi::PyGC_IsEnabled() == 0 {
                return make();
            }
            ffi::PyGC_Disable();
            let made = make();
            ffi::PyGC_Enable();
            if COUNT.fetch_add(1, Ordering::Relaxed) >= ALLOCATIONS && is_main_thread() {
                COUNT.store(0, Ordering::Relaxed);
                // Without room in the queue another allocation asks again.
                ffi::Py_AddPendingCall(Some(collect_if_due), std::ptr::null_mut());
            }
            made
        }
    }

    /// Pending calls are the main thread's. Another thread would see the eval breaker set until that one runs,
    /// and leave native code at every poll; its garbage waits for an allocation of the interpreter.
    fn is_main_thread() -> bool {
        #[cfg(target_os = "linux")]
        {
            unsafe extern "C" {
                safe fn getpid() -> i32;
                safe fn gettid() -> i32;
            }
            getpid() == gettid()
        }
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// Allocates as the interpreter does, which collects when it is time.
    extern "C" fn collect_if_due(_: *mut std::ffi::c_void) -> std::ffi::c_int {
        // SAFETY: the interpreter calls this under the GIL.
        unsafe {
            let cell = ffi::PyCell_New(std::ptr::null_mut());
            if cell.is_null() {
                ffi::PyErr_Clear();
            } else {
                ffi::Py_DECREF(cell);
            }
        }
        0
    }
}
