//! A made-up interpreter for the tests of lowering: layouts with the real offsets of two versions,
//! and addresses that name themselves in the text.

use brolga::abi::helpers::HelperId;
use brolga::abi::layout::{
    Base, EntryCheck, EvalBreaker, Expected, GlobalsGuard, InstanceClass, InstanceValues,
    LongLayout, RuntimeLayout, SmallInts, ThreadStateAccess,
};
use brolga::abi::support::Support;
use brolga::hir::attributes::MathFunction;
use brolga::hir::{CalleeId, ClassId, CodeId, NamespaceId, ObjectId, Type};
use brolga::lower::AddressProvider;

/// Words of memory that code and test share: thread state, eval breaker, cells.
pub const DATA: u64 = 0x1000_0000;
/// Entry points of support functions, 32 bytes apart.
pub const SUPPORT: u64 = 0x2000_0000;
/// Entry points of helpers, 32 bytes apart.
pub const HELPERS: u64 = 0x2001_0000;
/// Entry points of the mathematics library, 32 bytes apart.
pub const MATH: u64 = 0x2002_0000;
/// Code of the trampolines.
pub const TRAMPOLINES: u64 = 0x3000_0000;
/// Bytes from one entry point to the next.
pub const STEP: u64 = 32;

/// Offsets within [`DATA`].
pub mod data {
    pub const THREAD_STATE_CELL: u64 = 0x0;
    pub const EVAL_BREAKER: u64 = 0x8;
    pub const STACK_CELL: u64 = 0x10;
    pub const CALLEE_CELLS: u64 = 0x28;
    pub const NATIVE_POINTER: u64 = 0xf8;
    pub const NAMESPACE: u64 = 0x100;
    pub const THREAD_STATE: u64 = 0x200;
    pub const NONE: u64 = 0x400;
    pub const TRUE: u64 = 0x440;
    pub const FALSE: u64 = 0x480;
    pub const UNIT: u64 = 0x4c0;
    pub const CODE: u64 = 0x540;
    pub const CLASSES: u64 = 0x1000;
    pub const OBJECTS: u64 = 0x2000;
    pub const SMALL_INTS: u64 = 0x4000;
}

/// The layout of the version, "3.11" or "3.12".
pub fn layout(version: &str) -> RuntimeLayout {
    let old = version == "3.11";
    RuntimeLayout {
        refcount: 0,
        class: 8,
        immortal: !old,
        long: if old {
            LongLayout::SignedSize {
                size: 16,
                digits: 24,
            }
        } else {
            LongLayout::Tagged {
                tag: 16,
                digits: 24,
            }
        },
        small_ints: Some(SmallInts {
            address: DATA + data::SMALL_INTS,
            stride: 32,
            low: -5,
            count: 262,
        }),
        float_value: 16,
        var_size: 16,
        list_items: 24,
        list_allocated: 32,
        tuple_items: 24,
        bytes_data: 32,
        bytearray_start: 40,
        str_length: 16,
        str_state: 32,
        str_ascii: 64,
        str_ascii_data: 40,
        array_items: 24,
        array_descr: 40,
        array_descr_typecode: 0,
        cell_content: 16,
        function_code: 16,
        function_defaults: 56,
        function_kwdefaults: 64,
        function_globals: 24,
        function_closure: 72,
        none_object: DATA + data::NONE,
        true_object: DATA + data::TRUE,
        false_object: DATA + data::FALSE,
        class_version: 384,
        class_names: 872,
        names_count: 24,
        instance_values: if old {
            InstanceValues::Pointer(-32)
        } else {
            InstanceValues::Embedded(-24)
        },
        thread_state: ThreadStateAccess::LoadFrom(DATA + data::THREAD_STATE_CELL),
        recursion_remaining: 32,
        current_exception: 96,
        stack_cell: DATA + data::STACK_CELL,
        native_pointer_cell: DATA + data::NATIVE_POINTER,
        frame_instruction: 56,
        frame_object: 48,
        eval_breaker: EvalBreaker {
            base: Base::Absolute(DATA + data::EVAL_BREAKER),
            offset: 0,
            width: 4,
            mask: u64::MAX,
        },
        entry_checks: vec![EntryCheck {
            stand_in: None,
            base: Base::ThreadState,
            path: vec![56],
            offset: 0,
            width: 1,
            mask: u64::MAX,
            expected: Expected::Constant(0),
        }],
        globals_guard: GlobalsGuard::Versions {
            offset: 24,
            shift: 0,
        },
    }
}

/// Made-up addresses.
#[derive(Default)]
pub struct Addresses {
    /// Where trampolines are, if there are any.
    pub trampolines: Vec<(Support, u64)>,
}

impl AddressProvider for Addresses {
    fn helper(&self, helper: HelperId) -> Option<u64> {
        let index = HelperId::ALL.iter().position(|other| *other == helper)?;
        Some(HELPERS + STEP * index as u64)
    }

    fn support(&self, function: Support) -> u64 {
        let index = Support::ALL.iter().position(|other| *other == function);
        SUPPORT + STEP * index.expect("a row of the table") as u64
    }

    fn trampoline(&self, function: Support) -> Option<u64> {
        self.trampolines
            .iter()
            .find(|row| row.0 == function)
            .map(|row| row.1)
    }

    fn math(&self, function: MathFunction) -> u64 {
        let index = MathFunction::ALL
            .iter()
            .position(|other| *other == function);
        MATH + STEP * index.expect("a row of the table") as u64
    }

    fn object(&self, object: ObjectId) -> u64 {
        DATA + data::OBJECTS + 64 * object.index() as u64
    }

    fn function_parts(&self, function: ObjectId) -> [u64; 4] {
        [self.object(function) + 1, 0, 0, 0]
    }

    fn class(&self, class: Type) -> Option<u64> {
        if class == Type::OTHER {
            return None;
        }
        let index = Type::CLASSES
            .iter()
            .position(|(_, other)| *other == class)?;
        Some(DATA + data::CLASSES + 64 * index as u64)
    }

    fn instance_class(&self, class: ClassId) -> InstanceClass {
        InstanceClass {
            address: DATA + data::CLASSES + 0x800 + 0x100 * class.index() as u64,
            version: 77,
            values: 16,
            names: 3,
        }
    }

    fn callee_cell(&self, callee: CalleeId) -> u64 {
        DATA + data::CALLEE_CELLS + 8 * callee.index() as u64
    }

    fn namespace(&self, namespace: NamespaceId) -> u64 {
        DATA + data::NAMESPACE + 64 * namespace.index() as u64
    }

    fn unit(&self) -> u64 {
        DATA + data::UNIT
    }

    fn code_object(&self) -> u64 {
        DATA + data::CODE
    }

    fn code_start(&self, code: CodeId) -> u64 {
        DATA + data::CODE + 0x100 + 0x1000 * code.index() as u64
    }
}
