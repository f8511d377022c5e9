//! The tier policy: when a function is compiled, for what, how often, and when native code is given up.
//! All numbers and rules are here; who counts and acts is said with each.
//!
//! A function with a loop is compiled at its second call, another one after `threshold` calls, for the argument
//! types at hand; a loop that runs long is compiled and entered in the middle ([`super::loops`]). Calls with
//! other types make further versions, tried one after the other, exact types before general ones. What an exit
//! teaches costs the version: the next call of its kind compiles again, knowing it. Compilations are bounded;
//! then the versions there are stay as they are.
//!
//! A version whose code is not certain to gain is timed against the interpreter on live calls
//! ([`super::trial`]); one that loses, or keeps leaving, is given up, and calls of its kind are interpreted. A
//! function goes back to the interpreter, at no cost, when no version is left, or when too few of its calls
//! find one.

use std::time::Duration;

use super::version::Version;
use crate::abi::exit_reason::ExitReason;
use crate::hir::{Repr, Type};

/// Versions per function, by argument types.
pub const MAX_VERSIONS: usize = 6;
/// Versions for arguments of the same types that differ by the class of instances; then one serves all classes.
pub const MAX_CLASSES_APART: usize = 4;
/// Compilations per function, loops apart. With more the versions there are stay as they are.
pub const MAX_COMPILATIONS: u32 = 12;
/// The same with those that compiled callers ask for.
pub const MAX_COMPILATIONS_WITH_CALLERS: u32 = 18;
/// Compilations whose unknown operations may become exits that learn.
pub const MAX_LEARNING: u32 = 8;
/// Calls that no version takes before another version is made.
pub const MISSES_PER_VERSION: u32 = 2;
/// Calls bound by the runtime after which native code is tried against the interpreter again (then 16 times as
/// many).
pub const BOUND_CALLS_PER_TRIAL: u64 = 32;

/// Exits of short calls that together cost less than a compilation.
const CHEAP_EXITS: u64 = 16;
/// A call is short if it comes so soon after the one before.
const SHORT_CALL: Duration = Duration::from_micros(50);

/// Calls of other kinds after which the trial of a version that is called rarely ends: every call is slower while
/// there is one.
pub const UNTIMED_CALLS_PER_TRIAL: u32 = 256;

/// Exits of a version that teach nothing before their share is looked at.
const GIVE_UP_AFTER: u64 = 64;
/// Exits per call of a version above which it is given up.
const GIVE_UP_RATIO: f64 = 0.5;

/// Nanoseconds between two exits below which they are a good part of all time.
const BUSY_EXIT: u128 = 3000;

/// Calls that no version takes before their cost is weighed; again at every power of two.
const WEIGH_AFTER: u64 = 256;
/// What a call that no version takes costs beyond a plain one, nanoseconds.
const UNTAKEN_COST: f64 = 80.0;
/// What a native call gains where it was not measured, nanoseconds: with a loop, and without.
const GAIN_OF_LOOP: f64 = 5000.0;
const GAIN_WITHOUT_LOOP: f64 = 60.0;

/// Is the `count`th call of a function checked in verify mode? All of the first ones, then a sample.
pub fn is_checked(count: u64) -> bool {
    count <= 64 || count.is_multiple_of(64)
}

/// Does an exit, the `left`th at its place, say something that a new compilation would know?
pub fn teaches(reason: ExitReason, left: u32) -> bool {
    match reason {
        ExitReason::NotSeen | ExitReason::ColdBranch | ExitReason::Overflow => true,
        ExitReason::TypeChanged
        | ExitReason::WideInt
        | ExitReason::ValueRange
        | ExitReason::DropRunsCode
        | ExitReason::Inexact
        | ExitReason::CalleeLeft
        | ExitReason::GlobalsChanged
        | ExitReason::ObjectChanged
        | ExitReason::ClassChanged
        | ExitReason::AttributePlace => left.is_multiple_of(2),
        _ => false,
    }
}

/// An exit of the version taught something: is it time to compile again? What follows an exit is interpreted
/// until the call ends (or a loop is entered): in a function without loops, or one whose calls follow each other
/// quickly, that is little, so a few exits are taken first, for what they teach together. Calls by compiled
/// callers are not counted, but those that leave are calls, too.
pub fn has_learned_enough(version: &Version, loops: bool) -> bool {
    let unit = &version.compiled.unit;
    let exits = unit.exits.get();
    let calls = u32::try_from(unit.entries.get().max(exits)).unwrap_or(u32::MAX);
    calls == 0 || exits >= CHEAP_EXITS || loops && version.since.elapsed() / calls > SHORT_CALL
}

/// Does an exit say something about the version at all?
pub fn concerns_version(reason: ExitReason) -> bool {
    !matches!(
        reason,
        ExitReason::Forced
            | ExitReason::CalleeExited
            | ExitReason::FrameSeen
            | ExitReason::LoopEnded
    )
}

/// Does a version that was entered `calls` times leave too often, with one more exit that taught nothing?
pub fn leaves_too_often(exits: u64, calls: u64) -> bool {
    exits >= GIVE_UP_AFTER
        && exits.is_power_of_two()
        && calls > 0
        && exits as f64 / calls as f64 > GIVE_UP_RATIO
}

/// The same of one that compiled callers call, whose calls are not counted: by the time between two exits.
pub fn leaves_all_the_time(exits: u64, since: Duration) -> bool {
    exits >= GIVE_UP_AFTER
        && exits.is_power_of_two()
        && since.as_nanos() < BUSY_EXIT * u128::from(exits)
}

/// The order in which versions are tried: those for exact types first, then those for narrow numbers.
pub fn generality(version: &Version) -> (usize, usize, usize) {
    let params = &version.compiled.params;
    let open = params.iter().filter(|param| param.ty == Type::OBJECT);
    let of_any_class = params.iter().filter(|param| param.class.is_none());
    let boxed = params.iter().filter(|param| param.repr == Repr::Boxed);
    (open.count(), of_any_class.count(), boxed.count())
}

/// Is it time to ask whether the calls that a version takes make up for those that none takes? Asked at each of
/// the latter.
pub fn is_weighed(untaken: u64) -> bool {
    untaken >= WEIGH_AFTER && untaken.is_power_of_two()
}

/// What a native call of the version gains, in nanoseconds.
pub fn gain(version: &Version) -> f64 {
    let guess = match version.has_loop {
        true => GAIN_OF_LOOP,
        false => GAIN_WITHOUT_LOOP,
    };
    version.gain.get().unwrap_or(guess)
}

/// Are there so many calls that no version takes that the others do not make up for them? `native` are calls of each version with the nanoseconds one gains.
pub fn too_few_taken(untaken: u64, native: impl Iterator<Item = (u64, f64)>) -> bool {
    let gain: f64 = native.map(|(calls, gain)| calls as f64 * gain).sum();
    gain < untaken as f64 * UNTAKEN_COST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_leaves_in_every_call_is_given_up() {
        assert!(!leaves_too_often(63, 63));
        assert!(leaves_too_often(64, 64));
        assert!(!leaves_too_often(65, 65), "looked at by powers of two");
        assert!(!leaves_too_often(64, 128));
        assert!(!leaves_too_often(64, 0), "a loop is not entered by calls");
    }

    #[test]
    fn code_that_leaves_every_microsecond_is_given_up_whoever_calls_it() {
        let microseconds = Duration::from_micros;
        assert!(leaves_all_the_time(64, microseconds(64)));
        assert!(!leaves_all_the_time(64, microseconds(640)));
        assert!(!leaves_all_the_time(32, microseconds(32)));
    }

    #[test]
    fn calls_that_no_version_takes_are_looked_at_by_powers_of_two() {
        let looks: Vec<u64> = (0..1025).filter(|&untaken| is_weighed(untaken)).collect();
        assert_eq!(looks, [256, 512, 1024]);
    }

    #[test]
    fn calls_that_no_version_takes_are_weighed_against_the_others() {
        let taken = |untaken, calls, gain| too_few_taken(untaken, [(calls, gain)].into_iter());
        assert!(taken(256, 0, GAIN_OF_LOOP));
        assert!(!taken(1024, 20, GAIN_OF_LOOP));
        assert!(taken(1024, 1000, GAIN_WITHOUT_LOOP));
        assert!(!taken(1024, 2000, GAIN_WITHOUT_LOOP));
    }
}
