//! Blocks, joins, loops, branches.
//!
//! Blocks are lifted in code order. Forward edges wait in a table until their target's turn comes, so a
//! join sees all its ways in; only loop headers have ways in that come later (see the module's head).

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{Condition, Op as Bytecode};
use crate::feedback::IntClass;
use crate::hir::attributes::Cond;
use crate::hir::{BlockId, Edge, IntRange, Op, Repr, Terminator, Type, ValueId};

use super::item::{Form, Item, Shape, Virtual, join_shape};
use super::{Incoming, Lifter, OpenLoop, Return, Singleton, Step, Stop};

/// Ways into blocks whose turn has not come, and loops whose header is lifted.
#[derive(Default)]
pub(super) struct Schedule {
    pub(super) pending: BTreeMap<u32, Vec<Incoming>>,
    pub(super) open: BTreeMap<u32, OpenLoop>,
    pub(super) returns: Vec<Return>,
    /// Start of the block that is being lifted: what lies before was.
    position: u32,
}

impl Lifter<'_> {
    /// Lifts the code of the current context from its start with the current frame.
    pub(super) fn lift_code(&mut self) -> Step<Vec<Return>> {
        self.lift_code_from(0)
    }

    /// The same from another instruction.
    pub(super) fn lift_code_from(&mut self, start: u32) -> Step<Vec<Return>> {
        let mut schedule = Schedule::default();
        self.go_to(&mut schedule, start)?;
        self.lift_scheduled(schedule)
    }

    /// Lifts everything that can be reached from the ways in that wait.
    pub(super) fn lift_scheduled(&mut self, mut schedule: Schedule) -> Step<Vec<Return>> {
        while let Some((offset, incoming)) = schedule.pending.pop_first() {
            self.lift_ways_in(&mut schedule, offset, incoming)?;
        }
        Ok(schedule.returns)
    }

    /// Lifts the block at `offset`; all its ways in are known, but for those that go back.
    pub(super) fn lift_ways_in(
        &mut self,
        schedule: &mut Schedule,
        offset: u32,
        mut incoming: Vec<Incoming>,
    ) -> Step {
        let index = self
            .context
            .code
            .instr_at(offset)
            .ok_or_else(|| self.refuse("internal: a jump between instructions"))?;
        self.instr = self.context.code.instrs[index];
        schedule.position = offset;
        // What iterates over a generator in pieces is no loop: the generator's own loops are.
        let is_loop = self.context.scan.loops.contains_key(&offset)
            && !self.iterates_over_generator(&incoming);
        if is_loop && self.is_peeled(offset, &incoming) {
            incoming = self.lift_first_turn(schedule, offset, incoming)?;
            if incoming.is_empty() {
                return Ok(());
            }
            self.instr = self.context.code.instrs[index];
        }
        self.cut_ways(&mut incoming, offset)?;
        if !is_loop && self.starts_cold(offset) {
            return self.leave_cold(incoming, offset);
        }
        if is_loop {
            self.open_loop(schedule, offset, incoming)?;
        } else {
            self.join(incoming, offset)?;
            self.snapshot = None;
        }
        self.lift_to_end(schedule, index)
    }

    /// Does the block start what never ran, so that an exit is as good as code?
    fn starts_cold(&self, offset: u32) -> bool {
        let left = || {
            let site = self.request.history.site(self.context.key, offset);
            site.is_some_and(|site| site.left_for(ExitReason::ColdBranch))
        };
        self.request.learn
            && self.handling.is_none()
            && self.tail_of.is_none()
            && self.context.cold.is_cold(offset)
            && !left()
    }

    /// The interpreter takes over at the start of the block.
    fn leave_cold(&mut self, incoming: Vec<Incoming>, offset: u32) -> Step {
        self.join(incoming, offset)?;
        self.depth = self.frame.stack.len();
        self.note(super::NoteKind::Interpreted, "this has not run so far");
        let state = self.capture();
        self.function.block_mut(self.block).terminator = Terminator::Exit {
            reason: ExitReason::ColdBranch,
            state,
        };
        Ok(())
    }

    /// Lifts a block whose start is the current position.
    pub(super) fn lift_to_end(&mut self, schedule: &mut Schedule, index: usize) -> Step {
        match self.lift_block(schedule, index) {
            Ok(()) | Err(Stop::PathEnds) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    fn lift_block(&mut self, schedule: &mut Schedule, first: usize) -> Step {
        let code = self.context.code.clone();
        let starts = self.context.scan.block_starts.clone();
        self.statement_start = true;
        for index in first..code.instrs.len() {
            self.instr = code.instrs[index];
            let offset = self.instr.offset;
            if index != first && self.instr.micro == 0 && starts.binary_search(&offset).is_ok() {
                self.go_to(schedule, offset)?;
                return Ok(());
            }
            if std::mem::take(&mut self.skip_next) {
                self.snapshot = None;
                continue;
            }
            if self.instr.micro == 0 {
                self.depth = self.frame.stack.len();
                if (self.snapshot.is_none() || self.statement_start) && !self.is_done_already() {
                    self.capture();
                }
            }
            let ends_statement = ends_statement(&self.instr.op);
            let done = self.step(schedule);
            self.lift_caught(schedule)?;
            let done = done?;
            self.statement_start = ends_statement;
            if done {
                return Ok(());
            }
        }
        Err(self.refuse("internal: control runs over the end of the code"))
    }

    /// The instruction sets an attribute of a function that was made with it: the interpreter cannot go on here.
    fn is_done_already(&self) -> bool {
        self.attributes_set > 0 && matches!(self.instr.op, Bytecode::SetFunctionAttribute { .. })
    }

    // --- edges ----------------------------------------------------------------------------------

    /// Ends the current block with a jump to bytecode `target`.
    pub(super) fn go_to(&mut self, schedule: &mut Schedule, target: u32) -> Step {
        if self.is_outside(target) {
            return self.leave_loop(target);
        }
        if schedule.open.contains_key(&target) && target <= self.instr.offset {
            return self.back_edge(schedule, target);
        }
        if target <= schedule.position && self.tail_of.is_some() {
            return Err(self.not_caught());
        }
        let incoming = Incoming {
            block: self.block,
            frame: self.frame.clone(),
            snapshot: self.snapshot,
        };
        schedule.pending.entry(target).or_default().push(incoming);
        Ok(())
    }

    /// Starts a fresh block for one side of a branch; the current position moves there.
    pub(super) fn new_block(&mut self) -> BlockId {
        self.function.add_block()
    }

    pub(super) fn edge(&self, block: BlockId) -> Edge {
        Edge {
            block,
            args: Vec::new(),
        }
    }

    /// Branches on a machine bool: true goes to bytecode `then`, false to `otherwise`.
    pub(super) fn branch(
        &mut self,
        schedule: &mut Schedule,
        condition: ValueId,
        then: u32,
        otherwise: u32,
    ) -> Step {
        let (then_block, otherwise_block) = (self.new_block(), self.new_block());
        self.set_branch(condition, then_block, otherwise_block);
        let (snapshot, frame) = (self.snapshot, self.frame.clone());
        self.block = then_block;
        self.go_to(schedule, then)?;
        // A back edge converts what it passes: the other way does not have that.
        self.frame = frame;
        self.block = otherwise_block;
        self.snapshot = snapshot;
        self.go_to(schedule, otherwise)
    }

    pub(super) fn set_branch(&mut self, condition: ValueId, then: BlockId, otherwise: BlockId) {
        let (then, otherwise) = (self.edge(then), self.edge(otherwise));
        self.function.block_mut(self.block).terminator = Terminator::Branch {
            condition,
            then,
            otherwise,
        };
    }

    /// `PopJumpIf`.
    pub(super) fn pop_jump_if(
        &mut self,
        schedule: &mut Schedule,
        condition: Condition,
        target: u32,
    ) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let next = self.instr.next;
        let (test, jump_if) = match condition {
            Condition::True => (self.truth(value)?, true),
            Condition::False => (self.truth(value)?, false),
            Condition::None => (self.is_none(value)?, true),
            Condition::NotNone => (self.is_none(value)?, false),
        };
        self.release(&item)?;
        let (then, otherwise) = if jump_if {
            (target, next)
        } else {
            (next, target)
        };
        match self.function.defining_op(test) {
            Some(Op::ConstBool(true)) => self.go_to(schedule, then),
            Some(Op::ConstBool(false)) => self.go_to(schedule, otherwise),
            _ => self.branch(schedule, test, then, otherwise),
        }
    }

    /// 3.11's `JUMP_IF_x_OR_POP`.
    pub(super) fn jump_if_or_pop(
        &mut self,
        schedule: &mut Schedule,
        condition: Condition,
        target: u32,
    ) -> Step {
        let item = self.pop()?;
        let value = self.value_of(&item)?;
        let test = self.truth(value)?;
        let (jump, fall) = (self.new_block(), self.new_block());
        match condition {
            Condition::True => self.set_branch(test, jump, fall),
            _ => self.set_branch(test, fall, jump),
        }
        let snapshot = self.snapshot;
        let before = self.frame.clone();
        self.block = jump;
        self.frame.stack.push(item);
        self.go_to(schedule, target)?;
        self.frame = before;
        self.block = fall;
        self.snapshot = snapshot;
        self.go_to(schedule, self.instr.next)
    }

    pub(super) fn is_none(&mut self, value: ValueId) -> Step<ValueId> {
        let ty = self.ty(value);
        if ty == Type::NONE {
            return self.const_bool(true);
        }
        if !Type::NONE.is_subset(ty) {
            return self.const_bool(false);
        }
        let none = self.singleton(Singleton::None);
        self.boolean(Op::IsSame, &[value, none])
    }

    // --- joins ----------------------------------------------------------------------------------

    fn shape_of(&self, item: &Item) -> Shape {
        match item {
            Item::Null => Shape::Null,
            Item::Value(value) => Shape::Value(self.form(*value)),
            Item::Maybe(value, _, ty) => Shape::Maybe(Form {
                ty: *ty,
                ..self.form(*value)
            }),
            Item::Virtual(_) | Item::Shared(_) => Shape::Virtual,
        }
    }

    /// The form of a value.
    pub(super) fn form(&self, value: ValueId) -> Form {
        let (repr, ty) = (self.repr(value), self.ty(value));
        let wide = repr == Repr::Boxed
            && ty == Type::INT
            && self
                .fact(value)
                .is_some_and(|fact| fact.int == IntClass::Big);
        Form { repr, ty, wide }
    }

    /// Makes the current block the one where all these ways in meet.
    pub(super) fn join(&mut self, mut incoming: Vec<Incoming>, offset: u32) -> Step {
        if incoming.len() == 1
            && let Some(only) = incoming.pop()
        {
            self.block = only.block;
            self.frame = only.frame;
            self.snapshot = only.snapshot;
            return Ok(());
        }
        let locals = incoming[0].frame.locals.len();
        let count = incoming[0].frame.count();
        let block = self.new_block();
        let mut frame = incoming[0].frame.clone();
        frame.heap = self.join_heaps(&incoming)?;
        // Per way in, what it passes; filled slot by slot.
        let mut plans: Vec<(usize, Shape)> = Vec::new();
        if incoming.iter().any(|way| way.frame.count() != count) {
            return Err(self.refuse("internal: stack depths differ at a join"));
        }
        for slot in 0..count {
            let item_of = |way: &Incoming| way.frame.slot(slot).clone();
            let first = item_of(&incoming[0]);
            if incoming.iter().all(|way| item_of(way) == first) {
                continue;
            }
            let shared = incoming.iter().find_map(|way| match item_of(way) {
                Item::Shared(number) => Some(number),
                _ => None,
            });
            if let Some(number) = shared {
                return Err(self.do_not_share(number));
            }
            let mut shape = self.shape_of(&first);
            for way in &incoming[1..] {
                let other = self.shape_of(&item_of(way));
                shape = join_shape(&shape, &other)
                    .ok_or_else(|| self.refuse("an iterator and another object meet here"))?;
            }
            if shape == Shape::Virtual {
                let (item, pieces) = self.virtual_params(block, &first)?;
                let _ = pieces;
                plans.push((slot, Shape::Virtual));
                *frame.slot_mut(slot) = item;
                continue;
            }
            if slot < locals && !self.context.scan.is_live(offset, slot) {
                shape = prefer_unboxed(shape);
            }
            let item = self.shape_params(block, &shape);
            self.join_facts(&item, incoming.iter().map(item_of));
            plans.push((slot, shape));
            *frame.slot_mut(slot) = item;
        }
        for way in incoming {
            self.block = way.block;
            self.frame = way.frame;
            self.snapshot = way.snapshot;
            if self.snapshot.is_none() && !plans.is_empty() {
                // Conversions that can fail leave to where the ways meet.
                self.capture_at(offset)?;
            }
            let mut args = Vec::new();
            for (slot, shape) in &plans {
                let item = self.frame.slot(*slot).clone();
                self.pass(&item, shape, &mut args)?;
            }
            self.function.block_mut(self.block).terminator = Terminator::Jump(Edge { block, args });
        }
        self.block = block;
        self.frame = frame;
        self.snapshot = None;
        let own = self.frame.locals.len() + self.frame.stack.len();
        if plans.iter().any(|(slot, _)| *slot >= own) {
            self.link_outer();
        }
        Ok(())
    }

    fn join_facts(&mut self, item: &Item, ways: impl Iterator<Item = Item>) {
        let (Item::Value(param) | Item::Maybe(param, ..)) = item else {
            return;
        };
        let mut joined: Option<crate::feedback::Fact> = None;
        for way in ways {
            let (Item::Value(value) | Item::Maybe(value, ..)) = way else {
                continue;
            };
            // Of a number that was computed the range tells; of an object nothing may be known.
            if !self.facts.contains_key(&value) && self.repr(value) == Repr::Boxed {
                continue;
            }
            let fact = self.fact_of(value);
            match &mut joined {
                Some(joined) => joined.absorb(&fact),
                None => joined = Some(fact),
            }
        }
        if let Some(fact) = joined {
            self.facts.insert(*param, fact);
        }
    }

    fn shape_params(&mut self, block: BlockId, shape: &Shape) -> Item {
        let range = |repr| {
            if repr == Repr::U64 {
                IntRange::U64
            } else {
                IntRange::I64
            }
        };
        match shape {
            Shape::Null => Item::Null,
            Shape::Virtual => unreachable!("virtual objects have params of their own"),
            Shape::Value(Form { repr, ty, .. }) => {
                Item::Value(self.function.add_param(block, *ty, *repr, range(*repr)))
            }
            Shape::Maybe(Form { repr, ty, .. }) => {
                // Unbound, an object's place is held by None.
                let held = if *repr == Repr::Boxed {
                    ty.union(Type::NONE)
                } else {
                    *ty
                };
                let value = self.function.add_param(block, held, *repr, range(*repr));
                let bound = self
                    .function
                    .add_param(block, Type::BOOL, Repr::Bool, IntRange::I64);
                Item::Maybe(value, bound, *ty)
            }
        }
    }

    /// Parameters for the mutable pieces of an iterator; the immutable ones must be the same on all
    /// ways in (they are: an iterator is made in one place).
    fn virtual_params(&mut self, block: BlockId, item: &Item) -> Step<(Item, usize)> {
        let Item::Virtual(object) = item else {
            return Err(self.refuse("internal: not a virtual object"));
        };
        let int = |lifter: &mut Self, range| {
            lifter
                .function
                .add_param(block, Type::INT, Repr::I64, range)
        };
        let (object, count) = match object.as_ref() {
            Virtual::Range { .. } => (object.as_ref().clone(), 0),
            Virtual::RangeIterator { stop, step, .. } => {
                let next = int(self, IntRange::I64);
                (
                    Virtual::RangeIterator {
                        next,
                        stop: *stop,
                        step: *step,
                    },
                    1,
                )
            }
            Virtual::SequenceIterator {
                sequence, class, ..
            } => {
                let index = int(self, IntRange::LENGTH);
                (
                    Virtual::SequenceIterator {
                        sequence: *sequence,
                        index,
                        class: *class,
                    },
                    1,
                )
            }
            Virtual::Enumerate { inner, .. } => {
                let count = int(self, IntRange::I64);
                let (inner, pieces) = self.virtual_params(block, inner)?;
                (Virtual::Enumerate { count, inner }, pieces + 1)
            }
            Virtual::Zip { inner } => {
                let mut items = Vec::new();
                let mut total = 0;
                for item in inner {
                    let (item, pieces) = self.virtual_params(block, item)?;
                    items.push(item);
                    total += pieces;
                }
                (Virtual::Zip { inner: items }, total)
            }
        };
        Ok((Item::Virtual(Rc::new(object)), count))
    }

    /// The values of the mutable pieces, in the order of `virtual_params`.
    fn virtual_args(&self, item: &Item, args: &mut Vec<ValueId>) {
        let Item::Virtual(object) = item else { return };
        match object.as_ref() {
            Virtual::Range { .. } => {}
            Virtual::RangeIterator { next, .. } => args.push(*next),
            Virtual::SequenceIterator { index, .. } => args.push(*index),
            Virtual::Enumerate { count, inner } => {
                args.push(*count);
                self.virtual_args(inner, args);
            }
            Virtual::Zip { inner } => {
                for item in inner {
                    self.virtual_args(item, args);
                }
            }
        }
    }

    /// Appends what an edge passes for a slot of that shape.
    fn pass(&mut self, item: &Item, shape: &Shape, args: &mut Vec<ValueId>) -> Step {
        match shape {
            Shape::Null => {}
            Shape::Virtual => self.virtual_args(item, args),
            Shape::Value(Form { repr, ty, .. }) => args.push(self.convert(item, *repr, *ty)?),
            Shape::Maybe(Form { repr, ty, .. }) => {
                let (value, bound) = match item {
                    Item::Null => (self.dummy(*repr)?, self.const_bool(false)?),
                    Item::Maybe(value, _, _)
                        if !self.ty(*value).is_subset(ty.union(Type::NONE)) =>
                    {
                        return Err(self.refuse("a variable that may be unbound changes its type"));
                    }
                    Item::Maybe(value, bound, _) if self.repr(*value) == *repr => (*value, *bound),
                    // The value may be anything when it is not bound: nothing that leaves or reads.
                    Item::Maybe(value, bound, _) if *repr == Repr::Boxed => {
                        let bound = *bound;
                        (self.as_boxed(*value)?, bound)
                    }
                    Item::Maybe(..) => {
                        return Err(self.refuse("a variable that may be unbound changes its form"));
                    }
                    item => (self.convert(item, *repr, *ty)?, self.const_bool(true)?),
                };
                args.push(value);
                args.push(bound);
            }
        }
        Ok(())
    }

    fn dummy(&mut self, repr: Repr) -> Step<ValueId> {
        match repr {
            Repr::I64 => self.const_int(0),
            Repr::U64 => self.emit_ranged(
                Op::ConstU64(0),
                &[],
                Type::INT,
                Repr::U64,
                IntRange::constant(0),
            ),
            Repr::F64 => self.float(
                Op::ConstF64(crate::hir::attributes::FloatBits::from(0.0)),
                &[],
            ),
            Repr::Bool => self.const_bool(false),
            Repr::Boxed => Ok(self.none()),
            Repr::Ptr => Err(self.refuse("internal: a pointer in a frame")),
        }
    }

    // --- loops ----------------------------------------------------------------------------------

    /// Builds preheader and header; the current block becomes the header.
    fn open_loop(&mut self, schedule: &mut Schedule, offset: u32, incoming: Vec<Incoming>) -> Step {
        let several = incoming.len() > 1;
        self.join(incoming, offset)?;
        if !several {
            // A preheader of its own: hoisted guards go there.
            let preheader = self.new_block();
            let edge = self.edge(preheader);
            self.function.block_mut(self.block).terminator = Terminator::Jump(edge);
            self.block = preheader;
        }
        let assigned = self.assigned_slots(offset);
        self.make_snapshot_values(&assigned)?;
        self.capture();
        let header = self.new_block();
        let key = self.header_key(offset);
        let known = self.knowledge.headers.get(&key).cloned();
        let mut slots = Vec::new();
        let mut args = Vec::new();
        let mut frame = self.frame.clone();
        for (position, slot) in assigned.into_iter().enumerate() {
            let item = self.frame.slot(slot).clone();
            let mut shape = self.shape_of(&item);
            if let Some(known) = &known {
                // What came round before; what comes in may have become wider since.
                shape = join_shape(&known[position], &shape)
                    .ok_or_else(|| self.refuse("an iterator or range in a variable of a loop"))?;
            }
            self.pass(&item, &shape, &mut args)?;
            let param = self.shape_params(header, &shape);
            *frame.slot_mut(slot) = param.clone();
            self.join_facts(&param, std::iter::once(item));
            slots.push((slot, shape));
        }
        let mut iterator_params = 0;
        let is_for = matches!(self.instr.op, Bytecode::ForIter { .. });
        if is_for && let Some(top) = self.frame.iterator() {
            self.virtual_args(&top, &mut args);
            let (item, count) = self.virtual_params(header, &top)?;
            iterator_params = count;
            frame.set_iterator(item);
        }
        self.function.block_mut(self.block).terminator = Terminator::Jump(Edge {
            block: header,
            args,
        });
        self.block = header;
        self.frame = frame;
        self.snapshot = None;
        self.link_outer();
        schedule.open.insert(
            offset,
            OpenLoop {
                header,
                slots,
                iterator_params,
                heap: self.frame.heap.clone(),
            },
        );
        Ok(())
    }

    /// Objects in pieces cannot be in variables that the loop assigns.
    fn make_snapshot_values(&mut self, assigned: &[usize]) -> Step {
        for slot in assigned {
            match self.frame.slot(*slot) {
                Item::Shared(number) => return Err(self.do_not_share(*number)),
                Item::Virtual(_) => {
                    return Err(self.refuse("an iterator or range in a variable of a loop"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A jump back to a loop header.
    fn back_edge(&mut self, schedule: &mut Schedule, target: u32) -> Step {
        let key = self.header_key(target);
        let open = schedule
            .open
            .get(&target)
            .ok_or_else(|| self.refuse("internal: no loop"))?;
        let (header, iterator_params) = (open.header, open.iterator_params);
        let slots = open.slots.clone();
        let mut wider = Vec::new();
        let mut fits = true;
        let own = self.frame.locals.len();
        for (slot, shape) in &slots {
            let item = self.frame.slot(*slot).clone();
            if let Item::Shared(number) = item {
                return Err(self.do_not_share(number));
            }
            let mine = self.shape_of(&item);
            let joined = join_shape(shape, &mine)
                .ok_or_else(|| self.refuse("an iterator or range in a variable of a loop"))?;
            let joined = if *slot >= own || self.context.scan.is_live(target, *slot) {
                joined
            } else {
                prefer_unboxed(joined)
            };
            fits &= joined == *shape;
            wider.push(joined);
        }
        if !fits {
            if self.set_first_item_apart(&slots) || self.peel(target, &slots) {
                // Whatever comes later was lifted with the old class: it teaches nothing.
                return Err(Stop::Restart);
            }
            self.knowledge.headers.insert(key, wider);
            self.restart = true;
            let state = self.capture();
            self.function.block_mut(self.block).terminator = Terminator::Exit {
                reason: ExitReason::NotSeen,
                state,
            };
            return Ok(());
        }
        if self.snapshot.is_none() {
            // A conditional jump has popped its operand: guards leave to where it goes.
            self.capture_at(target)?;
        }
        let mut args = Vec::new();
        for (slot, shape) in &slots {
            let item = self.frame.slot(*slot).clone();
            self.pass(&item, shape, &mut args)?;
            self.learn_from_back_edge(header, &item, args.len() - 1);
        }
        let iterator = self.frame.stack.last().cloned();
        self.keep_heap(schedule, target, iterator.as_ref())?;
        if iterator_params > 0
            && let Some(top) = self.frame.iterator()
        {
            self.virtual_args(&top, &mut args);
        }
        self.emit(Op::Poll, &[], None)?;
        self.function.block_mut(self.block).terminator = Terminator::Jump(Edge {
            block: header,
            args,
        });
        Ok(())
    }

    /// What is known of a value that goes round also holds for the header's parameter.
    fn learn_from_back_edge(&mut self, header: BlockId, item: &Item, position: usize) {
        if let Item::Value(value) = item
            && let Some(&param) = self.function.block(header).params.get(position)
        {
            let known = self.facts.contains_key(value);
            if known || self.repr(*value) != Repr::Boxed && self.facts.contains_key(&param) {
                let fact = self.fact_of(*value);
                self.facts.entry(param).or_default().absorb(&fact);
            }
        }
    }

    // --- truth ----------------------------------------------------------------------------------

    /// The condition on top of the operand stack as a machine bool.
    pub(super) fn truth(&mut self, value: ValueId) -> Step<ValueId> {
        let hint = self.truth_hint();
        if let Some(truth) = self.known_truth(value, hint)? {
            return Ok(truth);
        }
        if self.may_learn(value, 0) {
            return self.exit_here(
                ExitReason::NotSeen,
                &[Item::Value(value)],
                "the type of the condition is not known yet",
            );
        }
        self.note(super::NoteKind::RuntimeCall, "truth of an object");
        self.runtime(HelperId::IsTrue, &[value])
    }

    /// `bool(value)` as a machine bool, if the class says how.
    pub(super) fn known_truth(&mut self, value: ValueId, hint: Type) -> Step<Option<ValueId>> {
        let zero = match self.repr(value) {
            Repr::Bool => return Ok(Some(value)),
            Repr::I64 => Some((Op::IntCmp(Cond::Ne), self.const_int(0)?)),
            Repr::U64 => Some((Op::U64Cmp(Cond::Ne), self.dummy(Repr::U64)?)),
            Repr::F64 => Some((Op::FloatCmp(Cond::Ne), self.dummy(Repr::F64)?)),
            Repr::Boxed | Repr::Ptr => None,
        };
        if let Some((op, zero)) = zero {
            return self.boolean(op, &[value, zero]).map(Some);
        }
        let (value, class) = self.specialise(value, 0, hint)?;
        let number = match class {
            Type::BOOL => return self.as_bool(value).map(Some),
            Type::NONE => return self.const_bool(false).map(Some),
            Type::INT if self.is_big(value, 0) => {
                return self.runtime(HelperId::LongIsTrue, &[value]).map(Some);
            }
            Type::INT => self.as_machine_int(value, 0)?,
            Type::FLOAT => self.as_f64(value, 0)?,
            Type::LIST | Type::TUPLE | Type::BYTES | Type::BYTEARRAY | Type::STR => {
                self.length(value, class)?
            }
            Type::DICT | Type::SET | Type::FROZENSET => {
                match self.dict_or_set_length(value, class)? {
                    Some(length) => length,
                    None => return Ok(None),
                }
            }
            Type::FUNCTION | Type::BUILTIN | Type::MODULE => {
                return self.const_bool(true).map(Some);
            }
            _ => return Ok(None),
        };
        self.known_truth(number, hint)
    }

    fn truth_hint(&self) -> Type {
        use crate::bytecode::{Hint, TruthHint};
        match self.instr.hint {
            Hint::ToBool(TruthHint::Bool) => Type::BOOL,
            Hint::ToBool(TruthHint::Int) => Type::INT,
            Hint::ToBool(TruthHint::List) => Type::LIST,
            Hint::ToBool(TruthHint::None) => Type::NONE,
            Hint::ToBool(TruthHint::Str) => Type::STR,
            _ => Type::EMPTY,
        }
    }
}

/// A dead variable shows only in frame states: its identity may go, its cost must.
fn prefer_unboxed(shape: Shape) -> Shape {
    use super::item::number_class;
    let unboxed = |repr: Repr, ty: Type| match (repr, number_class(ty)) {
        (Repr::Boxed, Some(Type::FLOAT)) => Repr::F64,
        (Repr::Boxed, Some(Type::BOOL)) => Repr::Bool,
        _ => repr,
    };
    match shape {
        Shape::Value(form) => Shape::Value(Form {
            repr: unboxed(form.repr, form.ty),
            ..form
        }),
        other => other,
    }
}

/// After these nothing of the statement is left on the stack: the next instruction starts one.
fn ends_statement(op: &Bytecode) -> bool {
    matches!(
        op,
        Bytecode::StoreFast(_)
            | Bytecode::StoreSubscr
            | Bytecode::StoreSlice
            | Bytecode::StoreAttr { .. }
            | Bytecode::StoreDeref(_)
            | Bytecode::StoreGlobal { .. }
            | Bytecode::PopTop
            | Bytecode::Resume { .. }
            | Bytecode::DeleteFast(_)
            | Bytecode::GetIter
    )
}
