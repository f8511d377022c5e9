//! Calls from outside of a unit that has no entry stub yet.
//!
//! Most units are entered from outside a few times only: by callers in the interpreter before these are
//! compiled themselves, or at the header of a loop that then runs long. A stub would cost them as
//! much compile time as a small body, so it is made after [`CALLS_BEFORE_STUB`] calls. Until then this
//! file does what the stub (`lower/entry.rs`) does: the same conditions, nothing changed if one fails, the
//! same count of calls, level of recursion and results. `abi::entry` is what both are made from.
//!
//! The body is called with all registers for arguments filled, and the stack behind them: what it has no
//! parameters for does not matter to it.

use std::rc::Rc;

use pyo3::ffi::{self, PyFunctionObject, PyObject};

use super::apart::apart;
use super::dispatch::{bind_and_enter, next_entry};
use super::entry::EntryRecord;
use super::frame;
use super::helpers::support;
use super::unit::Unit;
use crate::abi::Repr;
use crate::abi::entry::{ClassTest, EntryParam, EntryShape, MAX_FLOATS, MAX_WORDS};
use crate::abi::layout::{Base, EntryCheck, Expected};
use crate::ffi::ThreadState;

/// Calls from outside after which a stub pays.
pub const CALLS_BEFORE_STUB: u64 = 256;

/// What a body returns; the value of a float function is in another register.
#[repr(C)]
struct WordResult {
    value: u64,
    status: u64,
}

#[repr(C)]
struct FloatResult {
    value: f64,
    status: u64,
}

type Body<R> = unsafe extern "C" fn(
    *mut ThreadState,
    // In registers.
    u64,
    u64,
    u64,
    u64,
    u64,
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    f64,
    // On the stack.
    u64,
    u64,
    u64,
    u64,
    u64,
    u64,
) -> R;

/// Calls the unit: by its stub if it has one.
///
/// # Safety
/// The arguments are those of a vectorcall of the unit's function, whose record keeps the unit alive.
pub unsafe fn call(
    unit: &Unit,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as required; a stub is a vectorcall function.
    unsafe {
        match unit.entry.get() {
            0 => enter(unit, callable, args, flags_and_count, names),
            stub => {
                let stub: ffi::vectorcallfunc = std::mem::transmute(stub);
                stub(callable, args, flags_and_count, names)
            }
        }
    }
}

/// What a thunk jumps to while the unit set in the record has no stub.
///
/// # Safety
/// As `call`.
pub unsafe extern "C" fn enter_current(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: as required; the record's unit lives as long as the function.
    unsafe {
        match (*record).current_unit().as_ref() {
            Some(unit) => call(unit, callable, args, flags_and_count, names),
            None => bind_and_enter(callable, args, flags_and_count, names, record),
        }
    }
}

unsafe fn enter(
    unit: &Unit,
    callable: *mut PyObject,
    args: *const *mut PyObject,
    flags_and_count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as required of the caller. The body takes what the shape says.
    unsafe {
        let slow = || next_entry(unit, callable, args, flags_and_count, names);
        let Some(shape) = unit.shape.get() else {
            return slow();
        };
        let count = ffi::PyVectorcall_NARGS(flags_and_count) as usize;
        let code = (*callable.cast::<PyFunctionObject>()).func_code;
        if count != shape.params.len() || !names.is_null() || code as u64 != shape.code {
            return slow();
        }
        let thread = frame::current_thread();
        let holds = |check: &EntryCheck| holds(check, thread);
        if !shape.checks.iter().all(holds) || frame::check_stack(thread) == 0 {
            return slow();
        }
        let Some(arguments) = arguments(shape, args) else {
            return slow();
        };
        let remaining = frame::recursion_remaining(thread);
        if *remaining <= 0 {
            return slow();
        }
        let calls = unit.entries.get() + 1;
        if calls >= CALLS_BEFORE_STUB && calls.is_power_of_two() {
            want_stub(unit);
        }
        unit.entries.set(calls);
        let returns = shape.returns;
        *remaining -= 1;
        let mut held = [std::ptr::null_mut::<PyObject>(); MAX_WORDS];
        let params = shape.params.iter().enumerate();
        for ((index, _), slot) in params.filter(|(_, param)| param.held).zip(&mut held) {
            *slot = ffi::Py_NewRef(*args.add(index));
        }
        let (value, status) = run(unit.body.get(), returns, thread, &arguments);
        *remaining += 1;
        held.iter().for_each(|object| ffi::Py_XDECREF(*object));
        match (status, returns) {
            (0, Repr::I64) => support::box_i64(value as i64),
            (0, Repr::U64) => support::box_u64(value),
            (0, Repr::F64) => support::box_f64(f64::from_bits(value)),
            (0, Repr::Bool) => ffi::PyBool_FromLong((value as u8).into()),
            // An object, or NULL with an exception.
            _ => value as *mut PyObject,
        }
    }
}

/// Words and floats, each in order.
#[derive(Default)]
struct Arguments {
    words: [u64; MAX_WORDS],
    floats: [f64; MAX_FLOATS],
}

/// The arguments as the body takes them, unless one does not fit.
unsafe fn arguments(shape: &EntryShape, args: *const *mut PyObject) -> Option<Arguments> {
    // SAFETY: as many arguments as parameters.
    unsafe {
        let mut arguments = Arguments::default();
        let mut words = arguments.words.iter_mut();
        let mut floats = arguments.floats.iter_mut();
        for (index, param) in shape.params.iter().enumerate() {
            let object = *args.add(index);
            if !is_of_class(&param.class, object) {
                return None;
            }
            if param.repr == Repr::F64 {
                *floats.next()? = ffi::PyFloat_AS_DOUBLE(object);
            } else {
                *words.next()? = word(param, object)?;
            }
        }
        Some(arguments)
    }
}

unsafe fn is_of_class(test: &ClassTest, object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    let class = unsafe { ffi::Py_TYPE(object) } as u64;
    match test {
        ClassTest::Any => true,
        ClassTest::Object(wanted) => object as u64 == *wanted,
        ClassTest::OneOf(classes) => classes.contains(&class),
        ClassTest::NoneOf(classes) => !classes.contains(&class),
    }
}

/// The argument, of the right class, as a word.
unsafe fn word(param: &EntryParam, object: *mut PyObject) -> Option<u64> {
    // SAFETY: a live object of the class its representation has.
    unsafe {
        match param.repr {
            Repr::Boxed => Some(object as u64),
            Repr::I64 => {
                let mut value = 0;
                let fits = support::unbox_i64(object, &raw mut value) != 0
                    && (param.low..=param.high).contains(&value);
                fits.then_some(value as u64)
            }
            Repr::U64 => {
                let mut value = 0;
                (support::unbox_u64(object, &raw mut value) != 0).then_some(value)
            }
            Repr::Bool => Some((object == ffi::Py_True()).into()),
            Repr::F64 | Repr::Ptr => None,
        }
    }
}

unsafe fn holds(check: &EntryCheck, thread: *mut ThreadState) -> bool {
    // SAFETY: checks name words that live as long as the unit. Words of bitsets lie where they lie.
    unsafe {
        let load = |address: u64| match check.width {
            1 => u64::from(*(address as *const u8)),
            4 => u64::from((address as *const u32).read_unaligned()),
            _ => (address as *const u64).read_unaligned(),
        };
        let mut base = match check.base {
            Base::ThreadState => thread as u64,
            Base::Absolute(address) => address,
        };
        for step in &check.path {
            base = *(base.wrapping_add_signed((*step).into()) as *const u64);
        }
        if base == 0
            && let Some(stand_in) = check.stand_in
        {
            base = stand_in;
        }
        let word = load(base.wrapping_add_signed(check.offset.into())) & check.mask;
        word == match check.expected {
            Expected::Constant(value) => value,
            Expected::Cell(address) => load(address),
        }
    }
}

unsafe fn run(
    body: usize,
    returns: Repr,
    thread: *mut ThreadState,
    arguments: &Arguments,
) -> (u64, u64) {
    unsafe fn pass<R>(body: usize, thread: *mut ThreadState, arguments: &Arguments) -> R {
        let [a, b, c, d, e, s0, s1, s2, s3, s4, s5] = arguments.words;
        let [f0, f1, f2, f3, f4, f5, f6, f7] = arguments.floats;
        // SAFETY: see the module: what the body has no parameters for is ignored.
        unsafe {
            let body: Body<R> = std::mem::transmute(body);
            body(
                thread, a, b, c, d, e, f0, f1, f2, f3, f4, f5, f6, f7, s0, s1, s2, s3, s4, s5,
            )
        }
    }
    // SAFETY: the address is that of a body that returns this.
    unsafe {
        if returns == Repr::F64 {
            let result: FloatResult = pass(body, thread, arguments);
            return (result.value.to_bits(), result.status);
        }
        let result: WordResult = pass(body, thread, arguments);
        (result.value, result.status)
    }
}

/// Asks for a stub; without one it goes on as before.
#[cold]
unsafe fn want_stub(unit: &Unit) {
    // SAFETY: the record is alive, for its function is called; it is kept so by a reference of its own.
    let entry = unsafe {
        Rc::increment_strong_count(unit.record);
        Rc::from_raw(unit.record)
    };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pyo3::Python::try_attach(|_| apart(|py| entry.state().stub_wanted(py, &entry, unit)));
    }));
    // A panic was printed by the panic hook.
    drop(outcome);
}
