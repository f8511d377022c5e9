//! What a frame slot holds on 3.14: a tagged reference (`_PyStackRef`).
//!
//! The interpreter compares whole words with those of `None`, `True` and `False`, which are immortal: so
//! the references of immortal objects must be tagged as it tags them. Loads of locals are pushed without
//! a reference of their own where the local lives long enough; what is written here owns its reference,
//! which is right everywhere. Where an exception was raised lies on the stack as a tagged int, no object:
//! such a word passes through here as it is.

use crate::ffi::{InterpreterFrame, STACK_REF_BORROWED, STACK_REF_NULL, STACK_REF_TAG, StackRef};
use pyo3::ffi::PyObject;

/// The word of a slot.
pub type Word = StackRef;

/// The slot of no object.
pub const EMPTY: Word = STACK_REF_NULL;

/// The word that owns `object`'s reference, which may be null.
///
/// # Safety
/// `object` is null or live, or a position.
pub unsafe fn owning(object: *mut PyObject) -> Word {
    if object.is_null() {
        return EMPTY;
    }
    if bare_position(object as Word).is_some() {
        return object as Word;
    }
    // SAFETY: as required; `PyStackRef_FromPyObjectSteal`: the flag of immortal objects is the tag.
    unsafe {
        let flags = (*object).ob_refcnt.refcnt_and_flags.ob_flags;
        object as Word | usize::from(flags) & STACK_REF_BORROWED
    }
}

/// The instruction at which an exception was raised, as handlers find it on the stack.
///
/// # Safety
/// None needed.
pub unsafe fn position(unit: usize) -> Option<Word> {
    Some(unit << 2 | STACK_REF_TAG)
}

/// The position that this word is instead of an object.
pub fn bare_position(word: Word) -> Option<usize> {
    (word & STACK_REF_TAG == STACK_REF_TAG).then_some(word >> 2)
}

/// The object of a slot, borrowed; null if it is empty or a position.
pub fn object(word: Word) -> *mut PyObject {
    if bare_position(word).is_some() {
        std::ptr::null_mut()
    } else {
        (word & !STACK_REF_TAG) as *mut PyObject
    }
}

/// The object of a slot with a reference of its own (a position as it is); null if it is empty. A borrowed
/// word gets one.
///
/// # Safety
/// The word was in a slot, which is not used any more.
pub unsafe fn into_owned(word: Word) -> *mut PyObject {
    if bare_position(word).is_some() {
        return word as *mut PyObject;
    }
    let object = object(word);
    if word & STACK_REF_BORROWED != 0 {
        // SAFETY: null, or live as long as the slot was used.
        unsafe { pyo3::ffi::Py_XINCREF(object) };
    }
    object
}

/// The frame's slots.
///
/// # Safety
/// `frame` is a frame.
pub unsafe fn first(frame: *mut InterpreterFrame) -> *mut Word {
    // SAFETY: as required; only the address is taken.
    unsafe { (&raw mut (*frame).localsplus).cast() }
}

/// Number of slots in use, locals and operands.
///
/// # Safety
/// `frame` is a frame.
pub unsafe fn used(frame: *mut InterpreterFrame) -> isize {
    // SAFETY: the stack pointer points to a slot of the frame.
    unsafe { (*frame).stackpointer.offset_from(first(frame)) }
}

/// Says how many slots are in use.
///
/// # Safety
/// `frame` is a frame, and so many slots are filled.
pub unsafe fn set_used(frame: *mut InterpreterFrame, count: usize) {
    // SAFETY: as required.
    unsafe { (*frame).stackpointer = first(frame).add(count) }
}
