//! The offsets the interpreter publishes for debuggers, compared with our mirrors.
//!
//! `_PyRuntime` of 3.13 and later begins with `_Py_DebugOffsets`: a cookie, the version, and a table of
//! words. The rows below are indices of words and what they must be. Older versions publish none.

#[cfg(Py_3_13)]
use crate::ffi::{self as mirror, CodeObject, InterpreterFrame, ThreadState};
#[cfg(Py_3_14)]
use pyo3::ffi;
#[cfg(Py_3_13)]
use std::mem::offset_of;

#[cfg(all(Py_3_13, not(Py_3_14)))]
const ROWS: &[(usize, usize)] = &[
    (22, offset_of!(ThreadState, interp)),
    (23, offset_of!(ThreadState, current_frame)),
    (24, offset_of!(ThreadState, thread_id)),
    (26, offset_of!(ThreadState, datastack_chunk)),
    (28, size_of::<InterpreterFrame>()),
    (29, offset_of!(InterpreterFrame, previous)),
    (30, offset_of!(InterpreterFrame, f_code)),
    (31, offset_of!(InterpreterFrame, instruction)),
    (32, offset_of!(InterpreterFrame, localsplus)),
    (33, offset_of!(InterpreterFrame, owner)),
    (35, offset_of!(CodeObject, co_filename)),
    (36, offset_of!(CodeObject, co_name)),
    (37, offset_of!(CodeObject, co_qualname)),
    (38, offset_of!(CodeObject, co_linetable)),
    (39, offset_of!(CodeObject, co_firstlineno)),
    (40, offset_of!(CodeObject, co_argcount)),
    (41, offset_of!(CodeObject, co_localsplusnames)),
    (42, offset_of!(CodeObject, co_localspluskinds)),
    (43, offset_of!(CodeObject, co_code_adaptive)),
];

#[cfg(Py_3_14)]
const ROWS: &[(usize, usize)] = &[
    (25, offset_of!(ThreadState, interp)),
    (26, offset_of!(ThreadState, current_frame)),
    (27, offset_of!(ThreadState, thread_id)),
    (29, offset_of!(ThreadState, datastack_chunk)),
    (31, size_of::<InterpreterFrame>()),
    (32, offset_of!(InterpreterFrame, previous)),
    (33, offset_of!(InterpreterFrame, f_executable)),
    (34, offset_of!(InterpreterFrame, instruction)),
    (35, offset_of!(InterpreterFrame, localsplus)),
    (36, offset_of!(InterpreterFrame, owner)),
    (37, offset_of!(InterpreterFrame, stackpointer)),
    (40, offset_of!(CodeObject, co_filename)),
    (41, offset_of!(CodeObject, co_name)),
    (42, offset_of!(CodeObject, co_qualname)),
    (43, offset_of!(CodeObject, co_linetable)),
    (44, offset_of!(CodeObject, co_firstlineno)),
    (45, offset_of!(CodeObject, co_argcount)),
    (46, offset_of!(CodeObject, co_localsplusnames)),
    (47, offset_of!(CodeObject, co_localspluskinds)),
    (48, offset_of!(CodeObject, co_code_adaptive)),
    (51, offset_of!(ffi::PyObject, ob_type)),
    (57, offset_of!(ffi::PyTupleObject, ob_item)),
    (60, offset_of!(ffi::PyListObject, ob_item)),
    (70, offset_of!(ffi::PyFloatObject, ob_fval)),
    (72, offset_of!(mirror::LongObject, lv_tag)),
    (73, offset_of!(mirror::LongObject, ob_digit)),
    (76, offset_of!(ffi::PyBytesObject, ob_sval)),
    (79, offset_of!(ffi::PyASCIIObject, length)),
    (80, size_of::<ffi::PyASCIIObject>()),
];

/// An error in words if the tables differ.
///
/// # Safety
/// The interpreter runs.
#[cfg(Py_3_13)]
pub unsafe fn check() -> Result<(), String> {
    // SAFETY: `_PyRuntime` begins with a table of 64-bit words, at least as long as read here once
    // the cookie is right.
    unsafe {
        let table: *const u64 = (&raw const mirror::_PyRuntime).cast();
        if *table != u64::from_ne_bytes(*b"xdebugpy") || *table.add(1) != hex_version() {
            return Err("the table of debugger offsets is not the expected one".into());
        }
        if *table.add(2) != 0 {
            return Err("free-threaded builds of CPython are not supported yet".into());
        }
        for &(index, offset) in ROWS {
            if *table.add(index) != offset as u64 {
                return Err("the layout differs from the table of debugger offsets".into());
            }
        }
        Ok(())
    }
}

#[cfg(Py_3_13)]
fn hex_version() -> u64 {
    unsafe extern "C" {
        static Py_Version: std::ffi::c_ulong;
    }
    // SAFETY: a constant of the interpreter.
    unsafe { Py_Version }
}

/// Nothing to compare.
///
/// # Safety
/// None needed.
#[cfg(not(Py_3_13))]
pub unsafe fn check() -> Result<(), String> {
    Ok(())
}
