//! What exits of earlier versions saw, by bytecode.

use std::collections::BTreeMap;

use crate::abi::exit_reason::ExitReason;
use crate::hir::Type;

use super::fact::{IntClass, SeenClasses};

/// Which code object, in the driver's numbering.
pub type CodeKey = u32;

/// What was seen at one bytecode.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// How often versions left here.
    pub exits: u32,
    /// Why, and how often for each reason.
    pub reasons: Vec<(ExitReason, u32)>,
    /// Classes of the operands, counted from the top of the stack.
    pub operands: Vec<Type>,
    /// Widths of int operands.
    pub widths: Vec<IntClass>,
    /// Classes of instances.
    pub classes: Vec<SeenClasses>,
    /// Compilations whose guard of a class failed here, although they knew the class.
    pub class_failures: u32,
    /// The compilation that failed last, and the one that met a new class last.
    failed_in: Option<u32>,
    surprised_in: Option<u32>,
}

impl Site {
    /// It left for this reason before.
    pub fn left_for(&self, reason: ExitReason) -> bool {
        self.times(reason) > 0
    }

    /// How often it left for this reason.
    pub fn times(&self, reason: ExitReason) -> u32 {
        self.reasons
            .iter()
            .find(|row| row.0 == reason)
            .map_or(0, |row| row.1)
    }

    /// Classes seen of operand `position`; empty if unknown.
    pub fn operand(&self, position: usize) -> Type {
        self.operands.get(position).copied().unwrap_or(Type::EMPTY)
    }

    /// Classes of instances seen of operand `position`.
    pub fn classes(&self, position: usize) -> SeenClasses {
        self.classes.get(position).copied().unwrap_or_default()
    }

    /// Width seen of operand `position`.
    pub fn width(&self, position: usize) -> IntClass {
        self.widths.get(position).copied().unwrap_or_default()
    }
}

/// What earlier versions of a function saw.
#[derive(Clone, Debug, Default)]
pub struct History {
    sites: BTreeMap<(CodeKey, u32), Site>,
}

impl History {
    /// What is known of one bytecode.
    pub fn site(&self, code: CodeKey, offset: u32) -> Option<&Site> {
        self.sites.get(&(code, offset))
    }

    /// Remembers an exit.
    pub fn record(&mut self, code: CodeKey, offset: u32, reason: ExitReason) -> &mut Site {
        let site = self.sites.entry((code, offset)).or_default();
        site.exits += 1;
        match site.reasons.iter_mut().find(|row| row.0 == reason) {
            Some(row) => row.1 += 1,
            None => site.reasons.push((reason, 1)),
        }
        site
    }

    /// Remembers that a guard of a class failed in code of that compilation; `new`: it was a class that had not been
    /// seen there.
    pub fn record_class(&mut self, code: CodeKey, offset: u32, compilation: u32, new: bool) {
        let site = self.sites.entry((code, offset)).or_default();
        let now = Some(compilation);
        if new {
            site.surprised_in = now;
        } else if site.surprised_in != now && site.failed_in != now {
            site.failed_in = now;
            site.class_failures += 1;
        }
    }

    /// Remembers an operand of an exit. Was it an instance of a class not seen before?
    pub fn record_operand(
        &mut self,
        code: CodeKey,
        offset: u32,
        position: usize,
        ty: Type,
        width: IntClass,
        classes: &SeenClasses,
    ) -> bool {
        let site = self.sites.entry((code, offset)).or_default();
        if site.operands.len() <= position {
            site.operands.resize(position + 1, Type::EMPTY);
            site.widths.resize(position + 1, IntClass::Unknown);
            site.classes.resize(position + 1, SeenClasses::default());
        }
        site.operands[position] = site.operands[position].union(ty);
        site.widths[position] = site.widths[position].max(width);
        let before = site.classes[position];
        site.classes[position].absorb(classes);
        site.classes[position] != before
    }

    /// All sites.
    pub fn iter(&self) -> impl Iterator<Item = (&(CodeKey, u32), &Site)> {
        self.sites.iter()
    }
}
