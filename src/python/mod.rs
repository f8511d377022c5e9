//! The `brolga._native` extension module: the functions the Python package calls.
//!
//! `python/brolga/_native.pyi` declares them and `make test` compares it with the binary.
//! Nothing is compiled yet: functions are accepted, run as they are, and every answer says so.

mod error;
mod testing;
mod testing_helpers;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::compile_error;

const NOT_NATIVE: &str = "this build has no engine: functions run in the interpreter";

static ENABLED: AtomicBool = AtomicBool::new(true);

fn qualified_name(function: &Bound<'_, PyAny>) -> PyResult<String> {
    function.getattr("__qualname__")?.extract()
}

fn disabled_by_environment() -> bool {
    std::env::var_os("BROLGA_DISABLE").is_some_and(|value| !value.is_empty() && value != "0")
}

#[pyfunction]
#[pyo3(signature = (function, options))]
fn attach(function: &Bound<'_, PyAny>, options: &Bound<'_, PyDict>) -> PyResult<()> {
    if let Some(strict) = options.get_item("strict")?
        && strict.is_truthy()?
    {
        let name = qualified_name(function)?;
        return Err(compile_error(function.py(), NOT_NATIVE, &name, "", 0, ""));
    }
    Ok(())
}

#[pyfunction]
fn detach(function: &Bound<'_, PyAny>) {
    let _ = function;
}

#[pyfunction]
fn never(function: &Bound<'_, PyAny>) {
    let _ = function;
}

#[pyfunction]
fn compile<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyDict>> {
    let _ = args;
    let report = PyDict::new(function.py());
    report.set_item("name", qualified_name(function)?)?;
    report.set_item("verdict", "interpreted")?;
    report.set_item("reason", NOT_NATIVE)?;
    Ok(report)
}

#[pyfunction]
fn stats<'py>(
    py: Python<'py>,
    function: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let report = PyDict::new(py);
    match function {
        Some(function) => {
            report.set_item("name", qualified_name(function)?)?;
            report.set_item("verdict", "interpreted")?;
            report.set_item("reason", NOT_NATIVE)?;
        }
        None => {
            report.set_item("native", false)?;
            report.set_item("reason", NOT_NATIVE)?;
            report.set_item("functions", PyList::empty(py))?;
        }
    }
    Ok(report)
}

#[pyfunction]
fn explain<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = function.py();
    let report = PyDict::new(py);
    report.set_item("name", qualified_name(function)?)?;
    report.set_item("verdict", "interpreted")?;
    report.set_item("reason", NOT_NATIVE)?;
    report.set_item("lines", PyList::empty(py))?;
    Ok(report)
}

#[pyfunction]
fn inspect(function: &Bound<'_, PyAny>, kind: &str) -> PyResult<String> {
    Ok(format!(
        "{}: no {kind}: {NOT_NATIVE}",
        qualified_name(function)?
    ))
}

/// Switches compiled code on or off and answers what it was before.
#[pyfunction]
fn set_enabled(enabled: bool) -> bool {
    ENABLED.swap(enabled, Ordering::Relaxed)
}

#[pyfunction]
fn config(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let values = PyDict::new(py);
    values.set_item("disable", disabled_by_environment())?;
    Ok(values)
}

#[pyfunction]
fn set_config(name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let _ = value;
    Err(pyo3::exceptions::PyTypeError::new_err(format!(
        "option {name:?} is set before the start"
    )))
}

#[pyfunction]
fn options(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let option = PyDict::new(py);
    option.set_item("name", "disable")?;
    option.set_item("env", "BROLGA_DISABLE")?;
    option.set_item("default", false)?;
    option.set_item("help", "leave every decorated function as it is")?;
    PyList::new(py, [option])
}

#[pyfunction]
fn support(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let report = PyDict::new(py);
    report.set_item("native", false)?;
    report.set_item("reason", NOT_NATIVE)?;
    Ok(report)
}

/// `brolga._native`: everything the Python package calls.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{
        attach, compile, config, detach, explain, inspect, never, options, set_config, set_enabled,
        stats, support,
    };

    #[pymodule_export]
    use super::testing::_testing;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the Python name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
