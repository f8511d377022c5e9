//! Why a function could not be lowered, and whose fault that is.

use crate::abi::helpers::HelperId;

/// Lowering failed; the function stays interpreted.
#[derive(Clone, PartialEq, Debug)]
pub enum LowerError {
    /// The HIR breaks a rule: a bug of the pass before.
    Malformed(String),
    /// This build of the runtime has no such helper: the function is refused.
    MissingHelper(HelperId),
    /// Cranelift refused: a limit of it, or a bug of ours.
    Backend(String),
    /// Nothing in HIR forbids it, but no machine code is made for it.
    Unsupported(&'static str),
}

impl LowerError {
    /// Malformed HIR.
    pub fn malformed(text: impl Into<String>) -> LowerError {
        LowerError::Malformed(text.into())
    }
}

impl std::fmt::Display for LowerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LowerError::Malformed(text) => write!(f, "malformed HIR: {text}"),
            LowerError::MissingHelper(helper) => {
                write!(f, "no runtime helper `{}`", helper.name())
            }
            LowerError::Backend(text) => write!(f, "code generator: {text}"),
            LowerError::Unsupported(text) => write!(f, "no machine code for {text}"),
        }
    }
}

impl std::error::Error for LowerError {}
