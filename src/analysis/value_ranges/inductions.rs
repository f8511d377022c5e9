//! Loop parameters: which ones only grow or only fall, and which are counters.

use smallvec::SmallVec;

use super::ValueRanges;
use crate::analysis::range;
use crate::hir::{BlockId, Definition, Edge, Function, IntRange, Op, Repr, ValueId};

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

/// `x - y <= bound` in a loop, where each is a parameter of the header or comes from outside. Found
/// among the conditions of a back edge; to be checked on every edge into the header. That makes
/// `while i < n:` as good as `for`, whose condition is tested in the header: CPython tests a `while`
/// again at its end.
pub(super) struct HeaderFact {
    pub(super) header: BlockId,
    pub(super) x: ValueId,
    pub(super) y: ValueId,
    pub(super) bound: i128,
    /// Holds on every edge.
    pub(super) holds: bool,
    /// Does not hold on some edge.
    fails: bool,
}

/// Facts per function, and conditions of an edge that are looked at.
const FACT_LIMIT: usize = 64;

impl ValueRanges<'_> {
    /// Prepares for questions about loops: where values come from, what joins join.
    pub(super) fn find_homes(&mut self, function: &Function) {
        self.homes = vec![None; function.values.len()];
        self.scope.join_rows = vec![0; function.values.len()];
        for &block in self.dominators.reverse_postorder() {
            let data = function.block(block);
            let results = data
                .instrs
                .iter()
                .filter_map(|&id| function.instr(id).result);
            for value in data.params.iter().copied().chain(results) {
                self.homes[value.index()] = Some(block);
            }
            self.find_join(function, block);
        }
    }

    /// Ints that are one of a few values, by the way control came; not of loops: what a back edge
    /// brings may have been computed again since.
    fn find_join(&mut self, function: &Function, block: BlockId) {
        let params = &function.block(block).params;
        let is_back = |from: BlockId| self.is_back(from, block);
        if params.is_empty()
            || self.dominators.predecessor_count(block) > 3
            || self.dominators.predecessors(block).any(is_back)
        {
            return;
        }
        for (at, &param) in params.iter().enumerate() {
            if function.value(param).repr != Repr::I64 {
                continue;
            }
            let mut joined = SmallVec::new();
            for from in self.dominators.predecessors(block) {
                function.block(from).terminator.for_each_edge(|edge| {
                    if edge.block == block {
                        joined.push(edge.args[at]);
                    }
                });
            }
            if !joined.is_empty() {
                self.scope.joins.push(joined);
                self.scope.join_rows[param.index()] = self.scope.joins.len() as u32;
            }
        }
    }

    /// What a value of a header's fact is on an edge into that header.
    fn on_edge(function: &Function, edge: &Edge, value: ValueId) -> ValueId {
        let params = &function.block(edge.block).params;
        let at = params.iter().position(|&param| param == value);
        at.and_then(|at| edge.args.get(at).copied())
            .unwrap_or(value)
    }

    /// Checks proposed facts on an edge.
    pub(super) fn check_facts(&mut self, function: &Function, edge: &Edge) {
        for fact in &mut self.facts {
            if fact.header == edge.block && !fact.holds {
                let x = Self::on_edge(function, edge, fact.x);
                let y = Self::on_edge(function, edge, fact.y);
                fact.fails |= self.scope.difference(function, x, y) > fact.bound;
            }
        }
    }

    /// Proposes what a back edge tests.
    pub(super) fn propose_facts(&mut self, function: &Function, edge: &Edge) {
        let header = edge.block;
        let params = &function.block(header).params;
        // A parameter that gets the value, or the value itself if it comes from outside.
        let inside = |value: ValueId| {
            if let Some(at) = edge.args.iter().position(|&arg| arg == value) {
                return Some((params[at], true));
            }
            let home = self.homes[value.index()]?;
            let is_outside = home != header && self.dominators.dominates(home, header);
            is_outside.then_some((value, false))
        };
        let recent = self.scope.differences.iter().rev().take(FACT_LIMIT);
        let mut found = Vec::new();
        for &(x, y, bound) in recent {
            if let (Some((x, param_x)), Some((y, param_y))) = (inside(x), inside(y))
                && (param_x || param_y)
                && x != y
            {
                let is_known = self.facts.iter().any(|fact| {
                    (fact.header, fact.x, fact.y) == (header, x, y) && fact.bound <= bound
                });
                if !is_known && self.facts.len() + found.len() < FACT_LIMIT {
                    found.push(HeaderFact {
                        header,
                        x,
                        y,
                        bound,
                        holds: false,
                        fails: false,
                    });
                }
            }
        }
        self.facts.append(&mut found);
    }

    /// After a round that over-approximates: facts that were checked on all edges hold or go.
    pub(super) fn settle_facts(&mut self) {
        self.facts.retain(|fact| !fact.fails);
        self.facts.iter_mut().for_each(|fact| fact.holds = true);
    }

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
