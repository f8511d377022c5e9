//! Which contents each abstract heap has, as far as equality goes: memory versions.
//!
//! Two points see the same version of a heap only if no instruction wrote it on any way between them.
//! A write makes a new version; where versions meet that differ, and at the header of a loop that
//! writes the heap, there is a new one.

use super::dominators::Dominators;
use super::loops::Loops;
use crate::hir::effects::Heaps;
use crate::hir::{BlockId, Function, InstrId};

/// How many single heaps there are.
const COUNT: usize = Heaps::NAMES.len();

/// The version of every heap at one point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Versions([u32; COUNT]);

impl Versions {
    /// Versions of the heaps of a small set: those of one or two heaps; `None` for larger sets.
    pub fn of(&self, heaps: Heaps) -> Option<[u32; 2]> {
        let mut result = [u32::MAX; 2];
        let mut used = 0;
        if heaps.is_empty() {
            return Some(result);
        }
        for (index, (_, heap)) in Heaps::NAMES.iter().enumerate() {
            if heap.overlaps(heaps) {
                *result.get_mut(used)? = self.0[index];
                used += 1;
            }
        }
        Some(result)
    }

    /// Behind an instruction with these writes.
    pub fn write(&mut self, instr: InstrId, heaps: Heaps) {
        self.set(heaps, instr.index() as u32 + 1);
    }

    fn set(&mut self, heaps: Heaps, version: u32) {
        if heaps.is_empty() {
            return;
        }
        for (index, (_, heap)) in Heaps::NAMES.iter().enumerate() {
            if heap.overlaps(heaps) {
                self.0[index] = version;
            }
        }
    }
}

/// The versions at the start of every block.
#[derive(Clone, Debug)]
pub struct Memory {
    starts: Vec<Versions>,
}

impl Memory {
    /// Numbers the versions.
    pub fn new(function: &Function, dominators: &Dominators, loops: &Loops) -> Memory {
        let writes: Vec<Heaps> = (0..function.blocks.len())
            .map(|block| block_writes(function, BlockId::new(block)))
            .collect();
        let mut starts = vec![Versions::default(); function.blocks.len()];
        let mut ends: Vec<Option<Versions>> = vec![None; function.blocks.len()];
        for &block in dominators.reverse_postorder() {
            // A version of this block's own; instructions have the lower numbers.
            let own = (function.instrs.len() + 1 + block.index()) as u32;
            let mut start: Option<Versions> = None;
            let header = loops.with_header(block);
            for predecessor in dominators.predecessors(block) {
                match (ends[predecessor.index()], &mut start) {
                    (Some(end), None) => start = Some(end),
                    (Some(end), Some(start)) => {
                        for index in 0..COUNT {
                            if start.0[index] != end.0[index] {
                                start.0[index] = own;
                            }
                        }
                    }
                    // A back edge: below.
                    (None, _) if header.is_some() => {}
                    // A cycle that is no loop.
                    (None, _) => start = Some(Versions([own; COUNT])),
                }
            }
            let mut versions = start.unwrap_or_default();
            if let Some(header) = header {
                let inside = loops.get(header).blocks.iter();
                let all = inside.fold(Heaps::NONE, |all, block| all.union(writes[block.index()]));
                versions.set(all, own);
            }
            starts[block.index()] = versions;
            if !writes[block.index()].is_empty() {
                for &instr in &function.block(block).instrs {
                    versions.write(instr, function.effects_of(instr).writes);
                }
            }
            ends[block.index()] = Some(versions);
        }
        Memory { starts }
    }

    /// Versions at the start of the block.
    pub fn at_start(&self, block: BlockId) -> Versions {
        self.starts[block.index()]
    }
}

/// All heaps the block's instructions write.
pub fn block_writes(function: &Function, block: BlockId) -> Heaps {
    let instrs = function.block(block).instrs.iter();
    instrs.fold(Heaps::NONE, |all, &instr| {
        all.union(function.effects_of(instr).writes)
    })
}
