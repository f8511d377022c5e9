//! Numbers without objects: the algorithms of `Objects/floatobject.c` and int powers.

use crate::ffi::math;

/// Writes `base ** exponent` if it fits.
///
/// # Safety
/// `result` is the address of a word.
pub unsafe extern "C" fn int_pow(base: i64, exponent: i64, result: *mut i64) -> i64 {
    match checked_power(base, exponent) {
        Some(value) => {
            // SAFETY: the caller's obligation.
            unsafe { *result = value };
            1
        }
        None => 0,
    }
}

fn checked_power(base: i64, exponent: i64) -> Option<i64> {
    match (base, exponent) {
        (_, ..0) => None,
        (_, 0) | (1, _) => Some(1),
        (0, _) => Some(0),
        (-1, _) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        // 2 ** 64 is too much already.
        (_, 64..) => None,
        _ => base.checked_pow(exponent as u32),
    }
}

/// `a % b`: exact, the sign of b; a zero too has the sign of b.
pub extern "C" fn float_mod(a: f64, b: f64) -> f64 {
    let rest = math::fmod(a, b);
    if rest == 0.0 {
        return 0.0_f64.copysign(b);
    }
    // nan takes this way, too, and stays nan.
    if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// `a // b`.
pub extern "C" fn float_floordiv(a: f64, b: f64) -> f64 {
    let rest = math::fmod(a, b);
    // `a - rest` is a multiple of b but for rounding, so the quotient is all but integral.
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0_f64.copysign(a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 {
        floor + 1.0
    } else {
        floor
    }
}

/// `a ** b`, nan where the interpreter must decide: errors, complex results, nan itself.
pub extern "C" fn float_pow(a: f64, b: f64) -> f64 {
    if a > 0.0 && a < f64::INFINITY && a != 1.0 && b != 0.0 && b.abs() < f64::INFINITY {
        let result = math::pow(a, b);
        // OverflowError.
        return if result.is_finite() { result } else { f64::NAN };
    }
    if b == 0.0 {
        return 1.0;
    }
    if a.is_nan() || b.is_nan() {
        return if a == 1.0 { 1.0 } else { f64::NAN };
    }
    let odd = b.abs() % 2.0 == 1.0;
    if b.is_infinite() {
        let size = a.abs();
        return match size == 1.0 {
            true => 1.0,
            false if (b > 0.0) == (size > 1.0) => f64::INFINITY,
            false => 0.0,
        };
    }
    if a.is_infinite() {
        return match (b > 0.0, odd) {
            (true, true) => a,
            (true, false) => f64::INFINITY,
            (false, true) => 0.0_f64.copysign(a),
            (false, false) => 0.0,
        };
    }
    if a == 0.0 {
        return match (b < 0.0, odd) {
            (true, _) => f64::NAN,
            (false, true) => a,
            (false, false) => 0.0,
        };
    }
    let negative = a < 0.0;
    if negative && b != b.floor() {
        return f64::NAN;
    }
    let negate = negative && odd;
    let size = a.abs();
    if size == 1.0 {
        return if negate { -1.0 } else { 1.0 };
    }
    let result = math::pow(size, b);
    if !result.is_finite() {
        // OverflowError.
        return f64::NAN;
    }
    if negate { -result } else { result }
}
