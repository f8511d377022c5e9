//! The range domain: what int operations make of bounds, and what comparisons say about them.
//!
//! Works on [`IntRange`] values alone; knows no IR. Every function over-approximates: if each
//! operand lies in its range, the exact Python result lies in the answer. Bounds saturate at the
//! ends of `i128`, which is far outside of any representation, so a saturated bound only means
//! "does not fit". Where the result of an op may not fit its representation the caller intersects:
//! a checked op leaves, so what continues is within `IntRange::I64`.

use crate::hir::attributes::Cond;
use crate::hir::types::IntRange;

#[cfg(test)]
mod tests;

/// `a + b`.
pub fn add(a: IntRange, b: IntRange) -> IntRange {
    IntRange {
        low: a.low.saturating_add(b.low),
        high: a.high.saturating_add(b.high),
    }
}

/// `a - b`.
pub fn sub(a: IntRange, b: IntRange) -> IntRange {
    IntRange {
        low: a.low.saturating_sub(b.high),
        high: a.high.saturating_sub(b.low),
    }
}

/// `a * b`: the extremes are at the corners.
pub fn mul(a: IntRange, b: IntRange) -> IntRange {
    corners(a, b, i128::saturating_mul)
}

/// `-a`.
pub fn neg(a: IntRange) -> IntRange {
    IntRange {
        low: a.high.saturating_neg(),
        high: a.low.saturating_neg(),
    }
}

/// `abs(a)`.
pub fn abs(a: IntRange) -> IntRange {
    if a.low >= 0 {
        a
    } else if a.high <= 0 {
        neg(a)
    } else {
        IntRange {
            low: 0,
            high: a.high.max(a.low.saturating_neg()),
        }
    }
}

/// `a // b` for the divisors that are not 0; `None` if 0 is the only one.
pub fn floordiv(a: IntRange, b: IntRange) -> Option<IntRange> {
    let part = |divisors: IntRange| corners(a, divisors, floor_quotient);
    let positive = b
        .intersection(IntRange {
            low: 1,
            high: i128::MAX,
        })
        .map(part);
    let negative = b
        .intersection(IntRange {
            low: i128::MIN,
            high: -1,
        })
        .map(part);
    join(positive, negative)
}

/// `a % b` for the divisors that are not 0; `None` if 0 is the only one.
pub fn modulo(a: IntRange, b: IntRange) -> Option<IntRange> {
    let positive = b
        .intersection(IntRange {
            low: 1,
            high: i128::MAX,
        })
        .map(|divisors| {
            if a.low >= 0 && a.high < divisors.low {
                return a;
            }
            let high = divisors.high - 1;
            IntRange {
                low: 0,
                high: if a.low >= 0 { high.min(a.high) } else { high },
            }
        });
    let negative = b
        .intersection(IntRange {
            low: i128::MIN,
            high: -1,
        })
        .map(|divisors| {
            if a.high <= 0 && a.low > divisors.high {
                return a;
            }
            let low = divisors.low + 1;
            IntRange {
                low: if a.high <= 0 { low.max(a.low) } else { low },
                high: 0,
            }
        });
    join(positive, negative)
}

/// `~a`.
pub fn not(a: IntRange) -> IntRange {
    IntRange {
        low: !a.high,
        high: !a.low,
    }
}

/// `a & b`.
pub fn and(a: IntRange, b: IntRange) -> IntRange {
    if let (Some(a), Some(b)) = (a.as_constant(), b.as_constant()) {
        return IntRange::constant(a & b);
    }
    // `x & 0b0..01..1` is `x` when `x` has no other bits.
    if is_low_mask(b)
        && a.is_within(IntRange {
            low: 0,
            high: b.low,
        })
    {
        return a;
    }
    if is_low_mask(a)
        && b.is_within(IntRange {
            low: 0,
            high: a.low,
        })
    {
        return b;
    }
    match (a.low >= 0, b.low >= 0) {
        (true, true) => IntRange {
            low: 0,
            high: a.high.min(b.high),
        },
        (true, false) => IntRange {
            low: 0,
            high: a.high,
        },
        (false, true) => IntRange {
            low: 0,
            high: b.high,
        },
        (false, false) => {
            // A non-negative operand bounds the result from above; two negative ones both do.
            let high = match (a.high >= 0, b.high >= 0) {
                (true, true) => a.high.max(b.high),
                (true, false) => a.high,
                (false, true) => b.high,
                (false, false) => a.high.min(b.high),
            };
            IntRange {
                low: !low_bits(!a.low.min(b.low)),
                high,
            }
        }
    }
}

/// `a | b`.
pub fn or(a: IntRange, b: IntRange) -> IntRange {
    not(and(not(a), not(b)))
}

/// `a ^ b`.
pub fn xor(a: IntRange, b: IntRange) -> IntRange {
    if let (Some(a), Some(b)) = (a.as_constant(), b.as_constant()) {
        return IntRange::constant(a ^ b);
    }
    // All bits above these are copies of the sign.
    let magnitude = |range: IntRange| range.high.max(!range.high).max(range.low).max(!range.low);
    let bits = low_bits(magnitude(a).max(magnitude(b)));
    let sign = |range: IntRange| (range.low < 0) as u8 | ((range.high >= 0) as u8) << 1;
    match (sign(a), sign(b)) {
        (1, 1) | (2, 2) => IntRange { low: 0, high: bits },
        (1, 2) | (2, 1) => IntRange {
            low: !bits,
            high: -1,
        },
        _ => IntRange {
            low: !bits,
            high: bits,
        },
    }
}

/// `a << b` for the counts that are not negative; `None` if there are none.
pub fn shl(a: IntRange, b: IntRange) -> Option<IntRange> {
    let counts = b.intersection(IntRange {
        low: 0,
        high: i128::MAX,
    })?;
    Some(corners(a, counts, |value, count| {
        let factor = u32::try_from(count)
            .ok()
            .and_then(|count| 1i128.checked_shl(count));
        match factor {
            Some(factor) if factor > 0 => value.saturating_mul(factor),
            _ => value.saturating_mul(i128::MAX),
        }
    }))
}

/// `a >> b` for the counts that are not negative; `None` if there are none.
pub fn shr(a: IntRange, b: IntRange) -> Option<IntRange> {
    let counts = b.intersection(IntRange { low: 0, high: 127 });
    let counts = match counts {
        Some(counts) if b.high > 127 => IntRange {
            low: counts.low,
            high: 127,
        },
        Some(counts) => counts,
        None if b.low > 127 => IntRange::constant(127),
        None => return None,
    };
    Some(corners(a, counts, |value, count| value >> count))
}

/// The index, plus the length if it is negative.
pub fn normalize_index(index: IntRange, length: IntRange) -> IntRange {
    let kept = index.intersection(IntRange {
        low: 0,
        high: i128::MAX,
    });
    let moved = index
        .intersection(IntRange {
            low: i128::MIN,
            high: -1,
        })
        .map(|negative| add(negative, length));
    join(kept, moved).unwrap_or(index)
}

/// `a ** b` as far as it fits; knows only the sign.
pub fn pow(a: IntRange, b: IntRange) -> IntRange {
    let even = b
        .as_constant()
        .is_some_and(|exponent| exponent >= 0 && exponent % 2 == 0);
    let non_negative = a.low >= 0 || even;
    IntRange {
        low: if non_negative { 0 } else { i64::MIN.into() },
        high: i64::MAX.into(),
    }
}

/// `a % 2**64`.
pub fn wrap_u64(a: IntRange) -> IntRange {
    // A bound that saturated is not the value it stands for: it says nothing about the low bits.
    if a.low == i128::MIN || a.high == i128::MAX {
        return IntRange::U64;
    }
    if a.is_within(IntRange::U64) {
        return a;
    }
    // A range that does not cross a multiple of 2**64 moves as a whole.
    let modulus = 1i128 << 64;
    if a.low.div_euclid(modulus) == a.high.div_euclid(modulus) {
        return IntRange {
            low: a.low.rem_euclid(modulus),
            high: a.high.rem_euclid(modulus),
        };
    }
    IntRange::U64
}

/// The int of 64 bits and sign that equals `a` modulo 2**64.
pub fn wrap_i64(a: IntRange) -> IntRange {
    if a.is_within(IntRange::I64) {
        return a;
    }
    let wrapped = wrap_u64(a);
    if wrapped.high <= IntRange::I64.high {
        wrapped
    } else if wrapped.low > IntRange::I64.high {
        sub(wrapped, IntRange::constant(1i128 << 64))
    } else {
        IntRange::I64
    }
}

/// Is `a cond b` the same for all values?
pub fn decide(cond: Cond, a: IntRange, b: IntRange) -> Option<bool> {
    if refine(cond, a, b).is_none() {
        Some(false)
    } else if refine(cond.negated(), a, b).is_none() {
        Some(true)
    } else {
        None
    }
}

/// What is left of both operands where `a cond b` holds; `None` if it never does.
pub fn refine(cond: Cond, a: IntRange, b: IntRange) -> Option<(IntRange, IntRange)> {
    match cond {
        Cond::Eq => a.intersection(b).map(|both| (both, both)),
        Cond::Ne => Some((exclude(a, b)?, exclude(b, a)?)),
        Cond::Lt => below(a, b, 1),
        Cond::Le => below(a, b, 0),
        Cond::Gt => below(b, a, 1).map(|(b, a)| (a, b)),
        Cond::Ge => below(b, a, 0).map(|(b, a)| (a, b)),
    }
}

/// An upper bound for a sequence of growing ranges: a bound that moved goes to the next of a few
/// marks, so that every chain of widenings is short.
pub fn widen(old: IntRange, new: IntRange) -> IntRange {
    const MARKS: [i128; 8] = [
        0,
        (1 << 8) - 1,
        (1 << 30) - 1,
        (1 << 32) - 1,
        (1 << 60) - 1,
        i64::MAX as i128,
        u64::MAX as i128,
        i128::MAX,
    ];
    let high = if new.high <= old.high {
        old.high
    } else {
        MARKS
            .into_iter()
            .find(|mark| new.high <= *mark)
            .unwrap_or(i128::MAX)
    };
    let low = if new.low >= old.low {
        old.low
    } else {
        // `!mark` mirrors each mark: -1, -256, ..., -2**63; and 0 itself.
        let mirrored = std::iter::once(0).chain(MARKS.into_iter().map(|mark| !mark));
        mirrored
            .into_iter()
            .find(|mark| new.low >= *mark)
            .unwrap_or(i128::MIN)
    };
    IntRange { low, high }
}

/// `a + distance <= b`.
fn below(a: IntRange, b: IntRange, distance: i128) -> Option<(IntRange, IntRange)> {
    let left = IntRange {
        low: a.low,
        high: a.high.min(b.high.saturating_sub(distance)),
    };
    let right = IntRange {
        low: b.low.max(a.low.saturating_add(distance)),
        high: b.high,
    };
    (left.low <= left.high && right.low <= right.high).then_some((left, right))
}

/// `a` without the value of `b`, if `b` is one value at an end of `a`.
fn exclude(a: IntRange, b: IntRange) -> Option<IntRange> {
    let Some(value) = b.as_constant() else {
        return Some(a);
    };
    let low = if a.low == value {
        a.low.saturating_add(1)
    } else {
        a.low
    };
    let high = if a.high == value {
        a.high.saturating_sub(1)
    } else {
        a.high
    };
    (low <= high).then_some(IntRange { low, high })
}

fn join(a: Option<IntRange>, b: Option<IntRange>) -> Option<IntRange> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.union(b)),
        (one, other) => one.or(other),
    }
}

/// The range of a function that is monotone in each operand.
fn corners(a: IntRange, b: IntRange, function: impl Fn(i128, i128) -> i128) -> IntRange {
    let values = [
        function(a.low, b.low),
        function(a.low, b.high),
        function(a.high, b.low),
        function(a.high, b.high),
    ];
    let low = values.into_iter().min().unwrap_or(i128::MIN);
    let high = values.into_iter().max().unwrap_or(i128::MAX);
    IntRange { low, high }
}

/// Python's `//` for a divisor that is not 0.
fn floor_quotient(a: i128, b: i128) -> i128 {
    let quotient = a.saturating_div(b);
    let inexact = a.wrapping_rem(b) != 0;
    if inexact && (a < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    }
}

/// A constant of the form `2**k - 1`.
fn is_low_mask(range: IntRange) -> bool {
    range
        .as_constant()
        .is_some_and(|mask| mask >= 0 && mask & mask.wrapping_add(1) == 0)
}

/// Smallest `2**k - 1` that is not below `value`, which is not negative.
fn low_bits(value: i128) -> i128 {
    if value <= 0 {
        0
    } else {
        i128::MAX >> (value.leading_zeros() - 1)
    }
}
