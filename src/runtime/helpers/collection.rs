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

/// Collections are nobody's business here.
#[cfg(Py_3_12)]
pub fn remember(_: pyo3::Python<'_>) {}

#[cfg(not(Py_3_12))]
pub use until_3_11::{collecting_later, remember};

#[cfg(not(Py_3_12))]
mod until_3_11 {
    use std::sync::atomic::{AtomicU32, Ordering};

    use pyo3::ffi;
    use pyo3::prelude::*;
    use pyo3::sync::PyOnceLock;

    /// Allocations without a collection before one is asked for: the interpreter's own first threshold.
    const ALLOCATIONS: u32 = 700;
    static COUNT: AtomicU32 = AtomicU32::new(0);
    /// `gc.get_count` and `gc.get_threshold`.
    static QUESTIONS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

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
            let asks = COUNT.fetch_add(1, Ordering::Relaxed) >= ALLOCATIONS && is_main_thread();
            let is_due = asks && is_due();
            ffi::PyGC_Enable();
            if asks {
                COUNT.store(0, Ordering::Relaxed);
            }
            if is_due {
                // Without room in the queue another allocation asks again.
                ffi::Py_AddPendingCall(Some(collect_if_due), std::ptr::null_mut());
            }
            made
        }
    }

    /// Looks up what `is_due` calls, where Python code may run: when functions come under the JIT.
    pub fn remember(py: Python<'_>) {
        if QUESTIONS.get(py).is_some() {
            return;
        }
        let look_up = || -> PyResult<_> {
            let gc = py.import("gc")?;
            Ok([gc.getattr("get_count")?, gc.getattr("get_threshold")?])
        };
        // Whatever else a program put there may run anything.
        // SAFETY: a live object.
        let is_builtin = |function: &Bound<'_, PyAny>| unsafe {
            ffi::PyCFunction_CheckExact(function.as_ptr()) != 0
        };
        if let Ok(questions) = look_up()
            && questions.iter().all(is_builtin)
        {
            let _ = QUESTIONS.set(py, questions.map(Bound::unbind));
        }
    }

    /// More containers were made than died, by more than the threshold. A loop that makes and drops them is not to be
    /// left every so many turns.
    #[cold]
    fn is_due() -> bool {
        // SAFETY: the GIL is held.
        let py = unsafe { Python::assume_attached() };
        let Some(questions) = QUESTIONS.get(py) else {
            return true;
        };
        if PyErr::occurred(py) {
            return false;
        }
        let ask = |function: &Py<PyAny>| -> PyResult<i64> {
            // Bound: a plain `Py` would be dropped later, for pyo3 does not know that machine code holds the GIL.
            let (youngest, _, _): (i64, i64, i64) = function.bind(py).call0()?.extract()?;
            Ok(youngest)
        };
        let [count, threshold] = questions.each_ref().map(ask);
        match (count, threshold) {
            (Ok(count), Ok(threshold)) => threshold != 0 && count > threshold,
            _ => true,
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
