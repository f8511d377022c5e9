//! What a frame slot holds, 3.11 to 3.13: an object's address, one reference of which it owns, or null.

use crate::ffi::InterpreterFrame;
use pyo3::ffi::PyObject;

/// The word of a slot.
pub type Word = *mut PyObject;

/// The slot of no object.
pub const EMPTY: Word = std::ptr::null_mut();

/// The word that owns `object`'s reference, which may be null.
///
/// # Safety
/// `object` is null or live.
pub unsafe fn owning(object: *mut PyObject) -> Word {
    object
}

/// The instruction at which an exception was raised, as handlers find it on the stack; none without memory.
///
/// # Safety
/// The GIL is held.
pub unsafe fn position(unit: usize) -> Option<Word> {
    // SAFETY: as required.
    let object = unsafe { pyo3::ffi::PyLong_FromSize_t(unit) };
    (!object.is_null()).then_some(object)
}

/// A position that is no object: on 3.14 only.
pub fn bare_position(_word: Word) -> Option<usize> {
    None
}

/// The object of a slot, borrowed; null if it is empty.
pub fn object(word: Word) -> *mut PyObject {
    word
}

/// The object of a slot with a reference that belonged to the slot; null if it is empty.
///
/// # Safety
/// The word was in a slot, which is not used any more.
pub unsafe fn into_owned(word: Word) -> *mut PyObject {
    word
}

/// The frame's slots.
///
/// # Safety
/// `frame` is a frame.
pub unsafe fn first(frame: *mut InterpreterFrame) -> *mut Word {
    // SAFETY: as required; only the address is taken.
    unsafe { (&raw mut (*frame).localsplus).cast() }
}

/// Number of slots in use, locals and operands; negative if the interpreter did not say.
///
/// # Safety
/// `frame` is a frame.
pub unsafe fn used(frame: *mut InterpreterFrame) -> isize {
    // SAFETY: as required.
    unsafe { (*frame).stacktop as isize }
}

/// Says how many slots are in use.
///
/// # Safety
/// `frame` is a frame, and so many slots are filled.
pub unsafe fn set_used(frame: *mut InterpreterFrame, count: usize) {
    // SAFETY: as required.
    unsafe { (*frame).stacktop = count as i32 }
}
