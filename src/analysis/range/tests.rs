//! Exhaustive over all small ranges, and the borders of 64 bits by hand.

use super::*;

const SPAN: i128 = 9;

fn all_ranges(low: i128, high: i128) -> Vec<IntRange> {
    (low..=high)
        .flat_map(|a| (a..=high).map(move |b| IntRange::new(a, b)))
        .collect()
}

fn values(range: IntRange) -> std::ops::RangeInclusive<i128> {
    range.low..=range.high
}

/// Checks soundness; if `exact`, also that both bounds are reached.
fn check(
    name: &str,
    transfer: impl Fn(IntRange, IntRange) -> Option<IntRange>,
    concrete: impl Fn(i128, i128) -> Option<i128>,
    exact: bool,
) {
    let ranges = all_ranges(-SPAN, SPAN);
    for &a in &ranges {
        for &b in &ranges {
            let answer = transfer(a, b);
            let mut seen: Option<IntRange> = None;
            for x in values(a) {
                for y in values(b) {
                    if let Some(value) = concrete(x, y) {
                        let point = IntRange::constant(value);
                        seen = Some(seen.map_or(point, |seen| seen.union(point)));
                    }
                }
            }
            match (answer, seen) {
                (Some(answer), Some(seen)) => {
                    assert!(
                        seen.is_within(answer),
                        "{name} {a:?} {b:?}: {answer:?} misses {seen:?}"
                    );
                    assert!(
                        !exact || seen == answer,
                        "{name} {a:?} {b:?}: {answer:?} not {seen:?}"
                    );
                }
                (None, Some(seen)) => panic!("{name} {a:?} {b:?}: nothing, but {seen:?}"),
                (_, None) => {}
            }
        }
    }
}

fn python_floordiv(a: i128, b: i128) -> Option<i128> {
    (b != 0).then(|| (a as f64 / b as f64).floor() as i128)
}

#[test]
fn arithmetic_is_exact_on_small_ranges() {
    check("add", |a, b| Some(add(a, b)), |x, y| Some(x + y), true);
    check("sub", |a, b| Some(sub(a, b)), |x, y| Some(x - y), true);
    check("mul", |a, b| Some(mul(a, b)), |x, y| Some(x * y), true);
    check("neg", |a, _| Some(neg(a)), |x, _| Some(-x), true);
    check("abs", |a, _| Some(abs(a)), |x, _| Some(x.abs()), true);
    check("not", |a, _| Some(not(a)), |x, _| Some(!x), true);
    check("shl", shl, |x, y| (y >= 0).then(|| x << y), true);
    check("shr", shr, |x, y| (y >= 0).then(|| x >> y), true);
    check("floordiv", floordiv, python_floordiv, true);
}

#[test]
fn bits_and_remainders_are_sound() {
    check("and", |a, b| Some(and(a, b)), |x, y| Some(x & y), false);
    check("or", |a, b| Some(or(a, b)), |x, y| Some(x | y), false);
    check("xor", |a, b| Some(xor(a, b)), |x, y| Some(x ^ y), false);
    check(
        "modulo",
        modulo,
        |x, y| python_floordiv(x, y).map(|quotient| x - y * quotient),
        false,
    );
    check(
        "normalize_index",
        |index, length| Some(normalize_index(index, length)),
        |index, length| Some(if index < 0 { index + length } else { index }),
        true,
    );
    check(
        "pow",
        |a, b| Some(pow(a, b)),
        |x, y| u32::try_from(y).ok().map(|exponent| x.pow(exponent)),
        false,
    );
}

#[test]
fn comparisons_refine_and_decide() {
    let ranges = all_ranges(-4, 4);
    for &cond in Cond::ALL {
        for &a in &ranges {
            for &b in &ranges {
                let mut seen: Option<(IntRange, IntRange)> = None;
                let mut always = true;
                for x in values(a) {
                    for y in values(b) {
                        if cond.holds(x, y) {
                            let (x, y) = (IntRange::constant(x), IntRange::constant(y));
                            seen = Some(seen.map_or((x, y), |(a, b)| (a.union(x), b.union(y))));
                        } else {
                            always = false;
                        }
                    }
                }
                let refined = refine(cond, a, b);
                assert_eq!(refined, seen, "{a:?} {cond:?} {b:?}");
                let decided = match (seen.is_some(), always) {
                    (false, _) => Some(false),
                    (true, true) => Some(true),
                    (true, false) => None,
                };
                assert_eq!(decide(cond, a, b), decided, "{a:?} {cond:?} {b:?}");
            }
        }
    }
}

#[test]
fn widening_covers_and_ends() {
    let mut range = IntRange::constant(0);
    let mut steps = 0;
    loop {
        let grown = add(range, IntRange::new(-3, 7));
        if grown == range {
            break;
        }
        let next = widen(range, range.union(grown));
        assert!(grown.is_within(next));
        if next == range {
            break;
        }
        range = next;
        steps += 1;
        assert!(steps < 20);
    }
    assert_eq!(
        widen(IntRange::new(0, 5), IntRange::new(0, 6)),
        IntRange::new(0, 255)
    );
    assert_eq!(
        widen(IntRange::new(3, 5), IntRange::new(1, 5)),
        IntRange::new(0, 5)
    );
    assert_eq!(
        widen(IntRange::new(0, 5), IntRange::new(-1, 5)),
        IntRange::new(-1, 5)
    );
}

#[test]
fn borders_of_the_machine_word() {
    let word = IntRange::I64;
    assert!(!add(word, IntRange::constant(1)).is_within(word));
    assert!(mul(IntRange::COMPACT, IntRange::COMPACT).is_within(word));
    assert!(!neg(word).is_within(word));
    assert!(!mul(IntRange::U64, IntRange::U64).is_within(IntRange::U64));
    assert_eq!(
        floordiv(IntRange::constant(i64::MIN.into()), IntRange::constant(-1)).map(|r| r.low),
        Some(1 << 63)
    );
    assert_eq!(
        wrap_u64(IntRange::constant(-1)),
        IntRange::constant(u64::MAX.into())
    );
    assert_eq!(wrap_u64(IntRange::new(-1, 0)), IntRange::U64);
    // Products of two large words leave 127 bits: what is left of them can be any word.
    let large = IntRange::new((1 << 64) - 7, (1 << 64) - 1);
    assert_eq!(wrap_u64(mul(large, large)), IntRange::U64);
    assert_eq!(
        wrap_i64(IntRange::new(1 << 63, (1 << 64) - 1)),
        IntRange::new(i64::MIN.into(), -1)
    );
    assert_eq!(wrap_i64(IntRange::U64), IntRange::I64);
    assert_eq!(and(IntRange::I64, IntRange::constant(255)), IntRange::BYTE);
    assert_eq!(
        and(IntRange::new(3, 7), IntRange::constant(255)),
        IntRange::new(3, 7)
    );
    assert_eq!(
        or(IntRange::BYTE, IntRange::new(256, 1000)),
        IntRange::new(256, 1023)
    );
    assert_eq!(xor(IntRange::BYTE, IntRange::BYTE), IntRange::BYTE);
    assert_eq!(
        shr(IntRange::U64, IntRange::new(1, 200)),
        Some(IntRange::new(0, i64::MAX.into()))
    );
    assert!(shl(IntRange::BYTE, IntRange::new(0, 500)).is_some_and(|r| !r.is_within(word)));
    assert_eq!(shl(IntRange::BYTE, IntRange::new(-5, -1)), None);
}
