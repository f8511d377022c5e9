//! What generated code must know of the running interpreter: offsets, addresses, shapes.
//!
//! Plain data, filled once per process by the runtime from its verified struct mirrors, and by
//! tests with made-up numbers. Nothing in `lower` asks for a CPython version: it asks this.
//!
//! All offsets are in bytes from the start of the object; all addresses are absolute and valid as
//! long as the process lives.

/// How an `int` object holds its digits (30 bits each).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LongLayout {
    /// 3.11: a signed word, the number of digits with the sign of the value.
    SignedSize {
        /// Offset of the word.
        size: i32,
        /// Offset of the first digit.
        digits: i32,
    },
    /// 3.12+: a word with the sign in its low two bits (0 positive, 1 zero, 2 negative) and the
    /// number of digits above bit 3.
    Tagged {
        /// Offset of the word.
        tag: i32,
        /// Offset of the first digit.
        digits: i32,
    },
}

/// How the current thread state is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreadStateAccess {
    /// A pointer at this address (3.11: `_PyRuntime.gilstate.tstate_current`).
    LoadFrom(u64),
    /// A function without parameters that returns it (3.12+: a thread-local variable).
    Call(u64),
}

/// Where the eval breaker is. Native code leaves when `word & mask` is not 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EvalBreaker {
    /// Start of the path to the word.
    pub base: Base,
    /// Offset of the word from the base.
    pub offset: i32,
    /// Bytes of the word: 4 or 8.
    pub width: u8,
    /// Bits that matter.
    pub mask: u64,
}

/// Where a load starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// The current thread state.
    ThreadState,
    /// An absolute address.
    Absolute(u64),
}

/// What a loaded word is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// This number.
    Constant(u64),
    /// The word (of the same width) at this address.
    Cell(u64),
}

/// A condition for entering native code: no tracer, profiler, monitoring tool, PEP 523 hook.
/// `(load(base, path...) & mask) == expected`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryCheck {
    /// Where the path starts.
    pub base: Base,
    /// Offsets of pointers to follow, before the last offset.
    pub path: Vec<i32>,
    /// Read instead of where the path leads if that is NULL.
    pub stand_in: Option<u64>,
    /// Offset of the word.
    pub offset: i32,
    /// Bytes of the word: 1, 4 or 8.
    pub width: u8,
    /// Bits that matter.
    pub mask: u64,
    /// What they must be.
    pub expected: Expected,
}

/// How a guard on global and builtin namespaces is tested. `AddressProvider::namespace` gives the
/// address of a block of five words owned by the unit: globals dict, builtins dict, the version
/// tags last found good for both, and a word that is 1 while all values hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalsGuard {
    /// Both dicts' `ma_version_tag` (at this offset, shifted right by `shift` to drop watcher bits)
    /// are compared with the words of the block, which hold the shifted tags.
    Versions {
        /// Offset of the tag in a dict.
        offset: i32,
        /// Low bits that do not belong to the version.
        shift: u8,
    },
    /// Watchers clear the block's last word.
    ValidWord,
}

/// Byte offsets within the block of words of a namespace; see [`GlobalsGuard`].
pub mod namespace_block {
    /// The globals dict.
    pub const GLOBALS: i32 = 0;
    /// The builtins dict.
    pub const BUILTINS: i32 = 8;
    /// Good version of the globals.
    pub const GLOBALS_VERSION: i32 = 16;
    /// Good version of the builtins.
    pub const BUILTINS_VERSION: i32 = 24;
    /// 1 while all values hold.
    pub const VALID: i32 = 32;
    /// Bytes before the values.
    pub const SIZE: usize = 40;

    /// Value of row `row` of the names that are read when the code runs, borrowed from the dict.
    pub fn value(row: u32) -> i32 {
        SIZE as i32 + 8 * row as i32
    }
}

/// Where instances of classes made by `class` keep their attributes (slots apart).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstanceValues {
    /// 3.11: a pointer to the table at this offset, NULL once there is a dict. Before the table: the number
    /// of values set, preceded by their indices, the last one first.
    Pointer(i32),
    /// 3.12: as above, but the word is the address of the table less 1, which is odd, or that of a dict.
    Tagged(i32),
    /// 3.13+: the table follows the object, at an offset its class tells: one byte each capacity, number of
    /// values set, embedded, valid; then the values, then the indices in order of setting. A dict over it
    /// is at this offset, or NULL.
    Embedded(i32),
}

/// What machine code must know of a class of instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InstanceClass {
    /// The class object. Borrowed: read only behind a comparison with the class of a live object.
    pub address: u64,
    /// Its `tp_version_tag` when the code was compiled; versions are never used again.
    pub version: u32,
    /// Offset of embedded values in an instance.
    pub values: i32,
    /// Number of names its instances have in common.
    pub names: u64,
}

/// The cached small ints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmallInts {
    /// Address of the object for `low`.
    pub address: u64,
    /// Bytes from one to the next.
    pub stride: u32,
    /// Least cached int.
    pub low: i64,
    /// Number of cached ints.
    pub count: u32,
}

/// Everything generated code must know of the interpreter.
#[derive(Clone, PartialEq, Debug)]
pub struct RuntimeLayout {
    /// `ob_refcnt`: a word of 64 bits, or of 32 (`immortal`).
    pub refcount: i32,
    /// `ob_type`.
    pub class: i32,
    /// 3.12+: an object whose low 32 bits of the reference count are negative is immortal: it is
    /// neither counted up nor down.
    pub immortal: bool,
    /// `int`.
    pub long: LongLayout,
    /// The cached small ints, where their place could be verified.
    pub small_ints: Option<SmallInts>,
    /// `float`: `ob_fval`.
    pub float_value: i32,
    /// `ob_size` of list, tuple, bytes, bytearray, array.
    pub var_size: i32,
    /// `list`: `ob_item`.
    pub list_items: i32,
    /// `list`: `allocated`.
    pub list_allocated: i32,
    /// `tuple`: the first item.
    pub tuple_items: i32,
    /// `bytes`: the first byte.
    pub bytes_data: i32,
    /// `bytearray`: `ob_start`.
    pub bytearray_start: i32,
    /// `str`: `length`.
    pub str_length: i32,
    /// A `str`'s word of 32 bits about its storage.
    pub str_state: i32,
    /// The bit of it that says that all characters are ASCII.
    pub str_ascii: u32,
    /// Where the characters of such a `str` are: one byte each.
    pub str_ascii_data: i32,
    /// `array.array`: `ob_item`.
    pub array_items: i32,
    /// `array.array`: `ob_descr`.
    pub array_descr: i32,
    /// Item description of an array: the type code, one byte.
    pub array_descr_typecode: i32,
    /// Closure cell: `ob_ref`.
    pub cell_content: i32,
    /// `function`: `func_code`.
    pub function_code: i32,
    /// `function`: `func_defaults`.
    pub function_defaults: i32,
    /// `function`: `func_kwdefaults`.
    pub function_kwdefaults: i32,
    /// `function`: `func_globals`.
    pub function_globals: i32,
    /// `function`: `func_closure`.
    pub function_closure: i32,
    /// `type`: `tp_version_tag`, 32 bits.
    pub class_version: i32,
    /// `type` made by `class`: `ht_cached_keys`, the names its instances have in common.
    pub class_names: i32,
    /// There: how many, 64 bits.
    pub names_count: i32,
    /// Where instances keep their attributes.
    pub instance_values: InstanceValues,
    /// The `None` object.
    pub none_object: u64,
    /// The `True` object.
    pub true_object: u64,
    /// The `False` object.
    pub false_object: u64,
    /// How the current thread state is found.
    pub thread_state: ThreadStateAccess,
    /// Thread state: calls left before RecursionError, an `int` of 32 bits. A call with none left
    /// (0 or less) is the interpreter's to refuse.
    pub recursion_remaining: i32,
    /// Thread state: a pointer that is not NULL while an exception is set.
    pub current_exception: i32,
    /// Address of three words: the thread state of the thread that ran last, and the least address
    /// its C stack may reach in native code. When the first is not the current thread,
    /// `Support::CheckStack` refills both (only with the GIL held, so native code that found its own
    /// thread there may trust the second until it next calls Python or polls). `ExitHandler` refills them
    /// too. The third word belongs to machine code (`lower/recursion.rs`).
    pub stack_cell: u64,
    /// Address of a word that gets the frame pointer of a native activation right before it calls
    /// `PushFrame`, `DeallocFramed` or `ExitHandler`: from there the runtime finds the native
    /// activations that called it, and gives them frames first.
    pub native_pointer_cell: u64,
    /// Interpreter frame: the pointer to the running instruction (3.11, 3.12 `prev_instr`, 3.13+
    /// `instr_ptr`); while native code calls out it is `code start + 2 * unit`.
    pub frame_instruction: i32,
    /// Interpreter frame: its frame object, NULL while nobody asked for one.
    pub frame_object: i32,
    /// The eval breaker.
    pub eval_breaker: EvalBreaker,
    /// All must hold to enter native code.
    pub entry_checks: Vec<EntryCheck>,
    /// How namespaces are guarded.
    pub globals_guard: GlobalsGuard,
}
