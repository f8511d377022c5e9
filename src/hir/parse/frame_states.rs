//! Frame states and their slots, read.

use super::super::frame_state::{
    Consumer, Consumption, FrameState, Operation, Shared, Slot, Stage, VirtualObject, Waits,
};
use super::super::ids::{CodeId, ValueId};
use super::cursor::Cursor;
use super::{Parser, Reference, Result};
use crate::abi::helpers::HelperId;

impl Parser {
    pub(super) fn frame_state(&mut self, cursor: &mut Cursor<'_>) -> Result<FrameState> {
        let code = cursor.id(CodeId::PREFIX).map(CodeId::new)?;
        self.refer(Reference::Code(code));
        cursor.expect("@")?;
        let offset: u32 = cursor.number()?;
        let next = if cursor.eat_word("next") {
            cursor.number()?
        } else {
            offset.saturating_add(1)
        };
        let [locals, stack] = self.slots(cursor)?;
        let parent = if cursor.eat_word("parent") {
            Some(self.state_id(cursor)?)
        } else {
            None
        };
        let waits = if cursor.eat_word("constructs") {
            Waits::Construct
        } else if cursor.eat_word("iterates") {
            let exit = cursor.number()?;
            Waits::Iterate { exit }
        } else if cursor.eat_word("operates") {
            let word = cursor.word()?;
            let helper =
                HelperId::from_name(word).ok_or_else(|| format!("`{word}` is no helper"))?;
            Waits::Operate(Operation {
                helper,
                truth: cursor.eat_word("truth"),
                inverse: cursor.eat_word("inverse"),
            })
        } else {
            Waits::Call
        };
        let generator = if cursor.eat_word("runs") {
            Some(cursor.id("g")? as u32)
        } else {
            None
        };
        let consumed = if cursor.eat_word("for") {
            let word = cursor.word()?;
            let by = Consumer::ALL.iter().find(|by| by.name() == word);
            let by = *by.ok_or_else(|| format!("`{word}` takes no items"))?;
            let slots = self.list_of_slots(cursor)?;
            Some(Box::new(Consumption { by, slots }))
        } else {
            None
        };
        let mut shared = Vec::new();
        if cursor.eat_word("with") {
            cursor.expect("[")?;
            cursor.list("]", |cursor| {
                let number = cursor.id("g")? as u32;
                shared.push((number, self.shared(cursor)?));
                Ok(())
            })?;
        }
        Ok(FrameState {
            code,
            offset,
            next,
            locals,
            stack,
            parent,
            waits,
            generator,
            consumed,
            shared,
        })
    }

    /// Locals and stack.
    fn slots(&mut self, cursor: &mut Cursor<'_>) -> Result<[Vec<Slot>; 2]> {
        let mut lists = [Vec::new(), Vec::new()];
        for (word, slots) in ["locals", "stack"].into_iter().zip(&mut lists) {
            if cursor.eat_word(word) {
                *slots = self.list_of_slots(cursor)?;
            }
        }
        Ok(lists)
    }

    fn list_of_slots(&mut self, cursor: &mut Cursor<'_>) -> Result<Vec<Slot>> {
        let mut slots = Vec::new();
        cursor.expect("[")?;
        cursor.list("]", |cursor| {
            slots.push(self.slot(cursor)?);
            Ok(())
        })?;
        Ok(slots)
    }

    fn shared(&mut self, cursor: &mut Cursor<'_>) -> Result<Shared> {
        let stage = match cursor.word()? {
            "created" => Stage::Created,
            "suspended" => Stage::Suspended,
            "finished" => Stage::Finished,
            "is" => {
                let word = cursor.word()?;
                return self.virtual_object(cursor, word).map(Shared::Iterator);
            }
            "tuple" => return self.list_of_slots(cursor).map(Shared::Tuple),
            "function" => {
                let code = cursor.id(CodeId::PREFIX).map(CodeId::new)?;
                self.refer(Reference::Code(code));
                let closure = self.list_of_slots(cursor)?;
                return Ok(Shared::Function { code, closure });
            }
            word => return Err(format!("`{word}` says nothing of an object")),
        };
        let code = cursor.id(CodeId::PREFIX).map(CodeId::new)?;
        self.refer(Reference::Code(code));
        cursor.expect("@")?;
        let offset = cursor.number()?;
        let [locals, stack] = self.slots(cursor)?;
        Ok(Shared::Generator {
            code,
            offset,
            stage,
            locals,
            stack,
        })
    }

    fn slot(&mut self, cursor: &mut Cursor<'_>) -> Result<Slot> {
        if cursor.eat("-") {
            return Ok(Slot::Null);
        }
        if cursor.at_id(ValueId::PREFIX) {
            let value = self.value_id(cursor)?;
            if cursor.eat("?") {
                return Ok(Slot::Maybe {
                    value,
                    bound: self.value_id(cursor)?,
                });
            }
            return Ok(Slot::Value(value));
        }
        if let Some(number) = cursor.eat_id("g") {
            return Ok(Slot::Shared(number as u32));
        }
        let unexpected = cursor.unexpected(
            "expected a slot: `-`, `vN`, `vN?vN`, `gN`, `result`, `range(..)`, `range_iter(..)`, \
             `seq_iter(..)`, `enumerate(..)` or `zip(..)`",
        );
        let word = cursor.word().map_err(|_| unexpected.clone())?;
        if word == "result" {
            return Ok(Slot::Result);
        }
        if !cursor.clone().eat("(") {
            return Err(unexpected);
        }
        let object = self.virtual_object(cursor, word)?;
        Ok(Slot::Virtual(Box::new(object)))
    }

    /// Behind the word that says what it is.
    fn virtual_object(&mut self, cursor: &mut Cursor<'_>, word: &str) -> Result<VirtualObject> {
        cursor.expect("(")?;
        let object = match word {
            "range" | "range_iter" => {
                let first = self.value_id(cursor)?;
                cursor.expect(",")?;
                let stop = self.value_id(cursor)?;
                cursor.expect(",")?;
                let step = self.value_id(cursor)?;
                if word == "range" {
                    VirtualObject::Range {
                        start: first,
                        stop,
                        step,
                    }
                } else {
                    VirtualObject::RangeIterator {
                        next: first,
                        stop,
                        step,
                    }
                }
            }
            "seq_iter" => {
                let sequence = self.value_id(cursor)?;
                cursor.expect(",")?;
                VirtualObject::SequenceIterator {
                    sequence,
                    index: self.value_id(cursor)?,
                }
            }
            "enumerate" => {
                let count = self.value_id(cursor)?;
                cursor.expect(",")?;
                VirtualObject::Enumerate {
                    count,
                    inner: self.slot(cursor)?,
                }
            }
            "zip" => {
                let mut inner = Vec::new();
                cursor.list(")", |cursor| {
                    inner.push(self.slot(cursor)?);
                    Ok(())
                })?;
                return Ok(VirtualObject::Zip { inner });
            }
            _ => return Err(format!("`{word}` is no object in pieces")),
        };
        cursor.expect(")")?;
        Ok(object)
    }
}
