//! One decorated function: its versions, what they learned, and when it is compiled.
//!
//! The policy in short: a function with a loop is compiled at its second call, another one after
//! `threshold` calls, for the argument types at hand. Arguments of other types make further versions (4
//! at most, then one that takes anything). An exit that teaches something costs the version: the next
//! call compiles again, knowing it. Recompilations are bounded; a version that leaves in most of its
//! calls and cannot be bettered is retired.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use pyo3::prelude::*;

use super::compile::{self, Compiled, Job};
use super::engine;
use super::loops::{self, Loops};
use super::observe::{class_of, int_class, observe};
use super::siblings;
use super::trial::Trial;
use super::version::{Version, accepts_object};
use super::world::{Callees, NativeVersion};
use crate::abi::exit_reason::ExitReason;
use crate::bytecode::CodeBytes;
use crate::feedback::{Fact, History, IntClass};
use crate::hir::Type;
use crate::lift::{EntryPoint, Refusal};
use crate::runtime::dispatch;
use crate::runtime::entry::{self, Call, EntryRecord, EntryState, Fitting};
use crate::runtime::unit::{Unit, UnitOwner};

/// Versions per function, by argument types.
const MAX_VERSIONS: usize = 4;
/// Compilations per function, all reasons together.
const MAX_COMPILATIONS: u32 = 24;
/// Compilations whose unknown operations may become exits that learn.
const MAX_LEARNING: u32 = 8;
/// Calls with arguments no version takes before another version is made.
const MISSES_PER_VERSION: u32 = 2;
/// Exits of a version that teach nothing, per call, above which it is retired.
const RETIRE_RATIO: f64 = 0.5;
/// Exits before the ratio is looked at.
const RETIRE_AFTER: u64 = 64;

/// Slow entries after which native code is tried against the interpreter again (then 16 times as many).
const SLOW_ENTRIES_PER_TRIAL: u64 = 32;

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
    /// Earlier units: an activation may be inside until the function dies.
    retired: Vec<Rc<Unit>>,
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
    dependents: Vec<Weak<Record>>,
    misses: u32,
    /// The generic version exists.
    generic: bool,
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
    /// Native against interpreted calls, while that is tried.
    trial: RefCell<Option<Trial>>,
    /// Calls that the newest version's stub could not take.
    slow_entries: Cell<u64>,
    /// How many of them start the next trial.
    next_trial_at: Cell<u64>,
    /// It has keyword-only, `*` or `**` parameters: the stub must not take calls as they come.
    pub binds_all_calls: Cell<bool>,
    /// Calls that entered native code (counted by exits and slow entries only where the stub cannot).
    pub inner: RefCell<Inner>,
    /// The machine-code entry.
    entry: RefCell<Weak<EntryRecord>>,
    compiling: Cell<bool>,
    /// Loops entered while they run.
    pub loops: Loops,
    /// Turns of a loop before it is compiled.
    pub loop_threshold: Cell<u32>,
    this: Weak<Record>,
}

impl Record {
    /// A record for a function that is about to be attached.
    pub fn new(name: String, threshold: u32, strict: bool) -> Rc<Record> {
        Rc::new_cyclic(|this| Record {
            name,
            threshold,
            strict,
            never: Cell::new(false),
            trial: RefCell::new(None),
            slow_entries: Cell::new(0),
            next_trial_at: Cell::new(SLOW_ENTRIES_PER_TRIAL),
            binds_all_calls: Cell::new(false),
            inner: RefCell::new(Inner {
                verdict: Verdict::Waiting,
                versions: Vec::new(),
                retired: Vec::new(),
                history: History::default(),
                functions: Vec::new(),
                exits: BTreeMap::new(),
                compilations: 0,
                of_loops: 0,
                milliseconds: 0.0,
                dependents: Vec::new(),
                misses: 0,
                generic: false,
            }),
            entry: RefCell::new(Weak::new()),
            compiling: Cell::new(false),
            loops: Loops::default(),
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

    fn address(&self) -> u64 {
        self.entry().map_or(0, |entry| Rc::as_ptr(&entry) as u64)
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
            entry.detach(py);
        }
    }

    /// Compiles for arguments like these.
    pub fn compile(
        &self,
        function: &Bound<'_, PyAny>,
        args: Vec<Fact>,
        force: bool,
    ) -> Result<Rc<Version>, Refusal> {
        let py = function.py();
        if self.compiling.replace(true) {
            return Err(busy());
        }
        let result = self.compile_guarded(py, function, args, force);
        self.compiling.set(false);
        result
    }

    fn compile_guarded(
        &self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: Vec<Fact>,
        force: bool,
    ) -> Result<Rc<Version>, Refusal> {
        let learn = self.inner.borrow().whole_compilations() < MAX_LEARNING;
        let compiled = self.build(py, function, args.clone(), None, force, learn)?;
        Ok(Rc::new(Version {
            compiled,
            args,
            stale: Cell::new(false),
        }))
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
        let result = self.build(
            function.py(),
            function,
            Vec::new(),
            Some(point),
            false,
            learn,
        );
        self.compiling.set(false);
        result
    }

    /// Compiling, or being tried against the interpreter: not the time to enter loops.
    pub(super) fn is_busy(&self) -> bool {
        self.compiling.get()
            || self
                .trial
                .try_borrow()
                .map_or(true, |trial| trial.is_some())
    }

    fn build(
        &self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: Vec<Fact>,
        point: Option<EntryPoint>,
        force: bool,
        learn: bool,
    ) -> Result<Compiled, Refusal> {
        let is_loop = point.is_some();
        let (history, mut functions) = {
            let mut inner = self.inner.borrow_mut();
            (inner.history.clone(), std::mem::take(&mut inner.functions))
        };
        let mut resolver = Resolver {
            requested: Vec::new(),
            caller: self.this.clone(),
        };
        let owner: Weak<dyn UnitOwner> = self.this.clone();
        let mut result = Err(busy());
        // Callees that need code are compiled between attempts: the engine does one at a time.
        for _ in 0..4 {
            let Some(mut engine) = engine::take(py) else {
                break;
            };
            let job = Job {
                function,
                args: args.clone(),
                entry: point.clone(),
                history: &history,
                functions: &mut functions,
                owner: owner.clone(),
                record: self.address(),
                force,
                learn,
            };
            resolver.requested.clear();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                compile::compile(&mut engine, job, &mut resolver)
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

    /// Makes the version the one that calls try first.
    pub fn install(
        &self,
        entry: &EntryRecord,
        version: Rc<Version>,
        replaced: Option<&Rc<Version>>,
    ) {
        let unit = version.compiled.unit.clone();
        let doubtful = version.compiled.doubtful && self.threshold > 1;
        let mut inner = self.inner.borrow_mut();
        if let Some(old) = replaced {
            inner.versions.retain(|other| !Rc::ptr_eq(other, old));
            let unit = old.compiled.unit.clone();
            inner.retired.push(unit);
            let dependents = std::mem::take(&mut inner.dependents);
            for dependent in dependents.iter().filter_map(Weak::upgrade) {
                if !std::ptr::eq(Rc::as_ptr(&dependent), self) {
                    dependent.make_stale();
                }
            }
        }
        inner.versions.insert(0, version);
        inner.verdict = Verdict::Native;
        drop(inner);
        if doubtful && !self.binds_all_calls.get() {
            self.start_trial(entry);
        } else if self.binds_all_calls.get() {
            dispatch::send_to_binder(entry);
        } else {
            self.trial.replace(None);
            dispatch::send_to(entry, &unit);
        }
    }

    fn start_trial(&self, entry: &EntryRecord) {
        // What is interpreted in a trial is the interpreter's alone.
        Python::attach(|py| self.loops.disarm(&entry.function(py)));
        self.trial.replace(Some(Trial::default()));
        dispatch::send_to_trial(entry);
    }

    /// A call took the slow entry: whether native code pays all the same is tried after some of them.
    fn count_slow_entry(&self, entry: &EntryRecord) {
        let count = self.slow_entries.get() + 1;
        self.slow_entries.set(count);
        if count < self.next_trial_at.get() || self.trial.borrow().is_some() {
            return;
        }
        self.next_trial_at.set(16 * count);
        let native = self
            .inner
            .try_borrow()
            .is_ok_and(|inner| inner.verdict == Verdict::Native);
        if native && self.threshold > 1 && !self.binds_all_calls.get() && entry.is_running() {
            self.start_trial(entry);
        }
    }

    /// A unit we call was replaced: compile again at the next call.
    fn make_stale(&self) {
        if let Ok(inner) = self.inner.try_borrow() {
            for version in &inner.versions {
                version.stale.set(true);
            }
        }
        self.loops.make_stale();
        if let Some(entry) = self.entry() {
            entry.count_down(1);
        }
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
    fn become_hot(&self, entry: &EntryRecord, call: &Call<'_>) {
        let py = call.callable.py();
        if self.never.get() || self.compiling.get() {
            return;
        }
        let function = entry.function(py);
        if self.loops.begin(&function) && self.threshold > 1 {
            // Its loops are entered as they get hot; the next call compiles the whole.
            entry.count_down(siblings::later_calls(&function));
            return;
        }
        let Ok(args) = self.facts(&function, call) else {
            // The interpreter raises the TypeError; try again at the next call.
            entry.count_down(1);
            return;
        };
        let (stale, compilations) = {
            let inner = self.inner.borrow();
            let stale = inner
                .versions
                .iter()
                .find(|version| version.stale.get())
                .cloned();
            (stale, inner.whole_compilations())
        };
        if compilations >= MAX_COMPILATIONS {
            self.refuse(
                py,
                Refusal {
                    reason: format!("compiled {compilations} times without settling"),
                    offset: None,
                    hint: "keep the types of arguments and variables the same between calls".into(),
                },
            );
            return;
        }
        // What a stale version was for stays in force, widened by what comes now.
        let mut wanted = args;
        if let Some(old) = &stale
            && old.args.len() == wanted.len()
            && old.args.iter().zip(&wanted).all(|(a, b)| a.ty == b.ty)
        {
            for (mine, theirs) in wanted.iter_mut().zip(&old.args) {
                mine.absorb(theirs);
            }
        }
        match self.compile(&function, wanted, false) {
            Ok(version) => self.install(entry, version, stale.as_ref()),
            Err(refusal) if refusal.reason == BUSY => entry.count_down(2),
            Err(refusal) => self.refuse(py, refusal),
        }
    }

    /// The native version for arguments like these, if there is one.
    pub fn version_for(&self, args: &[Fact]) -> Option<Rc<Version>> {
        let inner = self.inner.try_borrow().ok()?;
        inner
            .versions
            .iter()
            .find(|version| !version.stale.get() && version.accepts_facts(args))
            .cloned()
    }

    /// No version takes these arguments: count, and make another version in time.
    pub fn missed(&self, args: &[Option<Bound<'_, PyAny>>]) {
        let Some(entry) = self.entry() else { return };
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            return;
        };
        inner.misses += 1;
        if inner.misses < MISSES_PER_VERSION || inner.whole_compilations() >= MAX_COMPILATIONS {
            return;
        }
        inner.misses = 0;
        // Ints wider than before: the same version, widened. Other types: one more version.
        let same_types = inner.versions.iter().find(|version| {
            version.args.len() == args.len()
                && version.args.iter().zip(args).all(|(fact, object)| {
                    object
                        .as_ref()
                        .is_some_and(|object| class_of(object) == fact.ty)
                })
        });
        if let Some(version) = same_types {
            version.stale.set(true);
        } else if inner.versions.len() >= MAX_VERSIONS {
            if inner.generic {
                return;
            }
            inner.generic = true;
        }
        drop(inner);
        entry.count_down(1);
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

impl EntryState for Record {
    fn hot(&self, entry: &EntryRecord, call: &Call<'_>) {
        self.become_hot(entry, call);
    }

    fn fitting<'py>(&self, entry: &EntryRecord, call: &Call<'py>) -> Option<Fitting<'py>> {
        let py = call.callable.py();
        if !engine::is_enabled() {
            return None;
        }
        let function = entry.function(py);
        let names = call.keyword_names.as_ref();
        let args = super::bind::bind(&function, &call.positional, names, &call.keyword).ok()?;
        let version = {
            let inner = self.inner.try_borrow().ok()?;
            inner
                .versions
                .iter()
                .find(|version| version.accepts(&args))
                .cloned()
        };
        let Some(version) = version else {
            self.missed(&args);
            return None;
        };
        let arguments = args.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Fitting {
            stub: version.compiled.unit.entry.get(),
            arguments,
        })
    }

    fn quick_fitting(
        &self,
        entry: &EntryRecord,
        arguments: &[Borrowed<'_, '_, PyAny>],
    ) -> Option<usize> {
        self.count_slow_entry(entry);
        if !engine::is_enabled() {
            return None;
        }
        let inner = self.inner.try_borrow().ok()?;
        let version = inner.versions.iter().find(|version| {
            let params = &version.compiled.params;
            params.len() == arguments.len()
                && params
                    .iter()
                    .zip(arguments)
                    .all(|(param, object)| accepts_object(param, object))
        })?;
        Some(version.compiled.unit.entry.get())
    }

    fn next_trial(&self) -> (Option<usize>, bool) {
        let Some((native, timed)) = self.trial.borrow_mut().as_mut().map(Trial::turn) else {
            return (None, false);
        };
        let stub = || {
            let inner = self.inner.try_borrow().ok()?;
            let version = inner.versions.first()?;
            (native && !version.stale.get()).then(|| version.compiled.unit.entry.get())
        };
        (stub(), timed)
    }

    fn tried(&self, entry: &EntryRecord, native: bool, nanoseconds: u64) {
        let mut trial = self.trial.borrow_mut();
        let Some(native_wins) = trial.as_mut().and_then(|t| t.tried(native, nanoseconds)) else {
            return;
        };
        let finished = trial.take();
        drop(trial);
        if let Some(finished) = finished {
            Python::attach(|py| log(py, "trial", || format!("{}: {finished}", self.name)));
        }
        let Some(version) = self
            .inner
            .try_borrow()
            .ok()
            .and_then(|i| i.versions.first().cloned())
        else {
            return;
        };
        if native_wins {
            if cfg!(Py_3_12) {
                Python::attach(|py| self.loops.arm(&entry.function(py)));
            }
            if !version.stale.get() {
                dispatch::send_to(entry, &version.compiled.unit);
            }
            return;
        }
        Python::attach(|py| {
            self.refuse(
                py,
                Refusal {
                    reason: "measured slower than the interpreter".into(),
                    offset: None,
                    hint: "move the arithmetic and indexing loops into a function of their own"
                        .into(),
                },
            );
        });
    }

    fn back_edge<'py>(
        &self,
        entry: &Rc<EntryRecord>,
        py: Python<'py>,
        header: u32,
        frame: &crate::runtime::osr::RunningFrame,
    ) -> crate::runtime::osr::BackEdge<'py> {
        loops::back_edge(self, entry, py, header, frame)
    }

    fn loop_left(&self, unit: &Unit, left: crate::runtime::osr::Left, nanoseconds: u64) {
        self.loops.left(unit, left, nanoseconds);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl UnitOwner for Record {
    fn left(&self, unit: &Unit, site: usize, operands: &[Option<Bound<'_, PyAny>>]) {
        let Some(site) = unit.site(site).cloned() else {
            return;
        };
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            return;
        };
        *inner.exits.entry(site.reason).or_default() += 1;
        if matches!(
            site.reason,
            ExitReason::Forced
                | ExitReason::CalleeExited
                | ExitReason::FrameSeen
                | ExitReason::LoopEnded
        ) {
            // Says nothing about the version.
            unit.exits.set(unit.exits.get().saturating_sub(1));
            return;
        }
        if site.reason == ExitReason::EvalBreaker {
            return;
        }
        let Some(code) = unit.code_key(site.code) else {
            return;
        };
        let left = inner.history.record(code, site.offset, site.reason).exits;
        if site.reason == ExitReason::NotSeen {
            for (position, object) in operands.iter().enumerate() {
                let Some(object) = object else { continue };
                let ty = class_of(object);
                let width = if ty == Type::INT {
                    int_class(object)
                } else {
                    IntClass::Unknown
                };
                inner
                    .history
                    .record_operand(code, site.offset, position, ty, width);
            }
        }
        let teaches = match site.reason {
            ExitReason::NotSeen | ExitReason::ColdBranch | ExitReason::Overflow => true,
            ExitReason::TypeChanged
            | ExitReason::WideInt
            | ExitReason::ValueRange
            | ExitReason::DropRunsCode
            | ExitReason::Inexact
            | ExitReason::CalleeLeft
            | ExitReason::GlobalsChanged
            | ExitReason::ObjectChanged => left.is_multiple_of(2),
            _ => false,
        };
        if unit.in_place {
            drop(inner);
            if teaches {
                self.loops.taught(unit);
            }
            return;
        }
        let current = inner
            .versions
            .iter()
            .find(|v| std::ptr::eq(Rc::as_ptr(&v.compiled.unit), unit));
        let Some(version) = current.cloned() else {
            return;
        };
        let exits = unit.exits.get();
        let compilations = inner.whole_compilations();
        drop(inner);
        let Some(entry) = self.entry() else { return };
        if teaches && compilations < MAX_COMPILATIONS {
            version.stale.set(true);
            entry.count_down(1);
            return;
        }
        // It taught nothing new: does the version still pay?
        if exits >= RETIRE_AFTER && exits.is_power_of_two() && !self.has_loop_exits_only(unit) {
            let calls = unit.entries.get().max(1);
            if exits as f64 / calls as f64 > RETIRE_RATIO {
                self.retire(&entry);
            }
        }
    }
}

impl Inner {
    /// Compilations of the function as a whole.
    fn whole_compilations(&self) -> u32 {
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

impl Record {
    fn has_loop_exits_only(&self, unit: &Unit) -> bool {
        unit.entries.get() == 0
    }

    fn retire(&self, entry: &EntryRecord) {
        Python::attach(|py| {
            self.refuse(
                py,
                Refusal {
                    reason: "its native code kept leaving to the interpreter".into(),
                    offset: None,
                    hint: "see the exits in jit.stats(f)".into(),
                },
            );
            entry.detach(py);
        });
    }
}

/// Finds native code for calls between compiled functions.
struct Resolver {
    /// Functions that should be compiled first.
    requested: Vec<(Py<PyAny>, Vec<Fact>)>,
    caller: Weak<Record>,
}

impl Resolver {
    /// Compiles a callee; false if that is no use.
    fn prepare(&self, py: Python<'_>, function: &Bound<'_, PyAny>, args: Vec<Fact>) -> bool {
        let _ = py;
        let Some((record, entry)) = record_of(function) else {
            return false;
        };
        if record.never.get() || record.compiling.get() {
            return false;
        }
        if matches!(record.inner.borrow().verdict, Verdict::Interpreted(_)) {
            return false;
        }
        if record.inner.borrow().versions.len() >= MAX_VERSIONS {
            return false;
        }
        match record.compile(function, args, false) {
            Ok(version) => {
                record.install(&entry, version, None);
                true
            }
            Err(_) => false,
        }
    }
}

impl Callees for Resolver {
    fn native(
        &mut self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: &[Fact],
    ) -> Option<NativeVersion> {
        let _ = py;
        let (record, _) = record_of(function)?;
        let Some(version) = record.version_for(args) else {
            if args.iter().all(|fact| !fact.is_unknown()) {
                self.requested
                    .push((function.clone().unbind(), args.to_vec()));
            }
            return None;
        };
        record
            .inner
            .try_borrow_mut()
            .ok()?
            .dependents
            .push(self.caller.clone());
        let compiled = &version.compiled;
        Some(NativeVersion {
            unit: compiled.unit.clone(),
            params: compiled
                .params
                .iter()
                .map(|(ty, repr, _)| (*ty, *repr))
                .collect(),
            returns: compiled.returns,
        })
    }

    fn is_decorated(&self, function: &Bound<'_, PyAny>) -> bool {
        record_of(function).is_some_and(|(record, _)| !record.never.get())
    }
}

/// The record of a decorated function.
pub fn record_of(function: &Bound<'_, PyAny>) -> Option<(Rc<Record>, Rc<EntryRecord>)> {
    let entry = entry::entry_of(function)?;
    let record = entry
        .state()
        .as_any()
        .downcast_ref::<Record>()?
        .this
        .upgrade()?;
    Some((record, entry))
}

/// Has the code a loop? Such a function is compiled at its second call.
pub fn has_loop(bytes: &CodeBytes) -> bool {
    crate::bytecode::decode(bytes).is_ok_and(|code| {
        code.instrs.iter().any(|instr| {
            instr
                .op
                .target()
                .is_some_and(|target| target <= instr.offset)
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
