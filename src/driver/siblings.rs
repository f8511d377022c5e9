//! Functions made from one code object: closures made in a loop, methods of classes made by a function.
//!
//! Each is compiled for itself, for its code holds its cells. Where many are made, most die before that
//! pays; so every one compiled makes the next ones wait longer, up to calls that cost the interpreter about
//! what compiling costs.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyCode, PyWeakrefMethods, PyWeakrefReference};

use super::engine;

/// Siblings compiled before the next one waits longer.
const FREE: u32 = 4;
/// The same where the first call was to compile.
const FREE_AT_ONCE: u32 = 32;
/// The wait grows by no more than this power of two.
const LONGEST: u32 = 10;

struct Row {
    code: Py<PyWeakrefReference>,
    compiled: u32,
}

/// How many functions of each living code object were compiled.
#[derive(Default)]
pub struct Siblings {
    /// By address of the code object, which another one may have later.
    rows: HashMap<usize, Row>,
    /// Rows of dead code are dropped when there are so many.
    sweep_at: usize,
}

impl Siblings {
    fn countdown(&self, code: &Bound<'_, PyCode>, calls: u32) -> u32 {
        let row = self.rows.get(&(code.as_ptr() as usize));
        let row = row.filter(|row| row.is_of(code));
        let compiled = row.map_or(0, |row| row.compiled);
        let free = if calls <= 1 { FREE_AT_ONCE } else { FREE };
        calls.saturating_mul(1 << compiled.saturating_sub(free).min(LONGEST))
    }

    /// A function of this code was compiled for the first time. `reference` refers to the code: making one may
    /// collect garbage, which runs Python code, so it is made before.
    fn compiled(&mut self, code: &Bound<'_, PyCode>, reference: Py<PyWeakrefReference>) {
        let py = code.py();
        let address = code.as_ptr() as usize;
        match self.rows.get_mut(&address) {
            Some(row) if row.is_of(code) => row.compiled += 1,
            _ => {
                if self.rows.len() >= self.sweep_at {
                    self.rows.retain(|_, row| row.lives(py));
                    self.sweep_at = 64.max(2 * self.rows.len());
                }
                let row = Row {
                    code: reference,
                    compiled: 1,
                };
                self.rows.insert(address, row);
            }
        }
    }
}

/// Calls before a new function of this code is compiled, if `calls` is right for an only one.
pub fn countdown(code: &Bound<'_, PyCode>, calls: u32) -> u32 {
    engine::with(code.py(), |state| match state {
        Ok(engine) => engine.siblings.countdown(code, calls),
        Err(_) => calls,
    })
}

/// Calls after the first one before a function with loops is compiled.
pub fn later_calls(function: &Bound<'_, PyAny>) -> u32 {
    let code = function
        .getattr("__code__")
        .map(|code| code.cast_into::<PyCode>());
    match code {
        Ok(Ok(code)) => countdown(&code, 2) - 1,
        _ => 1,
    }
}

/// Counts a function compiled for the first time.
pub fn count(function: &Bound<'_, PyAny>) {
    let code = function
        .getattr("__code__")
        .map(|code| code.cast_into::<PyCode>());
    if let Ok(Ok(code)) = code
        && let Ok(reference) = PyWeakrefReference::new(&code)
    {
        engine::with(code.py(), |state| {
            if let Ok(engine) = state {
                engine.siblings.compiled(&code, reference.unbind());
            }
        });
    }
}

impl Row {
    fn is_of(&self, code: &Bound<'_, PyCode>) -> bool {
        let known = self.code.bind(code.py()).upgrade();
        known.is_some_and(|known| known.is(code))
    }

    fn lives(&self, py: Python<'_>) -> bool {
        self.code.bind(py).upgrade().is_some()
    }
}
