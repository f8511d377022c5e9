//! What is read out of specialised opcodes and inline caches, on captured code of every version.

#[path = "decode/captured.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod captured;

use std::collections::BTreeSet;

use brolga::bytecode::{BinaryOperator, Hint, Instr, Op, Version};
use brolga::feedback::ColdBlocks;
use captured::{Captured, captured};

#[test]
fn specialised_instructions_give_hints() {
    for captured in captured() {
        let label = captured.label();
        let code = captured.decode();
        for fact in &captured.facts {
            let name = fact.adaptive_name.as_str();
            let at = |instr: &&Instr| instr.offset <= fact.unit && fact.unit <= instr.at;
            let hints: Vec<Hint> = code
                .instrs
                .iter()
                .filter(at)
                .map(|instr| instr.hint)
                .collect();
            let silent = name == fact.name
                || name.contains("__")
                || name.ends_with("_QUICK")
                || name.ends_with("_IMMORTAL")
                || name.ends_with("_MORTAL")
                || name.ends_with("_JIT")
                || name == "RESUME_CHECK";
            if silent {
                let expected = |hint: &Hint| match hint {
                    Hint::None | Hint::NeverRan | Hint::Generic | Hint::Branch { .. } => true,
                    // A call has one hint for all its instructions.
                    _ => is_part_of_call(&fact.name),
                };
                assert!(hints.iter().all(expected), "{label}: {name}: {hints:?}");
            } else {
                let spoken = hints
                    .iter()
                    .any(|hint| !matches!(hint, Hint::None | Hint::NeverRan));
                assert!(spoken, "{label}: {name} at {} is without a hint", fact.unit);
            }
        }
    }
}

fn is_part_of_call(name: &str) -> bool {
    matches!(
        name,
        "KW_NAMES" | "PRECALL" | "CALL" | "LOAD_CONST" | "CALL_KW"
    )
}

/// What the interpreter saw in functions that `capture.py` called sixty times, as far as all versions
/// tell it.
#[test]
fn warm_functions_tell_their_types() {
    let mut checked = 0;
    for captured in captured().iter().filter(|captured| captured.warm) {
        let version = captured.bytes.version;
        for instr in captured.decode().instrs {
            let expected = match (captured.bytes.name.as_str(), instr.op) {
                ("arithmetic_int", Op::BinaryOp { op, .. }) => match op {
                    BinaryOperator::FloorDivide | BinaryOperator::Remainder => Hint::None,
                    _ => Hint::Int,
                },
                ("arithmetic_float", Op::BinaryOp { op, .. }) => match op {
                    BinaryOperator::TrueDivide => Hint::None,
                    _ => Hint::Float,
                },
                (
                    "arithmetic_str",
                    Op::BinaryOp {
                        op: BinaryOperator::Add,
                        inplace,
                    },
                ) => {
                    if inplace {
                        Hint::StrInplace
                    } else {
                        Hint::Str
                    }
                }
                ("branch_int", Op::Compare { .. }) => Hint::CompareInt,
                ("branch_float", Op::Compare { .. }) => Hint::CompareFloat,
                // 3.11 specialises a comparison only when a jump follows, which it does here.
                ("branch_str", Op::Compare { .. }) => Hint::CompareStr,
                ("loop_range", Op::ForIter { .. }) if version > Version::V3_11 => {
                    Hint::ForIterRange
                }
                ("loop_list", Op::ForIter { .. }) if version > Version::V3_11 => Hint::ForIterList,
                ("loop_tuple", Op::ForIter { .. }) if version > Version::V3_11 => {
                    Hint::ForIterTuple
                }
                ("never_reached", Op::LoadMethod { .. }) => match version {
                    Version::V3_11 => Hint::NotSinceWarm,
                    _ => Hint::NeverRan,
                },
                _ => continue,
            };
            assert_eq!(instr.hint, expected, "{}: {instr:?}", captured.label());
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} hints checked");
}

/// The lines, counted from that of `def`, that only cold blocks have.
fn cold_lines(captured: &Captured) -> Vec<u32> {
    let code = captured.decode();
    let cold = ColdBlocks::of(&code);
    assert!(
        !cold.is_cold(0),
        "{}: the entry is never cold",
        captured.label()
    );
    let lines = |want: bool| -> BTreeSet<u32> {
        let matching = code
            .instrs
            .iter()
            .filter(|instr| cold.is_cold(instr.offset) == want);
        matching.filter_map(|instr| code.line(instr.at)).collect()
    };
    let first = captured.bytes.firstlineno;
    lines(true)
        .difference(&lines(false))
        .map(|line| line - first)
        .collect()
}

#[test]
fn blocks_that_never_ran_are_cold() {
    for captured in captured().iter().filter(|captured| captured.warm) {
        let expected: &[u32] = match captured.bytes.name.as_str() {
            // The clause for exceptions that did not come.
            "try_except" => &[5, 6],
            // `if flag:`, and it was false.
            "globals_and_names" => &[3],
            // `if i < 0:` in a loop over a range.
            "never_reached" => &[4, 5],
            // What follows the case that matched, and a guard before. (Lines 3 and 7 did not run
            // either, but have only instructions without counters.)
            "match_values" => &[5, 9, 13, 14, 15, 16, 17, 18, 19, 20, 21],
            _ => &[],
        };
        assert_eq!(cold_lines(captured), expected, "{}", captured.label());
    }
}

#[test]
fn code_that_did_not_run_yet_has_no_cold_blocks() {
    for captured in captured().iter().filter(|captured| !captured.warm) {
        let cold = cold_lines(captured);
        assert!(cold.is_empty(), "{}: {cold:?}", captured.label());
    }
}
