//! CPython 3.14: frame slots are tagged references; not supported yet.
//!
//! The self-test refuses this version at import, so nothing here runs. Each function answers with
//! an error or does nothing, so that a mistake in that order cannot touch memory.

use crate::ffi::{CodeObject, InterpreterFrame, ThreadState};
use pyo3::ffi::{PyErr_SetString, PyExc_SystemError, PyFunctionObject, PyObject};
use std::ffi::c_int;
use std::ptr::null_mut;

/// Whether this version can be resumed.
pub const SUPPORTED: bool = false;

/// # Safety
/// None needed: does nothing.
pub unsafe fn current_frame(_thread: *mut ThreadState) -> *mut InterpreterFrame {
    null_mut()
}

/// # Safety
/// None needed: does nothing.
pub unsafe fn set_current_frame(_thread: *mut ThreadState, _frame: *mut InterpreterFrame) {}

/// # Safety
/// None needed. No data stack has this much room, so no frame is ever pushed.
pub unsafe fn frame_words(_code: *mut CodeObject) -> usize {
    usize::MAX / 64
}

/// # Safety
/// None needed: does nothing.
pub unsafe fn initialise(
    _frame: *mut InterpreterFrame,
    _function: *mut PyFunctionObject,
    _code: *mut CodeObject,
) {
}

/// # Safety
/// None needed: does nothing.
pub unsafe fn set_next(_frame: *mut InterpreterFrame, _unit: usize) {}

/// # Safety
/// None needed: does nothing.
pub unsafe fn set_raised(_frame: *mut InterpreterFrame, _unit: usize) {}

/// # Safety
/// None needed: does nothing.
pub unsafe fn set_suspended(_frame: *mut InterpreterFrame, _call: usize, _after: usize) {}

/// Where an exception that comes out of a suspended call is raised.
pub fn raising_unit(call: usize, _after: usize) -> usize {
    call
}

/// # Safety
/// The GIL is held.
pub unsafe fn execute(
    _thread: *mut ThreadState,
    _frame: *mut InterpreterFrame,
    _raised_at: Option<usize>,
) -> *mut PyObject {
    // SAFETY: the GIL is held.
    unsafe {
        PyErr_SetString(
            PyExc_SystemError,
            c"CPython 3.14 is not supported yet".as_ptr(),
        )
    };
    null_mut()
}

/// # Safety
/// None needed: does nothing.
pub unsafe fn clear_and_pop(_thread: *mut ThreadState, _frame: *mut InterpreterFrame) {}

/// # Safety
/// `thread` is valid.
pub unsafe fn recursion_remaining(thread: *mut ThreadState) -> *mut c_int {
    // SAFETY: as required; the address is computed, not read.
    unsafe { &raw mut (*thread).py_recursion_remaining }
}

/// C-stack units one activation of the interpreter takes.
pub const EVALUATION_UNITS: c_int = 0;

/// # Safety
/// None needed: does nothing.
pub unsafe fn add_c_units(_thread: *mut ThreadState, _units: c_int) {}

/// Levels that only a call through the vectorcall counts: C calls have a counter of their own.
///
/// # Safety
/// None needed: reads nothing.
pub unsafe fn levels_of_call(_callable: *mut PyObject) -> c_int {
    0
}
