//! `BROLGA_ONLY` and `BROLGA_SKIP`: which functions may be compiled, and `BROLGA_RECORD`: which were.
//!
//! A function is named `module.qualname`. Lists are comma-separated; one that begins with `@` is a file with a name
//! per line. `python -m brolga bisect` works with these three.

use std::collections::HashSet;
use std::io::Write;

use pyo3::prelude::*;

use super::engine;
use crate::lift::Refusal;
use crate::runtime::gil_cell::GilCell;

/// A list as it was given, and its names.
type Names = Option<(String, HashSet<String>)>;

static LISTS: GilCell<[Names; 2]> = GilCell::new([None, None]);
/// What was written to the file already.
static RECORDED: GilCell<Option<HashSet<String>>> = GilCell::new(None);

/// `module.qualname`.
pub fn full_name(function: &Bound<'_, PyAny>) -> String {
    let attribute = |name: &str| {
        let value = function.getattr(name).and_then(|value| value.extract());
        value.unwrap_or_else(|_| String::from("?"))
    };
    format!("{}.{}", attribute("__module__"), attribute("__qualname__"))
}

fn names(text: &str) -> HashSet<String> {
    let lines = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).unwrap_or_else(|error| {
            eprintln!("brolga: cannot read the list of functions {path}: {error}");
            String::new()
        }),
        None => text.replace(',', "\n"),
    };
    let lines = lines.lines().map(|line| line.trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Why the function must not be compiled, if it must not.
pub fn refusal(function: &Bound<'_, PyAny>) -> Option<Refusal> {
    let py = function.py();
    let config = engine::config(py);
    let (only, skip) = (config.text("only"), config.text("skip"));
    if only.is_empty() && skip.is_empty() {
        return None;
    }
    let name = full_name(function);
    let is_listed = |index: usize, text: &str| {
        LISTS.with(py, |lists| {
            let list = &mut lists[index];
            if list.as_ref().is_none_or(|(given, _)| given != text) {
                *list = Some((text.to_owned(), names(text)));
            }
            list.as_ref()
                .is_some_and(|(_, names)| names.contains(&name))
        })
    };
    let variable = if !only.is_empty() && !is_listed(0, &only) {
        "BROLGA_ONLY"
    } else if !skip.is_empty() && is_listed(1, &skip) {
        "BROLGA_SKIP"
    } else {
        return None;
    };
    Some(Refusal {
        reason: format!("switched off by {variable}"),
        offset: None,
        hint: String::new(),
    })
}

/// A function is about to be compiled: its name goes to the file, once per process.
pub fn record(function: &Bound<'_, PyAny>) {
    let py = function.py();
    let path = engine::config(py).text("record");
    if path.is_empty() {
        return;
    }
    let name = full_name(function);
    let is_new = RECORDED.with(py, |names| {
        names.get_or_insert_default().insert(name.clone())
    });
    if !is_new {
        return;
    }
    // One write per line, at the end: several processes may share the file.
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path);
    let written = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
    if let Err(error) = written {
        eprintln!("brolga: cannot write to {path}: {error}");
    }
}
