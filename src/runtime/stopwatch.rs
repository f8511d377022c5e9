//! How long a call takes: by the clock on the wall where reading it must be cheap, by the thread's processor
//! time where a call is long enough to be interrupted.

use std::time::{Duration, Instant};

/// Which time counts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Clock {
    /// Cheap to read (20 ns); goes on while other threads and processes run.
    #[default]
    Wall,
    /// The thread's own time; a system call (0.2 microseconds).
    Thread,
}

/// A running measurement.
pub enum Stopwatch {
    Wall(Instant),
    Thread(Duration),
}

impl Stopwatch {
    /// Starts one.
    pub fn start(clock: Clock) -> Stopwatch {
        match clock {
            Clock::Wall => Stopwatch::Wall(Instant::now()),
            Clock::Thread => Stopwatch::Thread(thread_time()),
        }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        match self {
            Stopwatch::Wall(started) => started.elapsed(),
            Stopwatch::Thread(started) => thread_time().saturating_sub(*started),
        }
    }
}

/// Processor time of this thread; zero if the system has no such clock.
fn thread_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes the structure it is given and nothing else.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if status != 0 {
        return Duration::ZERO;
    }
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_takes_no_processor_time() {
        let (wall, thread) = (
            Stopwatch::start(Clock::Wall),
            Stopwatch::start(Clock::Thread),
        );
        std::thread::sleep(Duration::from_millis(20));
        assert!(wall.elapsed() >= Duration::from_millis(20));
        assert!(thread.elapsed() < Duration::from_millis(20));
    }
}
