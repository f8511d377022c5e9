//! What the stress modes `exit:all` and `refcheck` do while machine code runs.
//!
//! Under `exit:all` every guard counts one word of the process down, and the one that reaches 0
//! leaves as if it had failed. The next distance is drawn from a fixed sequence of short and long
//! ones, so that in the course of a run every guard fails, in different executions, and the same
//! program fails at the same places each time.
//!
//! Invariant: the word is changed under the GIL only, by machine code and by the exit handler.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use pyo3::ffi::PyObject;

/// Guards still to be passed.
static COUNTDOWN: AtomicI64 = AtomicI64::new(1);

/// State of the sequence (xorshift64 of Marsaglia, "Xorshift RNGs", 2003).
static SEQUENCE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);

/// The longest distance between two forced exits is 2 to this.
const LONGEST: u32 = 10;

/// The word that guards count down.
pub fn countdown_address() -> u64 {
    (&raw const COUNTDOWN) as u64
}

/// Sets the word for the next forced exit: each length of a distance is as likely as each other.
pub fn rearm() {
    let mut state = SEQUENCE.load(Relaxed);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    SEQUENCE.store(state, Relaxed);
    let bits = (state >> 40) % u64::from(LONGEST + 1);
    let distance = 1 + ((state >> 8) & ((1 << bits) - 1));
    COUNTDOWN.store(distance as i64, Relaxed);
}

/// `Support::CheckReference`: stops the process where machine code is about to count a reference of
/// what is no object any more. NULL is no reference, so nothing is wrong with it.
///
/// # Safety
/// The GIL is held; the address is readable if it is aligned and canonical, as that of an object
/// that died is.
pub unsafe extern "C" fn check_reference(object: *mut PyObject) {
    if object.is_null() {
        return;
    }
    // Filling of freed memory (`PYTHONMALLOC=debug`) makes addresses that no object has.
    let possible =
        |address: usize| address.is_multiple_of(8) && address >> 47 == 0 && address > 4095;
    // SAFETY: addresses are tested before they are read.
    let alive = unsafe {
        possible(object as usize)
            && pyo3::ffi::Py_REFCNT(object) > 0
            && possible(pyo3::ffi::Py_TYPE(object) as usize)
            && pyo3::ffi::Py_REFCNT(pyo3::ffi::Py_TYPE(object).cast()) > 0
    };
    if !alive {
        eprintln!(
            "brolga: refcheck: machine code counts a reference of a dead object at {object:p}"
        );
        std::process::abort();
    }
}
