//! Emits PyO3's `Py_3_XX` cfgs for `ffi/` and `runtime/`; nothing else happens here.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_PYTHON").is_some() {
        pyo3_build_config::use_pyo3_cfgs();
    }
}
