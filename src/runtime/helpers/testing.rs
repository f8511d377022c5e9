//! Calls helpers from Python with plain objects, for the project's tests.

use super::{address, end_of_iteration, math_address, support_address};
use crate::abi::MathFunction;
use crate::abi::Repr;
use crate::abi::helpers::HelperId;
use crate::abi::support::{Support, Word};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use std::ptr::null_mut;

type Words = extern "C" fn(u64, u64, u64, u64, u64, u64, u64) -> u64;
type WordsToFloat = extern "C" fn(u64, u64, u64, u64, u64, u64, u64) -> f64;

/// What a test sees when a helper cannot say, or the end of an iteration.
fn marker<'py>(py: Python<'py>, text: &str) -> Bound<'py, PyAny> {
    PyString::new(py, text).into_any()
}

/// Calls the helper. Arguments are checked against its row by count and representation, not by
/// class. `null` stands for NULL; "leaves" is the answer of a helper that cannot say, "end" that of
/// an exhausted iterator.
pub fn call_helper<'py>(
    name: &str,
    arguments: &Bound<'py, PyTuple>,
    null: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = arguments.py();
    let helper =
        HelperId::from_name(name).ok_or_else(|| PyValueError::new_err("no such helper"))?;
    let info = helper.info();
    let count = arguments.len();
    if count < info.parameters.len() || (count > info.parameters.len() && !info.variadic) {
        return Err(PyTypeError::new_err("wrong number of arguments"));
    }
    let pointer = |object: &Bound<'py, PyAny>| match object.is(null) {
        true => null_mut(),
        false => object.as_ptr(),
    };
    let mut words = Vec::new();
    for (repr, object) in info.parameters.iter().zip(arguments) {
        words.push(match repr {
            Repr::Boxed => pointer(&object) as u64,
            Repr::I64 => object.extract::<i64>()? as u64,
            _ => return Err(PyTypeError::new_err("a parameter tests cannot pass")),
        });
    }
    let rest: Vec<_> = arguments
        .iter()
        .skip(info.parameters.len())
        .map(|object| pointer(&object))
        .collect();
    if info.variadic {
        words.extend([rest.as_ptr() as u64, rest.len() as u64]);
    }
    words.resize(6, 0);
    let address = address(helper) as *const ();
    // SAFETY: the address is that of a C function with these parameters; words beyond its own are
    // ignored, as the C calling conventions have it. The GIL is held, objects outlive the call.
    unsafe {
        let [a, b, c, d, e, f] = words[..] else {
            return Err(PyTypeError::new_err("too many parameters"));
        };
        let thread = ffi::PyThreadState_Get() as u64;
        if helper == HelperId::StrAppend {
            // It takes over the reference to its first argument.
            ffi::Py_INCREF(a as *mut ffi::PyObject);
        }
        if info.result == Some(Repr::F64) {
            let function = std::mem::transmute::<*const (), WordsToFloat>(address);
            let value = function(thread, a, b, c, d, e, f);
            return match (PyErr::take(py), value.is_nan()) {
                (Some(error), _) => Err(error),
                (None, true) => Ok(marker(py, "leaves")),
                (None, false) => Ok(value.into_pyobject(py)?.into_any()),
            };
        }
        let function = std::mem::transmute::<*const (), Words>(address);
        let word = function(thread, a, b, c, d, e, f);
        let failed = match info.result {
            Some(Repr::Boxed) => word == 0,
            _ => (word as i64) < 0,
        };
        if failed {
            return match PyErr::take(py) {
                Some(error) => Err(error),
                None => Ok(marker(py, "leaves")),
            };
        }
        match info.result {
            Some(Repr::Boxed) if word == end_of_iteration() as u64 => {
                ffi::Py_DECREF(word as *mut ffi::PyObject);
                Ok(marker(py, "end"))
            }
            Some(Repr::Boxed) => Ok(Bound::from_owned_ptr(py, word as *mut ffi::PyObject)),
            Some(Repr::Bool) => Ok((word != 0).into_pyobject(py)?.to_owned().into_any()),
            _ => Ok((word as i64).into_pyobject(py)?.into_any()),
        }
    }
}

/// Names of all helpers, in table order.
pub fn helper_names() -> Vec<&'static str> {
    HelperId::ALL.iter().map(|helper| helper.name()).collect()
}

/// Calls a support function that works on numbers or one object, or a function of one float.
pub fn call_support<'py>(
    name: &str,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = arguments.py();
    let argument = |index: usize| arguments.get_item(index);
    if let Some(function) = MathFunction::ALL
        .iter()
        .find(|function| function.name() == name)
    {
        let value = argument(0)?.extract()?;
        // SAFETY: a function of one double.
        let result = unsafe {
            let address = math_address(*function) as *const ();
            std::mem::transmute::<*const (), extern "C" fn(f64) -> f64>(address)(value)
        };
        return Ok(result.into_pyobject(py)?.into_any());
    }
    let function = Support::ALL
        .iter()
        .find(|function| function.name() == name)
        .copied();
    let (function, address) = function
        .and_then(|function| Some((function, support_address(function)? as *const ())))
        .ok_or_else(|| PyValueError::new_err("no such support function"))?;
    let unsigned = matches!(function, Support::BoxU64 | Support::UnboxU64);
    let number = |word: u64| -> PyResult<Bound<'py, PyAny>> {
        match unsigned {
            true => Ok(word.into_pyobject(py)?.into_any()),
            false => Ok((word as i64).into_pyobject(py)?.into_any()),
        }
    };
    // SAFETY: each address is that of a C function with the parameters of its row, which are words
    // or doubles as given here. The GIL is held, objects outlive the call.
    unsafe {
        if function.parameters() == [Word::Float, Word::Float] {
            let call = std::mem::transmute::<*const (), extern "C" fn(f64, f64) -> f64>(address);
            let value = call(argument(0)?.extract()?, argument(1)?.extract()?);
            return Ok(value.into_pyobject(py)?.into_any());
        }
        let three = std::mem::transmute::<*const (), extern "C" fn(u64, u64, u64) -> u64>(address);
        let mut out = 0_u64;
        let place = &raw mut out as u64;
        let object = |word: u64| Bound::from_owned_ptr(py, word as *mut ffi::PyObject);
        Ok(match function {
            Support::BoxI64 => object(three(argument(0)?.extract::<i64>()? as u64, 0, 0)),
            Support::BoxU64 => object(three(argument(0)?.extract::<u64>()?, 0, 0)),
            Support::BoxF64 => {
                let call = std::mem::transmute::<*const (), extern "C" fn(f64) -> u64>(address);
                object(call(argument(0)?.extract()?))
            }
            Support::UnboxI64 | Support::UnboxU64 => {
                match three(argument(0)?.as_ptr() as u64, place, 0) {
                    0 => marker(py, "leaves"),
                    _ => number(out)?,
                }
            }
            Support::IntPow => {
                let (base, exponent): (i64, i64) =
                    (argument(0)?.extract()?, argument(1)?.extract()?);
                match three(base as u64, exponent as u64, place) {
                    0 => marker(py, "leaves"),
                    _ => number(out)?,
                }
            }
            Support::ListPopLast => object(three(argument(0)?.as_ptr() as u64, 0, 0)),
            Support::ListAppend => number(three(
                argument(0)?.as_ptr() as u64,
                argument(1)?.as_ptr() as u64,
                0,
            ))?,
            Support::DropIsSilent => number(three(argument(0)?.as_ptr() as u64, 0, 0))?,
            _ => return Err(PyValueError::new_err("no such support function")),
        })
    }
}
