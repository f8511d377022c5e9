//! Graphs for the unit tests of the analyses.

use crate::abi::exit_reason::ExitReason;
use crate::hir::frame_state::FrameState;
use crate::hir::{BlockId, CodeId, Edge, Function, IntRange, Op, Origin, Repr, Terminator, Type};

/// A function whose block `i` goes to the blocks `edges[i]` (none: leaves for good).
pub fn graph(edges: &[&[usize]]) -> Function {
    let mut function = Function::new("graph");
    while function.blocks.len() < edges.len() {
        function.add_block();
    }
    let origin = Origin {
        code: CodeId::new(0),
        offset: 0,
    };
    let known = Some((Type::BOOL, Repr::Bool, IntRange::I64));
    let condition = function.add_instr(Op::ConstBool(true), &[], known, origin);
    let entry = function.entry;
    function.block_mut(entry).instrs.push(condition);
    let condition = function
        .instr(condition)
        .result
        .expect("a constant has a value");
    let state = function.add_frame_state(FrameState::new(CodeId::new(0), 0, 1));
    let edge = |block: usize| Edge {
        block: BlockId::new(block),
        args: Vec::new(),
    };
    for (block, successors) in edges.iter().enumerate() {
        function.blocks[block].terminator = match **successors {
            [] => Terminator::Exit {
                reason: ExitReason::Forced,
                state,
            },
            [one] => Terminator::Jump(edge(one)),
            [then, otherwise] => Terminator::Branch {
                condition,
                then: edge(then),
                otherwise: edge(otherwise),
            },
            _ => panic!("a block has at most two successors"),
        };
    }
    function
}

/// The first `N` block ids.
pub fn ids<const N: usize>() -> [BlockId; N] {
    std::array::from_fn(BlockId::new)
}
