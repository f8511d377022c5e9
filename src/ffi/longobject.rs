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

    /// The value, if it has at most one digit.
    pub fn one_digit(&self) -> Option<i64> {
        let digit = i64::from(self.ob_digit[0]);
        #[cfg(not(Py_3_12))]
        return (-1..=1)
            .contains(&self.ob_size)
            .then(|| digit * self.ob_size as i64);
        #[cfg(Py_3_12)]
        return (self.lv_tag < 16).then(|| digit * (1 - (self.lv_tag & 3) as i64));
    }

    /// Gives the int another value. False, with nothing changed, if that has more digits than the int, or is
    /// one of the cached small ints, of which there must be no second.
    ///
    /// # Safety
    /// A live int that nobody else looks at.
    pub unsafe fn set_value(&mut self, value: i64) -> bool {
        let magnitude = value.unsigned_abs();
        let digits = 1 + usize::from(magnitude >> LONG_SHIFT != 0);
        if (-5..=256).contains(&value)
            || magnitude >> (2 * LONG_SHIFT) != 0
            || digits > self.digits_and_sign().0
        {
            return false;
        }
        let mask = (1 << LONG_SHIFT) - 1;
        let first = (&raw mut self.ob_digit).cast::<u32>();
        // SAFETY: the int has at least so many digits.
        unsafe {
            *first = (magnitude & mask) as u32;
            if digits == 2 {
                *first.add(1) = (magnitude >> LONG_SHIFT) as u32;
            }
        }
        #[cfg(not(Py_3_12))]
        {
            self.ob_size = value.signum() as Py_ssize_t * digits as Py_ssize_t;
        }
        #[cfg(Py_3_12)]
        {
            self.lv_tag = digits << 3 | if value < 0 { 2 } else { 0 };
        }
        true
    }
}
