//! Two items of a list that change places: no reference is counted, nothing can die.
//!
//! ```text
//! a = load_list l, d, i;  b = load_list l, d, j;  store_list l, d, i, b;  store_list l, d, j, a
//! ->  swap_list l, d, i, b, j, a
//! ```
//!
//! Both loads stand in the block of the stores, with no write to lists between them and the first store, and
//! nothing that leaves or acts stands between the stores: nobody sees the list with one item twice.

use std::collections::HashMap;

use smallvec::smallvec;

use super::Pass;
use crate::hir::effects::Heaps;
use crate::hir::{BlockId, Function, InstrId, Op, ValueId};

/// `list-swaps`.
pub struct ListSwaps;

impl Pass for ListSwaps {
    fn name(&self) -> &'static str {
        "list-swaps"
    }

    fn run(&self, function: &mut Function) {
        for index in 0..function.layout.len() {
            let block = function.layout[index];
            for (first, second, item) in swaps(function, block) {
                let [list, data, i, b] = function.instr(first).args[..] else {
                    continue;
                };
                let j = function.instr(second).args[2];
                let instr = function.instr_mut(second);
                instr.op = Op::SwapList;
                instr.args = smallvec![list, data, i, b, j, item];
                instr.exit = None;
                function.block_mut(block).instrs.retain(|&id| id != first);
            }
        }
    }
}

/// Pairs of stores that make a swap, and the item that the second one stores.
fn swaps(function: &Function, block: BlockId) -> Vec<(InstrId, InstrId, ValueId)> {
    let instrs = &function.block(block).instrs;
    let mut loads: HashMap<[ValueId; 3], ValueId> = HashMap::new();
    let mut found = Vec::new();
    for (place, &id) in instrs.iter().enumerate() {
        let instr = function.instr(id);
        match (instr.op, &instr.args[..], instr.result) {
            (Op::LoadList, &[list, data, index], Some(item)) => {
                loads.insert([list, data, index], item);
                continue;
            }
            (Op::StoreList, &[list, data, i, b], _) => {
                let next = instrs[place + 1..]
                    .iter()
                    .copied()
                    .find(|&id| !is_silent(function, id));
                if let Some(second) = next
                    && let Some(a) = other_half(function, &loads, second, [list, data, i], b)
                {
                    found.push((id, second, a));
                }
            }
            _ => {}
        }
        let writes = function.effects_of(id).writes;
        if writes.overlaps(Heaps::LIST_ITEMS.union(Heaps::LIST_SHAPE)) {
            loads.clear();
        }
    }
    found
}

/// The item that `second` stores, if it puts what was at `place` where `b` was.
fn other_half(
    function: &Function,
    loads: &HashMap<[ValueId; 3], ValueId>,
    second: InstrId,
    place: [ValueId; 3],
    b: ValueId,
) -> Option<ValueId> {
    let instr = function.instr(second);
    let (Op::StoreList, &[list, data, j, a]) = (instr.op, &instr.args[..]) else {
        return None;
    };
    let is_item = |object: ValueId, place: [ValueId; 3]| {
        loads.get(&place) == Some(&function.object_behind(object))
    };
    let same_list = [list, data] == place[..2];
    (same_list && is_item(b, [list, data, j]) && is_item(a, place)).then_some(a)
}

/// It neither leaves nor acts, and reads no item.
fn is_silent(function: &Function, id: InstrId) -> bool {
    let op = function.instr(id).op;
    let effects = function.effects_of(id);
    op == Op::Snapshot
        || !(effects.may_exit
            || effects.may_raise
            || effects.runs_python
            || !effects.writes.is_empty()
            || effects.reads.overlaps(Heaps::LIST_ITEMS))
}
