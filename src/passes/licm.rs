//! Moves what does not change out of loops: arithmetic, loads, and the guards they stand on.
//!
//! Innermost loops first; what arrives in a preheader belongs to the loop around it and moves on.
//!
//! * An instruction moves if its operands are defined outside, nothing in the loop writes a heap it
//!   reads, and it makes no new object.
//! * One that may leave moves only from a block that every full iteration passes (it dominates the
//!   latches), and then leaves to the state of the preheader's `snapshot`: the interpreter runs the
//!   loop from its start. Nothing may write behind that snapshot. `poll` stays.
//! * One that is only safe because of the branches around it (an item load whose index they check, a
//!   division whose divisor they test) moves only if what makes it safe is among its operands, or from
//!   the header, which runs whenever the preheader does.
//! * A range found for such a value may hold behind those branches only: it is computed anew.
//! * Rarely run blocks give nothing away: it would cost a register in the hot ones.

use smallvec::SmallVec;

use super::Pass;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::{Loop, LoopId, Loops};
use crate::analysis::memory::block_writes;
use crate::analysis::range;
use crate::hir::attributes::DivMode;
use crate::hir::effects::Heaps;
use crate::hir::result_facts::result_facts;
use crate::hir::{
    BlockId, Definition, FrameStateId, Function, InstrId, IntRange, Op, Repr, Terminator, ValueId,
};

/// `licm`.
pub struct Licm;

impl Pass for Licm {
    fn name(&self) -> &'static str {
        "licm"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        if loops.all().is_empty() {
            return;
        }
        let mut motion = Motion::new(function, &dominators, &loops);
        // In order: inner loops come before those around them.
        for (index, data) in loops.all().iter().enumerate() {
            motion.hoist_out_of(function, LoopId::new(index), data);
        }
    }
}

struct Motion<'a> {
    dominators: &'a Dominators,
    loops: &'a Loops,
    /// Where each instruction stands now.
    home: Vec<BlockId>,
    /// What each block writes.
    writes: Vec<Heaps>,
}

/// Where instructions go to.
struct Target {
    preheader: BlockId,
    /// Where guards leave to, if they may be hoisted.
    state: Option<FrameStateId>,
}

impl<'a> Motion<'a> {
    fn new(function: &Function, dominators: &'a Dominators, loops: &'a Loops) -> Motion<'a> {
        let mut home = vec![function.entry; function.instrs.len()];
        let mut writes = vec![Heaps::NONE; function.blocks.len()];
        for &block in dominators.reverse_postorder() {
            writes[block.index()] = block_writes(function, block);
            for &instr in &function.block(block).instrs {
                home[instr.index()] = block;
            }
        }
        Motion {
            dominators,
            loops,
            home,
            writes,
        }
    }

    fn hoist_out_of(&mut self, function: &mut Function, id: LoopId, data: &Loop) {
        let Some(preheader) = data.preheader else {
            return;
        };
        let target = Target {
            preheader,
            state: preheader_state(function, preheader),
        };
        let writes = data.blocks.iter().map(|block| self.writes[block.index()]);
        let writes = writes.fold(Heaps::NONE, Heaps::union);
        // What varies in an inner loop varies here; what did not is in its preheader by now.
        let mut blocks: Vec<BlockId> = data.blocks.clone();
        blocks.retain(|&block| self.loops.innermost(block) == Some(id));
        blocks.sort_unstable_by_key(|&block| self.dominators.position(block));
        for block in blocks {
            if function.block(block).cold {
                continue;
            }
            let place = Place {
                id,
                writes,
                is_header: block == data.header,
                every_iteration: data
                    .latches
                    .iter()
                    .all(|&latch| self.dominators.dominates(block, latch)),
            };
            let instrs = std::mem::take(&mut function.block_mut(block).instrs);
            let (moved, kept): (Vec<_>, Vec<_>) = instrs.into_iter().partition(|&instr| {
                let moves = self.may_move(function, instr, &place, &target);
                if moves {
                    self.home[instr.index()] = preheader;
                }
                moves
            });
            function.block_mut(block).instrs = kept;
            for instr in moved {
                if function.instr(instr).exit.is_some() {
                    function.instr_mut(instr).exit = target.state;
                }
                if !(place.is_header && target.state.is_some()) {
                    forget_conditions(function, instr);
                }
                function.block_mut(target.preheader).instrs.push(instr);
            }
        }
    }

    fn may_move(&self, function: &Function, id: InstrId, place: &Place, target: &Target) -> bool {
        let instr = function.instr(id);
        let effects = function.effects_of(id);
        if effects.may_raise
            || effects.runs_python
            || !effects.writes.is_empty()
            || effects.reads.overlaps(place.writes)
            || !is_movable(instr.op)
            || !instr
                .args
                .iter()
                .all(|&value| self.is_outside(function, value, place.id))
        {
            return false;
        }
        if effects.may_exit && (target.state.is_none() || !place.every_iteration) {
            return false;
        }
        // In the header only guards stand before it, and they move with it if there is a state.
        place.is_header && target.state.is_some() || is_safe_anywhere(function, id)
    }

    fn is_outside(&self, function: &Function, value: ValueId, id: LoopId) -> bool {
        let block = match function.value(value).definition {
            Definition::Instr(instr) => self.home[instr.index()],
            Definition::Param(block, _) => block,
        };
        !self.loops.contains(id, block)
    }
}

/// What is known of the block an instruction stands in.
struct Place {
    id: LoopId,
    /// Heaps the loop writes.
    writes: Heaps,
    is_header: bool,
    every_iteration: bool,
}

/// The bounds of the instruction's result that follow from its operands alone.
fn forget_conditions(function: &mut Function, id: InstrId) {
    let instr = function.instr(id);
    let Some(result) = instr.result else { return };
    let bounds: SmallVec<[IntRange; 2]> = instr
        .args
        .iter()
        .map(|&value| function.value(value).range)
        .collect();
    let exact = match (instr.op, bounds.as_slice()) {
        (Op::IntAdd(_), &[a, b]) => Some(range::add(a, b)),
        (Op::IntSub(_), &[a, b]) => Some(range::sub(a, b)),
        (Op::IntMul(_), &[a, b]) => Some(range::mul(a, b)),
        (Op::IntAnd | Op::U64And, &[a, b]) => Some(range::and(a, b)),
        (Op::IntOr | Op::U64Or, &[a, b]) => Some(range::or(a, b)),
        (Op::IntXor | Op::U64Xor, &[a, b]) => Some(range::xor(a, b)),
        (Op::IntShr(_) | Op::U64Shr, &[a, b]) => range::shr(a, b),
        (Op::IntShl(_), &[a, b]) => range::shl(a, b),
        (Op::GuardIndex, &[a, b]) => a.intersection(IntRange {
            low: 0,
            high: b.high - 1,
        }),
        (Op::GuardRange(wanted), &[a]) => a.intersection(wanted),
        (Op::IntNeg(_), &[a]) => Some(range::neg(a)),
        (Op::IntNot, &[a]) => Some(range::not(a)),
        (Op::NormalizeIndex, &[a, b]) => Some(range::normalize_index(a, b)),
        (Op::Select, &[_, a, b]) => Some(a.union(b)),
        _ => None,
    };
    let Some(facts) = result_facts(&instr.op, function) else {
        return;
    };
    // An op of many representations says nothing of this one's bounds.
    let full = function.value(result).repr.full_range();
    let known = facts.range.intersection(full).unwrap_or(full);
    // What does not fit leaves, or wraps where nobody uses it.
    let fits = exact.filter(|exact| exact.is_within(known));
    function.value_mut(result).range = fits.unwrap_or(known);
}

/// The state of the last snapshot, if nothing is written behind it.
fn preheader_state(function: &Function, block: BlockId) -> Option<FrameStateId> {
    let data = function.block(block);
    if !matches!(data.terminator, Terminator::Jump(_)) {
        return None;
    }
    for &id in data.instrs.iter().rev() {
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

/// A value, not an event or a new object.
fn is_movable(op: Op) -> bool {
    match op {
        Op::Poll
        | Op::GuardFrameUnseen
        | Op::Snapshot
        | Op::KeepAlive
        | Op::Incref
        | Op::Decref
        | Op::DecrefPlain
        | Op::BoxI64
        | Op::BoxU64
        | Op::BoxF64 => false,
        Op::CallRuntime(helper) => helper.info().result.is_some_and(|repr| repr != Repr::Boxed),
        _ => true,
    }
}

/// It may run wherever its operands exist: no branch around it has to hold. Types need not be looked
/// at, since a guarded type is a fact about the guard's result.
fn is_safe_anywhere(function: &Function, id: InstrId) -> bool {
    let instr = function.instr(id);
    match instr.op {
        Op::LoadList | Op::LoadByteArray | Op::LoadArray(_) | Op::LoadFixed(_) => {
            // The index must carry its own proof.
            function.defining_op(instr.args[2]) == Some(Op::GuardIndex)
        }
        Op::LoadChar => function.defining_op(instr.args[1]) == Some(Op::GuardIndex),
        Op::IntFloorDiv(DivMode::Safe | DivMode::Positive)
        | Op::IntMod(DivMode::Safe | DivMode::Positive) => {
            // Neither division by zero nor the one quotient that overflows.
            let divisor = function.value(instr.args[1]).range;
            divisor.low > 0 || divisor.high < -1
        }
        _ => true,
    }
}
