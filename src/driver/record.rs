//! One decorated function: its versions, what they learned, and when it is compiled ([`super::policy`]).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use pyo3::prelude::*;

pub(super) use super::compile::Purpose;
use super::compile::{self, Compiled, Context, Job};
use super::enable::{self, Lazy};
use super::engine;
use super::kind::Kind;
use super::loops::Loops;
use super::neighbours;
use super::observe::observe;
use super::policy;
use super::resolver::Resolver;
use super::selection;
use super::siblings;
use super::trial::Trial;
use super::version::Version;
use super::versions::Plan;
use crate::abi::exit_reason::ExitReason;
use crate::bytecode::CodeBytes;
use crate::feedback::{Fact, History};
use crate::lift::waits_in_loop;
use crate::lift::{EntryPoint, Refusal};
use crate::runtime::entry::{self, Call, EntryRecord};
use crate::runtime::unit::{Unit, UnitOwner};

/// Where a function stands.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// Calls are counted.
    Waiting,
    /// Some version is native.
    Native,
    /// It stays in the interpreter.
    Interpreted(Refusal),
}

/// Mutable part of a record.
pub struct Inner {
    /// Where it stands.
    pub verdict: Verdict,
    /// Current versions, newest first.
    pub versions: Vec<Rc<Version>>,
    /// Arguments for which calls are interpreted.
    pub(super) given_up: Vec<Kind>,
    /// Those for which there is no native code for compiled callers either.
    pub(super) refused_to_callers: Vec<Kind>,
    /// Earlier units: an activation may be inside until the function dies.
    pub(super) retired: Vec<Rc<Unit>>,
    /// What exits saw.
    pub history: History,
    /// Other functions, by handle - 1.
    functions: Vec<Py<PyAny>>,
    /// Exits by reason.
    pub exits: BTreeMap<ExitReason, u64>,
    /// Compilations.
    pub compilations: u32,
    /// Those of them that were for a loop alone: they have bounds of their own.
    of_loops: u32,
    /// Milliseconds of them.
    pub milliseconds: f64,
    /// Callers with direct calls into our units.
    pub(super) dependents: Vec<Weak<Record>>,
    /// Calls that no version took, since one was made for them.
    pub(super) misses: u32,
}

/// What verify mode counts.
#[derive(Default)]
pub struct Checks {
    /// Calls that came by.
    pub seen: Cell<u64>,
    /// Those that ran both ways.
    pub done: Cell<u64>,
    /// Those of them that differed.
    pub differences: Cell<u64>,
    /// Why none is checked was said.
    pub explained: Cell<bool>,
}

/// See the module.
pub struct Record {
    /// Qualified name.
    pub name: String,
    /// Calls before compiling.
    pub threshold: u32,
    /// Raise when part of it stays interpreted.
    pub strict: bool,
    /// Never compile.
    pub never: Cell<bool>,
    /// Nobody asked for this very function: `enable.rs` says what that changes.
    pub undecorated: Cell<bool>,
    /// Nobody decorated it: it came under the JIT beside a function of its module ([`super::neighbours`]).
    pub neighbour: Cell<bool>,
    /// Native against interpreted calls of all kinds, while that is tried.
    pub(super) trial: RefCell<Option<Trial>>,
    /// Calls that the runtime bound for a version.
    pub(super) bound_calls: Cell<u64>,
    /// Calls since one was timed, while some version is on trial.
    pub(super) untimed_calls: Cell<u32>,
    /// How many of them start the next trial.
    pub(super) next_trial_at: Cell<u64>,
    /// It has keyword-only, `*` or `**` parameters: the stub must not take calls as they come.
    pub binds_all_calls: Cell<bool>,
    /// Calls that entered native code (counted by exits and slow entries only where the stub cannot).
    pub inner: RefCell<Inner>,
    /// The machine-code entry.
    entry: RefCell<Weak<EntryRecord>>,
    compiling: Cell<bool>,
    /// Loops entered while they run.
    pub loops: Loops,
    /// Of verify mode.
    pub checks: Checks,
    /// Turns of a loop before it is compiled.
    pub loop_threshold: Cell<u32>,
    pub(super) this: Weak<Record>,
}

impl Record {
    /// A record for a function that is about to be attached.
    pub fn new(name: String, threshold: u32, strict: bool) -> Rc<Record> {
        Rc::new_cyclic(|this| Record {
            name,
            threshold,
            strict,
            never: Cell::new(false),
            undecorated: Cell::new(false),
            neighbour: Cell::new(false),
            trial: RefCell::new(None),
            bound_calls: Cell::new(0),
            untimed_calls: Cell::new(0),
            next_trial_at: Cell::new(policy::BOUND_CALLS_PER_TRIAL),
            binds_all_calls: Cell::new(false),
            inner: RefCell::new(Inner {
                verdict: Verdict::Waiting,
                versions: Vec::new(),
                given_up: Vec::new(),
                refused_to_callers: Vec::new(),
                retired: Vec::new(),
                history: History::default(),
                functions: Vec::new(),
                exits: BTreeMap::new(),
                compilations: 0,
                of_loops: 0,
                milliseconds: 0.0,
                dependents: Vec::new(),
                misses: 0,
            }),
            entry: RefCell::new(Weak::new()),
            compiling: Cell::new(false),
            loops: Loops::default(),
            checks: Checks::default(),
            loop_threshold: Cell::new(1000),
            this: this.clone(),
        })
    }

    /// Called once attached.
    pub fn set_entry(&self, entry: &Rc<EntryRecord>) {
        *self.entry.borrow_mut() = Rc::downgrade(entry);
    }

    /// The entry, while the function lives.
    pub fn entry(&self) -> Option<Rc<EntryRecord>> {
        self.entry.borrow().upgrade()
    }

    fn address(&self) -> *const EntryRecord {
        self.entry()
            .map_or(std::ptr::null(), |entry| Rc::as_ptr(&entry))
    }

    /// All units that live, in use or not.
    pub fn units(&self) -> Vec<Rc<Unit>> {
        let inner = self.inner.borrow();
        let versions = inner.versions.iter().map(|version| &version.compiled.unit);
        let mut units = self.loops.units();
        units.extend(versions.chain(&inner.retired).cloned());
        units
    }

    /// Stays in the interpreter from now on, at no cost.
    pub fn refuse(&self, py: Python<'_>, refusal: Refusal) {
        log(py, "refuse", || {
            format!("{}: {}", self.name, refusal.reason)
        });
        self.inner.borrow_mut().verdict = Verdict::Interpreted(refusal);
        if let Some(entry) = self.entry() {
            if self.undecorated.get() {
                enable::refused(&entry.function(py));
            }
            entry.detach(py);
        }
    }

    /// Compiles as planned. `force`: also what does not pay.
    pub fn compile(
        &self,
        function: &Bound<'_, PyAny>,
        plan: &Plan,
        force: bool,
    ) -> Result<Rc<Version>, Refusal> {
        let purpose = match force {
            true => Purpose::Demand,
            false => Purpose::Outside,
        };
        self.compile_as(function, plan, purpose)
    }

    /// Compiles as planned.
    pub(super) fn compile_as(
        &self,
        function: &Bound<'_, PyAny>,
        plan: &Plan,
        purpose: Purpose,
    ) -> Result<Rc<Version>, Refusal> {
        if self.compiling.replace(true) {
            return Err(busy());
        }
        let learn = self.inner.borrow().whole_compilations() < policy::MAX_LEARNING;
        let job = Job {
            function,
            args: plan.args.clone(),
            by_class: plan.kind.names_classes(),
            entry: None,
            purpose,
            learn,
        };
        let result = self.build(job);
        self.compiling.set(false);
        Ok(Version::new(result?, plan.args.clone()))
    }

    /// Compiles a loop for frames like this one.
    pub(super) fn compile_loop(
        &self,
        function: &Bound<'_, PyAny>,
        point: EntryPoint,
        learn: bool,
    ) -> Result<Compiled, Refusal> {
        if self.compiling.replace(true) {
            return Err(busy());
        }
        let result = self.build(Job {
            function,
            args: Vec::new(),
            by_class: false,
            entry: Some(point),
            purpose: Purpose::Outside,
            learn,
        });
        self.compiling.set(false);
        result
    }

    /// Nobody asked for this function, and compiling has taken its share of the time.
    pub(super) fn must_wait(&self, py: Python<'_>) -> bool {
        self.undecorated.get() && self.threshold > 1 && enable::is_over_budget(py)
    }

    /// Compiling, or being tried against the interpreter: not the time to enter loops.
    pub(super) fn is_busy(&self) -> bool {
        self.compiling.get() || self.any_trial()
    }

    pub(super) fn is_compiling(&self) -> bool {
        self.compiling.get()
    }

    fn build(&self, job: Job<'_, '_>) -> Result<Compiled, Refusal> {
        let function = job.function;
        let py = function.py();
        if let Some(refusal) = selection::refusal(function) {
            return Err(refusal);
        }
        let is_loop = job.entry.is_some();
        let (history, mut functions) = {
            let mut inner = self.inner.borrow_mut();
            (inner.history.clone(), std::mem::take(&mut inner.functions))
        };
        let mut resolver = Resolver {
            requested: Vec::new(),
            caller: self.this.clone(),
            globals: neighbours::globals_of(function).unwrap_or_default(),
        };
        let owner: Weak<dyn UnitOwner> = self.this.clone();
        let mut result = Err(busy());
        // Callees that need code are compiled between attempts: the engine does one at a time.
        for _ in 0..4 {
            let Some(mut engine) = engine::take(py) else {
                break;
            };
            let context = Context {
                history: &history,
                functions: &mut functions,
                owner: owner.clone(),
                record: self.address(),
            };
            resolver.requested.clear();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                compile::compile(&mut engine, &job, context, &mut resolver)
            }));
            let panicked = outcome.is_err();
            if let Ok(Ok(compiled)) = &outcome {
                engine.compilations += 1;
                engine.milliseconds += compiled.milliseconds;
            }
            engine::put_back(py, engine);
            result = outcome.unwrap_or_else(|_| {
                Err(Refusal {
                    reason: "internal error in the compiler".into(),
                    offset: None,
                    hint: "please report this with the function's source".into(),
                })
            });
            let requested = std::mem::take(&mut resolver.requested);
            if panicked || requested.is_empty() {
                break;
            }
            let mut progress = false;
            for (callee, args) in requested {
                progress |= resolver.prepare(py, callee.bind(py), args);
            }
            if !progress {
                break;
            }
        }
        if result.is_ok() && self.inner.borrow().compilations == 0 {
            siblings::count(function);
            if job.purpose != Purpose::Demand {
                neighbours::take_in_callers(function);
            }
            if self.undecorated.get() {
                enable::compiled(function);
            }
        }
        if result.is_ok() {
            selection::record(function);
        }
        let mut inner = self.inner.borrow_mut();
        inner.functions = functions;
        let compiled = result?;
        inner.compilations += 1;
        inner.of_loops += u32::from(is_loop);
        inner.milliseconds += compiled.milliseconds;
        log(py, "compile", || {
            format!(
                "{}: {} bytes in {:.2} ms",
                self.name, compiled.code_bytes, compiled.milliseconds
            )
        });
        log(py, "timing", || {
            let rows = compiled.timing.iter();
            let rows: Vec<_> = rows
                .map(|(part, time)| format!("{part} {time:.0}"))
                .collect();
            format!("{}: {} us", self.name, rows.join(", "))
        });
        Ok(compiled)
    }

    /// The facts of a call's arguments in parameter order.
    fn facts(&self, function: &Bound<'_, PyAny>, call: &Call<'_>) -> PyResult<Vec<Fact>> {
        Ok(super::bind::bind(
            function,
            &call.positional,
            call.keyword_names.as_ref(),
            &call.keyword,
        )?
        .iter()
        .map(|object| object.as_ref().map_or_else(Fact::default, observe))
        .collect())
    }

    /// A call of a function without (fitting) code: compile, or give up.
    pub(super) fn become_hot(&self, entry: &EntryRecord, call: &Call<'_>) {
        let py = call.callable.py();
        if self.never.get() || self.compiling.get() {
            return;
        }
        let function = entry.function(py);
        if self.loops.begin(&function, self.neighbour.get()) && self.threshold > 1 {
            // Its loops are entered as they get hot; the next call compiles the whole.
            entry.count_down(if self.undecorated.get() {
                enable::later_calls(&function, self.threshold)
            } else {
                siblings::later_calls(&function)
            });
            return;
        }
        if self.must_wait(py) {
            entry.count_down(self.threshold);
            return;
        }
        let Ok(args) = self.facts(&function, call) else {
            // The interpreter raises the TypeError; try again at the next call.
            entry.count_down(1);
            return;
        };
        self.compile_for(entry, &function, args);
    }

    /// Compiles a stale version again, for what it was for.
    pub(super) fn renew(&self, entry: &EntryRecord, version: &Version) {
        Python::attach(|py| {
            if self.never.get() || self.compiling.get() || self.must_wait(py) {
                return;
            }
            let (function, args) = (entry.function(py), version.args.clone());
            if version.for_callers.get() {
                self.compile_for_caller(entry, &function, args);
            } else {
                self.compile_for(entry, &function, args);
            }
        });
    }

    /// Compiles for arguments like these, unless some version takes them or that is given up.
    pub(super) fn compile_for(
        &self,
        entry: &EntryRecord,
        function: &Bound<'_, PyAny>,
        args: Vec<Fact>,
    ) {
        let taken = self.version_for(&args).is_some();
        let plan = self.plan(args);
        if taken || !self.may_compile(&plan.kind) {
            self.link(entry);
            return;
        }
        match self.compile(function, &plan, false) {
            Ok(version) => self.install(entry, version, plan.replaces.as_ref()),
            Err(refusal) if refusal.reason == BUSY => entry.count_down(2),
            Err(refusal) => self.give_up(entry, plan.kind, refusal),
        }
    }
}

pub(super) const BUSY: &str = "busy compiling";

fn busy() -> Refusal {
    Refusal {
        reason: BUSY.into(),
        offset: None,
        hint: String::new(),
    }
}

impl Inner {
    /// Compilations of the function as a whole.
    pub(super) fn whole_compilations(&self) -> u32 {
        self.compilations - self.of_loops
    }

    /// Calls that entered native code.
    pub fn native_calls(&self) -> u64 {
        let current = self
            .versions
            .iter()
            .map(|version| version.compiled.unit.entries.get());
        current
            .chain(self.retired.iter().map(|unit| unit.entries.get()))
            .sum()
    }
}

/// The record of a function that has an entry.
pub fn record_of(function: &Bound<'_, PyAny>) -> Option<(Rc<Record>, Rc<EntryRecord>)> {
    let entry = entry::entry_of(function)?;
    let state = entry.state().as_any();
    let record = match state.downcast_ref::<Record>() {
        Some(record) => record.this.upgrade()?,
        None => state.downcast_ref::<Lazy>()?.record(function, &entry)?,
    };
    Some((record, entry))
}

/// Has the code a loop? Such a function is compiled at its second call. Of a generator only loops count that can
/// be entered while they run: listening to the jumps of others costs, and gives nothing.
pub fn has_loop(bytes: &CodeBytes) -> bool {
    let waits = bytes.is_generator_like();
    crate::bytecode::decode(bytes).is_ok_and(|code| {
        code.instrs.iter().any(|instr| {
            instr.op.target().is_some_and(|target| {
                target <= instr.offset && !(waits && waits_in_loop(&code, target))
            })
        })
    })
}

/// Writes an event to standard error if it is asked for.
pub fn log(py: Python<'_>, event: &str, text: impl FnOnce() -> String) {
    let wanted = engine::with(py, |state| {
        state
            .as_ref()
            .is_ok_and(|engine| engine.config.lists("log", event))
    });
    if wanted {
        eprintln!("brolga: {event}: {}", text());
    }
}
