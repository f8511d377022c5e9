//! What the interpreter's own specialisation says about one operation.
//!
//! A hint is read from the specialised opcode and its inline cache. It tells what the operands were
//! when the instruction last specialised: a profile, never a proof. The compiler guards what it
//! assumes.
//!
//! Numbers taken from caches (type versions, keys versions, function versions, addresses) are kept
//! as they are. Whoever reads them must find out what they stand for now; they may be stale.

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// Nothing is recorded: the instruction has no cache, was instrumented, ran too few times, or is
    /// of a kind that the version does not specialise (`//`, `%`, shifts; 3.11: `for`, `in`,
    /// comparisons without a jump behind).
    #[default]
    None,
    /// The instruction's counter still has its first value (3.12+): it never ran, unless a tool
    /// had instrumented it meanwhile.
    NeverRan,
    /// 3.11: not since the function was warm (its eighth call or back edge). It may have run before.
    NotSinceWarm,
    /// It ran, and CPython could not specialise it though it can for some operands: they vary, or
    /// are of other types, or are ints of more than one digit (comparisons, subscripts).
    Generic,

    // --- BINARY_OP ---
    Int,
    Float,
    Str,
    /// `s += t` on a local variable that is stored next.
    StrInplace,
    /// 3.14: mixed int and float; the address of the descriptor says which is which.
    BinaryExtend {
        descriptor: u64,
    },

    // --- COMPARE_OP ---
    CompareInt,
    CompareFloat,
    CompareStr,

    // --- subscripts ---
    SubscrListInt,
    SubscrTupleInt,
    SubscrStrInt,
    SubscrDict,
    SubscrListSlice,
    /// A Python function `__getitem__`. The versions are those of the type and of the function
    /// where the version keeps them in the cache (3.11), else 0.
    SubscrGetitem {
        type_version: u32,
        function_version: u32,
    },
    StoreSubscrListInt,
    StoreSubscrDict,
    ContainsSet,
    ContainsDict,

    // --- iteration, truth, unpacking ---
    ForIterList,
    ForIterTuple,
    ForIterRange,
    ForIterGenerator,
    SendGenerator,
    ToBool(TruthHint),
    UnpackTwoTuple,
    UnpackTuple,
    UnpackList,

    // --- jumps ---
    /// The last 16 runs of a conditional jump, the latest in bit 0; 1: it was taken. Before the first
    /// run it is 0x5555. (3.13+)
    Branch {
        history: u16,
    },

    // --- names ---
    Global(GlobalHint),
    Attr(AttrHint),
    StoreAttr(StoreAttrHint),
    SuperAttr,
    SuperMethod,

    // --- calls ---
    Call(CallHint),
}

/// What a truth test saw (3.13+).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruthHint {
    Bool,
    Int,
    List,
    None,
    Str,
    /// An object of a type without `__bool__` and `__len__`.
    AlwaysTrue {
        type_version: u32,
    },
}

/// Where a global was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobalHint {
    /// In the module: index of the entry, and version of the keys.
    Module { index: u16, keys_version: u32 },
    /// In the builtins, and not in the module.
    Builtin {
        index: u16,
        module_keys_version: u32,
        builtin_keys_version: u32,
    },
}

/// How an attribute was found. `descriptor` is the address of an object that the cache borrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttrHint {
    /// In the inline values of the object; `index` as the version keeps it (an index of the value
    /// up to 3.13, a byte offset from the object on 3.14).
    InstanceValue {
        type_version: u32,
        index: u16,
    },
    /// In the object's dictionary, at that entry.
    WithHint {
        type_version: u32,
        index: u16,
    },
    /// In a `__slots__` member, at that byte offset.
    Slot {
        type_version: u32,
        offset: u16,
    },
    /// In a module's dictionary.
    Module {
        keys_version: u32,
        index: u16,
    },
    /// On a class.
    Class {
        type_version: u32,
        descriptor: u64,
    },
    Property {
        type_version: u32,
        function_version: u32,
        descriptor: u64,
    },
    /// By a Python `__getattribute__`.
    GetattributeOverridden {
        type_version: u32,
        function_version: u32,
        descriptor: u64,
    },
    /// A method of the type; the object has inline values whose keys do not shadow it.
    MethodWithValues {
        type_version: u32,
        keys_version: u32,
        descriptor: u64,
    },
    /// A method; the object has a dictionary, with those keys.
    MethodWithDict {
        type_version: u32,
        keys_version: u32,
        descriptor: u64,
    },
    /// A method; the type has no instance dictionary.
    MethodNoDict {
        type_version: u32,
        descriptor: u64,
    },
    /// A method; the dictionary is not made yet.
    MethodLazyDict {
        type_version: u32,
        descriptor: u64,
    },
    /// A method looked up on a class or a module (3.11), called without self.
    MethodOfClass {
        type_version: u32,
        descriptor: u64,
    },
    MethodOfModule {
        keys_version: u32,
        index: u16,
    },
    /// A class attribute that is no descriptor, called without self.
    NonDescriptorWithValues {
        type_version: u32,
        keys_version: u32,
        descriptor: u64,
    },
    NonDescriptorNoDict {
        type_version: u32,
        descriptor: u64,
    },
}

/// How an attribute was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreAttrHint {
    InstanceValue { type_version: u32, index: u16 },
    WithHint { type_version: u32, index: u16 },
    Slot { type_version: u32, offset: u16 },
}

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallHint {
    /// A Python function with exactly as many arguments as parameters.
    PythonExact {
        function_version: u32,
    },
    /// A Python function; defaults or other shapes.
    PythonGeneral {
        function_version: u32,
    },
    /// A bound method of a Python function.
    BoundMethodExact {
        function_version: u32,
    },
    BoundMethodGeneral {
        function_version: u32,
    },
    /// A class with a Python `__init__`.
    ClassWithInit {
        type_version: u32,
    },
    /// `type(x)`, `str(x)`, `tuple(x)`: the builtins.
    Type1,
    Str1,
    Tuple1,
    /// Another builtin class.
    BuiltinClass,
    /// Builtin functions by calling convention.
    BuiltinO,
    BuiltinFast,
    BuiltinFastWithKeywords,
    Len,
    Isinstance,
    ListAppend,
    /// Methods of builtin types by calling convention.
    MethodDescriptorNoArgs,
    MethodDescriptorO,
    MethodDescriptorFast,
    MethodDescriptorFastWithKeywords,
    /// Something else that is not Python code.
    NonPython,
    /// 3.11: a bound method object, about whose function no more is recorded.
    BoundMethod,
    /// 3.11: a Python function, about which no more is recorded.
    Python,
}
