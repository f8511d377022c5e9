//! Attributes of known classes: constants, functions and class methods, guarded by the class's version.
//!
//! What code may not keep alive (instances, lists, ..) is read from the class: its address is right as long
//! as nothing in the class has changed, and so is the object.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::hir::attributes::MemberPlace;
use crate::hir::{ClassId, ClassInfo, Op, Repr, Type, ValueId};

use super::instances::Attribute;
use super::item::Item;
use super::{ClassHandle, ClassMember, Instances, Lifter, ObjectFact, Step};

/// After so many exits because the class was changed, the interpreter's way is taken.
const MAX_CHANGES: u32 = 3;

impl Lifter<'_> {
    /// The attribute of a known class; `None` if it takes a look-up. A class method counts only if it is going to
    /// be called (`as_method`).
    pub(super) fn class_attribute(
        &mut self,
        value: ValueId,
        name: &str,
        as_method: bool,
    ) -> Step<Option<Attribute>> {
        let Some(object) = self.objects.get(&value).cloned() else {
            return Ok(None);
        };
        let may_be_class = Type::CLASS.union(Type::OTHER);
        let changes = self
            .site()
            .map_or(0, |site| site.times(ExitReason::ClassChanged));
        if self.snapshot.is_none() || !object.ty.is_subset(may_be_class) || changes > MAX_CHANGES {
            return Ok(None);
        }
        let Some(attribute) = self.world.class_attribute(object.handle, name) else {
            return Ok(None);
        };
        if matches!(attribute.member, ClassMember::ClassMethod(_)) && !as_method {
            return Ok(None);
        }
        self.capture_with(&[Item::Value(value)]);
        let mut object = value;
        if let Some((meta, name)) = attribute.meta {
            let meta = self.class_of_row(meta, name);
            let known = self.objects.get(&value).cloned();
            object = self.guard_class(value, meta, 0)?;
            if let Some(known) = known {
                self.objects.insert(object, known);
            }
        }
        let class = self.class_of_row(attribute.class.0, attribute.class.1);
        match attribute.member {
            ClassMember::Value(fact) => {
                self.emit(Op::GuardVersion(class), &[], None)?;
                let value = self.constant(&fact)?;
                Ok(Some(Attribute::Value { object, value }))
            }
            ClassMember::Borrowed(fact, seen) => {
                let place = self.member_place(class, &fact);
                let op = Op::LoadClassMember(place);
                let value = self.emit_value(op, &[], fact.ty, Repr::Boxed)?;
                self.facts.insert(value, seen);
                Ok(Some(Attribute::Value { object, value }))
            }
            ClassMember::ClassMethod(function) => {
                self.emit(Op::GuardVersion(class), &[], None)?;
                Ok(Some(Attribute::Method { object, function }))
            }
        }
    }

    /// `isinstance(item, class)`; `operands` are what an exit puts back.
    pub(super) fn is_instance(
        &mut self,
        item: &Item,
        class: ValueId,
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        let Some(of) = self.objects.get(&class).cloned() else {
            return Ok(None);
        };
        let value = self.value_of(item)?;
        let (value, ty) = self.specialise(value, 1, Type::EMPTY)?;
        if ty.is_single() && ty != Type::OTHER {
            return match self.world.is_instance(Instances::OfType(ty), of.handle) {
                Some(answer) => self.const_bool(answer).map(Some),
                None => Ok(None),
            };
        }
        let seen = self.expected_classes(value, 1);
        if let Some(key) = seen.single()
            && self.snapshot.is_some()
            && let Some(id) = self.class_id(key)
        {
            let instances = Instances::Of(self.class_handle(id));
            if let Some(answer) = self.world.is_instance(instances, of.handle) {
                self.capture_with(operands);
                self.guard_class(value, id, 1)?;
                return self.const_bool(answer).map(Some);
            }
        }
        if !self.world.is_plain_class(of.handle) || self.left_for(ExitReason::ValueRange) {
            return Ok(None);
        }
        let value = self.as_boxed(value)?;
        let helper = HelperId::IsInstanceOf;
        self.runtime(helper, &[value, class]).map(Some)
    }

    pub(super) fn member_place(&mut self, class: ClassId, object: &ObjectFact) -> MemberPlace {
        let object = self.object_id(object);
        MemberPlace { class, object }
    }

    /// The row of this function's table for a class of the driver's table.
    pub(super) fn class_of_row(&mut self, handle: ClassHandle, name: String) -> ClassId {
        let rows = &mut self.function.classes;
        let known = rows.iter().position(|row| row.handle == handle);
        ClassId::new(known.unwrap_or_else(|| {
            rows.push(ClassInfo { name, handle });
            rows.len() - 1
        }))
    }
}
