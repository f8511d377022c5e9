//! Tests what a function that calls itself assumes of the world once, before its first instruction.
//!
//! In a *quiet* function (`quiet_calls.rs`) nobody else runs between the first call and the last return, or
//! native code leaves. So a guard on namespaces or on a Python function that holds when the function is
//! entered from outside holds in all calls of it by itself. The guards go to the front of the entry block;
//! lowering runs them only for calls from outside (`lower/recursion.rs`).
//!
//! Runs right behind `quiet-calls`, while the entry block still begins with the state of the first
//! instruction.

use super::Pass;
use crate::hir::{FrameStateId, Function, InstrId, Op};

/// `entry-guards`.
pub struct EntryGuards;

impl Pass for EntryGuards {
    fn name(&self) -> &'static str {
        "entry-guards"
    }

    fn run(&self, function: &mut Function) {
        let Some(state) = first_state(function) else {
            return;
        };
        let mut guards: Vec<InstrId> = Vec::new();
        for index in 0..function.layout.len() {
            let block = function.layout[index];
            let mut instrs = std::mem::take(&mut function.block_mut(block).instrs);
            instrs.retain(|&id| {
                if !is_movable(function, id) {
                    return true;
                }
                let op = function.instr(id).op;
                if !guards.iter().any(|&other| function.instr(other).op == op) {
                    guards.push(id);
                }
                false
            });
            function.block_mut(block).instrs = instrs;
        }
        for &id in &guards {
            function.instr_mut(id).exit = Some(state);
        }
        let entry = function.entry;
        // Behind the snapshot that has the state.
        function.block_mut(entry).instrs.splice(1..1, guards);
    }
}

/// The state at the snapshot the function begins with, if the function is quiet.
fn first_state(function: &Function) -> Option<FrameStateId> {
    function.quiet?;
    let first = *function.block(function.entry).instrs.first()?;
    let instr = function.instr(first);
    instr.exit.filter(|_| instr.op == Op::Snapshot)
}

/// Is it a guard on what the function itself does not write?
fn is_movable(function: &Function, id: InstrId) -> bool {
    let instr = function.instr(id);
    let reads = instr.op.effects().reads;
    let writes = function.quiet.unwrap_or(crate::hir::effects::Heaps::ALL);
    matches!(instr.op, Op::GuardGlobals(_) | Op::GuardFunction(_)) && !reads.overlaps(writes)
}
