//! Making instances of known classes: memory from the runtime, then `__init__` like any known function.
//!
//! Nobody can see the memory before `__init__` runs, so guards behind it may still leave to the state before
//! the call: the interpreter makes another instance, and this one goes.

use crate::abi::helpers::HelperId;
use crate::bytecode::{CodeBytes, ConstView, Op as Bytecode};
use crate::feedback::{ClassKey, SeenClasses};
use crate::hir::{Op, Type, ValueId};

use super::super::item::Item;
use super::super::{CalleeFacts, Constructor, Lifter, ObjectFact, ObjectKind, Step, Stop};
use super::functions::{Wanted, is_inlinable};
use crate::feedback::Fact;

impl Lifter<'_> {
    /// The instance that calling the class makes; `None` if it takes the interpreter.
    pub(super) fn construct(
        &mut self,
        class_object: &ObjectFact,
        key: ClassKey,
        args: &[Item],
        kwnames: Option<u32>,
    ) -> Step<Option<Item>> {
        let mut path = self.context.path.clone();
        path.push(self.instr.offset);
        let call = (path, self.instr.offset);
        if self.snapshot.is_none()
            || self.class_failed()
            || self.knowledge.not_constructed.contains(&call)
        {
            return Ok(None);
        }
        let Some(class) = self.class_id(key) else {
            return Ok(None);
        };
        let handle = self.class_handle(class);
        let init = match self.world.constructor(handle) {
            None => return Ok(None),
            Some(Constructor::Plain) if !args.is_empty() || kwnames.is_some() => return Ok(None),
            Some(Constructor::Plain) => None,
            Some(Constructor::Init(init)) => {
                let ObjectKind::Function(function) = init.kind else {
                    return Ok(None);
                };
                let Some(mut callee) = self.world.callee(function) else {
                    return Ok(None);
                };
                let known = callee.decorated || callee.may_be_inlined && is_inlinable(&callee);
                if !known || !returns_only_none(&callee) {
                    return Ok(None);
                }
                let itself = callee.is_self;
                callee.is_self &= !self.function.in_place;
                let mut all = vec![Item::Null];
                all.extend_from_slice(args);
                match self.bind(function, &callee, &all, kwnames)? {
                    Some(bound) => Some((function, callee, itself, bound)),
                    None => return Ok(None),
                }
            }
        };
        self.emit(Op::GuardVersion(class), &[], None)?;
        let made = self.allocate(class_object, key)?;
        let Some((function, callee, itself, mut bound)) = init else {
            return Ok(Some(Item::Value(made)));
        };
        bound[0] = Item::Value(made);
        match self.call_bound(function, &callee, itself, bound, &Wanted::Instance(made))? {
            Some(item) => Ok(Some(item)),
            None => {
                self.knowledge.not_constructed.insert(call);
                self.restart = true;
                Err(Stop::Restart)
            }
        }
    }

    fn allocate(&mut self, class_object: &ObjectFact, key: ClassKey) -> Step<ValueId> {
        let class = self.object(class_object);
        let made = self.runtime(HelperId::NewInstance, &[class])?;
        let fact = Fact {
            classes: SeenClasses::of(key),
            ..Fact::of(Type::OTHER)
        };
        self.facts.insert(made, fact);
        Ok(made)
    }
}

/// Whatever happens in it, the function returns None or raises.
fn returns_only_none(callee: &CalleeFacts) -> bool {
    let bytes: &CodeBytes = &callee.bytes;
    if bytes.is_generator_like() {
        return false;
    }
    let instrs = &callee.code.instrs;
    let mut before = None;
    instrs.iter().all(|instr| {
        let is_target = || {
            instrs
                .iter()
                .any(|other| other.op.target() == Some(instr.offset))
        };
        let fine = match instr.op {
            Bytecode::ReturnValue => before == Some(true) && !is_target(),
            _ => true,
        };
        before = Some(match instr.op {
            Bytecode::LoadConst(index) => {
                matches!(bytes.consts.get(index as usize), Some(ConstView::None))
            }
            _ => false,
        });
        fine
    })
}
