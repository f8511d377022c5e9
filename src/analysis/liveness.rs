//! Which of some chosen values are live at the borders of blocks.
//!
//! The caller says what it tracks: a map from values to small numbers, where several values may
//! share one (a guarded value is the object it guards). A use is an operand, an edge argument, a
//! returned value, or a place in a frame state of an instruction or of an `Exit`. The snapshot of
//! a preheader counts too: it keeps alive what a hoisted guard would restore.

use super::bits::BitSet;
use super::dominators::Dominators;
use crate::hir::{BlockId, FrameStateId, Function, InstrId, Terminator, ValueId};

/// The values somebody wants to know about, numbered from 0.
#[derive(Clone, Debug, Default)]
pub struct Tracked {
    /// Number + 1 of each value; 0: not tracked.
    number: Vec<u32>,
    /// How many numbers there are.
    count: usize,
}

impl Tracked {
    /// Tracks nothing yet.
    pub fn new(function: &Function) -> Tracked {
        Tracked {
            number: vec![0; function.values.len()],
            count: 0,
        }
    }

    /// Tracks the value under a new number.
    pub fn add(&mut self, value: ValueId) -> usize {
        self.count += 1;
        self.number[value.index()] = self.count as u32;
        self.count - 1
    }

    /// Tracks the value as if it were `other`, if that is tracked.
    pub fn alias(&mut self, value: ValueId, other: ValueId) {
        self.number[value.index()] = self.number[other.index()];
    }

    /// The value's number.
    pub fn get(&self, value: ValueId) -> Option<usize> {
        (self.number[value.index()] as usize).checked_sub(1)
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// Live numbers at the borders of every block.
#[derive(Clone, Debug)]
pub struct Liveness {
    live_in: Vec<BitSet>,
    live_out: Vec<BitSet>,
}

impl Liveness {
    /// Solves the equations, backwards.
    pub fn new(function: &Function, dominators: &Dominators, tracked: &Tracked) -> Liveness {
        let blocks = function.blocks.len();
        let empty = BitSet::new(tracked.count());
        let mut used = vec![empty.clone(); blocks];
        let mut defined = vec![empty.clone(); blocks];
        let mut states = StateUses::new(function);
        for &block in dominators.reverse_postorder() {
            let (used, defined) = (&mut used[block.index()], &mut defined[block.index()]);
            for &param in &function.block(block).params {
                if let Some(number) = tracked.get(param) {
                    defined.insert(number);
                }
            }
            for &instr in &function.block(block).instrs {
                states.for_each_use(function, tracked, instr, |number| {
                    if !defined.contains(number) {
                        used.insert(number);
                    }
                });
                if let Some(number) = function.instr(instr).result.and_then(|v| tracked.get(v)) {
                    // A guard's result is no birth of the object.
                    if !used.contains(number) {
                        defined.insert(number);
                    }
                }
            }
            states.for_each_terminator_use(function, tracked, block, |number| {
                if !defined.contains(number) {
                    used.insert(number);
                }
            });
        }
        let mut liveness = Liveness {
            live_in: used,
            live_out: vec![empty.clone(); blocks],
        };
        let mut scratch = empty;
        let mut changed = true;
        while changed {
            changed = false;
            for &block in dominators.reverse_postorder().iter().rev() {
                for successor in function.block(block).terminator.successors() {
                    let live_in = &liveness.live_in[successor.index()];
                    liveness.live_out[block.index()].union_with(live_in);
                }
                scratch.copy_from(&liveness.live_out[block.index()]);
                let live_in = &mut liveness.live_in[block.index()];
                for number in scratch.iter_without(&defined[block.index()]) {
                    changed |= live_in.insert(number);
                }
            }
        }
        liveness
    }

    /// Live at the start of the block, its own parameters excepted.
    pub fn live_in(&self, block: BlockId) -> &BitSet {
        &self.live_in[block.index()]
    }

    /// Live behind the terminator: needed by some successor other than through its parameters.
    pub fn live_out(&self, block: BlockId) -> &BitSet {
        &self.live_out[block.index()]
    }
}

/// The tracked numbers in frame states, collected once per state.
#[derive(Clone, Debug)]
pub struct StateUses {
    /// Numbers of each state with its parents, once they were asked for.
    numbers: Vec<Option<Vec<u32>>>,
}

impl StateUses {
    /// For states of the function.
    pub fn new(function: &Function) -> StateUses {
        StateUses {
            numbers: vec![None; function.frame_states.len()],
        }
    }

    /// Tracked numbers in the state and its parents, each once.
    pub fn of_state(
        &mut self,
        function: &Function,
        tracked: &Tracked,
        state: FrameStateId,
    ) -> &[u32] {
        self.numbers[state.index()].get_or_insert_with(|| {
            let mut numbers = Vec::new();
            function.for_each_state_value(state, &mut |value| {
                if let Some(number) = tracked.get(value) {
                    numbers.push(number as u32);
                }
            });
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        })
    }

    /// Calls `visit` for every tracked use of the instruction: operands and frame states.
    pub fn for_each_use(
        &mut self,
        function: &Function,
        tracked: &Tracked,
        instr: InstrId,
        mut visit: impl FnMut(usize),
    ) {
        let data = function.instr(instr);
        data.args
            .iter()
            .filter_map(|&value| tracked.get(value))
            .for_each(&mut visit);
        for &state in data.exit.iter().chain(&data.throw).chain(&data.after) {
            let numbers = self.of_state(function, tracked, state);
            numbers.iter().for_each(|&number| visit(number as usize));
        }
    }

    /// Calls `visit` for every tracked use of the block's terminator.
    pub fn for_each_terminator_use(
        &mut self,
        function: &Function,
        tracked: &Tracked,
        block: BlockId,
        mut visit: impl FnMut(usize),
    ) {
        let terminator = &function.block(block).terminator;
        terminator.for_each_value(|value| {
            if let Some(number) = tracked.get(value) {
                visit(number);
            }
        });
        if let Terminator::Exit { state, .. } = terminator {
            let numbers = self.of_state(function, tracked, *state);
            numbers.iter().for_each(|&number| visit(number as usize));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{graph, ids};
    use crate::hir::{Edge, IntRange, Op, Repr, Type};

    #[test]
    fn values_live_around_a_loop_and_through_frame_states() {
        // 0 -> 1; 1 -> 2 or 3; 2 -> 1; 3 leaves.
        let mut function = graph(&[&[1], &[2, 3], &[1], &[]]);
        let [entry, header, body, exit] = ids();
        let mut param = |block| function.add_param(block, Type::OBJECT, Repr::Boxed, IntRange::I64);
        let (kept, unused, carried) = (param(entry), param(entry), param(header));
        for block in [entry, body] {
            let args = vec![if block == entry { kept } else { carried }];
            function.block_mut(block).terminator = Terminator::Jump(Edge {
                block: header,
                args,
            });
        }
        // The exit restores `kept`; the body keeps the loop's own object alive.
        let Terminator::Exit { state, .. } = function.block(exit).terminator else {
            panic!()
        };
        function.frame_states[state.index()].locals = vec![crate::hir::Slot::Value(kept)];
        let origin = function.instrs[0].origin;
        let keep = function.add_instr(Op::KeepAlive, &[carried], None, origin);
        function.block_mut(body).instrs.push(keep);

        let mut tracked = Tracked::new(&function);
        let [kept, unused, carried] = [kept, unused, carried].map(|value| tracked.add(value));
        let liveness = Liveness::new(&function, &Dominators::new(&function), &tracked);
        let live = |set: &BitSet| set.iter().collect::<Vec<_>>();
        assert_eq!(
            live(liveness.live_in(entry)),
            [0; 0],
            "parameters are born in their block"
        );
        assert_eq!(live(liveness.live_in(header)), [kept]);
        assert_eq!(live(liveness.live_in(body)), [kept, carried]);
        assert_eq!(
            live(liveness.live_out(body)),
            [kept],
            "passed on, not live behind the edge"
        );
        assert_eq!(live(liveness.live_in(exit)), [kept]);
        assert!(!live(liveness.live_out(entry)).contains(&unused));
    }
}
