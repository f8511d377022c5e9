//! `_testing.call_helper` and `_testing.call_support`: what machine code calls, called from Python.

use crate::runtime::helpers::testing;
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
