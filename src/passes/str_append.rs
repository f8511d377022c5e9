//! Strings that grow: a concatenation whose left operand dies at it takes that operand over.
//!
//! Before: reference counts are explicit (`ownership` ran). After: `str_concat a, b` directly followed
//! by `decref_plain a` is `str_append a, b`, which uses up the reference instead and may grow `a` in
//! place. The interpreter does the same for `s += t`, and without it a loop of appends copies the
//! whole string each time.
//!
//! Right because the drop stands at the last use: no later instruction or frame state has `a`, and if
//! somebody else has a reference, the helper sees that the count is not 1 and copies. A raising
//! `str_append` has not used the reference up: its throw state is as before.

use super::Pass;
use crate::abi::helpers::HelperId;
use crate::hir::{Function, InstrId, Op};

/// `str-append`.
pub struct StrAppend;

impl Pass for StrAppend {
    fn name(&self) -> &'static str {
        "str-append"
    }

    fn run(&self, function: &mut Function) {
        for index in 0..function.layout.len() {
            let block = function.layout[index];
            let mut drops = Vec::new();
            let instrs = &function.block(block).instrs;
            for (place, &instr) in instrs.iter().enumerate() {
                if let Some(drop) = drop_of_left(function, instr, &instrs[place + 1..]) {
                    drops.push((instr, drop));
                }
            }
            for (concat, drop) in drops {
                function.instr_mut(concat).op = Op::CallRuntime(HelperId::StrAppend);
                function
                    .block_mut(block)
                    .instrs
                    .retain(|&instr| instr != drop);
            }
        }
    }
}

/// The instruction among the drops right behind a concatenation that drops its left operand.
fn drop_of_left(function: &Function, concat: InstrId, behind: &[InstrId]) -> Option<InstrId> {
    let instr = function.instr(concat);
    if instr.op != Op::CallRuntime(HelperId::StrConcat) {
        return None;
    }
    let [left, right] = [instr.args[0], instr.args[1]].map(|arg| function.object_behind(arg));
    let mut drops = behind
        .iter()
        .copied()
        .take_while(|&id| function.instr(id).op == Op::DecrefPlain);
    let drop = drops.find(|&id| function.object_behind(function.instr(id).args[0]) == left);
    drop.filter(|_| left != right)
}
