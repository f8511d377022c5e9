//! Bools, identity, and selection.

use crate::hir::attributes::Cond;
use crate::hir::{Function, InstrId, Op, Repr, ValueId};
use crate::passes::edit::{Verdict, as_bool, become_bool, become_op};

pub fn simplify(function: &mut Function, id: InstrId, _before: &mut Vec<InstrId>) -> Verdict {
    let instr = function.instr(id);
    match (instr.op, instr.args.as_slice()) {
        (Op::BoolNot, &[a]) => not(function, id, a),
        (op @ (Op::BoolAnd | Op::BoolOr | Op::BoolXor), &[a, b]) => binary(function, id, op, a, b),
        (Op::IsSame, &[a, b]) => {
            if function.object_behind(a) == function.object_behind(b) {
                return become_bool(function, id, true);
            }
            let common = function.value(a).ty.intersection(function.value(b).ty);
            if common.is_empty() {
                return become_bool(function, id, false);
            }
            Verdict::Keep
        }
        (Op::Select, &[condition, a, b]) => select(function, id, condition, a, b),
        (Op::GuardTrue(_), &[a]) if as_bool(function, a) == Some(true) => Verdict::Remove,
        (Op::GuardFalse(_), &[a]) if as_bool(function, a) == Some(false) => Verdict::Remove,
        (Op::GuardTrue(reason), &[a]) => opposite_guard(function, id, a, Op::GuardFalse(reason)),
        (Op::GuardFalse(reason), &[a]) => opposite_guard(function, id, a, Op::GuardTrue(reason)),
        _ => Verdict::Keep,
    }
}

/// A guard on `not c` is the other guard on `c`.
fn opposite_guard(function: &mut Function, id: InstrId, a: ValueId, opposite: Op) -> Verdict {
    match function.defining_instr(a).map(|id| function.instr(id)) {
        Some(inner) if inner.op == Op::BoolNot => {
            let condition = inner.args[0];
            become_op(function, id, opposite, &[condition])
        }
        _ => Verdict::Keep,
    }
}

fn not(function: &mut Function, id: InstrId, a: ValueId) -> Verdict {
    if let Some(value) = as_bool(function, a) {
        return become_bool(function, id, !value);
    }
    let Some(inner) = function.defining_instr(a).map(|id| function.instr(id)) else {
        return Verdict::Keep;
    };
    let args = inner.args.clone();
    let op = match inner.op {
        Op::BoolNot => return Verdict::Replace(args[0]),
        Op::IntCmp(cond) => Op::IntCmp(cond.negated()),
        Op::U64Cmp(cond) => Op::U64Cmp(cond.negated()),
        // Right with nan, too; the orders are not.
        Op::FloatCmp(Cond::Eq) => Op::FloatCmp(Cond::Ne),
        Op::FloatCmp(Cond::Ne) => Op::FloatCmp(Cond::Eq),
        _ => return Verdict::Keep,
    };
    become_op(function, id, op, &args)
}

fn binary(function: &mut Function, id: InstrId, op: Op, a: ValueId, b: ValueId) -> Verdict {
    let (x, y) = (as_bool(function, a), as_bool(function, b));
    // One constant, and the other operand.
    let (known, other) = match (x, y) {
        (Some(x), _) => (Some(x), b),
        (_, y) => (y, a),
    };
    match (op, known) {
        (Op::BoolAnd, Some(true)) | (Op::BoolOr | Op::BoolXor, Some(false)) => {
            Verdict::Replace(other)
        }
        (Op::BoolAnd, Some(false)) => become_bool(function, id, false),
        (Op::BoolOr, Some(true)) => become_bool(function, id, true),
        (Op::BoolXor, Some(true)) => become_op(function, id, Op::BoolNot, &[other]),
        (Op::BoolXor, None) if a == b => become_bool(function, id, false),
        (_, None) if a == b => Verdict::Replace(a),
        _ => Verdict::Keep,
    }
}

fn select(
    function: &mut Function,
    id: InstrId,
    condition: ValueId,
    a: ValueId,
    b: ValueId,
) -> Verdict {
    if a == b {
        return Verdict::Replace(a);
    }
    if let Some(value) = as_bool(function, condition) {
        return Verdict::Replace(if value { a } else { b });
    }
    if function.value(a).repr == Repr::Bool {
        match (as_bool(function, a), as_bool(function, b)) {
            (Some(true), Some(false)) => return Verdict::Replace(condition),
            (Some(false), Some(true)) => return become_op(function, id, Op::BoolNot, &[condition]),
            _ => {}
        }
    }
    Verdict::Keep
}
