//! What compiled code keeps alive: for tests that count references.

use std::collections::HashSet;
use std::rc::Rc;

use pyo3::prelude::*;

use super::engine;
use crate::runtime::unit::Unit;

/// References of all compiled code to the object.
pub fn references(object: &Bound<'_, PyAny>) -> usize {
    let records = engine::with_records(object.py(), |records| records.living());
    let mut waiting: Vec<Rc<Unit>> = Vec::new();
    for record in &records {
        waiting.extend(record.units());
    }
    let mut seen = HashSet::new();
    let mut count = 0;
    while let Some(unit) = waiting.pop() {
        if seen.insert(unit.address()) {
            count += unit.keep.iter().filter(|kept| kept.is(object)).count();
            waiting.extend(unit.callees.iter().cloned());
        }
    }
    count
}
