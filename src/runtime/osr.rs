//! Entering native code at a loop of a frame that is running (on-stack replacement).
//!
//! 3.12+: a monitoring tool of our own gets the jumps of functions whose loops are counted; its callback is
//! a C function. 3.11: a trace function in C gets the lines of a function's first call, for a while. Either
//! asks the function's state (`EntryState::back_edge`) what to do: go on counting, stop listening to this
//! jump, or enter native code. That runs on the frame itself (`frame/in_place.rs`) and leaves in one way
//! only: the frame is filled again and stands where the interpreter goes on. A loop that left is entered
//! again at its next back edge.
//!
//! Invariants: nothing native is entered while a foreign tool watches; the callback does not count as
//! tracing for what native code calls (`tstate->tracing` is 0 meanwhile), nor as a level of recursion.

use std::ptr::null_mut;
use std::rc::Rc;
use std::time::{Duration, Instant};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::apart::apart;
use super::entry::{EntryRecord, entry_of};
use super::first_calls;
use super::frame::{self, in_place};
use super::unit::Unit;
use super::{self_test, tracing};
use crate::ffi::{FRAME_CREATED, FRAME_SUSPENDED, GeneratorObject, InterpreterFrame, ThreadState};

/// What the slots of a frame hold: locals and cells, then the operand stack.
pub type Slots<'py> = (
    Vec<Option<Bound<'py, PyAny>>>,
    Vec<Option<Bound<'py, PyAny>>>,
);

/// A frame that waits at a jump.
pub struct RunningFrame {
    frame: *mut InterpreterFrame,
}

impl RunningFrame {
    /// What the slots hold: locals and cells, then the operand stack.
    pub fn slots<'py>(&self, py: Python<'py>) -> Slots<'py> {
        // SAFETY: the frame is current and its stack pointer saved, for this is made in callbacks only.
        unsafe {
            let (locals, stack) = in_place::sizes(self.frame);
            let slot =
                |index: usize| Bound::from_owned_ptr_or_opt(py, in_place::slot(self.frame, index));
            (
                (0..locals).map(slot).collect(),
                (locals..locals + stack).map(slot).collect(),
            )
        }
    }
}

/// A generator that waits, and that nobody looks into.
pub struct Waiting<'py> {
    /// Its code.
    pub code: Bound<'py, PyAny>,
    /// Its globals.
    pub globals: Bound<'py, PyAny>,
    /// The code unit at which it goes on.
    pub unit: u32,
    /// It has run already.
    pub started: bool,
    /// What its slots hold.
    pub slots: Slots<'py>,
}

/// The generator as it waits; `None` if it is none, runs, has ended, or has a frame object or a weak reference.
pub fn waiting_generator<'py>(object: &Bound<'py, PyAny>) -> Option<Waiting<'py>> {
    let py = object.py();
    // SAFETY: the class is compared first; a generator that waits has a complete frame, whose function is one.
    unsafe {
        if ffi::PyGen_CheckExact(object.as_ptr()) == 0 {
            return None;
        }
        let generator = object.as_ptr().cast::<GeneratorObject>();
        let state = (*generator).gi_frame_state;
        let frame = frame::generators::frame_of(object.as_ptr());
        if !matches!(state, FRAME_CREATED | FRAME_SUSPENDED)
            || !(*frame).frame_obj.is_null()
            || !(*generator).gi_weakreflist.is_null()
            || in_place::has_positions(frame)
        {
            return None;
        }
        let function = frame::function(frame).cast::<ffi::PyFunctionObject>();
        Some(Waiting {
            code: Bound::from_borrowed_ptr(py, frame::code(frame).cast()),
            globals: Bound::from_borrowed_ptr(py, (*function).func_globals),
            unit: frame::generators::next_unit(frame),
            started: state == FRAME_SUSPENDED,
            slots: RunningFrame { frame }.slots(py),
        })
    }
}

/// How many references an object has, the given one included.
pub fn holders(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: a live object.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) }
}

/// What becomes of the object in a slot when native code is entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotPlan {
    /// It is null, or a free variable's cell that stays.
    Stays,
    /// Native code takes it: the argument with this number is the object.
    Taken(usize),
    /// Its number or its pieces are taken. `unchanged`: the loop does not assign it, so that it comes back
    /// itself.
    Kept {
        /// See above.
        unchanged: bool,
    },
}

/// How to enter native code.
pub struct Entering<'py> {
    /// The code.
    pub unit: Rc<Unit>,
    /// In the order of its parameters.
    pub arguments: Vec<Bound<'py, PyAny>>,
    /// Which of them it takes as objects.
    pub boxed: Vec<bool>,
    /// By slot: locals, then the stack.
    pub slots: Vec<SlotPlan>,
}

/// What to do at a back edge.
pub enum BackEdge<'py> {
    /// Go on, and tell the next one too.
    Count,
    /// Go on, and never tell this jump again.
    Disable,
    /// Enter.
    Enter(Entering<'py>),
}

/// How native code was left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// It could not be entered; nothing has happened.
    Declined,
    /// The interpreter goes on elsewhere in the frame.
    Elsewhere,
    /// An exception was raised that the frame does not handle.
    Raised,
}

/// What a callback does next.
enum Next {
    Continue,
    Disable,
    Raise,
}

/// A back edge of the current frame, to the code unit `header`.
///
/// # Safety
/// Called by the interpreter in a callback of a jump (or trace event) of the current frame.
unsafe fn back_edge(thread: *mut ThreadState, header: usize) -> Next {
    // SAFETY: the frame is current, of a Python function; whoever runs keeps its function alive.
    unsafe {
        let py = Python::assume_attached();
        let running = frame::current_frame(thread);
        let function = frame::function(running);
        let function = Bound::from_borrowed_ptr(py, function.cast::<PyObject>());
        let record = entry_of(&function);
        if record.is_none() && !super::function_watcher::jumped(&function) {
            return Next::Disable;
        }
        let Some(record) = record.or_else(|| entry_of(&function)) else {
            return Next::Continue;
        };
        if in_place::has_positions(running) {
            // A loop in a handler, on 3.14: the position is no object.
            return Next::Disable;
        }
        let here = RunningFrame { frame: running };
        match apart(|_| record.state().back_edge(&record, py, header as u32, &here)) {
            BackEdge::Count => Next::Continue,
            BackEdge::Disable => Next::Disable,
            BackEdge::Enter(entering) => {
                if !may_enter(py, running) {
                    return Next::Continue;
                }
                let unit = entering.unit.clone();
                let started = Instant::now();
                let left = enter(thread, running, &record, entering);
                let nanoseconds = started.elapsed().as_nanos() as u64;
                TIME.fetch_add(nanoseconds.max(1), std::sync::atomic::Ordering::Relaxed);
                let pending = PyErr::take(py);
                record.state().loop_left(&unit, left, nanoseconds);
                if let Some(pending) = pending {
                    pending.restore(py);
                }
                if left == Left::Raised {
                    Next::Raise
                } else {
                    Next::Continue
                }
            }
        }
    }
}

/// Nobody watches, there is room on the C stack, and the interpreter has nothing else to do: native code would
/// leave at once, and come to the same place again. (For 3.11 and 3.12, a thread that is not the main one may
/// have nothing to do for long while the eval breaker is set.)
unsafe fn may_enter(py: Python<'_>, running: *mut InterpreterFrame) -> bool {
    // SAFETY: as in `back_edge`. The eval breaker is an atomic int that lives as long as the interpreter.
    unsafe {
        self_test::interpreter(py).is_ok_and(|interpreter| {
            let breaker = interpreter.eval_breaker.map(|address| {
                let breaker = std::sync::atomic::AtomicI32::from_ptr(address as *mut i32);
                breaker.load(std::sync::atomic::Ordering::Relaxed)
            });
            breaker.unwrap_or(0) == 0 && !tracing::tracing_active(py, interpreter)
        }) && !tracing::code_is_monitored(frame::code(running))
            && !frame::c_stack_is_low()
    }
}

/// Runs native code on the frame.
unsafe fn enter(
    thread: *mut ThreadState,
    running: *mut InterpreterFrame,
    record: &EntryRecord,
    entering: Entering<'_>,
) -> Left {
    // SAFETY: the unit was made for this code and this loop; its entry checks that and the arguments, and calls
    // the body, which consumes the references of boxed arguments. Each reference taken from the
    // frame is given to it, or kept here until the frame is filled again.
    unsafe {
        let Entering {
            unit,
            arguments,
            boxed,
            slots,
        } = entering;
        let arguments: Vec<*mut PyObject> = arguments.into_iter().map(Bound::into_ptr).collect();
        let mut taken = in_place::empty(running);
        for (object, plan) in taken.iter_mut().zip(&slots) {
            if matches!(plan, SlotPlan::Taken(_)) {
                // The argument holds another reference, so nothing dies.
                ffi::Py_XDECREF(std::mem::replace(object, null_mut()));
            }
        }
        let function = frame::function(running).cast::<PyObject>();
        let outer = record.retried.replace(arguments.as_ptr() as usize);
        let tracing = std::mem::replace(&mut (*thread).tracing, 0);
        *frame::recursion_remaining(thread) += 1;
        let (first, count) = (arguments.as_ptr(), arguments.len());
        unit.stayed.set(Duration::ZERO);
        unit.entered.set(Some(Instant::now()));
        let result = first_calls::call(&unit, function, first, count, null_mut());
        *frame::recursion_remaining(thread) -= 1;
        (*thread).tracing = tracing;
        record.retried.set(outer);
        let declined = record.declined.replace(false);
        for (&argument, boxed) in arguments.iter().zip(boxed) {
            if !boxed && !declined {
                // A number, which nobody sees die.
                ffi::Py_DECREF(argument);
            }
        }
        if declined {
            put_back(running, &mut taken, &slots, &arguments);
            return Left::Declined;
        }
        let raised = result.is_null();
        ffi::Py_XDECREF(result);
        finish(running, taken, &slots);
        if raised && !in_place::unwind(thread, running) {
            return Left::Raised;
        }
        Left::Elsewhere
    }
}

/// Native code refused to begin: the frame gets back what it had.
#[cold]
unsafe fn put_back(
    running: *mut InterpreterFrame,
    taken: &mut [*mut PyObject],
    slots: &[SlotPlan],
    arguments: &[*mut PyObject],
) {
    // SAFETY: every argument holds one reference; those of taken slots move back.
    unsafe {
        let mut moved = vec![false; arguments.len()];
        for (object, plan) in taken.iter_mut().zip(slots) {
            if let SlotPlan::Taken(argument) = plan {
                *object = arguments[*argument];
                moved[*argument] = true;
            }
        }
        let (locals, _) = in_place::sizes(running);
        let free = (*frame::code(running)).co_nfreevars as usize;
        let own = taken[..locals - free].iter().map(|slot| Some(*slot));
        in_place::refill(running, own, &taken[locals..]);
        for (argument, moved) in arguments.iter().zip(moved) {
            if !moved {
                ffi::Py_DECREF(*argument);
            }
        }
    }
}

/// Drops what was kept; numbers that the loop did not assign come back themselves.
unsafe fn finish(running: *mut InterpreterFrame, taken: Vec<*mut PyObject>, slots: &[SlotPlan]) {
    // SAFETY: the frame is filled; its slots and `taken` own their references. A set exception is put aside, for
    // iterators may die here.
    unsafe {
        let py = Python::assume_attached();
        let pending = PyErr::take(py);
        for (index, (object, plan)) in taken.into_iter().zip(slots).enumerate() {
            if object.is_null() {
                continue;
            }
            if *plan == (SlotPlan::Kept { unchanged: true }) {
                in_place::restore_number(running, index, object);
            }
            ffi::Py_DECREF(object);
        }
        if let Some(pending) = pending {
            pending.restore(py);
        }
    }
}

#[cfg(Py_3_12)]
pub use monitoring::{arm, claim_tool, disarm};

#[cfg(Py_3_12)]
mod monitoring {
    //! The callback of jumps.

    use super::*;
    use std::ffi::c_int;

    /// `sys.monitoring.DISABLE`, and the code of the event.
    struct Tool {
        tool: i32,
        jump: i64,
        disable: Py<PyAny>,
    }

    static TOOL: pyo3::sync::PyOnceLock<Option<Tool>> = pyo3::sync::PyOnceLock::new();

    /// Tool ids in the order they are tried: the one for optimisers, then those without a meaning.
    const CANDIDATES: [i32; 3] = [5, 4, 3];

    fn monitoring(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        py.import("sys")?.getattr("monitoring")
    }

    /// Takes a tool id. To be called before anything is compiled, for entry checks except it.
    pub fn claim_tool(py: Python<'_>) {
        let _ = tool(py);
    }

    fn tool(py: Python<'_>) -> Option<&'static Tool> {
        TOOL.get_or_init(py, || claim(py).unwrap_or(None)).as_ref()
    }

    fn claim(py: Python<'_>) -> PyResult<Option<Tool>> {
        let monitoring = monitoring(py)?;
        let jump: i64 = monitoring.getattr("events")?.getattr("JUMP")?.extract()?;
        for tool in CANDIDATES {
            if monitoring
                .call_method1("use_tool_id", (tool, "brolga"))
                .is_err()
            {
                continue;
            }
            // SAFETY: the definition is static.
            let callback = unsafe {
                Bound::from_owned_ptr_or_err(
                    py,
                    ffi::PyCFunction_NewEx(
                        (&raw const DEFINITION.0).cast_mut(),
                        null_mut(),
                        null_mut(),
                    ),
                )
            }?;
            monitoring.call_method1("register_callback", (tool, jump, callback))?;
            tracing::set_own_tool(tool);
            let disable = monitoring.getattr("DISABLE")?.unbind();
            return Ok(Some(Tool {
                tool,
                jump,
                disable,
            }));
        }
        Ok(None)
    }

    /// From now on the jumps of this code are told. False if they cannot be.
    pub fn arm(py: Python<'_>, code: &Bound<'_, PyAny>) -> bool {
        let Some(tool) = tool(py) else { return false };
        let set = || monitoring(py)?.call_method1("set_local_events", (tool.tool, code, tool.jump));
        set().is_ok()
    }

    /// Not any more.
    pub fn disarm(py: Python<'_>, code: &Bound<'_, PyAny>) {
        let Some(tool) = tool(py) else { return };
        if let Ok(monitoring) = monitoring(py) {
            let _ = monitoring.call_method1("set_local_events", (tool.tool, code, 0));
        }
    }

    struct Definition(ffi::PyMethodDef);

    // SAFETY: never written to; the pointers are to static data.
    unsafe impl Sync for Definition {}

    static DEFINITION: Definition = Definition(ffi::PyMethodDef {
        ml_name: c"jumped".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer {
            PyCFunctionFast: jumped,
        },
        ml_flags: ffi::METH_FASTCALL as c_int,
        ml_doc: c"A jump of a function whose loops are counted.".as_ptr(),
    });

    /// Code, offset of the jump, offset of its target, in bytes.
    unsafe extern "C" fn jumped(
        _module: *mut PyObject,
        arguments: *mut *mut PyObject,
        count: ffi::Py_ssize_t,
    ) -> *mut PyObject {
        let outcome = std::panic::catch_unwind(|| {
            // SAFETY: the interpreter calls this with the GIL held, inside of a jump of the current frame.
            // Called by anybody else the arguments do not fit the frame, and nothing is done.
            unsafe {
                if count != 3 {
                    return Next::Continue;
                }
                let (code, source, target) = (*arguments, *arguments.add(1), *arguments.add(2));
                let thread = frame::current_thread();
                let running = frame::current_frame(thread);
                if running.is_null()
                    || frame::code(running).cast() != code
                    || ffi::PyLong_CheckExact(source) == 0
                    || ffi::PyLong_CheckExact(target) == 0
                {
                    return Next::Continue;
                }
                let (source, target) = (ffi::PyLong_AsLong(source), ffi::PyLong_AsLong(target));
                if target > source {
                    return Next::Disable;
                }
                back_edge(thread, target as usize / 2)
            }
        });
        // SAFETY: the GIL is held.
        unsafe {
            match outcome {
                Ok(Next::Raise) => null_mut(),
                Ok(Next::Continue) => ffi::Py_NewRef(ffi::Py_None()),
                // A panic: never again.
                Ok(Next::Disable) | Err(_) => {
                    let tool = TOOL.get(Python::assume_attached());
                    match tool.and_then(Option::as_ref) {
                        Some(tool) => ffi::Py_NewRef(tool.disable.as_ptr()),
                        None => ffi::Py_NewRef(ffi::Py_None()),
                    }
                }
            }
        }
    }
}

#[cfg(not(Py_3_12))]
pub use trace_function::{arm, claim_tool, disarm};

#[cfg(not(Py_3_12))]
mod trace_function {
    //! 3.11: a trace function in C, for a bounded number of events from the first call of a function on, and
    //! for some after native code was left. It counts the times a line begins at a loop's header.
    //!
    //! Invariants: it is never set where a tracer or profiler is; native code runs without it; `sys.gettrace`
    //! does not show it, for there is no trace object.

    use super::*;
    use std::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicI64, Ordering};

    use crate::runtime::gil_cell::GilCell;

    /// Events after which a first call is left alone.
    const BUDGET: i64 = 4000;
    /// Nanoseconds in native code that pay for as many events again: other loops may follow.
    const LONG: u64 = 1_000_000;
    /// Events after a shorter stay, in which the loop must come round again.
    const BUDGET_BEHIND_EXIT: i64 = 400;
    const LINE_EVENT: c_int = 2;
    const RETURN_EVENT: c_int = 3;

    /// Events left. Changed under the GIL only.
    static EVENTS_LEFT: AtomicI64 = AtomicI64::new(0);

    /// Code of the first calls that go on, by address: when the last of them returns, all is quiet again.
    static CALLS: GilCell<Vec<usize>> = GilCell::new(Vec::new());

    /// There is no tool to take.
    pub fn claim_tool(_py: Python<'_>) {}

    fn own_function() -> *mut c_void {
        trace as *const () as *mut c_void
    }

    /// From now on the current thread tells of the lines it runs, for a while. False if somebody else listens.
    pub fn arm(py: Python<'_>, code: &Bound<'_, PyAny>) -> bool {
        // SAFETY: the GIL is held. What `_PyEval_SetTrace` does, without a trace object.
        unsafe {
            let thread = frame::current_thread();
            if (*thread).tracing != 0 || !(*thread).c_profilefunc.is_null() {
                return false;
            }
            let current = (*thread).c_tracefunc;
            if !current.is_null() && current != own_function() {
                return false;
            }
            EVENTS_LEFT.store(BUDGET, Ordering::Relaxed);
            CALLS.with(py, |calls| calls.push(code.as_ptr() as usize));
            (*thread).c_tracefunc = own_function();
            (*(*thread).cframe).use_tracing = 255;
            true
        }
    }

    /// It ends by itself.
    pub fn disarm(_py: Python<'_>, _code: &Bound<'_, PyAny>) {}

    /// A call of that code returned: was it the last?
    fn returned(code: usize) -> bool {
        // SAFETY: events come with the GIL held.
        let py = unsafe { Python::assume_attached() };
        CALLS.with(py, |calls| {
            if let Some(last) = calls.iter().rposition(|call| *call == code) {
                calls.truncate(last);
            }
            calls.is_empty()
        })
    }

    /// `Py_tracefunc`.
    ///
    /// # Safety
    /// Called by the interpreter with the GIL held; of a line event the current frame's stack pointer is saved.
    unsafe extern "C" fn trace(
        _object: *mut PyObject,
        _frame: *mut PyObject,
        what: c_int,
        _argument: *mut PyObject,
    ) -> c_int {
        let outcome = std::panic::catch_unwind(|| {
            // SAFETY: as required.
            unsafe {
                let thread = frame::current_thread();
                if EVENTS_LEFT.fetch_sub(1, Ordering::Relaxed) <= 0 {
                    CALLS.with(Python::assume_attached(), Vec::clear);
                    (*thread).c_tracefunc = null_mut();
                    return Next::Continue;
                }
                if what == RETURN_EVENT
                    && returned(frame::code(frame::current_frame(thread)) as usize)
                {
                    (*thread).c_tracefunc = null_mut();
                }
                if what != LINE_EVENT {
                    return Next::Continue;
                }
                let running = frame::current_frame(thread);
                let code = frame::code(running);
                let start = (&raw mut (*code).co_code_adaptive).cast::<u16>();
                let unit = frame::instruction(running).offset_from(start) as usize;
                // While the engine works and native code runs, nothing is told; nor is the line of this event
                // that of the frame any more.
                (*thread).c_tracefunc = null_mut();
                let object = (*running).frame_obj;
                if !object.is_null() {
                    (*object).f_lineno = 0;
                }
                let entered = TIME.load(Ordering::Relaxed);
                let next = back_edge(thread, unit);
                let time = TIME.load(Ordering::Relaxed) - entered;
                if time >= LONG {
                    EVENTS_LEFT.store(BUDGET, Ordering::Relaxed);
                } else if time > 0 {
                    EVENTS_LEFT.fetch_max(BUDGET_BEHIND_EXIT, Ordering::Relaxed);
                }
                if (*thread).c_tracefunc.is_null() && (*thread).c_profilefunc.is_null() {
                    (*thread).c_tracefunc = own_function();
                }
                next
            }
        });
        match outcome {
            Ok(Next::Raise) => -1,
            _ => 0,
        }
    }
}

/// Nanoseconds in native code that was entered here, all threads together.
static TIME: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
