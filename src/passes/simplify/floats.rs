//! Floats: only what is exact for every input, signed zeros and nan included.
//!
//! Not here, because wrong: `x + 0.0` (-0.0 becomes 0.0), `x * 0.0`, `x - x`, `x == x` (nan), any
//! reassociation. A result that is nan is not folded: its sign would be this machine's choice.

use crate::hir::attributes::{Cond, FloatBits};
use crate::hir::{Function, InstrId, IntRange, Op, Repr, Type, ValueId};
use crate::passes::edit::{Verdict, as_float, become_bool, become_op};

pub fn simplify(function: &mut Function, id: InstrId, before: &mut Vec<InstrId>) -> Verdict {
    let instr = function.instr(id);
    let op = instr.op;
    match *instr.args.as_slice() {
        [a] => {
            if let Some(value) = as_float(function, a).and_then(|x| fold_unary(op, x)) {
                return become_float(function, id, value);
            }
            unary_of_unary(function, id, op, a)
        }
        [a, b] => binary(function, before, id, op, (a, b)),
        _ => Verdict::Keep,
    }
}

fn binary(
    function: &mut Function,
    before: &mut Vec<InstrId>,
    id: InstrId,
    op: Op,
    (a, b): (ValueId, ValueId),
) -> Verdict {
    let (x, y) = (as_float(function, a), as_float(function, b));
    if let (Some(x), Some(y)) = (x, y) {
        if let Op::FloatCmp(cond) = op {
            return become_bool(function, id, compare(cond, x, y));
        }
        return match fold(op, x, y).filter(|value| !value.is_nan()) {
            Some(value) => become_float(function, id, value),
            None => Verdict::Keep,
        };
    }
    let is = |known: Option<f64>, value: f64| known.is_some_and(|x| x.to_bits() == value.to_bits());
    match op {
        Op::FloatMul | Op::FloatDiv if is(y, 1.0) => Verdict::Replace(a),
        Op::FloatMul if is(x, 1.0) => Verdict::Replace(b),
        // Doubling is exact; an addition takes no longer than a product, and less on newer processors.
        Op::FloatMul if is(y, 2.0) => become_op(function, id, Op::FloatAdd, &[a, a]),
        Op::FloatMul if is(x, 2.0) => become_op(function, id, Op::FloatAdd, &[b, b]),
        Op::FloatDiv if y.is_some_and(has_exact_reciprocal) => {
            let reciprocal = FloatBits::from(1.0 / y.unwrap_or(1.0));
            let origin = function.instr(id).origin;
            let constant = function.add_instr(
                Op::ConstF64(reciprocal),
                &[],
                Some((Type::FLOAT, Repr::F64, IntRange::I64)),
                origin,
            );
            before.push(constant);
            let factor = function.instr(constant).result.unwrap_or(b);
            become_op(function, id, Op::FloatMul, &[a, factor])
        }
        Op::FloatSub if is(y, 0.0) => Verdict::Replace(a),
        Op::FloatAdd if is(y, -0.0) => Verdict::Replace(a),
        Op::FloatAdd if is(x, -0.0) => Verdict::Replace(b),
        _ => Verdict::Keep,
    }
}

/// Powers of two: dividing by one is multiplying by another, to the last bit, also where the result
/// is subnormal, as long as the other is a normal number itself.
fn has_exact_reciprocal(divisor: f64) -> bool {
    const MANTISSA: u64 = (1 << 52) - 1;
    divisor.is_normal() && divisor.to_bits() & MANTISSA == 0 && (1.0 / divisor).is_normal()
}

fn unary_of_unary(function: &mut Function, id: InstrId, op: Op, a: ValueId) -> Verdict {
    let Some(inner) = function.defining_instr(a).map(|id| function.instr(id)) else {
        return Verdict::Keep;
    };
    match (op, inner.op) {
        (Op::FloatNeg, Op::FloatNeg) => Verdict::Replace(inner.args[0]),
        (Op::FloatAbs, Op::FloatAbs | Op::FloatSqrt) => Verdict::Replace(a),
        (Op::FloatAbs, Op::FloatNeg) => {
            let value = inner.args[0];
            become_op(function, id, Op::FloatAbs, &[value])
        }
        (
            Op::FloatFloor | Op::FloatCeil | Op::FloatRoundEven,
            Op::FloatFloor | Op::FloatCeil | Op::FloatRoundEven,
        ) => Verdict::Replace(a),
        _ => Verdict::Keep,
    }
}

fn become_float(function: &mut Function, id: InstrId, value: f64) -> Verdict {
    become_op(function, id, Op::ConstF64(FloatBits::from(value)), &[])
}

fn fold_unary(op: Op, x: f64) -> Option<f64> {
    let value = match op {
        Op::FloatNeg => -x,
        Op::FloatAbs => x.abs(),
        Op::FloatSqrt if x >= 0.0 => x.sqrt(),
        Op::FloatFloor => x.floor(),
        Op::FloatCeil => x.ceil(),
        Op::FloatRoundEven => x.round_ties_even(),
        _ => return None,
    };
    (!value.is_nan()).then_some(value)
}

fn fold(op: Op, x: f64, y: f64) -> Option<f64> {
    match op {
        Op::FloatAdd => Some(x + y),
        Op::FloatSub => Some(x - y),
        Op::FloatMul => Some(x * y),
        Op::FloatDiv if y != 0.0 => Some(x / y),
        _ => None,
    }
}

fn compare(cond: Cond, x: f64, y: f64) -> bool {
    match cond {
        Cond::Eq => x == y,
        Cond::Ne => x != y,
        Cond::Lt => x < y,
        Cond::Le => x <= y,
        Cond::Gt => x > y,
        Cond::Ge => x >= y,
    }
}
