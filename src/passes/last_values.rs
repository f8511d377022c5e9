//! What a counting loop's variable last was, and whether it is bound, is computed where somebody asks.
//!
//! ```text
//! loop(i, last, bound): ... -> loop(i + 1, i, true)
//! ->  loop(i): first = i == start; last = first ? last before the loop : i - 1; bound = not first or bound before
//! ```
//!
//! Only frame states and ways out of the loop name the old values, and lowering computes at a way out what is
//! needed only there; a parameter would be carried through every iteration.
//!
//! Sound because the index never has its first value again: it changes by a constant that is not 0 and does
//! not overflow. Every back edge must pass the same: the index moved by one distance, and for `last` the
//! index moved by another (after unrolling neither need be 0 or 1). Values that the loop itself computes with stay as
//! they are.

use smallvec::SmallVec;

use super::Pass;
use crate::analysis::dominators::Dominators;
use crate::analysis::loops::{LoopId, Loops};
use crate::analysis::range;
use crate::hir::attributes::{Cond, Overflow};
use crate::hir::{
    BlockId, CodeId, Edge, Function, InstrId, IntRange, Op, Origin, Repr, Terminator, Type, ValueId,
};

/// Additions followed from what a back edge passes to the parameter.
const LONGEST_CHAIN: usize = 8;

/// `last-values`.
pub struct LastValues;

impl Pass for LastValues {
    fn name(&self) -> &'static str {
        "last-values"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let loops = Loops::new(function, &dominators);
        if loops.all().is_empty() {
            return;
        }
        let mut found: Vec<Counting> = (0..loops.all().len())
            .filter_map(|index| Counting::of(function, &dominators, &loops, LoopId::new(index)))
            .collect();
        let computed_with = computed_with(function, &loops, &found);
        for counting in &mut found {
            counting
                .old
                .retain(|old| !computed_with[old.param().index()]);
        }
        let mut replacement = vec![None; function.values.len()];
        for counting in found {
            counting.apply(function, &mut replacement);
        }
        function.replace_values(&replacement);
    }
}

/// A parameter that can be told from the index.
#[derive(Clone, Copy)]
enum Old {
    /// In all iterations but the first, the index less the distance.
    Index {
        param: ValueId,
        before: ValueId,
        distance: i64,
    },
    /// True in all iterations but the first.
    Bound { param: ValueId, before: ValueId },
}

impl Old {
    fn param(self) -> ValueId {
        match self {
            Old::Index { param, .. } | Old::Bound { param, .. } => param,
        }
    }
}

/// A loop with an index.
struct Counting {
    id: LoopId,
    header: BlockId,
    index: ValueId,
    /// The index in the first iteration.
    start: ValueId,
    old: Vec<Old>,
}

impl Counting {
    fn of(
        function: &Function,
        dominators: &Dominators,
        loops: &Loops,
        id: LoopId,
    ) -> Option<Counting> {
        let header = loops.get(id).header;
        let params = &function.block(header).params;
        let mut entry: Option<&Edge> = None;
        let mut back: SmallVec<[&Edge; 2]> = SmallVec::new();
        for from in dominators.predecessors(header) {
            for edge in edges_to(function, from, header) {
                if loops.contains(id, from) {
                    back.push(edge);
                } else if entry.replace(edge).is_some() {
                    return None;
                }
            }
        }
        let entry = entry?;
        // How far all back edges move the index; parameters that are not passed on from it: none.
        let moved = |at: usize, index: ValueId| {
            let mut distances = back
                .iter()
                .map(|edge| distance(function, edge.args[at], index));
            let first = distances.next()??;
            distances
                .all(|distance| distance == Some(first))
                .then_some(first)
        };
        let (at, step) = params.iter().enumerate().find_map(|(at, &param)| {
            let is_int = function.value(param).repr == Repr::I64;
            let step = is_int.then(|| moved(at, param))??;
            (step != 0).then_some((at, step))
        })?;
        let index = params[at];
        let mut old = Vec::new();
        for (other, &param) in params.iter().enumerate() {
            let before = entry.args[other];
            match function.value(param).repr {
                Repr::I64 if other != at => {
                    let Some(distance) = moved(other, index).and_then(|d| step.checked_sub(d))
                    else {
                        continue;
                    };
                    let range = IntRange::constant(distance.into());
                    let range = range::sub(function.value(index).range, range);
                    if range.is_within(IntRange::I64) {
                        old.push(Old::Index {
                            param,
                            before,
                            distance,
                        });
                    }
                }
                Repr::Bool => {
                    let is_true = |edge: &&Edge| {
                        function.defining_op(edge.args[other]) == Some(Op::ConstBool(true))
                    };
                    if back.iter().all(is_true) {
                        old.push(Old::Bound { param, before });
                    }
                }
                _ => {}
            }
        }
        (!old.is_empty()).then_some(Counting {
            id,
            header,
            index,
            start: entry.args[at],
            old,
        })
    }

    /// Computes the old values at the start of the header.
    fn apply(self, function: &mut Function, replacement: &mut [Option<ValueId>]) {
        if self.old.is_empty() {
            return;
        }
        let mut new = Computed {
            instrs: Vec::new(),
            origin: origin(function, self.header),
        };
        let bool_facts = (Type::BOOL, Repr::Bool, Repr::Bool.full_range());
        let at_start = [self.index, self.start];
        let first = new.add(function, Op::IntCmp(Cond::Eq), &at_start, bool_facts);
        let later = new.add(function, Op::IntCmp(Cond::Ne), &at_start, bool_facts);
        for old in self.old {
            let value = match old {
                Old::Index {
                    param,
                    before,
                    distance,
                } => {
                    let value = function.value(param);
                    let facts = (value.ty, value.repr, value.range);
                    let distance_range = IntRange::constant(distance.into());
                    let range = range::sub(function.value(self.index).range, distance_range);
                    let op = Op::ConstI64(distance);
                    let by = new.add(function, op, &[], (Type::INT, Repr::I64, distance_range));
                    let op = Op::IntSub(Overflow::Never);
                    let facts_here = (Type::INT, Repr::I64, range);
                    let here = new.add(function, op, &[self.index, by], facts_here);
                    new.add(function, Op::Select, &[first, before, here], facts)
                }
                Old::Bound { before, .. } => match function.defining_op(before) {
                    Some(Op::ConstBool(false)) => later,
                    _ => new.add(function, Op::BoolOr, &[before, later], bool_facts),
                },
            };
            replacement[old.param().index()] = Some(value);
        }
        function
            .block_mut(self.header)
            .instrs
            .splice(0..0, new.instrs);
    }
}

/// Instructions to be put in front of a header.
struct Computed {
    instrs: Vec<InstrId>,
    origin: Origin,
}

impl Computed {
    fn add(
        &mut self,
        function: &mut Function,
        op: Op,
        args: &[ValueId],
        facts: (Type, Repr, IntRange),
    ) -> ValueId {
        let id = function.add_instr(op, args, Some(facts), self.origin);
        self.instrs.push(id);
        function.instr(id).result.expect("it has a value")
    }
}

fn origin(function: &Function, block: BlockId) -> Origin {
    let first = function.block(block).instrs.first();
    first.map_or(
        Origin {
            code: CodeId::new(0),
            offset: 0,
        },
        |&id| function.instr(id).origin,
    )
}

fn edges_to(function: &Function, from: BlockId, to: BlockId) -> SmallVec<[&Edge; 2]> {
    let edges: SmallVec<[&Edge; 2]> = match &function.block(from).terminator {
        Terminator::Jump(edge) => SmallVec::from_slice(&[edge]),
        Terminator::Branch {
            then, otherwise, ..
        } => SmallVec::from_slice(&[then, otherwise]),
        _ => SmallVec::new(),
    };
    edges.into_iter().filter(|edge| edge.block == to).collect()
}

/// `value - index`, if it is the index with constants added.
fn distance(function: &Function, value: ValueId, index: ValueId) -> Option<i64> {
    let (mut value, mut sum) = (value, 0i64);
    for _ in 0..LONGEST_CHAIN {
        if value == index {
            return Some(sum);
        }
        let instr = function.instr(function.defining_instr(value)?);
        let &[a, b] = instr.args.as_slice() else {
            return None;
        };
        let (rest, by) = match instr.op {
            Op::IntAdd(_) => match (function.constant_i64(a), function.constant_i64(b)) {
                (_, Some(by)) => (a, by),
                (Some(by), None) => (b, by),
                _ => return None,
            },
            Op::IntSub(_) => (a, function.constant_i64(b)?.checked_neg()?),
            _ => return None,
        };
        value = rest;
        sum = sum.checked_add(by)?;
    }
    None
}

/// Parameters that their loop does not only keep for frame states and for those behind it.
fn computed_with(function: &Function, loops: &Loops, found: &[Counting]) -> Vec<bool> {
    let mut home: Vec<Option<LoopId>> = vec![None; function.values.len()];
    for counting in found {
        for old in &counting.old {
            home[old.param().index()] = Some(counting.id);
        }
    }
    let mut result = vec![false; function.values.len()];
    for &block in &function.layout {
        if loops.innermost(block).is_none() {
            continue;
        }
        let mut uses = |value: ValueId, to: Option<BlockId>| {
            if let Some(id) = home[value.index()]
                && loops.contains(id, block)
                && to.is_none_or(|to| loops.contains(id, to))
            {
                result[value.index()] = true;
            }
        };
        let data = function.block(block);
        for &id in &data.instrs {
            function.instr(id).args.iter().for_each(|&v| uses(v, None));
        }
        data.terminator.for_each_edge(|edge| {
            edge.args.iter().for_each(|&v| uses(v, Some(edge.block)));
        });
        if let Terminator::Branch { condition, .. } = &data.terminator {
            uses(*condition, None);
        }
    }
    result
}
