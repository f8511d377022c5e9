//! What an object looked like when it was observed, down into containers.

use std::cell::RefCell;
use std::rc::Rc;

use crate::hir::Type;
use crate::hir::attributes::Container;

/// How wide the observed ints were; ordered from narrow to wide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum IntClass {
    /// Nothing observed.
    #[default]
    Unknown,
    /// One digit of 30 bits.
    Compact,
    /// 64 bits and sign.
    Full,
    /// Not negative, and below 2**64.
    Unsigned,
    /// Anything else.
    Big,
}

/// A fact that several values share, for the items of one container.
pub type SharedFact = Rc<RefCell<Fact>>;

/// A profile of a value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Classes seen; empty when nothing is known.
    pub ty: Type,
    /// Width of the ints seen.
    pub int: IntClass,
    /// Items of a list or tuple.
    pub items: Option<SharedFact>,
    /// Type code of an `array.array`.
    pub array: Option<Container>,
}

impl Default for Fact {
    fn default() -> Self {
        Fact {
            ty: Type::EMPTY,
            int: IntClass::Unknown,
            items: None,
            array: None,
        }
    }
}

impl Fact {
    /// Of these classes, nothing more.
    pub fn of(ty: Type) -> Fact {
        Fact {
            ty,
            ..Fact::default()
        }
    }

    /// An int of that width.
    pub fn int(class: IntClass) -> Fact {
        Fact {
            ty: Type::INT,
            int: class,
            ..Fact::default()
        }
    }

    /// Nothing was seen.
    pub fn is_unknown(&self) -> bool {
        self.ty.is_empty()
    }

    /// Adds what another observation saw.
    pub fn absorb(&mut self, other: &Fact) {
        self.ty = self.ty.union(other.ty);
        self.int = self.int.max(other.int);
        if self.items.is_none() {
            self.items.clone_from(&other.items);
        } else if let (Some(mine), Some(theirs)) = (&self.items, &other.items)
            && !Rc::ptr_eq(mine, theirs)
        {
            // A container that holds itself is on the way already: nothing new comes of it.
            if let (Ok(theirs), Ok(mut mine)) = (theirs.try_borrow(), mine.try_borrow_mut()) {
                mine.absorb(&theirs);
            }
        }
        if self.array.is_none() {
            self.array = other.array;
        }
    }
}
