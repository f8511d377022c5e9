//! The exit handler: from the words machine code wrote to frames the interpreter runs.
//!
//! Invariants (see `abi::deopt_table`): each slot gets a reference of its own; a word is boxed once, so
//! a value in two slots stays one object; what native code owned is dropped last. Everything that can
//! fail or run code (allocations on 3.11) happens before the first frame is pushed.

use std::ptr::null_mut;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::apart::apart;
use super::frame::consumers::Consumption;
use super::frame::generators;
use super::frame::{self, CallResult, CellPolicy, ResumePoint, SuspendedCall};
use super::unit::Unit;
use crate::abi::Repr;
use crate::abi::deopt_table::{
    ExitKind, ExitState, FrameDescriptor, SharedDescriptor, SlotDescriptor, Source,
    ValueDescriptor, VirtualDescriptor,
};
use crate::abi::exit_reason::ExitReason;
use crate::ffi::{InterpreterFrame, ThreadState};
use crate::hir::{Stage, Waits};

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

/// Objects made from words so far.
pub(super) struct Boxes<'a> {
    unit: &'a Unit,
    words: &'a [u64],
    /// One reference each is ours, dropped at the end.
    made: Vec<Option<*mut PyObject>>,
    /// What slots with numbers stand for.
    state: Option<&'a ExitState>,
    /// Objects by number; one reference each is ours.
    shared: Vec<(u32, *mut PyObject)>,
}

impl<'a> Boxes<'a> {
    pub(super) fn new(unit: &'a Unit, words: &'a [u64]) -> Boxes<'a> {
        Boxes {
            unit,
            words,
            made: vec![None; words.len()],
            state: None,
            shared: Vec::new(),
        }
    }

    /// Drops what was made; the slots have references of their own.
    pub(super) unsafe fn release(self) {
        let shared = self.shared.into_iter().map(|row| row.1);
        for object in self.made.into_iter().flatten().chain(shared) {
            // SAFETY: one reference of each is ours.
            unsafe { ffi::Py_DECREF(object) };
        }
    }

    /// A new reference to the object of a value; null with an exception set without memory.
    unsafe fn object(&mut self, value: &ValueDescriptor) -> *mut PyObject {
        // SAFETY: sources are those lowering wrote: boxed words hold live objects, object ids are of the
        // unit's pool.
        unsafe {
            match value.source {
                Source::Object(id) => ffi::Py_NewRef(self.unit.objects[id.index()]),
                Source::Int(value) => ffi::PyLong_FromLongLong(value),
                Source::Unsigned(value) => ffi::PyLong_FromUnsignedLongLong(value),
                Source::Float(bits) => ffi::PyFloat_FromDouble(f64::from_bits(bits)),
                Source::Bool(value) => bool_object(value),
                Source::Word(index) => {
                    let index = index as usize;
                    if value.repr == Repr::Boxed {
                        return ffi::Py_NewRef(self.words[index] as *mut PyObject);
                    }
                    if let Some(object) = self.made[index] {
                        return ffi::Py_NewRef(object);
                    }
                    let word = self.words[index];
                    let object = match value.repr {
                        Repr::I64 => ffi::PyLong_FromLongLong(word as i64),
                        Repr::U64 => ffi::PyLong_FromUnsignedLongLong(word),
                        Repr::F64 => ffi::PyFloat_FromDouble(f64::from_bits(word)),
                        Repr::Bool => bool_object(word & 1 != 0),
                        Repr::Boxed | Repr::Ptr => null_mut(),
                    };
                    if !object.is_null() {
                        self.made[index] = Some(object);
                        ffi::Py_INCREF(object);
                    }
                    object
                }
            }
        }
    }

    fn int(&self, value: &ValueDescriptor) -> i64 {
        match value.source {
            Source::Int(value) => value,
            Source::Unsigned(value) => value as i64,
            Source::Word(index) => self.words[index as usize] as i64,
            _ => 0,
        }
    }

    fn is_true(&self, value: &ValueDescriptor) -> bool {
        match value.source {
            Source::Bool(value) => value,
            Source::Word(index) => self.words[index as usize] & 1 != 0,
            _ => true,
        }
    }

    /// A new reference for a slot, null for NULL. `Err` with an exception set without memory.
    pub(super) unsafe fn slot(&mut self, slot: &SlotDescriptor) -> Result<*mut PyObject, ()> {
        // SAFETY: as in `object`.
        unsafe {
            let object = match slot {
                SlotDescriptor::Null => return Ok(null_mut()),
                SlotDescriptor::Maybe { bound, .. } if !self.is_true(bound) => {
                    return Ok(null_mut());
                }
                SlotDescriptor::Value(value) | SlotDescriptor::Maybe { value, .. } => {
                    self.object(value)
                }
                SlotDescriptor::Virtual(object) => self.virtual_object(object),
                SlotDescriptor::Shared(number) => self.shared_object(*number),
            };
            if object.is_null() {
                Err(())
            } else {
                Ok(object)
            }
        }
    }

    /// A new reference to the object with that number.
    unsafe fn shared_object(&mut self, number: u32) -> *mut PyObject {
        // SAFETY: as in `object`. Objects are made before those they are in, so there are no cycles.
        unsafe {
            if let Some(row) = self.shared.iter().find(|row| row.0 == number) {
                return ffi::Py_NewRef(row.1);
            }
            let Some(state) = self.state else {
                return null_mut();
            };
            let running = state
                .frames
                .iter()
                .find(|frame| frame.generator == Some(number));
            let waiting = state.shared.iter().find(|row| row.0 == number);
            let object = match (running, waiting) {
                (Some(frame), _) => self.generator(frame.function, &frame.locals, &frame.stack),
                (None, Some((_, SharedDescriptor::Tuple(slots)))) => self.tuple(slots),
                (None, Some((_, SharedDescriptor::Function { function, closure }))) => {
                    self.function(*function, closure)
                }
                (None, Some((_, SharedDescriptor::Iterator(object)))) => {
                    self.virtual_object(object)
                }
                (
                    None,
                    Some((
                        _,
                        SharedDescriptor::Generator {
                            function,
                            offset,
                            stage,
                            locals,
                            stack,
                        },
                    )),
                ) => {
                    let object = self.generator(*function, locals, stack);
                    match stage {
                        _ if object.is_null() => object,
                        Stage::Created => object,
                        Stage::Suspended => {
                            generators::suspend(object, *offset as usize);
                            object
                        }
                        Stage::Finished => generators::finish(object),
                    }
                }
                (None, None) => std::process::abort(),
            };
            if !object.is_null() {
                self.shared.push((number, ffi::Py_NewRef(object)));
            }
            object
        }
    }

    unsafe fn tuple(&mut self, slots: &[SlotDescriptor]) -> *mut PyObject {
        // SAFETY: as in `object`; the tuple takes the references, and items that are not there are null.
        unsafe {
            let tuple = ffi::PyTuple_New(slots.len() as isize);
            for (index, slot) in slots.iter().enumerate() {
                let (Ok(item), false) = (self.slot(slot), tuple.is_null()) else {
                    ffi::Py_XDECREF(tuple);
                    return null_mut();
                };
                ffi::PyTuple_SET_ITEM(tuple, index as isize, item);
            }
            tuple
        }
    }

    /// A function as MAKE_FUNCTION makes it.
    unsafe fn function(&mut self, row: u32, closure: &[SlotDescriptor]) -> *mut PyObject {
        // SAFETY: as in `generator`; what the interpreter does.
        unsafe {
            let Some(Some(row)) = self.unit.functions.get(row as usize) else {
                std::process::abort()
            };
            let function = ffi::PyFunction_New(row.code.cast(), (*row.function).func_globals);
            if function.is_null() || closure.is_empty() {
                return function;
            }
            let cells = self.tuple(closure);
            if cells.is_null() {
                ffi::Py_DECREF(function);
                return null_mut();
            }
            (*function.cast::<ffi::PyFunctionObject>()).func_closure = cells;
            function
        }
    }

    /// A generator with these variables and this operand stack, which has not run. Null with an exception set
    /// without memory.
    unsafe fn generator(
        &mut self,
        function: u32,
        locals: &[SlotDescriptor],
        stack: &[SlotDescriptor],
    ) -> *mut PyObject {
        // SAFETY: as in `object`; the table has a row for each code whose frames it describes, and the place of
        // RETURN_GENERATOR for those of generators.
        unsafe {
            let Some(Some(function)) = self.unit.functions.get(function as usize) else {
                std::process::abort()
            };
            let Some(made_at) = function.made_at else {
                std::process::abort()
            };
            let mut slots = Vec::with_capacity(locals.len() + stack.len());
            let mut failed = false;
            for slot in locals.iter().chain(stack) {
                slots.push(self.slot(slot).unwrap_or_else(|()| {
                    failed = true;
                    null_mut()
                }));
            }
            let thread = frame::current_thread();
            let (locals, stack) = slots.split_at_mut(locals.len());
            let mut object = null_mut();
            if !failed {
                let (function, code) = (function.function, function.code);
                object = generators::make(thread, function, code, made_at as usize, locals);
            }
            if object.is_null() {
                for slot in slots {
                    ffi::Py_XDECREF(slot);
                }
            } else {
                generators::fill_stack(object, stack);
            }
            object
        }
    }

    unsafe fn virtual_object(&mut self, object: &VirtualDescriptor) -> *mut PyObject {
        // SAFETY: builtin constructors with arguments of the right classes.
        unsafe {
            match object {
                VirtualDescriptor::Range { start, stop, step } => {
                    let (start, stop, step) = (self.int(start), self.int(stop), self.int(step));
                    call_ints((&raw mut ffi::PyRange_Type).cast(), &[start, stop, step])
                }
                VirtualDescriptor::RangeIterator { next, stop, step } => {
                    let (next, stop, step) = (self.int(next), self.int(stop), self.int(step));
                    let range = call_ints((&raw mut ffi::PyRange_Type).cast(), &[next, stop, step]);
                    iterator(range)
                }
                VirtualDescriptor::SequenceIterator { sequence, index } => {
                    let index = self.int(index);
                    let iterator = iterator(self.object(sequence));
                    if index > 0 && !iterator.is_null() {
                        let state = ffi::PyLong_FromLongLong(index);
                        let name = ffi::PyUnicode_InternFromString(c"__setstate__".as_ptr());
                        let done = ffi::PyObject_CallMethodObjArgs(
                            iterator,
                            name,
                            state,
                            null_mut::<PyObject>(),
                        );
                        ffi::Py_XDECREF(name);
                        ffi::Py_XDECREF(state);
                        if done.is_null() {
                            ffi::Py_DECREF(iterator);
                            return null_mut();
                        }
                        ffi::Py_DECREF(done);
                    }
                    iterator
                }
                VirtualDescriptor::Enumerate { count, inner } => {
                    let Ok(inner) = self.slot(inner) else {
                        return null_mut();
                    };
                    let count = ffi::PyLong_FromLongLong(self.int(count));
                    let class: *mut PyObject = (&raw mut ffi::PyEnum_Type).cast();
                    let result = ffi::PyObject_CallFunctionObjArgs(
                        class,
                        inner,
                        count,
                        null_mut::<PyObject>(),
                    );
                    ffi::Py_XDECREF(count);
                    ffi::Py_DECREF(inner);
                    result
                }
                VirtualDescriptor::Zip { inner } => {
                    let tuple = ffi::PyTuple_New(inner.len() as isize);
                    if tuple.is_null() {
                        return null_mut();
                    }
                    for (index, item) in inner.iter().enumerate() {
                        let Ok(item) = self.slot(item) else {
                            ffi::Py_DECREF(tuple);
                            return null_mut();
                        };
                        ffi::PyTuple_SetItem(tuple, index as isize, item);
                    }
                    let class: *mut PyObject = (&raw mut ffi::PyZip_Type).cast();
                    let result = ffi::PyObject_CallObject(class, tuple);
                    ffi::Py_DECREF(tuple);
                    result
                }
            }
        }
    }
}

unsafe fn bool_object(value: bool) -> *mut PyObject {
    // SAFETY: static objects.
    unsafe {
        ffi::Py_NewRef(if value {
            ffi::Py_True()
        } else {
            ffi::Py_False()
        })
    }
}

unsafe fn call_ints(class: *mut PyObject, values: &[i64]) -> *mut PyObject {
    // SAFETY: a class called with a tuple of ints; `PyTuple_SetItem` takes the references.
    unsafe {
        let tuple = ffi::PyTuple_New(values.len() as isize);
        if tuple.is_null() {
            return null_mut();
        }
        for (index, value) in values.iter().enumerate() {
            ffi::PyTuple_SetItem(tuple, index as isize, ffi::PyLong_FromLongLong(*value));
        }
        let result = ffi::PyObject_CallObject(class, tuple);
        ffi::Py_DECREF(tuple);
        result
    }
}

/// The iterator of an object whose reference is consumed.
unsafe fn iterator(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: null passes through; otherwise a live object.
    unsafe {
        if object.is_null() {
            return null_mut();
        }
        let iterator = ffi::PyObject_GetIter(object);
        ffi::Py_DECREF(object);
        iterator
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
