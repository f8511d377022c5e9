//! Functions that are called where they are made: those of generator expressions, and of comprehensions on 3.11.
//!
//! Between MAKE_FUNCTION and the call the function is an object in pieces, and so is the tuple of its cells.

use std::rc::Rc;

use crate::bytecode::{Code, Op as Bytecode};

use super::item::Item;
use super::shared::SharedItem;
use super::{CalleeFacts, FunctionHandle, Lifter, ObjectFact, ObjectKind, Step};

/// Names of such functions.
const NAMES: [&str; 4] = ["<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>"];

impl Lifter<'_> {
    /// The function of that code, if it is one that is called at once and can be lifted in place.
    fn called_at_once(&mut self, object: &ObjectFact) -> Option<(FunctionHandle, CalleeFacts)> {
        if !matches!(object.kind, ObjectKind::Other) {
            return None;
        }
        let key = self.world.key_of_code(object.handle)?;
        let (handle, _) = self.world.function_with_code(key)?;
        let callee = self.world.callee(handle)?;
        let name = callee.name.rsplit('.').next().unwrap_or_default();
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let fits = NAMES.contains(&name)
            && callee.may_be_inlined
            && !self
                .knowledge
                .not_inlined
                .contains(&(path, self.instr.offset));
        fits.then_some((handle, callee))
    }

    /// BUILD_TUPLE of the cells of a function that is called at once.
    pub(super) fn closure_in_pieces(&mut self, count: u32) -> Step<bool> {
        let code = self.context.code.clone();
        let length = self.frame.stack.len();
        let Some(first) = length.checked_sub(count as usize) else {
            return Ok(false);
        };
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let call = (path, self.instr.offset);
        let cells = self.frame.stack[first..].to_vec();
        let all = cells.iter().all(|item| matches!(item, Item::Value(_)));
        if !all || self.snapshot.is_none() || self.knowledge.not_inlined.contains(&call) {
            return Ok(false);
        }
        let Some(constant) = becomes_closure(&code, self.instr.next) else {
            return Ok(false);
        };
        let object = self.world.constant(self.context.handle, constant);
        if self.called_at_once(&object).is_none() {
            return Ok(false);
        }
        self.frame.stack.truncate(first);
        let number = self.new_number();
        let object = Rc::new(SharedItem::Tuple(cells));
        self.frame.heap.insert(number, object);
        self.frame.stack.push(Item::Shared(number));
        Ok(true)
    }

    /// MAKE_FUNCTION of such a function.
    pub(super) fn function_in_pieces(&mut self, attributes: u32) -> Step<bool> {
        let Some(Item::Value(code)) = self.frame.stack.last().cloned() else {
            return Ok(false);
        };
        let later = self.attributes_at_once();
        if attributes & !8 != 0 || later.iter().any(|bit| *bit != 8) || self.snapshot.is_none() {
            return Ok(false);
        }
        let has_closure = attributes & 8 != 0 || !later.is_empty();
        let below = self.frame.stack.len().checked_sub(2);
        let closure = below.and_then(|index| self.frame.stack.get(index)).cloned();
        let cells = match (has_closure, closure) {
            (false, _) => Vec::new(),
            (true, Some(Item::Shared(number))) => {
                match self.frame.heap.get(&number).map(Rc::as_ref) {
                    Some(SharedItem::Tuple(cells)) => cells.clone(),
                    _ => return Ok(false),
                }
            }
            _ => return Ok(false),
        };
        let Some(object) = self.objects.get(&code).cloned() else {
            return Ok(false);
        };
        let Some((handle, callee)) = self.called_at_once(&object) else {
            return Ok(false);
        };
        if callee.bytes.nfreevars as usize != cells.len() {
            return Ok(false);
        }
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        self.pop()?;
        if has_closure && let Item::Shared(tuple) = self.pop()? {
            self.frame.heap.remove(&tuple);
        }
        self.attributes_set += later.len() as u32;
        let number = self.new_number();
        let context = self.add_code(handle, callee.bytes.clone(), callee.code.clone(), path);
        let object = Rc::new(SharedItem::Function(context, cells));
        self.frame.heap.insert(number, object);
        self.frame.stack.push(Item::Shared(number));
        Ok(true)
    }

    /// A call of a function in pieces; `None` if it is none.
    pub(super) fn call_in_pieces(&mut self, number: u32, args: &[Item]) -> Step<Option<Item>> {
        let (context, cells) = match self.frame.heap.get(&number).map(Rc::as_ref) {
            Some(SharedItem::Function(context, cells)) => (context.clone(), cells.clone()),
            _ => return Ok(None),
        };
        let Some(callee) = self.world.callee(context.handle) else {
            return Ok(None);
        };
        let handle = context.handle;
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let call = (path.clone(), self.instr.offset);
        // The function itself is known to nobody else.
        let result = if callee.bytes.is_generator() {
            if !self.may_be_in_pieces(handle, &callee, &call) {
                return Ok(None);
            }
            let args = args.to_vec();
            self.new_generator(handle, &callee, args, path, Some(cells))?
        } else {
            if !self.may_be_inlined_here(handle, &callee, &call) {
                return Ok(None);
            }
            self.inline_code(
                handle,
                &callee,
                args.to_vec(),
                path,
                Some(cells),
                &super::calls::Wanted::Result,
            )?
        };
        self.release_shared(number)?;
        Ok(Some(result))
    }
}

/// Do the instructions from here on make a function with the tuple on top of the stack as its closure?
/// The constant that is their code.
fn becomes_closure(code: &Code, next: u32) -> Option<u32> {
    let index = code.instr_at(next)?;
    let op = |behind: usize| code.instrs.get(index + behind).map(|instr| &instr.op);
    let makes = match op(1)? {
        Bytecode::MakeFunction { attributes: 8 } => true,
        Bytecode::MakeFunction { attributes: 0 } => {
            matches!(op(2), Some(Bytecode::SetFunctionAttribute { attribute: 8 }))
        }
        _ => false,
    };
    match op(0)? {
        Bytecode::LoadConst(constant) if makes => Some(*constant),
        _ => None,
    }
}
