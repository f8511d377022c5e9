//! Lowering one HIR function: blocks, values, the way from an instruction to its emitter.
//!
//! Every HIR value becomes one Cranelift value: words for all representations but floats (`F64`)
//! and bools (8 bits, 0 or 1). At calls, in frames and in results bools are words too.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{
    self, Block, BlockArg, FuncRef, InstBuilder, SourceLoc, StackSlot, Value,
};
use cranelift_frontend::FunctionBuilder;

use super::Options;
use super::addresses::AddressProvider;
use super::anchors;
use super::emitter::Emitter;
use super::error::LowerError;
use super::exits::{Exits, Place};
use super::loop_values::LoopValues;
use super::recursion::{self, Copy};
use crate::abi::deopt_table::{DeoptTable, ExitKind};
use crate::abi::exit_reason::ExitReason;
use crate::abi::layout::RuntimeLayout;
use crate::abi::support::Support;
use crate::analysis::ownership::{Ownership, analyze_exits};
use crate::hir::{
    BlockId, CodeId, Edge, FrameStateId, Function, Instr, InstrId, IntRange, Op, Repr, Terminator,
    ValueId,
};

/// The machine type of a representation inside of a function.
pub fn machine_type(repr: Repr) -> ir::Type {
    match repr {
        Repr::F64 => F64,
        Repr::Bool => I8,
        Repr::Boxed | Repr::I64 | Repr::U64 | Repr::Ptr => I64,
    }
}

/// The machine type of a representation at a call.
pub fn word_type(repr: Repr) -> ir::Type {
    match repr {
        Repr::F64 => F64,
        _ => I64,
    }
}

/// State of the lowering of one function.
pub struct Lowering<'a, 'b> {
    /// Builder and layout.
    pub emitter: Emitter<'a, 'b>,
    /// What is lowered.
    pub function: &'a Function,
    /// How.
    pub options: &'a Options,
    /// The first parameter of the body: the thread state, or what `recursion` says.
    pub outside: Value,
    /// Calls of itself go the way of `recursion`.
    pub counted: bool,
    /// There: is the function copied into itself, and where do copies keep their frames?
    pub copied: bool,
    /// See `copied`.
    pub copy_frame: Option<StackSlot>,
    /// There: complement of the levels left, unless the interpreter's counter is up to date.
    pub levels: Option<Value>,
    /// There: what is tested in calls from outside only.
    pub outside_guards: Vec<InstrId>,
    /// Where live values go when the code leaves.
    pub exit_slot: StackSlot,
    /// One word: the interpreter frame pushed for this activation, or 0. Only in functions that may
    /// run Python code.
    pub native_frame: Option<StackSlot>,
    /// Arguments of calls, one word in front of them for the callee's use.
    pub arguments: Option<StackSlot>,
    /// The body itself, for calls of it by itself.
    pub itself: Option<FuncRef>,
    /// References held at each way out.
    ownership: Ownership,
    /// Ways out.
    pub exits: Exits,
    /// Calls of compiled functions that may look at frames, and the row of the locals stored for them.
    pub shown_calls: HashMap<InstrId, u32>,
    /// Copies of the function within itself, see `recursion`; the first is the function.
    pub copies: Vec<Copy>,
    /// The one being lowered.
    pub copy: usize,
    /// Blocks of it where a level is known to be left.
    pub levels_checked: Vec<BlockId>,
    /// What small loops have copies of.
    pub loop_values: LoopValues,
    /// By value: see `anchors`.
    pub anchored: Vec<bool>,
    /// A word that is written and never read.
    pub anchor_slot: Option<StackSlot>,
    /// The HIR block being lowered.
    pub current_block: BlockId,
    /// The Cranelift value of each HIR value.
    pub values: Vec<Option<Value>>,
    /// The machine block of each HIR block.
    pub blocks: Vec<Option<Block>>,
}

/// Where an activation keeps what the runtime may ask for.
pub struct Activation {
    /// See [`Lowering::native_frame`].
    pub frame: Option<StackSlot>,
    /// See [`Lowering::exit_slot`].
    pub words: StackSlot,
    /// See [`Lowering::shown_calls`].
    pub shown_calls: HashMap<InstrId, u32>,
    /// Where the frame of a copy of the function within itself is kept.
    pub copy_frame: Option<StackSlot>,
    /// By copy: where the function stands meanwhile. The first is the function itself.
    pub copied_calls: Vec<Option<(CodeId, u32)>>,
}

/// What is noted at each machine instruction: whose it is, in which copy of the function.
pub fn location(instr: InstrId, copy: usize) -> SourceLoc {
    SourceLoc::new((copy as u32) << COPY_SHIFT | instr.index() as u32)
}

/// The instruction and the copy.
pub fn of_location(location: SourceLoc) -> (usize, usize) {
    let bits = location.bits() as usize;
    (bits & ((1 << COPY_SHIFT) - 1), bits >> COPY_SHIFT)
}

const COPY_SHIFT: u32 = 24;

/// The instruction being lowered.
#[derive(Clone, Copy)]
pub struct Current<'a> {
    /// Its id.
    pub id: InstrId,
    /// Itself.
    pub instr: &'a Instr,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Fills the empty Cranelift function, whose signature is set, with the body.
    pub fn run(
        function: &'a Function,
        layout: &'a RuntimeLayout,
        addresses: &'a dyn AddressProvider,
        options: &'a Options,
        builder: FunctionBuilder<'b>,
        itself: Option<FuncRef>,
    ) -> Result<(DeoptTable, Activation, FunctionBuilder<'b>), LowerError> {
        let mut emitter = Emitter::new(builder, layout, addresses);
        emitter.check_references = options.check_references;
        let entry = emitter.builder.create_block();
        emitter
            .builder
            .append_block_params_for_function_params(entry);
        emitter.builder.switch_to_block(entry);
        let parameters = emitter.builder.block_params(entry).to_vec();
        let Some((&outside, parameters)) = parameters.split_first() else {
            return Err(LowerError::malformed("a body without thread state"));
        };
        let exit_slot = emitter.stack_slot(1);
        let is_loud = |id: &InstrId| {
            let op = function.instr(*id).op;
            op.effects().runs_python
                && !matches!(op, Op::CallNative(callee) if function.calls_itself(callee))
        };
        let loud = || {
            let mut blocks = function.layout.iter();
            blocks.any(|&block| function.block(block).instrs.iter().any(is_loud))
        };
        if function.quiet.is_some() && loud() {
            return Err(LowerError::malformed("a quiet function that runs code"));
        }
        let runs_python = function.layout.iter().any(|&block| {
            let instrs = &function.block(block).instrs;
            instrs
                .iter()
                .any(|&instr| function.instr(instr).op.effects().runs_python)
        });
        let native_frame = runs_python.then(|| {
            let slot = emitter.stack_slot(1);
            let frame = if function.in_place {
                emitter.call_support(Support::CurrentFrame, &[outside])
            } else {
                emitter.constant(0)
            };
            emitter.slot_store(slot, 0, frame);
            slot
        });
        let counted =
            itself.is_some() && !options.frames_at_native_calls && recursion::is_counted(function);
        let copied = counted && native_frame.is_some() && recursion::is_copied(function);
        let copy_frame = copied.then(|| {
            let slot = emitter.stack_slot(1);
            let zero = emitter.constant(0);
            emitter.slot_store(slot, 0, zero);
            slot
        });
        let mut lowering = Lowering {
            emitter,
            function,
            options,
            outside,
            counted,
            copied: copy_frame.is_some(),
            copy_frame,
            levels: None,
            outside_guards: if counted {
                recursion::outside_guards(function)
            } else {
                Vec::new()
            },
            exit_slot,
            native_frame,
            arguments: None,
            itself,
            ownership: analyze_exits(function),
            exits: Exits::default(),
            shown_calls: HashMap::new(),
            copies: vec![Copy::default()],
            copy: 0,
            levels_checked: Vec::new(),
            loop_values: LoopValues::plan(function),
            anchored: anchors::anchored(function),
            anchor_slot: None,
            current_block: function.entry,
            values: vec![None; function.values.len()],
            blocks: vec![None; function.blocks.len()],
        };
        lowering.enter(parameters)?;
        for block in lowering.order() {
            lowering.block(block)?;
        }
        let table = lowering.finish_exits()?;
        lowering.emitter.builder.seal_all_blocks();
        let activation = Activation {
            frame: native_frame,
            words: exit_slot,
            shown_calls: lowering.shown_calls,
            copy_frame: lowering.copies.get(1).and_then(|copy| copy.frame),
            copied_calls: lowering.copies.iter().map(|copy| copy.place).collect(),
        };
        Ok((table, activation, lowering.emitter.builder))
    }

    /// Blocks in an order where definitions come before uses: reverse postorder.
    pub fn order(&self) -> Vec<BlockId> {
        let mut seen = vec![false; self.function.blocks.len()];
        let mut order = Vec::new();
        let mut work = vec![(self.function.entry, 0)];
        seen[self.function.entry.index()] = true;
        while let Some((block, next)) = work.pop() {
            let successors = self.function.block(block).terminator.successors();
            // The last successor first, so that the first comes right behind its branch.
            let child = successors
                .len()
                .checked_sub(next + 1)
                .map(|index| successors[index]);
            match child {
                Some(child) => {
                    work.push((block, next + 1));
                    if !seen[child.index()] {
                        seen[child.index()] = true;
                        work.push((child, 0));
                    }
                }
                None => order.push(block),
            }
        }
        order.reverse();
        order
    }

    /// Creates the blocks and jumps to the first with the parameters of the body.
    fn enter(&mut self, parameters: &[Value]) -> Result<(), LowerError> {
        self.create_blocks();
        let params = &self.function.block(self.function.entry).params;
        if params.len() != parameters.len() {
            return Err(LowerError::malformed("parameters of the entry block"));
        }
        let arguments: Vec<Value> = params
            .iter()
            .zip(parameters)
            .map(|(&param, &value)| match self.function.value(param).repr {
                Repr::Bool => self.emitter.builder.ins().ireduce(I8, value),
                _ => value,
            })
            .collect();
        if self.counted {
            for (&param, &value) in params.iter().zip(&arguments) {
                self.values[param.index()] = Some(value);
            }
            self.enter_counted()?;
            let entry = self.machine_block(self.function.entry)?;
            self.emitter.builder.ins().jump(entry, &[]);
            return Ok(());
        }
        let arguments: Vec<BlockArg> = arguments.into_iter().map(BlockArg::from).collect();
        let entry = self.machine_block(self.function.entry)?;
        self.emitter.builder.ins().jump(entry, &arguments);
        Ok(())
    }

    /// Creates the machine blocks.
    pub fn create_blocks(&mut self) {
        for id in self.order() {
            let row = self.function.block(id);
            let block = self.emitter.builder.create_block();
            if row.cold {
                self.emitter.builder.set_cold_block(block);
            }
            self.blocks[id.index()] = Some(block);
            if self.counted && id == self.function.entry {
                // Nobody else comes here: they are the parameters of the body.
                continue;
            }
            for &parameter in &row.params {
                let ty = machine_type(self.function.value(parameter).repr);
                let value = self.emitter.builder.append_block_param(block, ty);
                self.values[parameter.index()] = Some(value);
            }
        }
    }

    pub fn machine_block(&self, id: BlockId) -> Result<Block, LowerError> {
        self.blocks[id.index()].ok_or_else(|| LowerError::malformed(format!("{id} is not reached")))
    }

    /// The Cranelift value of an HIR value.
    pub fn value(&self, id: ValueId) -> Result<Value, LowerError> {
        self.values[id.index()]
            .ok_or_else(|| LowerError::malformed(format!("{id} is used before its definition")))
    }

    /// Gives an HIR value another Cranelift value for a while; the one before.
    pub fn replace_value(&mut self, id: ValueId, value: Option<Value>) -> Option<Value> {
        std::mem::replace(&mut self.values[id.index()], value)
    }

    /// The Cranelift value as a word.
    pub fn word(&mut self, id: ValueId) -> Result<Value, LowerError> {
        let value = self.value(id)?;
        Ok(match self.function.value(id).repr {
            Repr::Bool => self.emitter.builder.ins().uextend(I64, value),
            _ => value,
        })
    }

    /// The bounds of an int value.
    pub fn range(&self, id: ValueId) -> IntRange {
        self.function.value(id).range
    }

    /// The int if the value is a constant of `I64`.
    pub fn constant_of(&self, id: ValueId) -> Option<i64> {
        match self.function.defining_op(id) {
            Some(Op::ConstI64(value)) => Some(value),
            _ => None,
        }
    }

    /// The operands of an instruction.
    pub fn operands<const N: usize>(&self, current: Current) -> Result<[Value; N], LowerError> {
        let args = &current.instr.args;
        if args.len() < N {
            return Err(LowerError::malformed(format!(
                "{} has too few operands",
                current.id
            )));
        }
        let mut result = [Value::from_u32(0); N];
        for (place, &arg) in result.iter_mut().zip(args) {
            *place = self.value(arg)?;
        }
        Ok(result)
    }

    /// The block for leaving before the instruction, which has had no effect yet.
    pub fn exit(&mut self, current: Current, reason: ExitReason) -> Result<Block, LowerError> {
        self.force_exit(current)?;
        self.exit_of_failure(current, reason)
    }

    /// Under `exit:all`, here the instruction may be left before it does anything: nothing of its result is
    /// owned yet, and no exception is set.
    pub fn force_exit(&mut self, current: Current) -> Result<(), LowerError> {
        if let Some(countdown) = self.options.forced_exits {
            let state = current.instr.exit;
            let forced =
                self.leave_block(current, state, ExitKind::Exit, ExitReason::Forced, None)?;
            self.emitter.count_down(countdown, forced);
        }
        Ok(())
    }

    /// As `exit`, where `force_exit` was before.
    pub fn exit_of_failure(
        &mut self,
        current: Current,
        reason: ExitReason,
    ) -> Result<Block, LowerError> {
        self.leave_block(current, current.instr.exit, ExitKind::Exit, reason, None)
    }

    /// The block for raising at the instruction; an exception is set.
    pub fn throw(&mut self, current: Current) -> Result<Block, LowerError> {
        self.leave_block(
            current,
            current.instr.throw,
            ExitKind::Throw,
            ExitReason::Raised,
            None,
        )
    }

    /// The block for leaving after the instruction with its result boxed.
    pub fn after(
        &mut self,
        current: Current,
        reason: ExitReason,
        result: Value,
    ) -> Result<Block, LowerError> {
        self.leave_block(
            current,
            current.instr.after,
            ExitKind::After,
            reason,
            Some(result),
        )
    }

    fn leave_block(
        &mut self,
        current: Current,
        state: Option<FrameStateId>,
        kind: ExitKind,
        reason: ExitReason,
        result: Option<Value>,
    ) -> Result<Block, LowerError> {
        let state = state.ok_or_else(|| {
            LowerError::malformed(format!(
                "{} {} has no {kind:?} state",
                current.id,
                current.instr.op.info().name
            ))
        })?;
        let place = Place {
            reason,
            kind,
            state,
            origin: current.instr.origin,
            operand: current.instr.operand,
        };
        let owned = self.ownership.held_at(current.id).to_vec();
        Ok(self.exit_block(place, owned, result))
    }

    pub fn block(&mut self, id: BlockId) -> Result<(), LowerError> {
        self.current_block = id;
        let block = self.machine_block(id)?;
        self.emitter.builder.switch_to_block(block);
        let function = self.function;
        let row = function.block(id);
        let originals = self.enter_loop(id);
        for &instr in &row.instrs {
            if self.is_done_outside(id, instr) {
                continue;
            }
            self.emitter.builder.set_srcloc(location(instr, self.copy));
            let current = Current {
                id: instr,
                instr: function.instr(instr),
            };
            let value = self.instr(current)?;
            match (current.instr.result, value) {
                (Some(result), Some(value)) => self.values[result.index()] = Some(value),
                (Some(_), None) => {
                    return Err(LowerError::malformed(format!("{instr} gives no value")));
                }
                (None, _) => {}
            }
        }
        self.copy_for_loop(id)?;
        self.terminator(id, &row.terminator)?;
        self.leave_loop(originals);
        Ok(())
    }

    fn edge(&self, edge: &Edge) -> Result<(Block, Vec<BlockArg>), LowerError> {
        let arguments: Result<Vec<BlockArg>, LowerError> = edge
            .args
            .iter()
            .map(|&value| Ok(BlockArg::from(self.value(value)?)))
            .collect();
        Ok((self.machine_block(edge.block)?, arguments?))
    }

    fn terminator(&mut self, id: BlockId, terminator: &Terminator) -> Result<(), LowerError> {
        match terminator {
            Terminator::None => Err(LowerError::malformed(format!("{id} has no end"))),
            Terminator::Jump(edge) => {
                let (block, arguments) = self.edge(edge)?;
                self.emitter.builder.ins().jump(block, &arguments);
                Ok(())
            }
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.value(*condition)?;
                let (yes, yes_arguments) = self.edge(then)?;
                let (no, no_arguments) = self.edge(otherwise)?;
                self.emitter
                    .builder
                    .ins()
                    .brif(condition, yes, &yes_arguments, no, &no_arguments);
                Ok(())
            }
            Terminator::Return(value) => {
                if self.function.value(*value).repr != self.function.returns {
                    return Err(LowerError::malformed(format!("{id} returns another form")));
                }
                let value = self.word(*value)?;
                if let Some(next) = self.copies[self.copy].next {
                    self.emitter.builder.ins().jump(next, &[value.into()]);
                    return Ok(());
                }
                self.pop_frame();
                let status = self.emitter.constant(0);
                self.emitter.builder.ins().return_(&[value, status]);
                Ok(())
            }
            Terminator::Exit { reason, state } => {
                let origin = crate::hir::Origin {
                    code: self.function.frame_state(*state).code,
                    offset: self.function.frame_state(*state).offset,
                };
                let place = Place {
                    reason: *reason,
                    kind: ExitKind::Exit,
                    state: *state,
                    origin,
                    operand: 0,
                };
                let owned = self.ownership.held_at_exit(id).to_vec();
                let block = self.exit_block(place, owned, None);
                self.emitter.builder.ins().jump(block, &[]);
                Ok(())
            }
        }
    }

    /// Pops the frame of this activation, if one was pushed.
    fn pop_frame(&mut self) {
        let Some(slot) = self.native_frame else {
            return;
        };
        // A quiet function gets one from a callee that leaves only, and then leaves too.
        if self.function.quiet.is_some() && !self.options.frames_at_native_calls {
            return;
        }
        let frame = self.emitter.slot_load(slot, 0);
        let (pop, next) = (
            self.emitter.builder.create_block(),
            self.emitter.builder.create_block(),
        );
        let none = self.emitter.compare(IntCC::Equal, frame, 0);
        self.emitter.builder.ins().brif(none, next, &[], pop, &[]);
        self.emitter.builder.switch_to_block(pop);
        let thread_state = self.thread_state();
        self.emitter
            .call_support_unit(Support::PopFrame, &[thread_state, frame]);
        self.emitter.builder.ins().jump(next, &[]);
        self.emitter.builder.switch_to_block(next);
    }

    /// Emits one instruction and gives its value.
    pub fn instr(&mut self, current: Current) -> Result<Option<Value>, LowerError> {
        use Op::*;
        match current.instr.op {
            ConstI64(value) => Ok(Some(self.emitter.constant(value))),
            ConstU64(value) => Ok(Some(self.emitter.constant(value as i64))),
            ConstF64(value) => Ok(Some(self.emitter.builder.ins().f64const(value.value()))),
            ConstBool(value) => Ok(Some(
                self.emitter.builder.ins().iconst(I8, i64::from(value)),
            )),
            ConstNull => Ok(Some(self.emitter.constant(0))),
            ConstObject(object) => {
                let address = self.emitter.addresses.object(object);
                Ok(Some(self.emitter.address(address)))
            }
            BoxI64 | BoxU64 | BoxF64 | BoxBool | UnboxInt(_) | UnboxU64 | UnboxF64 | UnboxBool
            | I64ToF64 | I64ToF64Exact | U64ToF64 | BoolToI64 | I64ToU64 | U64ToI64 | BitsToU64
            | BitsToI64 | F64ToI64 => self.conversion(current).map(Some),
            GuardType(_) | GuardArray(_) | GuardIs(_) | GuardCode(_) | GuardBound
            | GuardTrue(_) | GuardFalse(_) | GuardRange(_) | GuardIndex | GuardGlobals(_)
            | LoadGlobal(_) | GuardFunction(_) | GuardFrameUnseen | Poll => self.guard(current),
            IntAdd(_) | IntSub(_) | IntMul(_) | IntNeg(_) | IntAbs(_) | IntFloorDiv(_)
            | IntMod(_) | Reciprocal | IntModBy | IntDivBy | IntPow | IntTrueDiv | IntAnd
            | IntOr | IntXor | IntNot | IntShl(_) | IntShr(_) | IntCmp(_) => {
                self.int(current).map(Some)
            }
            U64Add | U64Sub | U64Mul | U64Shl | U64Shr | U64And | U64Or | U64Xor | U64Div
            | U64Mod | U64Cmp(_) => self.unsigned(current).map(Some),
            BoolNot | BoolAnd | BoolOr | BoolXor | IsSame | Select => self.bool(current).map(Some),
            FloatAdd | FloatSub | FloatMul | FloatDiv | FloatFloorDiv | FloatMod | FloatPow
            | FloatNeg | FloatAbs | FloatSqrt | FloatMath(_) | FloatFloor | FloatCeil
            | FloatRoundEven | FloatCmp(_) => self.float(current).map(Some),
            NormalizeIndex | LoadChar | LenList | LenByteArray | LenArray | LenFixed(_)
            | DataList | DataByteArray | DataArray | DataFixed(_) | LoadList | LoadByteArray
            | LoadArray(_) | LoadFixed(_) | SwapList | StoreList | StoreListI64 | StoreListF64
            | StoreByteArray | StoreArray(_) | ListAppend | ListPopLast | LoadClosure(_)
            | LoadCell | StoreCell => self.container(current),
            IsClass(_) | GuardClass(_) | GuardVersion(_) | GuardThisClass(_)
            | GuardUnshadowed(_) | LoadMember(_) | LoadClassMember(_) | FieldTable(_)
            | LoadField(_) | GuardNoField(_) | StoreField(_) | StoreFieldI64(_)
            | StoreFieldF64(_) => self.attribute(current),
            CallRuntime(helper) => self.call_runtime(current, helper),
            CallObject(shape) => self.call_object(current, shape).map(Some),
            CallNative(callee) => self.call_native(current, callee).map(Some),
            Snapshot | KeepAlive => Ok(None),
            Incref => {
                let [object] = self.operands(current)?;
                self.emitter.incref(object);
                Ok(None)
            }
            Decref => self.decref(current),
            DecrefPlain => {
                let [object] = self.operands(current)?;
                self.emitter.decref_plain(object);
                Ok(None)
            }
        }
    }
}
