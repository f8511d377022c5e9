//! How the interpreter's frames are rebuilt when native code leaves: the deopt table of a unit.
//!
//! `lower` fills it; the exit handler of the runtime reads it. The machine code of an exit writes
//! the live values to an array of 64-bit words on the native stack and calls
//! `Support::ExitHandler(thread state, unit, site, words, native frame)`: everything else is here.
//!
//! Invariants:
//! * A value that occurs in several slots has one word, and is boxed once: identity is kept, also
//!   between the frames of inlined code. Constants have no word: equal constants of one repr are one
//!   object too, best the one in the frame's `co_consts`.
//! * The words own no references except those in [`ExitState::releases`]. The handler adds one
//!   reference for every slot that holds a boxed word, and after that (last of all, for a drop may
//!   run code) drops one reference for every entry of `releases`.
//! * Frames are listed outermost first; all but the last are suspended in a call and continue at
//!   `next` with the result of the frame after them pushed, or as their `waits` says.
//! * An object with a number is made once, however many slots hold it.

use crate::abi::exit_reason::ExitReason;
use crate::hir::frame_state::{Consumer, Stage, Waits};
use crate::hir::ids::{CodeId, ObjectId};
use crate::hir::types::Repr;

/// What the handler does with the rebuilt frames.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExitKind {
    /// Runs the interpreter from `offset` on.
    Exit,
    /// An exception is set: raises it at `offset` (the operands are popped already).
    Throw,
    /// As `Exit`: the frame is that after a call whose result came back boxed.
    After,
}

/// One place in the code that may leave. The index of the site in the table is what machine code
/// passes to the exit handler.
#[derive(Clone, PartialEq, Debug)]
pub struct ExitSite {
    /// Why it leaves.
    pub reason: ExitReason,
    /// Bytecode it was made for: whose code, which code unit.
    pub code: CodeId,
    /// Code unit within `code`.
    pub offset: u32,
    /// Which operand of the bytecode was tested, counted from the top of the stack.
    pub operand: u8,
    /// Row of [`DeoptTable::states`].
    pub state: u32,
}

/// What the frames look like when a site leaves; shared by sites.
#[derive(Clone, PartialEq, Debug)]
pub struct ExitState {
    /// What to do with the frames.
    pub kind: ExitKind,
    /// Outermost first, never empty.
    pub frames: Vec<FrameDescriptor>,
    /// Objects to be made that slots name by number.
    pub shared: Vec<(u32, SharedDescriptor)>,
    /// Words of boxed values whose reference native code owned: dropped by the handler when the
    /// frames have theirs.
    pub releases: Vec<u32>,
    /// Number of words written.
    pub words: u32,
}

/// One frame.
#[derive(Clone, PartialEq, Debug)]
pub struct FrameDescriptor {
    /// Whose code.
    pub code: CodeId,
    /// Row of the driver's table of functions: the function object the frame runs.
    pub function: u32,
    /// Code unit to resume or raise at; of a suspended frame: its calling opcode.
    pub offset: u32,
    /// Code unit where a suspended frame continues.
    pub next: u32,
    /// `co_nlocalsplus` slots.
    pub locals: Vec<SlotDescriptor>,
    /// Operand stack, bottom first.
    pub stack: Vec<SlotDescriptor>,
    /// Of a suspended frame: what becomes of the result of the frame after it.
    pub waits: Waits,
    /// The number of the generator whose frame this is.
    pub generator: Option<u32>,
    /// The builtin that takes all of that generator's items, and what it has so far.
    pub consumed: Option<(Consumer, Vec<SlotDescriptor>)>,
}

/// The locals of an activation while it calls other code: what its frame shows meanwhile. The words own no
/// references; they stay as they are until the call has returned.
#[derive(Clone, PartialEq, Debug)]
pub struct ShownLocals {
    /// `co_nlocalsplus` slots of the outermost frame.
    pub locals: Vec<SlotDescriptor>,
    /// Number of words. The first is no local: it is 0 until the frame shows them.
    pub words: u32,
}

/// Where a value is when the code leaves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Source {
    /// In the word with this index: `Boxed` a pointer, `I64`/`U64` the int, `F64` the bits of the
    /// double, `Bool` 0 or 1.
    Word(u32),
    /// Known when compiled: an int.
    Int(i64),
    /// Known when compiled: an int of 64 bits without sign.
    Unsigned(u64),
    /// Known when compiled: the bits of a float.
    Float(u64),
    /// Known when compiled: a bool.
    Bool(bool),
    /// An object of the function's pool.
    Object(ObjectId),
}

/// A value and how it is held.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ValueDescriptor {
    /// Where it is.
    pub source: Source,
    /// How it is held: never `Ptr`.
    pub repr: Repr,
}

/// What one slot of a frame holds.
#[derive(Clone, PartialEq, Debug)]
pub enum SlotDescriptor {
    /// NULL.
    Null,
    /// This value, boxed if it is not.
    Value(ValueDescriptor),
    /// The value if `bound` is true, else NULL.
    Maybe {
        /// The value; of no meaning when not bound.
        value: ValueDescriptor,
        /// A bool.
        bound: ValueDescriptor,
    },
    /// An object to be made.
    Virtual(Box<VirtualDescriptor>),
    /// The object with that number: of [`ExitState::shared`], or the generator of one of the frames.
    Shared(u32),
}

/// An object that several slots may hold, and that exists only once the frames are rebuilt.
#[derive(Clone, PartialEq, Debug)]
pub enum SharedDescriptor {
    /// A generator that does not run.
    Generator {
        /// Row of the driver's table of functions.
        function: u32,
        /// Code unit at which it goes on.
        offset: u32,
        /// How far it has come.
        stage: Stage,
        /// `co_nlocalsplus` slots.
        locals: Vec<SlotDescriptor>,
        /// Operand stack, bottom first.
        stack: Vec<SlotDescriptor>,
    },
    /// An iterator.
    Iterator(VirtualDescriptor),
    /// A function with the code and globals of that row of the driver's table, and a closure of these cells.
    Function {
        /// Row of the driver's table of functions.
        function: u32,
        /// Cells.
        closure: Vec<SlotDescriptor>,
    },
    /// A tuple.
    Tuple(Vec<SlotDescriptor>),
}

/// An object that exists only once the frame is rebuilt. Int components are `I64`.
#[derive(Clone, PartialEq, Debug)]
pub enum VirtualDescriptor {
    /// `range(start, stop, step)`.
    Range {
        /// First.
        start: ValueDescriptor,
        /// Bound.
        stop: ValueDescriptor,
        /// Non-zero.
        step: ValueDescriptor,
    },
    /// The iterator of a range whose next item is `next`.
    RangeIterator {
        /// The next item, if the bound is not reached.
        next: ValueDescriptor,
        /// Bound.
        stop: ValueDescriptor,
        /// Non-zero.
        step: ValueDescriptor,
    },
    /// The iterator of a list, tuple, bytes, bytearray or str that will yield item `index`.
    SequenceIterator {
        /// Boxed.
        sequence: ValueDescriptor,
        /// Not negative.
        index: ValueDescriptor,
    },
    /// `enumerate` over another iterator.
    Enumerate {
        /// The next number.
        count: ValueDescriptor,
        /// The iterator.
        inner: SlotDescriptor,
    },
    /// `zip` of iterators (not strict).
    Zip {
        /// The iterators.
        inner: Vec<SlotDescriptor>,
    },
}

/// All the exits of a unit.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct DeoptTable {
    /// By site number.
    pub sites: Vec<ExitSite>,
    /// By state number.
    pub states: Vec<ExitState>,
    /// By the number that machine code passes to `Support::ShowLocals`.
    pub shown: Vec<ShownLocals>,
}

impl DeoptTable {
    /// The state in which the site leaves; `None` for a site that does not exist.
    pub fn state_of(&self, site: usize) -> Option<&ExitState> {
        self.states.get(self.sites.get(site)?.state as usize)
    }
}
