//! What the tests drive: entries and code memory.

use crate::runtime::code_memory::{self, CodeBlock};
use crate::runtime::entry::{self, Call, EntryRecord, EntryState};
use crate::runtime::{self_test, tracing};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::any::Any;
use std::cell::Cell;
use std::ptr::NonNull;
use std::rc::Rc;

/// A state that asks a Python callable what to do when its function is hot: it answers "detach",
/// "native", or a number of further calls to count.
struct TestState {
    hot: Py<PyAny>,
    native_calls: Cell<u64>,
}

impl EntryState for TestState {
    fn hot(&self, entry: &EntryRecord, call: &Call<'_>) {
        let py = call.callable.py();
        let answer = PyTuple::new(py, &call.positional)
            .and_then(|arguments| self.hot.bind(py).call1((arguments,)));
        match answer {
            Ok(answer) => {
                if let Ok(calls) = answer.extract::<u32>() {
                    entry.count_down(calls);
                } else if answer
                    .extract::<String>()
                    .is_ok_and(|word| word == "native")
                {
                    // SAFETY: a vectorcall function that lives as long as the process.
                    unsafe { entry.set_target(native_stand_in as *const u8) };
                } else {
                    entry.detach(py);
                }
            }
            Err(error) => error.write_unraisable(py, None),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Stands in for compiled code: counts itself and a recursion level, then leaves.
unsafe extern "C" fn native_stand_in(
    callable: *mut PyObject,
    arguments: *const *mut PyObject,
    flags_and_count: usize,
    keyword_names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: called as a target, with a live record and a vectorcall's arguments.
    unsafe {
        if let Some(state) = (*record).state().as_any().downcast_ref::<TestState>() {
            state.native_calls.set(state.native_calls.get() + 1);
        }
        (*record).interpret(callable, arguments, flags_and_count, keyword_names)
    }
}

/// Attaches a function.
pub fn attach(function: &Bound<'_, PyAny>, countdown: u32, hot: Py<PyAny>) -> PyResult<()> {
    let state = Rc::new(TestState {
        hot,
        native_calls: Cell::new(0),
    });
    match entry::attach(function, state, countdown) {
        Ok(_) => Ok(()),
        Err(error) => Err(PyValueError::new_err(error.reason())),
    }
}

/// Detaches a function.
pub fn detach(function: &Bound<'_, PyAny>) -> bool {
    entry::detach(function)
}

/// Whether attached, plain calls counted, native calls; None without a record.
pub fn entry_report(function: &Bound<'_, PyAny>) -> Option<(bool, u64, u64)> {
    let record = entry::entry_of(function)?;
    let native = record
        .state()
        .as_any()
        .downcast_ref::<TestState>()?
        .native_calls
        .get();
    Some((record.is_attached(), record.calls(), native))
}

/// Whether this thread must run interpreted, and whether a function's code must.
pub fn tracing_active(function: &Bound<'_, PyAny>) -> PyResult<(bool, bool)> {
    let py = function.py();
    let interpreter = self_test::interpreter(py).map_err(PyRuntimeError::new_err)?;
    let code = function.getattr("__code__")?;
    // SAFETY: the attribute of a function is a code object; others do not have it.
    let monitored = unsafe { tracing::code_is_monitored(code.as_ptr().cast()) };
    Ok((tracing::tracing_active(py, interpreter), monitored))
}

/// Number of records.
pub fn entry_count(py: Python<'_>) -> usize {
    entry::count(py)
}

/// Installs code that returns `value` and gives its address and rounded length.
pub fn install_constant(py: Python<'_>, value: u32, length: usize) -> PyResult<(usize, usize)> {
    #[cfg(target_arch = "x86_64")]
    let code = {
        let mut code = vec![0xb8];
        code.extend(value.to_le_bytes());
        code.push(0xc3);
        code
    };
    #[cfg(not(target_arch = "x86_64"))]
    let code = {
        let mut code = Vec::new();
        code.extend((0x5280_0000_u32 | (value & 0xffff) << 5).to_le_bytes());
        code.extend(0xd65f_03c0_u32.to_le_bytes());
        code
    };
    let length = length.max(code.len());
    let block = code_memory::install(py, length, 16, |_, bytes| {
        bytes[..code.len()].copy_from_slice(&code);
    });
    match block {
        Ok(block) => Ok((block.start.as_ptr() as usize, block.length)),
        Err(error) => Err(PyRuntimeError::new_err(error.to_string())),
    }
}

fn block(address: usize, length: usize) -> PyResult<CodeBlock> {
    match NonNull::new(address as *mut u8) {
        Some(start) => Ok(CodeBlock { start, length }),
        None => Err(PyValueError::new_err("no code there")),
    }
}

/// Runs code installed by `install_constant`.
pub fn run_constant(py: Python<'_>, address: usize) -> PyResult<u32> {
    if !code_memory::contains(py, address as *const u8) {
        return Err(PyValueError::new_err("no code there"));
    }
    // SAFETY: the address lies in code memory; the test passes one it got from `install_constant`.
    Ok(unsafe { std::mem::transmute::<usize, extern "C" fn() -> u32>(address)() })
}

/// Frees code installed by `install_constant`.
pub fn free_constant(py: Python<'_>, address: usize, length: usize) -> PyResult<()> {
    let block = block(address, length)?;
    // SAFETY: the test passes each block once, and no call is inside.
    unsafe { code_memory::free(py, block) };
    Ok(())
}
