//! Subscripts, slices, displays, unpacking, formatting.

use std::cell::RefCell;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{Conversion, Hint, Op as Bytecode};
use crate::feedback::Fact;
use crate::hir::attributes::{Cond, Container};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::item::Item;
use super::{Lifter, NoteKind, Step};

impl Lifter<'_> {
    /// `len` of a value proven to be of a builtin sequence class.
    pub(super) fn length(&mut self, value: ValueId, class: Type) -> Step<ValueId> {
        let op = match class {
            Type::LIST => Op::LenList,
            Type::BYTEARRAY => Op::LenByteArray,
            Type::ARRAY => Op::LenArray,
            Type::TUPLE => Op::LenFixed(Container::Tuple),
            Type::BYTES => Op::LenFixed(Container::Bytes),
            _ => Op::LenFixed(Container::Str),
        };
        self.emit_ranged(op, &[value], Type::INT, Repr::I64, IntRange::LENGTH)
    }

    /// The container behind a subscript, guarded; `None` when it has no native storage.
    fn storage(
        &mut self,
        value: ValueId,
        position: usize,
        hint: Type,
    ) -> Step<Option<(ValueId, Container)>> {
        let (value, class) = self.specialise(value, position, hint)?;
        let container = match class {
            Type::LIST => Container::List,
            Type::TUPLE => Container::Tuple,
            Type::BYTES => Container::Bytes,
            Type::BYTEARRAY => Container::ByteArray,
            Type::STR => Container::Str,
            Type::ARRAY => {
                let Some(container) = self.fact(value).and_then(|fact| fact.array) else {
                    return Ok(None);
                };
                if self.left_for(ExitReason::TypeChanged)
                    && self.site().is_some_and(|s| s.exits > 2)
                {
                    return Ok(None);
                }
                let guarded = self.emit_value(
                    Op::GuardArray(container),
                    &[value],
                    Type::ARRAY,
                    Repr::Boxed,
                )?;
                self.set_operand(position);
                return Ok(Some((guarded, container)));
            }
            _ => return Ok(None),
        };
        Ok(Some((value, container)))
    }

    /// A checked index into the container.
    fn index(
        &mut self,
        container: ValueId,
        class: Type,
        index: ValueId,
        operands: &[Item],
    ) -> Step<ValueId> {
        let length = self.length(container, class)?;
        let range = if self.is_non_negative(index) {
            self.range(index)
        } else {
            IntRange::I64
        };
        let index = self.emit_ranged(
            Op::NormalizeIndex,
            &[index, length],
            Type::INT,
            Repr::I64,
            range,
        )?;
        self.catch_index(index, length, operands)?;
        self.emit_ranged(
            Op::GuardIndex,
            &[index, length],
            Type::INT,
            Repr::I64,
            IntRange::LENGTH,
        )
    }

    fn data(&mut self, value: ValueId, container: Container) -> Step<ValueId> {
        let op = match container {
            Container::List => Op::DataList,
            Container::ByteArray => Op::DataByteArray,
            Container::Tuple | Container::Bytes | Container::Str => Op::DataFixed(container),
            _ => Op::DataArray,
        };
        self.emit_value(op, &[value], Type::EMPTY, Repr::Ptr)
    }

    /// The item at an index in bounds.
    pub(super) fn load_item(
        &mut self,
        value: ValueId,
        container: Container,
        index: ValueId,
    ) -> Step<ValueId> {
        if container == Container::Str {
            return self.runtime(HelperId::StrIndex, &[value, index]);
        }
        let data = self.data(value, container)?;
        let op = match container {
            Container::List => Op::LoadList,
            Container::ByteArray => Op::LoadByteArray,
            Container::Tuple | Container::Bytes => Op::LoadFixed(container),
            _ => Op::LoadArray(container),
        };
        let (repr, range) = (container.item_repr(), container.item_range());
        let item = self.emit_ranged(op, &[value, data, index], repr.widest_type(), repr, range)?;
        if let Some(items) = self.fact(value).and_then(|fact| fact.items.clone()) {
            let known = items.borrow().clone();
            self.facts.insert(item, known);
        }
        Ok(item)
    }

    fn int_index(&mut self, value: ValueId, position: usize) -> Step<Option<ValueId>> {
        let (value, class) = self.specialise(value, position, self.index_hint())?;
        if !matches!(class, Type::INT | Type::BOOL) || self.is_big(value, position) {
            return Ok(None);
        }
        self.as_i64(value, position).map(Some)
    }

    fn index_hint(&self) -> Type {
        match self.instr.hint {
            Hint::SubscrListInt
            | Hint::SubscrTupleInt
            | Hint::SubscrStrInt
            | Hint::StoreSubscrListInt => Type::INT,
            _ => Type::EMPTY,
        }
    }

    pub(super) fn binary_subscr(&mut self) -> Step {
        if self.sliced.take() == Some((self.context.id, self.instr.offset)) {
            return Ok(());
        }
        let items = self.pop_many(2)?;
        let container = self.value_of(&items[0])?;
        let index = self.value_of(&items[1])?;
        let hint = match self.instr.hint {
            Hint::SubscrListInt | Hint::SubscrListSlice => Type::LIST,
            Hint::SubscrTupleInt => Type::TUPLE,
            Hint::SubscrStrInt => Type::STR,
            Hint::SubscrDict => Type::DICT,
            _ => Type::EMPTY,
        };
        if let Some(item) = self.dict_subscr(container, index, hint, &items)? {
            self.release(&items[0])?;
            self.release(&items[1])?;
            self.push(item);
            return Ok(());
        }
        if let Some((value, kind)) = self.storage(container, 1, hint)?
            && let Some(index) = self.int_index(index, 0)?
        {
            let index = self.index(value, kind.class(), index, &items)?;
            let item = self.load_item(value, kind, index)?;
            self.push(item);
            return Ok(());
        }
        let operands = [Item::Value(container), Item::Value(index)];
        if let Some(item) = self.instance_subscript(HelperId::GetItem, &operands)? {
            self.release(&operands[0])?;
            self.release(&operands[1])?;
            self.push(item);
            return Ok(());
        }
        if self.may_learn(container, 1) || self.may_learn(index, 0) {
            return self.exit_here(
                ExitReason::NotSeen,
                &items,
                "the types of container and index are not known yet",
            );
        }
        self.note(NoteKind::RuntimeCall, "subscript of an object");
        let (container, index) = (self.as_boxed(container)?, self.as_boxed(index)?);
        let result = self.runtime(HelperId::GetItem, &[container, index])?;
        if self.ty(index) == Type::OTHER && self.ty(container).is_subset(Type::LIST) {
            self.copy_items(container, result);
        }
        self.release(&Item::Value(container))?;
        self.release(&Item::Value(index))?;
        self.push(result);
        Ok(())
    }

    fn copy_items(&mut self, from: ValueId, to: ValueId) {
        if let Some(fact) = self.fact(from).cloned() {
            self.facts.insert(to, fact);
        }
    }

    /// 3.11's BUILD_SLICE whose slice is used at once, and only to read from a string: the next instruction
    /// finds the result in place. False if there is none such.
    pub(super) fn slice_at_once(&mut self) -> Step<bool> {
        let code = self.context.code.clone();
        let next = code.instr_at(self.instr.next).map(|i| &code.instrs[i]);
        let starts = &self.context.scan.block_starts;
        let at_once = next.is_some_and(|next| {
            next.op == Bytecode::BinarySubscr && starts.binary_search(&next.offset).is_err()
        });
        let length = self.frame.stack.len();
        if !at_once || length < 3 {
            return Ok(false);
        }
        let items = self.frame.stack[length - 3..].to_vec();
        let Some(result) = self.slice(&items, Type::STR.union(Type::BYTES))? else {
            return Ok(false);
        };
        self.frame.stack.truncate(length - 3);
        self.push(result);
        self.sliced = Some((self.context.id, self.instr.next));
        Ok(true)
    }

    pub(super) fn binary_slice(&mut self) -> Step {
        let length = self.frame.stack.len();
        if let Some(items) = length
            .checked_sub(3)
            .map(|at| self.frame.stack[at..].to_vec())
            && let Some(result) =
                self.slice(&items, Type::STR.union(Type::BYTES).union(Type::LIST))?
        {
            self.frame.stack.truncate(length - 3);
            self.push(result);
            return Ok(());
        }
        let operands = self.pop_boxed(3)?;
        self.note(NoteKind::RuntimeCall, "slice");
        let result = self.runtime(HelperId::GetSlice, &operands)?;
        self.copy_items(operands[0], result);
        self.release(&Item::Value(operands[0]))?;
        self.push(result);
        Ok(())
    }

    pub(super) fn store_subscr(&mut self) -> Step {
        let items = self.pop_many(3)?;
        let value = self.value_of(&items[0])?;
        let container = self.value_of(&items[1])?;
        let index = self.value_of(&items[2])?;
        let hint = match self.instr.hint {
            Hint::StoreSubscrListInt => Type::LIST,
            Hint::StoreSubscrDict => Type::DICT,
            _ => Type::EMPTY,
        };
        let expected = self.expected_class(container, 1, hint);
        if self.dict_store(container, index, value, hint)? {
            return Ok(());
        }
        let native = matches!(expected, Some(Type::LIST | Type::BYTEARRAY | Type::ARRAY))
            && !self.left_for(ExitReason::DropRunsCode);
        if native
            && let Some((target, kind)) = self.storage(container, 1, hint)?
            && let Some(index) = self.int_index(index, 0)?
            && let Some(value) = self.storable(value, kind)?
        {
            let index = self.index(target, kind.class(), index, &items)?;
            let data = self.data(target, kind)?;
            let op = match kind {
                Container::List if self.repr(value) == Repr::F64 => Op::StoreListF64,
                Container::List if self.repr(value) == Repr::I64 && !self.has_box(value) => {
                    Op::StoreListI64
                }
                Container::List => Op::StoreList,
                Container::ByteArray => Op::StoreByteArray,
                _ => Op::StoreArray(kind),
            };
            let value = if op == Op::StoreList {
                self.as_boxed(value)?
            } else {
                value
            };
            let known = self.fact_of(value);
            if let Some(contents) = self.fact(target).and_then(|fact| fact.items.clone()) {
                contents.borrow_mut().absorb(&known);
            }
            self.emit(op, &[target, data, index, value], None)?;
            self.release(&Item::Value(value))?;
            self.release(&Item::Value(target))?;
            return Ok(());
        }
        let operands = [container, index, value].map(Item::Value);
        if self
            .instance_subscript(HelperId::SetItem, &operands)?
            .is_some()
        {
            for operand in [value, container, index] {
                self.release(&Item::Value(operand))?;
            }
            return Ok(());
        }
        if self.may_learn(container, 1) {
            return self.exit_here(
                ExitReason::NotSeen,
                &items,
                "the type of the container is not known yet",
            );
        }
        self.note(NoteKind::RuntimeCall, "store to an item of an object");
        let (value, container) = (self.as_boxed(value)?, self.as_boxed(container)?);
        let index = self.as_boxed(index)?;
        self.runtime(HelperId::SetItem, &[container, index, value])?;
        for value in [value, container, index] {
            self.release(&Item::Value(value))?;
        }
        Ok(())
    }

    /// The value in the form the container stores, or `None` if the interpreter has to convert it.
    fn storable(&mut self, value: ValueId, kind: Container) -> Step<Option<ValueId>> {
        match kind.item_repr() {
            Repr::Boxed => Ok(Some(value)),
            Repr::F64 => {
                let (value, class) = self.specialise(value, 2, Type::EMPTY)?;
                if !matches!(class, Type::FLOAT | Type::INT | Type::BOOL) || self.is_big(value, 2) {
                    return Ok(None);
                }
                self.as_f64(value, 2).map(Some)
            }
            repr => {
                let (value, class) = self.specialise(value, 2, Type::EMPTY)?;
                if !matches!(class, Type::INT | Type::BOOL) || self.is_big(value, 2) {
                    return Ok(None);
                }
                if repr == Repr::U64 {
                    let value = self.as_machine_int(value, 2)?;
                    return self.as_u64(value).map(Some);
                }
                let value = self.as_i64(value, 2)?;
                let allowed = kind.item_range();
                if self.range(value).is_within(allowed) {
                    return Ok(Some(value));
                }
                self.emit_ranged(
                    Op::GuardRange(allowed),
                    &[value],
                    Type::INT,
                    Repr::I64,
                    allowed,
                )
                .map(Some)
            }
        }
    }

    // --- displays ---------------------------------------------------------------------------------

    pub(super) fn build(&mut self, helper: HelperId, count: u32) -> Step {
        if helper == HelperId::NewTuple && self.unpacked_at_once(count) {
            // `a, b, c = c, a, b`: the tuple is taken apart by the next instruction.
            let length = self.frame.stack.len();
            let first = length.saturating_sub(count as usize);
            self.frame.stack[first..].reverse();
            return Ok(());
        }
        let items = self.pop_many(count as usize)?;
        let (mut known, mut keys) = (Fact::default(), Fact::default());
        let mut operands = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let value = self.value_of(item)?;
            let facts = match helper {
                HelperId::NewMap if index % 2 == 0 => &mut keys,
                _ => &mut known,
            };
            facts.absorb(&self.fact_of(value));
            operands.push(self.as_boxed(value)?);
        }
        let ty = helper.info().result_type;
        let op = Op::CallRuntime(helper);
        let result = self.emit_value(op, &operands, ty, Repr::Boxed)?;
        if helper != HelperId::JoinStrings {
            let items = Some(Rc::new(RefCell::new(known)));
            let is_map = matches!(helper, HelperId::NewMap | HelperId::EmptyMap);
            let keys = is_map.then(|| Rc::new(RefCell::new(keys)));
            self.facts.insert(
                result,
                Fact {
                    items,
                    keys,
                    ..Fact::of(ty)
                },
            );
        }
        self.push(result);
        Ok(())
    }

    /// The next instruction unpacks what this one packs; it is then skipped as if it were a no-op by
    /// `unpack_sequence`, which finds the items already in place.
    fn unpacked_at_once(&mut self, count: u32) -> bool {
        let code = self.context.code.clone();
        let Some(index) = code.instr_at(self.instr.next) else {
            return false;
        };
        let next = &code.instrs[index];
        next.op == Bytecode::UnpackSequence(count)
            && self
                .context
                .scan
                .block_starts
                .binary_search(&next.offset)
                .is_err()
            && count > 0
    }

    fn packed_just_now(&self, count: u32) -> bool {
        let code = &self.context.code;
        let Some(index) = code.instr_at(self.instr.offset) else {
            return false;
        };
        index > 0
            && code.instrs[index - 1].op == Bytecode::BuildTuple(count)
            && self
                .context
                .scan
                .block_starts
                .binary_search(&self.instr.offset)
                .is_err()
            && count > 0
    }

    pub(super) fn unpack_sequence(&mut self, count: u32) -> Step {
        if self.packed_just_now(count) {
            // No frame state may be taken between the two: the real stack holds a tuple there.
            return Ok(());
        }
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let hint = match self.instr.hint {
            Hint::UnpackTwoTuple | Hint::UnpackTuple => Type::TUPLE,
            Hint::UnpackList => Type::LIST,
            _ => Type::EMPTY,
        };
        let (value, class) = self.specialise(value, 0, hint)?;
        let kind = match class {
            Type::TUPLE => Container::Tuple,
            Type::LIST => Container::List,
            _ if self.may_learn(value, 0) => {
                return self.exit_here(
                    ExitReason::NotSeen,
                    &[item],
                    "the type to unpack is not known yet",
                );
            }
            _ => {
                self.note(NoteKind::RuntimeCall, "unpacking of an iterable");
                let value = self.as_boxed(value)?;
                let number = self.const_int(count.into())?;
                let tuple = self.runtime(HelperId::UnpackSequence, &[value, number])?;
                self.release(&Item::Value(value))?;
                return self.unpack_items(tuple, Container::Tuple, count);
            }
        };
        let length = self.length(value, class)?;
        let number = self.const_int(count.into())?;
        let fits = self.boolean(Op::IntCmp(Cond::Eq), &[length, number])?;
        self.guard(fits, ExitReason::ValueRange)?;
        self.unpack_items(value, kind, count)?;
        self.release_below(value)
    }

    fn release_below(&mut self, value: ValueId) -> Step {
        self.release(&Item::Value(value))
    }

    fn unpack_items(&mut self, value: ValueId, kind: Container, count: u32) -> Step {
        let mut items = Vec::new();
        for index in 0..count {
            let index = self.const_int(index.into())?;
            items.push(self.load_item(value, kind, index)?);
        }
        for item in items.into_iter().rev() {
            self.push(item);
        }
        Ok(())
    }

    /// LIST_APPEND of a comprehension.
    pub(super) fn list_append_op(&mut self, depth: u32) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let index = self.frame.stack.len().checked_sub(depth as usize);
        let list = index.and_then(|index| self.frame.stack.get(index).cloned());
        let Some(Item::Value(list)) = list else {
            return Err(self.refuse("internal: no list to append to"));
        };
        self.append(list, value)
    }

    /// `list.append` of a list that is proven to be one.
    pub(super) fn append(&mut self, list: ValueId, value: ValueId) -> Step {
        let known = self.fact_of(value);
        if let Some(contents) = self.fact(list).and_then(|fact| fact.items.clone()) {
            contents.borrow_mut().absorb(&known);
        }
        let value = self.as_boxed(value)?;
        let list = if self.ty(list) == Type::LIST {
            list
        } else {
            self.emit_value(Op::GuardType(Type::LIST), &[list], Type::LIST, Repr::Boxed)?
        };
        self.emit(Op::ListAppend, &[list, value], None)?;
        self.release(&Item::Value(value))
    }

    pub(super) fn list_extend_op(&mut self, depth: u32) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let index = self.frame.stack.len().checked_sub(depth as usize);
        let list = index.and_then(|index| self.frame.stack.get(index).cloned());
        let Some(Item::Value(list)) = list else {
            return Err(self.refuse("internal: no list to extend"));
        };
        if let Some(super::ObjectKind::Tuple(members)) =
            self.objects.get(&value).map(|o| o.kind.clone())
            && let Some(contents) = self.fact(list).and_then(|fact| fact.items.clone())
        {
            for member in &members {
                let known = self.world.fact(member.handle);
                contents.borrow_mut().absorb(&known);
            }
        }
        let value = self.as_boxed(value)?;
        self.runtime(HelperId::ListExtend, &[list, value])?;
        self.release(&Item::Value(value))
    }

    // --- formatting -------------------------------------------------------------------------------

    pub(super) fn format_value(&mut self, conversion: Conversion, with_spec: bool) -> Step {
        let spec = if with_spec {
            Some(self.pop_boxed(1)?[0])
        } else {
            None
        };
        let mut value = self.pop_boxed(1)?[0];
        self.note(NoteKind::RuntimeCall, "formatting");
        value = self.convert_value(conversion, value)?;
        if self.ty(value) == Type::STR && spec.is_none() {
            self.push(value);
            return Ok(());
        }
        let is_text = spec.is_none_or(|spec| self.ty(spec) == Type::STR);
        let spec = match spec {
            Some(spec) => spec,
            None => self.emit_value(Op::ConstNull, &[], Type::OBJECT, Repr::Boxed)?,
        };
        let quiet = self.formats_quietly(value) && is_text;
        let helper = match quiet {
            true => HelperId::StrFormat,
            false => HelperId::FormatValue,
        };
        let result = self.runtime(helper, &[value, spec])?;
        self.push(result);
        Ok(())
    }

    pub(super) fn convert_value(
        &mut self,
        conversion: Conversion,
        value: ValueId,
    ) -> Step<ValueId> {
        match conversion {
            Conversion::None => Ok(value),
            Conversion::Str if self.ty(value) == Type::STR => Ok(value),
            Conversion::Str if self.formats_quietly(value) => {
                self.runtime(HelperId::StrOfNumber, &[value])
            }
            Conversion::Str => self.runtime(HelperId::StrOf, &[value]),
            Conversion::Repr => self.runtime(HelperId::ReprOf, &[value]),
            Conversion::Ascii => self.runtime(HelperId::AsciiOf, &[value]),
        }
    }
}
