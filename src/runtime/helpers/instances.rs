//! Making instances.

use super::Object;
use super::collection::collecting_later;
use pyo3::ffi;

c_functions! {
    fn new_instance(class: Object) -> Object {
        collecting_later(|| allocate(class.cast()))
    }
}

/// `object.__new__(class)`: until 3.12 it is what gives the instance its table of attributes.
#[cfg(not(Py_3_13))]
unsafe fn allocate(class: *mut ffi::PyTypeObject) -> Object {
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
