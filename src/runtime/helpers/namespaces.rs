//! Attributes, globals, cells, functions.

use super::Object;
use super::collection::collecting_later;
use crate::ffi::CodeObject;
use pyo3::ffi;
use pyo3::prelude::*;
use std::ptr::{addr_of_mut, null_mut};

c_functions! {
    fn get_attribute(a: Object, name: Object) -> Object {
        ffi::PyObject_GetAttr(a, name)
    }

    fn set_attribute(a: Object, name: Object, value: Object) -> i64 {
        ffi::PyObject_SetAttr(a, name, value).into()
    }

    fn delete_attribute(a: Object, name: Object) -> i64 {
        ffi::PyObject_SetAttr(a, name, null_mut()).into()
    }

    fn load_global(globals: Object, builtins: Object, name: Object) -> Object {
        for namespace in [globals, builtins] {
            let (value, raised) = lookup(namespace, name);
            if !value.is_null() || raised {
                return value;
            }
        }
        raise_name_error(name);
        null_mut()
    }

    fn store_global(globals: Object, name: Object, value: Object) -> i64 {
        ffi::PyDict_SetItem(globals, name, value).into()
    }

    fn new_cell(content: Object) -> Object {
        collecting_later(|| ffi::PyCell_New(content))
    }

    fn new_function(
        code: Object,
        globals: Object,
        defaults: Object,
        keyword_defaults: Object,
        annotations: Object,
        closure: Object
    ) -> Object {
        let object = collecting_later(|| ffi::PyFunction_New(code, globals));
        if object.is_null() {
            return null_mut();
        }
        let function = object.cast::<ffi::PyFunctionObject>();
        // As the interpreter does it: no watcher is told, annotations may be a tuple.
        for (value, field) in [
            (defaults, &raw mut (*function).func_defaults),
            (keyword_defaults, &raw mut (*function).func_kwdefaults),
            (annotations, &raw mut (*function).func_annotations),
            (closure, &raw mut (*function).func_closure),
        ] {
            if !value.is_null() {
                ffi::Py_INCREF(value);
                *field = value;
            }
        }
        (*function).func_version = (*code.cast::<CodeObject>()).version();
        object
    }
}

/// An owned value or NULL, and whether an exception is set.
///
/// # Safety
/// The GIL is held, both objects are alive.
unsafe fn lookup(namespace: Object, name: Object) -> (Object, bool) {
    // SAFETY: the caller's obligations; the borrowed item gets a reference before anything runs.
    unsafe {
        if ffi::Py_TYPE(namespace) == addr_of_mut!(ffi::PyDict_Type) {
            let value = ffi::PyDict_GetItemWithError(namespace, name);
            ffi::Py_XINCREF(value);
            return (value, value.is_null() && !ffi::PyErr_Occurred().is_null());
        }
        // `exec` with a mapping of one's own.
        let value = ffi::PyObject_GetItem(namespace, name);
        if value.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_KeyError) != 0 {
            ffi::PyErr_Clear();
            return (value, false);
        }
        (value, value.is_null())
    }
}

/// `NameError: name 'x' is not defined`, with its `name` attribute.
///
/// # Safety
/// The GIL is held; `name` is a live `str`.
unsafe fn raise_name_error(name: Object) {
    // SAFETY: the caller's obligations; `assume_attached` is right with the GIL held.
    unsafe {
        let text = ffi::PyUnicode_AsUTF8(name);
        if text.is_null() {
            return;
        }
        ffi::PyErr_Format(
            ffi::PyExc_NameError,
            c"name '%.200s' is not defined".as_ptr(),
            text,
        );
        let py = Python::assume_attached();
        if let Some(error) = PyErr::take(py) {
            // Whether that worked the interpreter does not ask, either.
            let name = Bound::from_borrowed_ptr(py, name);
            drop(error.value(py).setattr("name", name));
            error.restore(py);
        }
    }
}
