//! The exit handler: from the words machine code wrote to frames the interpreter runs.
//!
//! Invariants (see `abi::deopt_table`): each slot gets a reference of its own; a word is boxed once, so
//! a value in two slots stays one object; what native code owned is dropped last. Everything that can
//! fail or run code (allocations on 3.11) happens before the first frame is pushed.

use std::ptr::null_mut;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::apart::apart;
use super::boxes::Boxes;
use super::frame::consumers::Consumption;
use super::frame::generators;
use super::frame::{self, CallResult, CellPolicy, ResumePoint, SuspendedCall};
use super::unit::Unit;
use crate::abi::Waits;
use crate::abi::deopt_table::{ExitKind, ExitState, FrameDescriptor};
use crate::abi::exit_reason::ExitReason;
use crate::ffi::{InterpreterFrame, ThreadState};

/// `Support::ExitHandler`.
///
/// # Safety
/// Called by machine code of the unit, under the GIL, with the words of that site.
pub unsafe extern "C" fn exit_handler(
    thread: *mut ThreadState,
    unit: *const Unit,
    site: u64,
    words: *const u64,
    native_frame: *mut InterpreterFrame,
) -> *mut PyObject {
    // SAFETY: machine code passes its own unit, which outlives the activation, and a site of its table;
    // `words` has as many words as the site's state says.
    unsafe {
        let unit = &*unit;
        let site = site as usize;
        let Some(state) = unit.table.get().and_then(|table| table.state_of(site)) else {
            std::process::abort()
        };
        let words = std::slice::from_raw_parts(words, state.words as usize);
        if unit
            .site(site)
            .is_some_and(|site| site.reason == ExitReason::Forced)
        {
            super::stress::rearm();
        }
        let native_frame = if unit.in_place {
            let stayed = unit.entered.take().map(|entered| entered.elapsed());
            unit.stayed.set(stayed.unwrap_or_default());
            frame::current_frame(thread)
        } else {
            native_frame
        };
        if native_frame.is_null() {
            super::native_stack::show_callers(thread);
        }
        let object = leave(thread, unit, site, state, words, native_frame);
        // Other threads may have run: machine code finds its own in the stack cell (`lower/recursion.rs`).
        frame::check_stack(thread);
        object
    }
}

/// Slots of one frame, ready.
struct Filled {
    locals: Vec<*mut PyObject>,
    stack: Vec<*mut PyObject>,
    /// The generator that has them instead.
    generator: *mut PyObject,
    /// The builtin that takes its items.
    consumed: Option<Consumption>,
}

unsafe fn leave(
    thread: *mut ThreadState,
    unit: &Unit,
    site: usize,
    state: &ExitState,
    words: &[u64],
    native_frame: *mut InterpreterFrame,
) -> *mut PyObject {
    // SAFETY: as required of `exit_handler`. A set exception (of a throw) is put aside while objects are
    // made. The native frame, if any, is the outermost one's.
    unsafe {
        let py = Python::assume_attached();
        let pending = if state.kind == ExitKind::Throw {
            PyErr::take(py)
        } else {
            None
        };
        let mut boxes = Boxes::new(unit, words);
        boxes.state = Some(state);
        let mut filled: Vec<Filled> = Vec::with_capacity(state.frames.len());
        let mut failed = false;
        for descriptor in &state.frames {
            if let Some(number) = descriptor.generator {
                let generator = boxes.shared_object(number);
                failed |= generator.is_null();
                let consumed = descriptor.consumed.as_ref().map(|(by, slots)| Consumption {
                    by: *by,
                    generator: null_mut(),
                    slots: slots
                        .iter()
                        .map(|slot| {
                            boxes.slot(slot).unwrap_or_else(|()| {
                                failed = true;
                                null_mut()
                            })
                        })
                        .collect(),
                });
                filled.push(Filled {
                    locals: Vec::new(),
                    stack: Vec::new(),
                    generator,
                    consumed,
                });
                continue;
            }
            let mut locals = Vec::with_capacity(descriptor.locals.len());
            let mut stack = Vec::with_capacity(descriptor.stack.len());
            for slot in &descriptor.locals {
                locals.push(boxes.slot(slot).unwrap_or_else(|()| {
                    failed = true;
                    null_mut()
                }));
            }
            for slot in &descriptor.stack {
                stack.push(boxes.slot(slot).unwrap_or_else(|()| {
                    failed = true;
                    null_mut()
                }));
            }
            filled.push(Filled {
                locals,
                stack,
                generator: null_mut(),
                consumed: None,
            });
        }
        if super::onlookers::take_changed(native_frame) {
            for (index, slot) in frame::own_slots(native_frame) {
                let local = &mut filled[0].locals[index];
                ffi::Py_XDECREF(std::mem::replace(local, ffi::Py_XNewRef(slot.object())));
            }
        }
        let shared = boxes.shared.iter().map(|row| row.1);
        let made: Vec<*mut PyObject> = boxes.made.iter().flatten().copied().chain(shared).collect();
        if !failed && state.kind != ExitKind::Throw {
            tell_owner(unit, site, &filled);
        }
        if failed {
            // No memory for the frame: the MemoryError is raised where the code left.
            drop(pending);
            for frame in &mut filled {
                for slot in frame.locals.iter_mut().chain(&mut frame.stack) {
                    ffi::Py_XDECREF(std::mem::replace(slot, null_mut()));
                }
                ffi::Py_XDECREF(std::mem::replace(&mut frame.generator, null_mut()));
                if let Some(mut consumed) = frame.consumed.take() {
                    consumed.release();
                }
            }
            release(state, words, &made);
            if unit.in_place {
                leave_unfilled(native_frame, &state.frames[0]);
                return null_mut();
            }
            if !native_frame.is_null() {
                frame::pop_native_frame(thread, native_frame);
            }
            return null_mut();
        }
        for frame in &mut filled {
            // The frame around it holds the generator; a builtin has it as an argument.
            let generator = frame.generator;
            match &mut frame.consumed {
                Some(consumed) => consumed.generator = generator,
                None => ffi::Py_XDECREF(generator),
            }
        }
        release_owned(state, words, &made);
        if let Some(error) = pending {
            error.restore(py);
        }
        if unit.in_place {
            return leave_in_place(thread, unit, state, &mut filled, native_frame);
        }
        run(thread, unit, state, &mut filled, native_frame)
    }
}

/// Without memory for the objects of its variables an activation in place can only raise: its variables are
/// unbound then.
#[cold]
unsafe fn leave_unfilled(native_frame: *mut InterpreterFrame, descriptor: &FrameDescriptor) {
    // SAFETY: as required of `exit_handler`.
    unsafe {
        frame::in_place::refill(native_frame, std::iter::empty(), &[]);
        frame::in_place::set_place(native_frame, descriptor.offset as usize);
    }
}

/// Gives the running frame back to the interpreter: None, or null with an exception set (the frame stands
/// where that is raised).
unsafe fn leave_in_place(
    thread: *mut ThreadState,
    unit: &Unit,
    state: &ExitState,
    filled: &mut [Filled],
    native_frame: *mut InterpreterFrame,
) -> *mut PyObject {
    // SAFETY: as required of `exit_handler`; the filled slots own their references and are consumed. Free
    // variables lie last, and keep the cells they have.
    unsafe {
        use frame::in_place;
        let raising = state.kind == ExitKind::Throw;
        let descriptor = &state.frames[0];
        let Some((outer, callees)) = filled.split_first_mut() else {
            std::process::abort()
        };
        let count = outer.locals.len();
        let free = (*frame::code(native_frame)).co_nfreevars as usize;
        for cell in &mut outer.locals[count - free..] {
            ffi::Py_XDECREF(std::mem::replace(cell, null_mut()));
        }
        let own = outer.locals[..count - free].iter().map(|slot| Some(*slot));
        in_place::refill(native_frame, own, &outer.stack);
        let Some((innermost, callers)) = callees.split_last_mut() else {
            in_place::set_place(native_frame, descriptor.offset as usize);
            return if raising {
                null_mut()
            } else {
                ffi::Py_NewRef(ffi::Py_None())
            };
        };
        let mut suspended: Vec<SuspendedCall<'_>> = Vec::with_capacity(callers.len());
        for (slots, descriptor) in callers.iter_mut().zip(&state.frames[1..]) {
            suspended.push(SuspendedCall {
                point: resume_point(unit, descriptor, slots, null_mut()),
                after: descriptor.next as usize,
                result: result_of_call(descriptor),
            });
        }
        let last = &state.frames[state.frames.len() - 1];
        let innermost = resume_point(unit, last, innermost, null_mut());
        let place = (descriptor.offset as usize, descriptor.next as usize);
        let result = result_of_call(descriptor);
        let done = in_place::run_callees(
            thread,
            native_frame,
            (place, result),
            &mut suspended,
            innermost,
            raising,
        );
        if done {
            ffi::Py_NewRef(ffi::Py_None())
        } else {
            null_mut()
        }
    }
}

fn result_of_call(descriptor: &FrameDescriptor) -> CallResult {
    match descriptor.waits {
        Waits::Construct => CallResult::Drop,
        Waits::Call => CallResult::Push,
        Waits::Iterate { exit } => CallResult::Next {
            exit: exit as usize,
        },
        Waits::Operate(operation) => CallResult::Operate(operation),
    }
}

/// A frame's state for `resume`, with its slots.
fn resume_point<'a>(
    unit: &Unit,
    descriptor: &FrameDescriptor,
    slots: &'a mut Filled,
    frame: *mut InterpreterFrame,
) -> ResumePoint<'a> {
    let Some(Some(function)) = unit.functions.get(descriptor.function as usize) else {
        std::process::abort()
    };
    ResumePoint {
        function: function.function,
        code: function.code,
        at: descriptor.offset as usize,
        locals: &mut slots.locals,
        stack: &mut slots.stack,
        cells: CellPolicy::Cells,
        frame,
        generator: slots.generator,
        consumed: slots.consumed.take(),
    }
}

/// Drops what native code owned: the frames have their own references, so nothing dies here except what
/// no frame holds.
unsafe fn release_owned(state: &ExitState, words: &[u64], made: &[*mut PyObject]) {
    // SAFETY: see `release`.
    unsafe { release(state, words, made) }
}

unsafe fn release(state: &ExitState, words: &[u64], made: &[*mut PyObject]) {
    // SAFETY: each listed word holds an object of which native code owned one reference; each made object
    // has one of ours.
    unsafe {
        for object in made {
            ffi::Py_DECREF(*object);
        }
        for word in &state.releases {
            ffi::Py_DECREF(words[*word as usize] as *mut PyObject);
        }
    }
}

unsafe fn tell_owner(unit: &Unit, site: usize, filled: &[Filled]) {
    // SAFETY: the slots hold live objects.
    unsafe {
        unit.exits.set(unit.exits.get() + 1);
        let owner = unit
            .owner
            .borrow()
            .as_ref()
            .and_then(std::rc::Weak::upgrade);
        let Some(owner) = owner else { return };
        let py = Python::assume_attached();
        let mut operands = Vec::new();
        if let Some(innermost) = filled.last() {
            let stack = match innermost.generator {
                null if null.is_null() => innermost.stack.clone(),
                generator => generators::operands(generator),
            };
            for object in stack.iter().rev().take(3) {
                operands.push(Bound::from_borrowed_ptr_or_opt(py, *object));
            }
        }
        apart(|_| owner.left(unit, site, &operands));
    }
}

unsafe fn run(
    thread: *mut ThreadState,
    unit: &Unit,
    state: &ExitState,
    filled: &mut [Filled],
    native_frame: *mut InterpreterFrame,
) -> *mut PyObject {
    // SAFETY: as required of `exit_handler`; the filled slots own their references and are consumed.
    unsafe {
        let count = state.frames.len();
        let (callers, innermost) = filled.split_at_mut(count - 1);
        let mut suspended: Vec<SuspendedCall<'_>> = Vec::with_capacity(count - 1);
        for (index, slots) in callers.iter_mut().enumerate() {
            let descriptor = &state.frames[index];
            let frame = if index == 0 { native_frame } else { null_mut() };
            suspended.push(SuspendedCall {
                point: resume_point(unit, descriptor, slots, frame),
                after: descriptor.next as usize,
                result: result_of_call(descriptor),
            });
        }
        let frame = if count == 1 { native_frame } else { null_mut() };
        let last = resume_point(unit, &state.frames[count - 1], &mut innermost[0], frame);
        frame::object(if state.kind == ExitKind::Throw {
            frame::throw_chain(thread, &mut suspended, last, 1)
        } else {
            frame::resume_chain(thread, &mut suspended, last, 1)
        })
    }
}

/// `Support::CurrentFrame`.
///
/// # Safety
/// Called by machine code under the GIL; `thread` is current.
pub unsafe extern "C" fn current_frame(thread: *mut ThreadState) -> *mut InterpreterFrame {
    // SAFETY: as required.
    unsafe { frame::current_frame(thread) }
}

/// `Support::PushFrame`.
///
/// # Safety
/// Called by machine code of the unit under the GIL.
pub unsafe extern "C" fn push_frame(
    thread: *mut ThreadState,
    unit: *const Unit,
) -> *mut InterpreterFrame {
    // SAFETY: row 0 of the functions is the unit's own.
    unsafe {
        let unit = &*unit;
        match unit.functions.first() {
            Some(Some(function)) => {
                super::native_stack::show_callers(thread);
                frame::push_native_frame(thread, function.function, function.code)
            }
            _ => std::process::abort(),
        }
    }
}

/// `Support::ShowWaiting`.
///
/// # Safety
/// Called by machine code of the unit under the GIL; `instruction` is the address of a unit of its code.
pub unsafe extern "C" fn show_waiting(
    thread: *mut ThreadState,
    unit: *const Unit,
    instruction: *mut u16,
) -> *mut InterpreterFrame {
    // SAFETY: as required.
    unsafe {
        let py = Python::assume_attached();
        let pending = PyErr::take(py);
        let frame = push_frame(thread, unit);
        if frame.is_null() {
            ffi::PyErr_Clear();
        } else {
            frame::set_instruction_address(frame, instruction);
        }
        if let Some(error) = pending {
            error.restore(py);
        }
        frame
    }
}

/// `Support::PopFrame`.
///
/// # Safety
/// The frame is the activation's own, on top.
pub unsafe extern "C" fn pop_frame(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: as required.
    unsafe { frame::pop_native_frame(thread, frame) }
}

/// `Support::RevalidateGlobals`.
///
/// # Safety
/// Called by machine code of the unit under the GIL.
pub unsafe extern "C" fn revalidate_globals(unit: *const Unit, number: u64) -> u64 {
    // SAFETY: the unit keeps its namespaces' dicts and names alive; lookups of `str` keys in dicts run no
    // Python code.
    unsafe {
        let unit = &*unit;
        let Some(namespace) = unit.namespaces.get(number as usize) else {
            return 0;
        };
        u64::from(super::namespaces::revalidate(namespace))
    }
}

/// `Support::CallVector`: a call of any object, with frames and recursion as the interpreter's own.
///
/// # Safety
/// Called by machine code under the GIL; `argv` has `count` live arguments, and a word before them.
pub unsafe extern "C" fn call_vector(
    thread: *mut ThreadState,
    callable: *mut PyObject,
    argv: *const *mut PyObject,
    count: u64,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as required.
    unsafe {
        let keywords = if names.is_null() {
            0
        } else {
            ffi::PyTuple_GET_SIZE(names) as usize
        };
        let positional = count as usize - keywords;
        let _scope = frame::evaluation_scope(thread, frame::levels_of_call(callable));
        ffi::PyObject_Vectorcall(
            callable,
            argv,
            positional | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
            names,
        )
    }
}

/// `Support::DeallocFramed`.
///
/// # Safety
/// Called by machine code under the GIL; the object's count is 0; `frame_word` is the activation's frame
/// word and `instruction` the address of a unit of its code.
pub unsafe extern "C" fn dealloc_framed(
    thread: *mut ThreadState,
    unit: *const Unit,
    object: *mut PyObject,
    frame_word: *mut *mut InterpreterFrame,
    instruction: *mut u16,
) {
    // SAFETY: as required. Without memory for a frame the object dies all the same.
    unsafe {
        let py = Python::assume_attached();
        let pending = PyErr::take(py);
        if (*frame_word).is_null() {
            *frame_word = push_frame(thread, unit);
        }
        if (*frame_word).is_null() {
            ffi::PyErr_Clear();
        } else {
            frame::set_instruction_address(*frame_word, instruction);
        }
        crate::ffi::_Py_Dealloc(object);
        if let Some(error) = pending {
            error.restore(py);
        }
    }
}
