//! Exported functions without a declaration in pyo3-ffi (`internal/pycore_ceval.h`,
//! `cpython/pystate.h`, `cpython/objimpl.h`, `cpython/funcobject.h`).
//!
//! The extension is bound eagerly when it is loaded, so only symbols exported by that version may
//! be named; the list per version is in the comments.

use super::frame::InterpreterFrame;
use super::pystate::ThreadState;
#[cfg(Py_3_12)]
use pyo3::ffi::vectorcallfunc;
use pyo3::ffi::{PyInterpreterState, PyObject};
use std::ffi::{c_int, c_void};

/// `_PyFrameEvalFunction`.
pub type FrameEvalFunction =
    unsafe extern "C" fn(*mut ThreadState, *mut InterpreterFrame, c_int) -> *mut PyObject;

/// `PyObjectArenaAllocator`: where the interpreter takes its data stack chunks from.
#[repr(C)]
pub struct ArenaAllocator {
    pub ctx: *mut c_void,
    pub alloc: Option<unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void>,
    pub free: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, usize)>,
}

/// `PyFunction_WatchEvent` of a new function.
#[cfg(Py_3_12)]
pub const FUNCTION_EVENT_CREATE: c_int = 0;

/// `PyFunction_WatchEvent` of a function that dies.
#[cfg(Py_3_12)]
pub const FUNCTION_EVENT_DESTROY: c_int = 1;

/// `PyCodeEvent` of code that dies.
#[cfg(Py_3_12)]
pub const CODE_EVENT_DESTROY: c_int = 1;

#[cfg(Py_3_12)]
pub type CodeWatchCallback = unsafe extern "C" fn(c_int, *mut PyObject) -> c_int;

#[cfg(Py_3_12)]
pub type FunctionWatchCallback = unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject) -> c_int;

unsafe extern "C" {
    // All versions.
    pub fn _PyEval_EvalFrameDefault(
        thread: *mut ThreadState,
        frame: *mut InterpreterFrame,
        throw_flag: c_int,
    ) -> *mut PyObject;
    pub fn _PyInterpreterState_GetEvalFrameFunc(
        interpreter: *mut PyInterpreterState,
    ) -> FrameEvalFunction;
    pub fn _PyInterpreterState_SetEvalFrameFunc(
        interpreter: *mut PyInterpreterState,
        function: FrameEvalFunction,
    );
    pub fn PyObject_GetArenaAllocator(allocator: *mut ArenaAllocator);
    /// The runtime state, opaque but for the words whose offsets `interp.rs` and the self-test know.
    pub static _PyRuntime: u8;

    // 3.12 and later.
    #[cfg(Py_3_12)]
    pub fn PyFunction_SetVectorcall(function: *mut PyObject, entry: vectorcallfunc);
    #[cfg(Py_3_12)]
    pub fn PyFunction_AddWatcher(callback: FunctionWatchCallback) -> c_int;
    #[cfg(Py_3_12)]
    pub fn PyCode_AddWatcher(callback: CodeWatchCallback) -> c_int;

    // 3.13 and later.
    #[cfg(Py_3_13)]
    pub fn _PyFunction_SetVersion(function: *mut PyObject, version: u32);
    #[cfg(Py_3_13)]
    pub fn _PyEval_FrameClearAndPop(thread: *mut ThreadState, frame: *mut InterpreterFrame);
}
