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

/// A class of instances, in the driver's numbering.
pub type ClassKey = u32;

/// The classes of instances that were seen, up to four.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SeenClasses {
    keys: [ClassKey; 4],
    count: u8,
    more: bool,
}

impl SeenClasses {
    /// That class alone.
    pub fn of(key: ClassKey) -> SeenClasses {
        let mut seen = SeenClasses::default();
        seen.add(key);
        seen
    }

    /// Adds one.
    pub fn add(&mut self, key: ClassKey) {
        if self.list().contains(&key) {
            return;
        }
        match self.keys.get_mut(usize::from(self.count)) {
            Some(place) => {
                *place = key;
                self.count += 1;
            }
            None => self.more = true,
        }
    }

    /// Adds those of another observation.
    pub fn absorb(&mut self, other: &SeenClasses) {
        other.list().iter().for_each(|&key| self.add(key));
        self.more |= other.more;
    }

    /// In order of their first sight.
    pub fn list(&self) -> &[ClassKey] {
        &self.keys[..usize::from(self.count)]
    }

    /// There were more than four.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// The one class, if there was only one.
    pub fn single(&self) -> Option<ClassKey> {
        match self.list() {
            [only] if !self.more => Some(*only),
            _ => None,
        }
    }
}

/// A fact that several values share, for the items of one container.
pub type SharedFact = Rc<RefCell<Fact>>;

/// Number of a code object that functions were seen with.
pub type FunctionCodeKey = u32;

/// Which code functions were seen with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SeenCode {
    /// No function, or one that cannot be taken by its code.
    #[default]
    Nothing,
    /// Always this.
    One(FunctionCodeKey),
    /// Different ones.
    Several,
}

/// A profile of a value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Classes seen; empty when nothing is known.
    pub ty: Type,
    /// Width of the ints seen.
    pub int: IntClass,
    /// Keys of a dict.
    pub keys: Option<SharedFact>,
    /// Items of a list, tuple or set, values of a dict.
    pub items: Option<SharedFact>,
    /// Type code of an `array.array`.
    pub array: Option<Container>,
    /// Classes of instances (of type `OTHER`).
    pub classes: SeenClasses,
    /// Code of functions.
    pub code: SeenCode,
}

impl Default for Fact {
    fn default() -> Self {
        Fact {
            ty: Type::EMPTY,
            int: IntClass::Unknown,
            keys: None,
            items: None,
            array: None,
            classes: SeenClasses::default(),
            code: SeenCode::Nothing,
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
        self.classes.absorb(&other.classes);
        self.code = match (self.code, other.code) {
            (SeenCode::Nothing, code) | (code, SeenCode::Nothing) => code,
            (mine, theirs) if mine == theirs => mine,
            _ => SeenCode::Several,
        };
        absorb_shared(&mut self.keys, &other.keys);
        absorb_shared(&mut self.items, &other.items);
        if self.array.is_none() {
            self.array = other.array;
        }
    }
}

fn absorb_shared(mine: &mut Option<SharedFact>, theirs: &Option<SharedFact>) {
    if mine.is_none() {
        mine.clone_from(theirs);
    } else if let (Some(mine), Some(theirs)) = (mine, theirs)
        && !Rc::ptr_eq(mine, theirs)
    {
        // A container that holds itself is on the way already: nothing new comes of it.
        if let (Ok(theirs), Ok(mut mine)) = (theirs.try_borrow(), mine.try_borrow_mut()) {
            mine.absorb(&theirs);
        }
    }
}
