//! Making instances.
//!
//! Until 3.11 an allocation may start a collection, in the middle of what native code does. Here it never
//! does: it is made up for at the next poll, where 3.12 and later collect anyway.

use super::Object;
use pyo3::ffi;

c_functions! {
    fn new_instance(class: Object) -> Object {
        allocate(class.cast())
    }
}

/// `object.__new__(class)`: until 3.12 it is what gives the instance its table of attributes.
#[cfg(not(Py_3_13))]
unsafe fn make(class: *mut ffi::PyTypeObject) -> Object {
    // SAFETY: a class that `instances::is_made_plainly`: its `tp_new` is that of `object`. The empty tuple is
    // one object that always exists.
    unsafe {
        let empty = ffi::PyTuple_New(0);
        match (*std::ptr::addr_of!(ffi::PyBaseObject_Type)).tp_new {
            Some(new) if !empty.is_null() => {
                let object = new(class, empty, std::ptr::null_mut());
                ffi::Py_DECREF(empty);
                object
            }
            _ => std::ptr::null_mut(),
        }
    }
}

#[cfg(Py_3_13)]
unsafe fn allocate(class: *mut ffi::PyTypeObject) -> Object {
    // SAFETY: a class that `instances::is_made_plainly`.
    unsafe { ffi::PyType_GenericAlloc(class, 0) }
}

#[cfg(all(Py_3_12, not(Py_3_13)))]
use make as allocate;

/// Allocations without a collection before one is asked for: the interpreter's own first threshold.
#[cfg(not(Py_3_12))]
const ALLOCATIONS: u32 = 700;

#[cfg(not(Py_3_12))]
unsafe fn allocate(class: *mut ffi::PyTypeObject) -> Object {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // SAFETY: a class that `instances::is_made_plainly`; the GIL is held throughout.
    unsafe {
        if ffi::PyGC_IsEnabled() == 0 {
            return make(class);
        }
        ffi::PyGC_Disable();
        let object = make(class);
        ffi::PyGC_Enable();
        if COUNT.fetch_add(1, Ordering::Relaxed) >= ALLOCATIONS && is_main_thread() {
            COUNT.store(0, Ordering::Relaxed);
            // Without room in the queue another allocation asks again.
            ffi::Py_AddPendingCall(Some(collect_if_due), std::ptr::null_mut());
        }
        object
    }
}

/// Pending calls are the main thread's. Another thread would see the eval breaker set until that one runs,
/// and leave native code at every poll; its garbage waits for an allocation of the interpreter.
#[cfg(not(Py_3_12))]
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
#[cfg(not(Py_3_12))]
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
