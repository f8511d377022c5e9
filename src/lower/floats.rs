//! Floats: IEEE doubles in Python's order. No contraction, no reassociation.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::F64;
use cranelift_codegen::ir::{InstBuilder, Value};

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

impl Lowering<'_, '_> {
    /// `float_*`.
    pub fn float(&mut self, current: Current) -> Result<Value, LowerError> {
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
            Op::FloatPow => {
                let result = self.emitter.call_support(Support::FloatPow, &[a, b]);
                let known = self
                    .emitter
                    .builder
                    .ins()
                    .fcmp(FloatCC::Equal, result, result);
                self.leave_unless(current, known, ExitReason::Inexact)?;
                result
            }
            Op::FloatCmp(condition) => self.emitter.builder.ins().fcmp(ordered(condition), a, b),
            other => return Err(LowerError::malformed(format!("{other:?} is no float op"))),
        })
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
