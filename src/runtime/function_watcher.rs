//! New functions, and functions that run: how the driver hears of what nobody decorated.
//!
//! 3.12+: the function watcher of `entry.rs` tells of each function made, a code watcher of code that dies. 3.11
//! has no watchers: a sampler asks now and then what runs. Both cost next to nothing while nothing is
//! enabled.
//!
//! Invariants: the hooks are called under the GIL and run no Python code; a panic of a hook ends here. A function
//! that is being made has no closure and no defaults yet, and on 3.12+ gets its version afterwards
//! (`EntryRecord::settle_version`).

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi::{self, PyFunctionObject};
use pyo3::prelude::*;

use super::frame;
use super::gil_cell::GilCell;
use crate::ffi::{CodeObject, InterpreterFrame};

/// What the driver does.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// A function was made.
    pub made: fn(&Bound<'_, PyAny>),
    /// A function without entry jumped back in code whose jumps are listened to. False: never tell again.
    pub jumped: fn(&Bound<'_, PyAny>) -> bool,
    /// The code at that address is dying.
    pub code_died: fn(Python<'_>, usize),
    /// Time to look at what runs (3.11).
    pub sample: fn(Python<'_>),
}

static HOOKS: GilCell<Option<Hooks>> = GilCell::new(None);
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// `CO_OPTIMIZED | CO_NEWLOCALS`: a function's code, not a module's or a class's.
const FUNCTION_CODE: i32 = 3;

/// Are the hooks called?
pub fn is_active() -> bool {
    ACTIVE.load(Ordering::Relaxed)
}

/// Calls the hooks from now on. False if this interpreter cannot.
pub fn activate(py: Python<'_>, hooks: Hooks) -> bool {
    if super::self_test::interpreter(py).is_err() || !install(py) {
        return false;
    }
    HOOKS.with(py, |slot| *slot = Some(hooks));
    ACTIVE.store(true, Ordering::Relaxed);
    true
}

/// Calls none any more.
pub fn deactivate() {
    ACTIVE.store(false, Ordering::Relaxed);
}

fn with_hooks<R>(action: impl FnOnce(Python<'_>, Hooks) -> R) -> Option<R> {
    // SAFETY: callers hold the GIL; the interpreter may be ending, so PyO3 is not asked.
    let py = unsafe { Python::assume_attached() };
    let hooks = HOOKS.with(py, |hooks| *hooks)?;
    let run = std::panic::AssertUnwindSafe(|| action(py, hooks));
    std::panic::catch_unwind(run).ok()
}

/// A function was made.
///
/// # Safety
/// The GIL is held; `function` is a function.
#[cfg(Py_3_12)]
pub(super) unsafe fn made(function: *mut ffi::PyObject) {
    if is_active() {
        with_hooks(|py, hooks| {
            // SAFETY: as required.
            let function = unsafe { Bound::from_borrowed_ptr(py, function) };
            (hooks.made)(&function);
        });
    }
}

/// A function without entry jumped back. False: never tell of this jump again.
pub(super) fn jumped(function: &Bound<'_, PyAny>) -> bool {
    !is_active() || with_hooks(|_, hooks| (hooks.jumped)(function)).unwrap_or(false)
}

fn code_of(function: &Bound<'_, PyAny>) -> Option<*mut CodeObject> {
    // SAFETY: the type object is valid, and a function has a code object. On 3.11 one with an entry is of a
    // subtype.
    unsafe {
        let function = function.as_ptr();
        (ffi::PyObject_TypeCheck(function, &raw mut ffi::PyFunction_Type) != 0)
            .then(|| (*function.cast::<PyFunctionObject>()).func_code.cast())
    }
}

/// The address of a function's code object.
pub fn code_address(function: &Bound<'_, PyAny>) -> usize {
    code_of(function).map_or(0, |code| code as usize)
}

/// Runs `action` on a function's code as it is now, caches included.
pub fn with_adaptive_code<R>(
    function: &Bound<'_, PyAny>,
    action: impl FnOnce(&[u8]) -> R,
) -> Option<R> {
    let code = code_of(function)?;
    // SAFETY: the code units of a live code object, as many as its size says; `action` gets them as bytes.
    unsafe {
        let units = (*code).ob_base.ob_size as usize;
        let start = (&raw const (*code).co_code_adaptive).cast::<u8>();
        Some(action(std::slice::from_raw_parts(start, 2 * units)))
    }
}

/// The functions that run on this thread, innermost first, at most so many.
pub fn running(py: Python<'_>, limit: usize) -> Vec<Bound<'_, PyAny>> {
    let mut found = Vec::new();
    // SAFETY: the GIL is held, so the thread's frames are linked and complete. Frames that belong to no
    // Python code (the shims of 3.12+) are left out by their owner.
    unsafe {
        let mut at: *mut InterpreterFrame = frame::current_frame(frame::current_thread());
        while !at.is_null() && found.len() < limit {
            let is_python = i32::from((*at).owner) <= OWNED_BY_GENERATOR;
            if is_python && (*frame::code(at)).co_flags & FUNCTION_CODE == FUNCTION_CODE {
                let function = frame::function(at).cast();
                found.push(Bound::from_borrowed_ptr(py, function));
            }
            at = (*at).previous;
        }
    }
    found
}

/// `FRAME_OWNED_BY_GENERATOR`; 0 is a thread's.
const OWNED_BY_GENERATOR: i32 = 1;

#[cfg(Py_3_12)]
fn install(py: Python<'_>) -> bool {
    static INSTALLED: pyo3::sync::PyOnceLock<bool> = pyo3::sync::PyOnceLock::new();
    *INSTALLED.get_or_init(py, || {
        // SAFETY: the GIL is held; the callback lives as long as the process.
        let watching = unsafe { crate::ffi::PyCode_AddWatcher(code_event) } >= 0;
        drop(PyErr::take(py));
        watching && super::entry::watch_functions(py).is_ok()
    })
}

#[cfg(Py_3_12)]
unsafe extern "C" fn code_event(
    event: std::ffi::c_int,
    code: *mut ffi::PyObject,
) -> std::ffi::c_int {
    if event == crate::ffi::CODE_EVENT_DESTROY {
        with_hooks(|py, hooks| (hooks.code_died)(py, code as usize));
    }
    0
}

#[cfg(not(Py_3_12))]
use sampler::install;

#[cfg(not(Py_3_12))]
mod sampler {
    //! A native thread that now and then asks the main thread to look at its stack.
    //!
    //! It never touches the interpreter but through `Py_AddPendingCall`, which may be called without the GIL. It
    //! waits until its last request was served, so a program that waits for something is not woken; and while
    //! another thread runs, which would find the eval breaker set and nothing that it may do.

    use std::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};
    use std::time::Duration;

    use pyo3::{Python, ffi};

    use super::{is_active, with_hooks};

    /// Between two looks.
    const PERIOD: Duration = Duration::from_millis(2);
    /// The period grows with the number of looks, up to so many times.
    const LONGEST: u32 = 16;

    /// The process the thread runs in: a fork leaves it behind.
    static PROCESS: AtomicU32 = AtomicU32::new(0);
    static ASKED: AtomicBool = AtomicBool::new(false);
    /// Address of the interpreter's eval breaker, an int.
    static EVAL_BREAKER: AtomicU64 = AtomicU64::new(0);
    /// Address of the main thread's state; 0 until it is known.
    static MAIN_THREAD: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" {
        fn Py_AddPendingCall(
            function: unsafe extern "C" fn(*mut c_void) -> c_int,
            argument: *mut c_void,
        ) -> c_int;
        fn _PyThreadState_UncheckedGet() -> *mut ffi::PyThreadState;
    }

    unsafe extern "C" fn look(_nothing: *mut c_void) -> c_int {
        // The call is made in the interpreter that happened to run when it was asked for.
        // SAFETY: called with the GIL held, in an interpreter that runs.
        let is_main = unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() };
        if is_active() && is_main {
            with_hooks(|py, hooks| (hooks.sample)(py));
        }
        // Pending calls are made by the main thread only.
        // SAFETY: called with the GIL held.
        let main = unsafe { ffi::PyThreadState_Get() };
        MAIN_THREAD.store(main as usize, Ordering::Relaxed);
        ASKED.store(false, Ordering::Release);
        0
    }

    /// Does another thread than the main one run Python code?
    fn another_runs() -> bool {
        // SAFETY: reads an atomic pointer of the runtime, on 3.11 the state of the thread that has the GIL; it is
        // compared, and never followed.
        let running = unsafe { _PyThreadState_UncheckedGet() } as usize;
        let main = MAIN_THREAD.load(Ordering::Relaxed);
        main != 0 && running != 0 && running != main
    }

    /// Starts the thread, once per process.
    pub(super) fn install(py: Python<'_>) -> bool {
        let interpreter = crate::runtime::self_test::interpreter(py);
        let Some(address) = interpreter.ok().and_then(|known| known.eval_breaker) else {
            return false;
        };
        EVAL_BREAKER.store(address, Ordering::Relaxed);
        let process = std::process::id();
        if PROCESS.swap(process, Ordering::Relaxed) == process {
            return true;
        }
        ASKED.store(false, Ordering::Release);
        MAIN_THREAD.store(0, Ordering::Relaxed);
        let thread = std::thread::Builder::new()
            .name("brolga-sampler".into())
            .stack_size(64 * 1024);
        thread.spawn(run).is_ok()
    }

    fn run() {
        let mut looks: u32 = 0;
        loop {
            std::thread::sleep(PERIOD * (1 + looks / 64).min(LONGEST));
            if !is_active() || ASKED.load(Ordering::Acquire) || another_runs() {
                continue;
            }
            looks = looks.saturating_add(1);
            ASKED.store(true, Ordering::Release);
            // SAFETY: may be called by any thread; a full queue refuses. The interpreter has not ended: before that
            // the hooks are deactivated. It does not set the eval breaker for other threads than the main one, so
            // that is done here: an atomic int that says "look what there is", and lives as long as the process.
            unsafe {
                if Py_AddPendingCall(look, std::ptr::null_mut()) != 0 {
                    ASKED.store(false, Ordering::Release);
                    continue;
                }
                let breaker = EVAL_BREAKER.load(Ordering::Relaxed) as *mut i32;
                AtomicI32::from_ptr(breaker).store(1, Ordering::SeqCst);
            }
        }
    }
}
