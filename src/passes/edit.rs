//! The walk that rewriting passes share: every instruction once, below what dominates it.
//!
//! Operands are replaced before an instruction is shown, so a rule sees the results of the rules
//! before it. What a back edge or a frame state names is replaced at the end.

use crate::analysis::dominators::Dominators;
use crate::hir::{BlockId, Function, InstrId, IntRange, Op, Origin, Repr, Type, ValueId};

/// What becomes of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It stays, perhaps changed in place.
    Keep,
    /// It goes; its result is this value, which is defined on every path to here.
    Replace(ValueId),
    /// It goes; it has no result.
    Remove,
}

/// A pass as rules for single instructions.
pub trait Rules {
    /// Called before the first instruction of a block.
    fn enter(&mut self, _function: &mut Function, _block: BlockId) {}
    /// Decides about one instruction. What it appends to `before` stands in front of it.
    fn instr(&mut self, function: &mut Function, id: InstrId, before: &mut Vec<InstrId>)
    -> Verdict;
    /// Called behind the last instruction of a block, operands of the terminator replaced.
    fn leave(&mut self, _function: &mut Function, _block: BlockId) {}
}

/// Applies the rules in preorder of the dominator tree.
pub fn rewrite(function: &mut Function, dominators: &Dominators, rules: &mut dyn Rules) {
    let mut replacement: Vec<Option<ValueId>> = vec![None; function.values.len()];
    let mut replaced = false;
    for &block in dominators.preorder() {
        rules.enter(function, block);
        let instrs = std::mem::take(&mut function.block_mut(block).instrs);
        let mut kept = Vec::with_capacity(instrs.len());
        for id in instrs {
            if replaced {
                let args = &mut function.instr_mut(id).args;
                args.iter_mut()
                    .for_each(|value| resolve(&replacement, value));
            }
            match rules.instr(function, id, &mut kept) {
                Verdict::Keep => kept.push(id),
                Verdict::Remove => {}
                Verdict::Replace(value) => {
                    if let Some(result) = function.instr(id).result {
                        replacement[result.index()] = Some(value);
                        replaced = true;
                    }
                }
            }
        }
        let data = function.block_mut(block);
        data.instrs = kept;
        if replaced {
            data.terminator
                .for_each_value_mut(|value| resolve(&replacement, value));
        }
        rules.leave(function, block);
    }
    if replaced {
        function.replace_values(&replacement);
    }
}

fn resolve(replacement: &[Option<ValueId>], value: &mut ValueId) {
    while let Some(Some(new)) = replacement.get(value.index()) {
        *value = *new;
    }
}

/// Turns the instruction into one without ways out that computes the same value.
pub fn become_op(function: &mut Function, id: InstrId, op: Op, args: &[ValueId]) -> Verdict {
    let instr = function.instr_mut(id);
    instr.op = op;
    instr.args = smallvec::SmallVec::from_slice(args);
    if !op.effects().may_exit {
        instr.exit = None;
    }
    Verdict::Keep
}

/// Turns the instruction into a constant int of its representation, which must hold it.
pub fn become_int(function: &mut Function, id: InstrId, value: i128) -> Verdict {
    let Some(result) = function.instr(id).result else {
        return Verdict::Keep;
    };
    let op = match function.value(result).repr {
        Repr::I64 => i64::try_from(value).ok().map(Op::ConstI64),
        Repr::U64 => u64::try_from(value).ok().map(Op::ConstU64),
        _ => None,
    };
    let Some(op) = op else { return Verdict::Keep };
    let row = function.value_mut(result);
    (row.ty, row.range) = (Type::INT, IntRange::constant(value));
    become_op(function, id, op, &[])
}

/// Turns the instruction into `True` or `False`.
pub fn become_bool(function: &mut Function, id: InstrId, value: bool) -> Verdict {
    become_op(function, id, Op::ConstBool(value), &[])
}

/// A new constant int in front of the instruction.
pub fn new_int(
    function: &mut Function,
    before: &mut Vec<InstrId>,
    origin: Origin,
    value: i64,
) -> ValueId {
    let facts = Some((Type::INT, Repr::I64, IntRange::constant(value.into())));
    let id = function.add_instr(Op::ConstI64(value), &[], facts, origin);
    before.push(id);
    function.instr(id).result.expect("a constant has a value")
}

/// The int the value always is.
pub fn as_int(function: &Function, value: ValueId) -> Option<i128> {
    match function.defining_op(value) {
        Some(Op::ConstI64(constant)) => Some(constant.into()),
        Some(Op::ConstU64(constant)) => Some(constant.into()),
        _ => None,
    }
}

/// The bool the value always is.
pub fn as_bool(function: &Function, value: ValueId) -> Option<bool> {
    match function.defining_op(value) {
        Some(Op::ConstBool(constant)) => Some(constant),
        _ => None,
    }
}

/// The float the value always is.
pub fn as_float(function: &Function, value: ValueId) -> Option<f64> {
    match function.defining_op(value) {
        Some(Op::ConstF64(bits)) => Some(bits.value()),
        _ => None,
    }
}
