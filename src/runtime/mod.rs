//! Machine code memory, entry points, exits and tiers: the only unsafe part besides `ffi`.

pub mod code_memory;
pub mod entry;
pub mod frame;
pub mod helpers;
pub mod layout;
pub mod self_test;
pub mod testing;
pub mod tracing;
