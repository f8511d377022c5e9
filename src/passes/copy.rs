//! Copies of blocks under a renaming of values: what unrolling and rotating are made of.

use std::collections::HashMap;

use crate::hir::{BlockId, Edge, FrameStateId, Function, InstrId, Terminator, ValueId};

/// A renaming. What it does not know stays as it is.
#[derive(Default)]
pub struct Copier {
    /// Values of the original and what they are in the copy.
    pub values: HashMap<ValueId, ValueId>,
    /// Blocks of the original and their copies.
    pub blocks: HashMap<BlockId, BlockId>,
    states: HashMap<FrameStateId, FrameStateId>,
}

impl Copier {
    /// The value in the copy.
    pub fn value(&self, value: ValueId) -> ValueId {
        self.values.get(&value).copied().unwrap_or(value)
    }

    /// The edge in the copy.
    pub fn edge(&self, edge: &Edge) -> Edge {
        Edge {
            block: self.blocks.get(&edge.block).copied().unwrap_or(edge.block),
            args: edge.args.iter().map(|&arg| self.value(arg)).collect(),
        }
    }

    /// A new parameter of `block` with the facts of `param`, which it stands for in the copy.
    pub fn copy_param(&mut self, function: &mut Function, block: BlockId, param: ValueId) {
        let facts = function.value(param).clone();
        let copy = function.add_param(block, facts.ty, facts.repr, facts.range);
        self.values.insert(param, copy);
    }

    /// The frame state in the copy; the same one if it names nothing that is renamed.
    pub fn state(&mut self, function: &mut Function, id: FrameStateId) -> FrameStateId {
        if let Some(&copy) = self.states.get(&id) {
            return copy;
        }
        let mut is_renamed = false;
        function.for_each_state_value(id, &mut |value| {
            is_renamed |= self.values.contains_key(&value);
        });
        let copy = if is_renamed {
            let mut state = function.frame_state(id).clone();
            state.for_each_value_mut(&mut |value| *value = self.value(*value));
            state.parent = state.parent.map(|parent| self.state(function, parent));
            function.add_frame_state(state)
        } else {
            id
        };
        self.states.insert(id, copy);
        copy
    }

    /// Appends a copy of the instruction to `block`. Its result is renamed from here on.
    pub fn copy_instr(&mut self, function: &mut Function, id: InstrId, block: BlockId) {
        let mut instr = function.instr(id).clone();
        instr
            .args
            .iter_mut()
            .for_each(|arg| *arg = self.value(*arg));
        let facts = instr.result.map(|result| {
            let value = function.value(result);
            (value.ty, value.repr, value.range)
        });
        let copy = function.add_instr(instr.op, &instr.args, facts, instr.origin);
        let (exit, throw, after) = (
            instr.exit.map(|state| self.state(function, state)),
            instr.throw.map(|state| self.state(function, state)),
            instr.after.map(|state| self.state(function, state)),
        );
        let row = function.instr_mut(copy);
        (row.exit, row.throw, row.after, row.operand) = (exit, throw, after, instr.operand);
        if let (Some(old), Some(new)) = (instr.result, function.instr(copy).result) {
            self.values.insert(old, new);
        }
        function.block_mut(block).instrs.push(copy);
    }

    /// The terminator in the copy.
    pub fn terminator(&mut self, function: &mut Function, terminator: &Terminator) -> Terminator {
        match terminator {
            Terminator::None => Terminator::None,
            Terminator::Jump(edge) => Terminator::Jump(self.edge(edge)),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => Terminator::Branch {
                condition: self.value(*condition),
                then: self.edge(then),
                otherwise: self.edge(otherwise),
            },
            Terminator::Return(value) => Terminator::Return(self.value(*value)),
            Terminator::Exit { reason, state } => Terminator::Exit {
                reason: *reason,
                state: self.state(function, *state),
            },
        }
    }
}
