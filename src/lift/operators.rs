//! Operators of instances whose class answers them by a method in Python: `a + b`, `a < b`, `a[i]`, `len(a)`, `a(x)`.
//!
//! The method is inlined in place of the operator. That is right where it comes first and nobody comes behind it
//! but those whom `runtime/operators.rs` asks: the other operand is of the same class, or of a builtin one that
//! declines. What the operator makes of the answer (`NotImplemented`, truth) follows as a helper, unless the answer
//! is known to be one already.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{BinaryOperator, CompareOperator};
use crate::hir::{ClassId, Op, Operation, Type, ValueId};

use super::calls::Wanted;
use super::item::Item;
use super::{FunctionHandle, Lifter, ObjectKind, SpecialMethod, Step};

impl Lifter<'_> {
    /// The class of an operand, if it is expected to be an instance of one class.
    fn one_class(&mut self, value: ValueId, position: usize) -> Option<ClassId> {
        if self.snapshot.is_none() || self.class_failed() {
            return None;
        }
        let seen = self.expected_classes(value, position);
        match (seen.list(), seen.has_more()) {
            (&[key], false) => self.class_id(key),
            _ => None,
        }
    }

    fn special(&mut self, class: ClassId, name: &str) -> SpecialMethod {
        let handle = self.class_handle(class);
        self.world.special_method(handle, name)
    }

    fn special_function(&mut self, class: ClassId, name: &str) -> Option<FunctionHandle> {
        match self.special(class, name) {
            SpecialMethod::Function(function) => match function.kind {
                ObjectKind::Function(handle) => Some(handle),
                _ => None,
            },
            _ => None,
        }
    }

    /// Inlines the method; `None` if that cannot be. The operands of the operator are on the interpreter's stack meanwhile.
    fn answer(
        &mut self,
        method: FunctionHandle,
        args: &[Item],
        operation: Operation,
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        let wanted = Wanted::Operator(operation, operands.to_vec());
        match self.call_function_for(method, args, None, &wanted)? {
            Some(item) => self.value_of(&item).map(Some),
            None => Ok(None),
        }
    }

    /// Behind an answer that is not final, guards have nowhere to leave to until the next instruction.
    fn finish(
        &mut self,
        operation: Operation,
        operands: [ValueId; 2],
        answer: ValueId,
    ) -> Step<ValueId> {
        self.snapshot = None;
        let answer = self.as_boxed(answer)?;
        let [left, right] = operands;
        let (left, right) = (self.as_boxed(left)?, self.as_boxed(right)?);
        let code = self.const_int(operation.code())?;
        let operands = [left, right, answer, code];
        let result = self.runtime(HelperId::OperatorAnswer, &operands)?;
        if !(operation.truth || operation.inverse) {
            let known = self.fact_of(answer);
            self.facts.insert(result, known);
        }
        Ok(result)
    }

    /// It is no `NotImplemented`.
    fn is_answer(&self, value: ValueId) -> bool {
        let ty = self.ty(value);
        ty.intersection(Type::OTHER).is_empty() || self.is_instance_made(value)
    }

    /// Is it an instance that was made, or guarded to be, one of a known class?
    fn is_instance_made(&self, value: ValueId) -> bool {
        self.function.defining_instr(value).is_some_and(|instr| {
            match self.function.instr(instr).op {
                Op::GuardClass(_) => true,
                Op::CallRuntime(helper) => helper == HelperId::NewInstance,
                _ => false,
            }
        })
    }

    /// A binary operator of instances; `None` if it takes the interpreter's way.
    pub(super) fn instance_binary(
        &mut self,
        op: BinaryOperator,
        helper: HelperId,
        inplace: bool,
        items: &[Item],
    ) -> Step<Option<ValueId>> {
        let (left, right) = (self.value_of(&items[0])?, self.value_of(&items[1])?);
        let [name, reflected, in_place] = method_names(op);
        let classes = [self.one_class(left, 1), self.one_class(right, 0)];
        let (class, method, first) = match classes {
            [Some(class), other] => {
                if inplace && !matches!(self.special(class, in_place), SpecialMethod::Missing) {
                    return Ok(None);
                }
                if other.is_some_and(|other| other != class)
                    || other.is_none() && !declines(op, self.ty(right))
                {
                    return Ok(None);
                }
                (class, self.special_function(class, name), true)
            }
            [None, Some(class)] if is_number(self.ty(left)) => {
                (class, self.special_function(class, reflected), false)
            }
            _ => return Ok(None),
        };
        let Some(method) = method else {
            return Ok(None);
        };
        self.capture_with(items);
        let mut values = [left, right];
        for (index, of) in classes.into_iter().enumerate() {
            if of.is_some() {
                values[index] = self.guard_class(values[index], class, 1 - index)?;
            }
        }
        let operands = values.map(Item::Value);
        let mut args = operands.clone();
        if !first {
            args.reverse();
        }
        let operation = Operation::of(helper);
        let Some(answer) = self.answer(method, &args, operation, &operands)? else {
            return Ok(None);
        };
        if self.is_answer(answer) {
            return Ok(Some(answer));
        }
        self.finish(operation, values, answer).map(Some)
    }

    /// A comparison of instances of one class, or of one with a builtin object.
    pub(super) fn instance_compare(
        &mut self,
        op: CompareOperator,
        helper: HelperId,
        to_bool: bool,
        items: &[Item],
    ) -> Step<Option<ValueId>> {
        let (left, right) = (self.value_of(&items[0])?, self.value_of(&items[1])?);
        let classes = [self.one_class(left, 1), self.one_class(right, 0)];
        let [Some(class), other] = classes else {
            return Ok(None);
        };
        if other.is_some_and(|other| other != class)
            || other.is_none() && !is_builtin(self.ty(right))
        {
            return Ok(None);
        }
        let mut inverse = false;
        let method = match self.special(class, comparison_name(op)) {
            SpecialMethod::Function(function) => function,
            // `object.__ne__` asks `__eq__`.
            SpecialMethod::OfObject if op == CompareOperator::Ne => {
                inverse = true;
                match self.special(class, "__eq__") {
                    SpecialMethod::Function(function) => function,
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let ObjectKind::Function(method) = method.kind else {
            return Ok(None);
        };
        self.capture_with(items);
        let left = self.guard_class(left, class, 1)?;
        let right = match other {
            Some(_) => self.guard_class(right, class, 0)?,
            None => right,
        };
        let operands = [Item::Value(left), Item::Value(right)];
        let operation = Operation {
            truth: to_bool,
            inverse,
            ..Operation::of(helper)
        };
        let Some(answer) = self.answer(method, &operands, operation, &operands)? else {
            return Ok(None);
        };
        if self.ty(answer) == Type::BOOL && !inverse
            || self.is_answer(answer) && !inverse && !to_bool
        {
            return Ok(Some(answer));
        }
        if self.ty(answer) == Type::BOOL {
            self.snapshot = None;
            let answer = self.as_bool(answer)?;
            return self.boolean(Op::BoolNot, &[answer]).map(Some);
        }
        self.finish(operation, [left, right], answer).map(Some)
    }

    /// `a in b` of an instance.
    pub(super) fn instance_contains(
        &mut self,
        invert: bool,
        items: &[Item],
    ) -> Step<Option<ValueId>> {
        let Item::Value(container) = items[1] else {
            return Ok(None);
        };
        let Some(class) = self.one_class(container, 0) else {
            return Ok(None);
        };
        let Some(method) = self.special_function(class, "__contains__") else {
            return Ok(None);
        };
        let item = self.value_of(&items[0])?;
        self.capture_with(items);
        let container = self.guard_class(container, class, 0)?;
        let operands = [Item::Value(item), Item::Value(container)];
        let args = [Item::Value(container), Item::Value(item)];
        let operation = Operation {
            inverse: invert,
            ..Operation::of(HelperId::Contains)
        };
        let Some(answer) = self.answer(method, &args, operation, &operands)? else {
            return Ok(None);
        };
        if self.ty(answer) == Type::BOOL {
            if !invert {
                return Ok(Some(answer));
            }
            self.snapshot = None;
            let answer = self.as_bool(answer)?;
            return self.boolean(Op::BoolNot, &[answer]).map(Some);
        }
        self.finish(operation, [item, container], answer).map(Some)
    }

    /// `a[b]`, or `a[b] = c` with the operands in that order: what the method returns.
    pub(super) fn instance_subscript(
        &mut self,
        helper: HelperId,
        items: &[Item],
    ) -> Step<Option<ValueId>> {
        let name = match helper {
            HelperId::SetItem => "__setitem__",
            _ => "__getitem__",
        };
        // The interpreter has the value that is stored below the others.
        let stack: Vec<Item> = match items {
            [container, index, value] => vec![value.clone(), container.clone(), index.clone()],
            items => items.to_vec(),
        };
        let Item::Value(container) = items[0] else {
            return Ok(None);
        };
        let Some(class) = self.one_class(container, 1) else {
            return Ok(None);
        };
        let Some(method) = self.special_function(class, name) else {
            return Ok(None);
        };
        let mut args = Vec::new();
        for item in items {
            args.push(Item::Value(self.value_of(item)?));
        }
        self.capture_with(&stack);
        let container = self.guard_class(container, class, 1)?;
        args[0] = Item::Value(container);
        let mut operands = args.clone();
        if operands.len() == 3 {
            operands.rotate_right(1);
        }
        self.answer(method, &args, Operation::of(helper), &operands)
    }

    /// `-a`, `+a`, `~a`.
    pub(super) fn instance_unary(
        &mut self,
        helper: HelperId,
        value: ValueId,
    ) -> Step<Option<ValueId>> {
        let name = match helper {
            HelperId::UnaryNegative => "__neg__",
            HelperId::UnaryPositive => "__pos__",
            HelperId::UnaryInvert => "__invert__",
            _ => return Ok(None),
        };
        let Some(class) = self.one_class(value, 0) else {
            return Ok(None);
        };
        let Some(method) = self.special_function(class, name) else {
            return Ok(None);
        };
        self.capture_with(&[Item::Value(value)]);
        let object = Item::Value(self.guard_class(value, class, 0)?);
        let operands = std::slice::from_ref(&object);
        self.answer(method, operands, Operation::of(helper), operands)
    }

    /// `len(a)`: the length as an int object.
    pub(super) fn instance_length(&mut self, value: ValueId) -> Step<Option<ValueId>> {
        let Some(class) = self.one_class(value, 0) else {
            return Ok(None);
        };
        let Some(method) = self.special_function(class, "__len__") else {
            return Ok(None);
        };
        let object = Item::Value(self.guard_class(value, class, 0)?);
        let operation = Operation::of(HelperId::LengthAnswer);
        let Some(answer) = self.answer(method, &[object], operation, &[])? else {
            return Ok(None);
        };
        if self.ty(answer) == Type::INT && !self.has_box(answer) && self.is_non_negative(answer) {
            return Ok(Some(answer));
        }
        self.snapshot = None;
        let answer = self.as_boxed(answer)?;
        self.runtime(HelperId::LengthAnswer, &[answer]).map(Some)
    }

    /// `a(..)` of an instance.
    pub(super) fn instance_call(
        &mut self,
        callable: ValueId,
        args: &[Item],
        kwnames: Option<u32>,
        operands: &[Item],
    ) -> Step<Option<Item>> {
        // The other of the two slots below the arguments is NULL.
        let is_callable = |item: &Item| matches!(item, Item::Value(value) if *value == callable);
        let Some(place) = operands.iter().take(2).position(is_callable) else {
            return Ok(None);
        };
        let position = operands.len() - 1 - place;
        if self.left_for(ExitReason::ObjectChanged) {
            return Ok(None);
        }
        let Some(class) = self.one_class(callable, position) else {
            return Ok(None);
        };
        let Some(method) = self.special_function(class, "__call__") else {
            return Ok(None);
        };
        self.capture_with(operands);
        let object = self.guard_class(callable, class, position)?;
        let mut all = vec![Item::Value(object)];
        all.extend_from_slice(args);
        self.call_function(method, &all, kwnames)
    }
}

fn is_number(ty: Type) -> bool {
    !ty.is_empty() && ty.is_subset(Type::INT.union(Type::FLOAT).union(Type::BOOL))
}

/// Of builtin classes only.
fn is_builtin(ty: Type) -> bool {
    let plain = Type::INT
        .union(Type::FLOAT)
        .union(Type::BOOL)
        .union(Type::NONE)
        .union(Type::STR)
        .union(Type::TUPLE)
        .union(Type::LIST);
    !ty.is_empty() && ty.is_subset(plain)
}

/// As the second operand it knows nothing of instances.
fn declines(op: BinaryOperator, ty: Type) -> bool {
    match op {
        // A sequence repeats itself as often as the other operand's `__index__` says.
        BinaryOperator::Multiply => is_number(ty) || ty == Type::NONE,
        _ => is_builtin(ty),
    }
}

/// The method, the one of the second operand, and the one in place.
fn method_names(op: BinaryOperator) -> [&'static str; 3] {
    use BinaryOperator as B;
    match op {
        B::Add => ["__add__", "__radd__", "__iadd__"],
        B::Subtract => ["__sub__", "__rsub__", "__isub__"],
        B::Multiply => ["__mul__", "__rmul__", "__imul__"],
        B::TrueDivide => ["__truediv__", "__rtruediv__", "__itruediv__"],
        B::FloorDivide => ["__floordiv__", "__rfloordiv__", "__ifloordiv__"],
        B::Remainder => ["__mod__", "__rmod__", "__imod__"],
        B::Power => ["__pow__", "__rpow__", "__ipow__"],
        B::LeftShift => ["__lshift__", "__rlshift__", "__ilshift__"],
        B::RightShift => ["__rshift__", "__rrshift__", "__irshift__"],
        B::And => ["__and__", "__rand__", "__iand__"],
        B::Or => ["__or__", "__ror__", "__ior__"],
        B::Xor => ["__xor__", "__rxor__", "__ixor__"],
        B::MatrixMultiply => ["__matmul__", "__rmatmul__", "__imatmul__"],
    }
}

fn comparison_name(op: CompareOperator) -> &'static str {
    match op {
        CompareOperator::Lt => "__lt__",
        CompareOperator::Le => "__le__",
        CompareOperator::Eq => "__eq__",
        CompareOperator::Ne => "__ne__",
        CompareOperator::Gt => "__gt__",
        CompareOperator::Ge => "__ge__",
    }
}
