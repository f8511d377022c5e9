//! Native against interpreted calls of one function, timed by turns: who wins?
//!
//! Turns follow the Thue-Morse sequence, so that calls that alternate between two kinds of arguments do not
//! all fall to one side. A clear result ends the trial early; a close one needs more calls. The slowest calls
//! of each side are left out: they were interrupted. So is the first half: caches are cold, and the interpreter has
//! not specialised the code yet.

/// What a call through the C function of a Python function costs beyond a call that the interpreter
/// enters by itself: a trial interprets the first way, a function left alone is called the second way.
const ENTRY_NANOSECONDS: u64 = 30;
/// The same for a recursive call within a timed one, which also passes through the trial.
const NESTED_NANOSECONDS: u64 = 60;
/// Time after which a trial of long calls ends early.
const LONG_NANOSECONDS: u64 = 50_000_000;
/// Calls of each side that are enough then.
const LONG_CALLS: usize = 4;
/// Calls of each side, and the ratio native / interpreted below or above which that is enough.
const STAGES: [(usize, f64, f64); 3] = [(32, 0.6, 1.6), (64, 0.8, 1.2), (128, EVEN, EVEN)];
/// The ratio that decides in the end: without a gain the interpreter is preferred.
const EVEN: f64 = 0.98;
/// Native calls after which the unit gets its entry stub, before the half that counts; calls in which an
/// entry without one is a good part of the time.
const STUB_AFTER: usize = 12;
const SHORT_NANOSECONDS: u64 = 20_000;
/// One call in so many is left out on each side.
const OUTLIERS: usize = 4;

/// Times of the calls so far.
#[derive(Clone, Default, Debug)]
pub struct Trial {
    turns: u32,
    /// A call is being timed: this way, and so many calls inside of it went the same way.
    running: Option<(bool, u64)>,
    native: Vec<u64>,
    interpreted: Vec<u64>,
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
        if native {
            self.native.push(nanoseconds);
        } else {
            self.interpreted
                .push(nanoseconds.saturating_sub(ENTRY_NANOSECONDS + NESTED_NANOSECONDS * nested));
        }
        let calls = self.native.len().min(self.interpreted.len());
        let total: u64 = self.native.iter().chain(&self.interpreted).sum();
        let long = calls >= LONG_CALLS && total > LONG_NANOSECONDS;
        let stage = STAGES.iter().find(|(wanted, ..)| *wanted == calls);
        if stage.is_none() && !long {
            return None;
        }
        let ratio =
            sum(&self.native, calls) as f64 / (sum(&self.interpreted, calls) as f64).max(1.0);
        let (low, high) = match stage {
            Some((_, low, high)) if !long => (*low, *high),
            _ => (EVEN, EVEN),
        };
        (ratio <= low || ratio > high).then_some(ratio <= low)
    }
}

impl Trial {
    /// Nanoseconds that a native call gained.
    pub fn gain(&self) -> f64 {
        let calls = self.native.len().min(self.interpreted.len());
        let (native, plain) = (sum(&self.native, calls), sum(&self.interpreted, calls));
        let counted = (calls - calls / 2).saturating_sub((calls - calls / 2) / OUTLIERS);
        (plain as f64 - native as f64) / (counted.max(1) as f64)
    }
}

impl Trial {
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
        let (native, plain) = (sum(&self.native, calls), sum(&self.interpreted, calls));
        write!(
            f,
            "{calls} calls each: native {native} ns, interpreted {plain} ns"
        )
    }
}

/// The sum of the second half of so many calls, without the slowest.
fn sum(times: &[u64], calls: usize) -> u64 {
    let mut times = times[calls / 2..calls].to_vec();
    times.sort_unstable();
    times[..times.len() - times.len() / OUTLIERS].iter().sum()
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
    fn long_calls_end_it() {
        assert_eq!(run(10_000_000, 20_000_000), (true, 8));
    }
}
