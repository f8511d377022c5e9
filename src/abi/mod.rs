//! The contract with generated code: helper table, exit reasons, deopt table, layouts.
//!
//! Plain data only; `lower` emits against it and `runtime` implements it.
#![forbid(unsafe_code)]

pub mod deopt_table;
pub mod entry;
pub mod exit_reason;
pub mod helpers;
pub mod layout;
pub mod support;

/// The words of HIR the contract is written in: `runtime` knows HIR only through them.
pub use crate::hir::attributes::MathFunction;
pub use crate::hir::{
    CodeId, Consumer, NamespaceId, ObjectId, Operation, Repr, Stage, Type, Waits,
};
