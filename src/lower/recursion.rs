//! Functions that call themselves and nobody else who could run Python code: `Function::quiet`.
//!
//! The first word such a body gets is the thread state in calls from outside, and a negative number in
//! calls by itself: the complement of how many levels of recursion are left. So in calls from inside
//!
//! * the interpreter's counter is not touched: it is as it was at the call from outside, and brought up to
//!   date where native code leaves;
//! * the levels that the interpreter's limit and the C stack leave are one number, counted in a register;
//! * what the function assumes of the world (`passes/entry_guards.rs`) is not tested again;
//! * the thread state is found in the stack cell: it is the thread's own as long as nobody else ran.
//!
//! A small function is also copied into itself in place of its calls of itself, one level deep. A copy is an activation
//! like any other but for the machine frame: it takes a level, has an interpreter frame of its own where one
//! is needed, and where it leaves, its caller leaves too.
//!
//! Invariant: the third word of the stack cell is the number the outermost activation began with, valid until
//! somebody leaves. Behind a call that left, the counter is the interpreter's business again: it is counted
//! up by the levels of the call, and the caller leaves too, with the counter as it is.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, StackSlot, Value};

use super::alias::Region;
use super::calls::outer_place;
use super::context::{Current, Lowering, location, word_type};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::abi::support::Support;
use crate::analysis::dominators::Dominators;
use crate::hir::{BlockId, Callee, CodeId, FrameStateId, Function, InstrId, Op, Repr};

/// Words of the stack cell, see `RuntimeLayout::stack_cell`.
const LIMIT: i32 = 8;
const FIRST_LEVELS: i32 = 16;
/// Bytes of an activation, as a power of two, where nobody says.
const USUAL_FRAME_SHIFT: i64 = 10;

/// Instructions of all copies of a function within itself.
const MAX_COPIED: usize = 100;

/// A copy of the function within itself, in place of a call. The default is the function itself.
#[derive(Default)]
pub struct Copy {
    /// Where it goes on with its value.
    pub next: Option<Block>,
    /// Where it goes on with an object and a status if it left.
    pub left: Option<Block>,
    /// Where the function stands meanwhile.
    pub place: Option<(CodeId, u32)>,
    /// Where it keeps its frame.
    pub frame: Option<StackSlot>,
    /// Its values, while another copy is lowered.
    values: Vec<Option<Value>>,
}

/// Do copies of the function in place of its calls of itself stay small?
pub fn is_copied(function: &Function) -> bool {
    let (mut calls, mut size) = (0, 0);
    for &block in &function.layout {
        for &id in &function.block(block).instrs {
            let op = function.instr(id).op;
            calls += usize::from(matches!(op, Op::CallNative(_)));
            size += usize::from(!matches!(op, Op::Snapshot | Op::Poll | Op::KeepAlive));
        }
    }
    calls * size <= MAX_COPIED
}

/// Is the body called in the way of this module?
pub fn is_counted(function: &Function) -> bool {
    function.quiet.is_some()
        && !function.layout.iter().any(|&block| {
            let successors = function.block(block).terminator.successors();
            successors.contains(&function.entry)
        })
}

/// What is tested in calls from outside only: guards in front of everything else.
pub fn outside_guards(function: &Function) -> Vec<InstrId> {
    let params = &function.block(function.entry).params;
    let is_first = |state: FrameStateId| {
        let mut all = true;
        let state = function.frame_state(state);
        state.for_each_value(&mut |value| all &= params.contains(&value));
        all && state.parent.is_none()
    };
    let instrs = function.block(function.entry).instrs.iter().copied();
    instrs
        .take_while(|&id| {
            let op = function.instr(id).op;
            is_guard(op) || matches!(op, Op::Snapshot | Op::Poll)
        })
        .filter(|&id| {
            let instr = function.instr(id);
            is_guard(instr.op) && instr.exit.is_some_and(is_first)
        })
        .collect()
}

fn is_guard(op: Op) -> bool {
    matches!(op, Op::GuardGlobals(_) | Op::GuardFunction(_))
}

impl Lowering<'_, '_> {
    /// The thread state, wherever it is.
    pub fn thread_state(&mut self) -> Value {
        if !self.counted {
            return self.outside;
        }
        let cell = self.emitter.address(self.emitter.layout.stack_cell);
        self.emitter.load(Region::Runtime, I64, cell, 0)
    }

    /// The start of the body: what calls from outside need; goes on in a new block.
    pub fn enter_counted(&mut self) -> Result<(), LowerError> {
        let (outside, inside) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let levels = self.emitter.builder.append_block_param(inside, I64);
        let thread_state = self.outside;
        let is_inside = self.emitter.compare(IntCC::SignedLessThan, thread_state, 0);
        self.emitter
            .builder
            .ins()
            .brif(is_inside, inside, &[thread_state.into()], outside, &[]);

        self.emitter.builder.switch_to_block(outside);
        let first = self.first_levels(thread_state);
        self.levels = Some(first);
        for id in self.outside_guards.clone() {
            let instr = self.function.instr(id);
            self.instr(Current { id, instr })?;
        }
        self.emitter.builder.ins().jump(inside, &[first.into()]);

        self.emitter.builder.switch_to_block(inside);
        self.levels = Some(levels);
        Ok(())
    }

    /// Complement of the levels that are left, also noted in the stack cell.
    fn first_levels(&mut self, thread_state: Value) -> Value {
        let offset = self.emitter.layout.recursion_remaining;
        let flags = self.emitter.flags(Region::Runtime);
        let cell = self.emitter.address(self.emitter.layout.stack_cell);
        let limit = self.emitter.load(Region::Runtime, I64, cell, LIMIT);
        let shift = match self.emitter.addresses.frame_shift() {
            0 => self.emitter.constant(USUAL_FRAME_SHIFT),
            word => {
                let word = self.emitter.address(word);
                self.emitter.load(Region::Runtime, I64, word, 0)
            }
        };
        let zero = self.emitter.constant(0);
        let ins = &mut self.emitter.builder;
        let remaining = ins.ins().sload32(flags, thread_state, offset);
        let pointer = ins.ins().get_stack_pointer(I64);
        let room = ins.ins().isub(pointer, limit);
        let room = ins.ins().sshr(room, shift);
        let levels = ins.ins().smin(room, remaining);
        let levels = ins.ins().smax(levels, zero);
        let first = ins.ins().bnot(levels);
        self.emitter
            .store(Region::Runtime, first, cell, FIRST_LEVELS);
        first
    }

    /// Brings the interpreter's counter up to date: to what it would be in the activation with `levels`.
    pub fn count_levels(&mut self, levels: Value) {
        let cell = self.emitter.address(self.emitter.layout.stack_cell);
        let first = self.emitter.load(Region::Runtime, I64, cell, FIRST_LEVELS);
        let taken = self.emitter.builder.ins().isub(levels, first);
        let taken = self.emitter.builder.ins().ireduce(I32, taken);
        let thread_state = self.thread_state();
        let offset = self.emitter.layout.recursion_remaining;
        let count = self
            .emitter
            .load(Region::Runtime, I32, thread_state, offset);
        let count = self.emitter.builder.ins().isub(count, taken);
        self.emitter
            .store(Region::Runtime, count, thread_state, offset);
    }

    /// Frames between that of the function and the callee's, with it.
    fn levels_of(&self, current: Current) -> i64 {
        let mut count = 1;
        let mut state = current.instr.exit;
        while let Some(id) = state.and_then(|id| self.function.frame_state(id).parent) {
            count += 1;
            state = Some(id);
        }
        count
    }

    /// A call of the body by itself.
    pub fn call_itself(&mut self, current: Current, row: &Callee) -> Result<Value, LowerError> {
        let (Some(levels), Some(itself)) = (self.levels, self.itself) else {
            return Err(LowerError::malformed("a call of itself from elsewhere"));
        };
        let next = self.emitter.builder.create_block();
        let returned = word_type(row.returns);
        let result = self.emitter.builder.append_block_param(next, returned);
        let taken = self.levels_of(current);
        let within = self.emitter.builder.ins().iadd_imm_s(levels, taken);
        self.check_levels(current, within, taken)?;
        if row.returns == self.function.returns {
            self.leaf_returns(&current.instr.args, next)?;
        }
        let left = self.emitter.cold_block();
        let value = self.emitter.builder.append_block_param(left, returned);
        let status = self.emitter.builder.append_block_param(left, I64);
        if self.copy == 0 && self.copied && row.returns == self.function.returns {
            self.copy_here(current, within, (next, left))?;
        } else {
            let mut arguments = vec![within];
            for &id in &current.instr.args {
                arguments.push(self.word(id)?);
            }
            let call = self.emitter.builder.ins().call(itself, &arguments);
            let [value, status] = *self.emitter.builder.inst_results(call) else {
                return Err(LowerError::Unsupported("a call without value and status"));
            };
            self.emitter.builder.ins().brif(
                status,
                left,
                &[value.into(), status.into()],
                next,
                &[value.into()],
            );
        }

        // Anything may have run: what is known here need not hold any more.
        self.emitter.builder.switch_to_block(left);
        self.levels = None;
        let thread_state = self.thread_state();
        let offset = self.emitter.layout.recursion_remaining;
        let count = self
            .emitter
            .load(Region::Runtime, I32, thread_state, offset);
        let count = self.emitter.builder.ins().iadd_imm_s(count, taken);
        self.emitter
            .store(Region::Runtime, count, thread_state, offset);
        let throw = self.throw(current)?;
        let raised = self.emitter.compare(IntCC::Equal, status, 2);
        self.emitter.branch_if(raised, throw);
        let object = match returned {
            F64 => {
                let flags = MemFlagsData::new();
                self.emitter.builder.ins().bitcast(I64, flags, value)
            }
            _ => value,
        };
        let after = self.after(current, ExitReason::CalleeExited, object)?;
        self.emitter.builder.ins().jump(after, &[]);
        self.levels = Some(levels);

        self.emitter.builder.switch_to_block(next);
        Ok(match row.returns {
            Repr::Bool => {
                let bool_type = cranelift_codegen::ir::types::I8;
                self.emitter.builder.ins().ireduce(bool_type, result)
            }
            _ => result,
        })
    }

    /// Leaves where no level is left for a call.
    fn check_levels(
        &mut self,
        current: Current,
        within: Value,
        taken: i64,
    ) -> Result<(), LowerError> {
        let here = self.current_block;
        if taken == 1 && !self.levels_checked.is_empty() {
            let dominators = Dominators::new(self.function);
            let known = |&above: &BlockId| dominators.dominates(above, here);
            if self.levels_checked.iter().any(known) {
                return Ok(());
            }
        }
        let deep = self.exit(current, ExitReason::Recursion)?;
        let none = self
            .emitter
            .compare(IntCC::SignedGreaterThanOrEqual, within, 0);
        self.emitter.branch_if(none, deep);
        if taken == 1 {
            self.levels_checked.push(here);
        }
        Ok(())
    }

    /// The whole function in place of the call.
    fn copy_here(
        &mut self,
        current: Current,
        within: Value,
        (next, left): (Block, Block),
    ) -> Result<(), LowerError> {
        let function = self.function;
        let frame = match self.copies.get(1) {
            Some(copy) => copy.frame,
            None => self.copy_frame,
        };
        let mut values = vec![None; function.values.len()];
        let params = &function.block(function.entry).params;
        for (&param, &argument) in params.iter().zip(&current.instr.args) {
            values[param.index()] = Some(self.value(argument)?);
        }
        let number = self.copies.len();
        self.copies.push(Copy {
            next: Some(next),
            left: Some(left),
            place: Some(outer_place(function, current.instr)),
            frame,
            values,
        });
        let levels = self.levels.replace(within);
        let checked = std::mem::take(&mut self.levels_checked);
        let block = self.current_block;
        let blocks = std::mem::replace(&mut self.blocks, vec![None; function.blocks.len()]);
        self.use_copy(number);
        self.create_blocks();
        let entry = self.machine_block(function.entry)?;
        self.emitter.builder.ins().jump(entry, &[]);
        for id in self.order() {
            self.block(id)?;
        }
        self.use_copy(0);
        self.blocks = blocks;
        self.current_block = block;
        self.levels_checked = checked;
        self.levels = levels;
        self.emitter
            .builder
            .set_srcloc(location(current.id, self.copy));
        Ok(())
    }

    /// Values and frame are those of this copy from now on.
    pub fn use_copy(&mut self, copy: usize) {
        if copy != self.copy {
            let mine = std::mem::take(&mut self.copies[copy].values);
            self.copies[self.copy].values = std::mem::replace(&mut self.values, mine);
            self.copies[self.copy].frame = self.native_frame;
            self.native_frame = self.copies[copy].frame;
            self.copy = copy;
        }
    }

    /// Where a copy leaves: the function around it gets its frame first.
    pub fn show_around(&mut self) {
        let copy = &self.copies[self.copy];
        let (Some((code, offset)), Some(slot)) = (copy.place, self.copies[0].frame) else {
            return;
        };
        let (push, next) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let known = self.emitter.slot_load(slot, 0);
        self.emitter.builder.ins().brif(known, next, &[], push, &[]);
        self.emitter.builder.switch_to_block(push);
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let start = self.emitter.addresses.code_start(code);
        let place = start.wrapping_add(2 * u64::from(offset));
        let place = self.emitter.address(place);
        let thread_state = self.thread_state();
        let frame = self
            .emitter
            .call_support(Support::ShowWaiting, &[thread_state, unit, place]);
        self.emitter.slot_store(slot, 0, frame);
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
    }

    /// Is the instruction done where the body is entered, from outside or at all?
    pub fn is_done_outside(&self, block: BlockId, id: InstrId) -> bool {
        let polled = self.copy > 0 && self.function.instr(id).op == Op::Poll;
        block == self.function.entry && (polled || self.outside_guards.contains(&id))
    }

    /// The end of exits with the counter of the interpreter behind: `way_out` follows.
    pub fn counting_way_out(&mut self, block: Block, way_out: Block) {
        let site = self.emitter.builder.append_block_param(block, I64);
        let levels = self.emitter.builder.append_block_param(block, I64);
        self.emitter.builder.switch_to_block(block);
        self.count_levels(levels);
        self.emitter.builder.ins().jump(way_out, &[site.into()]);
    }
}
