//! Exported functions on objects without a declaration in pyo3-ffi: `cpython/object.h`,
//! `cpython/listobject.h`, `cpython/unicodeobject.h`. All are exported by 3.11 to 3.14.

use pyo3::ffi::{Py_ssize_t, PyASCIIObject, PyMethodDef, PyObject, PyTypeObject};
#[cfg(not(Py_3_14))]
use pyo3::ffi::{PyUnicode_DATA, PyUnicode_KIND};
#[cfg(Py_3_14)]
use std::ffi::c_void;
use std::ffi::{c_int, c_uint};

/// `PyMethodDescrObject`.
#[repr(C)]
pub struct MethodDescriptor {
    pub ob_base: PyObject,
    pub d_type: *mut PyTypeObject,
    pub d_name: *mut PyObject,
    pub d_qualname: *mut PyObject,
    pub d_method: *mut PyMethodDef,
    pub vectorcall: *mut PyObject,
}

unsafe extern "C" {
    /// Destroys an object whose count has become 0.
    pub fn _Py_Dealloc(object: *mut PyObject);
    /// `list.extend`: `None`, or NULL with an exception set.
    pub fn _PyList_Extend(list: *mut PyObject, iterable: *mut PyObject) -> *mut PyObject;
    /// `int(text, base)`.
    pub fn PyLong_FromUnicodeObject(text: *mut PyObject, base: c_int) -> *mut PyObject;
    /// `separator.join(items)`.
    pub fn _PyUnicode_JoinArray(
        separator: *mut PyObject,
        items: *const *mut PyObject,
        count: Py_ssize_t,
    ) -> *mut PyObject;
    /// Macros until 3.13.
    #[cfg(Py_3_14)]
    fn PyUnicode_KIND(text: *mut PyObject) -> c_int;
    #[cfg(Py_3_14)]
    fn PyUnicode_DATA(text: *mut PyObject) -> *mut c_void;
}

/// The characters of a string as they lie in memory: bytes per character, and all bytes. `None` where
/// 3.11 has not brought an old-fashioned one into that form.
///
/// # Safety
/// A live string that outlives the result.
pub unsafe fn str_bytes<'a>(text: *mut PyObject) -> Option<(usize, &'a [u8])> {
    // SAFETY: the caller's obligation; a string has as many characters as it says.
    unsafe {
        let kind = PyUnicode_KIND(text) as usize;
        if kind == 0 {
            return None;
        }
        let length = (*text.cast::<PyASCIIObject>()).length as usize;
        let data = PyUnicode_DATA(text) as *const u8;
        Some((kind, std::slice::from_raw_parts(data, length * kind)))
    }
}

/// The characters of `b` fit into the storage of `a`, both `str`: no wider and, if `a` is ASCII only,
/// ASCII only.
///
/// # Safety
/// Both are live, ready strings.
pub unsafe fn str_holds(a: *mut PyObject, b: *mut PyObject) -> bool {
    // SAFETY: the caller's obligation.
    unsafe {
        PyUnicode_KIND(b) as c_uint <= PyUnicode_KIND(a) as c_uint && (is_ascii(b) || !is_ascii(a))
    }
}

#[cfg(not(Py_3_14))]
unsafe fn is_ascii(text: *mut PyObject) -> bool {
    // SAFETY: a live string.
    unsafe { pyo3::ffi::PyUnicode_IS_ASCII(text) != 0 }
}

/// 3.14 has no function for the bit; but only of ASCII strings the characters follow the short head.
#[cfg(Py_3_14)]
unsafe fn is_ascii(text: *mut PyObject) -> bool {
    // SAFETY: a live string.
    unsafe { PyUnicode_DATA(text) as usize == text as usize + size_of::<PyASCIIObject>() }
}
