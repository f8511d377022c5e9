//! Why native code leaves: one row per reason, with the words the user reads.

macro_rules! define_exit_reasons {
    ($($variant:ident $name:literal $text:literal $hint:literal;)*) => {
        /// Why a guard left to the interpreter.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ExitReason { $(#[doc = $text] $variant,)* }

        impl ExitReason {
            /// Every reason, in table order.
            pub const ALL: &'static [ExitReason] = &[$(ExitReason::$variant),*];

            /// Name in dumps, statistics and logs.
            pub fn name(self) -> &'static str {
                match self { $(ExitReason::$variant => $name,)* }
            }

            /// The reason in words.
            pub fn text(self) -> &'static str {
                match self { $(ExitReason::$variant => $text,)* }
            }

            /// What the user can change, or an empty string.
            pub fn hint(self) -> &'static str {
                match self { $(ExitReason::$variant => $hint,)* }
            }

            /// The reason with that name.
            pub fn from_name(name: &str) -> Option<ExitReason> {
                ExitReason::ALL.iter().copied().find(|reason| reason.name() == name)
            }
        }
    };
}

define_exit_reasons! {
    TypeChanged "type-changed" "an object of another type than seen before" "keep the types of this expression the same";
    NotSeen "not-seen" "types not known yet: this operation had not run when the function was compiled" "";
    Overflow "overflow" "an int left 64 bits" "mask the value if it is meant to wrap";
    WideInt "wide-int" "an int wider than seen before" "";
    ZeroDivision "zero-division" "division by zero" "";
    IndexRange "index-range" "index out of range" "";
    ValueRange "value-range" "a value outside of the range the operation takes" "";
    Unbound "unbound" "a local variable without a value" "";
    GlobalsChanged "globals-changed" "a global or builtin was rebound" "keep globals constant while the function is hot";
    ObjectChanged "object-changed" "another object than seen before" "";
    ClassChanged "class-changed" "an object of another class than seen before, or its class was changed" "keep the classes of this expression the same, and change no class while the function is hot";
    AttributePlace "attribute-place" "an attribute that is not set, or not where instances of the class usually keep it" "set all attributes in `__init__`, and leave `__dict__` alone";
    EvalBreaker "eval-breaker" "the interpreter asked for attention (signal, thread switch, collection)" "";
    DropRunsCode "drop-runs-code" "the replaced object may run code when it dies" "";
    Inexact "inexact" "a result native code cannot compute exactly" "";
    Empty "empty" "an empty container" "";
    ColdBranch "cold-branch" "a branch that had not run when the function was compiled" "";
    LoopEnded "loop-ended" "the loop that native code was entered for has ended" "";
    NotCompiled "not-compiled" "an operation that is left to the interpreter" "";
    Recursion "recursion" "recursion too deep for native code" "";
    CalleeLeft "callee-left" "a called function returned another type than before" "";
    FrameSeen "frame-seen" "somebody has the frame object of the call" "";
    CalleeExited "callee-exited" "a called function left native code" "";
    Raised "raised" "an exception was raised" "";
    Forced "forced" "forced by a stress mode" "";
}
