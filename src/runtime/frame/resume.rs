//! `resume` and `throw`: filling frames and running them.

use super::consumers::Consumption;
use super::generators::{self, Outcome};
use super::native::{is_free, slot_kinds};
use super::{c_stack_is_exhausted, c_stack_is_low, c_units_left, data_stack, slots, version};
use crate::abi::Operation;
use crate::ffi::{CO_FAST_CELL, CodeObject, InterpreterFrame, ThreadState};
use crate::runtime::operators;
use pyo3::ffi::{
    Py_DECREF, Py_NewRef, Py_XDECREF, PyCell_New, PyErr_SetString, PyExc_RecursionError,
    PyFunctionObject, PyObject, PyTuple_GET_ITEM,
};
#[cfg(not(Py_3_12))]
use pyo3::ffi::{PyErr_Fetch, PyErr_Restore};
#[cfg(Py_3_12)]
use pyo3::ffi::{PyErr_GetRaisedException, PyErr_SetRaisedException};
use std::ffi::c_int;
use std::ptr::null_mut;

/// What the given values of cell variables are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellPolicy {
    /// The cells themselves, as native code made them; null means a new empty cell.
    Cells,
    /// The variables' values (null: unbound); new cells are made around them.
    Values,
}

/// A state of one function activation that the interpreter can continue.
///
/// All references in `locals` and `stack` are owned, and consumed by the call that takes the
/// point: the slices hold nulls afterwards.
pub struct ResumePoint<'a> {
    pub function: *mut PyFunctionObject,
    /// The code the activation runs: not read from the function, whose `__code__` may have been
    /// replaced since it began.
    pub code: *mut CodeObject,
    /// Code unit of the instruction, at its EXTENDED_ARG prefix if it has one, at or after
    /// RESUME. 3.11 and 3.12: not between KW_NAMES and its CALL, for the names live in a C
    /// variable of the interpreter's.
    pub at: usize,
    /// `co_nlocalsplus` slots. Free variables may be null: they are taken from the closure.
    pub locals: &'a mut [*mut PyObject],
    /// Operand stack, bottom first; null where the interpreter has null. 3.14: where it has a tagged int,
    /// that word instead of an object.
    pub stack: &'a mut [*mut PyObject],
    pub cells: CellPolicy,
    /// The frame of this activation if native code pushed one, else null.
    pub frame: *mut InterpreterFrame,
    /// The generator whose frame it is, complete and with everything in it, or null. The caller's frame holds it, or
    /// the builtin does.
    pub generator: *mut PyObject,
    /// The builtin that takes that generator's items: it is what the caller waits for.
    pub consumed: Option<Consumption>,
}

/// What becomes of the value that an inlined call returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallResult {
    /// It is pushed on the caller's stack.
    Push,
    /// It is None, from `__init__`, and goes: the caller has the instance on its stack.
    Drop,
    /// The next item of the generator on top of the stack: as by `Push`, or the generator is popped when it has ended.
    Next {
        /// Where the caller goes on then.
        exit: usize,
    },
    /// What a method says of an operator: with the operands on top of the stack, which are popped, it makes the
    /// result, which is pushed.
    Operate(Operation),
}

/// A caller whose callee was inlined: suspended at its call, with the call's operands popped.
pub struct SuspendedCall<'a> {
    /// `point.at` is the call instruction (without prefix, as the interpreter would have it).
    pub point: ResumePoint<'a>,
    /// The instruction after the call: `at + 1 +` its inline cache units.
    pub after: usize,
    pub result: CallResult,
}

impl SuspendedCall<'_> {
    /// The frame stands in the call, or at the loop's instruction.
    unsafe fn suspend(&self) {
        // SAFETY: the frame is placed.
        unsafe {
            match self.result {
                CallResult::Next { .. } | CallResult::Operate(_) => {
                    version::set_raised(self.point.frame, self.point.at);
                }
                _ => version::set_suspended(self.point.frame, self.point.at, self.after),
            }
        }
    }

    /// Where an exception that comes out of what it waits for is raised.
    fn raising_unit(&self) -> usize {
        raising_unit(self.result, self.point.at, self.after)
    }
}

/// The same for a frame that is no `SuspendedCall`.
pub(super) fn raising_unit(wanted: CallResult, at: usize, after: usize) -> usize {
    match wanted {
        CallResult::Next { .. } | CallResult::Operate(_) => at,
        _ => version::raising_unit(at, after),
    }
}

impl ResumePoint<'_> {
    /// Drops every reference still held.
    unsafe fn release(&mut self) {
        for slot in self.locals.iter_mut().chain(self.stack.iter_mut()) {
            let value = std::mem::replace(slot, null_mut());
            // SAFETY: the slot owned the reference (or had none) and does not any more.
            unsafe { Py_XDECREF(slots::object(slots::owning(value))) };
        }
        if let Some(mut consumed) = self.consumed.take() {
            // SAFETY: the GIL is held.
            unsafe { consumed.release() };
        }
    }

    /// Makes the cells the frame needs. Done before any frame is pushed, for an allocation can
    /// run the collector on 3.11. False with an exception set if there is no memory.
    unsafe fn make_cells(&mut self) -> bool {
        // SAFETY: `code` is a code object whose kinds describe `locals`; the closure has one cell
        // for each free variable. Each slot's reference moves into its new cell (`PyCell_New`
        // takes a new one, so the old is dropped).
        unsafe {
            if !self.generator.is_null() {
                return true;
            }
            let kinds = slot_kinds(self.code);
            let count = kinds.len();
            let free = (*self.code).co_nfreevars as usize;
            for (index, &kind) in kinds.iter().enumerate() {
                let slot = &mut self.locals[index];
                if is_free(kind) {
                    if slot.is_null() {
                        let closure = (*self.function).func_closure;
                        let position = (index - (count - free)) as isize;
                        *slot = Py_NewRef(PyTuple_GET_ITEM(closure, position));
                    }
                } else if kind & CO_FAST_CELL != 0
                    && (self.cells == CellPolicy::Values || slot.is_null())
                {
                    let cell = PyCell_New(*slot);
                    if cell.is_null() {
                        return false;
                    }
                    Py_XDECREF(std::mem::replace(slot, cell));
                }
            }
        }
        true
    }

    /// Pushes the frame if there is none yet, and fills it. False if there is no memory.
    unsafe fn place(&mut self, thread: *mut ThreadState) -> bool {
        // SAFETY: a pushed frame has room for locals and `co_stacksize` operands; references move
        // from the slices into the slots, and what a native frame held in a slot (null or a free
        // variable's cell, which the closure keeps alive) is dropped.
        unsafe {
            if !self.generator.is_null() {
                self.frame = generators::frame_of(self.generator);
                generators::begin(thread, self.generator);
                return true;
            }
            debug_assert!(self.stack.len() <= (*self.code).co_stacksize as usize);
            debug_assert!(self.locals.len() == (*self.code).co_nlocalsplus as usize);
            let native = !self.frame.is_null();
            if !native {
                self.frame = data_stack::push(thread, version::frame_words(self.code));
                if self.frame.is_null() {
                    return false;
                }
                version::initialise(self.frame, self.function, self.code);
            }
            let first = slots::first(self.frame);
            for (index, local) in self.locals.iter_mut().enumerate() {
                let value = slots::owning(std::mem::replace(local, null_mut()));
                if native {
                    let before = std::mem::replace(&mut *first.add(index), value);
                    Py_XDECREF(slots::object(before));
                } else {
                    first.add(index).write(value);
                }
            }
            let base = self.locals.len();
            for (index, operand) in self.stack.iter_mut().enumerate() {
                let value = slots::owning(std::mem::replace(operand, null_mut()));
                first.add(base + index).write(value);
            }
            slots::set_used(self.frame, base + self.stack.len());
        }
        true
    }

    /// Runs the placed, unlinked, topmost frame.
    unsafe fn execute(&mut self, thread: *mut ThreadState, raised_at: Option<usize>) -> Outcome {
        // SAFETY: see `run`.
        unsafe {
            if !self.generator.is_null() {
                let outcome = generators::run(thread, self.generator, raised_at);
                return match self.consumed.take() {
                    Some(consumed) => consumed.finish(outcome),
                    None => outcome,
                };
            }
            let result = version::execute(thread, self.frame, raised_at);
            if result.is_null() {
                Outcome::Raised
            } else {
                Outcome::Returned(result)
            }
        }
    }

    /// Unlinks the frame if it is linked.
    unsafe fn unlink(&self, thread: *mut ThreadState) {
        // SAFETY: a linked frame's `previous` is the frame below it on this thread.
        unsafe {
            if version::current_frame(thread) == self.frame {
                version::set_current_frame(thread, (*self.frame).previous);
            }
        }
    }
}

/// While this lives, an activation of the interpreter started from native code costs what a plain
/// Python call would: `levels` Python levels that native code counted are given back, and the C
/// units are not taken while the C stack is roomy. When it is low, only those are left that the stack has room for.
pub(crate) struct EvaluationScope {
    thread: *mut ThreadState,
    levels: c_int,
    units: c_int,
}

/// # Safety
/// `thread` is the current thread state, and stays it until the scope is dropped.
pub(crate) unsafe fn evaluation_scope(thread: *mut ThreadState, levels: c_int) -> EvaluationScope {
    let units = if version::EVALUATION_UNITS == 0 {
        0
    } else if c_stack_is_low() {
        // SAFETY: as required.
        (c_units_left() - unsafe { version::c_units(thread) }).min(0)
    } else {
        version::EVALUATION_UNITS
    };
    // SAFETY: as required.
    unsafe {
        *version::recursion_remaining(thread) += levels;
        version::add_c_units(thread, units);
    }
    EvaluationScope {
        thread,
        levels,
        units,
    }
}

impl Drop for EvaluationScope {
    fn drop(&mut self) {
        // SAFETY: the thread state outlives the scope; these undo the constructor's additions.
        unsafe {
            *version::recursion_remaining(self.thread) -= self.levels;
            version::add_c_units(self.thread, -self.units);
        }
    }
}

/// Continues `point` in the interpreter. Returns the function's result, or null with an exception.
/// `native_levels` is what the native activation counted on the Python recursion counter (0 or 1);
/// the counter is unchanged on return.
///
/// # Safety
/// The GIL is held and `thread` is current; `point` describes a state the interpreter could be in;
/// no exception is set; `tstate->exc_info` is what it would be at that instruction.
pub unsafe fn resume(
    thread: *mut ThreadState,
    point: ResumePoint<'_>,
    native_levels: c_int,
) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { object(run(thread, &mut [], point, false, native_levels)) }
}

/// Raises the current exception at `point`, whose stack is the instruction's stack with its
/// operands popped. Returns what the function makes of it.
///
/// # Safety
/// As `resume`, but an exception is set. `at` is the raising instruction itself, behind its
/// EXTENDED_ARG prefix.
pub unsafe fn throw(
    thread: *mut ThreadState,
    point: ResumePoint<'_>,
    native_levels: c_int,
) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { object(run(thread, &mut [], point, true, native_levels)) }
}

/// What a function made of its end.
pub fn object(outcome: Outcome) -> *mut PyObject {
    match outcome {
        Outcome::Returned(object) | Outcome::Yielded(object) => object,
        Outcome::Raised => null_mut(),
    }
}

/// Continues an activation with inlined callees: `callers` outermost first, then `innermost`.
/// Each result goes to the next caller, which continues after its call, or raises there.
/// Frames that native code pushed must belong to the outermost callers, without gaps.
///
/// # Safety
/// As `resume`, for each of the points.
pub unsafe fn resume_chain<'a>(
    thread: *mut ThreadState,
    callers: &mut [SuspendedCall<'a>],
    innermost: ResumePoint<'a>,
    native_levels: c_int,
) -> Outcome {
    // SAFETY: as required.
    unsafe { run(thread, callers, innermost, false, native_levels) }
}

/// As `resume_chain`, but raises the current exception in the innermost function.
///
/// # Safety
/// As `throw`, for each of the points.
pub unsafe fn throw_chain<'a>(
    thread: *mut ThreadState,
    callers: &mut [SuspendedCall<'a>],
    innermost: ResumePoint<'a>,
    native_levels: c_int,
) -> Outcome {
    // SAFETY: as required.
    unsafe { run(thread, callers, innermost, true, native_levels) }
}

/// Runs `action` with no exception set and puts the exception back if it succeeded; if it failed,
/// its own exception replaces it.
pub(super) unsafe fn keeping_exception(action: impl FnOnce() -> bool) -> bool {
    // SAFETY: the GIL is held; what is fetched is owned, and restored or dropped once.
    #[cfg(Py_3_12)]
    unsafe {
        let exception = PyErr_GetRaisedException();
        let done = action();
        if done {
            PyErr_SetRaisedException(exception);
        } else {
            Py_XDECREF(exception);
        }
        done
    }
    // SAFETY: as above.
    #[cfg(not(Py_3_12))]
    unsafe {
        let (mut kind, mut value, mut traceback) = (null_mut(), null_mut(), null_mut());
        PyErr_Fetch(&mut kind, &mut value, &mut traceback);
        let done = action();
        if done {
            PyErr_Restore(kind, value, traceback);
        } else {
            Py_XDECREF(kind);
            Py_XDECREF(value);
            Py_XDECREF(traceback);
        }
        done
    }
}

unsafe fn run<'a>(
    thread: *mut ThreadState,
    callers: &mut [SuspendedCall<'a>],
    mut innermost: ResumePoint<'a>,
    mut raising: bool,
    native_levels: c_int,
) -> Outcome {
    // SAFETY: see the public functions. Frames are pushed outermost first and each is linked once
    // it is complete, so the chain is valid at any time; `execute` gets the topmost frame,
    // unlinked, and consumes it; then the next caller's frame is topmost.
    unsafe {
        let mut make_cells =
            || callers.iter_mut().all(|caller| caller.point.make_cells()) && innermost.make_cells();
        let ready = if raising {
            keeping_exception(make_cells)
        } else {
            make_cells()
        };
        if ready && !raising && c_stack_is_exhausted() {
            let message = c"maximum recursion depth exceeded".as_ptr();
            PyErr_SetString(PyExc_RecursionError, message);
            raising = true;
        }
        if !ready || !place_all(thread, callers, &mut innermost) {
            abandon(thread, callers, &mut innermost);
            return Outcome::Raised;
        }
        innermost.unlink(thread);
        let mut raised_at = raising.then_some(innermost.at);
        if !raising {
            version::set_next(innermost.frame, innermost.at);
        }
        let mut levels = native_levels - callers.len() as c_int;
        let mut outcome = {
            let _scope = evaluation_scope(thread, levels);
            innermost.execute(thread, raised_at)
        };
        for caller in callers.iter_mut().rev() {
            levels += 1;
            let frame = caller.point.frame;
            caller.point.unlink(thread);
            raised_at = match deliver(frame, outcome, caller.result, caller.after) {
                Some(next) => {
                    version::set_next(frame, next);
                    None
                }
                None => Some(caller.raising_unit()),
            };
            let _scope = evaluation_scope(thread, levels);
            outcome = caller.point.execute(thread, raised_at);
        }
        outcome
    }
}

/// Gives a frame what it waited for; where it goes on, or `None` if an exception is set.
///
/// # Safety
/// `frame` is complete, and waited for that.
pub(super) unsafe fn deliver(
    frame: *mut InterpreterFrame,
    outcome: Outcome,
    wanted: CallResult,
    after: usize,
) -> Option<usize> {
    // SAFETY: the reference in the outcome moves to the stack or is dropped. A generator that has ended holds
    // nothing; it is popped before it is dropped.
    unsafe {
        let first = slots::first(frame);
        let top = slots::used(frame) as usize;
        match (outcome, wanted) {
            (Outcome::Raised, CallResult::Operate(operation)) => {
                // The operator drops its operands before the exception is handled.
                let count = operation.operands();
                slots::set_used(frame, top - count);
                for slot in top - count..top {
                    Py_XDECREF(slots::object(*first.add(slot)));
                }
                return None;
            }
            (Outcome::Raised, _) => return None,
            (Outcome::Returned(result), CallResult::Next { exit }) => {
                Py_DECREF(result);
                slots::set_used(frame, top - 1);
                Py_XDECREF(slots::object(*first.add(top - 1)));
                return Some(exit);
            }
            (Outcome::Returned(result) | Outcome::Yielded(result), CallResult::Drop) => {
                Py_DECREF(result);
            }
            (Outcome::Returned(result), CallResult::Operate(operation)) => {
                let count = operation.operands();
                let operands: Vec<_> = (top - count..top)
                    .map(|slot| slots::object(*first.add(slot)))
                    .collect();
                let result = operators::finish(operation, &operands, result);
                // Operands go before the result is there, or the exception is handled.
                slots::set_used(frame, top - count);
                for operand in operands {
                    Py_XDECREF(operand);
                }
                if result.is_null() {
                    return None;
                }
                if operation.is_store() {
                    Py_DECREF(result);
                } else {
                    first.add(top - count).write(slots::owning(result));
                    slots::set_used(frame, top - count + 1);
                }
            }
            (Outcome::Returned(result), CallResult::Push) | (Outcome::Yielded(result), _) => {
                first.add(top).write(slots::owning(result));
                slots::set_used(frame, top + 1);
            }
        }
        Some(after)
    }
}

/// Pushes, fills and links all frames. On failure the frames placed so far stay.
unsafe fn place_all(
    thread: *mut ThreadState,
    callers: &mut [SuspendedCall<'_>],
    innermost: &mut ResumePoint<'_>,
) -> bool {
    // SAFETY: see `run`. A native frame is already linked; a new one is linked on top.
    unsafe {
        for caller in callers {
            let native = !caller.point.frame.is_null();
            if !caller.point.place(thread) {
                return false;
            }
            let frame = caller.point.frame;
            caller.suspend();
            if !native {
                (*frame).previous = version::current_frame(thread);
                version::set_current_frame(thread, frame);
            }
        }
        innermost.place(thread)
    }
}

/// Ends the activation after a failure to place it: every frame and reference goes.
#[cold]
unsafe fn abandon<'a>(
    thread: *mut ThreadState,
    callers: &mut [SuspendedCall<'a>],
    innermost: &mut ResumePoint<'a>,
) {
    // SAFETY: frames are cleared topmost first, each unlinked before; references that no frame
    // took are still in the slices.
    unsafe {
        let points = callers.iter_mut().map(|caller| &mut caller.point);
        for point in points.chain(std::iter::once(innermost)).rev() {
            if !point.frame.is_null() {
                point.unlink(thread);
                if point.generator.is_null() {
                    version::clear_and_pop(thread, point.frame);
                } else {
                    generators::abandon(thread, point.generator);
                }
            }
            point.release();
        }
    }
}
