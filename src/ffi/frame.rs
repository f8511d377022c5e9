//! `internal/pycore_frame.h`: the interpreter's frame and the frame object.

use super::code::{CodeObject, CodeUnit};
use pyo3::ffi::PyObject;
use std::ffi::{c_char, c_int};

/// `_PyInterpreterFrame`: what the interpreter runs. It lies on the thread's data stack, and is
/// followed by `co_nlocalsplus` locals and the operand stack.
#[cfg(not(Py_3_12))]
#[repr(C)]
pub struct InterpreterFrame {
    pub f_func: *mut PyObject,
    pub f_globals: *mut PyObject,
    pub f_builtins: *mut PyObject,
    pub f_locals: *mut PyObject,
    pub f_code: *mut CodeObject,
    pub frame_obj: *mut FrameObject,
    pub previous: *mut InterpreterFrame,
    pub prev_instr: *mut CodeUnit,
    pub stacktop: c_int,
    pub is_entry: bool,
    pub owner: c_char,
    pub localsplus: [*mut PyObject; 1],
}

#[cfg(Py_3_12)]
#[repr(C)]
pub struct InterpreterFrame {
    /// 3.12: `f_code`; 3.13: `f_executable`, a code object in every frame of a Python function.
    pub f_code: *mut CodeObject,
    pub previous: *mut InterpreterFrame,
    pub f_funcobj: *mut PyObject,
    pub f_globals: *mut PyObject,
    pub f_builtins: *mut PyObject,
    pub f_locals: *mut PyObject,
    pub frame_obj: *mut FrameObject,
    /// 3.12: `prev_instr`, the unit before the next instruction; 3.13: `instr_ptr`, the
    /// instruction that runs or is next. `runtime::frame` alone knows the difference.
    pub instruction: *mut CodeUnit,
    pub stacktop: c_int,
    pub return_offset: u16,
    pub owner: c_char,
    pub localsplus: [*mut PyObject; 1],
}

/// Words of the frame before `localsplus`.
pub const FRAME_SPECIALS_SIZE: usize =
    (size_of::<InterpreterFrame>() - 1) / size_of::<*mut PyObject>();

pub const FRAME_OWNED_BY_THREAD: c_char = 0;
pub const FRAME_OWNED_BY_FRAME_OBJECT: c_char = 2;

/// `PyFrameObject`: what Python code sees of a frame.
#[repr(C)]
pub struct FrameObject {
    pub ob_base: PyObject,
    pub f_back: *mut FrameObject,
    pub f_frame: *mut InterpreterFrame,
    pub f_trace: *mut PyObject,
    pub f_lineno: c_int,
    pub f_trace_lines: c_char,
    pub f_trace_opcodes: c_char,
    #[cfg(not(Py_3_13))]
    pub f_fast_as_locals: c_char,
    #[cfg(Py_3_13)]
    pub f_extra_locals: *mut PyObject,
    #[cfg(Py_3_13)]
    pub f_locals_cache: *mut PyObject,
    /// Room for the interpreter frame once the frame object owns it.
    pub _f_frame_data: [*mut PyObject; 1],
}
