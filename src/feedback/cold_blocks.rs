//! What never ran, as the interpreter's counters tell it.
//!
//! A guess about the future made from the past: the compiler may make an exit of a cold block. (What
//! a single hint says of operands is read where the operation is lifted.)

use crate::bytecode::{Code, Hint, Instr};

/// Whether a hint shows that its instruction ran often enough to be specialised or given up.
pub fn shows_running(hint: Hint) -> bool {
    !matches!(
        hint,
        Hint::None | Hint::NeverRan | Hint::NotSinceWarm | Hint::Branch { .. }
    )
}

fn shows_cold(hint: Hint) -> bool {
    matches!(hint, Hint::NeverRan | Hint::NotSinceWarm)
}

/// The basic blocks that never ran although the code around them did.
///
/// Only some instructions have counters, so a block is judged by the first one in it that has: if
/// that did not run, nothing behind it did. Blocks without one follow their neighbours. A block is
/// called cold only if something else on its own level of loops is known to run: the code behind a
/// loop in which the function has been since its first call has not run either, but it will.
pub struct ColdBlocks {
    starts: Vec<u32>,
    cold: Vec<bool>,
}

impl ColdBlocks {
    pub fn of(code: &Code) -> ColdBlocks {
        let starts = code.block_starts();
        let blocks: Vec<Block> = starts
            .iter()
            .enumerate()
            .map(|(index, &start)| {
                let end = starts.get(index + 1).copied().unwrap_or(code.units);
                Block::of(code, &starts, start, end)
            })
            .collect();
        let cold = judge(code, &starts, &blocks);
        ColdBlocks { starts, cold }
    }

    /// Whether the block around a unit is cold.
    pub fn is_cold(&self, unit: u32) -> bool {
        let block = self.starts.partition_point(|&start| start <= unit);
        block > 0 && self.cold[block - 1]
    }

    /// The starts of the cold blocks.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.starts
            .iter()
            .zip(&self.cold)
            .filter(|(_, cold)| **cold)
            .map(|(&start, _)| start)
    }
}

struct Block {
    start: u32,
    /// Of its first instruction with a counter.
    first_is_cold: Option<bool>,
    runs: bool,
    successors: Vec<usize>,
}

impl Block {
    fn of(code: &Code, starts: &[u32], start: u32, end: u32) -> Block {
        let first = code.instr_at(start).unwrap_or(code.instrs.len());
        let instrs: Vec<&Instr> = code.instrs[first..]
            .iter()
            .take_while(|instr| instr.offset < end)
            .collect();
        let told = |hint: Hint| shows_cold(hint) || shows_running(hint);
        let first_told = instrs.iter().find(|instr| told(instr.hint));
        let mut successors = Vec::new();
        if let Some(last) = instrs.last() {
            let next = last.op.falls_through().then_some(last.next);
            for unit in next.into_iter().chain(last.op.target()) {
                successors.extend(starts.binary_search(&unit).ok());
            }
        }
        Block {
            start,
            first_is_cold: first_told.map(|instr| shows_cold(instr.hint)),
            runs: first_told.is_some_and(|instr| shows_running(instr.hint)),
            successors,
        }
    }
}

fn judge(code: &Code, starts: &[u32], blocks: &[Block]) -> Vec<bool> {
    let loops = loops_of(code);
    let levels: Vec<Option<usize>> = blocks
        .iter()
        .map(|block| innermost(&loops, block.start))
        .collect();
    let mut running: Vec<Option<usize>> = Vec::new();
    for (block, level) in blocks.iter().zip(&levels) {
        if block.runs && !running.contains(level) {
            running.push(*level);
        }
    }
    let mut cold: Vec<bool> = blocks
        .iter()
        .zip(&levels)
        .map(|(block, level)| block.first_is_cold == Some(true) && running.contains(level))
        .collect();

    let mut predecessors: Vec<Vec<usize>> = vec![Vec::new(); blocks.len()];
    for (index, block) in blocks.iter().enumerate() {
        for &successor in &block.successors {
            predecessors[successor].push(index);
        }
    }
    let is_handler = |unit: u32| code.handlers.iter().any(|handler| handler.target == unit);
    // A block without counters is as cold as all ways to it, or as its only way on.
    loop {
        let mut changed = false;
        for (index, block) in blocks.iter().enumerate() {
            if cold[index] || block.first_is_cold.is_some() || index == 0 {
                continue;
            }
            let ways_in = &predecessors[index];
            let from_cold = !ways_in.is_empty()
                && !is_handler(starts[index])
                && ways_in.iter().all(|&before| cold[before]);
            let to_cold = matches!(block.successors[..], [only] if cold[only] && only != index);
            if from_cold || to_cold {
                cold[index] = true;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // A block that runs goes somewhere: if all its ways seem cold, it has not been left yet (the
    // call at its end is still going on), and nothing is known of what lies behind.
    let mut unknown: Vec<usize> = Vec::new();
    for block in blocks.iter().filter(|block| block.runs) {
        if block.successors.iter().all(|&successor| cold[successor]) {
            unknown.extend(&block.successors);
        }
    }
    while let Some(index) = unknown.pop() {
        if std::mem::take(&mut cold[index]) {
            unknown.extend(&blocks[index].successors);
        }
    }
    if let Some(entry) = cold.first_mut() {
        *entry = false;
    }
    cold
}

/// The ranges of units that backward jumps span, the shorter of equal starts merged into the longer.
fn loops_of(code: &Code) -> Vec<(u32, u32)> {
    let mut loops: Vec<(u32, u32)> = Vec::new();
    for instr in &code.instrs {
        let Some(target) = instr.op.target().filter(|target| *target <= instr.offset) else {
            continue;
        };
        match loops.iter_mut().find(|(start, _)| *start == target) {
            Some((_, end)) => *end = (*end).max(instr.next),
            None => loops.push((target, instr.next)),
        }
    }
    loops
}

/// The shortest loop around a unit.
fn innermost(loops: &[(u32, u32)], unit: u32) -> Option<usize> {
    let around = |(_, (start, end)): &(usize, &(u32, u32))| *start <= unit && unit < *end;
    let shortest = loops
        .iter()
        .enumerate()
        .filter(around)
        .min_by_key(|(_, (s, e))| e - s);
    shortest.map(|(index, _)| index)
}
