//! The entry stub: a `vectorcallfunc` in machine code.
//!
//! `stub(callable, args, nargsf, kwnames) -> PyObject*` checks that native code may run (number of
//! arguments, no keywords, the function still has this code object, nobody traces, the recursion
//! and the C stack have room), takes the arguments out of their boxes, calls the body and boxes what
//! it returns. Whatever does not fit goes to `Support::NextEntry` with the original arguments and
//! nothing changed. [`shape`] says the same as data, for units called before they have a stub.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I64};
use cranelift_codegen::ir::{Block, FuncRef, InstBuilder, MemFlagsData, SigRef, Signature, Value};
use cranelift_frontend::FunctionBuilder;

use super::addresses::AddressProvider;
use super::alias::Region;
use super::context::word_type;
use super::emitter::{Emitter, c_signature};
use super::error::LowerError;
use crate::abi::entry::{ClassTest, EntryParam, EntryShape};
use crate::abi::layout::{Base, Expected, RuntimeLayout};
use crate::abi::support::Support;
use crate::hir::attributes::IntWidth;
use crate::hir::{Function, IntRange, Repr, Type, ValueId};

/// Where the body is.
#[derive(Clone, Copy)]
pub enum Body {
    /// In the same blob.
    Here(FuncRef),
    /// Somewhere else, at this address.
    At(u64, SigRef),
}

/// What the stub checks and converts, as data: for calls without it.
pub fn shape(
    function: &Function,
    layout: &RuntimeLayout,
    addresses: &dyn AddressProvider,
) -> EntryShape {
    let params = function.block(function.entry).params.iter().enumerate();
    let params = params.map(|(number, &param)| {
        let value = function.value(param);
        let class = match (value.repr, function.entry_class(number)) {
            (_, Some(class)) => ClassTest::OneOf(vec![addresses.instance_class(class).address]),
            (Repr::Boxed, _) => class_test(value.ty, layout, addresses),
            (other, _) => class_test(other.widest_type(), layout, addresses),
        };
        // An empty range if no word can be in it.
        let bounds = value.range.intersection(IntRange::I64);
        EntryParam {
            repr: value.repr,
            class,
            low: bounds.map_or(1, |range| range.low as i64),
            high: bounds.map_or(0, |range| range.high as i64),
            held: is_held(function, param),
        }
    });
    EntryShape {
        checks: layout.entry_checks.clone(),
        code: addresses.code_object(),
        params: params.collect(),
        returns: function.returns,
    }
}

/// See `Emitter::check_class`.
fn class_test(
    accepted: Type,
    layout: &RuntimeLayout,
    addresses: &dyn AddressProvider,
) -> ClassTest {
    let rows = |wanted: &dyn Fn(Type) -> bool| -> Vec<u64> {
        let classes = Type::CLASSES.iter().filter(|(_, class)| wanted(*class));
        classes
            .filter_map(|(_, class)| addresses.class(*class))
            .collect()
    };
    match accepted {
        Type::OBJECT => ClassTest::Any,
        Type::NONE => ClassTest::Object(layout.none_object),
        _ if Type::OTHER.is_subset(accepted) => {
            ClassTest::NoneOf(rows(&|class| !class.is_subset(accepted)))
        }
        _ => ClassTest::OneOf(rows(&|class| class.is_subset(accepted))),
    }
}

/// Does the entry keep the argument alive? The body borrows its arguments from callers that have a reference, as
/// compiled ones do. Not all C code has: `with` passes the traceback of an exception to `__exit__`, which
/// may replace it. What may be of any class is therefore held, as a frame of the interpreter does.
fn is_held(function: &Function, param: ValueId) -> bool {
    let value = function.value(param);
    value.repr == Repr::Boxed && Type::OTHER.is_subset(value.ty)
}

/// Signature of the stub.
pub fn signature() -> Signature {
    c_signature(&[I64; 4], &[I64])
}

/// Fills the empty Cranelift function, whose signature is set, with the stub.
pub fn emit<'b>(
    function: &Function,
    layout: &RuntimeLayout,
    addresses: &dyn AddressProvider,
    builder: FunctionBuilder<'b>,
    body: Body,
) -> Result<FunctionBuilder<'b>, LowerError> {
    let mut stub = Stub {
        emitter: Emitter::new(builder, layout, addresses),
        function,
    };
    stub.run(body)?;
    stub.emitter.builder.seal_all_blocks();
    Ok(stub.emitter.builder)
}

struct Stub<'a, 'b> {
    emitter: Emitter<'a, 'b>,
    function: &'a Function,
}

impl Stub<'_, '_> {
    fn run(&mut self, body: Body) -> Result<(), LowerError> {
        let entry = self.emitter.builder.create_block();
        self.emitter
            .builder
            .append_block_params_for_function_params(entry);
        self.emitter.builder.switch_to_block(entry);
        let [callable, args, nargsf, names] = *self.emitter.builder.block_params(entry) else {
            return Err(LowerError::malformed("parameters of the entry stub"));
        };
        let params = &self.function.block(self.function.entry).params;
        let slow = self.emitter.cold_block();

        // The top bit of nargsf says that args[-1] may be overwritten: nothing to us.
        let count = self.emitter.builder.ins().ishl_imm_u(nargsf, 1);
        let other = self
            .emitter
            .compare(IntCC::NotEqual, count, 2 * params.len() as i64);
        self.emitter.branch_if(other, slow);
        self.emitter.branch_if(names, slow);
        // Types first: where they differ, another version's stub is next.
        let mut arguments = Vec::with_capacity(params.len() + 1);
        let mut held = Vec::new();
        for (index, &param) in params.iter().enumerate() {
            let object = self
                .emitter
                .load(Region::TupleItems, I64, args, 8 * index as i32);
            if let Some(class) = self.function.entry_class(index) {
                let address = self.emitter.addresses.instance_class(class).address;
                self.emitter.check_is_class(object, address, slow);
            }
            arguments.push(self.argument(param, object, slow)?);
            if is_held(self.function, param) {
                held.push(object);
            }
        }
        let code_offset = self.emitter.layout.function_code;
        let code = self
            .emitter
            .load(Region::Runtime, I64, callable, code_offset);
        let expected = self.emitter.addresses.code_object();
        let other = self.emitter.is_address(IntCC::NotEqual, code, expected);
        self.emitter.branch_if(other, slow);
        let thread_state = self.emitter.thread_state();
        self.checks(thread_state, slow)?;
        self.emitter.check_stack(thread_state, slow);
        arguments.insert(0, thread_state);
        let level = self.emitter.enter_recursion(thread_state, slow);
        let counter = self.emitter.addresses.call_counter();
        if counter != 0 {
            let counter = self.emitter.address(counter);
            let count = self.emitter.load(Region::Runtime, I64, counter, 0);
            let count = self.emitter.builder.ins().iadd_imm_u(count, 1);
            self.emitter.store(Region::Runtime, count, counter, 0);
        }
        for &object in &held {
            self.emitter.incref(object);
        }
        let call = match body {
            Body::Here(body) => self.emitter.builder.ins().call(body, &arguments),
            Body::At(address, signature) => {
                let body = self.emitter.address(address);
                let ins = self.emitter.builder.ins();
                ins.call_indirect(signature, body, &arguments)
            }
        };
        let [value, status] = *self.emitter.builder.inst_results(call) else {
            return Err(LowerError::malformed("results of the body"));
        };
        self.emitter.leave_recursion(thread_state, level);
        for &object in &held {
            self.emitter.decref_plain(object);
        }
        self.finish(value, status);

        self.emitter.builder.switch_to_block(slow);
        let unit = self.emitter.addresses.unit();
        let unit = self.emitter.address(unit);
        let object = self
            .emitter
            .call_support(Support::NextEntry, &[unit, callable, args, nargsf, names]);
        self.emitter.builder.ins().return_(&[object]);
        Ok(())
    }

    /// Conditions of the interpreter for running native code at all. They nearly always hold, so their
    /// words are gathered and tested once.
    fn checks(&mut self, thread_state: Value, slow: Block) -> Result<(), LowerError> {
        let mut any: Option<Value> = None;
        for check in &self.emitter.layout.entry_checks {
            let mut base = self.emitter.base(check.base, thread_state);
            for &step in &check.path {
                base = self.emitter.load(Region::Runtime, I64, base, step);
            }
            if let Some(stand_in) = check.stand_in {
                let stand_in = self.emitter.address(stand_in);
                base = self.emitter.builder.ins().select(base, base, stand_in);
            }
            let mut word = self.word(check.width, base, check.offset)?;
            let bits = 8 * u32::from(check.width);
            let all = u64::MAX >> (64 - bits);
            if check.mask & all != all {
                word = self
                    .emitter
                    .builder
                    .ins()
                    .band_imm_u(word, check.mask as i64);
            }
            let expected = match check.expected {
                Expected::Constant(0) => None,
                Expected::Constant(value) => Some(self.emitter.constant(value as i64)),
                Expected::Cell(address) => {
                    let cell = self.emitter.base(Base::Absolute(address), thread_state);
                    Some(self.word(check.width, cell, 0)?)
                }
            };
            let ins = self.emitter.builder.ins();
            let bad = expected.map_or(word, |expected| ins.bxor(word, expected));
            any = Some(match any {
                Some(others) => self.emitter.builder.ins().bor(others, bad),
                None => bad,
            });
        }
        if let Some(any) = any {
            self.emitter.branch_if(any, slow);
        }
        Ok(())
    }

    /// A load of 1, 4 or 8 bytes, widened to a word.
    fn word(&mut self, width: u8, base: Value, offset: i32) -> Result<Value, LowerError> {
        let flags = self.emitter.flags(Region::Runtime);
        let ins = self.emitter.builder.ins();
        Ok(match width {
            1 => ins.uload8(I64, flags, base, offset),
            4 => ins.uload32(flags, base, offset),
            8 => ins.load(I64, flags, base, offset),
            _ => return Err(LowerError::Unsupported("an entry check of this width")),
        })
    }

    /// The argument as the body takes it.
    fn argument(
        &mut self,
        param: ValueId,
        object: Value,
        slow: Block,
    ) -> Result<Value, LowerError> {
        let value = self.function.value(param);
        Ok(match value.repr {
            Repr::Boxed => {
                self.emitter
                    .check_class(object, Type::OBJECT, value.ty, slow);
                object
            }
            Repr::I64 => {
                self.emitter
                    .check_class(object, Type::OBJECT, Type::INT, slow);
                let width = if value.range.is_within(IntRange::COMPACT) {
                    IntWidth::Compact
                } else {
                    IntWidth::Full
                };
                let int = self.emitter.unbox_int(object, width, slow);
                let known = match width {
                    IntWidth::Compact => IntRange::COMPACT,
                    IntWidth::Full => IntRange::I64,
                };
                self.emitter.check_range(int, known, value.range, slow);
                int
            }
            Repr::U64 => {
                self.emitter
                    .check_class(object, Type::OBJECT, Type::INT, slow);
                self.emitter.unbox_u64(object, slow)
            }
            Repr::F64 => {
                self.emitter
                    .check_class(object, Type::OBJECT, Type::FLOAT, slow);
                self.emitter.unbox_f64(object)
            }
            Repr::Bool => {
                self.emitter
                    .check_class(object, Type::OBJECT, Type::BOOL, slow);
                let value = self.emitter.unbox_bool(object);
                self.emitter.builder.ins().uextend(I64, value)
            }
            Repr::Ptr => return Err(LowerError::malformed("a raw pointer as parameter")),
        })
    }

    /// Boxes the result by its status and returns it.
    fn finish(&mut self, value: Value, status: Value) {
        let returns = self.function.returns;
        let left = self.emitter.cold_block();
        self.emitter.branch_if(status, left);
        let object = match returns {
            Repr::Boxed | Repr::Ptr => value,
            Repr::I64 => self.emitter.box_i64(value, IntRange::I64),
            Repr::U64 => self.emitter.call_support(Support::BoxU64, &[value]),
            Repr::F64 => self.emitter.call_support(Support::BoxF64, &[value]),
            Repr::Bool => {
                let value = self.emitter.builder.ins().ireduce(I8, value);
                let object = self.emitter.box_bool(value);
                self.emitter.incref(object);
                object
            }
        };
        self.emitter.builder.ins().return_(&[object]);

        // The body left: an object, or NULL with an exception (status 2 comes with NULL).
        self.emitter.builder.switch_to_block(left);
        let object = match word_type(returns) {
            I64 => value,
            _ => self
                .emitter
                .builder
                .ins()
                .bitcast(I64, MemFlagsData::new(), value),
        };
        self.emitter.builder.ins().return_(&[object]);
    }
}
