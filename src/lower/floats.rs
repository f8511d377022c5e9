//! Floats: IEEE doubles in Python's order. No contraction, no reassociation.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};

use super::context::{Current, Lowering};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::abi::support::Support;
use crate::hir::Op;
use crate::hir::attributes::Cond;

fn ordered(condition: Cond) -> FloatCC {
    match condition {
        Cond::Eq => FloatCC::Equal,
        Cond::Ne => FloatCC::NotEqual,
        Cond::Lt => FloatCC::LessThan,
        Cond::Le => FloatCC::LessThanOrEqual,
        Cond::Gt => FloatCC::GreaterThan,
        Cond::Ge => FloatCC::GreaterThanOrEqual,
    }
}

/// Powers whose value mostly follows from one rounded operation.
#[derive(Clone, Copy, PartialEq)]
enum NearPower {
    /// `a ** 0.5`.
    Root,
    /// `a ** 2`.
    Square,
}

impl Lowering<'_, '_> {
    /// `float_*`.
    pub fn float(&mut self, current: Current) -> Result<Value, LowerError> {
        let result = self.float_value(current)?;
        if self.is_anchored(current) {
            self.anchor(result);
        }
        Ok(result)
    }

    fn float_value(&mut self, current: Current) -> Result<Value, LowerError> {
        let [a] = self.operands(current)?;
        Ok(match current.instr.op {
            Op::FloatNeg => self.emitter.builder.ins().fneg(a),
            Op::FloatAbs => self.emitter.builder.ins().fabs(a),
            Op::FloatFloor => self.emitter.builder.ins().floor(a),
            Op::FloatCeil => self.emitter.builder.ins().ceil(a),
            Op::FloatRoundEven => self.emitter.builder.ins().nearest(a),
            Op::FloatSqrt => {
                let zero = self.emitter.builder.ins().f64const(0.0);
                let negative = self.emitter.builder.ins().fcmp(FloatCC::LessThan, a, zero);
                self.leave_if(current, negative, ExitReason::ValueRange)?;
                self.emitter.builder.ins().sqrt(a)
            }
            Op::FloatMath(function) => {
                let address = self.emitter.addresses.math(function);
                let result = self.emitter.call_address(address, &[a], Some(F64));
                let result = result.ok_or(LowerError::Unsupported("a call without result"))?;
                let size = self.emitter.builder.ins().fabs(result);
                let infinity = self.emitter.builder.ins().f64const(f64::INFINITY);
                let finite = self
                    .emitter
                    .builder
                    .ins()
                    .fcmp(FloatCC::LessThan, size, infinity);
                self.leave_unless(current, finite, ExitReason::Inexact)?;
                result
            }
            _ => {
                let [a, b] = self.operands(current)?;
                self.float_binary(current, a, b)?
            }
        })
    }

    fn float_binary(&mut self, current: Current, a: Value, b: Value) -> Result<Value, LowerError> {
        Ok(match current.instr.op {
            Op::FloatAdd => self.emitter.builder.ins().fadd(a, b),
            Op::FloatSub => self.emitter.builder.ins().fsub(a, b),
            Op::FloatMul => self.emitter.builder.ins().fmul(a, b),
            Op::FloatDiv => {
                self.check_float_divisor(current, b)?;
                self.emitter.builder.ins().fdiv(a, b)
            }
            Op::FloatFloorDiv => {
                self.check_float_divisor(current, b)?;
                self.emitter.call_support(Support::FloatFloorDiv, &[a, b])
            }
            Op::FloatMod => {
                self.check_float_divisor(current, b)?;
                self.emitter.call_support(Support::FloatMod, &[a, b])
            }
            Op::FloatPow => match self.near_power(current) {
                Some(power) => self.mostly_near_power(current, power, a, b)?,
                None => self.power(current, Support::FloatPow, a, b)?,
            },
            Op::FloatCmp(condition) => self.emitter.builder.ins().fcmp(ordered(condition), a, b),
            other => return Err(LowerError::malformed(format!("{other:?} is no float op"))),
        })
    }

    /// `a ** b` by C's `pow`.
    fn power(
        &mut self,
        current: Current,
        pow: Support,
        a: Value,
        b: Value,
    ) -> Result<Value, LowerError> {
        let result = self.emitter.call_support(pow, &[a, b]);
        let builder = &mut self.emitter.builder;
        let known = builder.ins().fcmp(FloatCC::Equal, result, result);
        self.leave_unless(current, known, ExitReason::Inexact)?;
        Ok(result)
    }

    fn near_power(&self, current: Current) -> Option<NearPower> {
        if !self.options.close_pow || !self.options.fused_multiply_add {
            return None;
        }
        match self.function.defining_op(current.instr.args[1]) {
            Some(Op::ConstF64(bits)) if bits.value() == 0.5 => Some(NearPower::Root),
            Some(Op::ConstF64(bits)) if bits.value() == 2.0 => Some(NearPower::Square),
            _ => None,
        }
    }

    /// C's `pow` is not rounded correctly, but its error stays below 0.55 units in the last place
    /// (`close_pow`). So where the true power is at most 0.45 units away from the nearest float `s`, and
    /// thus 0.55 or more from any other, `pow` gives `s`: that is nine times out of ten. How far away it
    /// is tells the exact remainder `a - s * s` (by a fused operation), which for the root is `2 * s` times
    /// the distance. The unit is that of the float below `s`: half as large where `s` is a power of 2.
    fn mostly_near_power(
        &mut self,
        current: Current,
        power: NearPower,
        a: Value,
        b: Value,
    ) -> Result<Value, LowerError> {
        /// 2 ** -52: the unit of 1.0.
        const UNIT: f64 = f64::EPSILON;
        let (compare, slow, next) = (
            self.emitter.builder.create_block(),
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let result = self.emitter.builder.append_block_param(next, F64);
        let builder = &mut self.emitter.builder;
        let (near, remainder, smallest) = match power {
            NearPower::Root => {
                let near = builder.ins().sqrt(a);
                let minus = builder.ins().fneg(near);
                // Far enough from 0 that the remainder is a float; nan and negative numbers are not.
                let smallest = f64::from_bits((1023 - 960) << 52);
                (near, builder.ins().fma(minus, near, a), (a, smallest))
            }
            NearPower::Square => {
                let near = builder.ins().fmul(a, a);
                let minus = builder.ins().fneg(near);
                let smallest = f64::from_bits((1023 - 900) << 52);
                (near, builder.ins().fma(a, a, minus), (near, smallest))
            }
        };
        let limit = builder.ins().f64const(smallest.1);
        let is_large = builder
            .ins()
            .fcmp(FloatCC::GreaterThanOrEqual, smallest.0, limit);
        builder.ins().brif(is_large, compare, &[], slow, &[]);

        self.emitter.builder.switch_to_block(compare);
        let builder = &mut self.emitter.builder;
        let bits = builder.ins().bitcast(I64, MemFlagsData::new(), near);
        let below = builder.ins().iadd_imm_s(bits, -1);
        let exponent = builder.ins().band_imm_s(below, 0x7ff0_0000_0000_0000);
        let scale = builder.ins().bitcast(F64, MemFlagsData::new(), exponent);
        let bound = match power {
            NearPower::Root => {
                let scale = builder.ins().fmul(scale, near);
                let factor = builder.ins().f64const(2.0 * 0.45 * UNIT);
                builder.ins().fmul(scale, factor)
            }
            NearPower::Square => {
                let factor = builder.ins().f64const(0.45 * UNIT);
                builder.ins().fmul(scale, factor)
            }
        };
        let size = builder.ins().fabs(remainder);
        let is_near = builder.ins().fcmp(FloatCC::LessThanOrEqual, size, bound);
        builder.ins().brif(is_near, next, &[near.into()], slow, &[]);

        self.emitter.builder.switch_to_block(slow);
        let exact = self.power(current, Support::FloatPowRarely, a, b)?;
        self.emitter.builder.ins().jump(next, &[exact.into()]);
        self.emitter.builder.switch_to_block(next);
        Ok(result)
    }

    fn leave_unless(
        &mut self,
        current: Current,
        condition: Value,
        reason: ExitReason,
    ) -> Result<(), LowerError> {
        let fail = self.exit(current, reason)?;
        self.emitter.branch_unless(condition, fail);
        Ok(())
    }

    fn check_float_divisor(&mut self, current: Current, b: Value) -> Result<(), LowerError> {
        if let Some(Op::ConstF64(value)) = self.function.defining_op(current.instr.args[1])
            && value.value() != 0.0
        {
            return Ok(());
        }
        let zero = self.emitter.builder.ins().f64const(0.0);
        let is_zero = self.emitter.builder.ins().fcmp(FloatCC::Equal, b, zero);
        self.leave_if(current, is_zero, ExitReason::ZeroDivision)
    }
}
