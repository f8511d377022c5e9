//! Fills `abi::layout::RuntimeLayout` for the interpreter of this process.

use super::frame::stack_cell_address;
use super::self_test::{self, Interpreter};
use super::tracing::blessed_version_address;
use crate::abi::layout::{
    Base, EntryCheck, EvalBreaker, Expected, GlobalsGuard, LongLayout, RuntimeLayout, SmallInts,
    ThreadStateAccess,
};
use crate::ffi::{
    ArrayDescr, ArrayObject, CodeObject, DictKeys, InterpreterFrame, LongObject, ThreadState,
};
use pyo3::ffi::{
    self, PyASCIIObject, PyByteArrayObject, PyBytesObject, PyCellObject, PyDictObject,
    PyFloatObject, PyFunctionObject, PyListObject, PyObject, PyTupleObject, PyVarObject,
};
use pyo3::prelude::*;
use std::mem::offset_of;

/// What generated code must know, or why everything stays interpreted.
pub fn runtime_layout(py: Python<'_>) -> Result<RuntimeLayout, &'static str> {
    let interpreter = self_test::interpreter(py)?;
    #[cfg(not(Py_3_12))]
    let (recursion_remaining, current_exception, long, frame_instruction) = (
        offset_of!(ThreadState, recursion_remaining),
        offset_of!(ThreadState, curexc_type),
        LongLayout::SignedSize {
            size: offset_of!(LongObject, ob_size) as i32,
            digits: offset_of!(LongObject, ob_digit) as i32,
        },
        offset_of!(InterpreterFrame, prev_instr),
    );
    #[cfg(Py_3_12)]
    let (recursion_remaining, current_exception, long, frame_instruction) = (
        offset_of!(ThreadState, py_recursion_remaining),
        offset_of!(ThreadState, current_exception),
        LongLayout::Tagged {
            tag: offset_of!(LongObject, lv_tag) as i32,
            digits: offset_of!(LongObject, ob_digit) as i32,
        },
        offset_of!(InterpreterFrame, instruction),
    );
    Ok(RuntimeLayout {
        refcount: offset_of!(PyObject, ob_refcnt) as i32,
        class: offset_of!(PyObject, ob_type) as i32,
        immortal: cfg!(Py_3_12),
        long,
        small_ints: interpreter
            .small_ints
            .map(|(address, stride, count)| SmallInts {
                address,
                stride,
                low: -5,
                count,
            }),
        float_value: offset_of!(PyFloatObject, ob_fval) as i32,
        var_size: offset_of!(PyVarObject, ob_size) as i32,
        list_items: offset_of!(PyListObject, ob_item) as i32,
        list_allocated: offset_of!(PyListObject, allocated) as i32,
        tuple_items: offset_of!(PyTupleObject, ob_item) as i32,
        bytes_data: offset_of!(PyBytesObject, ob_sval) as i32,
        bytearray_start: offset_of!(PyByteArrayObject, ob_start) as i32,
        str_length: offset_of!(PyASCIIObject, length) as i32,
        str_state: offset_of!(PyASCIIObject, state) as i32,
        str_ascii: ascii_bit(py),
        str_ascii_data: size_of::<PyASCIIObject>() as i32,
        array_items: offset_of!(ArrayObject, ob_item) as i32,
        array_descr: offset_of!(ArrayObject, ob_descr) as i32,
        array_descr_typecode: offset_of!(ArrayDescr, typecode) as i32,
        cell_content: offset_of!(PyCellObject, ob_ref) as i32,
        function_code: offset_of!(PyFunctionObject, func_code) as i32,
        function_defaults: offset_of!(PyFunctionObject, func_defaults) as i32,
        function_kwdefaults: offset_of!(PyFunctionObject, func_kwdefaults) as i32,
        class_version: offset_of!(ffi::PyTypeObject, tp_version_tag) as i32,
        class_names: offset_of!(ffi::PyHeapTypeObject, ht_cached_keys) as i32,
        names_count: offset_of!(DictKeys, dk_nentries) as i32,
        instance_values: super::instances::INSTANCE_VALUES,
        function_globals: offset_of!(PyFunctionObject, func_globals) as i32,
        function_closure: offset_of!(PyFunctionObject, func_closure) as i32,
        // SAFETY: the three singletons live as long as the process.
        none_object: unsafe { ffi::Py_None() } as u64,
        // SAFETY: as above.
        true_object: unsafe { ffi::Py_True() } as u64,
        // SAFETY: as above.
        false_object: unsafe { ffi::Py_False() } as u64,
        thread_state: match interpreter.current_thread {
            Some(address) => ThreadStateAccess::LoadFrom(address),
            None => ThreadStateAccess::Call(ffi::PyThreadState_Get as *const () as u64),
        },
        recursion_remaining: recursion_remaining as i32,
        current_exception: current_exception as i32,
        stack_cell: stack_cell_address(),
        native_pointer_cell: super::native_stack::cell_address(),
        frame_instruction: frame_instruction as i32,
        frame_object: offset_of!(InterpreterFrame, frame_obj) as i32,
        eval_breaker: eval_breaker(interpreter),
        entry_checks: entry_checks(interpreter),
        globals_guard: globals_guard(),
    })
}

/// The bit that all strings of ASCII characters have and others do not: 0, which no string has, where no
/// single bit is found. The rest of the word is not initialised, so one pair would not do.
fn ascii_bit(py: Python<'_>) -> u32 {
    let state = |text: &str| {
        let text = pyo3::types::PyString::new(py, text);
        // SAFETY: a live string; the word is part of its head.
        unsafe {
            let start = text.as_ptr().cast::<u8>();
            *start.add(offset_of!(PyASCIIObject, state)).cast::<u32>()
        }
    };
    let mut bits = u32::MAX;
    for length in 4..100 {
        let ascii = "a".repeat(length);
        // Neither is interned, for both are new; one of each is held while the other is made.
        bits &= state(&ascii) & !state(&ascii.replace('a', "\u{e9}"));
    }
    if bits.count_ones() == 1 { bits } else { 0 }
}

fn eval_breaker(interpreter: &Interpreter) -> EvalBreaker {
    match interpreter.eval_breaker {
        Some(address) => EvalBreaker {
            base: Base::Absolute(address),
            offset: 0,
            width: 4,
            mask: u64::from(u32::MAX),
        },
        // The bits above are the monitoring version.
        #[cfg(Py_3_13)]
        None => EvalBreaker {
            base: Base::ThreadState,
            offset: offset_of!(ThreadState, eval_breaker) as i32,
            width: 8,
            mask: 0xff,
        },
        #[cfg(not(Py_3_13))]
        None => unreachable!("3.11 and 3.12 have the word in the interpreter state"),
    }
}

fn word(base: Base, offset: usize, expected: Expected) -> EntryCheck {
    EntryCheck {
        base,
        path: Vec::new(),
        stand_in: None,
        offset: offset as i32,
        width: 8,
        mask: u64::MAX,
        expected,
    }
}

/// No tracer, no profiler, no PEP 523 hook, no monitoring tool that was not looked at.
fn entry_checks(interpreter: &Interpreter) -> Vec<EntryCheck> {
    let nothing = Expected::Constant(0);
    let mut checks = vec![
        word(
            Base::ThreadState,
            offset_of!(ThreadState, c_tracefunc),
            nothing,
        ),
        word(
            Base::ThreadState,
            offset_of!(ThreadState, c_profilefunc),
            nothing,
        ),
        word(
            Base::Absolute(interpreter.eval_frame),
            0,
            Expected::Constant(interpreter.plain_eval_frame),
        ),
    ];
    if let Some(version) = interpreter.monitoring_version {
        checks.push(word(
            Base::Absolute(version),
            0,
            Expected::Cell(blessed_version_address()),
        ));
    }
    checks
}

/// Stands in for the monitoring data of code that has none (yet): no tool has events on it.
#[cfg(Py_3_12)]
static NOT_MONITORED: [u64; 2] = [0; 2];

/// Further checks for one code object: no foreign tool has events on it alone. Its monitoring data comes
/// at the first call after any tool was used in the process, and stays; only the tools in it count.
///
/// # Safety
/// `code` is a code object that lives as long as the checks are used.
pub unsafe fn entry_checks_of_code(code: *mut CodeObject) -> Vec<EntryCheck> {
    #[cfg(not(Py_3_12))]
    {
        let _ = code;
        Vec::new()
    }
    #[cfg(Py_3_12)]
    {
        let foreign = u64::from_ne_bytes([!super::tracing::own_tool_bit(); 8]);
        // Two overlapping words cover the bytes, one of tools' bits per event.
        [0, crate::ffi::LOCAL_MONITORS - 8]
            .into_iter()
            .map(|offset| EntryCheck {
                base: Base::Absolute(code as u64),
                path: vec![offset_of!(CodeObject, _co_monitoring) as i32],
                stand_in: Some(NOT_MONITORED.as_ptr() as u64),
                offset: offset as i32,
                width: 8,
                mask: foreign,
                expected: Expected::Constant(0),
            })
            .collect()
    }
}

#[cfg_attr(
    all(Py_3_12, not(Py_3_14)),
    expect(deprecated, reason = "only the place of the field is asked")
)]
/// Every version to 3.13 counts dict changes; the low bits belong to watchers.
fn globals_guard() -> GlobalsGuard {
    #[cfg(not(Py_3_14))]
    {
        let shift = if cfg!(Py_3_13) {
            12
        } else if cfg!(Py_3_12) {
            8
        } else {
            0
        };
        GlobalsGuard::Versions {
            offset: offset_of!(PyDictObject, ma_version_tag) as i32,
            shift,
        }
    }
    #[cfg(Py_3_14)]
    {
        let _ = size_of::<PyDictObject>();
        GlobalsGuard::ValidWord
    }
}
