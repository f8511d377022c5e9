//! Ints of 64 bits and sign, ints of 64 bits without sign, bools.
//!
//! Division is Python's: the quotient is floored and the remainder has the divisor's sign. Known
//! ranges of the operands remove tests; a constant divisor is left to Cranelift to reduce.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

use super::context::{Current, Lowering};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::abi::support::Support;
use crate::hir::attributes::{Cond, DivMode, Overflow};
use crate::hir::{IntRange, Op};

/// The ints a float holds exactly.
const EXACT: IntRange = IntRange {
    low: -(1 << 53),
    high: 1 << 53,
};
/// What 32 bits hold: divided faster.
const NARROW: i128 = u32::MAX as i128;
/// Exponents up to this are multiplied out in line.
const LONGEST_POWER: i64 = 16;

/// Cranelift's comparison with sign.
pub fn signed(condition: Cond) -> IntCC {
    match condition {
        Cond::Eq => IntCC::Equal,
        Cond::Ne => IntCC::NotEqual,
        Cond::Lt => IntCC::SignedLessThan,
        Cond::Le => IntCC::SignedLessThanOrEqual,
        Cond::Gt => IntCC::SignedGreaterThan,
        Cond::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

impl Lowering<'_, '_> {
    /// `int_*`.
    pub fn int(&mut self, current: Current) -> Result<Value, LowerError> {
        use Overflow::{Checked, Never};
        let [a] = self.operands(current)?;
        if current.instr.args.len() == 1 {
            return self.int_unary(current, a);
        }
        let [a, b] = self.operands(current)?;
        if let [_, _, reciprocal] = current.instr.args[..] {
            let reciprocal = self.value(reciprocal)?;
            return Ok(self.divide_by(current.instr.op == Op::IntModBy, a, b, reciprocal));
        }
        Ok(match current.instr.op {
            Op::IntAdd(Never) => self.emitter.builder.ins().iadd(a, b),
            Op::IntSub(Never) => self.emitter.builder.ins().isub(a, b),
            Op::IntMul(Never) => self.emitter.builder.ins().imul(a, b),
            Op::IntAdd(Checked) => {
                let (value, overflow) = self.emitter.builder.ins().sadd_overflow(a, b);
                self.leave_if(current, overflow, ExitReason::Overflow)?;
                value
            }
            Op::IntSub(Checked) => {
                let (value, overflow) = self.emitter.builder.ins().ssub_overflow(a, b);
                self.leave_if(current, overflow, ExitReason::Overflow)?;
                value
            }
            Op::IntMul(Checked) => {
                let (value, overflow) = self.emitter.builder.ins().smul_overflow(a, b);
                self.leave_if(current, overflow, ExitReason::Overflow)?;
                value
            }
            Op::IntFloorDiv(mode) => self.int_floordiv(current, mode, a, b)?,
            Op::IntMod(mode) => self.int_mod(current, mode, a, b)?,
            Op::IntPow => self.int_pow(current, a, b)?,
            Op::IntTrueDiv => {
                let [x, y] = [current.instr.args[0], current.instr.args[1]];
                for (value, range) in [(a, self.range(x)), (b, self.range(y))] {
                    if !range.is_within(EXACT) {
                        let fail = self.exit(current, ExitReason::Inexact)?;
                        self.emitter.check_range(value, range, EXACT, fail);
                    }
                }
                self.check_divisor(current, b)?;
                let a = self.emitter.builder.ins().fcvt_from_sint(F64, a);
                let b = self.emitter.builder.ins().fcvt_from_sint(F64, b);
                self.emitter.builder.ins().fdiv(a, b)
            }
            Op::IntAnd => self.emitter.builder.ins().band(a, b),
            Op::IntOr => self.emitter.builder.ins().bor(a, b),
            Op::IntXor => self.emitter.builder.ins().bxor(a, b),
            Op::IntShl(Never) => self.emitter.builder.ins().ishl(a, b),
            Op::IntShr(Never) => self.emitter.builder.ins().sshr(a, b),
            Op::IntShl(Checked) => {
                let amount = self.range(current.instr.args[1]);
                if !amount.is_within(IntRange::new(0, 63)) {
                    let bad =
                        self.emitter
                            .builder
                            .ins()
                            .icmp_imm_u(IntCC::UnsignedGreaterThan, b, 63);
                    self.leave_if(current, bad, ExitReason::ValueRange)?;
                }
                let value = self.emitter.builder.ins().ishl(a, b);
                let back = self.emitter.builder.ins().sshr(value, b);
                let lost = self.emitter.builder.ins().icmp(IntCC::NotEqual, back, a);
                self.leave_if(current, lost, ExitReason::Overflow)?;
                value
            }
            Op::IntShr(Checked) => {
                let amount = self.range(current.instr.args[1]);
                if amount.low < 0 {
                    let negative = self.emitter.compare(IntCC::SignedLessThan, b, 0);
                    self.leave_if(current, negative, ExitReason::ValueRange)?;
                }
                let mut amount_value = b;
                if amount.high > 63 {
                    let most = self.emitter.constant(63);
                    let more = self
                        .emitter
                        .builder
                        .ins()
                        .icmp(IntCC::UnsignedGreaterThan, b, most);
                    amount_value = self.emitter.builder.ins().select(more, most, b);
                }
                self.emitter.builder.ins().sshr(a, amount_value)
            }
            Op::IntCmp(condition) => self.emitter.builder.ins().icmp(signed(condition), a, b),
            other => return Err(LowerError::malformed(format!("{other:?} is no int op"))),
        })
    }

    fn int_unary(&mut self, current: Current, a: Value) -> Result<Value, LowerError> {
        Ok(match current.instr.op {
            Op::IntNot => self.emitter.builder.ins().bnot(a),
            Op::Reciprocal => {
                // It may run for a divisor that is not used: no trap by 0.
                let (zero, one) = (
                    self.emitter.compare(IntCC::Equal, a, 0),
                    self.emitter.constant(1),
                );
                let divisor = self.emitter.builder.ins().select(zero, one, a);
                let all = self.emitter.constant(-1);
                self.emitter.builder.ins().udiv(all, divisor)
            }
            Op::IntNeg(Overflow::Never) => self.emitter.builder.ins().ineg(a),
            Op::IntAbs(Overflow::Never) => self.absolute(a),
            Op::IntNeg(Overflow::Checked) => {
                self.leave_if_least(current, a)?;
                self.emitter.builder.ins().ineg(a)
            }
            Op::IntAbs(Overflow::Checked) => {
                self.leave_if_least(current, a)?;
                self.absolute(a)
            }
            other => return Err(LowerError::malformed(format!("{other:?} has two operands"))),
        })
    }

    fn absolute(&mut self, a: Value) -> Value {
        let sign = self.emitter.builder.ins().sshr_imm_s(a, 63);
        let flipped = self.emitter.builder.ins().bxor(a, sign);
        self.emitter.builder.ins().isub(flipped, sign)
    }

    /// Leaves if the 8 bits are not 0.
    pub fn leave_if(
        &mut self,
        current: Current,
        condition: Value,
        reason: ExitReason,
    ) -> Result<(), LowerError> {
        let fail = self.exit(current, reason)?;
        self.emitter.branch_if(condition, fail);
        Ok(())
    }

    fn leave_if_least(&mut self, current: Current, a: Value) -> Result<(), LowerError> {
        if self.range(current.instr.args[0]).low > IntRange::I64.low {
            return Ok(());
        }
        let least = self.emitter.compare(IntCC::Equal, a, i64::MIN);
        self.leave_if(current, least, ExitReason::Overflow)
    }

    fn check_divisor(&mut self, current: Current, b: Value) -> Result<(), LowerError> {
        let range = self.range(current.instr.args[1]);
        if range.low > 0 || range.high < 0 {
            return Ok(());
        }
        let zero = self.emitter.compare(IntCC::Equal, b, 0);
        self.leave_if(current, zero, ExitReason::ZeroDivision)
    }

    fn int_floordiv(
        &mut self,
        current: Current,
        mode: DivMode,
        a: Value,
        b: Value,
    ) -> Result<Value, LowerError> {
        let [x, y] = [current.instr.args[0], current.instr.args[1]];
        let (dividend, divisor) = (self.range(x), self.range(y));
        if let Some(shift) = power_of_two(self.constant_of(y)) {
            return Ok(self.emitter.builder.ins().sshr_imm_u(a, shift));
        }
        if mode == DivMode::Positive || (dividend.low >= 0 && divisor.low > 0) {
            if dividend.high <= NARROW && divisor.high <= NARROW {
                let (a, b) = (self.low_half(a), self.low_half(b));
                let quotient = self.emitter.builder.ins().udiv(a, b);
                return Ok(self.emitter.builder.ins().uextend(I64, quotient));
            }
            return Ok(self.emitter.builder.ins().udiv(a, b));
        }
        if mode == DivMode::Checked {
            self.check_divisor(current, b)?;
            let minus_one = divisor.low <= -1 && divisor.high >= -1;
            if minus_one && dividend.low <= IntRange::I64.low {
                let least = self.emitter.compare(IntCC::Equal, a, i64::MIN);
                let negates = self.emitter.compare(IntCC::Equal, b, -1);
                let overflow = self.emitter.builder.ins().band(least, negates);
                self.leave_if(current, overflow, ExitReason::Overflow)?;
            }
        }
        // Towards zero, then one less where there is a remainder of the other sign.
        let quotient = self.emitter.builder.ins().sdiv(a, b);
        let back = self.emitter.builder.ins().imul(quotient, b);
        let remainder = self.emitter.builder.ins().isub(a, back);
        if divisor.low > 0 {
            let correction = self.emitter.builder.ins().sshr_imm_s(remainder, 63);
            return Ok(self.emitter.builder.ins().iadd(quotient, correction));
        }
        let correct = self.wrong_sign(remainder, b);
        let correct = self.emitter.builder.ins().uextend(I64, correct);
        Ok(self.emitter.builder.ins().isub(quotient, correct))
    }

    /// Quotient or remainder of a in 0 .. 2**63-1 and b > 0. The product with the reciprocal is the quotient
    /// or one less: the reciprocal is less than one too small, and a is below 2**64.
    fn divide_by(&mut self, remainder: bool, a: Value, b: Value, reciprocal: Value) -> Value {
        let quotient = self.emitter.builder.ins().umulhi(a, reciprocal);
        let product = self.emitter.builder.ins().imul(quotient, b);
        let rest = self.emitter.builder.ins().isub(a, product);
        let more = IntCC::UnsignedGreaterThanOrEqual;
        let more = self.emitter.builder.ins().icmp(more, rest, b);
        if remainder {
            let less = self.emitter.builder.ins().isub(rest, b);
            return self.emitter.builder.ins().select(more, less, rest);
        }
        let next = self.emitter.builder.ins().iadd_imm_s(quotient, 1);
        self.emitter.builder.ins().select(more, next, quotient)
    }

    fn int_mod(
        &mut self,
        current: Current,
        mode: DivMode,
        a: Value,
        b: Value,
    ) -> Result<Value, LowerError> {
        let [x, y] = [current.instr.args[0], current.instr.args[1]];
        let (dividend, divisor) = (self.range(x), self.range(y));
        if power_of_two(self.constant_of(y)).is_some() {
            let mask = self.emitter.builder.ins().iadd_imm_s(b, -1);
            return Ok(self.emitter.builder.ins().band(a, mask));
        }
        if let Some(result) = self.reduce_once(a, dividend, mode, self.constant_of(y)) {
            return Ok(result);
        }
        if mode == DivMode::Positive || (dividend.low >= 0 && divisor.low > 0) {
            if dividend.high <= NARROW && divisor.high <= NARROW {
                let (a, b) = (self.low_half(a), self.low_half(b));
                let remainder = self.emitter.builder.ins().urem(a, b);
                return Ok(self.emitter.builder.ins().uextend(I64, remainder));
            }
            return Ok(self.emitter.builder.ins().urem(a, b));
        }
        if mode == DivMode::Checked {
            self.check_divisor(current, b)?;
        }
        // Cranelift's remainder of the least int by -1 is 0, as Python's.
        let remainder = self.emitter.builder.ins().srem(a, b);
        if divisor.low > 0 {
            let sign = self.emitter.builder.ins().sshr_imm_s(remainder, 63);
            let correction = self.emitter.builder.ins().band(sign, b);
            return Ok(self.emitter.builder.ins().iadd(remainder, correction));
        }
        let correct = self.wrong_sign(remainder, b);
        let zero = self.emitter.constant(0);
        let correction = self.emitter.builder.ins().select(correct, b, zero);
        Ok(self.emitter.builder.ins().iadd(remainder, correction))
    }

    fn low_half(&mut self, value: Value) -> Value {
        self.emitter.builder.ins().ireduce(I32, value)
    }

    /// Sums and differences of two remainders: in range again after one subtraction or addition at most.
    fn reduce_once(
        &mut self,
        a: Value,
        dividend: IntRange,
        mode: DivMode,
        divisor: Option<i64>,
    ) -> Option<Value> {
        let divisor = divisor.filter(|&divisor| (1..1 << 60).contains(&divisor))?;
        let size = i128::from(divisor);
        let not_negative = dividend.low >= 0 || mode == DivMode::Positive;
        if not_negative && dividend.high < 2 * size {
            let less = self.emitter.builder.ins().iadd_imm_s(a, -divisor);
            let small = self.emitter.compare(IntCC::SignedLessThan, less, 0);
            return Some(self.emitter.builder.ins().select(small, a, less));
        }
        if dividend.low >= -size && dividend.high < size {
            let more = self.emitter.builder.ins().iadd_imm_s(a, divisor);
            let negative = self.emitter.compare(IntCC::SignedLessThan, a, 0);
            return Some(self.emitter.builder.ins().select(negative, more, a));
        }
        None
    }

    /// 8 bits: the remainder is not 0 and has another sign than the divisor.
    fn wrong_sign(&mut self, remainder: Value, divisor: Value) -> Value {
        let signs = self.emitter.builder.ins().bxor(remainder, divisor);
        let differ = self.emitter.compare(IntCC::SignedLessThan, signs, 0);
        let some = self.emitter.compare(IntCC::NotEqual, remainder, 0);
        self.emitter.builder.ins().band(differ, some)
    }

    fn int_pow(&mut self, current: Current, a: Value, b: Value) -> Result<Value, LowerError> {
        let exponent = self.constant_of(current.instr.args[1]);
        match exponent {
            Some(0) => Ok(self.emitter.constant(1)),
            Some(exponent @ 1..=LONGEST_POWER) => {
                // From the highest bit: every intermediate divides the result, so it overflows
                // only if the result does (or the base is 0, 1 or -1 and nothing does).
                let mut value = a;
                for bit in (0..exponent.ilog2()).rev() {
                    value = self.checked_multiply(current, value, value)?;
                    if exponent >> bit & 1 == 1 {
                        value = self.checked_multiply(current, value, a)?;
                    }
                }
                Ok(value)
            }
            _ => {
                if self.range(current.instr.args[1]).low < 0 {
                    let negative = self.emitter.compare(IntCC::SignedLessThan, b, 0);
                    self.leave_if(current, negative, ExitReason::ValueRange)?;
                }
                let fail = self.exit(current, ExitReason::Overflow)?;
                Ok(self.emitter.call_for_word(Support::IntPow, &[a, b], fail))
            }
        }
    }

    fn checked_multiply(
        &mut self,
        current: Current,
        a: Value,
        b: Value,
    ) -> Result<Value, LowerError> {
        let (value, overflow) = self.emitter.builder.ins().smul_overflow(a, b);
        self.leave_if(current, overflow, ExitReason::Overflow)?;
        Ok(value)
    }

    /// `u64_*`.
    pub fn unsigned(&mut self, current: Current) -> Result<Value, LowerError> {
        let [a, b] = self.operands(current)?;
        Ok(match current.instr.op {
            Op::U64Add => self.emitter.builder.ins().iadd(a, b),
            Op::U64Sub => self.emitter.builder.ins().isub(a, b),
            Op::U64Mul => self.emitter.builder.ins().imul(a, b),
            Op::U64And => self.emitter.builder.ins().band(a, b),
            Op::U64Or => self.emitter.builder.ins().bor(a, b),
            Op::U64Xor => self.emitter.builder.ins().bxor(a, b),
            Op::U64Shl => {
                let value = self.emitter.builder.ins().ishl(a, b);
                self.zero_if_wide_shift(current, value, b)
            }
            Op::U64Shr => {
                let value = self.emitter.builder.ins().ushr(a, b);
                self.zero_if_wide_shift(current, value, b)
            }
            Op::U64Div => {
                self.check_divisor(current, b)?;
                self.emitter.builder.ins().udiv(a, b)
            }
            Op::U64Mod => {
                self.check_divisor(current, b)?;
                self.emitter.builder.ins().urem(a, b)
            }
            Op::U64Cmp(condition) => {
                self.emitter
                    .builder
                    .ins()
                    .icmp(signed(condition).unsigned(), a, b)
            }
            other => return Err(LowerError::malformed(format!("{other:?} is no u64 op"))),
        })
    }

    /// Cranelift shifts by the amount modulo 64; a Python int runs out of bits.
    fn zero_if_wide_shift(&mut self, current: Current, value: Value, amount: Value) -> Value {
        if self
            .range(current.instr.args[1])
            .is_within(IntRange::new(0, 63))
        {
            return value;
        }
        let fits = self
            .emitter
            .builder
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, amount, 64);
        let zero = self.emitter.constant(0);
        self.emitter.builder.ins().select(fits, value, zero)
    }

    /// `bool_*`, `is_same`, `select`.
    pub fn bool(&mut self, current: Current) -> Result<Value, LowerError> {
        Ok(match current.instr.op {
            Op::BoolNot => {
                let [a] = self.operands(current)?;
                self.emitter.builder.ins().bxor_imm_u(a, 1)
            }
            Op::BoolAnd => {
                let [a, b] = self.operands(current)?;
                self.emitter.builder.ins().band(a, b)
            }
            Op::BoolOr => {
                let [a, b] = self.operands(current)?;
                self.emitter.builder.ins().bor(a, b)
            }
            Op::BoolXor => {
                let [a, b] = self.operands(current)?;
                self.emitter.builder.ins().bxor(a, b)
            }
            Op::IsSame => {
                let [a, b] = self.operands(current)?;
                self.emitter.builder.ins().icmp(IntCC::Equal, a, b)
            }
            Op::Select => {
                let [condition, a, b] = self.operands(current)?;
                self.emitter.builder.ins().select(condition, a, b)
            }
            other => return Err(LowerError::malformed(format!("{other:?} is no bool op"))),
        })
    }
}

/// The exponent if the divisor is a constant power of two.
fn power_of_two(divisor: Option<i64>) -> Option<i64> {
    let divisor = divisor.filter(|divisor| *divisor > 0)?;
    (divisor.count_ones() == 1).then(|| i64::from(divisor.trailing_zeros()))
}
