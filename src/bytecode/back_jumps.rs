//! A quick look at raw code: does it jump backwards? Asked of every function that is called under
//! `jit.enable()`, so nothing is copied or decoded; [`decode`](super::decode) gives the exact answer.

use super::code::Version;
use super::opcode::Opcode;
use super::tables;

/// False if the adaptive code of that version certainly has no loop.
pub fn may_jump_back(version: Version, adaptive: &[u8]) -> bool {
    let table = tables::of(version);
    let mut unit = 0;
    while let Some(&number) = adaptive.get(2 * unit) {
        let Some(row) = table[usize::from(number)] else {
            return true;
        };
        let back = matches!(
            row.base,
            Opcode::JUMP_BACKWARD
                | Opcode::POP_JUMP_BACKWARD_IF_NOT_NONE
                | Opcode::POP_JUMP_BACKWARD_IF_NONE
                | Opcode::POP_JUMP_BACKWARD_IF_FALSE
                | Opcode::POP_JUMP_BACKWARD_IF_TRUE
        );
        // An instruction or line under a monitoring tool hides what it was.
        let hidden = matches!(
            row.opcode,
            Opcode::INSTRUMENTED_LINE | Opcode::INSTRUMENTED_INSTRUCTION | Opcode::ENTER_EXECUTOR
        );
        if back || hidden {
            return true;
        }
        unit += 1 + usize::from(row.caches);
    }
    false
}
