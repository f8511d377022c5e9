//! Fewer blocks and edges.
//!
//! * A branch on a constant, or to the same place both ways, is a jump; a guard that must fail leaves
//!   for good. Blocks nobody reaches then leave the layout.
//! * A jump to an empty block that only jumps on goes where that one goes.
//! * A block with one predecessor, which only goes there, becomes part of it.
//!
//! A loop keeps its preheader (the one block in front of it, with the snapshot hoisted guards leave
//! to): edges to a loop header are not redirected.

use super::Pass;
use super::edit::as_bool;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::Loops;
use crate::hir::{BlockId, Edge, Function, Op, Terminator, ValueId};

/// Empty blocks in a row that an edge is moved past.
const MOST_THREADED: usize = 32;

/// `clean-cfg`.
pub struct CleanCfg;

impl Pass for CleanCfg {
    fn name(&self) -> &'static str {
        "clean-cfg"
    }

    fn run(&self, function: &mut Function) {
        fold_branches(function);
        drop_unreachable(function);
        thread_jumps(function);
        fold_branches(function);
        merge_lines(function);
        drop_unreachable(function);
    }
}

fn fold_branches(function: &mut Function) {
    for index in 0..function.layout.len() {
        let block = function.layout[index];
        cut_behind_failing_guard(function, block);
        if let Terminator::Branch {
            condition,
            then,
            otherwise,
        } = &function.block(block).terminator
        {
            let taken = if then == otherwise {
                then.clone()
            } else {
                match as_bool(function, *condition) {
                    Some(true) => then.clone(),
                    Some(false) => otherwise.clone(),
                    None => continue,
                }
            };
            function.block_mut(block).terminator = Terminator::Jump(taken);
        }
    }
}

/// Behind a guard that always fails there is nothing.
fn cut_behind_failing_guard(function: &mut Function, block: BlockId) {
    let data = function.block(block);
    let failing = data.instrs.iter().enumerate().find_map(|(position, &id)| {
        let instr = function.instr(id);
        let (wanted, reason) = match instr.op {
            Op::GuardTrue(reason) => (true, reason),
            Op::GuardFalse(reason) => (false, reason),
            _ => return None,
        };
        let fails = as_bool(function, instr.args[0]) == Some(!wanted);
        Some((position, reason, instr.exit?)).filter(|_| fails)
    });
    if let Some((position, reason, state)) = failing {
        let data = function.block_mut(block);
        data.instrs.truncate(position);
        data.terminator = Terminator::Exit { reason, state };
    }
}

fn drop_unreachable(function: &mut Function) {
    let mut reached = vec![false; function.blocks.len()];
    let mut pending = vec![function.entry];
    reached[function.entry.index()] = true;
    while let Some(block) = pending.pop() {
        function.block(block).terminator.for_each_edge(|edge| {
            if !std::mem::replace(&mut reached[edge.block.index()], true) {
                pending.push(edge.block);
            }
        });
    }
    function.layout.retain(|block| reached[block.index()]);
}

fn thread_jumps(function: &mut Function) {
    let dominators = Dominators::new(function);
    let loops = Loops::new(function, &dominators);
    // Where a jump to the block might as well go.
    let target = |function: &Function, block: BlockId| -> Option<Edge> {
        let data = function.block(block);
        match &data.terminator {
            Terminator::Jump(edge)
                if data.instrs.is_empty()
                    && data.params.is_empty()
                    && block != function.entry
                    && edge.block != block
                    && loops.with_header(edge.block).is_none() =>
            {
                Some(edge.clone())
            }
            _ => None,
        }
    };
    for index in 0..function.layout.len() {
        let block = function.layout[index];
        let mut terminator =
            std::mem::replace(&mut function.block_mut(block).terminator, Terminator::None);
        terminator.for_each_edge_mut(|edge| {
            // Loops end this, since no edge to a header is taken; a cycle that is no loop would not.
            for _ in 0..MOST_THREADED {
                let Some(next) = target(function, edge.block) else {
                    break;
                };
                *edge = next;
            }
        });
        function.block_mut(block).terminator = terminator;
    }
    drop_unreachable(function);
}

fn merge_lines(function: &mut Function) {
    let mut incoming = vec![0u32; function.blocks.len()];
    for &block in &function.layout {
        function
            .block(block)
            .terminator
            .for_each_edge(|edge| incoming[edge.block.index()] += 1);
    }
    let mut replacement: Vec<Option<ValueId>> = vec![None; function.values.len()];
    let mut replaced = false;
    for index in 0..function.layout.len() {
        let block = function.layout[index];
        while let Terminator::Jump(edge) = &function.block(block).terminator {
            let next = edge.block;
            if next == block || next == function.entry || incoming[next.index()] != 1 {
                break;
            }
            for (&param, &arg) in function.block(next).params.iter().zip(&edge.args) {
                replacement[param.index()] = Some(arg);
                replaced = true;
            }
            let data = function.block_mut(next);
            let instrs = std::mem::take(&mut data.instrs);
            let terminator = std::mem::replace(&mut data.terminator, Terminator::None);
            data.params.clear();
            let data = function.block_mut(block);
            data.instrs.extend(instrs);
            data.terminator = terminator;
            // It is reached from nowhere now; the walk must not merge from it.
            incoming[next.index()] = 0;
        }
    }
    if replaced {
        function.replace_values(&replacement);
    }
}
