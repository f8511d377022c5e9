//! Watched globals and builtins (3.14, whose dicts have no version to compare).
//!
//! Before a watched dict changes the interpreter calls `changes`, which clears the valid word of every
//! namespace block that relies on the name. The block's next guard then compares the values themselves
//! (`namespaces::revalidate`), which makes it valid again if they are as before. Nothing of the
//! program's runs between the call and the change.
//!
//! Names are told apart by their hashes: two names with one hash cost a look, no mistake. Keys that are
//! not plain strings could be equal to any name, so they count as a change of all.

use std::collections::HashMap;
use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, Ordering};

use pyo3::ffi::{self, Py_hash_t, PyObject};
use pyo3::prelude::*;

use super::gil_cell::GilCell;
use crate::abi::layout::namespace_block;
use crate::ffi::{
    DICT_EVENT_ADDED, DICT_EVENT_DEALLOCATED, DICT_EVENT_DELETED, DICT_EVENT_MODIFIED,
    PyDict_AddWatcher, PyDict_Unwatch, PyDict_Watch,
};

/// Blocks that rely on a name of a dict, by the name's hash.
type Names = HashMap<Py_hash_t, Vec<usize>>;

static WATCHED: GilCell<Option<HashMap<usize, Names>>> = GilCell::new(None);

/// Our number among the watchers, or -1.
static WATCHER: AtomicI32 = AtomicI32::new(-1);

/// Takes a watcher of the interpreter, once. False if it has none left.
pub fn start(py: Python<'_>) -> bool {
    if WATCHER.load(Ordering::Relaxed) < 0 {
        // SAFETY: the GIL is held; the callback lives as long as the process.
        let id = unsafe { PyDict_AddWatcher(changes) };
        if id < 0 {
            drop(PyErr::take(py));
        }
        WATCHER.store(id, Ordering::Relaxed);
    }
    WATCHER.load(Ordering::Relaxed) >= 0
}

/// Watches the dicts of a block for the names it relies on, each a plain `str`. False if the interpreter refuses.
///
/// # Safety
/// `block` is a namespace block of two live dicts, and stays where it is until `forget`.
pub unsafe fn remember<'a>(
    py: Python<'_>,
    block: *mut u64,
    names: impl Iterator<Item = &'a Py<PyAny>>,
) -> bool {
    // SAFETY: as required; hashing a plain string runs no code.
    unsafe {
        for dict in dicts(block) {
            if PyDict_Watch(WATCHER.load(Ordering::Relaxed), dict) < 0 {
                drop(PyErr::take(py));
                return false;
            }
        }
        let hashes: Vec<_> = names
            .map(|name| ffi::PyObject_Hash(name.as_ptr()))
            .collect();
        WATCHED.with(py, |watched| {
            let watched = watched.get_or_insert_default();
            for dict in dicts(block) {
                let names = watched.entry(dict as usize).or_default();
                for &hash in &hashes {
                    let blocks = names.entry(hash).or_default();
                    if !blocks.contains(&(block as usize)) {
                        blocks.push(block as usize);
                    }
                }
            }
        });
    }
    true
}

/// Undoes `remember`. A dict nobody relies on any more is not watched any more.
///
/// # Safety
/// As `remember`, but the dicts may be dead.
pub unsafe fn forget(py: Python<'_>, block: *mut u64) {
    // SAFETY: a dict that dies is taken out of the table, so one that is in it is alive.
    unsafe {
        let unwatched = WATCHED.with(py, |watched| {
            let mut unwatched = Vec::new();
            let Some(watched) = watched else {
                return unwatched;
            };
            for dict in dicts(block) {
                let Some(names) = watched.get_mut(&(dict as usize)) else {
                    continue;
                };
                names.retain(|_, blocks| {
                    blocks.retain(|&other| other != block as usize);
                    !blocks.is_empty()
                });
                if names.is_empty() {
                    watched.remove(&(dict as usize));
                    unwatched.push(dict);
                }
            }
            unwatched
        });
        for dict in unwatched {
            if PyDict_Unwatch(WATCHER.load(Ordering::Relaxed), dict) < 0 {
                drop(PyErr::take(py));
            }
        }
    }
}

unsafe fn dicts(block: *mut u64) -> [*mut PyObject; 2] {
    // SAFETY: a namespace block.
    unsafe {
        [namespace_block::GLOBALS, namespace_block::BUILTINS]
            .map(|offset| *block.byte_offset(offset as isize) as *mut PyObject)
    }
}

/// `PyDict_WatchCallback`: the dict is about to change.
unsafe extern "C" fn changes(
    event: c_int,
    dict: *mut PyObject,
    key: *mut PyObject,
    _value: *mut PyObject,
) -> c_int {
    // SAFETY: called under the GIL. Blocks in the table exist; machine code and `namespaces` are their
    // only other users, under the GIL.
    unsafe {
        let py = Python::assume_attached();
        let one_name = matches!(
            event,
            DICT_EVENT_ADDED | DICT_EVENT_MODIFIED | DICT_EVENT_DELETED
        ) && !key.is_null()
            && ffi::PyUnicode_CheckExact(key) != 0;
        let hash = one_name.then(|| ffi::PyObject_Hash(key));
        WATCHED.with(py, |watched| {
            let Some(watched) = watched else { return };
            let Some(names) = watched.get(&(dict as usize)) else {
                return;
            };
            let clear = |block: &usize| {
                let valid = (*block as *mut u64).byte_offset(namespace_block::VALID as isize);
                valid.write_volatile(0);
            };
            match hash {
                Some(hash) => names.get(&hash).into_iter().flatten().for_each(clear),
                None => names.values().flatten().for_each(clear),
            }
            if event == DICT_EVENT_DEALLOCATED {
                watched.remove(&(dict as usize));
            }
        });
    }
    0
}
