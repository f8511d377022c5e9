//! The lifter's view of a captured function: its own constants, and the builtins its loops call.
//!
//! Invariant: every object has a handle of its own, so that a function lifts here as it does in an
//! interpreter whose globals hold nothing but builtins.

use brolga::bytecode::{CodeBytes, ConstView};
use brolga::feedback::{ClassKey, Fact};
use brolga::hir::Type;
use brolga::hir::attributes::FieldKind;
use brolga::lift::{
    AttributeFact, Builtin, BuiltinClass, CalleeFacts, ClassHandle, Constructor, FunctionHandle,
    GlobalFact, NativeSignature, ObjectFact, ObjectHandle, ObjectKind, Raised, Singleton, World,
};

/// See the module.
pub struct CapturedWorld<'a> {
    bytes: &'a CodeBytes,
    /// What was asked for so far: the row is the handle.
    texts: Vec<String>,
}

impl<'a> CapturedWorld<'a> {
    /// The world of one function.
    pub fn new(bytes: &'a CodeBytes) -> Self {
        CapturedWorld {
            bytes,
            texts: Vec::new(),
        }
    }

    fn object(&mut self, text: &str, ty: Type, kind: ObjectKind) -> ObjectFact {
        let known = self.texts.iter().position(|other| other == text);
        let handle = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        ObjectFact {
            handle: handle as ObjectHandle,
            ty,
            text: text.to_owned(),
            kind,
        }
    }

    fn describe(&mut self, constant: &ConstView) -> ObjectFact {
        let (ty, kind) = match constant {
            ConstView::None => (Type::NONE, ObjectKind::None),
            ConstView::Bool(value) => (Type::BOOL, ObjectKind::Bool(*value)),
            ConstView::Int(value) => (Type::INT, ObjectKind::Int(*value)),
            ConstView::BigInt(_) => (Type::INT, ObjectKind::Other),
            ConstView::Float(value) => (Type::FLOAT, ObjectKind::Float(*value)),
            ConstView::Str(_) => (Type::STR, ObjectKind::Other),
            ConstView::Bytes(_) => (Type::BYTES, ObjectKind::Other),
            ConstView::Tuple(items) => {
                let items = items.iter().map(|item| self.describe(item)).collect();
                (Type::TUPLE, ObjectKind::Tuple(items))
            }
            _ => (Type::OTHER, ObjectKind::Other),
        };
        self.object(&format!("{constant:?}"), ty, kind)
    }
}

impl World for CapturedWorld<'_> {
    fn constant(&mut self, _function: FunctionHandle, index: u32) -> ObjectFact {
        let bytes = self.bytes;
        self.describe(&bytes.consts[index as usize])
    }

    fn name(&mut self, _function: FunctionHandle, index: u32) -> ObjectFact {
        let bytes = self.bytes;
        self.object(&bytes.names[index as usize], Type::STR, ObjectKind::Other)
    }

    fn small_int(&mut self, value: i64) -> ObjectFact {
        self.describe(&ConstView::Int(value))
    }

    fn singleton(&mut self, which: Singleton) -> ObjectFact {
        let class = |class| (Type::CLASS, ObjectKind::Class(class));
        let (ty, kind) = match which {
            Singleton::None => (Type::NONE, ObjectKind::None),
            Singleton::True => (Type::BOOL, ObjectKind::Bool(true)),
            Singleton::False => (Type::BOOL, ObjectKind::Bool(false)),
            Singleton::Sentinel => (Type::OTHER, ObjectKind::Other),
            Singleton::Enumerate => class(BuiltinClass::Enumerate),
            Singleton::Zip => class(BuiltinClass::Zip),
            Singleton::Any => (Type::BUILTIN, ObjectKind::Builtin(Builtin::Any)),
            Singleton::All => (Type::BUILTIN, ObjectKind::Builtin(Builtin::All)),
            Singleton::Tuple => class(BuiltinClass::Other(Type::TUPLE)),
        };
        self.object(&format!("{which:?}"), ty, kind)
    }

    fn global(&mut self, _function: FunctionHandle, name: &str) -> Option<GlobalFact> {
        Some(GlobalFact::Assumed(match name {
            "range" => {
                let kind = ObjectKind::Class(BuiltinClass::Range);
                self.object(name, Type::CLASS, kind)
            }
            "len" => self.object(name, Type::BUILTIN, ObjectKind::Builtin(Builtin::Len)),
            _ => return None,
        }))
    }

    fn namespace(&mut self, _function: FunctionHandle) -> u32 {
        0
    }

    fn globals(&mut self, _function: FunctionHandle) -> (ObjectFact, ObjectFact) {
        let globals = self.object("globals", Type::DICT, ObjectKind::Other);
        let builtins = self.object("builtins", Type::DICT, ObjectKind::Other);
        (globals, builtins)
    }

    fn module_attribute(&mut self, _: ObjectHandle, _: &str) -> Option<(GlobalFact, u32)> {
        None
    }

    fn keyword_default(&mut self, _: FunctionHandle, _: &str) -> Option<(GlobalFact, u32)> {
        None
    }

    fn type_attribute(&mut self, _class: Type, _name: &str) -> Option<ObjectFact> {
        None
    }

    fn instance_class(&mut self, _key: ClassKey) -> Option<(ClassHandle, String)> {
        None
    }

    fn instance_attribute(&mut self, _class: ClassHandle, _name: &str) -> AttributeFact {
        AttributeFact::Unknown
    }

    fn constructor(&mut self, _class: ClassHandle) -> Option<Constructor> {
        None
    }

    fn stored_attribute(&mut self, _class: ClassHandle, _name: &str) -> Option<FieldKind> {
        None
    }

    fn has_names(&mut self, _class: ClassHandle) -> bool {
        true
    }

    fn closure_cell(&mut self, _: FunctionHandle, _: u32) -> Option<(ObjectFact, Fact)> {
        None
    }

    fn callee(&mut self, _function: FunctionHandle) -> Option<CalleeFacts> {
        None
    }

    fn native(&mut self, _function: FunctionHandle, _args: &[Fact]) -> Option<NativeSignature> {
        None
    }

    fn catches(&mut self, _object: ObjectHandle, _raised: Raised) -> Option<bool> {
        None
    }

    fn fact(&mut self, _object: ObjectHandle) -> Fact {
        Fact::default()
    }
}
