//! Calls that the machine-code entry cannot take: other versions, defaults and keywords, the interpreter.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::entry::{Call, EntryRecord};
use super::unit::Unit;
use super::{self_test, tracing};

/// Sends the calls of a function to a unit. The unit's owner keeps it until the function dies.
pub fn send_to(entry: &EntryRecord, unit: &Unit) {
    // SAFETY: the stub is a vectorcall function made for this entry's function (its code object is checked
    // inside), and the record that installs a unit keeps it as long as the function lives.
    unsafe { entry.set_target(unit.entry.get() as *const u8) }
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
        let (turn, timed) = (*record).state().next_trial();
        let call = |entry: &EntryRecord| match turn {
            Some(stub) => {
                let stub: ffi::vectorcallfunc = std::mem::transmute(stub);
                stub(callable, args, flags_and_count, names)
            }
            None => entry.interpret(callable, args, flags_and_count, names),
        };
        if !timed {
            return call(&*record);
        }
        std::rc::Rc::increment_strong_count(record);
        let entry = std::rc::Rc::from_raw(record);
        let started = std::time::Instant::now();
        let result = call(&entry);
        let nanoseconds = started.elapsed().as_nanos() as u64;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let py = Python::assume_attached();
            let pending = PyErr::take(py);
            entry.state().tried(&entry, turn.is_some(), nanoseconds);
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
unsafe extern "C" fn bind_and_enter(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: as required.
    unsafe { slow_entry(record, callable, args, flags_and_count, names) }
}

/// `Support::SlowEntry`.
///
/// # Safety
/// Called by an entry stub with its own arguments; `record` is the entry of a live function.
pub unsafe extern "C" fn slow_entry(
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
            return entry.interpret(callable, args, flags_and_count, names);
        }
        if let Some(result) = enter_quickly(entry, callable, args, flags_and_count, names) {
            return result;
        }
        // Errors that are caught on the way are dropped at once within `attach`; outside they would wait
        // for the next one, and keep frames alive until then.
        let chosen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Python::attach(|_| {
                let call = Call::from_vectorcall(py, callable, args, flags_and_count, names);
                entry.state().fitting(entry, &call)
            })
        }));
        if let Ok(Some(fitting)) = chosen {
            let stub: ffi::vectorcallfunc = std::mem::transmute(fitting.stub);
            let pointers: Vec<*mut PyObject> = fitting
                .arguments
                .iter()
                .map(|argument| argument.as_ptr())
                .collect();
            let outer = entry.retried.replace(pointers.as_ptr() as usize);
            let result = stub(
                callable,
                pointers.as_ptr(),
                pointers.len(),
                std::ptr::null_mut(),
            );
            entry.retried.set(outer);
            if !entry.declined.replace(false) {
                return result;
            }
        }
        entry.interpret(callable, args, flags_and_count, names)
    }
}

/// Flags of code with `*args` or `**kwargs`.
const VARIADIC: std::ffi::c_int = 0x4 | 0x8;
/// Parameters up to which a call is bound on the stack.
const QUICK_PARAMETERS: usize = 8;

/// A call without keywords, perhaps with defaults, of a version that takes it.
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
    // SAFETY: as required. The parameters are all positional, so the last defaults belong to the last
    // parameters. The defaults tuple is kept alive: the body may replace the function's.
    unsafe {
        let count = flags_and_count & !(1_usize << (usize::BITS - 1));
        let function = callable.cast::<ffi::PyFunctionObject>();
        let code = (*function).func_code.cast::<crate::ffi::CodeObject>();
        let wanted = (*code).co_argcount as usize;
        let others = (*code).co_kwonlyargcount != 0 || (*code).co_flags & VARIADIC != 0;
        if !names.is_null() || count > wanted || wanted > QUICK_PARAMETERS || others {
            return None;
        }
        let mut words = [std::ptr::null_mut::<PyObject>(); QUICK_PARAMETERS];
        std::ptr::copy_nonoverlapping(args, words.as_mut_ptr(), count);
        let mut defaults = std::ptr::null_mut();
        if count < wanted {
            defaults = (*function).func_defaults;
            if defaults.is_null() || ffi::PyTuple_CheckExact(defaults) == 0 {
                return None;
            }
            let length = ffi::PyTuple_GET_SIZE(defaults) as usize;
            let first = (count + length).checked_sub(wanted)?;
            for (word, position) in words[count..wanted].iter_mut().zip(first..) {
                *word = ffi::PyTuple_GET_ITEM(defaults, position as isize);
            }
        }
        let py = Python::assume_attached();
        let mut arguments = [Bound::ref_from_ptr(py, &callable).as_borrowed(); QUICK_PARAMETERS];
        for (argument, word) in arguments.iter_mut().zip(&words[..wanted]) {
            *argument = Bound::ref_from_ptr(py, word).as_borrowed();
        }
        let stub = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            entry.state().quick_fitting(entry, &arguments[..wanted])
        }));
        let stub: ffi::vectorcallfunc = std::mem::transmute(stub.ok()??);
        ffi::Py_XINCREF(defaults);
        let outer = entry.retried.replace(words.as_ptr() as usize);
        let result = stub(callable, words.as_ptr(), wanted, std::ptr::null_mut());
        entry.retried.set(outer);
        ffi::Py_XDECREF(defaults);
        if entry.declined.replace(false) {
            None
        } else {
            Some(result)
        }
    }
}
