//! Time of the compiler's stages on plain data: no interpreter runs here.
//!
//! `cargo bench --no-default-features --bench compiler -- passes/gvn` runs the benches of that name.
//! Inputs are those of the tests: captured code of every version, and the text tests of HIR and of
//! lowering. One pass over all inputs of a bench is one iteration; `elem` is a code unit, an HIR
//! instruction or, for `lower/run`, a function. A new text test is a new input: times are comparable
//! between commits with the same tests, times per `elem` roughly between all.

#[path = "../jit-tests/decode/captured.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod captured;
#[path = "compiler/captured_world.rs"]
mod captured_world;
#[path = "../jit-tests/lower/interpreter.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod interpreter;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use brolga::bytecode::{Code, CodeBytes, Version, decode};
use brolga::feedback::{Fact, History, IntClass};
use brolga::hir::{Function, Type, parse};
use brolga::lift::{self, Lifted, Request};
use brolga::lower::{self, Compiler, Options};
use brolga::passes::{PASSES, pipeline};
use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

use captured::{Captured, captured};
use captured_world::CapturedWorld;

/// Captured functions that are lifted, and the arguments `jit-tests/decode/programs.py` warms them with.
fn lifted_functions() -> [(&'static str, Vec<Fact>); 9] {
    let int = || Fact::int(IntClass::Compact);
    let float = || Fact::of(Type::FLOAT);
    let items = |item: Fact, container| Fact {
        items: Some(Rc::new(item.into())),
        ..Fact::of(container)
    };
    [
        ("arithmetic_int", vec![int(), int()]),
        ("arithmetic_float", vec![float(), float()]),
        ("branch_int", vec![int(), int()]),
        ("branch_float", vec![float(), float()]),
        ("loop_range", vec![int()]),
        ("loop_list", vec![items(int(), Type::LIST)]),
        ("loop_tuple", vec![items(float(), Type::TUPLE)]),
        ("loop_while", vec![int()]),
        ("loop_nested", vec![int()]),
    ]
}

/// A captured function with what its arguments are.
struct Subject {
    bytes: Rc<CodeBytes>,
    code: Rc<Code>,
    args: Vec<Fact>,
}

impl Subject {
    fn lift(&self, history: &History) -> Lifted {
        let request = Request {
            entry: None,
            function: 0,
            bytes: self.bytes.clone(),
            code: self.code.clone(),
            args: self.args.clone(),
            history,
            learn: true,
            by_class: false,
        };
        match lift::lift(&request, &mut CapturedWorld::new(&self.bytes)) {
            Ok(lifted) => lifted,
            Err(refusal) => panic!("{}: {}", self.bytes.qualname, refusal.reason),
        }
    }
}

fn subjects(version: Version) -> Vec<Subject> {
    let wanted = lifted_functions();
    let all: Vec<Captured> = captured();
    let found = all.into_iter().filter_map(|captured| {
        let (_, args) = wanted
            .iter()
            .find(|(name, _)| *name == captured.bytes.qualname)?;
        (captured.warm && captured.bytes.version == version).then(|| Subject {
            code: Rc::new(captured.decode()),
            bytes: Rc::new(captured.bytes),
            args: args.clone(),
        })
    });
    let found: Vec<Subject> = found.collect();
    assert_eq!(found.len(), wanted.len(), "captured code of {version:?}");
    found
}

fn bench_decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let all = captured();
    for version in Version::ALL {
        let codes: Vec<&CodeBytes> = all
            .iter()
            .map(|captured| &captured.bytes)
            .filter(|bytes| bytes.version == version)
            .collect();
        let units: usize = codes.iter().map(|bytes| bytes.code.len() / 2).sum();
        group.throughput(Throughput::Elements(units as u64));
        group.bench_function(format!("3.{}", version.minor()), |bencher| {
            bencher.iter(|| {
                for bytes in &codes {
                    black_box(decode(black_box(bytes)).expect("captured code is code"));
                }
            });
        });
    }
}

fn bench_lift(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lift");
    let history = History::default();
    for version in Version::ALL {
        let subjects = subjects(version);
        let units: u32 = subjects.iter().map(|subject| subject.code.units).sum();
        group.throughput(Throughput::Elements(u64::from(units)));
        group.bench_function(format!("3.{}", version.minor()), |bencher| {
            bencher.iter(|| {
                for subject in &subjects {
                    black_box(subject.lift(&history));
                }
            });
        });
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("jit-tests")
        .join(folder);
    let mut files = Vec::new();
    for entry in fs::read_dir(root).expect("a folder of text tests") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.extend(self::files(&format!("{folder}/{name}")));
        } else if path.extension().is_some_and(|extension| extension == "hir") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The command of a text test and the function it is applied to.
fn text_test(path: &Path) -> (Vec<String>, Function) {
    let name = path.display();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let input = text.split("; ---- expect").next().unwrap_or_default();
    let (command, body): (Vec<&str>, Vec<&str>) =
        input.lines().partition(|line| line.starts_with("test "));
    let words = command.iter().flat_map(|line| line.split_whitespace());
    let function = parse::parse(&body.join("\n")).unwrap_or_else(|error| panic!("{name}: {error}"));
    (words.map(str::to_owned).collect(), function)
}

fn bench_passes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("passes");
    let tests: Vec<_> = files("hir").iter().map(|path| text_test(path)).collect();
    let of_pass = |name: &str| -> Vec<Function> {
        let has = |words: &[String]| words[1] == "pass" && words[2..].iter().any(|w| w == name);
        let found = tests.iter().filter(|(words, _)| has(words));
        found.map(|(_, function)| function.clone()).collect()
    };
    let mut run = |id: &str, names: &[&str], inputs: &[Function]| {
        assert!(!inputs.is_empty(), "no text test for {id}");
        let instructions: usize = inputs.iter().map(|function| function.instrs.len()).sum();
        let passes = pipeline::lookup(names).expect("names of passes");
        let options = pipeline::Options::default();
        group.throughput(Throughput::Elements(instructions as u64));
        group.bench_function(id, |bencher| {
            bencher.iter_batched_ref(
                || inputs.to_vec(),
                |functions| {
                    for function in functions {
                        pipeline::run_passes(&passes, function, &options, &mut |_, _| {})
                            .expect("nothing is checked");
                    }
                },
                BatchSize::SmallInput,
            );
        });
    };
    for pass in PASSES {
        run(pass.name(), &[pass.name()], &of_pass(pass.name()));
    }
    // Texts of passes that run before references are counted: what comes later would not take them.
    let texts: Vec<Function> = PASSES
        .iter()
        .map(|pass| pass.name())
        .filter(|name| !["ownership", "str-append"].contains(name))
        .flat_map(of_pass)
        .collect();
    run("pipeline/texts", pipeline::PIPELINE, &texts);
    let history = History::default();
    let lifted: Vec<Function> = subjects(Version::V3_12)
        .iter()
        .map(|subject| subject.lift(&history).function)
        .collect();
    run("pipeline/lifted", pipeline::PIPELINE, &lifted);
}

fn bench_lower(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lower");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let flags = lower::flags(false).expect("the settings");
    let isa = lower::isa_for(&target, flags).expect("the processor");
    let mut compiler = Compiler::new(isa);
    let layout = interpreter::layout("3.12");
    let addresses = interpreter::Addresses::default();
    let mut run = |id: &str, functions: &[Function], elements: usize| {
        group.throughput(Throughput::Elements(elements as u64));
        // Both halves come from one compilation, which times them itself.
        for name in ["build", "compile"] {
            group.bench_function(format!("{id}/{name}"), |bencher| {
                bencher.iter_custom(|iterations| {
                    let mut total = Duration::ZERO;
                    for _ in 0..iterations {
                        for function in functions {
                            let code = compiler
                                .compile(function, &layout, &addresses, &Options::default())
                                .expect("a function of the tests compiles");
                            let timing = black_box(code).timing;
                            total += match name {
                                "build" => timing.build,
                                _ => timing.compile,
                            };
                        }
                    }
                    total
                });
            });
        }
    };
    for path in files("lower/text") {
        let function = text_test(&path).1;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        run(
            &name,
            std::slice::from_ref(&function),
            function.instrs.len(),
        );
    }
    let all: Vec<Function> = files("lower/run")
        .iter()
        .map(|path| text_test(path).1)
        .collect();
    run("run", &all, all.len());
}

fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50)
        .nresamples(10_000)
        .without_plots()
}

criterion_group! {
    name = benches;
    config = settings();
    targets = bench_decode, bench_lift, bench_passes, bench_lower
}
criterion_main!(benches);
