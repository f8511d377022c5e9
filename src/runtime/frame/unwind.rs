//! Running a frame on 3.13 and later.
//!
//! Throwing needs care: the interpreter takes the line from `instr_ptr` but looks the handler up
//! at the unit before it. Where the two units have different handlers (first or one past the last
//! instruction of a protected range) the frame is unwound here, by the interpreter's own steps.

use super::evaluate::evaluate;
use super::exception_table::{Handler, find_handler};
use super::version::{code, current_frame, set_current_frame, set_next, set_raised};
use super::{events, quiet_entry, slots};
use crate::ffi::{_PyEval_FrameClearAndPop, InterpreterFrame, ThreadState};
use pyo3::ffi::{
    Py_DECREF, Py_SIZE, Py_XDECREF, PyBytes_AS_STRING, PyErr_GetRaisedException,
    PyErr_SetRaisedException, PyFrameObject, PyObject, PyThreadState_GetFrame,
};
use std::ffi::c_int;
use std::ptr::null_mut;

unsafe extern "C" {
    fn PyTraceBack_Here(frame: *mut PyFrameObject) -> c_int;
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
            return evaluate(thread, frame, 0);
        };
        set_raised(frame, unit);
        let table = (*code(frame)).co_exceptiontable;
        let table = std::slice::from_raw_parts(
            PyBytes_AS_STRING(table).cast::<u8>(),
            Py_SIZE(table) as usize,
        );
        let handler = find_handler(table, unit as isize);
        if handler == find_handler(table, unit as isize - 1) {
            return quiet_entry::enter(thread, frame);
        }
        unwind(thread, frame, unit, handler)
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

/// What `exception_unwind` of the interpreter does, for an exception raised at `unit`.
#[cold]
unsafe fn unwind(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    unit: usize,
    handler: Option<Handler>,
) -> *mut PyObject {
    // SAFETY: the frame is linked while code can run that looks at it (finalisers of dropped
    // stack entries), and unlinked again before the interpreter takes or clears it. the stack top
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
        events::raised(thread, frame, unit);
        let first = slots::first(frame);
        let base = (*code(frame)).co_nlocalsplus as usize;
        let keep = base + handler.map_or(0, |handler| handler.depth);
        let mut top = slots::used(frame) as usize;
        while top > keep {
            top -= 1;
            slots::set_used(frame, top);
            Py_XDECREF(slots::object(*first.add(top)));
        }
        match handler {
            Some(handler) => events::handled(thread, frame, handler.target),
            None => events::unwound(thread, frame, unit),
        }
        set_current_frame(thread, previous);
        let Some(handler) = handler else {
            _PyEval_FrameClearAndPop(thread, frame);
            return null_mut();
        };
        if handler.push_lasti {
            let Some(position) = slots::position(unit) else {
                // No memory for one int: the exception now is MemoryError, and the interpreter
                // finds it a handler itself.
                return quiet_entry::enter(thread, frame);
            };
            *first.add(top) = position;
            top += 1;
            slots::set_used(frame, top);
        }
        *first.add(top) = slots::owning(PyErr_GetRaisedException());
        slots::set_used(frame, top + 1);
        set_next(frame, handler.target);
        evaluate(thread, frame, 0)
    }
}
