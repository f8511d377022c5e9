//! Removes guards whose outcome is known, and unboxing of what was just boxed.
//!
//! * `guard_type` of a value already known to be of that type, or guarded to it by a dominating
//!   guard on the same object, however either got there.
//! * `guard_true` / `guard_false` of a condition that is constant, was guarded before, or was
//!   branched on above. Comparisons of the same two ints decide each other: behind `a < b`, `b <= a`
//!   is false; `guard_index` is one of them.
//! * `unbox_x(box_x v)` is `v`, where needed with the check of its width.
//!
//! A guard that must fail is left alone: it leaves, as it should. Needs nothing but types, ranges and
//! dominance, so it is right wherever in the pipeline it runs.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::Pass;
use super::edit::{Rules, Verdict, as_bool, become_op, rewrite};
use crate::analysis::dominators::Dominators;
use crate::hir::attributes::{Cond, IntWidth};
use crate::hir::{BlockId, Function, InstrId, IntRange, Op, Terminator, ValueId};

/// `guard-elim`.
pub struct GuardElim;

impl Pass for GuardElim {
    fn name(&self) -> &'static str {
        "guard-elim"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let mut rules = KnownGuards {
            dominators: &dominators,
            block: function.entry,
            guarded: HashMap::new(),
            bools: HashMap::new(),
            orders: HashMap::new(),
        };
        rewrite(function, &dominators, &mut rules);
    }
}

/// How two ints compare: a set of less, equal, greater.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Order(u8);

impl Order {
    const LESS: Order = Order(1);
    const ANY: Order = Order(7);

    fn of(cond: Cond) -> Order {
        match cond {
            Cond::Eq => Order(2),
            Cond::Ne => Order(5),
            Cond::Lt => Order(1),
            Cond::Le => Order(3),
            Cond::Gt => Order(4),
            Cond::Ge => Order(6),
        }
    }

    fn swapped(self) -> Order {
        Order(self.0 & 2 | (self.0 & 1) << 2 | self.0 >> 2)
    }

    fn negated(self) -> Order {
        Order(!self.0 & 7)
    }

    fn and(self, other: Order) -> Order {
        Order(self.0 & other.0)
    }

    /// Knowing this, does `cond` hold?
    fn decides(self, cond: Order) -> Option<bool> {
        if self.and(cond.negated()).0 == 0 {
            Some(true)
        } else if self.and(cond).0 == 0 {
            Some(false)
        } else {
            None
        }
    }
}

/// What holds below a block, for the few blocks where it was learned.
type Facts<T> = SmallVec<[(BlockId, T); 2]>;

struct KnownGuards<'a> {
    dominators: &'a Dominators,
    block: BlockId,
    /// By object: its guards so far.
    guarded: HashMap<ValueId, Facts<ValueId>>,
    /// By condition: what it is below the block.
    bools: HashMap<ValueId, Facts<bool>>,
    /// By two ints, the lower id first: how they compare below the block.
    orders: HashMap<(ValueId, ValueId), Facts<Order>>,
}

impl Rules for KnownGuards<'_> {
    fn enter(&mut self, function: &mut Function, block: BlockId) {
        self.block = block;
        // The only way in is one side of a branch: that tells its condition.
        let mut predecessors = self.dominators.predecessors(block);
        if let (Some(above), None) = (predecessors.next(), predecessors.next())
            && let Terminator::Branch {
                condition, then, ..
            } = &function.block(above).terminator
        {
            let (condition, value) = (*condition, then.block == block);
            self.learn_bool(function, condition, value);
        }
    }

    fn instr(
        &mut self,
        function: &mut Function,
        id: InstrId,
        _before: &mut Vec<InstrId>,
    ) -> Verdict {
        let instr = function.instr(id);
        let (op, args) = (instr.op, instr.args.clone());
        match op {
            Op::GuardType(_) | Op::GuardArray(_) | Op::GuardIs(_) => {
                self.guarded_object(function, id, op)
            }
            Op::GuardTrue(_) | Op::GuardFalse(_) => {
                let wanted = matches!(op, Op::GuardTrue(_));
                if self.known_bool(function, args[0]) == Some(wanted) {
                    return Verdict::Remove;
                }
                self.learn_bool(function, args[0], wanted);
                Verdict::Keep
            }
            Op::GuardIndex => {
                let known = self.known_order(args[0], args[1]);
                let (index, length) =
                    (function.value(args[0]).range, function.value(args[1]).range);
                if index.low >= 0 && (known == Order::LESS || index.high < length.low) {
                    return Verdict::Replace(args[0]);
                }
                self.learn_order(args[0], args[1], Order::LESS);
                if let Some(result) = function.instr(id).result {
                    self.learn_order(result, args[1], Order::LESS);
                }
                Verdict::Keep
            }
            Op::UnboxInt(_) | Op::UnboxU64 | Op::UnboxF64 | Op::UnboxBool => {
                unbox_of_box(function, id, op, args[0])
            }
            _ => Verdict::Keep,
        }
    }
}

impl KnownGuards<'_> {
    fn guarded_object(&mut self, function: &Function, id: InstrId, op: Op) -> Verdict {
        let instr = function.instr(id);
        let (Some(result), operand) = (instr.result, instr.args[0]) else {
            return Verdict::Keep;
        };
        if let Op::GuardType(ty) = op
            && function.value(operand).ty.is_subset(ty)
        {
            return Verdict::Replace(operand);
        }
        let object = function.object_behind(operand);
        if let Op::GuardIs(wanted) = op
            && function.defining_op(object) == Some(Op::ConstObject(wanted))
        {
            return Verdict::Replace(operand);
        }
        let known = self.guarded.entry(object).or_default();
        let wanted = function.value(result).ty;
        let found = known.iter().find(|&&(block, guard)| {
            let enough = match op {
                Op::GuardType(_) => function.value(guard).ty.is_subset(wanted),
                _ => function.defining_op(guard) == Some(op),
            };
            enough && self.dominators.dominates(block, self.block)
        });
        if let Some(&(_, guard)) = found {
            return Verdict::Replace(guard);
        }
        known.push((self.block, result));
        Verdict::Keep
    }

    fn learn_bool(&mut self, function: &Function, condition: ValueId, value: bool) {
        self.bools
            .entry(condition)
            .or_default()
            .push((self.block, value));
        let Some(id) = function.defining_instr(condition) else {
            return;
        };
        let instr = function.instr(id);
        match (instr.op, value) {
            (Op::BoolNot, _) => self.learn_bool(function, instr.args[0], !value),
            (Op::BoolAnd, true) | (Op::BoolOr, false) => {
                self.learn_bool(function, instr.args[0], value);
                self.learn_bool(function, instr.args[1], value);
            }
            (Op::IntCmp(cond) | Op::U64Cmp(cond), _) => {
                let order = Order::of(cond);
                let order = if value { order } else { order.negated() };
                self.learn_order(instr.args[0], instr.args[1], order);
            }
            _ => {}
        }
    }

    fn known_bool(&self, function: &Function, condition: ValueId) -> Option<bool> {
        if let Some(value) = as_bool(function, condition) {
            return Some(value);
        }
        let facts = self
            .bools
            .get(&condition)
            .map(SmallVec::as_slice)
            .unwrap_or_default();
        let found = facts
            .iter()
            .find(|&&(block, _)| self.dominators.dominates(block, self.block));
        if let Some(&(_, value)) = found {
            return Some(value);
        }
        let instr = function.instr(function.defining_instr(condition)?);
        match instr.op {
            Op::BoolNot => self.known_bool(function, instr.args[0]).map(|value| !value),
            Op::IntCmp(cond) | Op::U64Cmp(cond) => self
                .known_order(instr.args[0], instr.args[1])
                .decides(Order::of(cond)),
            _ => None,
        }
    }

    fn learn_order(&mut self, a: ValueId, b: ValueId, order: Order) {
        let (key, order) = if a <= b {
            ((a, b), order)
        } else {
            ((b, a), order.swapped())
        };
        self.orders
            .entry(key)
            .or_default()
            .push((self.block, order));
    }

    fn known_order(&self, a: ValueId, b: ValueId) -> Order {
        let (key, swapped) = if a <= b {
            ((a, b), false)
        } else {
            ((b, a), true)
        };
        let facts = self
            .orders
            .get(&key)
            .map(SmallVec::as_slice)
            .unwrap_or_default();
        let known = facts
            .iter()
            .filter(|(block, _)| self.dominators.dominates(*block, self.block))
            .fold(Order::ANY, |known, &(_, order)| known.and(order));
        if swapped { known.swapped() } else { known }
    }
}

/// `unbox_x(box_y v)`: the value itself, or its conversion with the check the unboxing makes.
fn unbox_of_box(function: &mut Function, id: InstrId, op: Op, operand: ValueId) -> Verdict {
    let object = function.object_behind(operand);
    let Some(boxing) = function.defining_instr(object) else {
        return Verdict::Keep;
    };
    let (boxing, inner) = (
        function.instr(boxing).op,
        function.instr(boxing).args.first().copied(),
    );
    let Some(inner) = inner else {
        return Verdict::Keep;
    };
    let range = function.value(inner).range;
    match (op, boxing) {
        (Op::UnboxF64, Op::BoxF64) | (Op::UnboxBool, Op::BoxBool) | (Op::UnboxU64, Op::BoxU64) => {
            Verdict::Replace(inner)
        }
        (Op::UnboxInt(IntWidth::Full), Op::BoxI64) => Verdict::Replace(inner),
        (Op::UnboxInt(IntWidth::Compact), Op::BoxI64) => {
            if range.is_within(IntRange::COMPACT) {
                return Verdict::Replace(inner);
            }
            if let Some(result) = function.instr(id).result {
                function.value_mut(result).range = IntRange::COMPACT;
            }
            become_op(function, id, Op::GuardRange(IntRange::COMPACT), &[inner])
        }
        (Op::UnboxInt(IntWidth::Full), Op::BoxU64) => {
            become_op(function, id, Op::U64ToI64, &[inner])
        }
        (Op::UnboxU64, Op::BoxI64) => become_op(function, id, Op::I64ToU64, &[inner]),
        _ => Verdict::Keep,
    }
}
