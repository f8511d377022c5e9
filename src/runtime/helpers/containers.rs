//! Subscripts, slices, and the construction of containers.

use super::Object;
use super::collection::collecting_later;
use crate::ffi::{_PyList_Extend, MethodDescriptor};
use pyo3::ffi;
use std::ptr::null_mut;

c_functions! {
    fn get_item(a: Object, b: Object) -> Object {
        ffi::PyObject_GetItem(a, b)
    }

    fn set_item(a: Object, b: Object, c: Object) -> i64 {
        ffi::PyObject_SetItem(a, b, c).into()
    }

    fn delete_item(a: Object, b: Object) -> i64 {
        ffi::PyObject_DelItem(a, b).into()
    }

    fn build_slice(a: Object, b: Object, c: Object) -> Object {
        collecting_later(|| ffi::PySlice_New(a, b, c))
    }

    fn new_range(start: i64, stop: i64, step: i64) -> Object {
        let arguments = [start, stop, step].map(|value| ffi::PyLong_FromLongLong(value));
        let mut range = null_mut();
        if arguments.iter().all(|argument| !argument.is_null()) {
            let class: Object = (&raw mut ffi::PyRange_Type).cast();
            range = ffi::PyObject_Vectorcall(class, arguments.as_ptr(), 3, null_mut());
        }
        for argument in arguments {
            ffi::Py_XDECREF(argument);
        }
        range
    }

    fn get_slice(a: Object, b: Object, c: Object) -> Object {
        let slice = ffi::PySlice_New(b, c, null_mut());
        if slice.is_null() {
            return null_mut();
        }
        let result = ffi::PyObject_GetItem(a, slice);
        ffi::Py_DECREF(slice);
        result
    }

    fn set_slice(a: Object, b: Object, c: Object, d: Object) -> i64 {
        let slice = ffi::PySlice_New(b, c, null_mut());
        if slice.is_null() {
            return -1;
        }
        let result = ffi::PyObject_SetItem(a, slice, d);
        ffi::Py_DECREF(slice);
        result.into()
    }

    fn new_list(items: *const Object, count: i64) -> Object {
        let list = collecting_later(|| ffi::PyList_New(count as isize));
        if !list.is_null() {
            for index in 0..count as isize {
                let item = *items.offset(index);
                ffi::Py_INCREF(item);
                ffi::PyList_SET_ITEM(list, index, item);
            }
        }
        list
    }

    fn new_tuple(items: *const Object, count: i64) -> Object {
        let tuple = collecting_later(|| ffi::PyTuple_New(count as isize));
        if !tuple.is_null() {
            for index in 0..count as isize {
                let item = *items.offset(index);
                ffi::Py_INCREF(item);
                ffi::PyTuple_SET_ITEM(tuple, index, item);
            }
        }
        tuple
    }

    fn new_map(items: *const Object, count: i64) -> Object {
        let dict = ffi::PyDict_New();
        if dict.is_null() {
            return null_mut();
        }
        for index in (0..count as isize - 1).step_by(2) {
            if ffi::PyDict_SetItem(dict, *items.offset(index), *items.offset(index + 1)) < 0 {
                ffi::Py_DECREF(dict);
                return null_mut();
            }
        }
        dict
    }

    fn empty_map() -> Object {
        collecting_later(|| ffi::PyDict_New())
    }

    fn empty_set() -> Object {
        collecting_later(|| ffi::PySet_New(null_mut()))
    }

    fn list_to_tuple(list: Object) -> Object {
        collecting_later(|| ffi::PyList_AsTuple(list))
    }

    fn new_set(items: *const Object, count: i64) -> Object {
        let set = ffi::PySet_New(null_mut());
        if set.is_null() {
            return null_mut();
        }
        for index in 0..count as isize {
            if ffi::PySet_Add(set, *items.offset(index)) < 0 {
                ffi::Py_DECREF(set);
                return null_mut();
            }
        }
        set
    }

    fn list_extend(a: Object, b: Object) -> i64 {
        let result = _PyList_Extend(a, b);
        if !result.is_null() {
            ffi::Py_DECREF(result);
            return 0;
        }
        let class = ffi::Py_TYPE(b);
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0
            && (*class).tp_iter.is_none()
            && ffi::PySequence_Check(b) == 0
        {
            ffi::PyErr_Clear();
            ffi::PyErr_Format(
                ffi::PyExc_TypeError,
                c"Value after * must be an iterable, not %.200s".as_ptr(),
                (*class).tp_name,
            );
        }
        -1
    }

    fn list_repeat(a: Object, n: i64) -> Object {
        collecting_later(|| ffi::PySequence_Repeat(a, n as isize))
    }

    fn list_slice(list: Object, start: i64, stop: i64) -> Object {
        let length = ffi::PyList_GET_SIZE(list) as i64;
        let (start, stop) = super::strings::clamp(length, start, stop);
        collecting_later(|| ffi::PyList_GetSlice(list, start as isize, stop.max(start) as isize))
    }

    /// What the first item is called with: a method of a builtin class, and a receiver of that class.
    fn quiet_call(items: *const Object, count: i64) -> Object {
        let method = (*items).cast::<MethodDescriptor>();
        let (receiver, rest, count) = (*items.add(1), items.add(2), count as isize - 2);
        let definition = (*method).d_method;
        let function = (*definition).ml_meth;
        collecting_later(|| match ((*definition).ml_flags, count) {
            (ffi::METH_NOARGS, 0) => (function.PyCFunction)(receiver, null_mut()),
            (ffi::METH_O, 1) => (function.PyCFunction)(receiver, *rest),
            (ffi::METH_FASTCALL, _) => (function.PyCFunctionFast)(receiver, rest.cast_mut(), count),
            _ => ffi::PyObject_Vectorcall(*items, items.add(1), count as usize + 1, null_mut()),
        })
    }

}
