//! CPython 3.13: `instr_ptr` names the running instruction, the thread state the current frame.

pub use super::unwind::{execute, execute_generator};
use crate::ffi::{
    _PyEval_FrameClearAndPop, CodeObject, CodeUnit, FRAME_OWNED_BY_THREAD, InterpreterFrame,
    ThreadState,
};
use pyo3::ffi::{Py_INCREF, PyFunctionObject, PyObject};
use std::ffi::c_int;
use std::ptr::null_mut;

/// # Safety
/// `thread` is valid. (So for every function here: pointers are valid, the GIL is held.)
pub unsafe fn current_frame(thread: *mut ThreadState) -> *mut InterpreterFrame {
    // SAFETY: as required.
    unsafe { (*thread).current_frame }
}

/// # Safety
/// As `current_frame`; `frame` is null or belongs to this thread.
pub unsafe fn set_current_frame(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: as above.
    unsafe { (*thread).current_frame = frame }
}

/// Words of a frame of `code`.
///
/// # Safety
/// `code` is a code object.
pub unsafe fn frame_words(code: *mut CodeObject) -> usize {
    // SAFETY: as required.
    unsafe { (*code).co_framesize as usize }
}

/// Fills everything but the slots and takes references to function and code.
///
/// # Safety
/// `frame` has room for a frame of `code`.
pub unsafe fn initialise(
    frame: *mut InterpreterFrame,
    function: *mut PyFunctionObject,
    code: *mut CodeObject,
) {
    // SAFETY: as required; this is `_PyFrame_Initialize` with an explicit code object.
    unsafe {
        Py_INCREF(function.cast());
        Py_INCREF(code.cast());
        (*frame).f_funcobj = function.cast();
        (*frame).f_code = code;
        (*frame).f_builtins = (*function).func_builtins;
        (*frame).f_globals = (*function).func_globals;
        (*frame).f_locals = null_mut();
        (*frame).stacktop = (*code).co_nlocalsplus;
        (*frame).frame_obj = null_mut();
        (*frame).previous = null_mut();
        (*frame).return_offset = 0;
        (*frame).owner = FRAME_OWNED_BY_THREAD;
        set_raised(frame, (*code)._co_firsttraceable as usize);
    }
}

/// The code that the frame of a Python function runs.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn code(frame: *mut InterpreterFrame) -> *mut CodeObject {
    // SAFETY: as required.
    unsafe { (*frame).f_code }
}

/// # Safety
/// As `current_frame`.
pub unsafe fn function(frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { (*frame).f_funcobj }
}

/// # Safety
/// As `current_frame`.
pub unsafe fn instruction(frame: *mut InterpreterFrame) -> *mut CodeUnit {
    // SAFETY: as required.
    unsafe { (*frame).instruction }
}

unsafe fn code_start(frame: *mut InterpreterFrame) -> *mut CodeUnit {
    // SAFETY: as required.
    unsafe { (&raw mut (*(*frame).f_code).co_code_adaptive).cast() }
}

/// Execution continues at `unit`.
///
/// # Safety
/// `unit` is an instruction of the frame's code.
pub unsafe fn set_next(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe { (*frame).instruction = code_start(frame).add(unit) }
}

/// The instruction at `unit` is running (or raised).
///
/// # Safety
/// As `set_next`.
pub unsafe fn set_raised(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe { (*frame).instruction = code_start(frame).add(unit) }
}

/// The call at `call` is running; the next instruction is at `after`.
///
/// # Safety
/// As `set_next`.
pub unsafe fn set_suspended(frame: *mut InterpreterFrame, call: usize, after: usize) {
    // SAFETY: as required.
    unsafe {
        set_raised(frame, call);
        (*frame).return_offset = (after - call) as u16;
    }
}

/// Where an exception that comes out of a suspended call is raised.
pub fn raising_unit(call: usize, _after: usize) -> usize {
    call
}

/// Drops or hands over everything the frame owns and pops it.
///
/// # Safety
/// `frame` is the topmost frame, unlinked, with `stacktop` true.
pub unsafe fn clear_and_pop(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: as required.
    unsafe { _PyEval_FrameClearAndPop(thread, frame) }
}

/// The counter of Python levels left.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn recursion_remaining(thread: *mut ThreadState) -> *mut c_int {
    // SAFETY: as required.
    unsafe { &raw mut (*thread).py_recursion_remaining }
}

/// C-stack units one `_PyEval_EvalFrameDefault` takes (`PY_EVAL_C_STACK_UNITS`).
pub const EVALUATION_UNITS: c_int = 2;

/// # Safety
/// As `current_frame`.
pub unsafe fn add_c_units(thread: *mut ThreadState, units: c_int) {
    // SAFETY: as required.
    unsafe { (*thread).c_recursion_remaining += units }
}

/// C recursion units left.
///
/// # Safety
/// `thread` is the current thread state.
pub unsafe fn c_units(thread: *mut ThreadState) -> c_int {
    // SAFETY: as required.
    unsafe { (*thread).c_recursion_remaining }
}

/// Levels that only a call through the vectorcall counts: C calls have a counter of their own.
///
/// # Safety
/// None needed: reads nothing.
pub unsafe fn levels_of_call(_callable: *mut PyObject) -> c_int {
    0
}
