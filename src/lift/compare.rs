//! Comparisons, `is`, `in`.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{CompareOperator, Hint};
use crate::hir::attributes::{Cond, DivMode, Overflow};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::item::{Item, Virtual, number_class};
use super::{Lifter, NoteKind, ObjectKind, Refusal, Step, Stop};

/// Longest constant tuple whose `in` is written out.
const MAX_UNROLLED_MEMBERS: usize = 8;

impl Lifter<'_> {
    pub(super) fn compare(&mut self, op: CompareOperator, to_bool: bool) -> Step {
        let items = self.pop_many(2)?;
        let left = self.value_of(&items[0])?;
        let right = self.value_of(&items[1])?;
        let hint = match self.instr.hint {
            Hint::CompareInt => Type::INT,
            Hint::CompareFloat => Type::FLOAT,
            Hint::CompareStr => Type::STR,
            _ => Type::EMPTY,
        };
        let (left, left_class) = self.specialise(left, 1, hint)?;
        let (right, right_class) = self.specialise(right, 0, hint)?;
        let cond = cond(op);
        let equality = matches!(op, CompareOperator::Eq | CompareOperator::Ne);
        let result = match (number_class(left_class), number_class(right_class)) {
            (Some(a), Some(b)) => self.compare_numbers(cond, (left, a), (right, b))?,
            _ if left_class == Type::STR && right_class == Type::STR => {
                match self.compare_characters(cond, left, right)? {
                    Some(result) => Some(result),
                    None if equality => {
                        let equal = self.runtime(HelperId::StrEqual, &[left, right])?;
                        Some(self.negate_if(equal, op == CompareOperator::Ne)?)
                    }
                    None => Some(self.compare_texts(cond, left, right)?),
                }
            }
            // None is equal to itself only, and a builtin of another class never says otherwise.
            _ if equality
                && (left_class == Type::NONE || right_class == Type::NONE)
                && is_plain_class(left_class)
                && is_plain_class(right_class) =>
            {
                let same = self.const_bool(left_class == right_class)?;
                Some(self.negate_if(same, op == CompareOperator::Ne)?)
            }
            _ => None,
        };
        let result = match result {
            Some(result) => result,
            None => {
                let operands = [Item::Value(left), Item::Value(right)];
                let helper = compare_helper(op);
                if let Some(result) = self.instance_compare(op, helper, to_bool, &operands)? {
                    self.release(&operands[0])?;
                    self.release(&operands[1])?;
                    self.push(result);
                    return Ok(());
                }
                if [(left, 1), (right, 0)]
                    .iter()
                    .any(|(v, position)| self.may_learn(*v, *position))
                {
                    return self.exit_here(
                        ExitReason::NotSeen,
                        &items,
                        "the types of the operands are not known yet",
                    );
                }
                self.note(
                    NoteKind::RuntimeCall,
                    format!("`{}` of objects", op.symbol()),
                );
                let (left, right) = (self.as_boxed(left)?, self.as_boxed(right)?);
                let result = self.runtime(compare_helper(op), &[left, right])?;
                if to_bool {
                    self.generic_truth(result)?
                } else {
                    result
                }
            }
        };
        self.release(&Item::Value(left))?;
        self.release(&Item::Value(right))?;
        self.push(result);
        Ok(())
    }

    /// An ordering of two strs.
    fn compare_texts(&mut self, cond: Cond, left: ValueId, right: ValueId) -> Step<ValueId> {
        let order = self.runtime(HelperId::StrOrder, &[left, right])?;
        let one = self.const_int(1)?;
        self.boolean(Op::IntCmp(cond), &[order, one])
    }

    /// `bool()` of the result of a comparison that ran Python code: no guard may come any more.
    fn generic_truth(&mut self, value: ValueId) -> Step<ValueId> {
        self.runtime(HelperId::IsTrue, &[value])
    }

    fn negate_if(&mut self, value: ValueId, negate: bool) -> Step<ValueId> {
        if negate {
            self.boolean(Op::BoolNot, &[value])
        } else {
            Ok(value)
        }
    }

    fn compare_numbers(
        &mut self,
        cond: Cond,
        (left, left_class): (ValueId, Type),
        (right, right_class): (ValueId, Type),
    ) -> Step<Option<ValueId>> {
        if left_class == Type::FLOAT || right_class == Type::FLOAT {
            if self.is_big(left, 1) || self.is_big(right, 0) || self.left_for(ExitReason::Inexact) {
                return Ok(None);
            }
            let left = self.exact_f64(left, 1)?;
            let right = self.exact_f64(right, 0)?;
            return self.boolean(Op::FloatCmp(cond), &[left, right]).map(Some);
        }
        if self.is_big(left, 1) || self.is_big(right, 0) {
            if left_class == Type::BOOL || right_class == Type::BOOL {
                return Ok(None);
            }
            let (left, right) = (self.as_boxed(left)?, self.as_boxed(right)?);
            let (helper, a, b, negate) = match cond {
                Cond::Lt => (HelperId::LongCompareLt, left, right, false),
                Cond::Gt => (HelperId::LongCompareLt, right, left, false),
                Cond::Le => (HelperId::LongCompareLe, left, right, false),
                Cond::Ge => (HelperId::LongCompareLe, right, left, false),
                Cond::Eq => (HelperId::LongCompareEq, left, right, false),
                Cond::Ne => (HelperId::LongCompareEq, left, right, true),
            };
            let result = self.runtime(helper, &[a, b])?;
            return self.negate_if(result, negate).map(Some);
        }
        let left = self.as_machine_int(left, 1)?;
        let right = self.as_machine_int(right, 0)?;
        let unsigned = self.repr(left) == Repr::U64 || self.repr(right) == Repr::U64;
        if unsigned && self.is_non_negative(left) && self.is_non_negative(right) {
            let (left, right) = (self.as_u64(left)?, self.as_u64(right)?);
            return self.boolean(Op::U64Cmp(cond), &[left, right]).map(Some);
        }
        let (left, right) = (self.as_i64(left, 1)?, self.as_i64(right, 0)?);
        self.boolean(Op::IntCmp(cond), &[left, right]).map(Some)
    }

    /// A number as the float that compares like it.
    fn exact_f64(&mut self, value: ValueId, position: usize) -> Step<ValueId> {
        let is_float = self.repr(value) == Repr::F64 || self.ty(value) == Type::FLOAT;
        if is_float {
            return self.as_f64(value, position);
        }
        let int = self.as_i64(value, position)?;
        if self
            .range(int)
            .is_within(IntRange::new(-(1 << 53), 1 << 53))
        {
            return self.as_f64(int, position);
        }
        self.float(Op::I64ToF64Exact, &[int])
    }

    pub(super) fn is_op(&mut self, invert: bool) -> Step {
        let items = self.pop_many(2)?;
        let left = self.value_of(&items[0])?;
        let right = self.value_of(&items[1])?;
        let (tl, tr) = (self.ty(left), self.ty(right));
        let result = if left == right {
            self.const_bool(true)?
        } else if tl.intersection(tr).is_empty() {
            self.const_bool(false)?
        } else if self.repr(left) == Repr::Bool && self.repr(right) == Repr::Bool {
            let differ = self.boolean(Op::BoolXor, &[left, right])?;
            self.boolean(Op::BoolNot, &[differ])?
        } else if self.repr(left) == Repr::Boxed && self.repr(right) == Repr::Boxed {
            self.boolean(Op::IsSame, &[left, right])?
        } else if tl.union(tr).is_subset(Type::BOOL.union(Type::NONE))
            || self.constants.contains_key(&left)
            || self.constants.contains_key(&right)
            || self.repr(left) == Repr::Bool
            || self.repr(right) == Repr::Bool
        {
            let (left, right) = (self.as_boxed(left)?, self.as_boxed(right)?);
            self.boolean(Op::IsSame, &[left, right])?
        } else {
            // Which objects they were is not known any more: the interpreter must have them from
            // the start.
            if self.inline_depth > 0 {
                return Err(self.do_not_inline());
            }
            return Err(Stop::Refuse(Refusal {
                reason: "it compares numbers with `is`, whose identity native code does not keep"
                    .into(),
                offset: Some(self.instr.offset),
                hint: "compare numbers with `==`".into(),
            }));
        };
        let result = self.negate_if(result, invert)?;
        for item in &items {
            self.release(item)?;
        }
        self.push(result);
        Ok(())
    }

    pub(super) fn contains(&mut self, invert: bool) -> Step {
        let items = self.pop_many(2)?;
        let result = match self.contains_native(&items[0], &items[1])? {
            Some(result) => result,
            None => {
                if let Some(result) = self.instance_contains(invert, &items)? {
                    for item in &items {
                        self.release(item)?;
                    }
                    self.push(result);
                    return Ok(());
                }
                let item = self.value_of(&items[0])?;
                let container = self.value_of(&items[1])?;
                if self.may_learn(container, 0) {
                    return self.exit_here(
                        ExitReason::NotSeen,
                        &items,
                        "the type of the container is not known yet",
                    );
                }
                self.note(NoteKind::RuntimeCall, "`in` of an object");
                let (item, container) = (self.as_boxed(item)?, self.as_boxed(container)?);
                self.runtime(HelperId::Contains, &[item, container])?
            }
        };
        let result = self.negate_if(result, invert)?;
        for item in &items {
            self.release(item)?;
        }
        self.push(result);
        Ok(())
    }

    fn contains_native(&mut self, item: &Item, container: &Item) -> Step<Option<ValueId>> {
        if let Item::Virtual(object) = container
            && let Virtual::Range { start, stop, step } = **object
        {
            return self.in_range(item, start, stop, step);
        }
        let Item::Value(container) = container else {
            return Ok(None);
        };
        let value = self.value_of(item)?;
        if let Some(ObjectKind::Tuple(members)) =
            self.objects.get(container).map(|o| o.kind.clone())
        {
            let (value, class) = self.specialise(value, 1, Type::EMPTY)?;
            let ints: Option<Vec<i64>> = members
                .iter()
                .map(|member| match member.kind {
                    ObjectKind::Int(value) => Some(value),
                    _ => None,
                })
                .collect();
            if let Some(ints) = ints
                && class == Type::INT
                && ints.len() <= MAX_UNROLLED_MEMBERS
                && !self.is_big(value, 1)
            {
                let value = self.as_i64(value, 1)?;
                let mut result = self.const_bool(false)?;
                for member in ints {
                    let member = self.const_int(member)?;
                    let equal = self.boolean(Op::IntCmp(Cond::Eq), &[value, member])?;
                    result = self.boolean(Op::BoolOr, &[result, equal])?;
                }
                return Ok(Some(result));
            }
        }
        let hint = match self.instr.hint {
            Hint::ContainsDict => Type::DICT,
            Hint::ContainsSet => Type::SET,
            _ => Type::EMPTY,
        };
        if let Some(result) = self.in_dict_or_set(*container, value, hint)? {
            return Ok(Some(result));
        }
        let (container, class) = self.specialise(*container, 0, hint)?;
        match class {
            Type::STR => {
                if let Some(result) = self.character_in(value, container)? {
                    return Ok(Some(result));
                }
                let (value, item_class) = self.specialise(value, 1, Type::STR)?;
                if item_class == Type::STR {
                    return self
                        .runtime(HelperId::StrContains, &[value, container])
                        .map(Some);
                }
            }
            Type::LIST => {
                let value = self.as_boxed(value)?;
                return self
                    .runtime(HelperId::ListContains, &[container, value])
                    .map(Some);
            }
            _ => {}
        }
        Ok(None)
    }

    fn in_range(
        &mut self,
        item: &Item,
        start: ValueId,
        stop: ValueId,
        step: ValueId,
    ) -> Step<Option<ValueId>> {
        let value = self.value_of(item)?;
        let (value, class) = self.specialise(value, 1, Type::EMPTY)?;
        let Some(step) = self.as_const_int(step) else {
            return Ok(None);
        };
        if !matches!(class, Type::INT | Type::BOOL) || step <= 0 || self.is_big(value, 1) {
            return Ok(None);
        }
        let value = self.as_i64(value, 1)?;
        let above = self.boolean(Op::IntCmp(Cond::Ge), &[value, start])?;
        let below = self.boolean(Op::IntCmp(Cond::Lt), &[value, stop])?;
        let inside = self.boolean(Op::BoolAnd, &[above, below])?;
        if step == 1 {
            return Ok(Some(inside));
        }
        let distance = self.int(Op::IntSub(Overflow::Checked), &[value, start])?;
        let step = self.const_int(step as i64)?;
        let rest = self.int(Op::IntMod(DivMode::Checked), &[distance, step])?;
        let zero = self.const_int(0)?;
        let hit = self.boolean(Op::IntCmp(Cond::Eq), &[rest, zero])?;
        self.boolean(Op::BoolAnd, &[inside, hit]).map(Some)
    }
}

fn is_plain_class(class: Type) -> bool {
    class.is_single()
        && class.is_subset(
            Type::PLAIN
                .union(Type::LIST)
                .union(Type::TUPLE)
                .union(Type::DICT),
        )
}

fn cond(op: CompareOperator) -> Cond {
    match op {
        CompareOperator::Lt => Cond::Lt,
        CompareOperator::Le => Cond::Le,
        CompareOperator::Eq => Cond::Eq,
        CompareOperator::Ne => Cond::Ne,
        CompareOperator::Gt => Cond::Gt,
        CompareOperator::Ge => Cond::Ge,
    }
}

fn compare_helper(op: CompareOperator) -> HelperId {
    match op {
        CompareOperator::Lt => HelperId::CompareLt,
        CompareOperator::Le => HelperId::CompareLe,
        CompareOperator::Eq => HelperId::CompareEq,
        CompareOperator::Ne => HelperId::CompareNe,
        CompareOperator::Gt => HelperId::CompareGt,
        CompareOperator::Ge => HelperId::CompareGe,
    }
}
