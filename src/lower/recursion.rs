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
//! Invariant: the third word of the stack cell is the number the outermost activation began with, valid until
//! somebody leaves. Behind a call that left, the counter is the interpreter's business again: it is counted
//! up by the levels of the call, and the caller leaves too, with the counter as it is.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};

use super::alias::Region;
use super::context::{Current, Lowering, word_type};
use super::error::LowerError;
use crate::abi::exit_reason::ExitReason;
use crate::hir::{BlockId, Callee, FrameStateId, Function, InstrId, Op, Repr};

/// Words of the stack cell, see `RuntimeLayout::stack_cell`.
const LIMIT: i32 = 8;
const FIRST_LEVELS: i32 = 16;
/// Bytes of an activation, as a power of two, where nobody says.
const USUAL_FRAME_SHIFT: i64 = 10;

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
            self.emitter.builder.create_block(),
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
        let deep = self.exit(current, ExitReason::Recursion)?;
        let taken = self.levels_of(current);
        let within = self.emitter.builder.ins().iadd_imm_s(levels, taken);
        let none = self
            .emitter
            .compare(IntCC::SignedGreaterThanOrEqual, within, 0);
        self.emitter.branch_if(none, deep);
        if row.returns == self.function.returns {
            self.leaf_returns(&current.instr.args, next)?;
        }
        let mut arguments = vec![within];
        for &id in &current.instr.args {
            arguments.push(self.word(id)?);
        }
        let call = self.emitter.builder.ins().call(itself, &arguments);
        let [value, status] = *self.emitter.builder.inst_results(call) else {
            return Err(LowerError::Unsupported("a call without value and status"));
        };
        let left = self.emitter.cold_block();
        self.emitter
            .builder
            .ins()
            .brif(status, left, &[], next, &[value.into()]);

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

    /// Is the instruction done where the body is entered from outside?
    pub fn is_done_outside(&self, block: BlockId, id: InstrId) -> bool {
        block == self.function.entry && self.outside_guards.contains(&id)
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
