//! Work of the engine in the middle of a program, where an exception may just be handled.

use pyo3::prelude::*;

use super::frame;
use crate::ffi::{ErrStackItem, ThreadState};

/// Takes the engine's entry off the thread's stack of handled exceptions, also if the work panics.
struct Restore {
    thread: *mut ThreadState,
    outer: *mut ErrStackItem,
}

impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: the thread's state lives as long as the thread, which is this one.
        unsafe { (*self.thread).exc_info = self.outer }
    }
}

/// Runs `work` as if no exception were being handled: one that it raises and catches gets no context, which
/// would keep the frames that the handled one passed. What it drops is dropped at once, and not when the
/// thread is attached the next time.
pub fn apart<R>(work: impl FnOnce(Python<'_>) -> R) -> R {
    Python::attach(|py| {
        let mut item = ErrStackItem {
            exc_value: std::ptr::null_mut(),
            previous_item: std::ptr::null_mut(),
        };
        // SAFETY: attached, so that the thread has a state. The item outlives its place on the stack, which is
        // given back before this function returns; items without a value are what the interpreter has between
        // handlers.
        let _restore = unsafe {
            let thread = frame::current_thread();
            let outer = std::mem::replace(&mut (*thread).exc_info, &raw mut item);
            Restore { thread, outer }
        };
        work(py)
    })
}
