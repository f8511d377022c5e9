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

#[cfg(not(Py_3_12))]
unsafe fn allocate(class: *mut ffi::PyTypeObject) -> Object {
    // SAFETY: a class that `instances::is_made_plainly`; the GIL is held throughout.
    unsafe { super::quiet::quietly(|| make(class)) }
}
