//! How calls from outside enter a body: what an entry checks and converts.
//!
//! The same conditions are tested in two places: by entry stubs (`lower/entry.rs`, machine code) and, until
//! a unit has one, by `runtime/first_calls.rs`, which reads them from here. `lower` makes both.

use super::Repr;
use super::layout::EntryCheck;

/// See the module.
#[derive(Clone, PartialEq, Debug)]
pub struct EntryShape {
    /// Conditions for running native code at all.
    pub checks: Vec<EntryCheck>,
    /// The code object the function must have.
    pub code: u64,
    /// In order.
    pub params: Vec<EntryParam>,
    /// What the body returns.
    pub returns: Repr,
}

/// What is taken as one argument.
#[derive(Clone, PartialEq, Debug)]
pub struct EntryParam {
    /// How the body takes it.
    pub repr: Repr,
    /// Classes it may be of.
    pub class: ClassTest,
    /// Bounds of an `I64`; none are taken if the first is above the second.
    pub low: i64,
    /// See `low`.
    pub high: i64,
    /// The entry keeps the argument alive during the call.
    pub held: bool,
}

/// A test of an object's class, by the addresses of type objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClassTest {
    /// Everything passes.
    Any,
    /// This very object.
    Object(u64),
    /// One of these classes.
    OneOf(Vec<u64>),
    /// None of these.
    NoneOf(Vec<u64>),
}

/// Parameters of a body, behind the thread state, that a call without a stub can pass: words, of which five
/// go in registers, and floats, which all do.
pub const MAX_WORDS: usize = 11;
/// See `MAX_WORDS`.
pub const MAX_FLOATS: usize = 8;

impl EntryShape {
    /// Can the body be called without a stub?
    pub fn needs_no_stub(&self) -> bool {
        let floats = self.params.iter().filter(|param| param.repr == Repr::F64);
        let floats = floats.count();
        // Where the value and the status of a float function come back is known for this machine.
        cfg!(target_arch = "x86_64")
            && floats <= MAX_FLOATS
            && self.params.len() - floats <= MAX_WORDS
            && self.params.iter().all(|param| param.repr != Repr::Ptr)
    }
}
