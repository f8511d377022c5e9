//! Functions known by their code: numbers for it, and what the cells of such functions were seen to hold.
//!
//! A function that is an argument, or in a cell or container, is seldom the same one twice, but mostly one
//! of those that the same `def` or `lambda` made. Code that relies on this is compiled with a *stand-in*: a
//! function of that code and those globals with empty cells, whose code runs inlined with the cells of
//! the function at hand. Nothing here runs a program's code, and nothing keeps a closure alive.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyCode, PyFunction, PyTuple, PyWeakrefReference};

use crate::feedback::{Fact, FunctionCodeKey};
use crate::runtime::gil_cell::GilCell;

/// Functions of one code whose cells are looked at.
const MAX_SAMPLES: u32 = 100;

struct Entry {
    code: Py<PyWeakrefReference>,
    globals: usize,
    samples: u32,
    cells: Vec<Fact>,
}

#[derive(Default)]
struct Registry {
    entries: Vec<Entry>,
    /// By addresses of code and globals.
    keys: HashMap<(usize, usize), FunctionCodeKey>,
}

static REGISTRY: GilCell<Option<Registry>> = GilCell::new(None);

fn with_registry<R>(py: Python<'_>, action: impl FnOnce(&mut Registry) -> R) -> R {
    REGISTRY.with(py, |slot| action(slot.get_or_insert_default()))
}

/// The number of an exact function's code, if the function has no defaults.
pub fn key_of(function: &Bound<'_, PyAny>) -> Option<FunctionCodeKey> {
    function.cast_exact::<PyFunction>().ok()?;
    for name in ["__defaults__", "__kwdefaults__"] {
        if !function.getattr(name).ok()?.is_none() {
            return None;
        }
    }
    key_of_code(
        &function.getattr("__code__").ok()?,
        &function.getattr("__globals__").ok()?,
    )
}

/// The number of a code object whose functions have these globals.
pub fn key_of_code(code: &Bound<'_, PyAny>, globals: &Bound<'_, PyAny>) -> Option<FunctionCodeKey> {
    let py = code.py();
    let globals = globals.as_ptr() as usize;
    let place = (code.as_ptr() as usize, globals);
    let known = with_registry(py, |registry| {
        let key = *registry.keys.get(&place)?;
        let entry = registry.entries.get(key as usize)?;
        Some((key, entry.code.clone_ref(py)))
    });
    if let Some((key, reference)) = known
        && reference.bind(py).upgrade().is_some()
    {
        return Some(key);
    }
    let reference = PyWeakrefReference::new(code).ok()?.unbind();
    with_registry(py, |registry| {
        let key = FunctionCodeKey::try_from(registry.entries.len()).ok()?;
        registry.entries.push(Entry {
            code: reference,
            globals,
            samples: 0,
            cells: Vec::new(),
        });
        registry.keys.insert(place, key);
        Some(key)
    })
}

/// Remembers what the cells of a function hold.
pub fn learn(
    function: &Bound<'_, PyAny>,
    key: FunctionCodeKey,
    observe: impl Fn(&Bound<'_, PyAny>) -> Fact,
) {
    let py = function.py();
    let wanted = with_registry(py, |registry| {
        let entry = &mut registry.entries[key as usize];
        entry.samples += 1;
        entry.samples <= MAX_SAMPLES
    });
    let Ok(closure) = function.getattr("__closure__") else {
        return;
    };
    let (true, Ok(cells)) = (wanted, closure.cast::<PyTuple>()) else {
        return;
    };
    let seen: Vec<Fact> = cells
        .iter()
        .map(|cell| {
            let contents = cell.getattr("cell_contents");
            contents.map(|value| observe(&value)).unwrap_or_default()
        })
        .collect();
    with_registry(py, |registry| {
        let cells = &mut registry.entries[key as usize].cells;
        cells.resize_with(seen.len().max(cells.len()), Fact::default);
        for (cell, fact) in cells.iter_mut().zip(&seen) {
            cell.absorb(fact);
        }
    });
}

/// What the cells of functions of that code were seen to hold.
pub fn cell_facts(py: Python<'_>, key: FunctionCodeKey) -> Vec<Fact> {
    with_registry(py, |registry| {
        let entry = registry.entries.get(key as usize);
        entry.map(|entry| entry.cells.clone()).unwrap_or_default()
    })
}

/// The code, if it is still alive and its functions have these globals.
pub fn code_with_key<'py>(
    py: Python<'py>,
    key: FunctionCodeKey,
    globals: &Bound<'py, PyAny>,
) -> Option<Bound<'py, PyCode>> {
    let (reference, address) = with_registry(py, |registry| {
        let entry = registry.entries.get(key as usize)?;
        Some((entry.code.clone_ref(py), entry.globals))
    })?;
    if address != globals.as_ptr() as usize {
        return None;
    }
    reference.bind(py).upgrade()?.cast_into::<PyCode>().ok()
}

/// A function of the code with empty cells.
pub fn stand_in<'py>(
    code: &Bound<'py, PyCode>,
    globals: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = code.py();
    let types = py.import("types")?;
    let count = code.getattr("co_freevars")?.len()?;
    let none = py.None();
    let mut arguments = vec![code.clone().into_any(), globals.clone()];
    if count > 0 {
        let cell = types.getattr("CellType")?;
        let cells: PyResult<Vec<_>> = (0..count).map(|_| cell.call0()).collect();
        arguments.extend([none.bind(py).clone(), none.bind(py).clone()]);
        arguments.push(PyTuple::new(py, cells?)?.into_any());
    }
    let class = types.getattr("FunctionType")?;
    let function = class.call1(PyTuple::new(py, arguments)?)?;
    function.setattr("__stand_in__", true)?;
    Ok(function)
}

/// Is it one of those?
pub fn is_stand_in(function: &Bound<'_, PyAny>) -> bool {
    function.cast_exact::<PyFunction>().is_ok() && function.hasattr("__stand_in__").unwrap_or(false)
}
