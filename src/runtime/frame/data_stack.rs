//! The thread's data stack: room for frames.
//!
//! A stack of chunks of at least 16 KiB, each taken from the arena allocator; a frame never spans
//! two chunks. This repeats CPython's hidden `_PyThreadState_PushFrame` and
//! `_PyThreadState_PopFrame` (the same code on all versions; patch releases of 3.14 keep
//! one chunk for later, which does not matter to a frame), because the interpreter will
//! pop frames pushed here and the other way round.

use crate::ffi::{
    ArenaAllocator, InterpreterFrame, PyObject_GetArenaAllocator, StackChunk, ThreadState,
};
use pyo3::ffi::{PyErr_NoMemory, PyObject};

const CHUNK_BYTES: usize = 16 * 1024;
/// Words a new chunk keeps free beside the frame it was made for, as CPython does.
const MINIMUM_OVERHEAD: usize = 1000;

fn arena() -> ArenaAllocator {
    let mut allocator = ArenaAllocator {
        ctx: std::ptr::null_mut(),
        alloc: None,
        free: None,
    };
    // SAFETY: the function only writes the three fields.
    unsafe { PyObject_GetArenaAllocator(&mut allocator) };
    allocator
}

/// Pushes room for a frame of `words` words; the content is undefined. Null with `MemoryError` set
/// if there is no memory.
///
/// # Safety
/// `thread` is the current thread state, and the GIL is held.
pub unsafe fn push(thread: *mut ThreadState, words: usize) -> *mut InterpreterFrame {
    // SAFETY: `thread` is valid; top and limit are both null (thread without a chunk yet) or
    // point into the same chunk, limit not below top.
    unsafe {
        let top = (*thread).datastack_top;
        let room = ((*thread).datastack_limit as usize - top as usize) / size_of::<*mut PyObject>();
        if !top.is_null() && words < room {
            (*thread).datastack_top = top.add(words);
            return top.cast();
        }
        push_chunk(thread, words)
    }
}

#[cold]
unsafe fn push_chunk(thread: *mut ThreadState, words: usize) -> *mut InterpreterFrame {
    let mut bytes = CHUNK_BYTES;
    while bytes < size_of::<*mut PyObject>() * (words + MINIMUM_OVERHEAD) {
        bytes *= 2;
    }
    let allocator = arena();
    // SAFETY: the allocator is the process's own; a chunk it returns has `bytes` writable bytes,
    // more than the header. The links written are the ones `_PyThreadState_PopFrame` follows: the
    // old chunk remembers its top, and the root chunk keeps its first word unused, so that a
    // frame at a chunk's start always means "free this chunk".
    unsafe {
        let chunk: *mut StackChunk = match allocator.alloc {
            Some(alloc) => alloc(allocator.ctx, bytes).cast(),
            None => std::ptr::null_mut(),
        };
        if chunk.is_null() {
            PyErr_NoMemory();
            return std::ptr::null_mut();
        }
        let previous = (*thread).datastack_chunk;
        (*chunk).previous = previous;
        (*chunk).size = bytes;
        (*chunk).top = 0;
        if !previous.is_null() {
            let data = (&raw mut (*previous).data).cast::<*mut PyObject>();
            (*previous).top = (*thread).datastack_top.offset_from_unsigned(data);
        }
        (*thread).datastack_chunk = chunk;
        (*thread).datastack_limit = chunk.cast::<u8>().add(bytes).cast();
        let first = (&raw mut (*chunk).data).cast::<*mut PyObject>();
        let base = if previous.is_null() {
            first.add(1)
        } else {
            first
        };
        (*thread).datastack_top = base.add(words);
        base.cast()
    }
}

/// Pops `frame`, the topmost one, whose references are gone.
///
/// # Safety
/// `thread` is the current thread state; `frame` is the last frame pushed on its data stack.
pub unsafe fn pop(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: the frame is topmost, so it lies in the current chunk; only a chunk with a
    // predecessor has a frame at its very start, and nothing else is left in it.
    unsafe {
        let base: *mut *mut PyObject = frame.cast();
        let chunk = (*thread).datastack_chunk;
        if base != (&raw mut (*chunk).data).cast() {
            (*thread).datastack_top = base;
            return;
        }
        let previous = (*chunk).previous;
        let data = (&raw mut (*previous).data).cast::<*mut PyObject>();
        (*thread).datastack_top = data.add((*previous).top);
        (*thread).datastack_chunk = previous;
        let bytes = (*chunk).size;
        let allocator = arena();
        if let Some(free) = allocator.free {
            free(allocator.ctx, chunk.cast(), bytes);
        }
        (*thread).datastack_limit = previous.cast::<u8>().add((*previous).size).cast();
    }
}
