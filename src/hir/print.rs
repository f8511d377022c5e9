//! The text format of HIR, written. `parse` is the inverse and keeps all ids that are written.
//!
//! ```text
//! ; A comment. Names that are not words are in quotes.
//! func f(v0: List, v1: Int/i64 0..100, v2) -> f64 {
//! ns0 = 3                                            ; row of the driver's table of namespaces
//! class0 = Point handle 1                            ; row of the driver's table of classes of instances
//! code0 = f locals 3 function 0 namespace ns0
//! o0: Int = "42" handle 7                            ; pool object; handle = its number if left out
//! callee0 = g(i64, boxed) -> f64 handle 2            ; no handle: the function itself
//! fs0 = code0@12 next 14 locals [v0, -, v1?v2] stack [range_iter(v3, v4, v5)] parent fs1
//! block0:                                            ; parameters of the entry are the function's
//!     snapshot !fs0
//!     v3: 0..5 = int_add[checked] v1, v1 !fs0 @code0:12
//!     v4: Str = call_runtime[binary_add] v0, v2 ^fs1
//!     v5 = call_native[callee0] v1, v0 !fs0 ^fs1 >fs2
//!     jump block1(v3)
//! block1(v6: Int/i64) cold:
//!     branch v7, block2, block3(v6)
//! block2:
//!     exit[type-changed] !fs0
//! block3(v8: f64):
//!     return v8
//! }
//! ```
//!
//! * A value is `vN: TYPE/REPR RANGE`, each part optional: type and representation default to what
//!   the op alone says (`result_facts`); a block parameter to any boxed object; a type to the widest
//!   of the representation; a range to the op's or to the representation's. `LOW..HIGH` has both
//!   ends; `min`, `max`, `umax` are the limits of 64 bits, an end left out is no bound.
//! * `!fs` is where an instruction leaves to (what a snapshot records), `^fs` where it raises, `>fs`
//!   the state after a native call. `#1` is the operand number of a guard. `@code0:12` is the origin; left out, it is that of the throw or
//!   exit state, else of the instruction before.
//! * Slots: `-` nothing, `v1` a value, `v1?v2` v1 if v2 is true, `result`, `range(start, stop, step)`,
//!   `range_iter(next, stop, step)`, `seq_iter(sequence, index)`, `enumerate(count, SLOT)`, `zip(SLOT, ...)`,
//!   `g1` the object in pieces with that number. `with [...]` lists those: `g1 created code1@4 locals [..] stack [..]`, `g1 suspended ..`
//!   `g1 finished ..` (generators), `g1 function code1 [cells]`, `g1 tuple [..]`, `g1 is range_iter(..)`.
//! * `next` defaults to the offset plus 1. `constructs`: the caller's instance is on its stack, what the callee returns is dropped. `iterates 40`: it
//!   waits for the next item of a generator, and goes on at 40 when there is none. `runs g1`: the frame is that generator's;
//!   `for sum [v1, v2]` behind that: the builtin that takes its items, and what it has so far.
//!   Frame states nobody refers to are not written, nor what is
//!   not in the layout. `ns0 = 0` and a `code0` with the function's name, function 0, `ns0` and as many
//!   locals as its largest frame state are not written.
//! * `entry_class 0 class1`: entries take the first argument only if it is an instance of that class.
//! * `entry blockN` is written only when the entry is not the first block.

use std::fmt::Write as _;

use super::attributes::Attribute;
use super::effects::Heaps;
use super::frame_state::{FrameState, Shared, Slot, Stage, VirtualObject, Waits};
use super::function::{Block, CodeInfo, Edge, Function, Instr, Origin, Terminator};
use super::ids::{BlockId, CalleeId, ClassId, CodeId, FrameStateId, InstrId, NamespaceId, ValueId};
use super::result_facts::{ResultFacts, result_facts};
use super::types::{Repr, Type};

/// The function as text, without operand numbers and origins of instructions.
pub fn print(function: &Function) -> String {
    print_function(function, false)
}

/// The function as text, complete.
pub fn print_with_origins(function: &Function) -> String {
    print_function(function, true)
}

impl std::fmt::Display for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&print(self))
    }
}

fn print_function(function: &Function, origins: bool) -> String {
    let mut out = String::new();
    line(&mut out, &print_head(function));
    print_declarations(&mut out, function);
    let mut previous = DEFAULT_ORIGIN;
    for &id in &function.layout {
        let block = function.block(id);
        line(&mut out, &print_block_head(function, id, block));
        for &instr in &block.instrs {
            let mut text = print_instr(function, instr);
            let Instr {
                origin, operand, ..
            } = *function.instr(instr);
            if origins && operand != 0 {
                _ = write!(text, " #{operand}");
            }
            if origins && origin != default_origin(function, instr, previous) {
                _ = write!(text, " @{}:{}", origin.code, origin.offset);
            }
            previous = origin;
            line(&mut out, &format!("    {text}"));
        }
        line(
            &mut out,
            &format!("    {}", print_terminator(&block.terminator)),
        );
    }
    out.push_str("}\n");
    out
}

/// The first line.
pub(super) fn print_head(function: &Function) -> String {
    let params = print_params(function, &function.block(function.entry).params);
    let name = print_name(&function.name);
    format!("func {name}({params}) -> {} {{", function.returns.name())
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn print_declarations(out: &mut String, function: &Function) {
    if function.namespaces != [0] {
        for (index, row) in function.namespaces.iter().enumerate() {
            line(out, &format!("{} = {row}", NamespaceId::new(index)));
        }
    }
    for (index, class) in function.classes.iter().enumerate() {
        let (id, name) = (ClassId::new(index), print_name(&class.name));
        line(out, &format!("{id} = {name} handle {}", class.handle));
    }
    let states = used_states(function);
    let locals = states.iter().map(|&id| function.frame_state(id));
    if !function.codes.is_empty() && function.codes != [default_code(&function.name, locals)] {
        for (index, code) in function.codes.iter().enumerate() {
            let CodeInfo {
                name,
                locals,
                function,
                namespace,
            } = code;
            let (id, name) = (CodeId::new(index), print_name(name));
            let text =
                format!("{id} = {name} locals {locals} function {function} namespace {namespace}");
            line(out, &text);
        }
    }
    for (id, object) in function.pool.iter() {
        let handle = if object.handle as usize == id.index() {
            String::new()
        } else {
            format!(" handle {}", object.handle)
        };
        line(
            out,
            &format!("{id}: {} = {}{handle}", object.ty, quote(&object.text)),
        );
    }
    for (index, callee) in function.callees.iter().enumerate() {
        let params: Vec<_> = callee.params.iter().map(|repr| repr.name()).collect();
        let handle = callee
            .handle
            .map(|row| format!(" handle {row}"))
            .unwrap_or_default();
        let text = format!(
            "{} = {}({}) -> {}{handle}",
            CalleeId::new(index),
            print_name(&callee.name),
            params.join(", "),
            callee.returns.name()
        );
        line(out, &text);
    }
    for (number, class) in &function.entry_classes {
        line(out, &format!("entry_class {number} {class}"));
    }
    if function.in_place {
        line(out, "in_place");
    }
    if let Some(writes) = function.quiet {
        let names = Heaps::NAMES
            .iter()
            .filter(|(_, heap)| heap.overlaps(writes));
        let names: String = names.map(|(name, _)| format!(" {name}")).collect();
        line(out, &format!("quiet{names}"));
    }
    for id in states {
        line(out, &print_frame_state(id, function.frame_state(id)));
    }
    if function.layout.first() != Some(&function.entry) {
        line(out, &format!("entry {}", function.entry));
    }
}

/// The code a function has when the text names none.
pub(super) fn default_code<'a>(
    name: &str,
    states: impl Iterator<Item = &'a FrameState>,
) -> CodeInfo {
    let own = states.filter(|state| state.code.index() == 0);
    CodeInfo {
        name: name.to_owned(),
        locals: own
            .map(|state| state.locals.len() as u32)
            .max()
            .unwrap_or(0),
        function: 0,
        namespace: NamespaceId::new(0),
    }
}

/// The origin of the first instruction if nothing else says it.
pub(super) const DEFAULT_ORIGIN: Origin = Origin {
    code: CodeId::FIRST,
    offset: 0,
};

/// The origin an instruction has when the text names none.
pub(super) fn default_origin(function: &Function, id: InstrId, previous: Origin) -> Origin {
    let instr = function.instr(id);
    instr.throw.or(instr.exit).map_or(previous, |state| {
        let state = function.frame_state(state);
        Origin {
            code: state.code,
            offset: state.offset,
        }
    })
}

/// Frame states that instructions of the layout refer to, parents included, in order.
fn used_states(function: &Function) -> Vec<FrameStateId> {
    let mut used = vec![false; function.frame_states.len()];
    let mut add = |first: FrameStateId| {
        let mut next = Some(first);
        while let Some(id) = next {
            let seen = std::mem::replace(&mut used[id.index()], true);
            next = if seen {
                None
            } else {
                function.frame_state(id).parent
            };
        }
    };
    for &id in &function.layout {
        let block = function.block(id);
        block
            .instrs
            .iter()
            .flat_map(|&instr| function.states_of(instr))
            .for_each(&mut add);
        if let Terminator::Exit { state, .. } = block.terminator {
            add(state);
        }
    }
    let ids = used.iter().enumerate().filter(|(_, used)| **used);
    ids.map(|(index, _)| FrameStateId::new(index)).collect()
}

/// The frame state as in the text format.
pub(super) fn print_frame_state(id: FrameStateId, state: &FrameState) -> String {
    let mut text = format!("{id} = {}@{}", state.code, state.offset);
    if state.next != state.offset + 1 {
        _ = write!(text, " next {}", state.next);
    }
    print_slots(&mut text, &state.locals, &state.stack);
    if let Some(parent) = state.parent {
        _ = write!(text, " parent {parent}");
    }
    match state.waits {
        Waits::Call => {}
        Waits::Construct => text.push_str(" constructs"),
        Waits::Iterate { exit } => _ = write!(text, " iterates {exit}"),
        Waits::Operate(operation) => {
            _ = write!(text, " operates {}", operation.helper.name());
            if operation.truth {
                text.push_str(" truth");
            }
            if operation.inverse {
                text.push_str(" inverse");
            }
        }
    }
    if let Some(number) = state.generator {
        _ = write!(text, " runs g{number}");
    }
    if let Some(consumed) = &state.consumed {
        let slots: Vec<_> = consumed.slots.iter().map(print_slot).collect();
        _ = write!(text, " for {} [{}]", consumed.by.name(), slots.join(", "));
    }
    if !state.shared.is_empty() {
        let shared: Vec<_> = state.shared.iter().map(print_shared).collect();
        _ = write!(text, " with [{}]", shared.join(", "));
    }
    text
}

fn print_slots(text: &mut String, locals: &[Slot], stack: &[Slot]) {
    for (word, slots) in [("locals", locals), ("stack", stack)] {
        if !slots.is_empty() {
            let slots: Vec<_> = slots.iter().map(print_slot).collect();
            _ = write!(text, " {word} [{}]", slots.join(", "));
        }
    }
}

fn print_shared((number, object): &(u32, Shared)) -> String {
    match object {
        Shared::Generator {
            code,
            offset,
            stage,
            locals,
            stack,
        } => {
            let word = match stage {
                Stage::Created => "created",
                Stage::Suspended => "suspended",
                Stage::Finished => "finished",
            };
            let mut text = format!("g{number} {word} {code}@{offset}");
            print_slots(&mut text, locals, stack);
            text
        }
        Shared::Iterator(object) => format!("g{number} is {}", print_virtual(object)),
        Shared::Function { code, closure } => {
            let closure: Vec<_> = closure.iter().map(print_slot).collect();
            format!("g{number} function {code} [{}]", closure.join(", "))
        }
        Shared::Tuple(slots) => {
            let slots: Vec<_> = slots.iter().map(print_slot).collect();
            format!("g{number} tuple [{}]", slots.join(", "))
        }
    }
}

fn print_slot(slot: &Slot) -> String {
    match slot {
        Slot::Null => "-".to_owned(),
        Slot::Value(value) => value.to_string(),
        Slot::Maybe { value, bound } => format!("{value}?{bound}"),
        Slot::Result => "result".to_owned(),
        Slot::Shared(number) => format!("g{number}"),
        Slot::Virtual(object) => print_virtual(object),
    }
}

fn print_virtual(object: &VirtualObject) -> String {
    match object {
        VirtualObject::Range { start, stop, step } => format!("range({start}, {stop}, {step})"),
        VirtualObject::RangeIterator { next, stop, step } => {
            format!("range_iter({next}, {stop}, {step})")
        }
        VirtualObject::SequenceIterator { sequence, index } => {
            format!("seq_iter({sequence}, {index})")
        }
        VirtualObject::Enumerate { count, inner } => {
            format!("enumerate({count}, {})", print_slot(inner))
        }
        VirtualObject::Zip { inner } => {
            let inner: Vec<_> = inner.iter().map(print_slot).collect();
            format!("zip({})", inner.join(", "))
        }
    }
}

/// The first line of a block.
pub(super) fn print_block_head(function: &Function, id: BlockId, block: &Block) -> String {
    let params = if id == function.entry || block.params.is_empty() {
        String::new()
    } else {
        format!("({})", print_params(function, &block.params))
    };
    format!("{id}{params}{}:", if block.cold { " cold" } else { "" })
}

fn print_params(function: &Function, params: &[ValueId]) -> String {
    let facts = ResultFacts::of_repr(Repr::Boxed);
    let params: Vec<_> = params
        .iter()
        .map(|&id| print_value(function, id, facts))
        .collect();
    params.join(", ")
}

/// `vN: TYPE/REPR RANGE` without what `facts` already say.
fn print_value(function: &Function, id: ValueId, facts: ResultFacts) -> String {
    let value = function.value(id);
    let mut parts = Vec::new();
    let expected_repr = facts.repr.unwrap_or(Repr::Boxed);
    let same_repr = value.repr == expected_repr;
    let expected = if same_repr {
        facts
    } else {
        ResultFacts::of_repr(value.repr)
    };
    match (value.ty == expected.ty, same_repr) {
        (true, true) => {}
        (true, false) => parts.push(value.repr.name().to_owned()),
        (false, true) => parts.push(value.ty.to_string()),
        (false, false) => parts.push(format!("{}/{}", value.ty, value.repr.name())),
    }
    let has_range = match value.repr {
        Repr::I64 | Repr::U64 => true,
        Repr::Boxed => Type::INT.is_subset(value.ty),
        Repr::F64 | Repr::Bool | Repr::Ptr => false,
    };
    if has_range && value.range != expected.range {
        parts.push(value.range.print());
    }
    if parts.is_empty() {
        id.to_string()
    } else {
        format!("{id}: {}", parts.join(" "))
    }
}

/// The instruction as in the text format, without its origin.
pub fn print_instr(function: &Function, id: InstrId) -> String {
    let instr = function.instr(id);
    let mut text = String::new();
    if let Some(result) = instr.result {
        let facts = result_facts(&instr.op, function).unwrap_or(ResultFacts {
            repr: None,
            ..ResultFacts::of_repr(Repr::Boxed)
        });
        _ = write!(text, "{} = ", print_value(function, result, facts));
    }
    text.push_str(instr.op.info().name);
    if let Some(attribute) = instr.op.print_attribute() {
        _ = write!(text, "[{attribute}]");
    }
    for (index, arg) in instr.args.iter().enumerate() {
        _ = write!(text, "{} {arg}", if index == 0 { "" } else { "," });
    }
    for (mark, state) in [('!', instr.exit), ('^', instr.throw), ('>', instr.after)] {
        if let Some(state) = state {
            _ = write!(text, " {mark}{state}");
        }
    }
    text
}

/// The terminator as in the text format.
pub fn print_terminator(terminator: &Terminator) -> String {
    match terminator {
        Terminator::None => "unterminated".to_owned(),
        Terminator::Jump(edge) => format!("jump {}", print_edge(edge)),
        Terminator::Branch {
            condition,
            then,
            otherwise,
        } => {
            format!(
                "branch {condition}, {}, {}",
                print_edge(then),
                print_edge(otherwise)
            )
        }
        Terminator::Return(value) => format!("return {value}"),
        Terminator::Exit { reason, state } => format!("exit[{}] !{state}", reason.name()),
    }
}

fn print_edge(edge: &Edge) -> String {
    if edge.args.is_empty() {
        return edge.block.to_string();
    }
    let args: Vec<_> = edge.args.iter().map(ToString::to_string).collect();
    format!("{}({})", edge.block, args.join(", "))
}

/// A name: bare if it is a word, else quoted.
fn print_name(name: &str) -> String {
    if !name.is_empty() && name.chars().all(is_name_char) {
        name.to_owned()
    } else {
        quote(name)
    }
}

/// Characters of a name without quotes.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '<' | '>')
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => {
                _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
