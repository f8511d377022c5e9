//! `internal/pycore_dict.h`: the keys table of a dict.

use pyo3::ffi::{Py_hash_t, Py_ssize_t, PyObject};

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
