//! Frame states: what the interpreter's frame looks like at one bytecode, in terms of SSA values.
//!
//! An exit resumes at `offset` with exactly these locals and this operand stack. A throw raises at
//! `offset`, the operands of the raising instruction already popped. A state with a parent belongs
//! to inlined code: the parent is suspended in its call (operands popped) and continues at `next`
//! with the callee's result pushed.

use super::ids::{CodeId, FrameStateId, ValueId};

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
    /// Of a suspended caller: it makes an instance, which is on top of the stack already; what the callee
    /// (its `__init__`) returns is dropped.
    pub constructs: bool,
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
            Slot::Null | Slot::Result => {}
            Slot::Value(value) => visit(*value),
            Slot::Maybe { value, bound } => {
                visit(*value);
                visit(*bound);
            }
            Slot::Virtual(object) => match object.as_ref() {
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
            },
        }
    }

    /// Calls `visit` for every value in the slot, to be replaced.
    pub fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            Slot::Null | Slot::Result => {}
            Slot::Value(value) => visit(value),
            Slot::Maybe { value, bound } => {
                visit(value);
                visit(bound);
            }
            Slot::Virtual(object) => match object.as_mut() {
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
            },
        }
    }
}

impl FrameState {
    /// Calls `visit` for every value of this frame (not of its parents).
    pub fn for_each_value(&self, visit: &mut dyn FnMut(ValueId)) {
        for slot in self.locals.iter().chain(&self.stack) {
            slot.for_each_value(visit);
        }
    }

    /// Calls `visit` for every value of this frame (not of its parents), to be replaced.
    pub fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        for slot in self.locals.iter_mut().chain(&mut self.stack) {
            slot.for_each_value_mut(visit);
        }
    }
}
