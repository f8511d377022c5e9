//! Ways out: one cold block per distinct state, shared by its sites.
//!
//! A guard branches to its own small cold block, which names the site and goes on to the shared
//! block; a state with one site has no second block. All end in one call of the handler. Shared blocks are emitted when the whole
//! function is, so that they know how many sites they have. Safety rests on this file: a wrong slot
//! or a forgotten release makes the interpreter run with a broken frame.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};

use super::alias::Region;
use super::context::{Current, Lowering};
use super::error::LowerError;
use crate::abi::deopt_table::{
    DeoptTable, ExitKind, ExitSite, ExitState, FrameDescriptor, SharedDescriptor, ShownLocals,
    SlotDescriptor, Source, ValueDescriptor, VirtualDescriptor,
};
use crate::abi::exit_reason::ExitReason;
use crate::abi::support::Support;
use crate::hir::{
    CodeId, FrameStateId, Op, Origin, Repr, Shared as SharedObject, Slot, ValueId, VirtualObject,
};

/// What sites must have in common to share a block.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    state: FrameStateId,
    kind: ExitKind,
    owned: Vec<ValueId>,
    /// The boxed result for `Slot::Result`; such exits are never shared.
    result: Option<Value>,
    /// Copy of the function within itself.
    copy: usize,
    /// Levels by which the interpreter's counter is brought up to date first.
    levels: Option<Value>,
}

struct Shared {
    key: Key,
    /// Cold block and number of each site.
    sites: Vec<(Block, u32)>,
}

/// The exits of the function being lowered.
#[derive(Default)]
pub struct Exits {
    shared: Vec<Shared>,
    by_key: HashMap<Key, usize>,
    table: DeoptTable,
}

/// Assigns words to values.
#[derive(Default)]
struct Words {
    order: Vec<ValueId>,
    index: HashMap<ValueId, u32>,
}

impl Words {
    fn of(&mut self, value: ValueId) -> u32 {
        *self.index.entry(value).or_insert_with(|| {
            self.order.push(value);
            self.order.len() as u32 - 1
        })
    }
}

/// Where an exit comes from.
#[derive(Clone, Copy)]
pub struct Place {
    /// Why.
    pub reason: ExitReason,
    /// Exit, throw, after.
    pub kind: ExitKind,
    /// The state it leaves in.
    pub state: FrameStateId,
    /// Bytecode it stands for.
    pub origin: Origin,
    /// Which of its operands is tested.
    pub operand: u8,
}

/// Locals stored for the time of a call.
#[derive(Clone, Copy)]
pub struct Shown {
    /// Row of the deopt table's `shown`.
    pub row: u32,
    /// Address of the words. The first is not 0 while the frame has the locals.
    pub words_at: Value,
}

impl Lowering<'_, '_> {
    /// The cold block of a new exit site.
    pub fn exit_block(
        &mut self,
        place: Place,
        owned: Vec<ValueId>,
        result: Option<Value>,
    ) -> Block {
        let block = self.emitter.cold_block();
        let mut owned = owned;
        owned.sort_unstable();
        owned.dedup();
        let key = Key {
            state: place.state,
            kind: place.kind,
            owned,
            result,
            copy: self.copy,
            levels: self.levels,
        };
        let exits = &mut self.exits;
        let row = *exits.by_key.entry(key.clone()).or_insert_with(|| {
            exits.shared.push(Shared {
                key,
                sites: Vec::new(),
            });
            exits.shared.len() - 1
        });
        let site = exits.table.sites.len() as u32;
        exits.table.sites.push(ExitSite {
            reason: place.reason,
            code: place.origin.code,
            offset: place.origin.offset,
            operand: place.operand,
            state: row as u32,
        });
        exits.shared[row].sites.push((block, site));
        block
    }

    /// Stores what the locals of the outermost frame are during a call. The words lie where exits have
    /// theirs, for no exit is taken while the call runs.
    pub fn store_locals(&mut self, current: Current) -> Result<Shown, LowerError> {
        let state = current.instr.throw.or(current.instr.exit);
        let Some(mut state) = state.map(|id| self.function.frame_state(id)) else {
            return Err(LowerError::malformed("a call without a frame state"));
        };
        while let Some(parent) = state.parent {
            state = self.function.frame_state(parent);
        }
        let mut words = Words::default();
        let locals = state
            .locals
            .iter()
            .map(|slot| self.slot(slot, None, &mut words, 1))
            .collect::<Result<Vec<_>, _>>()?;
        let words_at = self.store_words(&words, 1)?;
        let hidden = self.emitter.constant(0);
        self.emitter.store(Region::Stack, hidden, words_at, 0);
        let row = self.exits.table.shown.len() as u32;
        self.exits.table.shown.push(ShownLocals {
            locals,
            words: words.order.len() as u32 + 1,
        });
        Ok(Shown { row, words_at })
    }

    /// Puts the locals into the frame.
    pub fn show_locals(&mut self, shown: Shown, frame: Value) {
        let arguments = self.shown_arguments(shown, frame);
        self.emitter
            .call_support_unit(Support::ShowLocals, &arguments);
    }

    /// Takes them out again; whether to leave behind the call.
    pub fn hide_locals(&mut self, shown: Shown, frame: Value) -> Value {
        let arguments = self.shown_arguments(shown, frame);
        self.emitter.call_support(Support::HideLocals, &arguments)
    }

    fn shown_arguments(&mut self, shown: Shown, frame: Value) -> [Value; 4] {
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let row = self.emitter.constant(i64::from(shown.row));
        [unit, row, shown.words_at, frame]
    }

    /// Stores the values behind the first `shift` words of the shared slot; gives its address.
    fn store_words(&mut self, words: &Words, shift: u32) -> Result<Value, LowerError> {
        let count = words.order.len() as u32 + shift;
        let slot = self.exit_slot;
        self.emitter.grow_slot(slot, count.max(1));
        let place = self.emitter.slot_address(slot, 0);
        for (index, &id) in words.order.iter().enumerate() {
            let mut value = self.value(id)?;
            if self.function.value(id).repr == Repr::Bool {
                value = self.emitter.builder.ins().uextend(I64, value);
            }
            if self.function.value(id).repr == Repr::Boxed {
                self.emitter.check_reference(value);
            }
            let offset = 8 * (index as i32 + shift as i32);
            self.emitter.store(Region::Stack, value, place, offset);
        }
        Ok(place)
    }

    /// Emits every shared block and gives the finished table.
    pub fn finish_exits(&mut self) -> Result<DeoptTable, LowerError> {
        let shared = std::mem::take(&mut self.exits.shared);
        let mut table = std::mem::take(&mut self.exits.table);
        if shared.is_empty() {
            return Ok(table);
        }
        let mut ways_out = Vec::new();
        for _ in 0..self.copies.len() {
            let way_out = self.emitter.cold_block();
            let counting = self.counted.then(|| self.emitter.cold_block());
            ways_out.push((way_out, counting));
        }
        for row in &shared {
            self.use_copy(row.key.copy);
            let site = match row.sites[..] {
                [(block, site)] => {
                    self.emitter.builder.switch_to_block(block);
                    self.emitter.constant(i64::from(site))
                }
                _ => {
                    let common = self.emitter.cold_block();
                    let parameter = self.emitter.builder.append_block_param(common, I64);
                    for &(block, site) in &row.sites {
                        self.emitter.builder.switch_to_block(block);
                        let site = self.emitter.constant(i64::from(site));
                        self.emitter.builder.ins().jump(common, &[site.into()]);
                    }
                    self.emitter.builder.switch_to_block(common);
                    parameter
                }
            };
            let state = self.leave(&row.key, site, ways_out[row.key.copy])?;
            table.states.push(state);
        }
        for (copy, (way_out, counting)) in ways_out.into_iter().enumerate() {
            self.use_copy(copy);
            if let Some(counting) = counting {
                self.counting_way_out(counting, way_out);
            }
            self.way_out(way_out);
        }
        self.use_copy(0);
        Ok(table)
    }

    /// The end of all exits: calls the handler with the site's number and returns what it says.
    /// There is one in each copy of the function, for a call is what costs most in an exit.
    fn way_out(&mut self, block: Block) {
        let site = self.emitter.builder.append_block_param(block, I64);
        self.emitter.builder.switch_to_block(block);
        self.emitter.publish_activation();
        self.show_around();
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let place = self.emitter.slot_address(self.exit_slot, 0);
        let frame = match self.native_frame {
            Some(frame) => self.emitter.slot_load(frame, 0),
            None => self.emitter.constant(0),
        };
        let thread_state = self.thread_state();
        let object = self.emitter.call_support(
            Support::ExitHandler,
            &[thread_state, unit, site, place, frame],
        );
        self.return_boxed(object);
    }

    /// Stores the live values and goes to the way out.
    fn leave(
        &mut self,
        key: &Key,
        site: Value,
        (way_out, counting): (Block, Option<Block>),
    ) -> Result<ExitState, LowerError> {
        let mut words = Words::default();
        let mut releases = Vec::new();
        // The result has no HIR value: it takes the first word, and native code owns it.
        let result_word = key.result.map(|_| 0);
        let shift = u32::from(key.result.is_some());
        if let Some(word) = result_word {
            releases.push(word);
        }
        let frames = self.frames(key.state, result_word, &mut words, shift)?;
        let shared = self.shared_objects(key.state, &mut words, shift)?;
        for &value in &key.owned {
            if self.function.value(value).repr != Repr::Boxed {
                return Err(LowerError::malformed(format!(
                    "{value} is owned but not boxed"
                )));
            }
            releases.push(words.of(value) + shift);
        }
        let count = words.order.len() as u32 + shift;
        let place = self.store_words(&words, shift)?;
        if let Some(result) = key.result {
            self.emitter.store(Region::Stack, result, place, 0);
        }
        match key.levels.zip(counting) {
            Some((levels, counting)) => {
                let arguments = [site.into(), levels.into()];
                self.emitter.builder.ins().jump(counting, &arguments);
            }
            None => {
                self.emitter.builder.ins().jump(way_out, &[site.into()]);
            }
        }
        Ok(ExitState {
            kind: key.kind,
            frames,
            shared,
            releases,
            words: count,
        })
    }

    /// Returns an owned object, or NULL with an exception set, from the body.
    fn return_boxed(&mut self, object: Value) {
        let failed = self.emitter.compare(IntCC::Equal, object, 0);
        let failed = self.emitter.builder.ins().uextend(I64, failed);
        let status = self.emitter.builder.ins().iadd_imm_s(failed, 1);
        let value = match self.function.returns {
            Repr::F64 => self
                .emitter
                .builder
                .ins()
                .bitcast(F64, MemFlagsData::new(), object),
            _ => object,
        };
        if let Some(left) = self.copies[self.copy].left {
            let arguments = [value.into(), status.into()];
            self.emitter.builder.ins().jump(left, &arguments);
            return;
        }
        self.emitter.builder.ins().return_(&[value, status]);
    }

    fn frames(
        &self,
        innermost: FrameStateId,
        result_word: Option<u32>,
        words: &mut Words,
        shift: u32,
    ) -> Result<Vec<FrameDescriptor>, LowerError> {
        let mut frames = Vec::new();
        let mut next = Some(innermost);
        while let Some(id) = next {
            let state = self.function.frame_state(id);
            let mut slots = |list: &[Slot]| self.slots(list, result_word, words, shift);
            frames.push(FrameDescriptor {
                code: state.code,
                function: self.function_of(state.code)?,
                offset: state.offset,
                next: state.next,
                locals: slots(&state.locals)?,
                stack: slots(&state.stack)?,
                waits: state.waits,
                generator: state.generator,
                consumed: match &state.consumed {
                    Some(consumed) => Some((consumed.by, slots(&consumed.slots)?)),
                    None => None,
                },
            });
            next = state.parent;
        }
        frames.reverse();
        Ok(frames)
    }

    fn function_of(&self, code: CodeId) -> Result<u32, LowerError> {
        let row = self.function.codes.get(code.index());
        row.map(|row| row.function)
            .ok_or_else(|| LowerError::malformed(format!("a frame state names {code}")))
    }

    /// The objects that slots of the frames name by number. (A state says of each what it is where its
    /// frame can reach it; where several do, they say the same.)
    fn shared_objects(
        &self,
        innermost: FrameStateId,
        words: &mut Words,
        shift: u32,
    ) -> Result<Vec<(u32, SharedDescriptor)>, LowerError> {
        let mut objects: Vec<(u32, SharedDescriptor)> = Vec::new();
        let mut next = Some(innermost);
        while let Some(id) = next {
            let state = self.function.frame_state(id);
            for (number, object) in &state.shared {
                if objects.iter().any(|row| row.0 == *number) {
                    continue;
                }
                let mut slots = |list: &[Slot]| self.slots(list, None, words, shift);
                let object = match object {
                    SharedObject::Generator {
                        code,
                        offset,
                        stage,
                        locals,
                        stack,
                    } => SharedDescriptor::Generator {
                        function: self.function_of(*code)?,
                        offset: *offset,
                        stage: *stage,
                        locals: slots(locals)?,
                        stack: slots(stack)?,
                    },
                    SharedObject::Iterator(object) => {
                        SharedDescriptor::Iterator(self.virtual_object(object, None, words, shift)?)
                    }
                    SharedObject::Function { code, closure } => SharedDescriptor::Function {
                        function: self.function_of(*code)?,
                        closure: slots(closure)?,
                    },
                    SharedObject::Tuple(items) => SharedDescriptor::Tuple(slots(items)?),
                };
                objects.push((*number, object));
            }
            next = state.parent;
        }
        Ok(objects)
    }

    fn slots(
        &self,
        slots: &[Slot],
        result_word: Option<u32>,
        words: &mut Words,
        shift: u32,
    ) -> Result<Vec<SlotDescriptor>, LowerError> {
        slots
            .iter()
            .map(|slot| self.slot(slot, result_word, words, shift))
            .collect()
    }

    fn slot(
        &self,
        slot: &Slot,
        result_word: Option<u32>,
        words: &mut Words,
        shift: u32,
    ) -> Result<SlotDescriptor, LowerError> {
        Ok(match slot {
            Slot::Null => SlotDescriptor::Null,
            Slot::Value(value) => SlotDescriptor::Value(self.describe(*value, words, shift)?),
            Slot::Maybe { value, bound } => SlotDescriptor::Maybe {
                value: self.describe(*value, words, shift)?,
                bound: self.describe(*bound, words, shift)?,
            },
            Slot::Result => match result_word {
                Some(word) => SlotDescriptor::Value(ValueDescriptor {
                    source: Source::Word(word),
                    repr: Repr::Boxed,
                }),
                None => return Err(LowerError::malformed("a result outside of an after state")),
            },
            Slot::Shared(number) => SlotDescriptor::Shared(*number),
            Slot::Virtual(object) => SlotDescriptor::Virtual(Box::new(self.virtual_object(
                object,
                result_word,
                words,
                shift,
            )?)),
        })
    }

    fn virtual_object(
        &self,
        object: &VirtualObject,
        result_word: Option<u32>,
        words: &mut Words,
        shift: u32,
    ) -> Result<VirtualDescriptor, LowerError> {
        let mut value = |id: ValueId| self.describe(id, words, shift);
        Ok(match object {
            VirtualObject::Range { start, stop, step } => VirtualDescriptor::Range {
                start: value(*start)?,
                stop: value(*stop)?,
                step: value(*step)?,
            },
            VirtualObject::RangeIterator { next, stop, step } => VirtualDescriptor::RangeIterator {
                next: value(*next)?,
                stop: value(*stop)?,
                step: value(*step)?,
            },
            VirtualObject::SequenceIterator { sequence, index } => {
                VirtualDescriptor::SequenceIterator {
                    sequence: value(*sequence)?,
                    index: value(*index)?,
                }
            }
            VirtualObject::Enumerate { count, inner } => VirtualDescriptor::Enumerate {
                count: value(*count)?,
                inner: self.slot(inner, result_word, words, shift)?,
            },
            VirtualObject::Zip { inner } => VirtualDescriptor::Zip {
                inner: inner
                    .iter()
                    .map(|slot| self.slot(slot, result_word, words, shift))
                    .collect::<Result<_, _>>()?,
            },
        })
    }

    /// Where a value is found: constants need no word.
    fn describe(
        &self,
        id: ValueId,
        words: &mut Words,
        shift: u32,
    ) -> Result<ValueDescriptor, LowerError> {
        let repr = self.function.value(id).repr;
        // One word for an object, however many guards know it better.
        let id = if repr == Repr::Boxed {
            self.function.object_behind(id)
        } else {
            id
        };
        if repr == Repr::Ptr {
            return Err(LowerError::malformed(format!(
                "raw pointer {id} in a frame state"
            )));
        }
        let source = match self.function.defining_op(id) {
            Some(Op::ConstI64(value)) => Source::Int(value),
            Some(Op::ConstU64(value)) => Source::Unsigned(value),
            Some(Op::ConstF64(value)) => Source::Float(value.0),
            Some(Op::ConstBool(value)) => Source::Bool(value),
            Some(Op::ConstObject(object)) => Source::Object(object),
            _ => Source::Word(words.of(id) + shift),
        };
        Ok(ValueDescriptor { source, repr })
    }
}
