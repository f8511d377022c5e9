//! Leaving native code for the interpreter: frames, resume, throw.
//!
//! A compiled function that cannot go on hands its state to the stock interpreter: a real frame is
//! filled with locals and operand stack, pointed at an instruction, and run by
//! `_PyEval_EvalFrameDefault`. *Resume* continues at an instruction with the state before it;
//! *throw* raises the current exception at an instruction, so that handlers, `finally` blocks and
//! the traceback are the interpreter's own.
//!
//! Invariants:
//! * Every entry point needs the GIL and a thread state of this interpreter.
//! * References given in a `ResumePoint` are consumed, also when the call fails.
//! * The data stack is a stack: frames are pushed and popped strictly nested, and a frame is
//!   unlinked from the thread's chain before its references are dropped (dropping can run code
//!   that walks the chain).
//! * Recursion: native code counts one level of the Python counter per activation. The
//!   interpreter counts its own, so a handover gives the native level back for as long as the
//!   interpreter runs; afterwards the counter is what native code left.
//!
//! Version differences live in `v3_11.rs` .. `v3_14.rs`, which all offer the same functions:
//! `current_frame`, `set_current_frame`, `frame_words`, `initialise`, `set_next`,
//! `set_raised`, `set_suspended`, `raising_unit`, `execute`, `execute_generator`, `clear_and_pop`,
//! `recursion_remaining`, `add_c_units`, `levels_of_call`, `code`, `function`, `instruction`; and in what
//! a slot of a frame holds: `slots.rs`, `slots_v3_14.rs`.
//!
//! Why no frame-evaluation hook: when the data stack has no room left the interpreter grows it by
//! a hidden function. `data_stack.rs` does the same with the public arena allocator, so one path
//! serves always and no interpreter-wide state is touched.

pub mod consumers;
mod data_stack;
mod evaluate;
mod events;
mod exception_table;
pub mod generators;
pub mod in_place;
mod native;
mod quiet_entry;
mod resume;
mod stack_limit;
#[cfg(Py_3_13)]
mod unwind;

#[cfg(not(Py_3_14))]
mod slots;
#[cfg(Py_3_14)]
#[path = "slots_v3_14.rs"]
mod slots;

#[cfg(not(Py_3_13))]
mod clear;

#[cfg(not(Py_3_12))]
#[path = "v3_11.rs"]
mod version;
#[cfg(all(Py_3_12, not(Py_3_13)))]
#[path = "v3_12.rs"]
mod version;
#[cfg(all(Py_3_13, not(Py_3_14)))]
#[path = "v3_13.rs"]
mod version;
#[cfg(Py_3_14)]
#[path = "v3_14.rs"]
mod version;

pub use native::{
    Slot, own_slots, pop_native_frame, push_native_frame, set_instruction, set_instruction_address,
};
pub use resume::{
    CallResult, CellPolicy, ResumePoint, SuspendedCall, object, resume, resume_chain, throw,
    throw_chain,
};
pub use slots::used as slots_used;
pub use stack_limit::{
    c_stack_is_exhausted, c_stack_is_low, c_stack_low_mark, c_units_left, check_stack,
    stack_cell_address,
};
pub use version::{
    code, current_frame, function, instruction, levels_of_call, recursion_remaining,
};

/// The thread state of the calling thread, as mirrored.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn current_thread() -> *mut crate::ffi::ThreadState {
    // SAFETY: the caller holds the GIL, so a current thread state exists.
    unsafe { pyo3::ffi::PyThreadState_Get().cast() }
}

/// The object in a slot of a frame, borrowed; null if it is empty.
///
/// # Safety
/// `frame` is a live frame with such a slot in use.
pub unsafe fn slot_at(
    frame: *mut crate::ffi::InterpreterFrame,
    index: usize,
) -> *mut pyo3::ffi::PyObject {
    // SAFETY: as required.
    unsafe { slots::object(*slots::first(frame).add(index)) }
}

/// The position in a slot that holds no object but that (3.14).
///
/// # Safety
/// As `slot_at`.
pub unsafe fn position_at(frame: *mut crate::ffi::InterpreterFrame, index: usize) -> Option<usize> {
    // SAFETY: as required.
    unsafe { slots::bare_position(*slots::first(frame).add(index)) }
}

/// What a `ResumePoint` has on its stack for the position of an exception.
///
/// # Safety
/// The GIL is held.
pub unsafe fn position_operand(unit: usize) -> *mut pyo3::ffi::PyObject {
    // SAFETY: as required; the word was made for nobody else.
    unsafe { slots::into_owned(slots::position(unit).unwrap_or(slots::EMPTY)) }
}

pub(crate) use resume::evaluation_scope;
