//! `_testing.call_helper` and `_testing.call_support`: what machine code calls, called from Python.

use crate::abi::Operation;
use crate::abi::helpers::HelperId;
use crate::abi::support::Support;
use crate::runtime::helpers::testing;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Calls the runtime helper; `NULL` stands for NULL.
#[pyfunction]
#[pyo3(signature = (name, *arguments))]
pub(super) fn call_helper<'py>(
    name: &str,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    testing::call_helper(name, arguments, &super::testing::null(arguments.py())?)
}

/// Names of all runtime helpers.
#[pyfunction]
pub(super) fn helper_names() -> Vec<&'static str> {
    testing::helper_names()
}

/// Calls a support function or a function of the C mathematics library.
#[pyfunction]
#[pyo3(signature = (name, *arguments))]
pub(super) fn call_support<'py>(
    name: &str,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    testing::call_support(name, arguments)
}

/// The number by which `operator_answer` knows an operator.
#[pyfunction]
pub(super) fn operation_code(helper: &str, truth: bool, inverse: bool) -> PyResult<i64> {
    let helper = HelperId::from_name(helper)
        .ok_or_else(|| PyValueError::new_err(format!("there is no helper {helper:?}")))?;
    let operation = Operation {
        helper,
        truth,
        inverse,
    };
    Ok(operation.code())
}

/// Address of a support function, for calls with words that are no objects.
#[pyfunction]
pub(super) fn support_address(name: &str) -> PyResult<usize> {
    let row = Support::ALL.iter().find(|row| row.name() == name);
    row.map(|row| crate::runtime::support_address(*row))
        .ok_or_else(|| PyValueError::new_err(format!("there is no support function {name:?}")))
}
