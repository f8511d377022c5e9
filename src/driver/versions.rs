//! The versions of a function: which call runs which, and which are given up.
//!
//! Versions form a chain by [`policy::generality`]: the entry stub of each sends what it does not take to the
//! next one, the last one to the runtime. A version is off the chain while it is stale (it will be compiled
//! again when a call of its kind comes) and for good when it is given up.
//!
//! What loses against the interpreter may still be worth its while to a compiled caller, who would have to call
//! the interpreter: such a version is for callers only. A call from outside never sees it.

use std::rc::{Rc, Weak};

use pyo3::prelude::*;

use super::compile;
use super::engine;
use super::kind::Kind;
use super::observe::{look, observe};
use super::policy;
use super::record::{BUSY, Inner, Purpose, Record, Verdict, log};
use super::trial::Trial;
use super::verify;
use super::version::Version;
use crate::feedback::Fact;
use crate::lift::Refusal;
use crate::runtime::dispatch;
use crate::runtime::entry::EntryRecord;
use crate::runtime::unit::Unit;
use crate::runtime::verify as runtime_verify;

/// What to compile next.
pub struct Plan {
    /// What it is for.
    pub kind: Kind,
    /// What is known of the arguments.
    pub args: Vec<Fact>,
    /// The version it replaces.
    pub replaces: Option<Rc<Version>>,
}

impl Record {
    /// What to compile for arguments like these. What a stale version of the kind was for stays in force, widened
    /// by what comes now; one for all classes knows what those for single ones knew.
    pub fn plan(&self, args: Vec<Fact>) -> Plan {
        let inner = self.inner.borrow();
        let kind = inner.kind_for(&args);
        let mut plan = Plan {
            kind,
            args,
            replaces: None,
        };
        for version in &inner.versions {
            let same = version.kind == plan.kind;
            if same || !plan.kind.names_classes() && version.kind.has_types_of(&plan.kind) {
                for (mine, theirs) in plan.args.iter_mut().zip(&version.args) {
                    mine.absorb(theirs);
                }
            }
            if same {
                plan.replaces = Some(version.clone());
            }
        }
        plan
    }

    /// Makes the version one of those that calls try.
    pub fn install(
        &self,
        entry: &EntryRecord,
        version: Rc<Version>,
        replaced: Option<&Rc<Version>>,
    ) {
        let doubtful = version.compiled.estimate.doubtful && self.threshold > 1;
        let replaced_for_callers = self.replace(version.clone(), replaced);
        self.inner.borrow_mut().verdict = Verdict::Native;
        if !replaced_for_callers {
            self.make_callers_stale();
        }
        if doubtful {
            // What is interpreted in a trial is the interpreter's alone.
            Python::attach(|py| self.loops.disarm(&entry.function(py)));
            version.trial.replace(Some(Trial::default()));
        }
        self.link(entry);
    }

    /// Gives a version its entry stub, if it has none and that is possible now.
    pub(super) fn make_stub(&self, py: Python<'_>, version: &Version) {
        let unit = &version.compiled.unit;
        if unit.entry.get() != 0 {
            return;
        }
        let Some(mut engine) = engine::take(py) else {
            return;
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            compile::make_stub(py, &mut engine, &version.compiled.function, unit)
        }));
        if let Ok(Ok(milliseconds)) = outcome {
            engine.milliseconds += milliseconds;
            if let Ok(mut inner) = self.inner.try_borrow_mut() {
                inner.milliseconds += milliseconds;
            }
        }
        engine::put_back(py, engine);
        log(py, "compile", || match outcome {
            Ok(Ok(milliseconds)) => format!("{}: entry in {milliseconds:.2} ms", self.name),
            Ok(Err(error)) => format!("{}: no entry: {error}", self.name),
            Err(_) => format!("{}: no entry", self.name),
        });
    }

    /// Those that calls may run, in the order in which they try them.
    pub(super) fn chain(&self) -> Vec<Rc<Version>> {
        let Ok(inner) = self.inner.try_borrow() else {
            return Vec::new();
        };
        let current = inner.versions.iter();
        let mut chain: Vec<_> = current
            .filter(|version| version.is_entered())
            .cloned()
            .collect();
        chain.sort_by_key(|version| policy::generality(version));
        chain
    }

    /// Chains the versions, and sends calls to the first one or to a trial.
    pub(super) fn link(&self, entry: &EntryRecord) {
        let chain = self.chain();
        let settled = self
            .inner
            .try_borrow()
            .is_ok_and(|inner| !inner.may_grow() || !inner.given_up.is_empty())
            && chain.iter().all(|version| version.is_entered());
        let units: Vec<_> = chain
            .iter()
            .map(|version| version.compiled.unit.clone())
            .collect();
        dispatch::chain(&units, settled);
        if !self.binds_all_calls.get() && Python::attach(verify::is_on) {
            runtime_verify::send_to_checks(entry);
        } else if self.is_on_trial() || chain.iter().any(|version| version.is_on_trial()) {
            dispatch::send_to_trial(entry);
        } else if self.binds_all_calls.get() && !chain.is_empty() {
            dispatch::send_to_binder(entry);
        } else if let Some(first) = units.first() {
            dispatch::send_to(entry, first);
        } else {
            // All are stale: the next call compiles.
            entry.count_down(1);
        }
    }

    /// The runtime had to bind a call: whether native code pays all the same is tried after some of them.
    pub(super) fn count_bound_call(&self, entry: &EntryRecord) {
        let count = self.bound_calls.get() + 1;
        self.bound_calls.set(count);
        if count < self.next_trial_at.get() || self.is_on_trial() {
            return;
        }
        self.next_trial_at.set(16 * count);
        self.try_all_calls(entry);
    }

    /// Starts the trial of all calls together, whichever version takes them, or none.
    pub(super) fn try_all_calls(&self, entry: &EntryRecord) {
        let native = self
            .inner
            .try_borrow()
            .is_ok_and(|inner| inner.verdict == Verdict::Native);
        if native && !self.any_trial() && self.threshold > 1 && entry.is_running() {
            Python::attach(|py| self.loops.disarm(&entry.function(py)));
            self.trial.replace(Some(Trial::default()));
            dispatch::send_to_trial(entry);
        }
    }

    /// Ends the trials of versions that are called too rarely: they stay as they are.
    pub(super) fn end_trials(&self) {
        self.untimed_calls.set(0);
        for version in self.chain() {
            version.trial.replace(None);
        }
        if let Some(entry) = self.entry() {
            self.after_trial(&entry);
        }
    }

    /// Before native code is given up for losing: what its exits taught goes into another compilation. False if
    /// they taught nothing.
    pub(super) fn applies_lessons(&self, entry: &EntryRecord, tried: Option<&Version>) -> bool {
        let Ok(inner) = self.inner.try_borrow() else {
            return false;
        };
        if inner.whole_compilations() >= policy::MAX_COMPILATIONS {
            return false;
        }
        let mut applied = false;
        for version in &inner.versions {
            let concerned = tried.is_none_or(|tried| std::ptr::eq(tried, Rc::as_ptr(version)));
            if concerned && version.lessons.take() {
                version.stale.set(true);
                applied = true;
            }
        }
        if applied {
            entry.count_down(1);
        }
        applied
    }

    /// Native code stays: the loops of interpreted calls may be entered again.
    pub(super) fn after_trial(&self, entry: &EntryRecord) {
        if cfg!(Py_3_12) {
            Python::attach(|py| self.loops.arm(&entry.function(py)));
        }
        self.link(entry);
    }

    /// Some trial is on.
    pub(super) fn any_trial(&self) -> bool {
        self.is_on_trial()
            || self.inner.try_borrow().map_or(true, |inner| {
                inner
                    .versions
                    .iter()
                    .any(|version| version.is_entered() && version.is_on_trial())
            })
    }

    /// The trial of all calls together is on.
    pub(super) fn is_on_trial(&self) -> bool {
        self.trial
            .try_borrow()
            .map_or(true, |trial| trial.is_some())
    }

    /// A unit we call was replaced: compile again at the next call.
    pub(super) fn make_stale(&self) {
        let mut fresh = false;
        if let Ok(inner) = self.inner.try_borrow() {
            for version in &inner.versions {
                fresh |= !version.stale.replace(true);
            }
        }
        self.loops.make_stale();
        if let Some(entry) = self.entry() {
            entry.count_down(1);
        }
        if fresh {
            // Those that call us directly do not come by the entry.
            self.make_callers_stale();
        }
    }

    /// Compiled callers must not go on calling what they call now.
    pub(super) fn make_callers_stale(&self) {
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            return;
        };
        let callers = std::mem::take(&mut inner.dependents);
        drop(inner);
        for caller in callers.iter().filter_map(Weak::upgrade) {
            if !std::ptr::eq(Rc::as_ptr(&caller), self) {
                caller.make_stale();
            }
        }
    }

    /// Compiled callers that may call a unit of the function directly.
    pub(super) fn has_native_callers(&self) -> bool {
        self.inner.try_borrow().is_ok_and(|inner| {
            let mut callers = inner.dependents.iter();
            callers.any(|caller| caller.strong_count() > 0 && !std::ptr::eq(caller.as_ptr(), self))
        })
    }

    /// The native version for arguments like these, if there is one.
    pub fn version_for(&self, args: &[Fact]) -> Option<Rc<Version>> {
        let chain = self.chain();
        chain
            .into_iter()
            .find(|version| version.accepts_facts(args))
    }

    /// The native version that a compiled caller calls with arguments like these, if there is one.
    pub fn version_for_callers(&self, args: &[Fact]) -> Option<Rc<Version>> {
        let inner = self.inner.try_borrow().ok()?;
        let fitting = inner
            .versions
            .iter()
            .filter(|version| !version.stale.get() && version.accepts_facts(args));
        fitting
            .min_by_key(|version| policy::generality(version))
            .cloned()
    }

    /// The code of the version that takes these arguments, of all parameters.
    pub(super) fn unit_for(&self, arguments: &[Borrowed<'_, '_, PyAny>]) -> Option<Rc<Unit>> {
        let inner = self.inner.try_borrow().ok()?;
        let fitting = inner
            .versions
            .iter()
            .filter(|version| version.is_entered() && version.takes(arguments));
        let version = fitting.min_by_key(|version| policy::generality(version))?;
        Some(version.compiled.unit.clone())
    }

    /// No version takes these arguments: count, and make another version in time.
    pub fn missed(&self, py: Python<'_>, args: &[Option<Bound<'_, PyAny>>]) {
        let Some(entry) = self.entry() else { return };
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            return;
        };
        let types = args
            .iter()
            .map(|object| object.as_ref().map_or_else(Fact::default, look));
        let kind = inner.kind_for(&types.collect::<Vec<_>>());
        inner.misses += 1;
        // Of the same types is one that is stale or for narrower ints: it is compiled again, widened.
        let mut versions = inner.versions.iter();
        let same_kind = versions
            .find(|version| version.kind == kind && !version.for_callers.get())
            .cloned();
        let wanted = match &same_kind {
            Some(_) => inner.whole_compilations() < policy::MAX_COMPILATIONS,
            None => inner.may_grow() && !inner.given_up.contains(&kind),
        };
        if !wanted || inner.misses < policy::MISSES_PER_VERSION {
            return;
        }
        inner.misses = 0;
        if let Some(version) = same_kind {
            version.stale.set(true);
        }
        drop(inner);
        // Here and now: the next call may be of another kind.
        let function = entry.function(py);
        if !self.never.get() && !self.is_compiling() && !self.must_wait(py) {
            let facts = args
                .iter()
                .map(|object| object.as_ref().map_or_else(Fact::default, observe));
            self.compile_for(&entry, &function, facts.collect());
        }
    }

    /// May arguments like these have a version compiled? If compilations are used up, the stale ones stay as
    /// they are.
    pub(super) fn may_compile(&self, kind: &Kind) -> bool {
        let inner = self.inner.borrow();
        if inner.whole_compilations() >= policy::MAX_COMPILATIONS {
            for version in &inner.versions {
                version.stale.set(false);
            }
            return false;
        }
        let known = inner
            .versions
            .iter()
            .any(|version| version.kind == *kind && !version.for_callers.get());
        known || inner.may_grow() && !inner.given_up.contains(kind)
    }

    /// Calls with arguments of these types are interpreted from now on. If there is no version for others, the
    /// function is.
    pub(super) fn give_up(&self, entry: &EntryRecord, kind: Kind, refusal: Refusal) {
        {
            let mut inner = self.inner.borrow_mut();
            let inner = &mut *inner;
            let (gone, left) = std::mem::take(&mut inner.versions)
                .into_iter()
                .partition(|version| version.kind == kind);
            inner.versions = left;
            let gone: Vec<Rc<Version>> = gone;
            let units = gone.iter().map(|version| version.compiled.unit.clone());
            inner.retired.extend(units);
            inner.refused_to_callers.push(kind.clone());
        }
        self.make_callers_stale();
        self.interpret_kind(entry, kind, refusal);
    }

    /// As [`give_up`](Self::give_up), but compiled callers may go on calling the version: it loses nothing but what
    /// entering it from the interpreter costs.
    pub(super) fn keep_for_callers(
        &self,
        entry: &EntryRecord,
        version: &Version,
        refusal: Refusal,
    ) {
        version.for_callers.set(true);
        version.trial.replace(None);
        self.interpret_kind(entry, version.kind.clone(), refusal);
    }

    /// No version is entered with arguments of these types any more.
    fn interpret_kind(&self, entry: &EntryRecord, kind: Kind, refusal: Refusal) {
        let others = {
            let mut inner = self.inner.borrow_mut();
            if !inner.given_up.contains(&kind) {
                inner.given_up.push(kind);
            }
            let mut versions = inner.versions.iter();
            versions.any(|version| !version.for_callers.get())
        };
        if others {
            Python::attach(|py| {
                log(py, "trial", || {
                    format!("{}: a version is given up: {}", self.name, refusal.reason)
                });
            });
            self.link(entry);
        } else {
            Python::attach(|py| self.refuse(py, refusal));
        }
    }

    /// Compiles for a compiled caller; false if that is no use.
    pub(super) fn compile_for_caller(
        &self,
        entry: &EntryRecord,
        function: &Bound<'_, PyAny>,
        args: Vec<Fact>,
    ) -> bool {
        let plan = self.plan(args);
        let closed = {
            let inner = self.inner.borrow();
            if inner.refused_to_callers.contains(&plan.kind)
                || inner.whole_compilations() >= policy::MAX_COMPILATIONS_WITH_CALLERS
                || plan.replaces.is_none() && inner.versions.len() >= policy::MAX_VERSIONS
            {
                return false;
            }
            matches!(inner.verdict, Verdict::Interpreted(_)) || inner.given_up.contains(&plan.kind)
        };
        match self.compile_as(function, &plan, Purpose::Caller) {
            Ok(version) if closed || !version.compiled.estimate.pays_alone => {
                self.install_for_callers(version, plan.replaces.as_ref());
                true
            }
            Ok(version) => {
                self.install(entry, version, plan.replaces.as_ref());
                true
            }
            Err(refusal) => {
                if refusal.reason != BUSY {
                    self.inner.borrow_mut().refused_to_callers.push(plan.kind);
                }
                false
            }
        }
    }

    fn install_for_callers(&self, version: Rc<Version>, replaced: Option<&Rc<Version>>) {
        version.for_callers.set(true);
        let replaced_for_callers = self.replace(version, replaced);
        if !replaced_for_callers {
            self.make_callers_stale();
        }
    }

    /// Puts the version in place of another one. False if compiled callers of that one cannot call this one.
    fn replace(&self, version: Rc<Version>, replaced: Option<&Rc<Version>>) -> bool {
        let mut redirected = true;
        let mut inner = self.inner.borrow_mut();
        if let Some(old) = replaced {
            inner.versions.retain(|other| !Rc::ptr_eq(other, old));
            let unit = old.compiled.unit.clone();
            let body = unit.body.get();
            inner.retired.push(unit);
            // Compiled callers of the old code, and of what it replaced, call the new one, if that fits.
            let mut callable = inner.retired.iter().filter(|unit| unit.body.get() == body);
            redirected = callable.all(|unit| unit.redirect(&version.compiled.unit));
        }
        inner.versions.insert(0, version);
        redirected
    }
}

impl Inner {
    /// The version a unit belongs to.
    pub(super) fn version_of(&self, unit: &Unit) -> Option<Rc<Version>> {
        let mut versions = self.versions.iter();
        versions
            .find(|version| std::ptr::eq(Rc::as_ptr(&version.compiled.unit), unit))
            .cloned()
    }

    /// What a version that takes these arguments is for: their very classes, unless there are too many.
    fn kind_for(&self, args: &[Fact]) -> Kind {
        let exact = Kind::by_class(args);
        let current = self.versions.iter().map(|version| &version.kind);
        let mut others = current
            .chain(&self.given_up)
            .filter(|kind| kind.names_classes() && kind.has_types_of(&exact));
        if !exact.names_classes()
            || others.clone().any(|kind| *kind == exact)
            || others.by_ref().count() < policy::MAX_CLASSES_APART
        {
            return exact;
        }
        Kind::by_type(args)
    }

    /// May there be a version for further types?
    fn may_grow(&self) -> bool {
        let entered = self
            .versions
            .iter()
            .filter(|version| !version.for_callers.get());
        entered.count() + self.given_up.len() < policy::MAX_VERSIONS
            && self.whole_compilations() < policy::MAX_COMPILATIONS
    }
}
