//! Is a function well-formed? Every pass leaves HIR that passes.
//!
//! **Structure** (`structure`; when these fail nothing else is looked at)
//! * Every id refers to an existing row; a value's definition points back at it; an instruction is in
//!   one block, a block in the layout once; chains of parent states end.
//! * The entry block is first in the layout, and nothing jumps to it. Every block of the layout can
//!   be reached and ends with a terminator whose targets are in the layout.
//!
//! **SSA** (`ssa`)
//! * A value is defined on every path to its uses: operands, edge arguments, and the frame states of
//!   an instruction, which are taken before it (its own result is not there yet).
//!
//! **Types** (`types`)
//! * A value's classes and range fit its representation; a result is one the op can give.
//! * Number, representation and class of operands are those of the op's row, of the helper's row, of
//!   the callee; of edge arguments those of the block parameters. Ranges of edge arguments are not
//!   compared: a range may follow from the path.
//! * A result is there exactly if the op has one; that of a helper may be left out unless it is boxed.
//! * A branch tests a bool; a return has the function's representation.
//!
//! **Leaving** (`deopt`)
//! * There is an exit state exactly if the op may exit, a throw state exactly if it may raise, an
//!   `after` state exactly for `call_native` (and maybe for `call_object`).
//! * A frame state has as many locals as its code; its slots hold no pointer and no NULL constant;
//!   parts of virtual objects are ints (the sequence boxed), conditions bools. `result` stands only in
//!   the innermost frame of an `after` state.
//! * On every path to an instruction (or terminator) that exits to a state, there is a `snapshot` of
//!   that state with no write to any heap behind it (`Function::effects_of`: also the death of an object
//!   that a `keep_alive` marks). So leaving to it does nothing twice.
//! * A machine pointer is used only while the shapes it was read from are unchanged on every path.
//!
//! Frame states that nothing refers to may say anything.

use super::function::{Function, Terminator};
use super::ids::{BlockId, FrameStateId, InstrId};
use super::print;

mod deopt;
mod flow;
mod ssa;
mod structure;
mod types;

#[cfg(test)]
mod tests;

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The line of the text format it stands in.
    pub place: String,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in `{}`", self.message, self.place)
    }
}

/// Checks all rules; the errors in order of the text.
pub fn verify(function: &Function) -> Result<(), Vec<VerifyError>> {
    let mut errors = Errors {
        function,
        list: Vec::new(),
    };
    structure::check(function, &mut errors);
    if errors.list.is_empty() {
        ssa::check(function, &mut errors);
        types::check(function, &mut errors);
        deopt::check(function, &mut errors);
    }
    if errors.list.is_empty() {
        Ok(())
    } else {
        Err(errors.list)
    }
}

/// [`verify`] with all errors in one text, for `passes::pipeline`.
pub fn check(function: &Function) -> Result<(), String> {
    verify(function).map_err(|errors| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

/// What an error is about.
#[derive(Clone, Copy)]
enum Place {
    Function,
    State(FrameStateId),
    Block(BlockId),
    Instr(InstrId),
    Terminator(BlockId),
}

struct Errors<'a> {
    function: &'a Function,
    list: Vec<VerifyError>,
}

impl Errors<'_> {
    fn add(&mut self, place: Place, message: impl Into<String>) {
        let function = self.function;
        let place = match place {
            Place::Function => print::print_head(function),
            Place::State(id) => match function.frame_states.get(id.index()) {
                Some(state) => print::print_frame_state(id, state),
                None => id.to_string(),
            },
            Place::Block(id) if id == function.entry => format!("{id}:"),
            Place::Block(id) => match function.blocks.get(id.index()) {
                Some(block) => print::print_block_head(function, id, block),
                None => id.to_string(),
            },
            Place::Instr(id) => print::print_instr(function, id),
            Place::Terminator(id) => print::print_terminator(&function.block(id).terminator),
        };
        self.list.push(VerifyError {
            place,
            message: message.into(),
        });
    }
}

/// States the terminator leaves to.
fn terminator_state(terminator: &Terminator) -> Option<FrameStateId> {
    match terminator {
        Terminator::Exit { state, .. } => Some(*state),
        _ => None,
    }
}
