//! Tests of lowering without an interpreter.
//!
//! `jit-tests/lower/text/*.hir`: HIR and the Cranelift IR it becomes, with the exits as comments.
//! `test lower 3.11` or `test lower 3.12` chooses the layout. Every file is also compiled, verified by
//! Cranelift, for x86-64 and (feature `cross`) AArch64. `BROLGA_BLESS=1` writes the expectations.
//!
//! `jit-tests/lower/run/*.hir`: see `lower/run.rs`.

#[path = "lower/interpreter.rs"]
mod interpreter;
#[path = "lower/run.rs"]
mod run;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use cranelift_codegen::isa::OwnedTargetIsa;
use interpreter::Addresses;

use brolga::abi::deopt_table::DeoptTable;
use brolga::hir;
use brolga::lower::{self, CompiledCode, Options};

const EXPECT: &str = "; ---- expect\n";

/// Processors every file is compiled for.
pub fn targets() -> Vec<&'static str> {
    let mut targets = vec!["x86_64-unknown-linux-gnu"];
    if cfg!(feature = "cross") {
        targets.push("aarch64-unknown-linux-gnu");
    }
    targets
}

/// The processor.
pub fn isa(target: &str) -> Result<OwnedTargetIsa, String> {
    let flags = lower::flags(true).map_err(|error| error.to_string())?;
    lower::isa_for(target, flags).map_err(|error| error.to_string())
}

/// Compiles the function in the text for the processor.
pub fn compile(
    text: &str,
    version: &str,
    target: &str,
    addresses: &Addresses,
) -> Result<CompiledCode, String> {
    let function = hir::parse::parse(text).map_err(|error| error.to_string())?;
    let options = Options {
        keep_clif: true,
        ..Options::default()
    };
    let layout = interpreter::layout(version);
    lower::compile(&function, &layout, addresses, isa(target)?, &options)
        .map_err(|error| error.to_string())
}

/// The input of a test file: its `test` line and the rest, line numbers kept.
pub fn split(text: &str) -> Result<(Vec<String>, String), String> {
    let mut lines: Vec<_> = text.lines().collect();
    let number = lines.iter().position(|line| line.starts_with("test "));
    let number = number.ok_or("there is no `test COMMAND` line")?;
    let command = std::mem::take(&mut lines[number]);
    let words = command
        .split_whitespace()
        .skip(1)
        .map(str::to_owned)
        .collect();
    Ok((words, lines.join("\n")))
}

/// The files of a folder, in order.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("jit-tests/lower")
        .join(folder);
    let filter = std::env::var("BROLGA_FILETEST").unwrap_or_default();
    let entries = fs::read_dir(root).expect("the folder of the tests");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "hir"));
    files.retain(|path| path.to_string_lossy().contains(&filter));
    files.sort();
    files
}

fn describe(table: &DeoptTable) -> String {
    let mut text = String::new();
    for (number, site) in table.sites.iter().enumerate() {
        let _ = writeln!(
            text,
            "site {number}: {} at {}:{} -> state {}",
            site.reason.name(),
            site.code,
            site.offset,
            site.state
        );
    }
    for (number, state) in table.states.iter().enumerate() {
        let _ = writeln!(
            text,
            "state {number}: {:?} words {} releases {:?}",
            state.kind, state.words, state.releases
        );
        for frame in &state.frames {
            let _ = writeln!(
                text,
                "  {} fn {} @{} next {}",
                frame.code, frame.function, frame.offset, frame.next
            );
            for (name, slots) in [("local", &frame.locals), ("stack", &frame.stack)] {
                for (index, slot) in slots.iter().enumerate() {
                    let _ = writeln!(text, "    {name} {index}: {slot:?}");
                }
            }
            if frame.waits != hir::Waits::Call {
                let _ = writeln!(text, "    waits: {:?}", frame.waits);
            }
            if let Some(number) = frame.generator {
                let _ = writeln!(text, "    runs {number}");
            }
            if let Some((by, slots)) = &frame.consumed {
                let _ = writeln!(text, "    for {}: {slots:?}", by.name());
            }
        }
        for (number, object) in &state.shared {
            let _ = writeln!(text, "  object {number}: {object:?}");
        }
    }
    text
}

fn check(path: &Path, bless: bool) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (input, expected) = text.split_once(EXPECT).unwrap_or((&text, ""));
    let (words, body) = split(input)?;
    let [command, version] = &words[..] else {
        return Err("expected `test lower VERSION`".to_owned());
    };
    if command != "lower" {
        return Err(format!("unknown command `{command}`"));
    }
    let mut outputs = Vec::new();
    for target in targets() {
        outputs.push(
            compile(&body, version, target, &Addresses::default())
                .map_err(|error| format!("{target}: {error}"))?,
        );
    }
    let first = outputs.first().ok_or("no target")?;
    let clif = first.clif.as_deref().unwrap_or_default();
    let clif = match body.contains("; no stub") {
        true => clif.split("function u0:1").next().unwrap_or_default(),
        false => clif,
    };
    let actual = format!("{}{clif}", describe(&first.exits));
    if actual == expected {
        return Ok(());
    }
    if bless {
        let input = input.trim_end();
        return fs::write(path, format!("{input}\n{EXPECT}{actual}"))
            .map_err(|error| error.to_string());
    }
    let line = actual
        .lines()
        .zip(expected.lines())
        .position(|(a, b)| a != b)
        .unwrap_or(0);
    Err(format!(
        "differs from line {} of the expectation on; got\n{actual}",
        line + 1
    ))
}

#[test]
fn text() {
    let bless = std::env::var_os("BROLGA_BLESS").is_some_and(|value| value == "1");
    let mut failures = Vec::new();
    for path in files("text") {
        if let Err(message) = check(&path, bless) {
            failures.push(format!("==== {}\n{message}", path.display()));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}
