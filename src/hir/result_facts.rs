//! What an op alone says of its result, operands unseen: class, representation, range.
//!
//! The text format leaves these out, the verifier holds results against them, and who builds an
//! instruction starts from them.

use super::attributes::{Container, Overflow};
use super::function::Function;
use super::ops::{Op, ResultKind};
use super::types::{IntRange, Repr, Type};

/// Facts of a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResultFacts {
    /// Classes.
    pub ty: Type,
    /// Representation; `None` when the operands decide (`select`).
    pub repr: Option<Repr>,
    /// Bounds.
    pub range: IntRange,
}

impl ResultFacts {
    /// Nothing known but the representation.
    pub fn of_repr(repr: Repr) -> ResultFacts {
        ResultFacts {
            ty: repr.widest_type(),
            repr: Some(repr),
            range: repr.full_range(),
        }
    }
}

/// Facts of the op's result; `None` when it has none. Ids the function does not know give the
/// facts of any object.
pub fn result_facts(op: &Op, function: &Function) -> Option<ResultFacts> {
    let repr = match op.info().result {
        ResultKind::None => return None,
        ResultKind::Is(repr) => Some(repr),
        ResultKind::Given => match op {
            Op::LoadArray(container) | Op::LoadFixed(container) => Some(container.item_repr()),
            Op::CallRuntime(helper) => Some(helper.info().result?),
            Op::CallNative(callee) => function.callees.get(callee.index()).map(|row| row.returns),
            _ => None,
        },
    };
    let mut facts = ResultFacts {
        repr,
        ..ResultFacts::of_repr(repr.unwrap_or(Repr::Boxed))
    };
    match *op {
        Op::BoxI64 => (facts.ty, facts.range) = (Type::INT, IntRange::I64),
        Op::BoxU64 => (facts.ty, facts.range) = (Type::INT, IntRange::U64),
        Op::BoxF64 => facts.ty = Type::FLOAT,
        Op::BoxBool => facts.ty = Type::BOOL,
        Op::GuardType(ty) => facts.ty = ty,
        Op::GuardCode(_) => facts.ty = Type::FUNCTION,
        Op::LoadClosure(_) => facts.ty = Type::CELL,
        Op::GuardClass(_) => facts.ty = Type::OTHER,
        Op::LoadMember(place) | Op::LoadClassMember(place) => {
            if let Some((_, row)) = function.pool.iter().nth(place.object.index()) {
                facts.ty = row.ty;
            }
        }
        Op::GuardArray(container) => facts.ty = container.class(),
        Op::ConstObject(object) | Op::GuardIs(object) => {
            if let Some((_, row)) = function.pool.iter().nth(object.index()) {
                facts.ty = row.ty;
            }
        }
        Op::ConstI64(value) => facts.range = IntRange::constant(value.into()),
        Op::ConstU64(value) => facts.range = IntRange::constant(value.into()),
        Op::BoolToI64 => facts.range = IntRange::new(0, 1),
        Op::GuardRange(range) => facts.range = range,
        Op::GuardIndex => facts.range = IntRange::LENGTH,
        Op::U64ToI64 => facts.range = IntRange::new(0, i64::MAX.into()),
        Op::I64ToU64 => facts.range = IntRange::new(0, i64::MAX.into()),
        Op::IntAbs(Overflow::Checked) => facts.range = IntRange::new(0, i64::MAX.into()),
        Op::LenList | Op::LenByteArray | Op::LenArray | Op::LenFixed(_) => {
            facts.range = IntRange::LENGTH;
        }
        Op::LoadChar => facts.range = IntRange::new(0, 0x10_FFFF),
        Op::LoadByteArray => facts.range = IntRange::BYTE,
        Op::LoadArray(container) | Op::LoadFixed(container @ Container::Bytes) => {
            facts.range = container.item_range();
        }
        Op::CallRuntime(helper) if repr == Some(Repr::Boxed) => {
            facts.ty = helper.info().result_type
        }
        _ => {}
    }
    Some(facts)
}
