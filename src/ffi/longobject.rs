//! `cpython/longintrepr.h`: the digits of an int.

#[cfg(not(Py_3_12))]
use pyo3::ffi::Py_ssize_t;
use pyo3::ffi::PyObject;

/// Bits per digit. CPython can be configured with 15; the self-test refuses such builds.
pub const LONG_SHIFT: u32 = 30;

/// `PyLongObject`.
///
/// 3.11: `ob_size` is the number of digits, negative for a negative value, 0 for zero.
/// 3.12+: `lv_tag` holds the sign in its low two bits (0 positive, 1 zero, 2 negative) and the
/// number of digits above bit 3; a compact int has fewer than two digits (`lv_tag < 16`).
#[repr(C)]
pub struct LongObject {
    pub ob_base: PyObject,
    #[cfg(not(Py_3_12))]
    pub ob_size: Py_ssize_t,
    #[cfg(Py_3_12)]
    pub lv_tag: usize,
    pub ob_digit: [u32; 1],
}

impl LongObject {
    /// Number of digits, and whether the value is negative.
    pub fn digits_and_sign(&self) -> (usize, bool) {
        #[cfg(not(Py_3_12))]
        return (self.ob_size.unsigned_abs(), self.ob_size < 0);
        #[cfg(Py_3_12)]
        return (self.lv_tag >> 3, self.lv_tag & 3 == 2);
    }
}
