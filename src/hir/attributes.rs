//! Immediate operands of ops. Each prints and parses as one word.

use super::ids::{CalleeId, ClassId, NamespaceId, ObjectId};
use super::types::{IntRange, Repr, Type};
use crate::abi::exit_reason::ExitReason;
use crate::abi::helpers::HelperId;

/// An immediate of an op, written in brackets behind its name.
pub trait Attribute: Sized {
    /// The word in the text format (no comma, no bracket, no space).
    fn print(&self) -> String;
    /// The inverse of [`Attribute::print`].
    fn parse(text: &str) -> Result<Self, String>;
}

macro_rules! define_word_attributes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Name in the text format.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl Attribute for $name {
            fn print(&self) -> String {
                self.name().to_owned()
            }

            fn parse(text: &str) -> Result<Self, String> {
                $name::ALL.iter().copied().find(|item| item.name() == text).ok_or_else(|| {
                    format!("unknown {} `{text}`", stringify!($name))
                })
            }
        }
    )*};
}

define_word_attributes! {
    /// What an int op does when the result leaves 64 bits.
    Overflow {
        /// Leaves to the interpreter.
        Checked "checked";
        /// Proven impossible.
        Never "never";
    }
    /// How int `//` and `%` are computed; all follow Python (floor, sign of the divisor).
    DivMode {
        /// Leaves when the divisor is 0 or the quotient overflows.
        Checked "checked";
        /// The divisor is proven non-zero and the quotient proven to fit.
        Safe "safe";
        /// Proven: dividend >= 0 and divisor > 0, so that plain unsigned division is right.
        Positive "positive";
    }
    /// Comparison of two numbers.
    Cond {
        /// `==`
        Eq "eq";
        /// `!=`
        Ne "ne";
        /// `<`
        Lt "lt";
        /// `<=`
        Le "le";
        /// `>`
        Gt "gt";
        /// `>=`
        Ge "ge";
    }
    /// Which ints `unbox_int` accepts.
    IntWidth {
        /// One-digit ints (30 bits and sign); any other leaves.
        Compact "compact";
        /// All ints of 64 bits and sign; any other leaves.
        Full "full";
    }
    /// A builtin container whose storage native code reads.
    Container {
        /// `list`: boxed items.
        List "list";
        /// `tuple`: boxed items, immutable.
        Tuple "tuple";
        /// `bytes`, immutable.
        Bytes "bytes";
        /// `bytearray`.
        ByteArray "bytearray";
        /// `array.array('b')`
        ArrayI8 "array_b";
        /// `array.array('B')`
        ArrayU8 "array_B";
        /// `array.array('h')`
        ArrayI16 "array_h";
        /// `array.array('H')`
        ArrayU16 "array_H";
        /// `array.array('i')`
        ArrayI32 "array_i";
        /// `array.array('I')`
        ArrayU32 "array_I";
        /// `array.array('l')` or `'q'`: 64 bits
        ArrayI64 "array_q";
        /// `array.array('L')` or `'Q'`: 64 bits
        ArrayU64 "array_Q";
        /// `array.array('f')`
        ArrayF32 "array_f";
        /// `array.array('d')`
        ArrayF64 "array_d";
        /// `str` (only its length).
        Str "str";
    }
    /// A function of one float from the C mathematics library; a result that is not finite leaves,
    /// so that the interpreter raises what it raises.
    MathFunction {
        /// `math.sin`
        Sin "sin";
        /// `math.cos`
        Cos "cos";
        /// `math.tan`
        Tan "tan";
        /// `math.asin`
        Asin "asin";
        /// `math.acos`
        Acos "acos";
        /// `math.atan`
        Atan "atan";
        /// `math.sinh`
        Sinh "sinh";
        /// `math.cosh`
        Cosh "cosh";
        /// `math.tanh`
        Tanh "tanh";
        /// `math.exp`
        Exp "exp";
        /// `math.expm1`
        Expm1 "expm1";
        /// `math.log1p`
        Log1p "log1p";
        /// `math.log` of one argument
        Log "log";
        /// `math.log2`
        Log2 "log2";
        /// `math.log10`
        Log10 "log10";
    }
}

impl Cond {
    /// `a cond b` as `b cond.swapped() a`.
    #[must_use]
    pub fn swapped(self) -> Cond {
        match self {
            Cond::Eq => Cond::Eq,
            Cond::Ne => Cond::Ne,
            Cond::Lt => Cond::Gt,
            Cond::Le => Cond::Ge,
            Cond::Gt => Cond::Lt,
            Cond::Ge => Cond::Le,
        }
    }

    /// `not (a cond b)`; for ints only (nan makes it wrong for floats).
    #[must_use]
    pub fn negated(self) -> Cond {
        match self {
            Cond::Eq => Cond::Ne,
            Cond::Ne => Cond::Eq,
            Cond::Lt => Cond::Ge,
            Cond::Le => Cond::Gt,
            Cond::Gt => Cond::Le,
            Cond::Ge => Cond::Lt,
        }
    }

    /// The comparison of two ints.
    pub fn holds(self, a: i128, b: i128) -> bool {
        match self {
            Cond::Eq => a == b,
            Cond::Ne => a != b,
            Cond::Lt => a < b,
            Cond::Le => a <= b,
            Cond::Gt => a > b,
            Cond::Ge => a >= b,
        }
    }
}

impl Container {
    /// The representation of an item.
    pub fn item_repr(self) -> Repr {
        match self {
            Container::List | Container::Tuple | Container::Str => Repr::Boxed,
            Container::ArrayF32 | Container::ArrayF64 => Repr::F64,
            Container::ArrayU64 => Repr::U64,
            _ => Repr::I64,
        }
    }

    /// The ints an item can be; only for int items.
    pub fn item_range(self) -> IntRange {
        match self {
            Container::Bytes | Container::ByteArray | Container::ArrayU8 => IntRange::BYTE,
            Container::ArrayI8 => IntRange::new(-(1 << 7), (1 << 7) - 1),
            Container::ArrayI16 => IntRange::new(-(1 << 15), (1 << 15) - 1),
            Container::ArrayU16 => IntRange::new(0, (1 << 16) - 1),
            Container::ArrayI32 => IntRange::new(-(1 << 31), (1 << 31) - 1),
            Container::ArrayU32 => IntRange::new(0, (1 << 32) - 1),
            Container::ArrayU64 => IntRange::U64,
            _ => IntRange::I64,
        }
    }

    /// Bytes per item in storage.
    pub fn item_size(self) -> u32 {
        match self {
            Container::Bytes | Container::ByteArray | Container::ArrayI8 | Container::ArrayU8 => 1,
            Container::ArrayI16 | Container::ArrayU16 => 2,
            Container::ArrayI32 | Container::ArrayU32 | Container::ArrayF32 => 4,
            _ => 8,
        }
    }

    /// The exact class.
    pub fn class(self) -> Type {
        match self {
            Container::List => Type::LIST,
            Container::Tuple => Type::TUPLE,
            Container::Bytes => Type::BYTES,
            Container::ByteArray => Type::BYTEARRAY,
            Container::Str => Type::STR,
            _ => Type::ARRAY,
        }
    }

    /// Is it one of `array.array`?
    pub fn is_array(self) -> bool {
        self.class() == Type::ARRAY
    }
}

/// The bits of a float, so that ops compare and hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FloatBits(pub u64);

impl FloatBits {
    /// The float.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for FloatBits {
    fn from(value: f64) -> Self {
        FloatBits(value.to_bits())
    }
}

impl std::fmt::Debug for FloatBits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.value())
    }
}

impl Attribute for FloatBits {
    fn print(&self) -> String {
        let value = self.value();
        if value.is_nan() {
            format!("nan:{:x}", self.0)
        } else {
            format!("{value:?}")
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if let Some(bits) = text.strip_prefix("nan:") {
            return u64::from_str_radix(bits, 16)
                .map(FloatBits)
                .map_err(|error| format!("bad float `{text}`: {error}"));
        }
        text.parse::<f64>()
            .map(FloatBits::from)
            .map_err(|error| format!("bad float `{text}`: {error}"))
    }
}

macro_rules! number_attributes {
    ($($name:ty),*) => {$(
        impl Attribute for $name {
            fn print(&self) -> String {
                self.to_string()
            }

            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error| format!("bad immediate `{text}`: {error}"))
            }
        }
    )*};
}
number_attributes!(i64, u64, bool, u32, Type);

macro_rules! id_attributes {
    ($($name:ty),*) => {$(
        impl Attribute for $name {
            fn print(&self) -> String {
                self.to_string()
            }

            fn parse(text: &str) -> Result<Self, String> {
                text.strip_prefix(<$name>::PREFIX)
                    .and_then(|number| number.parse().ok())
                    .map(<$name>::new)
                    .ok_or_else(|| format!("expected `{}N`, found `{text}`", <$name>::PREFIX))
            }
        }
    )*};
}
id_attributes!(ObjectId, CalleeId, NamespaceId, ClassId);

/// How instances of a class hold an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FieldKind {
    /// A value at this index of the instance's own table, whose order the class knows.
    Value(u32),
    /// A slot at this offset of the object.
    Slot(u32),
}

/// For what the table of an instance's attributes is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TableUse {
    /// To read values.
    Read,
    /// To write values.
    Write,
    /// For slots: the object itself.
    Slots,
}

/// The table of attributes of the instances of a class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldTable {
    /// The class.
    pub class: ClassId,
    /// For what.
    pub wanted: TableUse,
}

/// `class0.read`, `class0.write`, `class0.slots`
impl Attribute for FieldTable {
    fn print(&self) -> String {
        let wanted = match self.wanted {
            TableUse::Read => "read",
            TableUse::Write => "write",
            TableUse::Slots => "slots",
        };
        format!("{}.{wanted}", self.class)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("expected `classN.read`, `.write` or `.slots`, found `{text}`");
        let (class, wanted) = text.split_once('.').ok_or_else(bad)?;
        Ok(FieldTable {
            class: ClassId::parse(class)?,
            wanted: match wanted {
                "read" => TableUse::Read,
                "write" => TableUse::Write,
                "slots" => TableUse::Slots,
                _ => return Err(bad()),
            },
        })
    }
}

/// Where an attribute of the instances of a class is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldPlace {
    /// The class.
    pub class: ClassId,
    /// How its instances hold the attribute.
    pub kind: FieldKind,
    /// Number of the attribute's name (of a slot's offset) in this function: two places with different
    /// numbers are never the same memory.
    pub name: u32,
}

/// `class0.value3.n1`, `class0.slot16.n2`
impl Attribute for FieldPlace {
    fn print(&self) -> String {
        let (kind, number) = match self.kind {
            FieldKind::Value(index) => ("value", index),
            FieldKind::Slot(offset) => ("slot", offset),
        };
        format!("{}.{kind}{number}.n{}", self.class, self.name)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("expected `classN.valueN.nN` or `classN.slotN.nN`, found `{text}`");
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or_else(bad);
        let (class, kind, name) = (part()?, part()?, part()?);
        let number = |text: &str| text.parse().map_err(|_| bad());
        let kind = match (kind.strip_prefix("value"), kind.strip_prefix("slot")) {
            (Some(index), _) => FieldKind::Value(number(index)?),
            (_, Some(offset)) => FieldKind::Slot(number(offset)?),
            _ => return Err(bad()),
        };
        let name = name.strip_prefix('n').ok_or_else(bad)?;
        Ok(FieldPlace {
            class: ClassId::parse(class)?,
            kind,
            name: number(name)?,
        })
    }
}

/// An object that a class, or one of its bases, has under some name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemberPlace {
    /// The class.
    pub class: ClassId,
    /// The object. The class keeps it alive as long as nothing in it changes; the code does not.
    pub object: ObjectId,
}

/// `class0.o1`
impl Attribute for MemberPlace {
    fn print(&self) -> String {
        format!("{}.{}", self.class, self.object)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (class, object) = text
            .split_once('.')
            .ok_or_else(|| format!("expected `classN.oN`, found `{text}`"))?;
        Ok(MemberPlace {
            class: ClassId::parse(class)?,
            object: ObjectId::parse(object)?,
        })
    }
}

/// A name of a namespace whose value is read when the code runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalPlace {
    /// The namespace.
    pub namespace: NamespaceId,
    /// Row of the namespace's table of such names.
    pub row: u32,
}

/// `ns0.3`
impl Attribute for GlobalPlace {
    fn print(&self) -> String {
        format!("{}.{}", self.namespace, self.row)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (namespace, row) = text
            .split_once('.')
            .ok_or_else(|| format!("expected `nsN.ROW`, found `{text}`"))?;
        Ok(GlobalPlace {
            namespace: NamespaceId::parse(namespace)?,
            row: row
                .parse()
                .map_err(|error| format!("bad row `{row}`: {error}"))?,
        })
    }
}

/// `LOW..HIGH`. An end that is a limit of 64 bits is written `min`, `max` or `umax`; one left out
/// is no bound at all.
impl Attribute for IntRange {
    fn print(&self) -> String {
        let end = |value: i128| match value {
            i128::MIN | i128::MAX => String::new(),
            _ if value == i128::from(i64::MIN) => "min".to_owned(),
            _ if value == i128::from(i64::MAX) => "max".to_owned(),
            _ if value == i128::from(u64::MAX) => "umax".to_owned(),
            _ => value.to_string(),
        };
        format!("{}..{}", end(self.low), end(self.high))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let end = |text: &str, missing: i128| match text {
            "" => Some(missing),
            "min" => Some(i64::MIN.into()),
            "max" => Some(i64::MAX.into()),
            "umax" => Some(u64::MAX.into()),
            _ => text.parse().ok(),
        };
        let parts = text
            .split_once("..")
            .and_then(|(low, high)| Some((end(low, i128::MIN)?, end(high, i128::MAX)?)));
        match parts {
            Some((low, high)) if low <= high => Ok(IntRange { low, high }),
            _ => Err(format!("bad range `{text}`: expected `LOW..HIGH`")),
        }
    }
}

/// How `call_object` passes its operands `callable, arguments...`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CallShape {
    /// Names of the last arguments: a constant tuple of `str`, if there are keywords.
    pub keywords: Option<ObjectId>,
}

impl Attribute for CallShape {
    fn print(&self) -> String {
        self.keywords
            .map_or("positional".to_owned(), |names| names.to_string())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let keywords = if text == "positional" {
            None
        } else {
            Some(ObjectId::parse(text)?)
        };
        Ok(CallShape { keywords })
    }
}

impl Attribute for HelperId {
    fn print(&self) -> String {
        self.name().to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        HelperId::from_name(text).ok_or_else(|| format!("unknown runtime helper `{text}`"))
    }
}

impl Attribute for ExitReason {
    fn print(&self) -> String {
        self.name().to_owned()
    }

    fn parse(text: &str) -> Result<Self, String> {
        ExitReason::from_name(text).ok_or_else(|| format!("unknown exit reason `{text}`"))
    }
}
