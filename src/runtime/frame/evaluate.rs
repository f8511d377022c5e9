//! The call of the interpreter's loop that frames of native code go on in.
//!
//! Until 3.13 a daemon thread ends in there when the interpreter does: `pthread_exit` unwinds the stack. Functions of Rust
//! must not be unwound by that: one with anything to drop aborts the process, or drops objects without the GIL. So a frame
//! without unwind information stands between, as machine code has none: it ends the unwinding, and the thread with it.

use crate::ffi::{_PyEval_EvalFrameDefault, InterpreterFrame, ThreadState};
use pyo3::ffi::PyObject;
use std::ffi::c_int;

/// Runs the frame to its end, as `_PyEval_EvalFrameDefault` does.
///
/// # Safety
/// See `resume::run`.
pub unsafe fn evaluate(
    thread: *mut ThreadState,
    frame: *mut InterpreterFrame,
    throw_flag: c_int,
) -> *mut PyObject {
    // SAFETY: as required; the barrier passes the arguments and the result on.
    unsafe {
        #[cfg(all(
            target_os = "linux",
            any(target_arch = "x86_64", target_arch = "aarch64"),
            not(Py_3_14)
        ))]
        return barrier::brolga_evaluate(thread, frame, throw_flag, _PyEval_EvalFrameDefault);
        #[cfg(not(all(
            target_os = "linux",
            any(target_arch = "x86_64", target_arch = "aarch64"),
            not(Py_3_14)
        )))]
        _PyEval_EvalFrameDefault(thread, frame, throw_flag)
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(Py_3_14)
))]
mod barrier {
    use super::*;

    // No `.cfi` directives: that is the point. The frame pointer keeps debuggers and profilers going.
    #[cfg(target_arch = "x86_64")]
    std::arch::global_asm!(
        ".pushsection .text.brolga_evaluate,\"ax\",@progbits",
        ".p2align 4",
        ".globl brolga_evaluate",
        ".hidden brolga_evaluate",
        ".type brolga_evaluate,@function",
        "brolga_evaluate:",
        "push rbp",
        "mov rbp, rsp",
        "call rcx",
        "pop rbp",
        "ret",
        ".size brolga_evaluate, . - brolga_evaluate",
        ".popsection",
    );

    #[cfg(target_arch = "aarch64")]
    std::arch::global_asm!(
        ".pushsection .text.brolga_evaluate,\"ax\",@progbits",
        ".p2align 4",
        ".globl brolga_evaluate",
        ".hidden brolga_evaluate",
        ".type brolga_evaluate,@function",
        "brolga_evaluate:",
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "blr x3",
        "ldp x29, x30, [sp], #16",
        "ret",
        ".size brolga_evaluate, . - brolga_evaluate",
        ".popsection",
    );

    unsafe extern "C" {
        pub fn brolga_evaluate(
            thread: *mut ThreadState,
            frame: *mut InterpreterFrame,
            throw_flag: c_int,
            function: unsafe extern "C" fn(
                *mut ThreadState,
                *mut InterpreterFrame,
                c_int,
            ) -> *mut PyObject,
        ) -> *mut PyObject;
    }
}
