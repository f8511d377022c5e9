//! Answers of methods in Python, as operators take them.

use super::Object;
use crate::abi::Operation;
use crate::runtime::operators::{finish, length};
use pyo3::ffi;

c_functions! {
    fn operator_answer(a: Object, b: Object, answer: Object, code: i64) -> Object {
        let answer = ffi::Py_NewRef(answer);
        match Operation::of_code(code) {
            Some(operation) => finish(operation, &[a, b], answer),
            None => answer,
        }
    }

    fn length_answer(answer: Object) -> i64 {
        length(answer) as i64
    }
}
