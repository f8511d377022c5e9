//! The `brolga._native` extension module: the functions the Python package calls.
//!
//! `python/brolga/_native.pyi` declares them and `make test` compares it with the binary. No decision is
//! made here: arguments in, driver, plain dictionaries out.

mod error;
mod testing;
mod testing_helpers;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction, PyList, PyTuple};

use crate::driver::attach::{self, unsupported};
use crate::driver::enable::{self, Lazy};
use crate::driver::engine;
use crate::driver::observe::observe;
use crate::driver::options::{OPTIONS, OptionValue};
use crate::driver::record::record_of;
use crate::driver::report;
use crate::ffi::code_view;
use crate::lift::Refusal;
use crate::runtime::entry;

pub use error::compile_error;

fn qualified_name(function: &Bound<'_, PyAny>) -> PyResult<String> {
    function.getattr("__qualname__")?.extract()
}

fn strict_error(function: &Bound<'_, PyAny>, refusal: &Refusal) -> PyErr {
    let py = function.py();
    let name = qualified_name(function).unwrap_or_default();
    let place = || -> PyResult<(String, u32)> {
        let code = function.getattr("__code__")?.cast_into()?;
        let bytes = code_view(&code)?;
        let line = refusal
            .offset
            .and_then(|offset| crate::bytecode::decode(&bytes).ok()?.line(offset))
            .unwrap_or(bytes.firstlineno);
        Ok((bytes.filename, line))
    };
    let (filename, line) = place().unwrap_or_default();
    compile_error(py, &refusal.reason, &name, &filename, line, &refusal.hint)
}

fn strict_check(function: &Bound<'_, PyAny>) -> PyResult<()> {
    let code = function.getattr("__code__")?.cast_into()?;
    let bytes = code_view(&code)?;
    if bytes.is_generator_like() {
        return Err(strict_error(
            function,
            &Refusal {
                reason: "generators and coroutines stay interpreted".into(),
                offset: None,
                hint: "move the hot loop into a plain function".into(),
            },
        ));
    }
    Ok(())
}

#[pyfunction]
#[pyo3(signature = (function, options))]
#[pyo3(name = "attach")]
fn attach_function(function: &Bound<'_, PyAny>, options: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = function.py();
    let strict = options
        .get_item("strict")?
        .is_some_and(|value| value.is_truthy().unwrap_or(false));
    if let Some(reason) = unsupported(py) {
        if strict {
            let refusal = Refusal {
                reason,
                offset: None,
                hint: String::new(),
            };
            return Err(strict_error(function, &refusal));
        }
        return Ok(());
    }
    crate::runtime::helpers::collection::remember(py);
    if strict {
        strict_check(function)?;
    }
    let default = engine::with(py, |state| {
        state
            .as_ref()
            .map_or(50, |engine| engine.config.number("threshold"))
    });
    let threshold: u32 = match options.get_item("threshold")? {
        Some(value) if !value.is_none() => value.extract()?,
        _ => default,
    };
    let is_known =
        entry::entry_of(function).is_some_and(|entry| !entry.state().as_any().is::<Lazy>());
    if is_known && let Some((record, entry)) = record_of(function) {
        record.never.set(false);
        record.undecorated.set(false);
        record.neighbour.set(false);
        entry.count_down(threshold.max(1));
        return Ok(());
    }
    match attach::attach(function, threshold, strict)? {
        Ok(()) => Ok(()),
        Err(error) if strict => Err(strict_error(
            function,
            &Refusal {
                reason: error.reason(),
                offset: None,
                hint: String::new(),
            },
        )),
        // It runs as it is, and `explain` says so.
        Err(_) => Ok(()),
    }
}

#[pyfunction]
fn detach(function: &Bound<'_, PyAny>) {
    entry::detach(function);
}

/// Everything comes under the JIT from now on, and `existing`, which may hold anything. False where the
/// interpreter cannot.
#[pyfunction]
fn enable_all(existing: &Bound<'_, PyList>) -> bool {
    let py = existing.py();
    crate::runtime::helpers::collection::remember(py);
    let functions: Vec<_> = existing
        .iter()
        .filter(|object| object.is_instance_of::<PyFunction>())
        .collect();
    enable::enable(py, &functions)
}

/// Functions made from now on are left alone.
#[pyfunction]
fn disable_all(py: Python<'_>) {
    enable::disable(py);
}

/// Does every function come under the JIT?
#[pyfunction]
fn is_enabled_for_all() -> bool {
    enable::is_on()
}

/// The functions of a module that was imported, or the like.
#[pyfunction]
fn take_over(functions: &Bound<'_, PyList>) {
    if enable::is_on() {
        for function in functions.iter() {
            enable::take_over(&function);
        }
    }
}

/// The names of all passes.
#[pyfunction]
fn passes() -> Vec<&'static str> {
    crate::passes::PASSES
        .iter()
        .map(|pass| pass.name())
        .collect()
}

#[pyfunction]
fn never(function: &Bound<'_, PyAny>) -> PyResult<()> {
    if record_of(function).is_none() && unsupported(function.py()).is_none() {
        // For `jit.enable()`, later. One that cannot get an entry stays interpreted anyway.
        let _ = attach::attach(function, 1, false)?;
    }
    if let Some((record, entry)) = record_of(function) {
        record.never.set(true);
        entry.detach(function.py());
    }
    Ok(())
}

#[pyfunction]
fn compile<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = function.py();
    let Some((record, entry)) = record_of(function) else {
        let report = PyDict::new(py);
        report.set_item("name", qualified_name(function)?)?;
        report.set_item("verdict", "interpreted")?;
        let reason = unsupported(py).unwrap_or_else(|| "it has no @jit, or cannot have one".into());
        report.set_item("reason", reason)?;
        return Ok(report);
    };
    let positional: Vec<Bound<'py, PyAny>> = args.iter().collect();
    let bound = crate::driver::bind::bind(function, &positional, None, &[])?;
    let facts = bound
        .iter()
        .map(|arg| arg.as_ref().map(observe).unwrap_or_default())
        .collect();
    let plan = record.plan(facts);
    match record.compile(function, &plan, true) {
        Ok(version) => record.install(&entry, version, plan.replaces.as_ref()),
        Err(refusal) if record.strict => return Err(strict_error(function, &refusal)),
        Err(refusal) => record.refuse(py, refusal),
    }
    report::function_stats(py, &record)
}

#[pyfunction]
fn stats<'py>(
    py: Python<'py>,
    function: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let Some(function) = function else {
        return report::totals(py);
    };
    if let Some((record, _)) = record_of(function) {
        return report::function_stats(py, &record);
    }
    let row = PyDict::new(py);
    row.set_item("name", qualified_name(function)?)?;
    row.set_item("verdict", "interpreted")?;
    let reason = unsupported(py).unwrap_or_else(|| "it has no @jit, or cannot have one".into());
    row.set_item("reason", reason)?;
    row.set_item("calls", 0)?;
    row.set_item("native_calls", 0)?;
    Ok(row)
}

#[pyfunction]
fn explain<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    report::explain(function)
}

#[pyfunction]
fn inspect(function: &Bound<'_, PyAny>, kind: &str) -> PyResult<String> {
    report::inspect(function, kind)
}

/// Switches compiled code on or off and answers what it was before.
#[pyfunction]
fn set_enabled(enabled: bool) -> bool {
    engine::set_enabled(enabled)
}

fn value_to_python<'py>(py: Python<'py>, value: &OptionValue) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        OptionValue::Flag(value) => pyo3::types::PyBool::new(py, *value).to_owned().into_any(),
        OptionValue::Number(value) => value.into_pyobject(py)?.into_any(),
        OptionValue::Text(value) => value.into_pyobject(py)?.into_any(),
    })
}

#[pyfunction]
fn config(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let values = PyDict::new(py);
    let current = engine::config(py);
    for row in OPTIONS {
        if let Some(value) = current.get(row.name) {
            values.set_item(row.name, value_to_python(py, value)?)?;
        }
    }
    Ok(values)
}

#[pyfunction]
fn set_config(py: Python<'_>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let value = if let Ok(flag) = value.cast_exact::<pyo3::types::PyBool>() {
        OptionValue::Flag(flag.is_true())
    } else if let Ok(number) = value.extract::<u32>() {
        OptionValue::Number(number)
    } else if let Ok(text) = value.extract::<String>() {
        OptionValue::Text(text)
    } else {
        return Err(pyo3::exceptions::PyTypeError::new_err(format!(
            "option {name:?} takes True or False, a whole number or a text, not {}",
            value.get_type().name()?
        )));
    };
    engine::set_config(py, name, value).map_err(pyo3::exceptions::PyTypeError::new_err)
}

#[pyfunction]
fn options(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let rows = PyList::empty(py);
    for row in OPTIONS {
        let option = PyDict::new(py);
        option.set_item("name", row.name)?;
        option.set_item("env", row.variable)?;
        option.set_item("default", value_to_python(py, &(row.default)())?)?;
        option.set_item("help", row.help)?;
        rows.append(option)?;
    }
    Ok(rows)
}

#[pyfunction]
fn support(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let report = PyDict::new(py);
    let reason = unsupported(py);
    report.set_item("native", reason.is_none())?;
    report.set_item("reason", reason.unwrap_or_default())?;
    Ok(report)
}

/// `brolga._native`: everything the Python package calls.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{
        attach_function, compile, config, detach, disable_all, enable_all, explain, inspect,
        is_enabled_for_all, never, options, passes, set_config, set_enabled, stats, support,
        take_over,
    };

    #[pymodule_export]
    use super::testing::_testing;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the Python name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
