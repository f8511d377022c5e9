//! Attributes and calls: known builtins in place, compiled functions directly or inlined, everything
//! else as the interpreter would call it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{CodeBytes, LocalKind, Op as Bytecode};
use crate::feedback::{Fact, IntClass};
use crate::hir::attributes::{CallShape, Cond, Overflow};
use crate::hir::{Callee, CalleeId, IntRange, Op, Repr, Type, ValueId};

use super::item::{Form, Item, Virtual, join_form, number_class};
use super::{
    Builtin, BuiltinClass, BuiltinMethod, CACHED_COST, CalleeFacts, DEFAULT_COST, Frame,
    FunctionHandle, Lifter, NoteKind, ONLOOKER_COST, ObjectFact, ObjectKind, Step,
};

/// Longest callee, in neutral operations, that is inlined.
const MAX_INLINE_LENGTH: usize = 80;
/// How deep inlined calls nest.
const MAX_INLINE_DEPTH: u32 = 3;

impl Lifter<'_> {
    // --- attributes -------------------------------------------------------------------------------

    pub(super) fn load_attr(&mut self, name: u32) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        if let Some(value) = self.module_attribute(value, name)? {
            self.push(value);
            return Ok(());
        }
        let value = self.as_boxed(value)?;
        let name = self.name_object(name);
        self.note_cost(NoteKind::RuntimeCall, CACHED_COST, "attribute of an object");
        let result = self.runtime(HelperId::GetAttribute, &[value, name])?;
        self.release(&Item::Value(value))?;
        self.push(result);
        Ok(())
    }

    fn module_attribute(&mut self, value: ValueId, name: u32) -> Step<Option<ValueId>> {
        let Some(object) = self.objects.get(&value).cloned() else {
            return Ok(None);
        };
        if object.kind != ObjectKind::Module || self.left_for(ExitReason::GlobalsChanged) {
            return Ok(None);
        }
        let text = self
            .context
            .bytes
            .names
            .get(name as usize)
            .cloned()
            .unwrap_or_default();
        let Some((fact, row)) = self.world.module_attribute(object.handle, &text) else {
            return Ok(None);
        };
        let namespace = self.namespace_id(row);
        self.global(namespace, fact).map(Some)
    }

    pub(super) fn load_method(&mut self, name: u32, null_first: bool) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        if let Some(callable) = self.module_attribute(value, name)? {
            let pair = [Item::Null, Item::Value(callable)];
            self.push_pair(pair, null_first);
            return Ok(());
        }
        let text = self
            .context
            .bytes
            .names
            .get(name as usize)
            .cloned()
            .unwrap_or_default();
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        let simple = Type::LIST
            .union(Type::STR)
            .union(Type::DICT)
            .union(Type::SET)
            .union(Type::BYTES)
            .union(Type::BYTEARRAY)
            .union(Type::TUPLE)
            .union(Type::NUMBER);
        if class.is_single()
            && class.is_subset(simple)
            && let Some(method) = self.world.type_attribute(class, &text)
        {
            // Immutable builtin class, and its instances have no dict: this is the method.
            let receiver = self.as_boxed(value)?;
            let method = self.object(&method);
            self.push(method);
            self.push(receiver);
            return Ok(());
        }
        if self.may_learn(value, 0) {
            let item = Item::Value(value);
            return self.exit_here(
                ExitReason::NotSeen,
                &[item],
                "the type of the object is not known yet",
            );
        }
        let value = self.as_boxed(value)?;
        let name = self.name_object(name);
        self.note_cost(
            NoteKind::RuntimeCall,
            CACHED_COST,
            format!("look-up of the method `{text}`"),
        );
        let method = self.runtime(HelperId::GetAttribute, &[value, name])?;
        self.release(&Item::Value(value))?;
        self.push_pair([Item::Null, Item::Value(method)], null_first);
        Ok(())
    }

    fn push_pair(&mut self, [null, callable]: [Item; 2], null_first: bool) {
        if null_first {
            self.frame.stack.extend([null, callable]);
        } else {
            self.frame.stack.extend([callable, null]);
        }
    }

    // --- calls ------------------------------------------------------------------------------------

    pub(super) fn call(&mut self, argc: u32, kwnames: Option<u32>) -> Step {
        let operands = self.pop_many(argc as usize + 2)?;
        let (first, second) = (operands[0].clone(), operands[1].clone());
        let mut args: Vec<Item> = operands[2..].to_vec();
        let callable = match (first, second) {
            (Item::Null, Item::Value(callable)) | (Item::Value(callable), Item::Null) => callable,
            (Item::Value(callable), receiver) => {
                args.insert(0, receiver);
                callable
            }
            _ => return Err(self.refuse("internal: no callable")),
        };
        if let Some(object) = self.objects.get(&callable).cloned()
            && let Some(result) = self.known_call(&object, &args, kwnames, &operands)?
        {
            for item in &args {
                self.release(item)?;
            }
            self.frame.stack.push(result);
            return Ok(());
        }
        self.generic_call(callable, &args, kwnames)
    }

    /// What is expected of `list(x)`: a list of ints, if x is a range, or of what is in x.
    fn list_made_by(&self, callable: ValueId, args: &[Item]) -> Option<Fact> {
        let kind = &self.objects.get(&callable)?.kind;
        if !matches!(kind, ObjectKind::Class(BuiltinClass::Other(Type::LIST))) {
            return None;
        }
        let items = match args {
            [Item::Virtual(object)] if matches!(**object, Virtual::Range { .. }) => {
                Some(Rc::new(RefCell::new(Fact::int(IntClass::Compact))))
            }
            [Item::Value(value)] => {
                let items = self.fact(*value)?.items.clone()?;
                let known = items.borrow().clone();
                Some(Rc::new(RefCell::new(known)))
            }
            _ => None,
        };
        Some(Fact {
            items,
            ..Fact::of(Type::LIST)
        })
    }

    fn generic_call(&mut self, callable: ValueId, args: &[Item], kwnames: Option<u32>) -> Step {
        if self.inline_depth > 0 {
            return Err(self.do_not_inline());
        }
        let cost = match self.ty(callable) {
            // Methods of builtin classes: called the same way by the interpreter.
            Type::OTHER | Type::BUILTIN if self.objects.contains_key(&callable) => DEFAULT_COST,
            _ => ONLOOKER_COST,
        };
        self.note_cost(
            NoteKind::RuntimeCall,
            cost,
            "call of a function that is not compiled",
        );
        let made = self.list_made_by(callable, args);
        let mut operands = vec![callable];
        for item in args {
            let value = self.value_of(item)?;
            operands.push(self.as_boxed(value)?);
        }
        let keywords = kwnames.map(|index| {
            let names = self.world.constant(self.context.handle, index);
            self.object_id(&names)
        });
        let op = Op::CallObject(CallShape { keywords });
        // What is called may write to the caller's frame, or begin to trace.
        let after = self.after_state();
        let result = self.emit_value(op, &operands, Type::OBJECT, Repr::Boxed)?;
        if let Some(call) = self.function.defining_instr(result) {
            self.function.instr_mut(call).after = Some(after);
        }
        for value in operands {
            self.release(&Item::Value(value))?;
        }
        if let Some(fact) = made {
            self.facts.insert(result, fact);
        }
        self.push(result);
        Ok(())
    }

    fn known_call(
        &mut self,
        object: &ObjectFact,
        args: &[Item],
        kwnames: Option<u32>,
        operands: &[Item],
    ) -> Step<Option<Item>> {
        let value = match object.kind {
            ObjectKind::Function(handle) => return self.call_function(handle, args, kwnames),
            _ if kwnames.is_some() => None,
            ObjectKind::Builtin(builtin) => {
                let value = self.call_builtin(builtin, args, operands)?;
                if value.is_none() {
                    self.learn_arguments(args, operands)?;
                }
                value
            }
            ObjectKind::Class(class) => {
                let item = self.call_class(class, args, operands)?;
                if item.is_none() && !matches!(class, BuiltinClass::Other(_)) {
                    self.learn_arguments(args, operands)?;
                }
                return Ok(item);
            }
            ObjectKind::Method(method) => self.call_method(method, args)?,
            _ => None,
        };
        Ok(value.map(Item::Value))
    }

    /// A builtin that could be machine code if the types of its arguments were known: leaves to see them.
    fn learn_arguments(&mut self, args: &[Item], operands: &[Item]) -> Step {
        let unknown = |(index, item): (usize, &Item)| match item {
            Item::Value(value) => self.may_learn(*value, args.len() - 1 - index),
            _ => false,
        };
        if self.snapshot.is_some() && args.iter().enumerate().any(unknown) {
            let text = "the types of the arguments are not known yet";
            return self.exit_here(ExitReason::NotSeen, operands, text);
        }
        Ok(())
    }

    fn call_method(&mut self, method: BuiltinMethod, args: &[Item]) -> Step<Option<ValueId>> {
        match (method, args) {
            (BuiltinMethod::ListAppend, [Item::Value(list), item])
                if self.ty(*list) == Type::LIST =>
            {
                let value = self.value_of(item)?;
                self.append(*list, value)?;
                Ok(Some(self.none()))
            }
            (BuiltinMethod::ListPop, [Item::Value(list)]) if self.ty(*list) == Type::LIST => {
                let value =
                    self.emit_value(Op::ListPopLast, &[*list], Type::OBJECT, Repr::Boxed)?;
                if let Some(items) = self.fact(*list).and_then(|fact| fact.items.clone()) {
                    let known = items.borrow().clone();
                    self.facts.insert(value, known);
                }
                Ok(Some(value))
            }
            _ => Ok(None),
        }
    }

    fn call_class(
        &mut self,
        class: BuiltinClass,
        args: &[Item],
        operands: &[Item],
    ) -> Step<Option<Item>> {
        let value = match (class, args) {
            (BuiltinClass::Range, [_] | [_, _] | [_, _, _]) => return self.call_range(args),
            (BuiltinClass::Enumerate, [iterable]) => {
                let Some(inner) = self.iterator_of(iterable)? else {
                    return Ok(None);
                };
                if matches!(&inner, Item::Virtual(object) if matches!(**object, Virtual::Enumerate { .. } | Virtual::Zip { .. }))
                {
                    return Ok(None);
                }
                let count = self.const_int(0)?;
                return Ok(Some(Item::Virtual(Rc::new(Virtual::Enumerate {
                    count,
                    inner,
                }))));
            }
            (BuiltinClass::Zip, [_, ..]) => {
                let mut inner = Vec::new();
                for iterable in args {
                    match self.iterator_of(iterable)? {
                        Some(Item::Virtual(object))
                            if !matches!(
                                *object,
                                Virtual::Enumerate { .. } | Virtual::Zip { .. }
                            ) =>
                        {
                            inner.push(Item::Virtual(object));
                        }
                        _ => return Ok(None),
                    }
                }
                return Ok(Some(Item::Virtual(Rc::new(Virtual::Zip { inner }))));
            }
            (BuiltinClass::Int, [item]) => self.call_int(item, operands)?,
            (BuiltinClass::Float, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                if number_class(class).is_none() || self.is_big(value, 0) {
                    return Ok(None);
                }
                // float(x) of an exact float is x itself.
                if class == Type::FLOAT {
                    Some(value)
                } else {
                    Some(self.as_f64(value, 0)?)
                }
            }
            (BuiltinClass::Bool, [item]) => {
                let value = self.value_of(item)?;
                self.known_truth(value, Type::EMPTY)?
            }
            _ => None,
        };
        Ok(value.map(Item::Value))
    }

    fn call_int(&mut self, item: &Item, operands: &[Item]) -> Step<Option<ValueId>> {
        let _ = operands;
        let value = self.value_of(item)?;
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        Ok(match class {
            Type::INT => Some(value),
            Type::BOOL => Some(self.as_i64(value, 0)?),
            Type::FLOAT if !self.left_for(ExitReason::ValueRange) => {
                let value = self.as_f64(value, 0)?;
                Some(self.int(Op::F64ToI64, &[value])?)
            }
            _ => None,
        })
    }

    fn call_range(&mut self, args: &[Item]) -> Step<Option<Item>> {
        let mut values = Vec::new();
        for (index, item) in args.iter().enumerate() {
            let position = args.len() - 1 - index;
            let value = self.value_of(item)?;
            let (value, class) = self.specialise(value, position, Type::INT)?;
            if !matches!(class, Type::INT | Type::BOOL) || self.is_big(value, position) {
                return Ok(None);
            }
            values.push(self.as_i64(value, position)?);
        }
        let (start, stop, step) = match values[..] {
            [stop] => (self.const_int(0)?, stop, self.const_int(1)?),
            [start, stop] => (start, stop, self.const_int(1)?),
            [start, stop, step] => {
                match self.as_const_int(step) {
                    Some(0) => return Ok(None),
                    Some(_) => {}
                    None => {
                        let zero = self.const_int(0)?;
                        let ok = self.boolean(Op::IntCmp(Cond::Ne), &[step, zero])?;
                        self.guard(ok, ExitReason::ValueRange)?;
                    }
                }
                (start, stop, step)
            }
            _ => return Ok(None),
        };
        Ok(Some(Item::Virtual(Rc::new(Virtual::Range {
            start,
            stop,
            step,
        }))))
    }

    fn call_builtin(
        &mut self,
        builtin: Builtin,
        args: &[Item],
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        let _ = operands;
        match (builtin, args) {
            (Builtin::Len, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                let known = Type::LIST
                    .union(Type::TUPLE)
                    .union(Type::BYTES)
                    .union(Type::BYTEARRAY)
                    .union(Type::STR)
                    .union(Type::ARRAY);
                if class.is_single() && class.is_subset(known) {
                    return self.length(value, class).map(Some);
                }
                Ok(None)
            }
            (Builtin::Abs, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                match class {
                    Type::FLOAT => {
                        let value = self.as_f64(value, 0)?;
                        self.float(Op::FloatAbs, &[value]).map(Some)
                    }
                    Type::INT | Type::BOOL if !self.is_big(value, 0) => {
                        let value = self.as_i64(value, 0)?;
                        self.int(Op::IntAbs(Overflow::Checked), &[value]).map(Some)
                    }
                    _ => Ok(None),
                }
            }
            (Builtin::Min | Builtin::Max, [_, _, ..]) if args.len() <= 4 => {
                self.min_max(builtin == Builtin::Max, args)
            }
            (Builtin::Ord, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                if class != Type::STR {
                    return Ok(None);
                }
                let range = IntRange::new(0, 0x10_FFFF);
                let op = Op::CallRuntime(HelperId::StrOrd);
                self.emit_ranged(op, &[value], Type::INT, Repr::I64, range)
                    .map(Some)
            }
            (Builtin::Chr, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                if class != Type::INT || self.is_big(value, 0) {
                    return Ok(None);
                }
                let value = self.as_i64(value, 0)?;
                self.runtime(HelperId::StrChr, &[value]).map(Some)
            }
            (Builtin::MathSqrt | Builtin::MathFabs | Builtin::Math(_), [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                let exits = self.site().map_or(0, |site| site.exits);
                // An int argument of math.log takes CPython's own way for wide ints.
                let is_log = matches!(builtin, Builtin::Math(f) if f.name().starts_with("log") && f.name() != "log1p");
                let fits = class == Type::FLOAT
                    || (matches!(class, Type::INT | Type::BOOL)
                        && !is_log
                        && !self.is_big(value, 0));
                if !fits || exits > 3 {
                    return Ok(None);
                }
                let value = self.as_f64(value, 0)?;
                let op = match builtin {
                    Builtin::MathSqrt => Op::FloatSqrt,
                    Builtin::MathFabs => Op::FloatAbs,
                    Builtin::Math(function) => Op::FloatMath(function),
                    _ => return Ok(None),
                };
                self.float(op, &[value]).map(Some)
            }
            (Builtin::MathFloor | Builtin::MathCeil | Builtin::Round, [item]) => {
                let value = self.value_of(item)?;
                let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
                match class {
                    Type::INT => Ok(Some(value)),
                    Type::FLOAT if !self.left_for(ExitReason::ValueRange) => {
                        let value = self.as_f64(value, 0)?;
                        let op = match builtin {
                            Builtin::MathFloor => Op::FloatFloor,
                            Builtin::MathCeil => Op::FloatCeil,
                            _ => Op::FloatRoundEven,
                        };
                        let rounded = self.float(op, &[value])?;
                        self.int(Op::F64ToI64, &[rounded]).map(Some)
                    }
                    _ => Ok(None),
                }
            }
            (Builtin::Isinstance, [item, Item::Value(class)]) => {
                let value = self.value_of(item)?;
                let Some(class) = self.objects.get(class).map(|object| object.kind.clone()) else {
                    return Ok(None);
                };
                let wanted = match class {
                    ObjectKind::Class(BuiltinClass::Int) => Type::INT.union(Type::BOOL),
                    ObjectKind::Class(BuiltinClass::Float) => Type::FLOAT,
                    ObjectKind::Class(BuiltinClass::Bool) => Type::BOOL,
                    ObjectKind::Class(BuiltinClass::Other(ty)) => ty,
                    _ => return Ok(None),
                };
                let (_, class) = self.specialise(value, 1, Type::EMPTY)?;
                if !class.is_single() || class == Type::OTHER {
                    return Ok(None);
                }
                self.const_bool(class.is_subset(wanted)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// `min(a, b, ..)` of numbers of one class: the first of equal ones, as CPython picks it.
    fn min_max(&mut self, max: bool, args: &[Item]) -> Step<Option<ValueId>> {
        let mut values = Vec::new();
        let mut class = None;
        for (index, item) in args.iter().enumerate() {
            let position = args.len() - 1 - index;
            let value = self.value_of(item)?;
            let (value, seen) = self.specialise(value, position, Type::EMPTY)?;
            if !matches!(seen, Type::INT | Type::FLOAT)
                || class.is_some_and(|class| class != seen)
                || self.is_big(value, position)
            {
                return Ok(None);
            }
            class = Some(seen);
            values.push(value);
        }
        let is_float = class == Some(Type::FLOAT);
        let mut best = None;
        for (index, value) in values.into_iter().enumerate() {
            let position = args.len() - 1 - index;
            let value = if is_float {
                self.as_f64(value, position)?
            } else {
                self.as_i64(value, position)?
            };
            best = Some(match best {
                None => value,
                Some(best) => {
                    let cond = if max { Cond::Gt } else { Cond::Lt };
                    let (op, ty, repr) = if is_float {
                        (Op::FloatCmp(cond), Type::FLOAT, Repr::F64)
                    } else {
                        (Op::IntCmp(cond), Type::INT, Repr::I64)
                    };
                    let better = self.boolean(op, &[value, best])?;
                    self.emit_value(Op::Select, &[better, value, best], ty, repr)?
                }
            });
        }
        Ok(best)
    }

    // --- Python functions -------------------------------------------------------------------------

    fn call_function(
        &mut self,
        handle: FunctionHandle,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Item>> {
        let Some(mut callee) = self.world.callee(handle) else {
            return Ok(None);
        };
        let itself = callee.is_self;
        // Code that runs in place of a frame cannot be called: a call of the function is one of another.
        callee.is_self &= !self.function.in_place;
        if !callee.decorated {
            return Ok(None);
        }
        let Some(bound) = self.bind(handle, &callee, args, kwnames)? else {
            return Ok(None);
        };
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let call = (path.clone(), self.instr.offset);
        if !itself
            && self.inline_depth < MAX_INLINE_DEPTH
            && !self.knowledge.not_inlined.contains(&call)
            && is_inlinable(&callee)
            && !self.inline_stack.contains(&handle)
        {
            return self.inline(handle, &callee, bound, path).map(Some);
        }
        if self.inline_depth > 0 {
            return Err(self.do_not_inline());
        }
        self.call_native(handle, &callee, &bound)
    }

    /// Arguments in parameter order; `None` when the call needs the interpreter's binding.
    fn bind(
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

    /// Lifts the callee's code in place of the call.
    fn inline(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: Vec<Item>,
        path: Vec<u32>,
    ) -> Step<Item> {
        let object = ObjectFact {
            handle: callee.object,
            ty: Type::FUNCTION,
            text: callee.name.clone(),
            kind: ObjectKind::Function(handle),
        };
        let id = self.object_id(&object);
        self.emit(Op::GuardFunction(id), &[], None)?;
        // Arguments are real values in the callee's frame.
        let mut locals = Vec::new();
        for item in &args {
            locals.push(Item::Value(self.value_of(item)?));
        }
        locals.resize(callee.bytes.nlocalsplus as usize, Item::Null);
        let parent = {
            let (at, next) = (self.instr.at, self.instr.next);
            self.state_at(at, next)
        };
        let context = self.add_code(handle, callee.bytes.clone(), callee.code.clone(), path);
        let outer_context = std::mem::replace(&mut self.context, context);
        let outer_frame = std::mem::replace(
            &mut self.frame,
            Frame {
                locals,
                stack: Vec::new(),
            },
        );
        let outer_parent = self.parent.replace(parent);
        let (outer_instr, outer_depth) = (self.instr, self.depth);
        self.inline_depth += 1;
        self.inline_stack.push(handle);
        let result = self.fill_free_variables().and_then(|()| self.lift_code());
        self.inline_depth -= 1;
        self.inline_stack.pop();
        self.context = outer_context;
        self.parent = outer_parent;
        self.instr = outer_instr;
        self.depth = outer_depth;
        let returns = result?;
        self.frame = outer_frame;
        if returns.is_empty() {
            // Every path left: nothing follows.
            return Err(super::Stop::PathEnds);
        }
        self.continue_after_inline(returns)
    }

    /// Joins the returns of inlined code into one value.
    fn continue_after_inline(&mut self, returns: Vec<super::Return>) -> Step<Item> {
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
            let item = only.item.clone();
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
        self.frame.stack.push(Item::Value(param));
        let state = self.state_at(next, next);
        self.frame.stack.pop();
        self.mark_snapshot(state);
        Ok(Item::Value(param))
    }

    /// The innermost inlined call needs a frame of its own after all: lift again without inlining it.
    pub(super) fn do_not_inline(&mut self) -> super::Stop {
        let path = self.context.path.clone();
        let offset = path.last().copied().unwrap_or(0);
        self.knowledge.not_inlined.insert((path, offset));
        self.restart = true;
        super::Stop::Restart
    }

    fn call_native(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: &[Item],
    ) -> Step<Option<Item>> {
        if self.left_for(ExitReason::CalleeLeft) && self.site().is_some_and(|site| site.exits > 2) {
            return Ok(None);
        }
        let mut known = Vec::new();
        for item in args {
            let value = self.value_of(item)?;
            known.push(self.fact_of(value));
        }
        let (params, returns, target) = if callee.is_self {
            let entry = self.function.entry;
            let params: Vec<(Type, Repr)> = self
                .function
                .block(entry)
                .params
                .iter()
                .map(|value| (self.ty(*value), self.repr(*value)))
                .collect();
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
            (_, Repr::Boxed) => (Type::OBJECT, Repr::Boxed),
            unboxed => unboxed,
        };
        let object = ObjectFact {
            handle: callee.object,
            ty: Type::FUNCTION,
            text: callee.name.clone(),
            kind: ObjectKind::Function(handle),
        };
        let mut operands = Vec::new();
        for (index, (item, (ty, repr))) in args.iter().zip(&params).enumerate() {
            let position = args.len() - 1 - index;
            let value = self.value_of(item)?;
            let value = if self.ty(value).is_subset(*ty) || *ty == Type::OBJECT {
                value
            } else if self.repr(value) == Repr::Boxed && ty.intersection(self.ty(value)) == *ty {
                self.guard_type(value, *ty, position)?
            } else {
                return Ok(None);
            };
            let range = self
                .function
                .block(self.function.entry)
                .params
                .get(index)
                .filter(|_| callee.is_self)
                .map(|param| self.range(*param));
            let value = self.convert(&Item::Value(value), *repr, *ty)?;
            let value = match range {
                Some(range) if *repr == Repr::I64 && !self.range(value).is_within(range) => {
                    self.emit_ranged(Op::GuardRange(range), &[value], Type::INT, Repr::I64, range)?
                }
                _ => value,
            };
            operands.push(value);
        }
        let id = self.object_id(&object);
        self.emit(Op::GuardFunction(id), &[], None)?;
        let callee_id = self.callee_id(Callee {
            name: callee.name.clone(),
            params: params.iter().map(|(_, repr)| *repr).collect(),
            returns: returns.1,
            handle: target,
        });
        let origin = self.origin();
        let op = Op::CallNative(callee_id);
        let exit = self
            .snapshot
            .ok_or_else(|| self.refuse("internal: a call behind a side effect"))?;
        let throw = self.throw_state();
        let after = self.after_state();
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
        Ok(result.map(Item::Value))
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

    pub(super) fn make_function(&mut self, attributes: u32) -> Step {
        let code = self.pop_boxed(1)?[0];
        let null = self.emit_value(Op::ConstNull, &[], Type::OBJECT, Repr::Boxed)?;
        // defaults, keyword defaults, annotations, closure: the lowest bit lies deepest.
        let mut parts = [null; 4];
        for bit in (0..4).rev() {
            if attributes & (1 << bit) != 0 {
                parts[bit] = self.pop_boxed(1)?[0];
            }
        }
        let (globals, _) = self.world.globals(self.context.handle);
        let globals = self.object(&globals);
        self.note(NoteKind::RuntimeCall, "a function is made");
        let operands = [code, globals, parts[0], parts[1], parts[2], parts[3]];
        let result = self.runtime(HelperId::NewFunction, &operands)?;
        self.push(result);
        Ok(())
    }
}

/// Small, no handlers, no cells of its own, and nothing in it that is sure to run unknown code.
fn is_inlinable(callee: &CalleeFacts) -> bool {
    let bytes: &CodeBytes = &callee.bytes;
    callee.code.instrs.len() <= MAX_INLINE_LENGTH
        && callee.code.handlers.is_empty()
        && !bytes.is_generator_like()
        && bytes
            .localsplus
            .iter()
            .all(|local| local.kind != LocalKind::Cell)
        && callee.code.instrs.iter().all(|instr| {
            matches!(
                instr.op,
                Bytecode::Nop
                    | Bytecode::Resume { .. }
                    | Bytecode::CopyFreeVars(_)
                    | Bytecode::LoadConst(_)
                    | Bytecode::PushInt(_)
                    | Bytecode::PushNull
                    | Bytecode::LoadFast(_)
                    | Bytecode::LoadFastCheck(_)
                    | Bytecode::StoreFast(_)
                    | Bytecode::LoadDeref(_)
                    | Bytecode::LoadGlobal { .. }
                    | Bytecode::LoadAttr { .. }
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
            )
        })
}
