//! HIR to machine code by way of Cranelift IR.
//!
//! One call compiles one function to one blob: the body (`body(thread state, arguments...) ->
//! (value, status)`) and the entry stub, a `vectorcallfunc`. The blob is position independent:
//! calls between its parts are resolved here, everything else is reached by absolute address.
//!
//! Status 0: the value, in the function's representation. 1: an owned object (for a float
//! function its address as the bits of the double): the interpreter finished the call. 2: NULL the
//! same way, an exception is set.
//!
//! No Python object is known here, and no CPython version: see `abi::layout` and [`AddressProvider`].
#![forbid(unsafe_code)]

pub mod addresses;
mod alias;
mod anchors;
mod attributes;
mod boxing;
mod calls;
mod containers;
mod context;
mod emitter;
mod entry;
pub mod error;
mod exits;
mod floats;
mod fuse;
mod guards;
mod ints;
mod link;
mod loop_values;
mod recursion;
mod refcount;
pub mod trampolines;

use std::time::{Duration, Instant};

use cranelift_codegen::ir::{ExtFuncData, ExternalName, FuncRef, Signature, UserExternalName};
use cranelift_codegen::ir::{UserFuncName, types::I64};
use cranelift_codegen::isa::{self, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, ir};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::abi::deopt_table::DeoptTable;
use crate::abi::entry::EntryShape;
use crate::abi::layout::RuntimeLayout;
use crate::hir::{CodeId, Function, InstrId, Op};

pub use addresses::AddressProvider;
pub use error::LowerError;

/// How to lower.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// Keep the Cranelift IR as text.
    pub keep_clif: bool,
    /// Keep the machine's instructions as text.
    pub keep_assembly: bool,
    /// Push a frame also before calls of compiled functions, so that the interpreter's chain of
    /// frames is complete at any time without the help of [`CompiledCode::call_sites`].
    pub frames_at_native_calls: bool,
    /// Address of a word that every guard counts down before its test; where it reaches 0 the guard
    /// leaves as if it had failed.
    pub forced_exits: Option<u64>,
    /// Test references wherever the code counts them.
    pub check_references: bool,
    /// While code is called that may look at frames, the frame has the locals too.
    pub locals_at_calls: bool,
    /// C's `pow` errs by less than 0.55 units in the last place.
    pub close_pow: bool,
    /// The processor multiplies and adds with one rounding; found out by the compiler.
    pub fused_multiply_add: bool,
    /// Leave out the entry stub where calls can do without it for now (`abi::entry`);
    /// [`Compiler::entry_stub`] makes it later.
    pub late_stub: bool,
}

/// A call in the body of another compiled function: the activation may need a frame while it waits
/// there, should the callee run Python code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSite {
    /// Return address, from the start of the blob.
    pub return_offset: u32,
    /// Whose frame it is: the outermost code.
    pub code: CodeId,
    /// Code unit where that frame stands.
    pub offset: u32,
    /// Row of the deopt table's `shown`: the locals stored for the time of the call.
    pub shown: Option<u32>,
    /// The call is made by a copy of the function within itself: where the function stands.
    pub around: Option<(CodeId, u32)>,
}

/// Sizes and times of one compilation.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Timing {
    /// HIR to Cranelift IR.
    pub build: Duration,
    /// Cranelift IR to bytes.
    pub compile: Duration,
    /// Cranelift instructions in the body.
    pub instructions: usize,
    /// Bytes of the body.
    pub body_bytes: usize,
}

/// Machine code and its tables.
#[derive(Clone, PartialEq, Debug)]
pub struct CompiledCode {
    /// Position-independent code; to be placed at a multiple of [`CODE_ALIGNMENT`].
    pub code: Vec<u8>,
    /// Where the body starts.
    pub body_offset: u32,
    /// Where the entry stub starts, if it is not left for later.
    pub entry_offset: Option<u32>,
    /// What calls from outside must be like.
    pub shape: EntryShape,
    /// How it leaves.
    pub exits: DeoptTable,
    /// Calls of the body, by return address, ascending.
    pub call_sites: Vec<CallSite>,
    /// In functions that may run Python code: where the activation keeps its interpreter frame (a
    /// word, 0 if none), in bytes from the body's frame pointer.
    pub native_frame: Option<i32>,
    /// The same for a copy of the function within itself.
    pub copy_frame: i32,
    /// Where the words of locals are that are stored during calls, likewise.
    pub words: i32,
    /// Bytes of stack an activation of the body takes.
    pub frame_bytes: u32,
    /// Cranelift IR, if asked for.
    pub clif: Option<String>,
    /// The instructions, if asked for.
    pub assembly: Option<String>,
    /// Sizes and times.
    pub timing: Timing,
}

/// Alignment of the blob, and of the stub within it.
pub const CODE_ALIGNMENT: usize = 32;

/// Name of the body among Cranelift's user functions.
const BODY: UserExternalName = UserExternalName {
    namespace: 0,
    index: 0,
};
/// Name of the stub.
const STUB: UserExternalName = UserExternalName {
    namespace: 0,
    index: 1,
};

/// Cranelift's working memory, to be kept from one compilation to the next.
pub struct Compiler {
    isa: OwnedTargetIsa,
    context: Context,
    builder: FunctionBuilderContext,
}

impl Compiler {
    /// A compiler for the processor.
    pub fn new(isa: OwnedTargetIsa) -> Compiler {
        Compiler {
            isa,
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
        }
    }

    /// The processor.
    pub fn isa(&self) -> &dyn TargetIsa {
        &*self.isa
    }

    /// Compiles the function.
    pub fn compile(
        &mut self,
        function: &Function,
        layout: &RuntimeLayout,
        addresses: &dyn AddressProvider,
        options: &Options,
    ) -> Result<CompiledCode, LowerError> {
        let options = &Options {
            fused_multiply_add: has_fused_multiply_add(&*self.isa),
            ..*options
        };
        let mut blob = link::Blob::default();
        let mut text = String::new();
        let mut assembly = String::new();

        let mut start = Instant::now();
        let signature = body_signature(function);
        let itself = self.begin(&signature, BODY);
        let itself = Some(itself);
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        let lowered = context::Lowering::run(function, layout, addresses, options, builder, itself);
        let (exits, activation) = match lowered {
            Ok((exits, activation, builder)) => {
                builder.finalize(self.isa.frontend_config());
                (exits, activation)
            }
            Err(error) => {
                // A half-filled builder context must not be used again.
                self.builder = FunctionBuilderContext::new();
                return Err(error);
            }
        };
        let mut timing = Timing {
            build: start.elapsed(),
            instructions: self.context.func.dfg.num_insts(),
            ..Timing::default()
        };
        start = Instant::now();
        self.keep_text(options, &mut text);
        self.context.set_disasm(options.keep_assembly);
        let body = self.finish(&mut blob, BODY, &mut assembly)?;
        timing.compile = start.elapsed();
        timing.body_bytes = blob.code.len();
        let frame_bytes = self.frame_bytes();
        let (call_sites, native_frame, words, copy_frame) =
            self.activation(function, body, &activation);

        let shape = entry::shape(function, layout, addresses);
        let mut stub = None;
        if !(options.late_stub && shape.needs_no_stub()) {
            start = Instant::now();
            self.begin_stub(function, layout, addresses, None)?;
            timing.build += start.elapsed();
            start = Instant::now();
            self.keep_text(options, &mut text);
            self.context.set_disasm(options.keep_assembly);
            stub = Some(self.finish(&mut blob, STUB, &mut assembly)?);
            timing.compile += start.elapsed();
        }
        blob.link()?;
        Ok(CompiledCode {
            code: blob.code,
            body_offset: body,
            entry_offset: stub,
            shape,
            exits,
            call_sites,
            native_frame,
            copy_frame,
            words,
            frame_bytes,
            clif: options.keep_clif.then_some(text),
            assembly: options.keep_assembly.then_some(assembly),
            timing,
        })
    }

    /// The stub of a body that was compiled without one and is installed at `body`.
    pub fn entry_stub(
        &mut self,
        function: &Function,
        layout: &RuntimeLayout,
        addresses: &dyn AddressProvider,
        body: u64,
    ) -> Result<Vec<u8>, LowerError> {
        let mut blob = link::Blob::default();
        self.begin_stub(function, layout, addresses, Some(body))?;
        self.context.set_disasm(false);
        self.finish(&mut blob, STUB, &mut String::new())?;
        blob.link()?;
        Ok(blob.code)
    }

    /// Fills the context with the stub. Without an address the body is in the same blob.
    fn begin_stub(
        &mut self,
        function: &Function,
        layout: &RuntimeLayout,
        addresses: &dyn AddressProvider,
        body: Option<u64>,
    ) -> Result<(), LowerError> {
        self.begin(&entry::signature(), STUB);
        let signature = body_signature(function);
        let body = match body {
            Some(address) => {
                let signature = self.context.func.import_signature(signature);
                entry::Body::At(address, signature)
            }
            None => entry::Body::Here(declare(&mut self.context.func, signature, BODY)),
        };
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        match entry::emit(function, layout, addresses, builder, body) {
            Ok(builder) => {
                builder.finalize(self.isa.frontend_config());
                Ok(())
            }
            Err(error) => {
                self.builder = FunctionBuilderContext::new();
                Err(error)
            }
        }
    }

    /// Clears the context and declares the function itself in it.
    fn begin(&mut self, signature: &Signature, name: UserExternalName) -> FuncRef {
        self.context.clear();
        self.context.func.signature = signature.clone();
        self.context.func.name = UserFuncName::User(name.clone());
        declare(&mut self.context.func, signature.clone(), name)
    }

    fn keep_text(&self, options: &Options, text: &mut String) {
        if options.keep_clif {
            text.push_str(&self.context.func.display().to_string());
        }
    }

    /// Compiles the context and appends the code to the blob, its text, if any, to `assembly`.
    fn finish(
        &mut self,
        blob: &mut link::Blob,
        name: UserExternalName,
        assembly: &mut String,
    ) -> Result<u32, LowerError> {
        self.context
            .compile(&*self.isa, &mut Default::default())
            .map_err(|error| LowerError::Backend(format!("{:?}", error.inner)))?;
        let compiled = self
            .context
            .compiled_code()
            .ok_or(LowerError::Unsupported("nothing"))?;
        if let Some(text) = &compiled.vcode {
            assembly.push_str(if name == BODY {
                "; body\n"
            } else {
                "\n; entry\n"
            });
            assembly.push_str(text);
        }
        let start = blob.append(name, compiled, &self.context.func)?;
        if self.isa.triple().architecture == target_lexicon::Architecture::X86_64 {
            fuse::fuse_overflow_branches(&mut blob.code[start as usize..], &compiled.bb_starts);
        }
        Ok(start)
    }

    /// Bytes of stack of an activation of what was compiled last, with return address and frame pointer.
    fn frame_bytes(&self) -> u32 {
        let layout = self
            .context
            .compiled_code()
            .and_then(|code| code.buffer.frame_layout());
        // Without a layout: more than any function has.
        layout.map_or(1 << 16, |layout| layout.frame_to_fp_offset + 16)
    }

    /// What the runtime must know to find the activation on the native stack.
    fn activation(
        &self,
        function: &Function,
        body: u32,
        activation: &context::Activation,
    ) -> (Vec<CallSite>, Option<i32>, i32, i32) {
        let Some((compiled, slot)) = self.context.compiled_code().zip(activation.frame) else {
            return (Vec::new(), None, 0, 0);
        };
        let lines = compiled.buffer.get_srclocs_sorted();
        let mut sites = Vec::new();
        for call in compiled.buffer.call_sites() {
            let line = lines
                .iter()
                .find(|line| line.start < call.ret_addr && call.ret_addr <= line.end);
            let Some((number, copy)) = line
                .filter(|line| !line.loc.is_default())
                .map(|line| context::of_location(line.loc))
            else {
                continue;
            };
            let instr = function.instrs.get(number);
            if let Some(instr) = instr.filter(|instr| matches!(instr.op, Op::CallNative(_))) {
                let (code, offset) = calls::outer_place(function, instr);
                sites.push(CallSite {
                    return_offset: body + call.ret_addr,
                    code,
                    offset,
                    shown: activation.shown_calls.get(&InstrId::new(number)).copied(),
                    around: activation.copied_calls.get(copy).copied().flatten(),
                });
            }
        }
        let place = |slot| {
            let layout = compiled.buffer.frame_layout()?;
            let offset = layout.stackslots.get(slot)?.offset;
            Some(offset as i32 - layout.frame_to_fp_offset as i32)
        };
        let copy_frame = activation.copy_frame.and_then(place).unwrap_or(0);
        let words = place(activation.words).unwrap_or(0);
        (sites, place(slot), words, copy_frame)
    }
}

fn has_fused_multiply_add(isa: &dyn TargetIsa) -> bool {
    match isa.triple().architecture {
        target_lexicon::Architecture::X86_64 => {
            let flags = isa.isa_flags();
            let mut fma = flags.iter().filter(|flag| flag.name == "has_fma");
            fma.any(|flag| flag.as_bool() == Some(true))
        }
        target_lexicon::Architecture::Aarch64(_) => true,
        _ => false,
    }
}

/// Compiles one function with fresh working memory.
pub fn compile(
    function: &Function,
    layout: &RuntimeLayout,
    addresses: &dyn AddressProvider,
    isa: OwnedTargetIsa,
    options: &Options,
) -> Result<CompiledCode, LowerError> {
    Compiler::new(isa).compile(function, layout, addresses, options)
}

/// The Cranelift settings of this project. `verify` runs Cranelift's verifier on everything.
pub fn flags(verify: bool) -> Result<settings::Flags, LowerError> {
    let mut builder = settings::builder();
    let rows = [
        ("opt_level", "speed"),
        ("enable_verifier", if verify { "true" } else { "false" }),
        ("is_pic", "false"),
        ("unwind_info", "false"),
        ("preserve_frame_pointers", "true"),
        // Starts of basic blocks, for `fuse`.
        ("machine_code_cfg_info", "true"),
    ];
    for (name, value) in rows {
        builder
            .set(name, value)
            .map_err(|error| LowerError::Backend(error.to_string()))?;
    }
    Ok(settings::Flags::new(builder))
}

/// A processor by the name of its platform, with what every such processor can do that the code
/// needs (SSE4.1 on x86-64: rounding of floats). The driver uses the host's own description.
pub fn isa_for(platform: &str, flags: settings::Flags) -> Result<OwnedTargetIsa, LowerError> {
    let backend = |error: &dyn std::fmt::Display| LowerError::Backend(error.to_string());
    let triple: target_lexicon::Triple = platform.parse().map_err(|error| backend(&error))?;
    let x64 = triple.architecture == target_lexicon::Architecture::X86_64;
    let mut builder = isa::lookup(triple).map_err(|error| backend(&error))?;
    if x64 {
        for feature in ["has_sse3", "has_ssse3", "has_sse41"] {
            builder.enable(feature).map_err(|error| backend(&error))?;
        }
    }
    builder.finish(flags).map_err(|error| backend(&error))
}

fn body_signature(function: &Function) -> Signature {
    let params = &function.block(function.entry).params;
    let words: Vec<ir::Type> = std::iter::once(I64)
        .chain(
            params
                .iter()
                .map(|&param| context::word_type(function.value(param).repr)),
        )
        .collect();
    emitter::c_signature(&words, &[context::word_type(function.returns), I64])
}

/// Declares a function of the same blob.
fn declare(into: &mut ir::Function, signature: Signature, name: UserExternalName) -> FuncRef {
    let signature = into.import_signature(signature);
    let name = into.declare_imported_user_function(name);
    into.import_function(ExtFuncData {
        name: ExternalName::user(name),
        signature,
        colocated: true,
        patchable: false,
    })
}
