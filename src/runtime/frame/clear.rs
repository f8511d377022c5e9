//! Ending a frame on 3.11 and 3.12, whose own `_PyFrame_Clear` is hidden.
//!
//! A frame object that somebody still holds takes the frame's references with it (`f_locals`,
//! tracebacks); otherwise they are dropped. Either way the frame is popped.

use super::{data_stack, version};
use crate::ffi::{
    CodeUnit, FRAME_OWNED_BY_FRAME_OBJECT, FrameObject, InterpreterFrame, ThreadState,
};
use pyo3::ffi::{
    Py_DECREF, Py_REFCNT, Py_XDECREF, PyObject, PyObject_GC_IsTracked, PyObject_GC_Track,
    PyThreadState_GetFrame,
};
use std::ptr::null_mut;

/// Drops or hands over everything `frame` owns and pops it.
///
/// # Safety
/// `frame` is the topmost frame of `thread`'s data stack, not linked as current any more, owned by
/// the thread, with `stacktop` true and every slot below it null or owned.
pub unsafe fn clear_and_pop(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: as required of the caller. Dropping a reference can run any code; that code sees a
    // chain without this frame, and pushes its own frames above it on the data stack and pops
    // them again, so the frame's memory stays ours until `pop`.
    unsafe {
        version::enter_clear(thread);
        clear(thread, frame);
        version::leave_clear(thread);
        data_stack::pop(thread, frame);
    }
}

/// The same for a frame that lies elsewhere (in a generator).
///
/// # Safety
/// As `clear_and_pop`, but for where the frame lies.
pub unsafe fn clear(thread: *mut ThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: see `clear_and_pop`.
    unsafe {
        let object = (*frame).frame_obj;
        if !object.is_null() {
            (*frame).frame_obj = null_mut();
            if Py_REFCNT(object.cast()) > 1 {
                take_ownership(thread, object, frame);
                Py_DECREF(object.cast());
                return;
            }
            Py_DECREF(object.cast());
        }
        let slots = (&raw mut (*frame).localsplus).cast::<*mut PyObject>();
        for index in 0..(*frame).stacktop as usize {
            Py_XDECREF(*slots.add(index));
        }
        Py_XDECREF((*frame).f_locals);
        Py_DECREF(version::function(frame));
        Py_DECREF((*frame).f_code.cast());
    }
}

/// Moves the frame's content into `object`, which outlives the activation.
unsafe fn take_ownership(
    thread: *mut ThreadState,
    object: *mut FrameObject,
    frame: *mut InterpreterFrame,
) {
    // SAFETY: a frame object is allocated with room for the whole frame of its code object, so
    // the used part fits. The bits are moved: the references now belong to the copy, and the
    // caller does not drop the originals. `frame_obj` was nulled before the copy, as the
    // interpreter does, so the frame object does not own itself.
    unsafe {
        let words = crate::ffi::FRAME_SPECIALS_SIZE + (*frame).stacktop as usize;
        let own: *mut InterpreterFrame = (&raw mut (*object)._f_frame_data).cast();
        std::ptr::copy_nonoverlapping(
            frame.cast::<*mut PyObject>(),
            own.cast::<*mut PyObject>(),
            words,
        );
        (*object).f_frame = own;
        (*own).owner = FRAME_OWNED_BY_FRAME_OBJECT;
        (*own).previous = null_mut();
        let code = (*own).f_code;
        let first: *mut CodeUnit = (&raw mut (*code).co_code_adaptive).cast();
        let traceable = first.offset((*code)._co_firsttraceable as isize);
        if version::instruction(own) < traceable {
            version::set_instruction_pointer(own, traceable);
        }
        // The frame is unlinked, so the current complete frame is the one that called it. This
        // makes its frame object, as `f_back` needs it.
        let back: *mut FrameObject = PyThreadState_GetFrame(thread.cast()).cast();
        (*object).f_back = back;
        if PyObject_GC_IsTracked(object.cast()) == 0 {
            PyObject_GC_Track(object.cast());
        }
    }
}
