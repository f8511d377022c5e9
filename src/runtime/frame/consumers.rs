//! Builtins that native code left in the middle of a generator: they go on here.
//!
//! What the builtin has so far is given as objects; the next item, or the generator's end, comes from the
//! frame that ran. From there on everything is as the interpreter's own function does it, with the
//! same calls in the same order.

use super::generators::Outcome;
use crate::abi::Consumer;
use pyo3::ffi::*;
use std::ptr::null_mut;

/// A builtin with what it has so far; owned references, null where there is nothing.
pub struct Consumption {
    pub by: Consumer,
    pub slots: Vec<*mut PyObject>,
    /// Its argument.
    pub generator: *mut PyObject,
}

/// What an item makes of it.
enum Step {
    /// The next one, please.
    More,
    /// This is the result; a reference.
    Done(*mut PyObject),
    /// An exception is set.
    Failed,
}

/// How `sum` adds.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Ints of a machine word so far.
    Int,
    /// Floats: the sum, and what rounding lost.
    Float(f64, f64),
    /// Whatever `+` does.
    Generic,
}

impl Consumption {
    /// Drops what it has.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn release(&mut self) {
        for slot in self.slots.drain(..) {
            // SAFETY: the slots own what they hold.
            unsafe { Py_XDECREF(slot) };
        }
        // SAFETY: the same.
        unsafe { Py_XDECREF(std::mem::replace(&mut self.generator, null_mut())) };
    }

    /// Takes the outcome of the generator's frame, then all other items; the builtin's result.
    ///
    /// # Safety
    /// The GIL is held, and the frame that called the builtin is current.
    pub unsafe fn finish(mut self, outcome: Outcome) -> Outcome {
        // SAFETY: as required; each reference is dropped once, errors are those of the calls made.
        unsafe {
            let mut phase = self.phase();
            let generator = self.generator;
            let mut outcome = outcome;
            let result = loop {
                let item = match outcome {
                    Outcome::Raised => break null_mut(),
                    Outcome::Returned(value) => {
                        Py_DECREF(value);
                        break self.result(phase);
                    }
                    Outcome::Yielded(item) => item,
                };
                let step = self.step(&mut phase, item, generator);
                Py_DECREF(item);
                match step {
                    Step::More => {}
                    Step::Done(result) => break result,
                    Step::Failed => break null_mut(),
                }
                outcome = match PyIter_Next(generator) {
                    end if end.is_null() && PyErr_Occurred().is_null() => {
                        Outcome::Returned(Py_NewRef(Py_None()))
                    }
                    error if error.is_null() => Outcome::Raised,
                    item => Outcome::Yielded(item),
                };
            };
            if result.is_null() {
                // What is dropped may run code: the exception is not to be seen by it.
                super::resume::keeping_exception(|| {
                    self.release();
                    true
                });
                return Outcome::Raised;
            }
            self.release();
            Outcome::Returned(result)
        }
    }

    unsafe fn phase(&self) -> Phase {
        // SAFETY: live objects.
        unsafe {
            if self.by != Consumer::Sum {
                return Phase::Generic;
            }
            let lost = match self.slots[1] {
                null if null.is_null() => 0.0,
                lost => PyFloat_AS_DOUBLE(lost),
            };
            phase_of(self.slots[0], lost)
        }
    }

    unsafe fn step(
        &mut self,
        phase: &mut Phase,
        item: *mut PyObject,
        generator: *mut PyObject,
    ) -> Step {
        // SAFETY: live objects; `item` stays the caller's.
        unsafe {
            match self.by {
                Consumer::Sum => self.add(phase, item, generator),
                Consumer::Any | Consumer::All => match PyObject_IsTrue(item) {
                    0 if self.by == Consumer::All => Step::Done(Py_NewRef(Py_False())),
                    1 if self.by == Consumer::Any => Step::Done(Py_NewRef(Py_True())),
                    0 | 1 => Step::More,
                    _ => Step::Failed,
                },
                Consumer::Min | Consumer::Max => {
                    let best = self.slots[0];
                    let order = if self.by == Consumer::Min {
                        Py_LT
                    } else {
                        Py_GT
                    };
                    let better = if best.is_null() {
                        1
                    } else {
                        PyObject_RichCompareBool(item, best, order)
                    };
                    if better > 0 {
                        Py_XDECREF(std::mem::replace(&mut self.slots[0], Py_NewRef(item)));
                    }
                    done_if(better >= 0)
                }
                Consumer::List | Consumer::Call => done_if(PyList_Append(self.slots[0], item) == 0),
                Consumer::Set => done_if(PySet_Add(self.slots[0], item) == 0),
                Consumer::Next => Step::Done(Py_NewRef(item)),
            }
        }
    }

    unsafe fn add(
        &mut self,
        phase: &mut Phase,
        item: *mut PyObject,
        generator: *mut PyObject,
    ) -> Step {
        // SAFETY: live objects.
        unsafe {
            if let Phase::Float(sum, lost) = *phase {
                if PyFloat_CheckExact(item) != 0 {
                    let item = PyFloat_AS_DOUBLE(item);
                    *phase = if cfg!(Py_3_12) {
                        add_compensated(sum, lost, item)
                    } else {
                        Phase::Float(sum + item, 0.0)
                    };
                    return Step::More;
                }
                if PyLong_Check(item) != 0 {
                    if cfg!(Py_3_14) {
                        let item = PyLong_AsDouble(item);
                        if item == -1.0 && !PyErr_Occurred().is_null() {
                            return Step::Failed;
                        }
                        *phase = add_compensated(sum, lost, item);
                        return Step::More;
                    }
                    let mut overflow = 0;
                    let item = PyLong_AsLongAndOverflow(item, &mut overflow);
                    if overflow == 0 {
                        *phase = Phase::Float(sum + item as f64, lost);
                        return Step::More;
                    }
                }
                let sum = PyFloat_FromDouble(total(sum, lost));
                Py_XDECREF(std::mem::replace(&mut self.slots[0], sum));
            }
            let sum = PyNumber_Add(self.slots[0], item);
            if sum.is_null() {
                return Step::Failed;
            }
            Py_XDECREF(std::mem::replace(&mut self.slots[0], sum));
            *phase = match *phase {
                Phase::Int if PyLong_CheckExact(item) != 0 || PyBool_Check(item) != 0 => {
                    match phase_of(sum, 0.0) {
                        Phase::Int => Phase::Int,
                        _ => Phase::Generic,
                    }
                }
                Phase::Int if PyFloat_CheckExact(sum) != 0 => phase_of(sum, 0.0),
                Phase::Int | Phase::Float(..)
                    if cfg!(Py_3_14) && PyComplex_CheckExact(sum) != 0 =>
                {
                    // From here on it is what `sum` does that begins with this.
                    let rest = PyObject_CallFunctionObjArgs(
                        self.slots[2],
                        generator,
                        sum,
                        null_mut::<PyObject>(),
                    );
                    return if rest.is_null() {
                        Step::Failed
                    } else {
                        Step::Done(rest)
                    };
                }
                _ => Phase::Generic,
            };
            Step::More
        }
    }

    /// There are no more items; null with an exception set.
    unsafe fn result(&mut self, phase: Phase) -> *mut PyObject {
        // SAFETY: live objects.
        unsafe {
            match self.by {
                Consumer::Sum => match phase {
                    Phase::Float(sum, lost) => PyFloat_FromDouble(total(sum, lost)),
                    _ => Py_NewRef(self.slots[0]),
                },
                Consumer::Any => Py_NewRef(Py_False()),
                Consumer::All => Py_NewRef(Py_True()),
                Consumer::Min | Consumer::Max if self.slots[0].is_null() => {
                    // Raises as it does with nothing at all.
                    let nothing = PyTuple_New(0);
                    let result = PyObject_CallFunctionObjArgs(
                        self.slots[1],
                        nothing,
                        null_mut::<PyObject>(),
                    );
                    Py_XDECREF(nothing);
                    result
                }
                Consumer::Min | Consumer::Max | Consumer::List | Consumer::Set => {
                    Py_NewRef(self.slots[0])
                }
                Consumer::Next => {
                    if self.slots[0].is_null() {
                        PyErr_SetNone(PyExc_StopIteration);
                    }
                    Py_XNewRef(self.slots[0])
                }
                Consumer::Call => {
                    let arguments = [self.slots[2], self.slots[0]];
                    let first = usize::from(arguments[0].is_null());
                    PyObject_Vectorcall(
                        self.slots[1],
                        arguments[first..].as_ptr(),
                        2 - first,
                        null_mut(),
                    )
                }
            }
        }
    }
}

fn done_if(fine: bool) -> Step {
    if fine { Step::More } else { Step::Failed }
}

/// How `sum` goes on with this.
unsafe fn phase_of(sum: *mut PyObject, lost: f64) -> Phase {
    // SAFETY: a live object.
    unsafe {
        if PyFloat_CheckExact(sum) != 0 {
            return Phase::Float(PyFloat_AS_DOUBLE(sum), lost);
        }
        let mut overflow = 0;
        if PyLong_CheckExact(sum) != 0 {
            PyLong_AsLongAndOverflow(sum, &mut overflow);
            if overflow == 0 {
                return Phase::Int;
            }
        }
        Phase::Generic
    }
}

fn add_compensated(sum: f64, lost: f64, item: f64) -> Phase {
    let next = sum + item;
    let more = if sum.abs() >= item.abs() {
        (sum - next) + item
    } else {
        (item - next) + sum
    };
    Phase::Float(next, lost + more)
}

/// What was lost comes back, if it is a number that can.
fn total(sum: f64, lost: f64) -> f64 {
    if lost != 0.0 && lost.is_finite() {
        sum + lost
    } else {
        sum
    }
}
