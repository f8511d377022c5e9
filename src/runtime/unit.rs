//! A compiled unit: machine code, its deopt table and everything the code refers to.
//!
//! Invariants: a unit's address never changes (machine code holds it); it is freed only when no
//! activation can be inside, which is when its record dies (whoever calls a function keeps it alive)
//! or never was entered. Objects of the pool and the code objects are owned, so nothing baked into
//! the code dangles; the function itself is borrowed, for its record must not keep it alive.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use pyo3::ffi::{PyFunctionObject, PyObject};
use pyo3::prelude::*;

use super::code_memory::{self, CodeBlock};
use super::entry::{EntryRecord, Target};
use super::held::Held;
use super::native_stack;
use crate::abi::CodeId;
use crate::abi::deopt_table::{DeoptTable, ExitSite};
use crate::abi::entry::EntryShape;
use crate::abi::layout::EntryCheck;
use crate::ffi::CodeObject;

/// What a unit tells its owner.
pub trait UnitOwner {
    /// An exit was taken. `operands` are those on top of the operand stack, the topmost first.
    fn left(&self, unit: &Unit, site: usize, operands: &[Option<Bound<'_, PyAny>>]);
}

/// A function whose frames a unit may have to build.
pub struct UnitFunction {
    /// Borrowed for the unit's own function, else kept by `keep`.
    pub function: *mut PyFunctionObject,
    /// The code the unit was compiled from.
    pub code: *mut CodeObject,
    /// Code unit of its RETURN_GENERATOR, if it is a generator's.
    pub made_at: Option<u32>,
}

/// A name whose value was assumed.
pub struct Assumption {
    /// The name, a `str`.
    pub name: Py<PyAny>,
    /// Identity of the value.
    pub value: *mut PyObject,
}

/// Globals and builtins a unit relies on; see `abi::layout::namespace_block`.
pub struct Namespace {
    /// The words generated code reads: `abi::layout::namespace_block`, then a value per row of `read`.
    pub block: Box<[u64]>,
    /// What must hold.
    pub assumptions: Vec<Assumption>,
    /// Names, each a `str`, whose values are read when the code runs. The code does not own the values.
    pub read: Vec<Py<PyAny>>,
    /// Whether changes are noticed; else every guard compares the values.
    pub watched: bool,
}

/// See the module.
pub struct Unit {
    /// How it leaves.
    pub table: OnceCell<DeoptTable>,
    /// By row of the compilation's function table; absent ones are not inlined here.
    pub functions: Vec<Option<UnitFunction>>,
    /// By `ObjectId`.
    pub objects: Vec<*mut PyObject>,
    /// By `NamespaceId`.
    pub namespaces: Vec<Namespace>,
    /// Address of the body; what callers load.
    pub body: Box<Cell<usize>>,
    /// Bytes of stack an activation takes, as a power of two; read by machine code.
    pub frame_shift: Box<Cell<u64>>,
    /// The machine code; empty until installed.
    pub block: Cell<Option<CodeBlock>>,
    /// What calls from outside must be like.
    pub shape: OnceCell<EntryShape>,
    /// Address of the entry stub; 0 while there is none, see `first_calls`.
    pub entry: Cell<usize>,
    /// Its machine code.
    pub stub: Cell<Option<CodeBlock>>,
    /// The version that gets the calls which do not fit, or NULL.
    pub next_unit: Cell<*const Unit>,
    /// Without one: the part of the runtime that gets them.
    pub next: Cell<Target>,
    /// The entry of its function; not read where nothing enters by the stub.
    pub record: *const EntryRecord,
    /// References that keep the above alive.
    pub keep: Held,
    /// Compiled functions called directly.
    pub callees: Vec<Rc<Unit>>,
    /// It runs in place of a frame of the interpreter, see `in_place`.
    pub in_place: bool,
    /// When such a unit was entered last, and how long its code ran until it left: without the entry and what
    /// leaving takes.
    pub entered: Cell<Option<Instant>>,
    /// See `entered`.
    pub stayed: Cell<Duration>,
    /// Whether code that may look at frames is called from here, directly or by a callee.
    pub calls_onlookers: bool,
    /// Who is told.
    pub owner: RefCell<Option<Weak<dyn UnitOwner>>>,
    /// Exits taken so far.
    pub exits: Cell<u64>,
    /// Calls from outside that ran the body.
    pub entries: Box<Cell<u64>>,
    /// Code objects of `functions` and of all callees.
    pub codes: OnceCell<Vec<*mut CodeObject>>,
    /// Rows of the driver's function table, by `CodeId`.
    pub code_keys: Vec<u32>,
}

impl Unit {
    /// The address generated code passes to support functions.
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// Conditions of entering that concern the code run by this unit, inlined and called code included: no
    /// tool watches it alone.
    pub fn entry_checks(&self) -> Vec<EntryCheck> {
        self.codes()
            .iter()
            // SAFETY: the unit and its callees keep the code objects alive as long as its machine code
            // exists.
            .flat_map(|&code| unsafe { super::layout::entry_checks_of_code(code) })
            .collect()
    }

    /// Does a tool watch code run by this unit alone, as `entry_checks` ask?
    pub fn is_watched(&self) -> bool {
        // SAFETY: as in `entry_checks`; asked under the GIL.
        let watched = |&code: &*mut CodeObject| unsafe { super::tracing::code_is_monitored(code) };
        cfg!(Py_3_12) && self.codes().iter().any(watched)
    }

    fn codes(&self) -> &[*mut CodeObject] {
        self.codes.get_or_init(|| {
            let (mut codes, mut seen) = (Vec::new(), Vec::new());
            self.add_codes(&mut codes, &mut seen);
            codes
        })
    }

    fn add_codes(&self, codes: &mut Vec<*mut CodeObject>, seen: &mut Vec<u64>) {
        if seen.contains(&self.address()) {
            return;
        }
        seen.push(self.address());
        for function in self.functions.iter().flatten() {
            if !codes.contains(&function.code) {
                codes.push(function.code);
            }
        }
        for callee in &self.callees {
            callee.add_codes(codes, seen);
        }
    }

    /// Lets callers of this unit call a newer one of the same function instead. False if that would not fit what
    /// they were compiled for.
    pub fn redirect(&self, newer: &Unit) -> bool {
        let (Some(shape), Some(new_shape)) = (self.shape.get(), newer.shape.get()) else {
            return false;
        };
        let known = self.codes();
        let fits = shape.params == new_shape.params
            && shape.returns == new_shape.returns
            && self.calls_onlookers == newer.calls_onlookers
            // Callers are not entered while a tool watches what they call.
            && newer.codes().iter().all(|code| known.contains(code));
        if fits {
            self.body.set(newer.body.get());
        }
        fits
    }

    /// Row of the driver's function table of a code object.
    pub fn code_key(&self, code: CodeId) -> Option<u32> {
        self.code_keys.get(code.index()).copied()
    }

    /// The site, if there is such a one.
    pub fn site(&self, site: usize) -> Option<&ExitSite> {
        self.table.get()?.sites.get(site)
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            Python::attach(|py| {
                native_stack::forget(py, block);
                // SAFETY: by the invariant of the module no activation is inside.
                unsafe { code_memory::free(py, block) }
                if let Some(stub) = self.stub.take() {
                    // SAFETY: as above.
                    unsafe { code_memory::free(py, stub) }
                }
            });
        }
    }
}

/// Address of the first code unit of a code object.
pub fn code_start(code: &Bound<'_, pyo3::types::PyCode>) -> u64 {
    let code = code.as_ptr().cast::<CodeObject>();
    // SAFETY: a code object; only the field's address is taken.
    unsafe { (&raw const (*code).co_code_adaptive) as u64 }
}
