//! What an operator makes of the answer of a method in Python: `NotImplemented`, truth, and the errors.
//!
//! The method was lifted in place of the operator (`lift/operators.rs`), for operands of which no other method
//! comes first. Here is what the interpreter does behind it, in its order and with its words. The operands'
//! classes are such that nobody but the second operand of a comparison is left to be asked.

use crate::abi::Operation;
use crate::abi::helpers::HelperId;
use pyo3::ffi::{self, PyObject};
use std::ptr::null_mut;

/// The result of the operator; null with an exception set. Takes the reference of the answer.
///
/// # Safety
/// The GIL is held; the operands, as many as the operation has, and the answer are live objects.
pub unsafe fn finish(
    operation: Operation,
    operands: &[*mut PyObject],
    answer: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as required; each callee takes or gives references as its name says.
    unsafe {
        let declined = answer == ffi::Py_NotImplemented();
        match (operation.helper, operands) {
            (HelperId::LengthAnswer, _) => {
                let length = length(answer);
                ffi::Py_DECREF(answer);
                match length {
                    ..0 => null_mut(),
                    length => ffi::PyLong_FromSsize_t(length),
                }
            }
            (HelperId::Contains, _) => truth(answer, operation.inverse),
            (helper, &[left, right]) => {
                if let Some(comparison) = comparison(helper) {
                    let answer = match (declined, operation.inverse) {
                        (true, _) => {
                            ffi::Py_DECREF(answer);
                            compare_otherwise(comparison, left, right)
                        }
                        (false, true) => truth(answer, true),
                        (false, false) => answer,
                    };
                    return match operation.truth && !answer.is_null() {
                        true => truth(answer, false),
                        false => answer,
                    };
                }
                match (declined, symbol(helper)) {
                    (true, Some(symbol)) => {
                        ffi::Py_DECREF(answer);
                        refuse_operands(symbol, left, right);
                        null_mut()
                    }
                    _ => answer,
                }
            }
            _ => answer,
        }
    }
}

/// `bool(answer)`, or the opposite; takes the reference.
unsafe fn truth(answer: *mut PyObject, inverse: bool) -> *mut PyObject {
    // SAFETY: a live object, of which one reference is ours.
    unsafe {
        let truth = ffi::PyObject_IsTrue(answer);
        ffi::Py_DECREF(answer);
        if truth < 0 {
            return null_mut();
        }
        ffi::PyBool_FromLong(((truth != 0) != inverse).into())
    }
}

/// What `len()` gives for what `__len__` returned: `PyObject_Size` on the slot of a class in Python. -1 with an
/// exception set.
///
/// # Safety
/// The GIL is held; a live object.
pub unsafe fn length(answer: *mut PyObject) -> isize {
    // SAFETY: a live object.
    unsafe {
        let index = ffi::PyNumber_Index(answer);
        if index.is_null() {
            return -1;
        }
        let zero = ffi::PyLong_FromLong(0);
        let negative = match zero.is_null() {
            true => -1,
            false => ffi::PyObject_RichCompareBool(index, zero, ffi::Py_LT),
        };
        ffi::Py_XDECREF(zero);
        let length = match negative {
            0 => ffi::PyNumber_AsSsize_t(index, ffi::PyExc_OverflowError),
            1 => {
                let text = c"__len__() should return >= 0";
                ffi::PyErr_SetString(ffi::PyExc_ValueError, text.as_ptr());
                -1
            }
            _ => -1,
        };
        ffi::Py_DECREF(index);
        length
    }
}

/// Behind the first operand's method, which declined: the second operand is asked the other way round, then
/// identity answers, or nobody does.
unsafe fn compare_otherwise(
    comparison: Comparison,
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: live objects; the slot is one of the second's class.
    unsafe {
        if let Some(slot) = (*ffi::Py_TYPE(right)).tp_richcompare {
            let answer = slot(right, left, comparison.swapped);
            if answer != ffi::Py_NotImplemented() {
                return answer;
            }
            ffi::Py_DECREF(answer);
        }
        match comparison.code {
            ffi::Py_EQ => ffi::PyBool_FromLong((left == right).into()),
            ffi::Py_NE => ffi::PyBool_FromLong((left != right).into()),
            _ => {
                ffi::PyErr_Format(
                    ffi::PyExc_TypeError,
                    c"'%s' not supported between instances of '%.100s' and '%.100s'".as_ptr(),
                    comparison.symbol.as_ptr(),
                    (*ffi::Py_TYPE(left)).tp_name,
                    (*ffi::Py_TYPE(right)).tp_name,
                );
                null_mut()
            }
        }
    }
}

/// The TypeError of operands that no method takes.
unsafe fn refuse_operands(symbol: &std::ffi::CStr, left: *mut PyObject, right: *mut PyObject) {
    // SAFETY: live objects; names of types are C strings.
    unsafe {
        ffi::PyErr_Format(
            ffi::PyExc_TypeError,
            c"unsupported operand type(s) for %.100s: '%.100s' and '%.100s'".as_ptr(),
            symbol.as_ptr(),
            (*ffi::Py_TYPE(left)).tp_name,
            (*ffi::Py_TYPE(right)).tp_name,
        );
    }
}

struct Comparison {
    code: i32,
    swapped: i32,
    symbol: &'static std::ffi::CStr,
}

fn comparison(helper: HelperId) -> Option<Comparison> {
    let (code, swapped, symbol) = match helper {
        HelperId::CompareLt => (ffi::Py_LT, ffi::Py_GT, c"<"),
        HelperId::CompareLe => (ffi::Py_LE, ffi::Py_GE, c"<="),
        HelperId::CompareEq => (ffi::Py_EQ, ffi::Py_EQ, c"=="),
        HelperId::CompareNe => (ffi::Py_NE, ffi::Py_NE, c"!="),
        HelperId::CompareGt => (ffi::Py_GT, ffi::Py_LT, c">"),
        HelperId::CompareGe => (ffi::Py_GE, ffi::Py_LE, c">="),
        _ => return None,
    };
    Some(Comparison {
        code,
        swapped,
        symbol,
    })
}

/// An arithmetic operator in the interpreter's messages.
fn symbol(helper: HelperId) -> Option<&'static std::ffi::CStr> {
    Some(match helper {
        HelperId::BinaryAdd => c"+",
        HelperId::BinarySub => c"-",
        HelperId::BinaryMul => c"*",
        HelperId::BinaryTrueDiv => c"/",
        HelperId::BinaryFloorDiv => c"//",
        HelperId::BinaryMod => c"%",
        HelperId::BinaryPow => c"** or pow()",
        HelperId::BinaryLshift => c"<<",
        HelperId::BinaryRshift => c">>",
        HelperId::BinaryAnd => c"&",
        HelperId::BinaryOr => c"|",
        HelperId::BinaryXor => c"^",
        HelperId::BinaryMatMul => c"@",
        HelperId::InplaceAdd => c"+=",
        HelperId::InplaceSub => c"-=",
        HelperId::InplaceMul => c"*=",
        HelperId::InplaceTrueDiv => c"/=",
        HelperId::InplaceFloorDiv => c"//=",
        HelperId::InplaceMod => c"%=",
        HelperId::InplacePow => c"**=",
        HelperId::InplaceLshift => c"<<=",
        HelperId::InplaceRshift => c">>=",
        HelperId::InplaceAnd => c"&=",
        HelperId::InplaceOr => c"|=",
        HelperId::InplaceXor => c"^=",
        HelperId::InplaceMatMul => c"@=",
        _ => return None,
    })
}
