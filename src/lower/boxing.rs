//! Between Python objects and machine values.
//!
//! Ints are unboxed by hand: one digit in line, more out of line. A result of `box_*` is owned,
//! except a bool's.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};

use super::alias::Region;
use super::emitter::Emitter;
use crate::abi::layout::LongLayout;
use crate::abi::support::Support;
use crate::hir::IntRange;
use crate::hir::attributes::IntWidth;

/// The parts of an int object that decide how it is read.
struct Digits {
    /// The one digit times the sign: right only when compact.
    compact: Value,
    /// 8 bits: more than one digit.
    wide: Value,
    /// Number of digits.
    count: Value,
    /// 1, 0 or -1.
    sign: Value,
    /// Offset of the first digit.
    offset: i32,
}

impl Emitter<'_, '_> {
    fn digits(&mut self, object: Value) -> Digits {
        let region = self.flags(Region::IntValue);
        match self.layout.long {
            LongLayout::SignedSize { size, digits } => {
                let size = self.load(Region::IntValue, I64, object, size);
                let shifted = self.builder.ins().iadd_imm_s(size, 1);
                let wide = self.compare(IntCC::UnsignedGreaterThan, shifted, 2);
                let digit = self.builder.ins().uload32(region, object, digits);
                let compact = self.builder.ins().imul(digit, size);
                // For two digits: 2 or -2 shifted right is 1 or -1.
                let sign = self.builder.ins().sshr_imm_s(size, 1);
                let negated = self.builder.ins().ineg(size);
                let count = self.builder.ins().smax(size, negated);
                Digits {
                    compact,
                    wide,
                    count,
                    sign,
                    offset: digits,
                }
            }
            LongLayout::Tagged { tag, digits } => {
                let tag = self.load(Region::IntValue, I64, object, tag);
                let wide =
                    self.builder
                        .ins()
                        .icmp_imm_u(IntCC::UnsignedGreaterThanOrEqual, tag, 16);
                let digit = self.builder.ins().uload32(region, object, digits);
                let low = self.builder.ins().band_imm_s(tag, 3);
                let one = self.constant(1);
                let sign = self.builder.ins().isub(one, low);
                let compact = self.builder.ins().imul(digit, sign);
                let count = self.builder.ins().ushr_imm_u(tag, 3);
                Digits {
                    compact,
                    wide,
                    count,
                    sign,
                    offset: digits,
                }
            }
        }
    }

    /// The value of an exact `int`; goes to `fail` if it is wider than `width`.
    pub fn unbox_int(&mut self, object: Value, width: IntWidth, fail: Block) -> Value {
        let digits = self.digits(object);
        if width == IntWidth::Compact {
            self.branch_if(digits.wide, fail);
            return digits.compact;
        }
        let next = self.builder.create_block();
        let result = self.builder.append_block_param(next, I64);
        let (wide, two, more) = (self.cold_block(), self.cold_block(), self.cold_block());
        self.builder
            .ins()
            .brif(digits.wide, wide, &[], next, &[digits.compact.into()]);

        self.builder.switch_to_block(wide);
        let is_two = self.compare(IntCC::Equal, digits.count, 2);
        self.builder.ins().brif(is_two, two, &[], more, &[]);

        self.builder.switch_to_block(two);
        let region = self.flags(Region::IntValue);
        let low = self.builder.ins().uload32(region, object, digits.offset);
        let high = self
            .builder
            .ins()
            .uload32(region, object, digits.offset + 4);
        let high = self.builder.ins().ishl_imm_u(high, 30);
        let magnitude = self.builder.ins().bor(low, high);
        let value = self.builder.ins().imul(magnitude, digits.sign);
        self.builder.ins().jump(next, &[value.into()]);

        self.builder.switch_to_block(more);
        let value = self.unbox_by_call(Support::UnboxI64, object, fail);
        self.builder.ins().jump(next, &[value.into()]);

        self.builder.switch_to_block(next);
        result
    }

    /// Makes an exact `int` that nobody else refers to hold a value of at most one digit.
    pub fn write_compact(&mut self, value: Value, object: Value) {
        let sign = self.builder.ins().sshr_imm_s(value, 63);
        let magnitude = self.builder.ins().iabs(value);
        let (size, first, digits) = match self.layout.long {
            LongLayout::SignedSize { size, digits } => {
                // 1 or -1: 0 is a cached one.
                (size, self.builder.ins().bor_imm_s(sign, 1), digits)
            }
            LongLayout::Tagged { tag, digits } => {
                let negative = self.builder.ins().band_imm_s(sign, 2);
                (tag, self.builder.ins().bor_imm_s(negative, 8), digits)
            }
        };
        self.store(Region::IntValue, first, object, size);
        let flags = self.flags(Region::IntValue);
        self.builder
            .ins()
            .istore32(flags, magnitude, object, digits);
    }

    /// The value of an exact `int` in 0 .. 2**64-1; goes to `fail` if it is not.
    pub fn unbox_u64(&mut self, object: Value, fail: Block) -> Value {
        let digits = self.digits(object);
        let next = self.builder.create_block();
        let result = self.builder.append_block_param(next, I64);
        let wide = self.cold_block();
        let negative = self.compare(IntCC::SignedLessThan, digits.compact, 0);
        let hard = self.builder.ins().bor(digits.wide, negative);
        self.builder
            .ins()
            .brif(hard, wide, &[], next, &[digits.compact.into()]);
        self.builder.switch_to_block(wide);
        let value = self.unbox_by_call(Support::UnboxU64, object, fail);
        self.builder.ins().jump(next, &[value.into()]);
        self.builder.switch_to_block(next);
        result
    }

    /// Calls a support function (words..., address of the result) -> did it fit?
    pub fn call_for_word(&mut self, function: Support, words: &[Value], fail: Block) -> Value {
        let scratch = self.scratch();
        let place = self.slot_address(scratch, 0);
        let mut arguments = words.to_vec();
        arguments.push(place);
        let fits = self.call_support(function, &arguments);
        self.branch_unless(fits, fail);
        self.slot_load(scratch, 0)
    }

    fn unbox_by_call(&mut self, function: Support, object: Value, fail: Block) -> Value {
        self.call_for_word(function, &[object], fail)
    }

    /// The value of an exact `float`.
    pub fn unbox_f64(&mut self, object: Value) -> Value {
        self.load(Region::FloatValue, F64, object, self.layout.float_value)
    }

    /// The value of an exact `bool`, 8 bits.
    pub fn unbox_bool(&mut self, object: Value) -> Value {
        self.is_address(IntCC::Equal, object, self.layout.true_object)
    }

    /// `True` or `False`, borrowed.
    pub fn box_bool(&mut self, value: Value) -> Value {
        let (yes, no) = (
            self.address(self.layout.true_object),
            self.address(self.layout.false_object),
        );
        self.builder.ins().select(value, yes, no)
    }

    /// A new or cached `int`, owned. `range` are bounds of the value.
    pub fn box_i64(&mut self, value: Value, range: IntRange) -> Value {
        let small = self.layout.small_ints.filter(|small| {
            let cached = IntRange::new(
                small.low.into(),
                i128::from(small.low) + i128::from(small.count) - 1,
            );
            range.intersection(cached).is_some()
        });
        let Some(small) = small else {
            return self.call_support(Support::BoxI64, &[value]);
        };
        let (cached, fresh) = (self.builder.create_block(), self.builder.create_block());
        let next = self.builder.create_block();
        let result = self.builder.append_block_param(next, I64);
        let index = self.builder.ins().iadd_imm_s(value, -small.low);
        let hit =
            self.builder
                .ins()
                .icmp_imm_u(IntCC::UnsignedLessThan, index, i64::from(small.count));
        self.builder.ins().brif(hit, cached, &[], fresh, &[]);

        self.builder.switch_to_block(cached);
        let offset = self
            .builder
            .ins()
            .imul_imm_u(index, i64::from(small.stride));
        let start = self.address(small.address);
        let object = self.builder.ins().iadd(start, offset);
        if !self.layout.immortal {
            self.incref(object);
        }
        self.builder.ins().jump(next, &[object.into()]);

        self.builder.switch_to_block(fresh);
        let object = self.call_support(Support::BoxI64, &[value]);
        self.builder.ins().jump(next, &[object.into()]);

        self.builder.switch_to_block(next);
        result
    }

    /// Goes to `fail` unless `low <= value <= high`; `known` bounds of the value save tests.
    pub fn check_range(&mut self, value: Value, known: IntRange, wanted: IntRange, fail: Block) {
        let low = wanted.low.max(IntRange::I64.low) as i64;
        let high = wanted.high.min(IntRange::I64.high) as i64;
        if wanted.low > IntRange::I64.high || wanted.high < IntRange::I64.low {
            let never = self.builder.ins().iconst(I8, 0);
            return self.branch_unless(never, fail);
        }
        match (known.low < i128::from(low), known.high > i128::from(high)) {
            (false, false) => {}
            (true, false) => {
                let bad = self.compare(IntCC::SignedLessThan, value, low);
                self.branch_if(bad, fail);
            }
            (false, true) => {
                let bad = self.compare(IntCC::SignedGreaterThan, value, high);
                self.branch_if(bad, fail);
            }
            (true, true) => {
                let shifted = self.builder.ins().iadd_imm_s(value, low.wrapping_neg());
                let width = high.wrapping_sub(low);
                let width = self.constant(width);
                let bad = self
                    .builder
                    .ins()
                    .icmp(IntCC::UnsignedGreaterThan, shifted, width);
                self.branch_if(bad, fail);
            }
        }
    }
}
