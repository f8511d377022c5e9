//! Rows of `abi/support.rs` about objects: boxes, int digits, lists, death.
//!
//! These have no hidden first parameter.

use super::Object;
use crate::ffi::{_Py_Dealloc, LONG_SHIFT, LongObject};
use pyo3::ffi::{self, PyTypeObject};
use pyo3::prelude::*;
use std::ptr::{addr_of_mut, null_mut};

/// # Safety
/// The GIL is held; the object's count has become 0.
pub unsafe extern "C" fn dealloc(object: Object) {
    // SAFETY: the caller's obligation.
    unsafe { _Py_Dealloc(object) }
}

/// Machine code that boxes a number has no way to fail: memory has run out.
fn boxed(object: Object) -> Object {
    if object.is_null() {
        std::process::abort();
    }
    object
}

/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn box_i64(value: i64) -> Object {
    // SAFETY: the GIL is held.
    boxed(unsafe { ffi::PyLong_FromLongLong(value) })
}

/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn box_u64(value: u64) -> Object {
    // SAFETY: the GIL is held.
    boxed(unsafe { ffi::PyLong_FromUnsignedLongLong(value) })
}

/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn box_f64(value: f64) -> Object {
    // SAFETY: the GIL is held.
    boxed(unsafe { ffi::PyFloat_FromDouble(value) })
}

/// The value of an int of at most three digits (90 bits).
///
/// # Safety
/// A live exact int.
unsafe fn small_value(object: Object) -> Option<i128> {
    // SAFETY: an int has as many digits as it says.
    unsafe {
        let long = object.cast::<LongObject>();
        let (count, negative) = (*long).digits_and_sign();
        if count > 3 {
            return None;
        }
        let digits = &raw const (*long).ob_digit as *const u32;
        let mut value = 0;
        for index in (0..count).rev() {
            value = value << LONG_SHIFT | i128::from(*digits.add(index));
        }
        Some(if negative { -value } else { value })
    }
}

/// The value of an int of at most 64 bits, with or without sign; `None` of others and of wider ints.
/// Unlike a conversion it raises nothing, not even for a moment.
pub fn int_value(object: &Bound<'_, PyAny>) -> Option<i128> {
    // SAFETY: a live object, which is an int when it is asked for its digits.
    let value = unsafe {
        if ffi::PyLong_Check(object.as_ptr()) == 0 {
            return None;
        }
        small_value(object.as_ptr())?
    };
    (i128::from(i64::MIN)..=i128::from(u64::MAX))
        .contains(&value)
        .then_some(value)
}

/// # Safety
/// A live exact int; `result` is the address of a word.
pub unsafe extern "C" fn unbox_i64(object: Object, result: *mut i64) -> i64 {
    // SAFETY: the caller's obligations.
    unsafe {
        match small_value(object).and_then(|value| i64::try_from(value).ok()) {
            Some(value) => {
                *result = value;
                1
            }
            None => 0,
        }
    }
}

/// # Safety
/// A live exact int; `result` is the address of a word.
pub unsafe extern "C" fn unbox_u64(object: Object, result: *mut u64) -> i64 {
    // SAFETY: the caller's obligations.
    unsafe {
        match small_value(object).and_then(|value| u64::try_from(value).ok()) {
            Some(value) => {
                *result = value;
                1
            }
            None => 0,
        }
    }
}

/// # Safety
/// The GIL is held; an object whose reference the caller owns; `result` is the address of a word.
pub unsafe extern "C" fn unbox_result(object: Object, form: i64, result: *mut u64) -> i64 {
    // SAFETY: the caller's obligations; the exact class is asked before the value is read.
    unsafe {
        let fits = match form {
            0 => ffi::PyLong_CheckExact(object) != 0 && unbox_i64(object, result.cast()) == 1,
            1 => ffi::PyLong_CheckExact(object) != 0 && unbox_u64(object, result) == 1,
            2 if ffi::PyFloat_CheckExact(object) != 0 => {
                *result = ffi::PyFloat_AS_DOUBLE(object).to_bits();
                true
            }
            3 if ffi::PyBool_Check(object) != 0 => {
                *result = u64::from(object == ffi::Py_True());
                true
            }
            _ => false,
        };
        if fits {
            ffi::Py_DECREF(object);
        }
        i64::from(fits)
    }
}

/// # Safety
/// The GIL is held; a live list and a live item.
pub unsafe extern "C" fn list_append(list: Object, item: Object) -> i64 {
    // SAFETY: the caller's obligations.
    unsafe { ffi::PyList_Append(list, item).into() }
}

/// # Safety
/// The GIL is held; a live list that is not empty.
pub unsafe extern "C" fn list_pop_last(list: Object) -> Object {
    // SAFETY: the caller's obligations; the item is held while the list drops it.
    unsafe {
        let last = ffi::PyList_GET_SIZE(list) - 1;
        let item = ffi::PyList_GET_ITEM(list, last);
        ffi::Py_INCREF(item);
        if ffi::PyList_SetSlice(list, last, last + 1, null_mut()) < 0 {
            // The storage could not be made smaller, and the list is as before: take the item only.
            ffi::PyErr_Clear();
            (*list.cast::<ffi::PyVarObject>()).ob_size = last;
            ffi::Py_DECREF(item);
        }
        item
    }
}

/// Items looked at before a container counts as not silent.
const ITEM_BUDGET: usize = 4096;

/// How deep containers in containers are followed.
const DEPTH_BUDGET: usize = 4;

/// # Safety
/// The GIL is held; a live object.
pub unsafe extern "C" fn drop_is_silent(object: Object) -> i64 {
    let mut budget = ITEM_BUDGET;
    // SAFETY: the caller's obligations.
    unsafe { is_silent(object, &mut budget, DEPTH_BUDGET) }.into()
}

/// Dropping the last reference runs nothing: numbers and strings, and lists, tuples and dicts of
/// silent objects, however many references those have (one object may be in it twice).
///
/// # Safety
/// The GIL is held; a live object.
unsafe fn is_silent(object: Object, budget: &mut usize, depth: usize) -> bool {
    // SAFETY: items of a live container are alive; nothing here runs Python code, so that it stays.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let is = |other: *mut PyTypeObject| std::ptr::eq(class, other);
        if *budget == 0 {
            return false;
        }
        *budget -= 1;
        if is(addr_of_mut!(ffi::PyLong_Type))
            || is(addr_of_mut!(ffi::PyFloat_Type))
            || is(addr_of_mut!(ffi::PyUnicode_Type))
            || is(addr_of_mut!(ffi::PyBytes_Type))
            || is(addr_of_mut!(ffi::PyBool_Type))
            || is(addr_of_mut!(ffi::PyByteArray_Type))
            || is(addr_of_mut!(ffi::PyComplex_Type))
            || is(addr_of_mut!(ffi::PyRange_Type))
            || object == ffi::Py_None()
        {
            return true;
        }
        if depth == 0 {
            return false;
        }
        let (items, count) = if is(addr_of_mut!(ffi::PyList_Type)) {
            (
                (*object.cast::<ffi::PyListObject>()).ob_item.cast_const(),
                ffi::PyList_GET_SIZE(object),
            )
        } else if is(addr_of_mut!(ffi::PyTuple_Type)) {
            let tuple = object.cast::<ffi::PyTupleObject>();
            (
                (&raw const (*tuple).ob_item).cast(),
                ffi::PyTuple_GET_SIZE(object),
            )
        } else if is(addr_of_mut!(ffi::PyDict_Type)) {
            let (mut place, mut key, mut value) = (0, null_mut(), null_mut());
            while ffi::PyDict_Next(object, &mut place, &mut key, &mut value) != 0 {
                if !is_silent(key, budget, depth - 1) || !is_silent(value, budget, depth - 1) {
                    return false;
                }
            }
            return true;
        } else {
            return false;
        };
        (0..count).all(|index| {
            let item = *items.offset(index);
            item.is_null() || is_silent(item, budget, depth - 1)
        })
    }
}
