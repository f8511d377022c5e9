//! Read-only facts about HIR that passes ask for. See docs/architecture.md.
#![forbid(unsafe_code)]

pub mod bits;
pub mod dominators;
pub mod liveness;
pub mod loops;
pub mod memory;
pub mod ownership;
pub mod range;
pub mod value_ranges;

#[cfg(test)]
pub mod testing;
