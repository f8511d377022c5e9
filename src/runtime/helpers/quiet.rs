//! Allocating containers without a collection, which 3.11 would start then and there.
//!
//! What a collection runs must not run where the code has no frame of its own. It is put off: once the interpreter's own
//! count is over its threshold, the main thread is asked for it.

use super::Object;
use super::Thread;
use super::containers;
use super::namespaces;

#[cfg(not(Py_3_12))]
use pyo3::ffi;

/// Allocations without a collection before somebody asks whether one is due: the interpreter's own first threshold.
#[cfg(not(Py_3_12))]
const ALLOCATIONS: u32 = 700;

/// What `allocate` gives; it starts no collection.
///
/// # Safety
/// The GIL is held; `allocate` runs no Python code.
#[inline]
pub unsafe fn quietly(allocate: impl FnOnce() -> Object) -> Object {
    #[cfg(Py_3_12)]
    return allocate();
    #[cfg(not(Py_3_12))]
    // SAFETY: as required.
    unsafe {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if ffi::PyGC_IsEnabled() == 0 {
            return allocate();
        }
        ffi::PyGC_Disable();
        let object = allocate();
        ffi::PyGC_Enable();
        if COUNT.fetch_add(1, Ordering::Relaxed) >= ALLOCATIONS {
            COUNT.store(0, Ordering::Relaxed);
            if is_main_thread() && is_due() {
                // Without room in the queue another allocation asks again.
                ffi::Py_AddPendingCall(Some(collect_if_due), std::ptr::null_mut());
            }
        }
        object
    }
}

/// More containers were made than died, by more than the threshold.
#[cfg(not(Py_3_12))]
#[cold]
fn is_due() -> bool {
    use pyo3::prelude::*;
    // SAFETY: the GIL is held.
    let py = unsafe { Python::assume_attached() };
    let ask = || -> PyResult<bool> {
        let gc = py.import("gc")?;
        let count: (i64, i64, i64) = gc.call_method0("get_count")?.extract()?;
        let threshold: (i64, i64, i64) = gc.call_method0("get_threshold")?.extract()?;
        Ok(threshold.0 != 0 && count.0 > threshold.0)
    };
    ask().unwrap_or(true)
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

/// The functions wrapped here ask for none.
const NO_THREAD: Thread = std::ptr::null_mut();

c_functions! {
    fn alloc_list(items: *const Object, count: i64) -> Object {
        quietly(|| containers::new_list(NO_THREAD, items, count))
    }

    fn alloc_tuple(items: *const Object, count: i64) -> Object {
        quietly(|| containers::new_tuple(NO_THREAD, items, count))
    }

    fn alloc_set() -> Object {
        quietly(|| containers::new_set(NO_THREAD, std::ptr::null(), 0))
    }

    fn list_to_tuple(list: Object) -> Object {
        quietly(|| pyo3::ffi::PyList_AsTuple(list))
    }

    fn alloc_map() -> Object {
        quietly(|| containers::empty_map(NO_THREAD))
    }

    fn alloc_cell(content: Object) -> Object {
        quietly(|| namespaces::new_cell(NO_THREAD, content))
    }

    fn alloc_function(
        code: Object,
        globals: Object,
        defaults: Object,
        keyword_defaults: Object,
        annotations: Object,
        closure: Object
    ) -> Object {
        quietly(|| {
            namespaces::new_function(
                NO_THREAD,
                code,
                globals,
                defaults,
                keyword_defaults,
                annotations,
                closure,
            )
        })
    }

    fn alloc_repeat(list: Object, count: i64) -> Object {
        quietly(|| containers::list_repeat(NO_THREAD, list, count))
    }

    fn alloc_list_slice(list: Object, start: i64, stop: i64) -> Object {
        quietly(|| containers::list_slice(NO_THREAD, list, start, stop))
    }
}
