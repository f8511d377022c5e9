//! Read-only facts about HIR that passes ask for. See docs/architecture.md.
#![forbid(unsafe_code)]

pub mod bits;
pub mod dominators;
pub mod liveness;
pub mod loops;
pub mod ownership;
pub mod range;

#[cfg(test)]
pub mod testing;
