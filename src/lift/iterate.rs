//! `GET_ITER` and `FOR_ITER`: iterators of builtin sequences live in pieces.

use std::cell::RefCell;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::bytecode::{Hint, Op as Bytecode};
use crate::feedback::Fact;
use crate::hir::attributes::{Cond, Container, Overflow};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::control::Schedule;
use super::item::{Item, Virtual};
use super::{Lifter, NoteKind, Step};

impl Lifter<'_> {
    pub(super) fn get_iter(&mut self) -> Step {
        let item = self.pop()?;
        if let Some(iterator) = self.iterator_of(&item)? {
            self.frame.stack.push(iterator);
            return Ok(());
        }
        let value = self.value_of(&item)?;
        if self.may_learn(value, 0) {
            return self.exit_here(
                ExitReason::NotSeen,
                &[item],
                "the type to iterate over is not known yet",
            );
        }
        self.note(NoteKind::RuntimeCall, "iteration over an object");
        let value = self.as_boxed(value)?;
        let known = self.dict_or_set_iterator(value);
        let ty = known.as_ref().map_or(Type::OBJECT, |fact| fact.ty);
        let op = Op::CallRuntime(HelperId::GetIter);
        let iterator = self.emit_value(op, &[value], ty, Repr::Boxed)?;
        self.release(&Item::Value(value))?;
        if let Some(known) = known {
            self.facts.insert(iterator, known);
        }
        self.push(iterator);
        Ok(())
    }

    /// The iterator in pieces, if the object's class allows.
    pub(super) fn iterator_of(&mut self, item: &Item) -> Step<Option<Item>> {
        let object = match item {
            Item::Virtual(object) => match object.as_ref() {
                Virtual::Range { start, stop, step } => Virtual::RangeIterator {
                    next: *start,
                    stop: *stop,
                    step: *step,
                },
                // The others are iterators themselves.
                _ => return Ok(Some(item.clone())),
            },
            Item::Value(value) => {
                let hint = Type::EMPTY;
                let (value, class) = self.specialise(*value, 0, hint)?;
                if !matches!(
                    class,
                    Type::LIST | Type::TUPLE | Type::BYTES | Type::BYTEARRAY | Type::STR
                ) {
                    return Ok(None);
                }
                let index = self.const_int(0)?;
                Virtual::SequenceIterator {
                    sequence: value,
                    index,
                    class,
                }
            }
            // A generator or an iterator is its own.
            Item::Shared(_) => return Ok(Some(item.clone())),
            Item::Null | Item::Maybe(..) => return Ok(None),
        };
        Ok(Some(Item::Virtual(Rc::new(object))))
    }

    pub(super) fn for_iter(&mut self, schedule: &mut Schedule, exit: u32) -> Step {
        let next = self.instr.next;
        if let Some(Item::Shared(number)) = self.frame.stack.last()
            && self.frame.iterator().is_none()
        {
            let number = *number;
            return self.for_iter_of_generator(schedule, number, exit);
        }
        let iterator = self.frame.iterator();
        match iterator.or_else(|| self.frame.stack.last().cloned()) {
            Some(item @ Item::Virtual(_)) => {
                let more = self.has_next(&item)?;
                let (body, done) = (self.new_block(), self.new_block());
                self.set_branch(more, body, done);
                let before = self.frame.clone();
                let snapshot = self.snapshot;
                self.block = body;
                let (values, advanced) = self.advance(&item)?;
                self.frame.set_iterator(advanced);
                let target = self.push_items(values, next)?;
                self.go_to(schedule, target)?;
                self.frame = before;
                self.block = done;
                self.snapshot = snapshot;
                match self.pop()? {
                    Item::Shared(number) => self.release_shared(number)?,
                    item => self.release_iterator(&item)?,
                }
                self.go_to(schedule, exit)
            }
            Some(Item::Value(iterator)) => {
                if self.for_iter_of_table(schedule, iterator, exit)? {
                    return Ok(());
                }
                if self.instr.hint == Hint::ForIterGenerator
                    || self.context.scan.loop_depth(self.instr.offset) > 0
                {
                    self.note(NoteKind::RuntimeCall, "next item of an iterator");
                }
                let value = self.runtime(HelperId::IterNext, &[iterator])?;
                let sentinel = self.sentinel();
                let end = self.boolean(Op::IsSame, &[value, sentinel])?;
                let (body, done) = (self.new_block(), self.new_block());
                self.set_branch(end, done, body);
                let before = self.frame.clone();
                self.block = body;
                self.push(value);
                self.go_to(schedule, next)?;
                self.frame = before;
                self.block = done;
                self.snapshot = None;
                let item = self.pop()?;
                self.release(&item)?;
                self.go_to(schedule, exit)
            }
            _ => Err(self.refuse("internal: no iterator")),
        }
    }

    pub(super) fn release_iterator(&mut self, item: &Item) -> Step {
        let Item::Virtual(object) = item else {
            return Ok(());
        };
        match object.as_ref() {
            Virtual::SequenceIterator { sequence, .. } => self.release(&Item::Value(*sequence)),
            Virtual::Enumerate { inner, .. } => self.release_iterator(inner),
            Virtual::Zip { inner } => {
                for item in inner {
                    self.release_iterator(item)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Machine bool: is there another item?
    fn has_next(&mut self, item: &Item) -> Step<ValueId> {
        let Item::Virtual(object) = item else {
            return Err(self.refuse("internal: no iterator in pieces"));
        };
        match *object.as_ref() {
            Virtual::RangeIterator { next, stop, step } => match self.as_const_int(step) {
                Some(step) if step > 0 => self.boolean(Op::IntCmp(Cond::Lt), &[next, stop]),
                Some(_) => self.boolean(Op::IntCmp(Cond::Gt), &[next, stop]),
                None => {
                    let zero = self.const_int(0)?;
                    let up = self.boolean(Op::IntCmp(Cond::Gt), &[step, zero])?;
                    let below = self.boolean(Op::IntCmp(Cond::Lt), &[next, stop])?;
                    let above = self.boolean(Op::IntCmp(Cond::Gt), &[next, stop])?;
                    self.boolean(Op::Select, &[up, below, above])
                }
            },
            Virtual::SequenceIterator {
                sequence,
                index,
                class,
            } => {
                let length = self.length(sequence, class)?;
                self.boolean(Op::IntCmp(Cond::Lt), &[index, length])
            }
            Virtual::Enumerate { ref inner, .. } => self.has_next(inner),
            Virtual::Zip { ref inner } => {
                let mut all = None;
                for item in inner {
                    let more = self.has_next(item)?;
                    all = Some(match all {
                        Some(all) => self.boolean(Op::BoolAnd, &[all, more])?,
                        None => more,
                    });
                }
                match all {
                    Some(all) => Ok(all),
                    None => self.const_bool(false),
                }
            }
            Virtual::Range { .. } => Err(self.refuse("internal: a range is no iterator")),
        }
    }

    /// Pushes what an iterator yields: several values are a tuple, unless the next instruction takes
    /// it apart. Where control continues.
    pub(super) fn push_items(&mut self, mut values: Vec<Item>, next: u32) -> Step<u32> {
        if let [value] = &values[..] {
            let value = value.clone();
            self.frame.stack.push(value);
            return Ok(next);
        }
        let code = self.context.code.clone();
        if let Some(index) = code.instr_at(next)
            && code.instrs[index].op == Bytecode::UnpackSequence(values.len() as u32)
        {
            values.reverse();
            self.frame.stack.extend(values);
            return Ok(code.instrs[index].next);
        }
        let mut known = Fact::default();
        let mut operands = Vec::new();
        for item in &values {
            let value = self.value_of(item)?;
            known.absorb(&self.fact_of(value));
            operands.push(self.as_boxed(value)?);
        }
        let op = Op::CallRuntime(HelperId::NewTuple);
        let tuple = self.emit_value(op, &operands, Type::TUPLE, Repr::Boxed)?;
        let items = Some(Rc::new(RefCell::new(known)));
        self.facts.insert(
            tuple,
            Fact {
                items,
                ..Fact::of(Type::TUPLE)
            },
        );
        self.push(tuple);
        Ok(next)
    }

    /// The next items (several: of a tuple) and the iterator behind them; there is one.
    fn advance(&mut self, item: &Item) -> Step<(Vec<Item>, Item)> {
        let Item::Virtual(object) = item else {
            return Err(self.refuse("internal: no iterator in pieces"));
        };
        let (values, object) = match *object.as_ref() {
            Virtual::RangeIterator { next, stop, step } => {
                let after = self.int(Op::IntAdd(Overflow::Checked), &[next, step])?;
                (
                    vec![Item::Value(next)],
                    Virtual::RangeIterator {
                        next: after,
                        stop,
                        step,
                    },
                )
            }
            Virtual::SequenceIterator {
                sequence,
                index,
                class,
            } => {
                let container = match class {
                    Type::LIST => Container::List,
                    Type::TUPLE => Container::Tuple,
                    Type::BYTES => Container::Bytes,
                    Type::BYTEARRAY => Container::ByteArray,
                    _ => Container::Str,
                };
                let one = self.const_int(1)?;
                let add = Op::IntAdd(Overflow::Never);
                let args = [index, one];
                let after = self.emit_ranged(add, &args, Type::INT, Repr::I64, IntRange::LENGTH)?;
                let value = self.load_item(sequence, container, index)?;
                let object = Virtual::SequenceIterator {
                    sequence,
                    index: after,
                    class,
                };
                (vec![Item::Value(value)], object)
            }
            Virtual::Enumerate { count, ref inner } => {
                let (values, inner) = self.advance(inner)?;
                let [value] = &values[..] else {
                    return Err(self.refuse("an iterator of tuples inside of another"));
                };
                let one = self.const_int(1)?;
                let after = self.int(Op::IntAdd(Overflow::Checked), &[count, one])?;
                let values = vec![Item::Value(count), value.clone()];
                (
                    values,
                    Virtual::Enumerate {
                        count: after,
                        inner,
                    },
                )
            }
            Virtual::Zip { ref inner } => {
                let mut all = Vec::new();
                let mut iterators = Vec::new();
                for item in inner {
                    let (values, iterator) = self.advance(item)?;
                    if values.len() != 1 {
                        return Err(self.refuse("an iterator of tuples inside of another"));
                    }
                    all.extend(values);
                    iterators.push(iterator);
                }
                (all, Virtual::Zip { inner: iterators })
            }
            Virtual::Range { .. } => return Err(self.refuse("internal: a range is no iterator")),
        };
        Ok((values, Item::Virtual(Rc::new(object))))
    }
}
