//! Entering a frame with an exception, unheard.
//!
//! The interpreter takes a frame that is entered with an exception for a generator that is thrown into: tracers and
//! profilers hear of a call, monitoring tools of `PY_THROW`. Here the frame was called long before. So whoever
//! listens is replaced for that one event, by functions that put the listeners back: `sys.settrace` and
//! `sys.setprofile` in the thread state, where all versions keep them, other tools (3.12+) through their callbacks.
//!
//! Invariant: between `begin` and the event no other code runs.

use super::evaluate::evaluate;
use crate::ffi::{InterpreterFrame, ThreadState};
use pyo3::ffi::PyObject;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The tracers put aside.
static TRACER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
static PROFILER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

fn of_tracer() -> *mut c_void {
    called_for_tracer as *const () as *mut c_void
}

fn of_profiler() -> *mut c_void {
    called_for_profiler as *const () as *mut c_void
}

/// Whether a frame that is entered now tells anybody.
unsafe fn events_come(thread: *mut ThreadState) -> bool {
    // SAFETY: as required of `begin`.
    unsafe {
        #[cfg(not(Py_3_12))]
        if (*(*thread).cframe).use_tracing == 0 {
            return false;
        }
        (*thread).tracing == 0
    }
}

/// Raises the current exception in the complete, unlinked, topmost frame, which stands where it was raised, and
/// runs that to its end.
///
/// # Safety
/// See `resume::run`.
pub unsafe fn enter(thread: *mut ThreadState, frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: as required; the interpreter links the frame, runs it and unlinks it.
    unsafe {
        let replaced = begin(thread);
        let result = evaluate(thread, frame, 1);
        if replaced {
            end(thread);
        }
        result
    }
}

/// Replaces those who listen, if events come at all. The answer is whether there were any.
///
/// # Safety
/// The GIL is held, `thread` is current, an exception is set, and a frame is entered with it next.
unsafe fn begin(thread: *mut ThreadState) -> bool {
    // SAFETY: as required.
    unsafe {
        if !events_come(thread) {
            return false;
        }
        let mut replaced = false;
        if !(*thread).c_tracefunc.is_null() {
            TRACER.store((*thread).c_tracefunc, Ordering::Relaxed);
            (*thread).c_tracefunc = of_tracer();
            replaced = true;
        }
        if !(*thread).c_profilefunc.is_null() {
            PROFILER.store((*thread).c_profilefunc, Ordering::Relaxed);
            (*thread).c_profilefunc = of_profiler();
            replaced = true;
        }
        #[cfg(Py_3_12)]
        {
            replaced |= tools::begin();
        }
        replaced
    }
}

/// Puts back what no event has put back: the recursion limit came first.
///
/// # Safety
/// The GIL is held, `thread` is current.
unsafe fn end(thread: *mut ThreadState) {
    // SAFETY: as required.
    unsafe {
        if (*thread).c_tracefunc == of_tracer() {
            (*thread).c_tracefunc = TRACER.load(Ordering::Relaxed);
        }
        if (*thread).c_profilefunc == of_profiler() {
            (*thread).c_profilefunc = PROFILER.load(Ordering::Relaxed);
        }
        #[cfg(Py_3_12)]
        tools::end();
    }
}

/// `Py_tracefunc`, for the one event.
unsafe extern "C" fn called_for_tracer(
    _object: *mut PyObject,
    _frame: *mut PyObject,
    _what: c_int,
    _argument: *mut PyObject,
) -> c_int {
    // SAFETY: called by the interpreter, with the GIL held.
    unsafe { (*super::current_thread()).c_tracefunc = TRACER.load(Ordering::Relaxed) };
    0
}

/// `Py_tracefunc`, for the one event.
unsafe extern "C" fn called_for_profiler(
    _object: *mut PyObject,
    _frame: *mut PyObject,
    _what: c_int,
    _argument: *mut PyObject,
) -> c_int {
    // SAFETY: as above.
    unsafe { (*super::current_thread()).c_profilefunc = PROFILER.load(Ordering::Relaxed) };
    0
}

/// Tools of `sys.monitoring` that listen to `PY_THROW`.
#[cfg(Py_3_12)]
mod tools {
    use crate::runtime::gil_cell::GilCell;
    use crate::runtime::{self_test, tracing};
    use pyo3::prelude::*;
    use pyo3::types::PyCFunction;

    /// What was put aside: tool and callback.
    static ASIDE: GilCell<Vec<(i32, Py<PyAny>)>> = GilCell::new(Vec::new());

    /// The callbacks that stand for them, by tool: kept, for the interpreter does not hold what it calls.
    static QUIET: GilCell<Vec<(i32, Py<PyAny>)>> = GilCell::new(Vec::new());

    pub fn begin() -> bool {
        // SAFETY: the caller of the outer `begin` holds the GIL.
        let py = unsafe { Python::assume_attached() };
        let watched = self_test::known_interpreter(py)
            .is_some_and(|interpreter| tracing::foreign_tools_listen(py, interpreter));
        if !watched {
            return false;
        }
        let pending = PyErr::take(py);
        let done = replace(py).unwrap_or(false);
        drop(PyErr::take(py));
        if let Some(pending) = pending {
            pending.restore(py);
        }
        done
    }

    fn replace(py: Python<'_>) -> PyResult<bool> {
        let Some(monitoring) = tracing::monitoring(py) else {
            return Ok(false);
        };
        let event: u64 = monitoring
            .getattr("events")?
            .getattr("PY_THROW")?
            .extract()?;
        let mut replaced = false;
        for tool in tracing::foreign_tools(&monitoring)? {
            if tracing::tool_events(&monitoring, tool)? & event == 0 {
                continue;
            }
            let callback = (tool, event, quiet(py, tool)?);
            let before = monitoring.call_method1("register_callback", callback)?;
            ASIDE.with(py, |aside| aside.push((tool, before.unbind())));
            replaced = true;
        }
        Ok(replaced)
    }

    fn quiet(py: Python<'_>, tool: i32) -> PyResult<Py<PyAny>> {
        let known = QUIET.with(py, |quiet| {
            let mut found = quiet.iter().filter(|entry| entry.0 == tool);
            found.next().map(|entry| entry.1.clone_ref(py))
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let made = PyCFunction::new_closure(py, None, None, move |arguments, _| {
            put_back(arguments.py(), Some(tool));
        })?;
        let made = made.into_any().unbind();
        QUIET.with(py, |quiet| quiet.push((tool, made.clone_ref(py))));
        Ok(made)
    }

    /// Puts back the callback of one tool, or of all.
    fn put_back(py: Python<'_>, tool: Option<i32>) {
        let taken = ASIDE.with(py, |aside| {
            let of_tool = |entry: &mut (i32, Py<PyAny>)| tool.is_none_or(|tool| tool == entry.0);
            aside.extract_if(.., of_tool).collect::<Vec<_>>()
        });
        for (tool, before) in taken {
            let register = || -> PyResult<()> {
                if let Some(monitoring) = tracing::monitoring(py) {
                    let event = monitoring.getattr("events")?.getattr("PY_THROW")?;
                    monitoring.call_method1("register_callback", (tool, event, before))?;
                }
                Ok(())
            };
            drop(register());
        }
    }

    pub fn end() {
        // SAFETY: the caller of the outer `end` holds the GIL.
        let py = unsafe { Python::assume_attached() };
        if ASIDE.with(py, |aside| aside.is_empty()) {
            return;
        }
        let pending = PyErr::take(py);
        put_back(py, None);
        drop(PyErr::take(py));
        if let Some(pending) = pending {
            pending.restore(py);
        }
    }
}
