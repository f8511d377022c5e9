//! Conversions between number representations that cannot fail here, or undo each other.

use crate::hir::attributes::FloatBits;
use crate::hir::{Function, InstrId, IntRange, Op};
use crate::passes::edit::{Verdict, as_bool, as_float, as_int, become_int, become_op};

/// Ints a float holds exactly.
const EXACT: IntRange = IntRange {
    low: -(1 << 53),
    high: 1 << 53,
};

pub fn simplify(function: &mut Function, id: InstrId, _before: &mut Vec<InstrId>) -> Verdict {
    let instr = function.instr(id);
    let [a] = *instr.args.as_slice() else {
        return Verdict::Keep;
    };
    let op = instr.op;
    let range = function.value(a).range;
    if let Some(value) = as_int(function, a) {
        return fold(function, id, op, value);
    }
    if let Op::BoolToI64 = op
        && let Some(value) = as_bool(function, a)
    {
        return become_int(function, id, value.into());
    }
    if let Op::F64ToI64 = op
        && let Some(value) = as_float(function, a)
        && value.abs() < 9e18
    {
        return become_int(function, id, value as i128);
    }
    let inner = function.defining_instr(a).map(|id| function.instr(id));
    let inner = inner.and_then(|instr| Some((instr.op, *instr.args.first()?)));
    match (op, inner) {
        (Op::BitsToI64 | Op::U64ToI64, Some((Op::BitsToU64 | Op::I64ToU64, value))) => {
            // `u64_to_i64` of a negative int modulo 2**64 leaves instead.
            let exact = op == Op::BitsToI64 || function.value(value).range.low >= 0;
            if exact {
                Verdict::Replace(value)
            } else {
                Verdict::Keep
            }
        }
        (Op::BitsToU64, Some((Op::BitsToI64 | Op::U64ToI64, value))) => Verdict::Replace(value),
        (Op::F64ToI64, Some((Op::I64ToF64 | Op::I64ToF64Exact, value)))
            if function.value(value).range.is_within(EXACT) =>
        {
            Verdict::Replace(value)
        }
        (Op::I64ToU64, _) if range.low >= 0 => become_op(function, id, Op::BitsToU64, &[a]),
        (Op::U64ToI64, _) if range.is_within(IntRange::I64) => {
            become_op(function, id, Op::BitsToI64, &[a])
        }
        (Op::I64ToF64Exact, _) if range.is_within(EXACT) => {
            become_op(function, id, Op::I64ToF64, &[a])
        }
        _ => Verdict::Keep,
    }
}

fn fold(function: &mut Function, id: InstrId, op: Op, value: i128) -> Verdict {
    match op {
        // Rounds to nearest, ties to even, as `float(i)` does.
        Op::I64ToF64 | Op::U64ToF64 => {
            let bits = FloatBits::from(value as f64);
            become_op(function, id, Op::ConstF64(bits), &[])
        }
        Op::I64ToF64Exact if IntRange::constant(value).is_within(EXACT) => {
            let bits = FloatBits::from(value as f64);
            become_op(function, id, Op::ConstF64(bits), &[])
        }
        Op::BitsToU64 => become_int(function, id, value & u64::MAX as i128),
        Op::BitsToI64 => become_int(function, id, (value as u64 as i64).into()),
        // These leave when it does not fit, and then stay what they are.
        Op::I64ToU64 | Op::U64ToI64 => become_int(function, id, value),
        _ => Verdict::Keep,
    }
}
