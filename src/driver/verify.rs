//! Verify mode: which calls are checked, and who compares (`python/brolga/_verify.py`).

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString, PyTuple};

use super::engine;
use super::policy;
use super::record::{Record, log};
use crate::runtime::entry::{Call, Check};

/// Is the mode on?
pub fn is_on(py: Python<'_>) -> bool {
    engine::flag(py, "verify")
}

fn comparer<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyModule>> {
    py.import("brolga._verify")
}

/// All arguments, those by name last.
fn arguments<'py>(call: &Call<'py>) -> PyResult<Bound<'py, PyTuple>> {
    let all: Vec<_> = call.positional.iter().chain(&call.keyword).collect();
    PyTuple::new(call.callable.py(), all)
}

/// Copies for a second run, if this call is to be checked and can be.
pub fn prepare<'py>(record: &Record, call: &Call<'py>) -> Option<Check<'py>> {
    let py = call.callable.py();
    let count = record.checks.seen.get() + 1;
    record.checks.seen.set(count);
    if !policy::is_checked(count) || !engine::is_enabled() {
        return None;
    }
    let prepared = || -> PyResult<Bound<'py, PyAny>> {
        comparer(py)?.call_method1("prepare", (&call.callable, arguments(call)?))
    };
    let outcome = prepared()
        .unwrap_or_else(|error| PyString::new(py, &format!("checking failed: {error}")).into_any());
    if let Ok(prepared) = outcome.cast::<PyTuple>() {
        let copies = prepared.get_item(0).ok()?.cast_into().ok()?;
        return Some(Check {
            copies,
            prepared: outcome,
        });
    }
    if !record.checks.explained.replace(true) {
        log(py, "verify", || {
            format!("{} is not checked: {outcome}", record.name)
        });
    }
    None
}

/// Compares the outcomes.
pub fn finish<'py>(
    record: &Record,
    call: &Call<'py>,
    check: &Check<'py>,
    plain: &PyResult<Bound<'py, PyAny>>,
    native: &PyResult<Bound<'py, PyAny>>,
) {
    let py = call.callable.py();
    record.checks.done.set(record.checks.done.get() + 1);
    let outcome = |result: &PyResult<Bound<'py, PyAny>>| match result {
        Ok(value) => (Some(value.clone()), None),
        Err(error) => (None, Some(error.clone_ref(py))),
    };
    let same = || -> PyResult<bool> {
        let names = match &call.keyword_names {
            Some(names) => names.clone(),
            None => PyTuple::empty(py).into_any(),
        };
        let result = comparer(py)?.call_method1(
            "report",
            (
                &call.callable,
                &check.prepared,
                arguments(call)?,
                names,
                outcome(plain),
                outcome(native),
            ),
        )?;
        Ok(result.cast_into::<PyBool>()?.is_true())
    };
    match same() {
        Ok(true) => {}
        Ok(false) => record
            .checks
            .differences
            .set(record.checks.differences.get() + 1),
        Err(error) => log(py, "verify", || {
            format!("{}: comparing failed: {error}", record.name)
        }),
    }
}
