//! Functions around a compiled one come under the JIT with it: those of its module that call it, and those it calls.
//!
//! Who decorates the function that does the work gains little while the loop around it, or a helper that is too
//! long to inline, stays interpreted. Such a neighbour gets an entry as if it were decorated, once the function
//! beside it was compiled; everything else (when it is compiled, trials, giving up) is as for others. Its module is
//! the bound: what belongs to somebody else is left alone, and so are functions that `jit.never` names. The option
//! `neighbours` switches it off.

use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::PyFunction;

use super::attach;
use super::closures;
use super::engine;
use super::record::{Record, log, record_of};
use crate::runtime::entry::EntryRecord;
use crate::runtime::function_watcher;

/// Frames of callers that are looked at.
const CALLERS: usize = 4;

/// Is the function one that may be taken in, as a neighbour of one with these globals?
pub fn is_candidate(function: &Bound<'_, PyAny>, globals: usize) -> bool {
    let py = function.py();
    engine::flag(py, "neighbours")
        && function.cast_exact::<PyFunction>().is_ok()
        && globals_of(function) == Some(globals)
        && !closures::is_stand_in(function)
        && crate::runtime::entry::entry_of(function).is_none()
}

/// The address of a function's globals: functions of one module share it.
pub fn globals_of(function: &Bound<'_, PyAny>) -> Option<usize> {
    let globals = function.getattr(pyo3::intern!(function.py(), "__globals__"));
    Some(globals.ok()?.as_ptr() as usize)
}

/// Gives a candidate its record. None if it cannot have an entry.
pub fn take_in(function: &Bound<'_, PyAny>) -> Option<(Rc<Record>, Rc<EntryRecord>)> {
    let py = function.py();
    let threshold = engine::number(py, "threshold").max(1);
    attach::attach(function, threshold, false).ok()?.ok()?;
    let (record, entry) = record_of(function)?;
    record.neighbour.set(true);
    log(py, "neighbour", || record.name.clone());
    Some((record, entry))
}

/// Takes in the callers of a function that was compiled in one of its calls: as far as they are of its module.
pub fn take_in_callers(function: &Bound<'_, PyAny>) {
    let Some(globals) = globals_of(function) else {
        return;
    };
    for caller in function_watcher::running(function.py(), CALLERS) {
        if caller.is(function) {
            continue;
        }
        if globals_of(&caller) != Some(globals) {
            break;
        }
        if is_candidate(&caller, globals)
            && let Some((record, _)) = take_in(&caller)
        {
            // It runs already: its loops may be hot before its next call.
            record.loops.begin(&caller, true);
        }
    }
}
