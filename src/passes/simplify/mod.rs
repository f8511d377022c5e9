//! Local rewriting: constants fold, identities vanish, operations become cheaper ones.
//!
//! A rule looks at one instruction, its operands' definitions and their ranges; it never makes code
//! worse, never changes a representation, and is exact in Python's sense. What would leave for the
//! interpreter is not folded: it must go on leaving. Not here: what needs to know the instructions
//! around (`gvn`), the branches above (`guard_elim`), or the loop (`licm`).
//!
//! One walk does: operands are simplified before what uses them. Branches on constants are
//! `clean_cfg`'s.

mod bools;
mod conversions;
mod floats;
mod ints;

use super::Pass;
use super::edit::{Rules, Verdict, rewrite};
use crate::analysis::dominators::Dominators;
use crate::hir::{BlockId, Function, InstrId, Op, Terminator};

/// `simplify`.
pub struct Simplify;

impl Pass for Simplify {
    fn name(&self) -> &'static str {
        "simplify"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        rewrite(function, &dominators, &mut Local);
    }
}

struct Local;

impl Rules for Local {
    fn instr(
        &mut self,
        function: &mut Function,
        id: InstrId,
        before: &mut Vec<InstrId>,
    ) -> Verdict {
        let rules = [
            ints::simplify,
            floats::simplify,
            bools::simplify,
            conversions::simplify,
        ];
        for rule in rules {
            // A rule may make the instruction another one, which has rules of its own.
            let verdict = rule(function, id, before);
            if verdict != Verdict::Keep {
                return verdict;
            }
        }
        Verdict::Keep
    }

    fn leave(&mut self, function: &mut Function, block: BlockId) {
        // `branch not c, a, b` is `branch c, b, a`.
        let Terminator::Branch { condition, .. } = &function.block(block).terminator else {
            return;
        };
        let Some(id) = function.defining_instr(*condition) else {
            return;
        };
        let instr = function.instr(id);
        if instr.op == Op::BoolNot {
            let inner = instr.args[0];
            if let Terminator::Branch {
                condition,
                then,
                otherwise,
            } = &mut function.block_mut(block).terminator
            {
                *condition = inner;
                std::mem::swap(then, otherwise);
            }
        }
    }
}
