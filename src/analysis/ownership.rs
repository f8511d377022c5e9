//! Who holds the references of boxed values, and what exits must release.
//!
//! Every object has one *root*: the value it was born as (guards only know it better). A root is
//!
//! * **borrowed**: somebody else holds it for as long as this code runs (arguments of the function, unless it
//!   runs in place of a frame, whose references it takes; constants, `True`/`False`, and parameters that only such values flow into),
//! * **loaded**: a container or cell holds it until it is changed,
//! * **owned**: this code holds one reference and gives it up exactly once on every path.
//!
//! `passes/ownership.rs` makes a loaded value owned by an `incref` that directly follows the load;
//! that is how it is recognised here. After that pass an owned root is *held* from its birth to the
//! `decref` that drops it, the edge that moves it into an owned parameter, or the `return` that hands
//! it over. These are uses, so held means live, and [`analyze_exits`] is plain liveness.
//!
//! # What an exit has to do
//!
//! An instruction that leaves, raises or continues at its `after` state holds what was held *before*
//! it ran ([`Ownership::held_at`]): its own result does not exist (or, for `after`, is the caller's
//! `Slot::Result`), and what dies at it has not been dropped yet. In this order:
//!
//! 1. Each place of a boxed value in the frame state (and its parents) needs one reference. The
//!    first place of a held root takes the held one; every other place takes a new one.
//! 2. Held roots without any place are released, last, since that can run code.

use super::bits::BitSet;
use super::dominators::Dominators;
use super::liveness::{Liveness, StateUses, Tracked};
use crate::hir::attributes::Container;
use crate::hir::{BlockId, Function, InstrId, Op, Repr, Terminator, ValueId};

/// Who holds a root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// It is no object: unboxed, or NULL.
    Nobody,
    /// Somebody outside, for as long as this code runs.
    Outside,
    /// A container, cell or namespace.
    Container,
    /// This code.
    Code,
}

/// Roots and holders of all values.
#[derive(Clone, Debug)]
pub struct Objects {
    root: Vec<ValueId>,
    holder: Vec<Holder>,
}

impl Objects {
    /// Finds them. Loaded values count as held by their container, increfs or not.
    pub fn new(function: &Function, dominators: &Dominators) -> Objects {
        let mut objects = Objects {
            root: (0..function.values.len()).map(ValueId::new).collect(),
            holder: vec![Holder::Nobody; function.values.len()],
        };
        for &block in dominators.reverse_postorder() {
            for &param in &function.block(block).params {
                if function.value(param).repr == Repr::Boxed {
                    // Until an edge says otherwise.
                    objects.holder[param.index()] = if function.in_place && block == function.entry
                    {
                        Holder::Code
                    } else {
                        Holder::Outside
                    };
                }
            }
            for &instr in &function.block(block).instrs {
                let instr = function.instr(instr);
                if let Some(value) = instr.result {
                    if is_guard(instr.op) {
                        objects.root[value.index()] = objects.root[instr.args[0].index()];
                    } else if function.value(value).repr == Repr::Boxed {
                        objects.holder[value.index()] = holder_of_result(instr.op);
                    }
                }
            }
        }
        objects.settle_params(function, dominators);
        objects
    }

    /// A parameter that anything but outside-held values flow into is the code's own.
    fn settle_params(&mut self, function: &Function, dominators: &Dominators) {
        let mut changed = true;
        while changed {
            changed = false;
            for &block in dominators.reverse_postorder() {
                function.block(block).terminator.for_each_edge(|edge| {
                    for (&arg, &param) in edge.args.iter().zip(&function.block(edge.block).params) {
                        if self.holder[param.index()] == Holder::Outside
                            && matches!(self.holder(arg), Holder::Code | Holder::Container)
                        {
                            self.holder[param.index()] = Holder::Code;
                            changed = true;
                        }
                    }
                });
            }
        }
    }

    /// The value the object was born as.
    pub fn root(&self, value: ValueId) -> ValueId {
        self.root[value.index()]
    }

    /// Who holds the object.
    pub fn holder(&self, value: ValueId) -> Holder {
        self.holder[self.root(value).index()]
    }
}

fn is_guard(op: Op) -> bool {
    op.passes_object()
}

fn holder_of_result(op: Op) -> Holder {
    match op {
        Op::ConstNull => Holder::Nobody,
        Op::ConstObject(_) | Op::BoxBool => Holder::Outside,
        Op::LoadList
        | Op::LoadFixed(Container::Tuple)
        | Op::LoadCell
        | Op::LoadClosure(_)
        | Op::LoadGlobal(_)
        | Op::LoadMember(_)
        | Op::LoadClassMember(_)
        | Op::LoadField(_) => Holder::Container,
        _ => Holder::Code,
    }
}

/// Which references are held where: the finished function's contract with its exits.
#[derive(Clone, Debug)]
pub struct Ownership {
    objects: Objects,
    /// By instruction, then by block: their slice of `held`.
    instrs: Vec<(u32, u32)>,
    blocks: Vec<(u32, u32)>,
    held: Vec<ValueId>,
    /// Loaded roots with their own reference.
    promoted: Vec<bool>,
}

impl Ownership {
    /// Owned roots that are held when the instruction begins, its operands included. For
    /// instructions with an exit, throw or after state, snapshots excepted.
    pub fn held_at(&self, instr: InstrId) -> &[ValueId] {
        let (start, end) = self.instrs[instr.index()];
        &self.held[start as usize..end as usize]
    }

    /// Owned roots that are held at the end of a block that leaves with `Terminator::Exit`.
    pub fn held_at_exit(&self, block: BlockId) -> &[ValueId] {
        let (start, end) = self.blocks[block.index()];
        &self.held[start as usize..end as usize]
    }

    /// The value the object was born as: what the lists above name.
    pub fn root(&self, value: ValueId) -> ValueId {
        self.objects.root(value)
    }

    /// This code holds a reference of its own from the value's birth on.
    pub fn is_owned(&self, value: ValueId) -> bool {
        let root = self.root(value);
        self.objects.holder(root) == Holder::Code || self.promoted[root.index()]
    }
}

/// What is held at each way out of a function on which the `ownership` pass has run.
pub fn analyze_exits(function: &Function) -> Ownership {
    let dominators = Dominators::new(function);
    let objects = Objects::new(function, &dominators);
    let mut ownership = Ownership {
        objects,
        instrs: vec![(0, 0); function.instrs.len()],
        blocks: vec![(0, 0); function.blocks.len()],
        held: Vec::new(),
        promoted: vec![false; function.values.len()],
    };
    let mut tracked = Tracked::new(function);
    let mut roots = Vec::new();
    for &block in dominators.reverse_postorder() {
        let block = function.block(block);
        let results = block
            .instrs
            .iter()
            .enumerate()
            .filter_map(|(position, &instr)| {
                let value = function.instr(instr).result?;
                if ownership.objects.root(value) == value
                    && ownership.objects.holder(value) == Holder::Container
                {
                    let next = block
                        .instrs
                        .get(position + 1)
                        .map(|&next| function.instr(next));
                    ownership.promoted[value.index()] = next.is_some_and(|next| {
                        next.op == Op::Incref && ownership.objects.root(next.args[0]) == value
                    });
                }
                Some(value)
            });
        let values: Vec<ValueId> = block.params.iter().copied().chain(results).collect();
        for value in values {
            if !ownership.is_owned(value) {
                continue;
            }
            let root = ownership.root(value);
            if root == value {
                tracked.add(value);
                roots.push(value);
            } else {
                tracked.alias(value, root);
            }
        }
    }
    let liveness = Liveness::new(function, &dominators, &tracked);
    let mut states = StateUses::new(function);
    let mut live = BitSet::default();
    for &block in dominators.reverse_postorder() {
        live.copy_from(liveness.live_out(block));
        states.for_each_terminator_use(function, &tracked, block, |number| {
            live.insert(number);
        });
        let record = |live: &BitSet, held: &mut Vec<ValueId>| {
            let start = held.len() as u32;
            held.extend(live.iter().map(|number| roots[number]));
            (start, held.len() as u32)
        };
        if matches!(function.block(block).terminator, Terminator::Exit { .. }) {
            ownership.blocks[block.index()] = record(&live, &mut ownership.held);
        }
        for &id in function.block(block).instrs.iter().rev() {
            let instr = function.instr(id);
            if let Some(value) = instr.result
                && ownership.objects.root(value) == value
                && let Some(number) = tracked.get(value)
            {
                live.remove(number);
            }
            states.for_each_use(function, &tracked, id, |number| {
                live.insert(number);
            });
            let leaves = instr.exit.is_some() || instr.throw.is_some() || instr.after.is_some();
            if leaves && instr.op != Op::Snapshot {
                ownership.instrs[id.index()] = record(&live, &mut ownership.held);
            }
        }
    }
    ownership
}
