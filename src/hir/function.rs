//! An HIR function: blocks with parameters, instructions, values, frame states.
//!
//! Plain data in arenas; ids index them. Nothing is ever removed from an arena: dead instructions
//! are unlinked from their block. Invariants are those the verifier states (`hir/verify`).

use smallvec::SmallVec;

use super::effects::{Effects, Heaps};
use super::frame_state::FrameState;
use super::ids::{BlockId, CalleeId, ClassId, CodeId, FrameStateId, InstrId, NamespaceId, ValueId};
use super::ops::Op;
use super::pool::Pool;
use super::types::{IntRange, Repr, Type};
use crate::abi::exit_reason::ExitReason;

/// What is known of a value wherever it is defined.
#[derive(Clone, Debug)]
pub struct Value {
    /// Classes it can have.
    pub ty: Type,
    /// How the machine holds it.
    pub repr: Repr,
    /// For `I64` and `U64` (and boxed ints): bounds that hold by its definition.
    pub range: IntRange,
    /// Where it comes from.
    pub definition: Definition,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Definition {
    /// Result of an instruction.
    Instr(InstrId),
    /// Parameter of a block, by position.
    Param(BlockId, u32),
}

/// Source position of an instruction: for `explain`, statistics and dumps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// Whose bytecode.
    pub code: CodeId,
    /// Code unit of the instruction.
    pub offset: u32,
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Instr {
    /// Operation and immediate.
    pub op: Op,
    /// Operands.
    pub args: SmallVec<[ValueId; 4]>,
    /// Its value, if it has one.
    pub result: Option<ValueId>,
    /// Where it leaves to (`may_exit`); what a snapshot records.
    pub exit: Option<FrameStateId>,
    /// Where it raises (`may_raise`).
    pub throw: Option<FrameStateId>,
    /// `call_native` only: the state after the call, with `Slot::Result` for the result.
    pub after: Option<FrameStateId>,
    /// The bytecode it was made for.
    pub origin: Origin,
    /// For guards: which operand of the bytecode is checked, counted from the top of the stack. What
    /// an exit saw is remembered under this number.
    pub operand: u8,
}

/// An edge to a block with the values of its parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Where to.
    pub block: BlockId,
    /// One per parameter.
    pub args: Vec<ValueId>,
}

/// How a block ends.
#[derive(Clone, PartialEq, Debug)]
pub enum Terminator {
    /// Not built yet; the verifier refuses it.
    None,
    /// Unconditional.
    Jump(Edge),
    /// By a bool value.
    Branch {
        /// Bool.
        condition: ValueId,
        /// If true.
        then: Edge,
        /// If false.
        otherwise: Edge,
    },
    /// Returns the value (its representation is the function's).
    Return(ValueId),
    /// Leaves to the interpreter for good.
    Exit {
        /// Why.
        reason: ExitReason,
        /// Where it resumes.
        state: FrameStateId,
    },
}

impl Terminator {
    /// Calls `visit` for each edge.
    pub fn for_each_edge(&self, mut visit: impl FnMut(&Edge)) {
        match self {
            Terminator::Jump(edge) => visit(edge),
            Terminator::Branch {
                then, otherwise, ..
            } => {
                visit(then);
                visit(otherwise);
            }
            Terminator::None | Terminator::Return(_) | Terminator::Exit { .. } => {}
        }
    }

    /// Calls `visit` for each edge, to be changed.
    pub fn for_each_edge_mut(&mut self, mut visit: impl FnMut(&mut Edge)) {
        match self {
            Terminator::Jump(edge) => visit(edge),
            Terminator::Branch {
                then, otherwise, ..
            } => {
                visit(then);
                visit(otherwise);
            }
            Terminator::None | Terminator::Return(_) | Terminator::Exit { .. } => {}
        }
    }

    /// Blocks it can go to.
    pub fn successors(&self) -> SmallVec<[BlockId; 2]> {
        let mut result = SmallVec::new();
        self.for_each_edge(|edge| result.push(edge.block));
        result
    }

    /// Calls `visit` for each value it uses (frame states excepted), to be replaced.
    pub fn for_each_value_mut(&mut self, mut visit: impl FnMut(&mut ValueId)) {
        match self {
            Terminator::Branch { condition, .. } => visit(condition),
            Terminator::Return(value) => visit(value),
            _ => {}
        }
        self.for_each_edge_mut(|edge| edge.args.iter_mut().for_each(&mut visit));
    }

    /// Calls `visit` for each value it uses (frame states excepted).
    pub fn for_each_value(&self, mut visit: impl FnMut(ValueId)) {
        match self {
            Terminator::Branch { condition, .. } => visit(*condition),
            Terminator::Return(value) => visit(*value),
            _ => {}
        }
        self.for_each_edge(|edge| edge.args.iter().copied().for_each(&mut visit));
    }
}

/// A basic block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Values given by the edges into it.
    pub params: Vec<ValueId>,
    /// Instructions in order.
    pub instrs: Vec<InstrId>,
    /// How it ends.
    pub terminator: Terminator,
    /// Rarely run: laid out of line.
    pub cold: bool,
}

/// A class of instances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassInfo {
    /// For dumps.
    pub name: String,
    /// Row of the driver's table of classes.
    pub handle: u32,
}

/// A code object taking part: the function's own, or an inlined one.
#[derive(Clone, PartialEq, Debug)]
pub struct CodeInfo {
    /// Qualified name, for people.
    pub name: String,
    /// `co_nlocalsplus`.
    pub locals: u32,
    /// The function object whose frames this code runs in; row of the driver's table.
    pub function: u32,
    /// Namespaces of its globals.
    pub namespace: NamespaceId,
}

/// A compiled function that generated code calls directly.
#[derive(Clone, PartialEq, Debug)]
pub struct Callee {
    /// Qualified name, for people.
    pub name: String,
    /// How it takes its arguments.
    pub params: Vec<Repr>,
    /// How it returns its value.
    pub returns: Repr,
    /// Row of the driver's table of compiled versions; `None` is the function being compiled itself.
    pub handle: Option<u32>,
}

/// A function in HIR.
#[derive(Clone, Debug)]
pub struct Function {
    /// Qualified name, for people.
    pub name: String,
    /// Blocks; `entry` has the function's parameters.
    pub blocks: Vec<Block>,
    /// Order in which blocks are printed, walked and laid out. Unreachable blocks are not in it.
    pub layout: Vec<BlockId>,
    /// Instruction arena.
    pub instrs: Vec<Instr>,
    /// Value arena.
    pub values: Vec<Value>,
    /// Frame state arena.
    pub frame_states: Vec<FrameState>,
    /// Code objects: 0 is the function's own.
    pub codes: Vec<CodeInfo>,
    /// Python objects it refers to.
    pub pool: Pool,
    /// Functions it calls directly, by `CalleeId`.
    pub callees: Vec<Callee>,
    /// Rows of the driver's table of namespaces, by `NamespaceId`.
    pub namespaces: Vec<u32>,
    /// Classes of instances it relies on, by `ClassId`.
    pub classes: Vec<ClassInfo>,
    /// Where it starts.
    pub entry: BlockId,
    /// Representation of the value it returns.
    pub returns: Repr,
    /// Parameters, by number, that entries take only if they are instances of these classes.
    pub entry_classes: Vec<(u32, ClassId)>,
    /// It enters a running frame of the interpreter in the middle (OSR): the parameters are what the frame held,
    /// and owned; it never returns, but leaves to that frame.
    pub in_place: bool,
    /// What a call of the function by itself writes, if it can run Python code only by leaving, after
    /// which its native caller leaves too (`passes/quiet_calls.rs`).
    pub quiet: Option<Heaps>,
}

impl Function {
    /// An empty function with an empty entry block.
    pub fn new(name: impl Into<String>) -> Function {
        let mut function = Function {
            name: name.into(),
            blocks: Vec::new(),
            layout: Vec::new(),
            instrs: Vec::new(),
            values: Vec::new(),
            frame_states: Vec::new(),
            codes: Vec::new(),
            pool: Pool::default(),
            callees: Vec::new(),
            namespaces: Vec::new(),
            classes: Vec::new(),
            entry: BlockId::new(0),
            returns: Repr::Boxed,
            entry_classes: Vec::new(),
            in_place: false,
            quiet: None,
        };
        function.entry = function.add_block();
        function
    }

    /// A new empty block at the end of the layout.
    pub fn add_block(&mut self) -> BlockId {
        let id = BlockId::new(self.blocks.len());
        self.blocks.push(Block {
            params: Vec::new(),
            instrs: Vec::new(),
            terminator: Terminator::None,
            cold: false,
        });
        self.layout.push(id);
        id
    }

    /// A new parameter of `block`.
    pub fn add_param(&mut self, block: BlockId, ty: Type, repr: Repr, range: IntRange) -> ValueId {
        let position = self.blocks[block.index()].params.len() as u32;
        let id = self.add_value(Value {
            ty,
            repr,
            range,
            definition: Definition::Param(block, position),
        });
        self.blocks[block.index()].params.push(id);
        id
    }

    fn add_value(&mut self, value: Value) -> ValueId {
        let id = ValueId::new(self.values.len());
        self.values.push(value);
        id
    }

    /// A new instruction, not in any block yet. `result` is type, representation and range of its
    /// value.
    pub fn add_instr(
        &mut self,
        op: Op,
        args: &[ValueId],
        result: Option<(Type, Repr, IntRange)>,
        origin: Origin,
    ) -> InstrId {
        let id = InstrId::new(self.instrs.len());
        let result = result.map(|(ty, repr, range)| {
            self.add_value(Value {
                ty,
                repr,
                range,
                definition: Definition::Instr(id),
            })
        });
        self.instrs.push(Instr {
            op,
            args: SmallVec::from_slice(args),
            result,
            exit: None,
            throw: None,
            after: None,
            origin,
            operand: 0,
        });
        id
    }

    /// A new frame state.
    pub fn add_frame_state(&mut self, state: FrameState) -> FrameStateId {
        let id = FrameStateId::new(self.frame_states.len());
        self.frame_states.push(state);
        id
    }

    /// The block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// The block, to be changed.
    pub fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.index()]
    }

    /// The instruction.
    pub fn instr(&self, id: InstrId) -> &Instr {
        &self.instrs[id.index()]
    }

    /// The instruction, to be changed.
    pub fn instr_mut(&mut self, id: InstrId) -> &mut Instr {
        &mut self.instrs[id.index()]
    }

    /// The value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// The value, to be changed.
    pub fn value_mut(&mut self, id: ValueId) -> &mut Value {
        &mut self.values[id.index()]
    }

    /// The instruction that defines the value, unless it is a block parameter.
    pub fn defining_instr(&self, id: ValueId) -> Option<InstrId> {
        match self.value(id).definition {
            Definition::Instr(instr) => Some(instr),
            Definition::Param(..) => None,
        }
    }

    /// The op that defines the value, unless it is a block parameter.
    pub fn defining_op(&self, id: ValueId) -> Option<Op> {
        self.defining_instr(id).map(|instr| self.instr(instr).op)
    }

    /// The int, if the value is a `const_i64`.
    pub fn constant_i64(&self, id: ValueId) -> Option<i64> {
        match self.defining_op(id) {
            Some(Op::ConstI64(value)) => Some(value),
            _ => None,
        }
    }

    /// The frame state.
    pub fn frame_state(&self, id: FrameStateId) -> &FrameState {
        &self.frame_states[id.index()]
    }

    /// Calls `visit` for every value of the state and of its parents.
    pub fn for_each_state_value(&self, id: FrameStateId, visit: &mut dyn FnMut(ValueId)) {
        let mut next = Some(id);
        while let Some(state) = next {
            let state = self.frame_state(state);
            state.for_each_value(visit);
            next = state.parent;
        }
    }

    /// Frame states the instruction refers to.
    pub fn states_of(&self, id: InstrId) -> SmallVec<[FrameStateId; 3]> {
        let instr = self.instr(id);
        instr
            .exit
            .iter()
            .chain(&instr.throw)
            .chain(&instr.after)
            .copied()
            .collect()
    }

    /// The object behind guards: a guard's result is its operand, better known.
    pub fn object_behind(&self, value: ValueId) -> ValueId {
        let mut value = value;
        while let Some(instr) = self.defining_instr(value) {
            let instr = self.instr(instr);
            if !instr.op.passes_object() {
                break;
            }
            value = instr.args[0];
        }
        value
    }

    /// Dropping the reference this code has to the boxed value may run code (a finaliser). Not so
    /// when its classes cannot be observed dying, nor when somebody else holds it for as long as
    /// this code runs: arguments are the caller's, constants the code's.
    pub fn may_die_observably(&self, value: ValueId) -> bool {
        if self.value(value).ty.is_subset(Type::PLAIN) {
            return false;
        }
        let object = self.object_behind(value);
        match self.value(object).definition {
            Definition::Param(block, _) => block != self.entry,
            Definition::Instr(instr) => !matches!(
                self.instr(instr).op,
                Op::ConstObject(_) | Op::ConstNull | Op::BoxBool
            ),
        }
    }

    /// What the instruction may do: its op's effects, and those of the reference it drops. Reference
    /// counts are made explicit late (`passes/ownership.rs`); until then `keep_alive` stands where
    /// the interpreter drops a reference, and so where a finaliser may run.
    ///
    /// Every pass that moves, merges or relies on state asks this and not the op alone.
    pub fn effects_of(&self, id: InstrId) -> Effects {
        let instr = self.instr(id);
        if instr.op == Op::KeepAlive && self.may_die_observably(instr.args[0]) {
            return Op::Decref.effects();
        }
        if let (Op::CallNative(callee), Some(writes)) = (instr.op, self.quiet)
            && self.calls_itself(callee)
        {
            return Effects {
                writes,
                runs_python: false,
                ..instr.op.effects()
            };
        }
        instr.op.effects()
    }

    /// The class of instances that entries demand of a parameter.
    pub fn entry_class(&self, number: usize) -> Option<ClassId> {
        let mut rows = self.entry_classes.iter();
        rows.find(|row| row.0 as usize == number).map(|row| row.1)
    }

    /// Is the callee the function itself?
    pub fn calls_itself(&self, callee: CalleeId) -> bool {
        self.callees
            .get(callee.index())
            .is_some_and(|row| row.handle.is_none())
    }

    /// Predecessors of every block of the layout, by block index.
    pub fn predecessors(&self) -> Vec<Vec<BlockId>> {
        let mut result = vec![Vec::new(); self.blocks.len()];
        for &block in &self.layout {
            for successor in self.block(block).terminator.successors() {
                result[successor.index()].push(block);
            }
        }
        result
    }

    /// Replaces values everywhere: operands, edges, returns, frame states. `replacement` is indexed by
    /// value; chains are followed.
    pub fn replace_values(&mut self, replacement: &[Option<ValueId>]) {
        let resolve = |value: &mut ValueId| {
            while let Some(Some(new)) = replacement.get(value.index()) {
                *value = *new;
            }
        };
        for block in &self.layout {
            let block = &mut self.blocks[block.index()];
            for &instr in &block.instrs {
                self.instrs[instr.index()].args.iter_mut().for_each(resolve);
            }
            block.terminator.for_each_value_mut(resolve);
        }
        for state in &mut self.frame_states {
            state.for_each_value_mut(&mut |value| resolve(value));
        }
    }
}
