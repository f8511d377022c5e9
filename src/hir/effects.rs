//! What an op reads and writes: sets of abstract heaps.
//!
//! Hoisting, CSE, guard elimination and the deopt verifier ask these sets and nothing else.

/// A set of abstract heaps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heaps(u32);

macro_rules! define_heaps {
    ($($name:ident $bit:literal $text:literal $doc:literal;)*) => {
        impl Heaps {
            $(#[doc = $doc] pub const $name: Heaps = Heaps(1 << $bit);)*
            /// Name of every single heap.
            pub const NAMES: &'static [(&'static str, Heaps)] = &[$(($text, Heaps::$name)),*];
        }
    };
}

define_heaps! {
    LIST_SHAPE 0 "list-shape" "Lengths and item pointers of lists.";
    LIST_ITEMS 1 "list-items" "Items of lists.";
    BYTEARRAY_SHAPE 2 "bytearray-shape" "Lengths and storage pointers of bytearrays.";
    BYTEARRAY_ITEMS 3 "bytearray-items" "Bytes of bytearrays.";
    ARRAY_SHAPE 4 "array-shape" "Lengths and storage pointers of `array.array`.";
    ARRAY_ITEMS 5 "array-items" "Items of `array.array`.";
    GLOBALS 6 "globals" "Module and builtin namespaces.";
    CELLS 7 "cells" "Contents of closure cells.";
    OTHER 8 "other" "Everything else: dicts, files, ...";
    CLASSES 9 "classes" "Which class an instance is of, contents of classes, where instances keep their attributes.";
    ATTRIBUTES_0 10 "attributes0" "Attributes of instances, by number of the name modulo 8.";
    ATTRIBUTES_1 11 "attributes1" "As above.";
    ATTRIBUTES_2 12 "attributes2" "As above.";
    ATTRIBUTES_3 13 "attributes3" "As above.";
    ATTRIBUTES_4 14 "attributes4" "As above.";
    ATTRIBUTES_5 15 "attributes5" "As above.";
    ATTRIBUTES_6 16 "attributes6" "As above.";
    ATTRIBUTES_7 17 "attributes7" "As above.";
}

impl Heaps {
    /// No heap.
    pub const NONE: Heaps = Heaps(0);
    /// Every heap: what arbitrary Python code may touch.
    pub const ALL: Heaps = Heaps((1 << 18) - 1);
    /// All attributes of instances.
    pub const ATTRIBUTES: Heaps = Heaps(0xff << 10);

    /// The heap of the attributes whose names have that number: two names never share memory.
    pub const fn attribute(number: u32) -> Heaps {
        Heaps(1 << (10 + number % 8))
    }

    /// What reading a dict or set depends on: a dict may be a namespace, or that of an instance.
    pub const DICT_READS: Heaps =
        Heaps(Heaps::OTHER.0 | Heaps::GLOBALS.0 | Heaps::CLASSES.0 | Heaps::ATTRIBUTES.0);
    /// What storing to a dict may change.
    pub const DICT_WRITES: Heaps = Heaps::DICT_READS;

    /// Heaps of either.
    #[must_use]
    pub const fn union(self, other: Heaps) -> Heaps {
        Heaps(self.0 | other.0)
    }

    /// They share a heap.
    pub const fn overlaps(self, other: Heaps) -> bool {
        self.0 & other.0 != 0
    }

    /// The set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::fmt::Display for Heaps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Heaps::ALL {
            return write!(f, "all");
        }
        if self.is_empty() {
            return write!(f, "-");
        }
        let names: Vec<_> = Heaps::NAMES
            .iter()
            .filter(|(_, heap)| self.overlaps(*heap))
            .map(|row| row.0)
            .collect();
        write!(f, "{}", names.join("+"))
    }
}

/// What one instruction may do besides computing its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effects {
    /// Heaps the result depends on.
    pub reads: Heaps,
    /// Heaps that may change.
    pub writes: Heaps,
    /// May leave to the interpreter, undone: needs an exit frame state.
    pub may_exit: bool,
    /// May raise: needs a throw frame state.
    pub may_raise: bool,
    /// May run arbitrary Python code (then it writes all heaps).
    pub runs_python: bool,
}
