//! `internal/pycore_interp.h`: where the few words of the interpreter state lie that we read.
//!
//! The state is some hundred kilobytes of nested structs, so offsets are named here instead of a
//! mirror. `runtime::self_test` checks each of them by behaviour at import, and finds the offset
//! of `eval_frame`, which moves with configuration structs, by changing it through the exported
//! setter.

/// The eval breaker (`int`) of 3.11 and 3.12; 3.13 keeps it in the thread state.
#[cfg(not(Py_3_12))]
pub const EVAL_BREAKER_OFFSET: usize = 100;
#[cfg(all(Py_3_12, not(Py_3_13)))]
pub const EVAL_BREAKER_OFFSET: usize = 368;
#[cfg(Py_3_13)]
pub const EVAL_BREAKER_OFFSET: usize = usize::MAX;

/// `ceval.recursion_limit` (`int`): its neighbour, whose value is known, so it can be checked.
#[cfg(not(Py_3_12))]
pub const CEVAL_RECURSION_LIMIT_OFFSET: usize = 96;
#[cfg(all(Py_3_12, not(Py_3_13)))]
pub const CEVAL_RECURSION_LIMIT_OFFSET: usize = 376;
#[cfg(Py_3_13)]
pub const CEVAL_RECURSION_LIMIT_OFFSET: usize = 8;

/// The word that changes whenever a tool changes its global monitoring events: 3.12
/// `monitoring_version`, 3.13 `ceval.instrumentation_version`; 3.11 has none.
#[cfg(not(Py_3_12))]
pub const MONITORING_VERSION_OFFSET: usize = usize::MAX;
#[cfg(all(Py_3_12, not(Py_3_13)))]
pub const MONITORING_VERSION_OFFSET: usize = 48;
#[cfg(Py_3_13)]
pub const MONITORING_VERSION_OFFSET: usize = 0;

/// `gilstate.tstate_current` in `_PyRuntime` (3.11 only: later versions use a thread-local variable).
#[cfg(not(Py_3_12))]
pub const CURRENT_THREAD_OFFSET: usize = 576;
