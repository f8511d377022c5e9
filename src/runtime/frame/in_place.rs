//! A running frame that native code takes over for a while, and gives back.
//!
//! The interpreter waits in a callback at a jump, with locals, stack and instruction in the frame. Native
//! code takes the references out (`empty`), and when it leaves puts them back (`refill`) and says where the
//! interpreter goes on. Both versions of the callback (a monitoring event, a trace function) reload all
//! three from the frame.
//!
//! Invariant: while native code runs, the slots are null but for the free variables' cells, and
//! the stack is empty: the frame looks like one of `push_native_frame`.

use super::exception_table::find_handler;
use super::resume::{deliver, raising_unit};
use super::version::{self, code, instruction};
use super::{CallResult, ResumePoint, SuspendedCall, events, resume_chain, slots, throw_chain};
use crate::ffi::{InterpreterFrame, ThreadState};
use pyo3::ffi::{
    Py_DECREF, Py_EQ, Py_NewRef, Py_SIZE, Py_TYPE, Py_XDECREF, Py_XNewRef, PyBytes_AS_STRING,
    PyFloat_AS_DOUBLE, PyFloat_CheckExact, PyFrameObject, PyLong_CheckExact, PyObject,
    PyObject_RichCompareBool, PyThreadState_GetFrame,
};
#[cfg(not(Py_3_12))]
use pyo3::ffi::{PyErr_Fetch, PyErr_NormalizeException, PyErr_Restore, PyException_SetTraceback};
#[cfg(Py_3_12)]
use pyo3::ffi::{PyErr_GetRaisedException, PyErr_SetRaisedException};
use std::ffi::c_int;
use std::ptr::null_mut;

unsafe extern "C" {
    fn PyTraceBack_Here(frame: *mut PyFrameObject) -> c_int;
}

/// Number of locals and cells, and of operands on the stack.
///
/// # Safety
/// `frame` is a live frame of a Python function whose stack pointer is saved. (So for every function here,
/// with the GIL held.)
pub unsafe fn sizes(frame: *mut InterpreterFrame) -> (usize, usize) {
    // SAFETY: as required.
    unsafe {
        let locals = (*code(frame)).co_nlocalsplus as usize;
        let used = slots::used(frame).max(0) as usize;
        (locals, used.saturating_sub(locals))
    }
}

/// A new reference to what a slot holds: locals first, then the stack.
///
/// # Safety
/// As `sizes`, whose sum `slot` is below.
pub unsafe fn slot(frame: *mut InterpreterFrame, slot: usize) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { Py_XNewRef(slots::object(*slots::first(frame).add(slot))) }
}

/// Takes the references out of all slots but those of free variables (where null is given instead).
///
/// # Safety
/// As `sizes`. The frame must be refilled before the interpreter goes on.
pub unsafe fn empty(frame: *mut InterpreterFrame) -> Vec<*mut PyObject> {
    // SAFETY: as required; each reference moves from its slot to the list.
    unsafe {
        let (locals, stack) = sizes(frame);
        let free = (*code(frame)).co_nfreevars as usize;
        let first = slots::first(frame);
        let mut taken = Vec::with_capacity(locals + stack);
        for index in 0..locals + stack {
            let is_free = (locals - free..locals).contains(&index);
            taken.push(if is_free {
                null_mut()
            } else {
                slots::into_owned(std::mem::replace(&mut *first.add(index), slots::EMPTY))
            });
        }
        slots::set_used(frame, locals);
        taken
    }
}

/// Puts references into the slots of an emptied frame; `None` leaves a local as it is.
///
/// # Safety
/// As `empty`; `stack` is not deeper than the code says.
pub unsafe fn refill(
    frame: *mut InterpreterFrame,
    locals: impl Iterator<Item = Option<*mut PyObject>>,
    stack: &[*mut PyObject],
) {
    // SAFETY: as required: the slots own what they hold (numbers shown to an onlooker, cells of free
    // variables), and give it up when they get another. Nothing of that runs code when it dies: a cell is
    // held by the closure.
    unsafe {
        let count = (*code(frame)).co_nlocalsplus as usize;
        let first = slots::first(frame);
        for (index, local) in locals.enumerate() {
            if let Some(local) = local {
                let old = std::mem::replace(&mut *first.add(index), slots::owning(local));
                Py_XDECREF(slots::object(old));
            }
        }
        for (index, operand) in stack.iter().enumerate() {
            first.add(count + index).write(slots::owning(*operand));
        }
        slots::set_used(frame, count + stack.len());
    }
}

/// Does the stack hold the position of an exception that is no object (3.14, in handlers)?
///
/// # Safety
/// As `sizes`.
pub unsafe fn has_positions(frame: *mut InterpreterFrame) -> bool {
    // SAFETY: as required.
    unsafe {
        let used = slots::used(frame).max(0) as usize;
        (0..used).any(|index| slots::bare_position(*slots::first(frame).add(index)).is_some())
    }
}

/// Puts a number back into the slot that holds an equal one of the same class: the loop has not assigned the
/// variable, so the object must be the same.
///
/// # Safety
/// As `sizes`; the frame is refilled, and `number` an object.
pub unsafe fn restore_number(frame: *mut InterpreterFrame, slot: usize, number: *mut PyObject) {
    // SAFETY: exact ints and floats are compared without running code.
    unsafe {
        let (locals, stack) = sizes(frame);
        if slot >= locals + stack {
            return;
        }
        let place = slots::first(frame).add(slot);
        let held = slots::object(*place);
        if held.is_null() || held == number || Py_TYPE(held) != Py_TYPE(number) {
            return;
        }
        let equal = if PyFloat_CheckExact(number) != 0 {
            PyFloat_AS_DOUBLE(held).to_bits() == PyFloat_AS_DOUBLE(number).to_bits()
        } else {
            PyLong_CheckExact(number) != 0 && PyObject_RichCompareBool(held, number, Py_EQ) == 1
        };
        if equal {
            *place = slots::owning(Py_NewRef(number));
            Py_DECREF(held);
        }
    }
}

/// The interpreter goes on at `unit`, or an exception is raised there.
///
/// # Safety
/// `unit` is an instruction of the frame's code.
pub unsafe fn set_place(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required. Callbacks of jumps (3.12: `prev_instr`, 3.13: `instr_ptr`) and of traces (3.11:
    // `prev_instr`) reload the next instruction itself from this field.
    unsafe { version::set_raised(frame, unit) }
}

/// Runs the frames of inlined calls on top of the frame, which is refilled and suspended in a call at `at`.
/// Afterwards the result is on its stack and it stands at `after`; or an exception is set, and it stands
/// where that is raised: false.
///
/// # Safety
/// As `resume_chain` and `throw_chain`.
pub unsafe fn run_callees<'a>(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    ((at, after), result_of_call): ((usize, usize), CallResult),
    callers: &mut [SuspendedCall<'a>],
    innermost: ResumePoint<'a>,
    raising: bool,
) -> bool {
    // SAFETY: as required. The frame is current, so the callees' frames are linked to it.
    unsafe {
        match result_of_call {
            CallResult::Next { .. } | CallResult::Operate(_) => version::set_raised(frame, at),
            _ => version::set_suspended(frame, at, after),
        }
        let outcome = if raising {
            throw_chain(thread, callers, innermost, 0)
        } else {
            resume_chain(thread, callers, innermost, 0)
        };
        match deliver(frame, outcome, result_of_call, after) {
            Some(next) => {
                set_place(frame, next);
                true
            }
            None => {
                set_place(frame, raising_unit(result_of_call, at, after));
                false
            }
        }
    }
}

/// Goes to the handler of the current exception, raised where the frame stands: what `exception_unwind` of
/// the interpreter does. False if it has none (the exception stays set).
///
/// # Safety
/// As `sizes`; an exception is set.
pub unsafe fn unwind(thread: *mut ThreadState, frame: *mut InterpreterFrame) -> bool {
    // SAFETY: the frame is linked. `stacktop` is lowered before each reference is dropped.
    unsafe {
        let code = code(frame);
        let start = (&raw mut (*code).co_code_adaptive).cast::<u16>();
        let unit = instruction(frame).offset_from(start) as usize;
        let table = (*code).co_exceptiontable;
        let table = std::slice::from_raw_parts(
            PyBytes_AS_STRING(table).cast::<u8>(),
            Py_SIZE(table) as usize,
        );
        let Some(handler) = find_handler(table, unit as isize) else {
            return false;
        };
        add_traceback_entry(thread);
        events::raised(thread, frame, unit);
        events::handled(thread, frame, handler.target);
        let exception = take_exception();
        let first = slots::first(frame);
        let keep = (*code).co_nlocalsplus as usize + handler.depth;
        let mut used = slots::used(frame) as usize;
        while used > keep {
            used -= 1;
            slots::set_used(frame, used);
            Py_XDECREF(slots::object(*first.add(used)));
        }
        if handler.push_lasti {
            // Without memory for one int there is nothing left to do.
            let Some(position) = slots::position(unit) else {
                std::process::abort()
            };
            first.add(used).write(position);
            used += 1;
        }
        first.add(used).write(slots::owning(exception));
        slots::set_used(frame, used + 1);
        set_place(frame, handler.target);
        true
    }
}

/// Gives the current exception a traceback entry for the current frame. It is put aside while the frame object is
/// made.
#[cfg(Py_3_12)]
unsafe fn add_traceback_entry(thread: *mut ThreadState) {
    // SAFETY: the GIL is held and an exception set; what is taken is put back.
    unsafe {
        let exception = PyErr_GetRaisedException();
        let object = PyThreadState_GetFrame(thread.cast());
        PyErr_SetRaisedException(exception);
        if !object.is_null() {
            PyTraceBack_Here(object);
            Py_DECREF(object.cast());
        }
    }
}

/// As above; it may not be an instance yet.
#[cfg(not(Py_3_12))]
unsafe fn add_traceback_entry(thread: *mut ThreadState) {
    // SAFETY: as above.
    unsafe {
        let (mut kind, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        PyErr_Fetch(&mut kind, &mut value, &mut traceback);
        let object = PyThreadState_GetFrame(thread.cast());
        PyErr_Restore(kind, value, traceback);
        if !object.is_null() {
            PyTraceBack_Here(object);
            Py_DECREF(object.cast());
        }
    }
}

/// Takes the current exception.
#[cfg(Py_3_12)]
unsafe fn take_exception() -> *mut PyObject {
    // SAFETY: the GIL is held and an exception set; what is taken is given to the caller.
    unsafe { PyErr_GetRaisedException() }
}

#[cfg(not(Py_3_12))]
unsafe fn take_exception() -> *mut PyObject {
    // SAFETY: as above; handlers of 3.11 get the normalised exception with its traceback set.
    unsafe {
        let (mut kind, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        PyErr_Fetch(&mut kind, &mut value, &mut traceback);
        PyErr_NormalizeException(&mut kind, &mut value, &mut traceback);
        if !traceback.is_null() {
            PyException_SetTraceback(value, traceback);
        }
        Py_XDECREF(kind);
        Py_XDECREF(traceback);
        value
    }
}
