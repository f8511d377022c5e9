//! Calls that the machine-code entry cannot take: other versions, defaults and keywords, the interpreter.

use std::rc::Rc;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::apart::apart;
use super::binding::{Bound as Arguments, MAX_PARAMETERS, takes_exactly, with_objects};
use super::entry::{Call, EntryRecord};
use super::stopwatch::Stopwatch;
use super::unit::Unit;
use super::{first_calls, self_test, tracing};

/// Sends the calls of a function to a unit. The unit's owner keeps it until the function dies.
pub fn send_to(entry: &EntryRecord, unit: &Unit) {
    entry.set_unit(unit);
    let target = match unit.entry.get() {
        0 => first_calls::enter_current as *const u8,
        stub => stub as *const u8,
    };
    // SAFETY: the stub is a vectorcall function made for this entry's function (its code object is checked
    // inside), and the record that installs a unit keeps it as long as the function lives.
    unsafe { entry.set_target(target) }
}

/// Do calls go to this unit, without a stub so far?
pub fn sends_to(entry: &EntryRecord, unit: &Unit) -> bool {
    std::ptr::eq(entry.current_unit(), unit)
        && entry.goes_to(first_calls::enter_current as *const u8)
}

/// Lets each unit send what its entry does not take to the next unit, the last one to the runtime. If the
/// versions are `settled`, the runtime looks at few of those calls.
pub fn chain(units: &[Rc<Unit>], settled: bool) {
    for (unit, next) in units.iter().zip(&units[1.min(units.len())..]) {
        // The record keeps all units as long as the function lives.
        unit.next_unit.set(Rc::as_ptr(next));
    }
    if let Some(last) = units.last() {
        let rest = if settled {
            interpret_most
        } else {
            bind_and_enter
        };
        last.next_unit.set(std::ptr::null());
        last.next.set(rest);
    }
}

/// Sends calls to a trial: by turns native and interpreted, each timed and reported to the entry's state
/// ([`super::entry::EntryState::tried`]), which sooner or later sets another target. Both ways give the same
/// results, so a trial costs time only.
pub fn send_to_trial(entry: &EntryRecord) {
    // SAFETY: the target takes the arguments a thunk passes.
    unsafe { entry.set_target(try_both as *const u8) }
}

/// What a thunk jumps to during a trial.
///
/// # Safety
/// The arguments are those of a vectorcall; `record` is the entry of a live function.
unsafe extern "C" fn try_both(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: as required; the record is kept alive by a reference of its own, for the function may die
    // during its last call.
    unsafe {
        let py = Python::assume_attached();
        let count = ffi::PyVectorcall_NARGS(flags_and_count) as usize;
        let plain = names.is_null() && count <= MAX_PARAMETERS && takes_exactly(callable, count);
        let next_turn = |objects: Option<&[Borrowed<'_, '_, PyAny>]>| {
            let turn = std::panic::AssertUnwindSafe(|| (*record).state().next_turn(objects));
            std::panic::catch_unwind(turn).unwrap_or_default()
        };
        let turn = if plain {
            let words = std::slice::from_raw_parts(args, count);
            with_objects(py, words, |objects| next_turn(Some(objects)))
        } else {
            match Arguments::new(callable, args, flags_and_count, names) {
                Some(bound) => bound.with_objects(py, |objects| next_turn(Some(objects))),
                None => next_turn(None),
            }
        };
        let call = |entry: &EntryRecord| match &turn.unit {
            Some(unit) if plain => first_calls::call(unit, callable, args, flags_and_count, names),
            // What binding costs is a cost of native code.
            Some(_) => slow_entry(record, callable, args, flags_and_count, names),
            None => {
                entry.count_interpreted();
                entry.interpret(callable, args, flags_and_count, names)
            }
        };
        let Some(timed) = turn.timed else {
            return call(&*record);
        };
        std::rc::Rc::increment_strong_count(record);
        let entry = std::rc::Rc::from_raw(record);
        let stopwatch = Stopwatch::start(turn.clock);
        let result = call(&entry);
        let nanoseconds = stopwatch.elapsed().as_nanos() as u64;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let py = Python::assume_attached();
            let pending = PyErr::take(py);
            let native = turn.unit.is_some();
            entry.state().tried(&entry, timed, native, nanoseconds);
            if let Some(error) = pending {
                error.restore(py);
            }
        }));
        if outcome.is_err() {
            entry.count_down(0);
        }
        result
    }
}

/// What the last stub of settled versions jumps to: most such calls go straight to the interpreter.
///
/// # Safety
/// As `slow_entry`.
unsafe extern "C" fn interpret_most(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: as required.
    unsafe {
        let entry = &*record;
        let count = ffi::PyVectorcall_NARGS(flags_and_count) as usize;
        let untaken = entry.untaken.get() + 1;
        if !names.is_null()
            || entry.retried.get() == args as usize
            || !takes_exactly(callable, count)
            || untaken.is_multiple_of(UNTAKEN_CALLS_PER_LOOK)
        {
            return slow_entry(record, callable, args, flags_and_count, names);
        }
        entry.untaken.set(untaken);
        entry.count_interpreted();
        entry.interpret(callable, args, flags_and_count, names)
    }
}

/// Sends the calls of a function to the slow entry: its parameters are not all positional, so that every
/// call must be bound.
pub fn send_to_binder(entry: &EntryRecord) {
    // SAFETY: the target takes the arguments a thunk passes.
    unsafe { entry.set_target(bind_and_enter as *const u8) }
}

/// What a thunk jumps to for such a function.
///
/// # Safety
/// As `slow_entry`.
pub unsafe extern "C" fn bind_and_enter(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { slow_entry(record, callable, args, flags_and_count, names) }
}

/// `Support::NextEntry`.
///
/// # Safety
/// Called by an entry of the unit with its own arguments.
pub unsafe extern "C" fn next_entry(
    unit: *const Unit,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as required; whoever calls a function keeps it, hence its units and its record, alive.
    unsafe {
        let unit = &*unit;
        if let Some(next) = unit.next_unit.get().as_ref() {
            return first_calls::call(next, callable, args, flags_and_count, names);
        }
        let next = unit.next.get();
        next(callable, args, flags_and_count, names, unit.record)
    }
}

/// A call that no stub takes as it is: binds it for a version, or interprets it.
///
/// # Safety
/// The arguments are those of a vectorcall; `record` is the entry of a live function.
unsafe fn slow_entry(
    record: *const EntryRecord,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as required; whoever calls a function keeps it, hence its record, alive.
    unsafe {
        let entry = &*record;
        if entry.retried.get() == args as usize {
            entry.declined.set(true);
            return std::ptr::null_mut();
        }
        let py = Python::assume_attached();
        let code = (*callable.cast::<ffi::PyFunctionObject>()).func_code.cast();
        let watched = self_test::interpreter(py)
            .is_ok_and(|interpreter| tracing::tracing_active(py, interpreter))
            || tracing::code_is_monitored(code);
        if watched {
            entry.count_interpreted();
            return entry.interpret(callable, args, flags_and_count, names);
        }
        if let Some(result) = enter_quickly(entry, callable, args, flags_and_count, names) {
            return result;
        }
        let chosen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            apart(|_| {
                let call = Call::from_vectorcall(py, callable, args, flags_and_count, names);
                entry.state().fitting(entry, &call)
            })
        }));
        if let Ok(Some(fitting)) = chosen {
            let pointers: Vec<*mut PyObject> = fitting
                .arguments
                .iter()
                .map(|argument| argument.as_ptr())
                .collect();
            let outer = entry.retried.replace(pointers.as_ptr() as usize);
            let nobody = std::ptr::null_mut();
            let (first, count) = (pointers.as_ptr(), pointers.len());
            let result = first_calls::call(&fitting.unit, callable, first, count, nobody);
            entry.retried.set(outer);
            if !entry.declined.replace(false) {
                return result;
            }
        } else {
            entry.untaken.set(entry.untaken.get() + 1);
            let calls = entry.untaken.get();
            let alive = entry.shared_state();
            drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(
                || alive.untaken(calls),
            )));
        }
        entry.count_interpreted();
        entry.interpret(callable, args, flags_and_count, names)
    }
}

/// One call in so many that no version takes is looked at once versions are settled.
const UNTAKEN_CALLS_PER_LOOK: u64 = 64;

/// A call of a version that takes it, with its arguments bound here.
///
/// # Safety
/// As `slow_entry`.
unsafe fn enter_quickly(
    entry: &EntryRecord,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: as required. The binding keeps defaults alive: the body may replace the function's.
    unsafe {
        let bound = Arguments::new(callable, args, flags_and_count, names)?;
        let py = Python::assume_attached();
        let unit = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            bound.with_objects(py, |objects| entry.state().quick_fitting(entry, objects))
        }));
        let unit = unit.ok()??;
        let words = bound.words();
        let outer = entry.retried.replace(words.as_ptr() as usize);
        let nobody = std::ptr::null_mut();
        let result = first_calls::call(&unit, callable, words.as_ptr(), words.len(), nobody);
        entry.retried.set(outer);
        let declined = entry.declined.replace(false);
        (!declined).then_some(result)
    }
}
