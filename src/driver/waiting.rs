//! Generators that a running frame iterates over, taken apart: native code goes on with their frames, too.
//!
//! That is so if the frames at hand are all that hold them: the running one, and those of the generators themselves. The
//! objects die when native code is entered; when it leaves, others like them are made.

use std::collections::HashMap;

use pyo3::prelude::*;

use super::closures;
use super::observe::observe;
use super::running::{Arguments, Pieces, is_cell, pieces, widen_iterator, widen_slots};
use crate::feedback::FunctionCodeKey;
use crate::lift::{EntryShared, EntrySlot};
use crate::runtime::frame::generators::are_known;
use crate::runtime::osr::{self, Slots, Waiting};

/// One of them.
struct Found<'py> {
    object: Bound<'py, PyAny>,
    waiting: Waiting<'py>,
    key: FunctionCodeKey,
}

/// All that a frame waits for, in whatever depth.
#[derive(Default)]
pub struct Generators<'py> {
    found: Vec<Found<'py>>,
    /// By address: how many slots hold the object.
    holders: HashMap<usize, isize>,
}

/// The numbers of objects by their addresses.
#[derive(Default)]
pub struct Numbers {
    by_address: HashMap<usize, usize>,
}

fn address(object: &Bound<'_, PyAny>) -> usize {
    object.as_ptr() as usize
}

impl<'py> Generators<'py> {
    /// Those on the frame's stack, and those they wait for; none if one of them is known elsewhere, or has other globals.
    pub fn find(function: &Bound<'py, PyAny>, slots: &Slots<'py>) -> Generators<'py> {
        let none = Generators::default();
        if !are_known(function.py()) {
            return none;
        }
        let Ok(globals) = function.getattr("__globals__") else {
            return none;
        };
        let mut found: Vec<Found<'py>> = Vec::new();
        let mut pending: Vec<Bound<'py, PyAny>> = slots.1.iter().flatten().cloned().collect();
        while let Some(object) = pending.pop() {
            if found.iter().any(|row| row.object.is(&object)) {
                continue;
            }
            let Some(waiting) = osr::waiting_generator(&object) else {
                continue;
            };
            let key = closures::key_of_code(&waiting.code, &globals);
            let (true, Some(key)) = (waiting.globals.is(&globals), key) else {
                return none;
            };
            let (locals, stack) = &waiting.slots;
            pending.extend(locals.iter().chain(stack).flatten().cloned());
            found.push(Found {
                object,
                waiting,
                key,
            });
        }
        drop(pending);
        let mut holders: HashMap<usize, isize> = HashMap::new();
        let frames = std::iter::once(slots).chain(found.iter().map(|row| &row.waiting.slots));
        for (locals, stack) in frames {
            for object in locals.iter().chain(stack).flatten() {
                *holders.entry(address(object)).or_default() += 1;
            }
        }
        // Each slot has a reference and is looked at with another; a row above has one more.
        let alone = found.iter().all(|row| {
            let slots = holders.get(&address(&row.object)).copied().unwrap_or(0);
            osr::holders(&row.object) == 2 * slots + 1
        });
        if alone {
            Generators { found, holders }
        } else {
            none
        }
    }

    fn get(&self, object: &Bound<'py, PyAny>) -> Option<&Found<'py>> {
        self.found.iter().find(|row| row.object.is(object))
    }

    /// What only the slots at hand hold; the references that they and whoever looks at them have.
    fn references(&self, object: &Bound<'py, PyAny>) -> isize {
        2 * self.holders.get(&address(object)).copied().unwrap_or(0)
    }

    fn pieces(&self, object: &Bound<'py, PyAny>) -> Option<Pieces<'py>> {
        pieces(object, self.references(object))
    }

    /// What a slot of the running frame holds, if it is a generator of these.
    pub fn entry(&self, object: &Bound<'py, PyAny>, numbers: &mut Numbers) -> Option<EntrySlot> {
        let found = self.get(object)?;
        let next = numbers.by_address.len();
        if let Some(number) = numbers.by_address.get(&address(object)) {
            return Some(EntrySlot::Shared(*number, None));
        }
        numbers.by_address.insert(address(object), next);
        let (locals, stack) = &found.waiting.slots;
        let mut slots = |objects: &[Option<Bound<'py, PyAny>>]| -> Vec<EntrySlot> {
            objects
                .iter()
                .map(|object| self.inner_entry(object.as_ref(), numbers))
                .collect()
        };
        let generator = EntryShared::Generator {
            code: found.key,
            unit: found.waiting.unit,
            started: found.waiting.started,
            locals: slots(locals),
            stack: slots(stack),
        };
        Some(EntrySlot::Shared(next, Some(generator)))
    }

    /// What a slot of a generator's frame holds.
    fn inner_entry(&self, object: Option<&Bound<'py, PyAny>>, numbers: &mut Numbers) -> EntrySlot {
        let Some(object) = object else {
            return EntrySlot::Null;
        };
        if let Some(slot) = self.entry(object, numbers) {
            return slot;
        }
        if let Some(number) = numbers.by_address.get(&address(object)) {
            return EntrySlot::Shared(*number, None);
        }
        if is_cell(object) {
            let contents = object.getattr("cell_contents");
            return EntrySlot::Cell(
                contents.map_or_else(|_| Default::default(), |it| observe(&it)),
            );
        }
        match self.pieces(object) {
            Some(pieces) => {
                let number = numbers.by_address.len();
                numbers.by_address.insert(address(object), number);
                EntrySlot::Shared(number, Some(EntryShared::Iterator(pieces.entry())))
            }
            None => EntrySlot::Value(observe(object)),
        }
    }

    /// Adds the arguments for a slot that is wanted as this; `None` if it does not fit.
    pub fn add(
        &self,
        arguments: &mut Arguments<'_, 'py>,
        object: &Bound<'py, PyAny>,
        (number, wanted): (usize, Option<&EntryShared>),
        numbers: &mut Numbers,
    ) -> Option<()> {
        let known = numbers.by_address.get(&address(object)).copied();
        let Some(wanted) = wanted else {
            return (known == Some(number)).then_some(());
        };
        if known.is_some() {
            return None;
        }
        numbers.by_address.insert(address(object), number);
        match wanted {
            EntryShared::Iterator(wanted) => {
                arguments.add_pieces(object.py(), self.pieces(object)?, wanted)
            }
            EntryShared::Generator {
                code,
                unit,
                started,
                locals,
                stack,
            } => {
                let found = self.get(object)?;
                let waiting = &found.waiting;
                let (have_locals, have_stack) = &waiting.slots;
                if (found.key, waiting.unit, waiting.started) != (*code, *unit, *started)
                    || (have_locals.len(), have_stack.len()) != (locals.len(), stack.len())
                {
                    return None;
                }
                let slots = have_locals.iter().chain(have_stack);
                for (object, wanted) in slots.zip(locals.iter().chain(stack)) {
                    match (object, wanted) {
                        (None, EntrySlot::Null) => {}
                        (Some(object), EntrySlot::Cell(_)) if !is_cell(object) => return None,
                        (Some(object), EntrySlot::Value(_) | EntrySlot::Cell(_)) => {
                            arguments.add(object.clone())?;
                        }
                        (Some(object), EntrySlot::Shared(number, wanted)) => {
                            self.add(arguments, object, (*number, wanted.as_ref()), numbers)?;
                        }
                        _ => return None,
                    }
                }
                Some(())
            }
        }
    }
}

/// Adds to what is expected of an object what an earlier one had.
pub fn widen_shared(mine: &mut EntryShared, theirs: &EntryShared) {
    match (mine, theirs) {
        (EntryShared::Iterator(mine), EntryShared::Iterator(theirs)) => {
            widen_iterator(mine, theirs);
        }
        (
            EntryShared::Generator {
                code,
                unit,
                locals,
                stack,
                ..
            },
            EntryShared::Generator {
                code: its_code,
                unit: its_unit,
                locals: its_locals,
                stack: its_stack,
                ..
            },
        ) if *code == *its_code && *unit == *its_unit => {
            widen_slots(locals.iter_mut().zip(its_locals));
            widen_slots(stack.iter_mut().zip(its_stack));
        }
        _ => {}
    }
}
