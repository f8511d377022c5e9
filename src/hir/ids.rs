//! Typed indices into the tables of a [`super::Function`].
//!
//! Every reference inside HIR is one of these; their `Display` is the text format.

macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id of table row `index`.
            pub fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("table with more than 2**32 rows"))
            }

            /// The row of the table.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// Row 0.
            pub const FIRST: Self = Self(0);

            /// What the text format writes before the number.
            pub const PREFIX: &'static str = $prefix;
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }
    )*};
}

define_ids! {
    /// An SSA value.
    ValueId "v";
    /// A basic block.
    BlockId "block";
    /// A row of the instruction arena.
    InstrId "i";
    /// A frame state.
    FrameStateId "fs";
    /// A Python object in the compilation's pool.
    ObjectId "o";
    /// A code object taking part in the compilation: 0 is the function itself, others are inlined.
    CodeId "code";
    /// A compiled function that generated code calls directly.
    CalleeId "callee";
    /// A pair of global and builtin namespaces whose contents the code relies on.
    NamespaceId "ns";
    /// A class of instances, as it was when the code was compiled.
    ClassId "class";
}
