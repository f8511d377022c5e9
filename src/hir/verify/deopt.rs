//! Leaving: frame states are there when needed, complete, and nothing is done twice; machine pointers
//! are not used beyond a change of what they point into.

use super::flow::{Set, solve};
use super::{Errors, Place, terminator_state};
use crate::hir::effects::Heaps;
use crate::hir::frame_state::{Shared, Slot, VirtualObject};
use crate::hir::function::{Definition, Edge, Function};
use crate::hir::ids::{BlockId, FrameStateId, InstrId, ValueId};
use crate::hir::ops::Op;
use crate::hir::types::Repr;

pub(super) fn check(function: &Function, errors: &mut Errors<'_>) {
    for &id in &function.layout {
        for &instr in &function.block(id).instrs {
            check_presence(function, errors, instr);
        }
    }
    check_states(function, errors);
    check_snapshots(function, errors);
    check_pointers(function, errors);
}

/// Each state is there exactly when the effects demand it.
fn check_presence(function: &Function, errors: &mut Errors<'_>, id: InstrId) {
    let instr = function.instr(id);
    let effects = instr.op.effects();
    let after = matches!(instr.op, Op::CallNative(_));
    let rows = [
        (instr.exit, effects.may_exit, "an exit state (`!fsN`)"),
        (instr.throw, effects.may_raise, "a throw state (`^fsN`)"),
        (instr.after, after, "an after state (`>fsN`)"),
    ];
    // What is called may change the caller's frame, or begin to trace: a call that shows it has a state
    // behind it.
    let may_have_after = matches!(instr.op, Op::CallObject(_));
    for (state, needed, name) in rows {
        match (state, needed) {
            (None, true) => errors.add(Place::Instr(id), format!("the op needs {name}")),
            (Some(_), false) if may_have_after && state == instr.after => {}
            (Some(_), false) => {
                errors.add(Place::Instr(id), format!("the op must not have {name}"))
            }
            _ => {}
        }
    }
}

/// States in use: what their slots hold.
fn check_states(function: &Function, errors: &mut Errors<'_>) {
    let count = function.frame_states.len();
    let (mut used, mut with_result) = (vec![false; count], vec![false; count]);
    for &block in &function.layout {
        for &instr in &function.block(block).instrs {
            let row = function.instr(instr);
            row.exit
                .iter()
                .chain(&row.throw)
                .for_each(|state| used[state.index()] = true);
            row.after
                .iter()
                .for_each(|state| with_result[state.index()] = true);
        }
        let state = terminator_state(&function.block(block).terminator);
        state.iter().for_each(|state| used[state.index()] = true);
    }
    // Parents are after the states they belong to only in dumps of passes: walk until nothing is new.
    let mut pending: Vec<_> = (0..count)
        .filter(|&id| used[id] || with_result[id])
        .collect();
    for &id in &pending {
        check_numbers(function, errors, FrameStateId::new(id));
    }
    while let Some(id) = pending.pop() {
        if let Some(parent) = function.frame_states[id].parent
            && !std::mem::replace(&mut used[parent.index()], true)
        {
            pending.push(parent.index());
        }
    }
    for id in 0..count {
        if used[id] || with_result[id] {
            check_state(function, errors, FrameStateId::new(id), !used[id]);
        }
    }
}

fn check_state(function: &Function, errors: &mut Errors<'_>, id: FrameStateId, result: bool) {
    let state = function.frame_state(id);
    let locals = function.codes[state.code.index()].locals as usize;
    if state.locals.len() != locals {
        let message = format!(
            "{} locals, must be {locals} as {} has",
            state.locals.len(),
            state.code
        );
        errors.add(Place::State(id), message);
    }
    for slot in state.locals.iter().chain(&state.stack) {
        check_slot(function, errors, id, slot, result);
    }
    if let Some(consumed) = &state.consumed {
        if consumed.slots.len() != consumed.by.slots() || state.generator.is_none() {
            let message = format!("`{}` has other slots", consumed.by.name());
            errors.add(Place::State(id), message);
        }
        for slot in &consumed.slots {
            check_slot(function, errors, id, slot, false);
        }
    }
    for (number, object) in &state.shared {
        match object {
            Shared::Generator {
                code,
                locals: slots,
                stack,
                ..
            } => {
                let locals = function.codes[code.index()].locals as usize;
                if slots.len() != locals {
                    let message = format!(
                        "g{number} has {} locals, must be {locals} as {code} has",
                        slots.len()
                    );
                    errors.add(Place::State(id), message);
                }
                for slot in slots.iter().chain(stack) {
                    check_slot(function, errors, id, slot, false);
                }
            }
            Shared::Iterator(object) => check_virtual(function, errors, id, object, false),
            Shared::Function { closure: slots, .. } | Shared::Tuple(slots) => {
                for slot in slots {
                    check_slot(function, errors, id, slot, false);
                }
            }
        }
    }
}

/// What slots of a chain of states hold by number is in one of its tables, or one of its frames.
fn check_numbers(function: &Function, errors: &mut Errors<'_>, id: FrameStateId) {
    let chain = std::iter::successors(Some(id), |&state| function.frame_state(state).parent);
    let chain: Vec<_> = chain.map(|state| function.frame_state(state)).collect();
    let is_known = |number: u32| {
        chain.iter().any(|state| {
            state.generator == Some(number) || state.shared.iter().any(|row| row.0 == number)
        })
    };
    let slots_of = |object: &'_ Shared| match object {
        Shared::Generator { locals, stack, .. } => [locals.clone(), stack.clone()].concat(),
        Shared::Iterator(_) => Vec::new(),
        Shared::Function { closure: slots, .. } | Shared::Tuple(slots) => slots.clone(),
    };
    for state in &chain {
        let inner = state.shared.iter().flat_map(|(_, object)| slots_of(object));
        let own = state.locals.iter().chain(&state.stack).cloned();
        for slot in own.chain(inner) {
            if let Slot::Shared(number) = slot
                && !is_known(number)
            {
                errors.add(Place::State(id), format!("nothing says what g{number} is"));
            }
        }
    }
}

fn check_slot(
    function: &Function,
    errors: &mut Errors<'_>,
    id: FrameStateId,
    slot: &Slot,
    result: bool,
) {
    match slot {
        Slot::Null | Slot::Shared(_) => {}
        Slot::Result if result => {}
        Slot::Result => {
            errors.add(
                Place::State(id),
                "only the state after a native call has a result",
            );
        }
        Slot::Value(value) => check_slot_value(function, errors, id, *value),
        Slot::Maybe { value, bound } => {
            expect(function, errors, id, *bound, Repr::Bool);
            check_slot_value(function, errors, id, *value);
        }
        Slot::Virtual(object) => check_virtual(function, errors, id, object, result),
    }
}

fn expect(
    function: &Function,
    errors: &mut Errors<'_>,
    id: FrameStateId,
    value: ValueId,
    expected: Repr,
) {
    let found = function.value(value).repr;
    if found != expected {
        let message = format!("{value} is {}, must be {}", found.name(), expected.name());
        errors.add(Place::State(id), message);
    }
}

fn check_virtual(
    function: &Function,
    errors: &mut Errors<'_>,
    id: FrameStateId,
    object: &VirtualObject,
    result: bool,
) {
    match object {
        VirtualObject::Range {
            start: first,
            stop,
            step,
        }
        | VirtualObject::RangeIterator {
            next: first,
            stop,
            step,
        } => {
            [first, stop, step]
                .into_iter()
                .for_each(|value| expect(function, errors, id, *value, Repr::I64));
        }
        VirtualObject::SequenceIterator { sequence, index } => {
            expect(function, errors, id, *sequence, Repr::Boxed);
            expect(function, errors, id, *index, Repr::I64);
        }
        VirtualObject::Enumerate { count, inner } => {
            expect(function, errors, id, *count, Repr::I64);
            check_slot(function, errors, id, inner, result);
        }
        VirtualObject::Zip { inner } => {
            inner
                .iter()
                .for_each(|slot| check_slot(function, errors, id, slot, result));
        }
    }
}

fn check_slot_value(
    function: &Function,
    errors: &mut Errors<'_>,
    id: FrameStateId,
    value: ValueId,
) {
    if function.value(value).repr == Repr::Ptr {
        errors.add(Place::State(id), format!("{value} is a machine pointer"));
    } else if function.defining_op(value) == Some(Op::ConstNull) {
        errors.add(Place::State(id), format!("{value} is NULL: write `-`"));
    }
}

/// States one may leave to: those snapshot since the last write.
fn apply_to_states(function: &Function, id: InstrId, valid: &mut Set) {
    let instr = function.instr(id);
    if instr.op == Op::Snapshot {
        instr
            .exit
            .iter()
            .for_each(|state| valid.insert(state.index()));
    } else if !function.effects_of(id).writes.is_empty() {
        valid.clear();
    }
}

fn check_snapshots(function: &Function, errors: &mut Errors<'_>) {
    let apply = |block: BlockId, valid: &mut Set| {
        function
            .block(block)
            .instrs
            .iter()
            .for_each(|&id| apply_to_states(function, id, valid));
    };
    let starts = solve(function, function.frame_states.len(), apply, |_, _| {});
    let message = |state: FrameStateId| {
        format!("no `snapshot !{state}` on every path to here without a write behind it")
    };
    for &id in &function.layout {
        let mut valid = starts[id.index()].clone();
        for &instr in &function.block(id).instrs {
            let row = function.instr(instr);
            if row.op != Op::Snapshot
                && let Some(state) = row.exit
                && !valid.contains(state.index())
            {
                errors.add(Place::Instr(instr), message(state));
            }
            apply_to_states(function, instr, &mut valid);
        }
        if let Some(state) = terminator_state(&function.block(id).terminator)
            && !valid.contains(state.index())
        {
            errors.add(Place::Terminator(id), message(state));
        }
    }
}

/// Shapes whose change makes the pointer wrong.
fn pointer_shapes(function: &Function, value: ValueId) -> Heaps {
    match function.value(value).definition {
        Definition::Instr(instr) => function.instr(instr).op.effects().reads,
        // It may be any of those given by the edges.
        Definition::Param(..) => Heaps::LIST_SHAPE
            .union(Heaps::BYTEARRAY_SHAPE)
            .union(Heaps::ARRAY_SHAPE),
    }
}

fn check_pointers(function: &Function, errors: &mut Errors<'_>) {
    let is_pointer = |value: &ValueId| function.value(*value).repr == Repr::Ptr;
    let all = (0..function.values.len())
        .map(ValueId::new)
        .filter(is_pointer);
    let pointers: Vec<_> = all
        .map(|value| (value, pointer_shapes(function, value)))
        .collect();
    if pointers.is_empty() {
        return;
    }
    let apply = |id: InstrId, valid: &mut Set| {
        let instr = function.instr(id);
        let writes = function.effects_of(id).writes;
        for (pointer, shapes) in &pointers {
            if shapes.overlaps(writes) {
                valid.remove(pointer.index());
            }
        }
        if let Some(result) = instr.result.filter(is_pointer) {
            valid.insert(result.index());
        }
    };
    let on_edge = |edge: &Edge, valid: &mut Set| {
        let params = &function.block(edge.block).params;
        let pairs: Vec<_> = edge
            .args
            .iter()
            .zip(params)
            .filter(|pair| is_pointer(pair.1))
            .collect();
        // All are read before any is written: a parameter may be given to another.
        let held: Vec<_> = pairs
            .iter()
            .map(|(arg, _)| valid.contains(arg.index()))
            .collect();
        for ((_, param), held) in pairs.into_iter().zip(held) {
            if held {
                valid.insert(param.index())
            } else {
                valid.remove(param.index())
            }
        }
    };
    let starts = solve(
        function,
        function.values.len(),
        |block, valid| {
            function
                .block(block)
                .instrs
                .iter()
                .for_each(|&id| apply(id, valid))
        },
        on_edge,
    );
    for &id in &function.layout {
        let mut valid = starts[id.index()].clone();
        if id == function.entry {
            let params = &function.block(id).params;
            if params.iter().any(is_pointer) {
                errors.add(
                    Place::Function,
                    "a parameter of the function is a machine pointer",
                );
            }
        }
        for &instr in &function.block(id).instrs {
            for arg in &function.instr(instr).args {
                if is_pointer(arg) && !valid.contains(arg.index()) {
                    let message = format!("{arg} may point into storage that has moved");
                    errors.add(Place::Instr(instr), message);
                }
            }
            apply(instr, &mut valid);
        }
    }
}
