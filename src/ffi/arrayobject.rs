//! `Modules/arraymodule.c`: `array.array`. No header declares it, so the layout test compares it
//! with what the buffer protocol and `array.buffer_info()` say.

use pyo3::ffi::{Py_ssize_t, PyObject, PyVarObject};
use std::ffi::{c_char, c_int, c_void};

/// `struct arraydescr`: the element type.
#[repr(C)]
pub struct ArrayDescr {
    pub typecode: c_char,
    pub itemsize: c_int,
    pub getitem: *mut c_void,
    pub setitem: *mut c_void,
    pub compareitems: *mut c_void,
    pub formats: *const c_char,
    pub is_integer_type: c_int,
    pub is_signed: c_int,
}

/// `arrayobject`.
#[repr(C)]
pub struct ArrayObject {
    pub ob_base: PyVarObject,
    pub ob_item: *mut c_char,
    pub allocated: Py_ssize_t,
    pub ob_descr: *const ArrayDescr,
    pub weakreflist: *mut PyObject,
    pub ob_exports: Py_ssize_t,
}
