//! Attributes and methods of objects of a few classes: one way for each, joined behind.
//!
//! A method that differs by class becomes a block parameter that is one of a few constant functions; the
//! call asks which. So arguments are evaluated once, and a class that changes meanwhile changes nothing, as
//! in the interpreter.

use crate::feedback::{ClassKey, Fact, SeenClasses};
use crate::hir::attributes::FieldKind;
use crate::hir::{ClassId, Edge, IntRange, Op, Repr, Terminator, Type, ValueId};

use super::instances::{Attribute, Lookup};
use super::item::Item;
use super::{AttributeFact, Lifter, ObjectFact, ObjectKind, Return, Step, Stop};

impl Lifter<'_> {
    /// As `attribute`, of an object of one of several classes.
    pub(super) fn attribute_of_one_of(
        &mut self,
        value: ValueId,
        lookup: Lookup<'_>,
        ways: Vec<(ClassKey, ClassId, AttributeFact)>,
    ) -> Step<Option<Attribute>> {
        let values = ways.iter().all(|way| {
            matches!(
                way.2,
                AttributeFact::Field(..)
                    | AttributeFact::Value(_)
                    | AttributeFact::Member(..)
                    | AttributeFact::Class(_)
            )
        });
        let methods = ways.iter().all(|way| {
            matches!(
                way.2,
                AttributeFact::Method(_) | AttributeFact::BuiltinMethod(_)
            )
        });
        let properties = ways
            .iter()
            .all(|way| matches!(way.2, AttributeFact::Property(_)));
        if !values && !methods && !properties {
            return Ok(None);
        }
        if matches!(lookup, Lookup::Of(_)) {
            self.capture_with(&[Item::Value(value)]);
        }
        let (frame, snapshot) = (self.frame.clone(), self.snapshot);
        let join = self.new_block();
        let mut known: Option<Fact> = None;
        let mut functions: Vec<(ObjectFact, ClassKey)> = Vec::new();
        let mut ty = Type::EMPTY;
        let last = ways.len() - 1;
        for (index, (key, class, attribute)) in ways.into_iter().enumerate() {
            let other = if index < last {
                let condition = self.boolean(Op::IsClass(class), &[value])?;
                Some(self.fork(condition))
            } else {
                None
            };
            // This branch knows it; the guard says so to whoever moves what stands behind it.
            let object = self.guard_class(value, class, 0)?;
            let result = match attribute {
                AttributeFact::Property(getter) => {
                    let function = self.object(&getter);
                    functions.push((getter, key));
                    function
                }
                AttributeFact::Method(function) | AttributeFact::BuiltinMethod(function) => {
                    self.guard_lookup(object, class, lookup)?;
                    let method = self.object(&function);
                    functions.push((function, key));
                    method
                }
                attribute => {
                    let value = self.simple_attribute(object, class, lookup, &attribute)?;
                    let value = value.ok_or_else(|| self.refuse("internal: no attribute"))?;
                    let value = self.as_boxed(value)?;
                    let seen = match &attribute {
                        AttributeFact::Value(fact) | AttributeFact::Class(fact) => {
                            self.world.fact(fact.handle)
                        }
                        _ => self.fact_of(value),
                    };
                    match &mut known {
                        Some(known) => known.absorb(&seen),
                        None => known = Some(seen),
                    }
                    value
                }
            };
            ty = ty.union(self.ty(result));
            self.jump_to(join, vec![result]);
            self.frame.clone_from(&frame);
            self.snapshot = snapshot;
            if let Some(other) = other {
                self.block = other;
            }
        }
        self.block = join;
        let result = self
            .function
            .add_param(join, ty, Repr::Boxed, IntRange::I64);
        if let Some(fact) = known {
            self.facts.insert(result, fact);
            return Ok(Some(Attribute::Value {
                object: value,
                value: result,
            }));
        }
        if properties {
            let item = self.call_one_of(result, &functions, &[Item::Value(value)], None)?;
            return Ok(Some(Attribute::Value {
                object: value,
                value: self.value_of(&item)?,
            }));
        }
        let first = functions[0].0.handle;
        if functions
            .iter()
            .all(|(function, _)| function.handle == first)
        {
            return Ok(Some(Attribute::Method {
                object: value,
                function: functions.swap_remove(0).0,
            }));
        }
        self.methods.insert(result, functions);
        Ok(Some(Attribute::OneOf {
            object: value,
            function: result,
        }))
    }

    /// Sets the attribute of an object of one of several classes.
    pub(super) fn store_to_one_of(
        &mut self,
        object: ValueId,
        name: &str,
        value: ValueId,
        ways: &[(ClassId, FieldKind)],
    ) -> Step {
        let (frame, snapshot) = (self.frame.clone(), self.snapshot);
        let join = self.new_block();
        for (index, &(class, kind)) in ways.iter().enumerate() {
            let other = if index + 1 < ways.len() {
                let condition = self.boolean(Op::IsClass(class), &[object])?;
                Some(self.fork(condition))
            } else {
                None
            };
            let instance = self.guard_class(object, class, 0)?;
            self.store_field(instance, class, kind, name, value)?;
            self.jump_to(join, Vec::new());
            self.frame.clone_from(&frame);
            self.snapshot = snapshot;
            if let Some(other) = other {
                self.block = other;
            }
        }
        self.block = join;
        self.snapshot = None;
        Ok(())
    }

    /// Branches: goes on where the condition holds; the block where it does not.
    fn fork(&mut self, condition: ValueId) -> crate::hir::BlockId {
        let (then, otherwise) = (self.new_block(), self.new_block());
        let edge = |block| Edge {
            block,
            args: Vec::new(),
        };
        self.function.block_mut(self.block).terminator = Terminator::Branch {
            condition,
            then: edge(then),
            otherwise: edge(otherwise),
        };
        self.block = then;
        otherwise
    }

    /// Calls a method that is one of several functions.
    pub(super) fn call_one_of(
        &mut self,
        callable: ValueId,
        functions: &[(ObjectFact, ClassKey)],
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Item> {
        let receiver = match args.first() {
            Some(Item::Value(receiver)) => *receiver,
            _ => return Err(self.refuse("internal: a method without its object")),
        };
        let mut ways: Vec<(ObjectFact, SeenClasses)> = Vec::new();
        for (function, key) in functions {
            match ways.iter_mut().find(|way| way.0.handle == function.handle) {
                Some(way) => way.1.add(*key),
                None => ways.push((function.clone(), SeenClasses::of(*key))),
            }
        }
        let (frame, snapshot) = (self.frame.clone(), self.snapshot);
        let fact = self.facts.get(&receiver).cloned();
        let mut returns: Vec<Return> = Vec::new();
        let last = ways.len() - 1;
        for (index, (function, classes)) in ways.into_iter().enumerate() {
            let other = if index < last {
                let method = self.object(&function);
                let condition = self.boolean(Op::IsSame, &[callable, method])?;
                Some(self.fork(condition))
            } else {
                None
            };
            let narrowed = Fact {
                classes,
                ..Fact::of(Type::OTHER)
            };
            self.facts.insert(receiver, narrowed);
            match self.call_way(callable, &function, args, kwnames) {
                Ok(item) => returns.push(Return {
                    // Ways that meet have values.
                    item: Item::Value(self.value_of(&item)?),
                    block: self.block,
                    frame: super::Frame::default(),
                    snapshot: self.snapshot,
                }),
                Err(Stop::PathEnds) => {}
                Err(stop) => return Err(stop),
            }
            self.frame.clone_from(&frame);
            self.snapshot = snapshot;
            if let Some(other) = other {
                self.block = other;
            }
        }
        match fact {
            Some(fact) => self.facts.insert(receiver, fact),
            None => self.facts.remove(&receiver),
        };
        if returns.is_empty() {
            return Err(Stop::PathEnds);
        }
        self.same_form(&mut returns)?;
        self.frame = frame;
        self.continue_after_inline(returns, None)
    }

    fn call_way(
        &mut self,
        callable: ValueId,
        function: &ObjectFact,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Item> {
        if let ObjectKind::Function(handle) = function.kind
            && let Some(item) = self.call_function(handle, args, kwnames)?
        {
            return Ok(Item::Value(self.value_of(&item)?));
        }
        self.generic_call(callable, args, kwnames)?;
        self.pop()
    }

    /// Results that are held in different ways become objects, which takes no guard.
    fn same_form(&mut self, returns: &mut [Return]) -> Step {
        let mut reprs = Vec::new();
        for way in returns.iter() {
            if let Item::Value(value) = way.item {
                reprs.push(self.repr(value));
            }
        }
        if reprs.windows(2).all(|pair| pair[0] == pair[1]) {
            return Ok(());
        }
        let frame = self.frame.clone();
        for way in returns {
            self.block = way.block;
            let value = self.value_of(&way.item)?;
            way.item = Item::Value(self.as_boxed(value)?);
            self.frame.clone_from(&frame);
        }
        Ok(())
    }
}
