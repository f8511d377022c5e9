//! Truth, comparison, membership.

use super::Object;
use pyo3::ffi;

macro_rules! comparison {
    ($($name:ident $code:ident;)*) => { c_functions! {$(
        fn $name(a: Object, b: Object) -> Object { ffi::PyObject_RichCompare(a, b, ffi::$code) }
    )*} };
}

comparison! {
    compare_lt Py_LT;
    compare_le Py_LE;
    compare_eq Py_EQ;
    compare_ne Py_NE;
    compare_gt Py_GT;
    compare_ge Py_GE;
}

c_functions! {
    fn is_true(a: Object) -> i64 {
        ffi::PyObject_IsTrue(a).into()
    }

    /// `a in b`.
    fn contains(a: Object, b: Object) -> i64 {
        ffi::PySequence_Contains(b, a).into()
    }

    /// `b in a`.
    fn list_contains(a: Object, b: Object) -> i64 {
        ffi::PySequence_Contains(a, b).into()
    }

    // The shortcut for identical operands is right for ints.
    fn long_lt(a: Object, b: Object) -> i64 {
        ffi::PyObject_RichCompareBool(a, b, ffi::Py_LT).into()
    }

    fn long_le(a: Object, b: Object) -> i64 {
        ffi::PyObject_RichCompareBool(a, b, ffi::Py_LE).into()
    }

    fn long_eq(a: Object, b: Object) -> i64 {
        ffi::PyObject_RichCompareBool(a, b, ffi::Py_EQ).into()
    }
}
