//! The table of runtime helpers that generated code calls.
//!
//! One row gives name, parameters, result, effects and contract; `lower` derives the signature,
//! `runtime/helpers` provides the address. Convention: every parameter is one machine word (floats
//! in float registers), boxed arguments are borrowed, a boxed result is owned. A helper that may
//! raise returns NULL (boxed), or a negative number (int or bool), with the exception set. `raise`
//! helpers need a throw frame state, `exit` helpers signal "cannot say" by NULL or by a negative
//! number *without* an exception, and the code leaves to its exit frame state.
//! Every helper has one hidden first parameter: the thread state.

use crate::hir::effects::{Effects, Heaps};
use crate::hir::types::{Repr, Type};

/// One row of the table.
#[derive(Debug)]
pub struct HelperInfo {
    /// Name in the text format and in dumps.
    pub name: &'static str,
    /// Parameters; when `variadic`, the last ones are passed as (array pointer, count).
    pub parameters: &'static [Repr],
    /// Further boxed operands follow, passed as an array and a count.
    pub variadic: bool,
    /// Representation of the result.
    pub result: Option<Repr>,
    /// Class of a boxed result.
    pub result_type: Type,
    /// What it may do.
    pub effects: Effects,
    /// The contract.
    pub doc: &'static str,
}

macro_rules! repr {
    (B) => {
        Repr::Boxed
    };
    (I) => {
        Repr::I64
    };
    (U) => {
        Repr::U64
    };
    (F) => {
        Repr::F64
    };
    (O) => {
        Repr::Bool
    };
}

macro_rules! result_repr {
    (N) => {
        None
    };
    ($letter:ident) => {
        Some(repr!($letter))
    };
}

macro_rules! flags {
    ($effects:ident pure) => {
        let _ = &mut $effects;
    };
    ($effects:ident exit) => {
        $effects.may_exit = true;
    };
    ($effects:ident raise) => {
        $effects.may_raise = true;
    };
    ($effects:ident variadic) => {};
    ($effects:ident python) => {
        $effects.runs_python = true;
        $effects.may_raise = true;
        $effects.writes = Heaps::ALL;
        $effects.reads = Heaps::ALL;
    };
    ($effects:ident reads) => {
        $effects.reads = Heaps::ALL;
    };
    ($effects:ident writes_lists) => {
        $effects.reads = Heaps::LIST_SHAPE.union(Heaps::LIST_ITEMS);
        $effects.writes = Heaps::LIST_SHAPE.union(Heaps::LIST_ITEMS);
    };
    ($effects:ident reads_dict) => {
        $effects.reads = Heaps::DICT_READS;
    };
    ($effects:ident writes_dict) => {
        $effects.reads = Heaps::DICT_READS;
        $effects.writes = Heaps::DICT_WRITES;
    };
    ($effects:ident writes_other) => {
        $effects.reads = Heaps::OTHER;
        $effects.writes = Heaps::OTHER;
    };
}

macro_rules! is_variadic {
    () => { false };
    (variadic $($rest:ident)*) => { true };
    ($other:ident $($rest:ident)*) => { is_variadic!($($rest)*) };
}

macro_rules! define_helpers {
    ($($variant:ident $name:literal ($($parameter:ident)*) $result:ident $class:ident {$($flag:ident)*} $doc:literal;)*) => {
        /// A runtime helper.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum HelperId { $(#[doc = $doc] $variant,)* }

        impl HelperId {
            /// Every helper, in table order.
            pub const ALL: &'static [HelperId] = &[$(HelperId::$variant),*];

            /// The helper's row.
            pub fn info(self) -> &'static HelperInfo {
                match self {
                    $(HelperId::$variant => {
                        static INFO: HelperInfo = HelperInfo {
                            name: $name,
                            parameters: &[$(repr!($parameter)),*],
                            variadic: is_variadic!($($flag)*),
                            result: result_repr!($result),
                            result_type: Type::$class,
                            effects: {
                                let mut effects = Effects {
                                    reads: Heaps::NONE,
                                    writes: Heaps::NONE,
                                    may_exit: false,
                                    may_raise: false,
                                    runs_python: false,
                                };
                                $(flags!(effects $flag);)*
                                effects
                            },
                            doc: $doc,
                        };
                        &INFO
                    })*
                }
            }
        }
    };
}

define_helpers! {
    // Generic operations with the interpreter's own semantics.
    BinaryAdd "binary_add" (B B) B OBJECT {python} "`a + b`.";
    BinarySub "binary_sub" (B B) B OBJECT {python} "`a - b`.";
    BinaryMul "binary_mul" (B B) B OBJECT {python} "`a * b`.";
    BinaryTrueDiv "binary_truediv" (B B) B OBJECT {python} "`a / b`.";
    BinaryFloorDiv "binary_floordiv" (B B) B OBJECT {python} "`a // b`.";
    BinaryMod "binary_mod" (B B) B OBJECT {python} "`a % b`.";
    BinaryPow "binary_pow" (B B) B OBJECT {python} "`a ** b`.";
    BinaryLshift "binary_lshift" (B B) B OBJECT {python} "`a << b`.";
    BinaryRshift "binary_rshift" (B B) B OBJECT {python} "`a >> b`.";
    BinaryAnd "binary_and" (B B) B OBJECT {python} "`a & b`.";
    BinaryOr "binary_or" (B B) B OBJECT {python} "`a | b`.";
    BinaryXor "binary_xor" (B B) B OBJECT {python} "`a ^ b`.";
    BinaryMatMul "binary_matmul" (B B) B OBJECT {python} "`a @ b`.";
    InplaceAdd "inplace_add" (B B) B OBJECT {python} "`a += b`.";
    InplaceSub "inplace_sub" (B B) B OBJECT {python} "`a -= b`.";
    InplaceMul "inplace_mul" (B B) B OBJECT {python} "`a *= b`.";
    InplaceTrueDiv "inplace_truediv" (B B) B OBJECT {python} "`a /= b`.";
    InplaceFloorDiv "inplace_floordiv" (B B) B OBJECT {python} "`a //= b`.";
    InplaceMod "inplace_mod" (B B) B OBJECT {python} "`a %= b`.";
    InplacePow "inplace_pow" (B B) B OBJECT {python} "`a **= b`.";
    InplaceLshift "inplace_lshift" (B B) B OBJECT {python} "`a <<= b`.";
    InplaceRshift "inplace_rshift" (B B) B OBJECT {python} "`a >>= b`.";
    InplaceAnd "inplace_and" (B B) B OBJECT {python} "`a &= b`.";
    InplaceOr "inplace_or" (B B) B OBJECT {python} "`a |= b`.";
    InplaceXor "inplace_xor" (B B) B OBJECT {python} "`a ^= b`.";
    InplaceMatMul "inplace_matmul" (B B) B OBJECT {python} "`a @= b`.";
    UnaryNegative "unary_negative" (B) B OBJECT {python} "`-a`.";
    UnaryPositive "unary_positive" (B) B OBJECT {python} "`+a`.";
    UnaryInvert "unary_invert" (B) B OBJECT {python} "`~a`.";
    IsTrue "is_true" (B) O BOOL {python} "`bool(a)`; -1 if it raises.";
    CompareLt "compare_lt" (B B) B OBJECT {python} "`a < b`.";
    CompareLe "compare_le" (B B) B OBJECT {python} "`a <= b`.";
    CompareEq "compare_eq" (B B) B OBJECT {python} "`a == b`.";
    CompareNe "compare_ne" (B B) B OBJECT {python} "`a != b`.";
    CompareGt "compare_gt" (B B) B OBJECT {python} "`a > b`.";
    CompareGe "compare_ge" (B B) B OBJECT {python} "`a >= b`.";
    Contains "contains" (B B) O BOOL {python} "`a in b`; -1 if it raises.";
    GetItem "get_item" (B B) B OBJECT {python} "`a[b]`.";
    SetItem "set_item" (B B B) I INT {python} "`a[b] = c`; operands a, b, c; -1 if it raises.";
    DeleteItem "delete_item" (B B) I INT {python} "`del a[b]`; -1 if it raises.";
    GetAttribute "get_attribute" (B B) B OBJECT {python} "`getattr(a, name)`.";
    SetAttribute "set_attribute" (B B B) I INT {python} "`setattr(a, name, value)`; -1 if it raises.";
    DeleteAttribute "delete_attribute" (B B) I INT {python} "`delattr(a, name)`; -1 if it raises.";
    LoadGlobal "load_global" (B B B) B OBJECT {python} "Globals, builtins, name: `LOAD_GLOBAL` with its NameError.";
    StoreGlobal "store_global" (B B B) I INT {python} "Globals, name, value: `STORE_GLOBAL`; -1 if it raises.";
    BuildSlice "build_slice" (B B B) B OTHER {raise} "`slice(a, b, c)`.";
    GetSlice "get_slice" (B B B) B OBJECT {python} "`a[b:c]`.";
    SetSlice "set_slice" (B B B B) I INT {python} "`a[b:c] = d`; operands a, b, c, d; -1 if it raises.";
    GetIter "get_iter" (B) B OBJECT {python} "`iter(a)` as GET_ITER does it.";
    IterNext "iter_next" (B) B OBJECT {python} "`next(a)` as FOR_ITER does it; at the end the runtime's sentinel object.";
    UnpackSequence "unpack_sequence" (B I) B TUPLE {python} "An iterable of exactly n items as a tuple, with UNPACK_SEQUENCE's errors.";

    // Construction. No allocation here starts a collection: on 3.11 it is put off (`runtime/helpers/collection.rs`).
    NewList "new_list" () B LIST {variadic raise} "A list of the operands.";
    NewTuple "new_tuple" () B TUPLE {variadic raise} "A tuple of the operands.";
    NewMap "new_map" () B DICT {variadic python} "A dict of the operands: key, value, ...";
    EmptyMap "empty_map" () B DICT {raise} "An empty dict.";
    NewSet "new_set" () B SET {variadic python} "A set of the operands.";
    JoinStrings "join_strings" () B STR {variadic raise} "BUILD_STRING: the operands, all `str`, joined.";
    ListExtend "list_extend" (B B) I INT {python} "LIST_EXTEND: `a.extend(b)`; -1 if it raises.";
    ListRepeatObject "list_repeat" (B I) B LIST {raise} "`a * n` for a list.";
    NewInstance "new_instance" (B) B OTHER {raise} "A new instance of a class whose instances are made in the usual way: `object.__new__(class)`. Raises MemoryError only.";
    EmptySet "empty_set" () B SET {raise} "An empty set.";
    ListToTuple "list_to_tuple" (B) B TUPLE {reads raise} "`tuple(a)` of a list.";
    NewCell "new_cell" (B) B CELL {raise} "A cell holding the object (NULL: an empty cell).";
    NewFunction "new_function" (B B B B B B) B FUNCTION {raise} "MAKE_FUNCTION: code, globals, then defaults, keyword defaults, annotations, closure (each may be NULL).";
    FormatValue "format_value" (B B) B STR {python} "`format(a, spec)`; a NULL spec is the empty one.";
    StrOf "str_of" (B) B STR {python} "`str(a)`.";
    ReprOf "repr_of" (B) B STR {python} "`repr(a)`.";
    AsciiOf "ascii_of" (B) B STR {python} "`ascii(a)`.";

    // Ints beyond the machine word, both operands exact ints.
    LongAdd "long_add" (B B) B INT {raise} "`a + b` of two ints.";
    LongSub "long_sub" (B B) B INT {raise} "`a - b` of two ints.";
    LongMul "long_mul" (B B) B INT {raise} "`a * b` of two ints.";
    LongFloorDiv "long_floordiv" (B B) B INT {raise} "`a // b` of two ints.";
    LongMod "long_mod" (B B) B INT {raise} "`a % b` of two ints.";
    LongPow "long_pow" (B B) B OBJECT {raise} "`a ** b` of two ints (a float if b < 0).";
    LongLshift "long_lshift" (B B) B INT {raise} "`a << b` of two ints.";
    LongRshift "long_rshift" (B B) B INT {raise} "`a >> b` of two ints.";
    LongAnd "long_and" (B B) B INT {raise} "`a & b` of two ints.";
    LongOr "long_or" (B B) B INT {raise} "`a | b` of two ints.";
    LongXor "long_xor" (B B) B INT {raise} "`a ^ b` of two ints.";
    LongTrueDiv "long_truediv" (B B) B FLOAT {raise} "`a / b` of two ints.";
    LongNeg "long_neg" (B) B INT {raise} "`-a` of an int.";
    LongInvert "long_invert" (B) B INT {raise} "`~a` of an int.";
    LongCompareLt "long_lt" (B B) O BOOL {pure} "`a < b` of two ints.";
    LongCompareLe "long_le" (B B) O BOOL {pure} "`a <= b` of two ints.";
    LongCompareEq "long_eq" (B B) O BOOL {pure} "`a == b` of two ints.";
    LongIsTrue "long_is_true" (B) O BOOL {pure} "`bool(a)` of an int.";
    LongToFloat "long_to_float" (B) F FLOAT {exit} "`float(a)`; leaves if it overflows.";

    // Strings.
    StrIndex "str_index" (B I) B STR {raise} "`a[i]` of a str, index in bounds.";
    StrEqual "str_equal" (B B) O BOOL {pure} "`a == b` of two strs.";
    StrOrder "str_order" (B B) I INT {pure} "How two strs are ordered: 0 for `a < b`, 1 if they are equal, 2 for `a > b`.";
    StrConcat "str_concat" (B B) B STR {raise} "`a + b` of two strs.";
    StrAppend "str_append" (B B) B STR {raise} "`a + b` of two strs; takes over the reference to a unless it raises, and grows a in place when that is the only one.";
    StrContains "str_contains" (B B) O BOOL {raise} "`a in b` of two strs: operands a, b; -1 if it raises.";
    StrOrd "str_ord" (B) I INT {exit} "`ord(a)`; leaves unless its length is 1.";
    StrSlice "str_slice" (B I I) B STR {raise} "`a[i:j]` of a str; no stop is the greatest int.";
    BytesSlice "bytes_slice" (B I I) B BYTES {raise} "`a[i:j]` of bytes; no stop is the greatest int.";
    ListSlice "list_slice" (B I I) B LIST {raise} "`a[i:j]` of a list; no stop is the greatest int.";
    StrFind "str_find" (B B I I) I INT {raise} "`a.find(b, i, j) + 1` of two strs; no stop is the greatest int.";
    StrTail "str_tail" (B B I I I) O BOOL {raise} "`a.startswith(b, i, j)` of two strs, with a last operand of 1 `endswith`.";
    StrFormat "str_format" (B B) B STR {raise} "`format(a, spec)` of an exact int, float, bool or str; a NULL spec is the empty one.";
    StrOfNumber "str_of_number" (B) B STR {raise} "`str(a)` of an exact int, float, bool, None or str.";
    IntOfStr "int_of_str" (B) B INT {raise} "`int(a)` of a str.";
    FloatOfStr "float_of_str" (B) F FLOAT {exit raise} "`float(a)` of a str; leaves for nan.";
    QuietCall "quiet_call" () B OBJECT {variadic raise} "A method of a builtin class, its receiver and arguments: called; it runs no Python code with these.";
    QuietListCall "quiet_list_call" () B OBJECT {variadic raise writes_lists} "The same; it changes lists.";
    StrChr "str_chr" (I) B STR {exit} "`chr(i)`; leaves where it raises.";

    // Dicts and sets, without running Python code: each leaves where hashing or comparing a key, or
    // dropping a value, could.
    DictGet "dict_get" (B B) B OBJECT {reads_dict exit raise} "`a[b]` of a dict.";
    DictGetInt "dict_get_int" (B I) B OBJECT {reads_dict exit raise} "`a[b]` of a dict.";
    DictGetOr "dict_get_or" (B B B) B OBJECT {reads_dict exit} "`a.get(b, c)` of a dict.";
    DictContains "dict_contains" (B B) O BOOL {reads_dict exit} "`b in a` of a dict: operands dict, key.";
    DictContainsInt "dict_contains_int" (B I) O BOOL {reads_dict exit} "`b in a` of a dict: operands dict, key.";
    DictSet "dict_set" (B B B) I INT {writes_dict exit raise} "`a[b] = c` of a dict; operands a, b, c.";
    DictSetDefault "dict_setdefault" (B B B) B OBJECT {writes_dict exit raise} "`a.setdefault(b, c)` of a dict.";
    DictLength "dict_length" (B) I INT {reads_dict} "`len(a)` of a dict.";
    SetContains "set_contains" (B B) O BOOL {reads_dict exit} "`b in a` of a set or frozenset: operands set, item.";
    SetContainsInt "set_contains_int" (B I) O BOOL {reads_dict exit} "`b in a` of a set or frozenset: operands set, item.";
    SetAdd "set_add" (B B) I INT {writes_other exit raise} "`a.add(b)` of a set.";
    SetLength "set_length" (B) I INT {reads_dict} "`len(a)` of a set or frozenset.";
    DictIterNext "dict_iter_next" (B) B OBJECT {writes_other exit raise} "The next key of a dict's iterator of whatever kind; at the end the runtime's sentinel object.";
    DictIterValue "dict_iter_value" (B) B OBJECT {reads_dict} "The value of the key that `dict_iter_next` gave last; nothing has changed the dict since.";
    SetIterNext "set_iter_next" (B) B OBJECT {writes_other exit raise} "The next item of a set's iterator; at the end the runtime's sentinel object.";

    OperatorAnswer "operator_answer" (B B B I) B OBJECT {python} "What an operator makes of what a method in Python answered: operands a, b, answer, `Operation::code`.";
    LengthAnswer "length_answer" (B) I INT {python} "What `len` makes of what `__len__` returned.";
    IsInstanceOf "is_instance_of" (B B) O BOOL {reads exit} "`isinstance(a, b)` of a class that `type` made: operands a, b; leaves where the object's own word for its class counts.";

    // Native sequence helpers.
    NewRange "new_range" (I I I) B OTHER {raise} "`range(start, stop, step)`, step not 0.";
    ListContains "list_contains" (B B) O BOOL {python} "`b in a`: operands list, item; -1 if it raises.";
}

impl HelperId {
    /// What calling it may do.
    pub fn effects(self) -> Effects {
        self.info().effects
    }

    /// Name in the text format.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The helper with that name.
    pub fn from_name(name: &str) -> Option<HelperId> {
        HelperId::ALL
            .iter()
            .copied()
            .find(|helper| helper.name() == name)
    }
}
