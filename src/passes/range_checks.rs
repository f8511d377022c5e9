//! Removes checks that ranges and comparisons decide: integer range analysis at work.
//!
//! Asks [`ValueRanges`] at every instruction, decides from what holds there, and edits afterwards:
//! checked int ops whose result fits become unchecked, divisions lose their cases, guards that
//! cannot fail go, comparisons and other ints with one possible value become constants, and
//! `normalize_index` of an index that is not negative is the index. Block structure stays: a branch
//! on what is now a constant is for others to fold.
//!
//! A result that becomes a constant no longer needs its operands, and a checked op whose result nobody
//! needs is removed, exit and all. So what such an exit implies (the sum fits 64 bits) decides no
//! comparison. For the same reason `wrap-masked`, which takes such exits away, runs before this pass
//! and not after it.
//!
//! Afterwards `Value::range` has the bounds found. They hold wherever the value is *computed under
//! the same conditions*: an op proven by a branch above it must not be made to run without that
//! branch if it can trap (`int_floordiv[safe]`, loads whose `guard_index` this pass removed).

use super::Pass;
use crate::analysis::dominators::Dominators;
use crate::analysis::value_ranges::{Scope, ValueRanges};
use crate::hir::attributes::{DivMode, Overflow};
use crate::hir::{BlockId, Function, Instr, InstrId, IntRange, Op, Repr, Type, ValueId};

/// See the module.
pub struct RangeChecks;

impl Pass for RangeChecks {
    fn name(&self) -> &'static str {
        "range-checks"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let mut ranges = ValueRanges::new(function, &dominators);
        let mut edits = Vec::new();
        ranges.visit(function, &mut |scope, block, id| {
            if let Some(edit) = decide(function, scope, function.instr(id)) {
                edits.push((block, id, edit));
            }
        });
        for (index, value) in function.values.iter_mut().enumerate() {
            // What relies on an exit is kept here: others would fold it to a constant.
            let id = ValueId::new(index);
            if matches!(value.repr, Repr::I64 | Repr::U64) && ranges.is_certain(id) {
                let found = ranges.by_definition(id);
                value.range = value.range.intersection(found).unwrap_or(value.range);
            }
        }
        apply(function, edits);
    }
}

/// What becomes of an instruction.
#[derive(Clone, Debug)]
enum Edit {
    /// Another op with the same operands; it never leaves.
    Op(Op),
    /// Another op with these operands; it never leaves.
    Become(Op, Vec<ValueId>),
    /// Its result is this value.
    Replace(ValueId),
    /// It does nothing.
    Remove,
    /// A shift to the right by a constant.
    ShiftRight(ValueId, u32),
    /// `a / b` of ints that floats hold exactly.
    Divide(ValueId, ValueId),
}

fn decide(function: &Function, scope: &Scope, instr: &Instr) -> Option<Edit> {
    let arg = |index: usize| scope.range(instr.args[index]);
    // Where an operand goes because it is constant, an exit that makes it so must not go with it.
    let constant_arg = |index: usize| scope.certain(instr.args[index]).as_constant();
    let fits = || {
        let result = scope.result(function, instr);
        result.is_some_and(|range| range.is_within(IntRange::I64))
    };
    let is_count = |range: IntRange| range.is_within(IntRange::new(0, 63));
    if let Some(edit) = constant(function, scope, instr) {
        return Some(edit);
    }
    match instr.op {
        Op::IntAdd(Overflow::Checked) if fits() => Some(Edit::Op(Op::IntAdd(Overflow::Never))),
        Op::IntSub(Overflow::Checked) if fits() => Some(Edit::Op(Op::IntSub(Overflow::Never))),
        Op::IntMul(Overflow::Checked) if fits() => Some(Edit::Op(Op::IntMul(Overflow::Never))),
        Op::IntNeg(Overflow::Checked) if fits() => Some(Edit::Op(Op::IntNeg(Overflow::Never))),
        Op::IntAbs(_) if arg(0).low >= 0 => Some(Edit::Replace(instr.args[0])),
        Op::IntAbs(Overflow::Checked) if fits() => Some(Edit::Op(Op::IntAbs(Overflow::Never))),
        Op::IntShl(Overflow::Checked) if is_count(arg(1)) && fits() => {
            Some(Edit::Op(Op::IntShl(Overflow::Never)))
        }
        Op::IntShr(Overflow::Checked) if is_count(arg(1)) => {
            Some(Edit::Op(Op::IntShr(Overflow::Never)))
        }
        Op::IntFloorDiv(mode) => floordiv(function, scope, instr, mode),
        Op::IntMod(mode) => modulo(scope, instr, mode),
        Op::IntTrueDiv => {
            let exact = IntRange::new(-(1 << 53), 1 << 53);
            let are_exact = arg(0).is_within(exact) && arg(1).is_within(exact);
            (are_exact && instr.exit.is_some()).then(|| Edit::Divide(instr.args[0], instr.args[1]))
        }
        Op::IntAnd | Op::U64And => {
            // A mask that keeps all bits there are.
            [(0, 1), (1, 0)].into_iter().find_map(|(value, mask)| {
                let bits = constant_arg(mask)?;
                let is_low_mask = bits >= 0 && bits & (bits + 1) == 0;
                let kept = arg(value).is_within(IntRange { low: 0, high: bits });
                (is_low_mask && kept).then(|| Edit::Replace(instr.args[value]))
            })
        }
        Op::GuardRange(range) if arg(0).is_within(range) => Some(Edit::Replace(instr.args[0])),
        Op::GuardIndex => {
            let (index, length) = (instr.args[0], instr.args[1]);
            let is_below = || scope.difference(function, index, length) < 0;
            (arg(0).low >= 0 && is_below()).then_some(Edit::Replace(index))
        }
        Op::GuardTrue(_) => (constant_arg(0) == Some(1)).then_some(Edit::Remove),
        Op::GuardFalse(_) => (constant_arg(0) == Some(0)).then_some(Edit::Remove),
        Op::NormalizeIndex if arg(0).low >= 0 => Some(Edit::Replace(instr.args[0])),
        Op::NormalizeIndex if arg(0).high < 0 && arg(1).low >= 0 => {
            Some(Edit::Op(Op::IntAdd(Overflow::Never)))
        }
        Op::I64ToU64 if arg(0).low >= 0 => Some(Edit::Op(Op::BitsToU64)),
        Op::U64ToI64 if arg(0).is_within(IntRange::I64) => Some(Edit::Op(Op::BitsToI64)),
        Op::I64ToF64Exact if arg(0).is_within(IntRange::new(-(1 << 53), 1 << 53)) => {
            Some(Edit::Op(Op::I64ToF64))
        }
        Op::Select => match constant_arg(0)? {
            0 => Some(Edit::Replace(instr.args[2])),
            _ => Some(Edit::Replace(instr.args[1])),
        },
        _ => None,
    }
}

/// Ints and bools that can only be one value, if the op computes and does nothing else.
fn constant(function: &Function, scope: &Scope, instr: &Instr) -> Option<Edit> {
    let is_int = matches!(
        instr.op,
        Op::IntAdd(_)
            | Op::IntSub(_)
            | Op::IntMul(_)
            | Op::IntNeg(_)
            | Op::IntAbs(_)
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntNot
            | Op::IntMod(DivMode::Safe | DivMode::Positive)
            | Op::IntFloorDiv(DivMode::Safe | DivMode::Positive)
            | Op::IntShl(Overflow::Never)
            | Op::IntShr(Overflow::Never)
            | Op::BoolToI64
            | Op::BitsToI64
            | Op::NormalizeIndex
    );
    let is_bool = matches!(
        instr.op,
        Op::IntCmp(_) | Op::U64Cmp(_) | Op::BoolNot | Op::BoolAnd | Op::BoolOr | Op::BoolXor
    );
    if !is_int && !is_bool {
        return None;
    }
    let value = scope.certain_result(function, instr)?.as_constant()?;
    let op = if is_bool {
        Op::ConstBool(value != 0)
    } else {
        Op::ConstI64(i64::try_from(value).ok()?)
    };
    Some(Edit::Become(op, Vec::new()))
}

fn floordiv(function: &Function, scope: &Scope, instr: &Instr, mode: DivMode) -> Option<Edit> {
    let (dividend, divisor) = (scope.range(instr.args[0]), scope.range(instr.args[1]));
    let constant = scope.certain(instr.args[1]).as_constant();
    let power = constant.filter(|&d| d > 0 && d & (d - 1) == 0);
    if let Some(power) = power {
        // Floor division by 2**k is a shift, whatever the sign.
        return Some(Edit::ShiftRight(instr.args[0], power.trailing_zeros()));
    }
    let mode = better_mode(dividend, divisor, mode)?;
    let fits = || {
        let quotient = scope.result(function, instr);
        quotient.is_some_and(|range| range.is_within(IntRange::I64))
    };
    (mode == DivMode::Positive || fits()).then_some(Edit::Op(Op::IntFloorDiv(mode)))
}

fn modulo(scope: &Scope, instr: &Instr, mode: DivMode) -> Option<Edit> {
    let (dividend, divisor) = (scope.range(instr.args[0]), scope.range(instr.args[1]));
    if dividend.low >= 0 && dividend.high < scope.certain(instr.args[1]).low {
        return Some(Edit::Replace(instr.args[0]));
    }
    let mode = better_mode(dividend, divisor, mode)?;
    // The remainder of the least int by -1 is 0, but the machine's division traps.
    let traps = dividend.low <= IntRange::I64.low && divisor.low <= -1 && divisor.high >= -1;
    (mode == DivMode::Positive || !traps).then_some(Edit::Op(Op::IntMod(mode)))
}

/// A division with fewer cases than `mode`, if the operands allow it.
fn better_mode(dividend: IntRange, divisor: IntRange, mode: DivMode) -> Option<DivMode> {
    let is_positive = dividend.low >= 0 && divisor.low >= 1;
    let is_safe = divisor.low >= 1 || divisor.high <= -1;
    match mode {
        DivMode::Checked | DivMode::Safe if is_positive => Some(DivMode::Positive),
        DivMode::Checked if is_safe => Some(DivMode::Safe),
        _ => None,
    }
}

fn apply(function: &mut Function, edits: Vec<(BlockId, InstrId, Edit)>) {
    if edits.is_empty() {
        return;
    }
    let mut replacement = vec![None; function.values.len()];
    let mut has_replacement = false;
    let mut removed = vec![false; function.instrs.len()];
    let mut inserted: Vec<(BlockId, InstrId, Vec<InstrId>)> = Vec::new();
    for (block, id, edit) in edits {
        match edit {
            Edit::Op(op) => {
                let args = function.instr(id).args.to_vec();
                become_op(function, id, op, &args);
            }
            Edit::Become(op, args) => become_op(function, id, op, &args),
            Edit::Replace(value) => {
                if let Some(result) = function.instr(id).result {
                    replacement[result.index()] = Some(value);
                    has_replacement = true;
                }
                removed[id.index()] = true;
            }
            Edit::Remove => removed[id.index()] = true,
            Edit::ShiftRight(value, count) => {
                let origin = function.instr(id).origin;
                let range = IntRange::constant(count.into());
                let facts = Some((Type::INT, Repr::I64, range));
                let constant = function.add_instr(Op::ConstI64(count.into()), &[], facts, origin);
                let count = ValueId::new(function.values.len() - 1);
                inserted.push((block, id, vec![constant]));
                become_op(function, id, Op::IntShr(Overflow::Never), &[value, count]);
            }
            Edit::Divide(a, b) => {
                let origin = function.instr(id).origin;
                let mut convert = |value| {
                    let facts = Some((Type::FLOAT, Repr::F64, Repr::F64.full_range()));
                    let id = function.add_instr(Op::I64ToF64, &[value], facts, origin);
                    (id, ValueId::new(function.values.len() - 1))
                };
                let ((first, a), (second, b)) = (convert(a), convert(b));
                inserted.push((block, id, vec![first, second]));
                // Still leaves when the divisor is 0.
                let instr = function.instr_mut(id);
                instr.op = Op::FloatDiv;
                instr.args = [a, b].into_iter().collect();
            }
        }
    }
    splice(function, &removed, &inserted);
    if has_replacement {
        function.replace_values(&replacement);
    }
}

fn become_op(function: &mut Function, id: InstrId, op: Op, args: &[ValueId]) {
    let instr = function.instr_mut(id);
    instr.op = op;
    instr.args = args.iter().copied().collect();
    instr.exit = None;
}

/// Unlinks what is removed and puts the inserted ones in front of their instruction. `inserted` is
/// in the order of the instructions of each block.
fn splice(
    function: &mut Function,
    removed: &[bool],
    inserted: &[(BlockId, InstrId, Vec<InstrId>)],
) {
    for &block in &function.layout {
        let instrs = &mut function.blocks[block.index()].instrs;
        if inserted.iter().any(|row| row.0 == block) {
            let mut row = inserted.iter().filter(|row| row.0 == block).peekable();
            let old = std::mem::take(instrs);
            for id in old {
                if let Some((_, _, new)) = row.next_if(|row| row.1 == id) {
                    instrs.extend_from_slice(new);
                }
                instrs.push(id);
            }
        }
        instrs.retain(|id| !removed.get(id.index()).is_some_and(|&removed| removed));
    }
}
