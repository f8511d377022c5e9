//! Ints of both representations: folding, identities, powers of two.

use crate::analysis::range;
use crate::hir::attributes::{Cond, DivMode, Overflow};
use crate::hir::{Function, InstrId, IntRange, Op, Repr, ValueId};
use crate::passes::edit::{Verdict, as_int, become_bool, become_int, become_op, new_int};

const MASK: i128 = u64::MAX as i128;

pub fn simplify(function: &mut Function, id: InstrId, before: &mut Vec<InstrId>) -> Verdict {
    let instr = function.instr(id);
    let op = instr.op;
    match *instr.args.as_slice() {
        [a, b] => match op {
            Op::IntCmp(cond) | Op::U64Cmp(cond) => compare(function, id, op, cond, a, b),
            _ => binary(function, id, before, op, a, b),
        },
        [a] => unary(function, id, op, a),
        _ => Verdict::Keep,
    }
}

fn unary(function: &mut Function, id: InstrId, op: Op, a: ValueId) -> Verdict {
    let constant = as_int(function, a);
    let below = function.defining_instr(a).map(|id| function.instr(id));
    let inner = below.map(|instr| (instr.op, instr.args.first().copied()));
    let range = function.value(a).range;
    match (op, constant) {
        (Op::IntNeg(_), Some(a)) if fits(-a) => become_int(function, id, -a),
        (Op::IntAbs(_), Some(a)) if fits(a.abs()) => become_int(function, id, a.abs()),
        (Op::IntNot, Some(a)) => become_int(function, id, !a),
        (Op::IntNeg(_), None) => match inner {
            Some((Op::IntNeg(_), Some(value))) => Verdict::Replace(value),
            _ => Verdict::Keep,
        },
        (Op::IntNot, None) => match inner {
            Some((Op::IntNot, Some(value))) => Verdict::Replace(value),
            _ => Verdict::Keep,
        },
        (Op::IntAbs(_), None) if range.low >= 0 => Verdict::Replace(a),
        (Op::GuardRange(wanted), _) if range.is_within(wanted) => Verdict::Replace(a),
        _ => Verdict::Keep,
    }
}

fn binary(
    function: &mut Function,
    id: InstrId,
    before: &mut Vec<InstrId>,
    op: Op,
    a: ValueId,
    b: ValueId,
) -> Verdict {
    let constants = (as_int(function, a), as_int(function, b));
    if let (Some(x), Some(y)) = constants
        && let Some(value) = fold(op, x, y)
    {
        return become_int(function, id, value);
    }
    // The constant of a commutative op on the right.
    let (a, b, known) = match constants {
        (Some(x), None) if is_commutative(op) => (b, a, Some(x)),
        (_, known) => (a, b, known),
    };
    if function.instr(id).args[0] != a {
        function.instr_mut(id).args.swap(0, 1);
    }
    let origin = function.instr(id).origin;
    let range = function.value(a).range;
    match (op, known) {
        (
            Op::IntAdd(_)
            | Op::IntSub(_)
            | Op::IntOr
            | Op::IntXor
            | Op::IntShl(_)
            | Op::IntShr(_)
            | Op::U64Add
            | Op::U64Sub
            | Op::U64Or
            | Op::U64Xor
            | Op::U64Shl
            | Op::U64Shr,
            Some(0),
        ) => Verdict::Replace(a),
        (Op::IntMul(_) | Op::IntFloorDiv(_) | Op::U64Mul | Op::U64Div, Some(1)) => {
            Verdict::Replace(a)
        }
        (Op::IntMul(_) | Op::IntAnd | Op::U64Mul | Op::U64And, Some(0)) => {
            become_int(function, id, 0)
        }
        (Op::IntMul(overflow), Some(-1)) => become_op(function, id, Op::IntNeg(overflow), &[a]),
        (Op::IntMod(_) | Op::U64Mod, Some(1)) => become_int(function, id, 0),
        (Op::IntAnd, Some(-1)) | (Op::U64And, Some(MASK)) => Verdict::Replace(a),
        (Op::IntOr, Some(-1)) => become_int(function, id, -1),
        // A mask that covers every possible value.
        (Op::IntAnd | Op::U64And, Some(mask))
            if mask > 0 && mask & (mask + 1) == 0 && range.is_within(IntRange::new(0, mask)) =>
        {
            Verdict::Replace(a)
        }
        // Floor division and its remainder by a power of two are a shift and a mask, for negative
        // dividends too.
        (Op::IntMod(_), Some(divisor)) if is_power_of_two(divisor) => {
            let mask = new_int(function, before, origin, (divisor - 1) as i64);
            become_op(function, id, Op::IntAnd, &[a, mask])
        }
        (Op::IntFloorDiv(_), Some(divisor)) if is_power_of_two(divisor) => {
            let count = new_int(function, before, origin, divisor.trailing_zeros().into());
            become_op(function, id, Op::IntShr(Overflow::Never), &[a, count])
        }
        (Op::IntFloorDiv(DivMode::Checked), Some(divisor)) => {
            // Only -1 can leave 64 bits.
            if divisor == 0 || divisor == -1 {
                return Verdict::Keep;
            }
            let mode = safest(divisor, range);
            become_op(function, id, Op::IntFloorDiv(mode), &[a, b])
        }
        (Op::IntMod(DivMode::Checked), Some(divisor)) if divisor != 0 && divisor != -1 => {
            let mode = safest(divisor, range);
            become_op(function, id, Op::IntMod(mode), &[a, b])
        }
        (Op::IntShr(Overflow::Checked), Some(0..64)) => {
            become_op(function, id, Op::IntShr(Overflow::Never), &[a, b])
        }
        (Op::IntPow, Some(0)) => become_int(function, id, 1),
        (Op::IntPow, Some(1)) => Verdict::Replace(a),
        (Op::IntPow, Some(2)) => {
            let square = range::mul(range, range);
            let overflow = if square.is_within(IntRange::I64) {
                Overflow::Never
            } else {
                Overflow::Checked
            };
            become_op(function, id, Op::IntMul(overflow), &[a, a])
        }
        (Op::NormalizeIndex, _) if range.low >= 0 => Verdict::Replace(a),
        (Op::NormalizeIndex, _) if range.high < 0 => {
            become_op(function, id, Op::IntAdd(Overflow::Never), &[a, b])
        }
        (Op::IntSub(_) | Op::IntXor | Op::U64Sub | Op::U64Xor, None) if a == b => {
            become_int(function, id, 0)
        }
        (Op::IntAnd | Op::IntOr | Op::U64And | Op::U64Or, None) if a == b => Verdict::Replace(a),
        _ => Verdict::Keep,
    }
}

fn safest(divisor: i128, dividend: IntRange) -> DivMode {
    if divisor > 0 && dividend.low >= 0 {
        DivMode::Positive
    } else {
        DivMode::Safe
    }
}

fn compare(
    function: &mut Function,
    id: InstrId,
    op: Op,
    cond: Cond,
    a: ValueId,
    b: ValueId,
) -> Verdict {
    if a == b {
        let outcome = matches!(cond, Cond::Eq | Cond::Le | Cond::Ge);
        return become_bool(function, id, outcome);
    }
    let outcome = range::decide(cond, settled_range(function, a), settled_range(function, b));
    if let Some(outcome) = outcome {
        return become_bool(function, id, outcome);
    }
    if as_int(function, a).is_some() && as_int(function, b).is_none() {
        let swapped = match op {
            Op::U64Cmp(_) => Op::U64Cmp(cond.swapped()),
            _ => Op::IntCmp(cond.swapped()),
        };
        return become_op(function, id, swapped, &[b, a]);
    }
    // An int made of a bool, compared with 0 or 1, is the bool.
    if let (Some(inner), Some(constant)) = (function.defining_instr(a), as_int(function, b))
        && function.instr(inner).op == Op::BoolToI64
    {
        let truth = function.instr(inner).args[0];
        return match (cond, constant) {
            (Cond::Ne, 0) | (Cond::Eq, 1) => Verdict::Replace(truth),
            (Cond::Eq, 0) | (Cond::Ne, 1) => become_op(function, id, Op::BoolNot, &[truth]),
            _ => Verdict::Keep,
        };
    }
    Verdict::Keep
}

/// What of the range holds even if the comparison was its only use, so that the ops below go and no
/// longer leave. A conversion owes them all of its range, and so does what is computed from ints (the
/// pass `range-checks` follows those further); a block parameter the ends of the representation.
fn settled_range(function: &Function, value: ValueId) -> IntRange {
    const FAR: i128 = 1 << 100;
    let row = function.value(value);
    if let Some(id) = function.defining_instr(value) {
        let instr = function.instr(id);
        let of_ints = |arg: &ValueId| matches!(function.value(*arg).repr, Repr::I64 | Repr::U64);
        let settled = match instr.op {
            Op::GuardRange(_) | Op::GuardIndex => true,
            Op::UnboxInt(_) | Op::UnboxU64 => false,
            _ => !instr.args.iter().any(of_ints),
        };
        return match settled {
            true => row.range,
            false => IntRange {
                low: -FAR,
                high: FAR,
            },
        };
    }
    let full = row.repr.full_range();
    IntRange {
        low: if row.range.low <= full.low {
            -FAR
        } else {
            row.range.low
        },
        high: if row.range.high >= full.high {
            FAR
        } else {
            row.range.high
        },
    }
}

fn is_commutative(op: Op) -> bool {
    matches!(
        op,
        Op::IntAdd(_)
            | Op::IntMul(_)
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::U64Add
            | Op::U64Mul
            | Op::U64And
            | Op::U64Or
            | Op::U64Xor
    )
}

fn is_power_of_two(value: i128) -> bool {
    value > 0 && value & (value - 1) == 0 && fits(value)
}

fn fits(value: i128) -> bool {
    i64::try_from(value).is_ok()
}

/// The exact result, if the op gives one without leaving.
fn fold(op: Op, x: i128, y: i128) -> Option<i128> {
    let signed = |value: i128| fits(value).then_some(value);
    match op {
        Op::IntAdd(_) => signed(x + y),
        Op::IntSub(_) => signed(x - y),
        Op::IntMul(_) => signed(x * y),
        Op::IntFloorDiv(_) if y != 0 => signed(floor_div(x, y)),
        Op::IntMod(_) if y != 0 => signed(x - y * floor_div(x, y)),
        Op::IntAnd | Op::U64And => Some(x & y),
        Op::IntOr | Op::U64Or => Some(x | y),
        Op::IntXor | Op::U64Xor => Some(x ^ y),
        Op::IntShl(_) if (0..64).contains(&y) => signed(x << y),
        Op::IntShr(_) if y >= 0 => Some(x >> y.min(63)),
        Op::IntPow if (0..64).contains(&y) => x.checked_pow(y as u32).and_then(signed),
        Op::U64Add => Some((x + y) & MASK),
        Op::U64Sub => Some(x.wrapping_sub(y) & MASK),
        Op::U64Mul => Some(((x as u128).wrapping_mul(y as u128) & MASK as u128) as i128),
        Op::U64Shl if (0..64).contains(&y) => Some(((x as u128) << y & MASK as u128) as i128),
        Op::U64Shl if y >= 64 => Some(0),
        Op::U64Shr if y >= 0 => Some(if y < 64 { x >> y } else { 0 }),
        Op::U64Div if y != 0 => Some(x / y),
        Op::U64Mod if y != 0 => Some(x % y),
        Op::NormalizeIndex => signed(if x < 0 { x + y } else { x }),
        Op::GuardIndex if 0 <= x && x < y => Some(x),
        _ => None,
    }
}

fn floor_div(x: i128, y: i128) -> i128 {
    let quotient = x / y;
    if x % y != 0 && (x < 0) != (y < 0) {
        quotient - 1
    } else {
        quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values printed by CPython: `(7, -2, -7, 2, ...)`.
    #[test]
    fn folding_follows_python() {
        let div = Op::IntFloorDiv(DivMode::Checked);
        let modulo = Op::IntMod(DivMode::Checked);
        assert_eq!([fold(div, 7, -2), fold(div, -7, 2)], [Some(-4), Some(-4)]);
        assert_eq!(
            [fold(modulo, 7, -2), fold(modulo, -7, 2)],
            [Some(-1), Some(1)]
        );
        assert_eq!(fold(div, 1, 0), None);
        assert_eq!(fold(div, i64::MIN.into(), -1), None, "2**63 does not fit");
        assert_eq!(fold(modulo, i64::MIN.into(), -1), Some(0));
        assert_eq!(
            fold(Op::IntAdd(Overflow::Checked), i64::MAX.into(), 1),
            None
        );
        assert_eq!(fold(Op::IntShl(Overflow::Checked), 1, 63), None);
        assert_eq!(
            fold(Op::IntShl(Overflow::Checked), -1, 63),
            Some(i64::MIN.into())
        );
        assert_eq!(fold(Op::IntShl(Overflow::Checked), 1, -1), None, "raises");
        assert_eq!(fold(Op::IntShr(Overflow::Checked), -5, 100), Some(-1));
        assert_eq!(fold(Op::IntPow, -3, 3), Some(-27));
        assert_eq!(fold(Op::IntPow, 2, 63), None);
        assert_eq!(fold(Op::U64Mul, MASK, MASK), Some(1));
        assert_eq!(fold(Op::U64Sub, 0, 1), Some(MASK));
        assert_eq!(fold(Op::U64Shl, MASK, 63), Some(1 << 63));
        assert_eq!(fold(Op::U64Shl, 1, 64), Some(0));
        assert_eq!(fold(Op::NormalizeIndex, -1, 5), Some(4));
        assert_eq!(fold(Op::GuardIndex, 5, 5), None, "leaves");
    }
}
