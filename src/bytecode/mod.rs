//! Code bytes of one CPython version -> version-neutral operations, as plain data.
//!
//! This is the only place of the compiler where opcodes have numbers. A code object is copied into
//! a [`CodeBytes`] (by the driver from a live interpreter, by tests from a captured file), and
//! [`decode`] turns it into a [`Code`]: a list of [`Instr`] with one neutral [`Op`] each, the
//! exception table and the line table. All versions are compiled into every build, so captured
//! bytecode of any version is decoded under any Python, or none.
//!
//! Invariants:
//!
//! * Decoding never panics: bytes that are no valid code give a [`DecodeError`]; a valid
//!   instruction that nothing above understands gives [`Op::Unsupported`].
//! * Extended arguments, inline caches, superinstructions and specialised opcodes do not leave this
//!   module. What the interpreter recorded in them leaves as a [`Hint`], which is a profile and
//!   never a proof.
//! * The operand stack an [`Op`] works on is the *physical* stack of that version, slot for slot,
//!   so that a frame state taken between two instructions can be written into a real frame.
//!   Where versions order the stack differently (the `NULL` of a call), [`Op`] says how.
//! * Every position is counted in code units (two bytes) from the start of the code.
#![forbid(unsafe_code)]

mod back_jumps;
mod caches;
mod code;
mod common;
mod decode;
mod exception_table;
mod hint;
mod line_table;
mod op;
mod opcode;
mod tables;
mod v3_11;
mod v3_12;
mod v3_13;
mod v3_14;

pub use back_jumps::may_jump_back;
pub use code::{
    Code, CodeBytes, ConstView, Handler, Instr, LineEntry, LocalKind, LocalView, Version,
};
pub use decode::{DecodeError, decode};
pub use hint::{AttrHint, CallHint, GlobalHint, Hint, StoreAttrHint, TruthHint};
pub use op::{
    BinaryOperator, CommonConstant, CompareOperator, Condition, Conversion, GeneratorOp,
    Intrinsic1, Intrinsic2, Op, SpecialMethod,
};
