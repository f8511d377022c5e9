//! Giving a function another entry, and giving it back.
//!
//! An attached function has a *record*, and a *thunk* as its vectorcall: sixteen or so bytes of
//! machine code, one per function, that put the record's address into the register of a fifth
//! argument and jump to the record's target. So the target gets
//! `(callable, args, nargsf, kwnames, record)` by the ordinary C convention, a vectorcall function
//! that ignores the fifth argument is a valid target, and changing the target is one store.
//!
//! How the interpreter is kept from bypassing the entry:
//! * 3.12+: `PyFunction_SetVectorcall` clears the function's version, and the specialiser does
//!   not give a new one while the vectorcall is not the plain one.
//! * 3.11 looks at the type alone: the function's type is changed in place to a C subtype of
//!   `function` that looks the same (`look_alike.rs`).
//!
//! Detaching restores vectorcall and type; the interpreter then gives the function a version again
//! and inlines its calls as if nothing had happened. 3.13 gives versions at creation only, so the
//! old one is put back, unless code or defaults were changed meanwhile (the watcher says so).
//!
//! Lifetime: a record is found by its function's address in a map, and dies with the function:
//! 3.12+ a function watcher says so; 3.11 the look-alike's deallocator for an attached function,
//! a weak reference for a detached one. Whoever calls a function keeps it alive, so a thunk is not
//! freed while it is jumped through; code that goes on after the function may have died holds an
//! `Rc` of the record.
//!
//! Invariant: all of this happens under the GIL.

#[cfg(not(Py_3_12))]
mod look_alike;
mod thunk;

use super::apart::apart;
use super::code_memory::{self, CodeBlock, CodeMemoryError};
use super::stopwatch::Clock;
use super::unit::Unit;
use super::{frame, self_test};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyFunctionObject, PyObject, vectorcallfunc};
use pyo3::prelude::*;
use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// What a thunk jumps to.
pub type Target = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
    *const EntryRecord,
) -> *mut PyObject;

/// What the engine keeps for a function, and how it is told of events. Called under the GIL.
pub trait EntryState: Any {
    /// The countdown of plain calls ran out, with these arguments about to be passed. The function
    /// may be compiled (`set_target`), counted on (`count_down`) or detached. An exception must not
    /// be left set.
    fn hot(&self, entry: &EntryRecord, call: &Call<'_>);

    /// Machine code could not take this call: another version that can.
    fn fitting<'py>(&self, _entry: &EntryRecord, _call: &Call<'py>) -> Option<Fitting<'py>> {
        None
    }

    /// As [`fitting`](Self::fitting) for the objects of all parameters, without learning from a miss.
    fn quick_fitting(
        &self,
        _entry: &EntryRecord,
        _arguments: &[Borrowed<'_, '_, PyAny>],
    ) -> Option<Rc<Unit>> {
        None
    }

    /// In a trial: which way a call goes. The arguments are given if they are those of all parameters.
    fn next_turn(&self, _arguments: Option<&[Borrowed<'_, '_, PyAny>]>) -> Turn {
        Turn::default()
    }

    /// In a trial: how long a call took that was to be timed as `which`. An exception is not set.
    fn tried(&self, _entry: &EntryRecord, _which: usize, _native: bool, _nanoseconds: u64) {}

    /// A call went to the interpreter because no version takes it, the `calls`th one.
    fn untaken(&self, _calls: u64) {}

    /// The unit that calls try first.
    fn first_unit(&self) -> Option<Rc<Unit>> {
        None
    }

    /// In verify mode: is this call to run both ways?
    fn prepare_check<'py>(&self, _call: &Call<'py>) -> Option<Check<'py>> {
        None
    }

    /// In verify mode: a call ran both ways. No exception is set.
    fn finish_check<'py>(
        &self,
        _call: &Call<'py>,
        _check: &Check<'py>,
        _plain: &PyResult<Bound<'py, PyAny>>,
        _native: &PyResult<Bound<'py, PyAny>>,
    ) {
    }

    /// A frame of the function that runs in the interpreter jumps back to a loop's header.
    fn back_edge<'py>(
        &self,
        _entry: &Rc<EntryRecord>,
        _py: Python<'py>,
        _header: u32,
        _frame: &super::osr::RunningFrame,
    ) -> super::osr::BackEdge<'py> {
        super::osr::BackEdge::Disable
    }

    /// Native code that `back_edge` had entered was left.
    fn loop_left(&self, _unit: &Unit, _left: super::osr::Left, _nanoseconds: u64) {}

    /// The unit has been called so often that an entry stub pays.
    fn stub_wanted(&self, _py: Python<'_>, _entry: &EntryRecord, _unit: &Unit) {}

    /// For downcasting.
    fn as_any(&self) -> &dyn Any;
}

/// A call that verify mode runs both ways.
pub struct Check<'py> {
    /// The arguments for the interpreter, those by name last.
    pub copies: Bound<'py, pyo3::types::PyTuple>,
    /// What whoever compares needs.
    pub prepared: Bound<'py, PyAny>,
}

/// Which way a call goes during a trial.
#[derive(Default)]
pub struct Turn {
    /// What to call, or none to interpret.
    pub unit: Option<Rc<Unit>>,
    /// Is it to be timed, and for what?
    pub timed: Option<usize>,
    /// By which clock?
    pub clock: Clock,
}

/// A version that takes a call, with its arguments in the order of the parameters.
pub struct Fitting<'py> {
    /// Its code.
    pub unit: Rc<Unit>,
    pub arguments: Vec<Bound<'py, PyAny>>,
}

/// The arguments of a call.
pub struct Call<'py> {
    pub callable: Bound<'py, PyAny>,
    pub positional: Vec<Bound<'py, PyAny>>,
    /// Names of the keyword arguments, whose values follow the positional ones in `keyword`.
    pub keyword_names: Option<Bound<'py, PyAny>>,
    pub keyword: Vec<Bound<'py, PyAny>>,
}

impl<'py> Call<'py> {
    /// The arguments of a vectorcall.
    ///
    /// # Safety
    /// They are those of a vectorcall: `count` positional ones, then one for each name.
    pub(super) unsafe fn from_vectorcall(
        py: Python<'py>,
        callable: *mut PyObject,
        arguments: *const *mut PyObject,
        flags_and_count: usize,
        keyword_names: *mut PyObject,
    ) -> Self {
        // SAFETY: as required.
        unsafe {
            let count = ffi::PyVectorcall_NARGS(flags_and_count) as usize;
            let names = Bound::from_borrowed_ptr_or_opt(py, keyword_names);
            let keywords = match &names {
                Some(names) => ffi::PyTuple_GET_SIZE(names.as_ptr()) as usize,
                None => 0,
            };
            let take = |index: usize| Bound::from_borrowed_ptr(py, *arguments.add(index));
            Call {
                callable: Bound::from_borrowed_ptr(py, callable),
                positional: (0..count).map(take).collect(),
                keyword_names: names,
                keyword: (count..count + keywords).map(take).collect(),
            }
        }
    }
}

/// The least version a function can have; what is below says why it has none.
#[cfg(Py_3_12)]
const FIRST_VERSION: u32 = if cfg!(Py_3_14) { 2 } else { 1 };

/// No arguments lie at an odd address; they do lie at 0 where there are none.
const NEVER_RETRIED: usize = 1;

/// The entry of one function. `target` must stay first: the thunk loads it from there.
#[repr(C)]
pub struct EntryRecord {
    target: Cell<Target>,
    original: vectorcallfunc,
    /// Borrowed: the record does not outlive the function.
    function: *mut PyFunctionObject,
    thunk: CodeBlock,
    attached: Cell<bool>,
    /// Activations of the interpreter below the C stack's low mark that took the entry away.
    parked: Cell<u32>,
    countdown: Cell<u32>,
    /// Address of the arguments with which the slow entry calls a stub: if the stub cannot take them either,
    /// it must say so and not interpret them, for they are in the order of the slots.
    pub(super) retried: Cell<usize>,
    /// The stub said so.
    pub(super) declined: Cell<bool>,
    calls: Cell<u64>,
    /// Calls interpreted because no version takes them.
    pub(super) untaken: Cell<u64>,
    /// What the target calls while that has no stub; kept by the state as long as the function lives.
    unit: Cell<*const Unit>,
    state: Rc<dyn EntryState>,
    #[cfg(not(Py_3_12))]
    death_notice: Cell<*mut PyObject>,
    /// The version the function had before; 0 if it is not to be put back.
    #[cfg(Py_3_13)]
    version: Cell<u32>,
}

/// Why a function cannot get an entry.
#[derive(Debug)]
pub enum AttachError {
    /// The self-test refused this interpreter, for this reason.
    Unsupported(&'static str),
    /// Not a plain Python function.
    NotAFunction,
    /// It has an entry already.
    Attached,
    /// Its vectorcall is not the interpreter's: another tool owns it.
    Foreign,
    /// 3.11 makes `__new__` a static method and `__init_subclass__` and `__class_getitem__` class
    /// methods only if they are exactly of type `function`.
    SpecialMethod,
    /// The interpreter has no function watcher left.
    NoWatcher,
    Memory(CodeMemoryError),
}

impl AttachError {
    /// The reason in words.
    pub fn reason(&self) -> String {
        match self {
            Self::Unsupported(reason) => (*reason).into(),
            Self::NotAFunction => "not a plain Python function".into(),
            Self::Attached => "it has an entry already".into(),
            Self::Foreign => "another tool replaced its entry".into(),
            Self::SpecialMethod => {
                "CPython 3.11 treats this method specially only as a plain function".into()
            }
            Self::NoWatcher => "the interpreter has no function watcher left".into(),
            Self::Memory(error) => error.to_string(),
        }
    }
}

/// Multiplies by an odd constant: addresses are their own best hash, but their low bits are zero.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_usize(&mut self, value: usize) {
        self.0 = (value as u64 >> 4)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(26);
    }
}

/// A map with addresses for keys.
pub type AddressMap<T> = HashMap<usize, T, BuildHasherDefault<AddressHasher>>;

type Records = AddressMap<Rc<EntryRecord>>;

/// Data of the GIL's holder.
struct Guarded(UnsafeCell<Option<Records>>);

// SAFETY: reached by `with_records` only, under the GIL.
unsafe impl Sync for Guarded {}

static RECORDS: Guarded = Guarded(UnsafeCell::new(None));

/// Runs `action` on the map. It must not call back into Python, drop records or nest.
///
/// # Safety
/// The GIL is held.
unsafe fn with_records<R>(action: impl FnOnce(&mut Records) -> R) -> R {
    // SAFETY: the GIL is held and the actions below do not nest, so the reference is unique.
    unsafe { action((*RECORDS.0.get()).get_or_insert_with(Records::default)) }
}

fn key(function: *mut PyFunctionObject) -> usize {
    function as usize
}

/// The interpreter's own vectorcall for functions, hidden on 3.13: read from a new function.
fn plain_vectorcall(py: Python<'_>) -> PyResult<vectorcallfunc> {
    static PLAIN: pyo3::sync::PyOnceLock<usize> = pyo3::sync::PyOnceLock::new();
    let address = PLAIN.get_or_try_init(py, || -> PyResult<usize> {
        let function = py.eval(c"lambda: None", None, None)?;
        let function: *mut PyFunctionObject = function.as_ptr().cast();
        // SAFETY: the result of a lambda expression is a function.
        let vectorcall = unsafe { (*function).vectorcall };
        vectorcall
            .map(|vectorcall| vectorcall as usize)
            .ok_or_else(|| PyTypeError::new_err("functions have no vectorcall"))
    })?;
    // SAFETY: the address was a `vectorcallfunc` above.
    Ok(unsafe { std::mem::transmute::<usize, vectorcallfunc>(*address) })
}

fn exact_function(function: &Bound<'_, PyAny>) -> Option<*mut PyFunctionObject> {
    // SAFETY: the type object is valid; only the object's type is read.
    let exact = unsafe { ffi::PyFunction_Check(function.as_ptr()) } != 0;
    exact.then(|| function.as_ptr().cast())
}

/// Gives `function` an entry: plain calls are counted, and after `countdown` of them `state.hot` is
/// called. A function that was detached gets its old record back, and `state` is not used.
pub fn attach(
    function: &Bound<'_, PyAny>,
    state: Rc<dyn EntryState>,
    countdown: u32,
) -> Result<Rc<EntryRecord>, AttachError> {
    let py = function.py();
    self_test::interpreter(py).map_err(AttachError::Unsupported)?;
    if let Some(record) = entry_of(function) {
        if record.attached.get() {
            return Err(AttachError::Attached);
        }
        record.countdown.set(countdown);
        record.attach_again(py);
        return Ok(record);
    }
    let Some(pointer) = exact_function(function) else {
        return Err(AttachError::NotAFunction);
    };
    let plain = plain_vectorcall(py).map_err(|_| AttachError::NotAFunction)?;
    // SAFETY: `pointer` is a function.
    if unsafe { (*pointer).vectorcall }.map(|entry| entry as usize) != Some(plain as usize) {
        return Err(AttachError::Foreign);
    }
    #[cfg(not(Py_3_12))]
    if look_alike::is_special(function) {
        return Err(AttachError::SpecialMethod);
    }
    watch_functions(py)?;
    let mut thunk = None;
    let record = Rc::new_cyclic(|weak: &std::rc::Weak<EntryRecord>| {
        let address = weak.as_ptr();
        let installed = thunk::install(py, address);
        let block = *installed.as_ref().unwrap_or(&CodeBlock::nowhere());
        thunk = Some(installed);
        EntryRecord {
            target: Cell::new(count_call),
            original: plain,
            function: pointer,
            thunk: block,
            attached: Cell::new(false),
            parked: Cell::new(0),
            countdown: Cell::new(countdown),
            retried: Cell::new(NEVER_RETRIED),
            declined: Cell::new(false),
            calls: Cell::new(0),
            untaken: Cell::new(0),
            unit: Cell::new(std::ptr::null()),
            state,
            #[cfg(not(Py_3_12))]
            death_notice: Cell::new(std::ptr::null_mut()),
            #[cfg(Py_3_13)]
            version: Cell::new(0),
        }
    });
    if let Some(Err(error)) = thunk {
        return Err(AttachError::Memory(error));
    }
    // SAFETY: the GIL is held.
    unsafe { with_records(|records| records.insert(key(pointer), record.clone())) };
    record.attach_again(py);
    Ok(record)
}

/// Takes the entry away; the function is as it was before. False if it had none.
pub fn detach(function: &Bound<'_, PyAny>) -> bool {
    match entry_of(function) {
        Some(record) if record.attached.get() => {
            record.detach(function.py());
            true
        }
        _ => false,
    }
}

/// The record of a function, attached or not.
pub fn entry_of(function: &Bound<'_, PyAny>) -> Option<Rc<EntryRecord>> {
    // SAFETY: the GIL is held. The address is that of a live object, so a record under it belongs
    // to this very function: records die before their function's memory does.
    unsafe { with_records(|records| records.get(&(function.as_ptr() as usize)).cloned()) }
}

/// Number of records (attached and detached).
pub fn count(_py: Python<'_>) -> usize {
    // SAFETY: the GIL is held.
    unsafe { with_records(|records| records.len()) }
}

/// Every record.
pub fn all(_py: Python<'_>) -> Vec<Rc<EntryRecord>> {
    // SAFETY: the GIL is held.
    unsafe { with_records(|records| records.values().cloned().collect()) }
}

impl EntryRecord {
    /// The engine's data.
    pub fn state(&self) -> &dyn EntryState {
        &*self.state
    }

    /// The engine's data, shared.
    pub fn shared_state(&self) -> Rc<dyn EntryState> {
        self.state.clone()
    }

    /// The function.
    pub fn function<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        // SAFETY: the record is removed when the function dies, before its memory is freed; a record
        // held longer (`Rc`) is only asked by code that was called with the function alive.
        unsafe { Bound::from_borrowed_ptr(py, self.function.cast()) }
    }

    /// Calls that were interpreted while the entry was attached.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    pub(super) fn count_interpreted(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    /// Whether calls reach the entry now.
    pub fn is_attached(&self) -> bool {
        self.attached.get()
    }

    /// Lets plain calls be counted and `hot` be called after so many (0: never).
    pub fn count_down(&self, calls: u32) {
        self.countdown.set(calls);
        self.target.set(count_call);
    }

    /// Sends calls to machine code.
    ///
    /// # Safety
    /// `target` is a vectorcall function for this function, valid until another target is set and no
    /// call is inside.
    pub unsafe fn set_target(&self, target: *const u8) {
        // SAFETY: by the contract; a vectorcall function may be called with a further argument.
        self.target
            .set(unsafe { std::mem::transmute::<*const u8, Target>(target) });
    }

    /// Is that the target?
    pub(super) fn goes_to(&self, target: *const u8) -> bool {
        self.target.get() as usize == target as usize
    }

    /// Says which unit calls go to while it has no stub.
    pub(super) fn set_unit(&self, unit: *const Unit) {
        self.unit.set(unit);
    }

    /// That unit, or NULL.
    pub(super) fn current_unit(&self) -> *const Unit {
        self.unit.get()
    }

    /// Whether calls go to machine code or a trial, and are not counted.
    pub fn is_running(&self) -> bool {
        self.attached.get() && self.target.get() as usize != count_call as Target as usize
    }

    /// The vectorcall that runs the function in the interpreter.
    pub fn original(&self) -> vectorcallfunc {
        self.original
    }

    fn entry_point(&self) -> vectorcallfunc {
        // SAFETY: the thunk is code with this signature.
        unsafe { std::mem::transmute::<*mut u8, vectorcallfunc>(self.thunk.start.as_ptr()) }
    }

    fn attach_again(&self, py: Python<'_>) {
        if self.attached.replace(true) {
            return;
        }
        #[cfg(Py_3_12)]
        let _ = py;
        #[cfg(not(Py_3_12))]
        self.expect_death_by_deallocator(py);
        // SAFETY: the function is alive: attaching is asked for by somebody who has it.
        unsafe { self.set_entry(self.entry_point(), true) };
    }

    /// Restores the plain entry; the record stays.
    pub fn detach(&self, py: Python<'_>) {
        if !self.attached.replace(false) {
            return;
        }
        #[cfg(Py_3_12)]
        let _ = py;
        // SAFETY: as in `attach_again`.
        unsafe { self.set_entry(self.original, false) };
        #[cfg(not(Py_3_12))]
        self.expect_death_by_weak_reference(py);
    }

    /// # Safety
    /// The function is alive and the GIL is held.
    unsafe fn set_entry(&self, entry: vectorcallfunc, ours: bool) {
        // SAFETY: as required. Both ways clear the function's version, so specialised call sites fail
        // their guard and look again. 3.11: both types have the same layout and slots.
        #[cfg(Py_3_12)]
        unsafe {
            #[cfg(not(Py_3_13))]
            let _ = ours;
            #[cfg(Py_3_13)]
            if ours {
                self.version.set((*self.function).func_version);
            }
            crate::ffi::PyFunction_SetVectorcall(self.function.cast(), entry);
            #[cfg(Py_3_13)]
            if !ours && self.version.get() >= FIRST_VERSION {
                crate::ffi::_PyFunction_SetVersion(self.function.cast(), self.version.get());
            }
        }
        // SAFETY: as above.
        #[cfg(not(Py_3_12))]
        unsafe {
            (*self.function).vectorcall = Some(entry);
            (*self.function).func_version = 0;
            let class = if ours {
                look_alike::class()
            } else {
                &raw mut ffi::PyFunction_Type
            };
            (*self.function.cast::<PyObject>()).ob_type = class;
        }
    }

    /// A function that was attached while it was being made got its version afterwards: taken away, so that
    /// call sites do not bypass the entry. It is called in the first call already.
    #[cfg(Py_3_12)]
    fn settle_version(&self) {
        // SAFETY: called with the function alive, under the GIL.
        unsafe {
            if (*self.function).func_version >= FIRST_VERSION && self.attached.get() {
                self.set_entry(self.entry_point(), true);
            }
        }
    }

    /// Runs the function in the interpreter.
    ///
    /// Costs what a plain call would: the C units of the nested activation are not counted while
    /// the C stack is roomy. When it is low, the entry is taken away for the time of the call, so
    /// that recursion goes on as plain interpreted calls, which need no C stack.
    ///
    /// # Safety
    /// The arguments are those of a vectorcall of this function; no exception is set.
    pub unsafe fn interpret(
        &self,
        callable: *mut PyObject,
        arguments: *const *mut PyObject,
        flags_and_count: usize,
        keyword_names: *mut PyObject,
    ) -> *mut PyObject {
        // SAFETY: as required of the caller; the callable is alive for the time of the call.
        unsafe {
            let thread = frame::current_thread();
            if frame::c_stack_is_low() {
                return self.interpret_parked(callable, arguments, flags_and_count, keyword_names);
            }
            let _scope = frame::evaluation_scope(thread, 0);
            (self.original)(callable, arguments, flags_and_count, keyword_names)
        }
    }

    #[cold]
    unsafe fn interpret_parked(
        &self,
        callable: *mut PyObject,
        arguments: *const *mut PyObject,
        flags_and_count: usize,
        keyword_names: *mut PyObject,
    ) -> *mut PyObject {
        // SAFETY: as in `interpret`. The entry is restored only if the function is attached still: it
        // may be detached or attached by what runs meanwhile. Other threads see the plain entry for
        // that time, which is slow but right.
        unsafe {
            let alive = entry_of(&Bound::from_borrowed_ptr(
                Python::assume_attached(),
                self.function.cast(),
            ));
            if self.attached.get() && self.parked.get() == 0 {
                self.set_entry(self.original, false);
            }
            self.parked.set(self.parked.get() + 1);
            let scope = frame::evaluation_scope(frame::current_thread(), 0);
            let result = (self.original)(callable, arguments, flags_and_count, keyword_names);
            drop(scope);
            self.parked.set(self.parked.get() - 1);
            if self.attached.get() && self.parked.get() == 0 {
                self.set_entry(self.entry_point(), true);
            }
            drop(alive);
            result
        }
    }
}

/// The first target of a record: counts, and hands hot functions to the engine.
unsafe extern "C" fn count_call(
    callable: *mut PyObject,
    arguments: *const *mut PyObject,
    flags_and_count: usize,
    keyword_names: *mut PyObject,
    record: *const EntryRecord,
) -> *mut PyObject {
    // SAFETY: the thunk of a live function passes its record.
    let entry = unsafe { &*record };
    #[cfg(Py_3_12)]
    entry.settle_version();
    entry.calls.set(entry.calls.get() + 1);
    let left = entry.countdown.get();
    if left > 1 {
        entry.countdown.set(left - 1);
    } else if left == 1 {
        entry.countdown.set(0);
        // SAFETY: the arguments are those of this vectorcall.
        unsafe { become_hot(callable, arguments, flags_and_count, keyword_names, record) };
        let target = entry.target.get();
        if target as usize != count_call as Target as usize {
            // SAFETY: the new target is valid for this function.
            return unsafe { target(callable, arguments, flags_and_count, keyword_names, record) };
        }
    }
    // SAFETY: the arguments are those of this vectorcall.
    unsafe { entry.interpret(callable, arguments, flags_and_count, keyword_names) }
}

/// Calls `hot`. A panic leaves the function interpreted, at no cost.
#[cold]
unsafe fn become_hot(
    callable: *mut PyObject,
    arguments: *const *mut PyObject,
    flags_and_count: usize,
    keyword_names: *mut PyObject,
    record: *const EntryRecord,
) {
    // SAFETY: the record is alive, and kept so by a reference of its own.
    let entry = unsafe {
        Rc::increment_strong_count(record);
        Rc::from_raw(record)
    };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // Not at interpreter shutdown: then nothing is compiled any more.
        Python::try_attach(|py| {
            // SAFETY: a vectorcall's arguments: `count` positional ones, then one for each name.
            let call = unsafe {
                Call::from_vectorcall(py, callable, arguments, flags_and_count, keyword_names)
            };
            apart(|_| entry.state.hot(&entry, &call));
            if let Some(error) = PyErr::take(py) {
                error.write_unraisable(py, Some(&call.callable));
            }
        });
    }));
    if outcome.is_err() {
        Python::try_attach(|py| entry.detach(py));
    }
}

/// What a function's death does: the record goes.
///
/// # Safety
/// The GIL is held; `function` is dying, and nobody is in its thunk.
unsafe fn function_died(function: *mut PyFunctionObject) {
    // SAFETY: the GIL is held.
    let Some(record) = (unsafe { with_records(|records| records.remove(&key(function))) }) else {
        return;
    };
    record.attached.set(false);
    // Attached for PyO3 too, or it would put off the reference drops of the state. While the
    // interpreter ends it refuses; then the process ends soon and the record may stay.
    let mut record = Some(record);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Python::try_attach(|py| {
            let error = PyErr::take(py);
            if let Some(record) = record.take() {
                // SAFETY: nobody is in the thunk, and the function that led to it is dying.
                unsafe { code_memory::free(py, record.thunk) };
                #[cfg(not(Py_3_12))]
                record.forget_death_notice();
            }
            if let Some(error) = error {
                error.restore(py);
            }
        });
    }));
    // A panic of the state's drop was printed by the panic hook and ends here: the caller is C.
    drop(outcome);
    std::mem::forget(record);
}

#[cfg(Py_3_12)]
unsafe extern "C" fn function_event(
    event: std::ffi::c_int,
    function: *mut PyObject,
    _value: *mut PyObject,
) -> std::ffi::c_int {
    use crate::ffi::{FUNCTION_EVENT_CREATE, FUNCTION_EVENT_DESTROY};
    // SAFETY: the interpreter calls this under the GIL, with a function without references, or one that
    // is about to be changed.
    unsafe {
        match event {
            FUNCTION_EVENT_CREATE => super::function_watcher::made(function),
            FUNCTION_EVENT_DESTROY => function_died(function.cast()),
            _ => {
                #[cfg(Py_3_13)]
                with_records(|records| {
                    if let Some(record) = records.get(&key(function.cast())) {
                        record.version.set(0);
                    }
                });
            }
        }
    }
    0
}

#[cfg(Py_3_12)]
pub(super) fn watch_functions(py: Python<'_>) -> Result<(), AttachError> {
    static WATCHER: pyo3::sync::PyOnceLock<bool> = pyo3::sync::PyOnceLock::new();
    let watching = *WATCHER.get_or_init(py, || {
        // SAFETY: the GIL is held; the callback lives as long as the process.
        let id = unsafe { crate::ffi::PyFunction_AddWatcher(function_event) };
        if id < 0 {
            drop(PyErr::take(py));
        }
        id >= 0
    });
    if watching {
        Ok(())
    } else {
        Err(AttachError::NoWatcher)
    }
}

#[cfg(not(Py_3_12))]
fn watch_functions(_py: Python<'_>) -> Result<(), AttachError> {
    Ok(())
}
