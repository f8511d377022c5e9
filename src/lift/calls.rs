//! Calls: known builtins in place, compiled functions directly or inlined, everything else as the
//! interpreter would call it.

mod builtins;
mod constructors;
mod functions;

pub(super) use functions::{Wanted, has_inlinable_code};

use std::cell::RefCell;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::feedback::{Fact, IntClass};
use crate::hir::attributes::CallShape;
use crate::hir::{Op, Repr, Type, ValueId};

use super::item::{Item, Virtual};
use super::{
    BuiltinClass, BuiltinMethod, DEFAULT_COST, Lifter, NoteKind, ONLOOKER_COST, ObjectFact,
    ObjectKind, Step,
};

impl Lifter<'_> {
    pub(super) fn call(&mut self, argc: u32, kwnames: Option<u32>) -> Step {
        let operands = self.pop_many(argc as usize + 2)?;
        let (first, second) = (operands[0].clone(), operands[1].clone());
        let mut args: Vec<Item> = operands[2..].to_vec();
        if let (Item::Shared(number), other) | (other @ Item::Null, Item::Shared(number)) =
            (&first, &second)
        {
            let number = *number;
            if !matches!(other, Item::Null) {
                args.insert(0, other.clone());
            }
            let Some(result) = self.call_in_pieces(number, &args)? else {
                return Err(self.do_not_share(number));
            };
            self.frame.stack.push(result);
            return Ok(());
        }
        let callable = match (first, second) {
            (Item::Null, Item::Value(callable)) | (Item::Value(callable), Item::Null) => callable,
            (Item::Value(callable), receiver) => {
                args.insert(0, receiver);
                callable
            }
            _ => return Err(self.refuse("internal: no callable")),
        };
        if self.super_at_once(callable, &args, &operands, kwnames)? {
            return Ok(());
        }
        if let Some(object) = self.objects.get(&callable).cloned()
            && let Some(result) = self.known_call(&object, &args, kwnames, &operands)?
        {
            for item in &args {
                self.release(item)?;
            }
            self.frame.stack.push(result);
            return Ok(());
        }
        if let Some(functions) = self.methods.get(&callable).cloned() {
            let result = self.call_one_of(callable, &functions, &args, kwnames)?;
            for item in &args {
                self.release(item)?;
            }
            self.frame.stack.push(result);
            return Ok(());
        }
        if let Some(result) = self.instance_call(callable, &args, kwnames, &operands)? {
            for item in &args {
                self.release(item)?;
            }
            self.release(&Item::Value(callable))?;
            self.frame.stack.push(result);
            return Ok(());
        }
        if let Some(result) = self.call_by_code(callable, &args, kwnames)? {
            for item in &args {
                self.release(item)?;
            }
            self.release(&Item::Value(callable))?;
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

    pub(super) fn generic_call(
        &mut self,
        callable: ValueId,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step {
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
        // A number is called like anything else: that raises.
        let mut operands = vec![self.as_boxed(callable)?];
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
        let known = self.result_of_method(callable);
        let ty = known
            .as_ref()
            .filter(|fact| !fact.is_unknown())
            .map_or(Type::OBJECT, |fact| fact.ty);
        let result = self.emit_value(op, &operands, ty, Repr::Boxed)?;
        if let Some(call) = self.function.defining_instr(result) {
            self.function.instr_mut(call).after = Some(after);
        }
        for value in operands {
            self.release(&Item::Value(value))?;
        }
        if let Some(fact) = made.or(known) {
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
        if let Some(result) = self.take_all(object, args, kwnames)? {
            return Ok(Some(result));
        }
        let value = match object.kind {
            ObjectKind::Function(handle) => return self.call_function(handle, args, kwnames),
            ObjectKind::InstanceClass(key) => return self.construct(object, key, args, kwnames),
            ObjectKind::Super if args.is_empty() => {
                return Err(self.refuse("`super` looks into its caller's variables"));
            }
            ObjectKind::ObjectInit if args.len() == 1 && kwnames.is_none() => Some(self.none()),
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
            ObjectKind::Method(BuiltinMethod::Row(row)) => {
                let callable = self.object(object);
                self.call_quiet_method(callable, row, args)?
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
}
