//! `brolga._native._testing`: private functions for the project's own tests.
//!
//! `NULL` stands for an empty slot. A wrong instruction or stack given to `resume` crashes the
//! process, as it would in compiled code.

use crate::runtime::code_memory;
use crate::runtime::testing::entries;
use crate::runtime::testing::frames::{self as testing, TestPoint};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple};

static NULL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// A point as tests write it: `(function, unit, locals, stack)`.
type PointArguments<'py> = (
    Bound<'py, PyAny>,
    usize,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
);

/// A suspended caller: `(function, call unit, unit after the call, locals, stack)`.
type CallerArguments<'py> = (
    Bound<'py, PyAny>,
    usize,
    usize,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
);

pub(super) fn null(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let marker = NULL.get_or_try_init(py, || -> PyResult<Py<PyAny>> {
        Ok(py.import("builtins")?.getattr("object")?.call0()?.unbind())
    })?;
    Ok(marker.bind(py).clone())
}

fn point<'py>(arguments: PointArguments<'py>, wrap: bool) -> TestPoint<'py> {
    let (function, at, locals, stack) = arguments;
    TestPoint {
        function,
        code: None,
        at,
        locals,
        stack,
        wrap,
    }
}

/// The sizes and offsets of the mirrored C structs.
#[pyfunction]
fn layout(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let rows = PyDict::new(py);
    for (name, value) in crate::ffi::layout::table() {
        rows.set_item(name, value)?;
    }
    Ok(rows)
}

/// References of compiled code to a number.
#[pyfunction]
fn references_held(object: &Bound<'_, PyAny>) -> usize {
    crate::runtime::held::references(object)
}

/// Continues a function at a code unit; with an exception, raises it there.
#[pyfunction]
#[pyo3(signature = (function, at, locals, stack, exception=None, *, wrap=false, code=None))]
fn resume<'py>(
    function: Bound<'py, PyAny>,
    at: usize,
    locals: Bound<'py, PyList>,
    stack: Bound<'py, PyList>,
    exception: Option<Bound<'py, PyAny>>,
    wrap: bool,
    code: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let null = null(function.py())?;
    let mut point = point((function, at, locals, stack), wrap);
    point.code = code;
    testing::resume(&point, exception.as_ref(), &null)
}

/// A native activation that counts one recursion level and leaves at the point.
#[pyfunction]
fn native_activation<'py>(
    function: Bound<'py, PyAny>,
    at: usize,
    locals: Bound<'py, PyList>,
    stack: Bound<'py, PyList>,
) -> PyResult<Bound<'py, PyAny>> {
    let null = null(function.py())?;
    testing::native_activation(&point((function, at, locals, stack), false), &null)
}

/// Calls `callee()` from a native frame of `function` at `unit`, then pops the frame.
#[pyfunction]
fn framed_call<'py>(
    function: Bound<'py, PyAny>,
    unit: usize,
    callee: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    let empty = (function, unit, PyList::empty(py), PyList::empty(py));
    testing::framed_call(&point(empty, false), unit, &callee, false, &null(py)?)
}

/// Calls `callee()` from a native frame of a function at `unit`, then continues at the point in
/// that frame, or throws the callee's exception at `unit`.
#[pyfunction]
fn framed_resume<'py>(
    at: PointArguments<'py>,
    unit: usize,
    callee: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let null = null(callee.py())?;
    testing::framed_call(&point(at, false), unit, &callee, true, &null)
}

/// Continues a chain of inlined activations.
#[pyfunction]
#[pyo3(signature = (callers, innermost, framed=0, exception=None))]
fn resume_chain<'py>(
    callers: Vec<CallerArguments<'py>>,
    innermost: PointArguments<'py>,
    framed: usize,
    exception: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let null = null(innermost.0.py())?;
    let callers: Vec<_> = callers
        .into_iter()
        .map(|(function, call, after, locals, stack)| {
            (point((function, call, locals, stack), false), after)
        })
        .collect();
    let innermost = point(innermost, false);
    testing::resume_chain(&callers, &innermost, framed, exception.as_ref(), &null)
}

/// `(function, unit, locals, stack)` of a running frame.
#[pyfunction]
#[pyo3(signature = (frame, depth=-1))]
fn snapshot<'py>(frame: Bound<'py, PyAny>, depth: isize) -> PyResult<Bound<'py, PyTuple>> {
    let null = null(frame.py())?;
    testing::snapshot(&frame, depth, &null)
}

/// The operand stack depth the interpreter saved for a running frame.
#[pyfunction]
fn saved_depth(frame: Bound<'_, PyAny>) -> isize {
    testing::saved_depth(&frame)
}

/// Python and C recursion levels left.
#[pyfunction]
fn recursion_left(py: Python<'_>) -> (i32, i32) {
    testing::recursion_left(py)
}

/// Words used in the current data stack chunk, and the number of chunks.
#[pyfunction]
fn data_stack_use(py: Python<'_>) -> (usize, usize) {
    testing::data_stack_use(py)
}

/// Gives a function an entry that counts; after `countdown` calls `hot(arguments)` is asked and answers
/// "detach", "native" or a number of further calls.
#[pyfunction]
fn attach(function: Bound<'_, PyAny>, countdown: u32, hot: Py<PyAny>) -> PyResult<()> {
    entries::attach(&function, countdown, hot)
}

/// Takes the entry away.
#[pyfunction]
fn detach(function: Bound<'_, PyAny>) -> bool {
    entries::detach(&function)
}

/// `(attached, plain calls, native calls)`, or None for a function without a record.
#[pyfunction]
fn entry_report(function: Bound<'_, PyAny>) -> Option<(bool, u64, u64)> {
    entries::entry_report(&function)
}

/// Number of entry records.
#[pyfunction]
fn entry_count(py: Python<'_>) -> usize {
    entries::entry_count(py)
}

/// Installs code that returns `value`; answers its address and length.
#[pyfunction]
#[pyo3(signature = (value, length=16))]
fn install_constant(py: Python<'_>, value: u32, length: usize) -> PyResult<(usize, usize)> {
    entries::install_constant(py, value, length)
}

/// Runs such code.
#[pyfunction]
fn run_constant(py: Python<'_>, address: usize) -> PyResult<u32> {
    entries::run_constant(py, address)
}

/// Frees such code.
#[pyfunction]
fn free_constant(py: Python<'_>, address: usize, length: usize) -> PyResult<()> {
    entries::free_constant(py, address, length)
}

/// What the code memory holds.
#[pyfunction]
fn code_statistics(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let statistics = code_memory::statistics(py);
    let rows = PyDict::new(py);
    rows.set_item("arenas", statistics.arenas)?;
    rows.set_item("reserved", statistics.reserved_bytes)?;
    rows.set_item("used", statistics.used_bytes)?;
    rows.set_item("pinned", statistics.pinned_bytes)?;
    rows.set_item("dual_mapped", statistics.dual_mapped)?;
    Ok(rows)
}

/// None if this interpreter can be compiled for, else the reason why not.
#[pyfunction]
fn self_test(py: Python<'_>) -> Option<&'static str> {
    crate::runtime::self_test::interpreter(py).err()
}

/// What generated code would know of this interpreter, as text.
#[pyfunction]
fn runtime_layout(py: Python<'_>) -> String {
    format!("{:#?}", crate::runtime::layout::runtime_layout(py))
}

/// Whether this thread must run interpreted, and whether a function's code must.
#[pyfunction]
fn tracing_active(function: Bound<'_, PyAny>) -> PyResult<(bool, bool)> {
    entries::tracing_active(&function)
}

/// Whether new arenas are made as if memory files were refused.
#[pyfunction]
fn refuse_memory_files(refuse: bool) {
    code_memory::refuse_memory_files(refuse);
}

/// Private functions for the project's tests.
#[pymodule]
pub mod _testing {
    #[pymodule_export]
    use super::super::testing_helpers::{
        call_helper, call_support, helper_names, operation_code, support_address,
    };
    #[pymodule_export]
    use super::{
        attach, code_statistics, data_stack_use, detach, entry_count, entry_report, framed_call,
        framed_resume, free_constant, install_constant, layout, native_activation, recursion_left,
        references_held, refuse_memory_files, resume, resume_chain, run_constant, runtime_layout,
        saved_depth, self_test, snapshot, tracing_active,
    };
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("NULL", super::null(module.py())?)
    }
}
