//! What the lifter may ask of the interpreter, as plain data.
//!
//! The driver implements [`World`]; tests implement it over captured data. Whatever an answer says of
//! a global or an attribute is an assumption: the lifter emits the guard that checks it.

use std::rc::Rc;

use crate::bytecode::{Code, CodeBytes};
use crate::feedback::{ClassKey, Fact, FunctionCodeKey};
use crate::hir::attributes::{FieldKind, MathFunction};
use crate::hir::{IntRange, Repr, Type};

use super::Raised;

/// Row of the driver's table of real objects.
pub type ObjectHandle = u32;
/// Row of the driver's table of Python functions.
pub type FunctionHandle = u32;

/// Builtin functions the lifter knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Builtin {
    /// `len`
    Len,
    /// `abs`
    Abs,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `round`
    Round,
    /// `divmod`
    Divmod,
    /// `pow`
    Pow,
    /// `sum`
    Sum,
    /// `any`
    Any,
    /// `all`
    All,
    /// `sorted`
    Sorted,
    /// `next`
    Next,
    /// `ord`
    Ord,
    /// `chr`
    Chr,
    /// `isinstance`
    Isinstance,
    /// `math.sqrt`
    MathSqrt,
    /// `math.floor`
    MathFloor,
    /// `math.ceil`
    MathCeil,
    /// `math.fabs`
    MathFabs,
    /// Another function of one float of `math`.
    Math(MathFunction),
}

/// Builtin classes the lifter knows as callables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuiltinClass {
    /// `int`
    Int,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `range`
    Range,
    /// `enumerate`
    Enumerate,
    /// `zip`
    Zip,
    /// `str`, `list`, ...: known only for `isinstance`.
    Other(Type),
}

/// Methods of builtin classes the lifter knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuiltinMethod {
    /// `list.append`
    ListAppend,
    /// `list.pop`
    ListPop,
    /// `dict.get`
    DictGet,
    /// `dict.setdefault`
    DictSetDefault,
    /// `set.add`
    SetAdd,
    /// `str.find`
    StrFind,
    /// `str.startswith`
    StrStartsWith,
    /// `str.endswith`
    StrEndsWith,
    /// A row of [`super::METHODS`].
    Row(usize),
}

/// What an object is, as far as the lifter cares.
#[derive(Clone, PartialEq, Debug)]
pub enum ObjectKind {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An exact int of 64 bits and sign.
    Int(i64),
    /// An exact int in 2**63 .. 2**64-1.
    Unsigned(u64),
    /// An exact float.
    Float(f64),
    /// An exact str.
    Str(String),
    /// A known builtin function.
    Builtin(Builtin),
    /// A known builtin class.
    Class(BuiltinClass),
    /// A class made by `class`, with the usual way to make and read instances.
    InstanceClass(ClassKey),
    /// A known method descriptor.
    Method(BuiltinMethod),
    /// A builtin that looks into its caller's frame (`locals`, `eval`, ..).
    FrameReader,
    /// `super`
    Super,
    /// `object.__init__`
    ObjectInit,
    /// A module.
    Module,
    /// A Python function.
    Function(FunctionHandle),
    /// An exact tuple.
    Tuple(Vec<ObjectFact>),
    /// Anything else.
    Other,
}

/// An object of the interpreter.
#[derive(Clone, PartialEq, Debug)]
pub struct ObjectFact {
    /// Which object.
    pub handle: ObjectHandle,
    /// Its exact class.
    pub ty: Type,
    /// For dumps.
    pub text: String,
    /// What it is.
    pub kind: ObjectKind,
}

/// What a global name or a module's attribute is.
#[derive(Clone, Debug)]
pub enum GlobalFact {
    /// This object, by assumption: a guard of the namespace checks it.
    Assumed(ObjectFact),
    /// Something the code must not keep alive: it is read when the code runs.
    Read {
        /// Row of the namespace's table of such names.
        row: u32,
        /// What was observed of the value.
        fact: Fact,
    },
}

/// Row of the driver's table of classes of instances that a compilation relies on.
pub type ClassHandle = u32;

/// What an attribute of an instance of a class is.
#[derive(Clone, Debug)]
pub enum AttributeFact {
    /// The instance's own, there, and what was observed of it. The class may have one of that name that
    /// counts where the instance has none.
    Field(FieldKind, Fact),
    /// An object of the class, as long as the instance has nothing of that name.
    Value(ObjectFact),
    /// A method: this function, under the same condition.
    Method(ObjectFact),
    /// An object of the class as in `Value`, which the code must not keep alive, and what was observed of it.
    Member(ObjectFact, Fact),
    /// What this function gives for the instance.
    Property(ObjectFact),
    /// A method in C of a builtin class that the class is derived from, as in `Method`.
    BuiltinMethod(ObjectFact),
    /// A class method, as in `Method`: this function, for the class itself.
    ClassMethod {
        /// The function.
        function: ObjectFact,
        /// The class, which is a global of its module.
        class: ObjectFact,
    },
    /// The class itself, which is a global of its module.
    Class(ObjectFact),
    /// Something else.
    Unknown,
}

/// What an attribute of a class is: an assumption about the class.
#[derive(Clone, Debug)]
pub struct ClassAttribute {
    /// The class.
    pub class: (ClassHandle, String),
    /// The class's class, unless that is `type`.
    pub meta: Option<(ClassHandle, String)>,
    /// What is there.
    pub member: ClassMember,
}

/// What a class has under a name.
#[derive(Clone, Debug)]
pub enum ClassMember {
    /// This object.
    Value(ObjectFact),
    /// This object, which the code must not keep alive, and what was observed of it.
    Borrowed(ObjectFact, Fact),
    /// A class method: this function.
    ClassMethod(ObjectFact),
}

/// Objects of which `isinstance` is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Instances {
    /// Those of that class exactly.
    Of(ClassHandle),
    /// Those of that builtin class exactly.
    OfType(Type),
}

/// What answers an operator.
#[derive(Clone, Debug)]
pub enum SpecialMethod {
    /// Nothing.
    Missing,
    /// This function.
    Function(ObjectFact),
    /// What `object` has.
    OfObject,
    /// Something else.
    Other,
}

/// What making an instance of a class takes, beside its memory.
#[derive(Clone, Debug)]
pub enum Constructor {
    /// Nothing; there are no arguments.
    Plain,
    /// A call of this function, with the instance first.
    Init(ObjectFact),
}

/// Objects every interpreter has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Singleton {
    /// `None`
    None,
    /// `True`
    True,
    /// `False`
    False,
    /// What the `iter_next` helper returns at the end.
    Sentinel,
    /// The class `enumerate`.
    Enumerate,
    /// The class `zip`.
    Zip,
    /// The function `any`.
    Any,
    /// The function `all`.
    All,
    /// The class `tuple`.
    Tuple,
}

/// A Python function that may be inlined or called natively.
#[derive(Clone, Debug)]
pub struct CalleeFacts {
    /// Qualified name.
    pub name: String,
    /// Its code.
    pub bytes: Rc<CodeBytes>,
    /// Decoded.
    pub code: Rc<Code>,
    /// Defaults of the last positional parameters.
    pub defaults: Vec<ObjectFact>,
    /// The function object itself.
    pub object: ObjectHandle,
    /// Has `@jit`.
    pub decorated: bool,
    /// Its code may become a part of its callers.
    pub may_be_inlined: bool,
    /// Is the function being compiled.
    pub is_self: bool,
}

/// How a compiled function is called from native code.
#[derive(Clone, Debug)]
pub struct NativeSignature {
    /// Names the version: a function may have several, and one caller may call more than one of them.
    pub target: u32,
    /// What it takes: its code relies on all of it.
    pub params: Vec<NativeParam>,
    /// Type and representation of the result.
    pub returns: (Type, Repr),
}

/// What compiled code takes as one argument.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NativeParam {
    /// Classes it can be of.
    pub ty: Type,
    /// How it is held.
    pub repr: Repr,
    /// Bounds of an int.
    pub range: IntRange,
    /// The class of instances it is for, if for one alone.
    pub class: Option<ClassKey>,
}

/// The interpreter, as the lifter sees it.
pub trait World {
    /// The object of constant `index` of a function's code.
    fn constant(&mut self, function: FunctionHandle, index: u32) -> ObjectFact;
    /// The object of a small int that is in the bytecode itself: one the interpreter keeps.
    fn small_int(&mut self, value: i64) -> ObjectFact;
    /// The interned string of name `index` of a function's code.
    fn name(&mut self, function: FunctionHandle, index: u32) -> ObjectFact;
    /// An object every interpreter has.
    fn singleton(&mut self, which: Singleton) -> ObjectFact;
    /// What `LOAD_GLOBAL` would give now, remembered in the function's namespace; `None` if there is
    /// nothing.
    fn global(&mut self, function: FunctionHandle, name: &str) -> Option<GlobalFact>;
    /// Row of the driver's namespace table for the function's globals and builtins.
    fn namespace(&mut self, function: FunctionHandle) -> u32;
    /// The function's globals dict and builtins dict.
    fn globals(&mut self, function: FunctionHandle) -> (ObjectFact, ObjectFact);
    /// An attribute in a module's dict, and the namespace that remembers it.
    fn module_attribute(&mut self, module: ObjectHandle, name: &str) -> Option<(GlobalFact, u32)>;
    /// Default of a keyword-only parameter, and the namespace that remembers it.
    fn keyword_default(
        &mut self,
        function: FunctionHandle,
        name: &str,
    ) -> Option<(GlobalFact, u32)>;
    /// An attribute of an immutable builtin class.
    fn type_attribute(&mut self, class: Type, name: &str) -> Option<ObjectFact>;
    /// The class of instances with that number as it is now, and its name; `None` if nothing can be relied on.
    fn instance_class(&mut self, key: ClassKey) -> Option<(ClassHandle, String)>;
    /// What reading an attribute of such an instance gives.
    fn instance_attribute(&mut self, class: ClassHandle, name: &str) -> AttributeFact;
    /// What `super(start, instance)` gives for such an instance.
    fn super_attribute(
        &mut self,
        class: ClassHandle,
        start: ObjectHandle,
        name: &str,
    ) -> AttributeFact {
        let _ = (class, start, name);
        AttributeFact::Unknown
    }
    /// What reading an attribute of an object gives, if that is a class.
    fn class_attribute(&mut self, object: ObjectHandle, name: &str) -> Option<ClassAttribute> {
        let _ = (object, name);
        None
    }
    /// The class that is in a cell now, as one whose changes can be told, and as an object.
    fn class_in_cell(&mut self, cell: ObjectHandle) -> Option<(ClassHandle, ObjectFact)> {
        let _ = cell;
        None
    }
    /// Are these instances of the class, or of one of the tuple of classes? `None` if that is no class that answers
    /// by its place among the bases.
    fn is_instance(&mut self, instances: Instances, of: ObjectHandle) -> Option<bool> {
        let _ = (instances, of);
        None
    }
    /// Is it a class that says by its place among the bases which objects are its instances?
    fn is_plain_class(&mut self, class: ObjectHandle) -> bool {
        let _ = class;
        false
    }
    /// The method that an operator asks for: what the class of an instance has under the name.
    fn special_method(&mut self, class: ClassHandle, name: &str) -> SpecialMethod {
        let _ = (class, name);
        SpecialMethod::Other
    }
    /// What calling the class runs; `None` if it takes the interpreter.
    fn constructor(&mut self, class: ClassHandle) -> Option<Constructor>;
    /// Where storing an attribute of such an instance puts it.
    fn stored_attribute(&mut self, class: ClassHandle, name: &str) -> Option<FieldKind>;
    /// Can such an instance have attributes that its class does not know?
    fn has_names(&mut self, class: ClassHandle) -> bool;
    /// Cell `index` of the function's closure and what is known of its contents.
    fn closure_cell(&mut self, function: FunctionHandle, index: u32) -> Option<(ObjectFact, Fact)>;
    /// The function behind a handle.
    fn callee(&mut self, function: FunctionHandle) -> Option<CalleeFacts>;
    /// A compiled version of another decorated function that takes arguments like these.
    fn native(&mut self, function: FunctionHandle, args: &[Fact]) -> Option<NativeSignature>;
    /// A stand-in for functions of that code, and what their cells hold.
    fn function_with_code(&mut self, key: FunctionCodeKey) -> Option<(FunctionHandle, Vec<Fact>)> {
        let _ = key;
        None
    }
    /// The number of a code object, for functions with the globals of the function that is compiled.
    fn key_of_code(&mut self, code: ObjectHandle) -> Option<FunctionCodeKey> {
        let _ = code;
        None
    }
    /// Does `sum` make good for what rounding loses when it adds floats (3.12+)?
    fn sum_compensates(&self) -> bool {
        true
    }
    /// Can generators be made from their pieces?
    fn knows_generators(&self) -> bool {
        true
    }
    /// Are the classes of iterators of dicts and sets known?
    fn knows_iterators(&self) -> bool {
        true
    }
    /// Does an `except` with this class, or tuple of classes, catch the exception? `None` if it is neither.
    fn catches(&mut self, object: ObjectHandle, raised: Raised) -> Option<bool>;
    /// What is known of an object's contents.
    fn fact(&mut self, object: ObjectHandle) -> Fact;
}
