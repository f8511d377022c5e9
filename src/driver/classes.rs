//! Classes of instances: numbers for them, and what their instances' attributes were seen to hold.
//!
//! Numbers are the process's own, one per class, so that facts and histories name classes without keeping
//! them alive. What is known of attributes is shared by all functions and only ever widens. Nothing here
//! runs a program's code.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyType, PyWeakrefReference};

use crate::abi::layout::InstanceClass;
use crate::feedback::{ClassKey, Fact};
use crate::hir::attributes::FieldKind;
use crate::runtime::gil_cell::GilCell;
use crate::runtime::instances::{self, Descriptor};

/// Instances of one class whose attributes are looked at.
const MAX_SAMPLES: u32 = 200;
/// Attributes looked at in each.
const MAX_NAMES: usize = 32;

struct Entry {
    class: Py<PyWeakrefReference>,
    samples: u32,
    attributes: HashMap<String, Fact>,
}

#[derive(Default)]
struct Registry {
    entries: Vec<Entry>,
    /// By address of the class.
    keys: HashMap<usize, ClassKey>,
}

static REGISTRY: GilCell<Option<Registry>> = GilCell::new(None);

fn with_registry<R>(py: Python<'_>, action: impl FnOnce(&mut Registry) -> R) -> R {
    REGISTRY.with(py, |slot| action(slot.get_or_insert_default()))
}

/// The number of the object's class, if its instances keep attributes in the usual way.
pub fn key_of(object: &Bound<'_, PyAny>) -> Option<ClassKey> {
    key_of_class(&object.get_type())
}

/// The number of the class.
pub fn key_of_class(class: &Bound<'_, PyType>) -> Option<ClassKey> {
    let py = class.py();
    if !instances::is_plain(class, false) || !instances::is_trusted(py) {
        return None;
    }
    let address = class.as_ptr() as usize;
    let known = with_registry(py, |registry| {
        let key = *registry.keys.get(&address)?;
        let entry = registry.entries.get(key as usize)?;
        Some((key, entry.class.clone_ref(py)))
    });
    if let Some((key, reference)) = known
        && reference.bind(py).upgrade().is_some()
    {
        return Some(key);
    }
    let reference = PyWeakrefReference::new(class.as_any()).ok()?.unbind();
    with_registry(py, |registry| {
        let key = ClassKey::try_from(registry.entries.len()).ok()?;
        registry.entries.push(Entry {
            class: reference,
            samples: 0,
            attributes: HashMap::new(),
        });
        registry.keys.insert(address, key);
        Some(key)
    })
}

/// The class, if it is still alive.
pub fn class_with_key<'py>(py: Python<'py>, key: ClassKey) -> Option<Bound<'py, PyType>> {
    let reference = with_registry(py, |registry| {
        let entry = registry.entries.get(key as usize)?;
        Some(entry.class.clone_ref(py))
    })?;
    reference.bind(py).upgrade()?.cast_into::<PyType>().ok()
}

/// Remembers what the attributes of an instance hold.
pub fn learn(
    object: &Bound<'_, PyAny>,
    key: ClassKey,
    observe: impl Fn(&Bound<'_, PyAny>) -> Fact,
) {
    let py = object.py();
    let wanted = with_registry(py, |registry| {
        let entry = &mut registry.entries[key as usize];
        entry.samples += 1;
        entry.samples <= MAX_SAMPLES
    });
    if !wanted {
        return;
    }
    let class = object.get_type();
    let mut seen: Vec<(String, Fact)> = Vec::new();
    if let Some(values) = instances::instance_values(object) {
        let names = instances::instance_names(&class);
        for (name, value) in names.iter().zip(values).take(MAX_NAMES) {
            if let (Ok(name), Some(value)) = (name.extract::<String>(), value) {
                seen.push((name, observe(&value)));
            }
        }
    }
    for (name, value) in instances::slot_values(object).into_iter().take(MAX_NAMES) {
        seen.push((name, observe(&value)));
    }
    with_registry(py, |registry| {
        let attributes = &mut registry.entries[key as usize].attributes;
        for (name, fact) in seen {
            attributes.entry(name).or_default().absorb(&fact);
        }
    });
}

/// What an attribute of the class's instances was seen to hold.
pub fn attribute_fact(py: Python<'_>, key: ClassKey, name: &str) -> Fact {
    with_registry(py, |registry| {
        let entry = registry.entries.get(key as usize);
        let fact = entry.and_then(|entry| entry.attributes.get(name));
        fact.cloned().unwrap_or_default()
    })
}

/// A class that a compilation relies on.
pub struct AssumedClass<'py> {
    /// Its number.
    pub key: ClassKey,
    /// The class; the code will not keep it alive.
    pub class: Bound<'py, PyType>,
    /// What machine code compares.
    pub layout: InstanceClass,
}

/// The class as it is now; `None` if nothing can be assumed of it.
pub fn assume<'py>(py: Python<'py>, key: ClassKey) -> Option<AssumedClass<'py>> {
    let class = class_with_key(py, key)?;
    if !instances::is_plain(&class, false) {
        return None;
    }
    assume_object(class, key)
}

/// Key of a class that is known as an object, whatever its instances are like.
pub const NO_KEY: ClassKey = ClassKey::MAX;

/// The same of a class that is at hand.
pub fn assume_object(class: Bound<'_, PyType>, key: ClassKey) -> Option<AssumedClass<'_>> {
    Some(AssumedClass {
        key,
        layout: InstanceClass {
            address: class.as_ptr() as u64,
            version: instances::version(&class)?,
            values: instances::values_offset(&class),
            names: instances::names_count(&class),
        },
        class,
    })
}

/// What looking an attribute up in an instance of a class gives.
pub enum Found<'py> {
    /// The instance has it, if anybody.
    Field(FieldKind),
    /// The class has it: this object, as it is.
    Value(Bound<'py, PyAny>),
    /// The class has a function: a method.
    Function(Bound<'py, PyAny>),
    /// The class has a method in C, of a builtin class that it is derived from.
    BuiltinMethod(Bound<'py, PyAny>),
    /// The class has a class method: this function, for the class itself.
    ClassFunction(Bound<'py, PyAny>),
    /// The class has a property that this function reads.
    Property(Bound<'py, PyAny>),
    /// It is the class itself.
    Class,
    /// It takes the interpreter to tell.
    Unknown,
}

/// Looks up as `PyObject_GenericGetAttr` does, for an instance with nothing unusual about it. What the class
/// has counts only where the instance cannot have the name: the caller's obligation.
pub fn find<'py>(
    class: &AssumedClass<'py>,
    name: &str,
    is_function: impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Found<'py> {
    let py = class.class.py();
    let name = PyString::intern(py, name);
    let in_class = instances::lookup(&class.class, &name);
    if let Some(found) = &in_class {
        match kind_of(found, &is_function) {
            Descriptor::Unknown => return Found::Unknown,
            Descriptor::Data => return data_descriptor(&class.class, &name, found, &is_function),
            Descriptor::Plain | Descriptor::Get => {}
        }
    }
    if let Some(index) = value_index(&class.class, &name) {
        return Found::Field(FieldKind::Value(index));
    }
    // A dict of another kind may have the name.
    let hidden = instances::has_dict(&class.class) && !instances::has_values(&class.class);
    match in_class {
        Some(found) if !hidden => class_member(&class.class, found, &is_function),
        _ => Found::Unknown,
    }
}

/// Looks up as `super(start, instance)` does: in the bases behind `start`, whatever the instance has.
pub fn find_behind<'py>(
    class: &AssumedClass<'py>,
    start: &Bound<'py, PyType>,
    name: &str,
    is_function: impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Found<'py> {
    let name = PyString::intern(class.class.py(), name);
    if name == "__class__" {
        return Found::Unknown;
    }
    match instances::lookup_behind(&class.class, start, &name) {
        Some(Some(found)) => match kind_of(&found, &is_function) {
            Descriptor::Unknown => Found::Unknown,
            Descriptor::Data => data_descriptor(&class.class, &name, &found, &is_function),
            Descriptor::Plain | Descriptor::Get => class_member(&class.class, found, &is_function),
        },
        _ => Found::Unknown,
    }
}

fn data_descriptor<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
    found: &Bound<'py, PyAny>,
    is_function: &impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Found<'py> {
    if let Some(offset) = instances::slot_offset(class, found) {
        return Found::Field(FieldKind::Slot(offset));
    }
    if name == "__class__" && instances::tells_its_class(class) {
        return Found::Class;
    }
    match instances::property_getter(found) {
        Some(getter) if is_function(&getter) => Found::Property(getter),
        _ => Found::Unknown,
    }
}

/// What an object that is no data descriptor, found in the class, is for an instance.
fn class_member<'py>(
    class: &Bound<'py, PyType>,
    found: Bound<'py, PyAny>,
    is_function: &impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Found<'py> {
    if kind_of(&found, is_function) == Descriptor::Plain {
        return Found::Value(found);
    }
    if is_function(&found) {
        return Found::Function(found);
    }
    if instances::is_method_for(&found, class) || is_wrapper(&found) {
        return Found::BuiltinMethod(found);
    }
    if let Some(function) = instances::static_function(&found) {
        return Found::Value(function);
    }
    match instances::class_function(&found) {
        Some(function) if is_function(&function) => Found::ClassFunction(function),
        _ => Found::Unknown,
    }
}

/// Is it `object.__init__`? Other wrappers of slots are not known by what they do.
fn is_wrapper(found: &Bound<'_, PyAny>) -> bool {
    let object = found.py().get_type::<PyAny>();
    let init = instances::lookup(&object, &PyString::intern(found.py(), "__init__"));
    init.is_some_and(|init| init.is(found))
}

/// What reading an attribute of a class gives.
pub struct ClassMember<'py> {
    /// The class of the class, unless that is `type`.
    pub meta: Option<Bound<'py, PyType>>,
    /// What was found.
    pub found: Found<'py>,
}

/// Looks up as `type.__getattribute__` does. `Found::Function` is the function itself.
pub fn find_in_class<'py>(
    class: &Bound<'py, PyType>,
    name: &str,
    is_function: impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Option<ClassMember<'py>> {
    let name = PyString::intern(class.py(), name);
    let meta = class.get_type();
    if !instances::looks_up_like_type(&meta) || instances::lookup(&meta, &name).is_some() {
        return None;
    }
    let found = instances::lookup(class, &name)?;
    let found = match kind_of(&found, &is_function) {
        Descriptor::Plain => Found::Value(found),
        Descriptor::Get if is_function(&found) => Found::Function(found),
        Descriptor::Get => match instances::static_function(&found) {
            Some(function) => Found::Value(function),
            None => match instances::class_function(&found) {
                Some(function) if is_function(&function) => Found::ClassFunction(function),
                _ => return None,
            },
        },
        Descriptor::Data | Descriptor::Unknown => return None,
    };
    let meta = (!instances::is_type(&meta)).then_some(meta);
    Some(ClassMember { meta, found })
}

/// What an operator finds.
pub enum Special<'py> {
    Missing,
    /// What `object` has.
    OfObject,
    Found(Bound<'py, PyAny>),
    /// The class answers in C, too.
    Mixed,
}

/// Looks up as operators do: in the class, never in the instance.
pub fn find_special<'py>(class: &AssumedClass<'py>, name: &str) -> Special<'py> {
    let py = class.class.py();
    let name = PyString::intern(py, name);
    let Some(found) = instances::lookup(&class.class, &name) else {
        return Special::Missing;
    };
    let of_object = instances::lookup(&py.get_type::<PyAny>(), &name);
    if of_object.is_some_and(|other| other.is(&found)) {
        Special::OfObject
    } else if instances::computes_in_c(&class.class) {
        Special::Mixed
    } else {
        Special::Found(found)
    }
}

/// How instances are made: `None` if it takes the interpreter, else the `__init__` to call, if any.
pub fn find_constructor<'py>(
    class: &AssumedClass<'py>,
    is_function: impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Option<Option<Bound<'py, PyAny>>> {
    if !instances::is_made_plainly(&class.class) {
        return None;
    }
    if instances::has_no_init(&class.class) {
        return Some(None);
    }
    let name = PyString::intern(class.class.py(), "__init__");
    let init = instances::lookup(&class.class, &name)?;
    is_function(&init).then_some(Some(init))
}

fn kind_of<'py>(
    found: &Bound<'py, PyAny>,
    is_function: &impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Descriptor {
    // 3.11: a decorated function has a class of its own, which nobody changes.
    if is_function(found) {
        return Descriptor::Get;
    }
    instances::descriptor(found)
}

/// Where a store to an attribute of an instance goes.
pub fn find_store<'py>(
    class: &AssumedClass<'py>,
    name: &str,
    is_function: impl Fn(&Bound<'py, PyAny>) -> bool,
) -> Option<FieldKind> {
    if !instances::is_plain(&class.class, true) {
        return None;
    }
    let name = PyString::intern(class.class.py(), name);
    if let Some(found) = instances::lookup(&class.class, &name) {
        match kind_of(&found, &is_function) {
            Descriptor::Unknown => return None,
            Descriptor::Data => {
                return instances::slot_offset(&class.class, &found).map(FieldKind::Slot);
            }
            Descriptor::Plain | Descriptor::Get => {}
        }
    }
    value_index(&class.class, &name).map(FieldKind::Value)
}

fn value_index(class: &Bound<'_, PyType>, name: &Bound<'_, PyString>) -> Option<u32> {
    if !instances::has_values(class) {
        return None;
    }
    let names = instances::instance_names(class);
    let index = names.iter().position(|other| other.is(name))?;
    u32::try_from(index).ok()
}
