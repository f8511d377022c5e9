//! What machine code left in words, as objects: numbers, iterators, generators.
//!
//! Invariants: a word is boxed once and a numbered object is made once, so what is in two slots stays one object.

use std::ptr::null_mut;

use pyo3::ffi::{self, PyObject};

use super::frame;
use super::frame::generators;
use super::unit::Unit;
use crate::abi::deopt_table::{
    ExitState, SharedDescriptor, SlotDescriptor, Source, ValueDescriptor, VirtualDescriptor,
};
use crate::abi::{Repr, Stage};

/// Objects made from words so far.
pub(super) struct Boxes<'a> {
    unit: &'a Unit,
    words: &'a [u64],
    /// One reference each is ours, dropped at the end.
    pub(super) made: Vec<Option<*mut PyObject>>,
    /// What slots with numbers stand for.
    pub(super) state: Option<&'a ExitState>,
    /// Objects by number; one reference each is ours.
    pub(super) shared: Vec<(u32, *mut PyObject)>,
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
    pub(super) unsafe fn shared_object(&mut self, number: u32) -> *mut PyObject {
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
