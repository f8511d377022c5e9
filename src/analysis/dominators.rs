//! Reverse postorder and dominator tree of a function's control flow.
//!
//! A read-only value computed for a pass; it is stale as soon as an edge changes. Blocks that
//! cannot be reached from the entry have no place in it, whether or not the layout lists them.
//! Cooper, Harvey and Kennedy's iteration: two walks for the reducible graphs Python compiles to.

use smallvec::SmallVec;

use crate::hir::{BlockId, Function};

const NOWHERE: u32 = u32::MAX;

/// Dominator tree with constant-time queries.
#[derive(Clone, Debug)]
pub struct Dominators {
    /// Reachable blocks in reverse postorder.
    order: Vec<BlockId>,
    /// Place of each block in `order`.
    position: Vec<u32>,
    /// Places of the predecessors of each place in `order`, one per edge.
    predecessors: Vec<SmallVec<[u32; 4]>>,
    /// Place of the immediate dominator of each place.
    immediate: Vec<u32>,
    /// Blocks in preorder of the dominator tree.
    preorder: Vec<BlockId>,
    /// First and last preorder number below each place.
    span: Vec<(u32, u32)>,
}

impl Dominators {
    /// Computes the tree.
    pub fn new(function: &Function) -> Dominators {
        let order = reverse_postorder(function);
        let mut position = vec![NOWHERE; function.blocks.len()];
        for (place, block) in order.iter().enumerate() {
            position[block.index()] = place as u32;
        }
        let mut predecessors = vec![SmallVec::<[u32; 4]>::new(); order.len()];
        for (place, &block) in order.iter().enumerate() {
            function.block(block).terminator.for_each_edge(|edge| {
                predecessors[position[edge.block.index()] as usize].push(place as u32);
            });
        }
        let immediate = immediate_dominators(&predecessors);
        let (preorder, span) = number_tree(&order, &immediate);
        Dominators {
            order,
            position,
            predecessors,
            immediate,
            preorder,
            span,
        }
    }

    /// Reachable blocks; a block comes after those that dominate it, and outside of loops after its
    /// predecessors.
    pub fn reverse_postorder(&self) -> &[BlockId] {
        &self.order
    }

    /// Reachable blocks, each followed by everything it dominates.
    pub fn preorder(&self) -> &[BlockId] {
        &self.preorder
    }

    /// The block's place in [`Dominators::reverse_postorder`].
    pub fn position(&self, block: BlockId) -> Option<usize> {
        match self.position.get(block.index()) {
            Some(&NOWHERE) | None => None,
            Some(&place) => Some(place as usize),
        }
    }

    /// Can the entry reach it?
    pub fn is_reachable(&self, block: BlockId) -> bool {
        self.position(block).is_some()
    }

    /// Reachable predecessors, once per edge.
    pub fn predecessors(&self, block: BlockId) -> impl Iterator<Item = BlockId> + '_ {
        let places = self
            .position(block)
            .map(|place| self.predecessors[place].as_slice());
        places
            .unwrap_or_default()
            .iter()
            .map(|&place| self.order[place as usize])
    }

    /// Edges from reachable blocks into it.
    pub fn predecessor_count(&self, block: BlockId) -> usize {
        self.position(block)
            .map_or(0, |place| self.predecessors[place].len())
    }

    /// The closest block that dominates `block`, which is not the entry.
    pub fn immediate(&self, block: BlockId) -> Option<BlockId> {
        let place = self.position(block)?;
        (place != 0).then(|| self.order[self.immediate[place] as usize])
    }

    /// Every path from the entry to `below` passes through `above` (a block dominates itself).
    pub fn dominates(&self, above: BlockId, below: BlockId) -> bool {
        match (self.position(above), self.position(below)) {
            (Some(above), Some(below)) => {
                let (first, last) = self.span[above];
                (first..=last).contains(&self.span[below].0)
            }
            _ => false,
        }
    }
}

fn reverse_postorder(function: &Function) -> Vec<BlockId> {
    let mut visited = vec![false; function.blocks.len()];
    let mut order = Vec::with_capacity(function.layout.len());
    // A block, its successors, and how many of them have been visited.
    let mut stack = vec![(
        function.entry,
        function.block(function.entry).terminator.successors(),
        0,
    )];
    visited[function.entry.index()] = true;
    while let Some((block, successors, next)) = stack.last_mut() {
        // The last successor first, so that the first one comes first in the reversed order.
        if *next < successors.len() {
            *next += 1;
            let successor = successors[successors.len() - *next];
            if !std::mem::replace(&mut visited[successor.index()], true) {
                stack.push((
                    successor,
                    function.block(successor).terminator.successors(),
                    0,
                ));
            }
        } else {
            order.push(*block);
            stack.pop();
        }
    }
    order.reverse();
    order
}

fn immediate_dominators(predecessors: &[SmallVec<[u32; 4]>]) -> Vec<u32> {
    let mut immediate = vec![NOWHERE; predecessors.len()];
    immediate[0] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for place in 1..predecessors.len() {
            let mut common = NOWHERE;
            for &predecessor in &predecessors[place] {
                if immediate[predecessor as usize] == NOWHERE {
                    continue;
                }
                let (mut a, mut b) = (predecessor, common);
                if b == NOWHERE {
                    b = a;
                }
                while a != b {
                    if a > b {
                        a = immediate[a as usize];
                    } else {
                        b = immediate[b as usize];
                    }
                }
                common = a;
            }
            if immediate[place] != common {
                immediate[place] = common;
                changed = true;
            }
        }
    }
    immediate
}

/// Preorder of the tree, children in reverse postorder, and the numbers each place spans.
fn number_tree(order: &[BlockId], immediate: &[u32]) -> (Vec<BlockId>, Vec<(u32, u32)>) {
    // Sizes of the subtrees, children before parents; then each child gets its slice of numbers.
    let mut size = vec![1u32; order.len()];
    for place in (1..order.len()).rev() {
        size[immediate[place] as usize] += size[place];
    }
    let mut span = vec![(0, 0); order.len()];
    let mut next_free: Vec<u32> = vec![1; order.len()];
    let mut preorder = vec![order[0]; order.len()];
    span[0] = (0, size[0] - 1);
    for place in 1..order.len() {
        let parent = immediate[place] as usize;
        let first = next_free[parent];
        next_free[parent] += size[place];
        next_free[place] = first + 1;
        span[place] = (first, first + size[place] - 1);
        preorder[first as usize] = order[place];
    }
    (preorder, span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{graph, ids};

    #[test]
    fn diamond_joins_below_its_branch() {
        let function = graph(&[&[1, 2], &[3], &[3], &[]]);
        let dominators = Dominators::new(&function);
        let [top, left, right, join] = ids();
        assert_eq!(dominators.reverse_postorder(), &[top, left, right, join]);
        assert_eq!(dominators.immediate(join), Some(top));
        assert_eq!(dominators.immediate(top), None);
        assert!(dominators.dominates(top, join) && dominators.dominates(join, join));
        assert!(!dominators.dominates(left, join) && !dominators.dominates(left, right));
        assert_eq!(
            dominators.predecessors(join).collect::<Vec<_>>(),
            [left, right]
        );
    }

    #[test]
    fn unreachable_blocks_are_nowhere() {
        // Block 2 jumps into block 1, but nothing reaches it: it is no predecessor.
        let function = graph(&[&[1], &[], &[1]]);
        let dominators = Dominators::new(&function);
        let [entry, end, lost] = ids();
        assert!(!dominators.is_reachable(lost) && !dominators.dominates(lost, end));
        assert_eq!(dominators.predecessors(end).collect::<Vec<_>>(), [entry]);
    }

    #[test]
    fn loops_and_both_edges_to_one_block() {
        let function = graph(&[&[1], &[2, 4], &[3, 3], &[1], &[]]);
        let dominators = Dominators::new(&function);
        let [entry, header, body, latch, exit] = ids();
        assert_eq!(dominators.immediate(header), Some(entry));
        assert_eq!(dominators.immediate(latch), Some(body));
        assert_eq!(dominators.immediate(exit), Some(header));
        assert_eq!(dominators.predecessor_count(latch), 2);
        assert!(dominators.dominates(header, latch) && !dominators.dominates(latch, header));
        // Everything below a block follows it directly in preorder.
        assert_eq!(dominators.preorder(), &[entry, header, body, latch, exit]);
    }

    #[test]
    fn irreducible_graphs_converge() {
        let function = graph(&[&[1, 2], &[2, 3], &[1], &[]]);
        let dominators = Dominators::new(&function);
        let [entry, a, b, end] = ids();
        assert_eq!(dominators.immediate(a), Some(entry));
        assert_eq!(dominators.immediate(b), Some(entry));
        assert_eq!(dominators.immediate(end), Some(a));
    }
}
