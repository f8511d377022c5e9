//! Machine code memory, entry points, exits and tiers: the only unsafe part besides `ffi`.

mod apart;
mod binding;
mod boxes;
pub mod code_memory;
mod debug_offsets;
#[cfg(Py_3_14)]
mod dict_watcher;
pub mod dispatch;
pub mod entry;
pub mod exits;
mod first_calls;
pub mod frame;
pub mod function_watcher;
pub mod gil_cell;
pub mod held;
pub mod helpers;
pub mod instances;
pub mod layout;
pub mod namespaces;
pub mod native_stack;
pub mod onlookers;
mod operators;
pub mod osr;
pub mod self_test;
pub mod stopwatch;
pub mod stress;
pub mod testing;
pub mod tracing;
pub mod unit;
pub mod verify;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::abi::support::Support;

/// The object `iter_next` returns at the end.
pub fn end_of_iteration(py: Python<'_>) -> PyResult<Py<PyAny>> {
    // SAFETY: the GIL is held; the result is borrowed, or null with an exception set.
    unsafe { Bound::from_borrowed_ptr_or_err(py, helpers::end_of_iteration()) }.map(Bound::unbind)
}

/// A module that is loaded. (An import could run a program's `__import__`.)
pub fn loaded_module<'py>(name: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the GIL is held; the dict of modules is borrowed.
    let modules =
        unsafe { Bound::from_borrowed_ptr_or_opt(name.py(), pyo3::ffi::PyImport_GetModuleDict()) };
    modules?.cast_exact::<PyDict>().ok()?.get_item(name).ok()?
}

/// The address of a support function.
pub fn support_address(function: Support) -> usize {
    match function {
        Support::ExitHandler => exits::exit_handler as *const () as usize,
        Support::NextEntry => dispatch::next_entry as *const () as usize,
        Support::CurrentFrame => exits::current_frame as *const () as usize,
        Support::PushFrame => exits::push_frame as *const () as usize,
        Support::ShowWaiting => exits::show_waiting as *const () as usize,
        Support::PopFrame => exits::pop_frame as *const () as usize,
        Support::ShowLocals => onlookers::show_locals as *const () as usize,
        Support::HideLocals => onlookers::hide_locals as *const () as usize,
        Support::MustLeave => onlookers::must_leave as *const () as usize,
        Support::CallVector => exits::call_vector as *const () as usize,
        Support::DeallocFramed => exits::dealloc_framed as *const () as usize,
        Support::CheckReference => stress::check_reference as *const () as usize,
        Support::CheckStack => frame::check_stack as *const () as usize,
        Support::RevalidateGlobals => exits::revalidate_globals as *const () as usize,
        // The others concern objects and numbers only.
        other => helpers::support_address(other).unwrap_or(0),
    }
}
