//! Frames of native activations: pushed before native code calls code that may look.
//!
//! Such a frame shows function, line and caller to `sys._getframe`, `warnings`, tracebacks and
//! debuggers. Its locals are null (unbound) except the free variables: readers of `f_locals`
//! dereference those without asking. They are there only while code is called that may read them
//! (`runtime::onlookers`). When the activation leaves, the same frame is filled and run, so a frame
//! object taken meanwhile stays the frame of the call.
//!
//! A frame object that is still held when native code returns normally would keep unbound locals
//! and the line of the last call. Native code that sees `frame_obj` set at its return should
//! therefore leave by a resume at the return instruction instead of popping.

use super::{data_stack, slots, version};
use crate::ffi::{CO_FAST_FREE, CodeObject, InterpreterFrame, ThreadState};
use pyo3::ffi::{
    Py_DECREF, Py_INCREF, Py_XDECREF, PyBytes_AS_STRING, PyFunctionObject, PyObject,
    PyTuple_GET_ITEM,
};
use std::ptr::null_mut;

/// Pushes and links a frame for a native activation of `function` running `code`. Null with
/// `MemoryError` set if there is no room. The frame stands at the function's first traceable
/// instruction; `set_instruction` moves it.
///
/// # Safety
/// The GIL is held, `thread` is current, `code` is (or was, when the activation began) the code
/// of `function`. The frame must be left by `pop_native_frame`, `resume` or `throw`, in the
/// reverse order of pushing.
pub unsafe fn push_native_frame(
    thread: *mut ThreadState,
    function: *mut PyFunctionObject,
    code: *mut CodeObject,
) -> *mut InterpreterFrame {
    // SAFETY: `push` gives room for a frame of `code`; every field and slot is written before the
    // frame is linked.
    unsafe {
        let frame = data_stack::push(thread, version::frame_words(code));
        if frame.is_null() {
            return null_mut();
        }
        version::initialise(frame, function, code);
        let first = slots::first(frame);
        let count = (*code).co_nlocalsplus as usize;
        let free = (*code).co_nfreevars as usize;
        for index in 0..count - free {
            *first.add(index) = slots::EMPTY;
        }
        for index in 0..free {
            let cell = PyTuple_GET_ITEM((*function).func_closure, index as isize);
            Py_INCREF(cell);
            *first.add(count - free + index) = slots::owning(cell);
        }
        (*frame).previous = version::current_frame(thread);
        version::set_current_frame(thread, frame);
        frame
    }
}

/// Says that the instruction at `unit` is running; to be called before any call out of native
/// code (or its store emitted: see `RuntimeLayout`).
///
/// # Safety
/// `frame` is a live native frame, `unit` an instruction of its code.
pub unsafe fn set_instruction(frame: *mut InterpreterFrame, unit: usize) {
    // SAFETY: as required.
    unsafe { version::set_raised(frame, unit) }
}

/// As `set_instruction`, by the address of the unit.
///
/// # Safety
/// `frame` is a live native frame, `address` that of a unit of its code.
pub unsafe fn set_instruction_address(frame: *mut InterpreterFrame, address: *mut u16) {
    // SAFETY: as required: the address lies in the frame's code.
    unsafe {
        let code = version::code(frame);
        let start = (&raw const (*code).co_code_adaptive).cast::<u16>();
        set_instruction(frame, address.cast_const().offset_from(start) as usize);
    }
}

/// A slot of a native frame: empty, or it owns a reference.
#[derive(Clone, Copy)]
pub struct Slot(*mut slots::Word);

impl Slot {
    /// Its object, borrowed; null if it is empty.
    ///
    /// # Safety
    /// The frame is live.
    pub unsafe fn object(self) -> *mut PyObject {
        // SAFETY: as required.
        unsafe { slots::object(*self.0) }
    }

    /// Takes a reference (or null) and gives the one it had.
    ///
    /// # Safety
    /// The frame is live.
    pub unsafe fn replace(self, object: *mut PyObject) -> *mut PyObject {
        // SAFETY: as required. An immortal object's tagged word stands for a reference that may be counted
        // down, to no effect.
        unsafe { slots::object(std::mem::replace(&mut *self.0, slots::owning(object))) }
    }
}

/// Indices and slots of all locals but free variables.
///
/// # Safety
/// `frame` is a live native frame, and is so as long as the slots are used.
pub unsafe fn own_slots(frame: *mut InterpreterFrame) -> impl Iterator<Item = (usize, Slot)> {
    // SAFETY: a frame has `co_nlocalsplus` slots, the free variables last.
    unsafe {
        let code = version::code(frame);
        let first = slots::first(frame);
        let count = (*code).co_nlocalsplus as usize - (*code).co_nfreevars as usize;
        (0..count).map(move |index| (index, Slot(first.add(index))))
    }
}

/// Unlinks, clears and pops the frame of a native activation that returns or leaves by itself.
/// Keeps a set exception.
///
/// # Safety
/// `frame` is the topmost native frame of the current thread, linked as current.
pub unsafe fn pop_native_frame(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: as required. Without a frame object and free variables the frame owns numbers and two
    // references only; the function and code survive in the caller's hands or die here, after
    // the frame is unlinked and popped.
    unsafe {
        version::set_current_frame(thread, (*frame).previous);
        let code = version::code(frame);
        let observed = !(*frame).frame_obj.is_null() || !(*frame).f_locals.is_null();
        if observed || (*code).co_nfreevars != 0 {
            version::clear_and_pop(thread, frame);
            return;
        }
        for (_, slot) in own_slots(frame) {
            Py_XDECREF(slot.object());
        }
        let function = version::function(frame);
        data_stack::pop(thread, frame);
        Py_DECREF(function);
        Py_DECREF(code.cast());
    }
}

/// The kinds of the slots of `code`, one byte each.
///
/// # Safety
/// `code` is a code object that outlives the slice.
pub(super) unsafe fn slot_kinds<'a>(code: *mut CodeObject) -> &'a [u8] {
    // SAFETY: `co_localspluskinds` is a bytes object of `co_nlocalsplus` bytes.
    unsafe {
        std::slice::from_raw_parts(
            PyBytes_AS_STRING((*code).co_localspluskinds).cast(),
            (*code).co_nlocalsplus as usize,
        )
    }
}

/// Whether a slot kind is a free variable.
pub(super) fn is_free(kind: u8) -> bool {
    kind & CO_FAST_FREE != 0
}
