//! `str`: formatting, joining, indexing.

use super::Object;
use crate::ffi::{_PyUnicode_JoinArray, PyLong_FromUnicodeObject, str_bytes, str_holds};
use pyo3::ffi;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The one-character strings of Latin-1, which are shared objects that live for ever; filled as needed.
static CHARACTERS: [AtomicPtr<ffi::PyObject>; 256] = [const { AtomicPtr::new(null_mut()) }; 256];

/// A new reference to the one-character string; NULL with an exception set.
///
/// # Safety
/// The GIL is held.
unsafe fn character(code: u8) -> Object {
    // SAFETY: the GIL is held, and the table keeps a reference of its own.
    unsafe {
        let Some(place) = CHARACTERS.get(usize::from(code)) else {
            return null_mut();
        };
        let mut object = place.load(Ordering::Relaxed);
        if object.is_null() {
            object = ffi::PyUnicode_FromOrdinal(code.into());
            if object.is_null() {
                return object;
            }
            place.store(object, Ordering::Relaxed);
        }
        ffi::Py_INCREF(object);
        object
    }
}

/// `PySlice_AdjustIndices` for a step of 1; a stop beyond the end is the end.
pub fn clamp(length: i64, start: i64, stop: i64) -> (i64, i64) {
    let bound = |index: i64| match index {
        index if index < 0 => index.saturating_add(length).max(0),
        index => index.min(length),
    };
    (bound(start), bound(stop))
}

/// # Safety
/// The GIL is held; a live string, and an index in it.
pub unsafe extern "C" fn read_char(text: Object, index: i64) -> i64 {
    // SAFETY: the caller's obligations.
    unsafe { ffi::PyUnicode_ReadChar(text, index as isize).into() }
}

c_functions! {
    fn str_slice(text: Object, start: i64, stop: i64) -> Object {
        let length = ffi::PyUnicode_GetLength(text) as i64;
        let (start, stop) = clamp(length, start, stop);
        ffi::PyUnicode_Substring(text, start as isize, stop.max(start) as isize)
    }

    fn bytes_slice(bytes: Object, start: i64, stop: i64) -> Object {
        let length = ffi::PyBytes_Size(bytes) as i64;
        let (start, stop) = clamp(length, start, stop);
        if start == 0 && stop == length {
            ffi::Py_INCREF(bytes);
            return bytes;
        }
        let data = ffi::PyBytes_AsString(bytes).offset(start as isize);
        ffi::PyBytes_FromStringAndSize(data, (stop - start).max(0) as isize)
    }

    /// One more than the index, or 0.
    fn str_find(text: Object, part: Object, start: i64, stop: i64) -> i64 {
        ffi::PyUnicode_Find(text, part, start as isize, stop as isize, 1) as i64 + 1
    }

    fn str_tail(text: Object, part: Object, start: i64, stop: i64, end: i64) -> i64 {
        let direction = end as std::ffi::c_int;
        ffi::PyUnicode_Tailmatch(text, part, start as isize, stop as isize, direction) as i64
    }

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

    fn int_of_str(text: Object) -> Object {
        PyLong_FromUnicodeObject(text, 10)
    }

    fn float_of_str(text: Object) -> f64 {
        let number = ffi::PyFloat_FromString(text);
        if number.is_null() {
            return f64::NAN;
        }
        let value = ffi::PyFloat_AS_DOUBLE(number);
        ffi::Py_DECREF(number);
        value
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
        if let Some((1, bytes)) = str_bytes(a)
            && let Some(&code) = bytes.get(index as usize)
        {
            return character(code);
        }
        let c = ffi::PyUnicode_ReadChar(a, index as isize);
        ffi::PyUnicode_FromOrdinal(c as i32)
    }

    fn str_equal(a: Object, b: Object) -> i64 {
        if a == b {
            return 1;
        }
        if let (Some((wide, left)), Some((width, right))) = (str_bytes(a), str_bytes(b)) {
            // Each string is held as narrow as it can be.
            return (wide == width && left == right).into();
        }
        // -1 is "less" as well as "failed", which two ready strings do not.
        (ffi::PyUnicode_Compare(a, b) == 0).into()
    }

    fn str_order(a: Object, b: Object) -> i64 {
        // -1 is "less" as well as "failed", which two ready strings do not.
        i64::from(ffi::PyUnicode_Compare(a, b)) + 1
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
        if let (Some((1, &[code])), Some((1, bytes))) = (str_bytes(a), str_bytes(b)) {
            return bytes.contains(&code).into();
        }
        ffi::PyUnicode_Contains(b, a).into()
    }

    /// -1 unless it is one character.
    fn str_ord(a: Object) -> i64 {
        if let Some((1, &[code])) = str_bytes(a) {
            return code.into();
        }
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
