//! Runs two or four iterations of a small counting loop per test of its condition.
//!
//! ```text
//! preheader -> main(i): i < stop - 3 * step ? body, body, body, body -> main : loop(i)
//! loop(i): i < stop ? body -> loop : done            the loop as it was, for what is left over
//! ```
//!
//! Only innermost loops that end by their own condition in the header, without calls, with few
//! exits (each copy has its own, and exits are what makes compiling slow), and not those that are so small
//! that they wait for a float that goes round. Copies compute exactly what the
//! iterations do, in their order; the frame states of a copy name the copy's values. The eval breaker
//! is polled once per unrolled iteration.

use super::Pass;
use super::bounds_hoist::snapshot_at_end;
use super::copy::Copier;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::{LoopId, Loops};
use crate::analysis::range;
use crate::hir::attributes::{Cond, Overflow};
use crate::hir::{
    BlockId, Definition, Edge, FrameStateId, Function, IntRange, Op, Origin, Repr, Terminator,
    Type, ValueId,
};

/// Instructions of an iteration, marks and constants not counted: more gain nothing.
const LARGEST_BODY: usize = 24;
/// Up to this size four iterations, else two.
const SMALL_BODY: usize = 12;
/// Up to this size a float that goes round is what an iteration waits for.
const FLOAT_CHAIN: usize = 8;
/// Ways out of an iteration; each is there once per copy.
const MOST_EXITS: usize = 4;
/// Blocks of an iteration.
const MOST_BLOCKS: usize = 6;
/// A loop that is known to run less often stays as it is.
const FEWEST_ITERATIONS: i128 = 12;

/// See the module.
pub struct LoopUnroll;

impl Pass for LoopUnroll {
    fn name(&self) -> &'static str {
        "loop-unroll"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        let plans: Vec<Plan> = loops
            .all()
            .iter()
            .filter_map(|this| Plan::of(function, &dominators, &loops, this.header))
            .collect();
        // Innermost loops have no block in common.
        for plan in plans {
            plan.apply(function);
        }
    }
}

struct Plan {
    header: BlockId,
    preheader: BlockId,
    /// Where the preheader may leave to.
    state: Option<FrameStateId>,
    latch: BlockId,
    /// Into the body.
    inside: Edge,
    /// All blocks but the header, and cold ends that only they lead to; in layout order.
    body: Vec<BlockId>,
    /// Position of the index among the parameters.
    index: usize,
    stop: ValueId,
    step: Step,
    factor: i64,
}

/// What the index grows by.
#[derive(Clone, Copy)]
enum Step {
    Constant(i64),
    /// From outside of the loop, and positive.
    Up(ValueId),
}

impl Plan {
    fn of(
        function: &Function,
        dominators: &Dominators,
        loops: &Loops,
        header: BlockId,
    ) -> Option<Plan> {
        let id = loops.with_header(header)?;
        let this = loops.get(id);
        let is_innermost = this
            .blocks
            .iter()
            .all(|&block| loops.innermost(block) == Some(id));
        let (&[latch], preheader) = (this.latches.as_slice(), this.preheader?) else {
            return None;
        };
        if !is_innermost || latch == header || function.block(preheader).cold {
            return None;
        }
        let Terminator::Branch {
            condition,
            then,
            otherwise,
        } = &function.block(header).terminator
        else {
            return None;
        };
        let (inside, truth) = match (
            loops.contains(id, then.block),
            loops.contains(id, otherwise.block),
        ) {
            (true, false) => (then, true),
            (false, true) => (otherwise, false),
            _ => return None,
        };
        if !matches!(&function.block(latch).terminator, Terminator::Jump(_)) {
            return None;
        }
        let comparison = function.instr(function.defining_instr(*condition)?);
        let Op::IntCmp(cond) = comparison.op else {
            return None;
        };
        let cond = if truth { cond } else { cond.negated() };
        let &[counter, stop] = comparison.args.as_slice() else {
            return None;
        };
        let is_outside = |value: ValueId| is_outside(function, loops, id, value);
        let params = &function.block(header).params;
        let index = params.iter().position(|&param| param == counter)?;
        let float_goes_round = params.iter().any(|&p| function.value(p).repr == Repr::F64);
        if !is_outside(stop) {
            return None;
        }
        let step = step_of(function, latch, header, index, counter)?;
        let step = match (function.constant_i64(step.0), cond) {
            (Some(by), Cond::Lt | Cond::Gt) => {
                let step = if step.1 { by.checked_neg()? } else { by };
                let fits_cond = if cond == Cond::Lt { step > 0 } else { step < 0 };
                if !fits_cond || step.unsigned_abs() > 1 << 30 {
                    return None;
                }
                Step::Constant(step)
            }
            (None, Cond::Lt) if !step.1 && is_outside(step.0) => {
                // So small that a few of them cannot overflow.
                let range = function.value(step.0).range;
                if !range.is_within(IntRange::new(1, 1 << 60)) {
                    return None;
                }
                Step::Up(step.0)
            }
            _ => return None,
        };
        if runs_seldom(function, preheader, index, stop, step) {
            return None;
        }
        let body = body_of(function, dominators, loops, id, header)?;
        let size = size_of(function, header, &body)?;
        if float_goes_round && size <= FLOAT_CHAIN {
            return None;
        }
        Some(Plan {
            header,
            preheader,
            state: snapshot_at_end(function, preheader),
            latch,
            inside: inside.clone(),
            body,
            index,
            stop,
            step,
            factor: if size <= SMALL_BODY && !float_goes_round {
                4
            } else {
                2
            },
        })
    }

    fn apply(self, function: &mut Function) {
        let Some(limit) = self.limit(function) else {
            return;
        };
        let origin = self.origin(function);
        let main = function.add_block();
        let mut new = vec![main];
        // The first copy of the header, whose parameters are those of the new loop.
        let params = function.block(self.header).params.clone();
        let mut copier = Copier::default();
        for &param in &params {
            copier.copy_param(function, main, param);
        }
        let main_params: Vec<ValueId> = function.block(main).params.clone();
        for id in function.block(self.header).instrs.clone() {
            copier.copy_instr(function, id, main);
        }
        let cond = match self.step {
            Step::Constant(..=0) => Cond::Gt,
            _ => Cond::Lt,
        };
        let facts = Some((Type::BOOL, Repr::Bool, Repr::Bool.full_range()));
        let test = function.add_instr(
            Op::IntCmp(cond),
            &[main_params[self.index], limit],
            facts,
            origin,
        );
        function.block_mut(main).instrs.push(test);
        let condition = function.instr(test).result;
        let mut end = self.copy_body(function, &mut copier, &mut new, self.factor == 1);
        let rest = function.add_block();
        function.block_mut(rest).terminator = Terminator::Jump(Edge {
            block: self.header,
            args: main_params,
        });
        if let Some(condition) = condition {
            function.block_mut(main).terminator = Terminator::Branch {
                condition,
                then: copier.edge(&self.inside),
                otherwise: Edge {
                    block: rest,
                    args: Vec::new(),
                },
            };
        }
        for count in 1..self.factor {
            // What the last copy passes on is what this one starts from.
            let args = self.passed_on(function, &copier);
            let between = function.add_block();
            new.push(between);
            function.block_mut(end).terminator = Terminator::Jump(Edge {
                block: between,
                args: Vec::new(),
            });
            copier = Copier::default();
            copier.values.extend(params.iter().copied().zip(args));
            for id in function.block(self.header).instrs.clone() {
                copier.copy_instr(function, id, between);
            }
            end = self.copy_body(function, &mut copier, &mut new, count + 1 == self.factor);
            function.block_mut(between).terminator = Terminator::Jump(copier.edge(&self.inside));
        }
        let args = self.passed_on(function, &copier);
        function.block_mut(end).terminator = Terminator::Jump(Edge { block: main, args });
        function
            .block_mut(self.preheader)
            .terminator
            .for_each_edge_mut(|edge| edge.block = main);
        new.push(rest);
        place_before(function, self.header, &new);
    }

    /// Copies all blocks but the header; the copy of the latch is left without an end.
    fn copy_body(
        &self,
        function: &mut Function,
        copier: &mut Copier,
        new: &mut Vec<BlockId>,
        polls: bool,
    ) -> BlockId {
        for &block in &self.body {
            let copy = function.add_block();
            function.block_mut(copy).cold = function.block(block).cold;
            copier.blocks.insert(block, copy);
            new.push(copy);
            for param in function.block(block).params.clone() {
                copier.copy_param(function, copy, param);
            }
        }
        // A block comes after those that dominate it: its operands have been copied.
        for &block in &self.body {
            let copy = copier.blocks[&block];
            for id in function.block(block).instrs.clone() {
                if polls || function.instr(id).op != Op::Poll {
                    copier.copy_instr(function, id, copy);
                }
            }
        }
        for &block in &self.body {
            if block != self.latch {
                let terminator = function.block(block).terminator.clone();
                let copied = copier.terminator(function, &terminator);
                function.block_mut(copier.blocks[&block]).terminator = copied;
            }
        }
        copier.blocks[&self.latch]
    }

    fn passed_on(&self, function: &Function, copier: &Copier) -> Vec<ValueId> {
        let mut args = Vec::new();
        function.block(self.latch).terminator.for_each_edge(|edge| {
            args = edge.args.iter().map(|&arg| copier.value(arg)).collect();
        });
        args
    }

    fn origin(&self, function: &Function) -> Origin {
        let last = function.block(self.header).instrs.last();
        last.map_or(
            Origin {
                code: crate::hir::CodeId::new(0),
                offset: 0,
            },
            |&id| function.instr(id).origin,
        )
    }

    /// Below it (above it, for a negative step) all iterations of a round have their turn.
    fn limit(&self, function: &mut Function) -> Option<ValueId> {
        let origin = self.origin(function);
        let facts = |range| Some((Type::INT, Repr::I64, range));
        let value = match self.step {
            Step::Constant(step) => step * (self.factor - 1),
            Step::Up(_) => self.factor - 1,
        };
        let range = IntRange::constant(value.into());
        let id = function.add_instr(Op::ConstI64(value), &[], facts(range), origin);
        let mut new = vec![id];
        let mut distance = function.instr(id).result?;
        if let Step::Up(step) = self.step {
            let range = range::mul(function.value(step).range, range);
            let args = [step, distance];
            let id = function.add_instr(Op::IntMul(Overflow::Never), &args, facts(range), origin);
            new.push(id);
            distance = function.instr(id).result?;
        }
        let range = range::sub(
            function.value(self.stop).range,
            function.value(distance).range,
        );
        let (overflow, state) = if range.is_within(IntRange::I64) {
            (Overflow::Never, None)
        } else {
            (Overflow::Checked, Some(self.state?))
        };
        let range = range.intersection(IntRange::I64)?;
        let args = [self.stop, distance];
        let limit = function.add_instr(Op::IntSub(overflow), &args, facts(range), origin);
        function.instr_mut(limit).exit = state;
        new.push(limit);
        function.block_mut(self.preheader).instrs.extend(new);
        function.instr(limit).result
    }
}

fn is_outside(function: &Function, loops: &Loops, id: LoopId, value: ValueId) -> bool {
    let home = match function.value(value).definition {
        Definition::Param(block, _) => Some(block),
        Definition::Instr(instr) => {
            let holds = |block: &&BlockId| function.block(**block).instrs.contains(&instr);
            // Only the loop's own blocks matter.
            return !loops.get(id).blocks.iter().any(|block| holds(&block));
        }
    };
    home.is_some_and(|home| !loops.contains(id, home))
}

/// What the index grows by, or falls by (true).
fn step_of(
    function: &Function,
    latch: BlockId,
    header: BlockId,
    index: usize,
    counter: ValueId,
) -> Option<(ValueId, bool)> {
    let mut next = None;
    function.block(latch).terminator.for_each_edge(|edge| {
        if edge.block == header {
            next = edge.args.get(index).copied();
        }
    });
    let instr = function.instr(function.defining_instr(next?)?);
    match (instr.op, instr.args.as_slice()) {
        (Op::IntAdd(_), &[a, b]) if a == counter => Some((b, false)),
        (Op::IntAdd(_), &[a, b]) if b == counter => Some((a, false)),
        (Op::IntSub(_), &[a, b]) if a == counter => Some((b, true)),
        _ => None,
    }
}

/// Is it known to run only a few iterations?
fn runs_seldom(
    function: &Function,
    preheader: BlockId,
    index: usize,
    stop: ValueId,
    step: Step,
) -> bool {
    let mut first = None;
    function.block(preheader).terminator.for_each_edge(|edge| {
        first = edge.args.get(index).copied();
    });
    let Some(first) = first else { return true };
    let (first, stop) = (function.value(first).range, function.value(stop).range);
    let (distance, step) = match step {
        Step::Constant(step @ 1..) => (stop.high - first.low, step.into()),
        Step::Constant(step) => (first.high - stop.low, -i128::from(step)),
        Step::Up(step) => (stop.high - first.low, function.value(step).range.low),
    };
    distance < FEWEST_ITERATIONS * step
}

/// The blocks of an iteration, in an order in which a block follows those that dominate it; `None`
/// if the loop has another way out than its header and ways to the interpreter.
fn body_of(
    function: &Function,
    dominators: &Dominators,
    loops: &Loops,
    id: LoopId,
    header: BlockId,
) -> Option<Vec<BlockId>> {
    let mut ends: Vec<BlockId> = Vec::new();
    for &block in loops
        .get(id)
        .blocks
        .iter()
        .filter(|&&block| block != header)
    {
        for next in function.block(block).terminator.successors() {
            if loops.contains(id, next) || ends.contains(&next) {
                continue;
            }
            let leaves = matches!(function.block(next).terminator, Terminator::Exit { .. });
            let mut sources = dominators.predecessors(next);
            if !leaves || !sources.all(|from| from != header && loops.contains(id, from)) {
                return None;
            }
            ends.push(next);
        }
    }
    let is_copied =
        |block: &BlockId| *block != header && (loops.contains(id, *block) || ends.contains(block));
    let order = dominators.reverse_postorder().iter().copied();
    let body: Vec<BlockId> = order.filter(is_copied).collect();
    (body.len() <= MOST_BLOCKS).then_some(body)
}

/// Instructions that cost something; `None` if the loop is not of the right kind.
fn size_of(function: &Function, header: BlockId, body: &[BlockId]) -> Option<usize> {
    let (mut size, mut exits) = (0, 0);
    for &block in std::iter::once(&header).chain(body) {
        for &id in &function.block(block).instrs {
            let op = function.instr(id).op;
            let effects = function.effects_of(id);
            if effects.runs_python
                || effects.may_raise
                || effects.writes == crate::hir::effects::Heaps::ALL
            {
                return None;
            }
            match op {
                Op::CallRuntime(_)
                | Op::CallNative(_)
                | Op::CallObject(_)
                | Op::ListAppend
                | Op::BoxI64
                | Op::BoxU64
                | Op::BoxF64
                | Op::FloatMath(_)
                | Op::FloatPow => {
                    return None;
                }
                Op::Snapshot | Op::KeepAlive | Op::Poll => {}
                Op::ConstI64(_)
                | Op::ConstU64(_)
                | Op::ConstF64(_)
                | Op::ConstBool(_)
                | Op::ConstObject(_) => {}
                _ => {
                    size += 1;
                    exits += usize::from(effects.may_exit);
                }
            }
        }
    }
    (size <= LARGEST_BODY && exits <= MOST_EXITS).then_some(size)
}

/// Moves new blocks from the end of the layout to where they belong.
fn place_before(function: &mut Function, at: BlockId, blocks: &[BlockId]) {
    let mut layout = std::mem::take(&mut function.layout);
    layout.retain(|block| !blocks.contains(block));
    let position = layout
        .iter()
        .position(|&block| block == at)
        .unwrap_or(layout.len());
    layout.splice(position..position, blocks.iter().copied());
    function.layout = layout;
}
