//! CPython layouts that pyo3-ffi lacks, one file per C header.
