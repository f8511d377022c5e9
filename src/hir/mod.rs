//! The language between bytecode and machine code: typed SSA with frame states.
//!
//! HIR is data: no Python object, raw pointer, lock or version number inside. It prints, parses,
//! verifies and optimises with no interpreter in the process.
#![forbid(unsafe_code)]

pub mod attributes;
pub mod effects;
pub mod frame_state;
pub mod function;
pub mod ids;
pub mod ops;
pub mod parse;
pub mod pool;
pub mod print;
pub mod result_facts;
pub mod types;
pub mod verify;

pub use frame_state::{
    Consumer, Consumption, FrameState, Operation, Shared, Slot, Stage, VirtualObject, Waits,
};
pub use function::{
    Block, Callee, ClassInfo, CodeInfo, Definition, Edge, Function, Instr, Origin, Terminator,
    Value,
};
pub use ids::{
    BlockId, CalleeId, ClassId, CodeId, FrameStateId, InstrId, NamespaceId, ObjectId, ValueId,
};
pub use ops::Op;
pub use parse::{ParseError, parse};
pub use print::{print, print_with_origins};
pub use result_facts::{ResultFacts, result_facts};
pub use types::{IntRange, Repr, Type};
