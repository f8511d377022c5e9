//! The op table: one row per HIR instruction. Enum, printer, parser, verifier and `docs/hir.md`
//! follow from it.
//!
//! Invariants: a row states the *Python* contract of the op (exactness included); an op without
//! `exit` never leaves, one without `raise` never raises; `python` implies that all heaps change.
//! Operand letters: B boxed, I i64, U u64, F f64, O bool, P ptr, X any, `V` (last) any number of any.

use super::attributes::{
    Attribute, CallShape, Cond, Container, DivMode, FieldPlace, FieldTable, FloatBits, GlobalPlace,
    IntWidth, MathFunction, MemberPlace, Overflow,
};
use super::effects::{Effects, Heaps};
use super::ids::{CalleeId, ClassId, NamespaceId, ObjectId};
use super::types::{IntRange, Repr, Type};
use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;

/// What operands an op takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Exactly this representation.
    Is(Repr),
    /// Any one value.
    Any,
    /// Any number of any values; only as the last.
    Rest,
}

/// What an op results in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultKind {
    /// Nothing.
    None,
    /// Always this representation.
    Is(Repr),
    /// Representation given by the instruction's result value (attribute or operands decide).
    Given,
}

/// One row of the table.
#[derive(Debug)]
pub struct OpInfo {
    /// Name in the text format.
    pub name: &'static str,
    /// Operands.
    pub operands: &'static [Operand],
    /// Result.
    pub result: ResultKind,
    /// Heaps and ways out. For `call_runtime` see the helper's own row.
    pub effects: Effects,
    /// The contract.
    pub doc: &'static str,
}

macro_rules! operand {
    (B) => {
        Operand::Is(Repr::Boxed)
    };
    (I) => {
        Operand::Is(Repr::I64)
    };
    (U) => {
        Operand::Is(Repr::U64)
    };
    (F) => {
        Operand::Is(Repr::F64)
    };
    (O) => {
        Operand::Is(Repr::Bool)
    };
    (P) => {
        Operand::Is(Repr::Ptr)
    };
    (X) => {
        Operand::Any
    };
    (V) => {
        Operand::Rest
    };
}

macro_rules! result {
    (B) => {
        ResultKind::Is(Repr::Boxed)
    };
    (I) => {
        ResultKind::Is(Repr::I64)
    };
    (U) => {
        ResultKind::Is(Repr::U64)
    };
    (F) => {
        ResultKind::Is(Repr::F64)
    };
    (O) => {
        ResultKind::Is(Repr::Bool)
    };
    (P) => {
        ResultKind::Is(Repr::Ptr)
    };
    (X) => {
        ResultKind::Given
    };
    (N) => {
        ResultKind::None
    };
}

macro_rules! flag {
    ($effects:ident exit) => {
        $effects.may_exit = true;
    };
    ($effects:ident raise) => {
        $effects.may_raise = true;
    };
    ($effects:ident python) => {
        $effects.runs_python = true;
        $effects.writes = Heaps::ALL;
        $effects.reads = Heaps::ALL;
    };
}

macro_rules! print_attribute {
    () => {
        None
    };
    ($value:ident) => {
        Some($value.print())
    };
}

macro_rules! define_ops {
    ($($variant:ident $(($attribute:ty))? $name:literal [$($operand:ident)*] $result:ident
       ($($read:ident)*; $($write:ident)*) {$($flag:ident)*} $doc:literal;)*) => {
        /// An HIR instruction without its operands.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Op { $(#[doc = $doc] $variant $(($attribute))?,)* }

        impl Op {
            /// The op's row.
            pub fn info(&self) -> &'static OpInfo {
                match self {
                    $(define_ops!(@pattern Op::$variant $(($attribute))?) => {
                        static INFO: OpInfo = OpInfo {
                            name: $name,
                            operands: &[$(operand!($operand)),*],
                            result: result!($result),
                            effects: {
                                #[allow(unused_mut, reason = "rows without flags")]
                                let mut effects = Effects {
                                    reads: Heaps::NONE $(.union(Heaps::$read))*,
                                    writes: Heaps::NONE $(.union(Heaps::$write))*,
                                    may_exit: false,
                                    may_raise: false,
                                    runs_python: false,
                                };
                                $(flag!(effects $flag);)*
                                effects
                            },
                            doc: $doc,
                        };
                        &INFO
                    })*
                }
            }

            /// The immediate in the text format.
            pub fn print_attribute(&self) -> Option<String> {
                match self {
                    $(define_ops!(@bind Op::$variant value $(($attribute))?) => define_ops!(@print value $(($attribute))?),)*
                }
            }

            /// The op named `name` with the immediate `attribute`.
            pub fn parse(name: &str, attribute: Option<&str>) -> Result<Op, String> {
                match name {
                    $($name => define_ops!(@parse $variant attribute $(($attribute))?),)*
                    _ => Err(format!("unknown op `{name}`")),
                }
            }

            /// Name, immediate type and row of every op, in table order.
            pub fn table() -> Vec<(&'static str, &'static str, [Vec<&'static str>; 4], &'static str)> {
                vec![$((
                    $name,
                    concat!($(stringify!($attribute))?),
                    [vec![$(stringify!($operand)),*], vec![stringify!($result)],
                     vec![$(concat!("reads ", stringify!($read)),)* $(concat!("writes ", stringify!($write)),)*],
                     vec![$(stringify!($flag)),*]],
                    $doc,
                )),*]
            }
        }
    };
    (@pattern Op::$variant:ident) => { Op::$variant };
    (@pattern Op::$variant:ident ($attribute:ty)) => { Op::$variant(_) };
    (@bind Op::$variant:ident $value:ident) => { Op::$variant };
    (@bind Op::$variant:ident $value:ident ($attribute:ty)) => { Op::$variant($value) };
    (@print $value:ident) => { print_attribute!() };
    (@print $value:ident ($attribute:ty)) => { print_attribute!($value) };
    (@parse $variant:ident $text:ident) => {
        if $text.is_some() { Err("this op takes no immediate".to_owned()) } else { Ok(Op::$variant) }
    };
    (@parse $variant:ident $text:ident ($attribute:ty)) => {
        match $text {
            Some(text) => <$attribute as Attribute>::parse(text).map(Op::$variant),
            None => Err("this op needs an immediate".to_owned()),
        }
    };
}

define_ops! {
    // Constants.
    ConstI64(i64) "const_i64" [] I (;) {} "An int of 64 bits and sign.";
    ConstU64(u64) "const_u64" [] U (;) {} "An int in 0 .. 2**64-1.";
    ConstF64(FloatBits) "const_f64" [] F (;) {} "A float.";
    ConstBool(bool) "const_bool" [] O (;) {} "True or False.";
    ConstObject(ObjectId) "const_object" [] B (;) {} "An object of the pool, borrowed: the code keeps it alive.";

    ConstNull "const_null" [] B (;) {} "NULL, for helpers that take an absent object; never in a frame state.";

    // Conversions between representations.
    BoxI64 "box_i64" [I] B (;) {} "A new (or cached small) `int` object, owned.";
    BoxU64 "box_u64" [U] B (;) {} "A new (or cached small) `int` object, owned.";
    BoxF64 "box_f64" [F] B (;) {} "A new `float` object, owned.";
    BoxBool "box_bool" [O] B (;) {} "`True` or `False`, borrowed.";
    UnboxInt(IntWidth) "unbox_int" [B] I (;) {exit} "Value of an exact `int`; leaves if it is wider than the width.";
    UnboxU64 "unbox_u64" [B] U (;) {exit} "Value of an exact `int`; leaves if it is not in 0 .. 2**64-1.";
    UnboxF64 "unbox_f64" [B] F (;) {} "Value of an exact `float`.";
    UnboxBool "unbox_bool" [B] O (;) {} "Value of an exact `bool`.";
    I64ToF64 "i64_to_f64" [I] F (;) {} "`float(i)`: nearest, ties to even.";
    I64ToF64Exact "i64_to_f64_exact" [I] F (;) {exit} "`float(i)`; leaves unless -2**53 <= i <= 2**53 (comparisons need it exact).";
    U64ToF64 "u64_to_f64" [U] F (;) {} "`float(i)`: nearest, ties to even.";
    BoolToI64 "bool_to_i64" [O] I (;) {} "0 or 1.";
    I64ToU64 "i64_to_u64" [I] U (;) {exit} "The same int; leaves if negative.";
    U64ToI64 "u64_to_i64" [U] I (;) {exit} "The same int; leaves if 2**63 or more.";
    BitsToU64 "bits_to_u64" [I] U (;) {} "The int modulo 2**64.";
    BitsToI64 "bits_to_i64" [U] I (;) {} "The int modulo 2**64, as two's complement.";
    F64ToI64 "f64_to_i64" [F] I (;) {exit} "`int(f)`: towards zero; leaves if outside of 64 bits or not finite.";

    // Guards.
    GuardType(Type) "guard_type" [B] B (;) {exit} "The same object; leaves unless its exact class is one of the type.";
    GuardArray(Container) "guard_array" [B] B (;) {exit} "The same object; leaves unless it is an `array.array` with this type code.";
    GuardIs(ObjectId) "guard_is" [B] B (;) {exit} "The same object; leaves unless it is that object.";
    GuardCode(ObjectId) "guard_code" [B] B (OTHER;) {exit} "The same object; leaves unless it is a Python function with code and globals of that one, and without defaults.";
    GuardBound "guard_bound" [B O] B (;) {exit} "The same object; leaves unless the bool is true (the object is a variable's only then).";
    GuardTrue(ExitReason) "guard_true" [O] N (;) {exit} "Leaves unless true.";
    GuardFalse(ExitReason) "guard_false" [O] N (;) {exit} "Leaves if true.";
    GuardRange(IntRange) "guard_range" [I] I (;) {exit} "The same int; leaves unless within the range.";
    GuardIndex "guard_index" [I I] I (;) {exit} "Index, length: the index; leaves unless 0 <= index < length.";
    GuardGlobals(NamespaceId) "guard_globals" [] N (GLOBALS;) {exit} "Leaves unless every global and builtin the code relies on still has its value.";
    LoadGlobal(GlobalPlace) "load_global" [] B (GLOBALS;) {exit} "As `guard_globals` of the namespace, then the value of one of its global names that may change, borrowed from the dict.";
    GuardFunction(ObjectId) "guard_function" [] N (OTHER;) {exit} "Leaves unless that Python function still has the code and defaults it had when this was compiled.";
    GuardClass(ClassId) "guard_class" [B] B (CLASSES;) {exit} "The same object; leaves unless its exact class is that one, with nothing in the class changed since this was compiled.";
    IsClass(ClassId) "is_class" [B] O (CLASSES;) {} "Whether `guard_class` of the same class would let the object pass.";
    GuardVersion(ClassId) "guard_version" [] N (CLASSES;) {exit} "Leaves if anything in the class has changed since this was compiled. The class is an object of the pool, too.";
    GuardThisClass(ClassId) "guard_this_class" [B] B (CLASSES;) {exit} "The same object; leaves unless it is that class itself, with nothing in it changed since this was compiled.";
    GuardUnshadowed(ClassId) "guard_unshadowed" [B] N (CLASSES;) {exit} "Instance of the class: leaves unless it can have no attributes of its own but those its class knew when this was compiled.";
    GuardFrameUnseen "guard_frame_unseen" [] N (;) {exit} "Leaves if somebody has the frame object of this activation: it shows the variables as they are at the return. For functions that run Python code.";
    Poll "poll" [] N (;) {exit} "Leaves if the eval breaker is set (signals, GIL requests, pending calls, collections).";

    // Ints of 64 bits and sign.
    IntAdd(Overflow) "int_add" [I I] I (;) {exit} "`a + b`.";
    IntSub(Overflow) "int_sub" [I I] I (;) {exit} "`a - b`.";
    IntMul(Overflow) "int_mul" [I I] I (;) {exit} "`a * b`.";
    IntNeg(Overflow) "int_neg" [I] I (;) {exit} "`-a`.";
    IntAbs(Overflow) "int_abs" [I] I (;) {exit} "`abs(a)`.";
    IntFloorDiv(DivMode) "int_floordiv" [I I] I (;) {exit} "`a // b`: floor.";
    IntMod(DivMode) "int_mod" [I I] I (;) {exit} "`a % b`: sign of the divisor.";
    Reciprocal "reciprocal" [I] U (;) {} "`(2**64 - 1) // n` for n > 0, for `int_mod_by` and `int_div_by`; some number for other n.";
    IntModBy "int_mod_by" [I I U] I (;) {} "`a % b` for a >= 0, b > 0; the third operand is the reciprocal of b.";
    IntDivBy "int_div_by" [I I U] I (;) {} "`a // b` for a >= 0, b > 0; the third operand is the reciprocal of b.";
    IntPow "int_pow" [I I] I (;) {exit} "`a ** b`; leaves if b is negative or the result leaves 64 bits.";
    IntTrueDiv "int_truediv" [I I] F (;) {exit} "`a / b`; leaves if b is 0 or an operand is beyond 2**53 in size.";
    IntAnd "int_and" [I I] I (;) {} "`a & b`.";
    IntOr "int_or" [I I] I (;) {} "`a | b`.";
    IntXor "int_xor" [I I] I (;) {} "`a ^ b`.";
    IntNot "int_not" [I] I (;) {} "`~a`.";
    IntShl(Overflow) "int_shl" [I I] I (;) {exit} "`a << b`; leaves if b is negative or the result leaves 64 bits (`never`: proven that 0 <= b < 64 and it fits).";
    IntShr(Overflow) "int_shr" [I I] I (;) {exit} "`a >> b`, any b >= 0; leaves if b is negative (`never`: proven 0 <= b < 64).";
    IntCmp(Cond) "int_cmp" [I I] O (;) {} "Comparison of two ints.";

    // Ints in 0 .. 2**64-1; add, sub, mul and shl are modulo 2**64.
    U64Add "u64_add" [U U] U (;) {} "`(a + b) % 2**64`.";
    U64Sub "u64_sub" [U U] U (;) {} "`(a - b) % 2**64`.";
    U64Mul "u64_mul" [U U] U (;) {} "`(a * b) % 2**64`.";
    U64Shl "u64_shl" [U I] U (;) {} "`(a << b) % 2**64`, 0 <= b; b of 64 or more gives 0.";
    U64Shr "u64_shr" [U I] U (;) {} "`a >> b`, 0 <= b; b of 64 or more gives 0.";
    U64And "u64_and" [U U] U (;) {} "`a & b`.";
    U64Or "u64_or" [U U] U (;) {} "`a | b`.";
    U64Xor "u64_xor" [U U] U (;) {} "`a ^ b`.";
    U64Div "u64_div" [U U] U (;) {exit} "`a // b`; leaves if b is 0.";
    U64Mod "u64_mod" [U U] U (;) {exit} "`a % b`; leaves if b is 0.";
    U64Cmp(Cond) "u64_cmp" [U U] O (;) {} "Comparison of two ints.";

    // Bools.
    BoolNot "bool_not" [O] O (;) {} "`not a`.";
    BoolAnd "bool_and" [O O] O (;) {} "`a & b`.";
    BoolOr "bool_or" [O O] O (;) {} "`a | b`.";
    BoolXor "bool_xor" [O O] O (;) {} "`a ^ b`.";
    IsSame "is_same" [B B] O (;) {} "`a is b`.";
    Select "select" [O X X] X (;) {} "The second operand if the first is true, else the third; unboxed only.";

    // Floats: IEEE doubles, no contraction.
    FloatAdd "float_add" [F F] F (;) {} "`a + b`.";
    FloatSub "float_sub" [F F] F (;) {} "`a - b`.";
    FloatMul "float_mul" [F F] F (;) {} "`a * b`.";
    FloatDiv "float_div" [F F] F (;) {exit} "`a / b`; leaves if b is 0.0.";
    FloatFloorDiv "float_floordiv" [F F] F (;) {exit} "`a // b` by CPython's algorithm; leaves if b is 0.0.";
    FloatMod "float_mod" [F F] F (;) {exit} "`a % b` by CPython's algorithm; leaves if b is 0.0.";
    FloatPow "float_pow" [F F] F (;) {exit} "`a ** b` where C's pow is right (finite a > 0 and finite result, or b == 2.0-like integers); else leaves.";
    FloatNeg "float_neg" [F] F (;) {} "`-a`.";
    FloatAbs "float_abs" [F] F (;) {} "`abs(a)`.";
    FloatSqrt "float_sqrt" [F] F (;) {exit} "`math.sqrt(a)`; leaves if a < 0 (nan and inf pass).";
    FloatMath(MathFunction) "float_math" [F] F (;) {exit} "The C function; leaves unless the result is finite.";
    FloatFloor "float_floor" [F] F (;) {} "Largest integral float not above a.";
    FloatCeil "float_ceil" [F] F (;) {} "Smallest integral float not below a.";
    FloatRoundEven "float_round_even" [F] F (;) {} "Nearest integral float, ties to even (`round(a)` before its conversion).";
    FloatCmp(Cond) "float_cmp" [F F] O (;) {} "Comparison of two floats; nan is unequal to all.";

    // Containers.
    NormalizeIndex "normalize_index" [I I] I (;) {} "Index, length: index + length if the index is negative, else the index.";
    LenList "len_list" [B] I (LIST_SHAPE;) {} "`len` of a list.";
    LenByteArray "len_bytearray" [B] I (BYTEARRAY_SHAPE;) {} "`len` of a bytearray.";
    LenArray "len_array" [B] I (ARRAY_SHAPE;) {} "`len` of an `array.array`.";
    LenFixed(Container) "len_fixed" [B] I (;) {} "`len` of a tuple, bytes or str.";
    DataList "data_list" [B] P (LIST_SHAPE;) {} "Where a list's items are.";
    DataByteArray "data_bytearray" [B] P (BYTEARRAY_SHAPE;) {} "Where a bytearray's bytes are.";
    DataArray "data_array" [B] P (ARRAY_SHAPE;) {} "Where an array's items are.";
    DataFixed(Container) "data_fixed" [B] P (;) {} "Where the items of a tuple or the bytes of a bytes object are.";
    LoadList "load_list" [B P I] B (LIST_ITEMS LIST_SHAPE;) {} "List, its data, index in bounds: the item, borrowed from the list.";
    LoadChar "load_char" [B I] I (;) {} "Str, index in bounds: the code point.";
    LoadByteArray "load_bytearray" [B P I] I (BYTEARRAY_ITEMS BYTEARRAY_SHAPE;) {} "Bytearray, its data, index in bounds: the byte.";
    LoadArray(Container) "load_array" [B P I] X (ARRAY_ITEMS ARRAY_SHAPE;) {} "Array, its data, index in bounds: the item.";
    LoadFixed(Container) "load_fixed" [B P I] X (;) {} "Tuple or bytes, its data, index in bounds: the item (borrowed from the tuple).";
    SwapList "swap_list" [B P I B I B] N (LIST_SHAPE; LIST_ITEMS) {} "List, data, index, item, index, item: puts each item at the index before it; the items are those at the other index now, so no reference changes.";
    StoreList "store_list" [B P I B] N (LIST_SHAPE; LIST_ITEMS) {exit} "List, data, index in bounds, item (a reference is added): replaces the item; leaves before the store if dropping the old one could run code.";
    StoreListI64 "store_list_i64" [B P I I] N (LIST_SHAPE; LIST_ITEMS) {exit} "As `store_list` of a new int; writes into the old item's box when the list holds its only reference and the int is no small one.";
    StoreListF64 "store_list_f64" [B P I F] N (LIST_SHAPE; LIST_ITEMS) {exit} "As `store_list` of a new float; writes into the old item's box when the list holds its only reference.";
    StoreByteArray "store_bytearray" [B P I I] N (BYTEARRAY_SHAPE; BYTEARRAY_ITEMS) {} "Bytearray, data, index in bounds, value in 0..255.";
    StoreArray(Container) "store_array" [B P I X] N (ARRAY_SHAPE; ARRAY_ITEMS) {} "Array, data, index in bounds, value that fits.";
    ListAppend "list_append" [B B] N (; LIST_SHAPE LIST_ITEMS) {raise} "`list.append`; a reference to the item is added. Raises MemoryError only.";
    ListPopLast "list_pop_last" [B] B (LIST_ITEMS; LIST_SHAPE LIST_ITEMS) {exit} "`list.pop()`: the item, owned; leaves if the list is empty.";

    // Cells.
    LoadCell "load_cell" [B] B (CELLS;) {exit} "Contents of a cell, borrowed; leaves if it is empty.";
    LoadClosure(i64) "load_closure" [B] B (;) {} "A function whose code was guarded, number of a free variable: its cell, borrowed from the function.";
    StoreCell "store_cell" [B B] N (CELLS; CELLS) {exit} "Replaces the contents (a reference is added); leaves before the store if dropping the old could run code.";

    // Attributes of instances; `guard_class` of the same class stands before.
    FieldTable(FieldTable) "field_table" [B] P (CLASSES;) {exit} "Where an instance of the class holds its attributes; leaves if it holds them in a dict.";
    LoadField(FieldPlace) "load_field" [B P] B (ATTRIBUTES;) {exit} "Instance, its table: the attribute, borrowed from it; leaves if it is not set. Reads the heap of the attribute's name only.";
    GuardNoField(FieldPlace) "guard_no_field" [B P] N (ATTRIBUTES;) {exit} "Instance, its table: leaves if the attribute is set. Reads the heap of the attribute's name only.";
    StoreField(FieldPlace) "store_field" [B P B] N (;ATTRIBUTES) {exit} "Instance, its table (for stores), value (a reference is added): sets the attribute; leaves before the store if dropping the old value could run code. Writes the heap of the attribute's name only.";
    StoreFieldI64(FieldPlace) "store_field_i64" [B P I] N (;ATTRIBUTES) {exit} "As `store_field` of a new int; writes into the old value's box when the instance holds its only reference and the int is no small one.";
    StoreFieldF64(FieldPlace) "store_field_f64" [B P F] N (;ATTRIBUTES) {exit} "As `store_field` of a new float; writes into the old value's box when the instance holds its only reference.";

    LoadMember(MemberPlace) "load_member" [B] B (CLASSES;) {} "Instance of the class: an object that the class has, borrowed from it.";
    LoadClassMember(MemberPlace) "load_class_member" [] B (CLASSES;) {exit} "As `guard_version` of the class, then an object that it has, borrowed from it.";

    // Calls.
    CallRuntime(HelperId) "call_runtime" [V] X (;) {} "A runtime helper; contract, result and effects are in the helper's row.";
    CallObject(CallShape) "call_object" [B V] B (;) {raise python} "Calls any object by vectorcall: callable, then arguments; a NULL constant as callable's self is not passed.";
    CallNative(CalleeId) "call_native" [V] X (;) {exit raise python} "Calls a compiled function directly with unboxed arguments. If it finished in the interpreter with a result of another representation, leaves to the `after` frame state with that result on the stack.";

    // Bookkeeping.
    Snapshot "snapshot" [] N (;) {exit} "Marks where its frame state was taken; no code. Guards below may leave to it until a heap changes.";
    KeepAlive "keep_alive" [B] N (;) {} "The interpreter drops its reference here: the object lives at least until now; no code.";
    Incref "incref" [B] N (;) {} "Adds a reference.";
    Decref "decref" [B] N (;) {python} "Drops a reference; the object may die and run code.";
    DecrefPlain "decref_plain" [B] N (;) {} "Drops a reference of an object whose death nobody can observe.";
}

impl Op {
    /// Heaps and ways out of this instruction, immediates considered.
    pub fn effects(&self) -> Effects {
        let mut effects = match self {
            Op::CallRuntime(helper) => return helper.effects(),
            _ => self.info().effects,
        };
        match self {
            Op::LoadField(place) | Op::GuardNoField(place) => {
                effects.reads = Heaps::attribute(place.name);
            }
            Op::StoreField(place) | Op::StoreFieldI64(place) | Op::StoreFieldF64(place) => {
                effects.writes = Heaps::attribute(place.name);
            }
            _ => {}
        }
        let proven = match self {
            Op::IntAdd(o)
            | Op::IntSub(o)
            | Op::IntMul(o)
            | Op::IntNeg(o)
            | Op::IntAbs(o)
            | Op::IntShl(o)
            | Op::IntShr(o) => *o == Overflow::Never,
            Op::IntFloorDiv(mode) | Op::IntMod(mode) => *mode != DivMode::Checked,
            _ => false,
        };
        if proven {
            effects.may_exit = false;
        }
        effects
    }

    /// The class of instances it is about.
    pub fn class(&self) -> Option<ClassId> {
        match *self {
            Op::GuardClass(class)
            | Op::IsClass(class)
            | Op::GuardVersion(class)
            | Op::GuardThisClass(class)
            | Op::GuardUnshadowed(class) => Some(class),
            Op::LoadMember(place) | Op::LoadClassMember(place) => Some(place.class),
            Op::FieldTable(table) => Some(table.class),
            Op::LoadField(place)
            | Op::GuardNoField(place)
            | Op::StoreField(place)
            | Op::StoreFieldI64(place)
            | Op::StoreFieldF64(place) => Some(place.class),
            _ => None,
        }
    }

    /// The object of the pool it names.
    pub fn object(&self) -> Option<ObjectId> {
        match *self {
            Op::ConstObject(object)
            | Op::GuardIs(object)
            | Op::GuardCode(object)
            | Op::GuardFunction(object) => Some(object),
            Op::LoadMember(place) | Op::LoadClassMember(place) => Some(place.object),
            Op::CallObject(shape) => shape.keywords,
            _ => None,
        }
    }

    /// A guard whose result is its first operand, better known.
    pub fn passes_object(&self) -> bool {
        matches!(
            self,
            Op::GuardType(_)
                | Op::GuardArray(_)
                | Op::GuardIs(_)
                | Op::GuardCode(_)
                | Op::GuardBound
                | Op::GuardClass(_)
                | Op::GuardThisClass(_)
        )
    }

    /// Computes a value and does nothing else that anyone could miss: may be removed when the
    /// result is unused. Ops that leave only because their *result* has no representation (an
    /// overflow) count; guards and polls do not.
    pub fn is_removable(&self) -> bool {
        if matches!(self, Op::CallRuntime(HelperId::StrIndex)) {
            // It raises MemoryError only.
            return true;
        }
        let effects = self.effects();
        if effects.may_raise || effects.runs_python || !effects.writes.is_empty() {
            return false;
        }
        !matches!(
            self,
            Op::GuardType(_) | Op::GuardArray(_) | Op::GuardIs(_) | Op::GuardCode(_) | Op::GuardBound | Op::GuardClass(_)
                | Op::GuardVersion(_) | Op::GuardThisClass(_) | Op::LoadClassMember(_) | Op::GuardUnshadowed(_) | Op::GuardNoField(_) | Op::LoadField(_) | Op::GuardTrue(_) | Op::GuardFalse(_)
                | Op::GuardRange(_) | Op::GuardIndex | Op::GuardGlobals(_) | Op::LoadGlobal(_) | Op::GuardFunction(_) | Op::Poll | Op::Snapshot
                | Op::GuardFrameUnseen | Op::KeepAlive | Op::Incref | Op::Decref | Op::DecrefPlain | Op::CallRuntime(_)
                // These leave where Python raises, or gives something else than an int.
                | Op::IntPow
                | Op::IntFloorDiv(DivMode::Checked) | Op::IntMod(DivMode::Checked) | Op::IntTrueDiv
                | Op::U64Div | Op::U64Mod | Op::FloatDiv | Op::FloatFloorDiv | Op::FloatMod
                | Op::FloatPow | Op::FloatSqrt | Op::FloatMath(_) | Op::F64ToI64 | Op::LoadCell
                | Op::IntShl(Overflow::Checked) | Op::IntShr(Overflow::Checked) | Op::ListPopLast
        )
    }
}
