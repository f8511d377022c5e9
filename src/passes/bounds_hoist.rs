//! Checks the bounds of a whole loop in front of it instead of each index inside.
//!
//! `for i in range(first, stop): ... a[f(i)] ...` with `f` affine in `i` (additions, subtractions and
//! products with what the loop does not change): the extremes of `f` are at the first and the last
//! `i`. Both are computed in the preheader with checked ops and compared with the length; then no
//! index inside can be out of bounds, nor can a step of its computation overflow, and `guard_index`
//! and the overflow checks below it go. A loop that runs no iteration checks nothing.
//!
//! The guard has to run in every iteration (its block dominates all latches) and the loop has to end
//! by its own condition only; so the check fails exactly when some iteration would have left, and a
//! search that breaks off before the end of the list is not disturbed. The length must be defined
//! outside of the loop: `licm` first. The hoisted guards leave to the preheader's snapshot, with the
//! origin of the index expression, so that a site that fails is known by what it does.

use std::collections::HashMap;

use super::Pass;
use crate::abi::exit_reason::ExitReason;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::{Loop, LoopId, Loops};
use crate::hir::attributes::{Cond, DivMode, Overflow};
use crate::hir::{
    BlockId, Definition, FrameStateId, Function, InstrId, IntRange, Op, Origin, Repr, Terminator,
    Type, ValueId,
};

/// See the module.
pub struct BoundsHoist;

impl Pass for BoundsHoist {
    fn name(&self) -> &'static str {
        "bounds-hoist"
    }

    fn run(&self, function: &mut Function) {
        let has_guard = |&block: &BlockId| {
            let instrs = &function.block(block).instrs;
            instrs
                .iter()
                .any(|&id| function.instr(id).op == Op::GuardIndex)
        };
        if !function.layout.iter().any(has_guard) {
            return;
        }
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        let mut homes = vec![None; function.instrs.len()];
        for &block in &function.layout {
            for &id in &function.block(block).instrs {
                homes[id.index()] = Some(block);
            }
        }
        let mut replacement = Vec::new();
        for (index, this) in loops.all().iter().enumerate() {
            let Some(shape) = Shape::of(function, &dominators, &loops, index, &homes) else {
                continue;
            };
            let guards = guards_to_hoist(function, &dominators, &loops, this, &shape);
            if !guards.is_empty() {
                Hoister::new(function, &shape).hoist(&guards, &mut replacement);
            }
        }
        if !replacement.is_empty() {
            function.replace_values(&replacement);
        }
    }
}

/// A loop over `range(first, stop, step)`.
struct Shape<'a> {
    loops: &'a Loops,
    id: LoopId,
    homes: &'a [Option<BlockId>],
    header: BlockId,
    preheader: BlockId,
    /// What hoisted guards leave to.
    state: FrameStateId,
    index: ValueId,
    first: ValueId,
    stop: ValueId,
    step: Step,
    /// The condition stands in the header; else at the end of the loop.
    tests_in_header: bool,
}

/// What the index grows by: not 0, and of one sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Constant(i64),
    /// Positive, from outside of the loop.
    Up(ValueId),
    /// Negative, from outside of the loop.
    Down(ValueId),
}

impl Step {
    fn is_up(self) -> bool {
        match self {
            Step::Constant(step) => step > 0,
            Step::Up(_) => true,
            Step::Down(_) => false,
        }
    }
}

impl<'a> Shape<'a> {
    fn of(
        function: &Function,
        dominators: &Dominators,
        loops: &'a Loops,
        index: usize,
        homes: &'a [Option<BlockId>],
    ) -> Option<Shape<'a>> {
        let this = &loops.all()[index];
        let (header, preheader) = (this.header, this.preheader?);
        let id = loops.with_header(header)?;
        let state = snapshot_at_end(function, preheader)?;
        let is_inside = |block| loops.contains(id, block);
        // `for` tests in the header; `while`, as CPython compiles it, at the only latch.
        let tests = |block: BlockId| match &function.block(block).terminator {
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => match (is_inside(then.block), is_inside(otherwise.block)) {
                (true, false) => Some((*condition, true)),
                (false, true) => Some((*condition, false)),
                _ => None,
            },
            _ => None,
        };
        let (tester, condition, truth) = match this.latches.as_slice() {
            &[latch] => {
                // The latch itself may only poll.
                let mut block = latch;
                loop {
                    if let Some((condition, truth)) = tests(block) {
                        break (block, condition, truth);
                    }
                    let mut above = dominators.predecessors(block);
                    let (Some(only), None) = (above.next(), above.next()) else {
                        let (condition, truth) = tests(header)?;
                        break (header, condition, truth);
                    };
                    if block == header {
                        return None;
                    }
                    block = only;
                }
            }
            _ => {
                let (condition, truth) = tests(header)?;
                (header, condition, truth)
            }
        };
        let comparison = function.instr(function.defining_instr(condition)?);
        let Op::IntCmp(cond) = comparison.op else {
            return None;
        };
        let cond = if truth { cond } else { cond.negated() };
        if !ends_only_in(function, loops, this, id, tester) {
            return None;
        }
        let mut shape = Shape {
            loops,
            id,
            homes,
            header,
            preheader,
            state,
            index: comparison.args[0],
            first: comparison.args[0],
            stop: comparison.args[1],
            step: Step::Constant(0),
            tests_in_header: false,
        };
        let (mut counter, mut cond) = (comparison.args[0], cond);
        if shape.is_invariant(function, counter) {
            (counter, shape.stop, cond) = (comparison.args[1], counter, cond.swapped());
        }
        if !shape.is_invariant(function, shape.stop) {
            return None;
        }
        let params = &function.block(header).params;
        let in_header = params.iter().position(|&param| param == counter);
        shape.tests_in_header = in_header.is_some();
        let position = match in_header {
            Some(_) if tester != header => return None,
            Some(position) => position,
            None => {
                // What is compared at the end is what the latch passes on.
                let &[latch] = this.latches.as_slice() else {
                    return None;
                };
                let passed = |at: usize| edge_argument(function, latch, header, at as u32);
                (0..params.len()).find(|&at| passed(at) == Some(counter))?
            }
        };
        shape.index = params[position];
        let position = position as u32;
        shape.first = edge_argument(function, preheader, header, position)?;
        for (count, &latch) in this.latches.iter().enumerate() {
            let next = edge_argument(function, latch, header, position)?;
            let step = shape.step_to(function, next)?;
            if count > 0 && shape.step != step {
                return None;
            }
            shape.step = step;
        }
        let is_range = match cond {
            Cond::Lt => shape.step.is_up(),
            Cond::Gt => !shape.step.is_up(),
            _ => false,
        };
        is_range.then_some(shape)
    }

    /// By how much `next` is above the index.
    fn step_to(&self, function: &Function, next: ValueId) -> Option<Step> {
        let instr = function.instr(function.defining_instr(next)?);
        let step = match (instr.op, instr.args.as_slice()) {
            (Op::IntAdd(_), &[a, b]) if a == self.index => b,
            (Op::IntAdd(_), &[a, b]) if b == self.index => a,
            (Op::IntSub(_), &[a, b]) if a == self.index => {
                let step = function.constant_i64(b)?.checked_neg()?;
                return (step != 0).then_some(Step::Constant(step));
            }
            _ => return None,
        };
        if let Some(step) = function.constant_i64(step) {
            return (step != 0 && step != i64::MIN).then_some(Step::Constant(step));
        }
        let range = function.value(step).range;
        match self.is_invariant(function, step) {
            true if range.low >= 1 => Some(Step::Up(step)),
            true if range.high <= -1 && range.low > IntRange::I64.low => Some(Step::Down(step)),
            _ => None,
        }
    }

    fn is_invariant(&self, function: &Function, value: ValueId) -> bool {
        let home = match function.value(value).definition {
            Definition::Param(block, _) => Some(block),
            Definition::Instr(id) => self.homes.get(id.index()).copied().flatten(),
        };
        home.is_some_and(|home| !self.loops.contains(self.id, home))
    }

    /// Does what stands there run only with an index of the range?
    fn is_in_body(&self, home: Option<BlockId>) -> bool {
        !self.tests_in_header || home != Some(self.header)
    }

    /// Is it affine in the index? `Some(true)` if it depends on the index at all.
    fn affine(&self, function: &Function, value: ValueId, depth: u32) -> Option<bool> {
        if value == self.index {
            return Some(true);
        }
        if self.is_invariant(function, value) {
            return Some(false);
        }
        let id = function.defining_instr(value)?;
        let instr = function.instr(id);
        if depth == 0 || !self.is_in_body(self.homes.get(id.index()).copied().flatten()) {
            // What the header computes is computed once more than the body runs.
            return match instr.op {
                Op::ConstI64(_) => Some(false),
                _ => None,
            };
        }
        let arg = |index: usize| self.affine(function, instr.args[index], depth - 1);
        match instr.op {
            Op::ConstI64(_) => Some(false),
            Op::IntAdd(_) | Op::IntSub(_) => Some(arg(0)? | arg(1)?),
            Op::IntNeg(_) => arg(0),
            Op::IntMul(_) => match (arg(0)?, arg(1)?) {
                (true, true) => None,
                (a, b) => Some(a | b),
            },
            Op::IntShl(_) => {
                let count = function.constant_i64(instr.args[1])?;
                if (0..32).contains(&count) {
                    arg(0)
                } else {
                    None
                }
            }
            Op::GuardIndex | Op::GuardRange(_) => arg(0),
            _ => None,
        }
    }
}

/// The state of the last snapshot, if nothing is written behind it.
pub(super) fn snapshot_at_end(function: &Function, block: BlockId) -> Option<FrameStateId> {
    for &id in function.block(block).instrs.iter().rev() {
        let instr = function.instr(id);
        if instr.op == Op::Snapshot {
            return instr.exit;
        }
        if !function.effects_of(id).writes.is_empty() {
            return None;
        }
    }
    None
}

/// Nothing but `tester` leads out of the loop, apart from ways to the interpreter.
fn ends_only_in(
    function: &Function,
    loops: &Loops,
    this: &Loop,
    id: LoopId,
    tester: BlockId,
) -> bool {
    let leaves = |block| matches!(function.block(block).terminator, Terminator::Exit { .. });
    this.blocks
        .iter()
        .filter(|&&block| block != tester)
        .all(|&block| {
            let successors = function.block(block).terminator.successors();
            successors
                .iter()
                .all(|&next| loops.contains(id, next) || leaves(next))
        })
}

fn edge_argument(
    function: &Function,
    from: BlockId,
    to: BlockId,
    position: u32,
) -> Option<ValueId> {
    let mut found = None;
    let mut count = 0;
    function.block(from).terminator.for_each_edge(|edge| {
        if edge.block == to {
            found = edge.args.get(position as usize).copied();
            count += 1;
        }
    });
    found.filter(|_| count == 1)
}

fn guards_to_hoist(
    function: &Function,
    dominators: &Dominators,
    loops: &Loops,
    this: &Loop,
    shape: &Shape,
) -> Vec<(BlockId, InstrId)> {
    let mut guards = Vec::new();
    for &block in &this.blocks {
        let is_own = loops.innermost(block) == Some(shape.id) && shape.is_in_body(Some(block));
        let always_runs = || {
            this.latches
                .iter()
                .all(|&latch| dominators.dominates(block, latch))
        };
        if !is_own || !always_runs() {
            continue;
        }
        for &id in &function.block(block).instrs {
            let instr = function.instr(id);
            if instr.op == Op::GuardIndex
                && shape.is_invariant(function, instr.args[1])
                && shape.affine(function, instr.args[0], 8) == Some(true)
            {
                guards.push((block, id));
            }
        }
    }
    guards
}

/// Which index a copy in the preheader is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum End {
    First,
    Last,
}

struct Hoister<'a> {
    function: &'a mut Function,
    shape: &'a Shape<'a>,
    /// Appended to the preheader.
    output: Vec<InstrId>,
    copies: HashMap<(ValueId, End), ValueId>,
    origin: Origin,
    last: Option<ValueId>,
    /// Bool: the loop runs no iteration.
    is_empty: Option<ValueId>,
    checked: Vec<(ValueId, ValueId)>,
}

impl<'a> Hoister<'a> {
    fn new(function: &'a mut Function, shape: &'a Shape<'a>) -> Hoister<'a> {
        let origin = Origin {
            code: crate::hir::CodeId::new(0),
            offset: 0,
        };
        Hoister {
            function,
            shape,
            output: Vec::new(),
            copies: HashMap::new(),
            origin,
            last: None,
            is_empty: None,
            checked: Vec::new(),
        }
    }

    fn hoist(mut self, guards: &[(BlockId, InstrId)], replacement: &mut Vec<Option<ValueId>>) {
        for &(block, id) in guards {
            let instr = self.function.instr(id);
            let (origin, result) = (instr.origin, instr.result);
            let (index, length) = (instr.args[0], instr.args[1]);
            self.origin = origin;
            self.check(index, length);
            self.trust(index, length);
            if let Some(result) = result {
                replacement.resize(self.function.values.len(), None);
                replacement[result.index()] = Some(index);
            }
            self.function
                .block_mut(block)
                .instrs
                .retain(|&other| other != id);
        }
        let preheader = self.shape.preheader;
        self.function
            .block_mut(preheader)
            .instrs
            .append(&mut self.output);
    }

    fn emit(&mut self, op: Op, args: &[ValueId], repr: Repr) -> ValueId {
        let facts = Some((repr.widest_type(), repr, repr.full_range()));
        let id = self.function.add_instr(op, args, facts, self.origin);
        if op.effects().may_exit {
            self.function.instr_mut(id).exit = Some(self.shape.state);
        }
        self.output.push(id);
        ValueId::new(self.function.values.len() - 1)
    }

    fn int(&mut self, op: Op, args: &[ValueId]) -> ValueId {
        self.emit(op, args, Repr::I64)
    }

    fn constant(&mut self, value: i64) -> ValueId {
        let facts = Some((Type::INT, Repr::I64, IntRange::constant(value.into())));
        let id = self
            .function
            .add_instr(Op::ConstI64(value), &[], facts, self.origin);
        self.output.push(id);
        ValueId::new(self.function.values.len() - 1)
    }

    /// The index of the last iteration, if there is one.
    fn last_index(&mut self) -> ValueId {
        if let Some(last) = self.last {
            return last;
        }
        let (first, stop, step) = (self.shape.first, self.shape.stop, self.shape.step);
        let (add, sub) = (Op::IntAdd(Overflow::Checked), Op::IntSub(Overflow::Checked));
        let one = self.constant(if step.is_up() { 1 } else { -1 });
        let mut last = self.int(sub, &[stop, one]);
        let size = match step {
            Step::Constant(1 | -1) => None,
            Step::Constant(step) => Some(self.constant(step.abs())),
            Step::Up(step) => Some(step),
            Step::Down(step) => Some(self.int(Op::IntNeg(Overflow::Never), &[step])),
        };
        if let Some(size) = size {
            // The bound is not reached exactly: what is left over.
            let distance = if step.is_up() {
                [last, first]
            } else {
                [first, last]
            };
            let distance = self.int(sub, &distance);
            let rest = self.int(Op::IntMod(DivMode::Safe), &[distance, size]);
            last = self.int(if step.is_up() { sub } else { add }, &[last, rest]);
        }
        self.last = Some(last);
        last
    }

    fn is_empty(&mut self) -> ValueId {
        if let Some(is_empty) = self.is_empty {
            return is_empty;
        }
        let cond = if self.shape.step.is_up() {
            Cond::Ge
        } else {
            Cond::Le
        };
        let args = [self.shape.first, self.shape.stop];
        let is_empty = self.emit(Op::IntCmp(cond), &args, Repr::Bool);
        self.is_empty = Some(is_empty);
        is_empty
    }

    /// The value with the index at one end, computed in the preheader.
    fn copy(&mut self, value: ValueId, end: End) -> ValueId {
        if value == self.shape.index {
            return match end {
                End::First => self.shape.first,
                End::Last => self.last_index(),
            };
        }
        if self.shape.is_invariant(self.function, value) {
            return value;
        }
        if let Some(&copy) = self.copies.get(&(value, end)) {
            return copy;
        }
        let Some(id) = self.function.defining_instr(value) else {
            return value;
        };
        let instr = self.function.instr(id).clone();
        let copy = match instr.op {
            Op::ConstI64(constant) => self.constant(constant),
            // Guards of the loop check their operand; here only the int is wanted.
            Op::GuardIndex | Op::GuardRange(_) => self.copy(instr.args[0], end),
            op => {
                let op = match op {
                    Op::IntAdd(_) => Op::IntAdd(Overflow::Checked),
                    Op::IntSub(_) => Op::IntSub(Overflow::Checked),
                    Op::IntMul(_) => Op::IntMul(Overflow::Checked),
                    Op::IntNeg(_) => Op::IntNeg(Overflow::Checked),
                    Op::IntShl(_) => Op::IntShl(Overflow::Checked),
                    other => other,
                };
                let args: Vec<ValueId> =
                    instr.args.iter().map(|&arg| self.copy(arg, end)).collect();
                self.int(op, &args)
            }
        };
        self.copies.insert((value, end), copy);
        copy
    }

    fn check(&mut self, index: ValueId, length: ValueId) {
        if self.checked.contains(&(index, length)) {
            return;
        }
        self.checked.push((index, length));
        let first = self.copy(index, End::First);
        let last = self.copy(index, End::Last);
        let is_empty = self.is_empty();
        // Compared without sign a negative index is above every length.
        let below = |hoister: &mut Self, index: ValueId| {
            let bits = hoister.emit(Op::BitsToU64, &[index], Repr::U64);
            let length = hoister.emit(Op::BitsToU64, &[length], Repr::U64);
            hoister.emit(Op::U64Cmp(Cond::Lt), &[bits, length], Repr::Bool)
        };
        let (first, last) = (below(self, first), below(self, last));
        let fine = if self.shape.tests_in_header {
            let both = self.emit(Op::BoolAnd, &[first, last], Repr::Bool);
            self.emit(Op::BoolOr, &[is_empty, both], Repr::Bool)
        } else {
            // The first iteration runs in any case.
            let last = self.emit(Op::BoolOr, &[is_empty, last], Repr::Bool);
            self.emit(Op::BoolAnd, &[first, last], Repr::Bool)
        };
        let guard = Op::GuardTrue(ExitReason::IndexRange);
        let id = self.function.add_instr(guard, &[fine], None, self.origin);
        self.function.instr_mut(id).exit = Some(self.shape.state);
        self.output.push(id);
    }

    /// The checks at both ends hold for everything between: no step of the computation overflows.
    fn trust(&mut self, index: ValueId, length: ValueId) {
        let high = self
            .function
            .value(length)
            .range
            .high
            .saturating_sub(1)
            .max(0);
        self.trust_steps(index);
        if let Some(id) = self.function.defining_instr(index)
            && self
                .shape
                .is_in_body(self.shape.homes.get(id.index()).copied().flatten())
            && index != self.shape.index
        {
            let value = self.function.value_mut(index);
            let bounds = IntRange { low: 0, high };
            value.range = value.range.intersection(bounds).unwrap_or(value.range);
        }
    }

    fn trust_steps(&mut self, value: ValueId) {
        if value == self.shape.index || self.shape.is_invariant(self.function, value) {
            return;
        }
        let Some(id) = self.function.defining_instr(value) else {
            return;
        };
        let instr = self.function.instr_mut(id);
        let op = match instr.op {
            Op::IntAdd(_) => Op::IntAdd(Overflow::Never),
            Op::IntSub(_) => Op::IntSub(Overflow::Never),
            Op::IntMul(_) => Op::IntMul(Overflow::Never),
            Op::IntNeg(_) => Op::IntNeg(Overflow::Never),
            Op::IntShl(_) => Op::IntShl(Overflow::Never),
            Op::GuardIndex | Op::GuardRange(_) => instr.op,
            _ => return,
        };
        if op != instr.op {
            instr.op = op;
            instr.exit = None;
        }
        for arg in instr.args.clone() {
            self.trust_steps(arg);
        }
    }
}
