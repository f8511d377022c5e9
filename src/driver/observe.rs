//! What a live object looks like: types and widths, a few items deep.

use std::cell::RefCell;
use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFunction, PyInt, PyList, PyModule, PyRange,
    PySet, PyString, PyTuple, PyType,
};

use super::{classes, closures};
use crate::feedback::{Fact, IntClass, SeenClasses, SeenCode};
use crate::hir::Type;
use crate::hir::attributes::Container;
use crate::runtime::helpers::dicts::further_class;
use crate::runtime::helpers::int_value;
use crate::runtime::loaded_module;

/// How many items of a container are looked at, from each end.
const SAMPLE: usize = 3;
/// How deep.
const DEPTH: u32 = 3;

/// The exact class of an object.
pub fn class_of(object: &Bound<'_, PyAny>) -> Type {
    if object.is_none() {
        Type::NONE
    } else if object.cast_exact::<PyBool>().is_ok() {
        Type::BOOL
    } else if object.cast_exact::<PyInt>().is_ok() {
        Type::INT
    } else if object.cast_exact::<PyFloat>().is_ok() {
        Type::FLOAT
    } else if object.cast_exact::<PyString>().is_ok() {
        Type::STR
    } else if object.cast_exact::<PyBytes>().is_ok() {
        Type::BYTES
    } else if object.cast_exact::<PyByteArray>().is_ok() {
        Type::BYTEARRAY
    } else if object.cast_exact::<PyList>().is_ok() {
        Type::LIST
    } else if object.cast_exact::<PyTuple>().is_ok() {
        Type::TUPLE
    } else if object.cast_exact::<PyDict>().is_ok() {
        Type::DICT
    } else if object.cast_exact::<PySet>().is_ok() {
        Type::SET
    } else if object.cast_exact::<PyRange>().is_ok() {
        Type::RANGE
    } else if object.cast_exact::<PyModule>().is_ok() {
        Type::MODULE
    } else if object.cast_exact::<PyType>().is_ok() {
        Type::CLASS
    } else if object.cast_exact::<PyFunction>().is_ok() {
        Type::FUNCTION
    } else if let Some(class) = further_class(object) {
        class
    } else if array_container(object).is_some() {
        Type::ARRAY
    } else {
        Type::OTHER
    }
}

/// Is it the exact class of the object? Quicker than [`class_of`] where the answer is no.
pub fn is_of_class(object: &Bound<'_, PyAny>, ty: Type) -> bool {
    match ty {
        Type::NONE => object.is_none(),
        Type::BOOL => object.is_exact_instance_of::<PyBool>(),
        Type::INT => object.is_exact_instance_of::<PyInt>(),
        Type::FLOAT => object.is_exact_instance_of::<PyFloat>(),
        Type::STR => object.is_exact_instance_of::<PyString>(),
        Type::BYTES => object.is_exact_instance_of::<PyBytes>(),
        Type::LIST => object.is_exact_instance_of::<PyList>(),
        Type::TUPLE => object.is_exact_instance_of::<PyTuple>(),
        Type::DICT => object.is_exact_instance_of::<PyDict>(),
        _ => class_of(object) == ty,
    }
}

/// Width of an exact int.
pub fn int_class(object: &Bound<'_, PyAny>) -> IntClass {
    match int_value(object) {
        Some(value) if value.unsigned_abs() < 1 << 30 => IntClass::Compact,
        Some(value) if i64::try_from(value).is_ok() => IntClass::Full,
        Some(_) => IntClass::Unsigned,
        None => IntClass::Big,
    }
}

/// The kind of an exact `array.array`, if the module is loaded.
fn array_container(object: &Bound<'_, PyAny>) -> Option<Container> {
    let class = object.get_type();
    if class.name().ok()?.to_str().ok()? != "array" {
        return None;
    }
    let module = loaded_module(pyo3::intern!(object.py(), "array"))?;
    let array = module.getattr("array").ok()?;
    if !class.is(&array) {
        return None;
    }
    let code: String = object.getattr("typecode").ok()?.extract().ok()?;
    Some(match code.as_str() {
        "b" => Container::ArrayI8,
        "B" => Container::ArrayU8,
        "h" => Container::ArrayI16,
        "H" => Container::ArrayU16,
        "i" => Container::ArrayI32,
        "I" => Container::ArrayU32,
        "l" | "q" => Container::ArrayI64,
        "L" | "Q" => Container::ArrayU64,
        "f" => Container::ArrayF32,
        "d" => Container::ArrayF64,
        _ => return None,
    })
}

/// The class of the object, and which one if it is an instance.
pub fn look(object: &Bound<'_, PyAny>) -> Fact {
    observe_to(object, 0)
}

/// A profile of the object.
pub fn observe(object: &Bound<'_, PyAny>) -> Fact {
    observe_to(object, DEPTH)
}

fn observe_to(object: &Bound<'_, PyAny>, depth: u32) -> Fact {
    let ty = class_of(object);
    let mut fact = Fact::of(ty);
    match ty {
        Type::INT => fact.int = int_class(object),
        Type::BOOL => fact.int = IntClass::Compact,
        Type::ARRAY => fact.array = array_container(object),
        Type::LIST | Type::TUPLE if depth > 0 => {
            let mut items = Fact::default();
            let length = object.len().unwrap_or(0);
            for index in (0..length.min(SAMPLE)).chain(length.saturating_sub(SAMPLE)..length) {
                if let Ok(item) = object.get_item(index) {
                    items.absorb(&observe_to(&item, depth - 1));
                }
            }
            fact.items = Some(Rc::new(RefCell::new(items)));
        }
        Type::FUNCTION => {
            if let Some(key) = closures::key_of(object) {
                fact.code = SeenCode::One(key);
                if depth > 0 {
                    closures::learn(object, key, |value| observe_to(value, depth - 1));
                }
            }
        }
        Type::OTHER => {
            if let Some(key) = classes::key_of(object) {
                fact.classes = SeenClasses::of(key);
                if depth > 0 {
                    classes::learn(object, key, |value| observe_to(value, depth - 1));
                }
            }
        }
        Type::DICT if depth > 0 => {
            if let Ok(dict) = object.cast_exact::<PyDict>() {
                let (mut keys, mut values) = (Fact::default(), Fact::default());
                for (key, value) in dict.iter().take(2 * SAMPLE) {
                    keys.absorb(&observe_to(&key, depth - 1));
                    values.absorb(&observe_to(&value, depth - 1));
                }
                fact.keys = Some(Rc::new(RefCell::new(keys)));
                fact.items = Some(Rc::new(RefCell::new(values)));
            }
        }
        Type::SET if depth > 0 => {
            if let Ok(set) = object.cast_exact::<PySet>() {
                let mut items = Fact::default();
                for item in set.iter().take(2 * SAMPLE) {
                    items.absorb(&observe_to(&item, depth - 1));
                }
                fact.items = Some(Rc::new(RefCell::new(items)));
            }
        }
        _ => {}
    }
    fact
}
