//! Emits PyO3's `Py_3_XX` cfgs for `ffi/` and `runtime/`, and lets the benches, which embed the
//! interpreter, find its library where it was found for linking.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_PYTHON").is_some() {
        pyo3_build_config::use_pyo3_cfgs();
        let interpreter = pyo3_build_config::get();
        if let (true, Some(folder)) = (interpreter.shared(), interpreter.lib_dir()) {
            println!("cargo::rustc-link-arg-benches=-Wl,-rpath,{folder}");
        }
    }
}
