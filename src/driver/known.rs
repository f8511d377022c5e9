//! Builtins the compiler knows by identity, found once.
//!
//! Identity, never name: `math.sqrt` under another name is known, a function called `len` is not.

use std::collections::HashMap;

use pyo3::prelude::*;

use crate::hir::Type;
use crate::hir::attributes::MathFunction;
use crate::lift::{Builtin, BuiltinClass, BuiltinMethod, METHODS, ObjectKind, Singleton};

/// See the module.
pub struct Known {
    kinds: HashMap<usize, ObjectKind>,
    classes: Vec<(Type, Py<PyAny>)>,
    sentinel: Py<PyAny>,
    enumerate: Py<PyAny>,
    zip: Py<PyAny>,
    any: Py<PyAny>,
    all: Py<PyAny>,
    tuple: Py<PyAny>,
    /// Keeps the objects behind `kinds` alive.
    keep: Vec<Py<PyAny>>,
}

impl Known {
    /// Looks everything up.
    pub fn new(py: Python<'_>) -> PyResult<Known> {
        let builtins = py.import("builtins")?;
        let get = |name: &str| builtins.getattr(name);
        let mut known = Known {
            kinds: HashMap::new(),
            classes: Vec::new(),
            sentinel: crate::runtime::end_of_iteration(py)?,
            enumerate: get("enumerate")?.unbind(),
            zip: get("zip")?.unbind(),
            any: get("any")?.unbind(),
            all: get("all")?.unbind(),
            tuple: get("tuple")?.unbind(),
            keep: Vec::new(),
        };
        let functions = [
            ("len", Builtin::Len),
            ("abs", Builtin::Abs),
            ("min", Builtin::Min),
            ("max", Builtin::Max),
            ("round", Builtin::Round),
            ("divmod", Builtin::Divmod),
            ("pow", Builtin::Pow),
            ("sum", Builtin::Sum),
            ("any", Builtin::Any),
            ("all", Builtin::All),
            ("sorted", Builtin::Sorted),
            ("next", Builtin::Next),
            ("ord", Builtin::Ord),
            ("chr", Builtin::Chr),
            ("isinstance", Builtin::Isinstance),
        ];
        for (name, builtin) in functions {
            known.add(get(name)?, ObjectKind::Builtin(builtin));
        }
        let classes = [
            ("int", Type::INT, BuiltinClass::Int),
            ("float", Type::FLOAT, BuiltinClass::Float),
            ("bool", Type::BOOL, BuiltinClass::Bool),
            ("range", Type::RANGE, BuiltinClass::Range),
            ("enumerate", Type::EMPTY, BuiltinClass::Enumerate),
            ("zip", Type::EMPTY, BuiltinClass::Zip),
            ("str", Type::STR, BuiltinClass::Other(Type::STR)),
            ("bytes", Type::BYTES, BuiltinClass::Other(Type::BYTES)),
            (
                "bytearray",
                Type::BYTEARRAY,
                BuiltinClass::Other(Type::BYTEARRAY),
            ),
            ("list", Type::LIST, BuiltinClass::Other(Type::LIST)),
            ("tuple", Type::TUPLE, BuiltinClass::Other(Type::TUPLE)),
            ("dict", Type::DICT, BuiltinClass::Other(Type::DICT)),
            ("set", Type::SET, BuiltinClass::Other(Type::SET)),
            (
                "frozenset",
                Type::FROZENSET,
                BuiltinClass::Other(Type::FROZENSET),
            ),
        ];
        for (name, ty, class) in classes {
            let object = get(name)?;
            if !ty.is_empty() {
                known.classes.push((ty, object.clone().unbind()));
            }
            known.add(object, ObjectKind::Class(class));
        }
        for name in ["locals", "vars", "dir", "eval", "exec", "breakpoint"] {
            known.add(get(name)?, ObjectKind::FrameReader);
        }
        known.add(get("super")?, ObjectKind::Super);
        known.add(get("object")?.getattr("__init__")?, ObjectKind::ObjectInit);
        let sys = py.import("sys")?;
        known.add(sys.getattr("_getframe")?, ObjectKind::FrameReader);
        let list = get("list")?;
        known.add(
            list.getattr("append")?,
            ObjectKind::Method(BuiltinMethod::ListAppend),
        );
        known.add(
            list.getattr("pop")?,
            ObjectKind::Method(BuiltinMethod::ListPop),
        );
        for (class, name, method) in [
            ("dict", "get", BuiltinMethod::DictGet),
            ("dict", "setdefault", BuiltinMethod::DictSetDefault),
            ("set", "add", BuiltinMethod::SetAdd),
            ("str", "find", BuiltinMethod::StrFind),
            ("str", "startswith", BuiltinMethod::StrStartsWith),
            ("str", "endswith", BuiltinMethod::StrEndsWith),
        ] {
            known.add(get(class)?.getattr(name)?, ObjectKind::Method(method));
        }
        for (row, method) in METHODS.iter().enumerate() {
            if let Some(class) = known.class(py, method.class) {
                let object = class.getattr(method.name)?;
                known.add(object, ObjectKind::Method(BuiltinMethod::Row(row)));
            }
        }
        let math = py.import("math")?;
        for (name, builtin) in [
            ("sqrt", Builtin::MathSqrt),
            ("floor", Builtin::MathFloor),
            ("ceil", Builtin::MathCeil),
            ("fabs", Builtin::MathFabs),
        ] {
            known.add(math.getattr(name)?, ObjectKind::Builtin(builtin));
        }
        for function in MathFunction::ALL {
            let object = math.getattr(function.name())?;
            known.add(object, ObjectKind::Builtin(Builtin::Math(*function)));
        }
        Ok(known)
    }

    fn add(&mut self, object: Bound<'_, PyAny>, kind: ObjectKind) {
        self.kinds.insert(object.as_ptr() as usize, kind);
        self.keep.push(object.unbind());
    }

    /// What a known object is.
    pub fn kind(&self, object: &Bound<'_, PyAny>) -> Option<ObjectKind> {
        self.kinds.get(&(object.as_ptr() as usize)).cloned()
    }

    /// The class object of a builtin class.
    pub fn class<'py>(&self, py: Python<'py>, ty: Type) -> Option<Bound<'py, PyAny>> {
        let row = self.classes.iter().find(|(class, _)| *class == ty)?;
        Some(row.1.bind(py).clone())
    }

    /// An object every interpreter has.
    pub fn singleton<'py>(&self, py: Python<'py>, which: Singleton) -> Bound<'py, PyAny> {
        match which {
            Singleton::None => py.None().into_bound(py),
            Singleton::True => pyo3::types::PyBool::new(py, true).to_owned().into_any(),
            Singleton::False => pyo3::types::PyBool::new(py, false).to_owned().into_any(),
            Singleton::Sentinel => self.sentinel.bind(py).clone(),
            Singleton::Enumerate => self.enumerate.bind(py).clone(),
            Singleton::Zip => self.zip.bind(py).clone(),
            Singleton::Any => self.any.bind(py).clone(),
            Singleton::All => self.all.bind(py).clone(),
            Singleton::Tuple => self.tuple.bind(py).clone(),
        }
    }
}
