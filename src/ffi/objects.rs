//! Exported functions on objects without a declaration in pyo3-ffi: `cpython/object.h`,
//! `cpython/listobject.h`, `cpython/unicodeobject.h`. All are exported by 3.11 to 3.14.

use pyo3::ffi::{Py_ssize_t, PyObject};

unsafe extern "C" {
    /// Destroys an object whose count has become 0.
    pub fn _Py_Dealloc(object: *mut PyObject);
    /// `list.extend`: `None`, or NULL with an exception set.
    pub fn _PyList_Extend(list: *mut PyObject, iterable: *mut PyObject) -> *mut PyObject;
    /// `separator.join(items)`.
    pub fn _PyUnicode_JoinArray(
        separator: *mut PyObject,
        items: *const *mut PyObject,
        count: Py_ssize_t,
    ) -> *mut PyObject;
}

/// The characters of `b` fit into the storage of `a`, both `str`: no wider and, if `a` is ASCII only,
/// ASCII only. False where the layout is not known.
///
/// # Safety
/// Both are live, ready strings.
pub unsafe fn str_holds(a: *mut PyObject, b: *mut PyObject) -> bool {
    #[cfg(Py_3_14)]
    {
        _ = (a, b);
        false
    }
    #[cfg(not(Py_3_14))]
    // SAFETY: the caller's obligation.
    unsafe {
        use pyo3::ffi::{PyUnicode_IS_ASCII, PyUnicode_KIND};
        PyUnicode_KIND(b) <= PyUnicode_KIND(a)
            && (PyUnicode_IS_ASCII(b) != 0 || PyUnicode_IS_ASCII(a) == 0)
    }
}
