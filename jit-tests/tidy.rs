//! Rules of the house that no compiler checks: layering, where `unsafe` and PyO3 may stand, file
//! sizes, module heads, and documents that name files which exist.
//!
//! Plain text scanning on purpose: no parser to keep alive. A rule that text cannot decide does not
//! belong here. Each failure names file, line and rule.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms of `src/` a room may use (`crate::ROOM`). Its own is always allowed.
/// The same table in words: `docs/architecture.md`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("bytecode", &[]),
    // Facts are in the vocabulary of HIR types and exit reasons.
    ("feedback", &["bytecode", "hir", "abi"]),
    // Ops name helpers and exit reasons by id; helper rows state types and effects. One vocabulary.
    ("hir", &["abi"]),
    ("abi", &["hir"]),
    ("analysis", &["hir", "abi"]),
    ("passes", &["hir", "abi", "analysis"]),
    ("lift", &["bytecode", "feedback", "hir", "abi", "analysis"]),
    ("lower", &["hir", "analysis", "abi"]),
    ("ffi", &["bytecode"]),
    ("runtime", &["abi", "ffi"]),
    ("driver", EVERYTHING_BELOW_DRIVER),
    ("python", EVERYTHING_BELOW_PYTHON),
];

const EVERYTHING_BELOW_DRIVER: &[&str] = &[
    "bytecode", "feedback", "hir", "analysis", "passes", "lift", "abi", "lower", "ffi", "runtime",
];

const EVERYTHING_BELOW_PYTHON: &[&str] = &[
    "bytecode", "feedback", "hir", "analysis", "passes", "lift", "abi", "lower", "ffi", "runtime",
    "driver",
];

/// Rooms that touch an interpreter: the only ones that may name PyO3.
const INTERPRETER_ROOMS: &[&str] = &["ffi", "runtime", "driver", "python"];

/// The only rooms with `unsafe`.
const UNSAFE_ROOMS: &[&str] = &["ffi", "runtime"];

/// Lines a file may have; tables and generated files (`is_table`) are excepted.
const LINE_LIMIT: usize = 1200;

/// How far above an unsafe block its `SAFETY:` may begin.
const SAFETY_DISTANCE: usize = 12;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A project file, read.
struct Source {
    /// Relative to the project, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The room under `src/` this file belongs to, if any.
    fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let (room, _) = inside.split_once('/')?;
        Some(room)
    }

    /// A table by nature (one row per thing), so that its length says nothing against it.
    fn is_table(&self) -> bool {
        self.path.contains("/tables/")
            || self.path.contains("/fixtures/")
            || self
                .text
                .lines()
                .take(5)
                .any(|line| line.contains("Generated"))
    }

    /// Numbered lines of Rust with comments and the contents of strings blanked.
    fn code(&self) -> Vec<(usize, String)> {
        let blanked = blank_comments_and_strings(&self.text);
        blanked
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.to_owned()))
            .collect()
    }
}

/// All files of the project with one of these endings, without build products.
fn sources(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("a readable folder");
        for entry in entries {
            let path = entry.expect("a readable entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                let hidden = name.starts_with('.') && name != ".ci";
                if !hidden && !matches!(name.as_str(), "target" | "__pycache__" | "dist") {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = fs::read_to_string(&path).unwrap_or_default();
                found.push(Source {
                    path: relative(&path),
                    text,
                });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(!found.is_empty(), "no files with {endings:?}");
    found
}

fn relative(path: &Path) -> String {
    let inside = path
        .strip_prefix(root())
        .expect("a path inside the project");
    inside.to_string_lossy().replace('\\', "/")
}

/// Replaces comments and the contents of string and character literals by spaces; line breaks stay.
fn blank_comments_and_strings(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let blank_until = |out: &mut String, from: usize, to: usize| {
        out.extend(
            text[from..to]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' }),
        );
    };
    while at < bytes.len() {
        let rest = &text[at..];
        let end = if rest.starts_with("//") {
            at + rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            at + rest.find("*/").map_or(rest.len(), |length| length + 2)
        } else if (rest.starts_with("r\"") || rest.starts_with("r#")) && !word_before(bytes, at) {
            raw_string_end(text, at)
        } else if rest.starts_with('"') {
            string_end(bytes, at)
        } else if let Some(length) = character_length(rest) {
            at + length
        } else {
            let character = rest.chars().next().expect("not at the end");
            out.push(character);
            at += character.len_utf8();
            continue;
        };
        blank_until(&mut out, at, end);
        at = end;
    }
    out
}

fn word_before(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn raw_string_end(text: &str, start: usize) -> usize {
    let hashes = text[start + 1..]
        .bytes()
        .take_while(|byte| *byte == b'#')
        .count();
    let open = start + 1 + hashes;
    if text.as_bytes().get(open) != Some(&b'"') {
        return open; // a raw identifier: r#type
    }
    let close = format!("\"{}", "#".repeat(hashes));
    text[open + 1..]
        .find(&close)
        .map_or(text.len(), |length| open + 1 + length + close.len())
}

/// Length of a character literal at the start of `rest`; lifetimes are none.
fn character_length(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut characters = inside.char_indices();
    let (_, first) = characters.next()?;
    if first == '\\' {
        // Past the backslash and what it escapes, which may be the quote.
        return inside
            .get(2..)?
            .find('\'')
            .filter(|at| *at <= 10)
            .map(|at| at + 4);
    }
    let (at, second) = characters.next()?;
    (second == '\'').then_some(at + 2)
}

/// The names that follow `crate::` in a line, `crate::{a, b::c}` included.
fn crate_uses(line: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_');
    for (at, marker) in line.match_indices("crate::") {
        // `$crate` in a macro is the same crate.
        let rest = &line[at + marker.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (index, character) in group.char_indices() {
                match character {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ if start && !character.is_whitespace() => {
                        let name = &group[index..];
                        names.push(&name[..word(name).unwrap_or(name.len())]);
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            names.push(&rest[..word(rest).unwrap_or(rest.len())]);
        }
    }
    names
}

/// Whether `word` stands in `line` as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word)
    })
}

/// Collects violations and fails once, with all of them.
#[derive(Default)]
struct Violations(String);

impl Violations {
    fn add(&mut self, path: &str, line: usize, what: &str) {
        writeln!(self.0, "{path}:{line}: {what}").expect("writing to a string");
    }

    fn check(self) {
        assert!(self.0.is_empty(), "\n{}", self.0);
    }
}

#[test]
fn every_rust_file_starts_with_a_module_doc() {
    let mut bad = Violations::default();
    for source in sources(&[".rs"]) {
        let first = source
            .text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        if !first.starts_with("//!") {
            bad.add(
                &source.path,
                1,
                "no module doc: the first line says what this file is",
            );
        }
    }
    bad.check();
}

#[test]
fn no_file_is_too_long() {
    let mut bad = Violations::default();
    for source in sources(&[".rs", ".py", ".md"]) {
        let lines = source.text.lines().count();
        if lines > LINE_LIMIT && !source.is_table() {
            bad.add(
                &source.path,
                lines,
                &format!("more than {LINE_LIMIT} lines: split it"),
            );
        }
    }
    bad.check();
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let mut bad = Violations::default();
    for source in sources(&[".rs"]) {
        let Some(room) = source.room() else { continue };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == room) else {
            bad.add(
                &source.path,
                1,
                "a room that jit-tests/tidy.rs does not know",
            );
            continue;
        };
        // Lines are joined, since a `use crate::{..}` may span several.
        let code: String = source
            .code()
            .into_iter()
            .map(|(_, line)| line + " ")
            .collect();
        let used: BTreeSet<&str> = crate_uses(&code).into_iter().collect();
        for name in used {
            let is_room = MAY_USE.iter().any(|(other, _)| *other == name);
            if is_room && name != room && !allowed.contains(&name) {
                bad.add(
                    &source.path,
                    1,
                    &format!("{room} may not use crate::{name}"),
                );
            }
        }
    }
    bad.check();
}

#[test]
fn only_the_rooms_around_the_interpreter_name_pyo3() {
    let mut bad = Violations::default();
    for source in sources(&[".rs"]) {
        let Some(room) = source.room() else { continue };
        if INTERPRETER_ROOMS.contains(&room) {
            continue;
        }
        for (number, line) in source.code() {
            if ["pyo3", "pyo3_ffi"]
                .iter()
                .any(|name| has_word(&line, name))
            {
                bad.add(&source.path, number, &format!("{room} may not use PyO3"));
            }
        }
    }
    bad.check();
}

#[test]
fn safe_rooms_forbid_unsafe() {
    let mut bad = Violations::default();
    for (room, _) in MAY_USE {
        let head = root().join("src").join(room).join("mod.rs");
        let text = fs::read_to_string(&head).unwrap_or_default();
        let may_be_unsafe = INTERPRETER_ROOMS.contains(room);
        if !may_be_unsafe && !text.contains("#![forbid(unsafe_code)]") {
            bad.add(
                &format!("src/{room}/mod.rs"),
                1,
                "needs #![forbid(unsafe_code)]",
            );
        }
    }
    bad.check();
}

#[test]
fn unsafe_stands_only_where_it_is_allowed_and_argued() {
    let mut bad = Violations::default();
    for source in sources(&[".rs"]) {
        let Some(room) = source.room() else { continue };
        let text: Vec<&str> = source.text.lines().collect();
        for (number, line) in source.code() {
            if !has_word(&line, "unsafe") {
                continue;
            }
            if !UNSAFE_ROOMS.contains(&room) {
                bad.add(
                    &source.path,
                    number,
                    "unsafe outside src/ffi and src/runtime",
                );
            } else if line.contains("unsafe {") || line.contains("unsafe impl") {
                let above = number.saturating_sub(1 + SAFETY_DISTANCE);
                if !text[above..number]
                    .iter()
                    .any(|line| line.contains("SAFETY:"))
                {
                    bad.add(
                        &source.path,
                        number,
                        "unsafe without a SAFETY: comment above",
                    );
                }
            }
        }
    }
    bad.check();
}

#[test]
fn documents_name_files_that_exist() {
    let mut bad = Violations::default();
    for source in sources(&[".md"]) {
        for (index, line) in source.text.lines().enumerate() {
            for path in paths_in(line) {
                if !exists_somewhere(&source.path, path) {
                    bad.add(&source.path, index + 1, &format!("{path} does not exist"));
                }
            }
        }
    }
    bad.check();
}

/// Paths a line of Markdown refers to: link targets, and code spans that begin with a folder here.
fn paths_in(line: &str) -> Vec<&str> {
    let links = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    let spans = line.split('`').skip(1).step_by(2).filter(|span| {
        let folder = span.split('/').next().unwrap_or_default();
        span.contains('/') && !folder.is_empty() && is_folder_here(folder)
    });
    let is_pattern = |path: &&str| path.contains(['<', '>', '*', '{', ' ', '$']);
    let is_address = |path: &&str| path.contains("://") || path.is_empty();
    links
        .chain(spans)
        .filter(|path| !is_pattern(path) && !is_address(path))
        .collect()
}

fn is_folder_here(name: &str) -> bool {
    root().join(name).is_dir() || root().join("src").join(name).is_dir()
}

fn exists_somewhere(document: &str, path: &str) -> bool {
    let beside = Path::new(document)
        .parent()
        .map(PathBuf::from)
        .unwrap_or_default();
    let bare = path.split("::").next().unwrap_or(path);
    // A build product: a clean clone lacks it, and documents may name it all the same.
    let is_product = bare.starts_with("target/");
    let folders = [
        root().join(beside),
        root().to_path_buf(),
        root().join("src"),
    ];
    is_product || folders.iter().any(|folder| folder.join(bare).exists())
}

#[test]
fn nothing_names_a_personal_path() {
    let mut bad = Violations::default();
    // In pieces, so that this file does not find itself.
    let personal = [
        ["/ho", "me/"],
        ["/ro", "ot/"],
        ["/Us", "ers/"],
        ["/wo", "rk/"],
    ];
    let endings = [
        ".rs", ".py", ".pyi", ".md", ".toml", ".sh", ".hir", ".txt", ".json", "Makefile", "run",
    ];
    for source in sources(&endings) {
        for (index, line) in source.text.lines().enumerate() {
            for prefix in personal.iter().map(|pieces| pieces.concat()) {
                let absolute = |at: usize| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| matches!(c, ' ' | '"' | '\'' | '`' | '(' | '=' | ':'))
                };
                if line.match_indices(&prefix).any(|(at, _)| absolute(at)) {
                    bad.add(&source.path, index + 1, &format!("a path under {prefix}"));
                }
            }
        }
    }
    bad.check();
}

/// The scanner itself: what it must see, and what it must not.
mod scanner {
    use super::*;

    #[test]
    fn blanks_comments_strings_and_characters_but_keeps_lines() {
        let text = "let a = \"unsafe { \\\" }\"; // unsafe\nlet b = ['\\'', 'u']; /* unsafe\n */ f::<'a>()";
        let code = blank_comments_and_strings(text);
        assert!(!code.contains("unsafe"), "{code}");
        assert!(code.contains("f::<'a>()"), "{code}");
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn blanks_raw_strings_and_keeps_raw_identifiers() {
        let code = blank_comments_and_strings("r#type; r#\"unsafe \" {\"#; r\"unsafe\"; end");
        assert!(!code.contains("unsafe"), "{code}");
        assert!(code.contains("type") && code.ends_with("end"), "{code}");
    }

    #[test]
    fn sees_single_and_grouped_uses_of_the_crate() {
        assert_eq!(crate_uses("use crate::hir::ids::Value;"), ["hir"]);
        assert_eq!(
            crate_uses("use crate::{hir::{ids, ops}, abi, lift::x};"),
            ["hir", "abi", "lift"]
        );
        assert!(crate_uses("use super::hir;").is_empty());
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("unsafe fn f()", "unsafe"));
        assert!(!has_word("#![forbid(unsafe_code)]", "unsafe"));
    }

    #[test]
    fn paths_are_links_and_spans_that_begin_with_a_folder() {
        let line =
            "see [ops](../src/hir/mod.rs#top), `hir/mod.rs`, `a/b`, `src/*/x` and `int / float`";
        assert_eq!(paths_in(line), ["../src/hir/mod.rs", "hir/mod.rs"]);
    }
}
