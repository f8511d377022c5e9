//! What holds on every path: forward data flow over sets of numbers, joined by intersection.
//!
//! Deliberately not built on `analysis`: the verifier judges what passes made with those.

use crate::hir::function::{Edge, Function};
use crate::hir::ids::BlockId;

/// A set of numbers below a bound.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Set(Vec<u64>);

impl Set {
    fn full(bound: usize) -> Set {
        Set(vec![u64::MAX; bound.div_ceil(64)])
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.0[number / 64] >> (number % 64) & 1 == 1
    }

    pub(super) fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    pub(super) fn remove(&mut self, number: usize) {
        self.0[number / 64] &= !(1 << (number % 64));
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    fn intersect(&mut self, other: &Set) -> bool {
        let mut changed = false;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            changed |= *word & !other != 0;
            *word &= other;
        }
        changed
    }
}

/// The set at the start of every block, by block index: nothing at the entry, elsewhere what holds at
/// the end of all predecessors. `block` applies a block, `edge` what happens on the way to the next.
pub(super) fn solve(
    function: &Function,
    bound: usize,
    mut block: impl FnMut(BlockId, &mut Set),
    edge: impl Fn(&Edge, &mut Set),
) -> Vec<Set> {
    let mut starts = vec![Set::full(bound); function.blocks.len()];
    starts[function.entry.index()].clear();
    let mut pending = vec![true; function.blocks.len()];
    while pending.iter().any(|&pending| pending) {
        for &id in &function.layout {
            if !std::mem::replace(&mut pending[id.index()], false) {
                continue;
            }
            let mut set = starts[id.index()].clone();
            block(id, &mut set);
            function.block(id).terminator.for_each_edge(|target| {
                let mut set = set.clone();
                edge(target, &mut set);
                pending[target.block.index()] |= starts[target.block.index()].intersect(&set);
            });
        }
        // Blocks outside of the layout are nobody's business.
        for (index, pending) in pending.iter_mut().enumerate() {
            *pending &= function.layout.contains(&BlockId::new(index));
        }
    }
    starts
}
