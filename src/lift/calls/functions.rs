//! Calls of Python functions: inlined, directly into native code, or as the interpreter would; functions
//! made at run time.

use std::cell::RefCell;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{GeneratorOp, Instr, Intrinsic1, Op as Bytecode};
use crate::feedback::{ColdBlocks, Fact, SeenClasses, SeenCode};
use crate::hir::{Callee, CalleeId, IntRange, Op, Operation, Repr, Slot, Type, ValueId, Waits};

use super::super::item::{Form, Item, Virtual, join_form};
use super::super::shared::{Heap, SharedItem};
use super::super::{
    CalleeFacts, Frame, FunctionHandle, Lifter, NativeParam, NoteKind, ObjectFact, ObjectKind, Step,
};

/// Longest callee, in neutral operations, that is inlined.
const MAX_INLINE_LENGTH: usize = 80;
/// Most neutral operations that a function has with everything inlined into it, copies counted: where objects of
/// several classes meet, each class brings its methods.
const MAX_INLINED_LENGTH: usize = 1000;
/// How deep inlined calls nest.
const MAX_INLINE_DEPTH: u32 = 3;

/// What a call is made for.
pub(in crate::lift) enum Wanted {
    /// Its result.
    Result,
    /// It is the `__init__` of that new instance, which is the result.
    Instance(ValueId),
    /// It answers an operator with these operands.
    Operator(Operation, Vec<Item>),
}

impl Wanted {
    fn instance(&self) -> Option<ValueId> {
        match self {
            Wanted::Instance(made) => Some(*made),
            _ => None,
        }
    }

    /// What stays on the caller's stack meanwhile.
    fn below(&self) -> Vec<Item> {
        match self {
            Wanted::Result => Vec::new(),
            Wanted::Instance(made) => vec![Item::Value(*made)],
            Wanted::Operator(_, operands) => operands.clone(),
        }
    }

    fn waits(&self) -> Waits {
        match self {
            Wanted::Result => Waits::Call,
            Wanted::Instance(_) => Waits::Construct,
            Wanted::Operator(operation, _) => Waits::Operate(*operation),
        }
    }
}

impl Lifter<'_> {
    pub(in crate::lift) fn call_function(
        &mut self,
        handle: FunctionHandle,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Item>> {
        self.call_function_for(handle, args, kwnames, &Wanted::Result)
    }

    pub(in crate::lift) fn call_function_for(
        &mut self,
        handle: FunctionHandle,
        args: &[Item],
        kwnames: Option<u32>,
        wanted: &Wanted,
    ) -> Step<Option<Item>> {
        let Some(mut callee) = self.world.callee(handle) else {
            return Ok(None);
        };
        if callee.bytes.is_generator_like() {
            if !matches!(wanted, Wanted::Result) {
                return Ok(None);
            }
            return self.call_generator(handle, &callee, args, kwnames);
        }
        let itself = callee.is_self;
        // Code that runs in place of a frame cannot be called: a call of the function is one of another.
        callee.is_self &= !self.function.in_place;
        let known = callee.decorated || callee.may_be_inlined && is_inlinable(&callee);
        if !known {
            return Ok(None);
        }
        let Some(bound) = self.bind(handle, &callee, args, kwnames)? else {
            return Ok(None);
        };
        self.call_bound(handle, &callee, itself, bound, wanted)
    }

    /// Calls a decorated function with arguments in parameter order.
    pub(super) fn call_bound(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        itself: bool,
        bound: Vec<Item>,
        wanted: &Wanted,
    ) -> Step<Option<Item>> {
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let call = (path.clone(), self.instr.offset);
        if !itself && self.may_be_inlined_here(handle, callee, &call) {
            return self.inline(handle, callee, bound, path, wanted).map(Some);
        }
        if !callee.decorated {
            return Ok(None);
        }
        if self.inline_depth > 0 {
            return Err(self.do_not_inline());
        }
        self.call_native(handle, callee, &bound, wanted)
    }

    /// The callee's code can stand in place of the call at hand.
    pub(in crate::lift) fn may_be_inlined_here(
        &self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        call: &(Vec<u32>, u32),
    ) -> bool {
        self.snapshot.is_some()
            && callee.may_be_inlined
            && self.calls_inlined() < MAX_INLINE_DEPTH
            && self.has_room_for(callee)
            && !self.knowledge.not_inlined.contains(call)
            && is_inlinable(callee)
            && !self.inline_stack.contains(&handle)
    }

    /// Calls that the code at hand is inlined in, generators apart.
    fn calls_inlined(&self) -> u32 {
        self.inline_depth - self.consumers.len() as u32
    }

    pub(in crate::lift) fn has_room_for(&self, callee: &CalleeFacts) -> bool {
        let lengths = self.codes.iter().map(|code| code.code.instrs.len());
        lengths.sum::<usize>() + self.copied + callee.code.instrs.len() <= MAX_INLINED_LENGTH
    }

    /// Arguments in parameter order; `None` when the call needs the interpreter's binding.
    pub(in crate::lift) fn bind(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Vec<Item>>> {
        let bytes = &callee.bytes;
        if bytes.has_varargs() || bytes.has_varkeywords() {
            return Ok(None);
        }
        let count = bytes.argcount as usize;
        let named = count + bytes.kwonlyargcount as usize;
        let names = match kwnames {
            None => Vec::new(),
            Some(index) => match self.context.bytes.consts.get(index as usize) {
                Some(crate::bytecode::ConstView::Tuple(names)) => names.clone(),
                _ => return Ok(None),
            },
        };
        let positional = args.len() - names.len();
        if positional > count {
            return Ok(None);
        }
        let mut bound: Vec<Option<Item>> = vec![None; named];
        for (slot, item) in bound.iter_mut().zip(&args[..positional]) {
            *slot = Some(item.clone());
        }
        for (name, item) in names.iter().zip(&args[positional..]) {
            let crate::bytecode::ConstView::Str(name) = name else {
                return Ok(None);
            };
            let slot = bytes.localsplus[..named]
                .iter()
                .position(|local| local.name == *name);
            match slot {
                Some(slot) if slot >= bytes.posonlyargcount as usize && bound[slot].is_none() => {
                    bound[slot] = Some(item.clone());
                }
                _ => return Ok(None),
            }
        }
        let first_default = count - callee.defaults.len().min(count);
        let mut result = Vec::new();
        for (slot, item) in bound.into_iter().enumerate() {
            match item {
                Some(item) => result.push(item),
                None if (first_default..count).contains(&slot) => {
                    let default = callee.defaults[slot - first_default].clone();
                    let value = self.constant(&default)?;
                    result.push(Item::Value(value));
                }
                None if slot >= count && !self.left_for(ExitReason::GlobalsChanged) => {
                    let name = &bytes.localsplus[slot].name;
                    let Some((fact, row)) = self.world.keyword_default(handle, name) else {
                        return Ok(None);
                    };
                    let namespace = self.namespace_id(row);
                    let value = self.global(namespace, fact)?;
                    result.push(Item::Value(value));
                }
                None => return Ok(None),
            }
        }
        Ok(Some(result))
    }

    /// A call of a function that is known by its code alone: inlined behind a guard of the code, with the cells
    /// of the function at hand.
    pub(super) fn call_by_code(
        &mut self,
        callable: ValueId,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Item>> {
        let Some(SeenCode::One(key)) = self.fact(callable).map(|fact| fact.code) else {
            return Ok(None);
        };
        if self.snapshot.is_none()
            || self.objects.contains_key(&callable)
            || !Type::FUNCTION.is_subset(self.ty(callable))
            || self.repr(callable) != Repr::Boxed
            || self.left_for(ExitReason::ObjectChanged)
        {
            return Ok(None);
        }
        let Some((handle, cells)) = self.world.function_with_code(key) else {
            return Ok(None);
        };
        let Some(callee) = self.world.callee(handle) else {
            return Ok(None);
        };
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let call = (path.clone(), self.instr.offset);
        let in_pieces = callee.bytes.is_generator_like();
        let fits = match in_pieces {
            true => self.may_be_in_pieces(handle, &callee, &call),
            false => self.may_be_inlined_here(handle, &callee, &call),
        };
        if !fits {
            return Ok(None);
        }
        let Some(bound) = self.bind(handle, &callee, args, kwnames)? else {
            return Ok(None);
        };
        let object = ObjectFact {
            handle: callee.object,
            ty: Type::FUNCTION,
            text: callee.name.clone(),
            kind: ObjectKind::Other,
        };
        let id = self.object_id(&object);
        let op = Op::GuardCode(id);
        let function = self.emit_value(op, &[callable], Type::FUNCTION, Repr::Boxed)?;
        let mut free = Vec::new();
        for index in 0..callee.bytes.nfreevars {
            let op = Op::LoadClosure(index.into());
            let cell = self.emit_value(op, &[function], Type::CELL, Repr::Boxed)?;
            let known = cells.get(index as usize).cloned().unwrap_or_default();
            let items = Some(Rc::new(RefCell::new(known)));
            self.facts.insert(
                cell,
                Fact {
                    items,
                    ..Fact::of(Type::CELL)
                },
            );
            free.push(Item::Value(cell));
        }
        if in_pieces {
            return self
                .new_generator(handle, &callee, bound, path, Some(free))
                .map(Some);
        }
        self.inline_code(handle, &callee, bound, path, Some(free), &Wanted::Result)
            .map(Some)
    }

    /// Lifts the callee's code in place of the call.
    fn inline(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: Vec<Item>,
        path: Vec<u32>,
        wanted: &Wanted,
    ) -> Step<Item> {
        let object = ObjectFact {
            handle: callee.object,
            ty: Type::FUNCTION,
            text: callee.name.clone(),
            kind: ObjectKind::Function(handle),
        };
        let id = self.object_id(&object);
        self.emit(Op::GuardFunction(id), &[], None)?;
        self.inline_code(handle, callee, args, path, None, wanted)
    }

    /// The same behind its guard. `free`: the cells of its free variables, if they are not those of the
    /// function of the handle.
    pub(in crate::lift) fn inline_code(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: Vec<Item>,
        path: Vec<u32>,
        free: Option<Vec<Item>>,
        wanted: &Wanted,
    ) -> Step<Item> {
        // Arguments are real values in the callee's frame, or iterators that only it has.
        let mut locals = Vec::new();
        let mut heap = Heap::new();
        for item in &args {
            locals.push(match item {
                Item::Virtual(object) if !matches!(**object, Virtual::Range { .. }) => {
                    let number = self.new_number();
                    heap.insert(number, Rc::new(SharedItem::Iterator(item.clone())));
                    Item::Shared(number)
                }
                Item::Shared(number) if self.hand_over(*number, &mut heap) => item.clone(),
                _ => Item::Value(self.value_of(item)?),
            });
        }
        locals.resize(callee.bytes.nlocalsplus as usize, Item::Null);
        let below = wanted.below();
        let count = below.len();
        self.frame.stack.extend(below);
        let parent = {
            let (at, next) = (self.instr.at, self.instr.next);
            self.state_at(at, next)
        };
        self.function.frame_states[parent.index()].waits = wanted.waits();
        let context = self.add_code(handle, callee.bytes.clone(), callee.code.clone(), path);
        let outer_context = std::mem::replace(&mut self.context, context);
        let outer_frame = std::mem::replace(
            &mut self.frame,
            Frame {
                locals,
                parent: Some(parent),
                heap,
                ..Frame::default()
            },
        );
        let (outer_instr, outer_depth) = (self.instr, self.depth);
        self.inline_depth += 1;
        self.inline_stack.push(handle);
        let mut result = match free {
            None => self.fill_free_variables().and_then(|()| self.lift_code()),
            Some(free) => {
                let first = self.frame.locals.len() - free.len();
                self.frame.locals.truncate(first);
                self.frame.locals.extend(free);
                // The interpreter would copy the cells of the stand-in.
                let copies = |instr: &&Instr| matches!(instr.op, Bytecode::CopyFreeVars(_));
                let first = self.context.code.instrs.first().filter(copies);
                let start = first.map_or(0, |instr| instr.next);
                self.lift_code_from(start)
            }
        };
        if matches!(result, Err(super::super::Stop::Refuse(_))) {
            // What cannot be compiled is called.
            result = Err(self.do_not_inline());
        }
        self.inline_depth -= 1;
        self.inline_stack.pop();
        self.context = outer_context;
        self.instr = outer_instr;
        self.depth = outer_depth;
        let returns = result?;
        let returns = self.drop_shared_variables(returns)?;
        self.frame = outer_frame;
        self.frame.stack.truncate(self.frame.stack.len() - count);
        if returns.is_empty() {
            // Every path left: nothing follows.
            return Err(super::super::Stop::PathEnds);
        }
        self.continue_after_inline(returns, wanted.instance())
    }

    /// Joins the returns of inlined code into one value.
    pub(in crate::lift) fn continue_after_inline(
        &mut self,
        returns: Vec<super::super::Return>,
        made: Option<ValueId>,
    ) -> Step<Item> {
        let mut shape: Option<Form> = None;
        for site in &returns {
            let Item::Value(value) = site.item else {
                return Err(self.refuse("internal: no return value"));
            };
            let mine = self.form(value);
            shape = Some(shape.map_or(mine, |other| join_form(other, mine)));
        }
        let none = Form {
            repr: Repr::Boxed,
            ty: Type::NONE,
            wide: false,
        };
        let Form { repr, ty, .. } = shape.unwrap_or(none);
        if let [only] = &returns[..] {
            self.block = only.block;
            self.snapshot = None;
            let item = made.map_or_else(|| only.item.clone(), Item::Value);
            // The callee's frame is gone: guards leave behind the call from here on.
            let next = self.instr.next;
            self.frame.stack.push(item.clone());
            let state = self.state_at(next, next);
            self.frame.stack.pop();
            self.mark_snapshot(state);
            return Ok(item);
        }
        let block = self.new_block();
        let range = if repr == Repr::U64 {
            IntRange::U64
        } else {
            IntRange::I64
        };
        let param = self.function.add_param(block, ty, repr, range);
        let mut facts: Option<Fact> = None;
        for site in returns {
            self.block = site.block;
            self.snapshot = site.snapshot;
            if let Item::Value(value) = site.item {
                let known = self.fact_of(value);
                match &mut facts {
                    Some(facts) => facts.absorb(&known),
                    None => facts = Some(known),
                }
            }
            // What the conversion makes is known on this way only, not behind the call.
            let outer_frame = self.frame.clone();
            let value = self.convert(&site.item, repr, ty)?;
            self.frame = outer_frame;
            self.jump_to(block, vec![value]);
        }
        if let Some(known) = facts {
            self.facts.insert(param, known);
        }
        self.block = block;
        let next = self.instr.next;
        let result = Item::Value(made.unwrap_or(param));
        self.frame.stack.push(result.clone());
        let state = self.state_at(next, next);
        self.frame.stack.pop();
        self.mark_snapshot(state);
        Ok(result)
    }

    /// The innermost inlined call needs a frame of its own after all: lift again without inlining it.
    pub(in crate::lift) fn do_not_inline(&mut self) -> super::super::Stop {
        if let Some(number) = self.frame.generator {
            return self.do_not_share(number);
        }
        let path = self.context.path.clone();
        let offset = path.last().copied().unwrap_or(0);
        self.knowledge.not_inlined.insert((path, offset));
        self.restart = true;
        super::super::Stop::Restart
    }

    fn call_native(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: &[Item],
        wanted: &Wanted,
    ) -> Step<Option<Item>> {
        let made = match wanted {
            Wanted::Result => None,
            Wanted::Instance(made) => Some(*made),
            Wanted::Operator(..) => return Ok(None),
        };
        if self.left_for(ExitReason::CalleeLeft) && self.site().is_some_and(|site| site.exits > 2) {
            return Ok(None);
        }
        let mut known = Vec::new();
        for item in args {
            let value = self.value_of(item)?;
            let mut fact = self.fact_of(value);
            if self.left_for(ExitReason::ClassChanged) {
                // Instances of other classes come, too.
                fact.classes = SeenClasses::default();
            }
            known.push(fact);
        }
        let (params, returns, target) = if callee.is_self {
            let params = self.own_params(&known)?;
            let returns = self
                .knowledge
                .returns
                .map_or((Type::OBJECT, Repr::Boxed), |form| (form.ty, form.repr));
            (params, returns, None)
        } else {
            let Some(signature) = self.world.native(handle, &known) else {
                return Ok(None);
            };
            (signature.params, signature.returns, Some(signature.target))
        };
        // A callee that left may return anything the interpreter makes of it; only unboxing checks that.
        let returns = match returns {
            // Its code has no other value to return.
            (_, Repr::Boxed) if made.is_some() => (Type::NONE, Repr::Boxed),
            (_, Repr::Boxed) => (Type::OBJECT, Repr::Boxed),
            _ if made.is_some() => return Ok(None),
            unboxed => unboxed,
        };
        let object = ObjectFact {
            handle: callee.object,
            ty: Type::FUNCTION,
            text: callee.name.clone(),
            kind: ObjectKind::Function(handle),
        };
        let mut operands = Vec::new();
        for (index, (item, param)) in args.iter().zip(&params).enumerate() {
            let NativeParam {
                ty,
                repr,
                range,
                class,
            } = param;
            let position = args.len() - 1 - index;
            let mut value = self.value_of(item)?;
            if let Some(key) = class {
                let Some(class) = self.class_id(*key) else {
                    return Ok(None);
                };
                value = self.guard_class(value, class, position)?;
            }
            let value = if self.ty(value).is_subset(*ty) || *ty == Type::OBJECT {
                value
            } else if self.repr(value) == Repr::Boxed && ty.intersection(self.ty(value)) == *ty {
                self.guard_type(value, *ty, position)?
            } else {
                return Ok(None);
            };
            let value = self.convert(&Item::Value(value), *repr, *ty)?;
            // What was observed of a value is no proof: the callee's code relies on the range.
            let value = match *repr {
                Repr::I64 if !self.range(value).is_within(*range) => {
                    let op = Op::GuardRange(*range);
                    self.emit_ranged(op, &[value], Type::INT, Repr::I64, *range)?
                }
                _ => value,
            };
            operands.push(value);
        }
        let id = self.object_id(&object);
        self.emit(Op::GuardFunction(id), &[], None)?;
        let callee_id = self.callee_id(Callee {
            name: callee.name.clone(),
            params: params.iter().map(|param| param.repr).collect(),
            returns: returns.1,
            handle: target,
        });
        let origin = self.origin();
        let op = Op::CallNative(callee_id);
        self.show_no_shared()?;
        let exit = self
            .snapshot
            .ok_or_else(|| self.refuse("internal: a call behind a side effect"))?;
        let throw = self.throw_state();
        let after = self.after_state();
        if let Some(made) = made {
            let stack = &mut self.function.frame_states[after.index()].stack;
            stack.pop();
            stack.push(Slot::Value(made));
        }
        let range = if returns.1 == Repr::U64 {
            IntRange::U64
        } else {
            IntRange::I64
        };
        let id =
            self.function
                .add_instr(op, &operands, Some((returns.0, returns.1, range)), origin);
        let instr = self.function.instr_mut(id);
        instr.exit = Some(exit);
        instr.throw = Some(throw);
        instr.after = Some(after);
        let result = instr.result;
        self.function.block_mut(self.block).instrs.push(id);
        self.snapshot = None;
        Ok(made.or(result).map(Item::Value))
    }

    /// What the function itself takes, if these arguments fit: where it is for instances of one class, those of others
    /// are not its own business.
    fn own_params(&mut self, args: &[Fact]) -> Step<Vec<NativeParam>> {
        let values = self.function.block(self.function.entry).params.clone();
        let mut params = Vec::new();
        for (number, &value) in values.iter().enumerate() {
            let class = self.function.entry_class(number).and_then(|class| {
                let mut rows = self.classes.iter();
                rows.find(|row| *row.1 == Some(class)).map(|row| *row.0)
            });
            let seen = args.get(number).and_then(|fact| fact.classes.single());
            if class.is_some() && seen != class {
                self.knowledge.for_all_classes = true;
                self.restart = true;
                return Err(super::super::Stop::Restart);
            }
            params.push(NativeParam {
                ty: self.ty(value),
                repr: self.repr(value),
                range: self.range(value),
                class,
            });
        }
        Ok(params)
    }

    fn callee_id(&mut self, callee: Callee) -> CalleeId {
        if let Some(index) = self
            .function
            .callees
            .iter()
            .position(|other| *other == callee)
        {
            return CalleeId::new(index);
        }
        self.function.callees.push(callee);
        CalleeId::new(self.function.callees.len() - 1)
    }

    // --- functions made at run time -------------------------------------------------------------

    /// What the instructions behind MAKE_FUNCTION set, if nothing can happen in between.
    pub(in crate::lift) fn attributes_at_once(&self) -> Vec<u32> {
        let code = &self.context.code;
        let mut found = Vec::new();
        let Some(index) = code.instr_at(self.instr.offset) else {
            return found;
        };
        for instr in &code.instrs[index + 1..] {
            match instr.op {
                Bytecode::SetFunctionAttribute {
                    attribute: attribute @ (1 | 2 | 4 | 8),
                } => {
                    found.push(attribute);
                }
                Bytecode::SetFunctionAttribute { .. } => return Vec::new(),
                _ => break,
            }
        }
        found
    }

    pub(in crate::lift) fn make_function(&mut self, attributes: u32) -> Step {
        if self.function_in_pieces(attributes)? {
            return Ok(());
        }
        let code = self.pop_boxed(1)?[0];
        let null = self.emit_value(Op::ConstNull, &[], Type::OBJECT, Repr::Boxed)?;
        // defaults, keyword defaults, annotations, closure: the lowest bit lies deepest.
        let mut parts = [null; 4];
        for bit in (0..4).rev() {
            if attributes & (1 << bit) != 0 {
                parts[bit] = self.pop_boxed(1)?[0];
            }
        }
        // 3.13+: further instructions set them, the uppermost first.
        let mut attributes = attributes;
        for attribute in self.attributes_at_once() {
            parts[attribute.trailing_zeros() as usize] = self.pop_boxed(1)?[0];
            attributes |= attribute;
            self.attributes_set += 1;
        }
        let (globals, _) = self.world.globals(self.context.handle);
        let globals = self.object(&globals);
        self.note(NoteKind::RuntimeCall, "a function is made");
        let operands = [code, globals, parts[0], parts[1], parts[2], parts[3]];
        let result = self.runtime(HelperId::NewFunction, &operands)?;
        // The function has its own references; the tuple of cells, for one, may die here.
        for part in parts.into_iter().filter(|part| *part != null) {
            self.release(&Item::Value(part))?;
        }
        // Without defaults it may be called by its code.
        if attributes & 3 == 0
            && let Some(object) = self.objects.get(&code).cloned()
            && let Some(key) = self.world.key_of_code(object.handle)
        {
            let code = SeenCode::One(key);
            self.facts.insert(
                result,
                Fact {
                    code,
                    ..Fact::of(Type::FUNCTION)
                },
            );
        }
        self.push(result);
        Ok(())
    }
}

/// Small, no handlers, and nothing in it that is sure to run unknown code.
pub(super) fn is_inlinable(callee: &CalleeFacts) -> bool {
    callee.code.handlers.is_empty()
        && !callee.bytes.is_generator_like()
        && has_inlinable_code(callee, MAX_INLINE_LENGTH)
}

/// The same whatever handlers it has and whatever kind of function it is.
pub(in crate::lift) fn has_inlinable_code(callee: &CalleeFacts, longest: usize) -> bool {
    callee.code.instrs.len() <= longest && {
        let silent = |instr: &Instr| may_be_silent(&instr.op);
        let loud = || callee.code.instrs.iter().filter(|instr| !silent(instr));
        loud().next().is_none() || {
            // What never ran becomes an exit.
            let cold = ColdBlocks::of(&callee.code);
            loud().all(|instr| cold.is_cold(instr.offset))
        }
    }
}

/// With the right operands it runs no Python code.
fn may_be_silent(op: &Bytecode) -> bool {
    matches!(
        op,
        Bytecode::Nop
                        | Bytecode::MakeCell(_)
                        | Bytecode::LoadClosure(_)
                        | Bytecode::MakeFunction { .. }
                        | Bytecode::SetFunctionAttribute { .. }
                        | Bytecode::BuildTuple(_)
                        | Bytecode::BuildList(_)
                        | Bytecode::ListAppend(_)
                        | Bytecode::BinarySlice
                        | Bytecode::Resume { .. }
                        | Bytecode::CopyFreeVars(_)
                        | Bytecode::LoadConst(_)
                        | Bytecode::PushInt(_)
                        | Bytecode::PushNull
                        | Bytecode::LoadFast(_)
                        | Bytecode::LoadFastCheck(_)
                        | Bytecode::StoreFast(_)
                        | Bytecode::LoadDeref(_)
                        | Bytecode::StoreDeref(_)
                        | Bytecode::LoadGlobal { .. }
                        | Bytecode::LoadAttr { .. }
                        | Bytecode::LoadSuperAttr { .. }
 | Bytecode::StoreAttr { .. }
 | Bytecode::BuildMap(0)
                        | Bytecode::LoadMethod { .. }
                        | Bytecode::Call { .. }
                        | Bytecode::BinaryOp { .. }
                        | Bytecode::UnaryNegative
                        | Bytecode::UnaryInvert
                        | Bytecode::UnaryNot
                        | Bytecode::UnaryPositive
                        | Bytecode::ToBool
                        | Bytecode::Compare { .. }
                        | Bytecode::Is { .. }
                        | Bytecode::Contains { .. }
                        | Bytecode::BinarySubscr
                        | Bytecode::StoreSubscr
                        | Bytecode::Copy(_)
                        | Bytecode::Swap(_)
                        | Bytecode::PopTop
                        | Bytecode::Jump { .. }
                        | Bytecode::JumpBackward { .. }
                        | Bytecode::PopJumpIf { .. }
                        | Bytecode::JumpIfOrPop { .. }
                        | Bytecode::GetIter
                        | Bytecode::ForIter { .. }
                        | Bytecode::ReturnValue
                        | Bytecode::UnpackSequence(_)
                        | Bytecode::LoadFastAndClear(_)
                        | Bytecode::DeleteFast(_)
                        | Bytecode::BuildSlice(_)
                        | Bytecode::BuildString(_)
                        | Bytecode::FormatValue { .. }
                        | Bytecode::ConvertValue(_)
                        | Bytecode::LoadCommonConstant(_)
                        | Bytecode::Raise(_)
                        | Bytecode::Generator(
                            GeneratorOp::ReturnGenerator | GeneratorOp::YieldValue
                        )
                        // Of the handler around a generator's code.
                        | Bytecode::Intrinsic1(Intrinsic1::StopIterationError)
                        | Bytecode::Reraise { .. }
    )
}
