//! Ids refer to rows, rows point back, blocks are connected.

use std::cell::RefCell;

use super::{Errors, Place, VerifyError, terminator_state};
use crate::hir::attributes::GlobalPlace;
use crate::hir::frame_state::Shared;
use crate::hir::function::{Definition, Function, Terminator};
use crate::hir::ids::{BlockId, FrameStateId, ObjectId, ValueId};
use crate::hir::ops::Op;

pub(super) fn check(function: &Function, errors: &mut Errors<'_>) {
    let known = |block: BlockId| block.index() < function.blocks.len();
    if !known(function.entry) || !function.layout.iter().all(|&block| known(block)) {
        // Not even the head can be printed.
        errors.list.push(VerifyError {
            place: function.name.clone(),
            message: "the layout or the entry names a block that does not exist".to_owned(),
        });
        return;
    }
    if !check_ids(function, errors) {
        return;
    }
    check_instructions(function, errors);
    check_control_flow(function, errors);
}

/// Whatever is printed, indexed or walked later exists. Errors here print ids only.
fn check_ids(function: &Function, errors: &mut Errors<'_>) -> bool {
    let found = RefCell::new(Vec::new());
    let wrong = |place: &str, message: String| {
        found.borrow_mut().push(VerifyError {
            place: place.to_owned(),
            message,
        });
    };
    let missing = |place: &str, id: &dyn std::fmt::Display| {
        wrong(place, format!("{id} does not exist"));
    };
    let value = |place: &str, value: ValueId| {
        if value.index() >= function.values.len() {
            missing(place, &value);
        }
    };
    let states = function.frame_states.len();
    for (index, state) in function.frame_states.iter().enumerate() {
        let place = FrameStateId::new(index).to_string();
        state.for_each_value(&mut |used| value(&place, used));
        if state.code.index() >= function.codes.len() {
            missing(&place, &state.code);
        }
        for (_, object) in &state.shared {
            if let Shared::Generator { code, .. } | Shared::Function { code, .. } = object
                && code.index() >= function.codes.len()
            {
                missing(&place, code);
            }
        }
        let mut parent = state.parent;
        for _ in 0..=states {
            parent = match parent {
                Some(id) if id.index() >= states => {
                    missing(&place, &id);
                    None
                }
                Some(id) => function.frame_state(id).parent,
                None => None,
            };
        }
        if parent.is_some() {
            wrong(&place, "the chain of parents does not end".to_owned());
        }
    }
    for &id in &function.layout {
        let (block, place) = (function.block(id), id.to_string());
        block.params.iter().for_each(|&param| value(&place, param));
        for &instr in &block.instrs {
            let Some(row) = function.instrs.get(instr.index()) else {
                missing(&place, &instr);
                continue;
            };
            let place = row.op.info().name;
            row.args
                .iter()
                .chain(&row.result)
                .for_each(|&used| value(place, used));
            for state in row.exit.iter().chain(&row.throw).chain(&row.after) {
                if state.index() >= states {
                    missing(place, state);
                }
            }
            if let Some(id) = missing_immediate(function, &row.op) {
                missing(place, &id);
            }
        }
        block.terminator.for_each_value(|used| value(&place, used));
        if let Some(state) = terminator_state(&block.terminator)
            && state.index() >= states
        {
            missing(&place, &state);
        }
        block.terminator.for_each_edge(|edge| {
            if edge.block.index() >= function.blocks.len() {
                missing(&place, &edge.block);
            }
        });
    }
    let found = found.into_inner();
    let fine = found.is_empty();
    errors.list.extend(found);
    fine
}

/// An id in the op's immediate that refers to nothing.
fn missing_immediate(function: &Function, op: &Op) -> Option<String> {
    let object = |id: ObjectId| {
        let known = id.index() < function.pool.iter().count();
        (!known).then(|| id.to_string())
    };
    match *op {
        Op::CallNative(id) => (id.index() >= function.callees.len()).then(|| id.to_string()),
        Op::GuardGlobals(id) | Op::LoadGlobal(GlobalPlace { namespace: id, .. }) => {
            (id.index() >= function.namespaces.len()).then(|| id.to_string())
        }
        op => op
            .class()
            .filter(|id| id.index() >= function.classes.len())
            .map(|id| id.to_string())
            .or_else(|| op.object().and_then(object)),
    }
}

/// Definitions point back, and nothing is in two places.
fn check_instructions(function: &Function, errors: &mut Errors<'_>) {
    let mut seen_instrs = vec![false; function.instrs.len()];
    let mut seen_values = vec![false; function.values.len()];
    let mut define = |errors: &mut Errors<'_>, place, value: ValueId, definition| {
        if std::mem::replace(&mut seen_values[value.index()], true) {
            errors.add(place, format!("{value} is defined twice"));
        } else if function.value(value).definition != definition {
            errors.add(place, format!("{value} says that it is defined elsewhere"));
        }
    };
    for &id in &function.layout {
        let block = function.block(id);
        for (position, &param) in block.params.iter().enumerate() {
            let place = if id == function.entry {
                Place::Function
            } else {
                Place::Block(id)
            };
            define(errors, place, param, Definition::Param(id, position as u32));
        }
        for &instr in &block.instrs {
            if std::mem::replace(&mut seen_instrs[instr.index()], true) {
                errors.add(Place::Instr(instr), "this instruction is in two places");
            } else if let Some(result) = function.instr(instr).result {
                define(
                    errors,
                    Place::Instr(instr),
                    result,
                    Definition::Instr(instr),
                );
            }
        }
    }
}

fn check_control_flow(function: &Function, errors: &mut Errors<'_>) {
    let mut in_layout = vec![false; function.blocks.len()];
    for &id in &function.layout {
        if std::mem::replace(&mut in_layout[id.index()], true) {
            errors.add(Place::Block(id), "the block is in the layout twice");
        }
    }
    if function.layout.first() != Some(&function.entry) {
        errors.add(Place::Function, "the entry is not the first block");
    }
    for &id in &function.layout {
        let terminator = &function.block(id).terminator;
        if *terminator == Terminator::None {
            errors.add(Place::Terminator(id), "the block has no terminator");
        }
        for target in terminator.successors() {
            if !in_layout[target.index()] {
                errors.add(
                    Place::Terminator(id),
                    format!("{target} is not in the layout"),
                );
            } else if target == function.entry {
                errors.add(Place::Terminator(id), "the entry cannot be jumped to");
            }
        }
    }
    let mut reached = vec![false; function.blocks.len()];
    let mut stack = vec![function.entry];
    while let Some(id) = stack.pop() {
        if !std::mem::replace(&mut reached[id.index()], true) {
            stack.extend(function.block(id).terminator.successors());
        }
    }
    for &id in &function.layout {
        if !reached[id.index()] {
            errors.add(Place::Block(id), "the block cannot be reached");
        }
    }
}
