//! What tracers and tools hear of an exception that is unwound here instead of by the interpreter.
//!
//! Nothing native is entered while somebody listens, but a callee of native code may begin to, and then raise. The
//! order is the interpreter's: the traceback entry, `raised`, then `handled` at the handler, or `unwound`.
//!
//! Invariant: a listener that raises replaces the exception, as in the interpreter; nothing is told of that one.

use crate::ffi::{InterpreterFrame, ThreadState};
use pyo3::ffi::{
    Py_DECREF, Py_None, Py_TYPE, PyException_GetTraceback, PyFrameObject, PyObject,
    PyThreadState_GetFrame, PyTuple_Pack,
};
use pyo3::prelude::*;
use std::ffi::{c_int, c_void};

/// `Py_tracefunc`: object, frame, what, argument.
type Tracer = unsafe extern "C" fn(*mut PyObject, *mut PyObject, c_int, *mut PyObject) -> c_int;

/// `PyTrace_EXCEPTION`.
const EXCEPTION: c_int = 1;
/// `PyTrace_RETURN`.
#[cfg(Py_3_13)]
const RETURN: c_int = 3;

/// The current exception, with the traceback entry of `frame`, was raised at `unit`.
///
/// # Safety
/// The GIL is held, `frame` is the thread's current frame and complete, and an exception is set. (So for every
/// function here.)
pub unsafe fn raised(thread: *mut ThreadState, frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe {
        tell(thread, frame, unit, "RAISE", |exception| {
            let arguments = described(exception);
            if !arguments.is_null() {
                let (tracer, object) = ((*thread).c_tracefunc, (*thread).c_traceobj);
                call(thread, tracer, object, EXCEPTION, arguments);
                Py_DECREF(arguments);
            }
        });
    }
}

/// The handler at `unit` gets the current exception.
///
/// # Safety
/// As `raised`.
pub unsafe fn handled(thread: *mut ThreadState, frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe { tell(thread, frame, unit, "EXCEPTION_HANDLED", |_| ()) }
}

/// The frame ends with the current exception, raised at `unit`.
///
/// # Safety
/// As `raised`.
#[cfg(Py_3_13)]
pub unsafe fn unwound(thread: *mut ThreadState, frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe {
        tell(thread, frame, unit, "PY_UNWIND", |_| {
            let (tracer, object) = ((*thread).c_tracefunc, (*thread).c_traceobj);
            call(thread, tracer, object, RETURN, std::ptr::null_mut());
            let (profiler, object) = ((*thread).c_profilefunc, (*thread).c_profileobj);
            call(thread, profiler, object, RETURN, std::ptr::null_mut());
        });
    }
}

/// Type, exception and traceback, as tracers get them.
unsafe fn described(exception: *mut PyObject) -> *mut PyObject {
    // SAFETY: as required of `raised`; the tuple takes references of its own.
    unsafe {
        let traceback = PyException_GetTraceback(exception);
        let shown = if traceback.is_null() {
            Py_None()
        } else {
            traceback
        };
        let tuple = PyTuple_Pack(3, Py_TYPE(exception), exception, shown);
        pyo3::ffi::Py_XDECREF(traceback);
        tuple
    }
}

/// Calls a trace or profile function, unless there is none or it has raised before.
unsafe fn call(
    thread: *mut ThreadState,
    function: *mut c_void,
    object: *mut PyObject,
    what: c_int,
    argument: *mut PyObject,
) {
    // SAFETY: the thread state holds a `Py_tracefunc` there, or null.
    unsafe {
        if function.is_null() || !pyo3::ffi::PyErr_Occurred().is_null() {
            return;
        }
        let function: Tracer = std::mem::transmute(function);
        let frame: *mut PyFrameObject = PyThreadState_GetFrame(thread.cast());
        if !frame.is_null() {
            function(object, frame.cast(), what, argument);
            Py_DECREF(frame.cast());
        }
    }
}

/// Tells tracers and profilers by `legacy`, and the tools that listen to `event`, with the exception put aside.
unsafe fn tell(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    unit: usize,
    event: &str,
    legacy: impl FnOnce(*mut PyObject),
) {
    // SAFETY: as required of `raised`. Listeners run as in the interpreter: events of what they call do not come.
    unsafe {
        let py = Python::assume_attached();
        let traced = !(*thread).c_tracefunc.is_null() || !(*thread).c_profilefunc.is_null();
        if !traced && !tools::listen(py) {
            return;
        }
        let Some(error) = PyErr::take(py) else { return };
        let before = (*thread).tracing;
        (*thread).tracing = before.max(1);
        legacy(error.value(py).as_ptr());
        tools::tell(py, frame, unit, event, error.value(py));
        (*thread).tracing = before;
        if !PyErr::occurred(py) {
            error.restore(py);
        }
    }
}

#[cfg(not(Py_3_12))]
mod tools {
    //! There are none.

    use super::*;
    use pyo3::exceptions::PyBaseException;

    pub fn listen(_py: Python<'_>) -> bool {
        false
    }

    pub unsafe fn tell(
        _py: Python<'_>,
        _frame: *mut InterpreterFrame,
        _unit: usize,
        _event: &str,
        _exception: &Bound<'_, PyBaseException>,
    ) {
    }
}

#[cfg(Py_3_12)]
mod tools {
    //! Tools of `sys.monitoring`.

    use super::*;
    use crate::runtime::{self_test, tracing};
    use pyo3::exceptions::PyBaseException;

    /// Does any have global events?
    pub fn listen(py: Python<'_>) -> bool {
        self_test::known_interpreter(py)
            .is_some_and(|interpreter| tracing::foreign_tools_listen(py, interpreter))
    }

    /// Calls the callbacks of an event, unless somebody has raised.
    pub unsafe fn tell(
        py: Python<'_>,
        frame: *mut InterpreterFrame,
        unit: usize,
        event: &str,
        exception: &Bound<'_, PyBaseException>,
    ) {
        if PyErr::occurred(py) || !listen(py) {
            return;
        }
        // SAFETY: a complete frame has a code object.
        let code = unsafe {
            let code: *mut PyObject = super::super::code(frame).cast();
            Bound::from_borrowed_ptr(py, code)
        };
        if let Err(error) = call_all(py, event, (code, unit * 2, exception)) {
            error.restore(py);
        }
    }

    fn call_all(
        py: Python<'_>,
        event: &str,
        arguments: (Bound<'_, PyAny>, usize, &Bound<'_, PyBaseException>),
    ) -> PyResult<()> {
        let Some(monitoring) = tracing::monitoring(py) else {
            return Ok(());
        };
        let event: u64 = monitoring.getattr("events")?.getattr(event)?.extract()?;
        // The interpreter begins with the tool of the highest number.
        for tool in tracing::foreign_tools(&monitoring)?.into_iter().rev() {
            if tracing::tool_events(&monitoring, tool)? & event == 0 {
                continue;
            }
            // There is no other way to ask for it.
            let callback =
                monitoring.call_method1("register_callback", (tool, event, py.None()))?;
            monitoring.call_method1("register_callback", (tool, event, &callback))?;
            if !callback.is_none() {
                callback.call1(arguments.clone())?;
            }
        }
        Ok(())
    }
}
