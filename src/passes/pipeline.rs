//! The pass manager: runs passes by name, in order.
//!
//! Invariants: each run is timed, can be watched by a dump callback and, if asked for, verified; a
//! pass is switched off by its name everywhere. `limit` counts runs that are allowed, so that a
//! binary search over it finds the pass that makes wrong code.

use std::time::{Duration, Instant};

use super::{Pass, find};
use crate::hir::Function;

/// The passes of a compilation, in order.
pub const PIPELINE: &[&str] = &[
    "clean-params",
    "clean-cfg",
    "dead-code",
    "quiet-calls",
    "entry-guards",
    "idle-drops",
    "guard-elim",
    "simplify",
    "gvn",
    "wrap-masked",
    "dead-code",
    "range-checks",
    "licm",
    "bounds-hoist",
    "licm",
    "range-checks",
    "simplify",
    "gvn",
    "dead-code",
    "invariant-division",
    "list-swaps",
    "loop-unroll",
    "last-values",
    "dead-code",
    "dead-snapshots",
    // What only the snapshots kept.
    "dead-code",
    "clean-cfg",
    "ownership",
    "str-append",
];

/// What is checked after each pass; an error is returned with the pass's name.
pub type Check = fn(&Function) -> Result<(), String>;

/// How a pipeline runs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names of passes that are skipped.
    pub disabled: Vec<String>,
    /// Only that many runs; the others are skipped.
    pub limit: Option<usize>,
    /// Applied before the first and after each pass.
    pub check: Option<Check>,
}

/// One pass that ran.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Name of the pass.
    pub pass: &'static str,
    /// Time it took, checks and dumps excluded.
    pub time: Duration,
}

/// Why a pipeline did not finish. Both are bugs, never the user's fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PipelineError {
    /// A name that no pass has.
    UnknownPass(String),
    /// The HIR is wrong before any pass, or after the named one.
    Invalid {
        /// The pass, or `None` for the input.
        pass: Option<&'static str>,
        /// What the check said.
        message: String,
    },
}

impl std::fmt::Display for PipelineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PipelineError::UnknownPass(name) => write!(f, "there is no pass `{name}`"),
            PipelineError::Invalid {
                pass: Some(pass),
                message,
            } => {
                write!(f, "invalid HIR after {pass}: {message}")
            }
            PipelineError::Invalid {
                pass: None,
                message,
            } => {
                write!(f, "invalid HIR before the first pass: {message}")
            }
        }
    }
}

impl std::error::Error for PipelineError {}

/// Looks the passes up by name.
pub fn lookup(names: &[&str]) -> Result<Vec<&'static dyn Pass>, PipelineError> {
    let pass = |name: &&str| find(name).ok_or_else(|| PipelineError::UnknownPass((*name).into()));
    names.iter().map(pass).collect()
}

/// Runs the named passes in order. `dump` is called after each with its name and the function.
pub fn run(
    names: &[&str],
    function: &mut Function,
    options: &Options,
    dump: &mut dyn FnMut(&'static str, &Function),
) -> Result<Vec<Run>, PipelineError> {
    run_passes(&lookup(names)?, function, options, dump)
}

/// [`run`] for passes already looked up.
pub fn run_passes(
    passes: &[&'static dyn Pass],
    function: &mut Function,
    options: &Options,
    dump: &mut dyn FnMut(&'static str, &Function),
) -> Result<Vec<Run>, PipelineError> {
    let check = |function: &Function, pass| match options.check {
        Some(check) => check(function).map_err(|message| PipelineError::Invalid { pass, message }),
        None => Ok(()),
    };
    check(function, None)?;
    let enabled = passes
        .iter()
        .filter(|pass| !options.disabled.iter().any(|n| n == pass.name()));
    let mut runs = Vec::new();
    for pass in enabled.take(options.limit.unwrap_or(usize::MAX)) {
        let start = Instant::now();
        pass.run(function);
        runs.push(Run {
            pass: pass.name(),
            time: start.elapsed(),
        });
        dump(pass.name(), function);
        check(function, Some(pass.name()))?;
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends its letter to the function's name.
    struct Letter(&'static str);

    impl Pass for Letter {
        fn name(&self) -> &'static str {
            self.0
        }

        fn run(&self, function: &mut Function) {
            function.name.push_str(self.0);
        }
    }

    const LETTERS: [&dyn Pass; 3] = [&Letter("a"), &Letter("b"), &Letter("c")];

    fn run_letters(options: &Options) -> (String, Result<Vec<Run>, PipelineError>) {
        let mut function = Function::new("");
        let result = run_passes(&LETTERS, &mut function, options, &mut |_, _| {});
        (function.name, result)
    }

    #[test]
    fn passes_run_in_order_and_switch_off_by_name() {
        assert_eq!(run_letters(&Options::default()).0, "abc");
        let options = Options {
            disabled: vec!["b".to_owned()],
            ..Options::default()
        };
        let (name, runs) = run_letters(&options);
        assert_eq!(name, "ac");
        assert_eq!(
            runs.unwrap().iter().map(|run| run.pass).collect::<Vec<_>>(),
            ["a", "c"]
        );
    }

    #[test]
    fn a_limit_stops_after_that_many_runs() {
        let options = Options {
            limit: Some(2),
            ..Options::default()
        };
        assert_eq!(run_letters(&options).0, "ab");
    }

    #[test]
    fn a_failing_check_names_the_pass() {
        fn no_b(function: &Function) -> Result<(), String> {
            if function.name.contains('b') {
                Err("a b".to_owned())
            } else {
                Ok(())
            }
        }
        let options = Options {
            check: Some(no_b),
            ..Options::default()
        };
        let (name, result) = run_letters(&options);
        assert_eq!(name, "ab");
        assert_eq!(result.unwrap_err().to_string(), "invalid HIR after b: a b");
    }

    #[test]
    fn the_pipeline_names_passes() {
        assert_eq!(
            lookup(PIPELINE).map(|passes| passes.len()),
            Ok(PIPELINE.len())
        );
    }

    #[test]
    fn an_unknown_pass_is_an_error() {
        let error = run(
            &["nonsense"],
            &mut Function::new("f"),
            &Options::default(),
            &mut |_, _| {},
        );
        assert_eq!(
            error.unwrap_err(),
            PipelineError::UnknownPass("nonsense".to_owned())
        );
    }
}
