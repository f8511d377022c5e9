//! HIR to HIR: one pass per file, one row per pass in [`PASSES`].
//!
//! Invariants: a pass is a function of the HIR alone (no state between runs), it leaves HIR that
//! verifies, and it never removes or reorders what a Python program could observe. Its name is the
//! same in dumps, timers, options and tests.
#![forbid(unsafe_code)]

use crate::hir::Function;

pub mod bounds_hoist;
pub mod clean_cfg;
pub mod clean_params;
pub mod copy;
pub mod dead_code;
pub mod edit;
pub mod entry_guards;
pub mod guard_elim;
pub mod gvn;
pub mod hash;
pub mod idle_drops;
pub mod invariant_division;
pub mod last_values;
pub mod licm;
pub mod list_swaps;
pub mod loop_unroll;
pub mod ownership;
pub mod pipeline;
pub mod quiet_calls;
pub mod range_checks;
pub mod simplify;
pub mod str_append;
pub mod wrap_masked;

/// A transformation of one function.
pub trait Pass: Sync {
    /// Name in dumps, timers, options and tests: `guard-elim` for `GuardElim` in `guard_elim.rs`.
    fn name(&self) -> &'static str;
    /// Transforms the function.
    fn run(&self, function: &mut Function);
}

/// Every pass. The order means nothing; `pipeline` says what runs when.
pub const PASSES: &[&dyn Pass] = &[
    &bounds_hoist::BoundsHoist,
    &clean_cfg::CleanCfg,
    &clean_params::CleanParams,
    &dead_code::DeadCode,
    &dead_code::DeadSnapshots,
    &entry_guards::EntryGuards,
    &guard_elim::GuardElim,
    &gvn::Gvn,
    &idle_drops::IdleDrops,
    &invariant_division::InvariantDivision,
    &last_values::LastValues,
    &licm::Licm,
    &list_swaps::ListSwaps,
    &loop_unroll::LoopUnroll,
    &ownership::Ownership,
    &quiet_calls::QuietCalls,
    &range_checks::RangeChecks,
    &wrap_masked::WrapMasked,
    &simplify::Simplify,
    &str_append::StrAppend,
];

/// The pass with that name.
pub fn find(name: &str) -> Option<&'static dyn Pass> {
    PASSES.iter().copied().find(|pass| pass.name() == name)
}
