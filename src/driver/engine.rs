//! The engine of the process: what is known once and shared by all compilations.

use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::PyTypeInfo;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFunction, PyInt, PyList, PyModule, PyRange,
    PySet, PyString, PyTuple, PyType,
};

use super::known::Known;
use super::options::{Config, OptionValue};
use super::record::Record;
use super::siblings::Siblings;
use crate::abi::layout::{Base, EntryCheck, Expected, RuntimeLayout};
use crate::abi::support::Support;
use crate::hir::Type;
use crate::lower::{CODE_ALIGNMENT, Compiler, trampolines};
use crate::runtime::code_memory;
use crate::runtime::gil_cell::GilCell;
use crate::runtime::helpers::dicts::further_classes;
use cranelift_codegen::isa::OwnedTargetIsa;

/// See the module.
pub struct Engine {
    /// Builtins by identity.
    pub known: Rc<Known>,
    /// Cranelift with its working memory.
    pub compiler: Compiler,
    /// Offsets and addresses of this interpreter.
    pub layout: Rc<RuntimeLayout>,
    /// Options.
    pub config: Config,
    /// Addresses of classes that guards compare with.
    pub classes: Vec<(Type, u64)>,
    /// Support functions behind trampolines that keep all registers.
    pub trampolines: Vec<(Support, u64)>,
    /// Functions of one code object.
    pub siblings: Siblings,
    /// Compilations so far, and how long they took in milliseconds.
    pub compilations: u64,
    /// Milliseconds of all compilations.
    pub milliseconds: f64,
}

/// Every function with a record, and some that died.
#[derive(Default)]
pub struct Records {
    rows: Vec<Weak<Record>>,
    /// The dead are dropped when there are so many.
    sweep_at: usize,
}

impl Records {
    /// One more.
    pub fn add(&mut self, record: &Rc<Record>) {
        if self.rows.len() >= self.sweep_at {
            self.rows.retain(|record| record.strong_count() > 0);
            self.sweep_at = 64.max(2 * self.rows.len());
        }
        self.rows.push(Rc::downgrade(record));
    }

    /// Those that live.
    pub fn living(&mut self) -> Vec<Rc<Record>> {
        self.rows.retain(|record| record.strong_count() > 0);
        self.rows.iter().filter_map(Weak::upgrade).collect()
    }
}

/// Apart from the engine, for records are made while it compiles.
static RECORDS: GilCell<Option<Records>> = GilCell::new(None);

/// Runs `action` on the records of the process. It must not run Python code or drop one.
pub fn with_records<R>(py: Python<'_>, action: impl FnOnce(&mut Records) -> R) -> R {
    RECORDS.with(py, |records| {
        action(records.get_or_insert_with(Records::default))
    })
}

/// Either an engine, or why there is none.
pub type State = Result<Engine, String>;

static ENGINE: GilCell<Option<State>> = GilCell::new(None);

/// 0 while compiled code may be entered; entry stubs compare it. In memory of its own, for its address
/// is baked into code.
static DISABLED: AtomicU64 = AtomicU64::new(0);

/// Options, readable while the engine is busy or absent.
static CONFIG: GilCell<Option<Config>> = GilCell::new(None);

/// May compiled code be entered?
pub fn is_enabled() -> bool {
    DISABLED.load(Ordering::Relaxed) == 0
}

/// Switches compiled code on or off; what it was before.
pub fn set_enabled(enabled: bool) -> bool {
    DISABLED.swap(u64::from(!enabled), Ordering::Relaxed) == 0
}

/// The options as they are now.
pub fn config(py: Python<'_>) -> Config {
    with_config(py, Config::clone)
}

/// A flag of the options.
pub fn flag(py: Python<'_>, name: &str) -> bool {
    with_config(py, |config| config.flag(name))
}

/// A number of the options.
pub fn number(py: Python<'_>, name: &str) -> u32 {
    with_config(py, |config| config.number(name))
}

fn with_config<R>(py: Python<'_>, action: impl FnOnce(&Config) -> R) -> R {
    CONFIG.with(py, |config| {
        action(config.get_or_insert_with(|| {
            let (config, problems) = Config::from_environment();
            for problem in problems {
                eprintln!("brolga: {problem}");
            }
            config
        }))
    })
}

/// Sets an option; the error says what it takes.
pub fn set_config(py: Python<'_>, name: &str, value: OptionValue) -> Result<(), String> {
    let mut changed = config(py);
    changed.set(name, value)?;
    CONFIG.with(py, |config| *config = Some(changed.clone()));
    with(py, |state| {
        if let Ok(engine) = state {
            engine.config = changed;
        }
    });
    Ok(())
}

/// Runs `action` on the engine; it must not call into Python code of users.
pub fn with<R>(py: Python<'_>, action: impl FnOnce(&mut State) -> R) -> R {
    // Starting runs Python code (imports): not inside of the cell.
    if ENGINE.with(py, |state| state.is_none()) {
        let state = start(py);
        ENGINE.with(py, |slot| {
            slot.get_or_insert(state);
        });
    }
    ENGINE.with(py, |state| {
        let mut missing = Err("the engine did not start".to_owned());
        action(state.as_mut().unwrap_or(&mut missing))
    })
}

/// Takes the engine out for a compilation, which may run a little Python; nested compilations find it
/// absent and wait for their turn.
pub fn take(py: Python<'_>) -> Option<Engine> {
    with(py, |_| ());
    ENGINE.with(py, |slot| match slot.take() {
        Some(Ok(engine)) => {
            *slot = Some(Err(BUSY.to_owned()));
            Some(engine)
        }
        other => {
            *slot = other;
            None
        }
    })
}

/// Puts back what `take` gave.
pub fn put_back(py: Python<'_>, engine: Engine) {
    ENGINE.with(py, |slot| *slot = Some(Ok(engine)));
}

/// What is answered while it compiles.
pub const BUSY: &str = "busy compiling";

fn start(py: Python<'_>) -> State {
    let mut layout = crate::runtime::layout::runtime_layout(py).map_err(ToOwned::to_owned)?;
    let known = Known::new(py).map_err(|error| error.to_string())?;
    let isa = native_isa()?;
    layout.entry_checks.push(EntryCheck {
        base: Base::Absolute(DISABLED.as_ptr() as u64),
        path: Vec::new(),
        stand_in: None,
        offset: 0,
        width: 8,
        mask: u64::MAX,
        expected: Expected::Constant(0),
    });
    // Before anything is compiled: entry checks except our own monitoring tool.
    crate::runtime::osr::claim_tool(py);
    let trampolines = make_trampolines(py, &isa)?;
    Ok(Engine {
        known: Rc::new(known),
        trampolines,
        compiler: Compiler::new(isa),
        layout: Rc::new(layout),
        config: config(py),
        classes: classes(py),
        siblings: Siblings::default(),
        compilations: 0,
        milliseconds: 0.0,
    })
}

/// Makes the trampolines. Their code stays as long as the process: so do its users.
fn make_trampolines(py: Python<'_>, isa: &OwnedTargetIsa) -> Result<Vec<(Support, u64)>, String> {
    let address = |function| crate::runtime::support_address(function) as u64;
    let made = trampolines::compile(isa, &address).map_err(|error| error.to_string())?;
    let block = code_memory::install(py, made.code.len(), CODE_ALIGNMENT, |_, target| {
        target.copy_from_slice(&made.code);
    })
    .map_err(|error| error.to_string())?;
    let start = block.start.as_ptr() as u64;
    let starts = made.offsets.iter().map(|&offset| start + u64::from(offset));
    Ok(trampolines::PRESERVED.iter().copied().zip(starts).collect())
}

fn native_isa() -> Result<OwnedTargetIsa, String> {
    let flags = crate::lower::flags(false).map_err(|error| error.to_string())?;
    cranelift_native::builder()
        .map_err(ToOwned::to_owned)?
        .finish(flags)
        .map_err(|error| error.to_string())
}

fn classes(py: Python<'_>) -> Vec<(Type, u64)> {
    let mut classes = vec![
        (Type::NONE, py.None().bind(py).get_type().as_ptr() as u64),
        (Type::BOOL, PyBool::type_object(py).as_ptr() as u64),
        (Type::INT, PyInt::type_object(py).as_ptr() as u64),
        (Type::FLOAT, PyFloat::type_object(py).as_ptr() as u64),
        (Type::STR, PyString::type_object(py).as_ptr() as u64),
        (Type::BYTES, PyBytes::type_object(py).as_ptr() as u64),
        (
            Type::BYTEARRAY,
            PyByteArray::type_object(py).as_ptr() as u64,
        ),
        (Type::LIST, PyList::type_object(py).as_ptr() as u64),
        (Type::TUPLE, PyTuple::type_object(py).as_ptr() as u64),
        (Type::DICT, PyDict::type_object(py).as_ptr() as u64),
        (Type::SET, PySet::type_object(py).as_ptr() as u64),
        (Type::RANGE, PyRange::type_object(py).as_ptr() as u64),
        (Type::FUNCTION, PyFunction::type_object(py).as_ptr() as u64),
        (Type::CLASS, PyType::type_object(py).as_ptr() as u64),
        (Type::MODULE, PyModule::type_object(py).as_ptr() as u64),
    ];
    classes.extend(further_classes(py));
    let array = py
        .import("array")
        .and_then(|module| module.getattr("array"));
    if let Ok(array) = array {
        classes.push((Type::ARRAY, array.as_ptr() as u64));
    }
    let cell = py
        .import("types")
        .and_then(|module| module.getattr("CellType"));
    if let Ok(cell) = cell {
        classes.push((Type::CELL, cell.as_ptr() as u64));
    }
    let builtin = py
        .import("builtins")
        .and_then(|module| module.getattr("len"));
    if let Ok(len) = builtin {
        classes.push((Type::BUILTIN, len.get_type().as_ptr() as u64));
    }
    classes
}
