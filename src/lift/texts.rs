//! Strings: single characters as numbers, slices, and methods of builtin classes that run no Python code.
//!
//! A character that is only compared is read as its code point; the string of it is made where something
//! needs the object. Which methods are *quiet* (with arguments of these classes they call nothing of a
//! program, so that no frame has to be shown and nothing known of memory is lost) stands in [`METHODS`].

use std::cell::RefCell;
use std::rc::Rc;

use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;
use crate::feedback::Fact;
use crate::hir::attributes::{Cond, Overflow};
use crate::hir::{IntRange, Op, Repr, Type, ValueId};

use super::item::Item;
use super::{BuiltinMethod, Lifter, ObjectKind, Step};

/// Longest constant string whose `in` is written out for a character.
const MAX_UNROLLED_CHARACTERS: usize = 8;
/// The stop of a slice that has none.
const NO_STOP: i64 = i64::MAX;

/// What a method does beside its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Runs {
    /// Nothing.
    Quiet,
    /// Changes its list.
    Lists,
    /// Anything.
    Python,
}

/// A method of a builtin class.
pub struct MethodRow {
    /// The class.
    pub class: Type,
    /// The method.
    pub name: &'static str,
    /// Classes of the arguments with which it runs no Python code.
    arguments: &'static [Type],
    /// How many of them it must have.
    required: usize,
    /// Class of the result.
    result: Type,
    /// What is expected in the result.
    items: Type,
    runs: Runs,
}

const ANY: Type = Type::OBJECT;
const STR_OR_NONE: Type = Type::STR.union(Type::NONE);

macro_rules! methods {
    ($($class:ident $name:literal [$($argument:expr),*] $required:literal $result:ident $items:ident $runs:ident;)*) => {
        /// Every method that is known so.
        pub const METHODS: &[MethodRow] = &[$(MethodRow {
            class: Type::$class,
            name: $name,
            arguments: &[$($argument),*],
            required: $required,
            result: Type::$result,
            items: Type::$items,
            runs: Runs::$runs,
        }),*];
    };
}

methods! {
    STR "capitalize" [] 0 STR EMPTY Quiet;
    STR "casefold" [] 0 STR EMPTY Quiet;
    STR "lower" [] 0 STR EMPTY Quiet;
    STR "upper" [] 0 STR EMPTY Quiet;
    STR "swapcase" [] 0 STR EMPTY Quiet;
    STR "title" [] 0 STR EMPTY Quiet;
    STR "strip" [STR_OR_NONE] 0 STR EMPTY Quiet;
    STR "lstrip" [STR_OR_NONE] 0 STR EMPTY Quiet;
    STR "rstrip" [STR_OR_NONE] 0 STR EMPTY Quiet;
    STR "replace" [Type::STR, Type::STR, Type::INT] 2 STR EMPTY Quiet;
    STR "removeprefix" [Type::STR] 1 STR EMPTY Quiet;
    STR "removesuffix" [Type::STR] 1 STR EMPTY Quiet;
    STR "ljust" [Type::INT, Type::STR] 1 STR EMPTY Quiet;
    STR "rjust" [Type::INT, Type::STR] 1 STR EMPTY Quiet;
    STR "center" [Type::INT, Type::STR] 1 STR EMPTY Quiet;
    STR "zfill" [Type::INT] 1 STR EMPTY Quiet;
    STR "join" [Type::LIST.union(Type::TUPLE)] 1 STR EMPTY Quiet;
    STR "isalnum" [] 0 BOOL EMPTY Quiet;
    STR "isalpha" [] 0 BOOL EMPTY Quiet;
    STR "isascii" [] 0 BOOL EMPTY Quiet;
    STR "isdecimal" [] 0 BOOL EMPTY Quiet;
    STR "isdigit" [] 0 BOOL EMPTY Quiet;
    STR "isidentifier" [] 0 BOOL EMPTY Quiet;
    STR "islower" [] 0 BOOL EMPTY Quiet;
    STR "isnumeric" [] 0 BOOL EMPTY Quiet;
    STR "isprintable" [] 0 BOOL EMPTY Quiet;
    STR "isspace" [] 0 BOOL EMPTY Quiet;
    STR "istitle" [] 0 BOOL EMPTY Quiet;
    STR "isupper" [] 0 BOOL EMPTY Quiet;
    STR "split" [STR_OR_NONE, Type::INT] 0 LIST STR Quiet;
    STR "rsplit" [STR_OR_NONE, Type::INT] 0 LIST STR Quiet;
    STR "splitlines" [] 0 LIST STR Quiet;
    STR "partition" [Type::STR] 1 TUPLE STR Quiet;
    STR "rpartition" [Type::STR] 1 TUPLE STR Quiet;
    STR "encode" [] 0 BYTES EMPTY Quiet;
    STR "count" [Type::STR] 1 INT EMPTY Quiet;
    STR "rfind" [Type::STR] 1 INT EMPTY Quiet;
    STR "index" [Type::STR] 1 INT EMPTY Quiet;
    STR "rindex" [Type::STR] 1 INT EMPTY Quiet;
    STR "format" [] 9 STR EMPTY Python;
    STR "translate" [] 9 STR EMPTY Python;
    BYTES "decode" [] 0 STR EMPTY Quiet;
    BYTES "hex" [] 0 STR EMPTY Quiet;
    BYTES "split" [] 0 LIST BYTES Quiet;
    LIST "reverse" [] 0 NONE EMPTY Lists;
    LIST "insert" [Type::INT, ANY] 2 NONE EMPTY Lists;
    LIST "extend" [Type::LIST.union(Type::TUPLE)] 1 NONE EMPTY Lists;
    LIST "pop" [Type::INT] 1 OBJECT EMPTY Lists;
    LIST "sort" [] 9 NONE EMPTY Python;
    LIST "index" [] 9 INT EMPTY Python;
    LIST "count" [] 9 INT EMPTY Python;
    LIST "remove" [] 9 NONE EMPTY Python;
    LIST "clear" [] 9 NONE EMPTY Python;
    LIST "copy" [] 0 LIST EMPTY Quiet;
    TUPLE "index" [] 9 INT EMPTY Python;
    TUPLE "count" [] 9 INT EMPTY Python;
    DICT "keys" [] 0 DICT_KEYS EMPTY Quiet;
    DICT "values" [] 0 DICT_VALUES EMPTY Quiet;
    DICT "items" [] 0 DICT_ITEMS EMPTY Quiet;
    DICT "copy" [] 9 DICT EMPTY Python;
    DICT "update" [] 9 NONE EMPTY Python;
    DICT "clear" [] 9 NONE EMPTY Python;
    SET "copy" [] 0 SET EMPTY Quiet;
    SET "union" [] 9 SET EMPTY Python;
    SET "intersection" [] 9 SET EMPTY Python;
    SET "difference" [] 9 SET EMPTY Python;
    SET "issubset" [] 9 BOOL EMPTY Python;
    SET "issuperset" [] 9 BOOL EMPTY Python;
    SET "remove" [] 9 NONE EMPTY Python;
    SET "discard" [] 9 NONE EMPTY Python;
    SET "update" [] 9 NONE EMPTY Python;
    INT "bit_length" [] 0 INT EMPTY Quiet;
    INT "bit_count" [] 0 INT EMPTY Quiet;
    FLOAT "is_integer" [] 0 BOOL EMPTY Quiet;
}

/// A string of one character.
enum Character {
    /// That of a string, at an index in bounds.
    Of(ValueId, ValueId),
    Known(char),
}

impl Lifter<'_> {
    // --- characters -------------------------------------------------------------------------------

    fn character(&self, value: ValueId) -> Option<Character> {
        if let Some(ObjectKind::Str(text)) = self.objects.get(&value).map(|object| &object.kind) {
            let mut letters = text.chars();
            return match (letters.next(), letters.next()) {
                (Some(letter), None) => Some(Character::Known(letter)),
                _ => None,
            };
        }
        let instr = self.function.instr(self.function.defining_instr(value)?);
        match instr.op {
            Op::CallRuntime(HelperId::StrIndex) => {
                Some(Character::Of(instr.args[0], instr.args[1]))
            }
            _ => None,
        }
    }

    fn code_point(&mut self, character: Character) -> Step<ValueId> {
        match character {
            Character::Known(letter) => self.const_int(u32::from(letter).into()),
            Character::Of(text, index) => {
                let range = IntRange::new(0, 0x10_FFFF);
                let args = [text, index];
                self.emit_ranged(Op::LoadChar, &args, Type::INT, Repr::I64, range)
            }
        }
    }

    /// The code point of a character that was read from a string.
    pub(super) fn code_point_read(&mut self, value: ValueId) -> Step<Option<ValueId>> {
        match self.character(value) {
            Some(character @ Character::Of(..)) => self.code_point(character).map(Some),
            _ => Ok(None),
        }
    }

    /// A comparison of two characters, at least one of them read from a string.
    pub(super) fn compare_characters(
        &mut self,
        cond: Cond,
        left: ValueId,
        right: ValueId,
    ) -> Step<Option<ValueId>> {
        let (Some(left), Some(right)) = (self.character(left), self.character(right)) else {
            return Ok(None);
        };
        if matches!((&left, &right), (Character::Known(_), Character::Known(_))) {
            return Ok(None);
        }
        let (left, right) = (self.code_point(left)?, self.code_point(right)?);
        self.boolean(Op::IntCmp(cond), &[left, right]).map(Some)
    }

    /// `c in "abc"`.
    pub(super) fn character_in(
        &mut self,
        value: ValueId,
        container: ValueId,
    ) -> Step<Option<ValueId>> {
        let kind = self.objects.get(&container).map(|object| &object.kind);
        let Some(ObjectKind::Str(text)) = kind.cloned() else {
            return Ok(None);
        };
        if text.chars().count() > MAX_UNROLLED_CHARACTERS {
            return Ok(None);
        }
        let Some(point) = self.code_point_read(value)? else {
            return Ok(None);
        };
        let mut result = self.const_bool(false)?;
        for letter in text.chars() {
            let letter = self.const_int(u32::from(letter).into())?;
            let equal = self.boolean(Op::IntCmp(Cond::Eq), &[point, letter])?;
            result = self.boolean(Op::BoolOr, &[result, equal])?;
        }
        Ok(Some(result))
    }

    // --- slices -----------------------------------------------------------------------------------

    /// A bound of a slice as a machine int; `None` if it is no int.
    fn slice_bound(&mut self, item: &Item, position: usize, none: i64) -> Step<Option<ValueId>> {
        let value = self.value_of(item)?;
        if self.ty(value) == Type::NONE {
            return self.const_int(none).map(Some);
        }
        let (value, class) = self.specialise(value, position, Type::EMPTY)?;
        if class != Type::INT || self.is_big(value, position) {
            return Ok(None);
        }
        self.as_i64(value, position).map(Some)
    }

    /// `a[i:j]`, operands container, start, stop. Only `classes` are taken.
    pub(super) fn slice(&mut self, items: &[Item], classes: Type) -> Step<Option<ValueId>> {
        let [Item::Value(container), start, stop] = items else {
            return Ok(None);
        };
        if self.snapshot.is_none() {
            return Ok(None);
        }
        let helper = match self.expected_class(*container, 2, Type::EMPTY) {
            Some(class) if !class.is_subset(classes) => return Ok(None),
            Some(Type::STR) => HelperId::StrSlice,
            Some(Type::BYTES) => HelperId::BytesSlice,
            Some(Type::LIST) => HelperId::ListSlice,
            _ => return Ok(None),
        };
        let (container, _) = self.specialise(*container, 2, Type::EMPTY)?;
        let Some(start) = self.slice_bound(start, 1, 0)? else {
            return Ok(None);
        };
        let Some(stop) = self.slice_bound(stop, 0, NO_STOP)? else {
            return Ok(None);
        };
        let result = self.runtime(helper, &[container, start, stop])?;
        if let Some(fact) = self.fact(container).cloned() {
            self.facts.insert(result, fact);
        }
        self.release(&Item::Value(container))?;
        Ok(Some(result))
    }

    // --- methods ----------------------------------------------------------------------------------

    /// Class of what the callable gives, if it is a known method.
    pub(super) fn result_of_method(&self, callable: ValueId) -> Option<Fact> {
        match self.objects.get(&callable)?.kind {
            ObjectKind::Method(BuiltinMethod::Row(row)) => Some(METHODS.get(row)?.fact()),
            _ => None,
        }
    }

    /// A call of a method of [`METHODS`] that runs no Python code with these arguments.
    pub(super) fn call_quiet_method(
        &mut self,
        callable: ValueId,
        row: usize,
        args: &[Item],
    ) -> Step<Option<ValueId>> {
        let (Some(method), Some((Item::Value(receiver), args))) =
            (METHODS.get(row), args.split_first())
        else {
            return Ok(None);
        };
        let receiver = *receiver;
        if self.ty(receiver) != method.class
            || self.snapshot.is_none()
            || !(method.required..=method.arguments.len()).contains(&args.len())
            || method.runs == Runs::Python
        {
            return Ok(None);
        }
        let mut operands = vec![callable, self.as_boxed(receiver)?];
        for (index, (item, wanted)) in args.iter().zip(method.arguments).enumerate() {
            let position = args.len() - 1 - index;
            let value = self.value_of(item)?;
            let (value, class) = self.specialise(value, position, Type::EMPTY)?;
            if !class.is_subset(*wanted) {
                return Ok(None);
            }
            operands.push(self.as_boxed(value)?);
        }
        if method.class == Type::LIST {
            self.note_list_method(method, receiver, &operands[2..]);
        }
        let helper = match method.runs {
            Runs::Lists => HelperId::QuietListCall,
            _ => HelperId::QuietCall,
        };
        let op = Op::CallRuntime(helper);
        let result = self.emit_value(op, &operands, method.result, Repr::Boxed)?;
        let mut fact = method.fact();
        let known = self.fact(receiver);
        let views = Type::DICT_KEYS
            .union(Type::DICT_VALUES)
            .union(Type::DICT_ITEMS)
            .union(Type::DICT);
        if method.result.is_subset(views) {
            fact.items = known.and_then(|fact| fact.items.clone());
            fact.keys = known.and_then(|fact| fact.keys.clone());
        } else if method.name == "pop" || method.name == "copy" {
            let items = known.and_then(|fact| fact.items.clone());
            match items {
                Some(items) if method.name == "pop" => fact = items.borrow().clone(),
                items => fact.items = items,
            }
        }
        if !fact.is_unknown() {
            self.facts.insert(result, fact);
        }
        Ok(Some(result))
    }

    /// What the list holds afterwards.
    fn note_list_method(&mut self, method: &MethodRow, list: ValueId, arguments: &[ValueId]) {
        let Some(items) = self.fact(list).and_then(|fact| fact.items.clone()) else {
            return;
        };
        let added = match (method.name, arguments) {
            ("insert", [_, item]) => self.fact_of(*item),
            ("extend", [other]) => match self.fact(*other).and_then(|fact| fact.items.clone()) {
                Some(other) if !Rc::ptr_eq(&other, &items) => other.borrow().clone(),
                _ => return,
            },
            _ => return,
        };
        if let Ok(mut items) = items.try_borrow_mut() {
            items.absorb(&added);
        }
    }

    /// `s.find(t)`, `s.startswith(t)`, `s.endswith(t)`, with bounds or without.
    pub(super) fn find_in_text(
        &mut self,
        method: BuiltinMethod,
        args: &[Item],
    ) -> Step<Option<ValueId>> {
        let [Item::Value(text), part, bounds @ ..] = args else {
            return Ok(None);
        };
        let text = *text;
        if self.ty(text) != Type::STR || self.snapshot.is_none() || bounds.len() > 2 {
            return Ok(None);
        }
        let part = self.value_of(part)?;
        let (part, class) = self.specialise(part, bounds.len(), Type::EMPTY)?;
        if class != Type::STR {
            return Ok(None);
        }
        let none = Item::Value(self.none());
        let start = bounds.first().unwrap_or(&none);
        let stop = bounds.get(1).unwrap_or(&none);
        let Some(start) = self.slice_bound(start, bounds.len().saturating_sub(1), 0)? else {
            return Ok(None);
        };
        let Some(stop) = self.slice_bound(stop, 0, NO_STOP)? else {
            return Ok(None);
        };
        if method == BuiltinMethod::StrFind {
            let op = Op::CallRuntime(HelperId::StrFind);
            let range = IntRange::new(0, IntRange::LENGTH.high + 1);
            let args = [text, part, start, stop];
            let found = self.emit_ranged(op, &args, Type::INT, Repr::I64, range)?;
            let one = self.const_int(1)?;
            let range = IntRange::new(-1, IntRange::LENGTH.high);
            let op = Op::IntSub(Overflow::Never);
            return self
                .emit_ranged(op, &[found, one], Type::INT, Repr::I64, range)
                .map(Some);
        }
        let end = self.const_int(i64::from(method == BuiltinMethod::StrEndsWith))?;
        let args = [text, part, start, stop, end];
        self.runtime(HelperId::StrTail, &args).map(Some)
    }

    // --- conversions ------------------------------------------------------------------------------

    /// `str(x)` of a number or str.
    pub(super) fn text_of(&mut self, item: &Item) -> Step<Option<ValueId>> {
        let value = self.value_of(item)?;
        let (value, class) = self.specialise(value, 0, Type::EMPTY)?;
        match class {
            Type::STR => Ok(Some(value)),
            Type::INT | Type::FLOAT | Type::BOOL | Type::NONE => {
                let value = self.as_boxed(value)?;
                self.runtime(HelperId::StrOfNumber, &[value]).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// `float(text)`; leaves for nan.
    pub(super) fn float_of_text(&mut self, text: ValueId) -> Step<Option<ValueId>> {
        if self.left_for(ExitReason::Empty) {
            return Ok(None);
        }
        self.runtime(HelperId::FloatOfStr, &[text]).map(Some)
    }

    /// Formatting an exact number or string runs no Python code.
    pub(super) fn formats_quietly(&self, value: ValueId) -> bool {
        self.ty(value).is_subset(Type::NUMBER.union(Type::STR))
    }
}

impl MethodRow {
    fn fact(&self) -> Fact {
        let known = Fact::of(self.items);
        let items = (!self.items.is_empty()).then(|| Rc::new(RefCell::new(known)));
        let ty = if self.result == Type::OBJECT {
            Type::EMPTY
        } else {
            self.result
        };
        Fact {
            items,
            ..Fact::of(ty)
        }
    }
}
