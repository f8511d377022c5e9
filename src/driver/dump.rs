//! `BROLGA_DUMP`: listings printed on standard error while compiling.
//!
//! An entry is `KIND:NAME`. The name is a function's `__qualname__`, with or without its module before it, or
//! `all`. `hir` prints what the lifter made and what each pass made of it; `clif` and `asm` print the end.

use pyo3::prelude::*;

use super::engine::Engine;
use super::listing::{Text, listing};
use super::options::Config;
use crate::hir::Function;

/// What is to be printed of one function.
#[derive(Clone, Copy, Default)]
pub struct Dump {
    /// HIR after every pass.
    pub hir: bool,
    clif: bool,
    assembly: bool,
}

impl Dump {
    /// What the option says of a function.
    pub fn new(config: &Config, function: &Bound<'_, PyAny>) -> Dump {
        let entries = config.list("dump");
        if entries.is_empty() {
            return Dump::default();
        }
        let attribute = |name: &str| {
            let value = function.getattr(name).and_then(|value| value.extract());
            value.unwrap_or_else(|_| String::new())
        };
        let (module, name) = (attribute("__module__"), attribute("__qualname__"));
        let asked = |kind: &str| {
            entries
                .iter()
                .filter_map(|entry| entry.split_once(':'))
                .any(|(wanted, of)| {
                    wanted == kind
                        && (of == "all" || of == name || of == format!("{module}.{name}"))
                })
        };
        Dump {
            hir: asked("hir"),
            clif: asked("clif"),
            assembly: asked("asm"),
        }
    }

    /// Prints what the passes made, as Cranelift IR and as instructions.
    pub fn lowered(self, engine: &mut Engine, function: &Function) {
        for (asked, text) in [(self.clif, Text::Clif), (self.assembly, Text::Assembly)] {
            if asked {
                eprintln!("{}", listing(engine, function, text));
            }
        }
    }
}
