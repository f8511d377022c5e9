//! What holds at one place: ranges under the conditions that lead there, and differences.

use smallvec::SmallVec;

use super::declared;
use crate::analysis::range;
use crate::hir::attributes::{Cond, IntWidth};
use crate::hir::{Function, Instr, IntRange, Op, ValueId};

/// Values a question about a difference may look at.
const DIFFERENCE_FUEL: u32 = 32;
/// Answers of [`Scope::difference`] stay below this, so that sums of a few never overflow.
const FAR: i128 = 1 << 100;
/// A bound this large may come from nothing but the representation of a checked result.
const LARGE: i128 = 1 << 61;

/// What holds at one place of the function.
pub struct Scope {
    /// By value.
    pub(super) ranges: Vec<IntRange>,
    /// Ranges as they were before a refinement.
    undo: Vec<(ValueId, IntRange)>,
    /// `x - y <= k`.
    pub(super) differences: Vec<(ValueId, ValueId, i128)>,
    /// Costly questions pay only when ranges have settled.
    pub(super) asks_differences: bool,
    /// By value: its range relies on an exit that goes when the value is unused.
    pub(super) is_tainted: Vec<bool>,
    /// Parameters of joins, and what the edges pass.
    pub(super) joins: Vec<SmallVec<[ValueId; 4]>>,
    /// By value: 1 + its row of `joins`, or 0. Empty without loops.
    pub(super) join_rows: Vec<u32>,
}

impl Scope {
    pub(super) fn new(ranges: Vec<IntRange>) -> Scope {
        Scope {
            asks_differences: false,
            is_tainted: vec![false; ranges.len()],
            ranges,
            undo: Vec::new(),
            differences: Vec::new(),
            joins: Vec::new(),
            join_rows: Vec::new(),
        }
    }

    /// What the value can be here.
    pub fn range(&self, value: ValueId) -> IntRange {
        self.ranges[value.index()]
    }

    /// What the value can be here even if the checked ops it is made of do not leave. (A bound as
    /// large as those of 64 bits may have come through a block parameter; that counts for nothing.)
    pub fn certain(&self, value: ValueId) -> IntRange {
        let range = self.range(value);
        let is_tainted = self.is_tainted[value.index()];
        if range.low == range.high && !is_tainted {
            return range;
        }
        let (low, high) = (range.low > -LARGE, range.high < LARGE);
        IntRange {
            low: if low && !is_tainted { range.low } else { -FAR },
            high: if high && !is_tainted { range.high } else { FAR },
        }
    }

    /// Notes whether the result's range, just found, is certain.
    pub(super) fn note_taint(&mut self, function: &Function, instr: &Instr, result: ValueId) {
        let full = function.value(result).repr.full_range();
        let found = self.range(result);
        let certain = self.certain_result(function, instr);
        let leaves = instr.op.effects().may_exit && instr.op.is_removable();
        self.is_tainted[result.index()] = match instr.op {
            Op::UnboxInt(_) | Op::UnboxU64 | Op::F64ToI64 | Op::IntPow => true,
            Op::U64ToI64 | Op::I64ToU64 => {
                let bounds = IntRange::new(0, i64::MAX.into());
                !self.certain(instr.args[0]).is_within(bounds)
            }
            _ if leaves => !certain.is_some_and(|range| range.is_within(found)),
            // Ends of the representation count for nothing; a single value does.
            _ if found.as_constant().is_some() => certain != Some(found),
            _ => certain.and_then(|range| range.intersection(full)) != Some(found),
        };
    }

    pub(super) fn mark(&self) -> (usize, usize) {
        (self.undo.len(), self.differences.len())
    }

    pub(super) fn leave(&mut self, mark: (usize, usize)) {
        while self.undo.len() > mark.0 {
            if let Some((value, range)) = self.undo.pop() {
                self.ranges[value.index()] = range;
            }
        }
        self.differences.truncate(mark.1);
    }

    /// The value is within the range here; false if that cannot be.
    fn refine(&mut self, function: &Function, value: ValueId, range: IntRange) -> bool {
        let Some(open) = self.open(function, value).intersection(range) else {
            return false;
        };
        let old = self.range(value);
        let Some(new) = old.intersection(range) else {
            // The op that would have left before is gone, perhaps: nothing is known.
            return true;
        };
        if new == old {
            return true;
        }
        self.undo.push((value, old));
        self.ranges[value.index()] = new;
        // What was computed from one unknown says something of it.
        let Some(instr) = function.defining_instr(value).map(|id| function.instr(id)) else {
            return true;
        };
        match (instr.op, instr.args.as_slice()) {
            (Op::IntAdd(_), &[a, b]) => {
                self.refine_plain(function, a, range::sub(open, self.range(b)))
                    && self.refine_plain(function, b, range::sub(open, self.range(a)))
            }
            (Op::IntSub(_), &[a, b]) => {
                self.refine_plain(function, a, range::add(open, self.range(b)))
                    && self.refine_plain(function, b, range::sub(self.range(a), open))
            }
            (Op::GuardIndex | Op::GuardRange(_) | Op::BoolToI64, &[a, ..]) => {
                self.refine_plain(function, a, new)
            }
            _ => true,
        }
    }

    /// The range without those bounds that hold only because a checked op leaves where its result
    /// has no representation: when nothing else uses the result the op goes, and what is beyond its
    /// bounds comes to what was computed from it. (So it is with block parameters, which pass it on.)
    fn open(&self, function: &Function, value: ValueId) -> IntRange {
        let range = self.range(value);
        let full = function.value(value).repr.full_range();
        IntRange {
            low: if range.low <= full.low {
                -FAR
            } else {
                range.low
            },
            high: if range.high >= full.high {
                FAR
            } else {
                range.high
            },
        }
    }

    /// [`Scope::refine`] without looking at the definition.
    fn refine_plain(&mut self, function: &Function, value: ValueId, range: IntRange) -> bool {
        if self.open(function, value).intersection(range).is_none() {
            return false;
        }
        let old = self.range(value);
        let Some(new) = old.intersection(range) else {
            return true;
        };
        if new != old {
            self.undo.push((value, old));
            self.ranges[value.index()] = new;
        }
        true
    }

    /// The bool is `truth` here; false if that cannot be.
    pub(super) fn assume(&mut self, function: &Function, condition: ValueId, truth: bool) -> bool {
        if !self.refine_plain(function, condition, IntRange::constant(truth.into())) {
            return false;
        }
        let Some(instr) = function
            .defining_instr(condition)
            .map(|id| function.instr(id))
        else {
            return true;
        };
        match (instr.op, instr.args.as_slice()) {
            (Op::IntCmp(cond), &[a, b]) => {
                let cond = if truth { cond } else { cond.negated() };
                self.assume_difference(cond, a, b);
                self.assume_comparison(function, cond, a, b)
            }
            (Op::U64Cmp(cond), &[a, b]) => {
                let cond = if truth { cond } else { cond.negated() };
                self.assume_comparison(function, cond, a, b)
            }
            (Op::BoolNot, &[a]) => self.assume(function, a, !truth),
            (Op::Select, &[which, a, b]) => match self.range(which).as_constant() {
                Some(0) => self.assume(function, b, truth),
                Some(_) => self.assume(function, a, truth),
                None => true,
            },
            (Op::BoolAnd, &[a, b]) if truth => {
                self.assume(function, a, true) && self.assume(function, b, true)
            }
            (Op::BoolOr, &[a, b]) if !truth => {
                self.assume(function, a, false) && self.assume(function, b, false)
            }
            _ => true,
        }
    }

    fn assume_comparison(
        &mut self,
        function: &Function,
        cond: Cond,
        a: ValueId,
        b: ValueId,
    ) -> bool {
        match range::refine(cond, self.open(function, a), self.open(function, b)) {
            Some((left, right)) => {
                self.refine(function, a, left) && self.refine(function, b, right)
            }
            None => false,
        }
    }

    fn assume_difference(&mut self, cond: Cond, a: ValueId, b: ValueId) {
        match cond {
            Cond::Lt => self.differences.push((a, b, -1)),
            Cond::Le => self.differences.push((a, b, 0)),
            Cond::Gt => self.differences.push((b, a, -1)),
            Cond::Ge => self.differences.push((b, a, 0)),
            Cond::Eq => self.differences.extend([(a, b, 0), (b, a, 0)]),
            Cond::Ne => {}
        }
    }

    /// A bound from above for `x - y`, both ints.
    pub fn difference(&self, function: &Function, x: ValueId, y: ValueId) -> i128 {
        let mut fuel = DIFFERENCE_FUEL;
        self.difference_within(function, x, y, 5, &mut fuel)
    }

    fn difference_within(
        &self,
        function: &Function,
        x: ValueId,
        y: ValueId,
        depth: u32,
        fuel: &mut u32,
    ) -> i128 {
        if x == y {
            return 0;
        }
        let (range_x, range_y) = (self.certain(x), self.certain(y));
        let mut best = range_x.high.saturating_sub(range_y.low).clamp(-FAR, FAR);
        if depth == 0 || *fuel == 0 {
            return best;
        }
        *fuel -= 1;
        let mut ask = |x, y| self.difference_within(function, x, y, depth - 1, fuel);
        let clamped = |bound: i128| bound.clamp(-FAR, FAR);
        if let Some(instr) = function.defining_instr(x).map(|id| function.instr(id)) {
            match (instr.op, instr.args.as_slice()) {
                (Op::GuardIndex | Op::GuardRange(_), &[a, ..]) => best = best.min(ask(a, y)),
                (Op::NormalizeIndex, &[a, _]) if self.certain(a).low >= 0 => {
                    best = best.min(ask(a, y));
                }
                (Op::NormalizeIndex, &[a, length]) if self.certain(a).high < 0 => {
                    best = best.min(ask(length, y).saturating_add(self.certain(a).high));
                }
                (Op::IntAdd(_), &[a, b]) => {
                    let (high_a, high_b) = (self.certain(a).high, self.certain(b).high);
                    best = best.min(ask(a, y).saturating_add(high_b));
                    if self.certain(b).as_constant().is_none() {
                        best = best.min(ask(b, y).saturating_add(high_a));
                    }
                }
                (Op::IntSub(_), &[a, b]) => {
                    best = best.min(ask(a, y).saturating_sub(self.certain(b).low));
                }
                (Op::IntMod(_), &[_, modulus]) if self.certain(modulus).low > 0 => {
                    best = best.min(ask(modulus, y).saturating_sub(1));
                }
                (Op::IntFloorDiv(_), &[a, b])
                    if self.certain(a).low >= 0 && self.certain(b).low >= 1 =>
                {
                    best = best.min(ask(a, y));
                    if self.certain(b).low >= 2 {
                        best = best.min(self.middle(function, a, y, &mut ask));
                    }
                }
                (Op::IntShr(_), &[a, b])
                    if self.certain(a).low >= 0 && self.certain(b).low >= 0 =>
                {
                    best = best.min(ask(a, y));
                    if self.certain(b).low >= 1 {
                        best = best.min(self.middle(function, a, y, &mut ask));
                    }
                }
                (Op::Select, &[condition, a, b]) => {
                    let (left, right) = (ask(a, y), ask(b, y));
                    let is_minimum = selects_minimum(function, condition, a, b);
                    best = best.min(if is_minimum {
                        left.min(right)
                    } else {
                        left.max(right)
                    });
                }
                _ => {}
            }
        }
        if let Some(instr) = function.defining_instr(y).map(|id| function.instr(id)) {
            match (instr.op, instr.args.as_slice()) {
                (Op::GuardIndex | Op::GuardRange(_), &[a, ..]) => best = best.min(ask(x, a)),
                (Op::IntAdd(_), &[a, b]) => {
                    let (low_a, low_b) = (self.certain(a).low, self.certain(b).low);
                    best = best.min(ask(x, a).saturating_sub(low_b));
                    if self.certain(b).as_constant().is_none() {
                        best = best.min(ask(x, b).saturating_sub(low_a));
                    }
                }
                (Op::IntSub(_), &[a, b]) => {
                    best = best.min(ask(x, a).saturating_add(self.certain(b).high));
                }
                _ => {}
            }
        }
        let row = self.join_rows.get(x.index()).copied().unwrap_or(0);
        if row > 0 {
            let joined = &self.joins[row as usize - 1];
            let worst = joined.iter().map(|&value| ask(value, y)).max();
            best = best.min(worst.unwrap_or(FAR));
        }
        for &(left, right, bound) in self.differences.iter().rev() {
            if left == x {
                let rest = if right == y { 0 } else { ask(right, y) };
                best = best.min(rest.saturating_add(bound));
            }
        }
        clamped(best)
    }

    /// `sum // 2 - y` where `sum` is `a + b`: the middle is not above the greater one, and below it
    /// when the other one is smaller.
    fn middle(
        &self,
        function: &Function,
        sum: ValueId,
        y: ValueId,
        ask: &mut dyn FnMut(ValueId, ValueId) -> i128,
    ) -> i128 {
        let Some(instr) = function.defining_instr(sum).map(|id| function.instr(id)) else {
            return FAR;
        };
        let (Op::IntAdd(_), &[a, b]) = (instr.op, instr.args.as_slice()) else {
            return FAR;
        };
        let mut best = FAR;
        for (smaller, greater) in [(a, b), (b, a)] {
            let distance = ask(smaller, greater);
            if distance <= 0 {
                let below = i128::from(distance < 0);
                best = best.min(ask(greater, y).saturating_sub(below));
            }
        }
        best
    }

    /// Is `a cond b` decided here?
    pub fn decide(&self, function: &Function, cond: Cond, a: ValueId, b: ValueId) -> Option<bool> {
        if let Some(answer) = range::decide(cond, self.certain(a), self.certain(b)) {
            return Some(answer);
        }
        if !self.asks_differences || (self.differences.is_empty() && a != b) {
            return None;
        }
        // a < b, a <= b, and both the other way round.
        let difference = |a, b| self.difference(function, a, b);
        match cond {
            Cond::Lt | Cond::Ge if difference(a, b) < 0 => Some(cond == Cond::Lt),
            Cond::Lt | Cond::Ge if difference(b, a) <= 0 => Some(cond == Cond::Ge),
            Cond::Le | Cond::Gt if difference(a, b) <= 0 => Some(cond == Cond::Le),
            Cond::Le | Cond::Gt if difference(b, a) < 0 => Some(cond == Cond::Gt),
            Cond::Eq | Cond::Ne if difference(a, b) < 0 || difference(b, a) < 0 => {
                Some(cond == Cond::Ne)
            }
            Cond::Eq | Cond::Ne if a == b => Some(cond == Cond::Eq),
            _ => None,
        }
    }

    /// The exact result of an int or bool op for operands as they are here, whether or not it fits;
    /// `None` if there is none, so that the op never finishes. What is not known is as by definition.
    pub fn result(&self, function: &Function, instr: &Instr) -> Option<IntRange> {
        self.result_of(function, instr, Scope::range)
    }

    /// [`Scope::result`] that holds even if the ops below the operands do not leave where a result
    /// has no representation: what may stand in the place of the instruction, which then no longer
    /// keeps those ops alive.
    pub fn certain_result(&self, function: &Function, instr: &Instr) -> Option<IntRange> {
        self.result_of(function, instr, Scope::certain)
    }

    fn result_of(
        &self,
        function: &Function,
        instr: &Instr,
        trust: fn(&Scope, ValueId) -> IntRange,
    ) -> Option<IntRange> {
        let arg = |index: usize| trust(self, instr.args[index]);
        let non_negative = IntRange::new(0, i64::MAX.into());
        let by_definition = || instr.result.map(|result| declared(function.value(result)));
        Some(match instr.op {
            Op::ConstI64(value) => IntRange::constant(value.into()),
            Op::ConstU64(value) => IntRange::constant(value.into()),
            Op::ConstBool(value) => IntRange::constant(value.into()),
            Op::UnboxInt(IntWidth::Compact) => IntRange::COMPACT,
            Op::BoolToI64 => arg(0),
            Op::I64ToU64 | Op::U64ToI64 => arg(0).intersection(non_negative)?,
            Op::BitsToU64 => range::wrap_u64(arg(0)),
            Op::BitsToI64 => range::wrap_i64(arg(0)),
            Op::GuardRange(range) => arg(0).intersection(range)?,
            Op::GuardIndex => {
                let high = arg(1).high - 1;
                arg(0).intersection(IntRange { low: 0, high })?
            }
            Op::IntAdd(_) => range::add(arg(0), arg(1)),
            Op::IntSub(_) => {
                let plain = range::sub(arg(0), arg(1));
                self.subtract(function, plain, instr.args[0], instr.args[1])
            }
            Op::IntMul(_) => {
                let product = range::mul(arg(0), arg(1));
                if instr.args[0] == instr.args[1] {
                    product.intersection(IntRange {
                        low: 0,
                        high: i128::MAX,
                    })?
                } else {
                    product
                }
            }
            Op::IntNeg(_) => range::neg(arg(0)),
            Op::IntAbs(_) => range::abs(arg(0)),
            Op::IntFloorDiv(_) | Op::IntDivBy | Op::U64Div => range::floordiv(arg(0), arg(1))?,
            Op::IntMod(_) | Op::IntModBy | Op::U64Mod => range::modulo(arg(0), arg(1))?,
            Op::IntPow => range::pow(arg(0), arg(1)),
            Op::IntAnd | Op::U64And | Op::BoolAnd => range::and(arg(0), arg(1)),
            Op::IntOr | Op::U64Or | Op::BoolOr => range::or(arg(0), arg(1)),
            Op::IntXor | Op::U64Xor | Op::BoolXor => range::xor(arg(0), arg(1)),
            Op::IntNot => range::not(arg(0)),
            Op::BoolNot => range::sub(IntRange::constant(1), arg(0)),
            Op::IntShl(_) => range::shl(arg(0), arg(1))?,
            Op::IntShr(_) | Op::U64Shr => range::shr(arg(0), arg(1))?,
            Op::U64Add => range::wrap_u64(range::add(arg(0), arg(1))),
            Op::U64Sub => range::wrap_u64(range::sub(arg(0), arg(1))),
            Op::U64Mul => range::wrap_u64(range::mul(arg(0), arg(1))),
            Op::U64Shl => range::wrap_u64(range::shl(arg(0), arg(1))?),
            Op::IntCmp(cond) => match self.decide(function, cond, instr.args[0], instr.args[1]) {
                Some(truth) => IntRange::constant(truth.into()),
                None => IntRange::new(0, 1),
            },
            Op::U64Cmp(cond) => match range::decide(cond, arg(0), arg(1)) {
                Some(truth) => IntRange::constant(truth.into()),
                None => IntRange::new(0, 1),
            },
            Op::Select => match arg(0).as_constant() {
                Some(0) => arg(2),
                Some(_) => arg(1),
                None => self.select(function, instr, arg(1), arg(2)),
            },
            Op::NormalizeIndex => range::normalize_index(arg(0), arg(1)),
            _ => by_definition()?,
        })
    }

    fn subtract(
        &self,
        function: &Function,
        difference: IntRange,
        a: ValueId,
        b: ValueId,
    ) -> IntRange {
        if !self.asks_differences || self.differences.is_empty() {
            return difference;
        }
        let sharper = IntRange {
            low: -self.difference(function, b, a),
            high: self.difference(function, a, b),
        };
        if sharper.low > sharper.high {
            return difference;
        }
        difference.intersection(sharper).unwrap_or(difference)
    }

    fn select(
        &self,
        function: &Function,
        instr: &Instr,
        left: IntRange,
        right: IntRange,
    ) -> IntRange {
        let &[condition, a, b] = instr.args.as_slice() else {
            return IntRange::ANY;
        };
        if selects_minimum(function, condition, a, b) {
            return IntRange {
                low: left.low.min(right.low),
                high: left.high.min(right.high),
            };
        }
        if selects_minimum(function, condition, b, a) {
            return IntRange {
                low: left.low.max(right.low),
                high: left.high.max(right.high),
            };
        }
        left.union(right)
    }

    /// What holds once the instruction did not leave. Only of guards: an op that leaves because its
    /// result has no representation goes when the result is unused, and nothing may depend on it.
    pub(super) fn after(&mut self, function: &Function, instr: &Instr) -> bool {
        match (instr.op, instr.args.as_slice()) {
            (Op::GuardTrue(_), &[condition]) => self.assume(function, condition, true),
            (Op::GuardFalse(_), &[condition]) => self.assume(function, condition, false),
            (Op::GuardIndex, &[index, length]) => {
                self.differences.push((index, length, -1));
                let high = self.range(length).high - 1;
                self.refine(function, index, IntRange { low: 0, high })
                    && self.refine_plain(function, length, IntRange::new(1, i64::MAX.into()))
            }
            (Op::GuardRange(range), &[value]) => self.refine(function, value, range),
            _ => true,
        }
    }
}

/// Is `condition ? a : b` the smaller one of both? (Swap `a` and `b` to ask for the greater.)
fn selects_minimum(function: &Function, condition: ValueId, a: ValueId, b: ValueId) -> bool {
    let Some(instr) = function
        .defining_instr(condition)
        .map(|id| function.instr(id))
    else {
        return false;
    };
    match (instr.op, instr.args.as_slice()) {
        (Op::IntCmp(Cond::Lt | Cond::Le), &[x, y]) => (x, y) == (a, b),
        (Op::IntCmp(Cond::Gt | Cond::Ge), &[x, y]) => (y, x) == (a, b),
        _ => false,
    }
}
