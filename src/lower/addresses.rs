//! Where generated code finds things outside of itself.
//!
//! `lower` sees addresses as plain numbers: the driver answers from the objects it keeps alive for
//! as long as the code lives, tests answer with made-up numbers.

use crate::abi::helpers::HelperId;
use crate::abi::layout::InstanceClass;
use crate::abi::support::Support;
use crate::hir::attributes::MathFunction;
use crate::hir::{CalleeId, ClassId, CodeId, NamespaceId, ObjectId, Type};

/// Gives the addresses one compilation needs.
pub trait AddressProvider {
    /// The runtime helper; `None` if this build has none, then the function is refused.
    fn helper(&self, helper: HelperId) -> Option<u64>;

    /// The support function.
    fn support(&self, function: Support) -> u64;

    /// The trampoline of the support function, where there is one: see `lower::trampolines`.
    fn trampoline(&self, function: Support) -> Option<u64> {
        let _ = function;
        None
    }

    /// The function of the C mathematics library.
    fn math(&self, function: MathFunction) -> u64;

    /// The object of the function's pool.
    fn object(&self, object: ObjectId) -> u64;

    /// Is calling the object of the pool unable to show anybody the frame it is called from?
    fn ignores_frames(&self, object: ObjectId) -> bool {
        let _ = object;
        false
    }

    /// May the compiled function (or what it calls) call code that looks at frames?
    fn looks_at_frames(&self, callee: CalleeId) -> bool {
        let _ = callee;
        false
    }

    /// Code, defaults, keyword defaults and globals that a Python function of the pool had when this was
    /// compiled; the unit keeps all three alive.
    fn function_parts(&self, function: ObjectId) -> [u64; 4];

    /// The type object of a single class; `None` if no such object can exist in the process (the
    /// module is not imported), and for `OTHER`.
    fn class(&self, class: Type) -> Option<u64>;

    /// The class of instances, as it was when this was compiled.
    fn instance_class(&self, class: ClassId) -> InstanceClass;

    /// The word that holds the address of the callee's body. Machine code loads it for every call,
    /// so the callee can be replaced by another with the same signature.
    fn callee_cell(&self, callee: CalleeId) -> u64;

    /// The block of words of the namespaces, see `abi::layout::namespace_block`.
    fn namespace(&self, namespace: NamespaceId) -> u64;

    /// What support functions get as their unit: how the runtime finds the deopt table.
    fn unit(&self) -> u64;

    /// A word the entry stub counts calls in; 0 for none.
    fn call_counter(&self) -> u64 {
        0
    }

    /// A word that holds how many bytes an activation of the body takes on the stack, as a power of two; 0
    /// if there is none.
    fn frame_shift(&self) -> u64 {
        0
    }

    /// The code object the entry stub expects in the function.
    fn code_object(&self) -> u64;

    /// The first code unit of a code object taking part.
    fn code_start(&self, code: CodeId) -> u64;
}
