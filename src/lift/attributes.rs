//! Attributes and methods: what is known of modules and builtin classes in place, the rest as the
//! interpreter looks them up.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::hir::{Type, ValueId};

use super::instances::Attribute;
use super::item::Item;
use super::{CACHED_COST, Lifter, NoteKind, ObjectKind, Step};

impl Lifter<'_> {
    pub(super) fn load_attr(&mut self, name: u32) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        if let Some(value) = self.module_attribute(value, name)? {
            self.push(value);
            return Ok(());
        }
        let text = self.name_text(name);
        let mut found = self.class_attribute(value, &text, false)?;
        if found.is_none() {
            found = self.instance_attribute(value, &text, false)?;
        }
        if let Some(Attribute::Value { object, value }) = found {
            self.release(&Item::Value(object))?;
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
        let text = self.name_text(name);
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
        let text = self.name_text(name);
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
        let mut found = self.class_attribute(value, &text, true)?;
        if found.is_none() {
            found = self.instance_attribute(value, &text, true)?;
        }
        match found {
            Some(Attribute::Method { object, function }) => {
                let method = self.object(&function);
                self.push(method);
                self.push(object);
                return Ok(());
            }
            Some(Attribute::OneOf { object, function }) => {
                self.push(function);
                self.push(object);
                return Ok(());
            }
            Some(Attribute::Value { object, value }) => {
                self.release(&Item::Value(object))?;
                self.push_pair([Item::Null, Item::Value(value)], null_first);
                return Ok(());
            }
            None => {}
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

    pub(super) fn name_text(&self, name: u32) -> String {
        let names = &self.context.bytes.names;
        names.get(name as usize).cloned().unwrap_or_default()
    }

    pub(super) fn store_attr(&mut self, name: u32) -> Step {
        let text = self.name_text(name);
        let items = self.pop_many(2)?;
        let (value, object) = (self.value_of(&items[0])?, self.value_of(&items[1])?);
        if self.store_to_instance(object, &text, value, &items)? {
            return Ok(());
        }
        let (value, object) = (self.as_boxed(value)?, self.as_boxed(object)?);
        let name = self.name_object(name);
        self.note_cost(NoteKind::RuntimeCall, CACHED_COST, "store to an attribute");
        self.runtime(HelperId::SetAttribute, &[object, name, value])?;
        Ok(())
    }

    pub(super) fn push_pair(&mut self, [null, callable]: [Item; 2], null_first: bool) {
        if null_first {
            self.frame.stack.extend([null, callable]);
        } else {
            self.frame.stack.extend([callable, null]);
        }
    }
}
