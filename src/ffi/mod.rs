//! CPython layouts and symbols that pyo3-ffi lacks, one file per C header.
//!
//! Invariants: nothing here has behaviour, only shapes and symbol declarations; every struct is
//! `repr(C)` and compared with the real headers by `jit-tests/py/test_layout.py`; `cfg` stands on
//! fields, never on logic. Fields keep their C names, so that a header can be searched for them.

mod arrayobject;
mod ceval;
mod code;
mod code_view;
mod frame;
mod genobject;
mod interp;
pub mod layout;
mod longobject;
pub mod math;
mod objects;
mod pystate;

mod dict;

pub use arrayobject::{ArrayDescr, ArrayObject};
pub use ceval::*;
pub use code::{
    CO_FAST_CELL, CO_FAST_FREE, CO_FAST_LOCAL, CodeMonitoring, CodeObject, CodeUnit, LOCAL_MONITORS,
};
pub use code_view::{code_view, const_view};
pub use dict::*;
#[cfg(not(Py_3_13))]
pub use frame::FRAME_OWNED_BY_FRAME_OBJECT;
pub use frame::{FRAME_OWNED_BY_THREAD, FRAME_SPECIALS_SIZE, FrameObject, InterpreterFrame};
#[cfg(Py_3_14)]
pub use frame::{STACK_REF_BORROWED, STACK_REF_NULL, STACK_REF_TAG, StackRef};
#[cfg(not(Py_3_12))]
pub use genobject::FRAME_CLEARED;
pub use genobject::{FRAME_CREATED, FRAME_EXECUTING, FRAME_SUSPENDED, GeneratorObject};
#[cfg(not(Py_3_12))]
pub use interp::CURRENT_THREAD_OFFSET;
pub use interp::{CEVAL_RECURSION_LIMIT_OFFSET, EVAL_BREAKER_OFFSET, MONITORING_VERSION_OFFSET};
pub use longobject::{LONG_SHIFT, LongObject};
pub use objects::*;
#[cfg(not(Py_3_13))]
pub use pystate::CFrame;
pub use pystate::{ErrStackItem, StackChunk, ThreadState};
