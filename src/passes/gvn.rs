//! Computes nothing twice: an instruction whose value a dominating one already has is that value.
//!
//! Equal means: same op, same operands (an object and what a guard makes of it are the same, operands
//! of commutative ops have no order), and for what reads memory the same versions of the heaps it
//! reads (`analysis/memory.rs`). That covers arithmetic, guards, lengths, storage pointers, items.
//! What a store wrote is what the next load of that place finds.
//!
//! An op that leaves when it fails has succeeded if a dominating equal one has. One that is proven not
//! to fail finds that too, but not the other way round: the proof may be a branch the op has been
//! hoisted above, and then only its own uses know that the value is right.
//!
//! Refused: what makes a new object (two floats boxed from one number are two objects), and what
//! writes or raises.

use smallvec::SmallVec;

use super::Pass;
use super::edit::{Rules, Verdict, rewrite};
use super::hash::QuickMap;
use crate::abi::exit_reason::ExitReason;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::Loops;
use crate::analysis::memory::{Memory, Versions};
use crate::hir::attributes::{Cond, Container, DivMode, FieldPlace, IntWidth, Overflow};
use crate::hir::{BlockId, Function, InstrId, IntRange, Op, Repr, ValueId};

/// `gvn`.
pub struct Gvn;

impl Pass for Gvn {
    fn name(&self) -> &'static str {
        "gvn"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        let memory = Memory::new(function, &dominators, &loops);
        let mut rules = Numbering {
            dominators: &dominators,
            memory: &memory,
            block: function.entry,
            versions: Versions::default(),
            known: QuickMap::default(),
            stored_numbers: QuickMap::default(),
            unboxed: QuickMap::default(),
        };
        rewrite(function, &dominators, &mut rules);
    }
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    op: Op,
    args: SmallVec<[ValueId; 4]>,
    versions: [u32; 2],
}

struct Numbering<'a> {
    dominators: &'a Dominators,
    memory: &'a Memory,
    block: BlockId,
    versions: Versions,
    /// The last block that computed it, and the value, if it has one.
    known: QuickMap<Key, (BlockId, Option<ValueId>)>,
    /// Keys of loads that find a number stored unboxed.
    stored_numbers: QuickMap<Key, (BlockId, ValueId)>,
    /// Items of lists whose number is known.
    unboxed: QuickMap<ValueId, ValueId>,
}

impl Rules for Numbering<'_> {
    fn enter(&mut self, _function: &mut Function, block: BlockId) {
        self.block = block;
        self.versions = self.memory.at_start(block);
    }

    fn instr(
        &mut self,
        function: &mut Function,
        id: InstrId,
        _before: &mut Vec<InstrId>,
    ) -> Verdict {
        let verdict = self.number(function, id);
        if verdict == Verdict::Keep {
            self.versions.write(id, function.effects_of(id).writes);
            self.remember_store(function, id);
        }
        verdict
    }
}

impl Numbering<'_> {
    fn number(&mut self, function: &mut Function, id: InstrId) -> Verdict {
        let instr = function.instr(id);
        let (op, result) = (instr.op, instr.result);
        if !is_numbered(op) {
            return Verdict::Keep;
        }
        if matches!(op, Op::UnboxF64 | Op::UnboxInt(_))
            && let Some(&number) = self.unboxed.get(&function.object_behind(instr.args[0]))
            // Behind a guard that must fail it may be asked for the other form.
            && (function.value(number).repr == Repr::F64) == (op == Op::UnboxF64)
            && (op != Op::UnboxInt(IntWidth::Compact)
                || function.value(number).range.is_within(IntRange::COMPACT))
        {
            return Verdict::Replace(number);
        }
        let Some(key) = self.key(function, op, &instr.args) else {
            return Verdict::Keep;
        };
        if op == Op::UnboxInt(IntWidth::Full) {
            // The narrower check is as good.
            let compact = Key {
                op: Op::UnboxInt(IntWidth::Compact),
                args: key.args.clone(),
                ..key
            };
            if let Some(&(block, Some(value))) = self.known.get(&compact)
                && self.dominators.dominates(block, self.block)
            {
                return Verdict::Replace(value);
            }
        }
        if let Some(&(block, known)) = self.known.get(&key)
            && self.dominators.dominates(block, self.block)
        {
            match (known, result) {
                (Some(known), Some(result))
                    if function
                        .value(known)
                        .ty
                        .is_subset(function.value(result).ty) =>
                {
                    return Verdict::Replace(known);
                }
                (None, None) => return Verdict::Remove,
                _ => {}
            }
        }
        if matches!(op, Op::LoadList | Op::LoadField(_))
            && let Some(&(block, number)) = self.stored_numbers.get(&key)
            && self.dominators.dominates(block, self.block)
            && let Some(result) = result
            && function
                .value(number)
                .ty
                .is_subset(function.value(result).ty)
        {
            self.unboxed.insert(result, number);
            function.value_mut(result).ty = function.value(number).ty;
        }
        if let Some(proven) = proven_form(key.op) {
            let proven = Key {
                op: proven,
                args: key.args.clone(),
                ..key
            };
            self.known.insert(proven, (self.block, result));
        }
        self.known.insert(key, (self.block, result));
        Verdict::Keep
    }

    fn key(&self, function: &Function, op: Op, args: &[ValueId]) -> Option<Key> {
        let versions = self.versions.of(op.effects().reads)?;
        let mut args: SmallVec<[ValueId; 4]> = args
            .iter()
            .map(|&value| match function.value(value).repr {
                Repr::Boxed => function.object_behind(value),
                _ => value,
            })
            .collect();
        if matches!(op, Op::LoadField(_) | Op::GuardNoField(_)) {
            // Of one object there is one table.
            args.truncate(1);
        }
        let op = canonical(op, &mut args);
        Some(Key { op, args, versions })
    }

    /// As below. The table a store needs is another value than that of a load.
    fn remember_field(&mut self, function: &Function, id: InstrId, place: FieldPlace) {
        let instr = function.instr(id);
        let (object, value) = (instr.args[0], instr.args[2]);
        let Some(key) = self.key(function, Op::LoadField(place), &[object]) else {
            return;
        };
        if matches!(instr.op, Op::StoreField(_)) {
            self.known.insert(key, (self.block, Some(value)));
        } else {
            self.stored_numbers.insert(key, (self.block, value));
        }
    }

    /// The next load of what was stored finds it.
    fn remember_store(&mut self, function: &Function, id: InstrId) {
        let instr = function.instr(id);
        let (load, place) = match instr.op {
            Op::StoreList | Op::StoreListI64 | Op::StoreListF64 => (Op::LoadList, 3),
            Op::StoreByteArray => (Op::LoadByteArray, 3),
            // Items of 32-bit float arrays are rounded by the store.
            Op::StoreArray(container) if container != Container::ArrayF32 => {
                (Op::LoadArray(container), 3)
            }
            Op::StoreCell => (Op::LoadCell, 1),
            Op::StoreField(place) | Op::StoreFieldI64(place) | Op::StoreFieldF64(place) => {
                return self.remember_field(function, id, place);
            }
            _ => return,
        };
        let (args, value) = (&instr.args[..place], instr.args[place]);
        let Some(key) = self.key(function, load, args) else {
            return;
        };
        if matches!(instr.op, Op::StoreListI64 | Op::StoreListF64) {
            self.stored_numbers.insert(key, (self.block, value));
        } else {
            self.known.insert(key, (self.block, Some(value)));
        }
    }
}

/// Can an equal instruction take its place?
fn is_numbered(op: Op) -> bool {
    let effects = op.effects();
    if effects.may_raise || effects.runs_python || !effects.writes.is_empty() {
        return false;
    }
    match op {
        // Events and marks, not values.
        Op::Poll
        | Op::GuardFrameUnseen
        | Op::Snapshot
        | Op::KeepAlive
        | Op::Incref
        | Op::Decref
        | Op::DecrefPlain
        // New objects.
        | Op::BoxI64
        | Op::BoxU64
        | Op::BoxF64 => false,
        Op::CallRuntime(helper) => helper.info().result.is_some_and(|repr| repr != Repr::Boxed),
        _ => true,
    }
}

/// The form of an op that leaves on failure in which the failure is proven impossible.
fn proven_form(op: Op) -> Option<Op> {
    Some(match op {
        Op::IntAdd(Overflow::Checked) => Op::IntAdd(Overflow::Never),
        Op::IntSub(Overflow::Checked) => Op::IntSub(Overflow::Never),
        Op::IntMul(Overflow::Checked) => Op::IntMul(Overflow::Never),
        Op::IntNeg(Overflow::Checked) => Op::IntNeg(Overflow::Never),
        Op::IntAbs(Overflow::Checked) => Op::IntAbs(Overflow::Never),
        Op::IntShl(Overflow::Checked) => Op::IntShl(Overflow::Never),
        Op::IntShr(Overflow::Checked) => Op::IntShr(Overflow::Never),
        Op::IntFloorDiv(DivMode::Checked) => Op::IntFloorDiv(DivMode::Safe),
        Op::IntMod(DivMode::Checked) => Op::IntMod(DivMode::Safe),
        _ => return None,
    })
}

/// One form for ops that differ only in how failure is excluded or named, and one order for operands
/// that have none.
fn canonical(op: Op, args: &mut SmallVec<[ValueId; 4]>) -> Op {
    let mut sort = || {
        if args[0] > args[1] {
            args.swap(0, 1);
        }
    };
    match op {
        // Of float operands the order decides which nan results.
        Op::IntAdd(_)
        | Op::IntMul(_)
        | Op::IntAnd
        | Op::IntOr
        | Op::IntXor
        | Op::U64Add
        | Op::U64Mul
        | Op::U64And
        | Op::U64Or
        | Op::U64Xor
        | Op::BoolAnd
        | Op::BoolOr
        | Op::BoolXor
        | Op::IsSame
        | Op::IntCmp(Cond::Eq | Cond::Ne)
        | Op::U64Cmp(Cond::Eq | Cond::Ne) => {
            sort();
            op
        }
        Op::IntCmp(cond @ (Cond::Gt | Cond::Ge)) => {
            args.swap(0, 1);
            Op::IntCmp(cond.swapped())
        }
        Op::U64Cmp(cond @ (Cond::Gt | Cond::Ge)) => {
            args.swap(0, 1);
            Op::U64Cmp(cond.swapped())
        }
        Op::IntFloorDiv(DivMode::Positive) => Op::IntFloorDiv(DivMode::Safe),
        Op::IntMod(DivMode::Positive) => Op::IntMod(DivMode::Safe),
        Op::GuardTrue(_) => Op::GuardTrue(ExitReason::Forced),
        Op::GuardFalse(_) => Op::GuardFalse(ExitReason::Forced),
        _ => op,
    }
}
