//! HIR to machine code by way of Cranelift IR. See docs/architecture.md.
#![forbid(unsafe_code)]

pub mod addresses;

pub use addresses::AddressProvider;
