//! Classes and attributes of instances.
//!
//! A class is its address and its version: versions are never used again, so a class that died and another
//! at its place differ in it. Both are compared only behind the class word of a live object.
//!
//! `Ptr` values are the address of an instance's first value (of the object, for slots). Safety rests on
//! `field_table`: it leaves where the values are not the instance's any more.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};

use super::alias::Region;
use super::context::{Current, Lowering};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::abi::layout::InstanceValues;
use crate::abi::support::Support;
use crate::hir::attributes::{FieldKind, FieldPlace, FieldTable, TableUse};
use crate::hir::{ClassId, IntRange, Op, Type};

/// From the first embedded value to the bytes before it: capacity, number of values set, embedded, valid.
const CAPACITY: i32 = -8;
const COUNT: i32 = -7;
const VALID: i32 = -5;

impl Lowering<'_, '_> {
    /// Guards on classes, and attributes.
    pub fn attribute(&mut self, current: Current) -> Result<Option<Value>, LowerError> {
        match current.instr.op {
            Op::GuardClass(class) => {
                let [object] = self.operands(current)?;
                self.guard_class(current, class, object)?;
                Ok(Some(object))
            }
            Op::IsClass(class) => {
                let [object] = self.operands(current)?;
                Ok(Some(self.is_class(class, object)))
            }
            Op::GuardVersion(class) => {
                let address = self.emitter.addresses.instance_class(class).address;
                let address = self.emitter.address(address);
                self.guard_version(current, class, address)?;
                Ok(None)
            }
            Op::GuardThisClass(class) => {
                let [object] = self.operands(current)?;
                let known = self.emitter.addresses.instance_class(class);
                let fail = self.exit(current, ExitReason::ClassChanged)?;
                let other = self
                    .emitter
                    .is_address(IntCC::NotEqual, object, known.address);
                self.emitter.branch_if(other, fail);
                self.guard_version(current, class, object)?;
                Ok(Some(object))
            }
            Op::LoadMember(place) => {
                let address = self.emitter.addresses.object(place.object);
                Ok(Some(self.emitter.address(address)))
            }
            Op::LoadClassMember(place) => {
                let class = self.emitter.addresses.instance_class(place.class);
                let class = self.emitter.address(class.address);
                self.guard_version(current, place.class, class)?;
                let address = self.emitter.addresses.object(place.object);
                Ok(Some(self.emitter.address(address)))
            }
            Op::GuardUnshadowed(class) => {
                let [_] = self.operands(current)?;
                self.guard_unshadowed(current, class)?;
                Ok(None)
            }
            Op::FieldTable(table) => {
                let [object] = self.operands(current)?;
                self.field_table(current, table, object).map(Some)
            }
            Op::LoadField(place) => {
                let [_, table] = self.operands(current)?;
                let value = self.field(place, table);
                let unset = self.emitter.compare(IntCC::Equal, value, 0);
                self.leave_if(current, unset, ExitReason::AttributePlace)?;
                Ok(Some(value))
            }
            Op::GuardNoField(place) => {
                let [_, table] = self.operands(current)?;
                let value = self.field(place, table);
                let set = self.emitter.compare(IntCC::NotEqual, value, 0);
                self.leave_if(current, set, ExitReason::AttributePlace)?;
                Ok(None)
            }
            Op::StoreField(place) => self.store_field(current, place).map(|()| None),
            Op::StoreFieldF64(place) => self.store_field_f64(current, place).map(|()| None),
            Op::StoreFieldI64(place) => self.store_field_i64(current, place).map(|()| None),
            other => Err(LowerError::malformed(format!("{other:?} is no attribute"))),
        }
    }

    fn guard_class(
        &mut self,
        current: Current,
        class: ClassId,
        object: Value,
    ) -> Result<(), LowerError> {
        let fail = self.exit(current, ExitReason::ClassChanged)?;
        let known = self.emitter.addresses.instance_class(class);
        let found = self.emitter.class_of(object);
        let other = self
            .emitter
            .is_address(IntCC::NotEqual, found, known.address);
        self.emitter.branch_if(other, fail);
        self.guard_version(current, class, found)
    }

    fn is_class(&mut self, class: ClassId, object: Value) -> Value {
        let known = self.emitter.addresses.instance_class(class);
        let found = self.emitter.class_of(object);
        let same = self.emitter.is_address(IntCC::Equal, found, known.address);
        // Whatever class it is, it has a version.
        let offset = self.emitter.layout.class_version;
        let version = self.emitter.load(Region::ClassContents, I32, found, offset);
        let current = self
            .emitter
            .compare(IntCC::Equal, version, i64::from(known.version as i32));
        self.emitter.builder.ins().band(same, current)
    }

    fn guard_version(
        &mut self,
        current: Current,
        class: ClassId,
        address: Value,
    ) -> Result<(), LowerError> {
        let fail = self.exit(current, ExitReason::ClassChanged)?;
        let known = self.emitter.addresses.instance_class(class);
        let offset = self.emitter.layout.class_version;
        let version = self
            .emitter
            .load(Region::ClassContents, I32, address, offset);
        let changed =
            self.emitter
                .compare(IntCC::NotEqual, version, i64::from(known.version as i32));
        self.emitter.branch_if(changed, fail);
        Ok(())
    }

    /// Names are added to those that instances have in common, never taken away.
    fn guard_unshadowed(&mut self, current: Current, class: ClassId) -> Result<(), LowerError> {
        let fail = self.exit(current, ExitReason::ClassChanged)?;
        let known = self.emitter.addresses.instance_class(class);
        let (names, count) = (
            self.emitter.layout.class_names,
            self.emitter.layout.names_count,
        );
        let address = self.emitter.address(known.address);
        let names = self
            .emitter
            .load(Region::ClassContents, I64, address, names);
        let count = self.emitter.load(Region::ClassContents, I64, names, count);
        let more = self
            .emitter
            .compare(IntCC::NotEqual, count, known.names as i64);
        self.emitter.branch_if(more, fail);
        Ok(())
    }

    fn field_table(
        &mut self,
        current: Current,
        table: FieldTable,
        object: Value,
    ) -> Result<Value, LowerError> {
        if table.wanted == TableUse::Slots {
            return Ok(object);
        }
        let fail = self.exit(current, ExitReason::AttributePlace)?;
        Ok(match self.emitter.layout.instance_values {
            InstanceValues::Pointer(offset) => {
                let values = self
                    .emitter
                    .load(Region::InstanceShape, I64, object, offset);
                let gone = self.emitter.compare(IntCC::Equal, values, 0);
                self.emitter.branch_if(gone, fail);
                values
            }
            InstanceValues::Tagged(offset) => {
                let word = self
                    .emitter
                    .load(Region::InstanceShape, I64, object, offset);
                let odd = self.emitter.builder.ins().band_imm_u(word, 1);
                self.emitter.branch_unless(odd, fail);
                self.emitter.builder.ins().iadd_imm_s(word, 1)
            }
            InstanceValues::Embedded(dict) => {
                let values = self.emitter.addresses.instance_class(table.class).values;
                let first = self
                    .emitter
                    .builder
                    .ins()
                    .iadd_imm_s(object, i64::from(values - CAPACITY));
                let flags = self.emitter.flags(Region::InstanceShape);
                let valid = self.emitter.builder.ins().uload8(
                    I32,
                    flags,
                    object,
                    values - CAPACITY + VALID,
                );
                self.emitter.branch_unless(valid, fail);
                if table.wanted == TableUse::Write {
                    // A dict over the values counts them, and has watchers.
                    let dict = self.emitter.load(Region::InstanceShape, I64, object, dict);
                    self.emitter.branch_if(dict, fail);
                }
                first
            }
        })
    }

    fn offset(place: FieldPlace) -> i32 {
        match place.kind {
            FieldKind::Value(index) => 8 * index as i32,
            FieldKind::Slot(offset) => offset as i32,
        }
    }

    fn field(&mut self, place: FieldPlace, table: Value) -> Value {
        let offset = Self::offset(place);
        self.emitter.load(Region::Attributes, I64, table, offset)
    }

    fn store_field(&mut self, current: Current, place: FieldPlace) -> Result<(), LowerError> {
        let [_, table, item] = self.operands(current)?;
        let fail = self.exit(current, ExitReason::DropRunsCode)?;
        let (old, next) = self.set_if_empty(place, table, |lowering| {
            lowering.emitter.incref(item);
            item
        });
        self.replace(
            Region::Attributes,
            table,
            Self::offset(place),
            old,
            item,
            fail,
        );
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    fn store_field_f64(&mut self, current: Current, place: FieldPlace) -> Result<(), LowerError> {
        let [_, table, value] = self.operands(current)?;
        let fail = self.exit(current, ExitReason::DropRunsCode)?;
        let (old, next) = self.set_if_empty(place, table, |lowering| {
            lowering.emitter.call_support(Support::BoxF64, &[value])
        });
        let shared = self.emitter.cold_block();
        self.write_float(old, Type::OBJECT, value, shared)?;
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(shared);
        self.leave_unless_silent(old, fail);
        let item = self.emitter.call_support(Support::BoxF64, &[value]);
        self.emitter
            .store(Region::Attributes, item, table, Self::offset(place));
        self.emitter.decref_plain(old);
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    fn store_field_i64(&mut self, current: Current, place: FieldPlace) -> Result<(), LowerError> {
        let [_, table, value] = self.operands(current)?;
        let range: IntRange = self.range(current.instr.args[2]);
        let fail = self.exit(current, ExitReason::DropRunsCode)?;
        let (old, next) = self.set_if_empty(place, table, |lowering| {
            lowering.emitter.box_i64(value, range)
        });
        let shared = self.emitter.builder.create_block();
        self.write_int(old, Type::OBJECT, (value, range), shared)?;
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(shared);
        self.leave_unless_silent(old, fail);
        let item = self.emitter.box_i64(value, range);
        self.emitter
            .store(Region::Attributes, item, table, Self::offset(place));
        self.emitter.decref_plain(old);
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    /// Sets an attribute that is not set to what `make` gives, a reference taken over. Goes on where it is set:
    /// its value, and the block behind the store.
    fn set_if_empty(
        &mut self,
        place: FieldPlace,
        table: Value,
        make: impl FnOnce(&mut Self) -> Value,
    ) -> (Value, Block) {
        let old = self.field(place, table);
        let (empty, full) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let next = self.emitter.builder.create_block();
        self.emitter.builder.ins().brif(old, full, &[], empty, &[]);

        self.emitter.builder.switch_to_block(empty);
        let item = make(self);
        self.emitter
            .store(Region::Attributes, item, table, Self::offset(place));
        if let FieldKind::Value(index) = place.kind {
            self.remember_order(table, index);
        }
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(full);
        (old, next)
    }

    /// A dict made of the values has its keys in the order they were set.
    fn remember_order(&mut self, table: Value, index: u32) {
        let flags = self.emitter.flags(Region::InstanceShape);
        let count_at = match self.emitter.layout.instance_values {
            InstanceValues::Pointer(_) | InstanceValues::Tagged(_) => -2,
            InstanceValues::Embedded(_) => COUNT,
        };
        let ins = self.emitter.builder.ins();
        let count = ins.uload8(I64, flags, table, count_at);
        let more = self.emitter.builder.ins().iadd_imm_s(count, 1);
        let place = match self.emitter.layout.instance_values {
            InstanceValues::Pointer(_) | InstanceValues::Tagged(_) => {
                let end = self.emitter.builder.ins().isub(table, more);
                self.emitter
                    .builder
                    .ins()
                    .iadd_imm_s(end, i64::from(count_at))
            }
            InstanceValues::Embedded(_) => {
                let ins = self.emitter.builder.ins();
                let capacity = ins.uload8(I64, flags, table, CAPACITY);
                let bytes = self.emitter.builder.ins().ishl_imm_u(capacity, 3);
                let start = self.emitter.builder.ins().iadd(table, bytes);
                self.emitter.builder.ins().iadd(start, count)
            }
        };
        let index = self.emitter.constant(i64::from(index));
        let ins = self.emitter.builder.ins();
        ins.istore8(flags, index, place, 0);
        self.emitter
            .builder
            .ins()
            .istore8(flags, more, table, count_at);
    }
}
