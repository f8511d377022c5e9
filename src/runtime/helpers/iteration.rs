//! `GET_ITER`, `FOR_ITER`, `UNPACK_SEQUENCE`.

use super::Object;
use pyo3::ffi;
use std::ffi::c_int;
use std::ptr::{addr_of_mut, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

static END: AtomicPtr<ffi::PyObject> = AtomicPtr::new(null_mut());

/// The object that says "the iterator is exhausted": never seen by Python code, lives for ever.
/// Borrowed; NULL with an exception set if it cannot be made.
///
/// # Safety
/// The GIL is held.
pub unsafe fn end_of_iteration() -> *mut ffi::PyObject {
    let end = END.load(Ordering::Relaxed);
    if !end.is_null() {
        return end;
    }
    // SAFETY: the GIL is held, so that this runs once; `object()` takes no arguments.
    let end = unsafe { ffi::PyObject_CallNoArgs(addr_of_mut!(ffi::PyBaseObject_Type).cast()) };
    END.store(end, Ordering::Relaxed);
    end
}

c_functions! {
    fn get_iter(a: Object) -> Object {
        ffi::PyObject_GetIter(a)
    }

    fn iter_next(a: Object) -> Object {
        let Some(next) = (*ffi::Py_TYPE(a)).tp_iternext else {
            // Its class lost `__next__` since the iterator was made.
            let name = (*ffi::Py_TYPE(a)).tp_name;
            let format = c"'%.200s' object is not an iterator";
            ffi::PyErr_Format(ffi::PyExc_TypeError, format.as_ptr(), name);
            return null_mut();
        };
        let item = next(a);
        if !item.is_null() {
            return item;
        }
        if !ffi::PyErr_Occurred().is_null() {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_StopIteration) == 0 {
                return null_mut();
            }
            ffi::PyErr_Clear();
        }
        let end = end_of_iteration();
        ffi::Py_XINCREF(end);
        end
    }

    fn unpack_sequence(a: Object, count: i64) -> Object {
        let iterator = ffi::PyObject_GetIter(a);
        if iterator.is_null() {
            let class = ffi::Py_TYPE(a);
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0
                && (*class).tp_iter.is_none()
                && ffi::PySequence_Check(a) == 0
            {
                let format = c"cannot unpack non-iterable %.200s object";
                ffi::PyErr_Format(ffi::PyExc_TypeError, format.as_ptr(), (*class).tp_name);
            }
            return null_mut();
        }
        let items = unpack_iterator(a, iterator, count);
        ffi::Py_DECREF(iterator);
        items
    }
}

/// Exactly `count` items as a tuple. `source` is what is iterated.
///
/// # Safety
/// As all of this file: the GIL, and a live iterator.
unsafe fn unpack_iterator(source: Object, iterator: Object, count: i64) -> Object {
    // SAFETY: the caller's obligations; the tuple is ours until it is returned or dropped.
    unsafe {
        let items = ffi::PyTuple_New(count as isize);
        if items.is_null() {
            return null_mut();
        }
        for index in 0..count as isize {
            let item = ffi::PyIter_Next(iterator);
            if item.is_null() {
                if ffi::PyErr_Occurred().is_null() {
                    ffi::PyErr_Format(
                        ffi::PyExc_ValueError,
                        c"not enough values to unpack (expected %d, got %d)".as_ptr(),
                        count as c_int,
                        index as c_int,
                    );
                }
                ffi::Py_DECREF(items);
                return null_mut();
            }
            ffi::PyTuple_SET_ITEM(items, index, item);
        }
        let more = ffi::PyIter_Next(iterator);
        if more.is_null() && ffi::PyErr_Occurred().is_null() {
            return items;
        }
        if !more.is_null() {
            ffi::Py_DECREF(more);
            too_many(source, count);
        }
        ffi::Py_DECREF(items);
        null_mut()
    }
}

/// There are more than `count` items in `source`. 3.14 says how many, if asking is free.
unsafe fn too_many(source: Object, count: i64) {
    // SAFETY: the GIL is held; the object is live.
    unsafe {
        let listed = ffi::PyList_CheckExact(source) != 0 || ffi::PyTuple_CheckExact(source) != 0;
        if cfg!(Py_3_14) && (listed || ffi::PyDict_CheckExact(source) != 0) {
            let length = ffi::PyObject_Size(source);
            if length as i64 > count {
                let format = c"too many values to unpack (expected %d, got %zd)";
                ffi::PyErr_Format(
                    ffi::PyExc_ValueError,
                    format.as_ptr(),
                    count as c_int,
                    length,
                );
                return;
            }
        }
        let format = c"too many values to unpack (expected %d)";
        ffi::PyErr_Format(ffi::PyExc_ValueError, format.as_ptr(), count as c_int);
    }
}
