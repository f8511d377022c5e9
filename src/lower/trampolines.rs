//! Calls that cost their caller nothing: support functions behind the `preserve_all` convention.
//!
//! A cold path that calls a C function and comes back makes every value that lives in a float
//! register go through memory on the *hot* path, for C calls keep none of them (measured: 2.3 times
//! slower). A trampoline saves all registers itself, so its callers lose none. It has no result of its
//! own: the result goes to a word of memory whose address is the last argument.
//!
//! Trampolines are made once per process; an address provider that has none gets plain calls.

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, UserFuncName};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::{Context, ir};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::CODE_ALIGNMENT;
use super::emitter::c_signature;
use super::error::LowerError;
use crate::abi::support::{Support, Word};

/// Support functions that cold paths call before they go on.
pub const PRESERVED: &[Support] = &[
    Support::Dealloc,
    Support::DeallocFramed,
    Support::DropIsSilent,
    Support::UnboxI64,
    Support::UnboxU64,
    Support::ListAppend,
    Support::ListPopLast,
    Support::CheckStack,
    Support::HideLocals,
    Support::MustLeave,
    Support::RevalidateGlobals,
    Support::UnboxResult,
    Support::FloatPowRarely,
];

/// Code of all trampolines.
#[derive(Clone, PartialEq, Debug)]
pub struct Trampolines {
    /// Position-independent code; to be placed at a multiple of [`CODE_ALIGNMENT`].
    pub code: Vec<u8>,
    /// Where each row of [`PRESERVED`] starts, in the same order.
    pub offsets: Vec<u32>,
}

fn machine_type(word: Word) -> ir::Type {
    match word {
        Word::Int => I64,
        Word::Float => F64,
    }
}

/// How a trampoline is called: the function's parameters, then where its result goes.
pub fn signature(function: Support) -> Signature {
    let mut signature = Signature::new(CallConv::PreserveAll);
    let parameters = function.parameters().iter().map(|&word| machine_type(word));
    signature.params.extend(parameters.map(AbiParam::new));
    if function.result().is_some() {
        signature.params.push(AbiParam::new(I64));
    }
    signature
}

/// Makes the trampolines; `address` gives the support functions.
pub fn compile(
    isa: &OwnedTargetIsa,
    address: &dyn Fn(Support) -> u64,
) -> Result<Trampolines, LowerError> {
    let mut context = Context::new();
    let mut working = FunctionBuilderContext::new();
    let mut result = Trampolines {
        code: Vec::new(),
        offsets: Vec::new(),
    };
    for (index, &function) in PRESERVED.iter().enumerate() {
        context.clear();
        context.func.signature = signature(function);
        context.func.name = UserFuncName::user(1, index as u32);
        let mut builder = FunctionBuilder::new(&mut context.func, &mut working);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let mut arguments = builder.block_params(entry).to_vec();
        let place = function
            .result()
            .is_some()
            .then(|| arguments.pop())
            .flatten();
        let parameters: Vec<_> = function
            .parameters()
            .iter()
            .map(|&word| machine_type(word))
            .collect();
        let results: Vec<_> = function.result().map(machine_type).into_iter().collect();
        let target_signature = builder.import_signature(c_signature(&parameters, &results));
        let target = builder.ins().iconst(I64, address(function) as i64);
        let call = builder
            .ins()
            .call_indirect(target_signature, target, &arguments);
        if let (Some(place), Some(&value)) = (place, builder.inst_results(call).first()) {
            builder
                .ins()
                .store(ir::MemFlagsData::trusted(), value, place, 0);
        }
        builder.ins().return_(&[]);
        builder.finalize(isa.frontend_config());
        context
            .compile(&**isa, &mut Default::default())
            .map_err(|error| LowerError::Backend(format!("{:?}", error.inner)))?;
        let code = context
            .compiled_code()
            .ok_or(LowerError::Unsupported("nothing"))?;
        if !code.buffer.relocs().is_empty() {
            return Err(LowerError::Backend("relocation in a trampoline".to_owned()));
        }
        let start = result.code.len().next_multiple_of(CODE_ALIGNMENT);
        result.code.resize(start, 0);
        result.code.extend_from_slice(code.code_buffer());
        let offset = u32::try_from(start).map_err(|_| LowerError::Unsupported("4 GiB"))?;
        result.offsets.push(offset);
    }
    Ok(result)
}
