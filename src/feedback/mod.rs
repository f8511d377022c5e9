//! What was observed: plain data about types, read once at compile time.
//!
//! A [`Fact`] is a profile, never a proof: the lifter guards what it uses of it.
#![forbid(unsafe_code)]

mod cold_blocks;
mod fact;
mod history;

pub use cold_blocks::{ColdBlocks, shows_running};
pub use fact::{ClassKey, Fact, FunctionCodeKey, IntClass, SeenClasses, SeenCode, SharedFact};
pub use history::{CodeKey, History, Site};
