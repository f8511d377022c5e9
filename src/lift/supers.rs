//! `super().name` and `super(C, x).name`, where class and object are known.
//!
//! The search starts behind the class in the resolution order of the object's class, whose version
//! covers that order and all bases. Nothing of the instance itself counts.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{LocalKind, Op as Bytecode};
use crate::hir::attributes::CallShape;
use crate::hir::{Op, Repr, Type, ValueId};

use super::instances::{Attribute, Lookup};
use super::item::Item;
use super::{CACHED_COST, Lifter, NoteKind, ObjectFact, ObjectKind, Step};

impl Lifter<'_> {
    /// `LOAD_SUPER_ATTR`: the global `super`, the class and the object are on the stack.
    pub(super) fn load_super_attr(
        &mut self,
        name: u32,
        method: bool,
        two_arguments: bool,
        null_first: bool,
    ) -> Step {
        let items = self.pop_many(3)?;
        let global = self.value_of(&items[0])?;
        let (class, object) = (self.value_of(&items[1])?, self.value_of(&items[2])?);
        let known = self.objects.get(&global);
        if known.is_none_or(|global| global.kind != ObjectKind::Super) {
            if two_arguments {
                return self.super_by_call(&items, name, method, null_first);
            }
            return Err(self.refuse("`super` is not the builtin one"));
        }
        let operands = (&items[..], &items[..]);
        self.super_of(class, object, operands, name, (method, null_first))
    }

    /// Before 3.12 `super()` is a call like any other: if the next instruction takes the attribute, both are one.
    pub(super) fn super_at_once(
        &mut self,
        callable: ValueId,
        args: &[Item],
        operands: &[Item],
        kwnames: Option<u32>,
    ) -> Step<bool> {
        let is_super = |object: &ObjectFact| object.kind == ObjectKind::Super;
        if !self.objects.get(&callable).is_some_and(is_super)
            || kwnames.is_some()
            || self.snapshot.is_none()
            || self.handling.is_some()
        {
            return Ok(false);
        }
        let code = self.context.code.clone();
        let next = code.instr_at(self.instr.next).map(|i| &code.instrs[i]);
        let starts = &self.context.scan.block_starts;
        let Some(next) = next.filter(|next| starts.binary_search(&next.offset).is_err()) else {
            return Ok(false);
        };
        let (name, form) = match next.op {
            Bytecode::LoadAttr { name } => (name, (false, false)),
            Bytecode::LoadMethod { name, null_first } => (name, (true, null_first)),
            _ => return Ok(false),
        };
        let (class, object) = match args {
            [class, object] => (self.value_of(class)?, self.value_of(object)?),
            [] => {
                let bytes = self.context.bytes.clone();
                let locals = &bytes.localsplus;
                let cell = locals
                    .iter()
                    .position(|local| local.name == "__class__" && local.kind == LocalKind::Free);
                let first = locals.first().filter(|_| bytes.argcount > 0);
                let (Some(cell), Some(LocalKind::Local)) = (cell, first.map(|local| local.kind))
                else {
                    return Ok(false);
                };
                let Item::Value(object) = self.frame.locals[0] else {
                    return Ok(false);
                };
                let cell = self.cell_at(cell as u32)?;
                let class = self.emit_value(Op::LoadCell, &[cell], Type::OBJECT, Repr::Boxed)?;
                (class, object)
            }
            _ => return Ok(false),
        };
        let class = self.as_boxed(class)?;
        let object = self.as_boxed(object)?;
        if args.is_empty() {
            // The frame holds it: what is done with it here takes no reference away.
            let made = [
                Item::Value(callable),
                Item::Value(class),
                Item::Value(object),
            ];
            self.super_of(class, object, (operands, &made), name, form)?;
        } else {
            let made = [Item::Value(callable), args[0].clone(), args[1].clone()];
            self.super_of(class, object, (operands, &made), name, form)?;
        }
        self.skip_next = true;
        Ok(true)
    }

    /// The same behind the check of `super`: what an exit puts back, and `super`, class and object.
    fn super_of(
        &mut self,
        class: ValueId,
        object: ValueId,
        (operands, made): (&[Item], &[Item]),
        name: u32,
        (method, null_first): (bool, bool),
    ) -> Step {
        let text = self.name_text(name);
        if self.snapshot.is_some()
            && self.repr(object) == Repr::Boxed
            && !self.left_for(ExitReason::ClassChanged)
        {
            self.capture_with(operands);
            if let Some(start) = self.known_class(class)? {
                let lookup = Lookup::Behind(start.handle, &text);
                match self.attribute(object, lookup, method)? {
                    Some(Attribute::Value { object, value }) => {
                        self.release(&Item::Value(object))?;
                        if method {
                            self.push_pair([Item::Null, Item::Value(value)], null_first);
                        } else {
                            self.push(value);
                        }
                        return Ok(());
                    }
                    Some(Attribute::Method { object, function }) if method => {
                        let function = self.object(&function);
                        self.push(function);
                        self.push(object);
                        return Ok(());
                    }
                    Some(Attribute::OneOf { object, function }) if method => {
                        self.push(function);
                        self.push(object);
                        return Ok(());
                    }
                    _ => {}
                }
            }
        }
        self.super_by_call(made, name, method, null_first)
    }

    /// The object that `super` gives, and its attribute. With both arguments it looks into no frame.
    fn super_by_call(
        &mut self,
        operands: &[Item],
        name: u32,
        method: bool,
        null_first: bool,
    ) -> Step {
        if self.inline_depth > 0 {
            return Err(self.do_not_inline());
        }
        let text = self.name_text(name);
        let mut values = Vec::new();
        for item in operands {
            let value = self.value_of(item)?;
            values.push(self.as_boxed(value)?);
        }
        self.note_cost(
            NoteKind::RuntimeCall,
            2 * CACHED_COST,
            format!("look-up of `super().{text}`"),
        );
        // It has no `after` state: behind the call the instruction is not done.
        let op = Op::CallObject(CallShape { keywords: None });
        let made = self.emit_value(op, &values, Type::OBJECT, Repr::Boxed)?;
        let name = self.name_object(name);
        let result = self.runtime(HelperId::GetAttribute, &[made, name])?;
        for item in operands.iter().chain(&[Item::Value(made)]) {
            self.release(item)?;
        }
        if method {
            self.push_pair([Item::Null, Item::Value(result)], null_first);
        } else {
            self.push(result);
        }
        Ok(())
    }

    /// The class in a value: a constant, or what a cell of the function holds, guarded.
    fn known_class(&mut self, value: ValueId) -> Step<Option<ObjectFact>> {
        if let Some(known) = self.objects.get(&value) {
            return Ok((known.ty == Type::CLASS).then(|| known.clone()));
        }
        let Some(load) = self.function.defining_instr(value) else {
            return Ok(None);
        };
        let load = self.function.instr(load);
        if load.op != Op::LoadCell {
            return Ok(None);
        }
        let Some(cell) = self.objects.get(&load.args[0]).cloned() else {
            return Ok(None);
        };
        let Some((row, fact)) = self.world.class_in_cell(cell.handle) else {
            return Ok(None);
        };
        let class = self.class_of_row(row, fact.text.clone());
        self.emit_value(
            Op::GuardThisClass(class),
            &[value],
            Type::OBJECT,
            Repr::Boxed,
        )?;
        Ok(Some(fact))
    }
}
