//! Arithmetic: `+ - * / // % ** << >> & | ^ @`, in place or not, and the unary operators.
//!
//! Two ints stay machine ints with an exit on overflow; a site that overflowed before, or whose operands
//! are known to be wide, works on int objects. Ints in 2**63 .. 2**64-1 are U64; what U64 cannot do
//! exactly goes through I64 with an exit, which the `wrap-masked` pass removes under a mask.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{BinaryOperator, Hint};
use crate::hir::attributes::{Cond, DivMode, Overflow};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::item::{Item, number_class};
use super::{Lifter, NoteKind, Step};

impl Lifter<'_> {
    pub(super) fn binary_op(&mut self, op: BinaryOperator, inplace: bool) -> Step {
        let items = self.pop_many(2)?;
        let left = self.value_of(&items[0])?;
        let right = self.value_of(&items[1])?;
        // Operands stay visible to guards that narrow them.
        let hint = match self.instr.hint {
            Hint::Int => Type::INT,
            Hint::Float => Type::FLOAT,
            Hint::Str | Hint::StrInplace => Type::STR,
            _ => Type::EMPTY,
        };
        let (left, left_class) = self.specialise(left, 1, hint)?;
        let (right, right_class) = self.specialise(right, 0, hint)?;
        let numbers = (number_class(left_class), number_class(right_class));
        let result = match numbers {
            (Some(Type::FLOAT), Some(_)) | (Some(_), Some(Type::FLOAT)) => {
                self.float_op(op, left, right, &items)?
            }
            (Some(Type::BOOL), Some(Type::BOOL)) if is_bitwise(op) => {
                let (left, right) = (self.as_bool(left)?, self.as_bool(right)?);
                let op = match op {
                    BinaryOperator::And => Op::BoolAnd,
                    BinaryOperator::Or => Op::BoolOr,
                    _ => Op::BoolXor,
                };
                Some(self.boolean(op, &[left, right])?)
            }
            (Some(_), Some(_)) => self.int_op(op, left, right, &items)?,
            _ => match (op, left_class, right_class) {
                (BinaryOperator::Add, Type::STR, Type::STR) => {
                    Some(self.runtime(HelperId::StrConcat, &[left, right])?)
                }
                (BinaryOperator::Multiply, Type::LIST, Type::INT | Type::BOOL) if !inplace => {
                    let count = self.as_i64(right, 0)?;
                    let list = self.runtime(HelperId::ListRepeatObject, &[left, count])?;
                    let mut fact = self.fact_of(list);
                    fact.items = self.fact(left).and_then(|fact| fact.items.clone());
                    self.facts.insert(list, fact);
                    Some(list)
                }
                _ => None,
            },
        };
        let result = match result {
            Some(result) => result,
            None => {
                let operands = [Item::Value(left), Item::Value(right)];
                let helper = binary_helper(op, inplace);
                if let Some(result) = self.instance_binary(op, helper, inplace, &operands)? {
                    self.release(&operands[0])?;
                    self.release(&operands[1])?;
                    self.push(result);
                    return Ok(());
                }
                let unknown = [(left, 1), (right, 0)];
                if unknown
                    .iter()
                    .any(|(value, position)| self.may_learn(*value, *position))
                {
                    return self.exit_here(
                        ExitReason::NotSeen,
                        &items,
                        "the types of the operands are not known yet",
                    );
                }
                self.note(
                    NoteKind::RuntimeCall,
                    format!("`{}` of objects", op.symbol()),
                );
                let (left, right) = (self.as_boxed(left)?, self.as_boxed(right)?);
                self.runtime(binary_helper(op, inplace), &[left, right])?
            }
        };
        self.release(&Item::Value(left))?;
        self.release(&Item::Value(right))?;
        self.push(result);
        Ok(())
    }

    fn float_op(
        &mut self,
        op: BinaryOperator,
        left: ValueId,
        right: ValueId,
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        use BinaryOperator as B;
        let op = match op {
            B::Add => Op::FloatAdd,
            B::Subtract => Op::FloatSub,
            B::Multiply => Op::FloatMul,
            B::TrueDivide => Op::FloatDiv,
            B::FloorDivide => Op::FloatFloorDiv,
            B::Remainder => Op::FloatMod,
            B::Power => Op::FloatPow,
            // TypeError, by the interpreter.
            _ => return Ok(None),
        };
        if self.is_big(left, 1) || self.is_big(right, 0) {
            return Ok(None);
        }
        if matches!(op, Op::FloatPow) && self.left_for(ExitReason::Inexact) {
            return Ok(None);
        }
        let left = self.as_f64(left, 1)?;
        let right = self.as_f64(right, 0)?;
        if matches!(op, Op::FloatDiv | Op::FloatFloorDiv | Op::FloatMod) {
            self.catch_zero_division(right, operands)?;
        }
        Ok(Some(self.float(op, &[left, right])?))
    }

    fn int_op(
        &mut self,
        op: BinaryOperator,
        left: ValueId,
        right: ValueId,
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        let overflowed = self.left_for(ExitReason::Overflow);
        let wide = self.is_big(left, 1) || self.is_big(right, 0);
        if op == BinaryOperator::MatrixMultiply {
            return Ok(None);
        }
        if wide || overflowed {
            let helper = long_helper(op);
            let bools = self.ty(left) == Type::BOOL || self.ty(right) == Type::BOOL;
            if bools {
                return Ok(None);
            }
            self.note(NoteKind::RuntimeCall, "ints beyond 64 bits were seen here");
            let (left, right) = (self.as_boxed(left)?, self.as_boxed(right)?);
            let result = self.runtime(helper, &[left, right])?;
            if self.ty(result) == Type::INT {
                let mut fact = crate::feedback::Fact::int(crate::feedback::IntClass::Big);
                if matches!(op, BinaryOperator::Remainder | BinaryOperator::And)
                    && self.range(right).is_within(IntRange::COMPACT)
                {
                    fact.int = crate::feedback::IntClass::Full;
                }
                self.facts.insert(result, fact);
            }
            return Ok(Some(result));
        }
        let left = self.as_machine_int(left, 1)?;
        let right = self.as_machine_int(right, 0)?;
        if (self.repr(left) == Repr::U64 || self.repr(right) == Repr::U64)
            && let Some(result) = self.unsigned_op(op, left, right)?
        {
            return Ok(Some(result));
        }
        let (a, b) = (self.as_i64(left, 1)?, self.as_i64(right, 0)?);
        if matches!(
            op,
            BinaryOperator::FloorDivide | BinaryOperator::Remainder | BinaryOperator::TrueDivide
        ) {
            self.catch_zero_division(b, operands)?;
        }
        self.signed_op(op, a, b).map(Some)
    }

    fn signed_op(&mut self, op: BinaryOperator, a: ValueId, b: ValueId) -> Step<ValueId> {
        use BinaryOperator as B;
        let args = [a, b];
        let (ra, rb) = (self.range(a), self.range(b));
        let constant = rb.as_constant();
        Ok(match op {
            B::Add => self.int(Op::IntAdd(Overflow::Checked), &args)?,
            B::Subtract => self.int(Op::IntSub(Overflow::Checked), &args)?,
            B::Multiply => self.int(Op::IntMul(Overflow::Checked), &args)?,
            B::FloorDivide => self.int(Op::IntFloorDiv(DivMode::Checked), &args)?,
            B::Remainder => {
                let range = match constant {
                    Some(divisor) if divisor > 0 => IntRange::new(0, divisor - 1),
                    Some(divisor) if divisor < 0 => IntRange::new(divisor + 1, 0),
                    _ if rb.low > 0 => IntRange::new(0, rb.high - 1),
                    _ => IntRange::I64,
                };
                self.emit_ranged(
                    Op::IntMod(DivMode::Checked),
                    &args,
                    Type::INT,
                    Repr::I64,
                    range,
                )?
            }
            B::TrueDivide => self.float(Op::IntTrueDiv, &args)?,
            B::Power => match constant {
                Some(2) => self.int(Op::IntMul(Overflow::Checked), &[a, a])?,
                _ => self.int(Op::IntPow, &args)?,
            },
            B::LeftShift => self.int(Op::IntShl(Overflow::Checked), &args)?,
            B::RightShift => {
                let range = match constant {
                    Some(count) if (0..64).contains(&count) => {
                        IntRange::new(ra.low >> count, ra.high >> count)
                    }
                    _ if ra.low >= 0 => IntRange::new(0, ra.high),
                    _ => IntRange::I64,
                };
                self.emit_ranged(
                    Op::IntShr(Overflow::Checked),
                    &args,
                    Type::INT,
                    Repr::I64,
                    range,
                )?
            }
            B::And => {
                let bound = match (ra.low >= 0, rb.low >= 0) {
                    (true, true) => Some(ra.high.min(rb.high)),
                    (true, false) => Some(ra.high),
                    (false, true) => Some(rb.high),
                    _ => None,
                };
                let range = bound.map_or(IntRange::I64, |high| IntRange::new(0, high));
                self.emit_ranged(Op::IntAnd, &args, Type::INT, Repr::I64, range)?
            }
            B::Or | B::Xor => {
                let op = if op == B::Or { Op::IntOr } else { Op::IntXor };
                let range = if ra.low >= 0 && rb.low >= 0 {
                    let bits = 128 - ra.high.max(rb.high).leading_zeros();
                    IntRange::new(0, (1i128 << bits) - 1)
                } else {
                    IntRange::I64
                };
                self.emit_ranged(op, &args, Type::INT, Repr::I64, range)?
            }
            B::MatrixMultiply => return Err(self.refuse("internal: @ of ints")),
        })
    }

    /// Operations with a U64 operand that are exact in 64 bits; `None`: by way of I64.
    fn unsigned_op(
        &mut self,
        op: BinaryOperator,
        left: ValueId,
        right: ValueId,
    ) -> Step<Option<ValueId>> {
        use BinaryOperator as B;
        let bits = |lifter: &mut Self, value: ValueId| {
            if lifter.repr(value) == Repr::U64 {
                return Ok(value);
            }
            let range = if lifter.is_non_negative(value) {
                lifter.range(value)
            } else {
                IntRange::U64
            };
            lifter.emit_ranged(Op::BitsToU64, &[value], Type::INT, Repr::U64, range)
        };
        Ok(Some(match op {
            B::And => {
                // A negative operand has all high bits set: its low 64 bits are enough.
                let high = [left, right]
                    .iter()
                    .filter(|value| self.is_non_negative(**value))
                    .map(|value| self.range(*value).high)
                    .min()
                    .unwrap_or(IntRange::U64.high);
                let (a, b) = (bits(self, left)?, bits(self, right)?);
                let range = IntRange::new(0, high);
                let result = self.emit_ranged(Op::U64And, &[a, b], Type::INT, Repr::U64, range)?;
                self.narrow_unsigned(result)?
            }
            B::Or | B::Xor => {
                let (a, b) = (self.as_u64(left)?, self.as_u64(right)?);
                let op = if op == B::Or { Op::U64Or } else { Op::U64Xor };
                self.emit_value(op, &[a, b], Type::INT, Repr::U64)?
            }
            B::RightShift if self.repr(left) == Repr::U64 => {
                let count = self.as_i64(right, 0)?;
                if !self.is_non_negative(count) {
                    let zero = self.const_int(0)?;
                    let ok = self.boolean(Op::IntCmp(Cond::Ge), &[count, zero])?;
                    self.guard(ok, ExitReason::ValueRange)?;
                }
                let high = self.range(left).high;
                let high = match self.range(count).as_constant() {
                    Some(shift) if shift >= 127 => 0,
                    Some(shift) => high >> shift,
                    None => high,
                };
                let range = IntRange::new(0, high);
                let result =
                    self.emit_ranged(Op::U64Shr, &[left, count], Type::INT, Repr::U64, range)?;
                self.narrow_unsigned(result)?
            }
            B::Remainder | B::FloorDivide
                if self.is_non_negative(left) && self.range(right).low > 0 =>
            {
                let (ra, rb) = (self.range(left), self.range(right));
                let (a, b) = (bits(self, left)?, bits(self, right)?);
                let (op, range) = if op == B::Remainder {
                    (Op::U64Mod, IntRange::new(0, ra.high.min(rb.high - 1)))
                } else {
                    (Op::U64Div, IntRange::new(0, ra.high / rb.low))
                };
                let result = self.emit_ranged(op, &[a, b], Type::INT, Repr::U64, range)?;
                self.narrow_unsigned(result)?
            }
            _ => return Ok(None),
        }))
    }

    /// A U64 that is known to be below 2**63 as I64.
    fn narrow_unsigned(&mut self, value: ValueId) -> Step<ValueId> {
        let range = self.range(value);
        if range.high > IntRange::I64.high {
            return Ok(value);
        }
        self.emit_ranged(Op::BitsToI64, &[value], Type::INT, Repr::I64, range)
    }

    pub(super) fn unary_negative(&mut self) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        let result = match class {
            Type::FLOAT => {
                let value = self.as_f64(value, 0)?;
                self.float(Op::FloatNeg, &[value])?
            }
            Type::INT if self.is_big(value, 0) => self.runtime(HelperId::LongNeg, &[value])?,
            Type::INT | Type::BOOL => {
                let value = self.as_i64(value, 0)?;
                self.int(Op::IntNeg(Overflow::Checked), &[value])?
            }
            _ => return self.generic_unary(HelperId::UnaryNegative, value),
        };
        self.push(result);
        Ok(())
    }

    pub(super) fn unary_invert(&mut self) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        let result = match class {
            Type::INT if self.is_big(value, 0) => self.runtime(HelperId::LongInvert, &[value])?,
            Type::INT => {
                let value = self.as_i64(value, 0)?;
                self.int(Op::IntNot, &[value])?
            }
            // `~True` warns on 3.12+.
            _ => return self.generic_unary(HelperId::UnaryInvert, value),
        };
        self.push(result);
        Ok(())
    }

    pub(super) fn unary_positive(&mut self) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        match class {
            Type::FLOAT | Type::INT => {
                self.push(value);
                Ok(())
            }
            _ => self.generic_unary(HelperId::UnaryPositive, value),
        }
    }

    fn generic_unary(&mut self, helper: HelperId, value: ValueId) -> Step {
        if let Some(result) = self.instance_unary(helper, value)? {
            self.release(&Item::Value(value))?;
            self.push(result);
            return Ok(());
        }
        if self.may_learn(value, 0) {
            return self.exit_here(
                ExitReason::NotSeen,
                &[Item::Value(value)],
                "the type of the operand is not known yet",
            );
        }
        self.note(NoteKind::RuntimeCall, "unary operator of an object");
        let value = self.as_boxed(value)?;
        let result = self.runtime(helper, &[value])?;
        self.release(&Item::Value(value))?;
        self.push(result);
        Ok(())
    }
}

fn is_bitwise(op: BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor
    )
}

fn binary_helper(op: BinaryOperator, inplace: bool) -> HelperId {
    use BinaryOperator as B;
    match (op, inplace) {
        (B::Add, false) => HelperId::BinaryAdd,
        (B::Subtract, false) => HelperId::BinarySub,
        (B::Multiply, false) => HelperId::BinaryMul,
        (B::TrueDivide, false) => HelperId::BinaryTrueDiv,
        (B::FloorDivide, false) => HelperId::BinaryFloorDiv,
        (B::Remainder, false) => HelperId::BinaryMod,
        (B::Power, false) => HelperId::BinaryPow,
        (B::LeftShift, false) => HelperId::BinaryLshift,
        (B::RightShift, false) => HelperId::BinaryRshift,
        (B::And, false) => HelperId::BinaryAnd,
        (B::Or, false) => HelperId::BinaryOr,
        (B::Xor, false) => HelperId::BinaryXor,
        (B::MatrixMultiply, false) => HelperId::BinaryMatMul,
        (B::Add, true) => HelperId::InplaceAdd,
        (B::Subtract, true) => HelperId::InplaceSub,
        (B::Multiply, true) => HelperId::InplaceMul,
        (B::TrueDivide, true) => HelperId::InplaceTrueDiv,
        (B::FloorDivide, true) => HelperId::InplaceFloorDiv,
        (B::Remainder, true) => HelperId::InplaceMod,
        (B::Power, true) => HelperId::InplacePow,
        (B::LeftShift, true) => HelperId::InplaceLshift,
        (B::RightShift, true) => HelperId::InplaceRshift,
        (B::And, true) => HelperId::InplaceAnd,
        (B::Or, true) => HelperId::InplaceOr,
        (B::Xor, true) => HelperId::InplaceXor,
        (B::MatrixMultiply, true) => HelperId::InplaceMatMul,
    }
}

fn long_helper(op: BinaryOperator) -> HelperId {
    use BinaryOperator as B;
    match op {
        B::Add => HelperId::LongAdd,
        B::Subtract => HelperId::LongSub,
        B::Multiply => HelperId::LongMul,
        B::TrueDivide => HelperId::LongTrueDiv,
        B::FloorDivide => HelperId::LongFloorDiv,
        B::Remainder => HelperId::LongMod,
        B::Power => HelperId::LongPow,
        B::LeftShift => HelperId::LongLshift,
        B::RightShift => HelperId::LongRshift,
        B::And => HelperId::LongAnd,
        B::Or => HelperId::LongOr,
        B::Xor => HelperId::LongXor,
        B::MatrixMultiply => HelperId::BinaryMatMul,
    }
}
