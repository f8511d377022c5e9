//! The functions machine code calls: one for every row of `abi/helpers.rs`, and those rows of
//! `abi/support.rs` that concern objects and numbers only.
//!
//! Invariants: each does exactly what the interpreter's instruction does, through the same C functions
//! and with the same messages. Arguments are borrowed, boxed results owned. Nothing here can panic
//! (an unwinding panic would abort at the C boundary): no indexing, no `unwrap`, no overflow checks.
//! One convention for all results that are not boxed: an `i64`, negative for "raised" or "cannot
//! say"; a float says "cannot say" by nan.

use crate::abi::MathFunction;
use crate::abi::helpers::HelperId;
use crate::abi::support::Support;
use pyo3::ffi::{PyObject, PyThreadState};

/// Functions over the C API share their obligations: stated once, here.
macro_rules! c_functions {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The GIL is held, and objects are alive, of the classes the row of the table names.
        pub unsafe extern "C" fn $name(
            _thread: $crate::runtime::helpers::Thread,
            $($argument: $type),*
        ) $(-> $result)? {
            // SAFETY: the caller is machine code made for the row of this function: it holds the GIL
            // and passes live objects of the classes the row names, NULL only where it says so.
            unsafe { $body }
        }
    )*};
}

mod arith;
pub mod collection;
mod compare;
mod containers;
pub mod dicts;
mod instances;
mod iteration;
mod namespaces;
mod numbers;
mod operators;
mod strings;
pub mod support;
pub mod testing;

pub use iteration::end_of_iteration;
pub use support::int_value;

type Thread = *mut PyThreadState;
type Object = *mut PyObject;

/// The address of the helper.
pub fn address(helper: HelperId) -> usize {
    macro_rules! table {
        ($($id:ident => $function:path,)*) => {
            match helper { $(HelperId::$id => $function as *const () as usize,)* }
        };
    }
    table! {
        BinaryAdd => arith::binary_add,
        BinarySub => arith::binary_sub,
        BinaryMul => arith::binary_mul,
        BinaryTrueDiv => arith::binary_truediv,
        BinaryFloorDiv => arith::binary_floordiv,
        BinaryMod => arith::binary_mod,
        BinaryPow => arith::binary_pow,
        BinaryLshift => arith::binary_lshift,
        BinaryRshift => arith::binary_rshift,
        BinaryAnd => arith::binary_and,
        BinaryOr => arith::binary_or,
        BinaryXor => arith::binary_xor,
        BinaryMatMul => arith::binary_matmul,
        InplaceAdd => arith::inplace_add,
        InplaceSub => arith::inplace_sub,
        InplaceMul => arith::inplace_mul,
        InplaceTrueDiv => arith::inplace_truediv,
        InplaceFloorDiv => arith::inplace_floordiv,
        InplaceMod => arith::inplace_mod,
        InplacePow => arith::inplace_pow,
        InplaceLshift => arith::inplace_lshift,
        InplaceRshift => arith::inplace_rshift,
        InplaceAnd => arith::inplace_and,
        InplaceOr => arith::inplace_or,
        InplaceXor => arith::inplace_xor,
        InplaceMatMul => arith::inplace_matmul,
        UnaryNegative => arith::unary_negative,
        UnaryPositive => arith::unary_positive,
        UnaryInvert => arith::unary_invert,
        IsTrue => compare::is_true,
        CompareLt => compare::compare_lt,
        CompareLe => compare::compare_le,
        CompareEq => compare::compare_eq,
        CompareNe => compare::compare_ne,
        CompareGt => compare::compare_gt,
        CompareGe => compare::compare_ge,
        Contains => compare::contains,
        GetItem => containers::get_item,
        SetItem => containers::set_item,
        DeleteItem => containers::delete_item,
        GetAttribute => namespaces::get_attribute,
        SetAttribute => namespaces::set_attribute,
        DeleteAttribute => namespaces::delete_attribute,
        LoadGlobal => namespaces::load_global,
        StoreGlobal => namespaces::store_global,
        BuildSlice => containers::build_slice,
        NewRange => containers::new_range,
        GetSlice => containers::get_slice,
        SetSlice => containers::set_slice,
        GetIter => iteration::get_iter,
        IterNext => iteration::iter_next,
        UnpackSequence => iteration::unpack_sequence,
        NewList => containers::new_list,
        NewTuple => containers::new_tuple,
        NewMap => containers::new_map,
        NewSet => containers::new_set,
        EmptyMap => containers::empty_map,
        EmptySet => containers::empty_set,
        ListToTuple => containers::list_to_tuple,
        NewFunction => namespaces::new_function,
        JoinStrings => strings::join_strings,
        ListExtend => containers::list_extend,
        ListRepeatObject => containers::list_repeat,
        NewInstance => instances::new_instance,
        NewCell => namespaces::new_cell,
        FormatValue => strings::format_value,
        StrOf => strings::str_of,
        ReprOf => strings::repr_of,
        AsciiOf => strings::ascii_of,
        LongAdd => arith::long_add,
        LongSub => arith::long_sub,
        LongMul => arith::long_mul,
        LongFloorDiv => arith::long_floordiv,
        LongMod => arith::long_mod,
        LongPow => arith::long_pow,
        LongLshift => arith::long_lshift,
        LongRshift => arith::long_rshift,
        LongAnd => arith::long_and,
        LongOr => arith::long_or,
        LongXor => arith::long_xor,
        LongTrueDiv => arith::long_truediv,
        LongNeg => arith::long_neg,
        LongInvert => arith::long_invert,
        LongCompareLt => compare::long_lt,
        LongCompareLe => compare::long_le,
        LongCompareEq => compare::long_eq,
        LongIsTrue => compare::is_true,
        LongToFloat => arith::long_to_float,
        StrIndex => strings::str_index,
        StrEqual => strings::str_equal,
        StrOrder => strings::str_order,
        StrConcat => strings::str_concat,
        StrAppend => strings::str_append,
        StrContains => strings::str_contains,
        StrOrd => strings::str_ord,
        StrSlice => strings::str_slice,
        BytesSlice => strings::bytes_slice,
        ListSlice => containers::list_slice,
        StrFind => strings::str_find,
        StrTail => strings::str_tail,
        StrFormat => strings::format_value,
        StrOfNumber => strings::str_of,
        IntOfStr => strings::int_of_str,
        FloatOfStr => strings::float_of_str,
        QuietCall => containers::quiet_call,
        QuietListCall => containers::quiet_call,
        StrChr => strings::str_chr,
        DictGet => dicts::dict_get,
        DictGetInt => dicts::dict_get_int,
        DictGetOr => dicts::dict_get_or,
        DictContains => dicts::dict_contains,
        DictContainsInt => dicts::dict_contains_int,
        DictSet => dicts::dict_set,
        DictSetDefault => dicts::dict_setdefault,
        DictLength => dicts::dict_length,
        SetContains => dicts::set_contains,
        SetContainsInt => dicts::set_contains_int,
        SetAdd => dicts::set_add,
        SetLength => dicts::set_length,
        DictIterNext => dicts::dict_iter_next,
        DictIterValue => dicts::dict_iter_value,
        SetIterNext => dicts::set_iter_next,
        OperatorAnswer => operators::operator_answer,
        LengthAnswer => operators::length_answer,
        IsInstanceOf => instances::is_instance_of,
        ListContains => compare::list_contains,
    }
}

/// The address of the support function; `None` for those that concern frames, exits and units.
pub fn support_address(function: Support) -> Option<usize> {
    macro_rules! table {
        ($($id:ident => $function:path,)*) => {
            match function { $(Support::$id => Some($function as *const () as usize),)* _ => None }
        };
    }
    table! {
        Dealloc => support::dealloc,
        DropIsSilent => support::drop_is_silent,
        BoxI64 => support::box_i64,
        BoxU64 => support::box_u64,
        BoxF64 => support::box_f64,
        UnboxI64 => support::unbox_i64,
        UnboxU64 => support::unbox_u64,
        UnboxResult => support::unbox_result,
        ListAppend => support::list_append,
        ListPopLast => support::list_pop_last,
        ReadChar => strings::read_char,
        IntPow => numbers::int_pow,
        FloatFloorDiv => numbers::float_floordiv,
        FloatMod => numbers::float_mod,
        FloatPow => numbers::float_pow,
        FloatPowRarely => numbers::float_pow,
    }
}

/// The address of the C function.
pub fn math_address(function: MathFunction) -> usize {
    use crate::ffi::math;
    let address: unsafe extern "C" fn(f64) -> f64 = match function {
        MathFunction::Sin => math::sin,
        MathFunction::Cos => math::cos,
        MathFunction::Tan => math::tan,
        MathFunction::Asin => math::asin,
        MathFunction::Acos => math::acos,
        MathFunction::Atan => math::atan,
        MathFunction::Sinh => math::sinh,
        MathFunction::Cosh => math::cosh,
        MathFunction::Tanh => math::tanh,
        MathFunction::Exp => math::exp,
        MathFunction::Expm1 => math::expm1,
        MathFunction::Log1p => math::log1p,
        MathFunction::Log => math::log,
        MathFunction::Log2 => math::log2,
        MathFunction::Log10 => math::log10,
    };
    address as *const () as usize
}
