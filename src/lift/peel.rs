//! First turns of loops, lifted apart.
//!
//! `total = 0` before a loop that adds floats: the int is there in the first turn only. Joined with what
//! comes round it would make the variable an object that is one or the other in each turn. So the first
//! turn is lifted by itself, with the int, and the loop begins with what that turn leaves behind. The
//! same holds for `best = None`.
//!
//! Invariants:
//!
//! * The copy is ordinary code: nothing is assumed that the loop does not assume itself.
//! * Where the old class and the new one meet (the loop did not run at all; the turn left the variable
//!   as it was), the way with the old one leaves to the interpreter. Once that has happened, the next
//!   version joins them as objects.
//! * A loop is peeled for a variable once, which ends the restarts.

use std::collections::BTreeMap;

use crate::abi::exit_reason::ExitReason;
use crate::hir::{Terminator, Type};

use super::control::Schedule;
use super::item::{Item, Shape};
use super::{HeaderKey, Incoming, Lifter, Step};

/// Instructions that a copy may have; half of it for a copy in a copy, and so on.
const MAX_INSTRS: usize = 160;

impl Lifter<'_> {
    /// Names a loop header; a copy in a first turn is a loop of its own.
    pub(super) fn header_key(&self, offset: u32) -> HeaderKey {
        let mut path = self.context.path.clone();
        // Offsets are even smaller; this keeps paths and turns apart.
        path.extend(self.peeling.iter().map(|turn| u32::MAX - turn));
        path.extend(&self.copies);
        (path, offset)
    }

    /// At a back edge: notes variables whose class changes in the first turn, if that is worth a copy.
    pub(super) fn peel(&mut self, target: u32, slots: &[(usize, Shape)]) -> bool {
        let key = self.header_key(target);
        let known = self.knowledge.peeled.get(&key).cloned().unwrap_or_default();
        let changes = |(slot, shape): &(usize, Shape)| {
            let (Shape::Value(form), Item::Value(value)) = (shape, self.frame.slot(*slot)) else {
                return false;
            };
            let goes_round = self.ty(*value);
            *slot < self.frame.locals.len()
                && self.context.scan.is_live(target, *slot)
                && !known.contains(slot)
                && new_class(form.ty, goes_round).is_some()
        };
        let found: Vec<usize> = slots
            .iter()
            .filter(|row| changes(row))
            .map(|r| r.0)
            .collect();
        if found.is_empty() || !self.is_small(target) {
            return false;
        }
        // What came round so far came from an old class.
        self.knowledge.headers.remove(&key);
        let cut = self.knowledge.cut.entry(self.context.path.clone());
        cut.or_default().extend(found.iter().copied());
        self.knowledge.peeled.entry(key).or_default().extend(found);
        true
    }

    fn is_small(&self, header: u32) -> bool {
        let end = self.context.scan.loops[&header].natural_end;
        let instrs = self.context.code.instrs.iter();
        let inside = instrs.filter(|instr| (header..end).contains(&instr.offset));
        inside.count() << self.peeling.len() <= MAX_INSTRS
    }

    /// Is the first turn of the loop at `offset` lifted apart for what comes in?
    pub(super) fn is_peeled(&self, offset: u32, incoming: &[Incoming]) -> bool {
        let Some(slots) = self.knowledge.peeled.get(&self.header_key(offset)) else {
            return false;
        };
        slots.iter().any(|slot| {
            incoming.iter().any(|way| {
                matches!(way.frame.locals[*slot], Item::Value(value) if is_old_class(self.ty(value)))
            })
        })
    }

    /// Lifts the first turn of the loop at the current instruction; the ways that go round.
    pub(super) fn lift_first_turn(
        &mut self,
        schedule: &mut Schedule,
        offset: u32,
        incoming: Vec<Incoming>,
    ) -> Step<Vec<Incoming>> {
        let end = self.context.scan.loops[&offset].natural_end;
        let index = self
            .context
            .code
            .instr_at(offset)
            .ok_or_else(|| self.refuse("internal: a jump between instructions"))?;
        self.join(incoming, offset)?;
        self.snapshot = None;
        let outside = std::mem::take(&mut schedule.pending);
        // Loops inside that are open belong to another copy.
        schedule
            .open
            .retain(|header, _| !(offset..end).contains(header));
        let notes = self.notes.len();
        self.peeling.push(offset);
        self.lift_to_end(schedule, index)?;
        while let Some(next) = first_inside(&schedule.pending, offset, end)
            && let Some(ways) = schedule.pending.remove(&next)
        {
            self.lift_ways_in(schedule, next, ways)?;
        }
        self.peeling.pop();
        // The loops inside that are open belong to this copy.
        schedule
            .open
            .retain(|header, _| !(offset..end).contains(header));
        let round = schedule.pending.remove(&offset).unwrap_or_default();
        for (target, ways) in outside {
            let merged = schedule.pending.entry(target).or_default();
            merged.splice(0..0, ways);
        }
        if !round.is_empty() {
            // The loop itself says it all again.
            self.notes.truncate(notes);
        }
        Ok(round)
    }

    /// Where several ways meet and a peeled variable has its old class on some of them: those leave.
    pub(super) fn cut_ways(&mut self, incoming: &mut Vec<Incoming>, offset: u32) -> Step {
        if incoming.len() < 2 {
            return Ok(());
        }
        let Some(slots) = self.knowledge.cut.get(&self.context.path).cloned() else {
            return Ok(());
        };
        let left = self.request.history.site(self.context.key, offset);
        if left.is_some_and(|site| site.left_for(ExitReason::ColdBranch)) {
            return Ok(());
        }
        for slot in slots {
            if !self.context.scan.is_live(offset, slot) {
                continue;
            }
            let class = |way: &Incoming| match way.frame.locals[slot] {
                Item::Value(value) => self.ty(value),
                _ => Type::EMPTY,
            };
            let mut old = Type::EMPTY;
            let mut all = Type::EMPTY;
            for way in incoming.iter() {
                let class = class(way);
                all = all.union(class);
                if is_old_class(class) {
                    old = old.union(class);
                }
            }
            if !is_old_class(old) || new_class(old, all).is_none() {
                continue;
            }
            let (cut, kept): (Vec<_>, Vec<_>) =
                incoming.drain(..).partition(|way| class(way) == old);
            *incoming = kept;
            for way in cut {
                self.block = way.block;
                self.frame = way.frame;
                self.capture_at(offset)?;
                if let Some(state) = self.snapshot {
                    let reason = ExitReason::ColdBranch;
                    self.function.block_mut(self.block).terminator =
                        Terminator::Exit { reason, state };
                }
            }
        }
        Ok(())
    }
}

/// The lowest offset that waits inside of the loop, its header apart.
pub(super) fn first_inside(
    pending: &BTreeMap<u32, Vec<Incoming>>,
    header: u32,
    end: u32,
) -> Option<u32> {
    pending.range(header + 1..end).next().map(|row| *row.0)
}

/// Variables that are to hold numbers begin as these.
pub(super) fn is_old_class(ty: Type) -> bool {
    ty == Type::INT || ty == Type::NONE
}

/// The number class that comes round to a variable that came in as `old`.
pub(super) fn new_class(old: Type, round: Type) -> Option<Type> {
    let classes: &[Type] = if old == Type::NONE {
        &[Type::FLOAT, Type::INT]
    } else if old == Type::INT {
        &[Type::FLOAT]
    } else {
        &[]
    };
    classes
        .iter()
        .copied()
        .find(|class| round == *class || round == old.union(*class))
}
