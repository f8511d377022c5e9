//! Read-only facts about HIR that passes ask for. See docs/architecture.md.
#![forbid(unsafe_code)]

pub mod range;
