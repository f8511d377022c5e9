//! Values are defined on every path to their uses.

use super::flow::{Set, solve};
use super::{Errors, Place, terminator_state};
use crate::hir::function::Function;
use crate::hir::ids::{BlockId, FrameStateId, ValueId};

pub(super) fn check(function: &Function, errors: &mut Errors<'_>) {
    let define_block = |id: BlockId, defined: &mut Set| {
        let block = function.block(id);
        let results = block
            .instrs
            .iter()
            .filter_map(|&instr| function.instr(instr).result);
        block
            .params
            .iter()
            .copied()
            .chain(results)
            .for_each(|value| defined.insert(value.index()));
    };
    let starts = solve(function, function.values.len(), define_block, |_, _| {});
    for &id in &function.layout {
        let block = function.block(id);
        let mut defined = starts[id.index()].clone();
        block
            .params
            .iter()
            .for_each(|param| defined.insert(param.index()));
        for &instr in &block.instrs {
            let row = function.instr(instr);
            for &arg in &row.args {
                use_value(errors, Place::Instr(instr), arg, &defined);
            }
            for state in function.states_of(instr) {
                use_state(function, errors, Place::Instr(instr), state, &defined);
            }
            if let Some(result) = row.result {
                defined.insert(result.index());
            }
        }
        let place = Place::Terminator(id);
        block
            .terminator
            .for_each_value(|value| use_value(errors, place, value, &defined));
        if let Some(state) = terminator_state(&block.terminator) {
            use_state(function, errors, place, state, &defined);
        }
    }
}

fn use_value(errors: &mut Errors<'_>, place: Place, value: ValueId, defined: &Set) {
    if !defined.contains(value.index()) {
        errors.add(
            place,
            format!("{value} is not defined on every path to here"),
        );
    }
}

fn use_state(
    function: &Function,
    errors: &mut Errors<'_>,
    place: Place,
    state: FrameStateId,
    defined: &Set,
) {
    let mut missing = Vec::new();
    function.for_each_state_value(state, &mut |value| {
        if !defined.contains(value.index()) && !missing.contains(&value) {
            missing.push(value);
        }
    });
    for value in missing {
        errors.add(
            place,
            format!("{value} of {state} is not defined on every path to here"),
        );
    }
}
