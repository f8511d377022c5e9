//! 3.11: the type an attached function has.
//!
//! A static subtype of `function` with the same layout and slots, named `function`. The
//! interpreter's call and specialisation paths ask for exactly `function` and so take the general
//! path, which is the vectorcall. Visible from outside: `type(f) is types.FunctionType` is false
//! (`f.__class__` and `isinstance` say what they always said), and C code that asks for exactly
//! `function` refuses it. Pickle and copy treat functions by their exact type, so `__reduce__`
//! answers as they would: by name.

use super::{EntryRecord, function_died};
use pyo3::ffi::{self, PyFunctionObject, PyGetSetDef, PyMethodDef, PyObject, PyTypeObject};
use pyo3::prelude::*;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

struct Storage<T>(UnsafeCell<T>);

// SAFETY: written once under the GIL by `class`, afterwards used as any static type.
unsafe impl<T> Sync for Storage<T> {}

static CLASS: Storage<MaybeUninit<PyTypeObject>> = Storage(UnsafeCell::new(MaybeUninit::zeroed()));
static READY: Storage<bool> = Storage(UnsafeCell::new(false));

static METHODS: Storage<[PyMethodDef; 2]> = Storage(UnsafeCell::new([
    PyMethodDef {
        ml_name: c"__reduce__".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunction: reduce,
        },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: std::ptr::null(),
    },
    PyMethodDef::zeroed(),
]));

static ATTRIBUTES: Storage<[PyGetSetDef; 2]> = Storage(UnsafeCell::new([
    PyGetSetDef {
        name: c"__class__".as_ptr(),
        get: Some(class_attribute),
        set: None,
        doc: std::ptr::null(),
        closure: null_mut(),
    },
    PyGetSetDef {
        name: std::ptr::null(),
        get: None,
        set: None,
        doc: std::ptr::null(),
        closure: null_mut(),
    },
]));

unsafe extern "C" fn reduce(function: *mut PyObject, _nothing: *mut PyObject) -> *mut PyObject {
    // SAFETY: a method of the look-alike: `function` is one, and its qualified name is a str.
    unsafe { ffi::Py_NewRef((*function.cast::<PyFunctionObject>()).func_qualname) }
}

unsafe extern "C" fn class_attribute(
    _function: *mut PyObject,
    _closure: *mut c_void,
) -> *mut PyObject {
    // SAFETY: the type object is valid.
    unsafe { ffi::Py_NewRef((&raw mut ffi::PyFunction_Type).cast()) }
}

/// The deallocator: the record goes, then the function as any other.
unsafe extern "C" fn deallocate(function: *mut PyObject) {
    // SAFETY: called once, for an object of the look-alike without references. While the record
    // is dropped (which may run code) the function is not reachable; it is made a plain function
    // before its own deallocator runs.
    unsafe {
        ffi::PyObject_GC_UnTrack(function.cast());
        function_died(function.cast());
        (*function).ob_type = &raw mut ffi::PyFunction_Type;
        // `func_dealloc` untracks again and expects to find the object tracked.
        ffi::PyObject_GC_Track(function.cast());
        if let Some(deallocate) = ffi::PyFunction_Type.tp_dealloc {
            deallocate(function);
        }
    }
}

/// The type, made ready at first use.
///
/// # Safety
/// The GIL is held.
pub(super) unsafe fn class() -> *mut PyTypeObject {
    // SAFETY: filled once under the GIL; zeroed fields are inherited by `PyType_Ready`, and the
    // definition arrays are static.
    unsafe {
        let class = (*CLASS.0.get()).as_mut_ptr();
        if !*READY.0.get() {
            *READY.0.get() = true;
            let base = &raw mut ffi::PyFunction_Type;
            (*class).ob_base.ob_base.ob_refcnt = 1;
            (*class).tp_name = c"function".as_ptr();
            (*class).tp_basicsize = (*base).tp_basicsize;
            (*class).tp_vectorcall_offset = (*base).tp_vectorcall_offset;
            (*class).tp_weaklistoffset = (*base).tp_weaklistoffset;
            (*class).tp_dictoffset = (*base).tp_dictoffset;
            (*class).tp_call = (*base).tp_call;
            (*class).tp_doc = (*base).tp_doc;
            (*class).tp_flags = ffi::Py_TPFLAGS_DEFAULT
                | ffi::Py_TPFLAGS_HAVE_GC
                | ffi::Py_TPFLAGS_HAVE_VECTORCALL
                | ffi::Py_TPFLAGS_METHOD_DESCRIPTOR;
            (*class).tp_base = base;
            (*class).tp_descr_get = (*base).tp_descr_get;
            (*class).tp_traverse = (*base).tp_traverse;
            (*class).tp_clear = (*base).tp_clear;
            (*class).tp_dealloc = Some(deallocate);
            (*class).tp_methods = METHODS.0.get().cast();
            (*class).tp_getset = ATTRIBUTES.0.get().cast();
            if ffi::PyType_Ready(class) < 0 {
                // Out of memory at the first attach. Nothing can be attached safely.
                ffi::PyErr_Print();
                std::process::abort();
            }
            // `PyType_Ready` made the type's documentation an attribute of its instances, in front
            // of the function's own.
            ffi::PyDict_DelItemString((*class).tp_dict, c"__doc__".as_ptr());
            ffi::PyErr_Clear();
            ffi::PyType_Modified(class);
        }
        class
    }
}

/// Whether class creation treats a function of this name specially by its exact type.
pub(super) fn is_special(function: &Bound<'_, PyAny>) -> bool {
    let name = function
        .getattr("__name__")
        .and_then(|name| name.extract::<String>());
    matches!(
        name.as_deref(),
        Ok("__new__" | "__init_subclass__" | "__class_getitem__")
    )
}

unsafe extern "C" fn weak_death(key: *mut PyObject, _reference: *mut PyObject) -> *mut PyObject {
    // SAFETY: `key` is the int made by `expect_death_by_weak_reference`: the address of the
    // function that is dying now, whose memory is not freed before the callbacks return.
    unsafe {
        let address = ffi::PyLong_AsVoidPtr(key);
        function_died(address.cast());
        ffi::Py_NewRef(ffi::Py_None())
    }
}

static WEAK_DEATH: Storage<PyMethodDef> = Storage(UnsafeCell::new(PyMethodDef {
    ml_name: c"function_died".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer {
        PyCFunction: weak_death,
    },
    ml_flags: ffi::METH_O,
    ml_doc: std::ptr::null(),
}));

impl EntryRecord {
    /// For a detached function, whose deallocator is the plain one.
    pub(super) fn expect_death_by_weak_reference(&self, py: Python<'_>) {
        // SAFETY: the function is alive; each new reference is kept or dropped once. Without
        // memory there is no notice, and the record stays: a leak, and `entry_of` could take a
        // later function at this address for this one, so the record is removed instead.
        unsafe {
            let key = ffi::PyLong_FromVoidPtr(self.function.cast());
            let callback = if key.is_null() {
                null_mut()
            } else {
                ffi::PyCFunction_New(WEAK_DEATH.0.get(), key)
            };
            let notice = if callback.is_null() {
                null_mut()
            } else {
                ffi::PyWeakref_NewRef(self.function.cast(), callback)
            };
            ffi::Py_XDECREF(key);
            ffi::Py_XDECREF(callback);
            if notice.is_null() {
                drop(PyErr::take(py));
                function_died(self.function);
            } else {
                self.death_notice.set(notice);
            }
        }
    }

    /// For an attached function.
    pub(super) fn expect_death_by_deallocator(&self, _py: Python<'_>) {
        self.forget_death_notice();
    }

    pub(super) fn forget_death_notice(&self) {
        let notice = self.death_notice.replace(null_mut());
        // SAFETY: the reference was owned by the record; dropping a weak reference runs no code.
        unsafe { ffi::Py_XDECREF(notice) };
    }
}
