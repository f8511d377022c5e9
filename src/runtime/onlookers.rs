//! Locals in the frame of a native activation while it calls code that may look at frames.
//!
//! Machine code stores the raw locals as words and says which row of the deopt table describes them. For
//! the time of the call the frame's slots hold objects for them: `sys._getframe(1).f_locals` of the callee
//! reads the slots themselves, nobody is asked. Afterwards they are taken out, for native code drops on its
//! own what it holds; only numbers stay, since boxing them is what costs, to be given their next value at
//! the next call if nobody else has them.
//!
//! A debugger may also write to the frame, or begin to trace. Then native code leaves behind the call, and
//! the interpreter goes on with what the frame holds.
//!
//! Invariant: the slots of a native frame are null, or own a reference. Between calls they hold numbers only.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::boxes::Boxes;
use super::unit::Unit;
use super::{frame, self_test, tracing};
use crate::abi::Repr;
use crate::abi::deopt_table::{ShownLocals, SlotDescriptor, Source, ValueDescriptor};
use crate::ffi::{InterpreterFrame, LongObject};

/// A frame whose locals were changed by somebody else: what it holds counts when its activation leaves.
static CHANGED: AtomicPtr<InterpreterFrame> = AtomicPtr::new(null_mut());

/// Whether the frame's locals are to be believed rather than the words; asked once.
pub fn take_changed(native_frame: *mut InterpreterFrame) -> bool {
    let none = null_mut();
    !native_frame.is_null()
        && CHANGED
            .compare_exchange(native_frame, none, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
}

/// `Support::ShowLocals`.
///
/// # Safety
/// Called by machine code of the unit under the GIL with the words of that row; the frame is the
/// activation's own.
pub unsafe extern "C" fn show_locals(
    unit: *const Unit,
    row: u64,
    words: *mut u64,
    native_frame: *mut InterpreterFrame,
) {
    // SAFETY: as required.
    unsafe { show(&*unit, row as u32, words, native_frame) }
}

/// Puts objects for the locals into the frame. Without memory a local looks unbound.
///
/// # Safety
/// The GIL is held; `words` are those of that row, of an activation of the unit with this frame.
pub unsafe fn show(unit: &Unit, row: u32, words: *mut u64, native_frame: *mut InterpreterFrame) {
    // SAFETY: as required. A slot owns its reference at any time, also while an allocation runs the
    // collector.
    unsafe {
        if *words != 0 {
            // Shown already: what a debugger wrote meanwhile must stay.
            return;
        }
        take_changed(native_frame);
        *words = 1;
        let shown = row_of(unit, row);
        let words = std::slice::from_raw_parts(words.cast_const(), shown.words as usize);
        for ((_, slot), descriptor) in frame::own_slots(native_frame).zip(&shown.locals) {
            let old = slot.object();
            let new = match descriptor {
                SlotDescriptor::Null => null_mut(),
                SlotDescriptor::Value(value) => match (value.source, value.repr) {
                    (Source::Word(index), Repr::Boxed) => {
                        ffi::Py_NewRef(words[index as usize] as *mut PyObject)
                    }
                    _ if reuse(old, value, words) => continue,
                    (Source::Word(index), repr) => match number(words[index as usize], repr) {
                        null if null.is_null() => made(unit, words, descriptor),
                        object => object,
                    },
                    _ => made(unit, words, descriptor),
                },
                _ => made(unit, words, descriptor),
            };
            ffi::Py_XDECREF(slot.replace(new));
        }
    }
}

/// A new number; null without memory (with an exception set) and for what is none.
#[inline]
unsafe fn number(word: u64, repr: Repr) -> *mut PyObject {
    // SAFETY: constructors of numbers; singletons.
    unsafe {
        match repr {
            Repr::I64 => ffi::PyLong_FromLongLong(word as i64),
            Repr::U64 => ffi::PyLong_FromUnsignedLongLong(word),
            Repr::F64 => ffi::PyFloat_FromDouble(f64::from_bits(word)),
            Repr::Bool if word & 1 != 0 => ffi::Py_NewRef(ffi::Py_True()),
            Repr::Bool => ffi::Py_NewRef(ffi::Py_False()),
            Repr::Boxed | Repr::Ptr => null_mut(),
        }
    }
}

/// A new object for a slot; null without memory.
#[cold]
#[inline(never)]
unsafe fn made(unit: &Unit, words: &[u64], descriptor: &SlotDescriptor) -> *mut PyObject {
    // SAFETY: as in `show`.
    unsafe {
        let quiet = ffi::PyErr_Occurred().is_null();
        let mut boxes = Boxes::new(unit, words);
        let object = boxes.slot(descriptor).unwrap_or_else(|()| {
            if quiet {
                ffi::PyErr_Clear();
            }
            null_mut()
        });
        boxes.release();
        object
    }
}

/// `Support::HideLocals`.
///
/// # Safety
/// As `show_locals`, when the call has returned; an exception may be set.
pub unsafe extern "C" fn hide_locals(
    unit: *const Unit,
    row: u64,
    words: *mut u64,
    native_frame: *mut InterpreterFrame,
) -> u64 {
    // SAFETY: as required.
    unsafe {
        let unit = &*unit;
        let shown = row_of(unit, row as u32);
        let words = std::slice::from_raw_parts(words.cast_const(), shown.words as usize);
        let expected = |slot: *mut PyObject, descriptor: &SlotDescriptor| match descriptor {
            SlotDescriptor::Null => slot.is_null(),
            SlotDescriptor::Value(value) => same(unit, slot, value, words),
            SlotDescriptor::Maybe { value, bound } => {
                let bound = match bound.source {
                    Source::Word(index) => words[index as usize] & 1 != 0,
                    Source::Bool(bound) => bound,
                    _ => true,
                };
                if bound {
                    same(unit, slot, value, words)
                } else {
                    slot.is_null()
                }
            }
            SlotDescriptor::Virtual(_) | SlotDescriptor::Shared(_) => true,
        };
        let slots = || frame::own_slots(native_frame).zip(&shown.locals);
        if slots().any(|((_, slot), descriptor)| !expected(slot.object(), descriptor)) {
            CHANGED.store(native_frame, Ordering::Relaxed);
            return 1;
        }
        for ((_, slot), descriptor) in slots() {
            let number = match descriptor {
                SlotDescriptor::Value(value) => value.repr != Repr::Boxed,
                _ => false,
            };
            if !number {
                ffi::Py_XDECREF(slot.replace(null_mut()));
            }
        }
        u64::from(somebody_traces(unit))
    }
}

/// `Support::MustLeave`.
///
/// # Safety
/// Called by machine code of the unit under the GIL.
pub unsafe extern "C" fn must_leave(unit: *const Unit) -> u64 {
    // SAFETY: as required.
    let traced = unsafe { somebody_traces(&*unit) };
    u64::from(traced || !CHANGED.load(Ordering::Relaxed).is_null())
}

fn somebody_traces(unit: &Unit) -> bool {
    // SAFETY: machine code runs under the GIL.
    let py = unsafe { Python::assume_attached() };
    let everywhere = self_test::interpreter(py)
        .is_ok_and(|interpreter| tracing::tracing_active(py, interpreter));
    everywhere || unit.is_watched()
}

fn row_of(unit: &Unit, row: u32) -> &ShownLocals {
    let table = unit.table.get();
    match table.and_then(|table| table.shown.get(row as usize)) {
        Some(shown) => shown,
        None => std::process::abort(),
    }
}

/// Gives a number that only this slot has its new value. False if it is none or cannot.
unsafe fn reuse(slot: *mut PyObject, value: &ValueDescriptor, words: &[u64]) -> bool {
    let Source::Word(index) = value.source else {
        return false;
    };
    let word = words[index as usize];
    // SAFETY: the slot's object is live or null, and with one reference nobody else sees it.
    unsafe {
        if slot.is_null() || ffi::Py_REFCNT(slot) != 1 {
            return false;
        }
        match value.repr {
            Repr::F64 if ffi::PyFloat_CheckExact(slot) != 0 => {
                (*slot.cast::<ffi::PyFloatObject>()).ob_fval = f64::from_bits(word);
                true
            }
            Repr::I64 if ffi::PyLong_CheckExact(slot) != 0 => {
                (*slot.cast::<LongObject>()).set_value(word as i64)
            }
            _ => false,
        }
    }
}

/// Is the slot's object what was put there for the value?
unsafe fn same(unit: &Unit, slot: *mut PyObject, value: &ValueDescriptor, words: &[u64]) -> bool {
    // SAFETY: the slot's object is live or null; objects of the unit are.
    unsafe {
        let word = match value.source {
            Source::Object(id) => return slot == unit.objects[id.index()],
            Source::Word(index) => words[index as usize],
            Source::Int(value) => value as u64,
            Source::Unsigned(value) => value,
            Source::Float(bits) => bits,
            Source::Bool(value) => u64::from(value),
        };
        match value.repr {
            Repr::Boxed => slot as u64 == word,
            Repr::Ptr => true,
            _ if slot.is_null() => false,
            Repr::F64 => {
                ffi::PyFloat_CheckExact(slot) != 0 && ffi::PyFloat_AS_DOUBLE(slot).to_bits() == word
            }
            Repr::Bool => {
                slot == if word & 1 != 0 {
                    ffi::Py_True()
                } else {
                    ffi::Py_False()
                }
            }
            Repr::I64 | Repr::U64 => {
                if ffi::PyLong_CheckExact(slot) == 0 {
                    return false;
                }
                if let Some(int) = (*slot.cast::<LongObject>()).one_digit() {
                    return int as u64 == word;
                }
                let mut overflow = 0;
                let int = ffi::PyLong_AsLongLongAndOverflow(slot, &mut overflow);
                // Above 63 bits only an unsigned one can be meant.
                int as u64 == word && overflow == 0 || overflow > 0 && value.repr == Repr::U64
            }
        }
    }
}
