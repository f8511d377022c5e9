//! Divides by what does not change in a loop with a multiplication.
//!
//! The reciprocal of the divisor is computed before the outermost loop in which the divisor is the same;
//! `int_mod_by` and `int_div_by` multiply by it and correct the result by one. Only divisions of an int that
//! is not negative by a positive one, proven before (`range-checks`): that proof may hold behind branches of
//! the loop only, so the reciprocal is defined for every divisor and just not used for a bad one.
//!
//! Runs behind everything that reasons about divisions, and before loops are copied.

use std::collections::HashMap;

use super::Pass;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::Loops;
use crate::hir::attributes::DivMode;
use crate::hir::{BlockId, Definition, Function, InstrId, Op, Repr, ValueId};

/// `invariant-division`.
pub struct InvariantDivision;

impl Pass for InvariantDivision {
    fn name(&self) -> &'static str {
        "invariant-division"
    }

    fn run(&self, function: &mut Function) {
        let mut found = Vec::new();
        for &block in &function.layout {
            let divisions = function.block(block).instrs.iter().copied();
            found.extend(
                divisions
                    .filter(|&id| is_candidate(function, id))
                    .map(|id| (block, id)),
            );
        }
        if found.is_empty() {
            return;
        }
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        let mut made: HashMap<(ValueId, BlockId), ValueId> = HashMap::new();
        for (block, id) in found {
            let divisor = function.instr(id).args[1];
            let Some(preheader) = place(function, &loops, block, divisor) else {
                continue;
            };
            let reciprocal = match made.get(&(divisor, preheader)) {
                Some(&reciprocal) => reciprocal,
                None => {
                    let facts = Some((crate::hir::Type::INT, Repr::U64, Repr::U64.full_range()));
                    let origin = function.instr(id).origin;
                    let new = function.add_instr(Op::Reciprocal, &[divisor], facts, origin);
                    function.block_mut(preheader).instrs.push(new);
                    let Some(reciprocal) = function.instr(new).result else {
                        continue;
                    };
                    made.insert((divisor, preheader), reciprocal);
                    reciprocal
                }
            };
            let instr = function.instr_mut(id);
            instr.op = match instr.op {
                Op::IntMod(_) => Op::IntModBy,
                _ => Op::IntDivBy,
            };
            instr.args.push(reciprocal);
            instr.exit = None;
        }
    }
}

/// A division of non-negative by positive that is not by a constant.
fn is_candidate(function: &Function, id: InstrId) -> bool {
    let instr = function.instr(id);
    let (Op::IntMod(mode) | Op::IntFloorDiv(mode)) = instr.op else {
        return false;
    };
    let [a, b] = [instr.args[0], instr.args[1]];
    let positive = function.value(a).range.low >= 0 && function.value(b).range.low > 0;
    let constant = |value| function.constant_i64(value).is_some();
    (mode == DivMode::Positive || (positive && mode == DivMode::Safe))
        && !constant(a)
        && !constant(b)
}

/// The preheader of the outermost loop around the block in which the divisor does not change.
fn place(function: &Function, loops: &Loops, block: BlockId, divisor: ValueId) -> Option<BlockId> {
    let home = match function.value(divisor).definition {
        Definition::Param(block, _) => Some(block),
        Definition::Instr(instr) => function
            .layout
            .iter()
            .copied()
            .find(|&block| function.block(block).instrs.contains(&instr)),
    }?;
    let mut found = None;
    let mut at = block;
    while let Some(id) = loops.innermost(at) {
        let Some(preheader) = loops.get(id).preheader else {
            break;
        };
        if loops.contains(id, home) || function.block(preheader).cold {
            break;
        }
        found = Some(preheader);
        at = preheader;
    }
    found
}
