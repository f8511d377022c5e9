//! Natural loops, nested.
//!
//! A loop is a header and all blocks that reach one of its back edges without passing the header.
//! Back edges are those to a block that dominates their source; a cycle entered in two places has
//! none and is not a loop here (nothing is hoisted out of it).

use smallvec::SmallVec;

use super::dominators::Dominators;
use crate::hir::{BlockId, Function};

/// Index of a loop in its [`Loops`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LoopId(u32);

impl LoopId {
    /// The id of the row.
    pub fn new(index: usize) -> LoopId {
        LoopId(index as u32)
    }

    /// The row in [`Loops::all`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One loop.
#[derive(Clone, Debug)]
pub struct Loop {
    /// Its only entrance.
    pub header: BlockId,
    /// Sources of its back edges.
    pub latches: SmallVec<[BlockId; 2]>,
    /// All its blocks, those of inner loops included; the header first, the rest in no order.
    pub blocks: Vec<BlockId>,
    /// The only predecessor outside, if it goes nowhere else.
    pub preheader: Option<BlockId>,
    /// The loop around it.
    pub parent: Option<LoopId>,
    /// 1 for an outermost loop.
    pub depth: u32,
}

/// The loops of a function.
#[derive(Clone, Debug)]
pub struct Loops {
    all: Vec<Loop>,
    innermost: Vec<Option<LoopId>>,
}

impl Loops {
    /// Finds them.
    pub fn new(function: &Function, dominators: &Dominators) -> Loops {
        let mut loops = Loops {
            all: Vec::new(),
            innermost: vec![None; function.blocks.len()],
        };
        // Inner headers come later in reverse postorder, so inner loops are found first.
        for &header in dominators.reverse_postorder().iter().rev() {
            let latches: SmallVec<[BlockId; 2]> = dominators
                .predecessors(header)
                .filter(|&predecessor| dominators.dominates(header, predecessor))
                .collect();
            if !latches.is_empty() {
                loops.add(function, dominators, header, latches);
            }
        }
        for index in (0..loops.all.len()).rev() {
            // Parents are found after their children and so have higher numbers.
            let parent = loops.all[index].parent;
            loops.all[index].depth = 1 + parent.map_or(0, |parent| loops.all[parent.index()].depth);
        }
        loops
    }

    fn add(
        &mut self,
        function: &Function,
        dominators: &Dominators,
        header: BlockId,
        latches: SmallVec<[BlockId; 2]>,
    ) {
        let id = LoopId(self.all.len() as u32);
        let mut blocks = vec![header];
        // An inner loop found below: its blocks are ours, and its entrance is where to go on.
        let mut pending: Vec<BlockId> = latches.to_vec();
        let inner_header = self.innermost[header.index()].replace(id);
        debug_assert!(inner_header.is_none(), "one loop per header");
        while let Some(block) = pending.pop() {
            let mut outermost = None;
            let mut next = self.innermost[block.index()];
            while let Some(inner) = next {
                outermost = Some(inner);
                next = self.all.get(inner.index()).and_then(|inner| inner.parent);
            }
            match outermost {
                Some(outermost) if outermost == id => {}
                Some(outermost) => {
                    self.all[outermost.index()].parent = Some(id);
                    let inner = &self.all[outermost.index()];
                    blocks.extend_from_slice(&inner.blocks);
                    pending.extend(
                        dominators
                            .predecessors(inner.header)
                            .filter(|predecessor| !inner.latches.contains(predecessor)),
                    );
                }
                None => {
                    self.innermost[block.index()] = Some(id);
                    blocks.push(block);
                    pending.extend(dominators.predecessors(block));
                }
            }
        }
        let mut outside = dominators
            .predecessors(header)
            .filter(|predecessor| !latches.contains(predecessor));
        let preheader = match (outside.next(), outside.next()) {
            (Some(block), None) if function.block(block).terminator.successors().len() == 1 => {
                Some(block)
            }
            _ => None,
        };
        drop(outside);
        self.all.push(Loop {
            header,
            latches,
            blocks,
            preheader,
            parent: None,
            depth: 0,
        });
    }

    /// Every loop, inner ones before those around them.
    pub fn all(&self) -> &[Loop] {
        &self.all
    }

    /// The loop.
    pub fn get(&self, id: LoopId) -> &Loop {
        &self.all[id.index()]
    }

    /// The innermost loop around the block.
    pub fn innermost(&self, block: BlockId) -> Option<LoopId> {
        self.innermost[block.index()]
    }

    /// How many loops are around the block.
    pub fn depth(&self, block: BlockId) -> u32 {
        self.innermost(block).map_or(0, |id| self.get(id).depth)
    }

    /// Is the block in the loop or in one inside of it?
    pub fn contains(&self, id: LoopId, block: BlockId) -> bool {
        let mut next = self.innermost(block);
        while let Some(inner) = next {
            if inner >= id {
                return inner == id;
            }
            next = self.get(inner).parent;
        }
        false
    }

    /// The loop that begins at the block.
    pub fn with_header(&self, header: BlockId) -> Option<LoopId> {
        self.innermost(header)
            .filter(|&id| self.get(id).header == header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{graph, ids};

    fn loops(edges: &[&[usize]]) -> Loops {
        let function = graph(edges);
        Loops::new(&function, &Dominators::new(&function))
    }

    #[test]
    fn nested_loops_share_blocks() {
        // 1 is the outer header, 2 the inner preheader, 3 the inner header, 4 its latch, 5 the
        // outer latch.
        let loops = loops(&[&[1], &[2, 6], &[3], &[4, 5], &[3], &[1], &[]]);
        let [entry, outer, between, inner, inner_latch, outer_latch, exit] = ids();
        assert_eq!(loops.all().len(), 2);
        let [first, second] = loops.all() else {
            panic!()
        };
        assert_eq!(
            (first.header, first.depth, first.preheader),
            (inner, 2, Some(between))
        );
        assert_eq!(
            (second.header, second.depth, second.preheader),
            (outer, 1, Some(entry))
        );
        assert_eq!(first.latches.as_slice(), &[inner_latch]);
        assert_eq!(second.latches.as_slice(), &[outer_latch]);
        let outer_id = loops.with_header(outer).expect("a loop");
        assert_eq!(first.parent, Some(outer_id));
        for block in [outer, between, inner, inner_latch, outer_latch] {
            assert!(loops.contains(outer_id, block), "{block}");
        }
        assert!(!loops.contains(outer_id, exit) && !loops.contains(outer_id, entry));
        assert_eq!(second.blocks.len(), 5);
        assert_eq!(loops.depth(inner_latch), 2);
        assert_eq!(loops.with_header(between), None);
    }

    #[test]
    fn sibling_loops_and_two_latches() {
        // 1 loops from 2 and 3; 5 loops to itself and stands behind it.
        let loops = loops(&[&[1], &[2, 4], &[1, 3], &[1], &[5], &[5, 6], &[]]);
        let [_, first, left, right, between, second, _] = ids();
        let first = loops.get(loops.with_header(first).expect("a loop"));
        assert_eq!(first.latches.as_slice(), &[left, right]);
        let second = loops.get(loops.with_header(second).expect("a loop"));
        assert_eq!((second.blocks.len(), second.preheader), (1, Some(between)));
        assert_eq!((first.parent, second.parent), (None, None));
    }

    #[test]
    fn a_preheader_goes_only_into_its_loop() {
        // The block in front of the loop also goes elsewhere: nothing may be hoisted into it.
        let two_ways = loops(&[&[1, 2], &[1, 2], &[]]);
        assert_eq!(two_ways.all()[0].preheader, None);
        // Two entrances: none of them is the preheader.
        let two_sources = loops(&[&[1, 2], &[3], &[3], &[3, 4], &[]]);
        assert_eq!(two_sources.all()[0].preheader, None);
    }

    #[test]
    fn a_cycle_with_two_entrances_is_no_loop() {
        assert!(loops(&[&[1, 2], &[2, 3], &[1], &[]]).all().is_empty());
    }
}
