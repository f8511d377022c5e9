//! Notes what calls of a function by itself may do, if they can run no Python code.
//!
//! Such a *quiet* function runs arbitrary code only where it leaves to the interpreter, and then its native
//! caller, being told, leaves as well instead of going on (`lower/calls.rs`). So where native code
//! goes on behind a call of itself, only the heaps changed that the function writes by itself: guards
//! and loads before the call hold behind it.
//!
//! Runs first, while `keep_alive` still shows where references are dropped. A boxed value that may die
//! observably anywhere makes the function not quiet, for the drops that come later are not known yet.

use super::Pass;
use crate::hir::effects::Heaps;
use crate::hir::{Function, InstrId, Op, Repr, Terminator, Type, ValueId};

/// `quiet-calls`.
pub struct QuietCalls;

impl Pass for QuietCalls {
    fn name(&self) -> &'static str {
        "quiet-calls"
    }

    fn run(&self, function: &mut Function) {
        let returned = returned(function);
        function.quiet = quiet(function, returned);
        if function.quiet.is_none() {
            return;
        }
        // Native code goes on with what native code returned only.
        for index in 0..function.layout.len() {
            let block = function.layout[index];
            for place in 0..function.block(block).instrs.len() {
                let id = function.block(block).instrs[place];
                if let Some(value) = function.instr(id).result
                    && is_call_of_itself(function, id)
                    && function.value(value).ty == Type::OBJECT
                {
                    function.value_mut(value).ty = returned;
                }
            }
        }
    }
}

fn is_call_of_itself(function: &Function, id: InstrId) -> bool {
    matches!(function.instr(id).op, Op::CallNative(callee) if function.calls_itself(callee))
}

/// The classes of what native code returns, apart from what calls of itself gave it.
fn returned(function: &Function) -> Type {
    let mut ty = Type::EMPTY;
    for &block in &function.layout {
        if let Terminator::Return(value) = function.block(block).terminator {
            let from_itself = function
                .defining_instr(value)
                .is_some_and(|id| is_call_of_itself(function, id));
            if !from_itself {
                ty = ty.union(function.value(value).ty);
            }
        }
    }
    ty
}

/// What the function writes if it is quiet and calls itself.
fn quiet(function: &Function, returned: Type) -> Option<Heaps> {
    let mut writes = Heaps::NONE;
    let mut calls = false;
    for &block in &function.layout {
        let row = function.block(block);
        if row
            .params
            .iter()
            .any(|&value| is_observable(function, value))
        {
            return None;
        }
        for &id in &row.instrs {
            if is_call_of_itself(function, id) {
                if !returned.is_subset(Type::PLAIN) || returned == Type::EMPTY {
                    return None;
                }
                calls = true;
                continue;
            }
            let result = function.instr(id).result;
            if result.is_some_and(|value| is_observable(function, value)) {
                return None;
            }
            let effects = function.effects_of(id);
            if effects.runs_python {
                return None;
            }
            writes = writes.union(effects.writes);
        }
    }
    calls.then_some(writes)
}

fn is_observable(function: &Function, value: ValueId) -> bool {
    function.value(value).repr == Repr::Boxed && function.may_die_observably(value)
}
