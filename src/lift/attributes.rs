//! Attributes and methods: what is known of modules and builtin classes in place, the rest as the
//! interpreter looks them up.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::hir::{Type, ValueId};

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
}
