//! Is native code worth it? A function that mostly calls the runtime is faster interpreted: the
//! interpreter's inline caches beat a generic call.
//!
//! The estimate counts bytecode instructions, weighed by loop depth. The factors come from measurements
//! of generic helpers against specialised bytecode: an instruction in machine code saves 3 to 8 ns, a
//! generic call of the runtime loses 2 to 15 ns.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use crate::hir::{Function, Op};
use crate::lift::{Lifted, NoteKind, Refusal};

/// What a loop level multiplies by.
const LOOP_WEIGHT: f64 = 10.0;

/// How much more a loop must gain than lose to be entered without a trial.
const CERTAIN_GAIN: f64 = 2.0;

/// What a compiled caller gains by not calling the interpreter, in native instructions.
const CALL_GAIN: f64 = 30.0;
/// What a bytecode that the runtime carries out takes in the interpreter, in native instructions.
const RUNTIME_LENGTH: f64 = 8.0;
/// Machine code takes this share of the interpreter's time at best.
const LEAST_SHARE: f64 = 0.1;

/// What is expected of the code.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// It may not pay: a trial decides.
    pub doubtful: bool,
    /// The interpreter's time by the time of machine code.
    pub speedup: f64,
    /// It pays also where it is called from outside.
    pub pays_alone: bool,
}

impl Estimate {
    /// Of code that was asked for, whatever it is worth.
    pub const FORCED: Estimate = Estimate {
        doubtful: false,
        speedup: 1.0 / LEAST_SHARE,
        pays_alone: true,
    };
}

/// Instructions in machine code, those that the runtime carries out, and what the latter lose: all weighed.
fn speedup(native: f64, calls: f64, lost: f64) -> f64 {
    let interpreted = native + RUNTIME_LENGTH * calls;
    let gained = (1.0 - LEAST_SHARE) * native - lost;
    interpreted
        / (interpreted - gained)
            .max(LEAST_SHARE * interpreted)
            .max(1.0)
}

/// Refuses what would not pay. It is doubtful unless it is a loop or a recursion
/// without runtime calls: a short function may cost less than its call through machine code.
///
/// Of a loop that is entered in the middle only its own blocks count, and there is no trial: what may not
/// pay is refused. `for_caller`: a compiled function wants to call it.
pub fn check(
    lifted: &Lifted,
    region: Option<&BTreeSet<u32>>,
    for_caller: bool,
) -> Result<Estimate, Refusal> {
    let mut noted: HashMap<(u32, u32), (NoteKind, u32)> = HashMap::new();
    let mut worst: Option<(f64, u32, String)> = None;
    for note in &lifted.notes {
        let key = (note.code.index() as u32, note.offset);
        let row = noted.entry(key).or_insert((note.kind, note.cost));
        *row = (row.0.max(note.kind), row.1.max(note.cost));
        if note.kind == NoteKind::RuntimeCall {
            let weight = LOOP_WEIGHT.powi(note.loop_depth.min(6) as i32);
            if worst.as_ref().is_none_or(|(other, ..)| weight > *other) {
                worst = Some((weight, note.offset, note.text.clone()));
            }
        }
    }
    let (mut native, mut runtime, mut calls) = (0.0, 0.0, 0.0);
    let mut loops = calls_itself(&lifted.function);
    for (index, (_, bytes, code)) in lifted.codes.iter().enumerate() {
        let _ = bytes;
        let starts = code.block_starts();
        let jumps = code.instrs.iter().map(|i| (i.offset, i.op.target()));
        let depths = loop_depths(&jumps.collect::<Vec<_>>());
        for (instr, depth) in code.instrs.iter().zip(depths) {
            if index == 0
                && let Some(region) = region
            {
                let block = starts.partition_point(|start| *start <= instr.offset);
                if block == 0 || !region.contains(&starts[block - 1]) {
                    continue;
                }
            }
            loops |= depth > 0;
            let weight = LOOP_WEIGHT.powi(depth.min(6) as i32);
            match noted.get(&(index as u32, instr.offset)) {
                Some((NoteKind::RuntimeCall, cost)) => {
                    runtime += weight * f64::from(*cost);
                    calls += weight;
                }
                Some((NoteKind::Interpreted, _)) => {}
                Some((NoteKind::Native, _)) | None => native += weight,
            }
        }
    }
    let pays = match region {
        Some(_) => native >= CERTAIN_GAIN * runtime,
        None => native >= runtime,
    };
    if pays || for_caller && native + CALL_GAIN >= runtime {
        return Ok(Estimate {
            doubtful: runtime > 0.0 || !loops,
            speedup: speedup(native, calls, runtime),
            pays_alone: pays,
        });
    }
    let (offset, what) = worst.map_or((None, String::new()), |(_, offset, text)| {
        (Some(offset), text)
    });
    Err(Refusal {
        reason: format!("nothing to gain: most of its work is done by the runtime ({what})"),
        offset,
        hint: "move the arithmetic and indexing loops into a function of their own".into(),
    })
}

fn calls_itself(function: &Function) -> bool {
    let mut blocks = function.layout.iter();
    blocks.any(|&block| {
        let mut instrs = function.block(block).instrs.iter();
        instrs.any(|&id| {
            matches!(function.instr(id).op, Op::CallNative(callee) if function.calls_itself(callee))
        })
    })
}

/// How many loops each instruction is in: between the target of a jump back and the last such jump. Instructions
/// are given by their offset, in order, with the target of a jump.
fn loop_depths(instrs: &[(u32, Option<u32>)]) -> Vec<usize> {
    let mut loops: BTreeMap<u32, u32> = BTreeMap::new();
    for &(offset, target) in instrs {
        if let Some(target) = target.filter(|&target| target <= offset) {
            loops.insert(target, offset);
        }
    }
    let mut opened = loops.iter().peekable();
    let mut ends: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
    let depth = |&(offset, _): &(u32, Option<u32>)| {
        while let Some((_, &end)) = opened.next_if(|(target, _)| **target <= offset) {
            ends.push(Reverse(end));
        }
        while ends.peek().is_some_and(|&Reverse(end)| end < offset) {
            ends.pop();
        }
        ends.len()
    };
    instrs.iter().map(depth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Depths of ten instructions with jumps back, by offset and target.
    fn depths(jumps: &[(u32, u32)]) -> Vec<usize> {
        let target = |offset| jumps.iter().find(|jump| jump.0 == offset);
        let instrs = (0..10).map(|offset| (offset, target(offset).map(|jump| jump.1)));
        loop_depths(&instrs.collect::<Vec<_>>())
    }

    #[test]
    fn runtime_calls_eat_the_gain() {
        assert_eq!(speedup(100.0, 0.0, 0.0), 10.0);
        let mixed = speedup(100.0, 10.0, 30.0);
        assert!((1.4..1.6).contains(&mixed), "{mixed}");
        assert_eq!(speedup(0.0, 10.0, 0.0), 1.0);
        assert!(speedup(10.0, 10.0, 80.0) < 1.0);
    }

    #[test]
    fn loops_nest_and_share_headers() {
        assert_eq!(depths(&[]), [0; 10]);
        assert_eq!(depths(&[(5, 3), (7, 1)]), [0, 1, 1, 2, 2, 2, 1, 1, 0, 0]);
        assert_eq!(depths(&[(3, 1), (5, 1)]), [0, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
        assert_eq!(depths(&[(1, 3)]), [0; 10], "a jump ahead");
    }
}
