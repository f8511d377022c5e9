//! Dicts and sets: look-ups, stores and iteration by helpers that run no Python code.
//!
//! Such a helper leaves where it would have to (a key with a `__hash__` or `__eq__` of its own, the last
//! reference to an object with a finaliser): a site that did so becomes a call like the interpreter's.

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::feedback::{Fact, SharedFact};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::control::Schedule;
use super::item::Item;
use super::{BuiltinMethod, Lifter, Step};

/// A site that left so often for the program's own code is taken for one that needs it.
const MAX_FAILURES: u32 = 2;

/// A key as a helper takes it.
enum Key {
    Object(ValueId),
    Int(ValueId),
}

impl Lifter<'_> {
    /// The helpers of this file served here so far.
    fn is_quiet_site(&self) -> bool {
        self.site().is_none_or(|site| {
            site.times(ExitReason::Empty) + site.times(ExitReason::ValueRange) < MAX_FAILURES
        })
    }

    /// The container, if it is expected to be of one of these classes and to be used without Python code.
    fn quiet_container(
        &mut self,
        value: ValueId,
        position: usize,
        hint: Type,
        classes: Type,
    ) -> Step<Option<(ValueId, Type)>> {
        if self.snapshot.is_none() || !self.is_quiet_site() || self.repr(value) != Repr::Boxed {
            return Ok(None);
        }
        match self.expected_class(value, position, hint) {
            Some(class) if class.is_subset(classes) => {
                let value = self.guard_type(value, class, position)?;
                Ok(Some((value, class)))
            }
            _ => Ok(None),
        }
    }

    fn key(&mut self, value: ValueId, position: usize) -> Step<Key> {
        let (value, _) = self.specialise(value, position, Type::EMPTY)?;
        if self.repr(value) == Repr::I64 && !self.has_box(value) {
            return Ok(Key::Int(value));
        }
        self.as_boxed(value).map(Key::Object)
    }

    fn look_up(
        &mut self,
        container: ValueId,
        key: ValueId,
        position: usize,
        (by_object, by_int): (HelperId, HelperId),
    ) -> Step<ValueId> {
        match self.key(key, position)? {
            Key::Object(key) => self.runtime(by_object, &[container, key]),
            Key::Int(key) => self.runtime(by_int, &[container, key]),
        }
    }

    /// `d[k]`.
    pub(super) fn dict_subscr(
        &mut self,
        container: ValueId,
        index: ValueId,
        hint: Type,
        operands: &[Item],
    ) -> Step<Option<ValueId>> {
        let Some((dict, _)) = self.quiet_container(container, 1, hint, Type::DICT)? else {
            return Ok(None);
        };
        let result = if self.is_caught() {
            let (key, _) = self.specialise(index, 0, Type::EMPTY)?;
            let (key, missing) = (self.as_boxed(key)?, self.sentinel());
            let found = self.runtime(HelperId::DictGetOr, &[dict, key, missing])?;
            self.catch_missing(found, missing, operands)?;
            found
        } else {
            let helpers = (HelperId::DictGet, HelperId::DictGetInt);
            self.look_up(dict, index, 0, helpers)?
        };
        let items = self.fact(dict).and_then(|fact| fact.items.clone());
        self.expect(result, items.as_ref());
        Ok(Some(result))
    }

    /// `d[k] = v`.
    pub(super) fn dict_store(
        &mut self,
        container: ValueId,
        index: ValueId,
        value: ValueId,
        hint: Type,
    ) -> Step<bool> {
        let Some((dict, _)) = self.quiet_container(container, 1, hint, Type::DICT)? else {
            return Ok(false);
        };
        let (index, _) = self.specialise(index, 0, Type::EMPTY)?;
        self.note_stored(dict, index, value);
        let (index, value) = (self.as_boxed(index)?, self.as_boxed(value)?);
        self.runtime(HelperId::DictSet, &[dict, index, value])?;
        for value in [value, dict, index] {
            self.release(&Item::Value(value))?;
        }
        Ok(true)
    }

    /// `k in d`, `x in s`.
    pub(super) fn in_dict_or_set(
        &mut self,
        container: ValueId,
        item: ValueId,
        hint: Type,
    ) -> Step<Option<ValueId>> {
        let sets = Type::SET.union(Type::FROZENSET);
        let classes = sets.union(Type::DICT);
        let Some((container, class)) = self.quiet_container(container, 0, hint, classes)? else {
            return Ok(None);
        };
        let helpers = if class == Type::DICT {
            (HelperId::DictContains, HelperId::DictContainsInt)
        } else {
            (HelperId::SetContains, HelperId::SetContainsInt)
        };
        self.look_up(container, item, 1, helpers).map(Some)
    }

    /// `len` of a dict or set.
    pub(super) fn dict_or_set_length(
        &mut self,
        value: ValueId,
        class: Type,
    ) -> Step<Option<ValueId>> {
        let helper = match class {
            Type::DICT => HelperId::DictLength,
            Type::SET | Type::FROZENSET => HelperId::SetLength,
            _ => return Ok(None),
        };
        let op = Op::CallRuntime(helper);
        self.emit_ranged(op, &[value], Type::INT, Repr::I64, IntRange::LENGTH)
            .map(Some)
    }

    /// Methods of dicts and sets.
    pub(super) fn dict_or_set_method(
        &mut self,
        method: BuiltinMethod,
        args: &[Item],
    ) -> Step<Option<ValueId>> {
        let Some((Item::Value(receiver), args)) = args.split_first() else {
            return Ok(None);
        };
        let class = match method {
            BuiltinMethod::SetAdd => Type::SET,
            _ => Type::DICT,
        };
        if self.ty(*receiver) != class || self.snapshot.is_none() || !self.is_quiet_site() {
            return Ok(None);
        }
        let mut values = Vec::new();
        for (index, item) in args.iter().enumerate() {
            let value = self.value_of(item)?;
            let position = args.len() - 1 - index;
            values.push(self.specialise(value, position, Type::EMPTY)?.0);
        }
        let (receiver, values) = (*receiver, &values[..]);
        match (method, values) {
            (BuiltinMethod::DictGet, [key] | [key, _]) => {
                let default = match values {
                    [_, default] => *default,
                    _ => self.none(),
                };
                let known = self.fact_of(default);
                let (key, default) = (self.as_boxed(*key)?, self.as_boxed(default)?);
                let op = HelperId::DictGetOr;
                let result = self.runtime(op, &[receiver, key, default])?;
                if let Some(items) = self.fact(receiver).and_then(|fact| fact.items.clone()) {
                    let mut expected = items.borrow().clone();
                    if !expected.is_unknown() {
                        expected.absorb(&known);
                        self.facts.insert(result, expected);
                    }
                }
                Ok(Some(result))
            }
            (BuiltinMethod::DictSetDefault, [key, default]) => {
                self.note_stored(receiver, *key, *default);
                let (key, default) = (self.as_boxed(*key)?, self.as_boxed(*default)?);
                let op = HelperId::DictSetDefault;
                let result = self.runtime(op, &[receiver, key, default])?;
                let items = self.fact(receiver).and_then(|fact| fact.items.clone());
                self.expect(result, items.as_ref());
                Ok(Some(result))
            }
            (BuiltinMethod::SetAdd, [item]) => {
                let known = self.fact_of(*item);
                if let Some(items) = self.fact(receiver).and_then(|fact| fact.items.clone()) {
                    items.borrow_mut().absorb(&known);
                }
                let item = self.as_boxed(*item)?;
                self.runtime(HelperId::SetAdd, &[receiver, item])?;
                Ok(Some(self.none()))
            }
            _ => Ok(None),
        }
    }

    /// What is expected of a value that came out of a container.
    fn expect(&mut self, value: ValueId, items: Option<&SharedFact>) {
        if let Some(items) = items {
            let known = items.borrow().clone();
            self.facts.insert(value, known);
        }
    }

    fn note_stored(&mut self, dict: ValueId, key: ValueId, value: ValueId) {
        let (key, value) = (self.fact_of(key), self.fact_of(value));
        if let Some(fact) = self.fact(dict) {
            if let Some(items) = &fact.items
                && let Ok(mut items) = items.try_borrow_mut()
            {
                items.absorb(&value);
            }
            if let Some(keys) = &fact.keys
                && let Ok(mut keys) = keys.try_borrow_mut()
            {
                keys.absorb(&key);
            }
        }
    }

    // --- iteration --------------------------------------------------------------------------------

    /// Class of the iterator that `iter()` of such an object gives, and what is expected of its items.
    pub(super) fn dict_or_set_iterator(&self, value: ValueId) -> Option<Fact> {
        let class = match self.ty(value) {
            Type::DICT | Type::DICT_KEYS => Type::KEY_ITERATOR,
            Type::DICT_VALUES => Type::VALUE_ITERATOR,
            Type::DICT_ITEMS => Type::ITEM_ITERATOR,
            Type::SET | Type::FROZENSET => Type::SET_ITERATOR,
            _ => return None,
        };
        if !self.world.knows_iterators() {
            return None;
        }
        let known = self.fact(value);
        Some(Fact {
            items: known.and_then(|fact| fact.items.clone()),
            keys: known.and_then(|fact| fact.keys.clone()),
            ..Fact::of(class)
        })
    }

    /// FOR_ITER over a dict's or set's own iterator. False if it is none.
    pub(super) fn for_iter_of_table(
        &mut self,
        schedule: &mut Schedule,
        iterator: ValueId,
        exit: u32,
    ) -> Step<bool> {
        let classes = Type::KEY_ITERATOR
            .union(Type::VALUE_ITERATOR)
            .union(Type::ITEM_ITERATOR)
            .union(Type::SET_ITERATOR);
        let container = self.quiet_container(iterator, 0, Type::EMPTY, classes)?;
        let Some((iterator, class)) = container else {
            return Ok(false);
        };
        let next = self.instr.next;
        let fact = self.fact(iterator).cloned().unwrap_or_default();
        let helper = match class {
            Type::SET_ITERATOR => HelperId::SetIterNext,
            _ => HelperId::DictIterNext,
        };
        let key = self.runtime(helper, &[iterator])?;
        let sentinel = self.sentinel();
        let end = self.boolean(Op::IsSame, &[key, sentinel])?;
        let (body, done) = (self.new_block(), self.new_block());
        self.set_branch(end, done, body);
        let before = self.frame.clone();
        self.block = body;
        let keys = match class {
            Type::SET_ITERATOR => fact.items.as_ref(),
            _ => fact.keys.as_ref(),
        };
        self.expect(key, keys);
        let mut values = vec![Item::Value(key)];
        if matches!(class, Type::VALUE_ITERATOR | Type::ITEM_ITERATOR) {
            let value = self.runtime(HelperId::DictIterValue, &[iterator])?;
            self.expect(value, fact.items.as_ref());
            values.push(Item::Value(value));
        }
        if class == Type::VALUE_ITERATOR {
            let key = values.remove(0);
            self.release(&key)?;
        }
        let target = self.push_items(values, next)?;
        self.go_to(schedule, target)?;
        self.frame = before;
        self.block = done;
        self.snapshot = None;
        let item = self.pop()?;
        self.release(&item)?;
        self.go_to(schedule, exit)?;
        Ok(true)
    }
}
