//! CPython 3.13: `instr_ptr` names the running instruction, the thread state the current frame.
//!
//! Throwing needs care: the interpreter takes the line from `instr_ptr` but looks the handler up
//! at the unit before it. Where the two units have different handlers (first or one past the last
//! instruction of a protected range) the frame is unwound here, by the interpreter's own steps.

use super::exception_table::{Handler, find_handler};
use crate::ffi::{
    _PyEval_EvalFrameDefault, _PyEval_FrameClearAndPop, CodeObject, CodeUnit,
    FRAME_OWNED_BY_THREAD, InterpreterFrame, ThreadState,
};
use pyo3::ffi::{
    Py_DECREF, Py_INCREF, Py_SIZE, Py_XDECREF, PyBytes_AS_STRING, PyErr_GetRaisedException,
    PyErr_SetRaisedException, PyFrameObject, PyFunctionObject, PyLong_FromSize_t, PyObject,
    PyThreadState_GetFrame,
};
use std::ffi::c_int;
use std::ptr::null_mut;

unsafe extern "C" {
    fn PyTraceBack_Here(frame: *mut PyFrameObject) -> c_int;
}

/// Whether this version can be resumed.
pub const SUPPORTED: bool = true;

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
        let Some(unit) = raised_at else {
            return _PyEval_EvalFrameDefault(thread, frame, 0);
        };
        set_raised(frame, unit);
        let table = (*(*frame).f_code).co_exceptiontable;
        let table = std::slice::from_raw_parts(
            PyBytes_AS_STRING(table).cast::<u8>(),
            Py_SIZE(table) as usize,
        );
        let handler = find_handler(table, unit as isize);
        if handler == find_handler(table, unit as isize - 1) {
            return _PyEval_EvalFrameDefault(thread, frame, 1);
        }
        unwind(thread, frame, unit, handler)
    }
}

/// What `exception_unwind` of the interpreter does, for an exception raised at `unit`.
#[cold]
unsafe fn unwind(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    unit: usize,
    handler: Option<Handler>,
) -> *mut PyObject {
    // SAFETY: the frame is linked while code can run that looks at it (finalisers of dropped
    // stack entries), and unlinked again before the interpreter takes or clears it. `stacktop`
    // is lowered before each reference is dropped, so nothing is dropped twice.
    unsafe {
        let previous = current_frame(thread);
        (*frame).previous = previous;
        set_current_frame(thread, frame);
        let exception = PyErr_GetRaisedException();
        let object = PyThreadState_GetFrame(thread.cast());
        PyErr_SetRaisedException(exception);
        if !object.is_null() {
            PyTraceBack_Here(object);
            Py_DECREF(object.cast());
        }
        let slots = (&raw mut (*frame).localsplus).cast::<*mut PyObject>();
        let base = (*(*frame).f_code).co_nlocalsplus;
        let keep = base + handler.map_or(0, |handler| handler.depth as c_int);
        while (*frame).stacktop > keep {
            (*frame).stacktop -= 1;
            Py_XDECREF(*slots.add((*frame).stacktop as usize));
        }
        set_current_frame(thread, previous);
        let Some(handler) = handler else {
            _PyEval_FrameClearAndPop(thread, frame);
            return null_mut();
        };
        if handler.push_lasti {
            let lasti = PyLong_FromSize_t(unit);
            if lasti.is_null() {
                // No memory for one int: the exception now is MemoryError, and the interpreter
                // finds it a handler itself.
                return _PyEval_EvalFrameDefault(thread, frame, 1);
            }
            *slots.add((*frame).stacktop as usize) = lasti;
            (*frame).stacktop += 1;
        }
        *slots.add((*frame).stacktop as usize) = PyErr_GetRaisedException();
        (*frame).stacktop += 1;
        set_next(frame, handler.target);
        _PyEval_EvalFrameDefault(thread, frame, 0)
    }
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

/// Levels that only a call through the vectorcall counts: C calls have a counter of their own.
///
/// # Safety
/// None needed: reads nothing.
pub unsafe fn levels_of_call(_callable: *mut PyObject) -> c_int {
    0
}
