//! `brolga.CompileError`, raised from Rust. The class is Python's (`brolga/_errors.py`), so that it
//! pickles and reads like any other exception; this is its one constructor on this side.

use pyo3::prelude::*;

/// The exception for a function that cannot be compiled whole. Empty texts and line 0 mean
/// "not known".
pub fn compile_error(
    py: Python<'_>,
    reason: &str,
    function: &str,
    filename: &str,
    line: u32,
    hint: &str,
) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let class = py.import("brolga._errors")?.getattr("CompileError")?;
        Ok(PyErr::from_value(
            class.call1((reason, function, filename, line, hint))?,
        ))
    };
    build().unwrap_or_else(|error| error)
}
