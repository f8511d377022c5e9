//! Bytes -> operations: the walk over the code that all versions share.
//!
//! First the bytes become [`RawInstr`]s: extended arguments joined, caches set apart. Then each
//! version (`v3_NN.rs`) gives the meaning of its own instructions, and `common.rs` of those that mean
//! the same in all versions. Last, targets are checked.

use std::fmt;

use super::caches;
use super::code::{Code, CodeBytes, Instr, NO_INSTR, Version};
use super::hint::Hint;
use super::op::Op;
use super::opcode::Opcode;
use super::{common, exception_table, line_table, tables, v3_11, v3_12, v3_13, v3_14};

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
    let raw = raw_instrs(bytes)?;
    let units = (bytes.code.len() / 2) as u32;
    let mut decoder = Decoder {
        bytes,
        raw: &raw,
        position: 0,
        instrs: Vec::new(),
    };
    while decoder.position < raw.len() {
        decoder.instruction()?;
    }
    let instrs = decoder.instrs;

    let mut starts = vec![NO_INSTR; units as usize];
    for (index, instr) in instrs
        .iter()
        .enumerate()
        .filter(|(_, instr)| instr.micro == 0)
    {
        starts[instr.offset as usize] = index as u32;
    }
    let is_start = |unit: u32| {
        starts
            .get(unit as usize)
            .is_some_and(|index| *index != NO_INSTR)
    };
    for instr in &instrs {
        if instr.op.target().is_some_and(|target| !is_start(target)) {
            return Err(DecodeError::BadTarget { unit: instr.at });
        }
    }
    if instrs.last().is_none_or(|last| last.op.falls_through()) {
        return Err(DecodeError::NoEnd);
    }
    let handlers = exception_table::decode(&bytes.exceptiontable, units)?;
    if handlers.iter().any(|handler| !is_start(handler.target)) {
        return Err(DecodeError::BadExceptionTable);
    }
    let lines = line_table::decode(&bytes.linetable, bytes.firstlineno)?;
    Ok(Code {
        version: bytes.version,
        instrs,
        handlers,
        lines,
        units,
        starts,
    })
}

/// One CPython instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawInstr {
    /// Unit of the first EXTENDED_ARG, or of the opcode.
    pub offset: u32,
    /// Unit of the opcode.
    pub at: u32,
    /// Unit behind the caches.
    pub next: u32,
    pub opcode: Opcode,
    pub arg: u32,
    /// The opcode in the adaptive code, when it is a form of `opcode` or that itself. It is not where a
    /// tool watches lines or instructions, or another compiler put its own code.
    pub adaptive: Option<Opcode>,
}

fn raw_instrs(bytes: &CodeBytes) -> Result<Vec<RawInstr>, DecodeError> {
    if bytes.adaptive.len() != bytes.code.len() {
        return Err(DecodeError::AdaptiveLength);
    }
    // Units must fit the tables' and the instructions' 32 bits with room for sums.
    if !bytes.code.len().is_multiple_of(2) || bytes.code.len() > i32::MAX as usize {
        return Err(DecodeError::Truncated {
            unit: (bytes.code.len() / 2) as u32,
        });
    }
    let table = tables::of(bytes.version);
    let units = (bytes.code.len() / 2) as u32;
    let mut result = Vec::with_capacity(bytes.code.len() / 3);
    let mut unit = 0;
    while unit < units {
        let offset = unit;
        let mut arg: u32 = 0;
        let mut prefixes = 0;
        let row = loop {
            let index = 2 * unit as usize;
            let (Some(&number), Some(&low)) = (bytes.code.get(index), bytes.code.get(index + 1))
            else {
                return Err(DecodeError::Truncated { unit: offset });
            };
            let Some(row) = &table[usize::from(number)] else {
                return Err(DecodeError::UnknownOpcode {
                    unit,
                    opcode: number,
                });
            };
            arg = arg << 8 | u32::from(low);
            if row.opcode != Opcode::EXTENDED_ARG {
                break row;
            }
            prefixes += 1;
            if prefixes > 3 {
                return Err(DecodeError::BadArgument { unit });
            }
            unit += 1;
        };
        // `code` holds base opcodes only; and a cache unit is no instruction.
        if row.opcode != row.base || row.opcode == Opcode::CACHE {
            let opcode = bytes.code[2 * unit as usize];
            return Err(DecodeError::UnknownOpcode { unit, opcode });
        }
        let next = unit + 1 + u32::from(row.caches);
        if next > units {
            return Err(DecodeError::Truncated { unit: offset });
        }
        let adaptive = table[usize::from(bytes.adaptive[2 * unit as usize])]
            .filter(|adaptive| adaptive.base == row.opcode)
            .map(|adaptive| adaptive.opcode);
        result.push(RawInstr {
            offset,
            at: unit,
            next,
            opcode: row.opcode,
            arg,
            adaptive,
        });
        unit = next;
    }
    Ok(result)
}

/// The state of the walk, and what the translations of the versions use.
pub(super) struct Decoder<'a> {
    pub bytes: &'a CodeBytes,
    raw: &'a [RawInstr],
    /// Index in `raw` of the instruction at hand.
    position: usize,
    instrs: Vec<Instr>,
}

/// What a translation answers: whether it knows the instruction.
pub(super) type Translated = Result<bool, DecodeError>;

impl Decoder<'_> {
    fn instruction(&mut self) -> Result<(), DecodeError> {
        let raw = self.raw[self.position];
        let known = match self.bytes.version {
            Version::V3_11 => v3_11::translate(self, &raw)?,
            Version::V3_12 => v3_12::translate(self, &raw)?,
            Version::V3_13 => v3_13::translate(self, &raw)?,
            Version::V3_14 => v3_14::translate(self, &raw)?,
        };
        if !known && !common::translate(self, &raw)? {
            self.emit(&raw, &[Op::Unsupported(raw.opcode.name())]);
        }
        self.position += 1;
        Ok(())
    }

    /// The instruction so many places behind the one at hand.
    pub fn peek(&self, distance: usize) -> Option<&RawInstr> {
        self.raw.get(self.position + distance)
    }

    /// Appends the operations of an instruction. The hint goes to the last one that has a use for it,
    /// which is the one that can raise.
    pub fn emit(&mut self, raw: &RawInstr, ops: &[Op]) -> bool {
        let hint = caches::hint(self.bytes, raw);
        let last = ops
            .iter()
            .rposition(|op| !matches!(op, Op::PushNull | Op::PopTop));
        for (micro, op) in ops.iter().enumerate() {
            let hint = if Some(micro) == last {
                hint
            } else {
                Hint::None
            };
            self.push(raw, micro as u8, *op, hint);
        }
        true
    }

    /// Appends one operation for this instruction and `more` following ones.
    pub fn emit_group(&mut self, more: usize, op: Op, hint: Hint) -> bool {
        let first = self.raw[self.position];
        self.position += more;
        let last = self.raw[self.position];
        self.push(
            &RawInstr {
                offset: first.offset,
                ..last
            },
            0,
            op,
            hint,
        );
        true
    }

    fn push(&mut self, raw: &RawInstr, micro: u8, op: Op, hint: Hint) {
        let RawInstr {
            offset, at, next, ..
        } = *raw;
        self.instrs.push(Instr {
            offset,
            at,
            next,
            micro,
            op,
            hint,
            opname: raw.opcode.name(),
        });
    }

    /// An argument that is an index of a name.
    pub fn name(&self, raw: &RawInstr, index: u32) -> Result<u32, DecodeError> {
        check(raw, index, (index as usize) < self.bytes.names.len())
    }

    /// An argument that is an index of a constant.
    pub fn constant(&self, raw: &RawInstr, index: u32) -> Result<u32, DecodeError> {
        check(raw, index, (index as usize) < self.bytes.consts.len())
    }

    /// An argument that is a slot of `localsplus`.
    pub fn slot(&self, raw: &RawInstr, index: u32) -> Result<u32, DecodeError> {
        check(raw, index, (index as usize) < self.bytes.localsplus.len())
    }

    /// An argument that counts values on the stack.
    pub fn count(&self, raw: &RawInstr, count: u32) -> Result<u32, DecodeError> {
        check(raw, count, count <= self.bytes.stacksize)
    }

    /// An argument that counts values on the stack and cannot be 0.
    pub fn depth(&self, raw: &RawInstr, depth: u32) -> Result<u32, DecodeError> {
        check(raw, depth, depth > 0 && depth <= self.bytes.stacksize)
    }

    /// An argument that is an index into a list of variants.
    pub fn variant<T: Copy>(&self, raw: &RawInstr, from: &[T]) -> Result<T, DecodeError> {
        let variant = from.get(raw.arg as usize);
        variant
            .copied()
            .ok_or(DecodeError::BadArgument { unit: raw.at })
    }

    /// The target of a jump forward by the instruction's argument.
    pub fn forward(&self, raw: &RawInstr) -> Result<u32, DecodeError> {
        raw.next
            .checked_add(raw.arg)
            .ok_or(DecodeError::BadTarget { unit: raw.at })
    }

    /// The target of a jump backward by the instruction's argument.
    pub fn backward(&self, raw: &RawInstr) -> Result<u32, DecodeError> {
        raw.next
            .checked_sub(raw.arg)
            .ok_or(DecodeError::BadTarget { unit: raw.at })
    }

    /// The opcode at a unit of the code, if it is there.
    pub fn opcode_at(&self, unit: u32) -> Option<Opcode> {
        let index = self
            .raw
            .binary_search_by_key(&unit, |raw| raw.offset)
            .ok()?;
        Some(self.raw[index].opcode)
    }
}

/// The value, or an error that blames the instruction.
fn check(raw: &RawInstr, value: u32, good: bool) -> Result<u32, DecodeError> {
    if good {
        Ok(value)
    } else {
        Err(DecodeError::BadArgument { unit: raw.at })
    }
}
