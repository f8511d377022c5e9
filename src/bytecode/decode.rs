//! Bytes -> operations.

use std::fmt;

use super::code::{Code, CodeBytes};

/// Why bytes are no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The decoder of this version is not in this build.
    UnsupportedVersion,
    /// The code ends inside an instruction, or has an odd number of bytes.
    Truncated { unit: u32 },
    /// No such opcode.
    UnknownOpcode { unit: u32, opcode: u8 },
    /// An argument that no compiler produces (an index out of range, too large a count).
    BadArgument { unit: u32 },
    /// A jump that leads out of the code or between the starts of instructions.
    BadTarget { unit: u32 },
    /// Control runs over the end of the code.
    NoEnd,
    /// The exception table is cut off, unsorted or points to nowhere.
    BadExceptionTable,
    /// The line table is cut off.
    BadLineTable,
    /// `adaptive` is not of the length of `code`.
    AdaptiveLength,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::UnsupportedVersion => formatter.write_str("unsupported version"),
            DecodeError::Truncated { unit } => write!(formatter, "code is cut off at unit {unit}"),
            DecodeError::UnknownOpcode { unit, opcode } => {
                write!(formatter, "unknown opcode {opcode} at unit {unit}")
            }
            DecodeError::BadArgument { unit } => write!(formatter, "bad argument at unit {unit}"),
            DecodeError::BadTarget { unit } => write!(formatter, "bad jump target at unit {unit}"),
            DecodeError::NoEnd => formatter.write_str("control runs over the end of the code"),
            DecodeError::BadExceptionTable => formatter.write_str("malformed exception table"),
            DecodeError::BadLineTable => formatter.write_str("malformed line table"),
            DecodeError::AdaptiveLength => {
                formatter.write_str("adaptive code differs in length from the code")
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// Decodes a code object.
pub fn decode(bytes: &CodeBytes) -> Result<Code, DecodeError> {
    let _ = bytes;
    Err(DecodeError::UnsupportedVersion)
}
