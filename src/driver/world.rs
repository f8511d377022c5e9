//! The live interpreter as the lifter's [`World`].
//!
//! Handles are rows of tables that live as long as one compilation; function handles are rows of the
//! record's own table, for history is keyed by them.

use std::rc::Rc;

use pyo3::exceptions::{PyBaseException, PyIndexError, PyKeyError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyCFunction, PyCode, PyDict, PyFunction, PyList, PyModule, PyString, PyTuple, PyType,
};

use super::classes::{self, AssumedClass, Found};
use super::closures;
use super::known::Known;
use super::observe::{class_of, int_class, observe};
use crate::bytecode::{Code, CodeBytes, decode};
use crate::feedback::{ClassKey, Fact, FunctionCodeKey, IntClass};
use crate::ffi::code_view;
use crate::hir::attributes::FieldKind;
use crate::hir::{Repr, Type};
use crate::lift::{
    AttributeFact, CalleeFacts, ClassAttribute, ClassHandle, ClassMember, Constructor,
    FunctionHandle, GlobalFact, Instances, NativeParam, NativeSignature, ObjectFact, ObjectHandle,
    ObjectKind, Raised, Singleton, SpecialMethod, World,
};
use crate::runtime::entry::entry_of;
use crate::runtime::helpers::dicts::knows_iterators;
use crate::runtime::helpers::int_value;
use crate::runtime::instances;
use crate::runtime::loaded_module;
use crate::runtime::unit::Unit;

/// A compiled version of another function.
pub struct NativeVersion {
    /// Its code.
    pub unit: Rc<Unit>,
    /// What it takes.
    pub params: Vec<NativeParam>,
    /// Type and representation of the result.
    pub returns: (Type, Repr),
}

/// Finds (or makes) native code of another decorated function.
pub trait Callees {
    /// The version of the function for arguments like these.
    fn native(
        &mut self,
        py: Python<'_>,
        function: &Bound<'_, PyAny>,
        args: &[Fact],
    ) -> Option<NativeVersion>;
    /// May its code be compiled as part of a caller? That is no matter of `@jit`, but of `jit.never`.
    fn may_be_inlined(&self, function: &Bound<'_, PyAny>) -> bool;
    /// Has it `@jit`, or may it be compiled all the same, as a neighbour?
    fn is_decorated(&self, function: &Bound<'_, PyAny>) -> bool;
}

/// A global or attribute that was assumed.
pub struct AssumedName<'py> {
    /// The name.
    pub name: Bound<'py, PyAny>,
    /// Its value.
    pub value: Bound<'py, PyAny>,
}

/// A pair of dicts and what was assumed of them.
pub struct AssumedNamespace<'py> {
    /// Globals of a function, or a module's dict.
    pub globals: Bound<'py, PyAny>,
    /// Builtins of the function, or the module's dict again.
    pub builtins: Bound<'py, PyAny>,
    /// Names relied on.
    pub names: Vec<AssumedName<'py>>,
    /// Names whose values are read when the code runs.
    pub read: Vec<Bound<'py, PyAny>>,
}

/// A function of the record's table, opened.
struct OpenFunction<'py> {
    code: Bound<'py, PyCode>,
    bytes: Option<(Rc<CodeBytes>, Rc<Code>)>,
    namespace: Option<u32>,
}

/// See the module.
pub struct LiveWorld<'py, 'a> {
    py: Python<'py>,
    known: &'a Known,
    callees: &'a mut dyn Callees,
    /// The record's functions: row 0 is the one being compiled.
    functions: &'a mut Vec<Py<PyAny>>,
    root: Bound<'py, PyAny>,
    open: Vec<Option<OpenFunction<'py>>>,
    /// Objects by handle.
    pub objects: Vec<Bound<'py, PyAny>>,
    /// Namespaces by row.
    pub namespaces: Vec<AssumedNamespace<'py>>,
    /// Classes of instances by row.
    pub classes: Vec<AssumedClass<'py>>,
    /// Units by `NativeSignature::target`, for `call_native`.
    pub units: Vec<Rc<Unit>>,
}

impl<'py, 'a> LiveWorld<'py, 'a> {
    /// A world for compiling `root`. `functions` are the other functions of the record's table.
    pub fn new(
        root: &Bound<'py, PyAny>,
        known: &'a Known,
        callees: &'a mut dyn Callees,
        functions: &'a mut Vec<Py<PyAny>>,
    ) -> Self {
        LiveWorld {
            py: root.py(),
            known,
            callees,
            functions,
            root: root.clone(),
            open: Vec::new(),
            objects: Vec::new(),
            namespaces: Vec::new(),
            classes: Vec::new(),
            units: Vec::new(),
        }
    }

    /// The function of a handle.
    pub fn function(&self, handle: FunctionHandle) -> Bound<'py, PyAny> {
        match handle {
            0 => self.root.clone(),
            handle => self.functions[handle as usize - 1].bind(self.py).clone(),
        }
    }

    fn function_handle(&mut self, function: &Bound<'py, PyAny>) -> FunctionHandle {
        if function.is(&self.root) {
            return 0;
        }
        let row = self.functions.iter().position(|other| other.is(function));
        let row = row.unwrap_or_else(|| {
            self.functions.push(function.clone().unbind());
            self.functions.len() - 1
        });
        row as FunctionHandle + 1
    }

    fn opened(&mut self, handle: FunctionHandle) -> PyResult<&mut OpenFunction<'py>> {
        let row = handle as usize;
        if self.open.len() <= row {
            self.open.resize_with(row + 1, || None);
        }
        if self.open[row].is_none() {
            let function = self.function(handle);
            let code = function.getattr("__code__")?.cast_into::<PyCode>()?;
            self.open[row] = Some(OpenFunction {
                code,
                bytes: None,
                namespace: None,
            });
        }
        self.open[row]
            .as_mut()
            .ok_or_else(|| pyo3::exceptions::PyRuntimeError::new_err("function table"))
    }

    /// Code of a function, copied and decoded once.
    pub fn code(&mut self, handle: FunctionHandle) -> PyResult<(Rc<CodeBytes>, Rc<Code>)> {
        let open = self.opened(handle)?;
        if let Some(bytes) = &open.bytes {
            return Ok(bytes.clone());
        }
        let bytes = code_view(&open.code)?;
        let code = decode(&bytes)
            .map_err(|error| pyo3::exceptions::PyRuntimeError::new_err(error.to_string()))?;
        let pair = (Rc::new(bytes), Rc::new(code));
        open.bytes = Some(pair.clone());
        Ok(pair)
    }

    /// The code object a function had when it was opened.
    pub fn code_object(&mut self, handle: FunctionHandle) -> PyResult<Bound<'py, PyCode>> {
        Ok(self.opened(handle)?.code.clone())
    }

    /// Has the function been looked at?
    pub fn is_open(&self, handle: FunctionHandle) -> bool {
        self.open.get(handle as usize).is_some_and(Option::is_some)
    }

    fn handle(&mut self, object: &Bound<'py, PyAny>) -> ObjectHandle {
        if let Some(row) = self.objects.iter().position(|other| other.is(object)) {
            return row as ObjectHandle;
        }
        self.objects.push(object.clone());
        self.objects.len() as ObjectHandle - 1
    }

    fn describe(&mut self, object: &Bound<'py, PyAny>) -> ObjectFact {
        let handle = self.handle(object);
        let ty = class_of(object);
        let kind = self.kind(object, ty);
        ObjectFact {
            handle,
            ty,
            text: short_text(object, ty),
            kind,
        }
    }

    fn kind(&mut self, object: &Bound<'py, PyAny>, ty: Type) -> ObjectKind {
        if let Some(kind) = self.known.kind(object) {
            return kind;
        }
        match ty {
            Type::NONE => ObjectKind::None,
            Type::BOOL => ObjectKind::Bool(object.cast::<PyBool>().is_ok_and(|b| b.is_true())),
            Type::INT => match int_class(object) {
                IntClass::Unsigned => object
                    .extract()
                    .map_or(ObjectKind::Other, ObjectKind::Unsigned),
                _ => object.extract().map_or(ObjectKind::Other, ObjectKind::Int),
            },
            Type::FLOAT => object
                .extract()
                .map_or(ObjectKind::Other, ObjectKind::Float),
            Type::MODULE => ObjectKind::Module,
            Type::CLASS => match object.cast::<PyType>().ok().and_then(classes::key_of_class) {
                Some(key) => ObjectKind::InstanceClass(key),
                None => ObjectKind::Other,
            },
            Type::FUNCTION => ObjectKind::Function(self.function_handle(object)),
            Type::TUPLE => match object.cast::<PyTuple>() {
                Ok(tuple) => {
                    ObjectKind::Tuple(tuple.iter().map(|item| self.describe(&item)).collect())
                }
                Err(_) => ObjectKind::Other,
            },
            // 3.11's function subtype of a decorated function.
            _ if object.is(&self.root) || self.callees.is_decorated(object) => {
                ObjectKind::Function(self.function_handle(object))
            }
            _ => ObjectKind::Other,
        }
    }

    fn namespace_row(&mut self, globals: Bound<'py, PyAny>, builtins: Bound<'py, PyAny>) -> u32 {
        let same =
            |row: &AssumedNamespace<'py>| row.globals.is(&globals) && row.builtins.is(&builtins);
        if let Some(row) = self.namespaces.iter().position(same) {
            return row as u32;
        }
        self.namespaces.push(AssumedNamespace {
            globals,
            builtins,
            names: Vec::new(),
            read: Vec::new(),
        });
        self.namespaces.len() as u32 - 1
    }

    /// Looks a name up as `LOAD_GLOBAL` does. A value that code may keep alive is assumed to stay; of
    /// others the code keeps the name alone.
    fn look_up(&mut self, row: u32, name: &str) -> Option<GlobalFact> {
        let namespace = &mut self.namespaces[row as usize];
        let name = PyString::intern(self.py, name).into_any();
        let found = namespace
            .globals
            .cast::<PyDict>()
            .ok()?
            .get_item(&name)
            .ok()?
            .or_else(|| {
                namespace
                    .builtins
                    .cast::<PyDict>()
                    .ok()?
                    .get_item(&name)
                    .ok()?
            })?;
        if !may_be_kept(&found) {
            let known = namespace.read.iter().position(|other| other.is(&name));
            let row = known.unwrap_or_else(|| {
                namespace.read.push(name);
                namespace.read.len() - 1
            });
            return Some(GlobalFact::Read {
                row: row as u32,
                fact: observe(&found),
            });
        }
        if !namespace.names.iter().any(|other| other.name.is(&name)) {
            namespace.names.push(AssumedName {
                name,
                value: found.clone(),
            });
        }
        Some(GlobalFact::Assumed(self.describe(&found)))
    }

    fn none_fact(&mut self) -> ObjectFact {
        let none = self.py.None().into_bound(self.py);
        self.describe(&none)
    }
}

/// May code keep the object alive after a name for it has gone? What a program would miss (memory,
/// finalisers, weak references) sits in containers and instances.
fn may_be_kept(object: &Bound<'_, PyAny>) -> bool {
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        return tuple.iter().all(|item| may_be_kept(&item));
    }
    let ty = class_of(object);
    let plain = Type::NUMBER
        .union(Type::NONE)
        .union(Type::STR)
        .union(Type::BYTES);
    ty.is_subset(plain)
        || object.cast::<PyType>().is_ok()
        || object.cast_exact::<PyModule>().is_ok()
        || object.cast_exact::<PyCFunction>().is_ok()
        || LiveWorld::is_function(object)
}

/// A few letters for people. Nothing here may run Python code: neither a program's, nor signal handlers,
/// whose exceptions would be lost (`repr` and `str` look for signals).
fn short_text(object: &Bound<'_, PyAny>, ty: Type) -> String {
    let text = if ty == Type::BOOL {
        object
            .cast::<PyBool>()
            .map(|value| if value.is_true() { "True" } else { "False" }.to_owned())
            .ok()
    } else if ty == Type::NONE {
        Some("None".to_owned())
    } else if ty == Type::INT {
        int_value(object).map(|value| value.to_string())
    } else if ty == Type::FLOAT {
        let value = object.extract::<f64>();
        value.map(|value| format!("{value:?}")).ok()
    } else if let Ok(text) = object.cast::<PyString>() {
        // Others would keep a copy as UTF-8, which `sys.getsizeof` shows.
        let ascii = text
            .call_method0("isascii")
            .and_then(|ascii| ascii.is_truthy());
        ascii
            .is_ok_and(|ascii| ascii)
            .then(|| text.to_string_lossy().into_owned())
    } else if let Ok(class) = object.cast::<PyType>() {
        class
            .name()
            .map(|name| name.to_string_lossy().into_owned())
            .ok()
    } else if let Ok(module) = object.cast::<PyModule>() {
        module
            .name()
            .map(|name| name.to_string_lossy().into_owned())
            .ok()
    } else if LiveWorld::is_function(object)
        || object.cast::<PyCFunction>().is_ok()
        || is_method_of_class(object)
    {
        let name = object.getattr("__name__");
        name.and_then(|name| name.extract::<String>()).ok()
    } else {
        None
    };
    let text = text.unwrap_or_else(|| ty.to_string());
    text.chars()
        .filter(|c| c.is_alphanumeric() || "._-+<>".contains(*c))
        .take(40)
        .collect()
}

impl World for LiveWorld<'_, '_> {
    fn constant(&mut self, function: FunctionHandle, index: u32) -> ObjectFact {
        let constant = self
            .opened(function)
            .and_then(|open| open.code.getattr("co_consts")?.get_item(index));
        match constant {
            Ok(constant) => self.describe(&constant),
            Err(_) => self.none_fact(),
        }
    }

    fn name(&mut self, function: FunctionHandle, index: u32) -> ObjectFact {
        let name = self
            .opened(function)
            .and_then(|open| open.code.getattr("co_names")?.get_item(index));
        match name {
            Ok(name) => self.describe(&name),
            Err(_) => self.none_fact(),
        }
    }

    fn small_int(&mut self, value: i64) -> ObjectFact {
        let object = value
            .into_pyobject(self.py)
            .unwrap_or_else(|never| match never {});
        self.describe(&object.into_any())
    }

    fn singleton(&mut self, which: Singleton) -> ObjectFact {
        let object = self.known.singleton(self.py, which);
        self.describe(&object)
    }

    fn global(&mut self, function: FunctionHandle, name: &str) -> Option<GlobalFact> {
        let row = self.namespace(function);
        self.look_up(row, name)
    }

    fn namespace(&mut self, function: FunctionHandle) -> u32 {
        if let Ok(open) = self.opened(function)
            && let Some(row) = open.namespace
        {
            return row;
        }
        let (globals, builtins) = self.dicts(function);
        let row = self.namespace_row(globals, builtins);
        if let Ok(open) = self.opened(function) {
            open.namespace = Some(row);
        }
        row
    }

    fn globals(&mut self, function: FunctionHandle) -> (ObjectFact, ObjectFact) {
        let (globals, builtins) = self.dicts(function);
        (self.describe(&globals), self.describe(&builtins))
    }

    fn module_attribute(&mut self, module: ObjectHandle, name: &str) -> Option<(GlobalFact, u32)> {
        let module = self.objects[module as usize].clone();
        let dict = module.cast_exact::<PyModule>().ok()?.dict().into_any();
        let row = self.namespace_row(dict.clone(), dict);
        self.look_up(row, name).map(|fact| (fact, row))
    }

    fn keyword_default(
        &mut self,
        function: FunctionHandle,
        name: &str,
    ) -> Option<(GlobalFact, u32)> {
        let defaults = self.function(function).getattr("__kwdefaults__").ok()?;
        let defaults = defaults.cast_exact::<PyDict>().ok()?.clone().into_any();
        let row = self.namespace_row(defaults.clone(), defaults);
        self.look_up(row, name).map(|fact| (fact, row))
    }

    fn type_attribute(&mut self, class: Type, name: &str) -> Option<ObjectFact> {
        let class = self.known.class(self.py, class)?;
        let mro = class.getattr("__mro__").ok()?;
        for base in mro.try_iter().ok()? {
            let dict = base.ok()?.getattr("__dict__").ok()?;
            if let Ok(value) = dict.get_item(name) {
                let is_method = value
                    .get_type()
                    .name()
                    .is_ok_and(|n| n == "method_descriptor");
                return is_method.then(|| self.describe(&value));
            }
        }
        None
    }

    fn instance_class(&mut self, key: ClassKey) -> Option<(ClassHandle, String)> {
        if let Some(row) = self.classes.iter().position(|class| class.key == key) {
            let name = short_text(self.classes[row].class.as_any(), Type::CLASS);
            return Some((row as ClassHandle, name));
        }
        let class = classes::assume(self.py, key)?;
        let name = short_text(class.class.as_any(), Type::CLASS);
        self.classes.push(class);
        Some((self.classes.len() as ClassHandle - 1, name))
    }

    fn instance_attribute(&mut self, class: ClassHandle, name: &str) -> AttributeFact {
        let row = &self.classes[class as usize];
        let found = classes::find(row, name, LiveWorld::is_function);
        self.attribute_fact(class, name, found)
    }

    fn special_method(&mut self, class: ClassHandle, name: &str) -> SpecialMethod {
        match classes::find_special(&self.classes[class as usize], name) {
            classes::Special::Missing => SpecialMethod::Missing,
            classes::Special::OfObject => SpecialMethod::OfObject,
            classes::Special::Found(found) if LiveWorld::is_function(&found) => {
                SpecialMethod::Function(self.describe(&found))
            }
            classes::Special::Found(_) | classes::Special::Mixed => SpecialMethod::Other,
        }
    }

    fn super_attribute(
        &mut self,
        class: ClassHandle,
        start: ObjectHandle,
        name: &str,
    ) -> AttributeFact {
        let Ok(start) = self.objects[start as usize].clone().cast_into::<PyType>() else {
            return AttributeFact::Unknown;
        };
        let row = &self.classes[class as usize];
        let found = classes::find_behind(row, &start, name, LiveWorld::is_function);
        self.attribute_fact(class, name, found)
    }

    fn class_attribute(&mut self, object: ObjectHandle, name: &str) -> Option<ClassAttribute> {
        let class = self.objects[object as usize].cast::<PyType>().ok()?.clone();
        let classes::ClassMember { meta, found } =
            classes::find_in_class(&class, name, LiveWorld::is_function)?;
        let member = match found {
            Found::Value(value) | Found::Function(value) if may_be_kept(&value) => {
                ClassMember::Value(self.describe(&value))
            }
            Found::Value(value) => {
                let fact = observe(&value);
                ClassMember::Borrowed(self.describe(&value), fact)
            }
            Found::ClassFunction(function) => ClassMember::ClassMethod(self.describe(&function)),
            _ => return None,
        };
        let meta = match meta {
            Some(meta) => Some(self.class_row(&meta)?),
            None => None,
        };
        Some(ClassAttribute {
            class: self.class_row(&class)?,
            meta,
            member,
        })
    }

    fn class_in_cell(&mut self, cell: ObjectHandle) -> Option<(ClassHandle, ObjectFact)> {
        let contents = self.objects[cell as usize].getattr("cell_contents").ok()?;
        let class = contents.cast::<PyType>().ok()?.clone();
        let (row, _) = self.class_row(&class)?;
        Some((row, self.describe(&contents)))
    }

    fn is_instance(&mut self, instances: Instances, of: ObjectHandle) -> Option<bool> {
        let of = self.objects[of as usize].clone();
        if let Ok(tuple) = of.cast_exact::<PyTuple>() {
            // The first class that says yes is the last one that is asked.
            for class in tuple.iter() {
                if self.is_instance_of(instances, &class)? {
                    return Some(true);
                }
            }
            return Some(false);
        }
        self.is_instance_of(instances, &of)
    }

    fn is_plain_class(&mut self, class: ObjectHandle) -> bool {
        is_plain_class(&self.objects[class as usize])
    }

    fn constructor(&mut self, class: ClassHandle) -> Option<Constructor> {
        match classes::find_constructor(&self.classes[class as usize], LiveWorld::is_function)? {
            None => Some(Constructor::Plain),
            Some(init) => Some(Constructor::Init(self.describe(&init))),
        }
    }

    fn stored_attribute(&mut self, class: ClassHandle, name: &str) -> Option<FieldKind> {
        classes::find_store(&self.classes[class as usize], name, LiveWorld::is_function)
    }

    fn has_names(&mut self, class: ClassHandle) -> bool {
        instances::has_dict(&self.classes[class as usize].class)
    }

    fn closure_cell(&mut self, function: FunctionHandle, index: u32) -> Option<(ObjectFact, Fact)> {
        let function = self.function(function);
        let cell = function.getattr("__closure__").ok()?.get_item(index).ok()?;
        let contents = cell
            .getattr("cell_contents")
            .map(|value| observe(&value))
            .unwrap_or_default();
        let mut fact = self.describe(&cell);
        fact.ty = Type::CELL;
        Some((fact, contents))
    }

    fn callee(&mut self, function: FunctionHandle) -> Option<CalleeFacts> {
        let object = self.function(function);
        let decorated = function == 0 || self.callees.is_decorated(&object);
        let may_be_inlined = decorated || self.callees.may_be_inlined(&object);
        let (bytes, code) = self.code(function).ok()?;
        let mut defaults = Vec::new();
        if let Ok(values) = object.getattr("__defaults__").ok()?.cast::<PyTuple>() {
            for value in values.iter() {
                defaults.push(self.describe(&value));
            }
        }
        let name = bytes.qualname.clone();
        let object = self.handle(&object);
        Some(CalleeFacts {
            name,
            bytes,
            code,
            defaults,
            object,
            decorated,
            may_be_inlined,
            is_self: function == 0,
        })
    }

    fn native(&mut self, function: FunctionHandle, args: &[Fact]) -> Option<NativeSignature> {
        let object = self.function(function);
        let version = self.callees.native(self.py, &object, args)?;
        let units = &mut self.units;
        let known = units
            .iter()
            .position(|unit| Rc::ptr_eq(unit, &version.unit));
        let target = known.unwrap_or_else(|| {
            units.push(version.unit);
            units.len() - 1
        });
        Some(NativeSignature {
            target: target as u32,
            params: version.params,
            returns: version.returns,
        })
    }

    fn function_with_code(&mut self, key: FunctionCodeKey) -> Option<(FunctionHandle, Vec<Fact>)> {
        let globals = self.root.getattr("__globals__").ok()?;
        let code = closures::code_with_key(self.py, key, &globals)?;
        let is_it = |function: &Py<PyAny>| {
            let function = function.bind(self.py);
            let same = function.getattr("__code__").is_ok_and(|its| its.is(&code));
            same && closures::is_stand_in(function)
        };
        let row = match self.functions.iter().position(is_it) {
            Some(row) => row,
            None => {
                let function = closures::stand_in(&code, &globals).ok()?;
                self.functions.push(function.unbind());
                self.functions.len() - 1
            }
        };
        let facts = closures::cell_facts(self.py, key);
        Some((row as FunctionHandle + 1, facts))
    }

    fn key_of_code(&mut self, code: ObjectHandle) -> Option<FunctionCodeKey> {
        let globals = self.root.getattr("__globals__").ok()?;
        let code = self.objects[code as usize].cast::<PyCode>().ok()?.clone();
        closures::key_of_code(code.as_any(), &globals)
    }

    fn sum_compensates(&self) -> bool {
        cfg!(Py_3_12)
    }

    fn knows_generators(&self) -> bool {
        crate::runtime::frame::generators::are_known(self.py)
    }

    fn knows_iterators(&self) -> bool {
        knows_iterators(self.py)
    }

    fn catches(&mut self, object: ObjectHandle, raised: Raised) -> Option<bool> {
        let object = &self.objects[object as usize];
        let raised = match raised {
            Raised::ZeroDivision => self.py.get_type::<PyZeroDivisionError>(),
            Raised::Key => self.py.get_type::<PyKeyError>(),
            Raised::Index => self.py.get_type::<PyIndexError>(),
        };
        let bases = raised.mro();
        let base = self.py.get_type::<PyBaseException>();
        let one = |class: &Bound<'_, PyAny>| {
            let class = class.cast::<PyType>().ok()?;
            // The interpreter asks the list of bases, too, and no `__subclasscheck__`.
            let is_exception = class.mro().iter().any(|other| other.is(&base));
            is_exception.then(|| bases.iter().any(|other| other.is(class)))
        };
        match object.cast_exact::<PyTuple>() {
            Ok(classes) => {
                let all: Option<Vec<bool>> = classes.iter().map(|class| one(&class)).collect();
                all.map(|all| all.contains(&true))
            }
            Err(_) => one(object),
        }
    }

    fn fact(&mut self, object: ObjectHandle) -> Fact {
        observe(&self.objects[object as usize])
    }
}

/// A class that `isinstance` asks nothing but its place among the bases.
fn is_plain_class(class: &Bound<'_, PyAny>) -> bool {
    class
        .cast::<PyType>()
        .is_ok_and(|class| instances::is_type(&class.get_type()))
}

impl<'py> LiveWorld<'py, '_> {
    fn attribute_fact(
        &mut self,
        class: ClassHandle,
        name: &str,
        found: Found<'py>,
    ) -> AttributeFact {
        match found {
            Found::Field(kind) => {
                let key = self.classes[class as usize].key;
                let fact = classes::attribute_fact(self.py, key, name);
                AttributeFact::Field(kind, fact)
            }
            Found::Value(value) if may_be_kept(&value) => {
                AttributeFact::Value(self.describe(&value))
            }
            Found::Value(value) => {
                let fact = observe(&value);
                AttributeFact::Member(self.describe(&value), fact)
            }
            Found::Function(function) => AttributeFact::Method(self.describe(&function)),
            Found::BuiltinMethod(method) => AttributeFact::BuiltinMethod(self.describe(&method)),
            Found::Property(getter) => AttributeFact::Property(self.describe(&getter)),
            Found::ClassFunction(function) => match self.class_as_global(class) {
                Some(class) => AttributeFact::ClassMethod {
                    function: self.describe(&function),
                    class,
                },
                None => AttributeFact::Unknown,
            },
            Found::Class => match self.class_as_global(class) {
                Some(class) => AttributeFact::Class(class),
                None => AttributeFact::Unknown,
            },
            Found::Unknown => AttributeFact::Unknown,
        }
    }

    /// A class that code may keep alive, for it has its name in its module: one made in a function would never die,
    /// if the code of its own methods kept it.
    fn class_as_global(&mut self, class: ClassHandle) -> Option<ObjectFact> {
        let class = self.classes[class as usize].class.clone();
        let name = PyString::intern(self.py, "__module__");
        let module = instances::own_member(&class, &name)??;
        let module = loaded_module(module.cast_exact::<PyString>().ok()?)?;
        let dict = module.cast_exact::<PyModule>().ok()?.dict();
        let named = dict.get_item(class.name().ok()?).ok()??;
        named.is(&class).then(|| self.describe(class.as_any()))
    }

    /// The row of a class that is at hand, and its name.
    fn class_row(&mut self, class: &Bound<'py, PyType>) -> Option<(ClassHandle, String)> {
        let known = self.classes.iter().position(|row| row.class.is(class));
        let row = match known {
            Some(row) => row,
            None => {
                let key = classes::key_of_class(class).unwrap_or(classes::NO_KEY);
                self.classes
                    .push(classes::assume_object(class.clone(), key)?);
                self.classes.len() - 1
            }
        };
        let name = short_text(class.as_any(), Type::CLASS);
        Some((row as ClassHandle, name))
    }

    fn is_instance_of(&self, instances: Instances, of: &Bound<'py, PyAny>) -> Option<bool> {
        if !is_plain_class(of) {
            return None;
        }
        let of = of.cast::<PyType>().ok()?;
        match instances {
            Instances::Of(class) => {
                let class = &self.classes[class as usize].class;
                instances::tells_its_class(class).then(|| instances::is_subclass(class, of))
            }
            Instances::OfType(ty) => {
                let class = self.known.class(self.py, ty)?;
                Some(instances::is_subclass(class.cast::<PyType>().ok()?, of))
            }
        }
    }

    fn dicts(&mut self, function: FunctionHandle) -> (Bound<'py, PyAny>, Bound<'py, PyAny>) {
        let function = self.function(function);
        let empty = || PyDict::new(function.py()).into_any();
        let globals = function.getattr("__globals__").unwrap_or_else(|_| empty());
        let builtins = function.getattr("__builtins__").unwrap_or_else(|_| empty());
        (globals, builtins)
    }

    /// Is it a plain Python function (decorated or not)? Then its attributes can be read without running
    /// a program's code.
    pub fn is_function(object: &Bound<'_, PyAny>) -> bool {
        // 3.11: a decorated function has another class.
        object.cast::<PyFunction>().is_ok() || entry_of(object).is_some()
    }
}

/// A method of a builtin class, as found in the class.
pub fn is_method_of_class(object: &Bound<'_, PyAny>) -> bool {
    let append = object.py().get_type::<PyList>().getattr("append");
    append.is_ok_and(|append| object.get_type().is(append.get_type()))
}
