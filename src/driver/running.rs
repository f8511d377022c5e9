//! A running frame as the compiler sees it: what to observe of it, and how native code gets what it holds.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyTuple};

use super::compile::{Compiled, Param};
use super::observe::{class_of, is_of_class, observe};
use super::waiting::{Generators, Numbers, widen_shared};
use crate::bytecode::{CodeBytes, LocalKind};
use crate::feedback::Fact;
use crate::hir::{IntRange, Repr, Type};
use crate::lift::{EntryIterator, EntryPoint, EntrySlot};
use crate::runtime::helpers::int_value;
use crate::runtime::osr::{self, Entering, SlotPlan, Slots};

/// Classes that have no name in the C API or are compared by identity.
struct Classes {
    cell: Py<PyAny>,
    range_iterator: Py<PyAny>,
    /// Iterators of sequences, and of what.
    sequences: Vec<(Py<PyAny>, Type)>,
    enumerate: Py<PyAny>,
    zip: Py<PyAny>,
}

fn classes(py: Python<'_>) -> PyResult<&'static Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        let eval = |text: &std::ffi::CStr| -> PyResult<Py<PyAny>> {
            Ok(py.eval(text, None, None)?.unbind())
        };
        Ok(Classes {
            cell: eval(c"type((lambda x: lambda: x)(0).__closure__[0])")?,
            range_iterator: eval(c"type(iter(range(0)))")?,
            sequences: vec![
                (eval(c"type(iter([]))")?, Type::LIST),
                (eval(c"type(iter(()))")?, Type::TUPLE),
                (eval(c"type(iter(b''))")?, Type::BYTES),
                (eval(c"type(iter(bytearray()))")?, Type::BYTEARRAY),
                (eval(c"type(iter(''))")?, Type::STR),
                (eval(c"type(iter('\\u1234'))")?, Type::STR),
            ],
            enumerate: eval(c"type(enumerate(()))")?,
            zip: eval(c"type(zip())")?,
        })
    })
}

/// An iterator taken apart. It is not changed.
pub enum Pieces<'py> {
    Range {
        next: i64,
        stop: i64,
        step: i64,
    },
    Sequence {
        sequence: Bound<'py, PyAny>,
        index: i64,
        class: Type,
    },
    Enumerate {
        count: i64,
        inner: Box<Pieces<'py>>,
    },
    Zip(Vec<Pieces<'py>>),
}

/// Takes an iterator apart if it is one that can be, and nobody but its `holders` has it. The state comes from
/// `__reduce__`, which these classes have for pickling.
pub fn pieces<'py>(object: &Bound<'py, PyAny>, holders: isize) -> Option<Pieces<'py>> {
    let py = object.py();
    let classes = classes(py).ok()?;
    if osr::holders(object) != holders {
        return None;
    }
    let class = object.get_type();
    let sequence = classes
        .sequences
        .iter()
        .find(|row| class.is(&row.0))
        .map(|row| row.1);
    let is_range = class.is(&classes.range_iterator);
    let is_enumerate = class.is(&classes.enumerate);
    if sequence.is_none() && !is_range && !is_enumerate && !class.is(&classes.zip) {
        return None;
    }
    let state = object.call_method0("__reduce__").ok()?;
    let state = state.cast_exact::<PyTuple>().ok()?;
    let arguments = state.get_item(1).ok()?;
    let arguments = arguments.cast_exact::<PyTuple>().ok()?;
    let third = || -> Option<i64> {
        let index = state.get_item(2).ok()?;
        if index.is_none() {
            None
        } else {
            index.extract().ok()
        }
    };
    if is_range {
        let range = arguments.get_item(0).ok()?;
        let part = |name: &str| -> Option<i64> { range.getattr(name).ok()?.extract().ok() };
        let (start, stop, step) = (part("start")?, part("stop")?, part("step")?);
        let next = third()
            .unwrap_or(0)
            .checked_mul(step)
            .and_then(|passed| start.checked_add(passed))?;
        return Some(Pieces::Range { next, stop, step });
    }
    if let Some(class) = sequence {
        let sequence = arguments.get_item(0).ok()?;
        // An iterator at its end has forgotten its sequence. (Iterators of subclasses' instances are the same
        // ones; those stay objects.)
        let index = third().filter(|index| *index >= 0)?;
        if !is_of_class(&sequence, class) {
            return None;
        }
        return Some(Pieces::Sequence {
            sequence,
            index,
            class,
        });
    }
    if is_enumerate {
        let inner = arguments.get_item(0).ok()?;
        let count = arguments.get_item(1).ok()?.extract().ok()?;
        let inner = Box::new(pieces(&inner, 3)?);
        if matches!(*inner, Pieces::Enumerate { .. } | Pieces::Zip(_)) {
            return None;
        }
        return Some(Pieces::Enumerate { count, inner });
    }
    if state.len() != 2 {
        // A strict zip.
        return None;
    }
    let mut inner = Vec::new();
    for item in arguments.iter() {
        let item = pieces(&item, 2)?;
        if matches!(item, Pieces::Enumerate { .. } | Pieces::Zip(_)) {
            return None;
        }
        inner.push(item);
    }
    Some(Pieces::Zip(inner))
}

/// Bounds worth assuming of an int that was seen: its sign, and one digit. They must hold for the ints
/// of later entries too.
fn bounds(value: i64) -> IntRange {
    let wide = i128::from(value);
    let low = if value >= 0 {
        0
    } else if value == -1 {
        -1
    } else if wide >= IntRange::COMPACT.low {
        IntRange::COMPACT.low
    } else {
        IntRange::I64.low
    };
    let high = if wide <= IntRange::COMPACT.high {
        IntRange::COMPACT.high
    } else {
        IntRange::I64.high
    };
    IntRange::new(low, high)
}

impl Pieces<'_> {
    /// What is worth knowing of it.
    pub fn entry(&self) -> EntryIterator {
        match self {
            Pieces::Range { next, stop, step } => EntryIterator::Range {
                next: bounds(*next),
                stop: bounds(*stop),
                step: *step,
            },
            Pieces::Sequence { sequence, .. } => EntryIterator::Sequence(observe(sequence)),
            Pieces::Enumerate { inner, .. } => EntryIterator::Enumerate(Box::new(inner.entry())),
            Pieces::Zip(inner) => EntryIterator::Zip(inner.iter().map(Pieces::entry).collect()),
        }
    }
}

/// What a frame at the header holds.
pub fn observe_frame<'py>(
    bytes: &CodeBytes,
    offset: u32,
    (locals, stack): &Slots<'py>,
    generators: &Generators<'py>,
) -> EntryPoint {
    let mut numbers = Numbers::default();
    let mut taken = |object: &Bound<'py, PyAny>| generators.entry(object, &mut numbers);
    let locals = locals
        .iter()
        .zip(&bytes.localsplus)
        .map(|(object, local)| match object {
            _ if local.kind == LocalKind::Free => EntrySlot::Free,
            None => EntrySlot::Null,
            Some(object) if local.kind == LocalKind::Cell && is_cell(object) => {
                let contents = object.getattr("cell_contents");
                EntrySlot::Cell(contents.map_or_else(|_| Fact::default(), |value| observe(&value)))
            }
            Some(object) => taken(object).unwrap_or_else(|| EntrySlot::Value(observe(object))),
        })
        .collect();
    let stack = stack
        .iter()
        .map(|object| match object {
            None => EntrySlot::Null,
            Some(object) => match (taken(object), pieces(object, 2)) {
                (Some(slot), _) => slot,
                (None, Some(pieces)) => EntrySlot::Iterator(pieces.entry()),
                (None, None) => EntrySlot::Value(observe(object)),
            },
        })
        .collect();
    EntryPoint {
        offset,
        locals,
        stack,
    }
}

/// Is it the cell of a variable?
pub fn is_cell(object: &Bound<'_, PyAny>) -> bool {
    classes(object.py()).is_ok_and(|classes| object.get_type().is(&classes.cell))
}

/// Adds to what is expected of a frame what an earlier one had.
pub fn widen(point: &mut EntryPoint, other: &EntryPoint) {
    let slots = point.locals.iter_mut().chain(&mut point.stack);
    widen_slots(slots.zip(other.locals.iter().chain(&other.stack)));
}

/// The same, slot by slot.
pub fn widen_slots<'a>(slots: impl Iterator<Item = (&'a mut EntrySlot, &'a EntrySlot)>) {
    for (mine, theirs) in slots {
        match (mine, theirs) {
            (EntrySlot::Shared(_, Some(mine)), EntrySlot::Shared(_, Some(theirs))) => {
                widen_shared(mine, theirs);
            }
            (EntrySlot::Value(mine), EntrySlot::Value(theirs))
            | (EntrySlot::Cell(mine), EntrySlot::Cell(theirs)) => mine.absorb(theirs),
            (EntrySlot::Iterator(mine), EntrySlot::Iterator(theirs)) => {
                widen_iterator(mine, theirs);
            }
            _ => {}
        }
    }
}

/// Adds to what is expected of an iterator what an earlier one had.
pub fn widen_iterator(mine: &mut EntryIterator, theirs: &EntryIterator) {
    match (mine, theirs) {
        (
            EntryIterator::Range { next, stop, .. },
            EntryIterator::Range {
                next: next_before,
                stop: stop_before,
                ..
            },
        ) => {
            for (range, before) in [(next, next_before), (stop, stop_before)] {
                let low = range.low.min(before.low);
                *range = IntRange::new(low, range.high.max(before.high));
            }
        }
        (EntryIterator::Sequence(mine), EntryIterator::Sequence(theirs))
            if mine.ty == theirs.ty =>
        {
            mine.absorb(theirs);
        }
        (EntryIterator::Enumerate(mine), EntryIterator::Enumerate(theirs)) => {
            widen_iterator(mine, theirs);
        }
        (EntryIterator::Zip(mine), EntryIterator::Zip(theirs)) => {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                widen_iterator(mine, theirs);
            }
        }
        _ => {}
    }
}

/// Collects the arguments of one entry.
pub struct Arguments<'a, 'py> {
    compiled: &'a Compiled,
    objects: Vec<Bound<'py, PyAny>>,
}

impl<'py> Arguments<'_, 'py> {
    /// Adds an argument if it fits its parameter; its number, and whether it is taken as an object.
    pub fn add(&mut self, object: Bound<'py, PyAny>) -> Option<(usize, bool)> {
        let number = self.objects.len();
        let Param {
            ty, repr, range, ..
        } = *self.compiled.params.get(number)?;
        if ty != Type::CELL && ty != Type::OBJECT && !is_of_class(&object, ty) {
            return None;
        }
        let fits = match repr {
            Repr::I64 => {
                int_value(&object).is_some_and(|value| range.low <= value && value <= range.high)
            }
            Repr::U64 => int_value(&object).is_some_and(|value| value >= 0),
            _ => true,
        };
        if !fits {
            return None;
        }
        self.objects.push(object);
        Some((number, repr == Repr::Boxed))
    }

    fn add_int(&mut self, py: Python<'py>, value: i64) -> Option<()> {
        self.add(PyInt::new(py, value).into_any()).map(|_| ())
    }

    /// The same for the pieces of an iterator.
    pub fn add_pieces(
        &mut self,
        py: Python<'py>,
        is: Pieces<'py>,
        want: &EntryIterator,
    ) -> Option<()> {
        match (is, want) {
            (
                Pieces::Range { next, stop, step },
                EntryIterator::Range {
                    step: wanted_step, ..
                },
            ) if step == *wanted_step => {
                self.add_int(py, next)?;
                self.add_int(py, stop)
            }
            (
                Pieces::Sequence {
                    sequence,
                    index,
                    class,
                },
                EntryIterator::Sequence(fact),
            ) if class == fact.ty => {
                self.add(sequence)?;
                self.add_int(py, index)
            }
            (Pieces::Enumerate { count, inner }, EntryIterator::Enumerate(wanted)) => {
                self.add_int(py, count)?;
                self.add_pieces(py, *inner, wanted)
            }
            (Pieces::Zip(inner), EntryIterator::Zip(wanted)) if inner.len() == wanted.len() => {
                for (inner, wanted) in inner.into_iter().zip(wanted) {
                    self.add_pieces(py, inner, wanted)?;
                }
                Some(())
            }
            _ => None,
        }
    }
}

/// How to enter the code with this frame; `None` if it does not fit. `assigned` says which locals the loop
/// changes.
pub fn enter<'py>(
    py: Python<'py>,
    compiled: &Compiled,
    point: &EntryPoint,
    assigned: &[bool],
    (locals, stack): Slots<'py>,
    generators: &Generators<'py>,
) -> Option<Entering<'py>> {
    if locals.len() != point.locals.len() || stack.len() != point.stack.len() {
        return None;
    }
    let mut arguments = Arguments {
        compiled,
        objects: Vec::with_capacity(compiled.params.len()),
    };
    let mut plans = Vec::with_capacity(locals.len() + stack.len());
    let mut numbers = Numbers::default();
    let wanted = point.locals.iter().chain(&point.stack);
    for (slot, (object, wanted)) in locals.into_iter().chain(stack).zip(wanted).enumerate() {
        let changes = assigned.get(slot).copied().unwrap_or(false);
        let plan = match (object, wanted) {
            (_, EntrySlot::Free) | (None, EntrySlot::Null) => SlotPlan::Stays,
            (Some(object), EntrySlot::Cell(_)) if !is_cell(&object) => return None,
            (Some(object), EntrySlot::Value(_) | EntrySlot::Cell(_)) => {
                match arguments.add(object)? {
                    (number, true) => SlotPlan::Taken(number),
                    (_, false) => SlotPlan::Kept {
                        unchanged: !changes,
                    },
                }
            }
            (Some(object), EntrySlot::Shared(number, wanted)) => {
                let wanted = (*number, wanted.as_ref());
                generators.add(&mut arguments, &object, wanted, &mut numbers)?;
                SlotPlan::Kept { unchanged: false }
            }
            (Some(object), EntrySlot::Iterator(wanted)) => {
                arguments.add_pieces(py, pieces(&object, 2)?, wanted)?;
                SlotPlan::Kept { unchanged: false }
            }
            _ => return None,
        };
        plans.push(plan);
    }
    if arguments.objects.len() != compiled.params.len() {
        return None;
    }
    let boxed = compiled
        .params
        .iter()
        .map(|param| param.repr == Repr::Boxed)
        .collect();
    Some(Entering {
        unit: compiled.unit.clone(),
        arguments: arguments.objects,
        boxed,
        slots: plans,
    })
}

/// The classes of a frame's variables, for the log.
pub fn describe(bytes: &CodeBytes, (locals, _): &Slots<'_>) -> String {
    let rows = bytes.localsplus.iter().zip(locals);
    let rows = rows.filter_map(|(local, object)| {
        let object = object.as_ref()?;
        Some(format!("{} {}", local.name, class_of(object)))
    });
    rows.collect::<Vec<_>>().join(", ")
}
