//! Native against interpreted calls of one function, timed by turns: who wins?
//!
//! Turns follow the Thue-Morse sequence, so that calls that alternate between two kinds of arguments do not
//! all fall to one side. A clear result ends the trial early; a close one needs more calls. Calls that were
//! interrupted count less. The first half does not count: caches are cold, and the interpreter has
//! not specialised the code yet.

use crate::runtime::stopwatch::Clock;

/// What a call through the C function of a Python function costs beyond a call that the interpreter
/// enters by itself: a trial interprets the first way, a function left alone is called the second way.
const ENTRY_NANOSECONDS: u64 = 30;
/// The same for a recursive call within a timed one, which also passes through the trial.
const NESTED_NANOSECONDS: u64 = 60;
/// Calls of each side, and the ratio native / interpreted below or above which that is enough: the closer, the
/// less there is to lose by going on. Before the last stage it must also be enough without the slowest calls.
const STAGES: [Stage; 4] = [
    (32, 0.6, 1.6),
    (64, 0.8, 1.2),
    (128, EVEN, EVEN),
    (512, EVEN, EVEN),
];
/// The same once the calls together took [`LONG_NANOSECONDS`].
const LONG_STAGES: [Stage; 3] = [(4, 0.7, 1.4), (8, 0.85, 1.15), (16, EVEN, EVEN)];
const LONG_NANOSECONDS: u64 = 50_000_000;
/// The same once they took [`LONGEST_NANOSECONDS`]: so long calls differ little from each other.
const LONGEST_STAGES: [Stage; 3] = [(1, 0.6, 1.6), (2, 0.85, 1.2), (4, EVEN, EVEN)];
const LONGEST_NANOSECONDS: u64 = 500_000_000;
/// A call as long as this is measured in the thread's own time.
const LONG_CALL_NANOSECONDS: u64 = 20_000;
/// The ratio that decides in the end: without a gain the interpreter is preferred.
const EVEN: f64 = 0.98;
/// Native calls after which the unit gets its entry stub, before the half that counts; calls in which an
/// entry without one is a good part of the time.
const STUB_AFTER: usize = 12;
const SHORT_NANOSECONDS: u64 = 20_000;
/// A call counts as at most so many median calls and so many nanoseconds more: enough for one that leaves at
/// a guard, which is a cost of native code, too little for one that was interrupted.
const MOST_MEDIANS: u64 = 4;
const MOST_BEYOND: u64 = 2_000;
/// One call in so many is a slow one.
const SLOWEST: usize = 4;

type Stage = (usize, f64, f64);

/// Times of the calls so far.
#[derive(Clone, Default, Debug)]
pub struct Trial {
    turns: u32,
    /// A call is being timed: this way, and so many calls inside of it went the same way.
    running: Option<(bool, u64)>,
    native: Vec<u64>,
    interpreted: Vec<u64>,
    /// What all of them took.
    total: u64,
}

impl Trial {
    /// Whether the next call is native, and whether it is to be timed. Calls within one that is timed go the
    /// same way: a recursive function is judged as a whole.
    pub fn turn(&mut self) -> (bool, bool) {
        if let Some((native, nested)) = &mut self.running {
            *nested += 1;
            return (*native, false);
        }
        let native = self.turns.count_ones().is_multiple_of(2);
        self.turns += 1;
        self.running = Some((native, 0));
        (native, true)
    }

    /// A timed call took that long, native or not. The result, once it is known: does native code win?
    pub fn tried(&mut self, native: bool, nanoseconds: u64) -> Option<bool> {
        let nested = self.running.take().map_or(0, |(_, nested)| nested);
        self.total += nanoseconds;
        if native {
            self.native.push(nanoseconds);
        } else {
            self.interpreted
                .push(nanoseconds.saturating_sub(ENTRY_NANOSECONDS + NESTED_NANOSECONDS * nested));
        }
        let calls = self.native.len().min(self.interpreted.len());
        let stages: &[Stage] = match self.total {
            ..LONG_NANOSECONDS => &STAGES,
            LONG_NANOSECONDS..LONGEST_NANOSECONDS => &LONG_STAGES,
            _ => &LONGEST_STAGES,
        };
        let (last, ..) = *stages.last()?;
        let stage = |(wanted, ..): &&Stage| *wanted == calls || calls > last && *wanted == last;
        let (_, low, high) = *stages.iter().find(stage)?;
        let result = |sum: fn(&[u64]) -> u64| {
            let ratio = counted(&self.native, calls, sum) as f64
                / (counted(&self.interpreted, calls, sum) as f64).max(1.0);
            (ratio <= low || ratio > high).then_some(ratio <= low)
        };
        let all = result(sum)?;
        (calls >= last || result(sum_without_slowest) == Some(all)).then_some(all)
    }

    /// What to measure the next call with.
    pub fn clock(&self) -> Clock {
        let calls = (self.native.len() + self.interpreted.len()) as u64;
        if self.total > calls * LONG_CALL_NANOSECONDS {
            Clock::Thread
        } else {
            Clock::Wall
        }
    }

    /// Nanoseconds that a native call gained.
    pub fn gain(&self) -> f64 {
        let calls = self.native.len().min(self.interpreted.len());
        let (native, plain) = (
            counted(&self.native, calls, sum),
            counted(&self.interpreted, calls, sum),
        );
        (plain as f64 - native as f64) / ((calls - calls / 2).max(1) as f64)
    }

    /// Is it time for an entry stub? Asked after each native call. A unit that is replaced after a few calls,
    /// for what it learned, does not get one.
    pub fn wants_stub(&self) -> bool {
        let time: u64 = self.native.iter().sum();
        self.native.len() == STUB_AFTER && time < STUB_AFTER as u64 * SHORT_NANOSECONDS
    }
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let calls = self.native.len().min(self.interpreted.len());
        let (native, plain) = (
            counted(&self.native, calls, sum),
            counted(&self.interpreted, calls, sum),
        );
        write!(
            f,
            "{calls} calls each: native {native} ns, interpreted {plain} ns"
        )
    }
}

/// A sum over the second half of so many calls.
fn counted(times: &[u64], calls: usize, sum: fn(&[u64]) -> u64) -> u64 {
    let mut times = times[calls / 2..calls].to_vec();
    times.sort_unstable();
    sum(&times)
}

/// The sum of sorted times; calls that were interrupted count less.
fn sum(times: &[u64]) -> u64 {
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let most = MOST_MEDIANS * median + MOST_BEYOND;
    times.iter().map(|time| (*time).min(most)).sum()
}

/// The sum of sorted times but the slowest.
fn sum_without_slowest(times: &[u64]) -> u64 {
    times[..times.len() - times.len() / SLOWEST].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(native: u64, interpreted: u64) -> (bool, u32) {
        let mut trial = Trial::default();
        loop {
            let (turn, timed) = trial.turn();
            assert!(timed);
            assert_eq!(trial.turn(), (turn, false));
            let time = if turn {
                native
            } else {
                interpreted + ENTRY_NANOSECONDS + NESTED_NANOSECONDS
            };
            if let Some(result) = trial.tried(turn, time) {
                return (result, trial.turns);
            }
        }
    }

    #[test]
    fn a_clear_result_comes_early() {
        assert_eq!(run(100, 1000), (true, 64));
        assert_eq!(run(1000, 500), (false, 64));
    }

    #[test]
    fn a_close_result_takes_more_calls() {
        assert_eq!(run(1000, 1030), (true, 256));
        assert_eq!(run(1000, 1010), (false, 256));
    }

    #[test]
    fn long_calls_end_it_early_unless_they_are_close() {
        assert_eq!(run(10_000_000, 20_000_000), (true, 8));
        assert_eq!(run(10_000_000, 12_500_000), (true, 16));
        assert_eq!(run(10_000_000, 10_300_000), (true, 32));
        assert_eq!(run(300_000_000, 600_000_000), (true, 2));
        assert_eq!(run(800_000_000, 400_000_000), (false, 2));
        assert_eq!(run(500_000_000, 520_000_000), (true, 8));
    }

    #[test]
    fn calls_that_leave_at_a_guard_count() {
        let mut trial = Trial::default();
        let mut calls = 0;
        let result = loop {
            let (native, _) = trial.turn();
            calls += u64::from(native);
            let time = match (native, calls % 25) {
                (true, 0) => 2000,
                (true, _) => 50,
                (false, _) => 70 + ENTRY_NANOSECONDS,
            };
            if let Some(result) = trial.tried(native, time) {
                break result;
            }
        };
        assert!(!result);
    }

    #[test]
    fn interrupted_calls_count_little() {
        let mut trial = Trial::default();
        let mut calls = 0;
        let result = loop {
            let (native, _) = trial.turn();
            calls += 1;
            let time = match (native, calls) {
                (true, 60) => 10_000_000,
                (true, _) => 50_000,
                (false, _) => 70_000,
            };
            if let Some(result) = trial.tried(native, time) {
                break result;
            }
        };
        assert!(result);
    }

    #[test]
    fn long_calls_are_measured_in_the_time_of_the_thread() {
        let mut trial = Trial::default();
        assert_eq!(trial.clock(), Clock::Wall);
        trial.tried(true, 1000);
        assert_eq!(trial.clock(), Clock::Wall);
        trial.tried(true, 100_000);
        assert_eq!(trial.clock(), Clock::Thread);
    }
}
