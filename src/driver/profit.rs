//! Is native code worth it? A function that mostly calls the runtime is faster interpreted: the
//! interpreter's inline caches beat a generic call.
//!
//! The estimate counts bytecode instructions, weighed by loop depth. The factors come from measurements
//! of generic helpers against specialised bytecode: an instruction in machine code saves 3 to 8 ns, a
//! generic call of the runtime loses 2 to 15 ns.

use std::collections::{BTreeSet, HashMap};

use crate::hir::{Function, Op};
use crate::lift::{Lifted, NoteKind, Refusal};

/// What a loop level multiplies by.
const LOOP_WEIGHT: f64 = 10.0;

/// How much more a loop must gain than lose to be entered without a trial.
const CERTAIN_GAIN: f64 = 2.0;

/// Refuses what would not pay. True if it may not: then a trial decides. Certain is a loop or a recursion
/// without runtime calls only: a short function may cost less than its call through machine code.
///
/// Of a loop that is entered in the middle only its own blocks count, and there is no trial: what may not
/// pay is refused.
pub fn check(lifted: &Lifted, region: Option<&BTreeSet<u32>>) -> Result<bool, Refusal> {
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
    let (mut native, mut runtime) = (0.0, 0.0);
    let mut loops = calls_itself(&lifted.function);
    for (index, (_, bytes, code)) in lifted.codes.iter().enumerate() {
        let _ = bytes;
        let starts = code.block_starts();
        for instr in &code.instrs {
            if index == 0
                && let Some(region) = region
            {
                let block = starts.partition_point(|start| *start <= instr.offset);
                if block == 0 || !region.contains(&starts[block - 1]) {
                    continue;
                }
            }
            let depth = loop_depth(code, instr.offset);
            loops |= depth > 0;
            let weight = LOOP_WEIGHT.powi(depth.min(6) as i32);
            match noted.get(&(index as u32, instr.offset)) {
                Some((NoteKind::RuntimeCall, cost)) => runtime += weight * f64::from(*cost),
                Some((NoteKind::Interpreted, _)) => {}
                Some((NoteKind::Native, _)) | None => native += weight,
            }
        }
    }
    let pays = match region {
        Some(_) => native >= CERTAIN_GAIN * runtime,
        None => native >= runtime,
    };
    if pays {
        return Ok(runtime > 0.0 || !loops);
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

fn loop_depth(code: &crate::bytecode::Code, offset: u32) -> u32 {
    code.instrs
        .iter()
        .filter(|instr| {
            instr.op.target().is_some_and(|target| {
                target <= instr.offset && target <= offset && offset <= instr.offset
            })
        })
        .map(|instr| instr.op.target())
        .collect::<std::collections::HashSet<_>>()
        .len() as u32
}
