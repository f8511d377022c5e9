//! The `brolga._native` extension module.

use pyo3::prelude::*;

/// `brolga._native`: everything the Python package calls.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}
