//! Arguments of a call in the order of the parameter slots, as the interpreter would bind them.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::bytecode::CodeBytes;

/// One object per parameter slot: positional, keyword-only, `*args`, `**kwargs`. An error where the
/// interpreter would raise one (it is only a sign: the interpreter raises its own).
pub fn bind<'py>(
    function: &Bound<'py, PyAny>,
    positional: &[Bound<'py, PyAny>],
    names: Option<&Bound<'py, PyAny>>,
    keyword: &[Bound<'py, PyAny>],
) -> PyResult<Vec<Option<Bound<'py, PyAny>>>> {
    let py = function.py();
    let code = function.getattr("__code__")?;
    let number = |name: &str| code.getattr(name)?.extract::<usize>();
    let (argcount, posonly) = (number("co_argcount")?, number("co_posonlyargcount")?);
    let kwonly = number("co_kwonlyargcount")?;
    let flags = number("co_flags")? as u32;
    let varargs = flags & CodeBytes::FLAG_VARARGS != 0;
    let varkeywords = flags & CodeBytes::FLAG_VARKEYWORDS != 0;
    let variables = code.getattr("co_varnames")?.cast_into::<PyTuple>()?;
    let wrong = || PyTypeError::new_err("arguments do not fit the parameters");

    let named = argcount + kwonly;
    let mut slots: Vec<Option<Bound<'py, PyAny>>> = vec![None; named];
    for (slot, value) in slots.iter_mut().zip(positional.iter().take(argcount)) {
        *slot = Some(value.clone());
    }
    if positional.len() > argcount && !varargs {
        return Err(wrong());
    }
    let rest: Vec<_> = positional.iter().skip(argcount).cloned().collect();
    let others = PyDict::new(py);
    if let Some(names) = names {
        for (name, value) in names.try_iter()?.zip(keyword) {
            let name = name?;
            let slot = (posonly..named).find(|slot| {
                variables
                    .get_item(*slot)
                    .is_ok_and(|variable| variable.eq(&name).unwrap_or(false))
            });
            match slot {
                Some(slot) if slots[slot].is_none() => slots[slot] = Some(value.clone()),
                None if varkeywords => others.set_item(name, value)?,
                _ => return Err(wrong()),
            }
        }
    }
    let defaults = function.getattr("__defaults__")?;
    if let Ok(defaults) = defaults.cast::<PyTuple>() {
        let first = argcount.saturating_sub(defaults.len());
        for (index, value) in defaults.iter().enumerate() {
            let slot = &mut slots[first + index];
            if slot.is_none() {
                *slot = Some(value);
            }
        }
    }
    let keyword_defaults = function.getattr("__kwdefaults__")?;
    if let Ok(defaults) = keyword_defaults.cast::<PyDict>() {
        for (slot, name) in slots.iter_mut().zip(variables.iter()).skip(argcount) {
            if slot.is_none() {
                *slot = defaults.get_item(name)?;
            }
        }
    }
    if slots.iter().any(Option::is_none) {
        return Err(wrong());
    }
    if varargs {
        slots.push(Some(PyTuple::new(py, rest)?.into_any()));
    }
    if varkeywords {
        slots.push(Some(others.into_any()));
    }
    Ok(slots)
}
