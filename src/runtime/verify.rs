//! Calls that run both ways: the interpreter with copies of the arguments, native code with the arguments.
//!
//! While one is checked, calls it makes of functions that would be checked too go the same way, unchecked: the
//! two runs stay apart, and nested checks do not multiply.

use std::cell::Cell;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::apart::apart;
use super::entry::{Call, EntryRecord};
use super::first_calls;

/// Which way calls go.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// None is being checked.
    Checked,
    Interpreted,
    Native,
}

thread_local! {
    static WAY: Cell<Way> = const { Cell::new(Way::Checked) };
}

/// Sends calls of a function to checks; [`super::entry::EntryState::prepare_check`] says which are checked.
pub fn send_to_checks(entry: &EntryRecord) {
    // SAFETY: the target takes the arguments a thunk passes.
    unsafe { entry.set_target(run_both as *const u8) }
}

/// What a thunk jumps to in verify mode.
///
/// # Safety
/// The arguments are those of a vectorcall; `record` is the entry of a live function.
unsafe extern "C" fn run_both(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: as required. The record is kept alive by a reference of its own.
    unsafe {
        std::rc::Rc::increment_strong_count(record);
        let entry = std::rc::Rc::from_raw(record);
        let unit = entry.state().first_unit();
        let native = || match &unit {
            Some(unit) => first_calls::call(unit, callable, args, flags_and_count, names),
            None => entry.interpret(callable, args, flags_and_count, names),
        };
        match WAY.get() {
            Way::Interpreted => return entry.interpret(callable, args, flags_and_count, names),
            Way::Native => return native(),
            Way::Checked => {}
        }
        // Errors and copies are dropped at once within `attach`; outside they would wait for the next one.
        Python::attach(|py| {
            let prepared = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let call = Call::from_vectorcall(py, callable, args, flags_and_count, names);
                apart(|_| entry.state().prepare_check(&call))
            }));
            let Ok(Some(prepared)) = prepared else {
                return native();
            };
            let plain = interpreted(&entry, callable, &prepared.copies, names);
            WAY.set(Way::Native);
            let result = native();
            WAY.set(Way::Checked);
            let result = Bound::from_owned_ptr_or_err(py, result);
            drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(
                || {
                    let call = Call::from_vectorcall(py, callable, args, flags_and_count, names);
                    let state = entry.state();
                    apart(|_| state.finish_check(&call, &prepared, &plain, &result));
                },
            )));
            match result {
                Ok(object) => object.into_ptr(),
                Err(error) => {
                    error.restore(py);
                    std::ptr::null_mut()
                }
            }
        })
    }
}

/// Runs the function in the interpreter with such arguments, the last ones by name.
///
/// # Safety
/// The callable is the function of the entry; `names` are those of its call.
unsafe fn interpreted<'py>(
    entry: &EntryRecord,
    callable: *mut PyObject,
    arguments: &Bound<'py, PyTuple>,
    names: *mut PyObject,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: as required; the tuple keeps the arguments alive.
    unsafe {
        let pointers: Vec<*mut PyObject> = arguments.iter().map(|item| item.as_ptr()).collect();
        let by_name = if names.is_null() {
            0
        } else {
            ffi::PyTuple_GET_SIZE(names) as usize
        };
        WAY.set(Way::Interpreted);
        let count = pointers.len() - by_name;
        let result = entry.interpret(callable, pointers.as_ptr(), count, names);
        WAY.set(Way::Checked);
        Bound::from_owned_ptr_or_err(arguments.py(), result)
    }
}
