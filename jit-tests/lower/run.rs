//! Runs lowered functions: natively, and with feature `cross` as AArch64 code under qemu-user.
//!
//! A file of `jit-tests/lower/run` is a function over numbers and what Python says of it:
//!
//! ```text
//! ; Why it must be so.
//! test run 3.11
//! ; python: a // b
//! func f(v0: i64, v1: i64) -> i64 { ... }
//! ```
//!
//! The parameters are called a, b, c in the expression, which `python3` evaluates for all
//! combinations of border values within the parameters' ranges. Where Python raises, or the value has
//! no place in the result's representation, the code must leave; `; may leave: CONDITION` allows it
//! elsewhere. A frame state's first locals are the parameters, and the words of an exit must hold them.
//! Every case is run through the body and, boxed, through the entry stub.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use brolga::abi::deopt_table::{DeoptTable, SlotDescriptor, Source, ValueDescriptor};
use brolga::abi::support::Support;
use brolga::hir::{self, Function, IntRange, Repr, Value};
use brolga::lower::trampolines::{self, PRESERVED, Trampolines};
use brolga::lower::{AddressProvider, CompiledCode};

use super::interpreter::{Addresses, DATA, STEP, SUPPORT, TRAMPOLINES, data};

const PYTHON: &str = r#"
import struct, sys, math
def number(word, repr):
    word = int(word, 16)
    if repr == "f64": return struct.unpack("<d", struct.pack("<Q", word))[0]
    if repr == "i64": return word - (1 << 64) if word >> 63 else word
    if repr == "bool": return bool(word)
    return word
def answer(value, repr):
    if repr == "f64":
        if type(value) is not float: return "L"
        return "nan" if value != value else "%x" % struct.unpack("<Q", struct.pack("<d", value))
    if repr == "bool":
        assert type(value) is bool, value
        return "%x" % value
    if type(value) is not int: return "L"
    low, high = (-2**63, 2**63 - 1) if repr == "i64" else (0, 2**64 - 1)
    return "%x" % (value % 2**64) if low <= value <= high else "L"
for line in sys.stdin:
    expression, may_leave, reprs, result, *cases = line.rstrip("\n").split("\t")
    expression, may_leave, reprs = compile(expression, "expression", "eval"), compile(may_leave, "condition", "eval"), reprs.split()
    for case in cases:
        names = {name: number(word, repr) for name, word, repr in zip("abcdef", case.split(), reprs)}
        names["math"] = math
        try: word = answer(eval(expression, names), result)
        except (ArithmeticError, ValueError): word = "L"
        print(word, "may" if eval(may_leave, names) else "must")
"#;

struct Test {
    path: PathBuf,
    function: Function,
    expression: String,
    may_leave: String,
    version: String,
    text: String,
    cases: Vec<Vec<u64>>,
}

fn params(function: &Function) -> Vec<&Value> {
    let params = &function.block(function.entry).params;
    params.iter().map(|&param| function.value(param)).collect()
}

/// Border values of a parameter.
fn borders(value: &Value, few: bool) -> Vec<u64> {
    let mut result: Vec<u64> = Vec::new();
    let range = value.range;
    match value.repr {
        Repr::Bool => result.extend([0, 1]),
        Repr::F64 => {
            let positive = [
                0.0,
                1.0,
                0.5,
                1.5,
                2.5,
                3.0,
                0.1,
                7.0,
                1e-320,
                1e308,
                9_007_199_254_740_993.0,
                9_223_372_036_854_775_808.0,
                9_223_372_036_854_774_784.0,
                1.797e308,
                f64::INFINITY,
            ];
            let positive = if few { &positive[..6] } else { &positive[..] };
            for number in positive {
                result.extend([number.to_bits(), (-number).to_bits()]);
            }
            result.push(f64::NAN.to_bits());
        }
        _ => {
            let shifts: &[u32] = if few {
                &[0, 2, 31, 62]
            } else {
                &[0, 1, 2, 3, 5, 6, 15, 30, 31, 53, 60, 62, 63]
            };
            let mut numbers = vec![10, -10, 7, -7, 1_000_000_007, range.low, range.high];
            for &shift in shifts {
                for delta in [-1, 0, 1] {
                    numbers.extend([(1i128 << shift) + delta, -((1i128 << shift) + delta)]);
                }
            }
            numbers.retain(|number| range.low <= *number && *number <= range.high);
            let holds = if value.repr == Repr::U64 {
                IntRange::U64
            } else {
                IntRange::I64
            };
            numbers.retain(|number| holds.low <= *number && *number <= holds.high);
            result.extend(numbers.iter().map(|number| *number as u64));
        }
    }
    result.sort_unstable();
    result.dedup();
    result
}

fn combinations(function: &Function) -> Vec<Vec<u64>> {
    let params = params(function);
    let mut cases = vec![Vec::new()];
    for value in &params {
        let borders = borders(value, params.len() > 2);
        let longer = cases.iter().flat_map(|case: &Vec<u64>| {
            borders
                .iter()
                .map(|word| [case.as_slice(), &[*word]].concat())
        });
        cases = longer.collect();
    }
    cases
}

fn load(path: &Path) -> Result<Test, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (words, body) = super::split(&text)?;
    let [command, version] = &words[..] else {
        return Err("expected `test run VERSION`".to_owned());
    };
    if command != "run" {
        return Err(format!("unknown command `{command}`"));
    }
    let comment = |name: &str| {
        let start = format!("; {name}: ");
        text.lines()
            .find_map(|line| line.strip_prefix(&start))
            .map(str::to_owned)
    };
    let function = hir::parse::parse(&body).map_err(|error| error.to_string())?;
    Ok(Test {
        path: path.to_owned(),
        expression: comment("python").ok_or("there is no `; python:` line")?,
        may_leave: comment("may leave").unwrap_or("False".to_owned()),
        version: version.clone(),
        cases: combinations(&function),
        text: body,
        function,
    })
}

/// What Python says of every case of every test.
fn expectations(tests: &[Test]) -> Vec<Vec<(String, bool)>> {
    let mut input = String::new();
    for test in tests {
        let reprs: Vec<_> = params(&test.function)
            .iter()
            .map(|value| value.repr.name())
            .collect();
        let returns = test.function.returns.name();
        let _ = write!(
            input,
            "{}\t{}\t{}\t{returns}",
            test.expression,
            test.may_leave,
            reprs.join(" ")
        );
        for case in &test.cases {
            let words: Vec<_> = case.iter().map(|word| format!("{word:x}")).collect();
            let _ = write!(input, "\t{}", words.join(" "));
        }
        input.push('\n');
    }
    let output = pipe(Command::new("python3").args(["-c", PYTHON]), &input);
    let mut lines = output.lines();
    tests
        .iter()
        .map(|test| {
            let mut answer = || {
                let line = lines.next().expect("an answer for every case");
                let (word, leave) = line.split_once(' ').expect("two words");
                (word.to_owned(), leave == "may")
            };
            test.cases.iter().map(|_| answer()).collect()
        })
        .collect()
}

fn made_trampolines(target: &str) -> Trampolines {
    let isa = super::isa(target).expect("the processor");
    let address = |function| Addresses::default().support(function);
    trampolines::compile(&isa, &address).expect("trampolines")
}

/// Runs the command with this input.
fn pipe(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the child's output");
    writer
        .join()
        .expect("the writer")
        .expect("the child reads its input");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// The C driver with the machine code in it, and its input.
fn program(tests: &[Test], codes: &[CompiledCode], trampolines: &Trampolines) -> (String, String) {
    let mut source = String::new();
    for (name, value) in [
        ("DATA", DATA),
        ("SUPPORT", SUPPORT),
        ("STEP", STEP),
        ("TRAMPOLINES", TRAMPOLINES),
        ("DATA_THREAD_STATE_CELL", data::THREAD_STATE_CELL),
        ("DATA_STACK_CELL", data::STACK_CELL),
        ("DATA_THREAD_STATE", data::THREAD_STATE),
        ("DATA_TRUE", data::TRUE),
        ("DATA_FALSE", data::FALSE),
        ("DATA_UNIT", data::UNIT),
        ("DATA_CODE", data::CODE),
        ("DATA_CLASSES", data::CLASSES),
        ("DATA_SMALL_INTS", data::SMALL_INTS),
    ] {
        let _ = writeln!(source, "#define {name} {value:#x}ul");
    }
    let names: Vec<_> = Support::ALL
        .iter()
        .map(|function| format!("\"{}\"", function.name()))
        .collect();
    let _ = writeln!(
        source,
        "static const char *SUPPORT_NAMES[] = {{{}, 0}};",
        names.join(", ")
    );
    let bytes: Vec<_> = trampolines.code.iter().map(u8::to_string).collect();
    let _ = writeln!(
        source,
        "static const unsigned char trampolines[] = {{{}}};",
        bytes.join(",")
    );
    let mut rows = String::new();
    let mut input = String::new();
    for (index, (test, code)) in tests.iter().zip(codes).enumerate() {
        let bytes: Vec<_> = code.code.iter().map(u8::to_string).collect();
        let _ = writeln!(
            source,
            "static const unsigned char code{index}[] = {{{}}};",
            bytes.join(",")
        );
        let _ = writeln!(
            rows,
            "{{code{index}, {}, {}, {}, {}, {}}},",
            code.code.len(),
            code.body_offset,
            code.entry_offset.unwrap_or_default(),
            u8::from(test.function.returns == Repr::F64),
            u8::from(test.version != "3.11"),
        );
        let params = params(&test.function);
        for case in &test.cases {
            let (mut ints, mut floats, mut boxed) = (Vec::new(), Vec::new(), String::new());
            for (value, word) in params.iter().zip(case) {
                let (list, letter) = match value.repr {
                    Repr::F64 => (&mut floats, 'f'),
                    Repr::Bool => (&mut ints, 'b'),
                    Repr::U64 => (&mut ints, 'u'),
                    _ => (&mut ints, 'i'),
                };
                list.push(format!(" {word:x}"));
                let _ = write!(boxed, " {letter}:{word:x}");
            }
            let _ = writeln!(
                input,
                "B {index} {} {}{}{}\nE {index} {}{boxed}",
                ints.len(),
                floats.len(),
                ints.concat(),
                floats.concat(),
                case.len()
            );
        }
    }
    let _ = writeln!(
        source,
        "static const struct {{ const unsigned char *bytes; unsigned long size, body, entry; \
         int returns_float, version; }} FUNCTIONS[] = {{\n{rows}}};\n#line 1 \"driver.c\"\n{}",
        include_str!("driver.c")
    );
    (source, input)
}

/// The compiler and what runs its programs; `None` if they cannot be had here.
fn tools(target: &str) -> Option<(&'static str, Option<&'static str>)> {
    let exists = |name: &str| Command::new(name).arg("--version").output().is_ok();
    if target.starts_with(std::env::consts::ARCH) {
        return exists("cc").then_some(("cc", None));
    }
    let (compiler, emulator) = ("aarch64-linux-gnu-gcc", "qemu-aarch64");
    if !exists(compiler) || !exists(emulator) {
        let packages = [
            "qemu-user",
            "gcc-aarch64-linux-gnu",
            "libc6-dev-arm64-cross",
        ];
        let install = Command::new("apt-get")
            .args(["install", "-y"])
            .args(packages)
            .output();
        if !install.is_ok_and(|output| output.status.success()) {
            return None;
        }
    }
    Some((compiler, Some(emulator)))
}

fn run(
    target: &str,
    tests: &[Test],
    codes: &[CompiledCode],
    trampolines: &Trampolines,
) -> Option<String> {
    let Some((compiler, emulator)) = tools(target) else {
        eprintln!("skipped: nothing here compiles and runs programs for {target}");
        return None;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, input) = program(tests, codes, trampolines);
    let file = folder.join(format!("lower-{target}.c"));
    let binary = folder.join(format!("lower-{target}"));
    std::fs::write(&file, source).expect("the driver's source");
    let status = Command::new(compiler)
        .args(["-O1", "-static", "-w", "-o"])
        .args([&binary, &file])
        .args(["-lm"])
        .status()
        .expect("the C compiler");
    assert!(status.success(), "{compiler}: {status}");
    Some(match emulator {
        Some(emulator) => pipe(Command::new(emulator).arg(&binary), &input),
        None => pipe(&mut Command::new(&binary), &input),
    })
}

/// Do the words of the exit hold the parameters where its first locals say so?
fn wrong_local(table: &DeoptTable, site: usize, words: &[&str], case: &[u64]) -> Option<String> {
    let Some(state) = table.state_of(site) else {
        return Some(format!("there is no site {site}"));
    };
    let frame = state.frames.first()?;
    for (index, (slot, argument)) in frame.locals.iter().zip(case).enumerate() {
        if let SlotDescriptor::Value(ValueDescriptor {
            source: Source::Word(word),
            ..
        }) = slot
        {
            let word = u64::from_str_radix(words.get(*word as usize)?, 16).ok()?;
            if word != *argument {
                return Some(format!("local {index} is {word:x}"));
            }
        }
    }
    None
}

/// Compares one case; the error in words.
fn compare(
    test: &Test,
    code: &CompiledCode,
    case: &[u64],
    (expected, may_leave): &(String, bool),
    body: &str,
    entry: &str,
) -> Option<String> {
    let body: Vec<_> = body.split_whitespace().collect();
    let entry: Vec<_> = entry.split_whitespace().collect();
    let nan = |word: &str| {
        let bits = u64::from_str_radix(word, 16).unwrap_or(0);
        if test.function.returns == Repr::F64 && f64::from_bits(bits).is_nan() {
            "nan".to_owned()
        } else {
            word.to_owned()
        }
    };
    let (status, site) = (
        body[1],
        usize::from_str_radix(body[4], 16).unwrap_or(usize::MAX),
    );
    let left = status == "1";
    let value = nan(body[if test.function.returns == Repr::F64 {
        3
    } else {
        2
    }]);
    if left {
        let handler = if test.function.returns == Repr::F64 {
            body[3]
        } else {
            body[2]
        };
        if handler != "5" {
            return Some(format!("the exit handler got wrong arguments: {handler}"));
        }
        if let Some(wrong) = wrong_local(&code.exits, site, &body[5..], case) {
            return Some(wrong);
        }
    }
    let ok = if left {
        expected == "L" || *may_leave
    } else {
        *expected == value
    };
    if !ok {
        return Some(format!(
            "expected {expected}, got status {status} value {value}"
        ));
    }
    if entry[3] != "0" {
        return Some(format!("the entry leaks: {entry:?}"));
    }
    match entry[1] {
        "left" if left && entry[2] == "5" => None,
        // Wide ints are not for a stub whose parameter is bounded.
        _ if !left && nan(entry[2]) == value && entry[1] != "slow" => None,
        _ => Some(format!(
            "the body says {status} {value}, the entry {entry:?}"
        )),
    }
}

#[test]
fn run_all() {
    let tests: Vec<_> = super::files("run")
        .iter()
        .map(|path| load(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect();
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: there is no python3 to say what is right");
        return;
    }
    let expected = expectations(&tests);
    let mut failures: HashMap<String, Vec<String>> = HashMap::new();
    for target in super::targets() {
        let trampolines = made_trampolines(target);
        let starts = trampolines
            .offsets
            .iter()
            .map(|&offset| TRAMPOLINES + u64::from(offset));
        let addresses = Addresses {
            trampolines: PRESERVED.iter().copied().zip(starts).collect(),
        };
        let codes: Vec<_> = tests
            .iter()
            .map(|test| {
                super::compile(&test.text, &test.version, target, &addresses)
                    .unwrap_or_else(|error| panic!("{}: {error}", test.path.display()))
            })
            .collect();
        let Some(output) = run(target, &tests, &codes, &trampolines) else {
            continue;
        };
        let mut lines = output.lines();
        for ((test, code), expected) in tests.iter().zip(&codes).zip(&expected) {
            for (case, expected) in test.cases.iter().zip(expected) {
                let body = lines.next().expect("a line for the body");
                let entry = lines.next().expect("a line for the entry");
                if let Some(wrong) = compare(test, code, case, expected, body, entry) {
                    let name = format!("{} on {target}", test.path.display());
                    failures
                        .entry(name)
                        .or_default()
                        .push(format!("{case:x?}: {wrong}"));
                }
            }
        }
    }
    let mut text = String::new();
    for (name, list) in &failures {
        let some = list
            .iter()
            .take(8)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n  ");
        let _ = writeln!(text, "==== {name}: {} wrong\n  {some}", list.len());
    }
    assert!(failures.is_empty(), "\n{text}");
}
