//! What the runtime tells a record: calls that need a decision, and exits.

use std::any::Any;
use std::rc::Rc;

use pyo3::prelude::*;

use super::engine;
use super::loops;
use super::observe::{class_of, int_class, observe};
use super::policy;
use super::record::{Record, log};
use super::trial::Trial;
use super::verify;
use super::version::Version;
use crate::abi::exit_reason::ExitReason;
use crate::feedback::IntClass;
use crate::hir::Type;
use crate::lift::Refusal;
use crate::runtime::dispatch;
use crate::runtime::entry::{Call, Check, EntryRecord, EntryState, Fitting, Turn};
use crate::runtime::osr::{BackEdge, Left, RunningFrame};
use crate::runtime::unit::{Unit, UnitOwner};

/// Identifies the trial of all calls together; others are known by the address of their version.
const WHOLE: usize = 1;

fn slower() -> Refusal {
    Refusal {
        reason: "measured slower than the interpreter".into(),
        offset: None,
        hint: "move the arithmetic and indexing loops into a function of their own".into(),
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
        let chain = self.chain();
        let Some(version) = chain.iter().find(|version| version.accepts(&args)) else {
            self.missed(py, &args);
            return None;
        };
        let arguments = args.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Fitting {
            unit: version.compiled.unit.clone(),
            arguments,
        })
    }

    fn quick_fitting(
        &self,
        entry: &EntryRecord,
        arguments: &[Borrowed<'_, '_, PyAny>],
    ) -> Option<Rc<Unit>> {
        if !engine::is_enabled() {
            return None;
        }
        let unit = self.unit_for(arguments)?;
        self.count_bound_call(entry);
        Some(unit)
    }

    fn next_turn(&self, arguments: Option<&[Borrowed<'_, '_, PyAny>]>) -> Turn {
        let chain = self.chain();
        let head = chain.first().map(|first| first.compiled.unit.clone());
        if let Some(trial) = self.trial.borrow_mut().as_mut() {
            let (native, timed) = trial.turn();
            let taking = arguments
                .and_then(|arguments| chain.iter().find(|version| version.takes(arguments)))
                .map(|version| version.compiled.unit.clone());
            return Turn {
                unit: taking.or(head).filter(|_| native),
                timed: timed.then_some(WHOLE),
                clock: trial.clock(),
            };
        }
        let tried = arguments
            .and_then(|arguments| chain.iter().find(|version| version.takes(arguments)))
            .and_then(|version| {
                let mut trial = version.trial.borrow_mut();
                let trial = trial.as_mut()?;
                Some((version, trial.turn(), trial.clock()))
            });
        match tried {
            Some((version, (native, timed), clock)) => {
                self.untimed_calls.set(0);
                Turn {
                    unit: native.then(|| version.compiled.unit.clone()),
                    timed: timed.then_some(Rc::as_ptr(version) as usize),
                    clock,
                }
            }
            None => {
                self.untimed_calls.set(self.untimed_calls.get() + 1);
                if self.untimed_calls.get() > policy::UNTIMED_CALLS_PER_TRIAL {
                    self.end_trials();
                }
                Turn {
                    unit: head,
                    ..Turn::default()
                }
            }
        }
    }

    fn tried(&self, entry: &EntryRecord, which: usize, native: bool, nanoseconds: u64) {
        let version = self.inner.try_borrow().ok().and_then(|inner| {
            let mut versions = inner.versions.iter();
            versions
                .find(|version| Rc::as_ptr(version) as usize == which)
                .cloned()
        });
        let trial = match &version {
            Some(version) => &version.trial,
            None if which == WHOLE => &self.trial,
            None => return,
        };
        let mut trial = trial.borrow_mut();
        let Some(native_wins) = trial.as_mut().and_then(|t| t.tried(native, nanoseconds)) else {
            let wants_stub = native && trial.as_ref().is_some_and(Trial::wants_stub);
            drop(trial);
            if wants_stub && let Some(tried) = version.or_else(|| self.chain().first().cloned()) {
                Python::attach(|py| self.make_stub(py, &tried));
            }
            return;
        };
        let Some(finished) = trial.take() else {
            return;
        };
        drop(trial);
        Python::attach(|py| log(py, "trial", || format!("{}: {finished}", self.name)));
        if let Some(version) = &version {
            version.gain.set(Some(finished.gain()));
        }
        match version {
            _ if native_wins => self.after_trial(entry),
            _ if self.applies_lessons(entry, version.as_deref()) => {}
            Some(version) => self.keep_for_callers(entry, &version, slower()),
            None => Python::attach(|py| self.refuse(py, slower())),
        }
    }

    fn untaken(&self, calls: u64) {
        if !policy::is_weighed(calls) {
            return;
        }
        let (doubtful, certain): (Vec<_>, Vec<_>) = self
            .chain()
            .into_iter()
            .partition(|version| version.compiled.estimate.doubtful);
        let entries = |versions: &[Rc<Version>]| -> u64 {
            let units = versions.iter().map(|version| &version.compiled.unit);
            units.map(|unit| unit.entries.get()).sum()
        };
        if entries(&doubtful) >= entries(&certain) {
            // Most calls gain little: only a trial of all calls as they come can tell.
            if let Some(entry) = self.entry() {
                self.try_all_calls(&entry);
            }
            return;
        }
        let too_few = self.inner.try_borrow().is_ok_and(|inner| {
            let current = inner.versions.iter();
            let native = current.map(|version| {
                let calls = version.compiled.unit.entries.get();
                (calls, policy::gain(version))
            });
            policy::too_few_taken(calls, native)
        });
        if too_few {
            let refusal = Refusal {
                reason:
                    "most of its calls have arguments of types for which native code does not gain"
                        .into(),
                offset: None,
                hint: "call it with few types of arguments, or split it by type".into(),
            };
            Python::attach(|py| self.refuse(py, refusal));
        }
    }

    fn first_unit(&self) -> Option<Rc<Unit>> {
        let chain = self.chain();
        let first = chain.first()?;
        Some(first.compiled.unit.clone())
    }

    fn prepare_check<'py>(&self, call: &Call<'py>) -> Option<Check<'py>> {
        verify::prepare(self, call)
    }

    fn finish_check<'py>(
        &self,
        call: &Call<'py>,
        check: &Check<'py>,
        plain: &PyResult<Bound<'py, PyAny>>,
        native: &PyResult<Bound<'py, PyAny>>,
    ) {
        verify::finish(self, call, check, plain, native);
    }

    fn back_edge<'py>(
        &self,
        entry: &Rc<EntryRecord>,
        py: Python<'py>,
        header: u32,
        frame: &RunningFrame,
    ) -> BackEdge<'py> {
        loops::back_edge(self, entry, py, header, frame)
    }

    fn loop_left(&self, unit: &Unit, left: Left, nanoseconds: u64) {
        self.loops.left(unit, left, nanoseconds);
    }

    fn stub_wanted(&self, py: Python<'_>, entry: &EntryRecord, unit: &Unit) {
        let inner = self.inner.try_borrow().ok();
        let version = inner.and_then(|inner| inner.version_of(unit));
        // A loop's unit does without: it is entered to stay for a while.
        let Some(version) = version else { return };
        self.make_stub(py, &version);
        // Calls may go elsewhere by now.
        if unit.entry.get() != 0 && dispatch::sends_to(entry, unit) {
            dispatch::send_to(entry, unit);
        }
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
        if !policy::concerns_version(site.reason) {
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
        // A guard that was moved leaves where other operands are on the stack.
        let state = unit
            .table
            .get()
            .and_then(|table| table.states.get(site.state as usize));
        let at_its_place = state
            .and_then(|state| state.frames.last())
            .is_some_and(|frame| frame.offset == site.offset);
        let mut new_class = false;
        if site.reason == ExitReason::NotSeen
            || site.reason == ExitReason::ClassChanged && at_its_place
        {
            for (position, object) in operands.iter().enumerate() {
                let Some(object) = object else { continue };
                let ty = class_of(object);
                let width = if ty == Type::INT {
                    int_class(object)
                } else {
                    IntClass::Unknown
                };
                let classes = observe(object).classes;
                new_class |=
                    inner
                        .history
                        .record_operand(code, site.offset, position, ty, width, &classes);
            }
        }
        if site.reason == ExitReason::ClassChanged {
            let compilation = inner.compilations;
            inner
                .history
                .record_class(code, site.offset, compilation, new_class);
        }
        let teaches = policy::teaches(site.reason, left);
        if unit.in_place {
            drop(inner);
            self.loops.left_early(unit);
            if teaches {
                self.loops.taught(unit);
            }
            return;
        }
        let Some(version) = inner.version_of(unit) else {
            return;
        };
        let compilations = inner.whole_compilations();
        drop(inner);
        let Some(entry) = self.entry() else { return };
        let called = self.has_native_callers();
        if teaches && compilations < policy::MAX_COMPILATIONS {
            let loops = self.loops.exist.get();
            if self.threshold > 1 && !policy::has_learned_enough(&version, loops) {
                version.lessons.set(true);
                return;
            }
            version.stale.set(true);
            entry.count_down(1);
            if called {
                // Its callers may never come by the entry.
                self.renew(&entry, &version);
            }
            return;
        }
        let (exits, entries) = (unit.exits.get(), unit.entries.get());
        let too_often = match called {
            true => policy::leaves_all_the_time(exits, version.since.elapsed()),
            false => policy::leaves_too_often(exits, entries),
        };
        if too_often {
            let refusal = Refusal {
                reason: "its native code kept leaving to the interpreter".into(),
                offset: None,
                hint: "see the exits in jit.stats(f)".into(),
            };
            self.give_up(&entry, version.kind.clone(), refusal);
        }
    }
}
