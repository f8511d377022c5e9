//! The decoder against what CPython's `dis` says, on captured code of every version; and against
//! bytes that are no code.
//!
//! `decode/capture.py` wrote the files in `decode/<version>/`. No interpreter runs here.

#[path = "decode/captured.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod captured;

use std::collections::HashMap;

use brolga::bytecode::{Code, ConstView, DecodeError, GeneratorOp, Instr, Op, Version, decode};
use captured::{Fact, captured, empty};

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
