//! Slow operations are computed where they stand.
//!
//! Cranelift computes what has no effect where it is used, and if two uses do not dominate each other, as in the
//! two ways of a store that reuses a box, twice: a division once for each use of its quotient. A store of the
//! value to the stack is a use that stands behind the operation; those below it take the value from there.

use super::context::{Current, Lowering};
use crate::hir::{Function, Op};

/// Slow, and without effect for Cranelift.
fn is_slow(op: Op) -> bool {
    matches!(op, Op::FloatDiv | Op::FloatSqrt | Op::IntTrueDiv)
}

/// By value: the result of a slow operation that is used more than once, frame states apart. Empty if there is
/// none.
pub fn anchored(function: &Function) -> Vec<bool> {
    let mut uses: Vec<u8> = Vec::new();
    let instrs = || {
        let blocks = function.layout.iter();
        blocks.flat_map(|&block| function.block(block).instrs.iter().copied())
    };
    if !instrs().any(|id| is_slow(function.instr(id).op)) {
        return Vec::new();
    }
    uses.resize(function.values.len(), 0);
    let mut note = |value: crate::hir::ValueId| {
        let count = &mut uses[value.index()];
        *count = count.saturating_add(1);
    };
    for id in instrs() {
        function.instr(id).args.iter().for_each(|&v| note(v));
    }
    for &block in &function.layout {
        function.block(block).terminator.for_each_value(&mut note);
    }
    let mut result = vec![false; function.values.len()];
    for id in instrs() {
        let instr = function.instr(id);
        if let Some(value) = instr.result.filter(|_| is_slow(instr.op)) {
            result[value.index()] = uses[value.index()] > 1;
        }
    }
    result
}

impl Lowering<'_, '_> {
    /// Is the result of the instruction to be computed here?
    pub fn is_anchored(&self, current: Current) -> bool {
        let result = current.instr.result;
        result.is_some_and(|value| self.anchored.get(value.index()) == Some(&true))
    }

    /// Has the value computed here.
    pub fn anchor(&mut self, value: cranelift_codegen::ir::Value) {
        let slot = match self.anchor_slot {
            Some(slot) => slot,
            None => *self.anchor_slot.insert(self.emitter.stack_slot(1)),
        };
        self.emitter.slot_store(slot, 0, value);
    }
}
