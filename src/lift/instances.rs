//! Attributes of instances of known classes, guarded and in place.
//!
//! A class is taken from what exits of this site saw, else from what was observed of the object. The guard
//! stands before every access; passes remove those behind another one with nothing in between that could
//! change a class.

use crate::abi::exit_reason::ExitReason;
use crate::feedback::{ClassKey, SeenClasses};
use crate::hir::attributes::{FieldKind, FieldPlace, FieldTable, TableUse};
use crate::hir::{ClassId, ClassInfo, Op, Repr, Type, ValueId};

use super::item::Item;
use super::{AttributeFact, Lifter, ObjectFact, ObjectHandle, ObjectKind, Step};

/// After so many compilations that left for a class they knew, the interpreter's way is taken.
const MAX_CLASS_FAILURES: u32 = 3;
/// After so many exits because an attribute was not in its place, or because of what it replaced, the
/// interpreter's way is taken.
const MAX_PLACE_FAILURES: u32 = 3;

/// What reading an attribute of an instance gives; the object is the instance, guarded.
pub(super) enum Attribute {
    /// A value.
    Value { object: ValueId, value: ValueId },
    /// A method of the class.
    Method {
        object: ValueId,
        function: ObjectFact,
    },
    /// A method that differs by class: the value is the function.
    OneOf { object: ValueId, function: ValueId },
}

/// Where an attribute is looked for.
#[derive(Clone, Copy)]
pub(super) enum Lookup<'a> {
    /// In the instance and its class.
    Of(&'a str),
    /// In the bases of its class behind that one.
    Behind(ObjectHandle, &'a str),
}

impl Lifter<'_> {
    /// Classes of instances to expect of an operand.
    pub(super) fn expected_classes(&self, value: ValueId, position: usize) -> SeenClasses {
        if self.repr(value) != Repr::Boxed || !Type::OTHER.is_subset(self.ty(value)) {
            return SeenClasses::default();
        }
        if let Some(key) = self.entry_class_of(value) {
            return SeenClasses::of(key);
        }
        let (seen, failures) = self.site().map_or_else(Default::default, |site| {
            (site.classes(position), site.class_failures)
        });
        if failures >= MAX_CLASS_FAILURES {
            return SeenClasses::default();
        }
        if !seen.list().is_empty() {
            let mut all = seen;
            if let Some(fact) = self.fact(value) {
                all.absorb(&fact.classes);
            }
            return if all.has_more() { seen } else { all };
        }
        self.fact(value)
            .map(|fact| fact.classes)
            .unwrap_or_default()
    }

    /// The class of an argument that entries have looked at.
    fn entry_class_of(&self, value: ValueId) -> Option<ClassKey> {
        let object = self.function.object_behind(value);
        let number = *self.params.get(&object)?;
        let class = self.function.entry_class(number)?;
        let mut rows = self.classes.iter();
        rows.find(|row| *row.1 == Some(class)).map(|row| *row.0)
    }

    /// The row of the class in this function's table.
    pub(super) fn class_id(&mut self, key: ClassKey) -> Option<ClassId> {
        if let Some(id) = self.classes.get(&key) {
            return *id;
        }
        let id = self.world.instance_class(key).map(|(handle, name)| {
            self.function.classes.push(ClassInfo { name, handle });
            ClassId::new(self.function.classes.len() - 1)
        });
        self.classes.insert(key, id);
        id
    }

    pub(super) fn class_handle(&self, class: ClassId) -> u32 {
        self.function.classes[class.index()].handle
    }

    pub(super) fn guard_class(
        &mut self,
        value: ValueId,
        class: ClassId,
        position: usize,
    ) -> Step<ValueId> {
        let op = Op::GuardClass(class);
        let guarded = self.emit_value(op, &[value], Type::OTHER, Repr::Boxed)?;
        self.set_operand(position);
        self.narrow(value, guarded);
        Ok(guarded)
    }

    /// Nothing of the name is in the instance, and nothing can be.
    pub(super) fn guard_unshadowed(&mut self, object: ValueId, class: ClassId) -> Step {
        if self.world.has_names(self.class_handle(class)) {
            // It keeps its attributes in the table that the class knows the names of.
            self.field_table(object, class, TableUse::Read)?;
            self.emit(Op::GuardUnshadowed(class), &[object], None)?;
        }
        Ok(())
    }

    fn field_table(&mut self, object: ValueId, class: ClassId, wanted: TableUse) -> Step<ValueId> {
        let op = Op::FieldTable(FieldTable { class, wanted });
        self.emit_value(op, &[object], Type::EMPTY, Repr::Ptr)
    }

    fn field_place(&mut self, class: ClassId, kind: FieldKind, name: &str) -> FieldPlace {
        // Two slots of different names may be one: they are told apart by their place.
        let name = match kind {
            FieldKind::Value(_) => name.to_owned(),
            FieldKind::Slot(offset) => format!(".{offset}"),
        };
        let known = self.field_names.iter().position(|other| *other == name);
        let number = known.unwrap_or_else(|| {
            self.field_names.push(name);
            self.field_names.len() - 1
        });
        FieldPlace {
            class,
            kind,
            name: number as u32,
        }
    }

    /// The site left for its class too often.
    pub(super) fn class_failed(&self) -> bool {
        self.site()
            .is_some_and(|site| site.class_failures >= MAX_CLASS_FAILURES)
    }

    fn place_failed(&self) -> bool {
        self.site().is_some_and(|site| {
            site.times(ExitReason::AttributePlace) >= MAX_PLACE_FAILURES
                || site.times(ExitReason::DropRunsCode) >= MAX_PLACE_FAILURES
        })
    }

    /// The attribute of an instance, if its class is known; `None` if it takes a look-up.
    pub(super) fn instance_attribute(
        &mut self,
        value: ValueId,
        name: &str,
        as_method: bool,
    ) -> Step<Option<Attribute>> {
        if self.snapshot.is_none() || self.place_failed() {
            return Ok(None);
        }
        self.attribute(value, Lookup::Of(name), as_method)
    }

    /// The attribute that a look-up in instances of the value's classes gives. `as_method`: it is going to be called
    /// with the instance in front of its arguments.
    pub(super) fn attribute(
        &mut self,
        value: ValueId,
        lookup: Lookup<'_>,
        as_method: bool,
    ) -> Step<Option<Attribute>> {
        let seen = self.expected_classes(value, 0);
        if seen.has_more() || seen.list().is_empty() {
            return Ok(None);
        }
        let mut ways = Vec::new();
        for &key in seen.list() {
            let Some(class) = self.class_id(key) else {
                return Ok(None);
            };
            let handle = self.class_handle(class);
            let attribute = match lookup {
                Lookup::Of(name) => self.world.instance_attribute(handle, name),
                Lookup::Behind(start, name) => self.world.super_attribute(handle, start, name),
            };
            ways.push((key, class, attribute));
        }
        let is_bound = |attribute: &AttributeFact| {
            matches!(
                attribute,
                AttributeFact::Method(_)
                    | AttributeFact::BuiltinMethod(_)
                    | AttributeFact::ClassMethod { .. }
            )
        };
        if !as_method && ways.iter().any(|way| is_bound(&way.2)) {
            return Ok(None);
        }
        self.know_classes(value, &seen);
        if ways.len() > 1 {
            return self.attribute_of_one_of(value, lookup, ways);
        }
        let Some((_, class, attribute)) = ways.pop() else {
            return Ok(None);
        };
        if !matches!(attribute, AttributeFact::Unknown) && matches!(lookup, Lookup::Of(_)) {
            self.capture_with(&[Item::Value(value)]);
        }
        match attribute {
            AttributeFact::Property(getter) => {
                let ObjectKind::Function(function) = getter.kind else {
                    return Ok(None);
                };
                let object = self.guard_class(value, class, 0)?;
                let args = [Item::Value(object)];
                let Some(item) = self.call_function(function, &args, None)? else {
                    return Ok(None);
                };
                let value = self.value_of(&item)?;
                Ok(Some(Attribute::Value { object, value }))
            }
            AttributeFact::Method(function) | AttributeFact::BuiltinMethod(function) => {
                let object = self.guard_class(value, class, 0)?;
                self.guard_lookup(object, class, lookup)?;
                Ok(Some(Attribute::Method { object, function }))
            }
            AttributeFact::ClassMethod {
                function,
                class: receiver,
            } => {
                let object = self.guard_class(value, class, 0)?;
                self.guard_lookup(object, class, lookup)?;
                self.release(&Item::Value(object))?;
                let object = self.object(&receiver);
                Ok(Some(Attribute::Method { object, function }))
            }
            AttributeFact::Unknown => Ok(None),
            other => {
                let object = self.guard_class(value, class, 0)?;
                let value = self.simple_attribute(object, class, lookup, &other)?;
                Ok(value.map(|value| Attribute::Value { object, value }))
            }
        }
    }

    /// An attribute that is there to be read, of an instance whose class is checked.
    pub(super) fn simple_attribute(
        &mut self,
        object: ValueId,
        class: ClassId,
        lookup: Lookup<'_>,
        attribute: &AttributeFact,
    ) -> Step<Option<ValueId>> {
        Ok(match attribute {
            AttributeFact::Field(kind, fact) => {
                let (Lookup::Of(name) | Lookup::Behind(_, name)) = lookup;
                let value = self.load_field(object, class, *kind, name)?;
                self.facts.insert(value, fact.clone());
                Some(value)
            }
            AttributeFact::Value(fact) => {
                self.guard_lookup(object, class, lookup)?;
                Some(self.constant(fact)?)
            }
            AttributeFact::Member(fact, seen) => {
                self.guard_lookup(object, class, lookup)?;
                let place = self.member_place(class, fact);
                let op = Op::LoadMember(place);
                let value = self.emit_value(op, &[object], fact.ty, Repr::Boxed)?;
                self.facts.insert(value, seen.clone());
                Some(value)
            }
            AttributeFact::Class(fact) => Some(self.constant(fact)?),
            _ => None,
        })
    }

    /// Of what a class has the instance has nothing of that name itself.
    pub(super) fn guard_lookup(
        &mut self,
        object: ValueId,
        class: ClassId,
        lookup: Lookup<'_>,
    ) -> Step {
        match lookup {
            Lookup::Of(_) => self.guard_unshadowed(object, class),
            Lookup::Behind(..) => Ok(()),
        }
    }

    /// Later uses of the same object expect the same classes.
    fn know_classes(&mut self, value: ValueId, seen: &SeenClasses) {
        let fact = self.facts.entry(value).or_default();
        if fact.ty.is_empty() {
            fact.ty = Type::OTHER;
        }
        fact.classes.absorb(seen);
    }

    /// The attribute of an instance whose class is checked.
    pub(super) fn load_field(
        &mut self,
        object: ValueId,
        class: ClassId,
        kind: FieldKind,
        name: &str,
    ) -> Step<ValueId> {
        let wanted = match kind {
            FieldKind::Value(_) => TableUse::Read,
            FieldKind::Slot(_) => TableUse::Slots,
        };
        let table = self.field_table(object, class, wanted)?;
        let place = self.field_place(class, kind, name);
        let op = Op::LoadField(place);
        self.emit_value(op, &[object, table], Type::OBJECT, Repr::Boxed)
    }

    /// Takes a snapshot at this very instruction, with its operands, so that an exit shows them.
    pub(super) fn capture_with(&mut self, operands: &[Item]) {
        if self.instr.micro == 0 && self.snapshot.is_some() {
            let length = self.frame.stack.len();
            self.frame.stack.extend_from_slice(operands);
            if self.frame.stack.len() == self.depth {
                self.capture();
            }
            self.frame.stack.truncate(length);
        }
    }

    /// Stores to an attribute of an instance of known class; `items` are value and object as popped. False if
    /// it takes a look-up.
    pub(super) fn store_to_instance(
        &mut self,
        object: ValueId,
        name: &str,
        value: ValueId,
        items: &[Item],
    ) -> Step<bool> {
        if self.snapshot.is_none() || self.place_failed() {
            return Ok(false);
        }
        let seen = self.expected_classes(object, 0);
        let mut ways = Vec::new();
        for &key in seen.list() {
            let Some(class) = self.class_id(key) else {
                return Ok(false);
            };
            let handle = self.class_handle(class);
            let Some(kind) = self.world.stored_attribute(handle, name) else {
                return Ok(false);
            };
            ways.push((class, kind));
        }
        if ways.is_empty() || seen.has_more() {
            return Ok(false);
        }
        self.capture_with(items);
        let unboxed = !self.has_box(value) && !self.params.contains_key(&value);
        let value = match self.repr(value) {
            Repr::F64 | Repr::I64 if unboxed => value,
            _ => self.as_boxed(value)?,
        };
        if let [(class, kind)] = ways[..] {
            let object = self.guard_class(object, class, 0)?;
            self.store_field(object, class, kind, name, value)?;
        } else {
            self.store_to_one_of(object, name, value, &ways)?;
        }
        self.release(&Item::Value(object))?;
        if let Item::Value(value) = items[0] {
            self.release(&Item::Value(value))?;
        }
        Ok(true)
    }

    /// Sets the attribute of an instance whose class is checked.
    pub(super) fn store_field(
        &mut self,
        object: ValueId,
        class: ClassId,
        kind: FieldKind,
        name: &str,
        value: ValueId,
    ) -> Step {
        let wanted = match kind {
            FieldKind::Value(_) => TableUse::Write,
            FieldKind::Slot(_) => TableUse::Slots,
        };
        let table = self.field_table(object, class, wanted)?;
        let place = self.field_place(class, kind, name);
        let op = match self.repr(value) {
            Repr::F64 => Op::StoreFieldF64(place),
            Repr::I64 => Op::StoreFieldI64(place),
            _ => Op::StoreField(place),
        };
        self.emit(op, &[object, table, value], None)?;
        Ok(())
    }
}
