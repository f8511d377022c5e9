//! Time and size of lowering: the functions of the text tests of lowering, HIR to bytes.
//!
//! `cargo bench --no-default-features --bench lowering`. Prints the minimum of many runs, for a shared machine disturbs
//! every other number: microseconds to build Cranelift IR and to compile it, instructions, bytes.

#[path = "../jit-tests/lower/interpreter.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod interpreter;

use std::fs;
use std::path::Path;
use std::time::Duration;

use brolga::hir;
use brolga::lower::{self, Compiler, Options};

const RUNS: usize = 200;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("jit-tests/lower");
    let mut rows = Vec::new();
    for folder in ["text", "run"] {
        for entry in fs::read_dir(root.join(folder)).expect("the folder of the tests") {
            rows.push(entry.expect("an entry").path());
        }
    }
    rows.sort();
    let flags = lower::flags(false).expect("the settings");
    let isa = lower::isa_for("x86_64-unknown-linux-gnu", flags).expect("the processor");
    let mut compiler = Compiler::new(isa);
    println!(
        "{:24} {:>9} {:>9} {:>6} {:>6} {:>6}",
        "function", "build", "compile", "clif", "body", "all"
    );
    for path in rows {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let input = text.split("; ---- expect").next().unwrap_or_default();
        let lines = input.lines().filter(|line| !line.starts_with("test "));
        let Ok(function) = hir::parse::parse(&lines.collect::<Vec<_>>().join("\n")) else {
            continue;
        };
        let layout = interpreter::layout("3.11");
        let addresses = interpreter::Addresses::default();
        let (mut build, mut compile) = (Duration::MAX, Duration::MAX);
        let mut last = None;
        for _ in 0..RUNS {
            let code = compiler
                .compile(&function, &layout, &addresses, &Options::default())
                .expect("a function of the tests compiles");
            build = build.min(code.timing.build);
            compile = compile.min(code.timing.compile);
            last = Some(code);
        }
        if let Some(code) = last {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let micro = |time: Duration| time.as_secs_f64() * 1e6;
            println!(
                "{name:24} {:9.1} {:9.1} {:6} {:6} {:6}",
                micro(build),
                micro(compile),
                code.timing.instructions,
                code.timing.body_bytes,
                code.code.len()
            );
        }
    }
}
