//! CPython 3.11: the caller of `_PyEval_EvalFrameDefault` clears and pops the frame.

pub use super::clear::clear_and_pop;
use super::{clear, quiet_entry};
use crate::ffi::{
    CodeObject, CodeUnit, FRAME_CLEARED, FRAME_OWNED_BY_THREAD, FRAME_SPECIALS_SIZE,
    FRAME_SUSPENDED, GeneratorObject, InterpreterFrame, ThreadState,
};
use pyo3::ffi::{
    METH_FASTCALL, Py_INCREF, Py_TYPE, Py_XDECREF, PyCFunction_CheckExact, PyCFunction_GetFlags,
    PyErr_ExceptionMatches, PyExc_RuntimeError, PyExc_StopIteration, PyFunctionObject,
    PyMethodDescr_Type, PyMethodDescrObject, PyObject,
};
use std::ffi::{c_char, c_int};
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
    unsafe { (*code).co_nlocalsplus as usize + (*code).co_stacksize as usize + FRAME_SPECIALS_SIZE }
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
    // SAFETY: as required; this is `_PyFrame_InitializeSpecials` with an explicit code object.
    unsafe {
        Py_INCREF(function.cast());
        Py_INCREF(code.cast());
        (*frame).f_func = function.cast();
        (*frame).f_code = code;
        (*frame).f_builtins = (*function).func_builtins;
        (*frame).f_globals = (*function).func_globals;
        (*frame).f_locals = null_mut();
        (*frame).stacktop = (*code).co_nlocalsplus;
        (*frame).frame_obj = null_mut();
        (*frame).previous = null_mut();
        (*frame).is_entry = true;
        (*frame).owner = FRAME_OWNED_BY_THREAD;
        set_raised(frame, (*code)._co_firsttraceable as usize);
    }
}

/// # Safety
/// As `current_frame`.
pub unsafe fn function(frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { (*frame).f_func }
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
    unsafe { (*frame).prev_instr }
}

/// # Safety
/// `instruction` points into the frame's code.
pub unsafe fn set_instruction_pointer(frame: *mut InterpreterFrame, instruction: *mut CodeUnit) {
    // SAFETY: as required.
    unsafe { (*frame).prev_instr = instruction }
}

/// Execution continues at `unit`.
///
/// # Safety
/// `unit` is an instruction of the frame's code.
pub unsafe fn set_next(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: resume points lie behind RESUME, so the unit before exists.
    unsafe { (*frame).prev_instr = code_start(frame).add(unit).sub(1) }
}

/// The instruction at `unit` is running (or raised).
///
/// # Safety
/// As `set_next`.
pub unsafe fn set_raised(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe { (*frame).prev_instr = code_start(frame).add(unit) }
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
    // SAFETY: the frame is complete and topmost; the interpreter links it, runs it and unlinks
    // it; clearing and popping are the caller's on 3.11.
    unsafe {
        let result = evaluate(thread, frame, raised_at);
        clear::clear_and_pop(thread, frame);
        result
    }
}

unsafe fn evaluate(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    raised_at: Option<usize>,
) -> *mut PyObject {
    // SAFETY: as required of `execute`.
    unsafe {
        if let Some(unit) = raised_at {
            set_raised(frame, unit);
        }
        match raised_at {
            None => super::evaluate::evaluate(thread, frame, 0),
            Some(_) => quiet_entry::enter(thread, frame),
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
    // SAFETY: as required; what `gen_send_ex2` does behind the evaluation. The frame is cleared in a state in which
    // nobody enters it again.
    unsafe {
        let frame = super::generators::frame_of(generator);
        let object = generator.cast::<GeneratorObject>();
        (*frame).is_entry = true;
        let result = evaluate(thread, frame, raised_at);
        (*thread).exc_info = (*object).gi_exc_state.previous_item;
        (*object).gi_exc_state.previous_item = null_mut();
        (*frame).previous = null_mut();
        if !result.is_null() && (*object).gi_frame_state == FRAME_SUSPENDED {
            return result;
        }
        if result.is_null() && PyErr_ExceptionMatches(PyExc_StopIteration) != 0 {
            let message = c"generator raised StopIteration".as_ptr();
            _PyErr_FormatFromCause(PyExc_RuntimeError, message);
        }
        let handled = std::mem::replace(&mut (*object).gi_exc_state.exc_value, null_mut());
        Py_XDECREF(handled);
        (*object).gi_frame_state = FRAME_CLEARED;
        clear::clear(thread, frame);
        result
    }
}

unsafe extern "C" {
    fn _PyErr_FormatFromCause(
        exception: *mut PyObject,
        format: *const c_char,
        ...
    ) -> *mut PyObject;
}

/// The counter of Python levels left.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn recursion_remaining(thread: *mut ThreadState) -> *mut c_int {
    // SAFETY: as required.
    unsafe { &raw mut (*thread).recursion_remaining }
}

/// Dropping a frame's references counts as one level, as in `_PyEvalFrameClearAndPop`.
///
/// # Safety
/// As `current_frame`.
pub unsafe fn enter_clear(thread: *mut ThreadState) {
    // SAFETY: as required.
    unsafe { (*thread).recursion_remaining -= 1 }
}

/// # Safety
/// As `enter_clear`.
pub unsafe fn leave_clear(thread: *mut ThreadState) {
    // SAFETY: as required.
    unsafe { (*thread).recursion_remaining += 1 }
}

/// C-stack units to give back while the interpreter runs: 3.11 has one counter only.
pub const EVALUATION_UNITS: c_int = 0;

/// # Safety
/// As `current_frame`.
pub unsafe fn add_c_units(_thread: *mut ThreadState, _units: c_int) {}

/// There are none.
///
/// # Safety
/// None needed: reads nothing.
pub unsafe fn c_units(_thread: *mut ThreadState) -> c_int {
    0
}

/// Levels that a call of this object through its vectorcall counts, and the interpreter's specialised
/// call does not: those of C functions and methods that take an array go past the counter.
///
/// # Safety
/// A live object, and the GIL is held.
pub unsafe fn levels_of_call(callable: *mut PyObject) -> c_int {
    // SAFETY: the exact class says which struct it is; the method table is static.
    unsafe {
        let flags = if PyCFunction_CheckExact(callable) != 0 {
            PyCFunction_GetFlags(callable)
        } else if Py_TYPE(callable) == &raw mut PyMethodDescr_Type {
            (*(*callable.cast::<PyMethodDescrObject>()).d_method).ml_flags
        } else {
            return 0;
        };
        c_int::from(flags & METH_FASTCALL != 0)
    }
}
