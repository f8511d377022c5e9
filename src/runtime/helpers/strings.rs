//! `str`: formatting, joining, indexing.

use super::Object;
use crate::ffi::{_PyUnicode_JoinArray, str_holds};
use pyo3::ffi;
use std::ptr::{addr_of_mut, null_mut};

c_functions! {
    fn join_strings(items: *const Object, count: i64) -> Object {
        // The empty string is one object that lives for ever.
        let separator = ffi::PyUnicode_New(0, 0);
        if separator.is_null() {
            return null_mut();
        }
        let result = _PyUnicode_JoinArray(separator, items, count as isize);
        ffi::Py_DECREF(separator);
        result
    }

    fn format_value(a: Object, spec: Object) -> Object {
        if spec.is_null() && ffi::Py_TYPE(a) == addr_of_mut!(ffi::PyUnicode_Type) {
            ffi::Py_INCREF(a);
            return a;
        }
        ffi::PyObject_Format(a, spec)
    }

    fn str_of(a: Object) -> Object {
        ffi::PyObject_Str(a)
    }

    fn repr_of(a: Object) -> Object {
        ffi::PyObject_Repr(a)
    }

    fn ascii_of(a: Object) -> Object {
        ffi::PyObject_ASCII(a)
    }

    fn str_index(a: Object, index: i64) -> Object {
        // One-character strings of Latin-1 are shared objects, as in the interpreter.
        let c = ffi::PyUnicode_ReadChar(a, index as isize);
        ffi::PyUnicode_FromOrdinal(c as i32)
    }

    fn str_equal(a: Object, b: Object) -> i64 {
        // -1 is "less" as well as "failed", which two ready strings do not.
        (ffi::PyUnicode_Compare(a, b) == 0).into()
    }

    fn str_concat(a: Object, b: Object) -> Object {
        ffi::PyUnicode_Concat(a, b)
    }

    /// As the interpreter's `s += t` for a local: linear in a loop, where concatenation is quadratic.
    fn str_append(a: Object, b: Object) -> Object {
        // Resizing copies a string that must not be changed; this asks only whether it can pay.
        let grows = a != b && ffi::Py_REFCNT(a) == 1 && str_holds(a, b);
        if !grows {
            let result = ffi::PyUnicode_Concat(a, b);
            if !result.is_null() {
                ffi::Py_DECREF(a);
            }
            return result;
        }
        let (length, more) = (ffi::PyUnicode_GetLength(a), ffi::PyUnicode_GetLength(b));
        let mut grown = a;
        if more > 0 {
            // Lengths are below 2**60: the sum is a length. A failure leaves `a` as it was.
            if ffi::PyUnicode_Resize(&mut grown, length + more) < 0 {
                return null_mut();
            }
            ffi::PyUnicode_CopyCharacters(grown, length, b, 0, more);
        }
        grown
    }

    /// `a in b`.
    fn str_contains(a: Object, b: Object) -> i64 {
        ffi::PyUnicode_Contains(b, a).into()
    }

    /// -1 unless it is one character.
    fn str_ord(a: Object) -> i64 {
        if ffi::PyUnicode_GetLength(a) != 1 {
            return -1;
        }
        ffi::PyUnicode_ReadChar(a, 0).into()
    }

    /// NULL without an exception where `chr` raises.
    fn str_chr(code: i64) -> Object {
        if !(0..=0x10_FFFF).contains(&code) {
            return null_mut();
        }
        let result = ffi::PyUnicode_FromOrdinal(code as i32);
        if result.is_null() {
            ffi::PyErr_Clear();
        }
        result
    }
}
