//! Building blocks: instructions, constants, snapshots, guards, boxing.

use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::feedback::{Fact, IntClass, Site};
use crate::hir::attributes::{FloatBits, IntWidth};
use crate::hir::{
    BlockId, FrameState, FrameStateId, IntRange, Op, Origin, Repr, Slot, Terminator, Type, ValueId,
    Waits,
};

use super::item::{Item, Virtual, number_class};
use super::{Lifter, NoteKind, ObjectFact, ObjectKind, Singleton, Step, Stop};

/// After so many exits for a type, a site that was learned is taken for polymorphic.
const MAX_TYPE_FAILURES: u32 = 3;

impl Lifter<'_> {
    // --- instructions -------------------------------------------------------------------------

    pub(super) fn origin(&self) -> Origin {
        Origin {
            code: self.context.id,
            offset: self.instr.offset,
        }
    }

    /// Appends an instruction with its frame states. After one that changes a heap no guard may
    /// follow within the same bytecode: the snapshot is gone.
    pub(super) fn emit(
        &mut self,
        op: Op,
        args: &[ValueId],
        result: Option<(Type, Repr, IntRange)>,
    ) -> Step<Option<ValueId>> {
        let effects = op.effects();
        if effects.runs_python {
            if self.inline_depth > 0 {
                return Err(self.do_not_inline());
            }
            self.show_no_shared()?;
        }
        if self.handling.is_some()
            && (effects.may_raise || effects.runs_python || !effects.writes.is_empty())
        {
            return Err(self.not_caught());
        }
        let exit = if effects.may_exit {
            Some(self.exit_state()?)
        } else {
            None
        };
        let throw = effects.may_raise.then(|| self.throw_state());
        let origin = self.origin();
        let id = self.function.add_instr(op, args, result, origin);
        let instr = self.function.instr_mut(id);
        instr.exit = exit;
        instr.throw = throw;
        let value = instr.result;
        self.function.block_mut(self.block).instrs.push(id);
        if !effects.writes.is_empty() {
            self.snapshot = None;
        }
        Ok(value)
    }

    /// An instruction whose result has the widest type of its representation.
    pub(super) fn emit_value(
        &mut self,
        op: Op,
        args: &[ValueId],
        ty: Type,
        repr: Repr,
    ) -> Step<ValueId> {
        let range = if repr == Repr::U64 {
            IntRange::U64
        } else {
            IntRange::I64
        };
        self.emit_ranged(op, args, ty, repr, range)
    }

    pub(super) fn emit_ranged(
        &mut self,
        op: Op,
        args: &[ValueId],
        ty: Type,
        repr: Repr,
        range: IntRange,
    ) -> Step<ValueId> {
        let value = self.emit(op, args, Some((ty, repr, range)))?;
        value.ok_or_else(|| self.refuse("internal: an operation without a result"))
    }

    pub(super) fn int(&mut self, op: Op, args: &[ValueId]) -> Step<ValueId> {
        self.emit_value(op, args, Type::INT, Repr::I64)
    }

    pub(super) fn float(&mut self, op: Op, args: &[ValueId]) -> Step<ValueId> {
        self.emit_value(op, args, Type::FLOAT, Repr::F64)
    }

    pub(super) fn boolean(&mut self, op: Op, args: &[ValueId]) -> Step<ValueId> {
        self.emit_value(op, args, Type::BOOL, Repr::Bool)
    }

    /// Marks the operand that the last instruction checks.
    pub(super) fn set_operand(&mut self, position: usize) {
        let last = self.function.block(self.block).instrs.last().copied();
        if let Some(id) = last {
            self.function.instr_mut(id).operand = position as u8;
        }
    }

    // --- constants ----------------------------------------------------------------------------

    pub(super) fn const_int(&mut self, value: i64) -> Step<ValueId> {
        let range = IntRange::constant(value.into());
        self.emit_ranged(Op::ConstI64(value), &[], Type::INT, Repr::I64, range)
    }

    pub(super) fn const_bool(&mut self, value: bool) -> Step<ValueId> {
        self.boolean(Op::ConstBool(value), &[])
    }

    /// The object itself, boxed.
    pub(super) fn object(&mut self, fact: &ObjectFact) -> ValueId {
        let id = self.object_id(fact);
        let origin = self.origin();
        let instr = self.function.add_instr(
            Op::ConstObject(id),
            &[],
            Some((fact.ty, Repr::Boxed, IntRange::I64)),
            origin,
        );
        self.function.block_mut(self.block).instrs.push(instr);
        let value = self
            .function
            .instr(instr)
            .result
            .expect("const_object has a result");
        self.objects.insert(value, fact.clone());
        value
    }

    pub(super) fn singleton(&mut self, which: Singleton) -> ValueId {
        let fact = self.world.singleton(which);
        self.object(&fact)
    }

    /// A known object in its best representation.
    pub(super) fn constant(&mut self, fact: &ObjectFact) -> Step<ValueId> {
        let value = match fact.kind {
            ObjectKind::Int(value) => self.const_int(value)?,
            ObjectKind::Unsigned(value) => {
                let range = IntRange::constant(value.into());
                self.emit_ranged(Op::ConstU64(value), &[], Type::INT, Repr::U64, range)?
            }
            ObjectKind::Float(value) => self.float(Op::ConstF64(FloatBits::from(value)), &[])?,
            ObjectKind::Bool(value) => self.const_bool(value)?,
            ObjectKind::FrameReader => {
                let name = &fact.text;
                return Err(self.refuse(format!("`{name}` looks into its caller's variables")));
            }
            _ => {
                let value = self.object(fact);
                let known = self.world.fact(fact.handle);
                self.facts.insert(value, known);
                return Ok(value);
            }
        };
        self.constants.insert(value, fact.clone());
        Ok(value)
    }

    pub(super) fn none(&mut self) -> ValueId {
        self.singleton(Singleton::None)
    }

    // --- frame states -------------------------------------------------------------------------

    /// Takes a snapshot of the abstract frame at the current instruction.
    pub(super) fn capture(&mut self) -> FrameStateId {
        let offset = self.instr.offset;
        let next = self.instr.next;
        let state = self.state_at(offset, next);
        self.mark_snapshot(state);
        state
    }

    /// Takes a snapshot of the abstract frame as the instruction at `offset` finds it.
    pub(super) fn capture_at(&mut self, offset: u32) -> Step {
        let code = &self.context.code;
        let next = code
            .instr_at(offset)
            .map(|index| code.instrs[index].next)
            .ok_or_else(|| self.refuse("internal: a jump between instructions"))?;
        let state = self.state_at(offset, next);
        self.mark_snapshot(state);
        Ok(())
    }

    /// Makes a frame state the one that guards leave to from here on.
    pub(super) fn mark_snapshot(&mut self, state: FrameStateId) {
        let origin = self.origin();
        let id = self.function.add_instr(Op::Snapshot, &[], None, origin);
        self.function.instr_mut(id).exit = Some(state);
        self.function.block_mut(self.block).instrs.push(id);
        self.snapshot = Some(state);
    }

    pub(super) fn state_at(&mut self, offset: u32, next: u32) -> FrameStateId {
        let (locals, stack) = (self.frame.locals.clone(), self.frame.stack.clone());
        let state = FrameState {
            code: self.context.id,
            offset,
            next,
            locals: locals.iter().map(|item| self.slot(item)).collect(),
            stack: stack.iter().map(|item| self.slot(item)).collect(),
            parent: self.frame.parent,
            waits: Waits::Call,
            generator: self.frame.generator,
            consumed: self.frame.consumed(),
            shared: self.shared_of(&locals, &stack),
        };
        self.function.add_frame_state(state)
    }

    /// What the interpreter finds in a slot: of a constant the object itself, not one like it. (Those
    /// of small ints are the same everywhere.)
    pub(super) fn slot(&mut self, item: &Item) -> Slot {
        if let Item::Value(value) = item
            && let Some(fact) = self.constants.get(value).cloned()
            && !matches!(self.as_const_int(*value), Some(-5..=256))
        {
            return Slot::Value(self.object(&fact));
        }
        item.to_slot()
    }

    fn exit_state(&mut self) -> Step<FrameStateId> {
        self.snapshot.ok_or_else(|| {
            let name = self.instr.opname;
            self.refuse(format!("internal: a guard behind a side effect of {name}"))
        })
    }

    /// The frame in which the current instruction raises: operands popped, and of the rest of the
    /// stack what a handler keeps.
    pub(super) fn throw_state(&mut self) -> FrameStateId {
        let depth = self
            .context
            .code
            .handler(self.instr.at)
            .map_or(0, |handler| handler.depth as usize);
        let kept = depth.min(self.frame.stack.len());
        let state = FrameState {
            code: self.context.id,
            offset: self.instr.at,
            next: self.instr.next,
            locals: self.frame.locals.iter().map(Item::to_slot).collect(),
            stack: self.frame.stack[..kept].iter().map(Item::to_slot).collect(),
            parent: self.frame.parent,
            waits: Waits::Call,
            generator: self.frame.generator,
            consumed: self.frame.consumed(),
            shared: self.shared_of(&self.frame.locals, &self.frame.stack[..kept]),
        };
        self.function.add_frame_state(state)
    }

    /// The frame behind a native call whose result came back in another form.
    pub(super) fn after_state(&mut self) -> FrameStateId {
        let mut stack: Vec<Slot> = self.frame.stack.iter().map(Item::to_slot).collect();
        stack.push(Slot::Result);
        let state = FrameState {
            code: self.context.id,
            offset: self.instr.next,
            next: self.instr.next,
            locals: self.frame.locals.iter().map(Item::to_slot).collect(),
            stack,
            parent: self.frame.parent,
            waits: Waits::Call,
            generator: self.frame.generator,
            consumed: self.frame.consumed(),
            shared: self.shared_of(&self.frame.locals, &self.frame.stack),
        };
        self.function.add_frame_state(state)
    }

    /// Ends the path: the interpreter takes over before the current instruction. `operands` are put
    /// back on the stack, so that the exit sees them.
    pub(super) fn exit_here<T>(
        &mut self,
        reason: ExitReason,
        operands: &[Item],
        text: &str,
    ) -> Step<T> {
        if self.handling.is_some() {
            return Err(self.not_caught());
        }
        self.note(NoteKind::Interpreted, text);
        let state = match self.snapshot {
            Some(state) => {
                // No side effect since: a fresh state at this very instruction is as good, and
                // shows the operands to whoever learns from the exit.
                if self.instr.micro == 0 {
                    self.frame.stack.extend(operands.iter().cloned());
                    if self.frame.stack.len() != self.depth {
                        let name = self.instr.opname;
                        return Err(self.refuse(format!(
                            "internal: an exit at {name} without some of its operands ({text})"
                        )));
                    }
                    self.capture()
                } else {
                    state
                }
            }
            None => {
                let name = self.instr.opname;
                return Err(self.refuse(format!(
                    "internal: an exit behind a side effect of {name} ({text})"
                )));
            }
        };
        self.function.block_mut(self.block).terminator = Terminator::Exit { reason, state };
        Err(Stop::PathEnds)
    }

    // --- stack --------------------------------------------------------------------------------

    pub(super) fn push(&mut self, value: ValueId) {
        self.frame.stack.push(Item::Value(value));
    }

    pub(super) fn pop(&mut self) -> Step<Item> {
        self.frame
            .stack
            .pop()
            .ok_or_else(|| self.refuse("internal: operand stack underflow"))
    }

    pub(super) fn pop_many(&mut self, count: usize) -> Step<Vec<Item>> {
        let length = self.frame.stack.len();
        if count > length {
            return Err(self.refuse("internal: operand stack underflow"));
        }
        Ok(self.frame.stack.split_off(length - count))
    }

    // --- what is known of a value ----------------------------------------------------------------

    pub(super) fn ty(&self, value: ValueId) -> Type {
        self.function.value(value).ty
    }

    pub(super) fn repr(&self, value: ValueId) -> Repr {
        self.function.value(value).repr
    }

    pub(super) fn range(&self, value: ValueId) -> IntRange {
        self.function.value(value).range
    }

    pub(super) fn fact(&self, value: ValueId) -> Option<&Fact> {
        self.facts.get(&value)
    }

    pub(super) fn site(&self) -> Option<&Site> {
        self.request
            .history
            .site(self.context.key, self.instr.offset)
    }

    /// The site left for this reason in earlier versions.
    pub(super) fn left_for(&self, reason: ExitReason) -> bool {
        self.site().is_some_and(|site| site.left_for(reason))
    }

    /// The int value of a constant.
    pub(super) fn as_const_int(&self, value: ValueId) -> Option<i128> {
        match self.function.defining_op(value) {
            Some(Op::ConstI64(value)) => Some(value.into()),
            Some(Op::ConstU64(value)) => Some(value.into()),
            _ => None,
        }
    }

    pub(super) fn is_non_negative(&self, value: ValueId) -> bool {
        self.range(value).low >= 0
    }

    // --- values of items --------------------------------------------------------------------------

    /// The value of a stack item; a virtual object is made real.
    pub(super) fn value_of(&mut self, item: &Item) -> Step<ValueId> {
        match item {
            Item::Value(value) => Ok(*value),
            Item::Virtual(object) => {
                let made = |row: &&(Rc<Virtual>, ValueId, BlockId)| {
                    Rc::ptr_eq(&row.0, object) && row.2 == self.block
                };
                if let Some(row) = self.realised.iter().find(made) {
                    return Ok(row.1);
                }
                let value = self.materialise(&object.clone())?;
                self.realised.push((object.clone(), value, self.block));
                // From here on every place that holds the pieces holds this object.
                for slot in self.frame.locals.iter_mut().chain(&mut self.frame.stack) {
                    slot.make_real(object, value);
                }
                Ok(value)
            }
            Item::Shared(number) => Err(self.do_not_share(*number)),
            Item::Null | Item::Maybe(..) => Err(self.refuse("internal: NULL used as a value")),
        }
    }

    fn materialise(&mut self, object: &Virtual) -> Step<ValueId> {
        let (class, args) = match object {
            Virtual::Range { start, stop, step } => {
                return self.runtime(HelperId::NewRange, &[*start, *stop, *step]);
            }
            Virtual::Enumerate {
                count,
                inner: Item::Virtual(inner),
            } => {
                let inner = self.materialise(&inner.clone())?;
                (
                    Singleton::Enumerate,
                    vec![Item::Value(inner), Item::Value(*count)],
                )
            }
            Virtual::Zip { inner } => {
                let mut args = Vec::new();
                for item in inner {
                    let value = self.value_of(item)?;
                    args.push(Item::Value(value));
                }
                (Singleton::Zip, args)
            }
            Virtual::SequenceIterator {
                sequence, index, ..
            } if self.as_const_int(*index) == Some(0) => {
                return self.runtime(HelperId::GetIter, &[*sequence]);
            }
            Virtual::RangeIterator { next, stop, step } => {
                let range = Virtual::Range {
                    start: *next,
                    stop: *stop,
                    step: *step,
                };
                let range = self.materialise(&range)?;
                return self.runtime(HelperId::GetIter, &[range]);
            }
            _ => return Err(self.refuse("an iterator of native code used as an object")),
        };
        let mut operands = vec![self.singleton(class)];
        for arg in &args {
            let value = self.value_of(arg)?;
            operands.push(self.as_boxed(value)?);
        }
        let shape = crate::hir::attributes::CallShape { keywords: None };
        self.emit_value(Op::CallObject(shape), &operands, Type::OBJECT, Repr::Boxed)
    }

    /// Calls a runtime helper.
    pub(super) fn runtime(&mut self, helper: HelperId, args: &[ValueId]) -> Step<ValueId> {
        let info = helper.info();
        let repr = info.result.unwrap_or(Repr::I64);
        self.emit_value(Op::CallRuntime(helper), args, info.result_type, repr)
    }

    // --- representations ----------------------------------------------------------------------

    /// The object of a value.
    pub(super) fn as_boxed(&mut self, value: ValueId) -> Step<ValueId> {
        let repr = self.repr(value);
        if repr == Repr::Boxed {
            return Ok(value);
        }
        if let Some(fact) = self.constants.get(&value).cloned() {
            return Ok(self.object(&fact));
        }
        if let Some(boxed) = self.boxed.get(&value)
            && self.is_visible(*boxed)
        {
            return Ok(*boxed);
        }
        self.keep_param(value);
        let (op, ty) = match repr {
            Repr::I64 => (Op::BoxI64, Type::INT),
            Repr::U64 => (Op::BoxU64, Type::INT),
            Repr::F64 => (Op::BoxF64, Type::FLOAT),
            Repr::Bool => (Op::BoxBool, Type::BOOL),
            Repr::Boxed | Repr::Ptr => return Err(self.refuse("internal: a pointer as an object")),
        };
        let range = self.range(value);
        let boxed = self.emit_ranged(op, &[value], ty, Repr::Boxed, range)?;
        // From here on every place that holds the number holds this object.
        for item in self.frame.locals.iter_mut().chain(&mut self.frame.stack) {
            item.substitute(value, boxed);
        }
        self.unboxed.insert(boxed, (value, self.block));
        self.boxed.insert(value, boxed);
        Ok(boxed)
    }

    /// A float argument is wanted as an object: the caller's own, so it comes in as that. (Ints come in
    /// as numbers all the same, for their width decides which version a call enters.)
    pub(super) fn keep_param(&mut self, value: ValueId) {
        if let Some(&index) = self.params.get(&value)
            && self.repr(value) == Repr::F64
            && !self.calls_itself()
        {
            self.knowledge.kept_params.insert(index);
            self.restart = true;
        }
    }

    /// The object of a number is at hand.
    pub(super) fn has_box(&self, value: ValueId) -> bool {
        let boxed = self.boxed.get(&value);
        self.constants.contains_key(&value) || boxed.is_some_and(|boxed| self.is_visible(*boxed))
    }

    /// Some slot of the frame still holds the object: then its definition reaches here.
    fn is_visible(&self, boxed: ValueId) -> bool {
        let holds = |item: &Item| *item == Item::Value(boxed);
        self.frame.locals.iter().any(holds) || self.frame.stack.iter().any(holds)
    }

    /// Remembers a narrower value for the same object wherever the frame holds it.
    pub(super) fn narrow(&mut self, old: ValueId, new: ValueId) {
        for item in self.frame.locals.iter_mut().chain(&mut self.frame.stack) {
            item.substitute(old, new);
        }
        if let Some(fact) = self.facts.get(&old).cloned() {
            self.facts.insert(new, fact);
        }
    }

    /// The same object, guarded to be of the class.
    pub(super) fn guard_type(
        &mut self,
        value: ValueId,
        class: Type,
        position: usize,
    ) -> Step<ValueId> {
        if self.repr(value) != Repr::Boxed || self.ty(value).is_subset(class) {
            return Ok(value);
        }
        let guarded = self.emit_value(Op::GuardType(class), &[value], class, Repr::Boxed)?;
        self.set_operand(position);
        self.narrow(value, guarded);
        Ok(guarded)
    }

    /// Leaves unless the bool is true.
    pub(super) fn guard(&mut self, condition: ValueId, reason: ExitReason) -> Step {
        self.emit(Op::GuardTrue(reason), &[condition], None)?;
        Ok(())
    }

    /// The one class to expect of an operand: proven, or from the interpreter's hint, earlier exits, or
    /// what was seen of the object. `None` when nothing single is known.
    pub(super) fn expected_class(
        &self,
        value: ValueId,
        position: usize,
        hint: Type,
    ) -> Option<Type> {
        let ty = self.ty(value);
        if ty.is_single() {
            return Some(ty);
        }
        let seen = self
            .site()
            .map_or(Type::EMPTY, |site| site.operand(position));
        let failures = self
            .site()
            .map_or(0, |site| site.times(ExitReason::TypeChanged));
        if !seen.is_empty() {
            let possible = seen.union(hint).intersection(ty);
            return (possible.is_single() && failures < MAX_TYPE_FAILURES).then_some(possible);
        }
        if failures > 0 {
            // The profile was wrong: an exit shows what comes now.
            return None;
        }
        if hint.is_single() && hint.is_subset(ty) {
            return Some(hint);
        }
        let fact = self
            .fact(value)
            .map_or(Type::EMPTY, |fact| fact.ty)
            .intersection(ty);
        fact.is_single().then_some(fact)
    }

    /// Guards an operand to its expected class, if there is one. `OTHER` stays unguarded.
    pub(super) fn specialise(
        &mut self,
        value: ValueId,
        position: usize,
        hint: Type,
    ) -> Step<(ValueId, Type)> {
        match self.expected_class(value, position, hint) {
            Some(class) if class != Type::OTHER => {
                let value = self.guard_type(value, class, position)?;
                Ok((value, class))
            }
            _ => Ok((value, self.ty(value))),
        }
    }

    /// Nothing is known of this operand and the site has not failed often: worth an exit to learn.
    pub(super) fn may_learn(&self, value: ValueId, position: usize) -> bool {
        let ty = self.ty(value);
        if ty.is_single() || !self.request.learn {
            return false;
        }
        let seen = self
            .site()
            .map_or(Type::EMPTY, |site| site.operand(position));
        seen.is_empty()
            && self
                .site()
                .is_none_or(|site| site.times(ExitReason::NotSeen) < 2)
    }

    fn int_width(&self, value: ValueId, position: usize) -> IntClass {
        let fact = self.fact(value).map_or(IntClass::Unknown, |fact| fact.int);
        let seen = self
            .site()
            .map_or(IntClass::Unknown, |site| site.width(position));
        // Every exit for a wider int widens what the site takes.
        let escalated = match self
            .site()
            .map_or(0, |site| site.times(ExitReason::WideInt))
        {
            0 => IntClass::Unknown,
            1 => IntClass::Full,
            2 => IntClass::Unsigned,
            _ => IntClass::Big,
        };
        fact.max(seen).max(escalated)
    }

    /// An exact int too wide for machine words was seen here.
    pub(super) fn is_big(&self, value: ValueId, position: usize) -> bool {
        self.repr(value) == Repr::Boxed && self.int_width(value, position) == IntClass::Big
    }

    /// An int (or bool) as a machine int: I64 or U64 as it was seen. The class must be proven.
    pub(super) fn as_machine_int(&mut self, value: ValueId, position: usize) -> Step<ValueId> {
        match self.repr(value) {
            Repr::I64 | Repr::U64 => return Ok(value),
            Repr::Bool => {
                let range = IntRange::new(0, 1);
                return self.emit_ranged(Op::BoolToI64, &[value], Type::INT, Repr::I64, range);
            }
            Repr::Boxed => {}
            Repr::F64 | Repr::Ptr => return Err(self.refuse("internal: a float as an int")),
        }
        if let Some(unboxed) = self.known_unboxed(value) {
            return self.as_machine_int(unboxed, position);
        }
        if self.ty(value) == Type::BOOL {
            let unboxed = self.boolean(Op::UnboxBool, &[value])?;
            return self.as_machine_int(unboxed, position);
        }
        if let Some(&index) = self.params.get(&value) {
            self.knowledge.unboxed_params.insert(index);
            if !matches!(self.fact(value).map(|fact| fact.int), Some(IntClass::Big)) {
                self.restart = true;
            }
        }
        let unboxed = match self.int_width(value, position) {
            IntClass::Compact => self.emit_ranged(
                Op::UnboxInt(IntWidth::Compact),
                &[value],
                Type::INT,
                Repr::I64,
                IntRange::COMPACT,
            )?,
            IntClass::Unsigned => self.emit_value(Op::UnboxU64, &[value], Type::INT, Repr::U64)?,
            _ => self.int(Op::UnboxInt(IntWidth::Full), &[value])?,
        };
        self.set_operand(position);
        self.unboxed.insert(value, (unboxed, self.block));
        Ok(unboxed)
    }

    fn known_unboxed(&self, value: ValueId) -> Option<ValueId> {
        let (unboxed, block) = *self.unboxed.get(&value)?;
        let is_box = self.boxed.get(&unboxed) == Some(&value);
        (is_box || block == self.block).then_some(unboxed)
    }

    /// An int (or bool) as I64.
    pub(super) fn as_i64(&mut self, value: ValueId, position: usize) -> Step<ValueId> {
        let value = self.as_machine_int(value, position)?;
        if self.repr(value) == Repr::U64 {
            let range = self.range(value);
            if range.high <= IntRange::I64.high {
                return self.emit_ranged(Op::BitsToI64, &[value], Type::INT, Repr::I64, range);
            }
            let range = IntRange::new(0, IntRange::I64.high);
            return self.emit_ranged(Op::U64ToI64, &[value], Type::INT, Repr::I64, range);
        }
        Ok(value)
    }

    /// A machine int as U64; leaves if it is negative.
    pub(super) fn as_u64(&mut self, value: ValueId) -> Step<ValueId> {
        if self.repr(value) == Repr::U64 {
            return Ok(value);
        }
        if self.is_non_negative(value) {
            let range = self.range(value);
            return self.emit_ranged(Op::BitsToU64, &[value], Type::INT, Repr::U64, range);
        }
        self.emit_ranged(
            Op::I64ToU64,
            &[value],
            Type::INT,
            Repr::U64,
            IntRange::new(0, IntRange::I64.high),
        )
    }

    /// A float, or a number to be converted as CPython's mixed arithmetic does.
    pub(super) fn as_f64(&mut self, value: ValueId, position: usize) -> Step<ValueId> {
        match self.repr(value) {
            Repr::F64 => return Ok(value),
            Repr::I64 => return self.float(Op::I64ToF64, &[value]),
            Repr::U64 => return self.float(Op::U64ToF64, &[value]),
            Repr::Bool => {
                let int = self.as_machine_int(value, position)?;
                return self.float(Op::I64ToF64, &[int]);
            }
            Repr::Ptr => return Err(self.refuse("internal: a pointer as a float")),
            Repr::Boxed => {}
        }
        if self.ty(value) == Type::FLOAT {
            if let Some(unboxed) = self.known_unboxed(value) {
                return Ok(unboxed);
            }
            if let Some(&index) = self.params.get(&value)
                && !self.knowledge.kept_params.contains(&index)
            {
                self.knowledge.unboxed_params.insert(index);
                self.restart = true;
            }
            let unboxed = self.float(Op::UnboxF64, &[value])?;
            self.unboxed.insert(value, (unboxed, self.block));
            return Ok(unboxed);
        }
        let int = self.as_machine_int(value, position)?;
        self.as_f64(int, position)
    }

    /// A proven bool as a machine bool.
    pub(super) fn as_bool(&mut self, value: ValueId) -> Step<ValueId> {
        if self.repr(value) == Repr::Bool {
            return Ok(value);
        }
        if let Some(unboxed) = self.known_unboxed(value) {
            return Ok(unboxed);
        }
        self.boolean(Op::UnboxBool, &[value])
    }

    /// An item in a given representation. Ints may leave; a class that does not fit is an error of the
    /// caller.
    pub(super) fn convert(&mut self, item: &Item, repr: Repr, ty: Type) -> Step<ValueId> {
        let value = self.value_of(item)?;
        match repr {
            Repr::Boxed => self.as_boxed(value),
            Repr::I64 => self.as_i64(value, 0),
            Repr::U64 => {
                let value = self.as_machine_int(value, 0)?;
                self.as_u64(value)
            }
            Repr::F64 if number_class(ty) == Some(Type::FLOAT) => self.as_f64(value, 0),
            Repr::Bool => self.as_bool(value),
            Repr::F64 | Repr::Ptr => Err(self.refuse("internal: conversion to another class")),
        }
    }
}
