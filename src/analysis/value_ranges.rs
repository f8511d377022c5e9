//! Ranges of int and bool values, sharpened by the conditions under which a block runs.
//!
//! Abstract interpretation over [`super::range`] in rounds. One round walks the dominator tree:
//! block parameters join what the edges bring, a branch or guard on a comparison refines its
//! operands for everything it dominates (and only there: the refinements form a stack), an edge
//! that cannot be taken brings nothing. The first rounds are optimistic about back edges and widen
//! loop parameters until nothing grows; then a few rounds narrow. After the first kind every round
//! over-approximates all executions, so stopping at any time is right.
//!
//! Besides ranges a scope knows *differences*: `x - y <= k` for pairs of values, from comparisons
//! and from inductions that only grow. [`Scope::difference`] combines them with the definitions of
//! both values (`i + 1`, `n - 1`, `h % n`, `(a + b) // 2`), which decides `i < len(a)` where the
//! ranges of `i` and `len(a)` overlap.

mod inductions;
mod narrowed;
mod scope;

use super::dominators::Dominators;
use super::range;
use crate::hir::{BlockId, Edge, Function, InstrId, IntRange, Repr, Terminator, Value, ValueId};
use inductions::{HeaderFact, Induction};

pub use scope::Scope;

/// Rounds that narrow what widening gave away.
const NARROWING_ROUNDS: usize = 2;
/// Growing rounds after which loop parameters go to the ends of their representation at once.
const WIDENING_ROUNDS: usize = 2;
/// The round that collects what back edges test: what they bring has been seen once.
const PROPOSING_ROUND: usize = 2;
/// Rounds after which the analysis gives up sharpening (irreducible or enormous functions).
const MAXIMAL_ROUNDS: usize = 24;
/// What the builder of the value knew.
fn declared(value: &Value) -> IntRange {
    let full = value.repr.full_range();
    match value.repr {
        Repr::I64 | Repr::U64 => value.range.intersection(full).unwrap_or(full),
        _ => full,
    }
}

/// Is it tracked at all?
fn is_tracked(repr: Repr) -> bool {
    matches!(repr, Repr::I64 | Repr::U64 | Repr::Bool)
}

/// What a block parameter gets.
#[derive(Clone, Copy, Default)]
struct Incoming {
    /// From edges that come before the block in the walk; of this round.
    forward: Option<IntRange>,
    /// From edges that come after it; of this round.
    back: Option<IntRange>,
    /// From such edges in the round before.
    back_before: Option<IntRange>,
    /// What the block was last walked with.
    assumed: Option<IntRange>,
    /// Holds in any case.
    bound: Option<IntRange>,
    /// Some back edge passes something that may be below, or above; of this round.
    may_fall: bool,
    may_grow: bool,
}

/// The analysis of a function.
pub struct ValueRanges<'a> {
    dominators: &'a Dominators,
    /// By block: place in the walk.
    places: Vec<u32>,
    scope: Scope,
    /// By value; of parameters only.
    incoming: Vec<Incoming>,
    /// By block: some edge into it can be taken, in this round.
    is_reached: Vec<bool>,
    /// By block: a back edge into it can be taken, as of the last round.
    is_reached_back: Vec<bool>,
    inductions: Vec<Induction>,
    facts: Vec<HeaderFact>,
    /// By value: the block that defines it. Empty without loops.
    homes: Vec<Option<BlockId>>,
    round: usize,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Grow,
    Narrow,
    Visit,
}

/// Called for each instruction that can run, in order: what holds before it.
pub type Visitor<'v> = dyn FnMut(&Scope, BlockId, InstrId) + 'v;

impl<'a> ValueRanges<'a> {
    /// Runs the analysis.
    pub fn new(function: &Function, dominators: &'a Dominators) -> ValueRanges<'a> {
        let mut places = vec![u32::MAX; function.blocks.len()];
        for (place, block) in dominators.preorder().iter().enumerate() {
            places[block.index()] = place as u32;
        }
        let ranges = function.values.iter().map(declared).collect();
        let mut analysis = ValueRanges {
            dominators,
            places,
            scope: Scope::new(ranges),
            incoming: vec![Incoming::default(); function.values.len()],
            is_reached: vec![false; function.blocks.len()],
            is_reached_back: vec![false; function.blocks.len()],
            inductions: Vec::new(),
            facts: Vec::new(),
            homes: Vec::new(),
            round: 0,
            phase: Phase::Grow,
        };
        analysis.scope.is_tainted = narrowed::params(function);
        if analysis.has_loops() {
            analysis.find_inductions(function);
            analysis.find_homes(function);
        }
        while analysis.walk(function, &mut |_, _, _| {}) {
            if analysis.round > MAXIMAL_ROUNDS {
                analysis.give_up(function);
                break;
            }
        }
        if analysis.is_reached_back.contains(&true) {
            analysis.phase = Phase::Narrow;
            analysis.find_counters(function);
            for _ in 0..NARROWING_ROUNDS {
                analysis.walk(function, &mut |_, _, _| {});
                analysis.settle_facts();
            }
        }
        analysis
    }

    /// Walks the function once more and shows each instruction that can run.
    pub fn visit(&mut self, function: &Function, visitor: &mut Visitor) {
        self.phase = Phase::Visit;
        self.walk(function, visitor);
    }

    /// Bounds that hold by the value's definition; to be asked after [`ValueRanges::visit`].
    pub fn by_definition(&self, value: ValueId) -> IntRange {
        self.scope.range(value)
    }

    /// Do those bounds hold even if no checked op leaves because of its result?
    pub fn is_certain(&self, value: ValueId) -> bool {
        !self.scope.is_tainted[value.index()]
    }

    fn has_loops(&self) -> bool {
        let leads_back = |&block: &BlockId| {
            self.dominators
                .predecessors(block)
                .any(|from| self.is_back(from, block))
        };
        self.dominators.preorder().iter().any(leads_back)
    }

    fn is_back(&self, from: BlockId, to: BlockId) -> bool {
        self.places[to.index()] <= self.places[from.index()]
    }

    /// Takes everything a loop can change as unknown; then one more round is right for all.
    fn give_up(&mut self, function: &Function) {
        for (value, incoming) in function.values.iter().zip(&mut self.incoming) {
            incoming.assumed = Some(declared(value));
            incoming.back_before = incoming.assumed;
        }
        self.is_reached_back.fill(true);
        self.phase = Phase::Narrow;
    }

    /// One round; true if a back edge brought something new.
    fn walk(&mut self, function: &Function, visitor: &mut Visitor) -> bool {
        self.round += 1;
        self.scope.asks_differences = self.phase != Phase::Grow;
        self.is_reached.fill(false);
        self.is_reached[function.entry.index()] = true;
        let dominators = self.dominators;
        // The dominators of the block at hand, and what to forget when they are left.
        let mut path: Vec<(BlockId, (usize, usize))> = Vec::new();
        let mut grown = false;
        let was_reached_back = self.is_reached_back.clone();
        for &block in dominators.preorder() {
            let parent = dominators.immediate(block);
            while let Some(&(above, mark)) = path.last() {
                if Some(above) == parent {
                    break;
                }
                self.scope.leave(mark);
                path.pop();
            }
            if !self.is_reached[block.index()] && !self.is_reached_back[block.index()] {
                continue;
            }
            path.push((block, self.scope.mark()));
            if self.enter(function, block, parent) {
                self.walk_block(function, block, visitor);
            }
        }
        self.scope.leave((0, 0));
        // Only with two entrances to a cycle: a block that only later blocks lead to.
        grown |= (0..self.is_reached.len()).any(|block| {
            self.is_reached_back[block] && !was_reached_back[block] && !self.is_reached[block]
        });
        for incoming in &mut self.incoming {
            if let (Some(back), Some(assumed)) = (incoming.back, incoming.assumed) {
                let all = incoming.forward.map_or(back, |range| range.union(back));
                grown |= !all.is_within(assumed);
            }
            incoming.back_before = incoming.back.take();
            incoming.forward = None;
        }
        if self.phase == Phase::Narrow {
            for induction in &mut self.inductions {
                let incoming = &mut self.incoming[induction.param.index()];
                induction.grows |= !incoming.may_fall;
                induction.falls |= !incoming.may_grow;
                (incoming.may_fall, incoming.may_grow) = (false, false);
            }
        }
        grown
    }

    /// Sets the block's parameters and what its only edge says; false if it cannot run.
    fn enter(&mut self, function: &Function, block: BlockId, parent: Option<BlockId>) -> bool {
        for &param in &function.block(block).params {
            let value = function.value(param);
            if !is_tracked(value.repr) || block == function.entry {
                continue;
            }
            let incoming = &mut self.incoming[param.index()];
            let joined = match (incoming.forward, incoming.back_before) {
                (Some(a), Some(b)) => a.union(b),
                (one, other) => match one.or(other) {
                    Some(range) => range,
                    None => declared(value),
                },
            };
            let full = value.repr.full_range();
            let range = match (self.phase, incoming.assumed) {
                (Phase::Grow, Some(assumed)) if incoming.back_before.is_some() => {
                    let grown = assumed.union(joined);
                    if self.round <= WIDENING_ROUNDS {
                        range::widen(assumed, grown)
                    } else {
                        // Only the end that still moves is given up.
                        let moves = (grown.low < assumed.low, grown.high > assumed.high);
                        IntRange {
                            low: if moves.0 { full.low } else { assumed.low },
                            high: if moves.1 { full.high } else { assumed.high },
                        }
                    }
                }
                (Phase::Narrow | Phase::Visit, Some(assumed)) => {
                    assumed.intersection(joined).unwrap_or(assumed)
                }
                _ => joined,
            };
            let range = range.intersection(full).unwrap_or(full);
            incoming.assumed = Some(range);
            let range = match incoming.bound {
                Some(bound) => range.intersection(bound).unwrap_or(range),
                None => range,
            };
            let known = declared(value);
            self.scope.ranges[param.index()] = range.intersection(known).unwrap_or(known);
        }
        for induction in &self.inductions {
            if induction.header == block {
                let (param, first) = (induction.param, induction.first);
                if induction.grows {
                    self.scope.differences.push((first, param, 0));
                }
                if induction.falls {
                    self.scope.differences.push((param, first, 0));
                }
            }
        }
        for fact in &self.facts {
            if fact.header == block && fact.holds {
                self.scope.differences.push((fact.x, fact.y, fact.bound));
            }
        }
        let Some(parent) = parent else { return true };
        if self.dominators.predecessor_count(block) != 1 {
            return true;
        }
        match function.block(parent).terminator {
            Terminator::Branch {
                condition,
                ref then,
                ..
            } => self.scope.assume(function, condition, then.block == block),
            _ => true,
        }
    }

    fn walk_block(&mut self, function: &Function, block: BlockId, visitor: &mut Visitor) {
        for &id in &function.block(block).instrs {
            visitor(&self.scope, block, id);
            let instr = function.instr(id);
            if let Some(result) = instr.result {
                let value = function.value(result);
                if is_tracked(value.repr) {
                    let range = self.scope.result(function, instr);
                    let range = range.and_then(|range| range.intersection(declared(value)));
                    // No result at all: the instruction always leaves, if it stays. One that goes
                    // when it is unused proves nothing about what is behind it.
                    let range = match range {
                        Some(range) => range,
                        None if instr.op.is_removable() => declared(value),
                        None => return,
                    };
                    self.scope.ranges[result.index()] = range;
                    if self.phase == Phase::Visit {
                        self.scope.note_taint(function, instr, result);
                    }
                }
            }
            if !self.scope.after(function, instr) {
                return;
            }
        }
        match &function.block(block).terminator {
            Terminator::Jump(edge) => self.take(function, block, edge),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => {
                for (edge, truth) in [(then, true), (otherwise, false)] {
                    let mark = self.scope.mark();
                    if self.scope.assume(function, *condition, truth) {
                        self.take(function, block, edge);
                    }
                    self.scope.leave(mark);
                }
            }
            Terminator::None | Terminator::Return(_) | Terminator::Exit { .. } => {}
        }
    }

    fn take(&mut self, function: &Function, from: BlockId, edge: &Edge) {
        let is_back = self.is_back(from, edge.block);
        let reached = if is_back {
            &mut self.is_reached_back
        } else {
            &mut self.is_reached
        };
        reached[edge.block.index()] = true;
        match self.phase {
            Phase::Grow if is_back && self.round == PROPOSING_ROUND => {
                self.propose_facts(function, edge);
            }
            Phase::Narrow => self.check_facts(function, edge),
            _ => {}
        }
        let params = &function.block(edge.block).params;
        for (&param, &arg) in params.iter().zip(&edge.args) {
            if !is_tracked(function.value(param).repr) {
                continue;
            }
            let range = self.scope.range(arg);
            if is_back && self.phase == Phase::Narrow && function.value(param).repr == Repr::I64 {
                self.note_step(function, param, arg);
            }
            let incoming = &mut self.incoming[param.index()];
            let side = if is_back {
                &mut incoming.back
            } else {
                &mut incoming.forward
            };
            *side = Some(side.map_or(range, |old| old.union(range)));
        }
    }
}
