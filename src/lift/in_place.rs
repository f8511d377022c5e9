//! Lifting one loop of a frame that is running (on-stack replacement).
//!
//! The parameters are what the frame holds at the loop's header: locals, operand stack, and the state of
//! iterators that only the frame knows, in pieces. Only the loop itself is lifted: where control leaves
//! it, native code leaves to the interpreter, which goes on in the same frame. So such code never
//! returns, and loops around it or behind it have code of their own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::bytecode::Op as Bytecode;
use crate::feedback::{Fact, FunctionCodeKey};
use crate::hir::attributes::IntWidth;
use crate::hir::{IntRange, Repr, Terminator, Type, ValueId};

use super::control::Schedule;
use super::generators::is_consumable;
use super::item::{Item, Virtual, number_class};
use super::shared::{Generator, SharedItem};
use super::{Lifter, ParamWidth, Refusal, Step};

/// A running frame at the header of a loop.
#[derive(Clone, Debug)]
pub struct EntryPoint {
    /// The header's code unit.
    pub offset: u32,
    /// `co_nlocalsplus` slots.
    pub locals: Vec<EntrySlot>,
    /// Operand stack, bottom first.
    pub stack: Vec<EntrySlot>,
}

/// What one slot holds.
#[derive(Clone, Debug)]
pub enum EntrySlot {
    /// NULL.
    Null,
    /// An object.
    Value(Fact),
    /// The cell of a variable, and what is known of its contents.
    Cell(Fact),
    /// A cell of the closure, which the function's code knows.
    Free,
    /// An iterator that nobody else has.
    Iterator(EntryIterator),
    /// An iterator or generator that only slots of these frames have: its number, and what it is where the number comes
    /// first.
    Shared(usize, Option<EntryShared>),
}

/// See [`EntrySlot::Shared`].
#[derive(Clone, Debug)]
pub enum EntryShared {
    /// An iterator.
    Iterator(EntryIterator),
    /// A generator that waits.
    Generator {
        /// Its code and globals.
        code: FunctionCodeKey,
        /// Code unit at which it goes on.
        unit: u32,
        /// It has run already.
        started: bool,
        /// `co_nlocalsplus` slots.
        locals: Vec<EntrySlot>,
        /// Operand stack, bottom first.
        stack: Vec<EntrySlot>,
    },
}

/// Why a loop is compiled again with its generators as they are.
pub const KEPT_GENERATOR: &str = "a generator of the loop cannot be taken apart";

/// An iterator in pieces.
#[derive(Clone, Debug)]
pub enum EntryIterator {
    /// Over a range.
    Range {
        /// Bounds of the next item.
        next: IntRange,
        /// Bounds of the bound.
        stop: IntRange,
        /// Exactly.
        step: i64,
    },
    /// Over a builtin sequence of one class.
    Sequence(Fact),
    /// `enumerate`.
    Enumerate(Box<EntryIterator>),
    /// `zip`.
    Zip(Vec<EntryIterator>),
}

/// Parameters up to which a frame is entered.
const MAX_PARAMETERS: usize = 100;

impl Lifter<'_> {
    /// Lifts the loop.
    pub(super) fn lift_loop(&mut self, point: &EntryPoint) -> Step<Type> {
        let code = self.context.code.clone();
        let Some(index) = code.instr_at(point.offset) else {
            return Err(self.refuse("internal: a loop between instructions"));
        };
        self.instr = code.instrs[index];
        let region = super::scan::natural_loop(&code, point.offset);
        // An exception without a handler is raised at the header's handler by the interpreter.
        let unprotected = |unit: u32| code.handler(unit).is_none();
        let inside = |offset: u32| {
            let starts = &self.context.scan.block_starts;
            let block = starts.partition_point(|start| *start <= offset);
            block > 0 && region.contains(&starts[block - 1])
        };
        if super::scan::waits_in_loop(&code, point.offset) {
            // Each turn would enter and leave; loops inside of it have their own code.
            return Err(self.refuse("a loop that yields or awaits would leave at every turn"));
        }
        let mixed = !unprotected(self.instr.at)
            && code
                .instrs
                .iter()
                .any(|instr| inside(instr.offset) && may_raise(&instr.op) && unprotected(instr.at));
        if mixed {
            return Err(self.refuse("a loop that begins in another `try` than it goes on in"));
        }
        self.function.in_place = true;
        self.region = Some(Rc::new(region));
        let mut parameters = Parameters::default();
        let mut locals = Vec::new();
        for (slot, entry) in point.locals.iter().enumerate() {
            let live = self.context.scan.is_live(point.offset, slot);
            let assigned = self
                .context
                .scan
                .loops
                .get(&point.offset)
                .is_some_and(|info| info.assigned.get(slot).copied().unwrap_or(true));
            locals.push(self.entry_item(entry, live, assigned, &mut parameters)?);
        }
        self.frame.locals = locals;
        let mut stack = Vec::new();
        for entry in &point.stack {
            stack.push(self.entry_item(entry, true, false, &mut parameters)?);
        }
        self.frame.stack = stack;
        if parameters.count > MAX_PARAMETERS {
            return Err(self.refuse("a loop in a frame with very many variables"));
        }
        self.fill_free_variables()?;
        let mut schedule = Schedule::default();
        self.go_to(&mut schedule, point.offset)?;
        let returns = self.lift_scheduled(schedule)?;
        self.finish_returns(returns)
    }

    fn entry_item(
        &mut self,
        entry: &EntrySlot,
        live: bool,
        assigned: bool,
        parameters: &mut Parameters,
    ) -> Step<Item> {
        Ok(match entry {
            EntrySlot::Null | EntrySlot::Free => Item::Null,
            // What the loop assigns goes round in the form it has there, read or not.
            EntrySlot::Value(fact) if live || assigned => {
                Item::Value(self.entry_object(fact, parameters))
            }
            // Nobody looks into it: whatever it is.
            EntrySlot::Value(_) => Item::Value(self.entry_object(&Fact::default(), parameters)),
            EntrySlot::Cell(contents) => {
                let entry = self.function.entry;
                let (ty, repr) = (Type::CELL, Repr::Boxed);
                let cell = self.function.add_param(entry, ty, repr, IntRange::I64);
                parameters.count += 1;
                let fact = Fact {
                    items: Some(Rc::new(RefCell::new(contents.clone()))),
                    ..Fact::of(Type::CELL)
                };
                self.facts.insert(cell, fact);
                Item::Value(cell)
            }
            EntrySlot::Iterator(iterator) => self.entry_iterator(iterator, parameters)?,
            EntrySlot::Shared(number, object) => {
                self.entry_shared(*number, object.as_ref(), parameters)?
            }
        })
    }

    fn entry_shared(
        &mut self,
        number: usize,
        object: Option<&EntryShared>,
        parameters: &mut Parameters,
    ) -> Step<Item> {
        let Some(object) = object else {
            let known = parameters.shared.get(&number).copied();
            return known
                .map(Item::Shared)
                .ok_or_else(|| self.refuse("internal: an object without a number"));
        };
        // Nothing in the code makes it: what cannot stay in pieces refuses the loop.
        let maker = (vec![u32::MAX, number as u32], u32::MAX);
        if self.knowledge.not_inlined.contains(&maker) {
            return Err(self.refuse(KEPT_GENERATOR));
        }
        let shared = self.number_of(maker);
        parameters.shared.insert(number, shared);
        let object = match object {
            EntryShared::Iterator(iterator) => {
                SharedItem::Iterator(self.entry_iterator(iterator, parameters)?)
            }
            EntryShared::Generator {
                code,
                unit,
                started,
                locals,
                stack,
            } => {
                let path = vec![u32::MAX, number as u32];
                let known = self.world.function_with_code(*code);
                let known =
                    known.and_then(|(handle, _)| Some((handle, self.world.callee(handle)?)));
                let Some((handle, callee)) = known.filter(|(_, callee)| is_consumable(callee))
                else {
                    return Err(self.refuse(KEPT_GENERATOR));
                };
                let context = self.add_code(handle, callee.bytes, callee.code, path);
                let mut items = Vec::new();
                for entry in locals.iter().chain(stack) {
                    items.push(self.entry_item(entry, true, true, parameters)?);
                }
                let stack = items.split_off(locals.len());
                SharedItem::Generator(Generator::new(context, *unit, *started, items, stack))
            }
        };
        self.frame.heap.insert(shared, Rc::new(object));
        Ok(Item::Shared(shared))
    }

    /// A parameter for an object, unboxed where an earlier attempt wanted its number.
    fn entry_object(&mut self, fact: &Fact, parameters: &mut Parameters) -> ValueId {
        let index = parameters.count;
        parameters.count += 1;
        let ty = if fact.ty.is_single() && fact.ty != Type::OTHER {
            fact.ty
        } else {
            Type::OBJECT
        };
        let unboxed = self.knowledge.unboxed_params.contains(&index)
            && !self.knowledge.kept_params.contains(&index);
        let (repr, range) = match number_class(ty) {
            Some(Type::FLOAT) if unboxed => (Repr::F64, IntRange::I64),
            Some(Type::BOOL) if unboxed => (Repr::Bool, IntRange::I64),
            Some(Type::INT) if unboxed => match self.param_width(index, fact) {
                // What the loop assigns grows; a later entry that finds it wider is compiled for that. Till then
                // sums that begin small need no checks.
                ParamWidth::Signed(IntWidth::Compact) => (Repr::I64, IntRange::COMPACT),
                ParamWidth::Signed(IntWidth::Full) => (Repr::I64, IntRange::I64),
                ParamWidth::Unsigned => (Repr::U64, IntRange::U64),
                ParamWidth::Boxed => (Repr::Boxed, IntRange::I64),
            },
            _ => (Repr::Boxed, IntRange::I64),
        };
        let entry = self.function.entry;
        let value = self.function.add_param(entry, ty, repr, range);
        self.facts.insert(value, fact.clone());
        self.params.insert(value, index);
        value
    }

    fn entry_int(&mut self, range: IntRange, parameters: &mut Parameters) -> ValueId {
        parameters.count += 1;
        let entry = self.function.entry;
        self.function.add_param(entry, Type::INT, Repr::I64, range)
    }

    fn entry_iterator(
        &mut self,
        iterator: &EntryIterator,
        parameters: &mut Parameters,
    ) -> Step<Item> {
        let object = match iterator {
            EntryIterator::Range { next, stop, step } => {
                let next = self.entry_int(*next, parameters);
                let stop = self.entry_int(*stop, parameters);
                let step = self.const_int(*step)?;
                Virtual::RangeIterator { next, stop, step }
            }
            EntryIterator::Sequence(fact) => {
                let class = fact.ty;
                let entry = self.function.entry;
                parameters.count += 1;
                let sequence = self
                    .function
                    .add_param(entry, class, Repr::Boxed, IntRange::I64);
                self.facts.insert(sequence, fact.clone());
                let index = self.entry_int(IntRange::LENGTH, parameters);
                Virtual::SequenceIterator {
                    sequence,
                    index,
                    class,
                }
            }
            EntryIterator::Enumerate(inner) => {
                let count = self.entry_int(IntRange::I64, parameters);
                let inner = self.entry_iterator(inner, parameters)?;
                Virtual::Enumerate { count, inner }
            }
            EntryIterator::Zip(inner) => {
                let mut items = Vec::new();
                for iterator in inner {
                    items.push(self.entry_iterator(iterator, parameters)?);
                }
                Virtual::Zip { inner: items }
            }
        };
        Ok(Item::Virtual(Rc::new(object)))
    }

    /// Is the bytecode outside of the loop that is lifted?
    pub(super) fn is_outside(&self, target: u32) -> bool {
        let starts = &self.context.scan.block_starts;
        // Not every target begins a block: FOR_ITER may take the next instruction in.
        let block = starts.partition_point(|start| *start <= target);
        self.inline_depth == 0
            && self
                .region
                .as_ref()
                .is_some_and(|region| block == 0 || !region.contains(&starts[block - 1]))
    }

    /// Control leaves the loop: the interpreter goes on there.
    pub(super) fn leave_loop(&mut self, target: u32) -> Step {
        self.capture_at(target)?;
        let Some(state) = self.snapshot else {
            return Err(self.refuse("internal: no state behind a loop"));
        };
        self.function.block_mut(self.block).terminator = Terminator::Exit {
            reason: ExitReason::LoopEnded,
            state,
        };
        Ok(())
    }
}

/// Compilers leave instructions out of a protected range that cannot raise.
fn may_raise(op: &Bytecode) -> bool {
    !matches!(
        op,
        Bytecode::Nop
            | Bytecode::Jump { .. }
            | Bytecode::JumpBackward { .. }
            | Bytecode::PopTop
            | Bytecode::PushNull
            | Bytecode::LoadConst(_)
            | Bytecode::LoadFast(_)
            | Bytecode::StoreFast(_)
    )
}

/// Parameters made so far.
#[derive(Default)]
struct Parameters {
    count: usize,
    /// Numbers in the lifter by those of the entry.
    shared: HashMap<usize, u32>,
}

/// Why a loop of this code cannot be entered at all.
pub(super) fn refuse_loops(code: &crate::bytecode::CodeBytes) -> Result<(), Refusal> {
    use crate::bytecode::CodeBytes;
    let wanted = CodeBytes::FLAG_NEWLOCALS | CodeBytes::FLAG_OPTIMIZED;
    if code.flags & wanted == wanted {
        return Ok(());
    }
    Err(Refusal {
        reason: "class bodies and module code stay interpreted".into(),
        offset: None,
        hint: String::new(),
    })
}
