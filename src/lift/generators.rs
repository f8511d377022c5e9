//! Generators in pieces: their code is lifted where they are iterated over.
//!
//! Calling a generator function whose code is known makes an object in pieces: the code, where in it the
//! generator waits, its variables. A loop over it has no loop of its own: its FOR_ITER continues in the
//! generator's code, a `yield` continues in the body of the loop, the end of the body (and `continue`) continue behind
//! that `yield`, and the generator's end behind the loop. What repeats are the generator's own loops. The
//! body is lifted once for each `yield`, so nothing asks at run time where the generator waits, and a body that is
//! itself a generator's nests in the same way.
//!
//! Invariants:
//! * The abstract frame is that of the code at hand: the generator's while it runs, the consumer's while it waits. The
//!   consumer of a running generator is [`Frame::outer`], whose state is the parent of the generator's.
//! * An object in pieces has a number. Slots of all frames hold the number; what the object is stands once, in the
//!   heap of the innermost frame. A generator that runs is not in the heap: its frame is.
//! * Nothing in the body of the loop can change a generator that waits: nobody else can reach it. An object
//!   that would escape (into a container, an unknown call, another loop's variable) is not kept in pieces: the function is lifted
//!   again with a call as the interpreter makes it.
//! * Code of a generator runs no unknown code, for it has no frame that others could see.

use std::rc::Rc;

use crate::bytecode::{CodeBytes, GeneratorOp, Instr, Intrinsic1, Op as Bytecode};
use crate::hir::{BlockId, Consumer, Op, Repr, Stage, Type};

use super::calls::has_inlinable_code;
use super::control::Schedule;
use super::item::{Item, Shape, Virtual};
use super::peel::{first_inside, is_old_class, new_class};
use super::shared::{Generator, Heap, Outer, SharedItem};
use super::{
    CalleeFacts, CodeContext, Frame, FunctionHandle, HeaderKey, Incoming, Lifter, ObjectFact,
    ObjectKind, Return, Step, Stop,
};
use crate::abi::helpers::HelperId;

/// How deep generators consume generators.
const MAX_DEPTH: usize = 8;
/// Most instructions that are lifted again, for another `yield` or for a generator's first item.
const MAX_COPIED: usize = 3000;
/// Longest generator, in neutral operations.
const MAX_LENGTH: usize = 200;
/// Numbers in `Lifter::copies` are larger than code units and smaller than those of first turns.
const COPY: u32 = 1 << 30;

/// The lifter's position in a loop over a generator whose code is being lifted.
pub(super) struct Taker {
    pub(super) number: u32,
    context: Rc<CodeContext>,
    instr: Instr,
    exit: u32,
    schedule: Schedule,
    inline_depth: u32,
    inline_stack: Vec<FunctionHandle>,
    copies: Vec<u32>,
    /// Names the loop.
    key: HeaderKey,
    /// Where the generator's code goes on behind its first `yield`, if that is lifted apart.
    pub(super) later: Option<Schedule>,
    /// The body was lifted.
    has_body: bool,
    /// It is a builtin.
    pub(super) builtin: Option<Consumer>,
    /// Of a builtin: the frame that called it.
    pub(super) caller: Option<Frame>,
    /// Where a builtin has its result before the generator's end.
    pub(super) results: Vec<(BlockId, Frame, Item)>,
}

impl Lifter<'_> {
    // --- making -----------------------------------------------------------------------------------

    /// A call of a generator function: an object in pieces, if its code can be lifted where that is used.
    pub(super) fn call_generator(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Item>> {
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        if !self.may_be_in_pieces(handle, callee, &(path.clone(), self.instr.offset)) {
            return Ok(None);
        }
        let Some(bound) = self.bind(handle, callee, args, kwnames)? else {
            return Ok(None);
        };
        let object = ObjectFact {
            handle: callee.object,
            ty: Type::FUNCTION,
            text: callee.name.clone(),
            kind: ObjectKind::Function(handle),
        };
        let id = self.object_id(&object);
        self.emit(Op::GuardFunction(id), &[], None)?;
        self.new_generator(handle, callee, bound, path, None)
            .map(Some)
    }

    pub(super) fn may_be_in_pieces(
        &self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        call: &(Vec<u32>, u32),
    ) -> bool {
        callee.may_be_inlined
            && self.world.knows_generators()
            && is_consumable(callee)
            && self.snapshot.is_some()
            && !self.knowledge.not_inlined.contains(call)
            && self.has_room_for(callee)
            && !self.inline_stack.contains(&handle)
    }

    /// Moves an object in pieces, and those that it alone holds, to the frame of a callee that gets it as an argument.
    /// False if the caller, or another object, holds it still.
    pub(super) fn hand_over(&mut self, number: u32, heap: &mut Heap) -> bool {
        if self.frame.holds(number) {
            return false;
        }
        let mut pending = vec![number];
        let mut moved = Heap::new();
        while let Some(number) = pending.pop() {
            let Some(object) = self.frame.heap.remove(&number) else {
                continue;
            };
            let items: Vec<Item> = match object.as_ref() {
                SharedItem::Generator(generator) => {
                    [&generator.locals[..], &generator.stack[..]].concat()
                }
                SharedItem::Function(_, items) | SharedItem::Tuple(items) => items.clone(),
                SharedItem::Iterator(_) => Vec::new(),
            };
            moved.insert(number, object);
            pending.extend(items.iter().filter_map(|item| match item {
                Item::Shared(inner) => Some(*inner),
                _ => None,
            }));
        }
        if moved.keys().any(|number| self.frame.holds(*number)) {
            self.frame.heap.extend(moved);
            return false;
        }
        heap.extend(moved);
        true
    }

    /// Objects in pieces in the variables of inlined code die where it returns.
    pub(super) fn drop_shared_variables(&mut self, mut returns: Vec<Return>) -> Step<Vec<Return>> {
        for site in &mut returns {
            self.block = site.block;
            self.frame = std::mem::take(&mut site.frame);
            self.frame.stack.clear();
            let locals = std::mem::take(&mut self.frame.locals);
            for item in &locals {
                if let Item::Shared(number) = item {
                    self.release_shared(*number)?;
                    site.snapshot = None;
                }
            }
            site.block = self.block;
        }
        Ok(returns)
    }

    /// An argument as the callee has it: objects in pieces stay what they are.
    pub(super) fn as_variable(&mut self, item: Item) -> Step<Item> {
        Ok(match &item {
            Item::Value(_) | Item::Shared(_) => item,
            Item::Virtual(object) if !matches!(**object, Virtual::Range { .. }) => {
                let number = self.new_number();
                let object = Rc::new(SharedItem::Iterator(item));
                self.frame.heap.insert(number, object);
                Item::Shared(number)
            }
            _ => Item::Value(self.value_of(&item)?),
        })
    }

    /// The object, behind the guards of its code. `free`: the cells of its free variables, if they are not those of
    /// the function of the handle.
    pub(super) fn new_generator(
        &mut self,
        handle: FunctionHandle,
        callee: &CalleeFacts,
        args: Vec<Item>,
        path: Vec<u32>,
        free: Option<Vec<Item>>,
    ) -> Step<Item> {
        let number = self.new_number();
        let mut locals = Vec::new();
        for item in args {
            locals.push(self.as_variable(item)?);
        }
        locals.resize(callee.bytes.nlocalsplus as usize, Item::Null);
        let context = self.add_code(handle, callee.bytes.clone(), callee.code.clone(), path);
        let outer_context = std::mem::replace(&mut self.context, context.clone());
        let outer_frame = std::mem::take(&mut self.frame);
        self.frame.locals = locals;
        let filled = match free {
            None => self.fill_free_variables(),
            Some(free) => {
                let first = self.frame.locals.len() - free.len();
                self.frame.locals.truncate(first);
                self.frame.locals.extend(free);
                Ok(())
            }
        };
        let mut locals = std::mem::replace(&mut self.frame, outer_frame).locals;
        self.context = outer_context;
        filled?;
        let mut at = None;
        for instr in &callee.code.instrs {
            match instr.op {
                Bytecode::Generator(GeneratorOp::ReturnGenerator) => {
                    at = Some(instr.next);
                    break;
                }
                Bytecode::MakeCell(slot) => {
                    let contents = match &locals[slot as usize] {
                        Item::Null => {
                            self.emit_value(Op::ConstNull, &[], Type::OBJECT, Repr::Boxed)?
                        }
                        item => {
                            let value = self.value_of(&item.clone())?;
                            self.as_boxed(value)?
                        }
                    };
                    let known = self.fact(contents).cloned().unwrap_or_default();
                    let cell = self.runtime(HelperId::NewCell, &[contents])?;
                    self.note_cell(cell, known);
                    locals[slot as usize] = Item::Value(cell);
                }
                _ => {}
            }
        }
        let Some(at) = at else {
            return Err(self.refuse("internal: a generator without its beginning"));
        };
        let generator = Generator {
            context,
            at,
            stage: Stage::Created,
            locals,
            stack: Vec::new(),
        };
        let object = Rc::new(SharedItem::Generator(generator));
        self.frame.heap.insert(number, object);
        Ok(Item::Shared(number))
    }

    // --- iterating --------------------------------------------------------------------------------

    /// Is the instruction at hand a loop's over a generator in pieces?
    pub(super) fn iterates_over_generator(&self, ways: &[Incoming]) -> bool {
        let Some(way) = ways.first() else {
            return false;
        };
        let is_generator = |number: &u32| {
            matches!(
                way.frame.heap.get(number).map(Rc::as_ref),
                Some(SharedItem::Generator(_))
            )
        };
        matches!(self.instr.op, Bytecode::ForIter { .. })
            && matches!(way.frame.stack.last(), Some(Item::Shared(number)) if is_generator(number))
    }

    /// FOR_ITER over a generator in pieces: its code follows, to its end.
    pub(super) fn for_iter_of_generator(
        &mut self,
        schedule: &mut Schedule,
        number: u32,
        exit: u32,
    ) -> Step {
        let Some(generator) = self.generator(number) else {
            return Err(self.refuse("internal: no generator"));
        };
        if generator.stage == Stage::Finished {
            self.pop()?;
            self.release_shared(number)?;
            return self.go_to(schedule, exit);
        }
        if self.consumers.len() >= MAX_DEPTH {
            return Err(self.do_not_share(number));
        }
        self.push_taker(number, exit, None, std::mem::take(schedule));
        let mut own = Schedule::default();
        self.enter_generator(&generator);
        self.resume(&mut own, number)?;
        let (consumer, returns) = self.lift_generator(own, number)?;
        let context = self.context.clone();
        self.leave_generator(&consumer);
        *schedule = consumer.schedule;
        for site in returns {
            self.end_of_generator(site)?;
            self.suspend()?;
            self.pop()?;
            self.keep_finished(number, &context);
            self.link_outer();
            self.snapshot = None;
            self.go_to(schedule, exit)?;
        }
        Ok(())
    }

    /// The code at hand takes the items of a generator from here on.
    pub(super) fn push_taker(
        &mut self,
        number: u32,
        exit: u32,
        builtin: Option<Consumer>,
        schedule: Schedule,
    ) {
        let mut copies = self.copies.clone();
        copies.push(COPY + self.instr.offset);
        let path = [self.context.path.clone(), copies.clone()].concat();
        let key = (path, self.instr.offset);
        // The first item is the least of all so far.
        let orders = matches!(builtin, Some(Consumer::Min | Consumer::Max));
        let apart = orders || self.knowledge.apart.contains(&key);
        self.consumers.push(Taker {
            number,
            context: self.context.clone(),
            instr: self.instr,
            exit,
            schedule,
            inline_depth: self.inline_depth,
            inline_stack: self.inline_stack.clone(),
            copies: std::mem::replace(&mut self.copies, copies),
            key,
            later: apart.then(Schedule::default),
            has_body: false,
            builtin,
            caller: builtin.map(|_| Frame {
                heap: Heap::new(),
                ..self.frame.clone()
            }),
            results: Vec::new(),
        });
    }

    /// The lifter's position is in the generator's code.
    pub(super) fn enter_generator(&mut self, generator: &Generator) {
        self.copied += generator.context.code.instrs.len();
        self.inline_depth += 1;
        self.inline_stack.push(generator.context.handle);
        self.context = generator.context.clone();
    }

    /// Lifts a generator's code to all its ends.
    pub(super) fn lift_generator(
        &mut self,
        own: Schedule,
        number: u32,
    ) -> Step<(Taker, Vec<Return>)> {
        let mut result = self.lift_scheduled(own);
        let later = self.consumers.last_mut().and_then(|row| row.later.take());
        if let (Ok(returns), Some(later)) = (&mut result, later) {
            // The way to the other items.
            self.copies.push(COPY);
            match self.lift_scheduled(later) {
                Ok(more) => returns.extend(more),
                Err(stop) => result = Err(stop),
            }
        }
        if matches!(result, Err(Stop::Refuse(_))) {
            // What cannot be compiled is called.
            result = Err(self.do_not_share(number));
        }
        let returns = result?;
        match self.consumers.pop() {
            Some(consumer) => Ok((consumer, returns)),
            None => Err(self.refuse("internal: nobody consumes")),
        }
    }

    /// The lifter's position is the consumer's again.
    pub(super) fn leave_generator(&mut self, consumer: &Taker) {
        self.context = consumer.context.clone();
        self.instr = consumer.instr;
        self.inline_depth = consumer.inline_depth;
        self.inline_stack.clone_from(&consumer.inline_stack);
        self.copies.clone_from(&consumer.copies);
    }

    /// From the consumer's frame into the generator's, which goes on.
    fn resume(&mut self, schedule: &mut Schedule, number: u32) -> Step {
        let Some(consumer) = self.consumers.last() else {
            return Err(self.refuse("internal: nobody consumes"));
        };
        let (instr, exit, context) = (consumer.instr, consumer.exit, consumer.context.clone());
        let generator = match self.frame.heap.remove(&number) {
            Some(object) => match object.as_ref() {
                SharedItem::Generator(generator) => generator.clone(),
                _ => return Err(self.refuse("internal: no generator")),
            },
            None => return Err(self.refuse("internal: no generator")),
        };
        let mut frame = std::mem::take(&mut self.frame);
        let heap = std::mem::take(&mut frame.heap);
        let outer = Outer {
            context,
            frame,
            builtin: None,
            caller: None,
            at: instr.at,
            next: instr.next,
            exit,
            header: instr.offset,
        };
        self.go_on(schedule, number, &generator, outer, heap)
    }

    /// The generator goes on with these frames around it.
    pub(super) fn go_on(
        &mut self,
        schedule: &mut Schedule,
        number: u32,
        generator: &Generator,
        outer: Outer,
        heap: Heap,
    ) -> Step {
        self.frame = Frame {
            locals: generator.locals.clone(),
            stack: generator.stack.clone(),
            parent: None,
            generator: Some(number),
            outer: Some(Rc::new(outer)),
            heap,
        };
        self.link_outer();
        let none = self.none();
        self.push(none);
        self.snapshot = None;
        self.go_to(schedule, generator.at)
    }

    /// From the generator's frame into the consumer's; what is left of the former.
    fn suspend(&mut self) -> Step<Frame> {
        let mut frame = std::mem::take(&mut self.frame);
        let Some(outer) = frame.outer.take() else {
            return Err(self.refuse("internal: nobody consumes"));
        };
        self.frame = outer.frame.clone();
        self.frame.heap = std::mem::take(&mut frame.heap);
        Ok(frame)
    }

    /// YIELD_VALUE of a generator in pieces: the loop's body follows, then what is behind the `yield`.
    pub(super) fn yield_value(&mut self, schedule: &mut Schedule) -> Step {
        if let Some(by) = self.consumers.last().and_then(|row| row.builtin) {
            return self.take_item(schedule, by);
        }
        let value = self.pop()?;
        let Some(mut consumer) = self.consumers.pop() else {
            return Err(self.refuse("internal: nobody consumes"));
        };
        let here = self.instr;
        let running = (
            self.context.clone(),
            self.inline_depth,
            self.inline_stack.clone(),
            self.copies.clone(),
        );
        let frame = self.suspend()?;
        let object = self.suspended(&frame);
        self.frame.heap.insert(consumer.number, object);
        self.link_outer();
        self.leave_generator(&consumer);
        self.copies.clone_from(&running.3);
        self.copies.push(COPY + here.offset);
        self.frame.stack.push(value);
        self.snapshot = None;
        let header = consumer.instr.offset;
        let notes = self.notes.len();
        if self.copied > MAX_COPIED {
            return Err(self.do_not_share(consumer.number));
        }
        let ways = self.lift_body(&mut consumer.schedule, header, consumer.instr.next)?;
        if std::mem::replace(&mut consumer.has_body, true) {
            // The first copy says it all.
            self.notes.truncate(notes);
        }
        let number = consumer.number;
        if !ways.is_empty() {
            self.instr = consumer.instr;
            self.join(ways, header)?;
        }
        let goes_on = self.frame.heap.contains_key(&number);
        (
            self.context,
            self.inline_depth,
            self.inline_stack,
            self.copies,
        ) = running;
        let mut later = consumer.later.take();
        self.consumers.push(consumer);
        let done = match &mut later {
            _ if !goes_on => Ok(()),
            Some(later) => self.resume(later, number),
            None => self.resume(schedule, number),
        };
        if let Some(consumer) = self.consumers.last_mut() {
            consumer.later = later;
        }
        self.instr = here;
        done
    }

    /// Lifts the body of the loop at `header`, from `start` on; the ways that come round. Ways that leave the loop
    /// wait for their turn.
    fn lift_body(
        &mut self,
        schedule: &mut Schedule,
        header: u32,
        start: u32,
    ) -> Step<Vec<Incoming>> {
        let Some(end) = self
            .context
            .scan
            .loops
            .get(&header)
            .map(|info| info.natural_end)
        else {
            // Nothing comes round.
            self.go_to(schedule, start)?;
            self.frame = Frame::default();
            return Ok(Vec::new());
        };
        let instrs = self.context.code.instrs.iter();
        self.copied += instrs
            .filter(|instr| (header..end).contains(&instr.offset))
            .count();
        let outside = std::mem::take(&mut schedule.pending);
        // Loops inside that are open belong to another copy.
        schedule
            .open
            .retain(|open, _| !(header..end).contains(open));
        self.go_to(schedule, start)?;
        while let Some(next) = first_inside(&schedule.pending, header, end)
            && let Some(ways) = schedule.pending.remove(&next)
        {
            self.lift_ways_in(schedule, next, ways)?;
        }
        schedule
            .open
            .retain(|open, _| !(header..end).contains(open));
        let round = schedule.pending.remove(&header).unwrap_or_default();
        for (target, ways) in outside {
            let merged = schedule.pending.entry(target).or_default();
            merged.splice(0..0, ways);
        }
        if round.is_empty() {
            self.frame = Frame::default();
        }
        Ok(round)
    }

    /// The generator has returned: its variables die.
    pub(super) fn end_of_generator(&mut self, site: Return) -> Step {
        self.block = site.block;
        self.snapshot = site.snapshot;
        self.frame = site.frame;
        self.frame.stack.clear();
        let locals = std::mem::take(&mut self.frame.locals);
        for item in &locals {
            self.release(item)?;
        }
        self.release(&site.item)
    }

    /// Somebody may still hold the generator that has returned.
    pub(super) fn keep_finished(&mut self, number: u32, context: &Rc<CodeContext>) {
        if self.frame.holds(number) {
            let generator = Generator {
                context: context.clone(),
                at: 0,
                stage: Stage::Finished,
                locals: vec![Item::Null; context.bytes.nlocalsplus as usize],
                stack: Vec::new(),
            };
            let object = Rc::new(SharedItem::Generator(generator));
            self.frame.heap.insert(number, object);
        }
    }

    /// The generator at hand as it waits behind the instruction at hand.
    pub(super) fn suspended(&self, frame: &Frame) -> Rc<SharedItem> {
        Rc::new(SharedItem::Generator(Generator {
            context: self.context.clone(),
            at: self.instr.next,
            stage: Stage::Suspended,
            locals: frame.locals.clone(),
            stack: frame.stack.clone(),
        }))
    }

    /// What a generator in pieces is.
    pub(super) fn generator(&self, number: u32) -> Option<Generator> {
        match self.frame.heap.get(&number)?.as_ref() {
            SharedItem::Generator(generator) => Some(generator.clone()),
            _ => None,
        }
    }

    /// A variable of a frame that waits changes its class with the first item: that item is lifted apart.
    pub(super) fn set_first_item_apart(&mut self, slots: &[(usize, Shape)]) -> bool {
        let changes = |(slot, shape): &&(usize, Shape)| {
            let (Shape::Value(form), Item::Value(value)) = (shape, self.frame.slot(*slot)) else {
                return false;
            };
            is_old_class(form.ty) && new_class(form.ty, self.ty(*value)).is_some()
        };
        let found: Vec<usize> = slots.iter().filter(changes).map(|row| row.0).collect();
        for slot in found {
            let mut rest = slot;
            let mut frame = &self.frame;
            let mut level = 0;
            while rest >= frame.locals.len() + frame.stack.len()
                && let Some(outer) = &frame.outer
            {
                rest -= frame.locals.len() + frame.stack.len();
                frame = &outer.frame;
                level += 1;
            }
            if level == 0 || level > self.consumers.len() {
                continue;
            }
            let consumer = &self.consumers[self.consumers.len() - level];
            let path = consumer.context.path.clone();
            let key = consumer.key.clone();
            if consumer.builtin.is_none() {
                self.knowledge.cut.entry(path).or_default().insert(rest);
            }
            if self.knowledge.apart.insert(key) {
                return true;
            }
        }
        false
    }
}

/// Code that can be lifted where the generator is used: a plain generator, no handlers but the one that every
/// generator has (3.12+), nothing in it that is sure to run unknown code.
pub(super) fn is_consumable(callee: &CalleeFacts) -> bool {
    let bytes: &CodeBytes = &callee.bytes;
    let code = &callee.code;
    let is_own = |target: u32| {
        let index = code.instr_at(target);
        index.is_some_and(|index| {
            code.instrs[index].op == Bytecode::Intrinsic1(Intrinsic1::StopIterationError)
        })
    };
    bytes.is_generator()
        && code.handlers.iter().all(|handler| is_own(handler.target))
        && has_inlinable_code(callee, MAX_LENGTH)
}
