//! Guards on globals and builtins: version tags first, values when a tag has changed. 3.14 has no tags:
//! there `dict_watcher` clears a word of the block.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::unit::{Assumption, Namespace};
use crate::abi::layout::namespace_block;

const fn row(offset: i32) -> usize {
    offset as usize / 8
}

/// The dict's version tag, watcher bits dropped.
#[cfg(not(Py_3_14))]
pub(super) fn version(dict: *mut PyObject) -> u64 {
    #[cfg_attr(
        Py_3_12,
        expect(deprecated, reason = "the tag is what the guard is about")
    )]
    // SAFETY: a dict kept alive by the unit, or by the function whose namespace it is.
    let tag = unsafe { (*dict.cast::<ffi::PyDictObject>()).ma_version_tag };
    tag >> SHIFT
}

/// 3.14 has no versions.
#[cfg(Py_3_14)]
pub(super) fn version(_dict: *mut PyObject) -> u64 {
    0
}

/// Low bits of the tag that belong to watchers.
pub const SHIFT: u32 = if cfg!(Py_3_13) {
    12
} else if cfg!(Py_3_12) {
    8
} else {
    0
};

/// The object `LOAD_GLOBAL` would find, borrowed; null if there is none.
pub(super) fn lookup(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: two dicts and a str: the lookups run no Python code.
    unsafe {
        let found = ffi::PyDict_GetItemWithError(globals, name);
        if !found.is_null() {
            return found;
        }
        let found = ffi::PyDict_GetItemWithError(builtins, name);
        if found.is_null() && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
        }
        found
    }
}

/// Do all assumptions hold? If so the block's versions and values are brought up to date.
pub fn revalidate(namespace: &Namespace) -> bool {
    let block = &namespace.block;
    let globals = block[row(namespace_block::GLOBALS)] as *mut PyObject;
    let builtins = block[row(namespace_block::BUILTINS)] as *mut PyObject;
    let holds = namespace
        .assumptions
        .iter()
        .all(|assumption| lookup(globals, builtins, assumption.name.as_ptr()) == assumption.value);
    if !holds {
        return false;
    }
    let words = block.as_ptr().cast_mut();
    // SAFETY: the words belong to the namespace; generated code and this function are their only users,
    // under the GIL, and no Rust reference to them is used across. The values are borrowed from the dicts:
    // code reads them only while the versions say that the dicts are as they were.
    unsafe {
        for (number, name) in (0..).zip(&namespace.read) {
            let value = lookup(globals, builtins, name.as_ptr());
            if value.is_null() {
                return false;
            }
            let word = words.add(row(namespace_block::value(number)));
            word.write_volatile(value as u64);
        }
        for (word, version) in [
            (namespace_block::GLOBALS_VERSION, version(globals)),
            (namespace_block::BUILTINS_VERSION, version(builtins)),
            (namespace_block::VALID, namespace.watched.into()),
        ] {
            words.add(row(word)).write_volatile(version);
        }
    }
    true
}

impl Namespace {
    /// Two dicts and what is relied on. Nothing is checked yet: the first guard does.
    pub fn new(
        globals: &Bound<'_, PyAny>,
        builtins: &Bound<'_, PyAny>,
        assumptions: Vec<Assumption>,
        read: Vec<Py<PyAny>>,
    ) -> Namespace {
        let mut block = vec![0; namespace_block::SIZE / 8 + read.len()].into_boxed_slice();
        block[row(namespace_block::GLOBALS)] = globals.as_ptr() as u64;
        block[row(namespace_block::BUILTINS)] = builtins.as_ptr() as u64;
        #[cfg(Py_3_14)]
        // SAFETY: the box does not move; dropping the namespace forgets it.
        let watched = unsafe {
            let names = assumptions.iter().map(|assumption| &assumption.name);
            super::dict_watcher::remember(globals.py(), block.as_mut_ptr(), names.chain(&read))
        };
        #[cfg(not(Py_3_14))]
        let watched = true;
        Namespace {
            block,
            assumptions,
            read,
            watched,
        }
    }
}

#[cfg(Py_3_14)]
impl Drop for Namespace {
    fn drop(&mut self) {
        let words = self.block.as_mut_ptr();
        // SAFETY: the block is the one remembered.
        Python::attach(|py| unsafe { super::dict_watcher::forget(py, words) });
    }
}
