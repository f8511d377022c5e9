//! One bytecode at a time: locals, constants, globals, cells, stack; the rest is in files by family.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{CommonConstant, ConstView, GeneratorOp, LocalKind, Op as Bytecode};
use crate::feedback::Fact;
use crate::hir::attributes::GlobalPlace;
use crate::hir::{NamespaceId, Op, Repr, Terminator, Type, ValueId};

use super::control::Schedule;
use super::item::{Item, Virtual};
use super::{
    CACHED_COST, GlobalFact, Lifter, NoteKind, ObjectFact, ObjectKind, Return, Singleton, Step,
};

impl Lifter<'_> {
    /// Lifts the current instruction. True when the block has its end.
    pub(super) fn step(&mut self, schedule: &mut Schedule) -> Step<bool> {
        match self.instr.op {
            Bytecode::Resume { at_start: true } if self.polls_at_entry() => {
                self.capture();
                self.emit(Op::Poll, &[], None)?;
            }
            Bytecode::Nop | Bytecode::Resume { .. } | Bytecode::CopyFreeVars(_) => {}
            Bytecode::LoadConst(index) => {
                let value = self.load_const(index)?;
                self.push(value);
            }
            Bytecode::PushInt(value) => {
                let fact = self.world.small_int(value);
                let value = self.constant(&fact)?;
                self.push(value);
            }
            Bytecode::PushNull => self.frame.stack.push(Item::Null),
            Bytecode::LoadFast(slot) | Bytecode::LoadFastCheck(slot) => self.load_fast(slot)?,
            Bytecode::LoadFastAndClear(slot) => {
                let item = std::mem::replace(&mut self.frame.locals[slot as usize], Item::Null);
                self.frame.stack.push(item);
            }
            Bytecode::StoreFast(slot) => {
                let mut item = self.pop()?;
                if let Item::Virtual(object) = &item
                    && !matches!(**object, Virtual::Range { .. })
                {
                    // An iterator that has a name has a state that others see.
                    item = Item::Value(self.value_of(&item)?);
                }
                item = self.settle_in_loop(item)?;
                let old = std::mem::replace(&mut self.frame.locals[slot as usize], item);
                self.release(&old)?;
            }
            Bytecode::DeleteFast(slot) => {
                self.load_fast(slot)?;
                self.pop()?;
                let old = std::mem::replace(&mut self.frame.locals[slot as usize], Item::Null);
                self.release(&old)?;
            }
            Bytecode::MakeCell(slot) => self.make_cell(slot)?,
            Bytecode::LoadClosure(slot) => {
                let item = self.frame.locals[slot as usize].clone();
                self.frame.stack.push(item);
            }
            Bytecode::LoadDeref(slot) => self.load_deref(slot)?,
            Bytecode::StoreDeref(slot) => self.store_deref(slot)?,
            Bytecode::LoadGlobal { name } => self.load_global(name)?,
            Bytecode::StoreGlobal { name } => {
                let item = self.pop()?;
                let value = self.value_of(&item)?;
                let value = self.as_boxed(value)?;
                let (globals, _) = self.world.globals(self.context.handle);
                let globals = self.object(&globals);
                let name = self.name_object(name);
                self.note(NoteKind::RuntimeCall, "store to a global");
                self.runtime(HelperId::StoreGlobal, &[globals, name, value])?;
            }
            Bytecode::LoadCommonConstant(
                name @ (CommonConstant::All | CommonConstant::Any | CommonConstant::Tuple),
            ) => {
                let which = match name {
                    CommonConstant::All => Singleton::All,
                    CommonConstant::Any => Singleton::Any,
                    _ => Singleton::Tuple,
                };
                let value = self.singleton(which);
                self.push(value);
            }
            Bytecode::LoadCommonConstant(CommonConstant::AssertionError)
            | Bytecode::LoadBuildClass => {
                return self.leave("not compiled").map(|()| true);
            }
            Bytecode::Copy(depth) => {
                let index = self.frame.stack.len().checked_sub(depth as usize);
                let item = index.and_then(|index| self.frame.stack.get(index).cloned());
                let item = item.ok_or_else(|| self.refuse("internal: operand stack underflow"))?;
                self.frame.stack.push(item);
            }
            Bytecode::Swap(depth) => {
                let length = self.frame.stack.len();
                let Some(other) = length.checked_sub(depth as usize) else {
                    return Err(self.refuse("internal: operand stack underflow"));
                };
                self.frame.stack.swap(other, length - 1);
            }
            Bytecode::PopTop => {
                let item = self.pop()?;
                self.release(&item)?;
            }
            Bytecode::Jump { target } => {
                self.go_to(schedule, target)?;
                return Ok(true);
            }
            Bytecode::JumpBackward { target, .. } => {
                // Guards of the back edge leave to this very jump.
                self.capture();
                self.go_to(schedule, target)?;
                return Ok(true);
            }
            Bytecode::PopJumpIf {
                condition, target, ..
            } => {
                self.pop_jump_if(schedule, condition, target)?;
                return Ok(true);
            }
            Bytecode::JumpIfOrPop { condition, target } => {
                self.jump_if_or_pop(schedule, condition, target)?;
                return Ok(true);
            }
            Bytecode::ReturnValue if self.inline_depth == 0 && self.region.is_some() => {
                // The header of what looks like a loop (handlers stand behind the code they go on in) returns.
                self.leave_loop(self.instr.offset)?;
                return Ok(true);
            }
            Bytecode::ReturnValue => {
                self.check_result()?;
                self.return_value(schedule)?;
                return Ok(true);
            }
            Bytecode::BinaryOp { op, inplace } => self.binary_op(op, inplace)?,
            Bytecode::UnaryNegative => self.unary_negative()?,
            Bytecode::UnaryInvert => self.unary_invert()?,
            Bytecode::UnaryPositive => self.unary_positive()?,
            Bytecode::UnaryNot => {
                let item = self.pop()?;
                let value = self.value_of(&item)?;
                let truth = self.truth(value)?;
                let result = self.boolean(Op::BoolNot, &[truth])?;
                self.release(&item)?;
                self.push(result);
            }
            Bytecode::ToBool => {
                let item = self.pop()?;
                let value = self.value_of(&item)?;
                let truth = self.truth(value)?;
                self.release(&item)?;
                self.push(truth);
            }
            Bytecode::Compare { op, to_bool } => self.compare(op, to_bool)?,
            Bytecode::Is { invert } => self.is_op(invert)?,
            Bytecode::Contains { invert } => self.contains(invert)?,
            Bytecode::BinarySubscr => self.binary_subscr()?,
            Bytecode::StoreSubscr => self.store_subscr()?,
            Bytecode::DeleteSubscr => {
                let operands = self.pop_boxed(2)?;
                self.note(NoteKind::RuntimeCall, "del of an item");
                self.runtime(HelperId::DeleteItem, &operands)?;
            }
            Bytecode::BinarySlice => self.binary_slice()?,
            Bytecode::StoreSlice => {
                let operands = self.pop_boxed(4)?;
                self.note(NoteKind::RuntimeCall, "store to a slice");
                let [value, container, start, stop] = operands[..] else {
                    return Ok(false);
                };
                self.runtime(HelperId::SetSlice, &[container, start, stop, value])?;
            }
            Bytecode::BuildSlice(count) => {
                if count == 2 && self.slice_at_once()? {
                    return Ok(false);
                }
                let mut operands = self.pop_boxed(count as usize)?;
                if count == 2 {
                    operands.push(self.none());
                }
                let value = self.runtime(HelperId::BuildSlice, &operands)?;
                self.push(value);
            }
            Bytecode::BuildList(count) => self.build(HelperId::NewList, count)?,
            Bytecode::BuildTuple(count) => {
                if !self.closure_in_pieces(count)? {
                    self.build(HelperId::NewTuple, count)?;
                }
            }
            Bytecode::BuildSet(count) => self.build(HelperId::NewSet, count)?,
            Bytecode::BuildMap(0) => self.build(HelperId::EmptyMap, 0)?,
            Bytecode::BuildMap(pairs) => self.build(HelperId::NewMap, pairs * 2)?,
            Bytecode::BuildString(count) => self.build(HelperId::JoinStrings, count)?,
            Bytecode::FormatValue {
                conversion,
                with_spec,
            } => self.format_value(conversion, with_spec)?,
            Bytecode::ConvertValue(conversion) => {
                let item = self.pop()?;
                let value = self.value_of(&item)?;
                let value = self.as_boxed(value)?;
                let value = self.convert_value(conversion, value)?;
                self.push(value);
            }
            Bytecode::ListAppend(depth) => self.list_append_op(depth)?,
            Bytecode::ListExtend(depth) => self.list_extend_op(depth)?,
            Bytecode::UnpackSequence(count) => self.unpack_sequence(count)?,
            Bytecode::GetIter => self.get_iter()?,
            Bytecode::ForIter { exit, .. } => {
                self.for_iter(schedule, exit)?;
                return Ok(true);
            }
            Bytecode::Generator(GeneratorOp::YieldValue) if self.frame.generator.is_some() => {
                self.yield_value(schedule)?;
                return Ok(true);
            }
            Bytecode::LoadAttr { name } => self.load_attr(name)?,
            Bytecode::LoadMethod { name, null_first } => self.load_method(name, null_first)?,
            Bytecode::LoadSuperAttr {
                name,
                method,
                two_arguments,
                null_first,
            } => self.load_super_attr(name, method, two_arguments, null_first)?,
            Bytecode::StoreAttr { name } => self.store_attr(name)?,
            Bytecode::Call { argc, kwnames } => self.call(argc, kwnames)?,
            Bytecode::SetFunctionAttribute { .. } if self.attributes_set > 0 => {
                self.attributes_set -= 1;
            }
            Bytecode::MakeFunction { attributes } => self.make_function(attributes)?,
            other => {
                let text = format!("{} stays interpreted", self.instr.opname);
                let _ = other;
                return self.leave(&text).map(|()| true);
            }
        }
        Ok(false)
    }

    /// A function that may call itself, by whatever way, must notice signals as a loop does: the
    /// interpreter asks at each entry.
    fn polls_at_entry(&self) -> bool {
        self.inline_depth == 0
            && self
                .context
                .code
                .instrs
                .iter()
                .any(|i| matches!(i.op, Bytecode::Call { .. }))
    }

    /// The interpreter takes over here for good.
    fn leave(&mut self, text: &str) -> Step {
        self.exit_here(ExitReason::NotCompiled, &[], text)
    }

    fn load_const(&mut self, index: u32) -> Step<ValueId> {
        let bytes = self.context.bytes.clone();
        let fact = self.world.constant(self.context.handle, index);
        let kind = match bytes.consts.get(index as usize) {
            Some(ConstView::Int(value)) => ObjectKind::Int(*value),
            Some(ConstView::Float(value)) => ObjectKind::Float(*value),
            Some(ConstView::Bool(value)) => ObjectKind::Bool(*value),
            Some(ConstView::Str(text)) => ObjectKind::Str(text.clone()),
            _ => fact.kind.clone(),
        };
        self.constant(&ObjectFact { kind, ..fact })
    }

    fn load_fast(&mut self, slot: u32) -> Step {
        match self.frame.locals[slot as usize].clone() {
            Item::Null => {
                self.exit_here(ExitReason::Unbound, &[], "the variable has no value here")
            }
            Item::Maybe(value, bound, ty) => {
                let value = if self.repr(value) == Repr::Boxed {
                    // The object is one only behind this guard: what looks into it depends on it.
                    let args = [value, bound];
                    let guarded = self.emit_value(Op::GuardBound, &args, ty, Repr::Boxed)?;
                    if let Some(fact) = self.facts.get(&value).cloned() {
                        self.facts.insert(guarded, fact);
                    }
                    guarded
                } else {
                    self.guard(bound, ExitReason::Unbound)?;
                    value
                };
                self.frame.locals[slot as usize] = Item::Value(value);
                self.push(value);
                Ok(())
            }
            item => {
                self.frame.stack.push(item);
                Ok(())
            }
        }
    }

    /// A variable of a loop that is expected to hold numbers or strings is made sure to: then nothing
    /// can happen when it gets another value, and what is known of memory stays known.
    fn settle_in_loop(&mut self, item: Item) -> Step<Item> {
        let Item::Value(value) = item else {
            return Ok(item);
        };
        if self.repr(value) != Repr::Boxed
            || self.ty(value).is_subset(Type::PLAIN)
            || self.snapshot.is_none()
            || self.context.scan.loop_depth(self.instr.offset) == 0
        {
            return Ok(item);
        }
        match self.expected_class(value, 0, Type::EMPTY) {
            Some(class) if class.is_subset(Type::PLAIN) => {
                self.guard_type(value, class, 0).map(Item::Value)
            }
            _ => Ok(item),
        }
    }

    /// The interpreter drops its reference to the item here.
    pub(super) fn release(&mut self, item: &Item) -> Step {
        if let Item::Shared(number) = item {
            return self.release_shared(*number);
        }
        let (Item::Value(value) | Item::Maybe(value, ..)) = item else {
            return Ok(());
        };
        if self.repr(*value) == Repr::Boxed
            && !self.ty(*value).is_subset(Type::PLAIN)
            && !self.objects.contains_key(value)
        {
            self.emit(Op::KeepAlive, &[*value], None)?;
            // Should the object die, its finaliser runs now.
            self.snapshot = None;
        }
        Ok(())
    }

    fn return_value(&mut self, schedule: &mut Schedule) -> Step {
        let item = self.pop()?;
        let item = match item {
            Item::Virtual(_) | Item::Shared(_) => Item::Value(self.value_of(&item)?),
            other => other,
        };
        schedule.returns.push(Return {
            block: self.block,
            item,
            frame: self.frame.clone(),
            snapshot: self.snapshot,
        });
        Ok(())
    }

    pub(super) fn name_object(&mut self, name: u32) -> ValueId {
        let fact = self.world.name(self.context.handle, name);
        self.object(&fact)
    }

    /// Pops operands and boxes them; deepest first.
    pub(super) fn pop_boxed(&mut self, count: usize) -> Step<Vec<ValueId>> {
        let items = self.pop_many(count)?;
        let mut values = Vec::new();
        for item in items {
            let value = self.value_of(&item)?;
            values.push(self.as_boxed(value)?);
        }
        Ok(values)
    }

    // --- cells ------------------------------------------------------------------------------------

    fn make_cell(&mut self, slot: u32) -> Step {
        let item = self.frame.locals[slot as usize].clone();
        let contents = match &item {
            Item::Null => self.emit_value(Op::ConstNull, &[], Type::OBJECT, Repr::Boxed)?,
            item => {
                let value = self.value_of(item)?;
                self.as_boxed(value)?
            }
        };
        let fact = self.fact(contents).cloned().unwrap_or_default();
        let cell = self.runtime(HelperId::NewCell, &[contents])?;
        self.note_cell(cell, fact);
        self.frame.locals[slot as usize] = Item::Value(cell);
        Ok(())
    }

    /// What is known of a cell's contents.
    pub(super) fn note_cell(&mut self, cell: ValueId, contents: Fact) {
        self.facts.insert(
            cell,
            Fact {
                items: Some(std::rc::Rc::new(std::cell::RefCell::new(contents))),
                ..Fact::of(Type::CELL)
            },
        );
    }

    pub(super) fn cell_at(&mut self, slot: u32) -> Step<ValueId> {
        let kind = self
            .context
            .bytes
            .localsplus
            .get(slot as usize)
            .map(|local| local.kind);
        match self.frame.locals[slot as usize] {
            Item::Value(cell)
                if self.ty(cell) == Type::CELL
                    && matches!(kind, Some(LocalKind::Cell | LocalKind::Free)) =>
            {
                Ok(cell)
            }
            _ => Err(self.refuse("internal: no cell in a cell's slot")),
        }
    }

    fn load_deref(&mut self, slot: u32) -> Step {
        let cell = self.cell_at(slot)?;
        let value = self.emit_value(Op::LoadCell, &[cell], Type::OBJECT, Repr::Boxed)?;
        if let Some(contents) = self.fact(cell).and_then(|fact| fact.items.clone()) {
            let known = contents.borrow().clone();
            self.facts.insert(value, known);
        }
        self.push(value);
        Ok(())
    }

    fn store_deref(&mut self, slot: u32) -> Step {
        let cell = self.cell_at(slot)?;
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let known = self.fact_of(value);
        if let Some(contents) = self.fact(cell).and_then(|fact| fact.items.clone()) {
            contents.borrow_mut().absorb(&known);
        }
        let value = self.as_boxed(value)?;
        self.emit(Op::StoreCell, &[cell, value], None)?;
        Ok(())
    }

    /// The fact of a value: what was observed, and its type.
    pub(super) fn fact_of(&self, value: ValueId) -> Fact {
        let mut fact = self.fact(value).cloned().unwrap_or_default();
        let ty = self.ty(value);
        if ty.is_single() {
            fact.ty = ty;
        }
        if fact.ty == Type::INT && fact.int == crate::feedback::IntClass::Unknown {
            fact.int = match self.repr(value) {
                Repr::U64 => crate::feedback::IntClass::Unsigned,
                _ if self.range(value).is_within(crate::hir::IntRange::COMPACT) => {
                    crate::feedback::IntClass::Compact
                }
                _ => crate::feedback::IntClass::Full,
            };
        }
        fact
    }

    // --- globals ----------------------------------------------------------------------------------

    fn load_global(&mut self, name: u32) -> Step {
        let text = self
            .context
            .bytes
            .names
            .get(name as usize)
            .cloned()
            .unwrap_or_default();
        let failed = self.left_for(ExitReason::GlobalsChanged);
        if !failed && let Some(fact) = self.world.global(self.context.handle, &text) {
            let value = self.global(self.context.namespace, fact)?;
            self.push(value);
            return Ok(());
        }
        let (globals, builtins) = self.world.globals(self.context.handle);
        let globals = self.object(&globals);
        let builtins = self.object(&builtins);
        let name = self.name_object(name);
        self.note_cost(
            NoteKind::RuntimeCall,
            CACHED_COST,
            format!("look-up of the global `{text}`"),
        );
        let value = self.runtime(HelperId::LoadGlobal, &[globals, builtins, name])?;
        self.push(value);
        Ok(())
    }

    /// The value of a name of a namespace, guarded.
    pub(super) fn global(&mut self, namespace: NamespaceId, fact: GlobalFact) -> Step<ValueId> {
        match fact {
            GlobalFact::Assumed(fact) => {
                self.emit(Op::GuardGlobals(namespace), &[], None)?;
                self.constant(&fact)
            }
            GlobalFact::Read { row, fact } => {
                let op = Op::LoadGlobal(GlobalPlace { namespace, row });
                let value = self.emit_value(op, &[], Type::OBJECT, Repr::Boxed)?;
                self.facts.insert(value, fact);
                Ok(value)
            }
        }
    }

    /// Closes a block with a jump to another one that exists already.
    pub(super) fn jump_to(&mut self, block: crate::hir::BlockId, args: Vec<ValueId>) {
        self.function.block_mut(self.block).terminator =
            Terminator::Jump(crate::hir::Edge { block, args });
    }

    pub(super) fn sentinel(&mut self) -> ValueId {
        self.singleton(Singleton::Sentinel)
    }
}
