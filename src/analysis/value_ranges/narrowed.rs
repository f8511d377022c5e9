//! Block parameters whose bounds may come from a check that goes when nobody needs its result.
//!
//! `unbox_int[compact]` leaves for a wide int, so what it gives is narrow. But the op is removable: if a comparison is
//! folded because of those bounds, nothing keeps the check. Within a block `Scope::note_taint` sees that; here it is
//! followed through the edges. Checks of the 64 bits do not count: bounds as large as those decide nothing (`Scope::certain`).

use crate::hir::{Function, Instr, Op, Repr, ValueId};

/// By value; only parameters are marked.
pub(super) fn params(function: &Function) -> Vec<bool> {
    let mut narrowed = vec![false; function.values.len()];
    let mut params = vec![false; function.values.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &function.layout {
            let block = function.block(block);
            for &id in &block.instrs {
                let instr = function.instr(id);
                if let Some(result) = instr.result
                    && !narrowed[result.index()]
                    && is_int(function, result)
                    && (is_source(instr) || instr.args.iter().any(|arg| narrowed[arg.index()]))
                {
                    narrowed[result.index()] = true;
                    changed = true;
                }
            }
            block.terminator.for_each_edge(|edge| {
                let targets = &function.block(edge.block).params;
                for (&param, arg) in targets.iter().zip(&edge.args) {
                    if narrowed[arg.index()] && !narrowed[param.index()] && is_int(function, param)
                    {
                        narrowed[param.index()] = true;
                        params[param.index()] = true;
                        changed = true;
                    }
                }
            });
        }
    }
    params
}

fn is_int(function: &Function, value: ValueId) -> bool {
    matches!(
        function.value(value).repr,
        Repr::I64 | Repr::U64 | Repr::Bool
    )
}

fn is_source(instr: &Instr) -> bool {
    matches!(
        instr.op,
        Op::UnboxInt(_) | Op::UnboxU64 | Op::F64ToI64 | Op::IntPow | Op::U64ToI64 | Op::I64ToU64
    )
}
