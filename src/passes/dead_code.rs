//! Removes what computes only for nobody: instructions, block parameters, marks.
//!
//! Mark and sweep. What acts (effects, guards, polls, ways out) is needed; what it uses, edge
//! arguments of needed parameters and frame states included, is needed too. Everything else that
//! [`Op::is_removable`] goes, cycles through loop parameters as well. The frame states of an
//! instruction that goes keep nothing alive.
//!
//! A `snapshot` goes with the last instruction that leaves to its state; but the one in front of a
//! loop stays, and with it what its state names (`licm` will need it), until `dead-snapshots`
//! removes those no guard leaves to. Another `dead-code` then removes what only they kept.

use super::Pass;
use super::clean_params::remove_params;
use crate::hir::{BlockId, Definition, FrameStateId, Function, InstrId, Op, Terminator, ValueId};

/// `dead-code`.
pub struct DeadCode;

impl Pass for DeadCode {
    fn name(&self) -> &'static str {
        "dead-code"
    }

    fn run(&self, function: &mut Function) {
        let marks = Marks::of(function);
        for index in 0..function.layout.len() {
            let block = function.layout[index];
            let mut instrs = std::mem::take(&mut function.block_mut(block).instrs);
            instrs.retain(|&instr| marks.is_needed(function, instr));
            function.block_mut(block).instrs = instrs;
        }
        remove_params(function, |_, param| !marks.values[param.index()]);
    }
}

/// `dead-snapshots`.
pub struct DeadSnapshots;

impl Pass for DeadSnapshots {
    fn name(&self) -> &'static str {
        "dead-snapshots"
    }

    fn run(&self, function: &mut Function) {
        let mut used = vec![false; function.frame_states.len()];
        for &block in &function.layout {
            for &instr in &function.block(block).instrs {
                if function.instr(instr).op != Op::Snapshot {
                    for state in function.states_of(instr) {
                        used[state.index()] = true;
                    }
                }
            }
        }
        for &block in &function.layout {
            if let Terminator::Exit { state, .. } = function.block(block).terminator {
                used[state.index()] = true;
            }
        }
        for index in 0..function.layout.len() {
            let block = function.layout[index];
            let mut instrs = std::mem::take(&mut function.block_mut(block).instrs);
            instrs.retain(|&instr| {
                let instr = function.instr(instr);
                let idle = || instr.exit.is_none_or(|state| !used[state.index()]);
                instr.op != Op::Snapshot || !idle()
            });
            function.block_mut(block).instrs = instrs;
        }
    }
}

/// The snapshot hoisted guards leave to, if the block may stand in front of a loop.
fn preheader_snapshot(
    function: &Function,
    block: BlockId,
    predecessors: &[Vec<BlockId>],
) -> Option<InstrId> {
    let data = function.block(block);
    let Terminator::Jump(edge) = &data.terminator else {
        return None;
    };
    if predecessors[edge.block.index()].len() < 2 {
        return None;
    }
    let mut backwards = data.instrs.iter().rev().copied();
    backwards.find(|&instr| function.instr(instr).op == Op::Snapshot)
}

/// What is needed.
struct Marks {
    instrs: Vec<bool>,
    values: Vec<bool>,
    states: Vec<bool>,
    pending: Vec<ValueId>,
}

impl Marks {
    fn of(function: &Function) -> Marks {
        let mut marks = Marks {
            instrs: vec![false; function.instrs.len()],
            values: vec![false; function.values.len()],
            states: vec![false; function.frame_states.len()],
            pending: Vec::new(),
        };
        let predecessors = function.predecessors();
        for &block in &function.layout {
            let preheader = preheader_snapshot(function, block, &predecessors);
            for &instr in &function.block(block).instrs {
                let needed = match function.instr(instr).op {
                    Op::Snapshot => preheader == Some(instr),
                    op => !op.is_removable(),
                };
                if needed {
                    marks.instr(function, instr);
                }
            }
            match &function.block(block).terminator {
                Terminator::Branch { condition, .. } => marks.value(*condition),
                Terminator::Return(value) => marks.value(*value),
                Terminator::Exit { state, .. } => marks.state(function, *state),
                Terminator::Jump(_) | Terminator::None => {}
            }
        }
        while let Some(value) = marks.pending.pop() {
            match function.value(value).definition {
                Definition::Instr(instr) => marks.instr(function, instr),
                Definition::Param(block, position) => {
                    for predecessor in &predecessors[block.index()] {
                        function
                            .block(*predecessor)
                            .terminator
                            .for_each_edge(|edge| {
                                if edge.block == block {
                                    marks.value(edge.args[position as usize]);
                                }
                            });
                    }
                }
            }
        }
        marks
    }

    /// A snapshot is needed where somebody leaves to its state.
    fn is_needed(&self, function: &Function, instr: InstrId) -> bool {
        let data = function.instr(instr);
        self.instrs[instr.index()]
            || data.op == Op::Snapshot && data.exit.is_some_and(|state| self.states[state.index()])
    }

    fn value(&mut self, value: ValueId) {
        if !std::mem::replace(&mut self.values[value.index()], true) {
            self.pending.push(value);
        }
    }

    fn state(&mut self, function: &Function, state: FrameStateId) {
        let mut next = Some(state);
        while let Some(state) = next {
            if std::mem::replace(&mut self.states[state.index()], true) {
                return;
            }
            let state = function.frame_state(state);
            state.for_each_value(&mut |value| self.value(value));
            next = state.parent;
        }
    }

    fn instr(&mut self, function: &Function, instr: InstrId) {
        if std::mem::replace(&mut self.instrs[instr.index()], true) {
            return;
        }
        let data = function.instr(instr);
        data.args.iter().for_each(|&value| self.value(value));
        for &state in data.exit.iter().chain(&data.throw).chain(&data.after) {
            self.state(function, state);
        }
    }
}
