//! The text format of HIR, read. The format is described in `print`.
//!
//! Ids are kept as written; numbers left out become unused rows of the tables. Whatever parses can be
//! printed: every id that is referred to exists. Whether the function makes sense is the verifier's
//! business.

mod cursor;
mod frame_states;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::attributes::{Attribute, GlobalPlace};
use super::effects::Heaps;
use super::frame_state::FrameState;
use super::function::{
    Block, Callee, ClassInfo, CodeInfo, Definition, Edge, Function, Instr, Origin, Terminator,
    Value,
};
use super::ids::{
    BlockId, CalleeId, ClassId, CodeId, FrameStateId, InstrId, NamespaceId, ObjectId, ValueId,
};
use super::ops::Op;
use super::pool::{Pool, PoolObject};
use super::print::{DEFAULT_ORIGIN, default_code, default_origin};
use super::result_facts::{ResultFacts, result_facts};
use super::types::{IntRange, Repr, Type};
use crate::abi::exit_reason::ExitReason;
use cursor::Cursor;

/// A text that is not HIR.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected.
    pub message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

type Result<T, E = String> = std::result::Result<T, E>;

/// Reads one function.
pub fn parse(text: &str) -> Result<Function, ParseError> {
    let mut parser = Parser::new();
    let mut line = 0;
    for content in text.lines() {
        line += 1;
        parser.line = line;
        let mut cursor = Cursor::new(content);
        if !cursor.at_end() {
            parser
                .line(&mut cursor)
                .map_err(|message| ParseError { line, message })?;
        }
    }
    if parser.stage != Stage::Done {
        return Err(ParseError {
            line: line + 1,
            message: parser.stage.expected().to_owned(),
        });
    }
    parser.finish()
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Head,
    Declarations,
    Instructions,
    AfterTerminator,
    Done,
}

impl Stage {
    fn expected(self) -> &'static str {
        match self {
            Stage::Head => "expected `func NAME(..) -> REPR {`",
            Stage::Declarations => "expected a declaration or `blockN:`",
            Stage::Instructions => "expected an instruction or terminator",
            Stage::AfterTerminator => "expected `blockN:` or `}`",
            Stage::Done => "expected nothing after `}`",
        }
    }
}

/// Anything one line refers to and another one defines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reference {
    Value(ValueId),
    Block(BlockId),
    State(FrameStateId),
    Code(CodeId),
    Namespace(NamespaceId),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reference::Value(id) => id.fmt(f),
            Reference::Block(id) => id.fmt(f),
            Reference::State(id) => id.fmt(f),
            Reference::Code(id) => id.fmt(f),
            Reference::Namespace(id) => id.fmt(f),
        }
    }
}

struct Parser {
    line: usize,
    stage: Stage,
    /// Arenas in it are filled by `finish`, except the instructions and what stands before them.
    function: Function,
    entry: Option<BlockId>,
    entry_params: Vec<ValueId>,
    values: BTreeMap<ValueId, Value>,
    blocks: BTreeMap<BlockId, Block>,
    states: BTreeMap<FrameStateId, FrameState>,
    /// First line of each reference.
    uses: BTreeMap<Reference, usize>,
    /// Instructions whose origin is written.
    origins: BTreeMap<InstrId, Origin>,
}

/// Inserts the next row of a table whose ids are numbered in order.
fn next_row<T>(table: &mut Vec<T>, index: usize, prefix: &str, row: T) -> Result<()> {
    if index != table.len() {
        return Err(format!(
            "expected `{prefix}{}`: these are numbered in order",
            table.len()
        ));
    }
    table.push(row);
    Ok(())
}

impl Parser {
    fn new() -> Parser {
        let mut function = Function::new("");
        function.blocks.clear();
        function.layout.clear();
        Parser {
            line: 0,
            stage: Stage::Head,
            function,
            entry: None,
            entry_params: Vec::new(),
            values: BTreeMap::new(),
            blocks: BTreeMap::new(),
            states: BTreeMap::new(),
            uses: BTreeMap::new(),
            origins: BTreeMap::new(),
        }
    }

    fn refer(&mut self, reference: Reference) {
        self.uses.entry(reference).or_insert(self.line);
    }

    fn line(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        match self.stage {
            Stage::Head => self.head(cursor)?,
            Stage::Declarations if !cursor.starts_with(BlockId::PREFIX) => {
                self.declaration(cursor)?;
            }
            Stage::Declarations | Stage::AfterTerminator => {
                if self.stage == Stage::AfterTerminator && cursor.eat("}") {
                    self.stage = Stage::Done;
                } else if cursor.starts_with(BlockId::PREFIX) {
                    self.block(cursor)?;
                } else {
                    return Err(cursor.unexpected(self.stage.expected()));
                }
            }
            Stage::Instructions => self.instruction_or_terminator(cursor)?,
            Stage::Done => return Err(cursor.unexpected(self.stage.expected())),
        }
        if cursor.at_end() {
            Ok(())
        } else {
            Err(cursor.unexpected("expected the end of the line"))
        }
    }

    fn head(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if !cursor.eat_word("func") {
            return Err(cursor.unexpected(self.stage.expected()));
        }
        self.function.name = cursor.name("the name of the function")?;
        cursor.expect("(")?;
        self.entry_params = self.params(cursor)?;
        cursor.expect("->")?;
        self.function.returns = cursor.word()?.parse()?;
        cursor.expect("{")?;
        self.stage = Stage::Declarations;
        Ok(())
    }

    /// `v0, v1: TYPE)` behind the opening parenthesis.
    fn params(&mut self, cursor: &mut Cursor<'_>) -> Result<Vec<ValueId>> {
        let facts = ResultFacts::of_repr(Repr::Boxed);
        // The block is not known yet: `finish` writes the definitions of parameters.
        let definition = Definition::Param(BlockId::FIRST, 0);
        let mut params = Vec::new();
        cursor.list(")", |cursor| {
            let (id, value) = annotated_value(cursor, facts, definition)?;
            self.define_value(id, value)?;
            params.push(id);
            Ok(())
        })?;
        Ok(params)
    }

    fn define_value(&mut self, id: ValueId, value: Value) -> Result<()> {
        match self.values.insert(id, value) {
            Some(_) => Err(format!("{id} is defined twice")),
            None => Ok(()),
        }
    }

    fn declaration(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if cursor.eat_word("entry_class") {
            let number = cursor.number()?;
            let class = cursor.id(ClassId::PREFIX)?;
            self.function
                .entry_classes
                .push((number, ClassId::new(class)));
        } else if cursor.eat_word("entry") {
            self.entry = Some(self.block_id(cursor)?);
        } else if cursor.eat_word("in_place") {
            self.function.in_place = true;
        } else if cursor.eat_word("quiet") {
            let mut writes = Heaps::NONE;
            while !cursor.at_end() {
                let row = Heaps::NAMES
                    .iter()
                    .find(|(name, _)| cursor.starts_with(name));
                let Some((name, heap)) = row else {
                    return Err(cursor.unexpected("expected a heap"));
                };
                cursor.expect(name)?;
                writes = writes.union(*heap);
            }
            self.function.quiet = Some(writes);
        } else if let Some(index) = cursor.eat_id(NamespaceId::PREFIX) {
            cursor.expect("=")?;
            let row = cursor.number()?;
            next_row(
                &mut self.function.namespaces,
                index,
                NamespaceId::PREFIX,
                row,
            )?;
        } else if let Some(index) = cursor.eat_id(ClassId::PREFIX) {
            cursor.expect("=")?;
            let name = cursor.name("the name of the class")?;
            cursor.expect_word("handle")?;
            let handle = cursor.number()?;
            let row = ClassInfo { name, handle };
            next_row(&mut self.function.classes, index, ClassId::PREFIX, row)?;
        } else if let Some(index) = cursor.eat_id(CodeId::PREFIX) {
            cursor.expect("=")?;
            let name = cursor.name("the name of the code")?;
            cursor.expect_word("locals")?;
            let locals = cursor.number()?;
            cursor.expect_word("function")?;
            let function = cursor.number()?;
            cursor.expect_word("namespace")?;
            let namespace = cursor.id(NamespaceId::PREFIX).map(NamespaceId::new)?;
            self.refer(Reference::Namespace(namespace));
            let row = CodeInfo {
                name,
                locals,
                function,
                namespace,
            };
            next_row(&mut self.function.codes, index, CodeId::PREFIX, row)?;
        } else if let Some(index) = cursor.eat_id(CalleeId::PREFIX) {
            cursor.expect("=")?;
            let name = cursor.name("the name of the callee")?;
            cursor.expect("(")?;
            let mut params = Vec::new();
            cursor.list(")", |cursor| {
                params.push(cursor.word()?.parse()?);
                Ok(())
            })?;
            cursor.expect("->")?;
            let returns = cursor.word()?.parse()?;
            let handle = if cursor.eat_word("handle") {
                Some(cursor.number()?)
            } else {
                None
            };
            let row = Callee {
                name,
                params,
                returns,
                handle,
            };
            next_row(&mut self.function.callees, index, CalleeId::PREFIX, row)?;
        } else if let Some(index) = cursor.eat_id(FrameStateId::PREFIX) {
            cursor.expect("=")?;
            let state = self.frame_state(cursor)?;
            if self
                .states
                .insert(FrameStateId::new(index), state)
                .is_some()
            {
                return Err(format!("fs{index} is defined twice"));
            }
        } else if let Some(index) = cursor.eat_id(ObjectId::PREFIX) {
            self.object(cursor, index)?;
        } else {
            return Err(cursor.unexpected(self.stage.expected()));
        }
        Ok(())
    }

    fn object(&mut self, cursor: &mut Cursor<'_>, index: usize) -> Result<()> {
        cursor.expect(":")?;
        let ty = cursor.type_word()?.parse()?;
        cursor.expect("=")?;
        let text = cursor.quoted()?;
        let handle = if cursor.eat_word("handle") {
            cursor.number()?
        } else {
            index as u32
        };
        let pool: &mut Pool = &mut self.function.pool;
        if index != pool.iter().count() {
            return Err(format!(
                "expected `o{}`: these are numbered in order",
                pool.iter().count()
            ));
        }
        if pool.iter().any(|(_, other)| other.handle == handle) {
            return Err(format!("another object has handle {handle}"));
        }
        pool.add(PoolObject { ty, text, handle });
        Ok(())
    }

    fn value_id(&mut self, cursor: &mut Cursor<'_>) -> Result<ValueId> {
        let id = cursor.id(ValueId::PREFIX).map(ValueId::new)?;
        self.refer(Reference::Value(id));
        Ok(id)
    }

    fn block_id(&mut self, cursor: &mut Cursor<'_>) -> Result<BlockId> {
        let id = cursor.id(BlockId::PREFIX).map(BlockId::new)?;
        self.refer(Reference::Block(id));
        Ok(id)
    }

    fn state_id(&mut self, cursor: &mut Cursor<'_>) -> Result<FrameStateId> {
        let id = cursor.id(FrameStateId::PREFIX).map(FrameStateId::new)?;
        self.refer(Reference::State(id));
        Ok(id)
    }

    fn block(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let id = cursor.id(BlockId::PREFIX).map(BlockId::new)?;
        let entry = *self.entry.get_or_insert(id);
        let mut params = Vec::new();
        if cursor.eat("(") {
            if id == entry {
                return Err("the entry block takes its parameters from `func`".to_owned());
            }
            params = self.params(cursor)?;
        } else if id == entry {
            params = std::mem::take(&mut self.entry_params);
        }
        let cold = cursor.eat_word("cold");
        cursor.expect(":")?;
        let block = Block {
            params,
            instrs: Vec::new(),
            terminator: Terminator::None,
            cold,
        };
        if self.blocks.insert(id, block).is_some() {
            return Err(format!("{id} is defined twice"));
        }
        self.function.layout.push(id);
        self.stage = Stage::Instructions;
        Ok(())
    }

    fn current_block(&mut self) -> Result<&mut Block> {
        let id = self.function.layout.last().ok_or("expected `blockN:`")?;
        self.blocks
            .get_mut(id)
            .ok_or_else(|| "expected `blockN:`".to_owned())
    }

    fn instruction_or_terminator(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let terminator = if cursor.eat_word("unterminated") {
            Terminator::None
        } else if cursor.eat_word("jump") {
            Terminator::Jump(self.edge(cursor)?)
        } else if cursor.eat_word("branch") {
            let condition = self.value_id(cursor)?;
            cursor.expect(",")?;
            let then = self.edge(cursor)?;
            cursor.expect(",")?;
            Terminator::Branch {
                condition,
                then,
                otherwise: self.edge(cursor)?,
            }
        } else if cursor.eat_word("return") {
            Terminator::Return(self.value_id(cursor)?)
        } else if cursor.eat_word("exit") {
            let reason = cursor.attribute()?.ok_or("expected `exit[REASON] !fsN`")?;
            let reason = ExitReason::parse(reason)?;
            cursor.expect("!")?;
            Terminator::Exit {
                reason,
                state: self.state_id(cursor)?,
            }
        } else if cursor.starts_with(BlockId::PREFIX) || cursor.starts_with("}") {
            return Err(cursor.unexpected("expected a terminator: the block has no end"));
        } else {
            return self.instruction(cursor);
        };
        self.current_block()?.terminator = terminator;
        self.stage = Stage::AfterTerminator;
        Ok(())
    }

    fn edge(&mut self, cursor: &mut Cursor<'_>) -> Result<Edge> {
        let block = self.block_id(cursor)?;
        let mut args = Vec::new();
        if cursor.eat("(") {
            cursor.list(")", |cursor| {
                args.push(self.value_id(cursor)?);
                Ok(())
            })?;
        }
        Ok(Edge { block, args })
    }

    fn instruction(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        let id = InstrId::new(self.function.instrs.len());
        // What the result is by default depends on the op, which stands behind it.
        let result = if cursor.at_id(ValueId::PREFIX) {
            let start = cursor.clone();
            cursor.skip_past('=')?;
            Some(start)
        } else {
            None
        };
        let name = cursor
            .word()
            .map_err(|_| cursor.unexpected(self.stage.expected()))?;
        let op = Op::parse(name, cursor.attribute()?)?;
        self.check_ids(&op)?;
        let result = match result {
            Some(mut start) => {
                let facts = result_facts(&op, &self.function).unwrap_or(ResultFacts {
                    repr: None,
                    ..ResultFacts::of_repr(Repr::Boxed)
                });
                let definition = Definition::Instr(id);
                let (value_id, value) = annotated_value(&mut start, facts, definition)?;
                start.expect("=")?;
                self.define_value(value_id, value)?;
                Some(value_id)
            }
            None => None,
        };
        let mut instr = Instr {
            op,
            args: Default::default(),
            result,
            exit: None,
            throw: None,
            after: None,
            origin: DEFAULT_ORIGIN,
            operand: 0,
        };
        if cursor.at_id(ValueId::PREFIX) {
            instr.args.push(self.value_id(cursor)?);
            while cursor.eat(",") {
                instr.args.push(self.value_id(cursor)?);
            }
        }
        for (mark, state) in [
            ("!", &mut instr.exit),
            ("^", &mut instr.throw),
            (">", &mut instr.after),
        ] {
            if cursor.eat(mark) {
                *state = Some(self.state_id(cursor)?);
            }
        }
        if cursor.eat("#") {
            instr.operand = cursor.number()?;
        }
        if cursor.eat("@") {
            let code = cursor.id(CodeId::PREFIX).map(CodeId::new)?;
            self.refer(Reference::Code(code));
            cursor.expect(":")?;
            self.origins.insert(
                id,
                Origin {
                    code,
                    offset: cursor.number()?,
                },
            );
        }
        self.function.instrs.push(instr);
        self.current_block()?.instrs.push(id);
        Ok(())
    }

    /// Ids in immediates must be declared before.
    fn check_ids(&self, op: &Op) -> Result<()> {
        let function = &self.function;
        let object = |id: ObjectId| (id.index() < function.pool.iter().count(), id.to_string());
        let (known, id) = match *op {
            Op::CallNative(id) => (id.index() < function.callees.len(), id.to_string()),
            Op::GuardGlobals(id) | Op::LoadGlobal(GlobalPlace { namespace: id, .. }) => (
                id.index() < function.namespaces.len().max(1),
                id.to_string(),
            ),
            op => match (op.class(), op.object()) {
                (Some(id), _) if id.index() >= function.classes.len() => (false, id.to_string()),
                (_, Some(id)) => object(id),
                _ => return Ok(()),
            },
        };
        if known {
            Ok(())
        } else {
            Err(format!("{id} is not declared"))
        }
    }

    /// Builds the arenas; checks that what is referred to exists.
    fn finish(mut self) -> Result<Function, ParseError> {
        let function = &mut self.function;
        if function.namespaces.is_empty() {
            function.namespaces.push(0);
        }
        if function.codes.is_empty() {
            function
                .codes
                .push(default_code(&function.name, self.states.values()));
        }
        function.entry = self.entry.unwrap_or(BlockId::FIRST);
        self.uses
            .entry(Reference::Block(function.entry))
            .or_insert(self.line);
        for (&reference, &line) in &self.uses {
            let known = match reference {
                Reference::Value(id) => self.values.contains_key(&id),
                Reference::Block(id) => self.blocks.contains_key(&id),
                Reference::State(id) => self.states.contains_key(&id),
                Reference::Code(id) => id.index() < function.codes.len(),
                Reference::Namespace(id) => id.index() < function.namespaces.len(),
            };
            if !known {
                return Err(ParseError {
                    line,
                    message: format!("{reference} is not defined"),
                });
            }
        }
        for (&block, row) in &self.blocks {
            for (position, param) in row.params.iter().enumerate() {
                if let Some(value) = self.values.get_mut(param) {
                    value.definition = Definition::Param(block, position as u32);
                }
            }
        }
        function.blocks = dense(self.blocks, BlockId::index, |_| Block {
            params: Vec::new(),
            instrs: Vec::new(),
            terminator: Terminator::None,
            cold: false,
        });
        function.frame_states = dense(self.states, FrameStateId::index, |_| {
            FrameState::new(CodeId::FIRST, 0, 1)
        });
        // Numbers that are left out belong to an instruction in no block.
        let instrs = &mut function.instrs;
        function.values = dense(self.values, ValueId::index, |id| {
            instrs.push(Instr {
                op: Op::ConstI64(0),
                args: Default::default(),
                result: Some(ValueId::new(id)),
                exit: None,
                throw: None,
                after: None,
                origin: DEFAULT_ORIGIN,
                operand: 0,
            });
            Value {
                ty: Type::INT,
                repr: Repr::I64,
                range: IntRange::constant(0),
                definition: Definition::Instr(InstrId::new(instrs.len() - 1)),
            }
        });
        let mut previous = DEFAULT_ORIGIN;
        for block in function.layout.clone() {
            for id in function.block(block).instrs.clone() {
                let origin = self.origins.get(&id).copied();
                previous = origin.unwrap_or_else(|| default_origin(function, id, previous));
                function.instr_mut(id).origin = previous;
            }
        }
        if let Some(state) = endless_parents(function) {
            let message = format!("{state} is its own parent");
            return Err(ParseError {
                line: self.line,
                message,
            });
        }
        Ok(self.function)
    }
}

/// A state whose chain of parents does not end.
fn endless_parents(function: &Function) -> Option<FrameStateId> {
    let count = function.frame_states.len();
    (0..count).map(FrameStateId::new).find(|&id| {
        let parents = std::iter::successors(Some(id), |&state| function.frame_state(state).parent);
        parents.take(count + 1).count() > count
    })
}

/// A table of all rows up to the last; those left out are made by `missing`.
fn dense<K: Copy, V>(
    rows: BTreeMap<K, V>,
    index: impl Fn(K) -> usize,
    mut missing: impl FnMut(usize) -> V,
) -> Vec<V> {
    let mut table = Vec::new();
    for (key, row) in rows {
        while table.len() < index(key) {
            let row = missing(table.len());
            table.push(row);
        }
        table.push(row);
    }
    table
}

/// `vN: TYPE/REPR RANGE`.
fn annotated_value(
    cursor: &mut Cursor<'_>,
    facts: ResultFacts,
    definition: Definition,
) -> Result<(ValueId, Value)> {
    let id = cursor.id(ValueId::PREFIX).map(ValueId::new)?;
    let (mut ty, mut repr, mut range) = (None, None, None);
    if cursor.eat(":") {
        if cursor.at(char::is_uppercase) {
            ty = Some(cursor.type_word()?.parse::<Type>()?);
            if cursor.eat("/") {
                repr = Some(cursor.word()?.parse::<Repr>()?);
            }
        } else if cursor.at(char::is_lowercase) && !cursor.at_range() {
            repr = Some(cursor.word()?.parse::<Repr>()?);
        }
        if cursor.at_range() {
            range = Some(IntRange::parse(cursor.range_word())?);
        }
        if (&ty, &repr, &range) == (&None, &None, &None) {
            return Err(cursor.unexpected("expected a type, a representation or a range"));
        }
    }
    let expected = facts.repr.unwrap_or(Repr::Boxed);
    let repr = repr.unwrap_or(expected);
    let facts = if repr == expected {
        facts
    } else {
        ResultFacts::of_repr(repr)
    };
    let value = Value {
        ty: ty.unwrap_or(facts.ty),
        repr,
        range: range.unwrap_or(facts.range),
        definition,
    };
    Ok((id, value))
}
