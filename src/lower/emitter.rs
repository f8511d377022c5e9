//! The Cranelift builder with what all parts of lowering share: addresses, calls of the runtime,
//! branches to cold blocks, class tests.
//!
//! It knows the interpreter's layout but nothing of HIR instructions: the entry stub uses it too.
//! Failure goes to a block given by the caller, never to a trap.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{
    self, AbiParam, Block, InstBuilder, MemFlagsData, SigRef, Signature, StackSlot, StackSlotData,
    StackSlotKind, Value,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;

use super::addresses::AddressProvider;
use super::alias::{Region, Regions};
use super::trampolines;
use crate::abi::layout::{Base, RuntimeLayout, ThreadStateAccess};
use crate::abi::support::{Support, Word};
use crate::hir::Type;

/// The builder of one Cranelift function and what it may refer to.
pub struct Emitter<'a, 'b> {
    /// Cranelift's builder.
    pub builder: FunctionBuilder<'b>,
    /// Shapes of the interpreter.
    pub layout: &'a RuntimeLayout,
    /// Addresses.
    pub addresses: &'a dyn AddressProvider,
    /// Test references wherever they are counted.
    pub check_references: bool,
    /// Addresses that the loop being lowered has in registers (`loop_values`).
    pub address_copies: HashMap<u64, Value>,
    regions: Regions,
    signatures: HashMap<(Vec<ir::Type>, Vec<ir::Type>), SigRef>,
    trampolines: HashMap<Support, SigRef>,
    scratch: Option<StackSlot>,
    result_slot: Option<StackSlot>,
}

impl<'a, 'b> Emitter<'a, 'b> {
    /// An emitter into an empty function.
    pub fn new(
        builder: FunctionBuilder<'b>,
        layout: &'a RuntimeLayout,
        addresses: &'a dyn AddressProvider,
    ) -> Self {
        let regions = Regions::declare(&mut builder.func.dfg);
        Emitter {
            builder,
            layout,
            addresses,
            check_references: false,
            address_copies: HashMap::new(),
            regions,
            signatures: HashMap::new(),
            trampolines: HashMap::new(),
            scratch: None,
            result_slot: None,
        }
    }

    /// Flags of an access to this memory.
    pub fn flags(&self, region: Region) -> MemFlagsData {
        self.regions.flags(region)
    }

    /// A word, a pointer or an address as a constant.
    pub fn constant(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(I64, value)
    }

    /// An address as a constant.
    pub fn address(&mut self, address: u64) -> Value {
        self.constant(address as i64)
    }

    /// A load of `ty` at `base + offset`.
    pub fn load(&mut self, region: Region, ty: ir::Type, base: Value, offset: i32) -> Value {
        let flags = self.flags(region);
        self.builder.ins().load(ty, flags, base, offset)
    }

    /// A store at `base + offset`.
    pub fn store(&mut self, region: Region, value: Value, base: Value, offset: i32) {
        let flags = self.flags(region);
        self.builder.ins().store(flags, value, base, offset);
    }

    /// A new block out of line.
    pub fn cold_block(&mut self) -> Block {
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        block
    }

    /// Goes to `target` if `condition` (8 bits or a word) is not 0; continues in a new block.
    pub fn branch_if(&mut self, condition: Value, target: Block) {
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, target, &[], next, &[]);
        self.builder.switch_to_block(next);
    }

    /// Goes to `target` if `condition` is 0; continues in a new block.
    pub fn branch_unless(&mut self, condition: Value, target: Block) {
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, next, &[], target, &[]);
        self.builder.switch_to_block(next);
    }

    /// Counts a word of the runtime down and goes to `target` where it becomes 0.
    pub fn count_down(&mut self, word: u64, target: Block) {
        let word = self.address(word);
        let count = self.load(Region::Runtime, I64, word, 0);
        let less = self.builder.ins().iadd_imm_s(count, -1);
        self.store(Region::Runtime, less, word, 0);
        self.branch_unless(less, target);
    }

    /// Compares with a constant.
    pub fn compare(&mut self, condition: IntCC, value: Value, constant: i64) -> Value {
        self.builder.ins().icmp_imm_s(condition, value, constant)
    }

    /// Compares a pointer with an address.
    pub fn is_address(&mut self, condition: IntCC, value: Value, address: u64) -> Value {
        let address = match self.address_copies.get(&address) {
            Some(&copy) => copy,
            None => self.address(address),
        };
        self.builder.ins().icmp(condition, value, address)
    }

    /// The signature with these parameters and results, by the platform's C convention.
    pub fn signature(&mut self, parameters: &[ir::Type], results: &[ir::Type]) -> SigRef {
        let key = (parameters.to_vec(), results.to_vec());
        if let Some(&signature) = self.signatures.get(&key) {
            return signature;
        }
        let signature = self
            .builder
            .import_signature(c_signature(parameters, results));
        self.signatures.insert(key, signature);
        signature
    }

    /// Calls the function at a constant address.
    pub fn call_address(
        &mut self,
        address: u64,
        arguments: &[Value],
        result: Option<ir::Type>,
    ) -> Option<Value> {
        let parameters: Vec<_> = arguments
            .iter()
            .map(|&value| self.builder.func.dfg.value_type(value))
            .collect();
        let signature = self.signature(&parameters, result.as_slice());
        let target = self.address(address);
        let call = self
            .builder
            .ins()
            .call_indirect(signature, target, arguments);
        self.builder.inst_results(call).first().copied()
    }

    /// Calls a support function that has no result.
    pub fn call_support_unit(&mut self, function: Support, arguments: &[Value]) {
        debug_assert!(function.result().is_none());
        if let Some(trampoline) = self.addresses.trampoline(function) {
            return self.call_trampoline(function, trampoline, arguments);
        }
        let address = self.addresses.support(function);
        self.call_address(address, arguments, None);
    }

    /// Calls a support function for its result.
    pub fn call_support(&mut self, function: Support, arguments: &[Value]) -> Value {
        debug_assert_eq!(
            function.parameters().len(),
            arguments.len(),
            "{}",
            function.name()
        );
        let result = match function.result() {
            Some(Word::Float) => F64,
            _ => I64,
        };
        if let Some(trampoline) = self.addresses.trampoline(function) {
            let slot = match self.result_slot {
                Some(slot) => slot,
                None => {
                    let slot = self.stack_slot(1);
                    self.result_slot = Some(slot);
                    slot
                }
            };
            let place = self.slot_address(slot, 0);
            self.call_trampoline(function, trampoline, &[arguments, &[place]].concat());
            let place = self.slot_address(slot, 0);
            return self.load(Region::Stack, result, place, 0);
        }
        let address = self.addresses.support(function);
        match self.call_address(address, arguments, Some(result)) {
            Some(value) => value,
            None => unreachable!("a call of a signature with a result has one"),
        }
    }

    fn call_trampoline(&mut self, function: Support, trampoline: u64, arguments: &[Value]) {
        let signature = match self.trampolines.get(&function) {
            Some(&signature) => signature,
            None => {
                let signature = self
                    .builder
                    .import_signature(trampolines::signature(function));
                self.trampolines.insert(function, signature);
                signature
            }
        };
        let target = self.address(trampoline);
        self.builder
            .ins()
            .call_indirect(signature, target, arguments);
    }

    /// A stack slot of `words` words.
    pub fn stack_slot(&mut self, words: u32) -> StackSlot {
        self.builder.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            words * 8,
            3,
        ))
    }

    /// Makes sure that the slot has that many words.
    pub fn grow_slot(&mut self, slot: StackSlot, words: u32) {
        let data = &mut self.builder.func.sized_stack_slots[slot];
        data.size = data.size.max(words * 8);
    }

    /// Address of a word of the slot.
    pub fn slot_address(&mut self, slot: StackSlot, word: u32) -> Value {
        self.builder
            .ins()
            .stack_addr(I64, slot, Offset32::new((word * 8) as i32))
    }

    /// Writes a word of the slot.
    pub fn slot_store(&mut self, slot: StackSlot, word: u32, value: Value) {
        let base = self.slot_address(slot, word);
        self.store(Region::Stack, value, base, 0);
    }

    /// Reads a word of the slot.
    pub fn slot_load(&mut self, slot: StackSlot, word: u32) -> Value {
        let base = self.slot_address(slot, word);
        self.load(Region::Stack, I64, base, 0)
    }

    /// One word of stack for results that come back through memory.
    pub fn scratch(&mut self) -> StackSlot {
        match self.scratch {
            Some(slot) => slot,
            None => {
                let slot = self.stack_slot(1);
                self.scratch = Some(slot);
                slot
            }
        }
    }

    /// The current thread state.
    pub fn thread_state(&mut self) -> Value {
        match self.layout.thread_state {
            ThreadStateAccess::LoadFrom(address) => {
                let address = self.address(address);
                self.load(Region::Runtime, I64, address, 0)
            }
            ThreadStateAccess::Call(address) => match self.call_address(address, &[], Some(I64)) {
                Some(value) => value,
                None => unreachable!("a call of a signature with a result has one"),
            },
        }
    }

    /// The start of a path of loads.
    pub fn base(&mut self, base: Base, thread_state: Value) -> Value {
        match base {
            Base::ThreadState => thread_state,
            Base::Absolute(address) => self.address(address),
        }
    }

    /// The class of an object.
    pub fn class_of(&mut self, object: Value) -> Value {
        self.load(Region::Class, I64, object, self.layout.class)
    }

    /// Goes to `fail` unless the object's class is the one at that address.
    pub fn check_is_class(&mut self, object: Value, class: u64, fail: Block) {
        let its = self.class_of(object);
        let other = self.is_address(IntCC::NotEqual, its, class);
        self.branch_if(other, fail);
    }

    /// Goes to `fail` unless the object, known to be of one of `known`, is of one of `accepted`.
    pub fn check_class(&mut self, object: Value, known: Type, accepted: Type, fail: Block) {
        let accepted = accepted.intersection(known);
        if known.is_subset(accepted) {
            return;
        }
        if accepted.is_empty() {
            self.builder.ins().jump(fail, &[]);
            let next = self.builder.create_block();
            self.builder.switch_to_block(next);
            return;
        }
        if accepted == Type::NONE {
            let other = self.is_address(IntCC::NotEqual, object, self.layout.none_object);
            return self.branch_if(other, fail);
        }
        let class = self.class_of(object);
        let rows = |wanted: &dyn Fn(Type) -> bool| -> Vec<u64> {
            Type::CLASSES
                .iter()
                .filter(|(_, class)| wanted(*class))
                .filter_map(|(_, class)| self.addresses.class(*class))
                .collect()
        };
        if Type::OTHER.is_subset(accepted) {
            let refused = rows(&|class| class.is_subset(known) && !class.is_subset(accepted));
            for address in refused {
                let hit = self.is_address(IntCC::Equal, class, address);
                self.branch_if(hit, fail);
            }
            return;
        }
        let wanted = rows(&|class| class.is_subset(accepted));
        if let [address] = wanted[..] {
            let other = self.is_address(IntCC::NotEqual, class, address);
            return self.branch_if(other, fail);
        }
        let mut any = self.builder.ins().iconst(ir::types::I8, 0);
        for address in wanted {
            let hit = self.is_address(IntCC::Equal, class, address);
            any = self.builder.ins().bor(any, hit);
        }
        self.branch_unless(any, fail);
    }

    /// Goes to `fail` when the C stack has no room for another native activation.
    ///
    /// The cell belongs to the thread that ran last: a cell of another thread is refilled first.
    pub fn check_stack(&mut self, thread_state: Value, fail: Block) {
        let (ask, next) = (self.cold_block(), self.builder.create_block());
        let cell = self.address(self.layout.stack_cell);
        let owner = self.load(Region::Runtime, I64, cell, 0);
        let limit = self.load(Region::Runtime, I64, cell, 8);
        let foreign = self
            .builder
            .ins()
            .icmp(IntCC::NotEqual, owner, thread_state);
        let pointer = self.builder.ins().get_stack_pointer(I64);
        let low = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, pointer, limit);
        let bad = self.builder.ins().bor(foreign, low);
        self.builder.ins().brif(bad, ask, &[], next, &[]);
        self.builder.switch_to_block(ask);
        let room = self.call_support(Support::CheckStack, &[thread_state]);
        self.builder.ins().brif(room, next, &[], fail, &[]);
        self.builder.switch_to_block(next);
    }

    /// Tells the runtime where this activation is on the native stack: right before a call that looks.
    pub fn publish_activation(&mut self) {
        let pointer = self.builder.ins().get_frame_pointer(I64);
        let cell = self.address(self.layout.native_pointer_cell);
        self.store(Region::Runtime, pointer, cell, 0);
    }

    /// Takes one level of the interpreter's recursion counter; goes to `fail`, with the counter
    /// unchanged, if none is left. What `leave_recursion` needs.
    pub fn enter_recursion(&mut self, thread_state: Value, fail: Block) -> Level {
        let offset = self.layout.recursion_remaining;
        let before = self.load(Region::Runtime, I32, thread_state, offset);
        let none = self.compare(IntCC::SignedLessThanOrEqual, before, 0);
        self.branch_if(none, fail);
        let within = self.builder.ins().iadd_imm_s(before, -1);
        self.store(Region::Runtime, within, thread_state, offset);
        Level(before)
    }

    /// Gives the level back. The counter is as it was, unless the limit was changed meanwhile: then
    /// it is counted up. The test keeps the counter out of the chain of dependent instructions.
    pub fn leave_recursion(&mut self, thread_state: Value, level: Level) {
        let offset = self.layout.recursion_remaining;
        let left = self.load(Region::Runtime, I32, thread_state, offset);
        let more = self.builder.ins().iadd_imm_s(left, 1);
        let changed = self.builder.ins().icmp(IntCC::NotEqual, more, level.0);
        let (count, next) = (self.cold_block(), self.builder.create_block());
        let value = self.builder.append_block_param(next, I32);
        self.builder
            .ins()
            .brif(changed, count, &[], next, &[level.0.into()]);
        self.builder.switch_to_block(count);
        self.builder.ins().jump(next, &[more.into()]);
        self.builder.switch_to_block(next);
        self.store(Region::Runtime, value, thread_state, offset);
    }
}

/// A level of recursion that was taken: the counter before.
#[derive(Clone, Copy)]
pub struct Level(Value);

/// A signature by the platform's C convention.
pub fn c_signature(parameters: &[ir::Type], results: &[ir::Type]) -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature
        .params
        .extend(parameters.iter().map(|&ty| AbiParam::new(ty)));
    signature
        .returns
        .extend(results.iter().map(|&ty| AbiParam::new(ty)));
    signature
}
