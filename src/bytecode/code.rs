//! A code object as plain data: before decoding ([`CodeBytes`]) and after ([`Code`]).

use super::hint::Hint;
use super::op::{GeneratorOp, Op};

/// The versions whose bytecode is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    V3_11,
    V3_12,
    V3_13,
    V3_14,
}

impl Version {
    pub const ALL: [Version; 4] = [
        Version::V3_11,
        Version::V3_12,
        Version::V3_13,
        Version::V3_14,
    ];

    /// From `sys.version_info[1]` of a Python 3.
    pub fn from_minor(minor: u32) -> Option<Version> {
        match minor {
            11 => Some(Version::V3_11),
            12 => Some(Version::V3_12),
            13 => Some(Version::V3_13),
            14 => Some(Version::V3_14),
            _ => None,
        }
    }

    pub fn minor(self) -> u32 {
        match self {
            Version::V3_11 => 11,
            Version::V3_12 => 12,
            Version::V3_13 => 13,
            Version::V3_14 => 14,
        }
    }

    /// Whether the `NULL` of a call without self lies below the callable (see [`Op`]).
    pub fn null_first(self) -> bool {
        self < Version::V3_13
    }
}

/// A constant of a code object, as far as the compiler looks into it.
///
/// Exact builtin types only: an instance of a subclass is `Other`.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstView {
    None,
    Bool(bool),
    Int(i64),
    /// An int outside `i64`, in decimal.
    BigInt(String),
    Float(f64),
    /// `Other` if the string holds lone surrogates.
    Str(String),
    Bytes(Vec<u8>),
    Tuple(Vec<ConstView>),
    /// A nested code object.
    Code,
    Ellipsis,
    Other,
}

/// What a slot of `localsplus` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalKind {
    /// The value, or NULL.
    Local,
    /// A cell made by this function (after its MAKE_CELL ran).
    Cell,
    /// A cell of the function's closure.
    Free,
}

/// One slot of `localsplus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalView {
    pub name: String,
    pub kind: LocalKind,
    /// The slot is filled by the caller: positional, keyword-only, `*args` or `**kwargs`. May be a
    /// `Cell` as well: then MAKE_CELL moves the argument into a new cell.
    pub is_arg: bool,
    /// A variable of an inlined comprehension (3.12+), which `locals()` does not show.
    pub hidden: bool,
}

impl LocalView {
    /// From the slot's byte in `co_localspluskinds`.
    pub fn from_kind(name: String, kind_byte: u8, is_arg: bool) -> LocalView {
        const CO_FAST_HIDDEN: u8 = 0x10;
        const CO_FAST_CELL: u8 = 0x40;
        const CO_FAST_FREE: u8 = 0x80;
        let kind = if kind_byte & CO_FAST_FREE != 0 {
            LocalKind::Free
        } else if kind_byte & CO_FAST_CELL != 0 {
            LocalKind::Cell
        } else {
            LocalKind::Local
        };
        LocalView {
            name,
            kind,
            is_arg,
            hidden: kind_byte & CO_FAST_HIDDEN != 0,
        }
    }
}

/// A code object before decoding: what the driver copies out of the interpreter.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeBytes {
    pub version: Version,
    /// `co_code`: base opcodes, caches zeroed.
    pub code: Vec<u8>,
    /// `_co_code_adaptive`: the same layout with specialised opcodes and filled caches. May be a
    /// copy of `code` when nothing is known.
    pub adaptive: Vec<u8>,
    pub consts: Vec<ConstView>,
    pub names: Vec<String>,
    pub localsplus: Vec<LocalView>,
    /// Positional parameters, the positional-only ones included.
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    /// Slots that are plain variables or arguments; they come first in `localsplus`.
    pub nlocals: u32,
    pub nlocalsplus: u32,
    /// Free variables; they come last in `localsplus`.
    pub nfreevars: u32,
    pub stacksize: u32,
    /// `co_flags`; see the associated constants.
    pub flags: u32,
    pub exceptiontable: Vec<u8>,
    pub linetable: Vec<u8>,
    pub firstlineno: u32,
    pub name: String,
    pub qualname: String,
    pub filename: String,
}

impl CodeBytes {
    pub const FLAG_OPTIMIZED: u32 = 0x1;
    pub const FLAG_NEWLOCALS: u32 = 0x2;
    pub const FLAG_VARARGS: u32 = 0x4;
    pub const FLAG_VARKEYWORDS: u32 = 0x8;
    pub const FLAG_GENERATOR: u32 = 0x20;
    pub const FLAG_COROUTINE: u32 = 0x80;
    pub const FLAG_ITERABLE_COROUTINE: u32 = 0x100;
    pub const FLAG_ASYNC_GENERATOR: u32 = 0x200;

    pub fn has_varargs(&self) -> bool {
        self.flags & Self::FLAG_VARARGS != 0
    }

    pub fn has_varkeywords(&self) -> bool {
        self.flags & Self::FLAG_VARKEYWORDS != 0
    }

    /// A plain generator: no coroutine of whatever kind.
    pub fn is_generator(&self) -> bool {
        let others =
            Self::FLAG_COROUTINE | Self::FLAG_ITERABLE_COROUTINE | Self::FLAG_ASYNC_GENERATOR;
        self.flags & Self::FLAG_GENERATOR != 0 && self.flags & others == 0
    }

    /// Generator, coroutine or asynchronous generator: its frame outlives the call.
    pub fn is_generator_like(&self) -> bool {
        self.flags & (Self::FLAG_GENERATOR | Self::FLAG_COROUTINE | Self::FLAG_ASYNC_GENERATOR) != 0
    }
}

/// One neutral operation at its place in the code.
///
/// A CPython instruction may become several of these (`micro` 0, 1, ..), all with the same
/// `offset`, `at` and `next`. The interpreter can resume only before the first: the state to resume
/// with is the one before `micro` 0. Only the last one of a group can raise, and earlier ones have
/// no effect outside the frame, so that state is always usable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instr {
    /// The unit where the instruction starts, its EXTENDED_ARG prefix included: the place to resume
    /// the interpreter at, and the only place jumps lead to.
    pub offset: u32,
    /// The unit of the opcode itself: the place to throw at, and what tracebacks call `tb_lasti`
    /// (halved).
    pub at: u32,
    /// The unit behind the instruction and its caches.
    pub next: u32,
    pub micro: u8,
    pub op: Op,
    pub hint: Hint,
    /// CPython's name of the instruction, for dumps.
    pub opname: &'static str,
}

/// One entry of the exception table: an exception at a unit in `start..end` goes to `target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    /// The operand stack is cut to this depth first.
    pub depth: u32,
    /// Then the unit of the raising instruction is pushed if this is set, then the exception.
    pub lasti: bool,
}

/// One entry of the line table: the source position of the units `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineEntry {
    pub start: u32,
    pub end: u32,
    pub line: Option<u32>,
    pub end_line: Option<u32>,
    /// Columns are byte offsets in the UTF-8 line, from 0.
    pub column: Option<u32>,
    pub end_column: Option<u32>,
}

/// Decoded code.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    pub version: Version,
    /// In the order of the code.
    pub instrs: Vec<Instr>,
    /// Sorted by `start`, not overlapping.
    pub handlers: Vec<Handler>,
    /// Sorted, without gaps.
    pub lines: Vec<LineEntry>,
    /// Length of the code in units.
    pub units: u32,
    /// For each unit the index of the first operation of the instruction starting there, or
    /// `NO_INSTR`.
    pub(super) starts: Vec<u32>,
}

/// In [`Code::starts`]: no instruction starts here.
pub(super) const NO_INSTR: u32 = u32::MAX;

impl Code {
    /// Index in `instrs` of the first operation of the instruction that starts at this unit.
    pub fn instr_at(&self, offset: u32) -> Option<usize> {
        let index = *self.starts.get(offset as usize)?;
        (index != NO_INSTR).then_some(index as usize)
    }

    /// The units where basic blocks start, sorted: the entry, jump targets, what follows a jump or
    /// the end of control, handlers.
    pub fn block_starts(&self) -> Vec<u32> {
        let mut starts = vec![0];
        for instr in &self.instrs {
            let target = instr.op.target();
            starts.extend(target);
            if (target.is_some() || !instr.op.falls_through()) && instr.next < self.units {
                starts.push(instr.next);
            }
        }
        starts.extend(self.handlers.iter().map(|handler| handler.target));
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// The unit of the instruction that makes a generator out of the frame, if there is one.
    pub fn made_at(&self) -> Option<u32> {
        let makes = |instr: &&Instr| instr.op == Op::Generator(GeneratorOp::ReturnGenerator);
        self.instrs.iter().find(makes).map(|instr| instr.at)
    }

    /// The handler of an exception raised at this unit ([`Instr::at`]).
    pub fn handler(&self, unit: u32) -> Option<&Handler> {
        let index = self.handlers.partition_point(|handler| handler.end <= unit);
        self.handlers
            .get(index)
            .filter(|handler| handler.start <= unit)
    }

    /// Source position of a unit.
    pub fn position(&self, unit: u32) -> Option<&LineEntry> {
        let index = self.lines.partition_point(|entry| entry.end <= unit);
        self.lines.get(index).filter(|entry| entry.start <= unit)
    }

    /// Source line of a unit.
    pub fn line(&self, unit: u32) -> Option<u32> {
        self.position(unit)?.line
    }
}
