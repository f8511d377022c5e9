//! Builtins that take all items of a generator in pieces: `sum`, `any`, `all`, `min`, `max`, `list`, `tuple`, `set`, `sorted`,
//! `str.join`; and `next`, which takes one.
//!
//! The builtin is a loop that has no bytecode. What it has so far (a sum, a list) stands in the slots of an outer frame
//! that is none ([`super::shared::Outer::builtin`]), so the generator's loops carry it like the variables of a frame that waits.
//! Every guard on an item leaves to the generator's `yield`, with the item on its stack: the interpreter yields it,
//! and the runtime goes on with the builtin (`runtime/frame/consumers.rs`).
//!
//! The function is done where its result is known (`any` and `all` may drop the generator before its end). Results
//! of several ways meet behind the call.

use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::hir::attributes::{CallShape, Cond, FloatBits, Overflow};
use crate::hir::{BlockId, Consumer, Op, Repr, Stage, Terminator, Type, ValueId};

use super::control::Schedule;
use super::item::{Item, number_class};
use super::peel::is_old_class;
use super::shared::Outer;
use super::{
    Builtin, BuiltinClass, BuiltinMethod, Frame, Incoming, Lifter, METHODS, ObjectFact, ObjectKind,
    Step, Stop,
};
use crate::feedback::Fact;

/// A call of a builtin that takes all items.
struct Taking {
    by: Consumer,
    number: u32,
    slots: Vec<Item>,
}

impl Lifter<'_> {
    /// A call of such a builtin with a generator in pieces; `None` if it is none.
    pub(super) fn take_all(
        &mut self,
        object: &ObjectFact,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Item>> {
        let taken = args.iter().find_map(|item| match item {
            Item::Shared(number) => Some(*number),
            _ => None,
        });
        let Some(number) = taken else {
            return Ok(None);
        };
        let fits = self
            .generator(number)
            .is_some_and(|generator| generator.stage != Stage::Finished);
        if !fits || kwnames.is_some() || self.snapshot.is_none() {
            return Ok(None);
        }
        let Some(taking) = self.taking(object, args, number)? else {
            return Ok(None);
        };
        let (by, receiver) = (taking.by, taking.slots.get(2).cloned());
        let result = self.take(taking)?;
        if by != Consumer::Call {
            return Ok(Some(result));
        }
        let list = self.value_of(&result)?;
        let callable = self.object(object);
        let made = match (&object.kind, receiver) {
            (ObjectKind::Class(_), _) => self.runtime(HelperId::ListToTuple, &[list])?,
            (ObjectKind::Method(_), Some(receiver)) => {
                let receiver = self.value_of(&receiver)?;
                let receiver = self.as_boxed(receiver)?;
                let operands = [callable, receiver, list];
                let op = Op::CallRuntime(HelperId::QuietCall);
                self.emit_value(op, &operands, Type::STR, Repr::Boxed)?
            }
            _ => {
                let op = Op::CallObject(CallShape { keywords: None });
                let after = self.after_state();
                let sorted = self.emit_value(op, &[callable, list], Type::LIST, Repr::Boxed)?;
                if let Some(call) = self.function.defining_instr(sorted) {
                    self.function.instr_mut(call).after = Some(after);
                }
                sorted
            }
        };
        if self.ty(made) != Type::STR
            && let Some(items) = self.fact(list).and_then(|fact| fact.items.clone())
        {
            let ty = self.ty(made);
            let items = Some(items);
            self.facts.insert(
                made,
                Fact {
                    items,
                    ..Fact::of(ty)
                },
            );
        }
        self.release(&Item::Value(list))?;
        Ok(Some(Item::Value(made)))
    }

    fn taking(&mut self, object: &ObjectFact, args: &[Item], number: u32) -> Step<Option<Taking>> {
        let is_join = |row: usize| {
            METHODS
                .get(row)
                .is_some_and(|row| row.class == Type::STR && row.name == "join")
        };
        let alone = matches!(args, [Item::Shared(_)]);
        let function = |lifter: &mut Self| Item::Value(lifter.object(object));
        let (by, slots) = match &object.kind {
            ObjectKind::Builtin(Builtin::Sum) => {
                let start = match args {
                    [Item::Shared(_)] => self.const_int(0)?,
                    [Item::Shared(_), Item::Value(start)] => *start,
                    _ => return Ok(None),
                };
                let start = match self.ty(start) {
                    Type::INT if !self.is_big(start, 0) => self.as_i64(start, 0)?,
                    Type::FLOAT => self.as_f64(start, 0)?,
                    _ => return Ok(None),
                };
                let lost = self.float(Op::ConstF64(FloatBits::from(0.0)), &[])?;
                let slots = vec![Item::Value(start), Item::Value(lost), function(self)];
                (Consumer::Sum, slots)
            }
            ObjectKind::Builtin(Builtin::Next) => match args {
                [Item::Shared(_)] => (Consumer::Next, vec![Item::Null]),
                [Item::Shared(_), default @ Item::Value(_)] => {
                    (Consumer::Next, vec![default.clone()])
                }
                _ => return Ok(None),
            },
            ObjectKind::Builtin(Builtin::Any) if alone => (Consumer::Any, Vec::new()),
            ObjectKind::Builtin(Builtin::All) if alone => (Consumer::All, Vec::new()),
            ObjectKind::Builtin(Builtin::Min) if alone => {
                (Consumer::Min, vec![Item::Null, function(self)])
            }
            ObjectKind::Builtin(Builtin::Max) if alone => {
                (Consumer::Max, vec![Item::Null, function(self)])
            }
            ObjectKind::Builtin(Builtin::Sorted) if alone && self.inline_depth == 0 => {
                let list = self.new_list()?;
                (Consumer::Call, vec![list, function(self), Item::Null])
            }
            ObjectKind::Class(BuiltinClass::Other(Type::LIST)) if alone => {
                (Consumer::List, vec![self.new_list()?])
            }
            ObjectKind::Class(BuiltinClass::Other(Type::TUPLE)) if alone => {
                let list = self.new_list()?;
                (Consumer::Call, vec![list, function(self), Item::Null])
            }
            ObjectKind::Class(BuiltinClass::Other(Type::SET)) if alone => {
                let set = self.runtime(HelperId::EmptySet, &[])?;
                self.note_items(set, Type::SET);
                (Consumer::Set, vec![Item::Value(set)])
            }
            ObjectKind::Method(BuiltinMethod::Row(row)) if is_join(*row) => match args {
                [receiver @ Item::Value(value), Item::Shared(_)]
                    if self.ty(*value) == Type::STR =>
                {
                    let list = self.new_list()?;
                    let slots = vec![list, function(self), receiver.clone()];
                    (Consumer::Call, slots)
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(Taking { by, number, slots }))
    }

    /// A list nobody else sees.
    fn new_list(&mut self) -> Step<Item> {
        let list = self.runtime(HelperId::NewList, &[])?;
        self.note_items(list, Type::LIST);
        Ok(Item::Value(list))
    }

    fn note_items(&mut self, container: ValueId, class: Type) {
        let items = Some(Rc::new(std::cell::RefCell::new(Fact::default())));
        self.facts.insert(
            container,
            Fact {
                items,
                ..Fact::of(class)
            },
        );
    }

    /// Lifts the generator's code with the builtin in place of a loop's body; what it results in.
    fn take(&mut self, taking: Taking) -> Step<Item> {
        let Taking { by, number, slots } = taking;
        let Some(generator) = self.generator(number) else {
            return Err(self.refuse("internal: no generator"));
        };
        let caller = self.frame.clone();
        let (instr, context) = (self.instr, self.context.clone());
        self.push_taker(number, instr.next, Some(by), Schedule::default());
        let mut heap = std::mem::take(&mut self.frame.heap);
        heap.remove(&number);
        let called = Frame {
            heap: Default::default(),
            ..caller.clone()
        };
        let outer = Outer::builtin(by, slots, &context, (instr, called));
        self.enter_generator(&generator);
        let mut own = Schedule::default();
        self.go_on(&mut own, number, &generator, outer, heap)?;
        let (consumer, returns) = self.lift_generator(own, number)?;
        let code = self.context.clone();
        self.leave_generator(&consumer);
        let mut ways = consumer.results;
        for site in returns {
            let have = site.frame.outer.clone();
            self.end_of_generator(site)?;
            let result = self.result_of(by, have.as_deref())?;
            let mut frame = caller.clone();
            frame.heap = std::mem::take(&mut self.frame.heap);
            self.frame = frame;
            self.keep_finished(number, &code);
            self.link_outer();
            let frame = std::mem::take(&mut self.frame);
            ways.push((self.block, frame, result));
        }
        self.meet(ways, instr.next)
    }

    /// Where the ways to the builtin's result meet.
    fn meet(&mut self, ways: Vec<(BlockId, Frame, Item)>, next: u32) -> Step<Item> {
        let mut incoming = Vec::new();
        let mut classes = Type::EMPTY;
        for (block, mut frame, result) in ways {
            if let Item::Value(value) = result {
                classes = classes.union(self.ty(value));
            }
            frame.stack.push(result);
            incoming.push(Incoming {
                block,
                frame,
                snapshot: None,
            });
        }
        // `sum` of no floats is an int: where floats are expected, that way leaves until it has been taken.
        let site = self.request.history.site(self.context.key, next);
        let taken = site.is_some_and(|site| site.left_for(ExitReason::ColdBranch));
        if incoming.len() > 1 && classes == Type::INT.union(Type::FLOAT) && !taken {
            let mut kept = Vec::new();
            for way in incoming {
                match way.frame.stack.last() {
                    Some(Item::Value(value)) if is_old_class(self.ty(*value)) => {
                        self.block = way.block;
                        self.frame = way.frame;
                        self.capture_at(next)?;
                        if let Some(state) = self.snapshot {
                            let reason = ExitReason::ColdBranch;
                            self.function.block_mut(self.block).terminator =
                                Terminator::Exit { reason, state };
                        }
                    }
                    _ => kept.push(way),
                }
            }
            incoming = kept;
        }
        if incoming.is_empty() {
            return Err(Stop::PathEnds);
        }
        self.join(incoming, next)?;
        let result = self.frame.stack.last().cloned();
        let state = self.state_at(next, next);
        self.pop()?;
        self.mark_snapshot(state);
        result.ok_or_else(|| self.refuse("internal: a builtin without result"))
    }

    fn slots_of(outer: Option<&Outer>) -> &[Item] {
        outer.map_or(&[], |outer| &outer.frame.locals)
    }

    /// What the builtin results in when there are no more items.
    fn result_of(&mut self, by: Consumer, have: Option<&Outer>) -> Step<Item> {
        let slots = Self::slots_of(have);
        Ok(match by {
            Consumer::Any => Item::Value(self.const_bool(false)?),
            Consumer::All => Item::Value(self.const_bool(true)?),
            Consumer::Sum => match slots {
                [Item::Value(sum), Item::Value(lost), ..]
                    if self.repr(*sum) == Repr::F64 && self.world.sum_compensates() =>
                {
                    let zero = self.float(Op::ConstF64(FloatBits::from(0.0)), &[])?;
                    let some = self.boolean(Op::FloatCmp(Cond::Ne), &[*lost, zero])?;
                    // Infinity and nan are not equal to 0 when they are subtracted from themselves.
                    let nothing = self.float(Op::FloatSub, &[*lost, *lost])?;
                    let finite = self.boolean(Op::FloatCmp(Cond::Eq), &[nothing, zero])?;
                    let back = self.boolean(Op::BoolAnd, &[some, finite])?;
                    let total = self.float(Op::FloatAdd, &[*sum, *lost])?;
                    Item::Value(self.float(Op::Select, &[back, total, *sum])?)
                }
                [sum, ..] => sum.clone(),
                [] => return Err(self.refuse("internal: no sum")),
            },
            _ => match slots.first() {
                Some(item @ Item::Value(_)) => item.clone(),
                _ => return Err(self.refuse("internal: a builtin without result")),
            },
        })
    }

    /// RETURN_VALUE in a generator whose items a builtin takes: `min` of nothing raises, in the interpreter.
    pub(super) fn check_result(&mut self) -> Step {
        let Some(consumer) = self.consumers.last() else {
            return Ok(());
        };
        let needs_one = matches!(
            consumer.builtin,
            Some(Consumer::Min | Consumer::Max | Consumer::Next)
        );
        let outer = self.frame.outer.clone();
        let slots = Self::slots_of(outer.as_deref());
        if needs_one
            && self.frame.generator == Some(consumer.number)
            && slots.first() == Some(&Item::Null)
        {
            return self.exit_here(ExitReason::ColdBranch, &[], "there was no item");
        }
        Ok(())
    }

    /// YIELD_VALUE of a generator whose items a builtin takes.
    pub(super) fn take_item(&mut self, schedule: &mut Schedule, by: Consumer) -> Step {
        self.capture();
        let item = self.frame.stack.last().cloned();
        let Some(item) = item else {
            return Err(self.refuse("internal: nothing to yield"));
        };
        match by {
            Consumer::Next => {
                let item = self.pop()?;
                return self.drop_generator(item);
            }
            Consumer::Any | Consumer::All => {
                if !self.stop_at(&item, by == Consumer::Any)? {
                    return Ok(());
                }
            }
            _ => {
                let value = self.value_of(&item)?;
                self.add_item(by, value, &item)?;
            }
        }
        let item = self.pop()?;
        self.release(&item)?;
        let none = self.none();
        self.push(none);
        let later = self.consumers.last_mut().and_then(|row| row.later.take());
        match later {
            Some(mut later) => {
                let done = self.go_to(&mut later, self.instr.next);
                if let Some(consumer) = self.consumers.last_mut() {
                    consumer.later = Some(later);
                }
                done
            }
            None => self.go_to(schedule, self.instr.next),
        }
    }

    /// `any` (`all`) has its result if the item is true (false): false if no way goes on.
    fn stop_at(&mut self, item: &Item, wanted: bool) -> Step<bool> {
        let value = self.value_of(item)?;
        let test = match self.known_truth(value, Type::EMPTY)? {
            Some(test) => test,
            None if self.may_learn(value, 0) => {
                self.pop()?;
                let text = "the type of the items is not known yet";
                return self.exit_here(ExitReason::NotSeen, std::slice::from_ref(item), text);
            }
            None => return Err(self.do_not_inline()),
        };
        let constant = match self.function.defining_op(test) {
            Some(Op::ConstBool(value)) => Some(value),
            _ => None,
        };
        if constant == Some(!wanted) {
            return Ok(true);
        }
        let (stop, on) = (self.new_block(), self.new_block());
        if constant.is_some() {
            self.jump_to(stop, Vec::new());
        } else if wanted {
            self.set_branch(test, stop, on);
        } else {
            self.set_branch(test, on, stop);
        }
        let (before, snapshot) = (self.frame.clone(), self.snapshot);
        self.block = stop;
        let item = self.pop()?;
        self.release(&item)?;
        let result = Item::Value(self.const_bool(wanted)?);
        self.drop_generator(result)?;
        self.frame = before;
        self.snapshot = snapshot;
        self.block = on;
        Ok(constant.is_none())
    }

    /// The builtin has its result before the generator's end.
    fn drop_generator(&mut self, result: Item) -> Step {
        let Some(consumer) = self.consumers.last() else {
            return Err(self.refuse("internal: nobody consumes"));
        };
        let number = consumer.number;
        let Some(mut caller) = consumer.caller.clone() else {
            return Err(self.refuse("internal: nobody consumes"));
        };
        let object = self.suspended(&self.frame);
        let mut frame = std::mem::take(&mut self.frame);
        caller.heap = std::mem::take(&mut frame.heap);
        self.frame = caller;
        if self.frame.holds(number) {
            self.frame.heap.insert(number, object);
        } else {
            // The code at hand is still the generator's: what dies here leaves no state.
            self.release_object(&object)?;
        }
        self.link_outer();
        let frame = std::mem::take(&mut self.frame);
        let block = self.block;
        if let Some(consumer) = self.consumers.last_mut() {
            consumer.results.push((block, frame, result));
        }
        Ok(())
    }

    fn have(&self, slot: usize) -> Item {
        let outer = self.frame.outer.as_deref();
        Self::slots_of(outer)
            .get(slot)
            .cloned()
            .unwrap_or(Item::Null)
    }

    fn set_have(&mut self, slot: usize, item: Item) {
        if let Some(outer) = &mut self.frame.outer
            && let Some(place) = Rc::make_mut(outer).frame.locals.get_mut(slot)
        {
            *place = item;
        }
    }

    /// An item for a builtin that takes all of them.
    fn add_item(&mut self, by: Consumer, value: ValueId, item: &Item) -> Step {
        if matches!(by, Consumer::List | Consumer::Call) {
            let Item::Value(list) = self.have(0) else {
                return Err(self.refuse("internal: no list"));
            };
            return self.append(list, value);
        }
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        if by == Consumer::Set {
            let Item::Value(set) = self.have(0) else {
                return Err(self.refuse("internal: no set"));
            };
            if self
                .site()
                .is_some_and(|site| site.times(ExitReason::Empty) > 1)
            {
                return Err(self.do_not_inline());
            }
            let known = self.fact_of(value);
            if let Some(items) = self.fact(set).and_then(|fact| fact.items.clone()) {
                items.borrow_mut().absorb(&known);
            }
            let value = self.as_boxed(value)?;
            self.runtime(HelperId::SetAdd, &[set, value])?;
            return Ok(());
        }
        let number = number_class(class);
        if number.is_none() && self.may_learn(value, 0) {
            self.pop()?;
            let text = "the type of the items is not known yet";
            return self.exit_here(ExitReason::NotSeen, std::slice::from_ref(item), text);
        }
        let fits = matches!(number, Some(Type::INT | Type::FLOAT | Type::BOOL))
            && !self.is_big(value, 0)
            && !self.left_for(ExitReason::Overflow);
        if !fits {
            return Err(self.do_not_inline());
        }
        match by {
            Consumer::Sum => self.add_to_sum(value, class),
            _ => self.keep_best(by, value, class),
        }
    }

    fn add_to_sum(&mut self, value: ValueId, class: Type) -> Step {
        let (Item::Value(sum), Item::Value(lost)) = (self.have(0), self.have(1)) else {
            return Err(self.refuse("internal: no sum"));
        };
        let next = match (self.ty(sum), class) {
            (Type::INT, Type::INT | Type::BOOL) => {
                let (sum, value) = (self.as_i64(sum, 1)?, self.as_i64(value, 0)?);
                self.int(Op::IntAdd(Overflow::Checked), &[sum, value])?
            }
            (Type::INT, Type::FLOAT) => {
                let (sum, value) = (self.as_f64(sum, 1)?, self.as_f64(value, 0)?);
                self.float(Op::FloatAdd, &[sum, value])?
            }
            (Type::FLOAT, Type::FLOAT) => {
                let (sum, value) = (self.as_f64(sum, 1)?, self.as_f64(value, 0)?);
                let next = self.float(Op::FloatAdd, &[sum, value])?;
                if self.world.sum_compensates() {
                    let lost = self.add_lost(lost, sum, value, next)?;
                    self.set_have(1, Item::Value(lost));
                }
                next
            }
            // Versions differ in how they add an int to floats.
            _ => return Err(self.do_not_inline()),
        };
        self.set_have(0, Item::Value(next));
        Ok(())
    }

    /// What rounding lost so far, with what it lost at `next = sum + value`.
    fn add_lost(
        &mut self,
        lost: ValueId,
        sum: ValueId,
        value: ValueId,
        next: ValueId,
    ) -> Step<ValueId> {
        let a = self.float(Op::FloatAbs, &[sum])?;
        let b = self.float(Op::FloatAbs, &[value])?;
        let larger = self.boolean(Op::FloatCmp(Cond::Ge), &[a, b])?;
        let first = self.float(Op::Select, &[larger, sum, value])?;
        let second = self.float(Op::Select, &[larger, value, sum])?;
        let difference = self.float(Op::FloatSub, &[first, next])?;
        let more = self.float(Op::FloatAdd, &[difference, second])?;
        self.float(Op::FloatAdd, &[lost, more])
    }

    fn keep_best(&mut self, by: Consumer, value: ValueId, class: Type) -> Step {
        let value = match class {
            Type::FLOAT => self.as_f64(value, 0)?,
            Type::INT => self.as_i64(value, 0)?,
            _ => return Err(self.do_not_inline()),
        };
        let best = match self.have(0) {
            Item::Null => value,
            Item::Value(best) if self.ty(best) == class && self.repr(best) == self.repr(value) => {
                let cond = if by == Consumer::Max {
                    Cond::Gt
                } else {
                    Cond::Lt
                };
                let op = match class {
                    Type::FLOAT => Op::FloatCmp(cond),
                    _ => Op::IntCmp(cond),
                };
                let better = self.boolean(op, &[value, best])?;
                let (ty, repr) = (class, self.repr(value));
                self.emit_value(Op::Select, &[better, value, best], ty, repr)?
            }
            _ => return Err(self.do_not_inline()),
        };
        self.set_have(0, Item::Value(best));
        Ok(())
    }
}
