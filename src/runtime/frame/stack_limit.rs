//! How much C stack the current thread has left.
//!
//! CPython 3.11 to 3.13 bound C recursion by counters. A handover from native code nests one
//! interpreter activation where plain Python calls nest none, so counting it would raise
//! `RecursionError` too early; not counting it could overflow the C stack when the recursion limit
//! was raised. So handovers are not counted while the C stack is roomy and counted below the low
//! mark, where native entries park their function (see `entry`), so that deep recursion goes on
//! as plain interpreted calls. Should something still nest below the exhausted mark, a handover
//! raises `RecursionError`. 3.14 has no counter of C calls; it compares the stack pointer with limits of its
//! own, which lie below the marks here.

use crate::ffi::ThreadState;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Thread state of the thread that asked last, and its low mark, and a word of
/// machine code's own: `RuntimeLayout::stack_cell`. Machine code uses it under the GIL.
static STACK_CELL: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Below this many bytes the stack counts as low (or below half of a small stack).
const LOW_BYTES: usize = 2 * 1024 * 1024;
/// Below this many bytes the stack counts as exhausted (or below an eighth of a small stack). Enough
/// for the interpreter to raise, unwind and run handlers and finalisers.
const EXHAUSTED_BYTES: usize = 512 * 1024;

#[derive(Clone, Copy)]
struct Marks {
    low: usize,
    exhausted: usize,
    /// Lowest address.
    end: usize,
}

thread_local! {
    static MARKS: Cell<Option<Marks>> = const { Cell::new(None) };
}

fn marks() -> Marks {
    MARKS.with(|cell| {
        cell.get().unwrap_or_else(|| {
            let marks = compute_marks();
            cell.set(Some(marks));
            marks
        })
    })
}

#[cold]
fn compute_marks() -> Marks {
    let mut start: *mut libc::c_void = std::ptr::null_mut();
    let mut size: usize = 0;
    // SAFETY: the attribute object is initialised by `pthread_getattr_np` and destroyed once;
    // the two out parameters are valid.
    let found = unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            false
        } else {
            let got = libc::pthread_attr_getstack(&attributes, &mut start, &mut size) == 0;
            libc::pthread_attr_destroy(&mut attributes);
            got
        }
    };
    if !found || size == 0 {
        // Unknown bounds: assume half a megabyte below here, the smallest usual thread stack.
        size = 512 * 1024;
        start = (&raw const size as usize).saturating_sub(size) as *mut libc::c_void;
    }
    Marks {
        low: start as usize + LOW_BYTES.min(size / 2),
        exhausted: start as usize + EXHAUSTED_BYTES.min(size / 8),
        end: start as usize,
    }
}

/// The address below which the current thread's C stack is low.
pub fn c_stack_low_mark() -> usize {
    marks().low
}

/// Whether the C stack is below its low mark here.
#[inline]
pub fn c_stack_is_low() -> bool {
    let here = 0_u8;
    (&raw const here as usize) < marks().low
}

/// Whether the C stack is all but used up here.
#[inline]
pub fn c_stack_is_exhausted() -> bool {
    let here = 0_u8;
    (&raw const here as usize) < marks().exhausted
}

/// So many C units (3.12, 3.13) the rest of the stack has room for: CPython expects 10,000 of them in 8 MB. Those
/// above the low mark were not counted, so its own counter would allow too many.
#[cold]
pub fn c_units_left() -> std::ffi::c_int {
    const BYTES_PER_UNIT: usize = 1024;
    let here = 0_u8;
    let left = (&raw const here as usize).saturating_sub(marks().end);
    (left / BYTES_PER_UNIT).min(100_000) as std::ffi::c_int
}

/// Address of the stack cell.
pub fn stack_cell_address() -> u64 {
    STACK_CELL.as_ptr() as u64
}

/// `Support::CheckStack`: refills the stack cell for the current thread; 1 if its C stack has room for
/// native code, else 0. (A whole word: of a `bool` only the low byte would be defined.)
pub extern "C" fn check_stack(thread: *mut ThreadState) -> u64 {
    STACK_CELL[1].store(c_stack_low_mark() as u64, Ordering::Relaxed);
    STACK_CELL[0].store(thread as u64, Ordering::Relaxed);
    u64::from(!c_stack_is_low())
}
