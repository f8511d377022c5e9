//! Conversions between representations, and guards.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};

use super::alias::Region;
use super::context::{Current, Lowering};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::abi::layout::{Base, GlobalsGuard, namespace_block};
use crate::abi::support::Support;
use crate::hir::attributes::{Container, IntWidth};
use crate::hir::{IntRange, NamespaceId, ObjectId, Op, Type};

/// The ints a float holds exactly.
const EXACT: IntRange = IntRange {
    low: -(1 << 53),
    high: 1 << 53,
};

impl Lowering<'_, '_> {
    /// `box_*`, `unbox_*` and conversions of numbers.
    pub fn conversion(&mut self, current: Current) -> Result<Value, LowerError> {
        let [operand] = self.operands(current)?;
        let argument = current.instr.args[0];
        Ok(match current.instr.op {
            Op::BoxI64 => self.emitter.box_i64(operand, self.range(argument)),
            Op::BoxU64 => self.emitter.call_support(Support::BoxU64, &[operand]),
            Op::BoxF64 => self.emitter.call_support(Support::BoxF64, &[operand]),
            Op::BoxBool => self.emitter.box_bool(operand),
            Op::UnboxInt(width) => {
                let reason = match width {
                    IntWidth::Compact => ExitReason::WideInt,
                    IntWidth::Full => ExitReason::Overflow,
                };
                let fail = self.exit(current, reason)?;
                self.emitter.unbox_int(operand, width, fail)
            }
            Op::UnboxU64 => {
                let fail = self.exit(current, ExitReason::WideInt)?;
                self.emitter.unbox_u64(operand, fail)
            }
            Op::UnboxF64 => self.emitter.unbox_f64(operand),
            Op::UnboxBool => self.emitter.unbox_bool(operand),
            Op::I64ToF64 => self.emitter.builder.ins().fcvt_from_sint(F64, operand),
            Op::I64ToF64Exact => {
                if !self.range(argument).is_within(EXACT) {
                    let fail = self.exit(current, ExitReason::Inexact)?;
                    self.emitter
                        .check_range(operand, self.range(argument), EXACT, fail);
                }
                self.emitter.builder.ins().fcvt_from_sint(F64, operand)
            }
            Op::U64ToF64 => self.emitter.builder.ins().fcvt_from_uint(F64, operand),
            Op::BoolToI64 => self.emitter.builder.ins().uextend(I64, operand),
            Op::I64ToU64 => {
                if self.range(argument).low < 0 {
                    let fail = self.exit(current, ExitReason::ValueRange)?;
                    let negative = self.emitter.compare(IntCC::SignedLessThan, operand, 0);
                    self.emitter.branch_if(negative, fail);
                }
                operand
            }
            Op::U64ToI64 => {
                if self.range(argument).high > i128::from(i64::MAX) {
                    let fail = self.exit(current, ExitReason::Overflow)?;
                    let high = self.emitter.compare(IntCC::SignedLessThan, operand, 0);
                    self.emitter.branch_if(high, fail);
                }
                operand
            }
            Op::BitsToU64 | Op::BitsToI64 => operand,
            Op::F64ToI64 => {
                let fail = self.exit(current, ExitReason::Overflow)?;
                // Both bounds are floats; the upper is the first that does not fit. nan fails.
                let low = self
                    .emitter
                    .builder
                    .ins()
                    .f64const(-9_223_372_036_854_775_808.0);
                let high = self
                    .emitter
                    .builder
                    .ins()
                    .f64const(9_223_372_036_854_775_808.0);
                let above =
                    self.emitter
                        .builder
                        .ins()
                        .fcmp(FloatCC::GreaterThanOrEqual, operand, low);
                self.emitter.branch_unless(above, fail);
                let below = self
                    .emitter
                    .builder
                    .ins()
                    .fcmp(FloatCC::LessThan, operand, high);
                self.emitter.branch_unless(below, fail);
                self.emitter.builder.ins().fcvt_to_sint_sat(I64, operand)
            }
            other => return Err(LowerError::malformed(format!("{other:?} is no conversion"))),
        })
    }

    /// Guards and polls.
    pub fn guard(&mut self, current: Current) -> Result<Option<Value>, LowerError> {
        match current.instr.op {
            Op::GuardType(wanted) => {
                let [object] = self.operands(current)?;
                let known = self.function.value(current.instr.args[0]).ty;
                if !known.is_subset(wanted) {
                    let fail = self.exit(current, ExitReason::TypeChanged)?;
                    self.emitter.check_class(object, known, wanted, fail);
                }
                Ok(Some(object))
            }
            Op::GuardArray(container) => {
                let [object] = self.operands(current)?;
                let known = self.function.value(current.instr.args[0]).ty;
                let fail = self.exit(current, ExitReason::TypeChanged)?;
                self.emitter.check_class(object, known, Type::ARRAY, fail);
                self.check_typecode(object, container, fail)?;
                Ok(Some(object))
            }
            Op::GuardIs(wanted) => {
                let [object] = self.operands(current)?;
                let fail = self.exit(current, ExitReason::ObjectChanged)?;
                let address = self.emitter.addresses.object(wanted);
                let other = self.emitter.is_address(IntCC::NotEqual, object, address);
                self.emitter.branch_if(other, fail);
                Ok(Some(object))
            }
            Op::GuardCode(wanted) => {
                let [object] = self.operands(current)?;
                let known = self.function.value(current.instr.args[0]).ty;
                let fail = self.exit(current, ExitReason::ObjectChanged)?;
                self.emitter
                    .check_class(object, known, Type::FUNCTION, fail);
                self.check_function(object, wanted, 4, fail);
                Ok(Some(object))
            }
            Op::GuardBound => {
                let [object, bound] = self.operands(current)?;
                let fail = self.exit(current, ExitReason::Unbound)?;
                self.emitter.branch_unless(bound, fail);
                Ok(Some(object))
            }
            Op::GuardTrue(reason) => {
                let [condition] = self.operands(current)?;
                let fail = self.exit(current, reason)?;
                self.emitter.branch_unless(condition, fail);
                Ok(None)
            }
            Op::GuardFalse(reason) => {
                let [condition] = self.operands(current)?;
                let fail = self.exit(current, reason)?;
                self.emitter.branch_if(condition, fail);
                Ok(None)
            }
            Op::GuardRange(wanted) => {
                let [value] = self.operands(current)?;
                let known = self.range(current.instr.args[0]);
                if !known.is_within(wanted) {
                    let fail = self.exit(current, ExitReason::ValueRange)?;
                    self.emitter.check_range(value, known, wanted, fail);
                }
                Ok(Some(value))
            }
            Op::GuardIndex => {
                let [index, length] = self.operands(current)?;
                let fail = self.exit(current, ExitReason::IndexRange)?;
                if let Some(index) = self.index_from_start(current)? {
                    return Ok(Some(self.guard_either_end(index, length, fail)));
                }
                // A length is not negative, so one comparison without sign does for both ends.
                let bad = self.emitter.builder.ins().icmp(
                    IntCC::UnsignedGreaterThanOrEqual,
                    index,
                    length,
                );
                self.emitter.branch_if(bad, fail);
                Ok(Some(index))
            }
            Op::GuardGlobals(namespace) => {
                self.guard_globals(current, namespace)?;
                Ok(None)
            }
            Op::LoadGlobal(place) => {
                self.guard_globals(current, place.namespace)?;
                let block = self.emitter.addresses.namespace(place.namespace);
                let block = self.emitter.address(block);
                let offset = namespace_block::value(place.row);
                Ok(Some(self.emitter.load(Region::Runtime, I64, block, offset)))
            }
            Op::GuardFunction(wanted) => {
                let fail = self.exit(current, ExitReason::ObjectChanged)?;
                let object = self.emitter.addresses.object(wanted);
                let object = self.emitter.address(object);
                self.check_function(object, wanted, 3, fail);
                Ok(None)
            }
            Op::GuardFrameUnseen => {
                let Some(slot) = self.native_frame else {
                    return Ok(None);
                };
                let fail = self.exit(current, ExitReason::FrameSeen)?;
                let (look, next) = (
                    self.emitter.cold_block(),
                    self.emitter.builder.create_block(),
                );
                let frame = self.emitter.slot_load(slot, 0);
                self.emitter.builder.ins().brif(frame, look, &[], next, &[]);
                self.emitter.builder.switch_to_block(look);
                let offset = self.emitter.layout.frame_object;
                let object = self.emitter.load(Region::Runtime, I64, frame, offset);
                self.emitter
                    .builder
                    .ins()
                    .brif(object, fail, &[], next, &[]);
                self.emitter.builder.switch_to_block(next);
                Ok(None)
            }
            Op::Poll => {
                let fail = self.exit(current, ExitReason::EvalBreaker)?;
                self.poll(fail)?;
                Ok(None)
            }
            other => Err(LowerError::malformed(format!("{other:?} is no guard"))),
        }
    }

    /// The first parts of the function are those of the other: code, defaults, keyword defaults, globals.
    fn check_function(&mut self, object: Value, like: ObjectId, count: usize, fail: Block) {
        let layout = self.emitter.layout;
        let parts = self.emitter.addresses.function_parts(like);
        let offsets = [
            layout.function_code,
            layout.function_defaults,
            layout.function_kwdefaults,
            layout.function_globals,
        ];
        for (offset, expected) in offsets.into_iter().zip(parts).take(count) {
            let part = self.emitter.load(Region::Runtime, I64, object, offset);
            let other = self.emitter.is_address(IntCC::NotEqual, part, expected);
            self.emitter.branch_if(other, fail);
        }
    }

    fn check_typecode(
        &mut self,
        object: Value,
        container: Container,
        fail: Block,
    ) -> Result<(), LowerError> {
        let codes: &[u8] = match container {
            Container::ArrayI8 => b"b",
            Container::ArrayU8 => b"B",
            Container::ArrayI16 => b"h",
            Container::ArrayU16 => b"H",
            Container::ArrayI32 => b"i",
            Container::ArrayU32 => b"I",
            Container::ArrayI64 => b"lq",
            Container::ArrayU64 => b"LQ",
            Container::ArrayF32 => b"f",
            Container::ArrayF64 => b"d",
            _ => return Err(LowerError::malformed("guard_array of no array")),
        };
        let (descr, typecode) = (
            self.emitter.layout.array_descr,
            self.emitter.layout.array_descr_typecode,
        );
        // The description of an array never changes.
        let descr = self.emitter.load(Region::Class, I64, object, descr);
        let flags = self.emitter.flags(Region::Class);
        let code = self
            .emitter
            .builder
            .ins()
            .uload8(I32, flags, descr, typecode);
        let mut any = None;
        for &wanted in codes {
            let hit = self.emitter.compare(IntCC::Equal, code, i64::from(wanted));
            any = Some(match any {
                None => hit,
                Some(others) => self.emitter.builder.ins().bor(others, hit),
            });
        }
        if let Some(any) = any {
            self.emitter.branch_unless(any, fail);
        }
        Ok(())
    }

    fn guard_globals(
        &mut self,
        current: Current,
        namespace: NamespaceId,
    ) -> Result<(), LowerError> {
        let fail = self.exit(current, ExitReason::GlobalsChanged)?;
        let block = self.emitter.addresses.namespace(namespace);
        let block = self.emitter.address(block);
        let bad = match self.emitter.layout.globals_guard {
            GlobalsGuard::ValidWord => {
                let valid = self
                    .emitter
                    .load(Region::Runtime, I64, block, namespace_block::VALID);
                self.emitter.compare(IntCC::Equal, valid, 0)
            }
            GlobalsGuard::Versions { offset, shift } => {
                let mut any = None;
                for (dict, good) in [
                    (namespace_block::GLOBALS, namespace_block::GLOBALS_VERSION),
                    (namespace_block::BUILTINS, namespace_block::BUILTINS_VERSION),
                ] {
                    let dict = self.emitter.load(Region::Runtime, I64, block, dict);
                    let good = self.emitter.load(Region::Runtime, I64, block, good);
                    let mut version = self.emitter.load(Region::Runtime, I64, dict, offset);
                    if shift != 0 {
                        version = self
                            .emitter
                            .builder
                            .ins()
                            .ushr_imm_u(version, i64::from(shift));
                    }
                    let other = self
                        .emitter
                        .builder
                        .ins()
                        .icmp(IntCC::NotEqual, version, good);
                    any = Some(match any {
                        None => other,
                        Some(before) => self.emitter.builder.ins().bor(before, other),
                    });
                }
                match any {
                    Some(any) => any,
                    None => return Ok(()),
                }
            }
        };
        let (ask, next) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        self.emitter.builder.ins().brif(bad, ask, &[], next, &[]);
        self.emitter.builder.switch_to_block(ask);
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let number = self.emitter.constant(namespace.index() as i64);
        let good = self
            .emitter
            .call_support(Support::RevalidateGlobals, &[unit, number]);
        self.emitter.builder.ins().brif(good, next, &[], fail, &[]);
        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    /// For `guard_index` of a `normalize_index` by the same length: the index before that.
    fn index_from_start(&self, current: Current) -> Result<Option<Value>, LowerError> {
        let [normal, length] = current.instr.args[..] else {
            return Ok(None);
        };
        let Some(instr) = self.function.defining_instr(normal) else {
            return Ok(None);
        };
        let instr = self.function.instr(instr);
        match (instr.op, &instr.args[..]) {
            (Op::NormalizeIndex, &[index, by]) if by == length && self.range(index).high >= 0 => {
                self.value(index).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The index in bounds, one that is negative counted from the end; goes to `fail` if it is neither.
    /// Mostly it is not negative: then one comparison is all there is in its way.
    fn guard_either_end(&mut self, index: Value, length: Value, fail: Block) -> Value {
        let (behind, next) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let result = self.emitter.builder.append_block_param(next, I64);
        let inside = self
            .emitter
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, index, length);
        let arguments = [index.into()];
        self.emitter
            .builder
            .ins()
            .brif(inside, next, &arguments, behind, &[]);
        // Not below the length as a number without sign: negative, or too large and then too large here.
        self.emitter.builder.switch_to_block(behind);
        let from_end = self.emitter.builder.ins().iadd(index, length);
        let inside = self
            .emitter
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, from_end, length);
        let arguments = [from_end.into()];
        self.emitter
            .builder
            .ins()
            .brif(inside, next, &arguments, fail, &[]);
        self.emitter.builder.switch_to_block(next);
        result
    }

    fn poll(&mut self, fail: Block) -> Result<(), LowerError> {
        let breaker = self.emitter.layout.eval_breaker;
        let base = match breaker.base {
            Base::ThreadState => self.thread_state(),
            Base::Absolute(address) => self.emitter.address(address),
        };
        let address = match breaker.offset {
            0 => base,
            offset => self
                .emitter
                .builder
                .ins()
                .iadd_imm_s(base, i64::from(offset)),
        };
        let (ty, all) = match breaker.width {
            4 => (I32, u64::from(u32::MAX)),
            8 => (I64, u64::MAX),
            _ => return Err(LowerError::Unsupported("an eval breaker of this width")),
        };
        // Atomic, for another thread writes it: a plain load could be taken from an earlier poll.
        let flags = self.emitter.flags(Region::Runtime);
        let mut word = self.emitter.builder.ins().atomic_load(ty, flags, address);
        if breaker.mask & all != all {
            word = self
                .emitter
                .builder
                .ins()
                .band_imm_u(word, breaker.mask as i64);
        }
        self.emitter.branch_if(word, fail);
        Ok(())
    }
}
