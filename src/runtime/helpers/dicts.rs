//! `dict` and `set` as far as no Python code can run: the interpreter's own look-up, which gives up
//! ("cannot say") before it would have to hash or compare an object in a way that could.
//!
//! A key is *quiet* if its hash and its comparison with other quiet keys are C code that calls nothing of a
//! program: numbers, strings, `None`, tuples of quiet objects, and objects that are compared by identity.
//! The look-up walks the table itself, because one entry with an equal hash and a Python `__eq__` is enough.
//!
//! Iterators of dicts and sets are the interpreter's objects; native code moves them on in place, so
//! that leaving in the middle of a loop costs nothing. They are no public structs: [`iterators_fit`] tries
//! whether this interpreter has them as mirrored here, and without that their classes stay unknown.

use super::{Object, end_of_iteration, support};
use crate::abi::Type;
use crate::ffi::{
    _PyDict_GetItem_KnownHash, DictIterator, DictKeyEntry, DictKeys, DictUnicodeEntry, LONG_SHIFT,
    LongObject, SetIterator, str_bytes,
};
use pyo3::ffi::{self, Py_hash_t, PyASCIIObject, PyDictObject, PySetObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet};
use std::ptr::{addr_of_mut, null_mut};
use std::sync::OnceLock;

/// How deep tuples in tuples are followed.
const DEPTH: usize = 4;

/// What a look-up found.
enum Found {
    /// The value, borrowed.
    Value(Object),
    Missing,
    CannotSay,
}

/// Hashing it, and comparing it with another such object, runs no code of a program.
///
/// # Safety
/// The GIL is held; a live object.
unsafe fn is_quiet(object: Object, depth: usize) -> bool {
    // SAFETY: items of a live tuple are alive.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if class == addr_of_mut!(ffi::PyUnicode_Type)
            || class == addr_of_mut!(ffi::PyLong_Type)
            || class == addr_of_mut!(ffi::PyFloat_Type)
            || class == addr_of_mut!(ffi::PyBool_Type)
            || class == addr_of_mut!(ffi::PyBytes_Type)
        {
            return true;
        }
        if class == addr_of_mut!(ffi::PyTuple_Type) {
            let count = ffi::PyTuple_GET_SIZE(object);
            return depth > 0
                && (0..count).all(|at| is_quiet(ffi::PyTuple_GET_ITEM(object, at), depth - 1));
        }
        let base = addr_of_mut!(ffi::PyBaseObject_Type);
        let by_identity = (*class).tp_hash.map(|f| f as usize)
            == (*base).tp_hash.map(|f| f as usize)
            && (*class).tp_richcompare.map(|f| f as usize)
                == (*base).tp_richcompare.map(|f| f as usize);
        by_identity || object == ffi::Py_None()
    }
}

/// The hash of a quiet object; `None` of others.
///
/// # Safety
/// The GIL is held; a live object.
unsafe fn quiet_hash(object: Object) -> Option<Py_hash_t> {
    // SAFETY: the caller's obligation; quiet objects are hashed without failure.
    unsafe {
        if ffi::Py_TYPE(object) == addr_of_mut!(ffi::PyUnicode_Type) {
            let hash = (*object.cast::<PyASCIIObject>()).hash;
            if hash != -1 {
                return Some(hash);
            }
        } else if !is_quiet(object, DEPTH) {
            return None;
        }
        let hash = ffi::PyObject_Hash(object);
        if hash == -1 {
            ffi::PyErr_Clear();
            return None;
        }
        Some(hash)
    }
}

/// A key that is looked for.
trait Key {
    /// Its hash.
    fn hash(&self) -> Py_hash_t;
    /// Is it equal to the key in the table, which has the same hash? `None` if only the program can say.
    ///
    /// # Safety
    /// The GIL is held; `other` is alive.
    unsafe fn is(&self, other: Object) -> Option<bool>;
}

/// A quiet object.
struct ObjectKey(Object, Py_hash_t);

impl Key for ObjectKey {
    fn hash(&self) -> Py_hash_t {
        self.1
    }

    unsafe fn is(&self, other: Object) -> Option<bool> {
        if self.0 == other {
            return Some(true);
        }
        // SAFETY: both are alive.
        unsafe {
            let text = addr_of_mut!(ffi::PyUnicode_Type);
            if ffi::Py_TYPE(self.0) == text
                && ffi::Py_TYPE(other) == text
                && let (Some(mine), Some(theirs)) = (str_bytes(self.0), str_bytes(other))
            {
                return Some(mine == theirs);
            }
            if !is_quiet(other, DEPTH) {
                return None;
            }
            match ffi::PyObject_RichCompareBool(self.0, other, ffi::Py_EQ) {
                0 => Some(false),
                1 => Some(true),
                _ => {
                    ffi::PyErr_Clear();
                    None
                }
            }
        }
    }
}

/// An int of 64 bits, and its object (NULL: none).
struct IntKey(i64, Object);

/// The value of an exact int, if it is so short.
///
/// # Safety
/// A live exact int.
#[inline]
unsafe fn short_int(object: Object) -> Option<i64> {
    // SAFETY: an int has as many digits as it says.
    unsafe {
        let long = object.cast::<LongObject>();
        let (count, negative) = (*long).digits_and_sign();
        let digits = &raw const (*long).ob_digit as *const u32;
        let size = match count {
            0 => 0,
            1 => i64::from(*digits),
            2 => i64::from(*digits) | i64::from(*digits.add(1)) << LONG_SHIFT,
            _ => return None,
        };
        Some(if negative { -size } else { size })
    }
}

/// The modulus of CPython's hashes of numbers.
const HASH_MODULUS: u64 = (1 << 61) - 1;

impl Key for IntKey {
    fn hash(&self) -> Py_hash_t {
        let size = (self.0.unsigned_abs() % HASH_MODULUS) as Py_hash_t;
        match if self.0 < 0 { -size } else { size } {
            -1 => -2,
            hash => hash,
        }
    }

    unsafe fn is(&self, other: Object) -> Option<bool> {
        if self.1 == other {
            return Some(true);
        }
        // SAFETY: the object is alive, and its class is asked before its digits.
        unsafe {
            if ffi::Py_TYPE(other) != addr_of_mut!(ffi::PyLong_Type) {
                if ffi::PyBool_Check(other) != 0 {
                    return Some(i64::from(other == ffi::Py_True()) == self.0);
                }
                if ffi::PyFloat_CheckExact(other) != 0 {
                    let value = ffi::PyFloat_AS_DOUBLE(other);
                    return Some(value == value.trunc() && value as i128 == i128::from(self.0));
                }
                return is_quiet(other, DEPTH).then_some(false);
            }
            Some(match short_int(other) {
                Some(value) => value == self.0,
                None => {
                    let mut overflow = 0;
                    let value = ffi::PyLong_AsLongLongAndOverflow(other, &mut overflow);
                    overflow == 0 && value == self.0
                }
            })
        }
    }
}

/// Calls a function over the key that the object is.
macro_rules! with_key {
    ($object:expr, $key:ident => $body:expr, $otherwise:expr) => {{
        let short = if ffi::Py_TYPE($object) == addr_of_mut!(ffi::PyLong_Type) {
            short_int($object)
        } else {
            None
        };
        match short {
            Some(value) => {
                let $key = IntKey(value, $object);
                $body
            }
            None => match object_key($object) {
                Some($key) => $body,
                None => $otherwise,
            },
        }
    }};
}

/// # Safety
/// The GIL is held; a live object.
unsafe fn object_key(key: Object) -> Option<ObjectKey> {
    // SAFETY: the caller's obligation.
    unsafe { quiet_hash(key).map(|hash| ObjectKey(key, hash)) }
}

/// The index at a place of a dict's table.
///
/// # Safety
/// The keys of a live dict; `at` is below its size.
unsafe fn dict_index(keys: *const DictKeys, at: usize) -> isize {
    // SAFETY: a table has `1 << dk_log2_size` indices of this width.
    unsafe {
        let indices = (&raw const (*keys).dk_indices).cast::<u8>();
        match (*keys).dk_log2_size {
            0..8 => *indices.cast::<i8>().add(at) as isize,
            8..16 => *indices.cast::<i16>().add(at) as isize,
            16..32 => *indices.cast::<i32>().add(at) as isize,
            _ => *indices.cast::<i64>().add(at) as isize,
        }
    }
}

/// Where the entries of a dict's table are.
///
/// # Safety
/// The keys of a live dict.
unsafe fn dict_entries(keys: *const DictKeys) -> *const u8 {
    // SAFETY: they follow the indices.
    unsafe {
        let indices = (&raw const (*keys).dk_indices).cast::<u8>();
        indices.add(1 << (*keys).dk_log2_index_bytes)
    }
}

/// The key (NULL if deleted) and the value of an entry of a combined table, and the key's hash.
///
/// # Safety
/// The keys of a live dict that is not split, one of its entries.
unsafe fn dict_entry(keys: *const DictKeys, at: usize) -> (Object, Object, Option<Py_hash_t>) {
    // SAFETY: the kind says how entries look.
    unsafe {
        let entries = dict_entries(keys);
        if (*keys).dk_kind == 0 {
            let entry = entries.cast::<DictKeyEntry>().add(at);
            ((*entry).me_key, (*entry).me_value, Some((*entry).me_hash))
        } else {
            let entry = entries.cast::<DictUnicodeEntry>().add(at);
            ((*entry).me_key, (*entry).me_value, None)
        }
    }
}

/// `lookdict`.
///
/// # Safety
/// The GIL is held; a live dict.
unsafe fn find_in_dict(dict: Object, key: &impl Key) -> Found {
    // SAFETY: nothing here runs code that could change the dict.
    unsafe {
        let dict = dict.cast::<PyDictObject>();
        if !(*dict).ma_values.is_null() {
            return Found::CannotSay;
        }
        let keys = (*dict).ma_keys.cast::<DictKeys>().cast_const();
        let hash = key.hash();
        let mask = (1_usize << (*keys).dk_log2_size) - 1;
        let mut perturb = hash as usize;
        let mut place = perturb & mask;
        loop {
            let at = dict_index(keys, place);
            if at == -1 {
                return Found::Missing;
            }
            if at >= 0 {
                let (found, value, found_hash) = dict_entry(keys, at as usize);
                if !found.is_null() {
                    // In a table of strings each has its hash in itself.
                    let found_hash =
                        found_hash.unwrap_or_else(|| (*found.cast::<PyASCIIObject>()).hash);
                    if found_hash == hash {
                        match key.is(found) {
                            Some(true) => return Found::Value(value),
                            Some(false) => {}
                            None => return Found::CannotSay,
                        }
                    }
                }
            }
            perturb >>= 5;
            place = place.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) & mask;
        }
    }
}

/// The value of a quiet key, split tables included.
///
/// # Safety
/// The GIL is held; a live dict and a live key.
unsafe fn find_object(dict: Object, key: Object) -> Found {
    // SAFETY: the caller's obligation. The keys of a split table are exact strings.
    unsafe {
        if (*dict.cast::<PyDictObject>()).ma_values.is_null() {
            return with_key!(key, key => find_in_dict(dict, &key), Found::CannotSay);
        }
        let Some(key) = object_key(key) else {
            return Found::CannotSay;
        };
        let value = _PyDict_GetItem_KnownHash(dict, key.0, key.1);
        if !value.is_null() {
            return Found::Value(value);
        }
        if ffi::PyErr_Occurred().is_null() {
            return Found::Missing;
        }
        ffi::PyErr_Clear();
        Found::CannotSay
    }
}

/// `set_lookkey`: is it in there? `None` if only the program can say.
///
/// # Safety
/// The GIL is held; a live set or frozenset.
unsafe fn find_in_set(set: Object, key: &impl Key) -> Option<bool> {
    // SAFETY: nothing here runs code that could change the set.
    unsafe {
        let set = set.cast::<PySetObject>();
        let (table, mask) = ((*set).table.cast_const(), (*set).mask as usize);
        let hash = key.hash();
        let mut perturb = hash as usize;
        let mut place = perturb & mask;
        loop {
            let probes = if place + 9 <= mask { 9 } else { 0 };
            for at in place..=place + probes {
                let entry = table.add(at);
                if (*entry).key.is_null() {
                    return Some(false);
                }
                // A deleted entry has the hash -1, which no key has.
                if (*entry).hash == hash && key.is((*entry).key)? {
                    return Some(true);
                }
            }
            perturb >>= 5;
            place = place.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb) & mask;
        }
    }
}

/// Dropping this reference runs no code.
///
/// # Safety
/// The GIL is held; a live object.
unsafe fn drops_silently(object: Object) -> bool {
    // SAFETY: the caller's obligation.
    unsafe { ffi::Py_REFCNT(object) > 1 || support::drop_is_silent(object) == 1 }
}

/// A new reference.
///
/// # Safety
/// The GIL is held; a live object.
unsafe fn new_reference(object: Object) -> Object {
    // SAFETY: the caller's obligation.
    unsafe { ffi::Py_INCREF(object) };
    object
}

fn answer(found: Option<bool>) -> i64 {
    found.map_or(-1, i64::from)
}

/// The end of a loop: native code drops the iterator, which nobody else has. If somebody has it, it has to
/// know that it is exhausted.
///
/// # Safety
/// The GIL is held; an iterator without a next item, and what it iterates over.
unsafe fn end(iterator: Object, over: Object) -> Object {
    // SAFETY: the caller's obligation; the iterator's own drop of `over` is not the last.
    unsafe {
        if ffi::Py_REFCNT(iterator) > 1 {
            if ffi::Py_REFCNT(over) == 1 {
                return null_mut();
            }
            return super::iteration::iter_next(null_mut(), iterator);
        }
        let end = end_of_iteration();
        ffi::Py_XINCREF(end);
        end
    }
}

c_functions! {
    fn dict_get(dict: Object, key: Object) -> Object {
        match find_object(dict, key) {
            Found::Value(value) => new_reference(value),
            // It raises what it must.
            Found::Missing => ffi::PyObject_GetItem(dict, key),
            Found::CannotSay => null_mut(),
        }
    }

    fn dict_get_int(dict: Object, key: i64) -> Object {
        match find_in_dict(dict, &IntKey(key, null_mut())) {
            Found::Value(value) => new_reference(value),
            Found::Missing => {
                let key = ffi::PyLong_FromLongLong(key);
                if key.is_null() {
                    return null_mut();
                }
                let value = ffi::PyObject_GetItem(dict, key);
                ffi::Py_DECREF(key);
                value
            }
            Found::CannotSay => null_mut(),
        }
    }

    fn dict_get_or(dict: Object, key: Object, default: Object) -> Object {
        match find_object(dict, key) {
            Found::Value(value) => new_reference(value),
            Found::Missing => new_reference(default),
            Found::CannotSay => null_mut(),
        }
    }

    fn dict_contains(dict: Object, key: Object) -> i64 {
        match find_object(dict, key) {
            Found::Value(_) => 1,
            Found::Missing => 0,
            Found::CannotSay => -1,
        }
    }

    fn dict_contains_int(dict: Object, key: i64) -> i64 {
        match find_in_dict(dict, &IntKey(key, null_mut())) {
            Found::Value(_) => 1,
            Found::Missing => 0,
            Found::CannotSay => -1,
        }
    }

    fn dict_set(dict: Object, key: Object, value: Object) -> i64 {
        match find_object(dict, key) {
            Found::Value(old) if drops_silently(old) => {}
            Found::Missing => {}
            _ => return -1,
        }
        ffi::PyDict_SetItem(dict, key, value).into()
    }

    fn dict_setdefault(dict: Object, key: Object, default: Object) -> Object {
        match find_object(dict, key) {
            Found::Value(value) => new_reference(value),
            Found::Missing if ffi::PyDict_SetItem(dict, key, default) == 0 => new_reference(default),
            _ => null_mut(),
        }
    }

    fn dict_length(dict: Object) -> i64 {
        (*dict.cast::<PyDictObject>()).ma_used as i64
    }

    fn set_contains(set: Object, key: Object) -> i64 {
        with_key!(key, key => answer(find_in_set(set, &key)), -1)
    }

    fn set_contains_int(set: Object, key: i64) -> i64 {
        answer(find_in_set(set, &IntKey(key, null_mut())))
    }

    fn set_add(set: Object, key: Object) -> i64 {
        match with_key!(key, key => find_in_set(set, &key), None) {
            Some(true) => 0,
            Some(false) => ffi::PySet_Add(set, key).into(),
            None => -1,
        }
    }

    fn set_length(set: Object) -> i64 {
        (*set.cast::<PySetObject>()).used as i64
    }

    fn dict_iter_next(iterator: Object) -> Object {
        let state = iterator.cast::<DictIterator>();
        let dict = (*state).di_dict.cast::<PyDictObject>();
        if dict.is_null() {
            return end(iterator, ffi::Py_None());
        }
        if !(*dict).ma_values.is_null() {
            return null_mut();
        }
        let keys = (*dict).ma_keys.cast::<DictKeys>().cast_const();
        if (*state).di_used != (*dict).ma_used {
            return super::iteration::iter_next(null_mut(), iterator);
        }
        let mut at = (*state).di_pos;
        while at < (*keys).dk_nentries {
            let (key, value, _) = dict_entry(keys, at as usize);
            at += 1;
            if !value.is_null() {
                if (*state).len == 0 {
                    // It raises: keys changed, though their number did not.
                    return super::iteration::iter_next(null_mut(), iterator);
                }
                (*state).di_pos = at;
                (*state).len -= 1;
                return new_reference(key);
            }
        }
        end(iterator, dict.cast())
    }

    fn dict_iter_value(iterator: Object) -> Object {
        let state = iterator.cast::<DictIterator>();
        let dict = (*state).di_dict.cast::<PyDictObject>();
        let keys = (*dict).ma_keys.cast::<DictKeys>().cast_const();
        let (_, value, _) = dict_entry(keys, (*state).di_pos as usize - 1);
        new_reference(value)
    }

    fn set_iter_next(iterator: Object) -> Object {
        let state = iterator.cast::<SetIterator>();
        let set = (*state).si_set.cast::<PySetObject>();
        if set.is_null() {
            return end(iterator, ffi::Py_None());
        }
        if (*state).si_used != (*set).used {
            return super::iteration::iter_next(null_mut(), iterator);
        }
        let mut at = (*state).si_pos;
        while at <= (*set).mask {
            let entry = (*set).table.add(at as usize);
            at += 1;
            if !(*entry).key.is_null() && (*entry).hash != -1 {
                (*state).si_pos = at;
                (*state).len -= 1;
                return new_reference((*entry).key);
            }
        }
        end(iterator, set.cast())
    }
}

/// Classes of builtin objects that PyO3 has no names for, and their addresses.
pub fn further_classes(py: Python<'_>) -> Vec<(Type, u64)> {
    // Addresses of statics only; nothing is read.
    let mut classes = vec![
        (Type::FROZENSET, addr_of_mut!(ffi::PyFrozenSet_Type) as u64),
        (Type::DICT_KEYS, addr_of_mut!(ffi::PyDictKeys_Type) as u64),
        (
            Type::DICT_VALUES,
            addr_of_mut!(ffi::PyDictValues_Type) as u64,
        ),
        (Type::DICT_ITEMS, addr_of_mut!(ffi::PyDictItems_Type) as u64),
    ];
    if iterators_fit(py) {
        classes.extend([
            (
                Type::KEY_ITERATOR,
                addr_of_mut!(ffi::PyDictIterKey_Type) as u64,
            ),
            (
                Type::VALUE_ITERATOR,
                addr_of_mut!(ffi::PyDictIterValue_Type) as u64,
            ),
            (
                Type::ITEM_ITERATOR,
                addr_of_mut!(ffi::PyDictIterItem_Type) as u64,
            ),
            (Type::SET_ITERATOR, addr_of_mut!(ffi::PySetIter_Type) as u64),
        ]);
    }
    classes
}

fn known_classes(py: Python<'_>) -> &'static [(Type, u64)] {
    static CLASSES: OnceLock<Vec<(Type, u64)>> = OnceLock::new();
    match CLASSES.get() {
        Some(classes) => classes,
        None => {
            let found = further_classes(py);
            CLASSES.get_or_init(|| found)
        }
    }
}

/// Which of [`further_classes`] the object is of.
pub fn further_class(object: &Bound<'_, PyAny>) -> Option<Type> {
    let class = object.get_type_ptr() as u64;
    let mut classes = known_classes(object.py()).iter();
    classes.find(|row| row.1 == class).map(|row| row.0)
}

/// Are those of iterators among them?
pub fn knows_iterators(py: Python<'_>) -> bool {
    let classes = known_classes(py);
    classes.iter().any(|row| row.0 == Type::SET_ITERATOR)
}

/// Are the iterators of dicts and sets laid out as this file takes them to be?
fn iterators_fit(py: Python<'_>) -> bool {
    let words = |iterator: &Bound<'_, PyAny>| {
        // SAFETY: an object of such an iterator's class has at least that many words.
        unsafe {
            let start = iterator.as_ptr().cast::<isize>();
            let head = (size_of::<ffi::PyObject>() / size_of::<isize>()) as isize;
            [0, 1, 2, 3, 4].map(|word| *start.offset(head + word))
        }
    };
    let fits = || -> PyResult<bool> {
        let (dict, set) = (PyDict::new(py), PySet::empty(py)?);
        for number in [3, 5, 7] {
            dict.set_item(number, number)?;
            set.add(number)?;
        }
        let class = |object: &Bound<'_, PyAny>| object.get_type_ptr();
        // SAFETY: the size of a class of objects is read.
        let size = |object: &Bound<'_, PyAny>| unsafe { (*class(object)).tp_basicsize as usize };
        let iterator = dict.call_method0("items")?.try_iter()?.into_any();
        let Some(first) = iterator.clone().try_iter()?.next() else {
            return Ok(false);
        };
        first?;
        let [over, used, position, _, rest] = words(&iterator);
        let dict_fits = size(&iterator) == size_of::<DictIterator>()
            && class(&iterator) == addr_of_mut!(ffi::PyDictIterItem_Type)
            && [over, used, position, rest] == [dict.as_ptr() as isize, 3, 1, 2];
        let iterator = set.try_iter()?.into_any();
        let Some(first) = iterator.clone().try_iter()?.next() else {
            return Ok(false);
        };
        first?;
        let [over, used, position, rest, _] = words(&iterator);
        let set_fits = size(&iterator) == size_of::<SetIterator>()
            && class(&iterator) == addr_of_mut!(ffi::PySetIter_Type)
            && [over, used, rest] == [set.as_ptr() as isize, 3, 2]
            && (1..=8).contains(&position);
        Ok(dict_fits && set_fits)
    };
    fits().unwrap_or(false)
}
