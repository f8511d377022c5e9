//! `BINARY_OP` and the unary operators; ints beyond the machine word.

use super::Object;
use pyo3::ffi;

macro_rules! binary {
    ($($name:ident $function:ident;)*) => { c_functions! {$(
        fn $name(a: Object, b: Object) -> Object { ffi::$function(a, b) }
    )*} };
}

binary! {
    binary_add PyNumber_Add;
    binary_sub PyNumber_Subtract;
    binary_mul PyNumber_Multiply;
    binary_truediv PyNumber_TrueDivide;
    binary_floordiv PyNumber_FloorDivide;
    binary_mod PyNumber_Remainder;
    binary_lshift PyNumber_Lshift;
    binary_rshift PyNumber_Rshift;
    binary_and PyNumber_And;
    binary_or PyNumber_Or;
    binary_xor PyNumber_Xor;
    binary_matmul PyNumber_MatrixMultiply;
    inplace_add PyNumber_InPlaceAdd;
    inplace_sub PyNumber_InPlaceSubtract;
    inplace_mul PyNumber_InPlaceMultiply;
    inplace_truediv PyNumber_InPlaceTrueDivide;
    inplace_floordiv PyNumber_InPlaceFloorDivide;
    inplace_mod PyNumber_InPlaceRemainder;
    inplace_lshift PyNumber_InPlaceLshift;
    inplace_rshift PyNumber_InPlaceRshift;
    inplace_and PyNumber_InPlaceAnd;
    inplace_or PyNumber_InPlaceOr;
    inplace_xor PyNumber_InPlaceXor;
    inplace_matmul PyNumber_InPlaceMatrixMultiply;
}

c_functions! {
    fn binary_pow(a: Object, b: Object) -> Object {
        ffi::PyNumber_Power(a, b, ffi::Py_None())
    }

    fn inplace_pow(a: Object, b: Object) -> Object {
        ffi::PyNumber_InPlacePower(a, b, ffi::Py_None())
    }

    fn unary_negative(a: Object) -> Object {
        ffi::PyNumber_Negative(a)
    }

    fn unary_positive(a: Object) -> Object {
        ffi::PyNumber_Positive(a)
    }

    fn unary_invert(a: Object) -> Object {
        ffi::PyNumber_Invert(a)
    }
}

/// Straight to the slot of `int`: what dispatch would find for two exact ints. The general function
/// stands in if a build had no such slot.
macro_rules! long {
    ($($name:ident $slot:ident $general:ident;)*) => { c_functions! {$(
        fn $name(a: Object, b: Object) -> Object {
            let methods = ffi::PyLong_Type.tp_as_number;
            match (*methods).$slot {
                Some(slot) => slot(a, b),
                None => ffi::$general(a, b),
            }
        }
    )*} };
}

long! {
    long_add nb_add PyNumber_Add;
    long_sub nb_subtract PyNumber_Subtract;
    long_mul nb_multiply PyNumber_Multiply;
    long_floordiv nb_floor_divide PyNumber_FloorDivide;
    long_mod nb_remainder PyNumber_Remainder;
    long_lshift nb_lshift PyNumber_Lshift;
    long_rshift nb_rshift PyNumber_Rshift;
    long_and nb_and PyNumber_And;
    long_or nb_or PyNumber_Or;
    long_xor nb_xor PyNumber_Xor;
    long_truediv nb_true_divide PyNumber_TrueDivide;
}

c_functions! {
    fn long_pow(a: Object, b: Object) -> Object {
        ffi::PyNumber_Power(a, b, ffi::Py_None())
    }

    fn long_neg(a: Object) -> Object {
        ffi::PyNumber_Negative(a)
    }

    fn long_invert(a: Object) -> Object {
        ffi::PyNumber_Invert(a)
    }

    /// nan when it does not fit.
    fn long_to_float(a: Object) -> f64 {
        let value = ffi::PyLong_AsDouble(a);
        if value == -1.0 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return f64::NAN;
        }
        value
    }
}
