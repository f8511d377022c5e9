//! CPython 3.12: the interpreter pops the frame; C recursion has its own counter.

pub use super::clear::clear_and_pop;
use super::evaluate::evaluate;
use super::quiet_entry;
use crate::ffi::{CodeObject, CodeUnit, FRAME_OWNED_BY_THREAD, InterpreterFrame, ThreadState};
use pyo3::ffi::{Py_INCREF, PyFunctionObject, PyObject};
use std::ffi::c_int;
use std::ptr::null_mut;

/// # Safety
/// `thread` is valid. (So for every function here: pointers are valid, the GIL is held.)
pub unsafe fn current_frame(thread: *mut ThreadState) -> *mut InterpreterFrame {
    // SAFETY: `cframe` is never null.
    unsafe { (*(*thread).cframe).current_frame }
}

/// # Safety
/// As `current_frame`; `frame` is null or belongs to this thread.
pub unsafe fn set_current_frame(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: as above.
    unsafe { (*(*thread).cframe).current_frame = frame }
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

/// # Safety
/// As `current_frame`.
pub unsafe fn function(frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { (*frame).f_funcobj }
}

/// The code that the frame of a Python function runs.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn code(frame: *mut InterpreterFrame) -> *mut CodeObject {
    // SAFETY: as required.
    unsafe { (*frame).f_code }
}

unsafe fn code_start(frame: *mut InterpreterFrame) -> *mut CodeUnit {
    // SAFETY: as required.
    unsafe { (&raw mut (*(*frame).f_code).co_code_adaptive).cast() }
}

/// # Safety
/// As `current_frame`.
pub unsafe fn instruction(frame: *mut InterpreterFrame) -> *mut CodeUnit {
    // SAFETY: as required.
    unsafe { (*frame).instruction }
}

/// # Safety
/// `instruction` points into the frame's code.
pub unsafe fn set_instruction_pointer(frame: *mut InterpreterFrame, instruction: *mut CodeUnit) {
    // SAFETY: as required.
    unsafe { (*frame).instruction = instruction }
}

/// Execution continues at `unit`.
///
/// # Safety
/// `unit` is an instruction of the frame's code.
pub unsafe fn set_next(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: resume points lie behind RESUME, so the unit before exists.
    unsafe { (*frame).instruction = code_start(frame).add(unit).sub(1) }
}

/// The instruction at `unit` is running (or raised).
///
/// # Safety
/// As `set_next`.
pub unsafe fn set_raised(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe { (*frame).instruction = code_start(frame).add(unit) }
}

/// The call at `call` is running; the next instruction is at `after`. The interpreter leaves the
/// frame of a Python-to-Python call at the last inline cache unit of the call.
///
/// # Safety
/// As `set_next`.
pub unsafe fn set_suspended(frame: *mut InterpreterFrame, _call: usize, after: usize) {
    // SAFETY: as required.
    unsafe { set_next(frame, after) }
}

/// Where an exception that comes out of a suspended call is raised.
pub fn raising_unit(_call: usize, after: usize) -> usize {
    after - 1
}

/// Runs the complete, unlinked, topmost frame to its end; it is gone afterwards.
///
/// # Safety
/// See `resume::run`.
pub unsafe fn execute(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    raised_at: Option<usize>,
) -> *mut PyObject {
    // SAFETY: the frame is complete and topmost; the interpreter links, runs, clears and pops it.
    unsafe {
        match raised_at {
            None => evaluate(thread, frame, 0),
            Some(unit) => {
                set_raised(frame, unit);
                quiet_entry::enter(thread, frame)
            }
        }
    }
}

/// The same for the frame in a generator that has begun; it stays there if it yields.
///
/// # Safety
/// As `execute`.
pub unsafe fn execute_generator(
    thread: *mut ThreadState,
    generator: *mut PyObject,
    raised_at: Option<usize>,
) -> *mut PyObject {
    // SAFETY: as required; the interpreter clears the frame of a generator that has ended.
    unsafe { execute(thread, super::generators::frame_of(generator), raised_at) }
}

/// The counter of Python levels left.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn recursion_remaining(thread: *mut ThreadState) -> *mut c_int {
    // SAFETY: as required.
    unsafe { &raw mut (*thread).py_recursion_remaining }
}

/// Dropping a frame's references counts as one C unit, as in the interpreter.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn enter_clear(thread: *mut ThreadState) {
    // SAFETY: as required.
    unsafe { (*thread).c_recursion_remaining -= 1 }
}

/// # Safety
/// As `enter_clear`.
pub unsafe fn leave_clear(thread: *mut ThreadState) {
    // SAFETY: as required.
    unsafe { (*thread).c_recursion_remaining += 1 }
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
