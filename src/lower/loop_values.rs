//! Values from outside that a small loop uses get a name of their own in it.
//!
//! Cranelift's allocator keeps a value that lives across calls in memory, and then in memory in every
//! loop too; constants of 64 bits are operands in memory at each use. In front of an innermost loop
//! without calls such values, and the addresses of the classes it tests for, are copied: the copy lives
//! in that loop only and gets a register. The copy goes through memory by an atomic load, which
//! Cranelift does not see through.
//!
//! Frame states keep the original: ways out are rare. How many are copied is bounded by the registers
//! there are, less what goes round and what an iteration needs.

use std::collections::HashMap;

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, StackSlot, Value};

use super::alias::Region;
use super::context::Lowering;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::{Loop, LoopId, Loops};
use crate::hir::{BlockId, Function, InstrId, Op, Repr, Type, ValueId};

/// Instructions of a loop, marks and constants not counted.
const LARGEST_LOOP: usize = 48;
/// Registers for words, less those an iteration needs for itself.
const WORDS: usize = 9;
/// The same for floats.
const FLOATS: usize = 8;

/// What is copied for which loops.
#[derive(Default)]
pub struct LoopValues {
    plans: Vec<Plan>,
    /// The plan of the loop in front of which the block stands.
    behind: HashMap<BlockId, usize>,
    /// The plan of the loop the block is in.
    inside: HashMap<BlockId, usize>,
    slot: Option<StackSlot>,
}

/// What is copied for one loop.
struct Plan {
    values: Vec<ValueId>,
    classes: Vec<Type>,
    /// The copies of `values`, once the block in front has been lowered.
    copies: Vec<Value>,
    /// Those of `classes`, by address.
    address_copies: HashMap<u64, Value>,
}

impl LoopValues {
    /// Decides.
    pub fn plan(function: &Function) -> LoopValues {
        let mut result = LoopValues::default();
        let is_back = |&(at, &block): &(usize, &BlockId)| {
            let next = function.block(block).terminator.successors();
            let before = &function.layout[..=at];
            next.iter().any(|to| before.contains(to))
        };
        // Most functions have no loop: nothing to find out about them.
        if !function.layout.iter().enumerate().any(|row| is_back(&row)) {
            return result;
        }
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        // Without calls a value has its register all the time.
        let has_calls = function.layout.iter().any(|&block| {
            let mut instrs = function.block(block).instrs.iter();
            instrs.any(|&id| calls(function, id))
        });
        let mut home = None;
        for (index, this) in loops.all().iter().enumerate() {
            let id = LoopId::new(index);
            let is_innermost = this.blocks.iter().all(|&b| loops.innermost(b) == Some(id));
            let Some(preheader) = this.preheader.filter(|_| is_innermost) else {
                continue;
            };
            let home = home.get_or_insert_with(|| homes(function));
            if let Some(plan) = Plan::of(
                function,
                &loops,
                id,
                this,
                has_calls.then_some(home.as_slice()),
            ) {
                result.behind.insert(preheader, result.plans.len());
                for &block in &this.blocks {
                    result.inside.insert(block, result.plans.len());
                }
                result.plans.push(plan);
            }
        }
        result
    }
}

impl Plan {
    fn of(
        function: &Function,
        loops: &Loops,
        id: LoopId,
        this: &Loop,
        home: Option<&[Option<BlockId>]>,
    ) -> Option<Plan> {
        let mut size = 0;
        let mut uses: Vec<(ValueId, usize)> = Vec::new();
        let mut classes: Vec<Type> = Vec::new();
        let mut note = |value: ValueId| {
            let block = home.and_then(|home| home[value.index()]);
            let is_outside = block.is_some_and(|block| !loops.contains(id, block));
            let constant = function.defining_op(value).is_some_and(is_constant);
            if is_outside && !constant {
                match uses.iter_mut().find(|row| row.0 == value) {
                    Some(row) => row.1 += 1,
                    None => uses.push((value, 1)),
                }
            }
        };
        for &block in &this.blocks {
            for &id in &function.block(block).instrs {
                let instr = function.instr(id);
                if instr.op == Op::Snapshot || instr.op == Op::KeepAlive || is_constant(instr.op) {
                    continue;
                }
                if calls(function, id) {
                    return None;
                }
                size += 1;
                if let Op::GuardType(class) = instr.op
                    && !classes.contains(&class)
                    && !function.value(instr.args[0]).ty.is_subset(class)
                    && Type::CLASSES.iter().any(|row| row.1 == class)
                    && class != Type::NONE
                {
                    classes.push(class);
                }
                // Items are found by the storage, not by the object.
                let unused = usize::from(takes_storage(instr.op));
                instr.args.iter().skip(unused).for_each(|&v| note(v));
            }
            function.block(block).terminator.for_each_value(&mut note);
        }
        if size > LARGEST_LOOP {
            return None;
        }
        let params = &function.block(this.header).params;
        let is_float = |value: &&ValueId| function.value(**value).repr == Repr::F64;
        let floats = params.iter().filter(is_float).count();
        let words = params.len() - floats;
        // The most used first.
        uses.sort_by_key(|&(value, count)| (std::cmp::Reverse(count), value));
        let mut left = WORDS.saturating_sub(words);
        let mut left_floats = FLOATS.saturating_sub(floats);
        uses.retain(|&(value, _)| {
            let left = match function.value(value).repr {
                Repr::Bool => return false,
                Repr::F64 => &mut left_floats,
                _ => &mut left,
            };
            let fits = *left > 0;
            *left = left.saturating_sub(1);
            fits
        });
        classes.truncate(left);
        let values: Vec<ValueId> = uses.into_iter().map(|row| row.0).collect();
        (!values.is_empty() || !classes.is_empty()).then(|| Plan {
            values,
            classes,
            copies: Vec::new(),
            address_copies: HashMap::new(),
        })
    }
}

/// Are the operands a container, its storage and more?
fn takes_storage(op: Op) -> bool {
    matches!(
        op,
        Op::LoadList
            | Op::LoadByteArray
            | Op::LoadArray(_)
            | Op::LoadFixed(_)
            | Op::SwapList
            | Op::StoreList
            | Op::StoreListI64
            | Op::StoreListF64
            | Op::StoreByteArray
            | Op::StoreArray(_)
    )
}

fn is_constant(op: Op) -> bool {
    matches!(
        op,
        Op::ConstI64(_)
            | Op::ConstU64(_)
            | Op::ConstF64(_)
            | Op::ConstBool(_)
            | Op::ConstObject(_)
            | Op::ConstNull
    )
}

/// Does it always call something?
fn calls(function: &Function, id: InstrId) -> bool {
    let effects = function.effects_of(id);
    effects.runs_python
        || effects.may_raise
        || matches!(
            function.instr(id).op,
            Op::CallRuntime(_)
                | Op::CallNative(_)
                | Op::CallObject(_)
                | Op::BoxI64
                | Op::BoxU64
                | Op::BoxF64
                | Op::FloatMath(_)
                | Op::FloatPow
                | Op::FloatMod
                | Op::FloatFloorDiv
        )
}

/// The block of each value.
fn homes(function: &Function) -> Vec<Option<BlockId>> {
    let mut home = vec![None; function.values.len()];
    for &block in &function.layout {
        let data = function.block(block);
        for &param in &data.params {
            home[param.index()] = Some(block);
        }
        for &id in &data.instrs {
            if let Some(result) = function.instr(id).result {
                home[result.index()] = Some(block);
            }
        }
    }
    home
}

impl Lowering<'_, '_> {
    /// Before a block: its loop's copies stand for the originals, which are returned.
    pub fn enter_loop(&mut self, block: BlockId) -> Vec<(ValueId, Option<Value>)> {
        let Some(&plan) = self.loop_values.inside.get(&block) else {
            return Vec::new();
        };
        let plan = &self.loop_values.plans[plan];
        self.emitter.address_copies = plan.address_copies.clone();
        let copies: Vec<_> = plan
            .values
            .iter()
            .copied()
            .zip(plan.copies.clone())
            .collect();
        copies
            .into_iter()
            .map(|(value, copy)| (value, self.replace_value(value, Some(copy))))
            .collect()
    }

    /// Behind a block.
    pub fn leave_loop(&mut self, originals: Vec<(ValueId, Option<Value>)>) {
        self.emitter.address_copies.clear();
        for (value, original) in originals {
            self.replace_value(value, original);
        }
    }

    /// At the end of a block: the copies for the loop behind it.
    pub fn copy_for_loop(&mut self, block: BlockId) -> Result<(), super::LowerError> {
        let Some(&row) = self.loop_values.behind.get(&block) else {
            return Ok(());
        };
        let plan = &self.loop_values.plans[row];
        let (values, classes) = (plan.values.clone(), plan.classes.clone());
        let mut copies = Vec::new();
        for value in values {
            let original = self.value(value)?;
            copies.push(self.opaque_copy(original, self.function.value(value).repr == Repr::F64));
        }
        let mut addresses = HashMap::new();
        for class in classes {
            if let Some(address) = self.emitter.addresses.class(class) {
                let original = self.emitter.address(address);
                let copy = self.opaque_copy(original, false);
                addresses.insert(address, copy);
            }
        }
        let plan = &mut self.loop_values.plans[row];
        (plan.copies, plan.address_copies) = (copies, addresses);
        Ok(())
    }

    fn opaque_copy(&mut self, value: Value, is_float: bool) -> Value {
        let slot = match self.loop_values.slot {
            Some(slot) => slot,
            None => *self.loop_values.slot.insert(self.emitter.stack_slot(1)),
        };
        let place = self.emitter.slot_address(slot, 0);
        self.emitter.store(Region::Stack, value, place, 0);
        let flags = self.emitter.flags(Region::Stack);
        let copy = self.emitter.builder.ins().atomic_load(I64, flags, place);
        if is_float {
            return self
                .emitter
                .builder
                .ins()
                .bitcast(F64, MemFlagsData::new(), copy);
        }
        copy
    }
}
