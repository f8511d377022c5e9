//! `jit.enable()`: every function comes under the JIT without decoration.
//!
//! What exists is found by the garbage collector's lists, what is made later by the function watcher (3.12+) or,
//! on 3.11, when its module was imported or it is seen running. Such a function gets an entry and
//! nothing else ([`Lazy`]): its record is made when it is called, or later if it has no loop.
//!
//! The policy in short, beside that of decorated functions (`record.rs`): a function with loops waits for as many
//! calls as one without, or for one of its loops to get hot. Compiling takes at most `compile_share` percent
//! of the time since `enable`. Of the functions made from one code object the first few get an entry, and the
//! later ones only if such functions do get hot; code that was refused gets none.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::attach::{make_record, settle};
use super::engine;
use super::record::Record;
use super::siblings;
use crate::bytecode::{Version, may_jump_back};
use crate::runtime::entry::{
    self, AddressMap, Call, Check, EntryRecord, EntryState, Fitting, Turn,
};
use crate::runtime::function_watcher::{self, Hooks};
use crate::runtime::gil_cell::GilCell;
use crate::runtime::osr::{BackEdge, Left, RunningFrame};
use crate::runtime::unit::Unit;

/// Functions of one code object that get an entry in any case.
const FIRST: u32 = 4;
/// Frames of the stack that a sample looks at.
const SAMPLED_FRAMES: usize = 4;
/// Milliseconds of compiling that are free.
const FREE_MILLISECONDS: f64 = 50.0;
/// Refusals of functions of one code object after which no more of them get an entry.
const MAX_REFUSED: u32 = 3;

/// What is known of the functions of one code object.
#[derive(Default)]
struct Row {
    made: u32,
    attached: u32,
    compiled: u32,
    refused: u32,
    /// Back jumps of functions without entry.
    turns: u32,
    /// None of them gets an entry.
    off: bool,
}

impl Row {
    /// One more was made: does it get an entry?
    fn another(&mut self) -> bool {
        self.made = self.made.saturating_add(1);
        if self.off {
            return false;
        }
        let wanted = self.attached < FIRST
            || self.compiled.saturating_mul(2) >= self.attached
            || self.made.is_power_of_two();
        self.attached += u32::from(wanted);
        wanted
    }
}

/// By address of the code object.
static ROWS: GilCell<Option<AddressMap<Row>>> = GilCell::new(None);
/// When it was enabled, and the milliseconds of compiling by then.
static SINCE: GilCell<Option<(Instant, f64)>> = GilCell::new(None);

fn with_row<R>(py: Python<'_>, code: usize, action: impl FnOnce(&mut Row, bool) -> R) -> R {
    ROWS.with(py, |rows| {
        let rows = rows.get_or_insert_default();
        let mut new = false;
        let row = rows.entry(code).or_insert_with(|| {
            new = true;
            Row::default()
        });
        action(row, new)
    })
}

/// Does every function come under the JIT?
pub fn is_on() -> bool {
    function_watcher::is_active()
}

/// Every function from now on, and the given ones. False where the interpreter cannot.
pub fn enable(py: Python<'_>, existing: &[Bound<'_, PyAny>]) -> bool {
    let milliseconds = |state: &mut engine::State| state.as_ref().ok().map(|e| e.milliseconds);
    let Some(milliseconds) = engine::with(py, milliseconds) else {
        return false;
    };
    SINCE.with(py, |since| {
        since.get_or_insert((Instant::now(), milliseconds));
    });
    for function in existing {
        take_over(function);
    }
    let hooks = Hooks {
        made,
        jumped,
        code_died,
        sample,
    };
    if !function_watcher::activate(py, hooks) {
        return false;
    }
    for function in function_watcher::running(py, usize::MAX) {
        enter_running(&function);
    }
    true
}

/// No function any more, but those that have an entry keep it.
pub fn disable(py: Python<'_>) {
    function_watcher::deactivate();
    SINCE.with(py, |since| *since = None);
}

/// Has compiling taken its share?
pub fn is_over_budget(py: Python<'_>) -> bool {
    let share = engine::number(py, "compile_share");
    let Some((since, before)) = SINCE.with(py, |since| *since) else {
        return false;
    };
    if share >= 100 {
        return false;
    }
    let spent = engine::with(py, |state| state.as_ref().map_or(0.0, |e| e.milliseconds)) - before;
    let allowed = since.elapsed().as_secs_f64() * 1e3 * f64::from(share) / 100.0;
    spent > FREE_MILLISECONDS + allowed
}

/// A function was compiled for the first time.
pub fn compiled(function: &Bound<'_, PyAny>) {
    let code = function_watcher::code_address(function);
    with_row(function.py(), code, |row, _| row.compiled += 1);
}

/// A function stays interpreted.
pub fn refused(function: &Bound<'_, PyAny>) {
    let code = function_watcher::code_address(function);
    with_row(function.py(), code, |row, _| {
        row.refused += 1;
        row.off |= row.refused >= MAX_REFUSED && row.refused > row.compiled;
    });
}

/// A function that exists: an entry, unless it has one or must not.
pub fn take_over(function: &Bound<'_, PyAny>) {
    let code = function_watcher::code_address(function);
    if code == 0 {
        return;
    }
    let own = || is_own(function);
    let wanted = with_row(function.py(), code, |row, new| {
        row.off |= new && own();
        row.another()
    });
    if wanted {
        attach_lazily(function);
    }
}

/// brolga's own Python code is left alone.
fn is_own(function: &Bound<'_, PyAny>) -> bool {
    let module = function.getattr(pyo3::intern!(function.py(), "__module__"));
    let Ok(module) = module else { return false };
    let name = module.cast::<PyString>().ok().and_then(|m| m.to_str().ok());
    name.is_some_and(|name| name == "brolga" || name.starts_with("brolga."))
}

fn attach_lazily(function: &Bound<'_, PyAny>) {
    if let Some(entry) = entry::entry_of(function) {
        let is_final = match entry.state().as_any().downcast_ref::<Record>() {
            Some(_) => true,
            None => entry
                .state()
                .as_any()
                .downcast_ref::<Lazy>()
                .is_none_or(|lazy| lazy.record.get().is_some()),
        };
        if is_final || entry.is_attached() {
            return;
        }
    }
    // One that cannot get an entry runs as it is.
    let _ = entry::attach(function, Rc::new(Lazy::default()), 1);
}

fn made(function: &Bound<'_, PyAny>) {
    take_over(function);
}

fn code_died(py: Python<'_>, code: usize) {
    ROWS.with(py, |rows| rows.as_mut().and_then(|rows| rows.remove(&code)));
}

/// A function without entry jumped back: one of many siblings. It gets an entry when they have turned as often
/// together as one alone must.
fn jumped(function: &Bound<'_, PyAny>) -> bool {
    let py = function.py();
    let threshold = engine::number(py, "loop_threshold").max(1);
    let code = function_watcher::code_address(function);
    let (goes_on, hot) = with_row(py, code, |row, _| {
        row.turns += 1;
        let hot = row.turns >= threshold.saturating_mul(1 + row.compiled);
        if hot {
            row.turns = 0;
        }
        (!row.off, hot && !row.off)
    });
    if hot {
        attach_lazily(function);
    }
    goes_on
}

/// 3.11: what runs gets an entry.
fn sample(py: Python<'_>) {
    for function in function_watcher::running(py, SAMPLED_FRAMES) {
        if entry::entry_of(&function).is_none() {
            take_over(&function);
            enter_running(&function);
        }
    }
}

/// A function that runs already may have a hot loop.
fn enter_running(function: &Bound<'_, PyAny>) {
    if may_loop(function)
        && let Some(entry) = entry::entry_of(function)
        && let Some(lazy) = entry.state().as_any().downcast_ref::<Lazy>()
        && let Some(record) = lazy.record(function, &entry)
        && record.loops.begin(function, false)
    {
        entry.count_down(record.threshold);
    }
}

fn may_loop(function: &Bound<'_, PyAny>) -> bool {
    let minor = u32::from(function.py().version_info().minor);
    let Some(version) = Version::from_minor(minor) else {
        return false;
    };
    let look = |code: &[u8]| may_jump_back(version, code);
    function_watcher::with_adaptive_code(function, look).unwrap_or(false)
}

/// The state of a function that nobody decorated: a record, once it is called often enough.
#[derive(Default)]
pub struct Lazy {
    record: OnceCell<Rc<Record>>,
    /// It was called.
    called: Cell<bool>,
}

impl Lazy {
    /// The record, made now if there is none.
    pub fn record(
        &self,
        function: &Bound<'_, PyAny>,
        entry: &Rc<EntryRecord>,
    ) -> Option<Rc<Record>> {
        if let Some(record) = self.record.get() {
            return Some(record.clone());
        }
        let py = function.py();
        let threshold = engine::number(py, "threshold").max(1);
        let (record, _) = make_record(function, threshold, false).ok()?;
        record.undecorated.set(true);
        self.keep(py, entry, record)
    }

    fn keep(
        &self,
        py: Python<'_>,
        entry: &Rc<EntryRecord>,
        record: Rc<Record>,
    ) -> Option<Rc<Record>> {
        if self.record.set(record.clone()).is_ok() {
            settle(py, &record, entry);
        }
        self.record.get().cloned()
    }

    /// `@jit` on the function.
    pub fn decorate(
        &self,
        function: &Bound<'_, PyAny>,
        entry: &Rc<EntryRecord>,
        threshold: u32,
        strict: bool,
    ) -> PyResult<()> {
        let py = function.py();
        if self.record.get().is_none() {
            let (record, countdown) = make_record(function, threshold, strict)?;
            self.keep(py, entry, record);
            self.called.set(true);
            if entry.is_attached() {
                entry.count_down(countdown);
            } else if let Ok(entry) = entry::attach(function, Rc::new(Lazy::default()), countdown) {
                // The old record came back, and with it this state.
                entry.count_down(countdown);
            }
        }
        Ok(())
    }

    fn ready(&self) -> Option<&Rc<Record>> {
        self.record.get()
    }
}

impl EntryState for Lazy {
    fn hot(&self, entry: &EntryRecord, call: &Call<'_>) {
        let py = call.callable.py();
        let function = entry.function(py);
        if self.ready().is_none() && !is_on() {
            entry.detach(py);
            return;
        }
        if !self.called.replace(true) && self.ready().is_none() && !may_loop(&function) {
            let threshold = engine::number(py, "threshold").max(1);
            if threshold > 1 {
                entry.count_down(threshold - 1);
                return;
            }
        }
        let shared = entry::entry_of(&function);
        match shared.and_then(|shared| self.record(&function, &shared)) {
            Some(record) => record.hot(entry, call),
            None => entry.detach(py),
        }
    }

    fn fitting<'py>(&self, entry: &EntryRecord, call: &Call<'py>) -> Option<Fitting<'py>> {
        self.ready()?.fitting(entry, call)
    }

    fn quick_fitting(
        &self,
        entry: &EntryRecord,
        arguments: &[Borrowed<'_, '_, PyAny>],
    ) -> Option<Rc<Unit>> {
        self.ready()?.quick_fitting(entry, arguments)
    }

    fn next_turn(&self, arguments: Option<&[Borrowed<'_, '_, PyAny>]>) -> Turn {
        self.ready()
            .map_or_else(Turn::default, |record| record.next_turn(arguments))
    }

    fn tried(&self, entry: &EntryRecord, which: usize, native: bool, nanoseconds: u64) {
        if let Some(record) = self.ready() {
            record.tried(entry, which, native, nanoseconds);
        }
    }

    fn untaken(&self, calls: u64) {
        if let Some(record) = self.ready() {
            record.untaken(calls);
        }
    }

    fn first_unit(&self) -> Option<Rc<Unit>> {
        self.ready()?.first_unit()
    }

    fn prepare_check<'py>(&self, call: &Call<'py>) -> Option<Check<'py>> {
        self.ready()?.prepare_check(call)
    }

    fn finish_check<'py>(
        &self,
        call: &Call<'py>,
        check: &Check<'py>,
        plain: &PyResult<Bound<'py, PyAny>>,
        native: &PyResult<Bound<'py, PyAny>>,
    ) {
        if let Some(record) = self.ready() {
            record.finish_check(call, check, plain, native);
        }
    }

    fn stub_wanted(&self, py: Python<'_>, entry: &EntryRecord, unit: &Unit) {
        if let Some(record) = self.ready() {
            record.stub_wanted(py, entry, unit);
        }
    }

    fn back_edge<'py>(
        &self,
        entry: &Rc<EntryRecord>,
        py: Python<'py>,
        header: u32,
        frame: &RunningFrame,
    ) -> BackEdge<'py> {
        match self.record(&entry.function(py), entry) {
            Some(record) => record.back_edge(entry, py, header, frame),
            None => BackEdge::Disable,
        }
    }

    fn loop_left(&self, unit: &Unit, left: Left, nanoseconds: u64) {
        if let Some(record) = self.ready() {
            record.loop_left(unit, left, nanoseconds);
        }
    }

    fn as_any(&self) -> &dyn Any {
        match self.ready() {
            Some(record) => record.as_any(),
            None => self,
        }
    }
}

/// Calls until an undecorated function with loops is compiled as a whole.
pub fn later_calls(function: &Bound<'_, PyAny>, threshold: u32) -> u32 {
    let code = function
        .getattr(pyo3::intern!(function.py(), "__code__"))
        .ok()
        .and_then(|code| code.cast_into().ok());
    code.map_or(threshold, |code| siblings::countdown(&code, threshold))
        .saturating_sub(1)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn the_first_few_of_many_closures_get_an_entry_and_then_fewer_and_fewer() {
        let mut row = Row::default();
        let attached = (0..1000).filter(|_| row.another()).count();
        assert!(attached < 20, "{attached}");
    }

    #[test]
    fn all_of_them_do_while_they_get_hot() {
        let mut row = Row::default();
        for _ in 0..100 {
            assert!(row.another());
            row.compiled += 1;
        }
    }

    #[test]
    fn none_does_once_it_is_refused() {
        let mut row = Row {
            off: true,
            ..Row::default()
        };
        assert!((0..100).all(|_| !row.another()));
    }
}
