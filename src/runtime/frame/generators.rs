//! Generator objects made from the state native code has of them, and run.
//!
//! The interpreter itself makes the object: a frame with the variables is run from RETURN_GENERATOR, which
//! moves it into a new generator. Then it is put to where native code was: at a `yield`, or in the middle
//! of a statement.
//!
//! Invariants: the frame of a generator that is made here is complete at any time; its state says `created` until it
//! runs or is put to a `yield`, so that dropping it early runs nothing of its code.

use super::{CellPolicy, ResumePoint, resume, slots, version};
use crate::ffi::{
    CodeObject, FRAME_CREATED, FRAME_EXECUTING, FRAME_SUSPENDED, GeneratorObject, InterpreterFrame,
    ThreadState,
};
use crate::runtime::helpers::collection::collecting_later;
use pyo3::ffi::{
    Py_DECREF, Py_XDECREF, PyFunction_New, PyFunctionObject, PyObject, PyObject_CallMethodObjArgs,
    PyUnicode_InternFromString,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::ptr::null_mut;

/// How a frame that ran came back.
pub enum Outcome {
    /// It returned this; a reference.
    Returned(*mut PyObject),
    /// It is a generator's and yielded this; a reference.
    Yielded(*mut PyObject),
    /// An exception is set.
    Raised,
}

/// Are generators of this interpreter as mirrored? Tried on one, once.
pub fn are_known(py: Python<'_>) -> bool {
    // Other threads may run meanwhile, and ask.
    static KNOWN: PyOnceLock<bool> = PyOnceLock::new();
    *KNOWN.get_or_init(py, || {
        let try_one = || -> PyResult<bool> {
            let generator = py.eval(c"(x for x in (1, 2))", None, None)?;
            let code = generator.getattr("gi_code")?;
            let object = generator.as_ptr().cast::<GeneratorObject>();
            // SAFETY: an exact generator that does not run, which is at least as large as the mirror; its frame is read only
            // where the state before it is what it must be.
            let is_like = |state: i8| unsafe {
                (*object).gi_frame_state == state
                    && version::code(frame_of(generator.as_ptr())).cast() == code.as_ptr()
            };
            let created = is_like(FRAME_CREATED);
            generator.call_method0("__next__")?;
            Ok(created && is_like(FRAME_SUSPENDED))
        };
        try_one().unwrap_or(false)
    })
}

/// The frame in a generator.
///
/// # Safety
/// `generator` is an exact generator. (So for every function here, with the GIL held.)
pub unsafe fn frame_of(generator: *mut PyObject) -> *mut InterpreterFrame {
    // SAFETY: as required; only the address is taken.
    unsafe { &raw mut (*generator.cast::<GeneratorObject>()).gi_iframe }
}

/// The code unit at which the frame of a generator that waits goes on.
///
/// # Safety
/// `frame` is in a generator that has not ended.
pub unsafe fn next_unit(frame: *mut InterpreterFrame) -> u32 {
    // SAFETY: as required; 3.11 and 3.12 have the unit before.
    unsafe {
        let start = (&raw mut (*version::code(frame)).co_code_adaptive).cast::<u16>();
        let at = version::instruction(frame).offset_from(start);
        (at + isize::from(cfg!(not(Py_3_13)))) as u32
    }
}

/// A generator of the function that has not run, with these variables, whose references are consumed. Its code
/// has RETURN_GENERATOR at `unit`. Null with an exception set without memory.
///
/// # Safety
/// `thread` is current; `locals` are what the code's frame holds behind that instruction: cells made, those of
/// free variables, too (or null, for those of the function).
pub unsafe fn make(
    thread: *mut ThreadState,
    function: *mut PyFunctionObject,
    code: *mut CodeObject,
    unit: usize,
    locals: &mut [*mut PyObject],
) -> *mut PyObject {
    // SAFETY: the interpreter sizes the object by the function's code, which must be the one at hand. Nothing of a
    // program runs: the frame stops at once, and no collection starts.
    unsafe {
        collecting_later(|| {
            let mut function = function;
            let mut replaced = null_mut();
            if (*function).func_code != code.cast() {
                replaced = PyFunction_New(code.cast(), (*function).func_globals);
                function = replaced.cast();
            }
            let generator = if function.is_null() {
                null_mut()
            } else {
                let point = ResumePoint {
                    function,
                    code,
                    at: unit,
                    locals,
                    stack: &mut [],
                    cells: CellPolicy::Cells,
                    frame: null_mut(),
                    generator: null_mut(),
                    consumed: None,
                };
                // Whoever makes one near the recursion limit has made it long ago.
                resume(thread, point, 2)
            };
            if !replaced.is_null() {
                Py_DECREF(replaced);
            }
            generator
        })
    }
}

/// Fills the operand stack of a generator that has not run; the references are consumed.
///
/// # Safety
/// `stack` is not deeper than the code says.
pub unsafe fn fill_stack(generator: *mut PyObject, stack: &[*mut PyObject]) {
    // SAFETY: as required; the frame in a generator has room for its code's stack.
    unsafe {
        let frame = frame_of(generator);
        let used = slots::used(frame) as usize;
        let first = slots::first(frame);
        for (index, operand) in stack.iter().enumerate() {
            first.add(used + index).write(slots::owning(*operand));
        }
        slots::set_used(frame, used + stack.len());
    }
}

/// What is on a generator's operand stack, bottom first; borrowed.
///
/// # Safety
/// It does not run.
pub unsafe fn operands(generator: *mut PyObject) -> Vec<*mut PyObject> {
    // SAFETY: as required.
    unsafe {
        let frame = frame_of(generator);
        let first = (*version::code(frame)).co_nlocalsplus as usize;
        let used = slots::used(frame) as usize;
        (first..used)
            .map(|slot| slots::object(*slots::first(frame).add(slot)))
            .collect()
    }
}

/// Puts a generator that has not run behind the `yield` before `unit`.
///
/// # Safety
/// `unit` is the instruction behind a `yield` that finds the stack the generator has.
pub unsafe fn suspend(generator: *mut PyObject, unit: usize) {
    // SAFETY: as required.
    unsafe {
        version::set_next(frame_of(generator), unit);
        (*generator.cast::<GeneratorObject>()).gi_frame_state = FRAME_SUSPENDED;
    }
}

/// Ends a generator that has not run; the reference is consumed if that fails (null, with an exception set).
///
/// # Safety
/// Nothing is in it.
pub unsafe fn finish(generator: *mut PyObject) -> *mut PyObject {
    // SAFETY: as required; `close` of a generator that has not run runs none of its code.
    unsafe {
        let name = PyUnicode_InternFromString(c"close".as_ptr());
        let done = PyObject_CallMethodObjArgs(generator, name, null_mut::<PyObject>());
        Py_XDECREF(name);
        if done.is_null() {
            Py_DECREF(generator);
            return null_mut();
        }
        Py_DECREF(done);
        generator
    }
}

/// The generator runs from here on: its exceptions are the thread's.
///
/// # Safety
/// It does not run yet; `thread` is current.
pub unsafe fn begin(thread: *mut ThreadState, generator: *mut PyObject) {
    // SAFETY: as required; what `gen_send_ex2` does.
    unsafe {
        let generator = generator.cast::<GeneratorObject>();
        (*generator).gi_exc_state.previous_item = (*thread).exc_info;
        (*thread).exc_info = &raw mut (*generator).gi_exc_state;
        (*generator).gi_frame_state = FRAME_EXECUTING;
    }
}

/// Takes back `begin`.
///
/// # Safety
/// As `begin`, the last one.
pub unsafe fn abandon(thread: *mut ThreadState, generator: *mut PyObject) {
    // SAFETY: as required.
    unsafe {
        let generator = generator.cast::<GeneratorObject>();
        (*thread).exc_info = (*generator).gi_exc_state.previous_item;
        (*generator).gi_exc_state.previous_item = null_mut();
        (*generator).gi_frame_state = FRAME_CREATED;
    }
}

/// Runs a generator that has begun to its next `yield` or its end. Its frame is not linked.
///
/// # Safety
/// As `version::execute`; the frame stands where it goes on, or raises at `raised_at`.
pub unsafe fn run(
    thread: *mut ThreadState,
    generator: *mut PyObject,
    raised_at: Option<usize>,
) -> Outcome {
    // SAFETY: as required.
    unsafe {
        let result = version::execute_generator(thread, generator, raised_at);
        let state = (*generator.cast::<GeneratorObject>()).gi_frame_state;
        match result {
            null if null.is_null() => Outcome::Raised,
            // 3.13+ has a state of its own for `yield from`.
            value if (FRAME_SUSPENDED..FRAME_EXECUTING).contains(&state) => Outcome::Yielded(value),
            value => Outcome::Returned(value),
        }
    }
}
