//! Neutral bytecode + feedback -> HIR.
//!
//! The lifter interprets the bytecode abstractly, block by block in code order, and builds SSA whose
//! values have a type and a representation from birth. Invariants:
//!
//! * The abstract frame is the interpreter's frame: every guard leaves to a frame state taken from it
//!   at the start of an instruction (a `snapshot`), with no side effect in between.
//! * At a loop header the shapes of the first way in are assumed. A back edge with another shape is
//!   recorded in [`Knowledge`] and the function is lifted again; shapes only widen, so it ends.
//! * A boxed value keeps its identity: a local that holds an object goes on holding that object, and
//!   its number is read from it where needed.
//!
//! Types and representations are decided here and not in passes: feedback, flow and the choice of
//! operations depend on each other, and one walk with restarts is simpler and faster than building
//! generic operations to rewrite them.
#![forbid(unsafe_code)]

mod arith;
mod attributes;
mod calls;
mod class_attributes;
mod compare;
mod comprehensions;
mod consumers;
mod containers;
mod control;
mod dicts;
mod emit;
mod generators;
mod handlers;
mod in_place;
mod instances;
mod item;
mod iterate;
mod operators;
mod peel;
mod polymorphic;
mod scan;
mod shared;
mod step;
mod supers;
mod texts;
mod world;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use crate::bytecode::{Code, CodeBytes, Instr, Op};
use crate::feedback::{ClassKey, CodeKey, ColdBlocks, Fact, History};
use crate::hir::attributes::IntWidth;
use crate::hir::{
    BlockId, ClassId, CodeId, FrameStateId, Function, IntRange, NamespaceId, ObjectId, Repr, Type,
    ValueId,
};

pub use handlers::Raised;
pub use in_place::{EntryIterator, EntryPoint, EntryShared, EntrySlot, KEPT_GENERATOR};
pub use scan::{assigned_in_loop, natural_loop, waits_in_loop};
pub use texts::METHODS;
pub use world::{
    AttributeFact, Builtin, BuiltinClass, BuiltinMethod, CalleeFacts, ClassAttribute, ClassHandle,
    ClassMember, Constructor, FunctionHandle, GlobalFact, Instances, NativeParam, NativeSignature,
    ObjectFact, ObjectHandle, ObjectKind, Singleton, SpecialMethod, World,
};

use item::{Form, Item, Shape};
use scan::Scan;

/// What to lift.
pub struct Request<'a> {
    /// The function.
    pub function: FunctionHandle,
    /// Its code.
    pub bytes: Rc<CodeBytes>,
    /// Decoded.
    pub code: Rc<Code>,
    /// Where a running frame is entered; else the function is lifted from its start.
    pub entry: Option<EntryPoint>,
    /// What is known of each parameter slot (positional, keyword-only, `*args`, `**kwargs`).
    pub args: Vec<Fact>,
    /// What earlier versions saw.
    pub history: &'a History,
    /// Entries take instances only of the class that was seen, where that is one: the code is for it alone.
    pub by_class: bool,
    /// An operation of unknown types may become an exit that learns them; otherwise it becomes a call of
    /// the runtime.
    pub learn: bool,
}

/// Why a function is not compiled at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// In words.
    pub reason: String,
    /// Code unit it is about, if one.
    pub offset: Option<u32>,
    /// What the user can do.
    pub hint: String,
}

/// How an instruction of the bytecode is carried out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NoteKind {
    /// In machine code.
    Native,
    /// By a call of the runtime.
    RuntimeCall,
    /// Left to the interpreter.
    Interpreted,
}

/// A remark about one instruction of the bytecode, for `explain`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Whose bytecode.
    pub code: CodeId,
    /// Code unit.
    pub offset: u32,
    /// How it is carried out.
    pub kind: NoteKind,
    /// Why, in words; empty for plain native code.
    pub text: String,
    /// Depth of loops around it.
    pub loop_depth: u32,
    /// For a runtime call: what it loses against the interpreter's own way, in native instructions.
    pub cost: u32,
}

/// A lifted function.
pub struct Lifted {
    /// The HIR.
    pub function: Function,
    /// Remarks in code order.
    pub notes: Vec<Note>,
    /// Type of the result.
    pub return_type: Type,
    /// Code objects taking part, by `CodeId`.
    pub codes: Vec<(FunctionHandle, Rc<CodeBytes>, Rc<Code>)>,
    /// How often it was lifted again.
    pub restarts: u32,
}

/// Lifts a function.
pub fn lift(request: &Request<'_>, world: &mut dyn World) -> Result<Lifted, Refusal> {
    match request.entry {
        None => refuse_whole_functions(&request.bytes, &request.code)?,
        Some(_) => in_place::refuse_loops(&request.bytes)?,
    }
    let mut knowledge = Knowledge::default();
    for restarts in 0..MAX_RESTARTS {
        let mut lifter = Lifter::new(request, world, std::mem::take(&mut knowledge));
        match lifter.lift_root() {
            Ok(return_type) if !lifter.restart => {
                return Ok(Lifted {
                    function: lifter.function,
                    notes: lifter.notes,
                    return_type,
                    codes: lifter
                        .codes
                        .iter()
                        .map(|c| (c.handle, c.bytes.clone(), c.code.clone()))
                        .collect(),
                    restarts,
                });
            }
            Ok(_) | Err(Stop::Restart | Stop::PathEnds) => knowledge = lifter.knowledge,
            Err(Stop::Refuse(refusal)) => return Err(refusal),
        }
    }
    Err(Refusal {
        reason: "the types of its loops do not settle".into(),
        offset: None,
        hint: "keep each variable of a loop at one type".into(),
    })
}

/// What a generic runtime call loses, in native instructions: it must box and dispatch.
const DEFAULT_COST: u32 = 3;
/// What is lost where the interpreter has an inline cache, or calls without a new C frame.
const CACHED_COST: u32 = 8;
/// As above, for code that may look at frames: the locals must be boxed and shown.
const ONLOOKER_COST: u32 = 25;

/// Restarts only widen a finite lattice; the bound is a backstop.
const MAX_RESTARTS: u32 = 40;

fn refuse_whole_functions(bytes: &CodeBytes, code: &Code) -> Result<(), Refusal> {
    let refuse = |reason: &str, hint: &str| {
        Err(Refusal {
            reason: reason.into(),
            offset: None,
            hint: hint.into(),
        })
    };
    if bytes.is_generator_like() {
        return refuse(
            "generators and coroutines stay interpreted",
            "its code runs in place where a compiled function loops over it",
        );
    }
    if bytes.flags & CodeBytes::FLAG_NEWLOCALS == 0 || bytes.flags & CodeBytes::FLAG_OPTIMIZED == 0
    {
        return refuse("class bodies and module code stay interpreted", "");
    }
    if let Some(Op::Unsupported(name)) = code
        .instrs
        .iter()
        .map(|i| i.op)
        .find(|op| matches!(op, Op::Unsupported(_)))
    {
        return refuse(&format!("unknown bytecode {name}"), "");
    }
    Ok(())
}

/// Why lifting of a path or of the whole function stops.
enum Stop {
    /// The path has its terminator; go on with other blocks.
    PathEnds,
    /// Lift again with what was learned.
    Restart,
    /// Not compiled.
    Refuse(Refusal),
}

type Step<T = ()> = Result<T, Stop>;

/// A loop header: inline path and first turns that it is a copy in, and offset.
type HeaderKey = (Vec<u32>, u32);

/// What one attempt of lifting learned for the next.
#[derive(Default)]
struct Knowledge {
    /// Shapes of the parameters of loop headers.
    headers: HashMap<HeaderKey, Vec<Shape>>,
    /// Loops whose first turn is lifted apart, and the locals that change their class in it.
    peeled: HashMap<HeaderKey, Vec<usize>>,
    /// Parameters of the function that are wanted unboxed.
    unboxed_params: HashSet<usize>,
    /// Those of them that are wanted as objects, too.
    kept_params: HashSet<usize>,
    /// What the function returns, for its own calls.
    returns: Option<Form>,
    /// It calls itself with instances of other classes than it is for.
    for_all_classes: bool,
    /// Calls that are not to be inlined: inline path and offset.
    not_inlined: HashSet<(Vec<u32>, u32)>,
    /// Calls of classes that are left to the interpreter's way.
    not_constructed: HashSet<(Vec<u32>, u32)>,
    /// Handlers that need the exception: inline path and offset.
    uncaught: HashSet<(Vec<u32>, u32)>,
    /// Loops over generators whose first item is lifted apart from the others.
    apart: HashSet<HeaderKey>,
    /// Locals that change their class in a first turn, by inline path.
    cut: HashMap<Vec<u32>, std::collections::BTreeSet<usize>>,
}

/// One code object taking part.
struct CodeContext {
    id: CodeId,
    handle: FunctionHandle,
    key: CodeKey,
    bytes: Rc<CodeBytes>,
    code: Rc<Code>,
    scan: Scan,
    cold: ColdBlocks,
    namespace: NamespaceId,
    path: Vec<u32>,
}

impl PartialEq for CodeContext {
    /// The same code at the same place.
    fn eq(&self, other: &CodeContext) -> bool {
        self.id == other.id
    }
}

impl std::fmt::Debug for CodeContext {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.id)
    }
}

/// The abstract frame.
#[derive(Clone, Default)]
struct Frame {
    locals: Vec<Item>,
    stack: Vec<Item>,
    /// The state of the frame that waits for this one.
    parent: Option<FrameStateId>,
    /// The number of the generator whose frame it is.
    generator: Option<u32>,
    /// The frame that iterates over that generator.
    outer: Option<Rc<shared::Outer>>,
    /// Objects that several slots may hold.
    heap: shared::Heap,
}

/// A way into a block that is not lifted yet.
struct Incoming {
    block: BlockId,
    frame: Frame,
    snapshot: Option<FrameStateId>,
}

/// A loop that is being lifted.
struct OpenLoop {
    header: BlockId,
    /// Slots with parameters ([`Frame::slot`]), in order of the parameters, and their shapes.
    slots: Vec<(usize, Shape)>,
    /// The mutable pieces of the iterator on top of the stack.
    iterator_params: usize,
    /// What the objects in pieces are at the header.
    heap: shared::Heap,
}

/// A return found while lifting.
struct Return {
    block: BlockId,
    item: Item,
    /// The frame that dies.
    frame: Frame,
    snapshot: Option<FrameStateId>,
}

struct Lifter<'a> {
    world: &'a mut dyn World,
    request: &'a Request<'a>,
    function: Function,
    knowledge: Knowledge,
    restart: bool,
    codes: Vec<Rc<CodeContext>>,
    notes: Vec<Note>,

    // The position.
    context: Rc<CodeContext>,
    block: BlockId,
    frame: Frame,
    instr: Instr,
    /// Operands on the stack when the bytecode instruction began.
    depth: usize,
    /// Frame state guards leave to; `None` after a side effect.
    snapshot: Option<FrameStateId>,
    statement_start: bool,
    inline_depth: u32,
    inline_stack: Vec<FunctionHandle>,
    /// First turns of loops that are being lifted, outermost first: offsets of their headers.
    peeling: Vec<u32>,
    /// Who iterates over the generators whose code is being lifted, outermost first.
    consumers: Vec<generators::Taker>,
    /// What else makes the code at hand a copy: loops over generators and their `yield`s.
    copies: Vec<u32>,
    /// Instructions that were lifted again for another `yield`.
    copied: usize,
    /// By number of a shared object: the call that made it, as in `Knowledge::not_inlined`.
    makers: Vec<(Vec<u32>, u32)>,
    /// Of a loop lifted by itself: the starts of its blocks.
    region: Option<Rc<std::collections::BTreeSet<u32>>>,

    /// Failures of the current instruction whose handlers are still to be lifted.
    caught: Vec<handlers::Caught>,
    /// Offset of the handler that is being lifted.
    handling: Option<u32>,
    /// The same behind the handler, to the end of its block.
    tail_of: Option<u32>,

    // Facts about values.
    facts: HashMap<ValueId, Fact>,
    /// The object an unboxed value came from or was boxed to.
    boxed: HashMap<ValueId, ValueId>,
    /// The number in an object, and the block where it was read.
    unboxed: HashMap<ValueId, (ValueId, BlockId)>,
    /// Objects made from pieces, and the block where each was made.
    realised: Vec<(Rc<item::Virtual>, ValueId, BlockId)>,
    /// What a constant object is.
    objects: HashMap<ValueId, ObjectFact>,
    /// The constant object of an unboxed constant.
    constants: HashMap<ValueId, ObjectFact>,
    /// Parameter slot of the values of entry parameters.
    params: HashMap<ValueId, usize>,
    namespaces: BTreeMap<u32, NamespaceId>,
    /// Classes of instances by their number: the row of the function's table, or that nothing is known.
    classes: BTreeMap<ClassKey, Option<ClassId>>,
    /// Methods that may be one of several functions, and for instances of which class.
    methods: HashMap<ValueId, Vec<(ObjectFact, ClassKey)>>,
    /// Numbers of attributes' names.
    field_names: Vec<String>,
    /// The subscript whose result is on the stack already.
    sliced: Option<(CodeId, u32)>,
    /// The next instruction is done already.
    skip_next: bool,
    /// So many of the next instructions set what the function on the stack has already.
    attributes_set: u32,
}

impl<'a> Lifter<'a> {
    fn new(request: &'a Request<'a>, world: &'a mut dyn World, knowledge: Knowledge) -> Self {
        let function = Function::new(request.bytes.qualname.clone());
        let block = function.entry;
        let context = Rc::new(CodeContext {
            id: CodeId::new(0),
            handle: request.function,
            key: request.function,
            bytes: request.bytes.clone(),
            code: request.code.clone(),
            scan: Scan::new(&request.bytes, &request.code),
            cold: ColdBlocks::of(&request.code),
            namespace: NamespaceId::new(0),
            path: Vec::new(),
        });
        Lifter {
            world,
            request,
            function,
            knowledge,
            restart: false,
            codes: Vec::new(),
            notes: Vec::new(),
            instr: request.code.instrs[0],
            depth: 0,
            context,
            block,
            frame: Frame::default(),
            snapshot: None,
            statement_start: true,
            inline_depth: 0,
            inline_stack: Vec::new(),
            peeling: Vec::new(),
            consumers: Vec::new(),
            copies: Vec::new(),
            copied: 0,
            makers: Vec::new(),
            region: None,
            caught: Vec::new(),
            handling: None,
            tail_of: None,
            facts: HashMap::new(),
            boxed: HashMap::new(),
            unboxed: HashMap::new(),
            realised: Vec::new(),
            objects: HashMap::new(),
            constants: HashMap::new(),
            params: HashMap::new(),
            namespaces: BTreeMap::new(),
            classes: BTreeMap::new(),
            methods: HashMap::new(),
            field_names: Vec::new(),
            sliced: None,
            skip_next: false,
            attributes_set: 0,
        }
    }

    /// Lifts the function itself; its return type.
    fn lift_root(&mut self) -> Step<Type> {
        let bytes = self.request.bytes.clone();
        self.context = self.add_code(
            self.request.function,
            bytes.clone(),
            self.request.code.clone(),
            Vec::new(),
        );
        if let Some(point) = &self.request.entry {
            return self.lift_loop(point);
        }
        let entry = self.function.entry;
        for index in 0..bytes.nlocalsplus as usize {
            let Some(fact) = self.request.args.get(index).cloned() else {
                self.frame.locals.push(Item::Null);
                continue;
            };
            let ty = if fact.ty.is_single() && fact.ty != Type::OTHER {
                fact.ty
            } else {
                Type::OBJECT
            };
            let unboxed = self.knowledge.unboxed_params.contains(&index)
                && !self.knowledge.kept_params.contains(&index);
            let (repr, range) = match item::number_class(ty) {
                Some(Type::FLOAT) if unboxed => (Repr::F64, IntRange::I64),
                Some(Type::BOOL) if unboxed => (Repr::Bool, IntRange::I64),
                Some(Type::INT) if unboxed => match self.param_width(index, &fact) {
                    ParamWidth::Signed(IntWidth::Compact) => (Repr::I64, IntRange::COMPACT),
                    ParamWidth::Signed(IntWidth::Full) => (Repr::I64, IntRange::I64),
                    ParamWidth::Unsigned => (Repr::U64, IntRange::U64),
                    ParamWidth::Boxed => (Repr::Boxed, IntRange::I64),
                },
                _ => (Repr::Boxed, IntRange::I64),
            };
            let value = self.function.add_param(entry, ty, repr, range);
            if self.request.by_class
                && !self.knowledge.for_all_classes
                && ty == Type::OBJECT
                && fact.ty == Type::OTHER
                && let Some(key) = fact.classes.single()
                && let Some(class) = self.class_id(key)
            {
                self.function.entry_classes.push((index as u32, class));
            }
            self.facts.insert(value, fact);
            self.params.insert(value, index);
            self.frame.locals.push(Item::Value(value));
        }
        self.fill_free_variables()?;
        let returns = self.lift_code()?;
        self.finish_returns(returns)
    }

    fn param_width(&self, _index: usize, fact: &Fact) -> ParamWidth {
        use crate::feedback::IntClass;
        match fact.int {
            IntClass::Compact => ParamWidth::Signed(IntWidth::Compact),
            IntClass::Unknown | IntClass::Full => ParamWidth::Signed(IntWidth::Full),
            IntClass::Unsigned => ParamWidth::Unsigned,
            IntClass::Big => ParamWidth::Boxed,
        }
    }

    fn add_code(
        &mut self,
        handle: FunctionHandle,
        bytes: Rc<CodeBytes>,
        code: Rc<Code>,
        path: Vec<u32>,
    ) -> Rc<CodeContext> {
        let id = CodeId::new(self.codes.len());
        let row = self.world.namespace(handle);
        let namespace = self.namespace_id(row);
        self.function.codes.push(crate::hir::CodeInfo {
            name: bytes.qualname.clone(),
            locals: bytes.nlocalsplus,
            function: handle,
            namespace,
        });
        let scan = Scan::new(&bytes, &code);
        let cold = ColdBlocks::of(&code);
        let context = Rc::new(CodeContext {
            cold,
            id,
            handle,
            key: handle,
            bytes,
            code,
            scan,
            namespace,
            path,
        });
        self.codes.push(context.clone());
        context
    }

    fn namespace_id(&mut self, row: u32) -> NamespaceId {
        if let Some(id) = self.namespaces.get(&row) {
            return *id;
        }
        let id = NamespaceId::new(self.function.namespaces.len());
        self.function.namespaces.push(row);
        self.namespaces.insert(row, id);
        id
    }

    /// Free variables are the cells of this very function object: constants.
    fn fill_free_variables(&mut self) -> Step {
        let bytes = self.context.bytes.clone();
        let first = bytes.nlocalsplus - bytes.nfreevars;
        for index in 0..bytes.nfreevars {
            let Some((cell, contents)) = self.world.closure_cell(self.context.handle, index) else {
                return Err(self.refuse("its closure is not complete"));
            };
            let value = self.object(&cell);
            self.facts.insert(
                value,
                Fact {
                    items: Some(Rc::new(std::cell::RefCell::new(contents))),
                    ..Fact::of(Type::CELL)
                },
            );
            self.frame.locals[(first + index) as usize] = Item::Value(value);
        }
        Ok(())
    }

    /// Gives every return its representation; the function's return type.
    fn finish_returns(&mut self, returns: Vec<Return>) -> Step<Type> {
        let mut joined: Option<Form> = None;
        let mut hands_back = false;
        // What a call of itself returns is not known before what the other ways return is.
        let guess = self.knowledge.returns.is_none()
            && returns
                .iter()
                .any(|site| !self.is_call_of_itself(&site.item));
        for site in &returns {
            let Item::Value(value) = site.item else {
                return Err(self.refuse("internal: returns no value"));
            };
            self.keep_param(value);
            hands_back |= self.is_kept(value);
            if guess && self.is_call_of_itself(&site.item) {
                continue;
            }
            let form = self.form(value);
            joined = Some(joined.map_or(form, |other| item::join_form(other, form)));
        }
        if hands_back {
            joined = joined.map(|form| Form {
                repr: Repr::Boxed,
                ..form
            });
        }
        let none = Form {
            repr: Repr::Boxed,
            ty: Type::NONE,
            wide: false,
        };
        let mut form = joined.unwrap_or(none);
        if let Some(known) = self.knowledge.returns {
            // Only ever wider than what calls of itself were lifted with.
            let wider = item::join_form(known, form);
            if wider != known {
                self.knowledge.returns = Some(wider);
                self.restart = true;
            }
            form = wider;
        } else if self.calls_itself() && !returns.is_empty() {
            self.knowledge.returns = Some(form);
            self.restart = true;
        }
        let Form { repr, ty, .. } = form;
        self.function.returns = repr;
        let shows_frame = self.shows_frame();
        for site in returns {
            self.block = site.block;
            self.snapshot = site.snapshot;
            // Objects made on other ways are not known on this one.
            let locals = site.frame.locals.clone();
            self.frame = site.frame;
            self.frame.stack.clear();
            if shows_frame && self.snapshot.is_some() {
                self.emit(crate::hir::Op::GuardFrameUnseen, &[], None)?;
            }
            let value = self.convert(&site.item, repr, ty)?;
            for item in &locals {
                self.release(item)?;
            }
            self.function.block_mut(self.block).terminator = crate::hir::Terminator::Return(value);
        }
        Ok(ty)
    }

    /// Is there anything that gives the activation a frame of the interpreter which others may see? (A call
    /// of itself is not enough.)
    fn shows_frame(&self) -> bool {
        let function = &self.function;
        let blocks = function.layout.iter();
        let mut instrs = blocks.flat_map(|&block| &function.block(block).instrs);
        instrs.any(|&id| match function.instr(id).op {
            crate::hir::Op::CallNative(callee) => !function.calls_itself(callee),
            op => op.effects().runs_python,
        })
    }

    /// An argument that came in as an object although its number is used.
    fn is_kept(&self, value: ValueId) -> bool {
        let index = self.params.get(&value);
        index.is_some_and(|index| self.knowledge.kept_params.contains(index))
    }

    fn is_call_of_itself(&self, item: &Item) -> bool {
        let Item::Value(value) = *item else {
            return false;
        };
        matches!(
            self.function.defining_op(value),
            Some(crate::hir::Op::CallNative(callee)) if self.function.calls_itself(callee)
        )
    }

    fn calls_itself(&self) -> bool {
        self.function
            .callees
            .iter()
            .any(|callee| callee.handle.is_none())
    }

    fn refuse(&self, reason: impl Into<String>) -> Stop {
        Stop::Refuse(Refusal {
            reason: reason.into(),
            offset: Some(self.instr.offset),
            hint: String::new(),
        })
    }

    fn note(&mut self, kind: NoteKind, text: impl Into<String>) {
        self.note_cost(kind, DEFAULT_COST, text);
    }

    /// A remark on a runtime call that loses so much against the interpreter's own way.
    fn note_cost(&mut self, kind: NoteKind, cost: u32, text: impl Into<String>) {
        let offset = self.instr.offset;
        let loop_depth = self.context.scan.loop_depth(offset);
        let note = Note {
            code: self.context.id,
            offset,
            kind,
            text: text.into(),
            loop_depth,
            cost,
        };
        self.notes.push(note);
    }

    fn object_id(&mut self, fact: &ObjectFact) -> ObjectId {
        self.function.pool.add(crate::hir::pool::PoolObject {
            ty: fact.ty,
            text: fact.text.clone(),
            handle: fact.handle,
        })
    }
}

enum ParamWidth {
    Signed(IntWidth),
    Unsigned,
    Boxed,
}
