//! Reference counts.
//!
//! Safety rests on this file: a count too low is a use after free. Immortal objects (3.12+: low 32
//! bits of the count negative) are never changed; the arithmetic below adds the sign instead of
//! branching on it. Freeing is always out of line.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

use super::alias::Region;
use super::emitter::Emitter;
use crate::abi::support::Support;

impl Emitter<'_, '_> {
    /// Adds a reference.
    pub fn incref(&mut self, object: Value) {
        self.check_reference(object);
        let offset = self.layout.refcount;
        if !self.layout.immortal {
            let count = self.load(Region::Refcount, I64, object, offset);
            let more = self.builder.ins().iadd_imm_s(count, 1);
            return self.store(Region::Refcount, more, object, offset);
        }
        // count + 1, or count + 1 - 1 when negative.
        let count = self.load(Region::Refcount, I32, object, offset);
        let sign = self.builder.ins().sshr_imm_s(count, 31);
        let more = self.builder.ins().iadd_imm_s(count, 1);
        let more = self.builder.ins().iadd(more, sign);
        self.store(Region::Refcount, more, object, offset);
    }

    /// Under `refcheck`: stops the process if this is not a live object.
    pub fn check_reference(&mut self, object: Value) {
        if self.check_references {
            self.call_support_unit(Support::CheckReference, &[object]);
        }
    }

    /// Takes a reference away; the result is 0 (8 or 64 bits wide) iff it was the last.
    pub fn decref_count(&mut self, object: Value) -> Value {
        self.check_reference(object);
        let offset = self.layout.refcount;
        let less = if self.layout.immortal {
            let count = self.load(Region::Refcount, I32, object, offset);
            let sign = self.builder.ins().sshr_imm_s(count, 31);
            let less = self.builder.ins().iadd_imm_s(count, -1);
            self.builder.ins().isub(less, sign)
        } else {
            let count = self.load(Region::Refcount, I64, object, offset);
            self.builder.ins().iadd_imm_s(count, -1)
        };
        self.store(Region::Refcount, less, object, offset);
        less
    }

    /// Takes a reference away from an object whose death nobody can observe.
    pub fn decref_plain(&mut self, object: Value) {
        let left = self.decref_count(object);
        let (free, next) = (self.cold_block(), self.builder.create_block());
        self.builder.ins().brif(left, next, &[], free, &[]);
        self.builder.switch_to_block(free);
        self.call_support_unit(Support::Dealloc, &[object]);
        self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
    }

    /// True iff there is exactly one reference.
    pub fn has_one_reference(&mut self, object: Value) -> Value {
        let ty = if self.layout.immortal { I32 } else { I64 };
        let count = self.load(Region::Refcount, ty, object, self.layout.refcount);
        self.compare(IntCC::Equal, count, 1)
    }
}
