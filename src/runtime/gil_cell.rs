//! Process-wide data that the GIL protects.

use std::cell::RefCell;

use pyo3::Python;

/// A value that only the GIL's holder reaches. Not reentrant: `with` inside of `with` on the same cell
/// is a bug and panics (which the callers' barriers turn into a refusal).
pub struct GilCell<T>(RefCell<T>);

// SAFETY: every access goes through `with`, which needs a `Python` token: one thread at a time. The
// contents may be used by different threads one after another; nothing in them is bound to a thread
// (no thread-locals, no guards), so moving between threads under the GIL is sound also for `Rc`.
unsafe impl<T> Sync for GilCell<T> {}
// SAFETY: as above.
unsafe impl<T> Send for GilCell<T> {}

impl<T> GilCell<T> {
    /// A cell holding `value`.
    pub const fn new(value: T) -> GilCell<T> {
        GilCell(RefCell::new(value))
    }

    /// Runs `action` on the value. It must not run Python code that could come back here.
    pub fn with<R>(&self, _py: Python<'_>, action: impl FnOnce(&mut T) -> R) -> R {
        action(&mut self.0.borrow_mut())
    }
}
