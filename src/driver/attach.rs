//! A function comes under the JIT: its record, and when it is first looked at.

use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::PyCode;

use super::enable::Lazy;
use super::engine;
use super::record::{Record, has_loop};
use super::siblings;
use crate::ffi::code_view;
use crate::runtime::entry::{self, AttachError, EntryRecord};

/// Why there is no engine; None if there is one. While it compiles there is.
pub fn unsupported(py: Python<'_>) -> Option<String> {
    engine::with(py, |state| state.as_ref().err().cloned()).filter(|reason| reason != engine::BUSY)
}

fn code_of<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyCode>> {
    Ok(function
        .getattr(pyo3::intern!(function.py(), "__code__"))?
        .cast_into()?)
}

fn qualified_name(function: &Bound<'_, PyAny>) -> PyResult<String> {
    let name = function.getattr(pyo3::intern!(function.py(), "__qualname__"))?;
    Ok(name
        .cast::<pyo3::types::PyString>()?
        .to_string_lossy()
        .into_owned())
}

/// The record of a function that gets an entry, and the calls until it is looked at.
pub fn make_record(
    function: &Bound<'_, PyAny>,
    threshold: u32,
    strict: bool,
) -> PyResult<(Rc<Record>, u32)> {
    let py = function.py();
    let code = code_of(function)?;
    let bytes = code_view(&code);
    let loops = bytes.as_ref().is_ok_and(has_loop);
    let countdown = match &bytes {
        // The first call arms the loops; the second compiles, or a later one of closures that die young.
        Ok(_) if loops && threshold > 1 => 1,
        _ => siblings::countdown(&code, threshold),
    };
    let record = Record::new(qualified_name(function)?, threshold, strict);
    record.loops.exist.set(loops);
    let loop_threshold = engine::number(py, "loop_threshold");
    record.loop_threshold.set(loop_threshold.max(1));
    if let Ok(bytes) = &bytes {
        let simple = bytes.kwonlyargcount == 0 && !bytes.has_varargs() && !bytes.has_varkeywords();
        record.binds_all_calls.set(!simple);
    }
    Ok((record, countdown.max(1)))
}

/// The record belongs to that entry from now on.
pub fn settle(py: Python<'_>, record: &Rc<Record>, entry: &Rc<EntryRecord>) {
    record.set_entry(entry);
    engine::with_records(py, |records| records.add(record));
}

/// `@jit`: the function's calls are counted. A function that has a record keeps it.
pub fn attach(
    function: &Bound<'_, PyAny>,
    threshold: u32,
    strict: bool,
) -> PyResult<Result<(), AttachError>> {
    let py = function.py();
    if let Some(entry) = entry::entry_of(function)
        && let Some(lazy) = entry.state().as_any().downcast_ref::<Lazy>()
    {
        lazy.decorate(function, &entry, threshold, strict)?;
        return Ok(Ok(()));
    }
    let (record, countdown) = make_record(function, threshold, strict)?;
    Ok(match entry::attach(function, record.clone(), countdown) {
        Ok(entry) => {
            settle(py, &record, &entry);
            Ok(())
        }
        Err(error) => Err(error),
    })
}
