//! Native code of a function for some argument types, and which calls it takes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use pyo3::prelude::*;

use super::compile::{Compiled, Param};
use super::kind::{Kind, class_of_instance};
use super::observe::{int_class, is_of_class};
use super::trial::Trial;
use crate::feedback::{Fact, IntClass};
use crate::hir::{IntRange, Op, Repr, Type};
use crate::runtime::helpers::int_value;

/// Native code for some argument types.
pub struct Version {
    /// What was compiled.
    pub compiled: Compiled,
    /// What the arguments were.
    pub(super) args: Vec<Fact>,
    /// What it is for.
    pub(super) kind: Kind,
    /// An exit taught something: to be compiled again.
    pub(super) stale: Cell<bool>,
    /// Exits taught something, but too few for a compilation so far.
    pub(super) lessons: Cell<bool>,
    /// Calls from outside do not enter it: only compiled callers do, who save the call of the interpreter.
    pub(super) for_callers: Cell<bool>,
    /// Its calls against interpreted ones, while that is tried.
    pub(super) trial: RefCell<Option<Trial>>,
    /// Has the code a loop?
    pub(super) has_loop: bool,
    /// Nanoseconds a call gains, as its trial found.
    pub(super) gain: Cell<Option<f64>>,
    /// When it was compiled.
    pub(super) since: Instant,
}

/// Does a live argument fit the entry's check?
pub fn accepts_object(param: &Param, object: &Bound<'_, PyAny>) -> bool {
    if let Some((_, class)) = param.class {
        return object.get_type().as_ptr() as u64 == class;
    }
    param.ty == Type::OBJECT
        || is_of_class(object, param.ty)
            && match param.repr {
                Repr::I64 if param.range == IntRange::COMPACT => {
                    int_class(object) == IntClass::Compact
                }
                Repr::I64 => matches!(int_class(object), IntClass::Compact | IntClass::Full),
                Repr::U64 => int_value(object).is_some_and(|value| value >= 0),
                _ => true,
            }
}

impl Version {
    pub(super) fn new(compiled: Compiled, args: Vec<Fact>) -> Rc<Version> {
        let kind = Kind::of(&args, |number| {
            let param = compiled.params.get(number)?;
            param.class.map(|(key, _)| key)
        });
        let function = &compiled.function;
        let mut blocks = function.layout.iter();
        let has_loop = blocks.any(|&block| {
            let mut instrs = function.block(block).instrs.iter();
            instrs.any(|&id| matches!(function.instr(id).op, Op::Poll))
        });
        Rc::new(Version {
            has_loop,
            compiled,
            args,
            kind,
            stale: Cell::new(false),
            lessons: Cell::new(false),
            for_callers: Cell::new(false),
            trial: RefCell::new(None),
            gain: Cell::new(None),
            since: Instant::now(),
        })
    }

    /// May calls from outside enter it?
    pub(super) fn is_entered(&self) -> bool {
        !self.stale.get() && !self.for_callers.get()
    }

    pub(super) fn is_on_trial(&self) -> bool {
        self.trial
            .try_borrow()
            .map_or(true, |trial| trial.is_some())
    }

    /// As [`accepts`](Self::accepts), of all parameters.
    pub(super) fn takes(&self, arguments: &[Borrowed<'_, '_, PyAny>]) -> bool {
        let params = &self.compiled.params;
        params.len() == arguments.len()
            && params
                .iter()
                .zip(arguments)
                .all(|(param, object)| accepts_object(param, object))
    }

    /// Do live arguments fit the entry's checks?
    pub fn accepts(&self, args: &[Option<Bound<'_, PyAny>>]) -> bool {
        let params = &self.compiled.params;
        params.len() == args.len()
            && params.iter().zip(args).all(|(param, object)| {
                object
                    .as_ref()
                    .is_some_and(|object| accepts_object(param, object))
            })
    }

    pub fn accepts_facts(&self, args: &[Fact]) -> bool {
        let params = &self.compiled.params;
        params.len() == args.len()
            && params.iter().zip(args).all(|(param, fact)| {
                if let Some((class, _)) = param.class {
                    return class_of_instance(fact) == Some(class);
                }
                param.ty == Type::OBJECT
                    || (fact.ty == param.ty
                        && match param.repr {
                            Repr::I64 if param.range == IntRange::COMPACT => {
                                fact.int <= IntClass::Compact
                            }
                            Repr::I64 => fact.int <= IntClass::Full,
                            Repr::U64 => fact.int != IntClass::Big,
                            _ => true,
                        })
            })
    }
}
