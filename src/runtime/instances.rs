//! Classes made by `class`, and where their instances keep attributes.
//!
//! Reads only, runs no Python code, and says nothing of a class whose instances look attributes up in a
//! way of their own. `is_trusted` tries the layout on a class made for it before anything here is used.

use std::mem::offset_of;
use std::ptr::addr_of;

use pyo3::ffi::{self, PyHeapTypeObject, PyMemberDescrObject, PyObject, PyTypeObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::abi::layout::InstanceValues;
#[cfg(Py_3_12)]
use crate::ffi::MANAGED_DICT_OFFSET;
use crate::ffi::{DICT_KEYS_SPLIT, DictKeys, DictUnicodeEntry, DictValues};

/// How machine code finds the values.
#[cfg(not(Py_3_12))]
pub const INSTANCE_VALUES: InstanceValues =
    InstanceValues::Pointer(crate::ffi::MANAGED_VALUES_OFFSET as i32);
/// How machine code finds the values.
#[cfg(all(Py_3_12, not(Py_3_13)))]
pub const INSTANCE_VALUES: InstanceValues = InstanceValues::Tagged(MANAGED_DICT_OFFSET as i32);
/// How machine code finds the values.
#[cfg(Py_3_13)]
pub const INSTANCE_VALUES: InstanceValues = InstanceValues::Embedded(MANAGED_DICT_OFFSET as i32);

/// Instances have `MANAGED_DICT_OFFSET`.
const FLAG_MANAGED_DICT: u64 = 1 << 4;
/// 3.13+: and their values follow them.
#[cfg(Py_3_13)]
const FLAG_INLINE_VALUES: u64 = 1 << 2;

unsafe extern "C" {
    fn _PyType_Lookup(class: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
    #[cfg(Py_3_12)]
    fn PyUnstable_Type_AssignVersionTag(class: *mut PyTypeObject) -> std::ffi::c_int;
    #[cfg(Py_3_12)]
    fn PyType_GetDict(class: *mut PyTypeObject) -> *mut PyObject;
}

fn type_of(class: &Bound<'_, PyType>) -> *mut PyTypeObject {
    class.as_type_ptr()
}

fn flags(class: &Bound<'_, PyType>) -> u64 {
    // SAFETY: a live class.
    unsafe { ffi::PyType_GetFlags(type_of(class)) }
}

/// The class was made by `class` (or `type`) and has no own way to look up (`set`: to store) attributes.
pub fn is_plain(class: &Bound<'_, PyType>, set: bool) -> bool {
    if flags(class) & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
        return false;
    }
    // SAFETY: a live class; only its fields are compared.
    unsafe {
        let class = &*type_of(class);
        if set {
            class.tp_setattro.is_some_and(|set| {
                std::ptr::fn_addr_eq(set, ffi::PyObject_GenericSetAttr as ffi::setattrofunc)
            })
        } else {
            class.tp_getattro.is_some_and(|get| {
                std::ptr::fn_addr_eq(get, ffi::PyObject_GenericGetAttr as ffi::getattrofunc)
            })
        }
    }
}

/// A number that the class has until anything in it or its bases changes, and no other class ever has.
pub fn version(class: &Bound<'_, PyType>) -> Option<u32> {
    let pointer = type_of(class);
    #[cfg(Py_3_12)]
    // SAFETY: a live class.
    unsafe {
        PyUnstable_Type_AssignVersionTag(pointer);
    }
    #[cfg(not(Py_3_12))]
    lookup(class, &PyString::intern(class.py(), "__init__"));
    // SAFETY: a live class.
    let version = unsafe { (*pointer).tp_version_tag };
    (version != 0).then_some(version)
}

/// What the class or its bases have under the name.
pub fn lookup<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: a live class and a string; the result is borrowed, and nothing runs in between.
    unsafe {
        let found = _PyType_Lookup(type_of(class), name.as_ptr());
        Bound::from_borrowed_ptr_or_opt(class.py(), found)
    }
}

/// Do instances keep attributes in a table of values whose names the class knows?
pub fn has_values(class: &Bound<'_, PyType>) -> bool {
    #[cfg(Py_3_13)]
    let wanted = FLAG_MANAGED_DICT | FLAG_INLINE_VALUES;
    #[cfg(not(Py_3_13))]
    let wanted = FLAG_MANAGED_DICT;
    flags(class) & wanted == wanted && !names(class).is_null()
}

/// Do operators of builtin objects take instances for what the class is derived from: a number, or a sequence in C?
/// Then somebody is left to be asked when a method in Python has declined.
pub fn computes_in_c(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: live classes; methods of sequences live as long as theirs.
    unsafe {
        let class = type_of(class);
        let methods = (*class).tp_as_sequence;
        let is_sequence = !methods.is_null()
            && ((*methods).sq_concat.is_some() || (*methods).sq_repeat.is_some());
        is_sequence
            || [
                &raw mut ffi::PyLong_Type,
                &raw mut ffi::PyFloat_Type,
                &raw mut ffi::PyComplex_Type,
            ]
            .into_iter()
            .any(|number| ffi::PyType_IsSubtype(class, number) != 0)
    }
}

/// Can instances have attributes of their own beside slots?
pub fn has_dict(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: a live class.
    flags(class) & FLAG_MANAGED_DICT != 0 || unsafe { (*type_of(class)).tp_dictoffset } != 0
}

/// 3.13+: where the table of values begins in an instance.
pub fn values_offset(class: &Bound<'_, PyType>) -> i32 {
    #[cfg(Py_3_14)]
    // SAFETY: a live class.
    return unsafe { (*type_of(class)).tp_basicsize } as i32;
    #[cfg(not(Py_3_14))]
    {
        let _ = class;
        size_of::<PyObject>() as i32
    }
}

fn names(class: &Bound<'_, PyType>) -> *const DictKeys {
    if flags(class) & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
        return std::ptr::null();
    }
    // SAFETY: a heap type; its names, if it has any, live as long as it.
    unsafe {
        let names: *const DictKeys = (*type_of(class).cast::<PyHeapTypeObject>())
            .ht_cached_keys
            .cast();
        if names.is_null() || (*names).dk_kind != DICT_KEYS_SPLIT {
            return std::ptr::null();
        }
        names
    }
}

/// How many names instances have in common.
pub fn names_count(class: &Bound<'_, PyType>) -> u64 {
    let names = names(class);
    if names.is_null() {
        return 0;
    }
    // SAFETY: see `names`.
    unsafe { (*names).dk_nentries as u64 }
}

/// The names instances have in common, in order of their values.
pub fn instance_names<'py>(class: &Bound<'py, PyType>) -> Vec<Bound<'py, PyAny>> {
    let names = names(class);
    let mut result = Vec::new();
    if names.is_null() {
        return result;
    }
    // SAFETY: see `names`; a split table has entries of names behind its indices.
    unsafe {
        let indices = addr_of!((*names).dk_indices).cast::<u8>();
        let entries: *const DictUnicodeEntry =
            indices.add(1 << (*names).dk_log2_index_bytes).cast();
        for index in 0..(*names).dk_nentries {
            let key = (*entries.offset(index)).me_key;
            if let Some(key) = Bound::from_borrowed_ptr_or_opt(class.py(), key) {
                result.push(key);
            } else {
                break;
            }
        }
    }
    result
}

/// The values of an instance in the order of the names, absent ones included; `None` where it keeps them
/// elsewhere.
pub fn instance_values<'py>(object: &Bound<'py, PyAny>) -> Option<Vec<Option<Bound<'py, PyAny>>>> {
    let class = object.get_type();
    if !has_values(&class) {
        return None;
    }
    let count = names_count(&class) as usize;
    let start = object.as_ptr().cast::<u8>();
    // SAFETY: an instance of a class with values; the table has room for every name of the class.
    unsafe {
        #[cfg(not(Py_3_12))]
        let table: *const DictValues = *start.offset(crate::ffi::MANAGED_VALUES_OFFSET).cast();
        #[cfg(all(Py_3_12, not(Py_3_13)))]
        let table: *const DictValues = {
            let word: usize = *start.offset(MANAGED_DICT_OFFSET).cast();
            if word & 1 == 1 {
                (word + 1) as *const DictValues
            } else {
                std::ptr::null()
            }
        };
        #[cfg(Py_3_13)]
        let table: *const DictValues = {
            let table: *const DictValues = start.offset(values_offset(&class) as isize).cast();
            if (*table).valid == 0 {
                return None;
            }
            table
        };
        if table.is_null() {
            return None;
        }
        let first: *const *mut PyObject = table
            .cast::<u8>()
            .add(offset_of!(DictValues, values))
            .cast();
        let value = |index| Bound::from_borrowed_ptr_or_opt(object.py(), *first.add(index));
        Some((0..count).map(value).collect())
    }
}

/// Offset of the slot that a descriptor of `__slots__`, found in the class, stands for.
pub fn slot_offset(class: &Bound<'_, PyType>, descriptor: &Bound<'_, PyAny>) -> Option<u32> {
    if !is_instance_of_static(descriptor, addr_of!(ffi::PyMemberDescr_Type)) {
        return None;
    }
    // SAFETY: an exact member descriptor; its definition lives as long as its class.
    unsafe {
        let descriptor = descriptor.as_ptr().cast::<PyMemberDescrObject>();
        let member = (*descriptor).d_member;
        let own = ffi::PyType_IsSubtype(type_of(class), (*descriptor).d_common.d_type) != 0;
        let plain = own && (*member).type_code == ffi::Py_T_OBJECT_EX && (*member).flags == 0;
        plain.then_some(u32::try_from((*member).offset).ok()?)
    }
}

fn is_instance_of_static(object: &Bound<'_, PyAny>, class: *const PyTypeObject) -> bool {
    std::ptr::eq(object.get_type_ptr(), class)
}

/// What an object in a class's dict does for its instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Descriptor {
    /// It may change its ways, for its own class can be changed.
    Unknown,
    /// It is the attribute's value.
    Plain,
    /// It makes the value when asked, unless the instance has one.
    Get,
    /// It decides about loads or stores.
    Data,
}

/// See [`Descriptor`].
pub fn descriptor(object: &Bound<'_, PyAny>) -> Descriptor {
    // SAFETY: the class of a live object.
    unsafe {
        let class = object.get_type_ptr();
        let flags = ffi::PyType_GetFlags(class);
        let fixed =
            flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 || flags & ffi::Py_TPFLAGS_IMMUTABLETYPE != 0;
        if !fixed {
            Descriptor::Unknown
        } else if (*class).tp_descr_set.is_some() {
            Descriptor::Data
        } else if (*class).tp_descr_get.is_some() {
            Descriptor::Get
        } else {
            Descriptor::Plain
        }
    }
}

/// Is the layout of instances as expected? Tried once.
pub fn is_trusted(py: Python<'_>) -> bool {
    static TRUSTED: PyOnceLock<bool> = PyOnceLock::new();
    *TRUSTED.get_or_init(py, || try_layout(py).unwrap_or(false))
}

fn try_layout(py: Python<'_>) -> PyResult<bool> {
    let body = PyDict::new(py);
    let class = py
        .get_type::<PyType>()
        .call1(("Probe", (), body))?
        .cast_into::<PyType>()?;
    let object = class.call0()?;
    let names = ["first", "second", "third"];
    let values = names.map(|name| PyString::new(py, name).into_any());
    for (name, value) in names.iter().zip(&values) {
        object.setattr(*name, value)?;
    }
    let known = instance_names(&class);
    let held = instance_values(&object).unwrap_or_default();
    let same = known.len() == names.len()
        && held.len() == names.len()
        && names
            .iter()
            .zip(&known)
            .all(|(name, known)| known.extract::<String>().is_ok_and(|known| known == *name))
        && held
            .iter()
            .zip(&values)
            .all(|(held, value)| held.as_ref().is_some_and(|held| held.is(value)));
    let before = version(&class);
    class.setattr("other", 1)?;
    let after = version(&class);
    Ok(same && before.is_some() && before != after)
}

/// Names and values of the slots of an instance that are set.
pub fn slot_values<'py>(object: &Bound<'py, PyAny>) -> Vec<(String, Bound<'py, PyAny>)> {
    let mut result = Vec::new();
    let class = object.get_type();
    let mro = class.mro();
    for base in mro.iter() {
        let Ok(base) = base.cast_into::<PyType>() else {
            continue;
        };
        if flags(&base) & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
            continue;
        }
        // SAFETY: a heap type; `ht_slots` is NULL or a tuple of strings.
        let names = unsafe {
            let slots = (*type_of(&base).cast::<PyHeapTypeObject>()).ht_slots;
            Bound::from_borrowed_ptr_or_opt(object.py(), slots)
        };
        let Some(names) = names.and_then(|names| names.cast_into::<PyTuple>().ok()) else {
            continue;
        };
        for name in names.iter() {
            let Ok(name) = name.cast_into::<PyString>() else {
                continue;
            };
            let offset = lookup(&class, &name).and_then(|found| slot_offset(&class, &found));
            let Some(offset) = offset else { continue };
            // SAFETY: an instance of a class with that slot: an object or NULL.
            let value = unsafe {
                let place = object.as_ptr().cast::<u8>().add(offset as usize);
                Bound::from_borrowed_ptr_or_opt(object.py(), *place.cast::<*mut PyObject>())
            };
            if let (Some(value), Ok(name)) = (value, name.extract::<String>()) {
                result.push((name, value));
            }
        }
    }
    result
}

/// The function that reads an exact `property`.
pub fn property_getter<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if !is_instance_of_static(object, addr_of!(ffi::PyProperty_Type)) {
        return None;
    }
    // `property` is immutable, and so are its members.
    object
        .getattr("fget")
        .ok()
        .filter(|getter| !getter.is_none())
}

/// The function in an exact `staticmethod`.
pub fn static_function<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if !is_instance_of_static(object, addr_of!(ffi::PyStaticMethod_Type)) {
        return None;
    }
    object.getattr("__func__").ok()
}

/// `Py_TPFLAGS_IS_ABSTRACT`
const FLAG_ABSTRACT: u64 = 1 << 20;

/// Calling the class is `type.__call__` with `object.__new__`, and nothing else but `__init__` hears of an
/// instance that comes or, before it has attributes, goes.
pub fn is_made_plainly(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: live classes; only their fields are compared.
    unsafe {
        let object = addr_of!(ffi::PyBaseObject_Type);
        let type_ = addr_of!(ffi::PyType_Type);
        let this = &*type_of(class);
        let same_new = match (this.tp_new, (*object).tp_new) {
            (Some(new), Some(plain)) => std::ptr::fn_addr_eq(new, plain),
            _ => false,
        };
        let same_alloc = this.tp_alloc.is_some_and(|alloc| {
            std::ptr::fn_addr_eq(alloc, ffi::PyType_GenericAlloc as ffi::allocfunc)
        });
        std::ptr::eq(class.get_type_ptr(), type_)
            && flags(class) & (ffi::Py_TPFLAGS_HEAPTYPE | FLAG_ABSTRACT) == ffi::Py_TPFLAGS_HEAPTYPE
            && same_new
            && same_alloc
            && this.tp_itemsize == 0
            && this.tp_finalize.is_none()
            && this.tp_del.is_none()
    }
}

/// The class has `object.__init__`.
pub fn has_no_init(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: as above.
    unsafe {
        match (
            (*type_of(class)).tp_init,
            (*addr_of!(ffi::PyBaseObject_Type)).tp_init,
        ) {
            (Some(init), Some(plain)) => std::ptr::fn_addr_eq(init, plain),
            _ => false,
        }
    }
}

/// The function in an exact `classmethod`.
pub fn class_function<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if !is_instance_of_static(object, addr_of!(ffi::PyClassMethod_Type)) {
        return None;
    }
    object.getattr("__func__").ok()
}

/// Is it a method in C of a builtin class, for which the class's instances pass?
pub fn is_method_for(object: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> bool {
    if !is_instance_of_static(object, addr_of!(ffi::PyMethodDescr_Type)) {
        return false;
    }
    // SAFETY: an exact method descriptor.
    unsafe {
        let descriptor = object.as_ptr().cast::<ffi::PyMethodDescrObject>();
        ffi::PyType_IsSubtype(type_of(class), (*descriptor).d_common.d_type) != 0
    }
}

/// Does looking an attribute up in classes of this class go the way of `type`?
pub fn looks_up_like_type(meta: &Bound<'_, PyType>) -> bool {
    // SAFETY: live classes; only their fields are compared.
    unsafe {
        match (
            (*type_of(meta)).tp_getattro,
            (*addr_of!(ffi::PyType_Type)).tp_getattro,
        ) {
            (Some(mine), Some(plain)) => std::ptr::fn_addr_eq(mine, plain),
            _ => false,
        }
    }
}

/// Is it `type` itself?
pub fn is_type(class: &Bound<'_, PyType>) -> bool {
    std::ptr::eq(type_of(class), addr_of!(ffi::PyType_Type))
}

/// What the bases of the class that come behind `start` in its resolution order have under the name; `None` if
/// `start` is none of them. The inner one is what was found.
pub fn lookup_behind<'py>(
    class: &Bound<'py, PyType>,
    start: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Option<Bound<'py, PyAny>>> {
    let mro = class.mro();
    let place = mro.iter().position(|base| base.is(start))?;
    for base in mro.iter().skip(place + 1) {
        let base = base.cast_into::<PyType>().ok()?;
        if let Some(found) = own_member(&base, name)? {
            return Some(Some(found));
        }
    }
    Some(None)
}

/// What the class itself, without its bases, has under the name.
pub fn own_member<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Option<Bound<'py, PyAny>>> {
    let py = class.py();
    #[cfg(Py_3_12)]
    // SAFETY: a live class; its dict is a new reference.
    let dict = unsafe { Bound::from_owned_ptr_or_opt(py, PyType_GetDict(type_of(class))) };
    #[cfg(not(Py_3_12))]
    // SAFETY: a live class; its dict is borrowed.
    let dict = unsafe {
        Bound::from_borrowed_ptr_or_opt(py, (*type_of(class)).tp_dict.cast::<PyObject>())
    };
    dict?.cast_exact::<PyDict>().ok()?.get_item(name).ok()
}

/// Asking an instance for `__class__` gives its class.
pub fn tells_its_class(class: &Bound<'_, PyType>) -> bool {
    let py = class.py();
    let name = PyString::intern(py, "__class__");
    let object = py.get_type::<PyAny>();
    let usual = lookup(&object, &name);
    let found = lookup(class, &name);
    matches!((usual, found), (Some(usual), Some(found)) if usual.is(&found))
}

/// The same of a class as it is; false where that takes longer to tell.
///
/// # Safety
/// A live class; the GIL is held.
pub unsafe fn tells_its_class_quickly(class: *mut PyTypeObject) -> bool {
    static USUAL: PyOnceLock<Option<[usize; 2]>> = PyOnceLock::new();
    // SAFETY: as required. The name is interned and immortal, the descriptor one of the builtin class `object`.
    unsafe {
        let py = Python::assume_attached();
        let usual = USUAL.get_or_init(py, || {
            let name = PyString::intern(py, "__class__");
            let found = lookup(&py.get_type::<PyAny>(), &name)?;
            Some([name.into_ptr() as usize, found.as_ptr() as usize])
        });
        let generic = (*class).tp_getattro.is_some_and(|get| {
            std::ptr::fn_addr_eq(get, ffi::PyObject_GenericGetAttr as ffi::getattrofunc)
        });
        match usual {
            Some([name, found]) if generic => {
                _PyType_Lookup(class, *name as *mut PyObject) as usize == *found
            }
            _ => false,
        }
    }
}

/// Is `class` the other one or derived from it, by the resolution order alone?
pub fn is_subclass(class: &Bound<'_, PyType>, other: &Bound<'_, PyType>) -> bool {
    // SAFETY: live classes.
    unsafe { ffi::PyType_IsSubtype(type_of(class), type_of(other)) != 0 }
}
