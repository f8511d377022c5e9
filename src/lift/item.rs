//! What a local variable or a stack slot holds while lifting, and how two such contents join.

use std::rc::Rc;

use crate::hir::{Repr, Slot, Type, ValueId, VirtualObject};

/// Contents of one slot of the abstract frame.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// NULL.
    Null,
    /// A value.
    Value(ValueId),
    /// A value if the flag is true, else NULL.
    ///
    /// The type is what it has when it is bound.
    Maybe(ValueId, ValueId, Type),
    /// An object kept in pieces.
    Virtual(Rc<Virtual>),
    /// An object kept in pieces that several slots may hold: its number in [`super::Frame::heap`].
    Shared(u32),
}

/// An object kept in pieces.
#[derive(Clone, PartialEq, Debug)]
pub enum Virtual {
    /// `range(start, stop, step)`
    Range {
        start: ValueId,
        stop: ValueId,
        step: ValueId,
    },
    /// Its iterator.
    RangeIterator {
        next: ValueId,
        stop: ValueId,
        step: ValueId,
    },
    /// Iterator over a builtin sequence of the class.
    SequenceIterator {
        sequence: ValueId,
        index: ValueId,
        class: Type,
    },
    /// `enumerate`
    Enumerate { count: ValueId, inner: Item },
    /// `zip`
    Zip { inner: Vec<Item> },
}

impl Virtual {
    /// The same in a frame state.
    pub fn to_object(&self) -> VirtualObject {
        match self {
            Virtual::Range { start, stop, step } => VirtualObject::Range {
                start: *start,
                stop: *stop,
                step: *step,
            },
            Virtual::RangeIterator { next, stop, step } => VirtualObject::RangeIterator {
                next: *next,
                stop: *stop,
                step: *step,
            },
            Virtual::SequenceIterator {
                sequence, index, ..
            } => VirtualObject::SequenceIterator {
                sequence: *sequence,
                index: *index,
            },
            Virtual::Enumerate { count, inner } => VirtualObject::Enumerate {
                count: *count,
                inner: inner.to_slot(),
            },
            Virtual::Zip { inner } => VirtualObject::Zip {
                inner: inner.iter().map(Item::to_slot).collect(),
            },
        }
    }
}

/// How a value is held, and what it can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// Representation.
    pub repr: Repr,
    /// Classes.
    pub ty: Type,
    /// An int that was seen beyond 64 bits: it stays an object.
    pub wide: bool,
}

/// What a block parameter for a slot looks like.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// NULL on every way in.
    Null,
    /// A value.
    Value(Form),
    /// A value or NULL.
    Maybe(Form),
    /// Pieces; only the mutable ones become parameters.
    Virtual,
}

impl Item {
    /// The slot of a frame state.
    pub fn to_slot(&self) -> Slot {
        match self {
            Item::Null => Slot::Null,
            Item::Value(value) => Slot::Value(*value),
            Item::Maybe(value, bound, _) => Slot::Maybe {
                value: *value,
                bound: *bound,
            },
            Item::Shared(number) => Slot::Shared(*number),
            Item::Virtual(object) => Slot::Virtual(Box::new(object.to_object())),
        }
    }

    /// Puts the object itself where its pieces are.
    pub fn make_real(&mut self, object: &Rc<Virtual>, value: ValueId) {
        if matches!(self, Item::Virtual(held) if Rc::ptr_eq(held, object)) {
            *self = Item::Value(value);
        }
    }

    /// Replaces a value wherever it occurs.
    pub fn substitute(&mut self, old: ValueId, new: ValueId) {
        match self {
            Item::Value(value) if *value == old => *value = new,
            Item::Maybe(value, ..) if *value == old => *value = new,
            _ => {}
        }
    }
}

/// The one number class of a type, if it is one.
pub fn number_class(ty: Type) -> Option<Type> {
    [Type::INT, Type::FLOAT, Type::BOOL]
        .into_iter()
        .find(|class| ty == *class)
}

/// The form a joined slot gets, from those of the ways in.
pub fn join_form(a: Form, b: Form) -> Form {
    let ty = a.ty.union(b.ty);
    let wide = a.wide || b.wide;
    let boxed = Form {
        repr: Repr::Boxed,
        ty,
        wide,
    };
    if a.repr == b.repr {
        return Form {
            repr: a.repr,
            ty,
            wide,
        };
    }
    if wide || number_class(ty).is_none() {
        return boxed;
    }
    // One class, several representations: the unboxed one; of two unboxed ints the wider use.
    let repr = match (a.repr, b.repr) {
        (Repr::Boxed, other) | (other, Repr::Boxed) => other,
        (Repr::U64, _) | (_, Repr::U64) => Repr::U64,
        (other, _) => other,
    };
    Form { repr, ty, wide }
}

/// As `join_form` for a slot that may be NULL: its value cannot be converted where it is not there, so
/// different forms meet as objects.
fn join_maybe(a: Form, b: Form) -> Form {
    let joined = join_form(a, b);
    if a.repr == b.repr {
        joined
    } else {
        Form {
            repr: Repr::Boxed,
            ..joined
        }
    }
}

/// Joins two shapes; `None` when they have nothing in common.
pub fn join_shape(a: &Shape, b: &Shape) -> Option<Shape> {
    use Shape::{Maybe, Null, Value, Virtual};
    Some(match (a, b) {
        (Null, Null) => Null,
        (Null, Value(form) | Maybe(form)) | (Value(form) | Maybe(form), Null) => Maybe(*form),
        (Value(a), Value(b)) => Value(join_form(*a, *b)),
        (Value(a) | Maybe(a), Value(b) | Maybe(b)) => Maybe(join_maybe(*a, *b)),
        (Virtual, Virtual) => Virtual,
        _ => return None,
    })
}
