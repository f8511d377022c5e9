//! Removes block parameters that only ever carry one value.
//!
//! The lifter makes a parameter for every local and every stack slot at every join; most of them
//! receive the same value from all sides, or that value and themselves around a loop. Such a
//! parameter *is* that value. Removing one can make others redundant, so a work list runs until
//! nothing changes; on the reducible graphs bytecode gives this leaves minimal SSA. Parameters nobody
//! uses are `dead_code`'s business.
//!
//! Near-linear: a parameter is looked at once, and again when one of its arguments was removed.

use smallvec::SmallVec;

use super::Pass;
use crate::hir::{BlockId, Definition, Edge, Function, Terminator, ValueId};

/// `clean-params`.
pub struct CleanParams;

impl Pass for CleanParams {
    fn name(&self) -> &'static str {
        "clean-params"
    }

    fn run(&self, function: &mut Function) {
        let replacement = redundant_params(function);
        if replacement.iter().any(Option::is_some) {
            remove_params(function, |_, param| replacement[param.index()].is_some());
            function.replace_values(&replacement);
        }
    }
}

/// One of the (at most two) edges of a block.
type EdgeRef = (BlockId, u8);

fn edge_at(function: &Function, (block, index): EdgeRef) -> &Edge {
    match (&function.block(block).terminator, index) {
        (Terminator::Jump(edge), _) => edge,
        (Terminator::Branch { then, .. }, 0) => then,
        (Terminator::Branch { otherwise, .. }, _) => otherwise,
        _ => unreachable!("the block has edges"),
    }
}

/// For each value that is a redundant parameter: the value it always equals.
fn redundant_params(function: &Function) -> Vec<Option<ValueId>> {
    let mut incoming: Vec<SmallVec<[EdgeRef; 4]>> = vec![SmallVec::new(); function.blocks.len()];
    // Parameters that receive a parameter: who to look at again when it turns out redundant.
    let mut receivers: Vec<SmallVec<[ValueId; 2]>> = vec![SmallVec::new(); function.values.len()];
    for &block in &function.layout {
        let mut index = 0;
        function.block(block).terminator.for_each_edge(|edge| {
            incoming[edge.block.index()].push((block, index));
            index += 1;
            for (&arg, &param) in edge.args.iter().zip(&function.block(edge.block).params) {
                if arg != param && matches!(function.value(arg).definition, Definition::Param(..)) {
                    receivers[arg.index()].push(param);
                }
            }
        });
    }
    let mut replacement = vec![None; function.values.len()];
    let joins = function
        .layout
        .iter()
        .copied()
        .filter(|&block| block != function.entry);
    let mut pending: Vec<ValueId> = joins
        .flat_map(|block| function.block(block).params.iter().copied())
        .collect();
    // Taken from the end: begin at the entry, where the values come from.
    pending.reverse();
    while let Some(param) = pending.pop() {
        if replacement[param.index()].is_some() {
            continue;
        }
        let Definition::Param(block, position) = function.value(param).definition else {
            continue;
        };
        let mut only = None;
        let redundant = incoming[block.index()].iter().all(|&edge| {
            let arg = edge_at(function, edge).args[position as usize];
            let arg = resolve(&mut replacement, arg);
            arg == param || *only.get_or_insert(arg) == arg
        });
        if let (true, Some(value)) = (redundant, only) {
            replacement[param.index()] = Some(value);
            pending.extend_from_slice(&receivers[param.index()]);
        }
    }
    for index in 0..replacement.len() {
        resolve(&mut replacement, ValueId::new(index));
    }
    replacement
}

/// The end of the value's chain; the chain is shortened on the way.
fn resolve(replacement: &mut [Option<ValueId>], value: ValueId) -> ValueId {
    let mut end = value;
    while let Some(next) = replacement[end.index()] {
        end = next;
    }
    let mut at = value;
    while let Some(next) = replacement[at.index()] {
        if next != end {
            replacement[at.index()] = Some(end);
        }
        at = next;
    }
    end
}

/// Removes parameters, together with the arguments for them, from every block but the entry.
pub fn remove_params(function: &mut Function, remove: impl Fn(&Function, ValueId) -> bool) {
    // Per block: which positions stay. Empty: all of them.
    let mut kept: Vec<Vec<bool>> = vec![Vec::new(); function.blocks.len()];
    for index in 0..function.layout.len() {
        let block = function.layout[index];
        let params = &function.block(block).params;
        let keep: Vec<bool> = params
            .iter()
            .map(|&param| !remove(function, param))
            .collect();
        if block != function.entry && keep.contains(&false) {
            let mut params = std::mem::take(&mut function.block_mut(block).params);
            retain_positions(&mut params, &keep);
            for (position, &param) in params.iter().enumerate() {
                function.value_mut(param).definition = Definition::Param(block, position as u32);
            }
            function.block_mut(block).params = params;
            kept[block.index()] = keep;
        }
    }
    for index in 0..function.layout.len() {
        let block = function.layout[index];
        function
            .block_mut(block)
            .terminator
            .for_each_edge_mut(|edge| {
                let keep = &kept[edge.block.index()];
                if !keep.is_empty() {
                    retain_positions(&mut edge.args, keep);
                }
            });
    }
}

fn retain_positions(values: &mut Vec<ValueId>, keep: &[bool]) {
    let mut position = 0;
    values.retain(|_| {
        position += 1;
        keep[position - 1]
    });
}
