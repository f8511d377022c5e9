//! `jit.stats`, `jit.explain` and `jit.inspect` as plain dictionaries and text.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::engine;
use super::listing::{Text, listing};
use super::record::{Record, Verdict, record_of};
use crate::abi::exit_reason::ExitReason;
use crate::bytecode::decode;
use crate::ffi::code_view;
use crate::hir::Op;
use crate::lift::NoteKind;
use crate::runtime::code_memory;

fn verdict(record: &Record) -> (&'static str, String) {
    match &record.inner.borrow().verdict {
        _ if record.never.get() => ("interpreted", "jit.never was asked for".into()),
        Verdict::Waiting | Verdict::Interpreted(_) if has_native_loops(record) => {
            ("native loops", "entered while they ran".into())
        }
        Verdict::Waiting => ("waiting", "not called often enough yet".into()),
        Verdict::Native => ("native", String::new()),
        Verdict::Interpreted(refusal) if has_code_for_callers(record) => {
            let reason = &refusal.reason;
            (
                "interpreted",
                format!("{reason}; compiled callers call native code"),
            )
        }
        Verdict::Interpreted(refusal) => ("interpreted", refusal.reason.clone()),
    }
}

/// Is there a version that compiled callers call?
fn has_code_for_callers(record: &Record) -> bool {
    let inner = record.inner.borrow();
    let mut callers = inner.dependents.iter();
    callers.any(|caller| caller.strong_count() > 0)
        && inner.versions.iter().any(|version| !version.stale.get())
}

/// Were loops of the function compiled by themselves?
fn has_native_loops(record: &Record) -> bool {
    let reports = record.loops.reports();
    reports
        .iter()
        .any(|report| report.version.is_some() && report.refusal.is_none())
}

/// Loops entered while they ran: entries, compilations, milliseconds in native code.
fn loop_stats(row: &Bound<'_, PyDict>, record: &Record) -> PyResult<()> {
    let reports = record.loops.reports();
    let entries: u64 = reports.iter().map(|report| report.entries).sum();
    let compilations: u32 = reports.iter().map(|report| report.compilations).sum();
    let nanoseconds: u64 = reports.iter().map(|report| report.nanoseconds).sum();
    row.set_item("loop_entries", entries)?;
    row.set_item("loop_compilations", compilations)?;
    row.set_item("loop_ms", (nanoseconds as f64 / 1e3).round() / 1e3)?;
    Ok(())
}

/// One function's row.
pub fn function_stats<'py>(py: Python<'py>, record: &Rc<Record>) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    let (verdict, reason) = verdict(record);
    let inner = record.inner.borrow();
    let native: u64 = inner.native_calls();
    let plain = record.entry().map_or(0, |entry| entry.calls());
    let exits = PyDict::new(py);
    for (reason, count) in &inner.exits {
        exits.set_item(reason.name(), *count)?;
    }
    row.set_item("name", &record.name)?;
    row.set_item("verdict", verdict)?;
    row.set_item("reason", reason)?;
    row.set_item("calls", plain + native)?;
    row.set_item("native_calls", native)?;
    row.set_item("versions", inner.versions.len())?;
    row.set_item("compilations", inner.compilations)?;
    row.set_item("compile_ms", (inner.milliseconds * 1000.0).round() / 1000.0)?;
    let bytes: usize = inner
        .versions
        .iter()
        .map(|version| version.compiled.code_bytes)
        .sum();
    row.set_item("code_bytes", bytes)?;
    row.set_item("exits", exits)?;
    row.set_item("neighbour", record.neighbour.get())?;
    row.set_item("verified", record.checks.done.get())?;
    row.set_item("differences", record.checks.differences.get())?;
    loop_stats(&row, record)?;
    Ok(row)
}

/// Totals and a row per function.
pub fn totals(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let report = PyDict::new(py);
    let (native, reason, compilations, milliseconds) = engine::with(py, |state| match state {
        Ok(engine) => (
            true,
            String::new(),
            engine.compilations,
            engine.milliseconds,
        ),
        Err(reason) => (false, reason.clone(), 0, 0.0),
    });
    let records = engine::with_records(py, |records| records.living());
    let memory = code_memory::statistics(py);
    report.set_item("native", native)?;
    report.set_item("reason", reason)?;
    report.set_item("compilations", compilations)?;
    report.set_item("compile_ms", (milliseconds * 1000.0).round() / 1000.0)?;
    report.set_item("code_bytes", memory.used_bytes)?;
    let rows = PyList::empty(py);
    for record in &records {
        rows.append(function_stats(py, record)?)?;
    }
    report.set_item("functions", rows)?;
    Ok(report)
}

#[derive(Default)]
struct LineReport {
    native: bool,
    /// What the code leaves for.
    guards: BTreeSet<ExitReason>,
    runtime: bool,
    interpreted: bool,
    why: Vec<String>,
    hint: Vec<String>,
}

/// Verdict, reason, and the lines.
pub fn explain<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = function.py();
    let report = PyDict::new(py);
    let name: String = function.getattr("__qualname__")?.extract()?;
    report.set_item("name", &name)?;
    let lines = PyList::empty(py);
    let Some((record, _)) = record_of(function) else {
        report.set_item("verdict", "interpreted")?;
        let reason = engine::with(py, |state| match state {
            Ok(_) => "it has no @jit, or cannot have one".to_owned(),
            Err(reason) => reason.clone(),
        });
        report.set_item("reason", reason)?;
        report.set_item("lines", lines)?;
        return Ok(report);
    };
    let (word, reason) = verdict(&record);
    report.set_item("verdict", word)?;
    report.set_item("reason", reason)?;
    let bytes = code_view(&function.getattr("__code__")?.cast_into()?)?;
    let mut rows: BTreeMap<u32, LineReport> = BTreeMap::new();
    if let Ok(code) = decode(&bytes) {
        let inner = record.inner.borrow();
        for instr in &code.instrs {
            if let Some(line) = code.line(instr.at)
                && line > bytes.firstlineno
            {
                rows.entry(line).or_default();
            }
        }
        if let Some(version) = inner.versions.first() {
            describe_version(&version.compiled, &code, &mut rows);
        }
        describe_loops(&record, inner.versions.is_empty(), &code, &mut rows);
        if let Verdict::Interpreted(refusal) = &inner.verdict {
            if let Some(line) = refusal.offset.and_then(|offset| code.line(offset)) {
                let row = rows.entry(line).or_default();
                row.why.push(refusal.reason.clone());
            }
            if !refusal.hint.is_empty() {
                report.set_item("hint", &refusal.hint)?;
            }
        }
        for ((key, offset), site) in inner.history.iter() {
            if *key == 0
                && let Some(line) = code.line(*offset)
            {
                let row = rows.entry(line).or_default();
                for (reason, count) in &site.reasons {
                    if *reason != ExitReason::EvalBreaker {
                        let times = if *count == 1 {
                            "once"
                        } else {
                            &format!("{count} times")
                        };
                        row.why.push(format!("left {times}: {}", reason.text()));
                        row.hint.push(reason.hint().to_owned());
                    }
                }
            }
        }
    }
    for (line, row) in rows {
        lines.append(line_dict(py, line, row, word.starts_with("native"))?)?;
    }
    report.set_item("lines", lines)?;
    Ok(report)
}

fn line_dict(
    py: Python<'_>,
    line: u32,
    mut row: LineReport,
    native: bool,
) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    let status = match (native, row.interpreted, row.runtime, !row.guards.is_empty()) {
        (false, ..) => "interpreted",
        (true, true, ..) if !row.native => "interpreted",
        (true, _, true, _) => "runtime call",
        (true, _, _, true) => "guarded",
        _ => "native",
    };
    row.why.sort();
    row.why.dedup();
    // Those that did happen are told with their number already.
    let guards = row.guards.iter().map(|reason| reason.text());
    let quiet: Vec<_> = guards
        .filter(|text| !row.why.iter().any(|why| why.ends_with(text)))
        .collect();
    if native && !quiet.is_empty() {
        row.why
            .push(format!("would leave on: {}", quiet.join(", ")));
    }
    row.hint.retain(|hint| !hint.is_empty());
    row.hint.sort();
    row.hint.dedup();
    dict.set_item("line", line)?;
    dict.set_item("status", status)?;
    dict.set_item("why", row.why.join("; "))?;
    dict.set_item("hint", row.hint.join("; "))?;
    Ok(dict)
}

/// Whether the exit is a check of the code's own: not the interpreter's wish, nor an exception that the
/// program raises anyway.
fn is_guard(reason: ExitReason) -> bool {
    use ExitReason::{
        CalleeExited, CalleeLeft, EvalBreaker, Forced, FrameSeen, LoopEnded, Raised, Recursion,
    };
    !matches!(
        reason,
        CalleeExited
            | CalleeLeft
            | EvalBreaker
            | Forced
            | FrameSeen
            | LoopEnded
            | Raised
            | Recursion
    )
}

fn describe_version(
    compiled: &super::compile::Compiled,
    code: &crate::bytecode::Code,
    rows: &mut BTreeMap<u32, LineReport>,
) {
    for note in &compiled.notes {
        if note.code.index() != 0 {
            continue;
        }
        let Some(line) = code.line(note.offset) else {
            continue;
        };
        let row = rows.entry(line).or_default();
        match note.kind {
            NoteKind::RuntimeCall => row.runtime = true,
            NoteKind::Interpreted => row.interpreted = true,
            NoteKind::Native => {}
        }
        if !note.text.is_empty() {
            row.why.push(note.text.clone());
        }
    }
    let function = &compiled.function;
    for block in &function.layout {
        for id in &function.block(*block).instrs {
            let instr = function.instr(*id);
            if instr.origin.code.index() != 0 {
                continue;
            }
            let Some(line) = code.line(instr.origin.offset) else {
                continue;
            };
            let row = rows.entry(line).or_default();
            match instr.op {
                Op::Snapshot | Op::KeepAlive | Op::Poll | Op::GuardFrameUnseen => {}
                _ => row.native = true,
            }
        }
    }
    for (line, _, reason) in exits_of(compiled, Some(code)) {
        if let Some(line) = line
            && is_guard(reason)
        {
            rows.entry(line).or_default().guards.insert(reason);
        }
    }
}

/// What is told of loops that are entered while they run.
fn describe_loops(
    record: &Record,
    alone: bool,
    code: &crate::bytecode::Code,
    rows: &mut BTreeMap<u32, LineReport>,
) {
    for report in record.loops.reports() {
        let Some(line) = code.line(report.header) else {
            continue;
        };
        if let Some(version) = &report.version {
            if alone {
                describe_version(&version.compiled, code, rows);
            }
            let (entries, compilations) = (report.entries, report.compilations);
            let row = rows.entry(line).or_default();
            let times = if entries == 1 {
                "once".to_owned()
            } else {
                format!("{entries} times")
            };
            let again = if compilations == 1 {
                String::new()
            } else {
                format!(", compiled {compilations} times")
            };
            row.why
                .push(format!("the loop was entered while it ran, {times}{again}"));
        }
        if let Some(refusal) = &report.refusal {
            let offset = refusal.offset.unwrap_or(report.header);
            let row = rows.entry(code.line(offset).unwrap_or(line)).or_default();
            row.why
                .push(format!("not entered while it runs: {}", refusal.reason));
        }
    }
}

/// A listing.
pub fn inspect(function: &Bound<'_, PyAny>, kind: &str) -> PyResult<String> {
    if kind == "bytecode" {
        return bytecode(function);
    }
    let Some((record, _)) = record_of(function) else {
        return Ok("; not decorated\n".into());
    };
    let inner = record.inner.borrow();
    let Some(version) = inner.versions.first() else {
        drop(inner);
        let (word, reason) = verdict(&record);
        return Ok(format!("; {word}: {reason}\n"));
    };
    let compiled = &version.compiled;
    let text = |text| {
        engine::with(function.py(), |state| match state {
            Ok(engine) => listing(engine, &compiled.function, text),
            Err(reason) => format!("; {reason}\n"),
        })
    };
    Ok(match kind {
        "hir" => compiled.function.to_string(),
        "clif" => text(Text::Clif),
        "asm" => text(Text::Assembly),
        _ => {
            let bytes = code_view(&function.getattr("__code__")?.cast_into()?)?;
            guards(compiled, decode(&bytes).ok().as_ref())
        }
    })
}

/// Every place where the code may leave: line, offset, reason.
fn guards(compiled: &super::compile::Compiled, code: Option<&crate::bytecode::Code>) -> String {
    let mut text = String::from(" line offset  leaves for\n");
    for (line, offset, reason) in exits_of(compiled, code) {
        let line = line.map(|line| line.to_string()).unwrap_or_default();
        let name = reason.name();
        text.push_str(&format!(
            "{line:>5} {offset:>6}  {name:<16} {}\n",
            reason.text()
        ));
    }
    text
}

/// (line, bytecode offset, reason) of the exits in the function's own code, without repetitions.
fn exits_of(
    compiled: &super::compile::Compiled,
    code: Option<&crate::bytecode::Code>,
) -> BTreeSet<(Option<u32>, u32, ExitReason)> {
    let sites = compiled
        .unit
        .table
        .get()
        .map_or(&[][..], |table| &table.sites);
    let own = sites.iter().filter(|site| site.code.index() == 0);
    own.map(|site| {
        let line = code.and_then(|code| code.line(site.offset));
        (line, site.offset, site.reason)
    })
    .collect()
}

fn bytecode(function: &Bound<'_, PyAny>) -> PyResult<String> {
    let bytes = code_view(&function.getattr("__code__")?.cast_into()?)?;
    let code = decode(&bytes)
        .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
    let mut text = String::new();
    for instr in &code.instrs {
        let line = code
            .line(instr.at)
            .map(|line| line.to_string())
            .unwrap_or_default();
        text.push_str(&format!(
            "{line:>5} {:>5}  {:<28} {:?}  {:?}\n",
            instr.offset, instr.opname, instr.op, instr.hint
        ));
    }
    Ok(text)
}
