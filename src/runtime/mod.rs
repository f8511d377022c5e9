//! Machine code memory, entry points, exits and tiers: the only unsafe part besides `ffi`.

pub mod frame;
pub mod testing;
