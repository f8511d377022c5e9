//! Makes reference counts explicit. Late: the last pass before lowering.
//!
//! Before, boxed values are simply used, and `keep_alive` stands where the interpreter drops a
//! reference. After, every owned root (see `analysis/ownership.rs` for the terms and for what exits
//! do) gives up its reference exactly once on every path:
//!
//! * where it dies behind an instruction: `decref`, or `decref_plain` when its class has no
//!   observable death;
//! * where it dies on an edge: a `decref` at the start of the successor, or on the split edge;
//! * as argument of an owned parameter on an edge it dies on, or as the returned value: it moves.
//!
//! Whatever else goes into an owned parameter or out of the function gets an `incref` first. A value
//! loaded from a container is used without a reference as long as nothing can have removed it from
//! there; one that lives across such an instruction, or is an operand of one that runs Python code,
//! gets an `incref` right behind its load and is owned from then on. Since a new owned value means
//! new places where finalisers may run, this is decided by iteration.
//!
//! A release stands at the last use, `keep_alive` and frame states included. So a finaliser runs when
//! the interpreter would run it, and no later guard can restore a frame that still has the object.

use smallvec::SmallVec;

use super::Pass;
use crate::analysis::bits::BitSet;
use crate::analysis::dominators::Dominators;
use crate::analysis::liveness::{Liveness, StateUses, Tracked};
use crate::analysis::ownership::{Holder, Objects};
use crate::hir::effects::Heaps;
use crate::hir::{BlockId, Edge, Function, InstrId, Op, Origin, Terminator, Type, ValueId};

#[cfg(test)]
mod tests;

/// `ownership`.
pub struct Ownership;

impl Pass for Ownership {
    fn name(&self) -> &'static str {
        "ownership"
    }

    fn run(&self, function: &mut Function) {
        let dominators = Dominators::new(function);
        let mut analysis = Analysis::new(function, dominators);
        analysis.promote_loads();
        let edits = analysis.edits();
        edits.apply(function);
    }
}

/// A root that is owned or loaded.
struct Root {
    value: ValueId,
    /// Heaps whose change may remove it from its container, or the container from another one.
    heaps: Heaps,
    /// Loaded from an immutable container: that one.
    tuple: Option<ValueId>,
    /// Guards on it: known to have narrower types below them.
    guards: SmallVec<[ValueId; 2]>,
}

struct Analysis<'f> {
    function: &'f Function,
    dominators: Dominators,
    objects: Objects,
    tracked: Tracked,
    roots: Vec<Root>,
    /// Numbers of roots that are owned, promoted ones included.
    owned: BitSet,
    /// Numbers of roots that are loaded and not (yet) promoted.
    loaded: BitSet,
    /// Numbers of promoted roots.
    promoted: BitSet,
    liveness: Liveness,
    states: StateUses,
    /// Place of each instruction in its block.
    place: Vec<(BlockId, u32)>,
}

impl<'f> Analysis<'f> {
    fn new(function: &'f Function, dominators: Dominators) -> Analysis<'f> {
        let objects = Objects::new(function, &dominators);
        let mut tracked = Tracked::new(function);
        let mut roots: Vec<Root> = Vec::new();
        let mut place = vec![(function.entry, u32::MAX); function.instrs.len()];
        for &block in dominators.reverse_postorder() {
            let data = function.block(block);
            for &param in &data.params {
                if objects.holder(param) == Holder::Code {
                    tracked.add(param);
                    roots.push(Root::new(param));
                }
            }
            for (position, &id) in data.instrs.iter().enumerate() {
                place[id.index()] = (block, position as u32);
                let instr = function.instr(id);
                let Some(value) = instr.result else { continue };
                let root = objects.root(value);
                if root != value {
                    tracked.alias(value, root);
                    if let Some(number) = tracked.get(root) {
                        roots[number].guards.push(value);
                    }
                    continue;
                }
                let mut entry = Root::new(value);
                match objects.holder(value) {
                    Holder::Nobody | Holder::Outside => continue,
                    Holder::Code => {}
                    Holder::Container => {
                        entry.heaps = instr.op.effects().reads;
                        // The namespaces' dicts live as long as the function.
                        let container = instr.args.first().map(|&arg| objects.root(arg));
                        if entry.heaps.is_empty() {
                            entry.tuple = container;
                        }
                        if let Some(container) = container
                            && objects.holder(container) == Holder::Container
                            && let Some(number) = tracked.get(container)
                        {
                            entry.heaps = entry.heaps.union(roots[number].heaps);
                        }
                    }
                }
                tracked.add(value);
                roots.push(entry);
            }
        }
        let mut owned = BitSet::new(roots.len());
        let mut loaded = BitSet::new(roots.len());
        for (number, root) in roots.iter().enumerate() {
            match objects.holder(root.value) {
                Holder::Container => loaded.insert(number),
                _ => owned.insert(number),
            };
        }
        let liveness = Liveness::new(function, &dominators, &tracked);
        let promoted = BitSet::new(roots.len());
        let states = StateUses::new(function);
        Analysis {
            function,
            dominators,
            objects,
            tracked,
            roots,
            owned,
            loaded,
            promoted,
            liveness,
            states,
            place,
        }
    }

    /// Finds the loaded values that need a reference of their own.
    fn promote_loads(&mut self) {
        while self.loaded.iter().next().is_some() {
            let mut needed = BitSet::new(self.roots.len());
            self.scan_blocks(&mut |analysis, block, scan| {
                analysis.find_needed(block, scan, &mut needed);
            });
            let new: Vec<usize> = needed.iter_common(&self.loaded).collect();
            if new.is_empty() {
                return;
            }
            for number in new {
                self.loaded.remove(number);
                self.owned.insert(number);
                self.promoted.insert(number);
            }
        }
    }

    /// Walks every block backwards and shows each point where references may be dropped.
    fn scan_blocks(&mut self, visit: &mut dyn FnMut(&mut Self, BlockId, &Scan)) {
        let mut scan = Scan::default();
        let mut live = BitSet::new(self.roots.len());
        for index in 0..self.dominators.reverse_postorder().len() {
            let block = self.dominators.reverse_postorder()[index];
            live.copy_from(self.liveness.live_out(block));
            let tracked = &self.tracked;
            self.states
                .for_each_terminator_use(self.function, tracked, block, |number| {
                    live.insert(number);
                });
            let instrs = &self.function.block(block).instrs;
            scan.reset(Point::End, &live);
            visit(self, block, &scan);
            for (position, &id) in instrs.iter().enumerate().rev() {
                scan.reset(Point::Behind(position, id), &live);
                self.states
                    .for_each_use(self.function, &self.tracked, id, |number| {
                        if !scan.uses.contains(&number) {
                            scan.uses.push(number);
                        }
                    });
                scan.born = self
                    .function
                    .instr(id)
                    .result
                    .and_then(|value| self.birth(value));
                let died = |&number: &usize| self.owned.contains(number) && !live.contains(number);
                scan.released
                    .extend(scan.uses.iter().copied().chain(scan.born).filter(died));
                visit(self, block, &scan);
                if let Some(number) = scan.born {
                    live.remove(number);
                }
                for &number in &scan.uses {
                    live.insert(number);
                }
            }
            scan.reset(Point::Start, &live);
            let params = self.function.block(block).params.iter();
            let unused = params
                .filter_map(|&param| self.birth(param))
                .filter(|&number| !live.contains(number));
            scan.released.extend(unused);
            visit(self, block, &scan);
        }
    }

    /// The number of the root that begins with this value.
    fn birth(&self, value: ValueId) -> Option<usize> {
        self.tracked
            .get(value)
            .filter(|&number| self.roots[number].value == value)
    }

    /// Adds to `needed` the loaded roots that what happens at this point may free.
    fn find_needed(&self, block: BlockId, scan: &Scan, needed: &mut BitSet) {
        let place = match scan.point {
            Point::End => {
                self.find_needed_at_end(block, scan, needed);
                return;
            }
            Point::Behind(position, id) => {
                let effects = self.function.instr(id).op.effects();
                let python = effects.runs_python;
                let heaps = heaps_that_lose_items(self.function.instr(id).op, effects.writes);
                if python || !heaps.is_empty() {
                    for number in scan.live.iter_common(&self.loaded) {
                        if Some(number) != scan.born
                            && self.may_be_freed(number, heaps, python, scan)
                        {
                            needed.insert(number);
                        }
                    }
                }
                if python {
                    // Operands, and what the throw state restores, must outlive what it runs.
                    for &number in &scan.uses {
                        if self.may_be_freed(number, heaps, python, scan) {
                            needed.insert(number);
                        }
                    }
                }
                position
            }
            Point::Start => 0,
        };
        let observable =
            |&number: &usize| !self.is_plain(number, block, place, scan.point == Point::Start);
        if scan.released.iter().any(observable) {
            for number in scan.live.iter_common(&self.loaded) {
                if self.may_be_freed(number, Heaps::ALL, false, scan) {
                    needed.insert(number);
                }
            }
        }
    }

    fn find_needed_at_end(&self, block: BlockId, scan: &Scan, needed: &mut BitSet) {
        let data = self.function.block(block);
        data.terminator.for_each_edge(|edge| {
            let actions = self.edge_actions(edge, &scan.live);
            let observable = |&number: &usize| !self.is_plain(number, block, usize::MAX, false);
            if actions.releases.iter().any(observable) {
                let live = self.liveness.live_in(edge.block);
                for number in live.iter_common(&self.loaded) {
                    needed.insert(number);
                }
            }
        });
        // A reference added at the end of the block, directly behind the load, would look like that
        // of an owned value (`analysis/ownership.rs`): let it be one.
        let last = data
            .instrs
            .last()
            .and_then(|&last| self.function.instr(last).result);
        if let Some(number) = last.and_then(|value| self.birth(value)) {
            let mut escapes = false;
            match &data.terminator {
                Terminator::Jump(edge) => {
                    let actions = self.edge_actions(edge, &scan.live);
                    let mut added = actions.increfs.iter();
                    escapes = added.any(|&value| self.tracked.get(value) == Some(number));
                }
                Terminator::Return(value) => escapes = self.tracked.get(*value) == Some(number),
                _ => {}
            }
            if escapes {
                needed.insert(number);
            }
        }
    }

    /// Could the loaded root be freed by a change of these heaps or by code that runs here?
    fn may_be_freed(&self, number: usize, heaps: Heaps, python: bool, scan: &Scan) -> bool {
        let root = &self.roots[number];
        if let Some(tuple) = root.tuple {
            // A tuple that is itself held keeps its items.
            match self.tracked.get(tuple) {
                None => return false,
                Some(tuple) if scan.live.contains(tuple) => return false,
                Some(tuple) if python && scan.uses.contains(&tuple) => return false,
                Some(_) => {}
            }
        }
        python || heaps == Heaps::ALL || root.heaps.overlaps(heaps)
    }

    /// Nobody can observe the root's death there: its class is known well enough.
    fn is_plain(&self, number: usize, block: BlockId, place: usize, at_start: bool) -> bool {
        let root = &self.roots[number];
        let mut ty = self.function.value(root.value).ty;
        for &guard in &root.guards {
            let Some(id) = self.function.defining_instr(guard) else {
                continue;
            };
            let (home, position) = self.place[id.index()];
            let passed = if home == block {
                !at_start && position as usize <= place
            } else {
                self.dominators.dominates(home, block)
            };
            if passed {
                ty = ty.intersection(self.function.value(guard).ty);
            }
        }
        ty.is_subset(Type::PLAIN)
    }

    /// What passing over the edge takes: `live` is live at the end of the block it starts from.
    fn edge_actions(&self, edge: &Edge, live: &BitSet) -> EdgeActions {
        let live_in = self.liveness.live_in(edge.block);
        let mut actions = EdgeActions::default();
        let mut moved = SmallVec::<[usize; 8]>::new();
        for (&arg, &param) in edge
            .args
            .iter()
            .zip(&self.function.block(edge.block).params)
        {
            if self.objects.holder(param) != Holder::Code {
                continue;
            }
            match self.tracked.get(arg) {
                Some(number)
                    if self.owned.contains(number)
                        && !live_in.contains(number)
                        && !moved.contains(&number) =>
                {
                    moved.push(number);
                }
                None if self.objects.holder(arg) == Holder::Nobody => {}
                _ => actions.increfs.push(arg),
            }
        }
        let dying = live.iter_without(live_in);
        let dropped = |number: &usize| self.owned.contains(*number) && !moved.contains(number);
        actions.releases.extend(dying.filter(dropped));
        actions
    }

    /// All references to add and to drop.
    fn edits(&mut self) -> Edits {
        let mut edits = Edits {
            blocks: Vec::new(),
            starts: vec![Vec::new(); self.function.blocks.len()],
            splits: Vec::new(),
        };
        let mut reversed = Vec::new();
        self.scan_blocks(&mut |analysis, block, scan| {
            let release = |&number: &usize, place, at_start| {
                let value = analysis.roots[number].value;
                if analysis.is_plain(number, block, place, at_start) {
                    Item::New(Op::DecrefPlain, value)
                } else {
                    Item::New(Op::Decref, value)
                }
            };
            match scan.point {
                Point::End => {
                    let mut at_end = Vec::new();
                    analysis.end_items(block, scan, release, &mut at_end, &mut edits);
                    reversed.extend(at_end.into_iter().rev());
                }
                Point::Behind(position, id) => {
                    let dropped = scan
                        .released
                        .iter()
                        .map(|number| release(number, position, false));
                    reversed.extend(dropped.rev());
                    if let Some(born) = scan.born.filter(|&born| analysis.promoted.contains(born)) {
                        reversed.push(Item::New(Op::Incref, analysis.roots[born].value));
                    }
                    reversed.push(Item::Old(id));
                }
                Point::Start => {
                    let dropped = scan.released.iter().map(|number| release(number, 0, true));
                    reversed.extend(dropped.rev());
                    edits
                        .blocks
                        .push((block, reversed.drain(..).rev().collect()));
                }
            }
        });
        edits
    }

    fn end_items(
        &self,
        block: BlockId,
        scan: &Scan,
        release: impl Fn(&usize, usize, bool) -> Item,
        at_end: &mut Vec<Item>,
        edits: &mut Edits,
    ) {
        let items = |edge: &Edge| -> Vec<Item> {
            let actions = self.edge_actions(edge, &scan.live);
            let added = actions
                .increfs
                .iter()
                .map(|&value| Item::New(Op::Incref, value));
            let dropped = actions
                .releases
                .iter()
                .map(|number| release(number, usize::MAX, false));
            added.chain(dropped).collect()
        };
        match &self.function.block(block).terminator {
            Terminator::Jump(edge) => *at_end = items(edge),
            Terminator::Branch {
                then, otherwise, ..
            } => {
                for (index, edge) in [(0, then), (1, otherwise)] {
                    let items = items(edge);
                    if items.is_empty() {
                    } else if self.dominators.predecessor_count(edge.block) == 1 {
                        edits.starts[edge.block.index()] = items;
                    } else {
                        edits.splits.push((block, index, items));
                    }
                }
            }
            Terminator::Return(value) => {
                let owned = self
                    .tracked
                    .get(*value)
                    .is_some_and(|number| self.owned.contains(number));
                if !owned && self.objects.holder(*value) != Holder::Nobody {
                    at_end.push(Item::New(Op::Incref, *value));
                }
            }
            Terminator::Exit { .. } | Terminator::None => {}
        }
    }
}

impl Root {
    fn new(value: ValueId) -> Root {
        Root {
            value,
            heaps: Heaps::NONE,
            tuple: None,
            guards: SmallVec::new(),
        }
    }
}

/// Heaps from which the op may remove the last reference to an item.
fn heaps_that_lose_items(op: Op, writes: Heaps) -> Heaps {
    match op {
        // It only adds one, or none.
        Op::ListAppend | Op::SwapList => Heaps::NONE,
        _ => writes,
    }
}

/// A point of a block, met walking backwards.
#[derive(Clone, Copy, PartialEq, Default)]
enum Point {
    /// Behind the last instruction: the edges.
    #[default]
    End,
    /// Directly behind the instruction at this place.
    Behind(usize, InstrId),
    /// Before the first instruction.
    Start,
}

/// What is known at a [`Point`].
#[derive(Default)]
struct Scan {
    point: Point,
    /// Live behind the point.
    live: BitSet,
    /// What the instruction uses, each once.
    uses: SmallVec<[usize; 16]>,
    /// The root that begins with the instruction.
    born: Option<usize>,
    /// Owned roots that die here.
    released: SmallVec<[usize; 4]>,
}

impl Scan {
    fn reset(&mut self, point: Point, live: &BitSet) {
        self.point = point;
        self.live.copy_from(live);
        self.uses.clear();
        self.born = None;
        self.released.clear();
    }
}

#[derive(Default)]
struct EdgeActions {
    /// Values that need one more reference.
    increfs: SmallVec<[ValueId; 4]>,
    /// Roots that die on the edge.
    releases: SmallVec<[usize; 4]>,
}

#[derive(Clone, Copy)]
enum Item {
    /// An instruction that is there.
    Old(InstrId),
    /// A reference count to change.
    New(Op, ValueId),
}

/// The new contents of the blocks.
struct Edits {
    blocks: Vec<(BlockId, Vec<Item>)>,
    /// Before everything else in the block.
    starts: Vec<Vec<Item>>,
    /// A block, which of its edges, and what stands on it.
    splits: Vec<(BlockId, usize, Vec<Item>)>,
}

impl Edits {
    fn apply(self, function: &mut Function) {
        for (block, items) in self.blocks {
            let start = self.starts[block.index()].iter().copied();
            let instrs = build(function, start.chain(items));
            function.block_mut(block).instrs = instrs;
        }
        let mut behind: Vec<(BlockId, BlockId)> = Vec::new();
        for (block, index, items) in self.splits {
            let instrs = build(function, items.into_iter());
            let split = function.add_block();
            function.layout.pop();
            let mut position = 0;
            let mut old_edge = None;
            function
                .block_mut(block)
                .terminator
                .for_each_edge_mut(|edge| {
                    if position == index {
                        let new_edge = Edge {
                            block: split,
                            args: Vec::new(),
                        };
                        old_edge = Some(std::mem::replace(edge, new_edge));
                    }
                    position += 1;
                });
            if let Some(edge) = old_edge {
                let cold = function.block(edge.block).cold || function.block(block).cold;
                let data = function.block_mut(split);
                data.instrs = instrs;
                data.terminator = Terminator::Jump(edge);
                data.cold = cold;
                behind.push((block, split));
            }
        }
        if !behind.is_empty() {
            let mut layout = Vec::with_capacity(function.layout.len() + behind.len());
            let mut new_behind = vec![SmallVec::<[BlockId; 2]>::new(); function.blocks.len()];
            for (block, split) in behind {
                new_behind[block.index()].push(split);
            }
            for &block in &function.layout {
                layout.push(block);
                layout.extend_from_slice(&new_behind[block.index()]);
            }
            function.layout = layout;
        }
    }
}

fn build(function: &mut Function, items: impl Iterator<Item = Item>) -> Vec<InstrId> {
    let mut origin = Origin {
        code: crate::hir::CodeId::new(0),
        offset: 0,
    };
    items
        .map(|item| match item {
            Item::Old(id) => {
                origin = function.instr(id).origin;
                id
            }
            Item::New(op, value) => function.add_instr(op, &[value], None, origin),
        })
        .collect()
}
