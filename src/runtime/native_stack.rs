//! Frames for native activations that wait for a callee.
//!
//! Compiled functions call each other without pushing frames. When one of them is about to run Python
//! code, everybody above it on the native stack must be seen by `sys._getframe`, tracebacks and
//! warnings. So before its own frame is pushed, or the interpreter takes over, the native stack is
//! walked by frame pointers: a return address that is a known call of one compiled body by another
//! belongs to an activation that waits, and says where its interpreter would stand. The walk ends at the
//! first other return address: an entry stub's, to which the interpreter's own frames are already right.
//!
//! Invariants: an activation has its frame only if all native activations above it, up to the entry
//! stub, have theirs, so frames lie on the data stack in the order of the calls; each activation pops
//! its own when it returns or leaves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi::PyErr_Clear;
use pyo3::ffi::PyErr_Occurred;
use pyo3::prelude::*;

use super::code_memory::CodeBlock;
use super::frame;
use super::gil_cell::GilCell;
use super::unit::Unit;
use crate::ffi::{InterpreterFrame, ThreadState};

/// A call of a compiled body by a compiled body.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Where the callee returns to.
    pub return_address: usize,
    /// Address of the code unit at which the waiting frame stands.
    pub instruction: usize,
    /// Address of the unit whose body waits.
    pub unit: usize,
    /// Where the activation keeps its frame, in bytes from its frame pointer.
    pub frame_word: isize,
    /// Row of the unit's `shown` locals, if the callee may look at frames.
    pub shown: Option<u32>,
    /// Where the words of those locals are, in bytes from its frame pointer.
    pub words: isize,
    /// The call is made by a copy of the function within itself: instruction and frame word of the
    /// activation around it, in the same machine frame.
    pub around: Option<(usize, isize)>,
}

/// `RuntimeLayout::native_pointer_cell`: the frame pointer of the activation that calls.
static NATIVE_POINTER: AtomicU64 = AtomicU64::new(0);

static CALLS: GilCell<BTreeMap<usize, Waiting>> = GilCell::new(BTreeMap::new());

/// See `RuntimeLayout::native_pointer_cell`.
pub fn cell_address() -> u64 {
    NATIVE_POINTER.as_ptr() as u64
}

/// Makes calls known, before the code can run.
pub fn remember(py: Python<'_>, calls: impl Iterator<Item = Waiting>) {
    let calls: Vec<_> = calls.collect();
    CALLS.with(py, |known| {
        known.extend(calls.into_iter().map(|call| (call.return_address, call)));
    });
}

/// Forgets the calls in a block of code, which nobody runs any more.
pub fn forget(py: Python<'_>, block: CodeBlock) {
    let start = block.start.as_ptr() as usize;
    CALLS.with(py, |known| {
        let inside: Vec<_> = known
            .range(start..=start + block.length)
            .map(|(&address, _)| address)
            .collect();
        for address in inside {
            known.remove(&address);
        }
    });
}

/// Gives every native activation that waits for the current one its frame, the outermost first. Where
/// there is no memory for one, it and those below go without.
///
/// # Safety
/// The GIL is held, `thread` is current; called on behalf of machine code that has just written its frame
/// pointer to the cell and is still active.
pub unsafe fn show_callers(thread: *mut ThreadState) {
    // SAFETY: machine code keeps the frame pointer chain (`preserve_frame_pointers`): at the pointer lie the
    // caller's pointer and the return address. The caller's pointer is followed only where the address shows
    // that the caller is machine code too. Its frame word is its own stack slot, its unit alive while it
    // is active.
    unsafe {
        let py = Python::assume_attached();
        let mut pointer = NATIVE_POINTER.load(Ordering::Relaxed) as *const usize;
        let mut waiting = Vec::new();
        CALLS.with(py, |known| {
            while let Some(&call) = known.get(&*pointer.add(1)) {
                pointer = *pointer as *const usize;
                waiting.push((pointer, call));
                if let Some((instruction, frame_word)) = call.around {
                    waiting.push((
                        pointer,
                        Waiting {
                            instruction,
                            frame_word,
                            around: None,
                            ..call
                        },
                    ));
                }
            }
        });
        let quiet = PyErr_Occurred().is_null();
        for &(pointer, call) in waiting.iter().rev() {
            let word = pointer
                .byte_offset(call.frame_word)
                .cast_mut()
                .cast::<*mut InterpreterFrame>();
            if (*word).is_null() {
                let unit = &*(call.unit as *const Unit);
                let Some(Some(function)) = unit.functions.first() else {
                    return;
                };
                *word = frame::push_native_frame(thread, function.function, function.code);
            }
            if (*word).is_null() {
                if quiet {
                    PyErr_Clear();
                }
                return;
            }
            frame::set_instruction_address(*word, call.instruction as *mut u16);
            if let Some(row) = call.shown {
                let words = pointer.byte_offset(call.words).cast_mut().cast::<u64>();
                super::onlookers::show(&*(call.unit as *const Unit), row, words, *word);
            }
        }
    }
}
