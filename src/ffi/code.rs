//! `cpython/code.h`: the code object.

#[cfg(Py_3_14)]
use pyo3::ffi::Py_ssize_t;
use pyo3::ffi::{PyObject, PyVarObject};
#[cfg(not(Py_3_12))]
use std::ffi::{c_char, c_short};
use std::ffi::{c_int, c_void};

/// One code unit: opcode in the low byte, argument in the high byte.
pub type CodeUnit = u16;

/// Kind bits of `co_localspluskinds`.
pub const CO_FAST_LOCAL: u8 = 0x20;
pub const CO_FAST_CELL: u8 = 0x40;
pub const CO_FAST_FREE: u8 = 0x80;

/// Bytes of `_Py_LocalMonitors`: one bitset of tools per event.
#[cfg(not(Py_3_13))]
pub const LOCAL_MONITORS: usize = 15;
#[cfg(all(Py_3_13, not(Py_3_14)))]
pub const LOCAL_MONITORS: usize = 10;
#[cfg(Py_3_14)]
pub const LOCAL_MONITORS: usize = 11;

/// The head of `_PyCoMonitoringData` (3.12+).
#[repr(C)]
pub struct CodeMonitoring {
    pub local_monitors: [u8; LOCAL_MONITORS],
    pub active_monitors: [u8; LOCAL_MONITORS],
    pub tools: *mut u8,
}

/// `PyCodeObject`. `ob_size` counts code units; they follow at `co_code_adaptive`.
#[repr(C)]
pub struct CodeObject {
    pub ob_base: PyVarObject,
    pub co_consts: *mut PyObject,
    pub co_names: *mut PyObject,
    pub co_exceptiontable: *mut PyObject,
    pub co_flags: c_int,
    #[cfg(not(Py_3_12))]
    pub co_warmup: c_short,
    #[cfg(not(Py_3_12))]
    pub _co_linearray_entry_size: c_short,
    pub co_argcount: c_int,
    pub co_posonlyargcount: c_int,
    pub co_kwonlyargcount: c_int,
    pub co_stacksize: c_int,
    pub co_firstlineno: c_int,
    pub co_nlocalsplus: c_int,
    #[cfg(Py_3_12)]
    pub co_framesize: c_int,
    pub co_nlocals: c_int,
    #[cfg(not(Py_3_12))]
    pub co_nplaincellvars: c_int,
    pub co_ncellvars: c_int,
    pub co_nfreevars: c_int,
    #[cfg(Py_3_12)]
    pub co_version: u32,
    pub co_localsplusnames: *mut PyObject,
    pub co_localspluskinds: *mut PyObject,
    pub co_filename: *mut PyObject,
    pub co_name: *mut PyObject,
    pub co_qualname: *mut PyObject,
    pub co_linetable: *mut PyObject,
    pub co_weakreflist: *mut PyObject,
    #[cfg(not(Py_3_12))]
    pub _co_code: *mut PyObject,
    #[cfg(not(Py_3_12))]
    pub _co_linearray: *mut c_char,
    #[cfg(Py_3_13)]
    pub co_executors: *mut c_void,
    #[cfg(Py_3_12)]
    pub _co_cached: *mut c_void,
    #[cfg(Py_3_12)]
    pub _co_instrumentation_version: u64,
    #[cfg(Py_3_12)]
    pub _co_monitoring: *mut CodeMonitoring,
    #[cfg(Py_3_14)]
    pub _co_unique_id: Py_ssize_t,
    pub _co_firsttraceable: c_int,
    pub co_extra: *mut c_void,
    pub co_code_adaptive: [CodeUnit; 1],
}

impl CodeObject {
    /// The version its functions share (3.12+), so that specialised calls of one closure fit the
    /// next; 0 where there is none.
    pub fn version(&self) -> u32 {
        #[cfg(Py_3_12)]
        return self.co_version;
        #[cfg(not(Py_3_12))]
        return 0;
    }
}
