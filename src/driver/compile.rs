//! One function, one set of argument types: bytecode to installed machine code.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::{Rc, Weak};
use std::time::Instant;

use pyo3::ffi::PyObject;
use pyo3::prelude::*;

use super::dump::Dump;
use super::engine::Engine;
use super::onlookers;
use super::profit::{self, Estimate};
use super::world::{Callees, LiveWorld};
use crate::abi::entry::ClassTest;
use crate::abi::helpers::HelperId;
use crate::abi::layout::InstanceClass;
use crate::abi::support::Support;
use crate::feedback::{ClassKey, Fact, History};
use crate::hir::attributes::MathFunction;
use crate::hir::{
    CalleeId, ClassId, CodeId, Function, IntRange, NamespaceId, ObjectId, Op, Repr, Type,
};
use crate::lift::{self, EntryPoint, Lifted, Note, Refusal, Request};
use crate::lower::{AddressProvider, CODE_ALIGNMENT, Options as LowerOptions};
use crate::passes::pipeline;
use crate::runtime::code_memory;
use crate::runtime::dispatch;
use crate::runtime::entry::EntryRecord;
use crate::runtime::held::Held;
use crate::runtime::native_stack::{self, Waiting};
use crate::runtime::stress;
use crate::runtime::unit::{Assumption, Namespace, Unit, UnitFunction, UnitOwner, code_start};

/// What one compilation gave.
pub struct Compiled {
    /// The installed unit.
    pub unit: Rc<Unit>,
    /// What it takes.
    pub params: Vec<Param>,
    /// Type and representation of the result.
    pub returns: (Type, Repr),
    /// Remarks for `explain`.
    pub notes: Vec<Note>,
    /// The HIR as compiled.
    pub function: Function,
    /// Milliseconds, all stages.
    pub milliseconds: f64,
    /// What is expected of it.
    pub estimate: Estimate,
    /// Bytes of machine code.
    pub code_bytes: usize,
    /// Times per stage and pass, microseconds.
    pub timing: Vec<(&'static str, f64)>,
}

/// What a unit takes as one argument.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Param {
    /// Classes it can be of.
    pub ty: Type,
    /// How the code takes it.
    pub repr: Repr,
    /// Bounds of an int.
    pub range: IntRange,
    /// The class of instances, where it is for that class alone: its number, and where it is.
    pub class: Option<(ClassKey, u64)>,
}

/// Who is to call what is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Somebody asked for it: compiled also if it does not pay.
    Demand,
    /// Calls from outside, and compiled callers.
    Outside,
    /// A compiled caller, who would have to call the interpreter.
    Caller,
}

/// What to compile.
pub struct Job<'a, 'py> {
    /// The function object.
    pub function: &'a Bound<'py, PyAny>,
    /// What is known of the arguments.
    pub args: Vec<Fact>,
    /// See `lift::Request`.
    pub by_class: bool,
    /// The loop of a running frame to enter, instead of the function.
    pub entry: Option<EntryPoint>,
    /// See `lift::Request`.
    pub learn: bool,
    /// Decides what pays.
    pub purpose: Purpose,
}

/// Of the record it is compiled for.
pub struct Context<'a> {
    /// What earlier versions saw.
    pub history: &'a History,
    /// Other functions the record knows.
    pub functions: &'a mut Vec<Py<PyAny>>,
    /// Who is told of exits.
    pub owner: Weak<dyn UnitOwner>,
    /// The function's entry, for the unit's stub.
    pub record: *const EntryRecord,
}

fn refusal(reason: impl Into<String>) -> Refusal {
    Refusal {
        reason: reason.into(),
        offset: None,
        hint: String::new(),
    }
}

/// Compiles and installs.
pub fn compile(
    engine: &mut Engine,
    job: &Job<'_, '_>,
    context: Context<'_>,
    callees: &mut dyn Callees,
) -> Result<Compiled, Refusal> {
    let py = job.function.py();
    let started = Instant::now();
    let known = engine.known.clone();
    let mut timing = Vec::new();
    let mut world = LiveWorld::new(job.function, &known, callees, context.functions);
    let (bytes, code) = world.code(0).map_err(|error| refusal(error.to_string()))?;
    let request = Request {
        function: 0,
        entry: job.entry.clone(),
        bytes: bytes.clone(),
        code,
        args: job.args.clone(),
        history: context.history,
        learn: job.learn,
        by_class: job.by_class,
    };
    let lifted = lift::lift(&request, &mut world)?;
    timing.push(("lift", microseconds(started)));
    let estimate = if job.purpose == Purpose::Demand {
        Estimate::FORCED
    } else {
        let region = request
            .entry
            .as_ref()
            .map(|point| lift::natural_loop(&request.code, point.offset));
        profit::check(&lifted, region.as_ref(), job.purpose == Purpose::Caller)?
    };
    let Lifted {
        mut function,
        notes,
        return_type,
        ..
    } = lifted;
    let passes_started = Instant::now();
    let dump = Dump::new(&engine.config, job.function);
    run_passes(engine, &mut function, dump, &mut timing)?;
    timing.push(("passes", microseconds(passes_started)));
    dump.lowered(engine, &function);
    let lower_started = Instant::now();
    let harmless = onlookers::harmless(&world, &function);
    let onlookers_here = onlookers::calls_onlookers(&function, &harmless);
    let onlooking = onlookers::onlooking_callees(&world, &function, onlookers_here);
    let calls_onlookers = onlookers_here || onlooking.contains(&true);
    let unit = make_unit(
        py,
        &mut world,
        &function,
        (&context.owner, context.record),
        calls_onlookers,
    )
    .map_err(|error| refusal(format!("internal: {error}")))?;
    let params = function.block(function.entry).params.iter().enumerate();
    let entry_params: Vec<Param> = params
        .map(|(number, value)| {
            let value = function.value(*value);
            let class = function.entry_class(number).map(|class| {
                let row = &world.classes[function.classes[class.index()].handle as usize];
                (row.key, row.layout.address)
            });
            Param {
                ty: value.ty,
                repr: value.repr,
                range: value.range,
                class,
            }
        })
        .collect();
    let addresses = Addresses::new(
        &unit,
        &mut world,
        &function,
        (&engine.classes, &engine.trampolines),
    )
    .map(|addresses| Addresses {
        harmless,
        onlooking,
        ..addresses
    })
    .map_err(|error| refusal(format!("internal: {error}")))?;
    let mut layout = engine.layout.as_ref().clone();
    layout.entry_checks.extend(unit.entry_checks());
    let stressed = |mode: &str| engine.config.lists("stress", mode);
    let options = LowerOptions {
        forced_exits: stressed("exit:all").then(stress::countdown_address),
        check_references: stressed("refcheck"),
        locals_at_calls: true,
        // glibc documents 0.54 at most, and musl has the same code; older glibc rounds correctly.
        close_pow: cfg!(all(
            target_os = "linux",
            any(target_env = "gnu", target_env = "musl")
        )),
        late_stub: true,
        ..LowerOptions::default()
    };
    let compiled = engine
        .compiler
        .compile(&function, &layout, &addresses, &options)
        .map_err(|error| refusal(error.to_string()))?;
    timing.push(("lower", microseconds(lower_started)));
    let install_started = Instant::now();
    let block = code_memory::install(py, compiled.code.len(), CODE_ALIGNMENT, |_, target| {
        target.copy_from_slice(&compiled.code);
    })
    .map_err(|error| refusal(error.to_string()))?;
    let start = block.start.as_ptr() as usize;
    unit.block.set(Some(block));
    let frame_shift = compiled.frame_bytes.next_power_of_two().trailing_zeros();
    unit.frame_shift.set(u64::from(frame_shift));
    unit.body.set(start + compiled.body_offset as usize);
    let stub = compiled
        .entry_offset
        .map_or(0, |offset| start + offset as usize);
    unit.entry.set(stub);
    let _ = unit.shape.set(compiled.shape);
    let _ = unit.table.set(compiled.exits);
    if let Some(frame_word) = compiled.native_frame {
        let instruction = |code: CodeId, offset: u32| {
            (addresses.code_start(code) + 2 * u64::from(offset)) as usize
        };
        let sites = compiled.call_sites.iter().map(|site| Waiting {
            return_address: start + site.return_offset as usize,
            instruction: instruction(site.code, site.offset),
            unit: unit.address() as usize,
            frame_word: match site.around {
                Some(_) => compiled.copy_frame as isize,
                None => frame_word as isize,
            },
            shown: site.shown,
            words: compiled.words as isize,
            around: site
                .around
                .map(|(code, offset)| (instruction(code, offset), frame_word as isize)),
        });
        native_stack::remember(py, sites);
    }
    timing.push(("install", microseconds(install_started)));
    let returns = (return_type, function.returns);
    Ok(Compiled {
        unit,
        params: entry_params,
        returns,
        notes,
        function,
        estimate,
        milliseconds: started.elapsed().as_secs_f64() * 1e3,
        code_bytes: compiled.code.len(),
        timing,
    })
}

/// Makes and installs the entry stub of a unit that has none; milliseconds it took.
pub fn make_stub(
    py: Python<'_>,
    engine: &mut Engine,
    function: &Function,
    unit: &Unit,
) -> Result<f64, String> {
    let started = Instant::now();
    let Some(shape) = unit.shape.get() else {
        return Err("a unit without code".to_owned());
    };
    let mut instance_classes = vec![InstanceClass::default(); function.classes.len()];
    for &(number, class) in &function.entry_classes {
        if let ClassTest::OneOf(known) = &shape.params[number as usize].class
            && let [address] = known[..]
        {
            instance_classes[class.index()].address = address;
        }
    }
    let addresses = Addresses {
        unit,
        classes: &engine.classes,
        trampolines: &engine.trampolines,
        callee_cells: Vec::new(),
        code_starts: Vec::new(),
        code_object: shape.code,
        harmless: Vec::new(),
        onlooking: Vec::new(),
        instance_classes,
        parts: Vec::new(),
    };
    let mut layout = engine.layout.as_ref().clone();
    layout.entry_checks.clone_from(&shape.checks);
    let body = unit.body.get() as u64;
    let code = engine
        .compiler
        .entry_stub(function, &layout, &addresses, body)
        .map_err(|error| error.to_string())?;
    let block = code_memory::install(py, code.len(), CODE_ALIGNMENT, |_, target| {
        target.copy_from_slice(&code);
    })
    .map_err(|error| error.to_string())?;
    unit.entry.set(block.start.as_ptr() as usize);
    unit.stub.set(Some(block));
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

fn microseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

fn run_passes(
    engine: &Engine,
    function: &mut Function,
    dump: Dump,
    timing: &mut Vec<(&'static str, f64)>,
) -> Result<(), Refusal> {
    let verify = engine.config.lists("stress", "verify");
    let check: Option<pipeline::Check> = if verify { Some(verify_function) } else { None };
    let options = pipeline::Options {
        disabled: engine.config.list("disable_passes"),
        limit: Some(engine.config.number("pass_limit") as usize),
        check,
    };
    if dump.hir {
        eprintln!("; lifted\n{function}");
    }
    let runs = pipeline::run(
        pipeline::PIPELINE,
        function,
        &options,
        &mut |name, function| {
            if dump.hir {
                eprintln!("; after {name}\n{function}");
            }
        },
    )
    .map_err(|error| refusal(format!("internal: {error}")))?;
    for run in runs {
        timing.push((run.pass, run.time.as_secs_f64() * 1e6));
    }
    Ok(())
}

fn verify_function(function: &Function) -> Result<(), String> {
    crate::hir::verify::verify(function).map_err(|errors| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    })
}

/// The unit without its code: everything whose address the code needs.
fn make_unit(
    py: Python<'_>,
    world: &mut LiveWorld<'_, '_>,
    function: &Function,
    (owner, record): (&Weak<dyn UnitOwner>, *const EntryRecord),
    calls_onlookers: bool,
) -> PyResult<Rc<Unit>> {
    let mut keep = Vec::new();
    let mut objects: Vec<*mut PyObject> = Vec::new();
    let root = world.function(0);
    let members = members_only(function);
    for (id, object) in function.pool.iter() {
        let object = world.objects[object.handle as usize].clone();
        objects.push(object.as_ptr());
        if members.contains(&id) {
            continue;
        }
        if LiveWorld::is_function(&object) {
            for part in ["__code__", "__defaults__", "__kwdefaults__"] {
                if let Ok(part) = object.getattr(part)
                    && !part.is_none()
                {
                    keep.push(part.unbind());
                }
            }
        }
        if !object.is(&root) && !is_own_cell(&root, &object) {
            keep.push(object.unbind());
        }
    }
    let mut functions: Vec<Option<UnitFunction>> = Vec::new();
    for info in &function.codes {
        let row = info.function as usize;
        if functions.len() <= row {
            functions.resize_with(row + 1, || None);
        }
        let code = world.code_object(info.function)?;
        let object = world.function(info.function);
        functions[row] = Some(UnitFunction {
            function: object.as_ptr().cast(),
            code: code.as_ptr().cast(),
            made_at: world.code(info.function)?.1.made_at(),
        });
        keep.push(code.into_any().unbind());
        if info.function != 0 {
            keep.push(object.unbind());
        }
    }
    // The function keeps these two; owning them could make a cycle that nobody collects.
    let own_dicts = [root.getattr("__globals__")?, root.getattr("__builtins__")?];
    let mut namespaces = Vec::new();
    for row in &function.namespaces {
        let assumed = &world.namespaces[*row as usize];
        let mut assumptions = Vec::new();
        for name in &assumed.names {
            if !name.value.is(&root) {
                keep.push(name.value.clone().unbind());
            }
            assumptions.push(Assumption {
                name: name.name.clone().unbind(),
                value: name.value.as_ptr(),
            });
        }
        let read = assumed.read.iter().map(|name| name.clone().unbind());
        let (globals, builtins) = (&assumed.globals, &assumed.builtins);
        for dict in [globals, builtins] {
            if !own_dicts.iter().any(|own| own.is(dict)) {
                keep.push(dict.clone().unbind());
            }
        }
        let namespace = Namespace::new(globals, builtins, assumptions, read.collect());
        namespaces.push(namespace);
    }
    let callees = world.units.clone();
    Ok(Rc::new(Unit {
        table: OnceCell::new(),
        functions,
        objects,
        namespaces,
        body: Box::new(Cell::new(0)),
        frame_shift: Box::new(Cell::new(0)),
        block: Cell::new(None),
        shape: OnceCell::new(),
        entry: Cell::new(0),
        stub: Cell::new(None),
        next_unit: Cell::new(std::ptr::null()),
        next: Cell::new(dispatch::bind_and_enter),
        record,
        keep: Held::new(py, keep),
        callees,
        in_place: function.in_place,
        entered: Cell::new(None),
        stayed: Cell::default(),
        calls_onlookers,
        owner: RefCell::new(Some(owner.clone())),
        exits: Cell::new(0),
        entries: Box::new(Cell::new(0)),
        codes: OnceCell::new(),
        code_keys: function.codes.iter().map(|info| info.function).collect(),
    }))
}

/// Objects that the code reads from classes only: while it runs behind its guards they are alive, and it does not
/// keep them so.
fn members_only(function: &Function) -> BTreeSet<ObjectId> {
    let is_member = |op: &Op| matches!(op, Op::LoadMember(_) | Op::LoadClassMember(_));
    let (members, others): (Vec<Op>, Vec<Op>) = function
        .instrs
        .iter()
        .map(|instr| instr.op)
        .partition(is_member);
    let mut ids: BTreeSet<ObjectId> = members.iter().filter_map(Op::object).collect();
    for id in others.iter().filter_map(Op::object) {
        ids.remove(&id);
    }
    ids
}

/// Cells of the function's own closure live as long as the function; owning them could make a cycle
/// that nobody collects.
fn is_own_cell(root: &Bound<'_, PyAny>, object: &Bound<'_, PyAny>) -> bool {
    root.getattr("__closure__")
        .and_then(|closure| closure.try_iter()?.collect::<PyResult<Vec<_>>>())
        .is_ok_and(|cells| cells.iter().any(|cell| cell.is(object)))
}

/// Class objects and trampolines, by what they are for.
type AddressTables<'a> = (&'a [(Type, u64)], &'a [(Support, u64)]);

/// Addresses for one lowering.
struct Addresses<'a> {
    unit: &'a Unit,
    classes: &'a [(Type, u64)],
    trampolines: &'a [(Support, u64)],
    callee_cells: Vec<u64>,
    code_starts: Vec<u64>,
    code_object: u64,
    /// See `onlookers`.
    harmless: Vec<bool>,
    onlooking: Vec<bool>,
    /// By `ClassId`.
    instance_classes: Vec<InstanceClass>,
    /// Code, defaults and keyword defaults of the functions in the pool.
    parts: Vec<(ObjectId, [u64; 4])>,
}

impl<'a> Addresses<'a> {
    fn new(
        unit: &'a Unit,
        world: &mut LiveWorld<'_, '_>,
        function: &Function,
        (classes, trampolines): AddressTables<'a>,
    ) -> PyResult<Addresses<'a>> {
        let mut callee_cells = Vec::new();
        for callee in &function.callees {
            let body = match callee.handle {
                None => &unit.body,
                Some(handle) => {
                    let row = world.units.get(handle as usize).ok_or_else(|| {
                        pyo3::exceptions::PyRuntimeError::new_err("a callee without code")
                    })?;
                    callee_cells.push(std::ptr::from_ref(row.body.as_ref()) as u64);
                    continue;
                }
            };
            callee_cells.push(std::ptr::from_ref(body.as_ref()) as u64);
        }
        let mut code_starts = Vec::new();
        for info in &function.codes {
            let code = world.code_object(info.function)?;
            code_starts.push(code_start(&code));
        }
        let mut parts = Vec::new();
        for (id, object) in function.pool.iter() {
            let object = world.objects[object.handle as usize].clone();
            if LiveWorld::is_function(&object)
                && let Ok(code) = object.getattr("__code__")
            {
                let address = |name: &str| -> PyResult<u64> {
                    let value = object.getattr(name)?;
                    Ok(if value.is_none() {
                        0
                    } else {
                        value.as_ptr() as u64
                    })
                };
                let defaults = address("__defaults__")?;
                let keywords = address("__kwdefaults__")?;
                let globals = address("__globals__")?;
                parts.push((id, [code.as_ptr() as u64, defaults, keywords, globals]));
            }
        }
        let classes_of = function.classes.iter();
        let instance_classes = classes_of
            .map(|class| world.classes[class.handle as usize].layout)
            .collect();
        Ok(Addresses {
            instance_classes,
            parts,
            unit,
            classes,
            trampolines,
            callee_cells,
            code_starts,
            code_object: world.code_object(0)?.as_ptr() as u64,
            harmless: Vec::new(),
            onlooking: Vec::new(),
        })
    }
}

impl AddressProvider for Addresses<'_> {
    fn helper(&self, helper: HelperId) -> Option<u64> {
        Some(crate::runtime::helpers::address(helper) as u64)
    }

    fn support(&self, function: Support) -> u64 {
        crate::runtime::support_address(function) as u64
    }

    fn trampoline(&self, function: Support) -> Option<u64> {
        self.trampolines
            .iter()
            .find(|row| row.0 == function)
            .map(|row| row.1)
    }

    fn math(&self, function: MathFunction) -> u64 {
        crate::runtime::helpers::math_address(function) as u64
    }

    fn object(&self, object: ObjectId) -> u64 {
        self.unit.objects[object.index()] as u64
    }

    fn ignores_frames(&self, object: ObjectId) -> bool {
        self.harmless.get(object.index()).copied().unwrap_or(false)
    }

    fn looks_at_frames(&self, callee: CalleeId) -> bool {
        self.onlooking.get(callee.index()).copied().unwrap_or(false)
    }

    fn function_parts(&self, function: ObjectId) -> [u64; 4] {
        self.parts
            .iter()
            .find(|row| row.0 == function)
            .map_or([0; 4], |row| row.1)
    }

    fn class(&self, class: Type) -> Option<u64> {
        self.classes
            .iter()
            .find(|row| row.0 == class)
            .map(|row| row.1)
    }

    fn instance_class(&self, class: ClassId) -> InstanceClass {
        self.instance_classes[class.index()]
    }

    fn callee_cell(&self, callee: CalleeId) -> u64 {
        self.callee_cells[callee.index()]
    }

    fn namespace(&self, namespace: NamespaceId) -> u64 {
        self.unit.namespaces[namespace.index()].block.as_ptr() as u64
    }

    fn unit(&self) -> u64 {
        self.unit.address()
    }

    fn frame_shift(&self) -> u64 {
        self.unit.frame_shift.as_ptr() as u64
    }

    fn call_counter(&self) -> u64 {
        self.unit.entries.as_ptr() as u64
    }

    fn code_object(&self) -> u64 {
        self.code_object
    }

    fn code_start(&self, code: CodeId) -> u64 {
        self.code_starts[code.index()]
    }
}
