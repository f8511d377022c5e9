//! `internal/pycore_dict.h`: the keys table of a dict; `cpython/dictobject.h`: watchers (3.14; earlier
//! versions have them too, but also a version in every dict, which is cheaper).

use pyo3::ffi::{Py_hash_t, Py_ssize_t, PyObject};
#[cfg(Py_3_14)]
use std::ffi::c_int;

/// `PyDictKeysObject`: header, then `1 << dk_log2_index_bytes` bytes of indices, then entries:
/// `DictKeyEntry` when `dk_kind` is 0 (general), else `DictUnicodeEntry` (1 unicode, 2 split).
#[repr(C)]
pub struct DictKeys {
    pub dk_refcnt: Py_ssize_t,
    pub dk_log2_size: u8,
    pub dk_log2_index_bytes: u8,
    pub dk_kind: u8,
    pub dk_version: u32,
    pub dk_usable: Py_ssize_t,
    pub dk_nentries: Py_ssize_t,
    pub dk_indices: [i8; 0],
}

#[repr(C)]
pub struct DictKeyEntry {
    pub me_hash: Py_hash_t,
    pub me_key: *mut PyObject,
    pub me_value: *mut PyObject,
}

#[repr(C)]
pub struct DictUnicodeEntry {
    pub me_key: *mut PyObject,
    pub me_value: *mut PyObject,
}

/// `PyDictValues`: the values of an instance's attributes, without or before they are in a dict.
#[repr(C)]
pub struct DictValues {
    #[cfg(Py_3_13)]
    pub capacity: u8,
    #[cfg(Py_3_13)]
    pub size: u8,
    #[cfg(Py_3_13)]
    pub embedded: u8,
    #[cfg(Py_3_13)]
    pub valid: u8,
    pub values: [*mut PyObject; 1],
}

/// `DictKeys::dk_kind` of names shared by instances.
pub const DICT_KEYS_SPLIT: u8 = 2;

/// Where an object has its dict (3.11), its dict or its values (3.12), a dict over its values (3.13+).
pub const MANAGED_DICT_OFFSET: isize = -3 * size_of::<*mut PyObject>() as isize;
/// 3.11: where it has its values.
#[cfg(not(Py_3_12))]
pub const MANAGED_VALUES_OFFSET: isize = -4 * size_of::<*mut PyObject>() as isize;
/// `dictiterobject` of `Objects/dictobject.c`: no header has it, `runtime/helpers/dicts.rs` tries it.
#[repr(C)]
pub struct DictIterator {
    pub ob_base: PyObject,
    /// NULL when exhausted.
    pub di_dict: *mut PyObject,
    pub di_used: Py_ssize_t,
    pub di_pos: Py_ssize_t,
    pub di_result: *mut PyObject,
    pub len: Py_ssize_t,
}

/// `setiterobject` of `Objects/setobject.c`.
#[repr(C)]
pub struct SetIterator {
    pub ob_base: PyObject,
    /// NULL when exhausted.
    pub si_set: *mut PyObject,
    pub si_used: Py_ssize_t,
    pub si_pos: Py_ssize_t,
    pub len: Py_ssize_t,
}

unsafe extern "C" {
    /// Borrowed; NULL with or without an exception set.
    pub fn _PyDict_GetItem_KnownHash(
        dict: *mut PyObject,
        key: *mut PyObject,
        hash: Py_hash_t,
    ) -> *mut PyObject;
}

/// `PyDict_WatchEvent`.
#[cfg(Py_3_14)]
pub const DICT_EVENT_ADDED: c_int = 0;
#[cfg(Py_3_14)]
pub const DICT_EVENT_MODIFIED: c_int = 1;
#[cfg(Py_3_14)]
pub const DICT_EVENT_DELETED: c_int = 2;
#[cfg(Py_3_14)]
pub const DICT_EVENT_DEALLOCATED: c_int = 5;

#[cfg(Py_3_14)]
pub type DictWatchCallback =
    unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;

#[cfg(Py_3_14)]
unsafe extern "C" {
    pub fn PyDict_AddWatcher(callback: DictWatchCallback) -> c_int;
    pub fn PyDict_Watch(watcher: c_int, dict: *mut PyObject) -> c_int;
    pub fn PyDict_Unwatch(watcher: c_int, dict: *mut PyObject) -> c_int;
}
