//! What compiled code keeps alive: for tests that count references.

use std::rc::Rc;

use pyo3::prelude::*;

use super::engine;
use crate::runtime::unit::Unit;

/// References of all compiled code to the object.
pub fn references(object: &Bound<'_, PyAny>) -> usize {
    let records = engine::with(object.py(), |state| {
        let engine = state.as_ref().ok();
        engine.map_or_else(Vec::new, |engine| engine.records.clone())
    });
    let mut units = Vec::new();
    for record in records.iter().filter_map(std::rc::Weak::upgrade) {
        for unit in record.units() {
            add(unit, &mut units);
        }
    }
    units
        .iter()
        .flat_map(|unit| &unit.keep)
        .filter(|kept| kept.is(object))
        .count()
}

fn add(unit: Rc<Unit>, units: &mut Vec<Rc<Unit>>) {
    if units.iter().any(|known| Rc::ptr_eq(known, &unit)) {
        return;
    }
    units.push(unit.clone());
    for callee in &unit.callees {
        add(callee.clone(), units);
    }
}
