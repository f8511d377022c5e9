//! Frame states: what the interpreter's frame looks like at one bytecode, in terms of SSA values.
//!
//! An exit resumes at `offset` with exactly these locals and this operand stack. A throw raises at
//! `offset`, the operands of the raising instruction already popped. A state with a parent belongs
//! to inlined code: the parent is suspended in its call (operands popped) and continues at `next`
//! with the callee's result pushed; or in a loop over the generator whose code this is (`Waits`).
//!
//! Objects that native code keeps in pieces and that several slots may hold have a number and are in the
//! state's table (`shared`): one object per number in a chain of states, whichever of them says what it is.

use super::ids::{CodeId, FrameStateId, ValueId};
use crate::abi::helpers::HelperId;

/// One frame of the interpreter.
#[derive(Clone, PartialEq, Debug)]
pub struct FrameState {
    /// Whose code.
    pub code: CodeId,
    /// Code unit of the instruction (with its EXTENDED_ARG prefix) to resume at; for a throw and for
    /// a suspended caller the unit of the raising or calling opcode itself.
    pub offset: u32,
    /// Code unit of the following instruction: where a suspended caller continues.
    pub next: u32,
    /// `co_nlocalsplus` slots.
    pub locals: Vec<Slot>,
    /// Operand stack, bottom first.
    pub stack: Vec<Slot>,
    /// The calling frame when this code is inlined.
    pub parent: Option<FrameStateId>,
    /// Of a suspended frame: what it waits for.
    pub waits: Waits,
    /// The frame is that of a generator which runs: its number, by which slots of frames around it know it.
    pub generator: Option<u32>,
    /// The builtin that takes all of that generator's items; the parent waits for what it returns.
    pub consumed: Option<Box<Consumption>>,
    /// Objects that slots of this frame, or of these objects, hold by number.
    pub shared: Vec<(u32, Shared)>,
}

/// A builtin in the middle of a generator.
#[derive(Clone, PartialEq, Debug)]
pub struct Consumption {
    /// Which.
    pub by: Consumer,
    /// What it has so far; see [`Consumer`].
    pub slots: Vec<Slot>,
}

macro_rules! consumers {
    ($($variant:ident $name:literal $slots:literal $doc:literal;)*) => {
        /// A builtin that takes all items of an iterator.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Consumer { $(#[doc = $doc] $variant,)* }

        impl Consumer {
            /// All of them.
            pub const ALL: &'static [Consumer] = &[$(Consumer::$variant),*];

            /// Name in the text format.
            pub fn name(self) -> &'static str {
                match self {
                    $(Consumer::$variant => $name,)*
                }
            }

            /// How many slots it has.
            pub fn slots(self) -> usize {
                match self {
                    $(Consumer::$variant => $slots,)*
                }
            }
        }
    };
}

consumers! {
    Sum "sum" 3 "`sum`: the sum (an int, or a float), what rounding lost of a float, the function.";
    Any "any" 0 "`any`.";
    All "all" 0 "`all`.";
    Min "min" 2 "`min`: the least so far, if there is one; the function.";
    Max "max" 2 "`max`: the greatest so far, if there is one; the function.";
    List "list" 1 "`list`: the list.";
    Call "call" 3 "Another builtin that makes a list of the items first: the list, what is called with it, and the receiver if that is a method.";
    Set "set" 1 "`set`: the set.";
    Next "next" 1 "`next`: the default, if there is one.";
}

/// What becomes of the result of the frame that a suspended one waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waits {
    /// It is that of a call, and pushed.
    Call,
    /// The call makes an instance, which is on top of the stack already; what the callee (its `__init__`) returns
    /// is dropped.
    Construct,
    /// It is the next item of the generator on top of the stack, and pushed. When the generator has
    /// returned, it is popped and the frame goes on at `exit`.
    Iterate {
        /// Code unit behind the loop.
        exit: u32,
    },
    /// It is what the method of an operator says, whose operands are on top of the stack.
    Operate(Operation),
}

/// An operator of an instance, answered by a method of its class in Python.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation {
    /// The helper that does it all; what follows the method is the same.
    pub helper: HelperId,
    /// The instruction wants the truth of the result.
    pub truth: bool,
    /// It wants the opposite: of `!=` answered by `__eq__`, of `not in`.
    pub inverse: bool,
}

impl Operation {
    /// Of a helper, with the answer as it is.
    pub fn of(helper: HelperId) -> Operation {
        Operation {
            helper,
            truth: false,
            inverse: false,
        }
    }

    /// Operands on the stack; those of calls are popped before.
    pub fn operands(self) -> usize {
        match self.helper {
            HelperId::LengthAnswer => 0,
            helper => helper.info().parameters.len(),
        }
    }

    /// As one number, for `operator_answer`.
    pub fn code(self) -> i64 {
        let flags = i64::from(self.truth) | i64::from(self.inverse) << 1;
        (self.helper as i64) << 2 | flags
    }

    /// The inverse of [`Operation::code`].
    pub fn of_code(code: i64) -> Option<Operation> {
        let helper = HelperId::ALL.get(usize::try_from(code >> 2).ok()?)?;
        Some(Operation {
            helper: *helper,
            truth: code & 1 != 0,
            inverse: code & 2 != 0,
        })
    }

    /// The result is dropped.
    pub fn is_store(self) -> bool {
        self.helper == HelperId::SetItem
    }
}

/// How far a generator that does not run has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It has not run.
    Created,
    /// It waits behind a `yield`.
    Suspended,
    /// It has returned: nothing is in it.
    Finished,
}

/// An object in pieces that has a number.
#[derive(Clone, PartialEq, Debug)]
pub enum Shared {
    /// A generator that does not run.
    Generator {
        /// Whose code.
        code: CodeId,
        /// Code unit at which it goes on, with what is sent to it pushed.
        offset: u32,
        /// How far it has come.
        stage: Stage,
        /// `co_nlocalsplus` slots.
        locals: Vec<Slot>,
        /// Operand stack, bottom first.
        stack: Vec<Slot>,
    },
    /// An iterator.
    Iterator(VirtualObject),
    /// A function without defaults.
    Function {
        /// Its code.
        code: CodeId,
        /// The cells of its closure.
        closure: Vec<Slot>,
    },
    /// A tuple.
    Tuple(Vec<Slot>),
}

/// What one slot of a frame holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Slot {
    /// NULL: an unbound local, or the NULL some calls push.
    Null,
    /// A value of any representation but `Ptr`.
    Value(ValueId),
    /// The value if `bound` (a bool value) is true, else NULL.
    Maybe {
        /// Meaningless when not bound, but of a valid representation.
        value: ValueId,
        /// Bool: is there a value?
        bound: ValueId,
    },
    /// An object that exists only when the frame is rebuilt.
    Virtual(Box<VirtualObject>),
    /// The object with that number: in the table of this state or of one it is chained to, or the generator
    /// whose frame one of them is.
    Shared(u32),
    /// The result of the instruction that left (`call_native`'s `after` state).
    Result,
}

/// An object native code keeps in pieces.
#[derive(Clone, PartialEq, Debug)]
pub enum VirtualObject {
    /// `range(start, stop, step)`; three i64.
    Range {
        /// First.
        start: ValueId,
        /// Bound.
        stop: ValueId,
        /// Non-zero.
        step: ValueId,
    },
    /// The iterator of a range whose next item is `next`; three i64.
    RangeIterator {
        /// The next item, if the bound is not reached.
        next: ValueId,
        /// Bound.
        stop: ValueId,
        /// Non-zero.
        step: ValueId,
    },
    /// The iterator of a list, tuple, bytes, bytearray or str that will yield item `index`.
    SequenceIterator {
        /// The sequence, boxed.
        sequence: ValueId,
        /// i64, not negative.
        index: ValueId,
    },
    /// `enumerate` over another iterator.
    Enumerate {
        /// i64: the next number.
        count: ValueId,
        /// The iterator.
        inner: Slot,
    },
    /// `zip` of iterators (not strict).
    Zip {
        /// The iterators.
        inner: Vec<Slot>,
    },
}

impl Slot {
    /// Calls `visit` for every value in the slot.
    pub fn for_each_value(&self, visit: &mut dyn FnMut(ValueId)) {
        match self {
            Slot::Null | Slot::Result | Slot::Shared(_) => {}
            Slot::Value(value) => visit(*value),
            Slot::Maybe { value, bound } => {
                visit(*value);
                visit(*bound);
            }
            Slot::Virtual(object) => object.for_each_value(visit),
        }
    }

    /// Calls `visit` for every value in the slot, to be replaced.
    pub fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            Slot::Null | Slot::Result | Slot::Shared(_) => {}
            Slot::Value(value) => visit(value),
            Slot::Maybe { value, bound } => {
                visit(value);
                visit(bound);
            }
            Slot::Virtual(object) => object.for_each_value_mut(visit),
        }
    }
}

impl VirtualObject {
    fn for_each_value(&self, visit: &mut dyn FnMut(ValueId)) {
        match self {
            VirtualObject::Range { start, stop, step } => {
                [start, stop, step]
                    .into_iter()
                    .for_each(|value| visit(*value));
            }
            VirtualObject::RangeIterator { next, stop, step } => {
                [next, stop, step]
                    .into_iter()
                    .for_each(|value| visit(*value));
            }
            VirtualObject::SequenceIterator { sequence, index } => {
                visit(*sequence);
                visit(*index);
            }
            VirtualObject::Enumerate { count, inner } => {
                visit(*count);
                inner.for_each_value(visit);
            }
            VirtualObject::Zip { inner } => {
                inner.iter().for_each(|slot| slot.for_each_value(visit));
            }
        }
    }

    fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            VirtualObject::Range { start, stop, step } => {
                visit(start);
                visit(stop);
                visit(step);
            }
            VirtualObject::RangeIterator { next, stop, step } => {
                visit(next);
                visit(stop);
                visit(step);
            }
            VirtualObject::SequenceIterator { sequence, index } => {
                visit(sequence);
                visit(index);
            }
            VirtualObject::Enumerate { count, inner } => {
                visit(count);
                inner.for_each_value_mut(visit);
            }
            VirtualObject::Zip { inner } => {
                for slot in inner {
                    slot.for_each_value_mut(visit);
                }
            }
        }
    }
}

impl Shared {
    fn for_each_value(&self, visit: &mut dyn FnMut(ValueId)) {
        match self {
            Shared::Generator { locals, stack, .. } => {
                for slot in locals.iter().chain(stack) {
                    slot.for_each_value(visit);
                }
            }
            Shared::Iterator(object) => object.for_each_value(visit),
            Shared::Function { closure: slots, .. } | Shared::Tuple(slots) => {
                slots.iter().for_each(|slot| slot.for_each_value(visit));
            }
        }
    }

    fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            Shared::Generator { locals, stack, .. } => {
                for slot in locals.iter_mut().chain(stack) {
                    slot.for_each_value_mut(visit);
                }
            }
            Shared::Iterator(object) => object.for_each_value_mut(visit),
            Shared::Function { closure: slots, .. } | Shared::Tuple(slots) => {
                for slot in slots {
                    slot.for_each_value_mut(visit);
                }
            }
        }
    }
}

impl FrameState {
    /// An outermost frame with nothing in it.
    pub fn new(code: CodeId, offset: u32, next: u32) -> FrameState {
        FrameState {
            code,
            offset,
            next,
            locals: Vec::new(),
            stack: Vec::new(),
            parent: None,
            waits: Waits::Call,
            generator: None,
            consumed: None,
            shared: Vec::new(),
        }
    }

    /// Calls `visit` for every value of this frame (not of its parents).
    pub fn for_each_value(&self, visit: &mut dyn FnMut(ValueId)) {
        for slot in self.locals.iter().chain(&self.stack) {
            slot.for_each_value(visit);
        }
        if let Some(consumed) = &self.consumed {
            consumed
                .slots
                .iter()
                .for_each(|slot| slot.for_each_value(visit));
        }
        for (_, object) in &self.shared {
            object.for_each_value(visit);
        }
    }

    /// Calls `visit` for every value of this frame (not of its parents), to be replaced.
    pub fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        for slot in self.locals.iter_mut().chain(&mut self.stack) {
            slot.for_each_value_mut(visit);
        }
        if let Some(consumed) = &mut self.consumed {
            for slot in &mut consumed.slots {
                slot.for_each_value_mut(visit);
            }
        }
        for (_, object) in &mut self.shared {
            object.for_each_value_mut(visit);
        }
    }
}
