//! Loop parameters: which ones only grow or only fall, and which are counters.

use smallvec::SmallVec;

use super::ValueRanges;
use crate::analysis::range;
use crate::hir::{BlockId, Definition, Function, IntRange, Op, Repr, ValueId};

/// No activation of native code runs a loop that often: more than a year at one iteration per
/// nanosecond, without one signal, thread switch or collection to make it leave.
const ITERATIONS: i128 = 1 << 55;
/// Values a counter may be made of.
const WEB_LIMIT: usize = 32;

/// An int parameter of a loop with one entrance.
pub(super) struct Induction {
    pub(super) header: BlockId,
    pub(super) param: ValueId,
    /// What the entrance passes.
    pub(super) first: ValueId,
    /// Never below `first`.
    pub(super) grows: bool,
    /// Never above `first`.
    pub(super) falls: bool,
}

impl ValueRanges<'_> {
    /// Int parameters of loops with one entrance, and their first values.
    pub(super) fn find_inductions(&mut self, function: &Function) {
        for &header in self.dominators.preorder() {
            let is_back = |&from: &BlockId| self.is_back(from, header);
            let predecessors = || self.dominators.predecessors(header);
            if !predecessors().any(|from| is_back(&from)) {
                continue;
            }
            let mut entries = predecessors().filter(|from| !is_back(from));
            let (Some(entry), None) = (entries.next(), entries.next()) else {
                continue;
            };
            let params = &function.block(header).params;
            let mut found = Vec::new();
            function.block(entry).terminator.for_each_edge(|edge| {
                if edge.block != header {
                    return;
                }
                for (&param, &first) in params.iter().zip(&edge.args) {
                    if function.value(param).repr == Repr::I64 {
                        found.push(Induction {
                            header,
                            param,
                            first,
                            grows: false,
                            falls: false,
                        });
                    }
                }
            });
            self.inductions.append(&mut found);
        }
    }

    /// Compares what a back edge passes with the parameter it replaces.
    pub(super) fn note_step(&mut self, function: &Function, param: ValueId, arg: ValueId) {
        if arg == param {
            return;
        }
        if self.scope.difference(function, param, arg) > 0 {
            self.incoming[param.index()].may_fall = true;
        }
        if self.scope.difference(function, arg, param) > 0 {
            self.incoming[param.index()].may_grow = true;
        }
    }

    /// Parameters that change only by small additions are bounded by the time that takes: each is
    /// followed through joins, additions and subtractions to the values it starts from.
    pub(super) fn find_counters(&mut self, function: &Function) {
        for index in 0..self.inductions.len() {
            let param = self.inductions[index].param;
            if self.incoming[param.index()].bound.is_some() {
                continue;
            }
            if let Some((web, bound)) = self.counter(function, param) {
                for value in web {
                    self.incoming[value.index()].bound = Some(bound);
                }
            }
        }
    }

    /// The parameters `start` is passed on from, and the bounds of all of them.
    fn counter(&self, function: &Function, start: ValueId) -> Option<(Vec<ValueId>, IntRange)> {
        let small = IntRange::new(-255, 255);
        let mut seen: SmallVec<[ValueId; WEB_LIMIT]> = SmallVec::new();
        let mut pending = vec![start];
        let mut params = Vec::new();
        let mut first: Option<IntRange> = None;
        let mut change = IntRange::constant(0);
        while let Some(value) = pending.pop() {
            if seen.contains(&value) {
                continue;
            }
            if seen.len() == WEB_LIMIT {
                return None;
            }
            seen.push(value);
            match function.value(value).definition {
                Definition::Param(block, position) if block != function.entry => {
                    params.push(value);
                    for from in self.dominators.predecessors(block) {
                        function.block(from).terminator.for_each_edge(|edge| {
                            if edge.block == block {
                                pending.push(edge.args[position as usize]);
                            }
                        });
                    }
                    continue;
                }
                Definition::Param(..) => {}
                Definition::Instr(id) => {
                    let instr = function.instr(id);
                    let is_small = |value| self.scope.range(value).is_within(small);
                    let step = match (instr.op, instr.args.as_slice()) {
                        (Op::IntAdd(_), &[a, b]) if is_small(b) => Some((a, self.scope.range(b))),
                        (Op::IntAdd(_), &[a, b]) if is_small(a) => Some((b, self.scope.range(a))),
                        (Op::IntSub(_), &[a, b]) if is_small(b) => {
                            Some((a, range::neg(self.scope.range(b))))
                        }
                        _ => None,
                    };
                    if let Some((rest, step)) = step {
                        change = range::add(change, step.union(IntRange::constant(0)));
                        pending.push(rest);
                        continue;
                    }
                }
            }
            let range = self.scope.range(value);
            first = Some(first.map_or(range, |first| first.union(range)));
        }
        let change = range::mul(change, IntRange::constant(ITERATIONS));
        let bound = range::add(first?, change);
        bound.is_within(IntRange::I64).then_some((params, bound))
    }
}
