//! A code object as plain [`CodeBytes`]: everything the compiler wants to know of it, copied once.
//!
//! Public attributes where they exist; the slots of the frame (`co_localsplusnames` and
//! `co_localspluskinds`) have none and are read from the mirrored struct.

use super::CodeObject;
use crate::bytecode::{CodeBytes, ConstView, LocalView, Version};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyCode, PyFloat, PyInt, PyString, PyTuple};

/// Copies a code object.
pub fn code_view(code: &Bound<'_, PyCode>) -> PyResult<CodeBytes> {
    let version = Version::from_minor(u32::from(code.py().version_info().minor))
        .ok_or_else(|| PyTypeError::new_err("no decoder for this version's bytecode"))?;
    let text = |name: &str| -> PyResult<String> { lossy(&code.getattr(name)?) };
    let number = |name: &str| -> PyResult<u32> {
        Ok(code
            .getattr(name)?
            .extract::<i64>()?
            .clamp(0, i64::from(u32::MAX)) as u32)
    };
    let bytes = |name: &str| -> PyResult<Vec<u8>> { code.getattr(name)?.extract() };
    let consts = code.getattr("co_consts")?.cast_into::<PyTuple>()?;
    let names = code.getattr("co_names")?.cast_into::<PyTuple>()?;
    let (argcount, kwonly) = (number("co_argcount")?, number("co_kwonlyargcount")?);
    let flags = number("co_flags")?;
    let extra = u32::from(flags & CodeBytes::FLAG_VARARGS != 0)
        + u32::from(flags & CodeBytes::FLAG_VARKEYWORDS != 0);
    let arguments = (argcount + kwonly + extra) as usize;
    let localsplus = locals_plus(code, arguments)?;
    Ok(CodeBytes {
        version,
        code: bytes("co_code")?,
        adaptive: bytes("_co_code_adaptive")?,
        consts: consts.iter().map(|item| const_view(&item)).collect(),
        names: names
            .iter()
            .map(|item| lossy(&item))
            .collect::<PyResult<_>>()?,
        nlocalsplus: localsplus.len() as u32,
        localsplus,
        argcount,
        posonlyargcount: number("co_posonlyargcount")?,
        kwonlyargcount: kwonly,
        nlocals: number("co_nlocals")?,
        nfreevars: code.getattr("co_freevars")?.len()? as u32,
        stacksize: number("co_stacksize")?,
        flags,
        exceptiontable: bytes("co_exceptiontable")?,
        linetable: bytes("co_linetable")?,
        firstlineno: number("co_firstlineno")?,
        name: text("co_name")?,
        qualname: text("co_qualname")?,
        filename: text("co_filename")?,
    })
}

/// A name as text, lone surrogates replaced.
fn lossy(name: &Bound<'_, PyAny>) -> PyResult<String> {
    let name = name.cast::<PyString>()?;
    Ok(text_of(name).unwrap_or_else(|| name.to_string_lossy().into_owned()))
}

/// A string as text, if it has no lone surrogates. Not by `to_str`, which leaves its UTF-8 form in the
/// object: `sys.getsizeof` would tell.
fn text_of(text: &Bound<'_, PyString>) -> Option<String> {
    let bytes = text.encode_utf8().ok()?;
    String::from_utf8(bytes.as_bytes().to_vec()).ok()
}

fn locals_plus(code: &Bound<'_, PyCode>, arguments: usize) -> PyResult<Vec<LocalView>> {
    // SAFETY: `code` is a code object, whose two fields are a tuple of str and a bytes object of the same
    // length; new references keep them alive.
    let (names, kinds) = unsafe {
        let raw = code.as_ptr().cast::<CodeObject>();
        (
            Bound::from_borrowed_ptr(code.py(), (*raw).co_localsplusnames),
            Bound::from_borrowed_ptr(code.py(), (*raw).co_localspluskinds),
        )
    };
    let names = names.cast_into::<PyTuple>()?;
    let kinds = kinds.cast_into::<PyBytes>()?;
    names
        .iter()
        .zip(kinds.as_bytes())
        .enumerate()
        .map(|(slot, (name, kind))| {
            Ok(LocalView::from_kind(lossy(&name)?, *kind, slot < arguments))
        })
        .collect()
}

/// A constant as far as the compiler looks into it: exact builtin types only.
pub fn const_view(object: &Bound<'_, PyAny>) -> ConstView {
    let view = || -> PyResult<ConstView> {
        Ok(if object.is_none() {
            ConstView::None
        } else if let Ok(value) = object.cast_exact::<PyBool>() {
            ConstView::Bool(value.is_true())
        } else if object.cast_exact::<PyInt>().is_ok() {
            match int_within_i64(object) {
                Some(value) => ConstView::Int(value),
                // Decimal text of a huge int costs quadratic time, and may be forbidden.
                None if object.call_method0("bit_length")?.extract::<u64>()? <= 1024 => {
                    ConstView::BigInt(object.str()?.to_string())
                }
                None => ConstView::Other,
            }
        } else if let Ok(value) = object.cast_exact::<PyFloat>() {
            ConstView::Float(value.value())
        } else if let Ok(value) = object.cast_exact::<PyString>() {
            text_of(value).map_or(ConstView::Other, ConstView::Str)
        } else if let Ok(value) = object.cast_exact::<PyBytes>() {
            ConstView::Bytes(value.as_bytes().to_vec())
        } else if let Ok(value) = object.cast_exact::<PyTuple>() {
            ConstView::Tuple(value.iter().map(|item| const_view(&item)).collect())
        } else if object.cast_exact::<PyCode>().is_ok() {
            ConstView::Code
        } else if object.as_ptr() == ellipsis() {
            ConstView::Ellipsis
        } else {
            ConstView::Other
        })
    };
    view().unwrap_or(ConstView::Other)
}

/// The value of an int, if it fits. Raises nothing: an exception would refer to the one being handled, and so
/// to the frames it passed, until it dies.
pub fn int_within_i64(object: &Bound<'_, PyAny>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: a live object; one that is no int is not asked for its value.
    let value = unsafe {
        if ffi::PyLong_Check(object.as_ptr()) == 0 {
            return None;
        }
        ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &mut overflow)
    };
    (overflow == 0).then_some(value)
}

fn ellipsis() -> *mut ffi::PyObject {
    // SAFETY: the address of a static object, never freed.
    unsafe { ffi::Py_Ellipsis() }
}
