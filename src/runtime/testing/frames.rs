//! What the tests drive: resume, throw and native frames called from Python with plain lists.
//!
//! Safe functions over Python objects. They check what a test can get wrong by accident (lengths,
//! types); a wrong instruction or stack is still undefined behaviour, as for compiled code, which
//! is why they live in a private module that the package never imports.

use crate::ffi::{CodeObject, FrameObject, ThreadState};
use crate::runtime::frame::{self, CallResult, CellPolicy, ResumePoint, SuspendedCall};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi::{self, PyFunctionObject, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use std::ptr::null_mut;

/// A point given by a test: function, unit, locals, stack.
pub struct TestPoint<'py> {
    pub function: Bound<'py, PyAny>,
    pub code: Option<Bound<'py, PyAny>>,
    pub at: usize,
    pub locals: Bound<'py, PyList>,
    pub stack: Bound<'py, PyList>,
    /// Locals of cell variables are values, not cells.
    pub wrap: bool,
}

/// Owned slots of a point.
struct Slots {
    function: *mut PyFunctionObject,
    code: *mut CodeObject,
    at: usize,
    locals: Vec<*mut PyObject>,
    stack: Vec<*mut PyObject>,
    cells: CellPolicy,
}

fn thread() -> *mut ThreadState {
    // SAFETY: every caller holds a `Bound`, hence the GIL.
    unsafe { frame::current_thread() }
}

fn function_pointer(function: &Bound<'_, PyAny>) -> PyResult<*mut PyFunctionObject> {
    // SAFETY: the type object is valid; the check only reads the object's type.
    let is_function =
        unsafe { ffi::PyObject_TypeCheck(function.as_ptr(), &raw mut ffi::PyFunction_Type) } != 0;
    if is_function {
        Ok(function.as_ptr().cast())
    } else {
        Err(PyTypeError::new_err("a function is needed"))
    }
}

fn owned(list: &Bound<'_, PyList>, null: &Bound<'_, PyAny>) -> Vec<*mut PyObject> {
    list.iter()
        .map(|item| {
            if item.is(null) {
                return null_mut();
            }
            match item.extract::<(Bound<'_, PyAny>, usize)>() {
                // SAFETY: the GIL is held.
                Ok((mark, unit)) if mark.is(null) => unsafe { frame::position_operand(unit) },
                _ => item.into_ptr(),
            }
        })
        .collect()
}

impl TestPoint<'_> {
    fn slots(&self, null: &Bound<'_, PyAny>) -> PyResult<Slots> {
        let function = function_pointer(&self.function)?;
        let code: *mut CodeObject = match &self.code {
            Some(code) => code.as_ptr().cast(),
            // SAFETY: a function's code is a code object.
            None => unsafe { (*function).func_code.cast() },
        };
        // SAFETY: as above.
        let (count, depth, units) = unsafe {
            (
                (*code).co_nlocalsplus as usize,
                (*code).co_stacksize as usize,
                (*code).ob_base.ob_size as usize,
            )
        };
        if self.locals.len() > count || self.stack.len() > depth || self.at >= units {
            return Err(PyValueError::new_err("the point does not fit the code"));
        }
        let mut locals = owned(&self.locals, null);
        locals.resize(count, null_mut());
        let stack = owned(&self.stack, null);
        let cells = if self.wrap {
            CellPolicy::Values
        } else {
            CellPolicy::Cells
        };
        Ok(Slots {
            function,
            code,
            at: self.at,
            locals,
            stack,
            cells,
        })
    }
}

impl Slots {
    fn point(&mut self, frame: *mut crate::ffi::InterpreterFrame) -> ResumePoint<'_> {
        ResumePoint {
            function: self.function,
            code: self.code,
            at: self.at,
            locals: &mut self.locals,
            stack: &mut self.stack,
            cells: self.cells,
            frame,
            generator: null_mut(),
            consumed: None,
        }
    }
}

fn finish<'py>(py: Python<'py>, result: *mut PyObject) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: null means that an exception is set; else the reference is owned.
    unsafe { Bound::from_owned_ptr_or_err(py, result) }
}

fn raise(exception: &Bound<'_, PyAny>) {
    PyErr::from_value(exception.clone()).restore(exception.py());
}

/// Resumes at `point`, or throws `exception` there.
pub fn resume<'py>(
    point: &TestPoint<'py>,
    exception: Option<&Bound<'py, PyAny>>,
    null: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut slots = point.slots(null)?;
    let point_now = slots.point(null_mut());
    // SAFETY: the GIL is held; the point fits its code, and the test vouches for its meaning.
    let result = unsafe {
        match exception {
            None => frame::resume(thread(), point_now, 0),
            Some(exception) => {
                raise(exception);
                frame::throw(thread(), point_now, 0)
            }
        }
    };
    finish(null.py(), result)
}

/// A native activation that counts its level, as compiled code does, and then leaves at `point`.
pub fn native_activation<'py>(
    point: &TestPoint<'py>,
    null: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut slots = point.slots(null)?;
    let thread = thread();
    // SAFETY: as in `resume`; the level is taken and given back around it.
    let result = unsafe {
        let remaining = frame::recursion_remaining(thread);
        *remaining -= 1;
        let result = frame::resume(thread, slots.point(null_mut()), 1);
        *remaining += 1;
        result
    };
    finish(null.py(), result)
}

/// Pushes a native frame for `point.function`, standing at `unit`, and calls `callee` with nothing.
/// Afterwards: `leave` false pops it and returns (or raises) what the callee did; `leave` true
/// continues at `point` in the same frame, or throws the callee's exception at `unit`.
pub fn framed_call<'py>(
    point: &TestPoint<'py>,
    unit: usize,
    callee: &Bound<'py, PyAny>,
    leave: bool,
    null: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut slots = point.slots(null)?;
    let thread = thread();
    // SAFETY: as in `resume`; the frame is pushed once and popped once, on each path.
    unsafe {
        let pushed = frame::push_native_frame(thread, slots.function, slots.code);
        if pushed.is_null() {
            return Err(PyErr::fetch(null.py()));
        }
        frame::set_instruction(pushed, unit);
        let result = ffi::PyObject_CallNoArgs(callee.as_ptr());
        if !leave {
            slots.release();
            frame::pop_native_frame(thread, pushed);
            return finish(null.py(), result);
        }
        if result.is_null() {
            slots.at = unit;
            return finish(null.py(), frame::throw(thread, slots.point(pushed), 0));
        }
        ffi::Py_DECREF(result);
        finish(null.py(), frame::resume(thread, slots.point(pushed), 0))
    }
}

impl Slots {
    fn release(&mut self) {
        for slot in self.locals.drain(..).chain(self.stack.drain(..)) {
            // SAFETY: each slot owned its reference (or is null).
            unsafe { ffi::Py_XDECREF(slot) };
        }
    }
}

/// Resumes a chain: `callers` with the unit after their call, outermost first, then `innermost`.
/// The first `framed` activations have native frames.
pub fn resume_chain<'py>(
    callers: &[(TestPoint<'py>, usize)],
    innermost: &TestPoint<'py>,
    framed: usize,
    exception: Option<&Bound<'py, PyAny>>,
    null: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let thread = thread();
    let mut caller_slots = callers
        .iter()
        .map(|(point, _)| point.slots(null))
        .collect::<PyResult<Vec<_>>>()?;
    let mut inner_slots = innermost.slots(null)?;
    // SAFETY: as in `resume`; native frames are pushed outermost first.
    unsafe {
        let mut frames = Vec::new();
        for slots in caller_slots.iter().chain([&inner_slots]).take(framed) {
            frames.push(frame::push_native_frame(thread, slots.function, slots.code));
        }
        frames.resize(caller_slots.len() + 1, null_mut());
        let mut suspended: Vec<SuspendedCall<'_>> = caller_slots
            .iter_mut()
            .zip(callers)
            .zip(&frames)
            .map(|((slots, (_, after)), &frame)| SuspendedCall {
                point: slots.point(frame),
                after: *after,
                result: CallResult::Push,
            })
            .collect();
        let inner = inner_slots.point(frames[frames.len() - 1]);
        let result = match exception {
            None => frame::resume_chain(thread, &mut suspended, inner, 0),
            Some(exception) => {
                raise(exception);
                frame::throw_chain(thread, &mut suspended, inner, 0)
            }
        };
        finish(null.py(), frame::object(result))
    }
}

/// A position on the stack that is no object, as tests see and give it: `(NULL, unit)`.
fn position_mark<'py>(null: &Bound<'py, PyAny>, unit: usize) -> Bound<'py, PyAny> {
    let mark = (null, unit).into_pyobject(null.py());
    mark.map_or_else(|_| null.clone(), Bound::into_any)
}

/// Function, code unit, locals and operand stack of a Python frame. `depth` is the operand
/// stack's depth where the interpreter did not save it, else negative.
pub fn snapshot<'py>(
    frame_object: &Bound<'py, PyAny>,
    depth: isize,
    null: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = null.py();
    let object: *mut FrameObject = frame_object.as_ptr().cast();
    let take = |value: *mut PyObject| {
        // SAFETY: a slot is null or holds a live object.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, value) }.unwrap_or_else(|| null.clone())
    };
    // SAFETY: the test passes a frame object whose frame is running; its slots are read only.
    unsafe {
        let frame = (*object).f_frame;
        let code = frame::code(frame);
        let count = (*code).co_nlocalsplus as usize;
        let slot = |index: usize| match frame::position_at(frame, index) {
            Some(unit) => position_mark(null, unit),
            None => take(frame::slot_at(frame, index)),
        };
        let top = match usize::try_from(depth) {
            Ok(depth) => count + depth,
            Err(_) => frame::slots_used(frame).max(0) as usize,
        };
        let locals = PyList::new(py, (0..count).map(slot))?;
        let stack = PyList::new(py, (count..top.max(count)).map(slot))?;
        let (function, instruction) = (frame::function(frame), frame::instruction(frame));
        let start: *mut u16 = (&raw mut (*code).co_code_adaptive).cast();
        let unit = instruction.offset_from(start);
        let unit = unit.into_pyobject(py)?.into_any();
        PyTuple::new(
            py,
            [take(function), unit, locals.into_any(), stack.into_any()],
        )
    }
}

/// The depth of the operand stack the interpreter saved for a frame (negative: not saved).
pub fn saved_depth(frame_object: &Bound<'_, PyAny>) -> isize {
    let object: *mut FrameObject = frame_object.as_ptr().cast();
    // SAFETY: as in `snapshot`.
    unsafe {
        let frame = (*object).f_frame;
        frame::slots_used(frame) - (*frame::code(frame)).co_nlocalsplus as isize
    }
}

/// Python and C recursion levels left (C: 0 where it has no counter).
pub fn recursion_left(_py: Python<'_>) -> (i32, i32) {
    // SAFETY: the GIL is held.
    unsafe {
        let thread = thread();
        #[cfg(all(Py_3_12, not(Py_3_14)))]
        let units = (*thread).c_recursion_remaining;
        #[cfg(not(all(Py_3_12, not(Py_3_14))))]
        let units = 0;
        (*frame::recursion_remaining(thread), units)
    }
}

/// Words in use on the current chunk of this thread's data stack, and how many chunks there are.
pub fn data_stack_use(_py: Python<'_>) -> (usize, usize) {
    // SAFETY: the GIL is held; the chunk list is read only.
    unsafe {
        let thread = thread();
        let mut chunk = (*thread).datastack_chunk;
        if chunk.is_null() {
            return (0, 0);
        }
        let data = (&raw mut (*chunk).data).cast::<*mut PyObject>();
        let used = (*thread).datastack_top.offset_from_unsigned(data);
        let mut chunks = 0;
        while !chunk.is_null() {
            chunks += 1;
            chunk = (*chunk).previous;
        }
        (used, chunks)
    }
}
