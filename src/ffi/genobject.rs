//! `cpython/genobject.h`: the generator object, which ends with the frame it runs.

use super::frame::InterpreterFrame;
use super::pystate::ErrStackItem;
use pyo3::ffi::PyObject;
use std::ffi::c_char;

/// `PyGenObject`.
#[repr(C)]
pub struct GeneratorObject {
    pub ob_base: PyObject,
    #[cfg(not(Py_3_12))]
    pub gi_code: *mut PyObject,
    pub gi_weakreflist: *mut PyObject,
    pub gi_name: *mut PyObject,
    pub gi_qualname: *mut PyObject,
    pub gi_exc_state: ErrStackItem,
    pub gi_origin_or_finalizer: *mut PyObject,
    pub gi_hooks_inited: c_char,
    pub gi_closed: c_char,
    pub gi_running_async: c_char,
    pub gi_frame_state: i8,
    pub gi_iframe: InterpreterFrame,
}

/// `FRAME_CREATED`: it has not run yet.
pub const FRAME_CREATED: i8 = if cfg!(Py_3_13) { -3 } else { -2 };
/// `FRAME_SUSPENDED`: at a `yield`.
pub const FRAME_SUSPENDED: i8 = if cfg!(Py_3_13) { -2 } else { -1 };
/// `FRAME_EXECUTING`.
pub const FRAME_EXECUTING: i8 = 0;
/// `FRAME_CLEARED`: it has returned or raised.
#[cfg(not(Py_3_12))]
pub const FRAME_CLEARED: i8 = 4;
