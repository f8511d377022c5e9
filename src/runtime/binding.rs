//! Arguments of a call in the order of the parameter slots, bound without the interpreter.
//!
//! What `initialize_locals` of CPython's `ceval.c` does for positional arguments, defaults, keywords, `*args` and
//! `**kwargs`, into an array on the stack. A call that it cannot bind (an error of the caller, names that are no
//! plain strings, very many parameters) is left to the interpreter, which raises or finds its own way. Nothing
//! here runs a program's code: names are compared as exact strings, and the dict of keyword defaults is asked for
//! exact strings.

use std::ptr::null_mut;

use pyo3::ffi::{self, PyFunctionObject, PyObject};
use pyo3::prelude::*;

use crate::ffi::CodeObject;

/// Parameters up to which a call is bound here.
pub const MAX_PARAMETERS: usize = 12;

/// `CO_VARARGS`, `CO_VARKEYWORDS`.
const VARARGS: i32 = 0x4;
const VARKEYWORDS: i32 = 0x8;

/// One object per parameter slot: positional, keyword-only, `*args`, `**kwargs`.
pub struct Bound {
    words: [*mut PyObject; MAX_PARAMETERS],
    count: usize,
    /// References that belong to the binding: defaults (the function's may be replaced meanwhile), the tuple, the dict.
    owned: [*mut PyObject; MAX_PARAMETERS + 1],
    owned_count: usize,
}

impl Drop for Bound {
    fn drop(&mut self) {
        for &object in &self.owned[..self.owned_count] {
            // SAFETY: bindings live and die under the GIL, with one reference of each of these.
            unsafe { ffi::Py_DECREF(object) }
        }
    }
}

/// Are so many positional arguments all that the function has parameters for?
///
/// # Safety
/// The callable is a function.
pub unsafe fn takes_exactly(callable: *mut PyObject, count: usize) -> bool {
    // SAFETY: as required; a function has a code object.
    let code = unsafe {
        &*(*callable.cast::<PyFunctionObject>())
            .func_code
            .cast::<CodeObject>()
    };
    code.co_argcount as usize == count
        && code.co_kwonlyargcount == 0
        && code.co_flags & (VARARGS | VARKEYWORDS) == 0
}

impl Bound {
    /// Binds a vectorcall. None if the interpreter has to.
    ///
    /// # Safety
    /// The GIL is held, the arguments are those of a vectorcall of a function, and no exception is set.
    pub unsafe fn new(
        callable: *mut PyObject,
        args: *const *mut PyObject,
        flags_and_count: usize,
        names: *mut PyObject,
    ) -> Option<Bound> {
        // SAFETY: as required. The parameters come first among the names of locals.
        unsafe {
            let function = callable.cast::<PyFunctionObject>();
            let code = &*(*function).func_code.cast::<CodeObject>();
            let positional = code.co_argcount as usize;
            let named = positional + code.co_kwonlyargcount as usize;
            let takes_rest = code.co_flags & VARARGS != 0;
            let takes_names = code.co_flags & VARKEYWORDS != 0;
            let count = named + usize::from(takes_rest) + usize::from(takes_names);
            let given = ffi::PyVectorcall_NARGS(flags_and_count) as usize;
            if count > MAX_PARAMETERS || given > positional && !takes_rest {
                return None;
            }
            let mut bound = Bound {
                words: [null_mut(); MAX_PARAMETERS],
                count,
                owned: [null_mut(); MAX_PARAMETERS + 1],
                owned_count: 0,
            };
            let direct = given.min(positional);
            std::ptr::copy_nonoverlapping(args, bound.words.as_mut_ptr(), direct);
            if takes_rest {
                let rest = tuple(args.add(direct), given - direct)?;
                bound.words[named] = bound.own(rest);
            }
            let mut others = null_mut();
            if takes_names {
                others = ffi::PyDict_New();
                if others.is_null() {
                    ffi::PyErr_Clear();
                    return None;
                }
                bound.words[count - 1] = bound.own(others);
            }
            if !names.is_null() {
                let values = args.add(given);
                bound.keywords(code, named, names, values, others)?;
            }
            bound.defaults(function, positional, direct)?;
            if named > positional {
                bound.keyword_defaults(function, code, positional..named)?;
            }
            Some(bound)
        }
    }

    /// The objects, borrowed.
    pub fn words(&self) -> &[*mut PyObject] {
        &self.words[..self.count]
    }

    /// The objects for those who decide by them.
    pub fn with_objects<R>(
        &self,
        py: Python<'_>,
        action: impl FnOnce(&[Borrowed<'_, '_, PyAny>]) -> R,
    ) -> R {
        // SAFETY: live objects, as long as the binding.
        unsafe { with_objects(py, self.words(), action) }
    }

    fn own(&mut self, object: *mut PyObject) -> *mut PyObject {
        self.owned[self.owned_count] = object;
        self.owned_count += 1;
        object
    }

    unsafe fn keywords(
        &mut self,
        code: &CodeObject,
        named: usize,
        names: *mut PyObject,
        values: *const *mut PyObject,
        others: *mut PyObject,
    ) -> Option<()> {
        // SAFETY: as in `new`: a tuple of names, as many values, the tuple of the code's names.
        unsafe {
            let first = code.co_posonlyargcount as usize;
            let parameter =
                |slot: usize| ffi::PyTuple_GET_ITEM(code.co_localsplusnames, slot as isize);
            for index in 0..ffi::PyTuple_GET_SIZE(names) {
                let name = ffi::PyTuple_GET_ITEM(names, index);
                let value = *values.offset(index);
                // Names are interned nearly always.
                let slot = (first..named).find(|slot| parameter(*slot) == name);
                let slot = match slot {
                    Some(slot) => Some(slot),
                    None if ffi::PyUnicode_CheckExact(name) == 0 => return None,
                    None => (first..named).find(|slot| same_text(parameter(*slot), name)),
                };
                match slot {
                    Some(slot) if self.words[slot].is_null() => self.words[slot] = value,
                    None if !others.is_null() => {
                        if ffi::PyDict_Contains(others, name) != 0
                            || ffi::PyDict_SetItem(others, name, value) != 0
                        {
                            ffi::PyErr_Clear();
                            return None;
                        }
                    }
                    _ => return None,
                }
            }
            Some(())
        }
    }

    unsafe fn defaults(
        &mut self,
        function: *mut PyFunctionObject,
        positional: usize,
        direct: usize,
    ) -> Option<()> {
        if direct == positional {
            return Some(());
        }
        // SAFETY: as in `new`; the last defaults belong to the last positional parameters.
        unsafe {
            let defaults = (*function).func_defaults;
            let length = match defaults.is_null() {
                true => 0,
                false if ffi::PyTuple_CheckExact(defaults) == 0 => return None,
                false => (ffi::PyTuple_GET_SIZE(defaults) as usize).min(positional),
            };
            let first = positional - length;
            for slot in direct..positional {
                if self.words[slot].is_null() {
                    if slot < first {
                        return None;
                    }
                    let value = ffi::PyTuple_GET_ITEM(defaults, (slot - first) as isize);
                    self.words[slot] = self.own(ffi::Py_NewRef(value));
                }
            }
            Some(())
        }
    }

    unsafe fn keyword_defaults(
        &mut self,
        function: *mut PyFunctionObject,
        code: &CodeObject,
        slots: std::ops::Range<usize>,
    ) -> Option<()> {
        // SAFETY: as in `new`; keys and parameter names are exact strings, or the look-up is the interpreter's.
        unsafe {
            let defaults = (*function).func_kwdefaults;
            for slot in slots {
                if !self.words[slot].is_null() {
                    continue;
                }
                if defaults.is_null() || ffi::PyDict_CheckExact(defaults) == 0 {
                    return None;
                }
                let name = ffi::PyTuple_GET_ITEM(code.co_localsplusnames, slot as isize);
                let value = ffi::PyDict_GetItemWithError(defaults, name);
                if value.is_null() {
                    ffi::PyErr_Clear();
                    return None;
                }
                self.words[slot] = self.own(ffi::Py_NewRef(value));
            }
            Some(())
        }
    }
}

/// The objects for those who decide by them.
///
/// # Safety
/// The GIL is held; the words are live objects, at most `MAX_PARAMETERS`, for the time of the call.
pub unsafe fn with_objects<R>(
    py: Python<'_>,
    words: &[*mut PyObject],
    action: impl FnOnce(&[Borrowed<'_, '_, PyAny>]) -> R,
) -> R {
    // SAFETY: as required.
    let mut objects = words
        .iter()
        .map(|&word| unsafe { Borrowed::from_ptr(py, word) });
    let Some(first) = objects.next() else {
        return action(&[]);
    };
    let mut array = [first; MAX_PARAMETERS];
    for (place, object) in array[1..].iter_mut().zip(objects) {
        *place = object;
    }
    action(&array[..words.len()])
}

/// A new tuple; None without memory.
unsafe fn tuple(items: *const *mut PyObject, count: usize) -> Option<*mut PyObject> {
    // SAFETY: `count` live objects; the tuple takes a reference of each.
    unsafe {
        let tuple = ffi::PyTuple_New(count as isize);
        if tuple.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        for index in 0..count {
            ffi::PyTuple_SET_ITEM(tuple, index as isize, ffi::Py_NewRef(*items.add(index)));
        }
        Some(tuple)
    }
}

/// Are both exact strings with the same characters?
unsafe fn same_text(parameter: *mut PyObject, name: *mut PyObject) -> bool {
    // SAFETY: live objects; comparing exact strings raises nothing.
    unsafe {
        ffi::PyUnicode_CheckExact(parameter) != 0 && ffi::PyUnicode_Compare(parameter, name) == 0
    }
}
