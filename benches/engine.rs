//! Time of what the engine does in an interpreter: lifting, installing code, calls, exits, compilations.
//!
//! `cargo bench --bench engine -- call` runs the benches of that name. The interpreter is embedded: the
//! library of the Python the crate is built for (`PYO3_PYTHON`), found where it was linked from. A
//! Python without a shared library cannot be embedded (`scripts/rust_benches.py` says so and goes on
//! without), and one that brolga leaves interpreted has nothing to measure: that is said here.
//!
//! The engine is driven without the policy of `driver/record.rs`, so that what is measured stays as it
//! is: an exit teaches nothing, and no version is replaced.

use std::any::Any;
use std::cell::Cell;
use std::hint::black_box;
use std::rc::{Rc, Weak};
use std::time::Duration;

use brolga::driver::compile::{self, Compiled, Context, Job, Purpose};
use brolga::driver::engine::{self, Engine};
use brolga::driver::observe::observe;
use brolga::driver::world::{Callees, LiveWorld, NativeVersion};
use brolga::feedback::{Fact, History};
use brolga::lift::{self, Request};
use brolga::lower::CODE_ALIGNMENT;
use brolga::runtime::code_memory;
use brolga::runtime::dispatch;
use brolga::runtime::entry::{self, Call, EntryRecord, EntryState};
use brolga::runtime::testing::entries;
use brolga::runtime::unit::{Unit, UnitOwner};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};
use pyo3::prelude::*;
use pyo3::types::PyModule;

/// The functions that are compiled, and under `ARGUMENTS` the calls they are compiled for.
const PROGRAM: &std::ffi::CStr = cr#"
def identity(x):
    return x

def double(x):
    return x + x

def sum_squares(n):
    total = 0
    for i in range(n):
        total += i * i
    return total

def sieve(flags):
    count = 0
    for i in range(2, len(flags)):
        if flags[i]:
            count += 1
            for j in range(i * i, len(flags), i):
                flags[j] = 0
    return count

def matmul(a, b, c, n):
    for i in range(n):
        row = a[i]
        out = c[i]
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += row[k] * b[k][j]
            out[j] = total

def again(function):
    return type(function)(function.__code__, globals(), function.__name__)

square = lambda: [[1.5] * 8 for _ in range(8)]
ARGUMENTS = {
    "identity": (3,),
    "double": (1 << 40,),
    "sum_squares": (100,),
    "sieve": (bytearray(b"\1" * 100),),
    "matmul": (square(), square(), square(), 8),
}
for name, arguments in ARGUMENTS.items():
    for _ in range(100):
        globals()[name](*arguments)
"#;

const NAMES: [&str; 5] = ["identity", "double", "sum_squares", "sieve", "matmul"];

/// No function calls another compiled one.
struct NoCallees;

impl Callees for NoCallees {
    fn native(&mut self, _: Python<'_>, _: &Bound<'_, PyAny>, _: &[Fact]) -> Option<NativeVersion> {
        None
    }

    fn may_be_inlined(&self, _: &Bound<'_, PyAny>) -> bool {
        false
    }

    fn is_decorated(&self, _: &Bound<'_, PyAny>) -> bool {
        false
    }
}

/// Entry state and owner of a unit that only count.
#[derive(Default)]
struct Counter {
    exits: Cell<u64>,
}

impl EntryState for Counter {
    fn hot(&self, _: &EntryRecord, _: &Call<'_>) {}

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl UnitOwner for Counter {
    fn left(&self, _: &Unit, _: usize, _: &[Option<Bound<'_, PyAny>>]) {
        self.exits.set(self.exits.get() + 1);
    }
}

/// A function of the program and the arguments it is compiled for.
struct Subject<'py> {
    name: &'static str,
    function: Bound<'py, PyAny>,
    facts: Vec<Fact>,
}

impl<'py> Subject<'py> {
    fn of(module: &Bound<'py, PyModule>, name: &'static str) -> PyResult<Self> {
        // The program has run the function, so that its code tells what it saw.
        let function = module.call_method1("again", (module.getattr(name)?,))?;
        let arguments = module.getattr("ARGUMENTS")?.get_item(name)?;
        let facts = arguments.try_iter()?.map(|item| Ok(observe(&item?)));
        Ok(Subject {
            name,
            facts: facts.collect::<PyResult<_>>()?,
            function,
        })
    }

    fn lift(&self, engine: &Engine, history: &History) -> lift::Lifted {
        let mut functions = Vec::new();
        let mut callees = NoCallees;
        let mut world = LiveWorld::new(&self.function, &engine.known, &mut callees, &mut functions);
        let (bytes, code) = world.code(0).expect("code that decodes");
        let request = Request {
            entry: None,
            function: 0,
            bytes,
            code,
            args: self.facts.clone(),
            history,
            learn: true,
            by_class: false,
        };
        match lift::lift(&request, &mut world) {
            Ok(lifted) => lifted,
            Err(refusal) => panic!("{}: {}", self.name, refusal.reason),
        }
    }

    fn compile(
        &self,
        engine: &mut Engine,
        owner: &Weak<dyn UnitOwner>,
        record: *const EntryRecord,
    ) -> Compiled {
        let job = Job {
            function: &self.function,
            args: self.facts.clone(),
            learn: true,
            by_class: false,
            purpose: Purpose::Demand,
            entry: None,
        };
        let context = Context {
            history: &History::default(),
            functions: &mut Vec::new(),
            owner: owner.clone(),
            record,
        };
        match compile::compile(engine, &job, context, &mut NoCallees) {
            Ok(compiled) => compiled,
            Err(refusal) => panic!("{}: {}", self.name, refusal.reason),
        }
    }
}

/// A function with machine code, its unit, and what is told of exits.
type Native<'py> = (Bound<'py, PyAny>, Rc<Unit>, Rc<Counter>);

/// Gives a function machine code for good.
fn make_native<'py>(subject: &Subject<'py>) -> PyResult<Native<'py>> {
    let function = subject.function.clone();
    let counter = Rc::new(Counter::default());
    let entry = match entry::attach(&function, counter.clone(), 0) {
        Ok(entry) => entry,
        Err(error) => panic!("{}: {}", subject.name, error.reason()),
    };
    let mut engine = engine::take(function.py()).expect("an engine that is not busy");
    let owner: Rc<dyn UnitOwner> = counter.clone();
    let record = Rc::as_ptr(&entry);
    let compiled = subject.compile(&mut engine, &Rc::downgrade(&owner), record);
    let unit = compiled.unit;
    if let Err(error) = compile::make_stub(function.py(), &mut engine, &compiled.function, &unit) {
        panic!("{}: {error}", subject.name);
    }
    engine::put_back(function.py(), engine);
    dispatch::send_to(&entry, &unit);
    // The function may be called until the process ends.
    std::mem::forget((function.clone(), unit.clone()));
    // The first call of the process is interpreted: it makes sure that no tool watches.
    function.call1((3,))?;
    Ok((function, unit, counter))
}

fn bench_stages(py: Python<'_>, criterion: &mut Criterion, subjects: &[Subject<'_>]) {
    let mut engine = engine::take(py).expect("an engine that is not busy");
    let history = History::default();
    let mut group = criterion.benchmark_group("lift");
    for subject in subjects {
        group.bench_function(subject.name, |bencher| {
            bencher.iter(|| black_box(subject.lift(&engine, &history)));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("compile");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    let owner: Weak<dyn UnitOwner> = Weak::<Counter>::new();
    for subject in subjects {
        group.bench_function(subject.name, |bencher| {
            bencher.iter(|| black_box(subject.compile(&mut engine, &owner, std::ptr::null())));
        });
    }
    group.finish();
    engine::put_back(py, engine);
}

/// Copying code to executable memory, and freeing it again.
fn bench_install(py: Python<'_>, criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("install");
    for size in [64, 1024, 16 * 1024] {
        let code = vec![0x90_u8; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(size.to_string(), |bencher| {
            bencher.iter(|| {
                let block = code_memory::install(py, size, CODE_ALIGNMENT, |_, target| {
                    target.copy_from_slice(&code);
                })
                .expect("code memory");
                entries::free_constant(py, block.start.as_ptr() as usize, block.length)
                    .expect("a block");
            });
        });
    }
    group.finish();
}

/// Calls the function and checks that it entered native code and left it so often by an exit.
fn check_call(
    (function, unit, counter): &Native<'_>,
    argument: &Bound<'_, PyAny>,
    exits: u64,
) -> PyResult<()> {
    let before = (unit.entries.get(), counter.exits.get());
    function.call1((argument,))?;
    let after = (unit.entries.get(), counter.exits.get());
    assert_eq!(after, (before.0 + 1, before.1 + exits), "entries and exits");
    Ok(())
}

/// One call through vectorcall.
fn bench_call(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    function: &Bound<'_, PyAny>,
    argument: &Bound<'_, PyAny>,
) {
    group.bench_function(id, |bencher| {
        bencher.iter(|| function.call1((argument,)).expect("no exception"));
    });
}

fn bench_calls(
    py: Python<'_>,
    criterion: &mut Criterion,
    module: &Bound<'_, PyModule>,
) -> PyResult<()> {
    let small = 3_i64.into_pyobject(py)?.into_any();
    let plain = Subject::of(module, "identity")?.function;
    let native = make_native(&Subject::of(module, "identity")?)?;
    check_call(&native, &small, 0)?;
    let mut group = criterion.benchmark_group("call");
    bench_call(&mut group, "interpreted", &plain, &small);
    bench_call(&mut group, "compiled", &native.0, &small);
    group.finish();

    // Compiled for ints of 64 bits. The sum of these does not fit: the guard of the addition fails.
    let large = (1_i64 << 62).into_pyobject(py)?.into_any();
    let plain = Subject::of(module, "double")?.function;
    let native = make_native(&Subject::of(module, "double")?)?;
    check_call(&native, &small, 0)?;
    check_call(&native, &large, 1)?;
    let mut group = criterion.benchmark_group("exit");
    bench_call(&mut group, "interpreted", &plain, &large);
    bench_call(&mut group, "taken", &native.0, &large);
    bench_call(&mut group, "not taken", &native.0, &small);
    group.finish();
    Ok(())
}

fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50)
        .nresamples(10_000)
        .without_plots()
        .configure_from_args()
}

fn main() -> PyResult<()> {
    Python::initialize();
    Python::attach(|py| {
        let version = Python::version_str();
        if let Some(reason) = engine::with(py, |state| state.as_ref().err().cloned()) {
            println!("SKIPPED: benches of the engine: Python {version}: {reason}");
            return Ok(());
        }
        println!("engine in Python {version}");
        let module = PyModule::from_code(py, PROGRAM, c"engine_bench.py", c"engine_bench")?;
        let mut criterion = settings();
        let subjects = NAMES.map(|name| Subject::of(&module, name));
        let subjects: Vec<Subject<'_>> = subjects.into_iter().collect::<PyResult<_>>()?;
        bench_calls(py, &mut criterion, &module)?;
        bench_install(py, &mut criterion);
        bench_stages(py, &mut criterion, &subjects);
        criterion.final_summary();
        Ok(())
    })
}
