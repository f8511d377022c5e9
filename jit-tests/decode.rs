//! The decoder against what CPython's `dis` says, on captured code of every version; and against
//! bytes that are no code.
//!
//! `decode/capture.py` wrote the files in `decode/<version>/`. No interpreter runs here.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use brolga::bytecode::{
    BinaryOperator, Code, CodeBytes, ConstView, DecodeError, GeneratorOp, Handler, Hint, Instr,
    LocalView, Op, Version, decode,
};

/// What `dis` says of one instruction.
struct Fact {
    unit: u32,
    name: String,
    adaptive_name: String,
    target: Option<u32>,
    line: Option<u32>,
    end_line: Option<u32>,
    column: Option<u32>,
    end_column: Option<u32>,
}

struct Captured {
    bytes: CodeBytes,
    warm: bool,
    facts: Vec<Fact>,
    handlers: Vec<Handler>,
}

impl Captured {
    fn label(&self) -> String {
        format!("3.{} {}", self.bytes.version.minor(), self.bytes.qualname)
    }

    fn decode(&self) -> Code {
        decode(&self.bytes).unwrap_or_else(|error| panic!("{}: {error}", self.label()))
    }
}

fn unhex(text: &str) -> Vec<u8> {
    if text == "-" {
        return Vec::new();
    }
    let digits: Vec<u8> = text
        .bytes()
        .map(|b| (b as char).to_digit(16).expect("hex") as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn unhex_text(text: &str) -> String {
    String::from_utf8(unhex(text)).expect("UTF-8")
}

fn optional(text: &str) -> Option<u32> {
    (text != "-").then(|| text.parse().expect("a number"))
}

fn hex_float(text: &str) -> f64 {
    // `float.hex` of the captured constants; only their being floats matters here.
    let negative = text.starts_with('-');
    if negative { -1.0 } else { 1.0 }
}

fn constant<'a>(fields: &[&str], lines: &mut impl Iterator<Item = &'a str>) -> ConstView {
    match fields[0] {
        "none" => ConstView::None,
        "bool" => ConstView::Bool(fields[1] == "1"),
        "int" => match fields[1].parse() {
            Ok(small) => ConstView::Int(small),
            Err(_) => ConstView::BigInt(fields[1].to_string()),
        },
        "float" => ConstView::Float(hex_float(fields[1])),
        "str" => ConstView::Str(unhex_text(fields[1])),
        "bytes" => ConstView::Bytes(unhex(fields[1])),
        "tuple" => {
            let count: usize = fields[1].parse().expect("a number");
            let mut items = Vec::new();
            while items.len() < count {
                let line = lines.next().expect("the items of a tuple");
                let fields: Vec<&str> = line.split(' ').collect();
                items.push(constant(&fields[1..], lines));
            }
            ConstView::Tuple(items)
        }
        "code" => ConstView::Code,
        "ellipsis" => ConstView::Ellipsis,
        "other" => ConstView::Other,
        unknown => panic!("constant of kind {unknown}"),
    }
}

fn empty(version: Version) -> CodeBytes {
    CodeBytes {
        version,
        code: Vec::new(),
        adaptive: Vec::new(),
        consts: Vec::new(),
        names: Vec::new(),
        localsplus: Vec::new(),
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        nlocals: 0,
        nlocalsplus: 0,
        nfreevars: 0,
        stacksize: 0,
        flags: 0,
        exceptiontable: Vec::new(),
        linetable: Vec::new(),
        firstlineno: 0,
        name: String::new(),
        qualname: String::new(),
        filename: String::new(),
    }
}

fn parse(text: &str, version: Version) -> Vec<Captured> {
    let mut result: Vec<Captured> = Vec::new();
    let mut warm = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let fields: Vec<&str> = line.split(' ').collect();
        if fields[0] == "#" {
            continue;
        }
        if fields[0] == "warm" {
            warm = true;
            continue;
        }
        if fields[0] == "code" {
            let mut bytes = empty(version);
            bytes.qualname = unhex_text(fields[1]);
            result.push(Captured {
                bytes,
                warm,
                facts: Vec::new(),
                handlers: Vec::new(),
            });
            warm = false;
            continue;
        }
        let captured = result.last_mut().expect("a code line first");
        let bytes = &mut captured.bytes;
        let number = |index: usize| fields[index].parse::<u32>().expect("a number");
        match fields[0] {
            "name" => bytes.name = unhex_text(fields[1]),
            "counts" => {
                bytes.argcount = number(1);
                bytes.posonlyargcount = number(2);
                bytes.kwonlyargcount = number(3);
                bytes.nlocals = number(4);
                bytes.nfreevars = number(5);
                bytes.stacksize = number(6);
                bytes.flags = number(7);
                bytes.firstlineno = number(8);
            }
            "bytes" => bytes.code = unhex(fields[1]),
            "adaptive" => bytes.adaptive = unhex(fields[1]),
            "exceptiontable" => bytes.exceptiontable = unhex(fields[1]),
            "linetable" => bytes.linetable = unhex(fields[1]),
            "slot" => {
                let (kind, is_arg) = (number(2) as u8, fields[3] == "1");
                bytes
                    .localsplus
                    .push(LocalView::from_kind(fields[1].to_string(), kind, is_arg));
                bytes.nlocalsplus += 1;
            }
            "global" => bytes.names.push(fields[1].to_string()),
            "const" => bytes.consts.push(constant(&fields[1..], &mut lines)),
            "instr" => captured.facts.push(Fact {
                unit: number(1),
                name: fields[2].to_string(),
                adaptive_name: fields[3].to_string(),
                target: optional(fields[5]),
                line: optional(fields[6]),
                end_line: optional(fields[7]),
                column: optional(fields[8]),
                end_column: optional(fields[9]),
            }),
            "handler" => captured.handlers.push(Handler {
                start: number(1),
                end: number(2),
                target: number(3),
                depth: number(4),
                lasti: fields[5] == "1",
            }),
            unknown => panic!("line of kind {unknown}"),
        }
    }
    result
}

fn captured() -> Vec<Captured> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("jit-tests/decode");
    let mut result = Vec::new();
    for version in Version::ALL {
        let folder = root.join(format!("3.{}", version.minor()));
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("a folder entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        files.sort();
        assert!(
            !files.is_empty(),
            "nothing captured in {}",
            folder.display()
        );
        for file in files {
            result.extend(parse(
                &fs::read_to_string(file).expect("a text file"),
                version,
            ));
        }
    }
    result
}

/// Instructions that are the beginning of another one's operation.
fn is_joined(fact: &Fact, next: Option<&Fact>) -> bool {
    match fact.name.as_str() {
        "KW_NAMES" | "PRECALL" => true,
        "LOAD_CONST" => next.is_some_and(|next| next.name == "CALL_KW"),
        _ => false,
    }
}

#[test]
fn instructions_are_where_dis_sees_them() {
    for captured in captured() {
        let label = captured.label();
        let code = captured.decode();
        let mut firsts = code.instrs.iter().filter(|instr| instr.micro == 0);
        let mut behind = 0;
        for (index, fact) in captured.facts.iter().enumerate() {
            let next = captured.facts.get(index + 1);
            if is_joined(fact, next) {
                continue;
            }
            let instr = firsts
                .next()
                .unwrap_or_else(|| panic!("{label}: nothing at {}", fact.unit));
            assert_eq!(instr.at, fact.unit, "{label}: place of {}", fact.name);
            assert_eq!(instr.opname, fact.name, "{label}: name at {}", fact.unit);
            assert_eq!(instr.offset, behind, "{label}: gap before {}", fact.unit);
            assert!(
                instr.offset <= instr.at && instr.at < instr.next,
                "{label}: {}",
                fact.unit
            );
            assert_eq!(
                code.instr_at(instr.offset).map(|i| code.instrs[i].at),
                Some(instr.at)
            );
            behind = instr.next;
        }
        assert!(
            firsts.next().is_none(),
            "{label}: more instructions than dis has"
        );
        assert_eq!(behind, code.units, "{label}");
    }
}

#[test]
fn nothing_is_unsupported() {
    for captured in captured() {
        for instr in captured.decode().instrs {
            assert!(
                !matches!(instr.op, Op::Unsupported(_)),
                "{}: {instr:?}",
                captured.label()
            );
        }
    }
}

#[test]
fn jumps_lead_where_dis_says() {
    for captured in captured() {
        let label = captured.label();
        let code = captured.decode();
        let by_unit: HashMap<u32, &Instr> =
            code.instrs.iter().map(|instr| (instr.at, instr)).collect();
        for fact in &captured.facts {
            let op = &by_unit.get(&fact.unit).map(|instr| instr.op);
            let ours = match op {
                Some(Op::ForIter { exit, end }) => {
                    assert!(exit >= end, "{label}: exit of {}", fact.unit);
                    Some(*end)
                }
                // Its number is for sys.monitoring; it does not jump.
                Some(Op::Generator(GeneratorOp::EndAsyncFor)) => continue,
                Some(op) => op.target(),
                None => None,
            };
            assert_eq!(
                ours, fact.target,
                "{label}: target of {} at {}",
                fact.name, fact.unit
            );
        }
    }
}

#[test]
fn positions_are_those_of_dis() {
    for captured in captured() {
        let label = captured.label();
        let code = captured.decode();
        for fact in &captured.facts {
            let entry = code
                .position(fact.unit)
                .unwrap_or_else(|| panic!("{label}: {}", fact.unit));
            assert_eq!(
                (entry.line, entry.end_line, entry.column, entry.end_column),
                (fact.line, fact.end_line, fact.column, fact.end_column),
                "{label}: position of {}",
                fact.unit
            );
            assert_eq!(code.line(fact.unit), fact.line);
        }
    }
}

#[test]
fn handlers_are_those_of_dis() {
    for captured in captured() {
        let code = captured.decode();
        assert_eq!(code.handlers, captured.handlers, "{}", captured.label());
        for handler in &code.handlers {
            assert_eq!(code.handler(handler.start), Some(handler));
            assert_eq!(code.handler(handler.end - 1), Some(handler));
        }
    }
}

/// Walks the control flow with the depth of the operand stack alone.
#[test]
fn stack_depth_is_consistent() {
    for captured in captured() {
        let mut walk = DepthWalk {
            label: captured.label(),
            code: captured.decode(),
            stacksize: captured.bytes.stacksize,
            depths: HashMap::new(),
            work: Vec::new(),
        };
        walk.reach(0, 0, 0);
        while let Some(unit) = walk.work.pop() {
            walk.instruction(unit);
        }
    }
}

struct DepthWalk {
    label: String,
    code: Code,
    stacksize: u32,
    /// Depth before the instruction that starts at a unit.
    depths: HashMap<u32, u32>,
    work: Vec<u32>,
}

impl DepthWalk {
    fn reach(&mut self, unit: u32, depth: u32, from: u32) {
        match self.depths.insert(unit, depth) {
            None => self.work.push(unit),
            Some(known) => assert_eq!(known, depth, "{}: {from} joins {unit}", self.label),
        }
    }

    fn instruction(&mut self, unit: u32) {
        let first = self
            .code
            .instr_at(unit)
            .expect("the start of an instruction");
        let mut depth = self.depths[&unit];
        for index in first.. {
            let instr = self.code.instrs[index];
            let at = format!("{}: {instr:?} at depth {depth}", self.label);
            if let Some(&handler) = self.code.handler(instr.at) {
                assert!(depth >= handler.depth, "{at}");
                let landed = handler.depth + u32::from(handler.lasti) + 1;
                self.reach(handler.target, landed, instr.at);
            }
            if let Some(target) = instr.op.target() {
                let (pops, pushes) = instr.op.jump_effect().expect("the effect of a jump");
                assert!(depth >= pops, "{at}");
                self.reach(target, depth - pops + pushes, instr.at);
            }
            let (pops, pushes) = instr.op.stack_effect();
            assert!(depth >= pops, "{at}");
            depth = depth - pops + pushes;
            // The constant of a RETURN_CONST never lies on the interpreter's stack.
            let unseen = u32::from(instr.opname == "RETURN_CONST");
            assert!(depth <= self.stacksize + unseen, "{at} overflows");
            if !instr.op.falls_through() {
                // Iterators and saved exceptions are popped before a return.
                assert!(
                    instr.op != Op::ReturnValue || depth == 0,
                    "{at} leaves values"
                );
                return;
            }
            let next = self.code.instrs[index + 1];
            if next.micro == 0 {
                self.reach(next.offset, depth, instr.at);
                return;
            }
        }
    }
}

#[test]
fn specialised_instructions_give_hints() {
    for captured in captured() {
        let label = captured.label();
        let code = captured.decode();
        for fact in &captured.facts {
            let name = fact.adaptive_name.as_str();
            let at = |instr: &&Instr| instr.offset <= fact.unit && fact.unit <= instr.at;
            let hints: Vec<Hint> = code
                .instrs
                .iter()
                .filter(at)
                .map(|instr| instr.hint)
                .collect();
            let silent = name == fact.name
                || name.contains("__")
                || name.ends_with("_QUICK")
                || name.ends_with("_IMMORTAL")
                || name.ends_with("_MORTAL")
                || name.ends_with("_JIT")
                || name == "RESUME_CHECK";
            if silent {
                let expected = |hint: &Hint| match hint {
                    Hint::None | Hint::NeverRan | Hint::Generic | Hint::Branch { .. } => true,
                    // A call has one hint for all its instructions.
                    _ => is_part_of_call(&fact.name),
                };
                assert!(hints.iter().all(expected), "{label}: {name}: {hints:?}");
            } else {
                let spoken = hints
                    .iter()
                    .any(|hint| !matches!(hint, Hint::None | Hint::NeverRan));
                assert!(spoken, "{label}: {name} at {} is without a hint", fact.unit);
            }
        }
    }
}

fn is_part_of_call(name: &str) -> bool {
    matches!(
        name,
        "KW_NAMES" | "PRECALL" | "CALL" | "LOAD_CONST" | "CALL_KW"
    )
}

/// What the interpreter saw in functions that `capture.py` called sixty times, as far as all versions
/// tell it.
#[test]
fn warm_functions_tell_their_types() {
    let mut checked = 0;
    for captured in captured().iter().filter(|captured| captured.warm) {
        let version = captured.bytes.version;
        for instr in captured.decode().instrs {
            let expected = match (captured.bytes.name.as_str(), instr.op) {
                ("arithmetic_int", Op::BinaryOp { op, .. }) => match op {
                    BinaryOperator::FloorDivide | BinaryOperator::Remainder => Hint::None,
                    _ => Hint::Int,
                },
                ("arithmetic_float", Op::BinaryOp { op, .. }) => match op {
                    BinaryOperator::TrueDivide => Hint::None,
                    _ => Hint::Float,
                },
                (
                    "arithmetic_str",
                    Op::BinaryOp {
                        op: BinaryOperator::Add,
                        inplace,
                    },
                ) => {
                    if inplace {
                        Hint::StrInplace
                    } else {
                        Hint::Str
                    }
                }
                ("branch_int", Op::Compare { .. }) => Hint::CompareInt,
                ("branch_float", Op::Compare { .. }) => Hint::CompareFloat,
                // 3.11 specialises a comparison only when a jump follows, which it does here.
                ("branch_str", Op::Compare { .. }) => Hint::CompareStr,
                ("loop_range", Op::ForIter { .. }) if version > Version::V3_11 => {
                    Hint::ForIterRange
                }
                ("loop_list", Op::ForIter { .. }) if version > Version::V3_11 => Hint::ForIterList,
                ("loop_tuple", Op::ForIter { .. }) if version > Version::V3_11 => {
                    Hint::ForIterTuple
                }
                ("never_reached", Op::LoadMethod { .. }) => match version {
                    Version::V3_11 => Hint::NotSinceWarm,
                    _ => Hint::NeverRan,
                },
                _ => continue,
            };
            assert_eq!(instr.hint, expected, "{}: {instr:?}", captured.label());
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} hints checked");
}

#[test]
fn cut_code_is_an_error() {
    for captured in captured() {
        let mut bytes = captured.bytes.clone();
        if bytes.code.len() > 600 {
            continue;
        }
        while bytes.code.pop().is_some() {
            bytes.adaptive.pop();
            // A prefix may be whole code by chance (it ends with a return, and nothing leads
            // behind it); then it is decoded, without panic.
            if let Ok(code) = decode(&bytes) {
                assert!(code.units as usize * 2 == bytes.code.len());
            }
        }
        assert_eq!(
            decode(&bytes),
            Err(DecodeError::NoEnd),
            "{}",
            captured.label()
        );
    }
}

/// A small generator of bytes, the same in every run.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u8 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as u8
    }

    fn below(&mut self, limit: usize) -> usize {
        let number = usize::from(self.next()) << 16 | usize::from(self.next()) << 8;
        (number | usize::from(self.next())) % limit.max(1)
    }
}

/// Looks at everything that decoded code offers.
fn use_all(code: &Code) {
    for unit in 0..code.units + 2 {
        let _ = (code.line(unit), code.handler(unit), code.instr_at(unit));
    }
    for start in code.block_starts() {
        assert!(code.instr_at(start).is_some());
    }
    for instr in &code.instrs {
        let _ = (
            instr.op.stack_effect(),
            instr.op.jump_effect(),
            instr.op.to_string(),
        );
    }
}

#[test]
fn damaged_code_does_not_panic() {
    let mut random = Bytes(1);
    let mut decoded = 0;
    for captured in captured() {
        for _ in 0..20 {
            let mut bytes = captured.bytes.clone();
            for _ in 0..1 + random.below(3) {
                let field = match random.below(5) {
                    0 => &mut bytes.exceptiontable,
                    1 => &mut bytes.linetable,
                    2 => &mut bytes.adaptive,
                    _ => &mut bytes.code,
                };
                if !field.is_empty() {
                    let index = random.below(field.len());
                    field[index] = random.next();
                }
            }
            if let Ok(code) = decode(&bytes) {
                decoded += 1;
                use_all(&code);
            }
        }
    }
    assert!(
        decoded > 100,
        "only {decoded} damaged codes were still code"
    );
}

#[test]
fn random_bytes_do_not_panic() {
    let mut random = Bytes(2);
    for round in 0..20_000 {
        let mut bytes = empty(Version::ALL[round % 4]);
        let length = 2 * random.below(40);
        bytes.code = (0..length).map(|_| random.next()).collect();
        bytes.adaptive = (0..length).map(|_| random.next()).collect();
        bytes.exceptiontable = (0..random.below(9)).map(|_| random.next()).collect();
        bytes.linetable = (0..random.below(9)).map(|_| random.next() | 0x80).collect();
        bytes.consts = vec![ConstView::None; random.below(256)];
        bytes.names = vec![String::new(); random.below(256)];
        bytes.stacksize = u32::MAX >> random.below(32);
        if let Ok(code) = decode(&bytes) {
            use_all(&code);
        }
    }
}
