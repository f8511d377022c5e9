//! Guards on globals and builtins: version tags first, values when a tag has changed.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::unit::Namespace;
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
    // SAFETY: a dict kept alive by the function whose namespace it is.
    let tag = unsafe { (*dict.cast::<ffi::PyDictObject>()).ma_version_tag };
    tag >> SHIFT
}

/// 3.14 has no versions; guards there use watchers.
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

/// Do all assumptions hold? If so the block's versions are brought up to date.
pub fn revalidate(namespace: &Namespace) -> bool {
    let block = &namespace.block;
    let globals = block[row(namespace_block::GLOBALS)] as *mut PyObject;
    let builtins = block[row(namespace_block::BUILTINS)] as *mut PyObject;
    let holds = namespace
        .assumptions
        .iter()
        .all(|assumption| lookup(globals, builtins, assumption.name.as_ptr()) == assumption.value);
    if holds {
        let words = std::ptr::from_ref(block.as_ref()).cast::<u64>().cast_mut();
        // SAFETY: the words belong to the namespace; generated code and this function are their only users,
        // under the GIL, and no Rust reference to them is used across.
        unsafe {
            words
                .add(row(namespace_block::GLOBALS_VERSION))
                .write_volatile(version(globals));
            words
                .add(row(namespace_block::BUILTINS_VERSION))
                .write_volatile(version(builtins));
            words.add(row(namespace_block::VALID)).write_volatile(1);
        }
    }
    holds
}

/// A namespace block for two dicts, its versions good now.
pub fn new_block(
    globals: &Bound<'_, PyAny>,
    builtins: &Bound<'_, PyAny>,
) -> Box<[u64; namespace_block::SIZE / 8]> {
    let mut block = Box::new([0; namespace_block::SIZE / 8]);
    block[row(namespace_block::GLOBALS)] = globals.as_ptr() as u64;
    block[row(namespace_block::BUILTINS)] = builtins.as_ptr() as u64;
    block[row(namespace_block::GLOBALS_VERSION)] = version(globals.as_ptr());
    block[row(namespace_block::BUILTINS_VERSION)] = version(builtins.as_ptr());
    block[row(namespace_block::VALID)] = 1;
    block
}
