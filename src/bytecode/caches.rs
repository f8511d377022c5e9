//! Specialised opcodes and inline caches -> hints.
//!
//! The layouts are those of `pycore_code.h` of each version; words are 16 bits, numbers of more
//! words are little-endian, as on every machine that is supported.
//!
//! Counters (the first word of a cache): 3.11 leaves it 0 in an instruction that became adaptive when
//! its function got warm and did not run since. 3.12+ start with value 1 and backoff 1, which no
//! later state of a counter equals; each failed specialisation raises the backoff (the low four
//! bits) from there, each successful one sets it to 0.

use super::code::{CodeBytes, Version};
use super::decode::RawInstr;
use super::hint::{AttrHint, CallHint, GlobalHint, Hint, StoreAttrHint, TruthHint};
use super::op::BinaryOperator;
use super::opcode::Opcode;

/// Counter of an adaptive instruction that never ran (3.12+).
const INITIAL_COUNTER: u16 = 1 << 4 | 1;
const BACKOFF_MASK: u16 = 15;
const INITIAL_BACKOFF: u16 = 1;

/// The words of one instruction's inline cache.
struct Cache<'a> {
    version: Version,
    bytes: &'a [u8],
}

impl<'a> Cache<'a> {
    fn of(bytes: &'a CodeBytes, raw: &RawInstr) -> Cache<'a> {
        let range = 2 * (raw.at as usize + 1)..2 * raw.next as usize;
        Cache {
            version: bytes.version,
            bytes: bytes.adaptive.get(range).unwrap_or_default(),
        }
    }

    /// A word; 0 if the cache is shorter.
    fn u16(&self, word: usize) -> u16 {
        let pair = self.bytes.get(2 * word..2 * word + 2);
        pair.map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]))
    }

    fn u32(&self, word: usize) -> u32 {
        u32::from(self.u16(word)) | u32::from(self.u16(word + 1)) << 16
    }

    fn u64(&self, word: usize) -> u64 {
        u64::from(self.u32(word)) | u64::from(self.u32(word + 2)) << 32
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// The hint of one instruction.
pub fn hint(bytes: &CodeBytes, raw: &RawInstr) -> Hint {
    let cache = Cache::of(bytes, raw);
    if cache.is_empty() {
        return Hint::None;
    }
    let hint = match raw.adaptive {
        None => Hint::None,
        Some(opcode) if opcode == raw.opcode => unspecialised(&cache, opcode),
        Some(opcode) => specialised(&cache, opcode),
    };
    // Which of its few extensions CPython took is known by the operator alone for the bitwise ones.
    if let (Hint::BinaryExtend { .. }, Opcode::BINARY_OP) = (hint, raw.opcode)
        && is_bitwise(raw.arg)
    {
        return Hint::Int;
    }
    // That CPython did not specialise what it has no specialisation for says nothing.
    if hint == Hint::Generic && raw.opcode == Opcode::BINARY_OP && !is_specialisable(raw.arg) {
        return Hint::None;
    }
    hint
}

/// Whether every version specialises the binary operator with this number for ints and floats.
fn is_specialisable(number: u32) -> bool {
    let operator = BinaryOperator::ALL.get(number as usize % BinaryOperator::ALL.len());
    matches!(
        operator,
        Some(BinaryOperator::Add | BinaryOperator::Subtract | BinaryOperator::Multiply)
    )
}

fn is_bitwise(number: u32) -> bool {
    let operator = BinaryOperator::ALL.get(number as usize % BinaryOperator::ALL.len());
    use BinaryOperator::{And, Or, Xor};
    matches!(operator, Some(And | Or | Xor))
}

/// The hint of a call of 3.11, from both its instructions: PRECALL knows builtins and bound methods,
/// and leaves Python functions to CALL.
pub fn precall_hint(bytes: &CodeBytes, precall: &RawInstr, call: &RawInstr) -> Hint {
    let of_precall = hint(bytes, precall);
    let of_call = hint(bytes, call);
    match (of_precall, of_call) {
        (
            Hint::Call(CallHint::BoundMethod),
            Hint::Call(CallHint::PythonExact { function_version }),
        ) => Hint::Call(CallHint::BoundMethodExact { function_version }),
        (
            Hint::Call(CallHint::BoundMethod),
            Hint::Call(CallHint::PythonGeneral { function_version }),
        ) => Hint::Call(CallHint::BoundMethodGeneral { function_version }),
        // PRECALL of a builtin runs the call and skips CALL, which keeps its old state.
        (Hint::Call(CallHint::Python) | Hint::None | Hint::Generic, Hint::Call(_)) => of_call,
        _ => of_precall,
    }
}

fn unspecialised(cache: &Cache<'_>, opcode: Opcode) -> Hint {
    let counter = cache.u16(0);
    match opcode {
        // In 3.11 this is code that is not warm yet, or an operation that was given up because it
        // has no specialisations: operators but + - *, comparisons without a jump behind.
        _ if cache.version == Version::V3_11 => Hint::None,
        Opcode::POP_JUMP_IF_TRUE
        | Opcode::POP_JUMP_IF_FALSE
        | Opcode::POP_JUMP_IF_NONE
        | Opcode::POP_JUMP_IF_NOT_NONE => Hint::Branch { history: counter },
        // Its counter belongs to another optimiser.
        Opcode::JUMP_BACKWARD => Hint::None,
        _ if counter == INITIAL_COUNTER => Hint::NeverRan,
        _ if counter & BACKOFF_MASK > INITIAL_BACKOFF => Hint::Generic,
        _ => Hint::None,
    }
}

fn specialised(cache: &Cache<'_>, opcode: Opcode) -> Hint {
    use Opcode::*;
    match opcode {
        BINARY_OP_ADAPTIVE
        | BINARY_SUBSCR_ADAPTIVE
        | CALL_ADAPTIVE
        | COMPARE_OP_ADAPTIVE
        | LOAD_ATTR_ADAPTIVE
        | LOAD_GLOBAL_ADAPTIVE
        | LOAD_METHOD_ADAPTIVE
        | PRECALL_ADAPTIVE
        | STORE_ATTR_ADAPTIVE
        | STORE_SUBSCR_ADAPTIVE
        | UNPACK_SEQUENCE_ADAPTIVE => match cache.u16(0) {
            0 => Hint::NotSinceWarm,
            _ => Hint::Generic,
        },

        BINARY_OP_ADD_INT | BINARY_OP_SUBTRACT_INT | BINARY_OP_MULTIPLY_INT => Hint::Int,
        BINARY_OP_ADD_FLOAT | BINARY_OP_SUBTRACT_FLOAT | BINARY_OP_MULTIPLY_FLOAT => Hint::Float,
        BINARY_OP_ADD_UNICODE => Hint::Str,
        BINARY_OP_INPLACE_ADD_UNICODE => Hint::StrInplace,
        BINARY_OP_EXTEND => Hint::BinaryExtend {
            descriptor: cache.u64(1),
        },
        COMPARE_OP_INT | COMPARE_OP_INT_JUMP => Hint::CompareInt,
        COMPARE_OP_FLOAT | COMPARE_OP_FLOAT_JUMP => Hint::CompareFloat,
        COMPARE_OP_STR | COMPARE_OP_STR_JUMP => Hint::CompareStr,

        BINARY_SUBSCR_LIST_INT | BINARY_OP_SUBSCR_LIST_INT => Hint::SubscrListInt,
        BINARY_SUBSCR_TUPLE_INT | BINARY_OP_SUBSCR_TUPLE_INT => Hint::SubscrTupleInt,
        BINARY_SUBSCR_STR_INT | BINARY_OP_SUBSCR_STR_INT => Hint::SubscrStrInt,
        BINARY_SUBSCR_DICT | BINARY_OP_SUBSCR_DICT => Hint::SubscrDict,
        BINARY_OP_SUBSCR_LIST_SLICE => Hint::SubscrListSlice,
        BINARY_SUBSCR_GETITEM | BINARY_OP_SUBSCR_GETITEM => match cache.version {
            Version::V3_11 => Hint::SubscrGetitem {
                type_version: cache.u32(1),
                function_version: u32::from(cache.u16(3)),
            },
            _ => Hint::SubscrGetitem {
                type_version: 0,
                function_version: 0,
            },
        },
        STORE_SUBSCR_LIST_INT => Hint::StoreSubscrListInt,
        STORE_SUBSCR_DICT => Hint::StoreSubscrDict,
        CONTAINS_OP_SET => Hint::ContainsSet,
        CONTAINS_OP_DICT => Hint::ContainsDict,

        FOR_ITER_LIST => Hint::ForIterList,
        FOR_ITER_TUPLE => Hint::ForIterTuple,
        FOR_ITER_RANGE => Hint::ForIterRange,
        FOR_ITER_GEN => Hint::ForIterGenerator,
        SEND_GEN => Hint::SendGenerator,
        TO_BOOL_BOOL => Hint::ToBool(TruthHint::Bool),
        TO_BOOL_INT => Hint::ToBool(TruthHint::Int),
        TO_BOOL_LIST => Hint::ToBool(TruthHint::List),
        TO_BOOL_NONE => Hint::ToBool(TruthHint::None),
        TO_BOOL_STR => Hint::ToBool(TruthHint::Str),
        TO_BOOL_ALWAYS_TRUE => Hint::ToBool(TruthHint::AlwaysTrue {
            type_version: cache.u32(1),
        }),
        UNPACK_SEQUENCE_TWO_TUPLE => Hint::UnpackTwoTuple,
        UNPACK_SEQUENCE_TUPLE => Hint::UnpackTuple,
        UNPACK_SEQUENCE_LIST => Hint::UnpackList,
        LOAD_SUPER_ATTR_ATTR => Hint::SuperAttr,
        LOAD_SUPER_ATTR_METHOD => Hint::SuperMethod,

        LOAD_GLOBAL_MODULE | LOAD_GLOBAL_BUILTIN => Hint::Global(global(cache, opcode)),
        _ => attribute(cache, opcode)
            .map(Hint::Attr)
            .or_else(|| store_attribute(cache, opcode).map(Hint::StoreAttr))
            .or_else(|| call(cache, opcode).map(Hint::Call))
            // A superinstruction made at run time, or an instrumented opcode.
            .unwrap_or(Hint::None),
    }
}

fn global(cache: &Cache<'_>, opcode: Opcode) -> GlobalHint {
    let (index, module_keys_version, builtin_keys_version) = match cache.version {
        Version::V3_11 => (cache.u16(1), cache.u32(2), cache.u16(4)),
        Version::V3_12 => (cache.u16(1), u32::from(cache.u16(2)), cache.u16(3)),
        Version::V3_13 | Version::V3_14 => (cache.u16(3), u32::from(cache.u16(1)), cache.u16(2)),
    };
    if opcode == Opcode::LOAD_GLOBAL_MODULE {
        return GlobalHint::Module {
            index,
            keys_version: module_keys_version,
        };
    }
    let builtin_keys_version = u32::from(builtin_keys_version);
    GlobalHint::Builtin {
        index,
        module_keys_version,
        builtin_keys_version,
    }
}

/// `_PyAttrCache` is counter, version[2], index in all versions. `_PyLoadMethodCache` is counter,
/// type version[2], (3.11: dict offset,) keys or function version[2], descriptor[4].
fn attribute(cache: &Cache<'_>, opcode: Opcode) -> Option<AttrHint> {
    use Opcode::*;
    let type_version = cache.u32(1);
    let index = cache.u16(3);
    let at = if cache.version == Version::V3_11 {
        4
    } else {
        3
    };
    let keys_version = cache.u32(at);
    let function_version = keys_version;
    let descriptor = cache.u64(at + 2);
    Some(match opcode {
        LOAD_ATTR_INSTANCE_VALUE => AttrHint::InstanceValue {
            type_version,
            index,
        },
        LOAD_ATTR_WITH_HINT => AttrHint::WithHint {
            type_version,
            index,
        },
        LOAD_ATTR_SLOT => AttrHint::Slot {
            type_version,
            offset: index,
        },
        LOAD_ATTR_MODULE => AttrHint::Module {
            keys_version: type_version,
            index,
        },
        LOAD_ATTR_CLASS | LOAD_ATTR_CLASS_WITH_METACLASS_CHECK => AttrHint::Class {
            type_version,
            descriptor,
        },
        LOAD_ATTR_PROPERTY => AttrHint::Property {
            type_version,
            function_version,
            descriptor,
        },
        LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN => AttrHint::GetattributeOverridden {
            type_version,
            function_version,
            descriptor,
        },
        LOAD_ATTR_METHOD_WITH_VALUES | LOAD_METHOD_WITH_VALUES => AttrHint::MethodWithValues {
            type_version,
            keys_version,
            descriptor,
        },
        LOAD_METHOD_WITH_DICT => AttrHint::MethodWithDict {
            type_version,
            keys_version,
            descriptor,
        },
        LOAD_ATTR_METHOD_NO_DICT | LOAD_METHOD_NO_DICT => AttrHint::MethodNoDict {
            type_version,
            descriptor,
        },
        LOAD_ATTR_METHOD_LAZY_DICT => AttrHint::MethodLazyDict {
            type_version,
            descriptor,
        },
        LOAD_METHOD_CLASS => AttrHint::MethodOfClass {
            type_version,
            descriptor,
        },
        LOAD_METHOD_MODULE => AttrHint::MethodOfModule {
            keys_version: type_version,
            index,
        },
        LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES => AttrHint::NonDescriptorWithValues {
            type_version,
            keys_version,
            descriptor,
        },
        LOAD_ATTR_NONDESCRIPTOR_NO_DICT => AttrHint::NonDescriptorNoDict {
            type_version,
            descriptor,
        },
        _ => return None,
    })
}

fn store_attribute(cache: &Cache<'_>, opcode: Opcode) -> Option<StoreAttrHint> {
    let type_version = cache.u32(1);
    let index = cache.u16(3);
    Some(match opcode {
        Opcode::STORE_ATTR_INSTANCE_VALUE => StoreAttrHint::InstanceValue {
            type_version,
            index,
        },
        Opcode::STORE_ATTR_WITH_HINT => StoreAttrHint::WithHint {
            type_version,
            index,
        },
        Opcode::STORE_ATTR_SLOT => StoreAttrHint::Slot {
            type_version,
            offset: index,
        },
        _ => return None,
    })
}

fn call(cache: &Cache<'_>, opcode: Opcode) -> Option<CallHint> {
    use Opcode::*;
    let function_version = cache.u32(1);
    Some(match opcode {
        CALL_PY_EXACT_ARGS => CallHint::PythonExact { function_version },
        CALL_PY_WITH_DEFAULTS | CALL_PY_GENERAL | CALL_KW_PY => {
            CallHint::PythonGeneral { function_version }
        }
        CALL_BOUND_METHOD_EXACT_ARGS => CallHint::BoundMethodExact { function_version },
        CALL_BOUND_METHOD_GENERAL | CALL_KW_BOUND_METHOD => {
            CallHint::BoundMethodGeneral { function_version }
        }
        CALL_ALLOC_AND_ENTER_INIT => CallHint::ClassWithInit {
            type_version: function_version,
        },
        PRECALL_PYFUNC => CallHint::Python,
        PRECALL_BOUND_METHOD => CallHint::BoundMethod,
        PRECALL_NO_KW_TYPE_1 | CALL_NO_KW_TYPE_1 | CALL_TYPE_1 => CallHint::Type1,
        PRECALL_NO_KW_STR_1 | CALL_NO_KW_STR_1 | CALL_STR_1 => CallHint::Str1,
        PRECALL_NO_KW_TUPLE_1 | CALL_NO_KW_TUPLE_1 | CALL_TUPLE_1 => CallHint::Tuple1,
        PRECALL_BUILTIN_CLASS | CALL_BUILTIN_CLASS => CallHint::BuiltinClass,
        PRECALL_NO_KW_BUILTIN_O | CALL_NO_KW_BUILTIN_O | CALL_BUILTIN_O => CallHint::BuiltinO,
        PRECALL_NO_KW_BUILTIN_FAST | CALL_NO_KW_BUILTIN_FAST | CALL_BUILTIN_FAST => {
            CallHint::BuiltinFast
        }
        PRECALL_BUILTIN_FAST_WITH_KEYWORDS | CALL_BUILTIN_FAST_WITH_KEYWORDS => {
            CallHint::BuiltinFastWithKeywords
        }
        PRECALL_NO_KW_LEN | CALL_NO_KW_LEN | CALL_LEN => CallHint::Len,
        PRECALL_NO_KW_ISINSTANCE | CALL_NO_KW_ISINSTANCE | CALL_ISINSTANCE => CallHint::Isinstance,
        PRECALL_NO_KW_LIST_APPEND | CALL_NO_KW_LIST_APPEND | CALL_LIST_APPEND => {
            CallHint::ListAppend
        }
        PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS
        | CALL_NO_KW_METHOD_DESCRIPTOR_NOARGS
        | CALL_METHOD_DESCRIPTOR_NOARGS => CallHint::MethodDescriptorNoArgs,
        PRECALL_NO_KW_METHOD_DESCRIPTOR_O
        | CALL_NO_KW_METHOD_DESCRIPTOR_O
        | CALL_METHOD_DESCRIPTOR_O => CallHint::MethodDescriptorO,
        PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST
        | CALL_NO_KW_METHOD_DESCRIPTOR_FAST
        | CALL_METHOD_DESCRIPTOR_FAST => CallHint::MethodDescriptorFast,
        PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS
        | CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS => CallHint::MethodDescriptorFastWithKeywords,
        CALL_NON_PY_GENERAL | CALL_KW_NON_PY => CallHint::NonPython,
        _ => return None,
    })
}
