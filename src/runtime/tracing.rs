//! Who watches: tracers, profilers, monitoring tools, PEP 523 hooks.
//!
//! Native code and resumed frames send no call or line events, so nothing native is entered while
//! somebody listens. Machine code checks a few words (`layout::RuntimeLayout::entry_checks`); this
//! is what it asks when they do not hold.
//!
//! Monitoring tools (3.12+): the interpreter keeps a version that changes whenever a tool changes
//! its global events. The version last found free of foreign tools is kept in `BLESSED_VERSION`, and
//! entry checks compare the two. Events local to one code object do not change that version; they
//! are found in the code object itself (`code_is_monitored`).

use super::self_test::Interpreter;
use crate::ffi::{CodeObject, ThreadState};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// The monitoring version at which no foreign tool had global events. Read by machine code.
static BLESSED_VERSION: AtomicU64 = AtomicU64::new(u64::MAX);
/// The monitoring version at which a foreign tool had some: saves asking at every call.
static WATCHED_VERSION: AtomicU64 = AtomicU64::new(u64::MAX);
/// The tool id brolga itself uses for entering loops, or -1.
static OWN_TOOL: AtomicI32 = AtomicI32::new(-1);

/// Tools that `sys.monitoring` knows by number; the ids above are `sys.settrace` and
/// `sys.setprofile`, which the thread state shows.
const USER_TOOLS: i32 = 6;

/// Says which monitoring tool is our own (-1: none).
pub fn set_own_tool(tool: i32) {
    OWN_TOOL.store(tool, Ordering::Relaxed);
}

/// The bit of our own tool in a set of tools.
#[cfg(Py_3_12)]
pub fn own_tool_bit() -> u8 {
    match OWN_TOOL.load(Ordering::Relaxed) {
        tool @ 0..8 => 1 << tool,
        _ => 0,
    }
}

/// Address of the word that `entry_checks` compare with the monitoring version.
pub fn blessed_version_address() -> u64 {
    BLESSED_VERSION.as_ptr() as u64
}

/// Whether this thread must run interpreted: a trace or profile function, a PEP 523 hook, or a
/// foreign monitoring tool with global events.
pub fn tracing_active(py: Python<'_>, interpreter: &Interpreter) -> bool {
    // SAFETY: the GIL is held; `interpreter` names words that the self-test found.
    unsafe {
        let thread: *mut ThreadState = super::frame::current_thread();
        if !(*thread).c_tracefunc.is_null() || !(*thread).c_profilefunc.is_null() {
            return true;
        }
        if *(interpreter.eval_frame as *const u64) != interpreter.plain_eval_frame {
            return true;
        }
        foreign_tools_listen(py, interpreter)
    }
}

/// Whether a foreign monitoring tool has global events.
pub fn foreign_tools_listen(py: Python<'_>, interpreter: &Interpreter) -> bool {
    // SAFETY: as above.
    unsafe {
        let Some(version) = interpreter.monitoring_version else {
            return false;
        };
        let version = *(version as *const u64);
        if version == BLESSED_VERSION.load(Ordering::Relaxed) {
            return false;
        }
        if version == WATCHED_VERSION.load(Ordering::Relaxed) {
            return true;
        }
        let watched = foreign_tool_listens(py).unwrap_or(true);
        let memory = if watched {
            &WATCHED_VERSION
        } else {
            &BLESSED_VERSION
        };
        memory.store(version, Ordering::Relaxed);
        watched
    }
}

/// `sys.monitoring`.
pub fn monitoring(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    // SAFETY: the GIL is held; the result is borrowed. (An import could run a program's `__import__`.)
    unsafe {
        let object = pyo3::ffi::PySys_GetObject(c"monitoring".as_ptr());
        Bound::from_borrowed_ptr_or_opt(py, object)
    }
}

/// The tools in use but for our own.
pub fn foreign_tools(monitoring: &Bound<'_, PyAny>) -> PyResult<Vec<i32>> {
    let mut found = Vec::new();
    for tool in 0..USER_TOOLS {
        if tool != OWN_TOOL.load(Ordering::Relaxed)
            && !monitoring.call_method1("get_tool", (tool,))?.is_none()
        {
            found.push(tool);
        }
    }
    Ok(found)
}

/// The global events of a tool.
pub fn tool_events(monitoring: &Bound<'_, PyAny>, tool: i32) -> PyResult<u64> {
    monitoring.call_method1("get_events", (tool,))?.extract()
}

/// Asks `sys.monitoring` for the global events of every tool but ours.
#[cold]
fn foreign_tool_listens(py: Python<'_>) -> PyResult<bool> {
    let pending = PyErr::take(py);
    let ask = || -> PyResult<bool> {
        let Some(monitoring) = monitoring(py) else {
            return Ok(true);
        };
        for tool in foreign_tools(&monitoring)? {
            if tool_events(&monitoring, tool)? != 0 {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let answer = ask();
    if let Some(pending) = pending {
        pending.restore(py);
    }
    answer
}

/// Whether a foreign tool has events on this code object alone. 3.11 has no such tools.
///
/// # Safety
/// `code` is a code object, and the GIL is held.
pub unsafe fn code_is_monitored(code: *mut CodeObject) -> bool {
    #[cfg(not(Py_3_12))]
    {
        let _ = code;
        false
    }
    #[cfg(Py_3_12)]
    // SAFETY: the monitoring data, once allocated, lives as long as the code object.
    unsafe {
        let data = (*code)._co_monitoring;
        if data.is_null() {
            return false;
        }
        let foreign = !own_tool_bit();
        (*data)
            .local_monitors
            .iter()
            .any(|tools| tools & foreign != 0)
    }
}
