//! Computes modulo 2**64 what only lives on through its low bits.
//!
//! `(a * b + c) & mask` with `0 <= mask < 2**64` needs the low 64 bits of `a * b + c`, whatever the
//! exact int is. So the checked ops below such a *root* become `u64_*` ops, which never leave. Roots:
//! `int_and` with a constant that is not negative, `bits_to_u64`, `int_mod` by a power of two; and,
//! where every bit is known to be right (*exact*: an int in 0 .. 2**64-1 held in 64 bits), ops that
//! have an unsigned form: `i64_to_u64`, `int_cmp`, `int_shr`, `int_floordiv`, `int_mod`, `box_i64`,
//! `i64_to_f64`. The last ones are what keeps values of 2**63 and more native between two masks.
//!
//! An op is rewritten in place, and only if *all* its uses are rewritten with it: an intermediate
//! result that somebody else sees (another op, another block, a frame state that lives on) has to be
//! the exact int. One use is moved out of the way: a guard in the middle of the expression, whose
//! frame state holds the intermediate result on the operand stack, leaves to the state of an earlier
//! instruction of the block instead, if nothing between them writes. Snapshots of states that held
//! intermediate results have no users left and go.
//!
//! Runs before `range-checks`: that pass may rely on the exits this one takes away.
//!
//! Works block by block: one walk backwards finds ops without foreign uses, one forwards finds how
//! many low bits of each are right and whether anything is gained, and the last one rewrites.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::Pass;
use crate::hir::attributes::Overflow;
use crate::hir::{
    BlockId, FrameStateId, Function, InstrId, IntRange, Op, Repr, Terminator, Type, ValueId,
};

/// See the module.
pub struct WrapMasked;

impl Pass for WrapMasked {
    fn name(&self) -> &'static str {
        "wrap-masked"
    }

    fn run(&self, function: &mut Function) {
        let is_root = |&id: &InstrId| is_possible_root(function, id);
        let has_root = |&block: &BlockId| function.block(block).instrs.iter().any(is_root);
        let blocks: Vec<BlockId> = function.layout.iter().copied().filter(has_root).collect();
        if blocks.is_empty() {
            return;
        }
        let uses = Uses::new(function);
        let mut replacement = Vec::new();
        for block in blocks {
            let mut plan = Plan::new(function, block, &uses, true);
            if !plan.is_valid {
                // A shift to the right brings in wrong high bits: take such shifts as they are.
                plan = Plan::new(function, block, &uses, false);
            }
            Rewriter::new(function, &plan, &mut replacement).run();
        }
        if !replacement.is_empty() {
            function.replace_values(&replacement);
        }
    }
}

/// What an instruction is to the rewriting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// Nothing: its operands must be the exact ints.
    Other,
    /// Computes in 64 bits; only its users' users look at the result.
    Inner,
    /// A root that needs that many low bits of its first tree operand.
    Cut(u32),
    /// A root whose tree operands are exact, and which has an unsigned form.
    Exact,
}

/// Where values of tree ops live, and whether another block sees them.
struct Uses {
    /// Block and position of each instruction whose value may be rewritten.
    places: Vec<Option<(BlockId, usize)>>,
    /// By value: used outside of its block, or on an edge.
    foreign: Vec<bool>,
}

impl Uses {
    fn new(function: &Function) -> Uses {
        let mut uses = Uses {
            places: vec![None; function.instrs.len()],
            foreign: vec![false; function.values.len()],
        };
        let mut home = vec![None; function.values.len()];
        for &block in &function.layout {
            for (position, &id) in function.block(block).instrs.iter().enumerate() {
                let instr = function.instr(id);
                if let (Some(result), true) = (instr.result, is_tracked(instr.op)) {
                    uses.places[id.index()] = Some((block, position));
                    home[result.index()] = Some(block);
                }
            }
        }
        let foreign = &mut uses.foreign;
        let mut scanned = vec![None; function.frame_states.len()];
        for &block in &function.layout {
            let mut note = |value: ValueId| {
                if home[value.index()].is_some_and(|home| home != block) {
                    foreign[value.index()] = true;
                }
            };
            for &id in &function.block(block).instrs {
                function.instr(id).args.iter().copied().for_each(&mut note);
                for state in function.states_of(id) {
                    if scanned[state.index()] != Some(block) {
                        scanned[state.index()] = Some(block);
                        function.for_each_state_value(state, &mut note);
                    }
                }
            }
            let terminator = &function.block(block).terminator;
            terminator.for_each_value(|value| foreign[value.index()] = true);
            if let Terminator::Exit { state, .. } = terminator {
                function.for_each_state_value(*state, &mut |value| foreign[value.index()] = true);
            }
        }
        uses
    }
}

/// What to do with one block.
struct Plan<'a> {
    block: BlockId,
    uses: &'a Uses,
    allow_shifts: bool,
    /// By position: what to do with each instruction.
    roles: Vec<Role>,
    /// By position: the result is in 0 .. 2**64-1 and all its bits are right after rewriting.
    exact: Vec<bool>,
    /// By position: some rewritten op wants the result.
    wanted: Vec<bool>,
    /// By position: somebody needs the result as the exact int.
    pinned: Vec<bool>,
    /// By position of a `bits_to_u64`: low bits its users look at.
    needed: Vec<u32>,
    /// By position: number of exits that go away if this op is rewritten.
    gain: Vec<u32>,
    /// Guards that leave to an earlier state if theirs holds a rewritten value.
    moved: Vec<(InstrId, FrameStateId)>,
    /// Every root gets all the bits it needs.
    is_valid: bool,
}

impl<'a> Plan<'a> {
    fn new(function: &Function, block: BlockId, uses: &'a Uses, allow_shifts: bool) -> Plan<'a> {
        let count = function.block(block).instrs.len();
        let mut plan = Plan {
            block,
            uses,
            allow_shifts,
            roles: vec![Role::Other; count],
            exact: vec![false; count],
            wanted: vec![false; count],
            pinned: vec![false; count],
            needed: vec![0; count],
            gain: vec![0; count],
            moved: Vec::new(),
            is_valid: true,
        };
        plan.find_exact(function);
        plan.find_roles(function);
        plan.find_gain(function);
        plan
    }

    /// Where in this block the value is made, if by an op that may be rewritten.
    fn position(&self, function: &Function, value: ValueId) -> Option<usize> {
        let place = self
            .uses
            .places
            .get(function.defining_instr(value)?.index());
        let (block, position) = (*place?)?;
        (block == self.block).then_some(position)
    }

    /// What is made by an op that may be rewritten has to stay exact *when computed in 64 bits*; for
    /// all others the range by definition decides.
    fn is_exact(&self, function: &Function, value: ValueId) -> bool {
        match self.position(function, value) {
            Some(position) => self.exact[position],
            None => function.value(value).range.low >= 0,
        }
    }

    /// Forwards: which results fit 0 .. 2**64-1 and stay right when computed in 64 bits.
    fn find_exact(&mut self, function: &Function) {
        for (position, &id) in function.block(self.block).instrs.iter().enumerate() {
            let args = &function.instr(id).args;
            let all_exact = |plan: &Self| args.iter().all(|&arg| plan.is_exact(function, arg));
            self.exact[position] = match function.instr(id).op {
                Op::U64ToI64 => true,
                Op::IntAnd => constant_mask(function, id).is_some() || all_exact(self),
                Op::IntOr | Op::IntXor => all_exact(self),
                Op::IntShr(_) => {
                    constant_shift(function, id).is_some() && self.is_exact(function, args[0])
                }
                Op::IntAdd(Overflow::Never)
                | Op::IntSub(Overflow::Never)
                | Op::IntMul(Overflow::Never)
                | Op::IntNeg(Overflow::Never)
                | Op::IntShl(Overflow::Never) => function
                    .instr(id)
                    .result
                    .is_some_and(|r| function.value(r).range.low >= 0),
                _ => false,
            };
        }
    }

    /// Backwards: who is rewritten if all goes well.
    fn find_roles(&mut self, function: &Function) {
        let instrs = &function.block(self.block).instrs;
        for position in (0..instrs.len()).rev() {
            let id = instrs[position];
            let instr = function.instr(id);
            let role = self.role(function, id, position);
            self.roles[position] = role;
            for (index, &arg) in instr.args.iter().enumerate() {
                if let Some(at) = self.position(function, arg) {
                    if role != Role::Other && is_tree_operand(function, id, index) {
                        self.wanted[at] = true;
                    } else {
                        self.pinned[at] = true;
                    }
                    let needed = mask_above(function, id, index);
                    self.needed[at] = self.needed[at].max(needed);
                }
            }
            // The state of an op that is rewritten goes away, but divisions keep theirs.
            let divides = matches!(instr.op, Op::IntFloorDiv(_) | Op::IntMod(_));
            if role == Role::Other || (role == Role::Exact && divides) {
                self.keep_states(function, position);
            }
        }
    }

    fn role(&self, function: &Function, id: InstrId, position: usize) -> Role {
        let instr = function.instr(id);
        let args = &instr.args;
        let exact = |index: usize| self.is_exact(function, args[index]);
        let low = |index: usize| function.value(args[index]).range.low;
        let has_exit = instr.exit.is_some();
        let is_free = self.wanted[position]
            && !self.pinned[position]
            && instr
                .result
                .is_some_and(|result| !self.uses.foreign[result.index()]);
        match instr.op {
            Op::IntAnd => match constant_mask(function, id) {
                Some((_, mask)) => Role::Cut(64 - mask.leading_zeros()),
                None if is_free => Role::Inner,
                None => Role::Other,
            },
            Op::IntShl(_) if is_free && constant_shift(function, id).is_some() => Role::Inner,
            Op::IntShr(_) => match constant_shift(function, id) {
                Some(_) if is_free && (self.allow_shifts || exact(0)) => Role::Inner,
                Some(1..) if exact(0) => Role::Exact,
                _ => Role::Other,
            },
            Op::IntAdd(_)
            | Op::IntSub(_)
            | Op::IntMul(_)
            | Op::IntNeg(_)
            | Op::IntNot
            | Op::IntOr
            | Op::IntXor
            | Op::U64ToI64
                if is_free =>
            {
                Role::Inner
            }
            Op::BitsToU64 => {
                let foreign = instr.result.is_some_and(|r| self.uses.foreign[r.index()]);
                Role::Cut(if foreign { 64 } else { self.needed[position] })
            }
            Op::IntMod(_) => match power_of_two(function, args[1]) {
                Some(exponent) => Role::Cut(exponent),
                None if has_exit && exact(0) && low(1) >= 1 => Role::Exact,
                None => Role::Other,
            },
            // Divided by 2 or more the quotient fits `I64` again.
            Op::IntFloorDiv(_) if has_exit && exact(0) && low(1) >= 2 => Role::Exact,
            Op::I64ToU64 | Op::BoxI64 | Op::I64ToF64 if exact(0) => Role::Exact,
            Op::IntCmp(_) if exact(0) && exact(1) => Role::Exact,
            _ => Role::Other,
        }
    }

    /// The instruction keeps its frame states: pins what they hold, or plans to move its exit.
    fn keep_states(&mut self, function: &Function, position: usize) {
        let instrs = &function.block(self.block).instrs;
        let id = instrs[position];
        let instr = function.instr(id);
        if instr.op == Op::Snapshot && position + 1 < instrs.len() {
            // It goes with those who leave to its state, or they pin what it holds. The last one of
            // a block may be there for what is hoisted later.
            return;
        }
        let Some(exit) = instr.exit else {
            return self.pin_states(function, &function.states_of(id));
        };
        let mut earliest_wanted = usize::MAX;
        function.for_each_state_value(exit, &mut |value| {
            let Some(at) = self.position(function, value) else {
                return;
            };
            self.needed[at] = 64;
            if self.wanted[at] && !self.pinned[at] && !self.uses.foreign[value.index()] {
                earliest_wanted = earliest_wanted.min(at);
            }
        });
        let earlier = (earliest_wanted != usize::MAX && can_move_exit(instr.op))
            .then(|| earliest_state(function, &instrs[..position]))
            .flatten()
            .filter(|&(at, _)| at <= earliest_wanted);
        if let Some((_, state)) = earlier {
            self.moved.push((id, state));
            self.pin_states(function, &[state]);
        } else {
            self.pin_states(function, &function.states_of(id));
        }
    }

    fn pin_states(&mut self, function: &Function, states: &[FrameStateId]) {
        for &state in states {
            function.for_each_state_value(state, &mut |value| {
                if let Some(at) = self.position(function, value) {
                    self.pinned[at] = true;
                    self.needed[at] = 64;
                }
            });
        }
    }

    /// Forwards: what rewriting gains, and whether the roots get the bits they need.
    fn find_gain(&mut self, function: &Function) {
        let mut valid = vec![64; self.roles.len()];
        for (position, &id) in function.block(self.block).instrs.iter().enumerate() {
            let role = self.roles[position];
            if role == Role::Other {
                continue;
            }
            let instr = function.instr(id);
            let (mut gain, mut bits) = (0u32, 64u32);
            for (index, &arg) in instr.args.iter().enumerate() {
                if let Some(at) = self.position(function, arg)
                    && is_tree_operand(function, id, index)
                    && self.roles[at] == Role::Inner
                {
                    gain = gain.saturating_add(self.gain[at]);
                    bits = bits.min(valid[at]);
                }
            }
            match role {
                Role::Inner => {
                    gain = gain.saturating_add(instr.op.effects().may_exit.into());
                    let shift = constant_shift(function, id).unwrap_or(0);
                    valid[position] = match instr.op {
                        // What is not rewritten is right.
                        _ if gain == 0 => 64,
                        Op::IntShr(_) if !self.is_exact(function, instr.args[0]) => {
                            bits.saturating_sub(shift)
                        }
                        Op::IntShl(_) => (bits + shift).min(64),
                        _ => bits,
                    };
                }
                Role::Cut(needed) if gain > 0 && needed > bits => self.is_valid = false,
                Role::Exact if gain > 0 && bits < 64 => self.is_valid = false,
                _ => {}
            }
            self.gain[position] = gain;
        }
    }
}

/// Applies a plan.
struct Rewriter<'a> {
    function: &'a mut Function,
    plan: &'a Plan<'a>,
    replacement: &'a mut Vec<Option<ValueId>>,
    /// The block's new contents.
    output: Vec<InstrId>,
    /// Values as `U64`, made so far.
    leaves: HashMap<ValueId, ValueId>,
}

impl<'a> Rewriter<'a> {
    fn new(
        function: &'a mut Function,
        plan: &'a Plan<'a>,
        replacement: &'a mut Vec<Option<ValueId>>,
    ) -> Rewriter<'a> {
        Rewriter {
            function,
            plan,
            replacement,
            output: Vec::new(),
            leaves: HashMap::new(),
        }
    }

    fn run(mut self) {
        self.move_exits();
        let block = self.plan.block;
        let instrs = std::mem::take(&mut self.function.block_mut(block).instrs);
        self.output.reserve(instrs.len() + 8);
        for (position, id) in instrs.into_iter().enumerate() {
            let is_kept = match self.plan.roles[position] {
                Role::Other if self.function.instr(id).op == Op::Snapshot => {
                    let state = self.function.instr(id).exit;
                    !state.is_some_and(|state| self.holds_rewritten(state))
                }
                Role::Other => true,
                Role::Inner if self.plan.gain[position] == 0 => true,
                // Its users take the operand; its state may name what is rewritten.
                Role::Inner if self.function.instr(id).op == Op::U64ToI64 => false,
                Role::Inner => {
                    self.rewrite_inner(id);
                    true
                }
                Role::Cut(_) | Role::Exact => self.rewrite_root(id, self.plan.gain[position] > 0),
            };
            if is_kept {
                self.output.push(id);
            }
        }
        self.function.block_mut(block).instrs = self.output;
    }

    /// Only guards whose state would hold a value that stops being exact.
    fn move_exits(&mut self) {
        for &(id, state) in &self.plan.moved {
            let exit = self.function.instr(id).exit;
            if exit.is_some_and(|exit| self.holds_rewritten(exit)) {
                self.function.instr_mut(id).exit = Some(state);
            }
        }
    }

    fn holds_rewritten(&self, state: FrameStateId) -> bool {
        let mut found = false;
        self.function.for_each_state_value(state, &mut |value| {
            found |= self
                .plan
                .position(self.function, value)
                .is_some_and(|at| self.plan.roles[at] == Role::Inner && self.plan.gain[at] > 0);
        });
        found
    }

    fn emit(&mut self, like: InstrId, op: Op, args: &[ValueId], range: IntRange) -> ValueId {
        let origin = self.function.instr(like).origin;
        let id = self
            .function
            .add_instr(op, args, Some((Type::INT, Repr::U64, range)), origin);
        self.output.push(id);
        ValueId::new(self.function.values.len() - 1)
    }

    fn constant(&mut self, like: InstrId, value: u64) -> ValueId {
        self.emit(
            like,
            Op::ConstU64(value),
            &[],
            IntRange::constant(value.into()),
        )
    }

    /// The low 64 bits of an operand.
    fn leaf(&mut self, user: InstrId, value: ValueId) -> ValueId {
        if self.function.value(value).repr == Repr::U64 {
            return value;
        }
        if let Some(&leaf) = self.leaves.get(&value) {
            return leaf;
        }
        let definition = self
            .function
            .defining_instr(value)
            .map(|id| self.function.instr(id));
        let leaf = match definition.map(|instr| (instr.op, instr.args.first().copied())) {
            Some((Op::U64ToI64 | Op::BitsToI64, Some(bits))) => bits,
            Some((Op::ConstI64(constant), _)) => self.constant(user, constant as u64),
            _ => {
                let range = crate::analysis::range::wrap_u64(self.function.value(value).range);
                self.emit(user, Op::BitsToU64, &[value], range)
            }
        };
        self.leaves.insert(value, leaf);
        leaf
    }

    fn become_op(&mut self, id: InstrId, op: Op, args: &[ValueId]) {
        let range = args.first().map(|&arg| self.function.value(arg).range);
        let instr = self.function.instr_mut(id);
        instr.op = op;
        instr.args = SmallVec::from_slice(args);
        instr.exit = None;
        let Some(result) = instr.result else { return };
        let value = self.function.value_mut(result);
        match (op, range) {
            (Op::BitsToI64, Some(range)) => {
                value.range = value.range.intersection(range).unwrap_or(value.range);
            }
            // The int it boxed was below 2**63 only because it left otherwise.
            (Op::BoxU64, Some(range)) => value.range = range,
            _ => {}
        }
    }

    fn rewrite_inner(&mut self, id: InstrId) {
        let instr = self.function.instr(id).clone();
        let shift = || instr.args.get(1).copied();
        let (op, args): (Op, SmallVec<[ValueId; 2]>) = match instr.op {
            Op::IntNeg(_) => {
                let zero = self.constant(id, 0);
                (
                    Op::U64Sub,
                    [zero, self.leaf(id, instr.args[0])].into_iter().collect(),
                )
            }
            Op::IntNot => {
                let ones = self.constant(id, u64::MAX);
                (
                    Op::U64Xor,
                    [self.leaf(id, instr.args[0]), ones].into_iter().collect(),
                )
            }
            Op::IntShl(_) | Op::IntShr(_) => {
                let value = self.leaf(id, instr.args[0]);
                let op = if matches!(instr.op, Op::IntShl(_)) {
                    Op::U64Shl
                } else {
                    Op::U64Shr
                };
                (op, std::iter::once(value).chain(shift()).collect())
            }
            other => {
                let op = match other {
                    Op::IntAdd(_) => Op::U64Add,
                    Op::IntSub(_) => Op::U64Sub,
                    Op::IntMul(_) => Op::U64Mul,
                    Op::IntAnd => Op::U64And,
                    Op::IntOr => Op::U64Or,
                    Op::IntXor => Op::U64Xor,
                    _ => return,
                };
                (
                    op,
                    instr.args.iter().map(|&arg| self.leaf(id, arg)).collect(),
                )
            }
        };
        self.become_op(id, op, &args);
        if let Some(result) = instr.result {
            let value = self.function.value_mut(result);
            value.repr = Repr::U64;
            value.range = IntRange::U64;
        }
    }

    /// Says whether the instruction stays.
    fn rewrite_root(&mut self, id: InstrId, has_gain: bool) -> bool {
        let instr = self.function.instr(id).clone();
        let args = &instr.args;
        let Some(result) = instr.result else {
            return true;
        };
        match instr.op {
            Op::IntAnd if has_gain => {
                if let Some((at, mask)) = constant_mask(self.function, id) {
                    self.cut(id, args[1 - at], mask);
                }
            }
            Op::IntMod(_) => match power_of_two(self.function, args[1]) {
                Some(exponent) => {
                    let mask = (1u64 << exponent) - 1;
                    if has_gain {
                        self.cut(id, args[0], mask);
                    } else {
                        let range = IntRange::constant(mask.into());
                        let constant = self.function.add_instr(
                            Op::ConstI64(mask as i64),
                            &[],
                            Some((Type::INT, Repr::I64, range)),
                            instr.origin,
                        );
                        self.output.push(constant);
                        let mask = ValueId::new(self.function.values.len() - 1);
                        self.become_op(id, Op::IntAnd, &[args[0], mask]);
                    }
                }
                None if has_gain => self.divide(id, Op::U64Mod),
                None => {}
            },
            Op::IntFloorDiv(_) if has_gain => self.divide(id, Op::U64Div),
            Op::IntShr(_) if has_gain => {
                let value = self.leaf(id, args[0]);
                let range = IntRange {
                    low: 0,
                    high: i64::MAX.into(),
                };
                let shifted = self.emit(id, Op::U64Shr, &[value, args[1]], range);
                self.become_op(id, Op::BitsToI64, &[shifted]);
            }
            Op::IntShr(_) => self.become_op(id, Op::IntShr(Overflow::Never), args),
            Op::BitsToU64 | Op::I64ToU64 if has_gain => {
                let leaf = self.leaf(id, args[0]);
                self.replacement.resize(self.function.values.len(), None);
                self.replacement[result.index()] = Some(leaf);
                // Blocks after this one in the walk may already ask for it.
                self.leaves.insert(result, leaf);
                return false;
            }
            Op::I64ToU64 => self.become_op(id, Op::BitsToU64, args),
            Op::BoxI64 if has_gain => self.unsigned(id, Op::BoxU64),
            Op::I64ToF64 if has_gain => self.unsigned(id, Op::U64ToF64),
            Op::IntCmp(cond) if has_gain => self.unsigned(id, Op::U64Cmp(cond)),
            _ => {}
        }
        true
    }

    /// `root` becomes `value & mask`.
    fn cut(&mut self, root: InstrId, value: ValueId, mask: u64) {
        let bits = self.leaf(root, value);
        let range = IntRange {
            low: 0,
            high: mask.into(),
        };
        let mask = self.constant(root, mask);
        let cut = self.emit(root, Op::U64And, &[bits, mask], range);
        self.become_op(root, Op::BitsToI64, &[cut]);
    }

    fn unsigned(&mut self, root: InstrId, op: Op) {
        let args = self.function.instr(root).args.clone();
        let args: SmallVec<[ValueId; 4]> = args.iter().map(|&arg| self.leaf(root, arg)).collect();
        self.become_op(root, op, &args);
    }

    fn divide(&mut self, root: InstrId, op: Op) {
        let instr = self.function.instr(root);
        let (exit, args) = (instr.exit, instr.args.clone());
        let args: SmallVec<[ValueId; 4]> = args.iter().map(|&arg| self.leaf(root, arg)).collect();
        let range = IntRange {
            low: 0,
            high: i64::MAX.into(),
        };
        let quotient = self.emit(root, op, &args, range);
        if let Some(id) = self.output.last() {
            self.function.instr_mut(*id).exit = exit;
        }
        self.become_op(root, Op::BitsToI64, &[quotient]);
    }
}

/// Ops whose result may be rewritten, or whose users matter.
fn is_tracked(op: Op) -> bool {
    matches!(
        op,
        Op::IntAdd(_)
            | Op::IntSub(_)
            | Op::IntMul(_)
            | Op::IntNeg(_)
            | Op::IntNot
            | Op::IntAnd
            | Op::IntOr
            | Op::IntXor
            | Op::IntShl(_)
            | Op::IntShr(_)
            | Op::U64ToI64
            | Op::BitsToU64
    )
}

fn is_possible_root(function: &Function, id: InstrId) -> bool {
    let instr = function.instr(id);
    match instr.op {
        Op::IntAnd => constant_mask(function, id).is_some(),
        Op::IntMod(_) => power_of_two(function, instr.args[1]).is_some(),
        // Without an unsigned value there is nothing to gain for the exact roots.
        Op::BitsToU64 | Op::U64ToI64 => true,
        _ => false,
    }
}

/// Is this operand part of the tree, not a mask, a shift count or a power of two?
fn is_tree_operand(function: &Function, id: InstrId, index: usize) -> bool {
    match function.instr(id).op {
        Op::IntShl(_) | Op::IntShr(_) => index == 0,
        Op::IntAnd => constant_mask(function, id).is_none_or(|(at, _)| at != index),
        Op::IntMod(_) => index == 0 || power_of_two(function, function.instr(id).args[1]).is_none(),
        _ => true,
    }
}

/// How many low bits of that operand the instruction looks at.
fn mask_above(function: &Function, id: InstrId, index: usize) -> u32 {
    let instr = function.instr(id);
    if instr.op == Op::U64And
        && let Some(Op::ConstU64(mask)) = function.defining_op(instr.args[1 - index])
    {
        64 - mask.leading_zeros()
    } else {
        64
    }
}

/// The count of a shift by a constant in 0 .. 63.
fn constant_shift(function: &Function, id: InstrId) -> Option<u32> {
    let count = function.constant_i64(*function.instr(id).args.get(1)?)?;
    (0..64).contains(&count).then_some(count as u32)
}

/// The constant operand of an `int_and` that is not negative: position and mask.
fn constant_mask(function: &Function, id: InstrId) -> Option<(usize, u64)> {
    let args = &function.instr(id).args;
    [1, 0].into_iter().find_map(|at| {
        let mask = function.constant_i64(args[at])?;
        u64::try_from(mask).ok().map(|mask| (at, mask))
    })
}

/// The exponent, if the divisor is a power of two.
fn power_of_two(function: &Function, divisor: ValueId) -> Option<u32> {
    let divisor = function.constant_i64(divisor)?;
    (divisor > 0 && divisor & (divisor - 1) == 0).then(|| divisor.trailing_zeros())
}

/// May the op leave to another state just as well?
fn can_move_exit(op: Op) -> bool {
    let effects = op.effects();
    effects.may_exit && !effects.may_raise && !effects.runs_python && op != Op::Snapshot
}

/// The first state of the instructions behind the last side effect: where it is and which.
fn earliest_state(function: &Function, instrs: &[InstrId]) -> Option<(usize, FrameStateId)> {
    let is_silent = |id: &InstrId| function.effects_of(*id).writes.is_empty();
    let start = instrs
        .iter()
        .rposition(|id| !is_silent(id))
        .map_or(0, |at| at + 1);
    let found = instrs[start..]
        .iter()
        .position(|id| function.instr(*id).exit.is_some())?;
    Some((start + found, function.instr(instrs[start + found]).exit?))
}
