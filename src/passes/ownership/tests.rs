//! Random functions, run by a simulator that counts references.
//!
//! The functions are made of everything that bears on ownership: calls, loads from lists and tuples,
//! stores, guards, boxes, block parameters, loops, frame states. The simulator keeps true counts per
//! object, lets Python code that runs drop items from any list, takes exits and exceptions at random
//! by the contract of `analysis/ownership.rs`, and checks that nothing is used after its death and
//! that in the end every object has exactly the references of its remaining holders.

use std::collections::HashMap;

use super::*;
use crate::abi::exit_reason::ExitReason;
use crate::analysis::ownership::{Ownership as Exits, analyze_exits};
use crate::analysis::testing::graph;
use crate::hir::attributes::{CallShape, Container};
use crate::hir::pool::PoolObject;
use crate::hir::{CodeId, FrameState, FrameStateId, IntRange, Repr, Slot};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

const KINDS: [Type; 3] = [Type::LIST, Type::TUPLE, Type::OBJECT];

fn origin() -> Origin {
    Origin {
        code: CodeId::new(0),
        offset: 0,
    }
}

// --- making functions ---------------------------------------------------------------------------

struct Maker<'r> {
    random: &'r mut Random,
    function: Function,
    /// Boxed values every instruction from here on may use.
    known: Vec<ValueId>,
    index: ValueId,
    condition: ValueId,
}

fn make(random: &mut Random) -> Function {
    let blocks = 2 + random.below(9);
    let edges: Vec<Vec<usize>> = (0..blocks)
        .map(|block| {
            let count = if block + 1 == blocks {
                0
            } else {
                1 + random.below(2)
            };
            let mut targets: Vec<usize> = (0..count)
                .map(|_| block + 1 + random.below((blocks - block - 1).min(3)))
                .collect();
            // Backwards, but never to the entry; one edge has to go on.
            if count == 2 && block > 0 && random.chance(40) {
                targets[random.below(2)] = 1 + random.below(block);
            }
            targets
        })
        .collect();
    let edges: Vec<&[usize]> = edges.iter().map(Vec::as_slice).collect();
    let mut function = graph(&edges);
    let dominators = Dominators::new(&function);
    function.layout = dominators.reverse_postorder().to_vec();
    let object = function.pool.add(PoolObject {
        ty: Type::OTHER,
        text: "constant".to_owned(),
        handle: 0,
    });
    let entry = function.entry;
    let condition = function
        .instr(function.block(entry).instrs[0])
        .result
        .unwrap();
    let mut maker = Maker {
        random,
        function,
        known: Vec::new(),
        index: condition,
        condition,
    };
    for kind in KINDS {
        maker
            .function
            .add_param(entry, kind, Repr::Boxed, IntRange::ANY);
    }
    maker.index = maker
        .function
        .add_param(entry, Type::INT, Repr::I64, IntRange::I64);
    for &block in dominators.reverse_postorder() {
        for _ in 0..maker.random.below(3) {
            if block != entry {
                let kind = maker.random.pick(&KINDS);
                maker
                    .function
                    .add_param(block, kind, Repr::Boxed, IntRange::ANY);
            }
        }
    }
    let constant = Some((Type::OTHER, Repr::Boxed, IntRange::ANY));
    maker.add(entry, Op::ConstObject(object), &[], constant);
    let mut ends: HashMap<BlockId, Vec<ValueId>> = HashMap::new();
    for &block in dominators.preorder() {
        maker.known = dominators
            .immediate(block)
            .map_or(Vec::new(), |above| ends[&above].clone());
        let params = maker.function.block(block).params.clone();
        maker
            .known
            .extend(params.into_iter().filter(|&param| param != maker.index));
        for _ in 0..maker.random.below(6) {
            maker.instruction(block);
        }
        maker.terminator(block);
        ends.insert(block, maker.known.clone());
    }
    maker.function
}

impl Maker<'_> {
    fn add(
        &mut self,
        block: BlockId,
        op: Op,
        args: &[ValueId],
        result: Option<(Type, Repr, IntRange)>,
    ) -> Option<ValueId> {
        let id = self.function.add_instr(op, args, result, origin());
        let effects = op.effects();
        let exit = effects.may_exit.then(|| self.state());
        let throw = effects.may_raise.then(|| self.state());
        let instr = self.function.instr_mut(id);
        (instr.exit, instr.throw) = (exit, throw);
        let value = instr.result;
        self.function.block_mut(block).instrs.push(id);
        let boxed = value.filter(|&value| self.function.value(value).repr == Repr::Boxed);
        self.known.extend(boxed);
        value
    }

    fn state(&mut self) -> FrameStateId {
        let count = self.random.below(4).min(self.known.len());
        let slots = (0..count)
            .map(|_| Slot::Value(self.random.pick(&self.known)))
            .collect();
        let parent = self.random.chance(10).then(|| self.state());
        self.function.add_frame_state(FrameState {
            locals: slots,
            parent,
            ..FrameState::new(CodeId::new(0), 0, 1)
        })
    }

    /// A known value of the type.
    fn value(&mut self, ty: Type) -> Option<ValueId> {
        let fits = |value: &ValueId| self.function.value(*value).ty.is_subset(ty);
        let values: Vec<ValueId> = self.known.iter().copied().filter(fits).collect();
        (!values.is_empty()).then(|| self.random.pick(&values))
    }

    fn instruction(&mut self, block: BlockId) {
        let any = self.value(Type::OBJECT).unwrap();
        let other = self.value(Type::OBJECT).unwrap();
        let kind = self.random.pick(&KINDS);
        let boxed = Some((kind, Repr::Boxed, IntRange::ANY));
        let pointer = Some((Type::EMPTY, Repr::Ptr, IntRange::ANY));
        match self.random.below(12) {
            0 | 1 => {
                let op = Op::CallObject(CallShape { keywords: None });
                self.add(block, op, &[any, other], boxed);
            }
            2..=4 => {
                let Some(list) = self.value(Type::LIST) else {
                    return;
                };
                let data = self.add(block, Op::DataList, &[list], pointer).unwrap();
                self.add(block, Op::LoadList, &[list, data, self.index], boxed);
            }
            5 => {
                let Some(tuple) = self.value(Type::TUPLE) else {
                    return;
                };
                let data = self.add(block, Op::DataFixed(Container::Tuple), &[tuple], pointer);
                let args = [tuple, data.unwrap(), self.index];
                self.add(block, Op::LoadFixed(Container::Tuple), &args, boxed);
            }
            6 => {
                let Some(list) = self.value(Type::LIST) else {
                    return;
                };
                let data = self.add(block, Op::DataList, &[list], pointer).unwrap();
                self.add(block, Op::StoreList, &[list, data, self.index, any], None);
            }
            7 => {
                let Some(list) = self.value(Type::LIST) else {
                    return;
                };
                self.add(block, Op::ListAppend, &[list, any], None);
            }
            8 => {
                let ty = self.function.value(any).ty;
                self.add(
                    block,
                    Op::GuardType(ty),
                    &[any],
                    Some((ty, Repr::Boxed, IntRange::ANY)),
                );
            }
            9 => {
                self.add(block, Op::KeepAlive, &[any], None);
            }
            10 => {
                let boolean = Some((Type::BOOL, Repr::Bool, IntRange::ANY));
                self.add(block, Op::IsSame, &[any, other], boolean);
            }
            _ => {
                self.add(block, Op::Poll, &[], None);
            }
        }
    }

    fn terminator(&mut self, block: BlockId) {
        let mut terminator = self.function.block(block).terminator.clone();
        terminator.for_each_edge_mut(|edge| {
            let params = self.function.block(edge.block).params.clone();
            edge.args = params
                .iter()
                .map(|&param| {
                    let ty = self.function.value(param).ty;
                    self.value(ty).expect("the arguments have every type")
                })
                .collect();
        });
        if let Terminator::Exit { .. } = terminator {
            terminator = if self.random.chance(60) {
                Terminator::Return(self.value(Type::OBJECT).unwrap())
            } else {
                Terminator::Exit {
                    reason: ExitReason::Forced,
                    state: self.state(),
                }
            };
        }
        if let Terminator::Branch { condition, .. } = &mut terminator {
            *condition = self.condition;
        }
        self.function.block_mut(block).terminator = terminator;
    }
}

// --- running them -------------------------------------------------------------------------------

#[derive(Clone, Default)]
struct Object {
    count: usize,
    /// References of the caller or the code.
    outside: usize,
    items: Vec<usize>,
    kind: Option<Type>,
}

struct Machine<'a> {
    random: &'a mut Random,
    function: &'a Function,
    exits: &'a Exits,
    objects: Vec<Object>,
    values: HashMap<ValueId, usize>,
}

impl Machine<'_> {
    fn new_object(&mut self, kind: Type) -> usize {
        self.objects.push(Object {
            count: 1,
            kind: Some(kind),
            ..Object::default()
        });
        self.objects.len() - 1
    }

    fn object(&self, value: ValueId) -> usize {
        let object = self.values[&value];
        assert!(
            self.objects[object].count > 0,
            "{value} is used after its object died"
        );
        object
    }

    fn incref(&mut self, object: usize) {
        assert!(
            self.objects[object].count > 0,
            "a dead object gets a reference"
        );
        self.objects[object].count += 1;
    }

    fn decref(&mut self, object: usize) {
        assert!(
            self.objects[object].count > 0,
            "a dead object loses a reference"
        );
        self.objects[object].count -= 1;
        if self.objects[object].count == 0 {
            for item in std::mem::take(&mut self.objects[object].items) {
                self.decref(item);
            }
        }
    }

    /// Python code runs: it may take items out of lists.
    fn run_python(&mut self) {
        for object in 0..self.objects.len() {
            let list = self.objects[object].kind == Some(Type::LIST);
            while list && !self.objects[object].items.is_empty() && self.random.chance(50) {
                let item = self.objects[object].items.pop().unwrap();
                self.decref(item);
            }
        }
    }

    /// An item of the container, of the result's type.
    fn load(&mut self, container: usize, kind: Type) -> usize {
        let items = self.objects[container].items.clone();
        let fitting: Vec<usize> = items
            .into_iter()
            .filter(|&item| self.objects[item].kind == Some(kind))
            .collect();
        if !fitting.is_empty() && self.random.chance(70) {
            return self.random.pick(&fitting);
        }
        let item = self.new_object(kind);
        self.objects[container].items.push(item);
        item
    }

    /// Leaves by the contract, and then the interpreter drops its frame.
    fn leave(&mut self, state: FrameStateId, held: &[ValueId]) {
        let mut places = Vec::new();
        self.function
            .for_each_state_value(state, &mut |value| places.push(value));
        let mut held: Vec<ValueId> = held.to_vec();
        let mut frame = Vec::new();
        for value in places {
            if self.function.value(value).repr != Repr::Boxed {
                continue;
            }
            let object = self.object(value);
            let root = self.exits.root(value);
            match held.iter().position(|&other| other == root) {
                Some(position) => {
                    held.remove(position);
                }
                None => self.incref(object),
            }
            frame.push(object);
        }
        for root in held {
            let object = self.object(root);
            self.decref(object);
            self.run_python();
        }
        for object in frame {
            self.decref(object);
        }
        self.check_end();
    }

    fn check_end(&self) {
        let mut expected: Vec<usize> = self.objects.iter().map(|object| object.outside).collect();
        for object in &self.objects {
            object.items.iter().for_each(|&item| expected[item] += 1);
        }
        for (index, object) in self.objects.iter().enumerate() {
            assert_eq!(
                object.count, expected[index],
                "references of object {index}"
            );
        }
    }

    /// Runs one instruction; false if the function was left.
    fn step(&mut self, id: InstrId) -> bool {
        let instr = self.function.instr(id);
        let effects = instr.op.effects();
        let boxed = |value: &&ValueId| self.function.value(**value).repr == Repr::Boxed;
        let args: Vec<usize> = instr
            .args
            .iter()
            .filter(boxed)
            .map(|&v| self.object(v))
            .collect();
        if instr.op != Op::Snapshot
            && let Some(state) = instr.exit
            && self.random.chance(10)
        {
            self.leave(state, self.exits.held_at(id));
            return false;
        }
        if effects.runs_python && !matches!(instr.op, Op::Decref) {
            self.run_python();
            // What it works with must survive what it runs.
            instr.args.iter().filter(boxed).for_each(|&value| {
                self.object(value);
            });
        }
        if let Some(state) = instr.throw
            && self.random.chance(10)
        {
            self.leave(state, self.exits.held_at(id));
            return false;
        }
        let kind = instr.result.map(|value| self.function.value(value).ty);
        let result = match instr.op {
            Op::CallObject(_) => Some(self.new_object(kind.unwrap())),
            Op::ConstObject(_) => {
                let object = self.new_object(Type::OBJECT);
                self.objects[object].outside = 1;
                Some(object)
            }
            Op::LoadList | Op::LoadFixed(_) => Some(self.load(args[0], kind.unwrap())),
            Op::GuardType(_) => Some(args[0]),
            Op::StoreList => {
                self.incref(args[1]);
                self.objects[args[0]].items.push(args[1]);
                let place = self.random.below(self.objects[args[0]].items.len());
                let old = self.objects[args[0]].items.swap_remove(place);
                self.decref(old);
                None
            }
            Op::ListAppend => {
                self.incref(args[1]);
                self.objects[args[0]].items.push(args[1]);
                None
            }
            Op::Incref => {
                self.incref(args[0]);
                None
            }
            Op::Decref | Op::DecrefPlain => {
                self.decref(args[0]);
                if instr.op == Op::Decref && self.objects[args[0]].count == 0 {
                    self.run_python();
                }
                None
            }
            _ => None,
        };
        if let (Some(value), Some(object)) = (instr.result, result) {
            self.values.insert(value, object);
        }
        true
    }

    fn run(&mut self) {
        let mut block = self.function.entry;
        for &param in &self.function.block(block).params {
            if self.function.value(param).repr == Repr::Boxed {
                let object = self.new_object(self.function.value(param).ty);
                self.objects[object].outside = 1;
                self.values.insert(param, object);
            }
        }
        for _ in 0..60 {
            for &id in &self.function.block(block).instrs {
                if !self.step(id) {
                    return;
                }
            }
            let edge = match &self.function.block(block).terminator {
                Terminator::Jump(edge) => edge,
                Terminator::Branch {
                    then, otherwise, ..
                } => {
                    if self.random.chance(50) {
                        then
                    } else {
                        otherwise
                    }
                }
                Terminator::Return(value) => {
                    let object = self.object(*value);
                    self.decref(object);
                    return self.check_end();
                }
                Terminator::Exit { state, .. } => {
                    return self.leave(*state, self.exits.held_at_exit(block));
                }
                Terminator::None => unreachable!(),
            };
            let objects: Vec<usize> = edge.args.iter().map(|&arg| self.object(arg)).collect();
            block = edge.block;
            for (&param, object) in self.function.block(block).params.iter().zip(objects) {
                self.values.insert(param, object);
            }
        }
    }
}

#[test]
fn references_balance_on_every_path() {
    for seed in 1..=3000u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let original = make(&mut random);
        let mut function = original.clone();
        Ownership.run(&mut function);
        let exits = analyze_exits(&function);
        for run in 0..8 {
            let function = &function;
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut random = Random(seed * 8 + run + 1);
                Machine {
                    random: &mut random,
                    function,
                    exits: &exits,
                    objects: Vec::new(),
                    values: HashMap::new(),
                }
                .run();
            }));
            assert!(
                outcome.is_ok(),
                "seed {seed}, run {run}:\n{original}\n{function}"
            );
        }
    }
}
