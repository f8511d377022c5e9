//! Removes `keep_alive` marks where no object can die.
//!
//! The lifter marks every place where the interpreter drops a reference, most of them operands
//! popped from the stack while a variable still has the object. A mark that stays counts as a place
//! where a finaliser may run ([`Function::effects_of`]) and stops every fact about memory. One goes
//! when
//!
//! * nobody could observe the death, or somebody outside holds the object;
//! * it is an item loaded in the same block from a container that has not changed since, but for
//!   stores behind which nothing uses it: a store leaves before it would take the last reference
//!   from what dies observably, so somebody still holds it;
//! * the object is still used behind it: then the interpreter has another reference, and where that
//!   one is dropped there is another mark.

use super::Pass;
use crate::analysis::bits::BitSet;
use crate::analysis::dominators::Dominators;
use crate::analysis::liveness::{Liveness, StateUses, Tracked};
use crate::hir::{BlockId, Function, InstrId, Op, ValueId};

/// `idle-drops`.
pub struct IdleDrops;

impl Pass for IdleDrops {
    fn name(&self) -> &'static str {
        "idle-drops"
    }

    fn run(&self, function: &mut Function) {
        if drop_held_elsewhere(function) {
            drop_used_later(function);
        }
    }
}

/// An item that a container holds.
struct Held {
    object: ValueId,
    /// A store may have taken it out since.
    stale: bool,
}

/// The first two reasons; are marks left?
fn drop_held_elsewhere(function: &mut Function) -> bool {
    let mut held: Vec<Held> = Vec::new();
    let mut left = false;
    edit_blocks(function, |function, _, instrs| {
        held.clear();
        instrs.retain(|&id| {
            let instr = function.instr(id);
            if instr.op == Op::KeepAlive {
                let value = instr.args[0];
                let object = function.object_behind(value);
                if !function.may_die_observably(value)
                    || held.iter().any(|held| held.object == object)
                {
                    return false;
                }
                left = true;
            } else if held.iter().any(|held| held.stale) {
                // Used behind the store, it will get a reference of its own, and this code may be
                // the last to hold it.
                let mut used = |value| {
                    let object = function.object_behind(value);
                    held.retain(|held| !(held.stale && held.object == object));
                };
                instr.args.iter().copied().for_each(&mut used);
                for state in function.states_of(id) {
                    function.for_each_state_value(state, &mut used);
                }
            }
            match instr.op {
                // They leave instead of taking the last reference from what dies observably.
                Op::StoreList
                | Op::StoreListI64
                | Op::StoreListF64
                | Op::StoreCell
                | Op::StoreField(_)
                | Op::StoreFieldI64(_)
                | Op::StoreFieldF64(_) => {
                    held.iter_mut().for_each(|held| held.stale = true);
                }
                // This includes the death of an owned container.
                _ if !function.effects_of(id).writes.is_empty() => held.clear(),
                Op::LoadList
                | Op::LoadFixed(_)
                | Op::LoadCell
                | Op::LoadGlobal(_)
                | Op::LoadMember(_)
                | Op::LoadClassMember(_)
                | Op::LoadField(_) => {
                    held.extend(instr.result.map(|object| Held {
                        object,
                        stale: false,
                    }));
                }
                _ => {}
            }
            true
        });
    });
    left
}

/// The third reason.
fn drop_used_later(function: &mut Function) {
    let dominators = Dominators::new(function);
    let mut tracked = Tracked::new(function);
    for &block in dominators.reverse_postorder() {
        for &id in &function.block(block).instrs {
            let instr = function.instr(id);
            if instr.op == Op::KeepAlive {
                let object = function.object_behind(instr.args[0]);
                if tracked.get(object).is_none() {
                    tracked.add(object);
                }
            }
        }
    }
    for index in 0..function.values.len() {
        let value = ValueId::new(index);
        let object = function.object_behind(value);
        if object != value {
            tracked.alias(value, object);
        }
    }
    let liveness = Liveness::new(function, &dominators, &tracked);
    let mut states = StateUses::new(function);
    let mut live = BitSet::default();
    edit_blocks(function, |function, block, instrs| {
        live.copy_from(liveness.live_out(block));
        states.for_each_terminator_use(function, &tracked, block, |number| {
            live.insert(number);
        });
        let mut idle: Vec<InstrId> = Vec::new();
        for &id in instrs.iter().rev() {
            let instr = function.instr(id);
            if instr.op == Op::KeepAlive
                && tracked
                    .get(instr.args[0])
                    .is_some_and(|number| live.contains(number))
            {
                idle.push(id);
            }
            if let Some(value) = instr.result
                && function.object_behind(value) == value
                && let Some(number) = tracked.get(value)
            {
                live.remove(number);
            }
            states.for_each_use(function, &tracked, id, |number| {
                live.insert(number);
            });
        }
        // Found in reverse order.
        instrs.retain(|id| idle.pop_if(|last| last == id).is_none());
    });
}

fn edit_blocks(
    function: &mut Function,
    mut edit: impl FnMut(&Function, BlockId, &mut Vec<InstrId>),
) {
    for index in 0..function.layout.len() {
        let block = function.layout[index];
        let mut instrs = std::mem::take(&mut function.block_mut(block).instrs);
        edit(function, block, &mut instrs);
        function.block_mut(block).instrs = instrs;
    }
}
