//! Representations and classes of operands, results and edge arguments.

use super::{Errors, Place};
use crate::abi::helpers::HelperId;
use crate::hir::attributes::Container;
use crate::hir::function::{Edge, Function, Terminator};
use crate::hir::ids::{BlockId, InstrId, ValueId};
use crate::hir::ops::{Op, Operand, ResultKind};
use crate::hir::result_facts::result_facts;
use crate::hir::types::{Repr, Type};

pub(super) fn check(function: &Function, errors: &mut Errors<'_>) {
    for &id in &function.layout {
        for &param in &function.block(id).params {
            let place = if id == function.entry {
                Place::Function
            } else {
                Place::Block(id)
            };
            check_value(function, errors, place, param);
        }
        for &instr in &function.block(id).instrs {
            check_operands(function, errors, instr);
            check_immediate(function, errors, instr);
            check_result(function, errors, instr);
        }
        check_terminator(function, errors, id);
    }
}

/// Classes and range fit the representation.
fn check_value(function: &Function, errors: &mut Errors<'_>, place: Place, id: ValueId) {
    let value = function.value(id);
    if value.repr != Repr::Boxed && !value.ty.is_subset(value.repr.widest_type()) {
        errors.add(
            place,
            format!("{id}: no {} is held as {}", value.ty, value.repr.name()),
        );
    }
    if value.range.low > value.range.high {
        errors.add(place, format!("{id}: its range is empty"));
    }
    if matches!(value.repr, Repr::I64 | Repr::U64)
        && !value.range.is_within(value.repr.full_range())
    {
        errors.add(
            place,
            format!("{id}: its range is beyond {}", value.repr.name()),
        );
    }
}

fn expect_repr(
    function: &Function,
    errors: &mut Errors<'_>,
    place: Place,
    value: ValueId,
    expected: Repr,
) {
    let found = function.value(value).repr;
    if found != expected {
        let message = format!("{value} is {}, must be {}", found.name(), expected.name());
        errors.add(place, message);
    }
}

fn check_operands(function: &Function, errors: &mut Errors<'_>, id: InstrId) {
    let instr = function.instr(id);
    let place = Place::Instr(id);
    let (mut fixed, rest): (Vec<Option<Repr>>, Option<Repr>) = match instr.op {
        Op::CallRuntime(helper) => {
            let row = helper.info();
            let fixed = row.parameters.iter().copied().map(Some).collect();
            (fixed, row.variadic.then_some(Repr::Boxed))
        }
        Op::CallNative(callee) => {
            let params = &function.callees[callee.index()].params;
            (params.iter().copied().map(Some).collect(), None)
        }
        Op::CallObject(_) => (vec![Some(Repr::Boxed)], Some(Repr::Boxed)),
        _ => {
            let operands = instr
                .op
                .info()
                .operands
                .iter()
                .filter(|row| **row != Operand::Rest);
            let repr = |operand: &Operand| match operand {
                Operand::Is(repr) => Some(*repr),
                Operand::Any | Operand::Rest => None,
            };
            (operands.map(repr).collect(), None)
        }
    };
    if let Op::StoreArray(container) = instr.op {
        fixed[3] = Some(container.item_repr());
    }
    let count = instr.args.len();
    if count < fixed.len() || (rest.is_none() && count > fixed.len()) {
        let least = if rest.is_some() { "at least " } else { "" };
        errors.add(
            place,
            format!("{count} operands, must be {least}{}", fixed.len()),
        );
        return;
    }
    for (index, &arg) in instr.args.iter().enumerate() {
        if let Some(repr) = fixed.get(index).copied().unwrap_or(rest) {
            expect_repr(function, errors, place, arg, repr);
        }
    }
    for (&arg, class) in instr.args.iter().zip(operand_classes(&instr.op)) {
        let value = function.value(arg);
        if value.repr == Repr::Boxed && !value.ty.is_subset(class) {
            errors.add(
                place,
                format!("{arg} is of type {}, must be {class}", value.ty),
            );
        }
    }
    if instr.op == Op::Select {
        let repr = function.value(instr.args[1]).repr;
        if matches!(repr, Repr::Boxed | Repr::Ptr) {
            errors.add(place, format!("{} is {}", instr.args[1], repr.name()));
        }
        let mut others = vec![instr.args[2]];
        others.extend(instr.result);
        for value in others {
            expect_repr(function, errors, place, value, repr);
        }
    }
}

/// Classes of boxed operands the machine code relies on without looking.
fn operand_classes(op: &Op) -> Vec<Type> {
    let any = Type::OBJECT;
    match *op {
        Op::UnboxInt(_) | Op::UnboxU64 => vec![Type::INT],
        Op::UnboxF64 => vec![Type::FLOAT],
        Op::UnboxBool => vec![Type::BOOL],
        Op::LenList
        | Op::DataList
        | Op::LoadList
        | Op::StoreList
        | Op::SwapList
        | Op::StoreListI64
        | Op::StoreListF64
        | Op::ListAppend
        | Op::ListPopLast => vec![Type::LIST],
        Op::LenByteArray | Op::DataByteArray | Op::LoadByteArray | Op::StoreByteArray => {
            vec![Type::BYTEARRAY]
        }
        Op::LenArray | Op::DataArray | Op::LoadArray(_) | Op::StoreArray(_) => vec![Type::ARRAY],
        Op::LenFixed(container) | Op::DataFixed(container) | Op::LoadFixed(container) => {
            vec![container.class()]
        }
        Op::LoadClosure(_) => vec![Type::FUNCTION],
        Op::LoadChar => vec![Type::STR],
        Op::LoadCell | Op::StoreCell => vec![Type::CELL],
        Op::CallRuntime(helper) => match helper {
            HelperId::LongAdd
            | HelperId::LongSub
            | HelperId::LongMul
            | HelperId::LongFloorDiv
            | HelperId::LongMod
            | HelperId::LongPow
            | HelperId::LongLshift
            | HelperId::LongRshift
            | HelperId::LongAnd
            | HelperId::LongOr
            | HelperId::LongXor
            | HelperId::LongTrueDiv
            | HelperId::LongNeg
            | HelperId::LongInvert
            | HelperId::LongCompareLt
            | HelperId::LongCompareLe
            | HelperId::LongCompareEq
            | HelperId::LongIsTrue
            | HelperId::LongToFloat => vec![Type::INT; 2],
            HelperId::StrIndex
            | HelperId::StrEqual
            | HelperId::StrConcat
            | HelperId::StrAppend
            | HelperId::StrContains
            | HelperId::StrOrd => vec![Type::STR; 2],
            HelperId::ListExtend
            | HelperId::ListRepeatObject
            | HelperId::ListSlice
            | HelperId::ListContains => vec![Type::LIST, any],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Containers that the op knows.
fn check_immediate(function: &Function, errors: &mut Errors<'_>, id: InstrId) {
    let fits = match function.instr(id).op {
        Op::GuardArray(container) | Op::LoadArray(container) | Op::StoreArray(container) => {
            container.is_array()
        }
        Op::DataFixed(container) | Op::LoadFixed(container) => {
            matches!(container, Container::Tuple | Container::Bytes)
        }
        Op::LenFixed(container) => {
            matches!(
                container,
                Container::Tuple | Container::Bytes | Container::Str
            )
        }
        _ => true,
    };
    if !fits {
        errors.add(Place::Instr(id), "the op does not know this container");
    }
}

fn check_result(function: &Function, errors: &mut Errors<'_>, id: InstrId) {
    let instr = function.instr(id);
    let place = Place::Instr(id);
    let Some(facts) = result_facts(&instr.op, function) else {
        if instr.result.is_some() {
            errors.add(place, "the op has no result");
        }
        return;
    };
    let Some(result) = instr.result else {
        let status = instr.op.info().result == ResultKind::Given
            && matches!(instr.op, Op::CallRuntime(_))
            && facts.repr != Some(Repr::Boxed);
        if !status {
            errors.add(place, "the result is missing");
        }
        return;
    };
    check_value(function, errors, place, result);
    if let Some(repr) = facts
        .repr
        .filter(|repr| *repr != function.value(result).repr)
    {
        expect_repr(function, errors, place, result, repr);
        return;
    }
    let ty = function.value(result).ty;
    let empty = ty.is_empty() || facts.ty.is_empty();
    if !empty && ty.intersection(facts.ty).is_empty() {
        errors.add(
            place,
            format!("{result} cannot be {ty}: the op gives {}", facts.ty),
        );
    }
}

fn check_terminator(function: &Function, errors: &mut Errors<'_>, id: BlockId) {
    let place = Place::Terminator(id);
    let terminator = &function.block(id).terminator;
    match terminator {
        Terminator::Branch { condition, .. } => {
            expect_repr(function, errors, place, *condition, Repr::Bool);
        }
        Terminator::Return(value) => {
            expect_repr(function, errors, place, *value, function.returns);
        }
        _ => {}
    }
    terminator.for_each_edge(|edge| check_edge(function, errors, place, edge));
}

fn check_edge(function: &Function, errors: &mut Errors<'_>, place: Place, edge: &Edge) {
    let params = &function.block(edge.block).params;
    if edge.args.len() != params.len() {
        let message = format!(
            "{} arguments for {}, must be {}",
            edge.args.len(),
            edge.block,
            params.len()
        );
        errors.add(place, message);
        return;
    }
    for (&arg, &param) in edge.args.iter().zip(params) {
        let (from, to) = (function.value(arg), function.value(param));
        if from.repr != to.repr {
            expect_repr(function, errors, place, arg, to.repr);
        } else if !from.ty.is_subset(to.ty) {
            let message = format!("{arg} is of type {}, but {param} is {}", from.ty, to.ty);
            errors.add(place, message);
        }
    }
}
