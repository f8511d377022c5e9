//! What the lifter must know of the bytecode before it starts: loops, what they assign, liveness.

use std::collections::{BTreeMap, BTreeSet};

use crate::bytecode::{Code, CodeBytes, GeneratorOp, Op};

/// A loop of the bytecode: the target of a backward jump.
#[derive(Clone, Debug)]
pub struct LoopInfo {
    /// Behind the last instruction that belongs to it (cold parts included).
    pub end: u32,
    /// The same with the loops that begin inside of it taken as a whole.
    pub natural_end: u32,
    /// Which local slots it assigns or deletes.
    pub assigned: Vec<bool>,
}

/// Facts about one code object's control flow.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Sorted starts of basic blocks.
    pub block_starts: Vec<u32>,
    /// Loops by the offset of their header.
    pub loops: BTreeMap<u32, LoopInfo>,
    /// For each block start the local slots that may be read before they are written.
    live_in: BTreeMap<u32, Vec<bool>>,
}

/// Where each loop really ends: one that begins inside of another belongs to it as a whole. `while`
/// tests its condition at the top and again at the bottom, so that its body is a loop that begins
/// inside of the one `continue` makes, and ends behind it.
fn natural_ends(loops: &BTreeMap<u32, LoopInfo>) -> Vec<u32> {
    let starts: Vec<u32> = loops.keys().copied().collect();
    let mut ends: Vec<u32> = loops.values().map(|info| info.end).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for outer in 0..starts.len() {
            for inner in outer + 1..starts.len() {
                if starts[inner] < ends[outer] && ends[outer] < ends[inner] {
                    ends[outer] = ends[inner];
                    changed = true;
                }
            }
        }
    }
    ends
}

/// Which local slots the loop at the header assigns or deletes.
pub fn assigned_in_loop(bytes: &CodeBytes, code: &Code, header: u32) -> Vec<bool> {
    let mut scan = Scan::new(bytes, code);
    scan.loops
        .remove(&header)
        .map_or_else(Vec::new, |info| info.assigned)
}

/// The starts of the blocks from which control comes back to the header without passing through it, the
/// header's own included. (Handlers count where they jump back; how they are reached does not.)
pub fn natural_loop(code: &Code, header: u32) -> BTreeSet<u32> {
    let starts = code.block_starts();
    let mut predecessors: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(u32::MAX);
        let first = code.instrs.partition_point(|instr| instr.offset < start);
        let last = code.instrs.partition_point(|instr| instr.offset < end);
        let instrs = &code.instrs[first..last];
        let falls = instrs
            .last()
            .is_some_and(|last| last.op.falls_through() && end != u32::MAX)
            .then_some(end);
        let targets = instrs.iter().filter_map(|instr| instr.op.target());
        for successor in targets.chain(falls) {
            predecessors.entry(successor).or_default().push(start);
        }
    }
    let mut inside = BTreeSet::from([header]);
    let mut work: Vec<u32> = predecessors.get(&header).map_or_else(Vec::new, |sources| {
        sources
            .iter()
            .copied()
            .filter(|source| *source >= header)
            .collect()
    });
    while let Some(block) = work.pop() {
        if inside.insert(block) {
            work.extend(predecessors.get(&block).into_iter().flatten());
        }
    }
    inside
}

/// Does the loop yield or await? Native code would be left at every turn.
pub fn waits_in_loop(code: &Code, header: u32) -> bool {
    let region = natural_loop(code, header);
    let starts = code.block_starts();
    code.instrs.iter().any(|instr| {
        let block = starts.partition_point(|start| *start <= instr.offset);
        block > 0
            && region.contains(&starts[block - 1])
            && matches!(
                instr.op,
                Op::Generator(GeneratorOp::YieldValue | GeneratorOp::Send { .. })
            )
    })
}

impl Scan {
    /// Scans decoded code.
    pub fn new(bytes: &CodeBytes, code: &Code) -> Scan {
        let locals = bytes.nlocalsplus as usize;
        let block_starts = code.block_starts();
        let mut loops: BTreeMap<u32, LoopInfo> = BTreeMap::new();
        for instr in &code.instrs {
            if let Some(target) = instr.op.target()
                && target <= instr.offset
            {
                let info = loops.entry(target).or_insert_with(|| LoopInfo {
                    end: 0,
                    natural_end: 0,
                    assigned: vec![false; locals],
                });
                info.end = info.end.max(instr.next);
            }
        }
        let ends = natural_ends(&loops);
        for ((&start, info), end) in loops.iter_mut().zip(ends) {
            info.natural_end = end;
            for instr in &code.instrs {
                if (start..end).contains(&instr.offset)
                    && let Some(slot) = written(&instr.op)
                    && let Some(flag) = info.assigned.get_mut(slot as usize)
                {
                    *flag = true;
                }
            }
        }
        let live_in = liveness(code, &block_starts, locals);
        Scan {
            block_starts,
            loops,
            live_in,
        }
    }

    /// May the slot be read from here on before it is written?
    pub fn is_live(&self, offset: u32, slot: usize) -> bool {
        self.live_in
            .get(&offset)
            .and_then(|live| live.get(slot).copied())
            .unwrap_or(true)
    }

    /// How many loops contain the offset.
    pub fn loop_depth(&self, offset: u32) -> u32 {
        self.loops
            .iter()
            .filter(|(start, info)| **start <= offset && offset < info.end)
            .count() as u32
    }
}

fn written(op: &Op) -> Option<u32> {
    match *op {
        Op::StoreFast(slot)
        | Op::DeleteFast(slot)
        | Op::LoadFastAndClear(slot)
        | Op::MakeCell(slot) => Some(slot),
        _ => None,
    }
}

fn read(op: &Op) -> Option<u32> {
    match *op {
        Op::LoadFast(slot)
        | Op::LoadFastCheck(slot)
        | Op::LoadFastAndClear(slot)
        | Op::DeleteFast(slot)
        | Op::LoadDeref(slot)
        | Op::StoreDeref(slot)
        | Op::DeleteDeref(slot)
        | Op::LoadClosure(slot)
        | Op::MakeCell(slot) => Some(slot),
        _ => None,
    }
}

fn liveness(code: &Code, starts: &[u32], locals: usize) -> BTreeMap<u32, Vec<bool>> {
    let mut live: BTreeMap<u32, Vec<bool>> = starts
        .iter()
        .map(|start| (*start, vec![false; locals]))
        .collect();
    let block_of = |offset: u32| {
        starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    };
    let mut changed = true;
    while changed {
        changed = false;
        for (index, &start) in starts.iter().enumerate().rev() {
            let end = starts.get(index + 1).copied().unwrap_or(u32::MAX);
            let first = code.instrs.partition_point(|instr| instr.offset < start);
            let last = code.instrs.partition_point(|instr| instr.offset < end);
            let mut current = vec![false; locals];
            let merge = |current: &mut Vec<bool>, offset: u32| {
                if let Some(other) = live.get(&starts[block_of(offset)]) {
                    for (mine, theirs) in current.iter_mut().zip(other) {
                        *mine |= *theirs;
                    }
                }
            };
            if let Some(instr) = code.instrs[first..last].last()
                && instr.op.falls_through()
                && index + 1 < starts.len()
            {
                merge(&mut current, end);
            }
            for instr in code.instrs[first..last].iter().rev() {
                if let Some(target) = instr.op.target() {
                    merge(&mut current, target);
                }
                if let Some(slot) = written(&instr.op)
                    && let Some(flag) = current.get_mut(slot as usize)
                {
                    *flag = false;
                }
                if let Some(slot) = read(&instr.op)
                    && let Some(flag) = current.get_mut(slot as usize)
                {
                    *flag = true;
                }
                if let Some(handler) = code.handler(instr.at) {
                    merge(&mut current, handler.target);
                }
            }
            let entry = live.get_mut(&start).expect("every start has a row");
            if *entry != current {
                *entry = current;
                changed = true;
            }
        }
    }
    live
}
