//! Cranelift IR and assembly of a compiled function, for `jit.inspect`.
//!
//! Made on demand from the HIR that was compiled: keeping the text of every function would cost more
//! than compiling does. Addresses of objects are stand-ins; every address is named at the end of its
//! line, which is what a reader wants to know.

use std::cell::RefCell;

use crate::abi::helpers::HelperId;
use crate::abi::layout::InstanceClass;
use crate::abi::support::Support;
use crate::hir::attributes::MathFunction;
use crate::hir::{CalleeId, ClassId, CodeId, Function, NamespaceId, ObjectId, Type};
use crate::lower::{AddressProvider, Options};

use super::engine::Engine;

/// What to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    /// Cranelift IR.
    Clif,
    /// The instructions of the machine.
    Assembly,
}

/// The listing, or why there is none.
pub fn listing(engine: &mut Engine, function: &Function, text: Text) -> String {
    let addresses = Named {
        names: RefCell::default(),
        classes: engine.classes.clone(),
    };
    let options = Options {
        keep_clif: text == Text::Clif,
        keep_assembly: text == Text::Assembly,
        ..Options::default()
    };
    match engine
        .compiler
        .compile(function, &engine.layout, &addresses, &options)
    {
        Ok(compiled) => {
            let text = compiled.clif.or(compiled.assembly).unwrap_or_default();
            addresses.annotate(&text)
        }
        Err(error) => format!("; {error}\n"),
    }
}

/// Addresses that remember what they stand for.
struct Named {
    names: RefCell<Vec<(u64, String)>>,
    classes: Vec<(Type, u64)>,
}

/// Where stand-ins begin: a number that no other constant in the code is near to.
const STAND_INS: u64 = 0x0b01_9a00_0000_0000;

impl Named {
    fn name(&self, address: u64, name: String) -> u64 {
        let mut names = self.names.borrow_mut();
        if !names.iter().any(|(known, _)| *known == address) {
            names.push((address, name));
        }
        address
    }

    /// A stand-in: as wide as a real address, so that the same instructions come out.
    fn stand_in(&self, name: String) -> u64 {
        let mut names = self.names.borrow_mut();
        if let Some((address, _)) = names.iter().find(|(_, known)| *known == name) {
            return *address;
        }
        let address = STAND_INS + 64 * names.len() as u64;
        names.push((address, name));
        address
    }

    /// Adds the names to the lines.
    fn annotate(&self, text: &str) -> String {
        let names = self.names.borrow();
        let spellings: Vec<([String; 3], &str)> = names
            .iter()
            .filter(|(address, _)| *address > u64::from(u16::MAX))
            .map(|(address, name)| (spellings(*address), name.as_str()))
            .collect();
        let mut annotated = String::with_capacity(text.len() + text.len() / 4);
        for line in text.lines() {
            annotated.push_str(line);
            for (spellings, name) in &spellings {
                if spellings.iter().any(|spelling| line.contains(spelling)) {
                    annotated.push_str("  ; ");
                    annotated.push_str(name);
                }
            }
            annotated.push('\n');
        }
        annotated
    }
}

/// How Cranelift may print a number: decimal, hexadecimal, hexadecimal in groups of four digits.
fn spellings(address: u64) -> [String; 3] {
    let digits = format!("{address:x}");
    let mut grouped = String::from("0x");
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(4) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    [address.to_string(), format!("{address:#x}"), grouped]
}

impl AddressProvider for Named {
    fn helper(&self, helper: HelperId) -> Option<u64> {
        let address = crate::runtime::helpers::address(helper) as u64;
        Some(self.name(address, format!("helper {}", helper.info().name)))
    }

    fn support(&self, function: Support) -> u64 {
        let address = crate::runtime::support_address(function) as u64;
        self.name(address, format!("support {function:?}"))
    }

    fn math(&self, function: MathFunction) -> u64 {
        let address = crate::runtime::helpers::math_address(function) as u64;
        self.name(address, format!("math {function:?}"))
    }

    fn object(&self, object: ObjectId) -> u64 {
        self.stand_in(format!("object {object}"))
    }

    fn function_parts(&self, function: ObjectId) -> [u64; 4] {
        ["code", "defaults", "keyword defaults", "globals"]
            .map(|part| self.stand_in(format!("{part} of {function}")))
    }

    fn instance_class(&self, class: ClassId) -> InstanceClass {
        InstanceClass {
            address: self.stand_in(format!("class {class}")),
            ..InstanceClass::default()
        }
    }

    fn class(&self, class: Type) -> Option<u64> {
        let (_, address) = self.classes.iter().find(|(known, _)| *known == class)?;
        Some(self.name(*address, format!("class {class}")))
    }

    fn callee_cell(&self, callee: CalleeId) -> u64 {
        self.stand_in(format!("body of {callee}"))
    }

    fn namespace(&self, namespace: NamespaceId) -> u64 {
        self.stand_in(format!("namespace {namespace}"))
    }

    fn unit(&self) -> u64 {
        self.stand_in("unit".into())
    }

    fn call_counter(&self) -> u64 {
        self.stand_in("call counter".into())
    }

    fn code_object(&self) -> u64 {
        self.stand_in("code object".into())
    }

    fn code_start(&self, code: CodeId) -> u64 {
        self.stand_in(format!("bytecode of {code}"))
    }
}
