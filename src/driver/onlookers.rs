//! Which calls may look at the frames below them.
//!
//! Python code can read its callers' names, lines and locals (`sys._getframe`, `warnings`, `inspect`),
//! so such calls need a frame that tells the truth. Builtins that never look are worth knowing, for
//! showing locals costs a box for every number. One that calls back (`sorted` with a key) counts as
//! harmless: what it calls sees the frame and its line, but no locals.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyModule, PySuper, PyType};

use super::world::{LiveWorld, is_method_of_class};
use crate::hir::{Function, ObjectId, Op};

/// Modules with builtins that walk frames, or say who traces.
const MODULES: [&str; 5] = [
    "sys",
    "sys.monitoring",
    "_warnings",
    "_testcapi",
    "_testinternalcapi",
];
/// Functions of `builtins` that read the frame of their caller.
const BUILTINS: [&str; 7] = [
    "locals",
    "vars",
    "dir",
    "eval",
    "exec",
    "breakpoint",
    "__import__",
];
/// `Py_TPFLAGS_HEAPTYPE`.
const HEAP_TYPE: u64 = 1 << 9;

/// By `ObjectId`: calling the object shows no frame to anybody.
pub fn harmless(world: &LiveWorld<'_, '_>, function: &Function) -> Vec<bool> {
    let rows = function.pool.iter();
    rows.map(|(_, row)| ignores_frames(&world.objects[row.handle as usize]).unwrap_or(false))
        .collect()
}

fn ignores_frames(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(class) = object.cast_exact::<PyType>() {
        // `super()` reads its caller's first argument.
        let static_class = class.getattr("__flags__")?.extract::<u64>()? & HEAP_TYPE == 0;
        return Ok(static_class && !class.is(object.py().get_type::<PySuper>()));
    }
    if is_method_of_class(object) {
        return Ok(true);
    }
    if object.cast::<PyCFunction>().is_err() {
        return Ok(false);
    }
    let owner = object.getattr("__self__")?;
    let Ok(module) = owner.cast::<PyModule>() else {
        return Ok(true);
    };
    let module: String = module.name()?.extract()?;
    let name: String = object.getattr("__name__")?.extract()?;
    let looks = MODULES.contains(&module.as_str())
        || module == "builtins" && BUILTINS.contains(&name.as_str());
    Ok(!looks)
}

/// May calls in the function itself look at frames?
pub fn calls_onlookers(function: &Function, harmless: &[bool]) -> bool {
    let is_harmless = |id: ObjectId| harmless.get(id.index()).copied().unwrap_or(false);
    let instrs = function
        .layout
        .iter()
        .flat_map(|&block| &function.block(block).instrs);
    instrs.into_iter().any(|&instr| {
        let instr = function.instr(instr);
        if !matches!(instr.op, Op::CallObject(_)) {
            return false;
        }
        let callable = instr.args.first().map(|&id| function.object_behind(id));
        !matches!(
            callable.and_then(|id| function.defining_op(id)),
            Some(Op::ConstObject(object)) if is_harmless(object)
        )
    })
}

/// By `CalleeId`: may the call of that compiled function (of the function itself, if it does) do so?
pub fn onlooking_callees(
    world: &LiveWorld<'_, '_>,
    function: &Function,
    itself: bool,
) -> Vec<bool> {
    let callees = function.callees.iter();
    callees
        .map(|callee| match callee.handle {
            None => itself,
            Some(handle) => world
                .units
                .get(handle as usize)
                .is_some_and(|unit| unit.calls_onlookers),
        })
        .collect()
}
