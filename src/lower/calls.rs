//! Calls of helpers, of any object, of compiled functions; drops that may run code.
//!
//! Before anything that may run Python code the activation gets a frame of the interpreter, so that
//! tracebacks, `sys._getframe` and warnings see it. Calls between compiled functions push none:
//! [`super::CallSite`] tells the runtime where each native activation is, should a callee need the
//! frames after all.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, StackSlot, Value};

use super::alias::Region;
use super::context::{Current, Lowering, word_type};
use super::error::LowerError;
use super::exits::Shown;
use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::abi::support::Support;
use crate::hir::attributes::CallShape;
use crate::hir::{
    CalleeId, CodeId, Edge, Function, Instr, InstrId, IntRange, Op, Repr, Terminator, ValueId,
};

/// The bytecode the outermost frame is at while the instruction runs.
pub fn outer_place(function: &Function, instr: &Instr) -> (CodeId, u32) {
    let Some(state) = instr.throw.or(instr.exit) else {
        return (instr.origin.code, instr.origin.offset);
    };
    let mut state = function.frame_state(state);
    while let Some(parent) = state.parent {
        state = function.frame_state(parent);
    }
    (state.code, state.offset)
}

impl Lowering<'_, '_> {
    fn instruction_address(&mut self, current: Current) -> Value {
        let (code, offset) = outer_place(self.function, current.instr);
        let start = self.emitter.addresses.code_start(code);
        self.emitter
            .address(start.wrapping_add(2 * u64::from(offset)))
    }

    /// Makes sure that this activation has a frame, and says where in it we are.
    fn show_frame(&mut self, current: Current) -> Result<Value, LowerError> {
        let Some(slot) = self.native_frame else {
            return Err(LowerError::malformed(
                "Python code runs where no frame is kept",
            ));
        };
        let (push, next) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let frame = self.emitter.builder.append_block_param(next, I64);
        let known = self.emitter.slot_load(slot, 0);
        self.emitter
            .builder
            .ins()
            .brif(known, next, &[known.into()], push, &[]);

        self.emitter.builder.switch_to_block(push);
        self.emitter.publish_activation();
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let thread_state = self.thread_state();
        let pushed = self
            .emitter
            .call_support(Support::PushFrame, &[thread_state, unit]);
        let fail = self.throw(current)?;
        let none = self.emitter.compare(IntCC::Equal, pushed, 0);
        let stored = self.emitter.cold_block();
        self.emitter
            .builder
            .ins()
            .brif(none, fail, &[], stored, &[]);
        self.emitter.builder.switch_to_block(stored);
        self.emitter.slot_store(slot, 0, pushed);
        self.emitter.builder.ins().jump(next, &[pushed.into()]);

        self.emitter.builder.switch_to_block(next);
        let place = self.instruction_address(current);
        let offset = self.emitter.layout.frame_instruction;
        self.emitter.store(Region::Runtime, place, frame, offset);
        Ok(frame)
    }

    /// Puts values into the argument slot behind its free first word; gives their address.
    fn argument_array(&mut self, values: &[Value]) -> Value {
        let words = values.len() as u32 + 1;
        let slot = match self.arguments {
            Some(slot) => slot,
            None => {
                let slot = self.emitter.stack_slot(words);
                self.arguments = Some(slot);
                slot
            }
        };
        self.emitter.grow_slot(slot, words.max(2));
        for (index, &value) in values.iter().enumerate() {
            self.emitter.slot_store(slot, index as u32 + 1, value);
        }
        self.emitter.slot_address(slot, 1)
    }

    fn words(&mut self, ids: &[ValueId]) -> Result<Vec<Value>, LowerError> {
        ids.iter().map(|&id| self.word(id)).collect()
    }

    /// `call_runtime`: by the helper's row.
    pub fn call_runtime(
        &mut self,
        current: Current,
        helper: HelperId,
    ) -> Result<Option<Value>, LowerError> {
        let info = helper.info();
        let address = self
            .emitter
            .addresses
            .helper(helper)
            .ok_or(LowerError::MissingHelper(helper))?;
        let args = &current.instr.args;
        let fixed = info.parameters.len();
        if args.len() < fixed || (args.len() > fixed && !info.variadic) {
            return Err(LowerError::malformed(format!(
                "operands of `{}`",
                info.name
            )));
        }
        let may_exit = info.effects.may_exit && current.instr.exit.is_some();
        if may_exit {
            // Not behind the call: what a helper has done or raised cannot be taken back.
            self.force_exit(current)?;
        }
        if info.effects.runs_python {
            self.show_frame(current)?;
        }
        let mut arguments = vec![self.thread_state()];
        arguments.extend(self.words(&args[..fixed])?);
        if info.variadic {
            let rest = self.words(&args[fixed..])?;
            let array = self.argument_array(&rest);
            let count = self.emitter.constant(rest.len() as i64);
            arguments.extend([array, count]);
        }
        let result = self
            .emitter
            .call_address(address, &arguments, info.result.map(word_type));
        let (Some(repr), Some(result)) = (info.result, result) else {
            return Ok(None);
        };
        let failed = match repr {
            Repr::Boxed => Some(self.emitter.compare(IntCC::Equal, result, 0)),
            Repr::I64 | Repr::Bool => Some(self.emitter.compare(IntCC::SignedLessThan, result, 0)),
            // A float says "leave" by nan.
            Repr::F64 => Some(
                self.emitter
                    .builder
                    .ins()
                    .fcmp(FloatCC::NotEqual, result, result),
            ),
            Repr::U64 | Repr::Ptr => None,
        };
        match (failed, info.effects.may_raise, may_exit) {
            (Some(failed), true, false) if !info.effects.may_exit => {
                let fail = self.throw(current)?;
                self.emitter.branch_if(failed, fail);
            }
            (Some(failed), false, true) => {
                let fail = self.exit_of_failure(current, ExitReason::ValueRange)?;
                self.emitter.branch_if(failed, fail);
            }
            // Both: an exception may be set or not. Without an exit state NULL is a value.
            (Some(failed), true, _) => {
                let (ask, next) = (
                    self.emitter.cold_block(),
                    self.emitter.builder.create_block(),
                );
                self.emitter.builder.ins().brif(failed, ask, &[], next, &[]);
                self.emitter.builder.switch_to_block(ask);
                let offset = self.emitter.layout.current_exception;
                let thread_state = self.thread_state();
                let set = self
                    .emitter
                    .load(Region::Runtime, I64, thread_state, offset);
                let throw = self.throw(current)?;
                let otherwise = if may_exit {
                    self.exit_of_failure(current, ExitReason::Empty)?
                } else {
                    next
                };
                self.emitter
                    .builder
                    .ins()
                    .brif(set, throw, &[], otherwise, &[]);
                self.emitter.builder.switch_to_block(next);
            }
            _ => {}
        }
        Ok(Some(match repr {
            Repr::Bool => self.emitter.builder.ins().ireduce(I8, result),
            _ => result,
        }))
    }

    /// `call_object`: a vectorcall.
    pub fn call_object(&mut self, current: Current, shape: CallShape) -> Result<Value, LowerError> {
        let Some((&callable, arguments)) = current.instr.args.split_first() else {
            return Err(LowerError::malformed("a call of nothing"));
        };
        let frame = self.show_frame(current)?;
        let harmless = match self
            .function
            .defining_op(self.function.object_behind(callable))
        {
            Some(Op::ConstObject(object)) => self.emitter.addresses.ignores_frames(object),
            _ => false,
        };
        let shown = match self.options.locals_at_calls && !harmless {
            true => Some(self.store_locals(current)?),
            false => None,
        };
        if let Some(shown) = shown {
            self.show_locals(shown, frame);
        }
        let callable = self.word(callable)?;
        let mut passed = Vec::new();
        for (index, &argument) in arguments.iter().enumerate() {
            let absent = index == 0 && self.is_null(argument);
            if !absent {
                passed.push(self.word(argument)?);
            }
        }
        let array = self.argument_array(&passed);
        let count = self.emitter.constant(passed.len() as i64);
        let names = shape
            .keywords
            .map_or(0, |names| self.emitter.addresses.object(names));
        let names = self.emitter.address(names);
        let thread_state = self.thread_state();
        let result = self.emitter.call_support(
            Support::CallVector,
            &[thread_state, callable, array, count, names],
        );
        let leave = shown.map(|shown| self.hide_locals(shown, frame));
        let fail = self.throw(current)?;
        self.emitter.branch_unless(result, fail);
        if let Some(leave) = leave
            && current.instr.after.is_some()
        {
            let after = self.after(current, ExitReason::CalleeExited, result)?;
            self.emitter.branch_if(leave, after);
        }
        Ok(result)
    }

    /// Is the value the NULL that some calls push?
    fn is_null(&self, id: ValueId) -> bool {
        self.function.defining_op(id) == Some(Op::ConstNull)
    }

    /// `call_native`: straight to the body of a compiled function.
    pub fn call_native(&mut self, current: Current, callee: CalleeId) -> Result<Value, LowerError> {
        let row = self
            .function
            .callees
            .get(callee.index())
            .ok_or_else(|| LowerError::malformed(format!("no {callee}")))?;
        if row.params.len() != current.instr.args.len() {
            return Err(LowerError::malformed(format!("operands for {callee}")));
        }
        if self.options.frames_at_native_calls {
            self.show_frame(current)?;
        }
        if self.counted && self.function.calls_itself(callee) {
            return self.call_itself(current, row);
        }
        let thread_state = self.thread_state();
        let deep = self.exit(current, ExitReason::Recursion)?;
        let next = self.emitter.builder.create_block();
        let result = self
            .emitter
            .builder
            .append_block_param(next, word_type(row.returns));
        self.emitter.check_stack(thread_state, deep);
        let level = self.emitter.enter_recursion(thread_state, deep);
        // A callee that looks at frames has the runtime show what is stored here.
        let looks = self.options.locals_at_calls && self.emitter.addresses.looks_at_frames(callee);
        let shown = match looks {
            true => Some(self.store_locals(current)?),
            false => None,
        };
        if let Some(shown) = shown {
            self.shown_calls.insert(current.id, shown.row);
        }
        let mut arguments = vec![thread_state];
        arguments.extend(self.words(&current.instr.args)?);
        let parameters: Vec<_> = std::iter::once(I64)
            .chain(row.params.iter().map(|&repr| word_type(repr)))
            .collect();
        let results = [word_type(row.returns), I64];
        let call = match (row.handle, self.itself) {
            (None, Some(itself)) => self.emitter.builder.ins().call(itself, &arguments),
            _ => {
                let signature = self.emitter.signature(&parameters, &results);
                let cell = self.emitter.addresses.callee_cell(callee);
                let cell = self.emitter.address(cell);
                let target = self.emitter.load(Region::Runtime, I64, cell, 0);
                self.emitter
                    .builder
                    .ins()
                    .call_indirect(signature, target, &arguments)
            }
        };
        let [value, status] = self.emitter.builder.inst_results(call) else {
            return Err(LowerError::Unsupported("a call without value and status"));
        };
        let (value, status) = (*value, *status);
        let left = self.emitter.cold_block();
        self.emitter.leave_recursion(thread_state, level);
        if let (Some(shown), Some(slot)) = (shown, self.native_frame) {
            self.hide_after_native_call(current, (shown, slot), (value, status), row.returns)?;
        }
        self.emitter
            .builder
            .ins()
            .brif(status, left, &[], next, &[value.into()]);
        self.emitter.builder.switch_to_block(left);
        let throw = self.throw(current)?;
        let raised = self.emitter.compare(IntCC::Equal, status, 2);
        self.emitter.branch_if(raised, throw);
        let flags = MemFlagsData::new();
        let object = match row.returns {
            Repr::F64 => self.emitter.builder.ins().bitcast(I64, flags, value),
            _ => value,
        };
        // It may have left because somebody traces from now on.
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let traced = self.emitter.call_support(Support::MustLeave, &[unit]);
        let after = self.after(current, ExitReason::CalleeExited, object)?;
        self.emitter.branch_if(traced, after);
        let form = match row.returns {
            // A boxed result is a result, however the callee came by it.
            Repr::Boxed | Repr::Ptr => None,
            Repr::I64 => Some(0),
            Repr::U64 => Some(1),
            Repr::F64 => Some(2),
            Repr::Bool => Some(3),
        };
        match form {
            None => {
                self.emitter.builder.ins().jump(next, &[value.into()]);
            }
            Some(form) => {
                let after = self.after(current, ExitReason::CalleeLeft, object)?;
                let form = self.emitter.constant(form);
                let function = Support::UnboxResult;
                let word = self.emitter.call_for_word(function, &[object, form], after);
                let word = match row.returns {
                    Repr::F64 => self.emitter.builder.ins().bitcast(F64, flags, word),
                    _ => word,
                };
                self.emitter.builder.ins().jump(next, &[word.into()]);
            }
        }

        self.emitter.builder.switch_to_block(next);
        Ok(match row.returns {
            Repr::Bool => self.emitter.builder.ins().ireduce(I8, result),
            _ => result,
        })
    }

    /// Where the function, called with these arguments, would return after a few tests of them: goes to
    /// `next` with the result, without the call.
    pub fn leaf_returns(&mut self, arguments: &[ValueId], next: Block) -> Result<(), LowerError> {
        let function = self.function;
        let mut block = function.block(function.entry);
        let is_inside = |id: &&InstrId| !self.outside_guards.contains(id);
        let mut instrs: Vec<InstrId> = block.instrs.iter().filter(is_inside).copied().collect();
        let mut saved: Vec<(ValueId, Option<Value>)> = Vec::new();
        let values: Result<Vec<Value>, LowerError> =
            arguments.iter().map(|&id| self.value(id)).collect();
        for (&param, value) in block.params.iter().zip(values?) {
            saved.push((param, self.replace_value(param, Some(value))));
        }
        for _ in 0..MAX_LEAVES {
            let Terminator::Branch {
                condition,
                then,
                otherwise,
            } = &block.terminator
            else {
                break;
            };
            let is_leaf = |edge: &Edge| {
                let target = function.block(edge.block);
                matches!(target.terminator, Terminator::Return(_))
                    && is_simple(function, &target.instrs)
                    && target.params.is_empty()
            };
            let (leaf, other, negated) = match (is_leaf(then), is_leaf(otherwise)) {
                (true, false) => (then, otherwise, false),
                (false, true) => (otherwise, then, true),
                _ => break,
            };
            if !is_simple(function, &instrs) {
                break;
            }
            self.simple_instrs(&instrs, &mut saved)?;
            let condition = self.value(*condition)?;
            let (quick, slow) = (
                self.emitter.builder.create_block(),
                self.emitter.builder.create_block(),
            );
            let (yes, no) = if negated {
                (slow, quick)
            } else {
                (quick, slow)
            };
            self.emitter
                .builder
                .ins()
                .brif(condition, yes, &[], no, &[]);
            self.emitter.builder.switch_to_block(quick);
            let target = function.block(leaf.block);
            self.simple_instrs(&target.instrs, &mut saved)?;
            let Terminator::Return(value) = target.terminator else {
                return Err(LowerError::malformed("a leaf that does not return"));
            };
            let value = self.word(value)?;
            self.emitter.builder.ins().jump(next, &[value.into()]);
            self.emitter.builder.switch_to_block(slow);
            block = function.block(other.block);
            instrs.clone_from(&block.instrs);
            if !block.params.is_empty() {
                break;
            }
        }
        for (id, value) in saved.into_iter().rev() {
            self.replace_value(id, value);
        }
        Ok(())
    }

    fn simple_instrs(
        &mut self,
        instrs: &[InstrId],
        saved: &mut Vec<(ValueId, Option<Value>)>,
    ) -> Result<(), LowerError> {
        let function = self.function;
        for &id in instrs {
            let instr = function.instr(id);
            let Some(result) = instr.result else { continue };
            let value = self.instr(Current { id, instr })?;
            saved.push((result, self.replace_value(result, value)));
        }
        Ok(())
    }

    /// If a callee had the frame shown, its locals are taken out again.
    fn hide_after_native_call(
        &mut self,
        current: Current,
        (shown, slot): (Shown, StackSlot),
        (value, status): (Value, Value),
        returns: Repr,
    ) -> Result<(), LowerError> {
        let (hide, ended, next) = (
            self.emitter.cold_block(),
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        let seen = self.emitter.load(Region::Stack, I64, shown.words_at, 0);
        self.emitter.builder.ins().brif(seen, hide, &[], next, &[]);

        self.emitter.builder.switch_to_block(hide);
        let frame = self.emitter.slot_load(slot, 0);
        let leave = self.hide_locals(shown, frame);
        // With an exception it leaves anyhow; an object that the callee's exit gave is seen to below.
        let returned = self.emitter.compare(IntCC::Equal, status, 0);
        let returned = self.emitter.builder.ins().uextend(I64, returned);
        let leave = self.emitter.builder.ins().band(leave, returned);
        self.emitter
            .builder
            .ins()
            .brif(leave, ended, &[], next, &[]);

        self.emitter.builder.switch_to_block(ended);
        let object = self.box_returned(value, returns)?;
        let after = self.after(current, ExitReason::CalleeExited, object)?;
        self.emitter.builder.ins().jump(after, &[]);
        self.emitter.builder.switch_to_block(next);
        Ok(())
    }

    /// An owned object for the value of a body.
    fn box_returned(&mut self, value: Value, returns: Repr) -> Result<Value, LowerError> {
        Ok(match returns {
            Repr::Boxed => value,
            Repr::I64 => self.emitter.box_i64(value, IntRange::I64),
            Repr::U64 => self.emitter.call_support(Support::BoxU64, &[value]),
            Repr::F64 => self.emitter.call_support(Support::BoxF64, &[value]),
            Repr::Bool => {
                let value = self.emitter.builder.ins().ireduce(I8, value);
                let object = self.emitter.box_bool(value);
                self.emitter.incref(object);
                object
            }
            Repr::Ptr => return Err(LowerError::malformed("a raw pointer returned")),
        })
    }

    /// `decref`: the object may die, and its death may run code.
    pub fn decref(&mut self, current: Current) -> Result<Option<Value>, LowerError> {
        let [object] = self.operands(current)?;
        let Some(slot) = self.native_frame else {
            return Err(LowerError::malformed("a drop where no frame is kept"));
        };
        let left = self.emitter.decref_count(object);
        let (free, next) = (
            self.emitter.cold_block(),
            self.emitter.builder.create_block(),
        );
        self.emitter.builder.ins().brif(left, next, &[], free, &[]);
        self.emitter.builder.switch_to_block(free);
        self.emitter.publish_activation();
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let frame = self.emitter.slot_address(slot, 0);
        let place = self.instruction_address(current);
        let thread_state = self.thread_state();
        self.emitter.call_support_unit(
            Support::DeallocFramed,
            &[thread_state, unit, object, frame, place],
        );
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
        Ok(None)
    }
}

/// Tests of arguments that are made before a call of the function by itself.
const MAX_LEAVES: usize = 3;
/// Instructions of each.
const MAX_LEAF_LENGTH: usize = 8;

/// Only arithmetic that cannot leave, and marks.
fn is_simple(function: &Function, instrs: &[InstrId]) -> bool {
    let is_silent = |id: &InstrId| {
        let instr = function.instr(*id);
        let effects = instr.op.effects();
        let boxed = instr
            .result
            .is_none_or(|value| function.value(value).repr == Repr::Boxed);
        matches!(instr.op, Op::Snapshot | Op::Poll)
            || !(boxed
                || effects.may_exit
                || effects.may_raise
                || effects.runs_python
                || !effects.reads.is_empty()
                || !effects.writes.is_empty())
    };
    instrs.len() <= MAX_LEAF_LENGTH && instrs.iter().all(is_silent)
}
