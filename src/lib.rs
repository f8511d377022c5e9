//! brolga: a native JIT for stock CPython.
//!
//! This file is the module map. The compiler half (`bytecode` .. `lower`) is safe Rust on plain
//! data and knows no Python object; only `ffi`, `runtime`, `driver` and `python` touch an
//! interpreter, and they exist only with the `python` feature.

pub mod abi;
pub mod analysis;
pub mod bytecode;
pub mod feedback;
pub mod hir;
pub mod lift;
pub mod lower;
pub mod passes;

#[cfg(feature = "python")]
pub mod driver;
#[cfg(feature = "python")]
pub mod ffi;
#[cfg(feature = "python")]
pub mod python;
#[cfg(feature = "python")]
pub mod runtime;
