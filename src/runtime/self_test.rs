//! Whether this interpreter is one we know: asked once, when the extension is imported.
//!
//! The mirrored layouts hold for the release they were taken from, and patch releases may move
//! them. So before anything is compiled, every word that matters is compared with what public
//! functions say, some words are found by changing them through an exported setter, and a
//! function is resumed and thrown into. Any difference means: everything stays interpreted, with
//! the reason in words.

use super::debug_offsets;
use super::frame::{self, CellPolicy, ResumePoint};
use crate::ffi::{
    self as mirror, _PyEval_EvalFrameDefault, _PyInterpreterState_GetEvalFrameFunc,
    _PyInterpreterState_SetEvalFrameFunc, CodeObject, FrameEvalFunction, InterpreterFrame,
    ThreadState,
};
use pyo3::ffi::{self, PyFunctionObject, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use std::ffi::c_int;
use std::ptr::null_mut;

/// Words of the interpreter that were found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interpreter {
    /// Minor version: 11, 12, ...
    pub minor: u8,
    /// Address of the frame evaluation function, and what it is when no tool set one.
    pub eval_frame: u64,
    pub plain_eval_frame: u64,
    /// Address of the eval breaker (3.11, 3.12).
    pub eval_breaker: Option<u64>,
    /// Address of the monitoring version (3.12+).
    pub monitoring_version: Option<u64>,
    /// Address of the pointer to the current thread state (3.11).
    pub current_thread: Option<u64>,
    /// The cached int of value -5, the distance to the next, and how many there are.
    pub small_ints: Option<(u64, u32, u32)>,
}

static ANSWER: PyOnceLock<Result<Interpreter, String>> = PyOnceLock::new();

/// The interpreter, if the question was answered, and with yes: for what the self-test itself runs.
pub fn known_interpreter(py: Python<'_>) -> Option<&'static Interpreter> {
    ANSWER.get(py).and_then(|answer| answer.as_ref().ok())
}

/// The interpreter, or why everything stays interpreted. Computed once.
pub fn interpreter(py: Python<'_>) -> Result<&'static Interpreter, &'static str> {
    let answer = ANSWER.get_or_init(py, || {
        let pending = PyErr::take(py);
        let answer = examine(py);
        drop(PyErr::take(py));
        if let Some(pending) = pending {
            pending.restore(py);
        }
        answer
    });
    answer.as_ref().map_err(String::as_str)
}

fn examine(py: Python<'_>) -> Result<Interpreter, String> {
    let version = py.version_info();
    if version.major != 3 || cfg!(Py_3_15) {
        return Err(format!(
            "CPython {}.{} is not supported yet",
            version.major, version.minor
        ));
    }
    check_build(py)?;
    // SAFETY: the GIL is held. Each check reads words that the checks before it made plausible.
    unsafe {
        check_thread()?;
        debug_offsets::check()?;
        let interpreter_state = ffi::PyInterpreterState_Get();
        if ffi::PyInterpreterState_GetID(interpreter_state) != 0 {
            return Err("subinterpreters are not supported".into());
        }
        let base = interpreter_state as u64;
        let (eval_frame, plain_eval_frame) = find_eval_frame(interpreter_state)?;
        let limit = (base as usize + mirror::CEVAL_RECURSION_LIMIT_OFFSET) as *const c_int;
        if *limit != ffi::Py_GetRecursionLimit() {
            return Err("the interpreter state has another layout than expected".into());
        }
        check_resume(py, base)?;
        #[cfg(Py_3_14)]
        if !super::dict_watcher::start(py) {
            return Err("the interpreter has no dict watcher left".into());
        }
        Ok(Interpreter {
            minor: version.minor,
            eval_frame,
            plain_eval_frame,
            eval_breaker: (!cfg!(Py_3_13)).then(|| base + mirror::EVAL_BREAKER_OFFSET as u64),
            monitoring_version: cfg!(Py_3_12)
                .then(|| base + mirror::MONITORING_VERSION_OFFSET as u64),
            current_thread: find_current_thread()?,
            small_ints: find_small_ints(),
        })
    }
}

/// Builds whose objects or threads work otherwise.
fn check_build(py: Python<'_>) -> Result<(), String> {
    if cfg!(Py_GIL_DISABLED) {
        return Err("free-threaded builds of CPython are not supported yet".into());
    }
    let system = py.import("sys").map_err(|error| error.to_string())?;
    if system.hasattr("gettotalrefcount").unwrap_or(true) {
        return Err("debug builds of CPython are not supported".into());
    }
    let bits = system
        .getattr("int_info")
        .and_then(|info| info.getattr("bits_per_digit"))
        .and_then(|bits| bits.extract::<u32>());
    if bits.ok() != Some(mirror::LONG_SHIFT) {
        return Err("this CPython was built with 15-bit int digits".into());
    }
    let implementation = system
        .getattr("implementation")
        .and_then(|info| info.getattr("name"));
    if implementation
        .and_then(|name| name.extract::<String>())
        .ok()
        .as_deref()
        != Some("cpython")
    {
        return Err("this interpreter is not CPython".into());
    }
    Ok(())
}

const THREAD_DIFFERS: &str = "the thread state has another layout than expected";

unsafe fn check_thread() -> Result<(), String> {
    // SAFETY: the GIL is held; the fields are read in the order of the struct, and pointers are
    // followed only after what identifies them was compared.
    unsafe {
        let thread: *mut ThreadState = frame::current_thread();
        let same_interpreter = (*thread).interp == ffi::PyInterpreterState_Get();
        let same_id = (*thread).id as i64 == ffi::PyThreadState_GetID(thread.cast());
        #[cfg(not(Py_3_12))]
        let limit = (*thread).recursion_limit;
        #[cfg(Py_3_12)]
        let limit = (*thread).py_recursion_limit;
        let remaining = *frame::recursion_remaining(thread);
        let plausible_depth =
            limit == ffi::Py_GetRecursionLimit() && (0..=limit).contains(&remaining);
        if !same_interpreter || !same_id || !plausible_depth {
            return Err(THREAD_DIFFERS.into());
        }
        if (*thread).thread_id as usize != ffi::PyThread_get_thread_ident() as usize {
            return Err(THREAD_DIFFERS.into());
        }
        let chunk = (*thread).datastack_chunk;
        if !chunk.is_null() {
            let start = &raw const (*chunk).data as usize;
            let end = (*thread).datastack_limit as usize;
            let top = (*thread).datastack_top as usize;
            if !(start..=end).contains(&top) || end != chunk as usize + (*chunk).size {
                return Err(THREAD_DIFFERS.into());
            }
        }
        let object = ffi::PyThreadState_GetFrame(thread.cast());
        if !object.is_null() {
            let found = frame_matches(object.cast(), frame::current_frame(thread));
            ffi::Py_DECREF(object.cast());
            if !found {
                return Err("frames have another layout than expected".into());
            }
        }
        Ok(())
    }
}

/// Whether the frame of a frame object is on the chain from `current`, and its code is the one the
/// public function names.
unsafe fn frame_matches(object: *mut mirror::FrameObject, current: *mut InterpreterFrame) -> bool {
    // SAFETY: `current` is the thread's frame; the chain is followed a few steps, over incomplete frames
    // only, as the interpreter itself does.
    unsafe {
        let mut frame = current;
        for _ in 0..4 {
            if frame.is_null() {
                return false;
            }
            if (*object).f_frame == frame {
                let code = ffi::PyFrame_GetCode(object.cast());
                let same = frame::code(frame).cast() == code && (*frame).frame_obj == object;
                ffi::Py_XDECREF(code.cast());
                return same;
            }
            frame = (*frame).previous;
        }
        false
    }
}

/// Never runs frames of its own: stands for "another function" while the word is looked for.
unsafe extern "C" fn passing_eval_frame(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    throw_flag: c_int,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with its own arguments.
    unsafe { _PyEval_EvalFrameDefault(thread, frame, throw_flag) }
}

unsafe extern "C" fn other_passing_eval_frame(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    throw_flag: c_int,
) -> *mut PyObject {
    // SAFETY: as above. The black box keeps the two functions from being merged into one.
    unsafe { _PyEval_EvalFrameDefault(thread, frame, std::hint::black_box(throw_flag)) }
}

/// Finds the word that holds the frame evaluation function: the one that follows the setter.
unsafe fn find_eval_frame(interpreter: *mut ffi::PyInterpreterState) -> Result<(u64, u64), String> {
    /// The word lies in the first kilobytes on every version; the state is larger than this.
    const SEARCHED_WORDS: usize = 8192;
    // SAFETY: the state is more than 64 KiB long on every supported version. The function set
    // meanwhile passes every frame on, and no Python code runs between the calls. The one that
    // was set is set again.
    unsafe {
        let before: FrameEvalFunction = _PyInterpreterState_GetEvalFrameFunc(interpreter);
        let words: *const u64 = interpreter.cast();
        _PyInterpreterState_SetEvalFrameFunc(interpreter, passing_eval_frame);
        let first = passing_eval_frame as *const () as u64;
        let candidates: Vec<usize> = (0..SEARCHED_WORDS)
            .filter(|&index| words.add(index).read_volatile() == first)
            .collect();
        _PyInterpreterState_SetEvalFrameFunc(interpreter, other_passing_eval_frame);
        let second = other_passing_eval_frame as *const () as u64;
        let found = candidates
            .into_iter()
            .find(|&index| words.add(index).read_volatile() == second);
        _PyInterpreterState_SetEvalFrameFunc(interpreter, _PyEval_EvalFrameDefault);
        let plain = found.map(|index| words.add(index).read_volatile());
        _PyInterpreterState_SetEvalFrameFunc(interpreter, before);
        match (found, plain) {
            (Some(index), Some(plain)) => Ok((words.add(index) as u64, plain)),
            _ => Err("the frame evaluation function was not found".into()),
        }
    }
}

/// 3.11 keeps the current thread state in a plain word: checked by letting go of it.
#[cfg(not(Py_3_12))]
unsafe fn find_current_thread() -> Result<Option<u64>, String> {
    // SAFETY: the GIL is kept all the time (a swap does not release it), and between the swaps no
    // function of the interpreter is called.
    unsafe {
        let word = (&raw const mirror::_PyRuntime).add(mirror::CURRENT_THREAD_OFFSET);
        let word: *const *mut ffi::PyThreadState = word.cast();
        let thread = ffi::PyThreadState_Get();
        let with = word.read_volatile();
        ffi::PyThreadState_Swap(null_mut());
        let without = word.read_volatile();
        ffi::PyThreadState_Swap(thread);
        if with == thread && without.is_null() {
            Ok(Some(word as u64))
        } else {
            Err("the runtime state has another layout than expected".into())
        }
    }
}

#[cfg(Py_3_12)]
unsafe fn find_current_thread() -> Result<Option<u64>, String> {
    Ok(None)
}

/// The cached ints, if they lie in one array.
unsafe fn find_small_ints() -> Option<(u64, u32, u32)> {
    const LOW: i64 = -5;
    const COUNT: i64 = 262;
    // SAFETY: the GIL is held. Each call gives an owned reference, dropped at once: cached ints
    // stay, and another int's address is only compared.
    unsafe {
        let address = |value: i64| {
            let object = ffi::PyLong_FromLongLong(value);
            ffi::Py_XDECREF(object);
            object as u64
        };
        let first = address(LOW);
        let stride = address(LOW + 1).wrapping_sub(first);
        let regular = (0..COUNT).all(|index| address(LOW + index) == first + index as u64 * stride);
        (first != 0 && stride < 256 && regular).then_some((first, stride as u32, COUNT as u32))
    }
}

/// The opcode of the one instruction the test resumes at.
const BINARY_OP: u8 = if cfg!(Py_3_14) {
    44
} else if cfg!(Py_3_13) {
    45
} else {
    122
};

const SOURCE: &std::ffi::CStr = c"
def f(a, b):
    try:
        return a + b
    except TypeError as error:
        return b, a
";

/// The interpreter writes the monitoring version it compared with into every code object it starts:
/// the two words must be the same after a call.
#[cfg(Py_3_12)]
unsafe fn check_monitoring_version(
    function: &Bound<'_, PyAny>,
    code: *mut CodeObject,
    base: u64,
) -> Result<(), String> {
    function.call1((1, 2)).map_err(|error| error.to_string())?;
    // SAFETY: the word lies near the start of the interpreter state; `code` was checked.
    unsafe {
        let version = *((base as usize + mirror::MONITORING_VERSION_OFFSET) as *const u64);
        if (*code)._co_instrumentation_version != version {
            return Err("the monitoring version is not where it was expected".into());
        }
    }
    Ok(())
}

#[cfg(not(Py_3_12))]
unsafe fn check_monitoring_version(
    _function: &Bound<'_, PyAny>,
    _code: *mut CodeObject,
    _base: u64,
) -> Result<(), String> {
    Ok(())
}

unsafe fn check_resume(py: Python<'_>, base: u64) -> Result<(), String> {
    let explain = |error: PyErr| error.to_string();
    let space = pyo3::types::PyDict::new(py);
    py.run(SOURCE, Some(&space), None).map_err(explain)?;
    let function = space
        .get_item("f")
        .map_err(explain)?
        .ok_or("no function was made")?;
    let pointer: *mut PyFunctionObject = function.as_ptr().cast();
    // SAFETY: `f` is a function; its code object is compared with what its attributes say before any
    // frame is made of it. The frame has three locals and the addition two operands.
    unsafe {
        let code: *mut CodeObject = (*pointer).func_code.cast();
        let attributes = function.getattr("__code__").map_err(explain)?;
        let text: Vec<u8> = attributes
            .getattr("co_code")
            .and_then(|bytes| bytes.extract())
            .map_err(explain)?;
        let attribute = |name: &str| -> Result<i64, String> {
            attributes
                .getattr(name)
                .and_then(|value| value.extract())
                .map_err(explain)
        };
        let same_code = (*code).ob_base.ob_size as usize * 2 == text.len()
            && i64::from((*code).co_stacksize) == attribute("co_stacksize")?
            && i64::from((*code).co_argcount) == attribute("co_argcount")?
            && i64::from((*code).co_flags) == attribute("co_flags")?
            && i64::from((*code).co_firstlineno) == attribute("co_firstlineno")?
            && (*code).co_nlocalsplus == 3
            && (*code).co_nfreevars == 0;
        if !same_code {
            return Err("code objects have another layout than expected".into());
        }
        check_monitoring_version(&function, code, base)?;
        let at = text
            .chunks_exact(2)
            .position(|unit| unit[0] == BINARY_OP)
            .ok_or("the bytecode is not the expected one")?;
        let thread = frame::current_thread();
        let before = thread_words(thread);
        let sum = leave(py, pointer, code, at, [40, 2], None)?;
        if sum.extract::<i64>().ok() != Some(42) {
            return Err("a resumed function gave a wrong result".into());
        }
        let error = pyo3::exceptions::PyTypeError::new_err("self-test");
        let pair = leave(py, pointer, code, at, [0, 0], Some(error))?;
        if pair.extract::<(i64, i64)>().ok() != Some((7, 6)) {
            return Err("an exception did not reach its handler".into());
        }
        let native = frame::push_native_frame(thread, pointer, code);
        if native.is_null() || frame::current_frame(thread) != native {
            return Err("a frame could not be pushed".into());
        }
        frame::pop_native_frame(thread, native);
        if thread_words(thread) != before {
            return Err("the thread state is not as before a resume".into());
        }
    }
    Ok(())
}

/// What a resume must leave as it was.
unsafe fn thread_words(thread: *mut ThreadState) -> (usize, usize, c_int) {
    // SAFETY: the thread state was checked.
    unsafe {
        (
            frame::current_frame(thread) as usize,
            (*thread).datastack_top as usize,
            *frame::recursion_remaining(thread),
        )
    }
}

/// Resumes the test function at its addition, or throws there.
unsafe fn leave<'py>(
    py: Python<'py>,
    function: *mut PyFunctionObject,
    code: *mut CodeObject,
    at: usize,
    operands: [i64; 2],
    error: Option<PyErr>,
) -> Result<Bound<'py, PyAny>, String> {
    // SAFETY: the slots own their references; three locals (the third unbound), two operands.
    unsafe {
        let number = |value: i64| ffi::PyLong_FromLongLong(value);
        let mut locals = [number(6), number(7), null_mut()];
        let mut stack = [number(operands[0]), number(operands[1])];
        let operands_left = if error.is_some() { 0 } else { 2 };
        for operand in &mut stack[operands_left..] {
            ffi::Py_XDECREF(std::mem::replace(operand, null_mut()));
        }
        let point = ResumePoint {
            function,
            code,
            at,
            locals: &mut locals,
            stack: &mut stack[..operands_left],
            cells: CellPolicy::Cells,
            frame: null_mut(),
            generator: null_mut(),
            consumed: None,
        };
        let thread = frame::current_thread();
        let result = match error {
            None => frame::resume(thread, point, 0),
            Some(error) => {
                error.restore(py);
                frame::throw(thread, point, 0)
            }
        };
        Bound::from_owned_ptr_or_err(py, result).map_err(|error| error.to_string())
    }
}
