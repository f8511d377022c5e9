//! Functions the machine code itself needs, beside the helpers that HIR names.
//!
//! One row gives name, parameters, result and contract; `lower` derives the signature from it and
//! the runtime provides the address. Letters: `W` a word of 64 bits (pointer or int), `F` a double,
//! `N` no result. None of them may unwind.

/// A parameter or result of a support function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// 64 bits in an integer register.
    Int,
    /// A double in a float register.
    Float,
}

macro_rules! word {
    (W) => {
        Word::Int
    };
    (F) => {
        Word::Float
    };
}

macro_rules! word_result {
    (N) => {
        None
    };
    ($letter:ident) => {
        Some(word!($letter))
    };
}

macro_rules! define_support {
    ($($variant:ident $name:literal ($($parameter:ident)*) $result:ident $doc:literal;)*) => {
        /// A support function.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Support { $(#[doc = $doc] $variant,)* }

        impl Support {
            /// Every row, in table order.
            pub const ALL: &'static [Support] = &[$(Support::$variant),*];

            /// Name in dumps.
            pub fn name(self) -> &'static str {
                match self { $(Support::$variant => $name,)* }
            }

            /// Parameters.
            pub fn parameters(self) -> &'static [Word] {
                match self { $(Support::$variant => &[$(word!($parameter)),*],)* }
            }

            /// Result.
            pub fn result(self) -> Option<Word> {
                match self { $(Support::$variant => word_result!($result),)* }
            }

            /// The contract.
            pub fn doc(self) -> &'static str {
                match self { $(Support::$variant => $doc,)* }
            }
        }
    };
}

define_support! {
    ExitHandler "exit_handler" (W W W W W) W
        "Thread state, unit, site, words, native frame or NULL (taken over: popped or reused): rebuilds the frames, runs the interpreter; an owned result, or NULL with an exception set. Gives the native code's recursion level back while the interpreter runs and takes it again: the caller of the code gives it back in the end.";
    NextEntry "next_entry" (W W W W W) W
        "Unit, callable, args, nargsf, kwnames: a call that the unit's entry stub does not take: another version's stub, or counting, compiling and the plain call; result as a vectorcall.";
    PushFrame "push_frame" (W W) W
        "Thread state, unit: pushes and links a frame of the unit's function (locals and stack empty) and returns it; NULL with an exception set if it cannot.";
    ShowWaiting "show_waiting" (W W W) W
        "Thread state, unit, address of an instruction: as `push_frame`, with the frame standing at the instruction; a set exception stays. NULL without memory, and no exception set for that.";
    PopFrame "pop_frame" (W W) N
        "Thread state, frame: unlinks and frees what `push_frame` gave.";
    ShowLocals "show_locals" (W W W W) N
        "Unit, row of the deopt table's `shown`, words, frame that `push_frame` gave: puts objects for the locals into the frame's slots (free variables are there already).";
    HideLocals "hide_locals" (W W W W) W
        "The same, after the call (an exception may be set): empties the slots again. 1 if native code must leave behind the call, for somebody changed the locals in the frame or began to trace; else 0.";
    MustLeave "must_leave" (W) W
        "Unit: 1 if native code must leave behind a call for the reasons above; else 0.";
    CallVector "call_vector" (W W W W W) W
        "Thread state, callable, argv (argv[-1] may be overwritten), number of all arguments, names of the last ones or NULL: a vectorcall; an owned result, or NULL with an exception set.";
    Dealloc "dealloc" (W) N
        "An object whose count has become 0 and whose death nobody can observe (also items of containers that own plain items only).";
    DeallocFramed "dealloc_framed" (W W W W W) N
        "Thread state, unit, object, address of the native frame word, address of the instruction: as `dealloc`, but any code may run: pushes a frame first if the word is 0 (and stores it there), sets the frame's instruction, keeps a set exception.";
    DropIsSilent "drop_is_silent" (W) W
        "An object with one reference: 1 if dropping it runs no code anyone could observe, else 0.";
    BoxI64 "box_i64" (W) W "A new or cached `int`, owned; aborts when out of memory.";
    BoxU64 "box_u64" (W) W "A new or cached `int` of 64 bits without sign, owned; aborts when out of memory.";
    BoxF64 "box_f64" (F) W "A new `float`, owned; aborts when out of memory.";
    UnboxI64 "unbox_i64" (W W) W
        "An exact `int`, address of a word: writes its value there and returns 1 if it fits in 64 bits with sign, else 0.";
    UnboxU64 "unbox_u64" (W W) W
        "An exact `int`, address of a word: writes its value there and returns 1 if it is in 0 .. 2**64-1, else 0.";
    UnboxResult "unbox_result" (W W W) W
        "An owned object, wanted form (0 int of 64 bits with sign, 1 without sign, 2 float, 3 bool), address of a word: if the object is exactly that, writes its value there (a float's bits; a bool's 0 or 1), drops it and returns 1, else 0 and the object stays owned.";
    ListAppend "list_append" (W W) W
        "List, item (a reference is added): appends, growing the list; 0, or -1 with MemoryError.";
    ListPopLast "list_pop_last" (W) W
        "A list that is not empty: `list.pop()`, shrinking its storage; the item, owned.";
    CheckStack "check_stack" (W) W
        "Thread state: refills the stack cell for the current thread; 1 if the C stack has room, else 0.";
    RevalidateGlobals "revalidate_globals" (W W) W
        "Unit, number of the namespace: 1 if every value the code relies on still holds (and the block is brought up to date), else 0.";
    ReadChar "read_char" (W W) W "A `str`, index in bounds: the code point there.";
    IntPow "int_pow" (W W W) W
        "Base, exponent >= 0, address of a word: writes `base ** exponent` there and returns 1 if it fits in 64 bits with sign, else 0.";
    FloatFloorDiv "float_floordiv" (F F) F "`a // b` of two floats by CPython's algorithm, b not 0.";
    FloatMod "float_mod" (F F) F "`a % b` of two floats by CPython's algorithm, b not 0.";
    FloatPow "float_pow" (F F) F "`a ** b` of two floats where the result is certain; nan where the interpreter must decide.";
    CheckReference "check_reference" (W) N
        "An object: stops the process with a message if it is no live one (stress mode `refcheck`).";
    CurrentFrame "current_frame" (W) W
        "Thread state: the frame of the interpreter that runs; what code that runs in place takes for its own.";
    FloatPowRarely "float_pow_rarely" (F F) F "`FloatPow` off the usual way: the call keeps all registers.";
}
