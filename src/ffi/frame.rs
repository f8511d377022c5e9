//! `internal/pycore_frame.h`: the interpreter's frame and the frame object.

#[cfg(not(Py_3_14))]
use super::code::CodeObject;
use super::code::CodeUnit;
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
    #[cfg(not(Py_3_14))]
    pub f_code: *mut CodeObject,
    #[cfg(Py_3_14)]
    pub f_executable: StackRef,
    pub previous: *mut InterpreterFrame,
    #[cfg(not(Py_3_14))]
    pub f_funcobj: *mut PyObject,
    #[cfg(Py_3_14)]
    pub f_funcobj: StackRef,
    pub f_globals: *mut PyObject,
    pub f_builtins: *mut PyObject,
    pub f_locals: *mut PyObject,
    pub frame_obj: *mut FrameObject,
    /// 3.12: `prev_instr`, the unit before the next instruction; 3.13: `instr_ptr`, the
    /// instruction that runs or is next. `runtime::frame` alone knows the difference.
    pub instruction: *mut CodeUnit,
    #[cfg(not(Py_3_14))]
    pub stacktop: c_int,
    #[cfg(Py_3_14)]
    pub stackpointer: *mut StackRef,
    pub return_offset: u16,
    pub owner: c_char,
    #[cfg(Py_3_14)]
    pub visited: u8,
    #[cfg(not(Py_3_14))]
    pub localsplus: [*mut PyObject; 1],
    #[cfg(Py_3_14)]
    pub localsplus: [StackRef; 1],
}

/// `_PyStackRef` (3.14): an object's address and, in the low bits, what it is. 0: it owns a reference.
/// `STACK_REF_BORROWED`: it does not (the object is immortal, or kept alive by another slot); without
/// an address that is no object, the null of a slot. 3: an int, in the bits above.
#[cfg(Py_3_14)]
pub type StackRef = usize;

/// `Py_TAG_REFCNT`; also `_Py_IMMORTAL_FLAGS` of an object.
#[cfg(Py_3_14)]
pub const STACK_REF_BORROWED: StackRef = 1;

/// `PyStackRef_NULL`.
#[cfg(Py_3_14)]
pub const STACK_REF_NULL: StackRef = 1;

/// `Py_TAG_BITS`.
#[cfg(Py_3_14)]
pub const STACK_REF_TAG: StackRef = 3;

/// Words of the frame before `localsplus`.
pub const FRAME_SPECIALS_SIZE: usize =
    (size_of::<InterpreterFrame>() - 1) / size_of::<*mut PyObject>();

pub const FRAME_OWNED_BY_THREAD: c_char = 0;
#[cfg(not(Py_3_13))]
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
    #[cfg(Py_3_14)]
    pub f_overwritten_fast_locals: *mut PyObject,
    /// Room for the interpreter frame once the frame object owns it.
    pub _f_frame_data: [*mut PyObject; 1],
}
