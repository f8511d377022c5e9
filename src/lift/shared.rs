//! Objects in pieces that several slots may hold, and the frames that wait for the code at hand.
//!
//! Slots hold a number; what the object is stands once, in the heap of the innermost frame. A generator that runs is not in
//! the heap: its frame is. See [`super::generators`] for what lifts them.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::bytecode::{GeneratorOp, Instr, Op as Bytecode};
use crate::hir::{Consumer, Consumption, FrameState, FrameStateId, Shared, Slot, Stage, Waits};

use super::control::Schedule;
use super::item::Item;
use super::{CodeContext, Frame, Incoming, Lifter, Step, Stop};

/// An object that several slots may hold.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum SharedItem {
    /// A generator that waits.
    Generator(Generator),
    /// An iterator in pieces.
    Iterator(Item),
    /// A function without defaults, and the cells of its closure.
    Function(Rc<CodeContext>, Vec<Item>),
    /// A tuple.
    Tuple(Vec<Item>),
}

/// The objects in pieces, by number.
pub(super) type Heap = BTreeMap<u32, Rc<SharedItem>>;

/// A generator that does not run.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Generator {
    pub(super) context: Rc<CodeContext>,
    /// Code unit where it goes on, with what is sent to it pushed.
    pub(super) at: u32,
    pub(super) stage: Stage,
    pub(super) locals: Vec<Item>,
    pub(super) stack: Vec<Item>,
}

impl Generator {
    /// One that a running frame holds.
    pub(super) fn new(
        context: Rc<CodeContext>,
        at: u32,
        started: bool,
        locals: Vec<Item>,
        stack: Vec<Item>,
    ) -> Generator {
        let stage = if started {
            Stage::Suspended
        } else {
            Stage::Created
        };
        Generator {
            context,
            at,
            stage,
            locals,
            stack,
        }
    }
}

/// A frame that waits for the next item of a generator.
#[derive(Clone)]
pub(super) struct Outer {
    pub(super) context: Rc<CodeContext>,
    /// Its heap is empty: the innermost frame has all.
    pub(super) frame: Frame,
    /// It is no frame but a builtin: the locals are what it has so far.
    pub(super) builtin: Option<Consumer>,
    /// Of a builtin: the frame that called it, without its heap.
    pub(super) caller: Option<Rc<Frame>>,
    /// Code units of the loop's instruction, of the one behind it, and behind the loop.
    pub(super) at: u32,
    pub(super) next: u32,
    pub(super) exit: u32,
    /// The loop's header.
    pub(super) header: u32,
}

impl Outer {
    /// A builtin that is called by the instruction of that frame, which waits for its result.
    pub(super) fn builtin(
        by: Consumer,
        slots: Vec<Item>,
        context: &Rc<CodeContext>,
        (instr, caller): (Instr, Frame),
    ) -> Outer {
        Outer {
            context: context.clone(),
            frame: Frame {
                locals: slots,
                ..Frame::default()
            },
            builtin: Some(by),
            caller: Some(Rc::new(caller)),
            at: instr.at,
            next: instr.next,
            exit: instr.next,
            header: instr.offset,
        }
    }
}

impl Frame {
    /// Slots of this frame and of those that wait for it.
    pub(super) fn count(&self) -> usize {
        let outer = self.outer.as_ref();
        self.locals.len() + self.stack.len() + outer.map_or(0, |outer| outer.frame.count())
    }

    /// Locals first, then the stack, then the same of the frame that waits.
    pub(super) fn slot(&self, slot: usize) -> &Item {
        let (locals, own) = (self.locals.len(), self.locals.len() + self.stack.len());
        match &self.outer {
            _ if slot < locals => &self.locals[slot],
            Some(outer) if slot >= own => outer.frame.slot(slot - own),
            _ => &self.stack[slot - locals],
        }
    }

    /// The same slot, to be changed.
    pub(super) fn slot_mut(&mut self, slot: usize) -> &mut Item {
        let (locals, own) = (self.locals.len(), self.locals.len() + self.stack.len());
        match &mut self.outer {
            _ if slot < locals => &mut self.locals[slot],
            Some(outer) if slot >= own => Rc::make_mut(outer).frame.slot_mut(slot - own),
            _ => &mut self.stack[slot - locals],
        }
    }

    /// The iterator in pieces on top of the stack.
    pub(super) fn iterator(&self) -> Option<Item> {
        match self.stack.last()? {
            item @ Item::Virtual(_) => Some(item.clone()),
            Item::Shared(number) => match self.heap.get(number)?.as_ref() {
                SharedItem::Iterator(item) => Some(item.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Puts an iterator in pieces where `iterator` found it.
    pub(super) fn set_iterator(&mut self, item: Item) {
        match self.stack.last_mut() {
            Some(Item::Shared(number)) => {
                let object = Rc::new(SharedItem::Iterator(item));
                self.heap.insert(*number, object);
            }
            Some(top) => *top = item,
            None => {}
        }
    }

    /// What the builtin has that takes the items of the generator whose frame it is.
    pub(super) fn consumed(&self) -> Option<Box<Consumption>> {
        let outer = self.outer.as_ref()?;
        let by = outer.builtin?;
        let slots = outer.frame.locals.iter().map(Item::to_slot).collect();
        Some(Box::new(Consumption { by, slots }))
    }

    /// Does any slot, or an object in pieces, hold the object?
    pub(super) fn holds(&self, number: u32) -> bool {
        let held = Item::Shared(number);
        (0..self.count()).any(|slot| *self.slot(slot) == held)
            || self.heap.values().any(|object| match object.as_ref() {
                SharedItem::Generator(generator) => {
                    generator.locals.contains(&held) || generator.stack.contains(&held)
                }
                SharedItem::Function(_, items) | SharedItem::Tuple(items) => items.contains(&held),
                SharedItem::Iterator(_) => false,
            })
            || self.callers().any(|caller| caller.holds(number))
    }

    /// The frames that called the builtins in this frame's chain.
    fn callers(&self) -> impl Iterator<Item = &Frame> {
        let chain =
            std::iter::successors(self.outer.as_deref(), |outer| outer.frame.outer.as_deref());
        chain.filter_map(|outer| outer.caller.as_deref())
    }
}

impl Lifter<'_> {
    /// A number for an object that the current call makes.
    pub(super) fn new_number(&mut self) -> u32 {
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        self.number_of((path, self.instr.offset))
    }

    /// A number for an object that this call makes.
    pub(super) fn number_of(&mut self, maker: (Vec<u32>, u32)) -> u32 {
        self.makers.push(maker);
        self.makers.len() as u32 - 1
    }

    /// The object cannot stay in pieces: lift again with the interpreter's call.
    pub(super) fn do_not_share(&mut self, number: u32) -> Stop {
        let maker = self.makers[number as usize].clone();
        self.knowledge.not_inlined.insert(maker);
        self.restart = true;
        Stop::Restart
    }

    /// Others are about to see the frame's variables: they must not hold objects in pieces.
    pub(super) fn show_no_shared(&mut self) -> Step {
        let shared = self.frame.locals.iter().find_map(|item| match item {
            Item::Shared(number) => Some(*number),
            _ => None,
        });
        match shared {
            Some(number) if self.inline_depth == 0 => Err(self.do_not_share(number)),
            _ => Ok(()),
        }
    }

    /// The objects in pieces that these slots hold, and those that they hold.
    pub(super) fn shared_of(&self, locals: &[Item], stack: &[Item]) -> Vec<(u32, Shared)> {
        let mut found: Vec<(u32, Shared)> = Vec::new();
        let mut pending: Vec<&Item> = locals.iter().chain(stack).collect();
        while let Some(item) = pending.pop() {
            let Item::Shared(number) = item else {
                continue;
            };
            if found.iter().any(|row| row.0 == *number) {
                continue;
            }
            // One that runs is a frame of the chain.
            let Some(object) = self.frame.heap.get(number) else {
                continue;
            };
            let object = match object.as_ref() {
                SharedItem::Generator(generator) => {
                    pending.extend(generator.locals.iter().chain(&generator.stack));
                    let slots = |items: &[Item]| items.iter().map(Item::to_slot).collect();
                    Shared::Generator {
                        code: generator.context.id,
                        offset: generator.at,
                        stage: generator.stage,
                        locals: slots(&generator.locals),
                        stack: slots(&generator.stack),
                    }
                }
                SharedItem::Iterator(Item::Virtual(object)) => Shared::Iterator(object.to_object()),
                SharedItem::Iterator(_) => continue,
                SharedItem::Function(context, closure) => {
                    pending.extend(closure);
                    Shared::Function {
                        code: context.id,
                        closure: closure.iter().map(Item::to_slot).collect(),
                    }
                }
                SharedItem::Tuple(items) => {
                    pending.extend(items);
                    Shared::Tuple(items.iter().map(Item::to_slot).collect())
                }
            };
            found.push((*number, object));
        }
        found.sort_by_key(|row| row.0);
        found
    }

    /// A slot has given up its hold of an object in pieces: if it was the last, the object dies.
    pub(super) fn release_shared(&mut self, number: u32) -> Step {
        if self.frame.holds(number) {
            return Ok(());
        }
        let Some(object) = self.frame.heap.remove(&number) else {
            return Ok(());
        };
        self.release_object(&object)
    }

    /// An object in pieces dies.
    pub(super) fn release_object(&mut self, object: &SharedItem) -> Step {
        match object {
            // A `close` that meets no handler: the stack goes first.
            SharedItem::Generator(generator) => {
                for item in generator.stack.iter().rev().chain(&generator.locals) {
                    self.release(item)?;
                }
                Ok(())
            }
            SharedItem::Iterator(item) => self.release_iterator(item),
            SharedItem::Function(_, items) | SharedItem::Tuple(items) => {
                for item in items {
                    self.release(item)?;
                }
                Ok(())
            }
        }
    }

    /// What is in pieces on all of these ways.
    pub(super) fn join_heaps(&mut self, ways: &[Incoming]) -> Step<Heap> {
        let mut heap = Heap::new();
        let [first, others @ ..] = ways else {
            return Ok(heap);
        };
        for (number, object) in &first.frame.heap {
            let mut everywhere = true;
            for way in others {
                match way.frame.heap.get(number) {
                    Some(other) if other == object => {}
                    Some(_) => return Err(self.do_not_share(*number)),
                    None => everywhere = false,
                }
            }
            if everywhere {
                heap.insert(*number, object.clone());
            }
        }
        Ok(heap)
    }

    /// At a back edge: what was in pieces at the header is the same, but for the iterator that the loop is about.
    pub(super) fn keep_heap(
        &mut self,
        schedule: &Schedule,
        target: u32,
        iterator: Option<&Item>,
    ) -> Step {
        let Some(open) = schedule.open.get(&target) else {
            return Ok(());
        };
        let changed = open.heap.iter().find(|(number, object)| {
            let is_iterator = matches!(object.as_ref(), SharedItem::Iterator(_))
                && iterator == Some(&Item::Shared(**number));
            !is_iterator && self.frame.heap.get(number) != Some(object)
        });
        match changed.map(|row| *row.0) {
            Some(number) => Err(self.do_not_share(number)),
            None => Ok(()),
        }
    }

    /// Slots that the loop at `offset` assigns: variables of the code at hand, and, where it yields, those that the
    /// loops around it assign.
    pub(super) fn assigned_slots(&self, offset: u32) -> Vec<usize> {
        let mut slots = Vec::new();
        let mut first = 0;
        let mut level = Some((&self.context, &self.frame, offset));
        while let Some((context, frame, header)) = level {
            let info = context.scan.loops.get(&header);
            if let Some(info) = info {
                let assigned = (0..frame.locals.len()).filter(|slot| info.assigned[*slot]);
                slots.extend(assigned.map(|slot| first + slot));
            }
            first += frame.locals.len() + frame.stack.len();
            let yields = info.is_some_and(|info| {
                let inside = |offset: u32| (header..info.natural_end).contains(&offset);
                let is_yield =
                    |op: &Bytecode| matches!(op, Bytecode::Generator(GeneratorOp::YieldValue));
                let mut instrs = context.code.instrs.iter();
                instrs.any(|instr| inside(instr.offset) && is_yield(&instr.op))
            });
            level = match &frame.outer {
                Some(outer) if yields && !self.is_first_item(frame) => {
                    if outer.builtin.is_some() {
                        slots.extend((0..outer.frame.locals.len()).map(|slot| first + slot));
                        break;
                    }
                    Some((&outer.context, &outer.frame, outer.header))
                }
                _ => None,
            };
        }
        slots
    }

    /// Is the frame's generator on the way to its first item, which is lifted apart?
    fn is_first_item(&self, frame: &Frame) -> bool {
        self.consumers
            .iter()
            .any(|consumer| Some(consumer.number) == frame.generator && consumer.later.is_some())
    }

    /// Makes the states of the frames that wait say what these frames, and the objects in pieces that they hold, are
    /// now.
    pub(super) fn link_outer(&mut self) {
        if let Some(outer) = self.frame.outer.clone() {
            let (outer, state) = self.linked(&outer);
            self.frame.outer = Some(outer);
            self.frame.parent = Some(state);
        }
    }

    fn linked(&mut self, outer: &Outer) -> (Rc<Outer>, FrameStateId) {
        let mut outer = outer.clone();
        let mut frame = match outer.caller.take() {
            Some(caller) => (*caller).clone(),
            None => std::mem::take(&mut outer.frame),
        };
        if let Some(next) = frame.outer.take() {
            let (next, state) = self.linked(&next);
            frame.outer = Some(next);
            frame.parent = Some(state);
        }
        let slots = |lifter: &mut Self, items: &[Item]| -> Vec<Slot> {
            items.iter().map(|item| lifter.slot(item)).collect()
        };
        let state = FrameState {
            code: outer.context.id,
            offset: outer.at,
            next: outer.next,
            locals: slots(self, &frame.locals),
            stack: slots(self, &frame.stack),
            parent: frame.parent,
            waits: match outer.builtin {
                Some(_) => Waits::Call,
                None => Waits::Iterate { exit: outer.exit },
            },
            generator: frame.generator,
            consumed: frame.consumed(),
            shared: self.shared_of(&frame.locals, &frame.stack),
        };
        let state = self.function.add_frame_state(state);
        if outer.builtin.is_some() {
            outer.caller = Some(Rc::new(frame));
        } else {
            outer.frame = frame;
        }
        (Rc::new(outer), state)
    }
}
