//! Objects that machine code names and keeps alive.

use super::gil_cell::GilCell;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use std::collections::HashMap;
use std::ops::Deref;

/// Numbers by address, and how often code keeps each: tests that count references ask.
static NUMBERS: GilCell<Option<HashMap<usize, usize>>> = GilCell::new(None);

/// Objects that live as long as this does.
pub struct Held {
    objects: Vec<Py<PyAny>>,
}

impl Held {
    /// Keeps the objects.
    pub fn new(py: Python<'_>, objects: Vec<Py<PyAny>>) -> Held {
        let held = Held { objects };
        held.count(py, |count| count + 1);
        held
    }

    fn count(&self, py: Python<'_>, change: fn(usize) -> usize) {
        let is_number = |object: &&Py<PyAny>| {
            let object = object.bind(py);
            object.is_exact_instance_of::<PyInt>() || object.is_exact_instance_of::<PyFloat>()
        };
        NUMBERS.with(py, |numbers| {
            let numbers = numbers.get_or_insert_default();
            for object in self.objects.iter().filter(is_number) {
                let address = object.as_ptr() as usize;
                let count = change(numbers.get(&address).copied().unwrap_or(0));
                if count == 0 {
                    numbers.remove(&address);
                } else {
                    numbers.insert(address, count);
                }
            }
        });
    }
}

impl Deref for Held {
    type Target = [Py<PyAny>];

    fn deref(&self) -> &[Py<PyAny>] {
        &self.objects
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        Python::attach(|py| self.count(py, |count| count.saturating_sub(1)));
    }
}

/// References of all code to a number.
pub fn references(number: &Bound<'_, PyAny>) -> usize {
    NUMBERS.with(number.py(), |numbers| {
        let numbers = numbers.as_ref();
        let count = numbers.and_then(|numbers| numbers.get(&(number.as_ptr() as usize)));
        count.copied().unwrap_or(0)
    })
}
