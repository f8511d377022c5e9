//! Lists, tuples, bytes, bytearrays, `array.array`, closure cells.
//!
//! Data pointers and bounds are HIR's business: an access here is in bounds and its data pointer
//! is current. Safety rests on the stores: the new reference is added before the old one is
//! dropped, and nothing is dropped that could run code.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I64};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};
use smallvec::SmallVec;

use super::alias::Region;
use super::context::{Current, Lowering};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::abi::support::Support;
use crate::hir::attributes::Container;
use crate::hir::effects::Heaps;
use crate::hir::{IntRange, Op, Type, ValueId};

/// How far before a store its item is looked for.
const REPLACED_ITEM_WITHIN: usize = 24;

impl Lowering<'_, '_> {
    /// Lengths, data pointers, loads, stores, appends.
    pub fn container(&mut self, current: Current) -> Result<Option<Value>, LowerError> {
        let layout = self.emitter.layout;
        let [object] = self.operands(current)?;
        let emitter = &mut self.emitter;
        Ok(match current.instr.op {
            Op::NormalizeIndex => Some(self.normalize_index(current)?),
            Op::LenList => Some(emitter.load(Region::ListShape, I64, object, layout.var_size)),
            Op::LenByteArray => {
                Some(emitter.load(Region::ByteArrayShape, I64, object, layout.var_size))
            }
            Op::LenArray => Some(emitter.load(Region::ArrayShape, I64, object, layout.var_size)),
            Op::LenFixed(Container::Str) => {
                Some(emitter.load(Region::Class, I64, object, layout.str_length))
            }
            Op::LenFixed(_) => Some(emitter.load(Region::Class, I64, object, layout.var_size)),
            Op::DataList => Some(emitter.load(Region::ListShape, I64, object, layout.list_items)),
            Op::DataByteArray => {
                Some(emitter.load(Region::ByteArrayShape, I64, object, layout.bytearray_start))
            }
            Op::DataArray => {
                Some(emitter.load(Region::ArrayShape, I64, object, layout.array_items))
            }
            Op::DataFixed(Container::Tuple) => Some(
                emitter
                    .builder
                    .ins()
                    .iadd_imm_s(object, i64::from(layout.tuple_items)),
            ),
            Op::DataFixed(Container::Bytes) => Some(
                emitter
                    .builder
                    .ins()
                    .iadd_imm_s(object, i64::from(layout.bytes_data)),
            ),
            Op::LoadList => {
                let place = self.element(current, 8)?;
                Some(self.emitter.load(Region::ListItems, I64, place, 0))
            }
            Op::LoadFixed(Container::Tuple) => {
                let place = self.element(current, 8)?;
                Some(self.emitter.load(Region::TupleItems, I64, place, 0))
            }
            Op::LoadFixed(Container::Bytes) => {
                let place = self.element(current, 1)?;
                Some(self.load_item(Region::TupleItems, Container::Bytes, place)?)
            }
            Op::LoadChar => Some(self.load_char(current)?),
            Op::LoadByteArray => {
                let place = self.element(current, 1)?;
                Some(self.load_item(Region::Bytes, Container::ByteArray, place)?)
            }
            Op::LoadArray(container) => {
                let place = self.element(current, container.item_size())?;
                Some(self.load_item(Region::Bytes, container, place)?)
            }
            Op::StoreByteArray => {
                let place = self.element(current, 1)?;
                self.store_item(current, Container::ByteArray, place)?;
                None
            }
            Op::StoreArray(container) => {
                let place = self.element(current, container.item_size())?;
                self.store_item(current, container, place)?;
                None
            }
            Op::SwapList => {
                let [_, data, i, b, j, a] = self.operands(current)?;
                for (index, item) in [(i, b), (j, a)] {
                    let offset = self.emitter.builder.ins().ishl_imm_u(index, 3);
                    let place = self.emitter.builder.ins().iadd(data, offset);
                    self.emitter.store(Region::ListItems, item, place, 0);
                }
                None
            }
            Op::StoreList => {
                let place = self.element(current, 8)?;
                let [_, _, _, item] = self.operands(current)?;
                let old = self.emitter.load(Region::ListItems, I64, place, 0);
                let fail = self.exit(current, ExitReason::DropRunsCode)?;
                if self.is_constant_object(current.instr.args[3]) {
                    self.replace_by_constant(place, old, item, fail);
                } else {
                    self.replace(Region::ListItems, place, 0, old, item, fail);
                }
                None
            }
            Op::StoreListI64 => {
                self.store_list_i64(current)?;
                None
            }
            Op::StoreListF64 => {
                self.store_list_f64(current)?;
                None
            }
            Op::ListAppend => {
                self.list_append(current)?;
                None
            }
            Op::ListPopLast => Some(self.list_pop_last(current, object)?),
            Op::LoadClosure(index) => {
                let cells = self
                    .emitter
                    .load(Region::Class, I64, object, layout.function_closure);
                let offset = i64::from(layout.tuple_items) + 8 * index;
                let place = self.emitter.builder.ins().iadd_imm_s(cells, offset);
                Some(self.emitter.load(Region::TupleItems, I64, place, 0))
            }
            Op::LoadCell => {
                let content = self
                    .emitter
                    .load(Region::Cells, I64, object, layout.cell_content);
                let empty = self.emitter.compare(IntCC::Equal, content, 0);
                self.leave_if(current, empty, ExitReason::Unbound)?;
                Some(content)
            }
            Op::StoreCell => {
                self.store_cell(current)?;
                None
            }
            other => {
                return Err(LowerError::malformed(format!(
                    "{other:?} of this container"
                )));
            }
        })
    }

    fn normalize_index(&mut self, current: Current) -> Result<Value, LowerError> {
        let [index, length] = self.operands(current)?;
        let [index_id, _] = [current.instr.args[0], current.instr.args[1]];
        let range = self.range(index_id);
        if range.low >= 0 {
            return Ok(index);
        }
        if range.high < 0 {
            return Ok(self.emitter.builder.ins().iadd(index, length));
        }
        let from_end = self.emitter.builder.ins().iadd(index, length);
        let negative = self.emitter.compare(IntCC::SignedLessThan, index, 0);
        Ok(self.emitter.builder.ins().select(negative, from_end, index))
    }

    /// Address of the item: data pointer and index are the second and third operand.
    fn element(&mut self, current: Current, size: u32) -> Result<Value, LowerError> {
        let [_, data, index] = self.operands(current)?;
        let offset = match size {
            1 => index,
            _ => {
                let shift = i64::from(size.trailing_zeros());
                self.emitter.builder.ins().ishl_imm_u(index, shift)
            }
        };
        Ok(self.emitter.builder.ins().iadd(data, offset))
    }

    /// `load_char`: a byte of ASCII strings, in line.
    fn load_char(&mut self, current: Current) -> Result<Value, LowerError> {
        let [text, index] = self.operands(current)?;
        let layout = self.emitter.layout;
        let (offset, mask, data) = (layout.str_state, layout.str_ascii, layout.str_ascii_data);
        let emitter = &mut self.emitter;
        let flags = MemFlagsData::trusted();
        let ins = emitter.builder.ins();
        let state = ins.uload32(flags, text, offset);
        let ascii = emitter.builder.ins().band_imm_u(state, i64::from(mask));
        let (quick, slow) = (emitter.builder.create_block(), emitter.cold_block());
        let next = emitter.builder.create_block();
        let result = emitter.builder.append_block_param(next, I64);
        emitter.builder.ins().brif(ascii, quick, &[], slow, &[]);
        emitter.builder.switch_to_block(quick);
        let place = emitter.builder.ins().iadd(text, index);
        let byte = emitter.builder.ins().uload8(I64, flags, place, data);
        emitter.builder.ins().jump(next, &[byte.into()]);
        emitter.builder.switch_to_block(slow);
        let read = emitter.call_support(Support::ReadChar, &[text, index]);
        emitter.builder.ins().jump(next, &[read.into()]);
        emitter.builder.switch_to_block(next);
        Ok(result)
    }

    fn load_item(
        &mut self,
        region: Region,
        container: Container,
        place: Value,
    ) -> Result<Value, LowerError> {
        let flags = self.emitter.flags(region);
        let ins = self.emitter.builder.ins();
        Ok(match container {
            Container::Bytes | Container::ByteArray | Container::ArrayU8 => {
                ins.uload8(I64, flags, place, 0)
            }
            Container::ArrayI8 => ins.sload8(I64, flags, place, 0),
            Container::ArrayI16 => ins.sload16(I64, flags, place, 0),
            Container::ArrayU16 => ins.uload16(I64, flags, place, 0),
            Container::ArrayI32 => ins.sload32(flags, place, 0),
            Container::ArrayU32 => ins.uload32(flags, place, 0),
            Container::ArrayI64 | Container::ArrayU64 => ins.load(I64, flags, place, 0),
            Container::ArrayF64 => ins.load(F64, flags, place, 0),
            Container::ArrayF32 => {
                let value = ins.load(F32, flags, place, 0);
                self.emitter.builder.ins().fpromote(F64, value)
            }
            Container::List | Container::Tuple | Container::Str => {
                return Err(LowerError::malformed("an item that is not a number"));
            }
        })
    }

    fn store_item(
        &mut self,
        current: Current,
        container: Container,
        place: Value,
    ) -> Result<(), LowerError> {
        let [_, _, _, value] = self.operands(current)?;
        let flags = self.emitter.flags(Region::Bytes);
        let ins = self.emitter.builder.ins();
        match container.item_size() {
            1 => ins.istore8(flags, value, place, 0),
            2 => ins.istore16(flags, value, place, 0),
            4 if container == Container::ArrayF32 => {
                let value = ins.fdemote(F32, value);
                self.emitter.builder.ins().store(flags, value, place, 0)
            }
            4 => ins.istore32(flags, value, place, 0),
            _ => ins.store(flags, value, place, 0),
        };
        Ok(())
    }

    /// Replaces the reference at `base + offset` by one to `item`. Goes to `fail`, with nothing
    /// changed, if dropping `old` could run code.
    pub(super) fn replace(
        &mut self,
        region: Region,
        base: Value,
        offset: i32,
        old: Value,
        item: Value,
        fail: Block,
    ) {
        // The usual cases in line: other references remain, or the last one is a number's.
        let (last, silent) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let one = self.emitter.has_one_reference(old);
        self.emitter.builder.ins().brif(one, last, &[], silent, &[]);

        self.emitter.builder.switch_to_block(last);
        let class = self.emitter.class_of(old);
        for number in [Type::FLOAT, Type::INT] {
            if let Some(address) = self.emitter.addresses.class(number) {
                let next = self.emitter.cold_block();
                let hit = self.emitter.is_address(IntCC::Equal, class, address);
                self.emitter.builder.ins().brif(hit, silent, &[], next, &[]);
                self.emitter.builder.switch_to_block(next);
            }
        }
        let answer = self.emitter.call_support(Support::DropIsSilent, &[old]);
        self.emitter
            .builder
            .ins()
            .brif(answer, silent, &[], fail, &[]);

        self.emitter.builder.switch_to_block(silent);
        self.emitter.incref(item);
        self.emitter.store(region, item, base, offset);
        self.emitter.decref_plain(old);
    }

    fn store_list_f64(&mut self, current: Current) -> Result<(), LowerError> {
        let place = self.element(current, 8)?;
        let [_, _, _, value] = self.operands(current)?;
        let fail = self.exit(current, ExitReason::DropRunsCode)?;
        let (old, known) = self.replaced_item(current, place)?;
        let (shared, next) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        self.write_float(old, known, value, shared)?;
        self.emitter.builder.ins().jump(next, &[]);

        // Another object, or not the list's alone: a new box, whose only reference is the list's.
        self.emitter.builder.switch_to_block(shared);
        self.leave_unless_silent(old, fail);
        let item = self.emitter.call_support(Support::BoxF64, &[value]);
        self.emitter.store(Region::ListItems, item, place, 0);
        self.emitter.decref_plain(old);
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    /// Writes the value into the box of `old`; goes to `shared` unless that is a float with one reference.
    pub(super) fn write_float(
        &mut self,
        old: Value,
        known: Type,
        value: Value,
        shared: Block,
    ) -> Result<(), LowerError> {
        let Some(float) = self.emitter.addresses.class(Type::FLOAT) else {
            return Err(LowerError::Unsupported("a process without `float`"));
        };
        if !known.is_subset(Type::FLOAT) {
            let class = self.emitter.class_of(old);
            let other = self.emitter.is_address(IntCC::NotEqual, class, float);
            self.emitter.branch_if(other, shared);
        }
        let one = self.emitter.has_one_reference(old);
        self.emitter.branch_unless(one, shared);
        let offset = self.emitter.layout.float_value;
        self.emitter.store(Region::FloatValue, value, old, offset);
        Ok(())
    }

    /// The item a store replaces and the classes it may be of: `a[i] += x` has loaded it before.
    fn replaced_item(
        &mut self,
        current: Current,
        place: Value,
    ) -> Result<(Value, Type), LowerError> {
        let function = self.function;
        let instrs = &function.block(self.current_block).instrs;
        let end = instrs.iter().position(|&id| id == current.id);
        let before = instrs[..end.unwrap_or(0)].iter().rev();
        let mut known = Type::OBJECT;
        let mut guards: SmallVec<[(ValueId, Type); 4]> = SmallVec::new();
        for &id in before.take(REPLACED_ITEM_WITHIN) {
            let instr = function.instr(id);
            let writes = function.effects_of(id).writes;
            if writes.overlaps(Heaps::LIST_ITEMS.union(Heaps::LIST_SHAPE)) {
                break;
            }
            match (instr.op, instr.result) {
                (Op::GuardType(class), _) => guards.push((instr.args[0], class)),
                (Op::LoadList, Some(item)) if instr.args[..] == current.instr.args[..3] => {
                    known = known.intersection(function.value(item).ty);
                    for (_, class) in guards.iter().filter(|row| row.0 == item) {
                        known = known.intersection(*class);
                    }
                    return Ok((self.value(item)?, known));
                }
                _ => {}
            }
        }
        let old = self.emitter.load(Region::ListItems, I64, place, 0);
        Ok((old, known))
    }

    /// Goes to `fail` if `old` has one reference and dropping it could run code. The exit must lie before
    /// what replaces it is made.
    pub(super) fn leave_unless_silent(&mut self, old: Value, fail: Block) {
        let (last, silent) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let one = self.emitter.has_one_reference(old);
        self.emitter.builder.ins().brif(one, last, &[], silent, &[]);
        self.emitter.builder.switch_to_block(last);
        let answer = self.emitter.call_support(Support::DropIsSilent, &[old]);
        self.emitter
            .builder
            .ins()
            .brif(answer, silent, &[], fail, &[]);
        self.emitter.builder.switch_to_block(silent);
    }

    /// An int of one digit that is no cached one is written into the old item, if that is an int that
    /// only the list refers to. (A cached one never is.)
    fn store_list_i64(&mut self, current: Current) -> Result<(), LowerError> {
        let place = self.element(current, 8)?;
        let [_, _, _, value] = self.operands(current)?;
        let range = self.range(current.instr.args[3]);
        let fail = self.exit(current, ExitReason::DropRunsCode)?;
        let (old, known) = self.replaced_item(current, place)?;
        let (shared, next) = (
            self.emitter.builder.create_block(),
            self.emitter.builder.create_block(),
        );
        self.write_int(old, known, (value, range), shared)?;
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(shared);
        self.leave_unless_silent(old, fail);
        let item = self.emitter.box_i64(value, range);
        self.emitter.store(Region::ListItems, item, place, 0);
        self.emitter.decref_plain(old);
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    /// As `write_float` of an int of one digit that is no cached one.
    pub(super) fn write_int(
        &mut self,
        old: Value,
        known: Type,
        (value, range): (Value, IntRange),
        shared: Block,
    ) -> Result<(), LowerError> {
        let Some(int) = self.emitter.addresses.class(Type::INT) else {
            return Err(LowerError::Unsupported("a process without `int`"));
        };
        if self.emitter.layout.small_ints.is_some() {
            let small = self.emitter.layout.small_ints.filter(|small| {
                let last = i128::from(small.low) + i128::from(small.count) - 1;
                let cached = IntRange::new(small.low.into(), last);
                range.intersection(cached).is_some()
            });
            if let Some(small) = small {
                let index = self.emitter.builder.ins().iadd_imm_s(value, -small.low);
                let count = i64::from(small.count);
                let hit = self.emitter.compare(IntCC::UnsignedLessThan, index, count);
                self.emitter.branch_if(hit, shared);
            }
            self.emitter
                .check_range(value, range, IntRange::COMPACT, shared);
            let one = self.emitter.has_one_reference(old);
            self.emitter.branch_unless(one, shared);
            if !known.is_subset(Type::INT) {
                let class = self.emitter.class_of(old);
                let other = self.emitter.is_address(IntCC::NotEqual, class, int);
                self.emitter.branch_if(other, shared);
            }
            self.emitter.write_compact(value, old);
        } else {
            // Never the box: the block below is not reached.
            let never = self.emitter.builder.create_block();
            self.emitter.builder.ins().jump(shared, &[]);
            self.emitter.builder.switch_to_block(never);
        }
        Ok(())
    }

    fn is_constant_object(&self, value: ValueId) -> bool {
        matches!(self.function.defining_op(value), Some(Op::ConstObject(_)))
    }

    /// As `replace` of a list's item. What is stored over and over is often there already, and its
    /// reference count is one place in memory that every turn of a loop would wait for.
    fn replace_by_constant(&mut self, place: Value, old: Value, item: Value, fail: Block) {
        let (other, next) = (
            self.emitter.builder.create_block(),
            self.emitter.builder.create_block(),
        );
        let same = self.emitter.builder.ins().icmp(IntCC::Equal, old, item);
        self.emitter.builder.ins().brif(same, next, &[], other, &[]);
        self.emitter.builder.switch_to_block(other);
        self.replace(Region::ListItems, place, 0, old, item, fail);
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
    }

    fn list_append(&mut self, current: Current) -> Result<(), LowerError> {
        let [list, item] = self.operands(current)?;
        let layout = self.emitter.layout;
        let fail = self.throw(current)?;
        let (grow, room) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let next = self.emitter.builder.create_block();
        let size = self
            .emitter
            .load(Region::ListShape, I64, list, layout.var_size);
        let allocated = self
            .emitter
            .load(Region::ListShape, I64, list, layout.list_allocated);
        let full =
            self.emitter
                .builder
                .ins()
                .icmp(IntCC::SignedGreaterThanOrEqual, size, allocated);
        self.emitter.builder.ins().brif(full, grow, &[], room, &[]);

        self.emitter.builder.switch_to_block(grow);
        let status = self
            .emitter
            .call_support(Support::ListAppend, &[list, item]);
        let failed = self.emitter.compare(IntCC::SignedLessThan, status, 0);
        self.emitter
            .builder
            .ins()
            .brif(failed, fail, &[], next, &[]);

        self.emitter.builder.switch_to_block(room);
        self.emitter.incref(item);
        let items = self
            .emitter
            .load(Region::ListShape, I64, list, layout.list_items);
        let offset = self.emitter.builder.ins().ishl_imm_u(size, 3);
        let place = self.emitter.builder.ins().iadd(items, offset);
        self.emitter.store(Region::ListItems, item, place, 0);
        let more = self.emitter.builder.ins().iadd_imm_s(size, 1);
        self.emitter
            .store(Region::ListShape, more, list, layout.var_size);
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    /// Takes the last item; where `list_resize` would give storage back it is left to do so.
    fn list_pop_last(&mut self, current: Current, list: Value) -> Result<Value, LowerError> {
        let layout = self.emitter.layout;
        let size = self
            .emitter
            .load(Region::ListShape, I64, list, layout.var_size);
        let empty = self.emitter.compare(IntCC::Equal, size, 0);
        self.leave_if(current, empty, ExitReason::Empty)?;
        let (shrink, keep) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let next = self.emitter.builder.create_block();
        let result = self.emitter.builder.append_block_param(next, I64);
        let less = self.emitter.builder.ins().iadd_imm_s(size, -1);
        let allocated = self
            .emitter
            .load(Region::ListShape, I64, list, layout.list_allocated);
        let half = self.emitter.builder.ins().sshr_imm_u(allocated, 1);
        let much = self
            .emitter
            .builder
            .ins()
            .icmp(IntCC::SignedLessThan, less, half);
        self.emitter
            .builder
            .ins()
            .brif(much, shrink, &[], keep, &[]);

        self.emitter.builder.switch_to_block(shrink);
        let item = self.emitter.call_support(Support::ListPopLast, &[list]);
        self.emitter.builder.ins().jump(next, &[item.into()]);

        self.emitter.builder.switch_to_block(keep);
        let items = self
            .emitter
            .load(Region::ListShape, I64, list, layout.list_items);
        let offset = self.emitter.builder.ins().ishl_imm_u(less, 3);
        let place = self.emitter.builder.ins().iadd(items, offset);
        let item = self.emitter.load(Region::ListItems, I64, place, 0);
        self.emitter
            .store(Region::ListShape, less, list, layout.var_size);
        self.emitter.builder.ins().jump(next, &[item.into()]);

        self.emitter.builder.switch_to_block(next);
        Ok(result)
    }

    fn store_cell(&mut self, current: Current) -> Result<(), LowerError> {
        let [cell, item] = self.operands(current)?;
        let offset = self.emitter.layout.cell_content;
        let fail = self.exit(current, ExitReason::DropRunsCode)?;
        let (empty, full) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let next = self.emitter.builder.create_block();
        let old = self.emitter.load(Region::Cells, I64, cell, offset);
        self.emitter.builder.ins().brif(old, full, &[], empty, &[]);

        self.emitter.builder.switch_to_block(empty);
        self.emitter.incref(item);
        self.emitter.store(Region::Cells, item, cell, offset);
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(full);
        self.replace(Region::Cells, cell, offset, old, item, fail);
        self.emitter.builder.ins().jump(next, &[]);

        self.emitter.builder.switch_to_block(next);
        Ok(())
    }
}
