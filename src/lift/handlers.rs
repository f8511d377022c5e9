//! Exceptions that are raised and caught within one function, without the exception.
//!
//! Where an operation fails (division by zero, an index out of range) inside of `try`, and the handler matches
//! a class (or catches everything), does not look at the exception, and computes with numbers until the
//! exception is done with, the way from the operation to `POP_EXCEPT` is lifted as a branch. Nobody can see that
//! there was no exception: no code of others runs on this way, and every guard on it leaves to before the
//! operation, which then raises in the interpreter.
//!
//! A handler that does more is found out on the way: the function is lifted again, with the operation leaving
//! as it does outside of `try`.

use crate::abi::exit_reason::ExitReason;
use crate::bytecode::{Code, Condition, Op as Bytecode};
use crate::feedback::shows_running;
use crate::hir::attributes::Cond;
use crate::hir::{BlockId, FrameStateId, Op, Repr, Terminator, ValueId};

use super::control::Schedule;
use super::item::Item;
use super::{Frame, Lifter, NoteKind, Step, Stop};

/// The builtin exceptions that operations raise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Raised {
    /// `ZeroDivisionError`
    ZeroDivision,
    /// `IndexError`
    Index,
    /// `KeyError`
    Key,
}

/// An operation that failed inside of `try`; what follows is lifted when the operation itself is.
pub(super) struct Caught {
    raised: Raised,
    block: BlockId,
    frame: Frame,
    /// Of the instruction, if it is not in the frame yet.
    operands: Vec<Item>,
    snapshot: Option<FrameStateId>,
}

impl Lifter<'_> {
    /// The current instruction, with these operands popped, raises where `failed` holds: goes to the handler if
    /// there is one that needs no exception. Else nothing is emitted, and the operation has to check.
    fn raise_if(&mut self, failed: ValueId, raised: Raised, operands: &[Item]) {
        let fails = self.new_block();
        let goes_on = self.new_block();
        self.set_branch(failed, fails, goes_on);
        self.caught.push(Caught {
            raised,
            block: fails,
            frame: self.frame.clone(),
            operands: operands.to_vec(),
            snapshot: self.snapshot,
        });
        self.block = goes_on;
    }

    /// May the current instruction's exception be caught by a branch?
    pub(super) fn is_caught(&self) -> bool {
        let Some(handler) = self.context.code.handler(self.instr.at) else {
            return false;
        };
        let key = (self.context.path.clone(), handler.target);
        self.handling.is_none()
            && self.instr.micro == 0
            && self.snapshot.is_some()
            && !handler.lasti
            && !self.knowledge.uncaught.contains(&key)
            && !looks_at_exception(&self.context.code, handler.target)
    }

    /// Before a division of machine numbers.
    pub(super) fn catch_zero_division(&mut self, divisor: ValueId, operands: &[Item]) -> Step {
        if !self.is_caught() {
            return Ok(());
        }
        let (zero, op) = match self.repr(divisor) {
            Repr::F64 => (
                self.float(Op::ConstF64(0.0.into()), &[])?,
                Op::FloatCmp(Cond::Eq),
            ),
            Repr::I64 => {
                let range = self.range(divisor);
                if range.low > 0 || range.high < 0 {
                    return Ok(());
                }
                (self.const_int(0)?, Op::IntCmp(Cond::Eq))
            }
            _ => return Ok(()),
        };
        let failed = self.boolean(op, &[divisor, zero])?;
        self.raise_if(failed, Raised::ZeroDivision, operands);
        Ok(())
    }

    /// Before an item of a sequence is used; the index counts from the start, the length is not negative.
    pub(super) fn catch_index(
        &mut self,
        index: ValueId,
        length: ValueId,
        operands: &[Item],
    ) -> Step {
        if !self.is_caught() {
            return Ok(());
        }
        let mut failed = self.boolean(Op::IntCmp(Cond::Ge), &[index, length])?;
        if !self.is_non_negative(index) {
            let zero = self.const_int(0)?;
            let negative = self.boolean(Op::IntCmp(Cond::Lt), &[index, zero])?;
            failed = self.boolean(Op::BoolOr, &[failed, negative])?;
        }
        self.raise_if(failed, Raised::Index, operands);
        Ok(())
    }

    /// Behind a look-up that gave `missing` where there is nothing.
    pub(super) fn catch_missing(
        &mut self,
        found: ValueId,
        missing: ValueId,
        operands: &[Item],
    ) -> Step {
        let failed = self.boolean(Op::IsSame, &[found, missing])?;
        self.raise_if(failed, Raised::Key, operands);
        Ok(())
    }

    /// Lifts what follows the failures of the current instruction.
    pub(super) fn lift_caught(&mut self, schedule: &mut Schedule) -> Step {
        while let Some(caught) = self.caught.pop() {
            let saved = (self.block, self.frame.clone(), self.snapshot, self.instr);
            let (depth, statement_start) = (self.depth, self.statement_start);
            self.lift_one_caught(schedule, caught)?;
            (self.block, self.frame, self.snapshot, self.instr) = saved;
            (self.depth, self.statement_start) = (depth, statement_start);
        }
        Ok(())
    }

    fn lift_one_caught(&mut self, schedule: &mut Schedule, caught: Caught) -> Step {
        let raising = self.instr;
        let Some(handler) = self.context.code.handler(raising.at).copied() else {
            return Err(self.refuse("internal: no handler"));
        };
        self.block = caught.block;
        self.frame = caught.frame;
        self.snapshot = caught.snapshot;
        self.frame.stack.extend(caught.operands);
        if self.frame.stack.len() != self.depth {
            let name = self.instr.opname;
            return Err(self.refuse(format!(
                "internal: {name} raises without some of its operands"
            )));
        }
        let state = self.capture();
        if self.is_cold(handler.target) && !self.left_for(ExitReason::ColdBranch) {
            self.function.block_mut(self.block).terminator = Terminator::Exit {
                reason: ExitReason::ColdBranch,
                state,
            };
            return Ok(());
        }
        self.handling = Some(handler.target);
        self.frame.stack.truncate(handler.depth as usize);
        self.frame.stack.push(Item::Null);
        let result = self.lift_handler(schedule, caught.raised, handler.target);
        self.handling = None;
        match result {
            Ok(()) | Err(Stop::PathEnds) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// Did the handler never run? Its first look-up tells.
    fn is_cold(&self, target: u32) -> bool {
        let code = &self.context.code;
        let first = code.instr_at(target).unwrap_or(code.instrs.len());
        let mut hints = code.instrs[first..].iter().take(4).map(|instr| instr.hint);
        !hints.any(shows_running)
    }

    /// From the handler's start to where the exception is done with, and what follows to the end of its block.
    /// Null stands for the exception, and for the one that was handled before.
    fn lift_handler(&mut self, schedule: &mut Schedule, raised: Raised, start: u32) -> Step {
        let code = self.context.code.clone();
        let find = |lifter: &Self, offset| {
            code.instr_at(offset)
                .ok_or_else(|| lifter.refuse("internal: a jump between instructions"))
        };
        let mut index = find(self, start)?;
        // Straight on or to jumps ahead: an end is reached.
        loop {
            self.instr = code.instrs[index];
            self.depth = self.frame.stack.len();
            index += 1;
            match self.instr.op {
                Bytecode::PushExcInfo => self.frame.stack.push(Item::Null),
                Bytecode::CheckExcMatch => self.check_match(1, raised)?,
                Bytecode::BuildTuple(count)
                    if code
                        .instrs
                        .get(index)
                        .is_some_and(|next| next.op == Bytecode::CheckExcMatch) =>
                {
                    index += 1;
                    self.check_match(count, raised)?;
                }
                Bytecode::PopJumpIf {
                    condition, target, ..
                } => {
                    let item = self.pop()?;
                    let known = match item {
                        Item::Value(value) => match self.function.defining_op(value) {
                            Some(Op::ConstBool(known)) => Some(known),
                            _ => None,
                        },
                        _ => None,
                    };
                    let jumps = match (condition, known) {
                        (Condition::True, Some(known)) => known,
                        (Condition::False, Some(known)) => !known,
                        _ => return Err(self.not_caught()),
                    };
                    if jumps && target > self.instr.offset {
                        index = find(self, target)?;
                    } else if jumps {
                        return Err(self.not_caught());
                    }
                }
                Bytecode::Jump { target } if target > self.instr.offset => {
                    index = find(self, target)?;
                }
                Bytecode::PopExcept => {
                    if !matches!(self.pop()?, Item::Null) {
                        return Err(self.not_caught());
                    }
                    break;
                }
                Bytecode::PopTop => {
                    let item = self.pop()?;
                    self.release(&item)?;
                }
                Bytecode::StoreFast(_) if matches!(self.frame.stack.last(), Some(Item::Null)) => {
                    return Err(self.not_caught());
                }
                op if computes(&op) => {
                    if self.step(schedule)? {
                        return Err(self.not_caught());
                    }
                }
                _ => return Err(self.not_caught()),
            }
        }
        // The exception is gone: the frame is the interpreter's again.
        self.handling = None;
        self.note(NoteKind::Native, "caught without an exception");
        self.snapshot = None;
        let Some(next) = code.instrs.get(index) else {
            return Err(self.refuse("internal: control runs over the end of the code"));
        };
        let starts = &self.context.scan.block_starts;
        if starts.binary_search(&next.offset).is_ok() {
            return self.go_to(schedule, next.offset);
        }
        let outer = self.tail_of.replace(start);
        let result = self.lift_to_end(schedule, index);
        self.tail_of = outer;
        result
    }

    /// Does one of so many classes on the operand stack match?
    fn check_match(&mut self, count: u32, raised: Raised) -> Step {
        let mut matches = false;
        for class in self.pop_many(count as usize)? {
            let handle = match class {
                Item::Value(value) => self.objects.get(&value).map(|object| object.handle),
                _ => None,
            };
            let Some(one) = handle.and_then(|handle| self.world.catches(handle, raised)) else {
                return Err(self.not_caught());
            };
            matches |= one;
        }
        let matches = self.const_bool(matches)?;
        self.push(matches);
        Ok(())
    }

    /// The handler needs the exception after all: lift again, with its operations leaving where they raise. (All
    /// of them, so that there are not more restarts than handlers.)
    pub(super) fn not_caught(&mut self) -> Stop {
        if let Some(handler) = self.handling.or(self.tail_of) {
            let key = (self.context.path.clone(), handler);
            self.knowledge.uncaught.insert(key);
        }
        Stop::Restart
    }
}

/// What a handler may do while its exception is not there.
fn computes(op: &Bytecode) -> bool {
    matches!(
        op,
        Bytecode::Nop
            | Bytecode::LoadConst(_)
            | Bytecode::PushInt(_)
            | Bytecode::LoadFast(_)
            | Bytecode::LoadFastCheck(_)
            | Bytecode::StoreFast(_)
            | Bytecode::LoadGlobal { .. }
            | Bytecode::BinaryOp { .. }
            | Bytecode::UnaryNegative
            | Bytecode::UnaryInvert
            | Bytecode::UnaryNot
            | Bytecode::Compare { .. }
            | Bytecode::Copy(_)
            | Bytecode::Swap(_)
    )
}

/// Does the first clause of the handler at `start` name the exception, or do more than compute? (That saves
/// lifting it in vain; the lifter finds out what this does not see.)
fn looks_at_exception(code: &Code, start: u32) -> bool {
    let first = code.instr_at(start).unwrap_or(code.instrs.len());
    let mut matched = false;
    for instr in &code.instrs[first..] {
        let named = matched && matches!(instr.op, Bytecode::StoreFast(_));
        matched = matches!(instr.op, Bytecode::PopJumpIf { .. });
        match &instr.op {
            Bytecode::PopExcept => return false,
            Bytecode::PushExcInfo
            | Bytecode::CheckExcMatch
            | Bytecode::BuildTuple(_)
            | Bytecode::PopJumpIf { .. }
            | Bytecode::PopTop
            | Bytecode::Jump { .. } => {}
            op if computes(op) && !named => {}
            _ => return true,
        }
    }
    true
}
