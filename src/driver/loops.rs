//! Loops that are entered while they run: counting, compiling, budgets.
//!
//! The policy in short: the first call of a function with loops arms them. A loop that has jumped back
//! `loop_threshold` times is compiled for what the frame holds, and entered; a loop around it that has come
//! round already is preferred, and waits for its own next turn. A loop that left is entered again at its
//! next turn. An exit that teaches something costs the version, a frame of another kind widens it; both are
//! bounded. A loop that stays in native code too shortly to pay is left to the interpreter for good: what it gains
//! there is estimated from what it consists of ([`super::profit`]).

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::compile::Compiled;
use super::engine;
use super::record::{BUSY, Record, log};
use super::running;
use super::waiting::Generators;
use crate::bytecode::{CodeBytes, decode};
use crate::ffi::code_view;
use crate::lift::{self, EntryPoint, Refusal};
use crate::runtime::entry::EntryRecord;
use crate::runtime::osr::{self, BackEdge, Entering, Left, RunningFrame, Slots};
use crate::runtime::unit::Unit;

/// Compilations per loop.
const MAX_COMPILATIONS: u32 = 8;
/// Those of them whose unknown operations may become exits that learn.
const MAX_LEARNING: u32 = 4;
/// Entries over which the time in native code is averaged.
const WINDOW: u32 = 64;
/// What an entry and its exit cost, nanoseconds: what is gained in machine code between them must be more.
const ENTRY_COST: f64 = if cfg!(Py_3_12) { 1600.0 } else { 2000.0 };
/// The same of a loop that mostly leaves within a turn.
const EARLY_COST: f64 = 3.0 * ENTRY_COST;
/// Exits that teach something before the loop is compiled again, where its turns are short.
const LESSONS: u32 = 8;
/// A turn is short if it takes no longer.
const SHORT_TURN: Duration = Duration::from_micros(50);
/// What a turn counts for: 3.11's events cost more.
const TURN: u32 = if cfg!(Py_3_12) { 1 } else { 2 };
/// Turns of an outer loop after which it is preferred to the inner one.
const OUTER_TURNS: u32 = 2 * TURN;

/// Native code of a loop.
pub struct LoopVersion {
    /// What was compiled.
    pub compiled: Compiled,
    /// For which frames.
    point: EntryPoint,
    /// Which locals it changes.
    assigned: Vec<bool>,
    /// An exit taught something: to be compiled again.
    stale: Cell<bool>,
    /// Exits that taught something since it was compiled, and when the last one did.
    lessons: Cell<u32>,
    taught: Cell<Option<Instant>>,
}

impl LoopVersion {
    /// Is it time to compile again? What exits teach is collected while the turns that follow them are short.
    fn is_stale(&self) -> bool {
        if let Some(taught) = self.taught.take()
            && taught.elapsed() > SHORT_TURN
        {
            self.stale.set(true);
        }
        self.stale.get()
    }
}

/// One loop.
struct Row {
    header: u32,
    /// Back edges counted since it was looked at last.
    count: u32,
    /// Compile at the next turn.
    wanted: bool,
    /// Nothing before it has got hot again: compiling has taken its share.
    waits: bool,
    /// It gave way to an outer loop once.
    gave_way: bool,
    /// Its generators cannot be taken apart.
    whole_generators: bool,
    version: Option<Rc<LoopVersion>>,
    compilations: u32,
    /// Why it stays interpreted.
    off: Option<Refusal>,
    entries: u64,
    nanoseconds: u64,
    recent: Recent,
}

/// Entries of late, and the nanoseconds in machine code.
#[derive(Default)]
struct Recent {
    entries: u32,
    nanoseconds: u64,
    /// Those that left before the loop ended.
    early: u32,
}

/// What `stats` and `explain` say of a loop.
pub struct LoopReport {
    /// Code unit of its header.
    pub header: u32,
    /// Times native code was entered.
    pub entries: u64,
    /// Nanoseconds in it.
    pub nanoseconds: u64,
    /// Compilations.
    pub compilations: u32,
    /// Its code.
    pub version: Option<Rc<LoopVersion>>,
    /// Why it stays interpreted.
    pub refusal: Option<Refusal>,
}

/// The loops of one function.
#[derive(Default)]
pub struct Loops {
    /// Has the function any?
    pub exist: Cell<bool>,
    armed: Cell<bool>,
    tried: Cell<bool>,
    /// Code units of the headers, where they are asked for.
    headers: OnceCell<Vec<u32>>,
    rows: RefCell<Vec<Row>>,
    /// Earlier units: an activation may be inside until the function dies.
    retired: RefCell<Vec<Rc<Unit>>>,
}

impl Loops {
    /// Listens to the jumps of the function from its first call on. True at that call. A neighbour is not listened to
    /// where a trace function does it: the compiled function beside it would run interpreted meanwhile.
    pub fn begin(&self, function: &Bound<'_, PyAny>, neighbour: bool) -> bool {
        if !self.exist.get() || self.tried.replace(true) {
            return false;
        }
        if cfg!(Py_3_12) || !neighbour {
            self.arm(function);
        }
        true
    }

    /// Listens to the jumps of the function.
    pub fn arm(&self, function: &Bound<'_, PyAny>) -> bool {
        let py = function.py();
        if self.armed.get() || !self.exist.get() || threshold(py) == 0 {
            return false;
        }
        let armed = function
            .getattr("__code__")
            .is_ok_and(|code| osr::arm(py, &code));
        self.armed.set(armed);
        armed
    }

    /// Leaves them alone.
    pub fn disarm(&self, function: &Bound<'_, PyAny>) {
        if self.armed.replace(false)
            && let Ok(code) = function.getattr("__code__")
        {
            osr::disarm(function.py(), &code);
        }
    }

    /// All units that live, in use or not.
    pub fn units(&self) -> Vec<Rc<Unit>> {
        let rows = self.rows.borrow();
        let versions = rows.iter().filter_map(|row| row.version.as_ref());
        let mut units: Vec<_> = versions
            .map(|version| version.compiled.unit.clone())
            .collect();
        units.extend(self.retired.borrow().iter().cloned());
        units
    }

    /// A unit called from here was replaced.
    pub fn make_stale(&self) {
        if let Ok(rows) = self.rows.try_borrow() {
            for version in rows.iter().filter_map(|row| row.version.as_ref()) {
                version.stale.set(true);
            }
        }
    }

    /// For `stats` and `explain`, by header.
    pub fn reports(&self) -> Vec<LoopReport> {
        let rows = self.rows.borrow();
        let mut reports: Vec<LoopReport> = rows
            .iter()
            .map(|row| LoopReport {
                header: row.header,
                entries: row.entries,
                nanoseconds: row.nanoseconds,
                compilations: row.compilations,
                version: row.version.clone(),
                refusal: row.off.clone(),
            })
            .collect();
        reports.sort_by_key(|report| report.header);
        reports
    }

    /// The version a unit belongs to.
    fn version_of(&self, unit: &Unit) -> Option<Rc<LoopVersion>> {
        let rows = self.rows.try_borrow().ok()?;
        let mut versions = rows.iter().filter_map(|row| row.version.as_ref());
        versions
            .find(|version| std::ptr::eq(Rc::as_ptr(&version.compiled.unit), unit))
            .cloned()
    }

    /// An exit taught something about the unit. False if it is none of a loop, or final.
    pub fn taught(&self, unit: &Unit) -> bool {
        let Some(version) = self.version_of(unit) else {
            return false;
        };
        version.lessons.set(version.lessons.get() + 1);
        version.taught.set(Some(Instant::now()));
        if version.lessons.get() >= LESSONS {
            version.stale.set(true);
        }
        true
    }

    /// The unit was left before its loop ended.
    pub fn left_early(&self, unit: &Unit) {
        if let Ok(mut rows) = self.rows.try_borrow_mut()
            && let Some(row) = rows.iter_mut().find(|row| row.runs(unit))
        {
            row.recent.early += 1;
        }
    }

    /// Native code of a loop was left.
    pub fn left(&self, unit: &Unit, left: Left, nanoseconds: u64) {
        let Ok(mut rows) = self.rows.try_borrow_mut() else {
            return;
        };
        let Some(row) = rows.iter_mut().find(|row| row.runs(unit)) else {
            return;
        };
        row.nanoseconds += nanoseconds;
        if left != Left::Declined {
            row.entries += 1;
        }
        let stayed = unit.stayed.get().as_nanos() as u64;
        row.recent.entries += 1;
        row.recent.nanoseconds += stayed;
        if row.recent.entries >= WINDOW {
            let recent = std::mem::take(&mut row.recent);
            let average = recent.nanoseconds as f64 / f64::from(recent.entries);
            let speedup = row
                .version
                .as_ref()
                .map_or(1.0, |version| version.compiled.estimate.speedup);
            // What follows an early exit is interpreted to the end of the turn.
            let cost = match 2 * recent.early > recent.entries {
                true => EARLY_COST,
                false => ENTRY_COST,
            };
            if average * (speedup - 1.0) < cost {
                row.switch_off(Refusal {
                    reason: "the loop leaves native code too soon to gain by it".into(),
                    offset: Some(row.header),
                    hint: String::new(),
                });
            }
        }
    }
}

impl Row {
    fn new(header: u32) -> Row {
        Row {
            header,
            count: 0,
            wanted: false,
            waits: false,
            gave_way: false,
            whole_generators: false,
            version: None,
            compilations: 0,
            off: None,
            entries: 0,
            nanoseconds: 0,
            recent: Recent::default(),
        }
    }

    /// Is the unit that of its version?
    fn runs(&self, unit: &Unit) -> bool {
        let version = self.version.as_ref();
        version.is_some_and(|version| std::ptr::eq(Rc::as_ptr(&version.compiled.unit), unit))
    }

    fn switch_off(&mut self, refusal: Refusal) {
        self.off = Some(refusal);
    }
}

fn threshold(py: Python<'_>) -> u32 {
    engine::number(py, "loop_threshold")
}

/// What to do where a frame of the function jumps back to `header`.
pub fn back_edge<'py>(
    record: &Record,
    entry: &Rc<EntryRecord>,
    py: Python<'py>,
    header: u32,
    frame: &RunningFrame,
) -> BackEdge<'py> {
    if record.never.get() {
        return BackEdge::Disable;
    }
    if record.is_busy() || !engine::is_enabled() {
        return BackEdge::Count;
    }
    let loops = &record.loops;
    if !cfg!(Py_3_12) && !loops.is_header(entry, py, header) {
        return BackEdge::Count;
    }
    let (version, wanted) = {
        let Ok(mut rows) = loops.rows.try_borrow_mut() else {
            return BackEdge::Count;
        };
        let index = rows.iter().position(|row| row.header == header);
        let index = index.unwrap_or_else(|| {
            rows.push(Row::new(header));
            rows.len() - 1
        });
        let row = &mut rows[index];
        if row.off.is_some() {
            return BackEdge::Disable;
        }
        row.count += TURN;
        let fresh = row.version.is_none() || row.waits;
        if fresh && !row.wanted && row.count < record.loop_threshold.get() {
            return BackEdge::Count;
        }
        row.waits = false;
        (row.version.clone(), row.wanted)
    };
    let function = entry.function(py);
    if let Some(version) = version.filter(|version| !version.is_stale()) {
        let entering = enter(py, &version, &function, frame);
        if let Some(entering) = entering {
            return BackEdge::Enter(entering);
        }
    } else if !wanted && loops.prefer_outer(&function, header) {
        return BackEdge::Count;
    }
    if record.must_wait(py) {
        loops.wait(header);
        return BackEdge::Count;
    }
    let entering = compile(record, &function, header, frame);
    if record.undecorated.get() && !entry.is_running() && entry.is_attached() {
        // The next call compiles the whole.
        entry.count_down(1);
    }
    entering
}

impl Loops {
    /// Lines begin elsewhere, too.
    fn is_header(&self, entry: &Rc<EntryRecord>, py: Python<'_>, unit: u32) -> bool {
        let headers = self.headers.get_or_init(|| {
            let view = view(&entry.function(py));
            let code = view.map(|(_, code)| code);
            let jumps = code.iter().flat_map(|code| &code.instrs);
            let back = jumps.filter_map(|instr| {
                let target = instr.op.target()?;
                (target <= instr.offset).then_some(target)
            });
            back.collect()
        });
        headers.contains(&unit)
    }

    /// Is there a loop around this one that comes round, too? Then that is compiled at its next turn.
    fn prefer_outer(&self, function: &Bound<'_, PyAny>, header: u32) -> bool {
        let mut rows = self.rows.borrow_mut();
        let Some(own) = rows.iter().position(|row| row.header == header) else {
            return false;
        };
        if rows[own].version.is_some() || std::mem::replace(&mut rows[own].gave_way, true) {
            return false;
        }
        let Some((_, code)) = view(function) else {
            return false;
        };
        let outer = rows
            .iter_mut()
            .filter(|row| {
                row.header != header
                    && row.off.is_none()
                    && row.version.is_none()
                    && row.count >= OUTER_TURNS
            })
            .map(|row| {
                let blocks = lift::natural_loop(&code, row.header);
                (blocks.contains(&header), blocks.len(), row)
            })
            .filter(|(around, ..)| *around)
            .max_by_key(|(_, size, _)| *size);
        let Some((_, _, row)) = outer else {
            return false;
        };
        row.wanted = true;
        rows[own].count = 0;
        true
    }

    /// The loop has to get hot again.
    fn wait(&self, header: u32) {
        let mut rows = self.rows.borrow_mut();
        if let Some(row) = rows.iter_mut().find(|row| row.header == header) {
            row.count = 0;
            row.waits = true;
        }
    }

    /// Takes the outcome of a compilation in.
    fn settle(
        &self,
        header: u32,
        version: Result<Rc<LoopVersion>, Refusal>,
    ) -> Option<Rc<LoopVersion>> {
        let mut rows = self.rows.borrow_mut();
        let row = rows.iter_mut().find(|row| row.header == header)?;
        row.count = 0;
        row.wanted = false;
        row.waits = false;
        match version {
            Ok(version) => {
                row.compilations += 1;
                row.recent = Recent::default();
                if let Some(old) = row.version.replace(version.clone()) {
                    self.retired.borrow_mut().push(old.compiled.unit.clone());
                }
                Some(version)
            }
            Err(refusal) if refusal.reason == BUSY => None,
            Err(refusal) => {
                row.switch_off(refusal);
                None
            }
        }
    }
}

type View = (CodeBytes, crate::bytecode::Code);

fn view(function: &Bound<'_, PyAny>) -> Option<View> {
    let code = function.getattr("__code__").ok()?.cast_into().ok()?;
    let bytes = code_view(&code).ok()?;
    let decoded = decode(&bytes).ok()?;
    Some((bytes, decoded))
}

fn compile<'py>(
    record: &Record,
    function: &Bound<'py, PyAny>,
    header: u32,
    frame: &RunningFrame,
) -> BackEdge<'py> {
    let py = function.py();
    let loops = &record.loops;
    let Some((bytes, code)) = view(function) else {
        return BackEdge::Disable;
    };
    let (compilations, old, whole) = {
        let rows = loops.rows.borrow();
        let row = rows.iter().find(|row| row.header == header);
        row.map_or((0, None, false), |row| {
            (row.compilations, row.version.clone(), row.whole_generators)
        })
    };
    let slots: Slots<'py> = frame.slots(py);
    let generators = match whole {
        true => Generators::default(),
        false => Generators::find(function, &slots),
    };
    let mut point = running::observe_frame(&bytes, header, &slots, &generators);
    drop(generators);
    if let Some(old) = &old {
        running::widen(&mut point, &old.point);
    }
    let assigned = lift::assigned_in_loop(&bytes, &code, header);
    log(py, "loop", || {
        let line = code.line(header).unwrap_or(0);
        let variables = running::describe(&bytes, &slots);
        format!("{}: line {line} with {variables}", record.name)
    });
    drop(slots);
    let result = if compilations >= MAX_COMPILATIONS {
        Err(Refusal {
            reason: format!("the loop was compiled {compilations} times without settling"),
            offset: Some(header),
            hint: "keep the types of the loop's variables the same".into(),
        })
    } else {
        let learn = compilations < MAX_LEARNING;
        record
            .compile_loop(function, point.clone(), learn)
            .map(|compiled| {
                Rc::new(LoopVersion {
                    compiled,
                    point,
                    assigned,
                    stale: Cell::new(false),
                    lessons: Cell::new(0),
                    taught: Cell::new(None),
                })
            })
    };
    if let Err(refusal) = &result {
        log(py, "refuse", || {
            format!("{}: loop: {}", record.name, refusal.reason)
        });
    }
    if matches!(&result, Err(refusal) if refusal.reason == lift::KEPT_GENERATOR) {
        let mut rows = loops.rows.borrow_mut();
        if let Some(row) = rows.iter_mut().find(|row| row.header == header) {
            // Once more, with generators as the objects they are.
            row.whole_generators = true;
            row.wanted = true;
            return BackEdge::Count;
        }
    }
    let busy = matches!(&result, Err(refusal) if refusal.reason == BUSY);
    let Some(version) = loops.settle(header, result) else {
        return if busy {
            BackEdge::Count
        } else {
            BackEdge::Disable
        };
    };
    enter(py, &version, function, frame).map_or(BackEdge::Count, BackEdge::Enter)
}

fn enter<'py>(
    py: Python<'py>,
    version: &LoopVersion,
    function: &Bound<'py, PyAny>,
    frame: &RunningFrame,
) -> Option<Entering<'py>> {
    let slots = frame.slots(py);
    let mut wanted = version.point.locals.iter().chain(&version.point.stack);
    let generators = match wanted.any(|slot| matches!(slot, lift::EntrySlot::Shared(..))) {
        true => Generators::find(function, &slots),
        false => Generators::default(),
    };
    running::enter(
        py,
        &version.compiled,
        &version.point,
        &version.assigned,
        slots,
        &generators,
    )
}
