//! The two axes of a value: [`Type`], a set of exact Python classes, and [`Repr`], how the
//! machine holds it; plus [`IntRange`] for ints.
//!
//! A type is asked only for subset, union and intersection. Subclasses of a builtin class are
//! `OTHER`: `INT` means `type(x) is int`. `BOOL` is not part of `INT`.

/// A set of exact Python classes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type(u32);

macro_rules! define_classes {
    ($($name:ident $bit:literal $text:literal;)*) => {
        impl Type {
            $(#[doc = concat!("Exactly `", $text, "`.")] pub const $name: Type = Type(1 << $bit);)*
            /// Name and type of every single class.
            pub const CLASSES: &'static [(&'static str, Type)] = &[$(($text, Type::$name)),*];
        }
    };
}

define_classes! {
    NONE 0 "None";
    BOOL 1 "Bool";
    INT 2 "Int";
    FLOAT 3 "Float";
    STR 4 "Str";
    BYTES 5 "Bytes";
    BYTEARRAY 6 "ByteArray";
    LIST 7 "List";
    TUPLE 8 "Tuple";
    DICT 9 "Dict";
    SET 10 "Set";
    RANGE 11 "Range";
    ARRAY 12 "Array";
    FUNCTION 13 "Function";
    BUILTIN 14 "Builtin";
    CLASS 15 "Class";
    CELL 16 "Cell";
    MODULE 17 "Module";
    OTHER 18 "Other";
    FROZENSET 19 "FrozenSet";
    DICT_KEYS 20 "DictKeys";
    DICT_VALUES 21 "DictValues";
    DICT_ITEMS 22 "DictItems";
    KEY_ITERATOR 23 "KeyIterator";
    VALUE_ITERATOR 24 "ValueIterator";
    ITEM_ITERATOR 25 "ItemIterator";
    SET_ITERATOR 26 "SetIterator";
}

impl Type {
    /// No value at all: unreachable code.
    pub const EMPTY: Type = Type(0);
    /// Any Python object.
    pub const OBJECT: Type = Type((1 << 27) - 1);
    /// What arithmetic works on without running Python code.
    pub const NUMBER: Type = Type(Type::BOOL.0 | Type::INT.0 | Type::FLOAT.0);
    /// Objects whose death nobody can observe.
    pub const PLAIN: Type = Type(
        Type::NUMBER.0
            | Type::NONE.0
            | Type::STR.0
            | Type::BYTES.0
            | Type::BYTEARRAY.0
            | Type::RANGE.0,
    );

    /// Every class of `self` is one of `other`.
    pub fn is_subset(self, other: Type) -> bool {
        self.0 & !other.0 == 0
    }

    /// Classes of either.
    #[must_use]
    pub const fn union(self, other: Type) -> Type {
        Type(self.0 | other.0)
    }

    /// Classes of both.
    #[must_use]
    pub fn intersection(self, other: Type) -> Type {
        Type(self.0 & other.0)
    }

    /// There is no such value.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Exactly one class.
    pub fn is_single(self) -> bool {
        self.0.count_ones() == 1
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Type::OBJECT => return write!(f, "Object"),
            Type::EMPTY => return write!(f, "Empty"),
            _ => {}
        }
        let mut first = true;
        for (name, class) in Type::CLASSES {
            if class.is_subset(*self) {
                if !first {
                    write!(f, "|")?;
                }
                write!(f, "{name}")?;
                first = false;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Type {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "Object" => return Ok(Type::OBJECT),
            "Empty" => return Ok(Type::EMPTY),
            _ => {}
        }
        let mut result = Type::EMPTY;
        for part in text.split('|') {
            let class = Type::CLASSES.iter().find(|(name, _)| *name == part);
            let (_, class) = class.ok_or_else(|| format!("unknown type `{part}`"))?;
            result = result.union(*class);
        }
        Ok(result)
    }
}

/// How the machine holds a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Repr {
    /// A `PyObject*` (NULL only where an op says so).
    Boxed,
    /// A Python int in -2**63 .. 2**63-1.
    I64,
    /// A Python int in 0 .. 2**64-1.
    U64,
    /// A Python float.
    F64,
    /// A Python bool, 0 or 1.
    Bool,
    /// A raw machine pointer; never in a frame state.
    Ptr,
}

impl Repr {
    /// Name in the text format.
    pub fn name(self) -> &'static str {
        match self {
            Repr::Boxed => "boxed",
            Repr::I64 => "i64",
            Repr::U64 => "u64",
            Repr::F64 => "f64",
            Repr::Bool => "bool",
            Repr::Ptr => "ptr",
        }
    }

    /// All representations.
    pub const ALL: [Repr; 6] = [
        Repr::Boxed,
        Repr::I64,
        Repr::U64,
        Repr::F64,
        Repr::Bool,
        Repr::Ptr,
    ];

    /// The type of a value that is held this way when nothing more is known.
    pub fn widest_type(self) -> Type {
        match self {
            Repr::Boxed => Type::OBJECT,
            Repr::I64 | Repr::U64 => Type::INT,
            Repr::F64 => Type::FLOAT,
            Repr::Bool => Type::BOOL,
            Repr::Ptr => Type::EMPTY,
        }
    }

    /// The range of a value that is held this way when nothing more is known.
    pub fn full_range(self) -> IntRange {
        match self {
            Repr::I64 => IntRange::I64,
            Repr::U64 => IntRange::U64,
            Repr::Bool => IntRange { low: 0, high: 1 },
            Repr::Boxed | Repr::F64 | Repr::Ptr => IntRange::ANY,
        }
    }
}

impl std::str::FromStr for Repr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Repr::ALL
            .into_iter()
            .find(|repr| repr.name() == text)
            .ok_or_else(|| format!("unknown representation `{text}`"))
    }
}

/// An inclusive range of Python ints. Immutable; knows nothing of IR.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IntRange {
    /// Least possible value.
    pub low: i128,
    /// Greatest possible value.
    pub high: i128,
}

impl IntRange {
    /// What `Repr::I64` can hold.
    pub const I64: IntRange = IntRange {
        low: i64::MIN as i128,
        high: i64::MAX as i128,
    };
    /// Every int: a boxed one is not bounded.
    pub const ANY: IntRange = IntRange {
        low: i128::MIN,
        high: i128::MAX,
    };
    /// What `Repr::U64` can hold.
    pub const U64: IntRange = IntRange {
        low: 0,
        high: u64::MAX as i128,
    };
    /// One-digit ints of CPython (30-bit digits).
    pub const COMPACT: IntRange = IntRange {
        low: -((1 << 30) - 1),
        high: (1 << 30) - 1,
    };
    /// What a container's length can be.
    pub const LENGTH: IntRange = IntRange {
        low: 0,
        high: (1 << 60) - 1,
    };
    /// A byte.
    pub const BYTE: IntRange = IntRange { low: 0, high: 255 };

    /// `low ..= high`.
    pub fn new(low: i128, high: i128) -> IntRange {
        debug_assert!(low <= high);
        IntRange { low, high }
    }

    /// Only `value`.
    pub fn constant(value: i128) -> IntRange {
        IntRange {
            low: value,
            high: value,
        }
    }

    /// The one value, if there is only one.
    pub fn as_constant(self) -> Option<i128> {
        (self.low == self.high).then_some(self.low)
    }

    /// Every value of `self` lies in `other`.
    pub fn is_within(self, other: IntRange) -> bool {
        self.low >= other.low && self.high <= other.high
    }

    /// Smallest range with both.
    #[must_use]
    pub fn union(self, other: IntRange) -> IntRange {
        IntRange {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// Values of both; `None` when there are none.
    pub fn intersection(self, other: IntRange) -> Option<IntRange> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        (low <= high).then_some(IntRange { low, high })
    }
}
