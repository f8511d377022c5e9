//! The neutral operations, with their effect on the operand stack.
//!
//! Numbers in the operations are indices: `name` into [`super::CodeBytes::names`], `slot` into
//! `localsplus`, constants into `consts`; every target is a code unit at which an instruction
//! starts (its EXTENDED_ARG prefix included).
//!
//! # The pair under the arguments of a call
//!
//! Before a call the stack holds two slots below the arguments. The versions disagree only about
//! where the `NULL` lies when there is no `self`:
//!
//! | | a function | a bound method, unpacked |
//! | --- | --- | --- |
//! | 3.11, 3.12 | `NULL`, callable | method, self |
//! | 3.13, 3.14 | callable, `NULL` | method, self |
//!
//! So one rule reads the pair `(first, second)` in every version: if one of them is `NULL` the
//! other is the callable and there is no self; otherwise `first` is the callable and `second` goes
//! in front of the arguments. [`Op::PushNull`] comes as its own operation, in the physical order
//! (before [`Op::LoadGlobal`] on 3.11 and 3.12, after it on 3.13+). Operations that push such a
//! pair themselves carry `null_first`.

use std::fmt;

/// What `BINARY_OP` computes, in-place or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Add,
    And,
    FloorDivide,
    LeftShift,
    MatrixMultiply,
    Multiply,
    Remainder,
    Or,
    Power,
    RightShift,
    Subtract,
    TrueDivide,
    Xor,
}

impl BinaryOperator {
    /// In the order of CPython's `NB_ADD` .. `NB_XOR`, which every supported version shares.
    pub const ALL: [BinaryOperator; 13] = [
        BinaryOperator::Add,
        BinaryOperator::And,
        BinaryOperator::FloorDivide,
        BinaryOperator::LeftShift,
        BinaryOperator::MatrixMultiply,
        BinaryOperator::Multiply,
        BinaryOperator::Remainder,
        BinaryOperator::Or,
        BinaryOperator::Power,
        BinaryOperator::RightShift,
        BinaryOperator::Subtract,
        BinaryOperator::TrueDivide,
        BinaryOperator::Xor,
    ];

    /// As written in Python.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOperator::Add => "+",
            BinaryOperator::And => "&",
            BinaryOperator::FloorDivide => "//",
            BinaryOperator::LeftShift => "<<",
            BinaryOperator::MatrixMultiply => "@",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Remainder => "%",
            BinaryOperator::Or => "|",
            BinaryOperator::Power => "**",
            BinaryOperator::RightShift => ">>",
            BinaryOperator::Subtract => "-",
            BinaryOperator::TrueDivide => "/",
            BinaryOperator::Xor => "^",
        }
    }
}

/// A rich comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOperator {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl CompareOperator {
    /// In the order of CPython's `Py_LT` .. `Py_GE`.
    pub const ALL: [CompareOperator; 6] = [
        CompareOperator::Lt,
        CompareOperator::Le,
        CompareOperator::Eq,
        CompareOperator::Ne,
        CompareOperator::Gt,
        CompareOperator::Ge,
    ];

    /// As written in Python.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOperator::Lt => "<",
            CompareOperator::Le => "<=",
            CompareOperator::Eq => "==",
            CompareOperator::Ne => "!=",
            CompareOperator::Gt => ">",
            CompareOperator::Ge => ">=",
        }
    }
}

/// When a conditional jump is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// The value is true. On 3.13+ the value is an exact `bool` (a [`Op::ToBool`] or a comparison
    /// made it); before, any object whose truth has to be asked.
    True,
    /// The value is false; as for `True`.
    False,
    /// The value is `None`, by identity.
    None,
    /// The value is not `None`, by identity.
    NotNone,
}

/// The conversion of a replacement field in an f-string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conversion {
    None,
    Str,
    Repr,
    Ascii,
}

/// Objects that the interpreter knows and code loads without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommonConstant {
    AssertionError,
    NotImplementedError,
    /// The builtin type `tuple`.
    Tuple,
    /// The builtin function `all`.
    All,
    /// The builtin function `any`.
    Any,
}

/// Special methods that 3.14 looks up on the type for `with`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialMethod {
    Enter,
    Exit,
    AsyncEnter,
    AsyncExit,
}

/// Rare operations on one operand (`CALL_INTRINSIC_1` and its predecessors in 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intrinsic1 {
    /// Prints an expression's value in an interactive session. Pushes `None`.
    Print,
    ImportStar,
    StopIterationError,
    TypeVar,
    ParamSpec,
    TypeVarTuple,
    SubscriptGeneric,
    TypeAlias,
}

/// Rare operations on two operands (`CALL_INTRINSIC_2` and its predecessors in 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intrinsic2 {
    PrepReraiseStar,
    TypeVarWithBound,
    TypeVarWithConstraints,
    SetFunctionTypeParams,
    SetTypeParamDefault,
}

/// Operations that occur only in generators, coroutines and asynchronous generators.
///
/// They are here so that such code decodes and can be shown; the compiler leaves these functions
/// to the interpreter, and needs no more than that their loops have consistent stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeneratorOp {
    /// Makes the generator object out of the frame and returns it. When the generator is first
    /// resumed, execution continues behind, with one value pushed.
    ReturnGenerator,
    YieldValue,
    GetYieldFromIter,
    GetAwaitable,
    GetAiter,
    GetAnext,
    AsyncGenWrap,
    BeforeAsyncWith,
    EndAsyncFor,
    /// One step of `yield from` or `await`. When the receiver is finished it jumps to `target`
    /// with the result: in place of the receiver and the sent value on 3.11 (`pops_receiver`),
    /// in place of the sent value on 3.12+, where [`GeneratorOp::EndSend`] drops the receiver.
    Send {
        target: u32,
        pops_receiver: bool,
    },
    EndSend,
    CleanupThrow,
}

/// One neutral operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Does nothing. (3.14's `NOT_TAKEN` also.)
    Nop,
    /// Start of the function (`at_start`), or the point after a yield or await. Polls the eval
    /// breaker. A frame resumed before the first one counts as incomplete.
    Resume {
        at_start: bool,
    },

    // --- constants and local variables ---
    LoadConst(u32),
    PushInt(i64),
    /// Pushes the `NULL` of a call's pair (see the module), or of 3.14's absent `**kwargs`.
    PushNull,
    LoadCommonConstant(CommonConstant),
    LoadBuildClass,
    /// The compiler of CPython proved that the slot is bound (or [`Op::LoadFastAndClear`] and
    /// [`Op::StoreFast`] move a possible NULL around an inlined comprehension).
    LoadFast(u32),
    /// Raises `UnboundLocalError` when the slot is NULL. 3.11 has no unchecked load.
    LoadFastCheck(u32),
    /// Pushes the slot's content, which may be NULL, and sets the slot to NULL. Saves an outer
    /// variable around an inlined comprehension; the matching `StoreFast` puts it back.
    LoadFastAndClear(u32),
    StoreFast(u32),
    /// Raises `UnboundLocalError` when the slot is NULL already.
    DeleteFast(u32),

    // --- cells ---
    /// Replaces the slot's content (an argument, or NULL) by a new cell holding it.
    MakeCell(u32),
    /// Copies the function's closure into the last `n` slots.
    CopyFreeVars(u32),
    /// Pushes the cell itself. (A plain load of a cell slot on 3.13+.)
    LoadClosure(u32),
    /// Raises `NameError` or `UnboundLocalError` when the cell is empty; so does `DeleteDeref`.
    LoadDeref(u32),
    StoreDeref(u32),
    DeleteDeref(u32),

    // --- globals and other names ---
    LoadGlobal {
        name: u32,
    },
    StoreGlobal {
        name: u32,
    },
    DeleteGlobal {
        name: u32,
    },
    LoadName {
        name: u32,
    },
    StoreName {
        name: u32,
    },
    DeleteName {
        name: u32,
    },
    LoadLocals,
    LoadFromDictOrGlobals {
        name: u32,
    },
    LoadFromDictOrDeref(u32),
    LoadClassDeref(u32),
    SetupAnnotations,

    // --- attributes ---
    LoadAttr {
        name: u32,
    },
    /// Pushes a call's pair: (method, self), or, when the attribute is no method of the type,
    /// (`NULL`, attribute) if `null_first`, else (attribute, `NULL`).
    LoadMethod {
        name: u32,
        null_first: bool,
    },
    /// Stack: value, owner.
    StoreAttr {
        name: u32,
    },
    DeleteAttr {
        name: u32,
    },
    /// `super().name`. Stack: the global `super`, the class, self. With `method`, pushes a pair
    /// as `LoadMethod` does. Without `two_arguments` the source said `super()`.
    LoadSuperAttr {
        name: u32,
        method: bool,
        two_arguments: bool,
        null_first: bool,
    },
    /// Looks the method up on the type; pushes (method, self) or (bound method, `NULL`).
    LoadSpecial(SpecialMethod),

    // --- imports ---
    /// Stack: level, fromlist.
    ImportName {
        name: u32,
    },
    /// Leaves the module on the stack.
    ImportFrom {
        name: u32,
    },

    // --- operators ---
    BinaryOp {
        op: BinaryOperator,
        inplace: bool,
    },
    UnaryNegative,
    UnaryNot,
    UnaryInvert,
    UnaryPositive,
    /// Replaces the top by `bool(top)`. 3.13+; before, jumps ask themselves.
    ToBool,
    /// With `to_bool` the result is converted to an exact `bool`.
    Compare {
        op: CompareOperator,
        to_bool: bool,
    },
    Is {
        invert: bool,
    },
    /// Stack: item, container.
    Contains {
        invert: bool,
    },
    /// Stack: container, index.
    BinarySubscr,
    /// Stack: value, container, index.
    StoreSubscr,
    /// Stack: container, index.
    DeleteSubscr,
    /// `container[start:stop]`. Stack: container, start, stop.
    BinarySlice,
    /// Stack: value, container, start, stop.
    StoreSlice,

    // --- displays; depths are counted after the popped operands, 1 is the new top ---
    BuildSlice(u32),
    BuildTuple(u32),
    BuildList(u32),
    BuildSet(u32),
    /// So many key and value pairs.
    BuildMap(u32),
    /// So many values, and a tuple of keys on top.
    BuildConstKeyMap(u32),
    BuildString(u32),
    ListAppend(u32),
    SetAdd(u32),
    /// Stack: key, value.
    MapAdd(u32),
    ListExtend(u32),
    SetUpdate(u32),
    DictUpdate(u32),
    /// As `DictUpdate`, but a repeated key raises: `f(**a, **b)`.
    DictMerge(u32),
    ListToTuple,
    /// The first item ends on top.
    UnpackSequence(u32),
    /// `a, *b, c = ..`: so many items before and after the starred one. The first ends on top.
    UnpackEx {
        before: u32,
        after: u32,
    },

    // --- strings ---
    /// Applies the conversion, then `format`. Stack: value, and the format spec if `with_spec`.
    /// Without both, an exact `str` is left alone.
    FormatValue {
        conversion: Conversion,
        with_spec: bool,
    },
    ConvertValue(Conversion),
    /// A field of a template string (3.14). Stack: value, source text, and the format spec.
    BuildInterpolation {
        with_spec: bool,
    },
    /// Stack: tuple of strings, tuple of interpolations.
    BuildTemplate,

    // --- stack ---
    /// Pushes the n-th value from the top; 1 is the top.
    Copy(u32),
    /// Exchanges the top with the n-th value.
    Swap(u32),
    PopTop,

    // --- control ---
    Jump {
        target: u32,
    },
    /// `polls`: asks the eval breaker before going on.
    JumpBackward {
        target: u32,
        polls: bool,
    },
    /// Pops the value, then jumps or falls through. `polls` only when a taken jump does (backward
    /// conditional jumps of 3.11).
    PopJumpIf {
        condition: Condition,
        target: u32,
        polls: bool,
    },
    /// Jumps and keeps the value, or pops it and falls through (3.11).
    JumpIfOrPop {
        condition: Condition,
        target: u32,
    },
    GetIter,
    /// Pushes the next item and falls through. At exhaustion the iterator is popped and control
    /// continues at `exit`, in every version. `end` is the raw target of the instruction: `exit`
    /// itself on 3.11, the END_FOR behind which (and behind its POP_TOP or POP_ITER) `exit` lies
    /// on 3.12+.
    ForIter {
        exit: u32,
        end: u32,
    },
    ReturnValue,

    // --- calls ---
    /// Stack: the pair (see the module), then `argc` arguments, of which the last ones are given
    /// by keyword: their names are the tuple constant `kwnames`.
    ///
    /// One operation for 3.11's KW_NAMES, PRECALL and CALL, 3.12's KW_NAMES and CALL, and 3.13's
    /// LOAD_CONST and CALL_KW. The instruction's `offset` is the first unit of the whole group:
    /// the names live in a C local between KW_NAMES and CALL, so nothing may resume in between.
    /// Its `at` is that of the call proper.
    Call {
        argc: u32,
        kwnames: Option<u32>,
    },
    /// Stack: the pair, the tuple (or any iterable) of positional arguments, and the mapping of
    /// keyword arguments if `has_kwargs` (which may be `NULL` on 3.14).
    CallFunctionEx {
        has_kwargs: bool,
    },
    /// Stack: one value per bit of `attributes` (1 defaults, 2 keyword defaults, 4 annotations, 8
    /// closure), lowest bit deepest, then the code object. 3.13+ sets attributes one by one with
    /// `SetFunctionAttribute`.
    MakeFunction {
        attributes: u32,
    },
    /// Stack: value, function; leaves the function. `attribute` is one bit as above (16:
    /// annotate function, 3.14).
    SetFunctionAttribute {
        attribute: u32,
    },

    // --- exceptions ---
    /// 0: re-raise, 1: raise exception, 2: raise exception from cause.
    Raise(u32),
    /// Raises the exception on top again. `lasti_depth` is not 0 when the instruction that
    /// counts as the raising one is stored so many values below.
    Reraise {
        lasti_depth: u32,
    },
    /// Stack: exception; becomes previous exception, exception.
    PushExcInfo,
    PopExcept,
    /// Stack: exception, type; the type becomes a bool.
    CheckExcMatch,
    /// Stack: exception group, type; become rest, match.
    CheckEgMatch,
    /// Stack: manager; becomes bound `__exit__`, result of `__enter__`.
    BeforeWith,
    /// Calls `__exit__` with the exception on top; pushes the result. With `exit_pair` (3.14)
    /// there are two slots for the exit function, as in a call.
    WithExceptStart {
        exit_pair: bool,
    },

    // --- match ---
    GetLen,
    MatchMapping,
    MatchSequence,
    MatchKeys,
    MatchClass(u32),

    // --- the rest ---
    Intrinsic1(Intrinsic1),
    Intrinsic2(Intrinsic2),
    Generator(GeneratorOp),
    /// An instruction without meaning here, by its CPython name. What it does to the stack is not
    /// known; the compiler leaves the function to the interpreter.
    Unsupported(&'static str),
}

impl Op {
    /// How many values the operation pops and pushes when control falls through (or does not go
    /// on at all). Peeked values are not counted as popped unless they change place.
    pub fn stack_effect(&self) -> (u32, u32) {
        use Op::*;
        match *self {
            Nop
            | Resume { .. }
            | DeleteFast(_)
            | MakeCell(_)
            | CopyFreeVars(_)
            | DeleteDeref(_)
            | DeleteGlobal { .. }
            | DeleteName { .. }
            | SetupAnnotations
            | Jump { .. }
            | JumpBackward { .. }
            | Unsupported(_) => (0, 0),
            LoadConst(_)
            | PushInt(_)
            | PushNull
            | LoadCommonConstant(_)
            | LoadBuildClass
            | LoadFast(_)
            | LoadFastCheck(_)
            | LoadFastAndClear(_)
            | LoadClosure(_)
            | LoadDeref(_)
            | LoadGlobal { .. }
            | LoadName { .. }
            | LoadLocals
            | LoadClassDeref(_)
            | ImportFrom { .. }
            | Copy(_)
            | ForIter { .. }
            | GetLen
            | MatchMapping
            | MatchSequence
            | WithExceptStart { .. } => (0, 1),
            StoreFast(_)
            | StoreDeref(_)
            | StoreGlobal { .. }
            | StoreName { .. }
            | DeleteAttr { .. }
            | PopTop
            | PopJumpIf { .. }
            | JumpIfOrPop { .. }
            | ReturnValue
            | ListAppend(_)
            | SetAdd(_)
            | ListExtend(_)
            | SetUpdate(_)
            | DictUpdate(_)
            | DictMerge(_)
            | PopExcept
            | Reraise { .. } => (1, 0),
            LoadFromDictOrGlobals { .. }
            | LoadFromDictOrDeref(_)
            | LoadAttr { .. }
            | UnaryNegative
            | UnaryNot
            | UnaryInvert
            | UnaryPositive
            | ToBool
            | ListToTuple
            | ConvertValue(_)
            | GetIter
            | Intrinsic1(_) => (1, 1),
            LoadMethod { .. } | LoadSpecial(_) | PushExcInfo | BeforeWith => (1, 2),
            StoreAttr { .. } | DeleteSubscr | MapAdd(_) => (2, 0),
            ImportName { .. }
            | BinaryOp { .. }
            | Compare { .. }
            | Is { .. }
            | Contains { .. }
            | BinarySubscr
            | Intrinsic2(_)
            | SetFunctionAttribute { .. } => (2, 1),
            CheckExcMatch | CheckEgMatch => (2, 2),
            MatchKeys => (0, 1),
            MatchClass(_) => (3, 1),
            StoreSubscr => (3, 0),
            BinarySlice => (3, 1),
            StoreSlice => (4, 0),
            LoadSuperAttr { method, .. } => (3, 1 + u32::from(method)),
            BuildSlice(count) | BuildTuple(count) | BuildList(count) | BuildSet(count)
            | BuildString(count) => (count, 1),
            BuildMap(pairs) => (pairs.saturating_mul(2), 1),
            BuildConstKeyMap(count) => (count.saturating_add(1), 1),
            UnpackSequence(count) => (1, count),
            UnpackEx { before, after } => (1, before + after + 1),
            FormatValue { with_spec, .. } => (1 + u32::from(with_spec), 1),
            BuildInterpolation { with_spec } => (2 + u32::from(with_spec), 1),
            BuildTemplate => (2, 1),
            Swap(depth) => (depth, depth),
            Call { argc, .. } => (argc.saturating_add(2), 1),
            CallFunctionEx { has_kwargs } => (3 + u32::from(has_kwargs), 1),
            MakeFunction { attributes } => (1 + attributes.count_ones(), 1),
            Raise(count) => (count, 0),
            Generator(op) => op.stack_effect(),
        }
    }

    /// The same for the way along [`Op::target`]; `None` if there is none.
    pub fn jump_effect(&self) -> Option<(u32, u32)> {
        match *self {
            Op::JumpIfOrPop { .. } => Some((0, 0)),
            Op::ForIter { .. } => Some((1, 0)),
            Op::Generator(GeneratorOp::Send { pops_receiver, .. }) => {
                Some(if pops_receiver { (2, 1) } else { (1, 1) })
            }
            Op::Jump { .. } | Op::JumpBackward { .. } | Op::PopJumpIf { .. } => {
                Some(self.stack_effect())
            }
            _ => None,
        }
    }

    /// Where the operation may jump to, apart from exception handlers.
    pub fn target(&self) -> Option<u32> {
        match *self {
            Op::Jump { target }
            | Op::JumpBackward { target, .. }
            | Op::PopJumpIf { target, .. }
            | Op::JumpIfOrPop { target, .. }
            | Op::ForIter { exit: target, .. }
            | Op::Generator(GeneratorOp::Send { target, .. }) => Some(target),
            _ => None,
        }
    }

    /// Whether control can reach the next operation without a jump.
    pub fn falls_through(&self) -> bool {
        !matches!(
            self,
            Op::Jump { .. }
                | Op::JumpBackward { .. }
                | Op::ReturnValue
                | Op::Raise(_)
                | Op::Reraise { .. }
        )
    }
}

impl GeneratorOp {
    /// Pops and pushes when control falls through; see [`Op::stack_effect`].
    pub fn stack_effect(self) -> (u32, u32) {
        match self {
            // Counted as the generator sees it when it is first resumed.
            GeneratorOp::ReturnGenerator | GeneratorOp::GetAnext => (0, 1),
            GeneratorOp::YieldValue
            | GeneratorOp::GetYieldFromIter
            | GeneratorOp::GetAwaitable
            | GeneratorOp::GetAiter
            | GeneratorOp::AsyncGenWrap
            | GeneratorOp::Send { .. } => (1, 1),
            GeneratorOp::BeforeAsyncWith => (1, 2),
            GeneratorOp::EndAsyncFor => (2, 0),
            GeneratorOp::EndSend => (2, 1),
            GeneratorOp::CleanupThrow => (3, 2),
        }
    }

    /// The name in CPython, for reports.
    pub fn name(self) -> &'static str {
        match self {
            GeneratorOp::ReturnGenerator => "RETURN_GENERATOR",
            GeneratorOp::YieldValue => "YIELD_VALUE",
            GeneratorOp::GetYieldFromIter => "GET_YIELD_FROM_ITER",
            GeneratorOp::GetAwaitable => "GET_AWAITABLE",
            GeneratorOp::GetAiter => "GET_AITER",
            GeneratorOp::GetAnext => "GET_ANEXT",
            GeneratorOp::AsyncGenWrap => "ASYNC_GEN_WRAP",
            GeneratorOp::BeforeAsyncWith => "BEFORE_ASYNC_WITH",
            GeneratorOp::EndAsyncFor => "END_ASYNC_FOR",
            GeneratorOp::Send { .. } => "SEND",
            GeneratorOp::EndSend => "END_SEND",
            GeneratorOp::CleanupThrow => "CLEANUP_THROW",
        }
    }
}

impl fmt::Display for Op {
    /// The operation as dumps show it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::BinaryOp { op, inplace } => {
                let equals = if *inplace { "=" } else { "" };
                write!(formatter, "BinaryOp {}{equals}", op.symbol())
            }
            Op::Compare { op, to_bool } => {
                let suffix = if *to_bool { " to_bool" } else { "" };
                write!(formatter, "Compare {}{suffix}", op.symbol())
            }
            other => write!(formatter, "{other:?}"),
        }
    }
}
