//! Runs the text tests of HIR: every `jit-tests/hir/**/*.hir`.
//!
//! A file is comments, one command, one function, and for most commands an expectation:
//!
//! ```text
//! ; What the test shows, and why it must be so.
//! test pass guard-elim dead-code
//! func f(v0) -> boxed {
//! ...
//! }
//! ; ---- expect
//! func f(v0) -> boxed {
//! ...
//! }
//! ```
//!
//! * `test pass NAME...` runs the passes in order, verifying before the first and after each, and
//!   compares the result.
//! * `test roundtrip` parses and prints, origins included; without expectation the text itself is
//!   expected (comments and white space aside).
//! * `test verify` runs the verifier. Lines it must find fault with carry `; error: TEXT`, a part of
//!   the message; all others must be right. There is no expectation.
//!
//! `BROLGA_BLESS=1` writes the expectations; `BROLGA_FILETEST=part/of/path` runs some files only.

use std::fs;
use std::path::{Path, PathBuf};

use brolga::hir::{self, Function};
use brolga::passes::pipeline;

const EXPECT: &str = "; ---- expect\n";

#[test]
fn filetests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("jit-tests/hir");
    let filter = std::env::var("BROLGA_FILETEST").unwrap_or_default();
    let bless = std::env::var_os("BROLGA_BLESS").is_some_and(|value| value == "1");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files.retain(|path| path.to_string_lossy().contains(&filter));
    assert!(!files.is_empty(), "no file matches `{filter}`");
    let mut failures = Vec::new();
    for path in &files {
        if let Err(message) = run_file(path, bless) {
            let name = path.strip_prefix(&root).unwrap_or(path).display();
            failures.push(format!("==== {name}\n{message}"));
        }
    }
    let count = format!("{} of {} files failed", failures.len(), files.len());
    assert!(failures.is_empty(), "\n{}\n{count}", failures.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder of the text tests") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "hir") {
            files.push(path);
        }
    }
}

fn run_file(path: &Path, bless: bool) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (input, expected) = match text.split_once(EXPECT) {
        Some((input, expected)) => (input, Some(expected)),
        None => (text.as_str(), None),
    };
    let number = input.lines().position(|line| line.starts_with("test "));
    let number = number.ok_or("there is no `test COMMAND` line")?;
    // The command becomes an empty line, so that errors have the file's line numbers.
    let mut lines: Vec<_> = input.lines().collect();
    let command = std::mem::take(&mut lines[number]);
    let command = command
        .split_once(';')
        .map_or(command, |(command, _)| command);
    let body = lines.join("\n");
    let function = hir::parse(&body).map_err(|error| error.to_string())?;
    let words: Vec<_> = command.split_whitespace().skip(1).collect();
    let actual = match words.as_slice() {
        ["pass", names @ ..] if !names.is_empty() => run_passes(names, function)?,
        ["roundtrip"] => {
            let actual = hir::print_with_origins(&function);
            if expected.is_none() {
                return compare(&squeeze(&body), &squeeze(&actual));
            }
            actual
        }
        ["verify"] => return verify(&body, &function),
        _ => return Err(format!("unknown command `{command}`")),
    };
    if expected == Some(actual.as_str()) {
        return Ok(());
    }
    if bless {
        let input = input.trim_end();
        return fs::write(path, format!("{input}\n{EXPECT}{actual}")).map_err(|e| e.to_string());
    }
    compare(
        expected.unwrap_or("(no expectation yet: BROLGA_BLESS=1 writes it)\n"),
        &actual,
    )
}

fn run_passes(names: &[&str], mut function: Function) -> Result<String, String> {
    let options = pipeline::Options {
        check: Some(hir::verify::check),
        ..Default::default()
    };
    let result = pipeline::run(names, &mut function, &options, &mut |_, _| {});
    let text = hir::print(&function);
    result.map_err(|error| format!("{error}\n{text}"))?;
    // What a pass leaves must be text, too.
    let again = hir::parse(&text).map_err(|error| format!("the result does not parse: {error}"))?;
    compare(&text, &hir::print(&again))?;
    Ok(text)
}

/// Lines without comments and with single spaces.
fn squeeze(text: &str) -> String {
    text.lines()
        .map(squeeze_line)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

fn squeeze_line(line: &str) -> String {
    let line = line.split_once(';').map_or(line, |(line, _)| line);
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn verify(body: &str, function: &Function) -> Result<(), String> {
    let mut errors = hir::verify::verify(function).err().unwrap_or_default();
    let mut missing = Vec::new();
    for line in body.lines() {
        for expected in line.split("; error: ").skip(1).map(str::trim) {
            let place = squeeze_line(line);
            let found = errors.iter().position(|error| {
                squeeze_line(&error.place) == place && error.message.contains(expected)
            });
            match found {
                Some(index) => drop(errors.remove(index)),
                None => missing.push(format!("not found: {line}")),
            }
        }
    }
    missing.extend(errors.iter().map(|error| format!("not expected: {error}")));
    if missing.is_empty() {
        Ok(())
    } else {
        Err(missing.join("\n"))
    }
}

/// An error that shows both texts line by line: `-` only expected, `+` only there.
fn compare(expected: &str, actual: &str) -> Result<(), String> {
    if expected == actual {
        return Ok(());
    }
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    // Longest common subsequence of the tails.
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (mark, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', old[i - 1])
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', old[i - 1])
        } else {
            j += 1;
            ('+', new[j - 1])
        };
        out.push_str(&format!("{mark} {line}\n"));
    }
    Err(out)
}
