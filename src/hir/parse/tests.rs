//! Printing and parsing are inverses; what is wrong is said with its line.

use super::super::attributes::{CallShape, Cond, Container, MathFunction};
use super::super::frame_state::{
    Consumer, Consumption, Operation, Shared, Slot, Stage, VirtualObject, Waits,
};
use super::super::print::{print, print_with_origins};
use super::*;
use crate::abi::helpers::HelperId;

/// Asserts that the text prints as it stands.
fn same(text: &str) {
    let function = parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(print_with_origins(&function), text);
}

#[test]
fn all_of_the_format() {
    same(
        "\
func C.<locals>.f(v0: List, v1: i64 0..100, v2, v9: Bool) -> f64 {
ns0 = 3
ns1 = 0
code0 = C.<locals>.f locals 3 function 0 namespace ns0
code1 = \"g \\\"h\\\" \\u{7}\" locals 1 function 1 namespace ns1
o0: Int = \"42; \\\\ \\n\"
o1: Str|Bytes = \"'a'\" handle 7
callee0 = \"the callee\"(i64, boxed) -> f64 handle 2
callee1 = f() -> boxed
fs0 = code0@12 next 14 locals [v0, -, v1?v9] stack [range_iter(v1, v1, v1), seq_iter(v0, v1)]
fs1 = code0@12
fs2 = code0@12 stack [result, zip(enumerate(v1, range(v1, v1, v1)), -), zip()]
fs3 = code1@4 next 6 locals [v2] parent fs2
block0:
    snapshot !fs0
    v3: 0..5 = int_add[checked] v1, v1 !fs0
    v4: Str = call_runtime[binary_add] v0, v2 ^fs1 @code1:12
    v5: Int|Float/i64 min..7 = call_native[callee0] v1, v0 !fs0 ^fs1 >fs2
    v6: u64 = u64_to_f64 v1
    jump block1(v3, v5)
block2 cold:
    v11: Int -5.. = const_object[o1]
    v12 = call_object[o1] v0, v1, v0 ^fs3
    v16 = guard_is[o1] v0 !fs0 #2 @code0:13
    v13 = const_f64[-0.0]
    v14 = const_f64[nan:7ff8000000000000]
    v15 = const_f64[1e-300]
    call_runtime[set_item] v0, v0, v0 ^fs3
    return v0
block1(v7: f64, v8) cold:
    branch v9, block2, block3(v7)
block3(v10: Int/ptr):
    exit[type-changed] !fs0
block7:
    unterminated
}
",
    );
}

#[test]
fn short_forms_stand_for_long_ones() {
    let long = "
        func f(v0: Object/boxed, v1: Int/i64 -9223372036854775808..9223372036854775807) -> i64 {
        ns0 = 0
        code0 = f locals 2 function 0 namespace ns0
        fs0 = code0@3 next 4 locals [v0, v1] stack []
        block0:
            v2: Int/i64 min..max = int_add[checked] v1, v1 !fs0 @code0:3
            return v2
        }";
    let short = "\
func f(v0, v1: i64) -> i64 {
fs0 = code0@3 locals [v0, v1]
block0:
    v2 = int_add[checked] v1, v1 !fs0
    return v2
}
";
    assert_eq!(print_with_origins(&parse(long).unwrap()), short);
    same(short);
}

#[test]
fn results_default_to_what_the_op_says() {
    let function = parse(
        "func f(v0) -> i64 {
         o0: Str = \"'x'\"
         block0:
             v1 = const_i64[7]
             v2 = guard_type[List|Tuple] v0
             v3 = len_list v2
             v4 = load_fixed[bytes] v0, v0, v3
             v5 = call_runtime[long_to_float] v0
             v6 = const_object[o0]
             v7 = select v0, v3, v3
             return v1
         }",
    )
    .unwrap();
    let facts = |id: usize| {
        let value = &function.values[id];
        (value.ty, value.repr, value.range)
    };
    assert_eq!(facts(1), (Type::INT, Repr::I64, IntRange::constant(7)));
    assert_eq!(
        facts(2),
        (Type::LIST.union(Type::TUPLE), Repr::Boxed, IntRange::ANY)
    );
    assert_eq!(facts(3), (Type::INT, Repr::I64, IntRange::LENGTH));
    assert_eq!(facts(4), (Type::INT, Repr::I64, IntRange::BYTE));
    assert_eq!(facts(5), (Type::FLOAT, Repr::F64, IntRange::ANY));
    assert_eq!(facts(6), (Type::STR, Repr::Boxed, IntRange::ANY));
    assert_eq!(facts(7), (Type::OBJECT, Repr::Boxed, IntRange::ANY));
}

#[test]
fn ids_are_kept_and_gaps_are_unused() {
    let function = parse("func f(v5) -> boxed {\nblock3:\n return v5\n}").unwrap();
    assert_eq!(function.values.len(), 6);
    assert_eq!(function.blocks.len(), 4);
    assert_eq!(function.layout, [BlockId::new(3)]);
    assert_eq!(function.entry, BlockId::new(3));
    assert_eq!(
        function.value(ValueId::new(5)).definition,
        Definition::Param(BlockId::new(3), 0)
    );
    for index in 0..5 {
        assert!(function.defining_instr(ValueId::new(index)).is_some());
    }
}

#[test]
fn origins_follow_from_states() {
    let function = parse(
        "func f(v0) -> boxed {
         fs0 = code0@12
         fs1 = code0@14
         block0:
             v1 = const_i64[1]
             v2 = int_neg[checked] v1 !fs0
             v3 = const_i64[1]
             v4 = call_native[callee0] v3 !fs0 ^fs1 >fs0
             keep_alive v0 @code0:99
             keep_alive v0
             return v0
         }"
        .replace("fs0 = ", "callee0 = g(i64) -> i64\nfs0 = ")
        .as_str(),
    )
    .unwrap();
    let offsets: Vec<_> = function
        .instrs
        .iter()
        .map(|instr| instr.origin.offset)
        .collect();
    assert_eq!(offsets, [0, 12, 12, 14, 99, 99]);
}

#[test]
fn an_entry_that_is_not_first_is_written() {
    same(
        "func f(v0) -> boxed {\nentry block1\nblock0(v1):\n    return v1\nblock1:\n    jump block0(v0)\n}\n",
    );
}

fn error(text: &str) -> String {
    parse(text).expect_err("must not parse").to_string()
}

fn body_error(body: &str) -> String {
    error(&format!("func f(v0) -> boxed {{\nblock0:\n{body}\n}}"))
}

#[test]
fn errors_name_line_and_what_was_expected() {
    let cases = [
        ("", "line 1: expected `func NAME(..) -> REPR {`"),
        (
            "; nothing\nfunk f",
            "line 2: expected `func NAME(..) -> REPR {`, found `funk f`",
        ),
        (
            "func f(v0 -> boxed {",
            "line 1: expected `,` or `)`, found `-> boxed {`",
        ),
        (
            "func f(v0: Strange) -> boxed {",
            "line 1: unknown type `Strange`",
        ),
        (
            "func f(v0: Int/i65) -> boxed {",
            "line 1: unknown representation `i65`",
        ),
        (
            "func f(v0: Int 5..1) -> boxed {",
            "line 1: bad range `5..1`: expected `LOW..HIGH`",
        ),
        ("func f(v0, v0) -> boxed {", "line 1: v0 is defined twice"),
        (
            "func f() -> boxed {\nlabel:",
            "line 2: expected a declaration or `blockN:`, found `label:`",
        ),
        (
            "func f() -> boxed {\n",
            "line 2: expected a declaration or `blockN:`",
        ),
        (
            "func f() -> boxed {\nfs0 = code0",
            "line 2: expected `@`, found the end of the line",
        ),
        (
            "func f() -> boxed {\nfs0 = code0@x",
            "line 2: expected a number, found `x`",
        ),
        (
            "func f() -> boxed {\no1: Int = \"\"",
            "line 2: expected `o0`: these are numbered in order",
        ),
        (
            "func f() -> boxed {\no0: Int = \"",
            "line 2: expected `\"` at the end of the text",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(error(text), message);
    }
    assert!(
        error("func f() -> boxed {\nfs0 = code0@1 stack [what]")
            .starts_with("line 2: expected a slot")
    );
}

#[test]
fn errors_in_bodies() {
    let cases = [
        (
            "",
            "line 4: expected a terminator: the block has no end, found `}`",
        ),
        ("v1 = int_ad v0", "line 3: unknown op `int_ad`"),
        ("v1 = int_add v0, v0", "line 3: this op needs an immediate"),
        (
            "v1 = int_and[checked] v0, v0",
            "line 3: this op takes no immediate",
        ),
        (
            "v1 = int_add[maybe] v0, v0",
            "line 3: unknown Overflow `maybe`",
        ),
        (
            "v1 int_and v0, v0",
            "line 3: expected `=` behind the result, found `v1 int_and v0, v0`",
        ),
        (
            "v1: = int_and v0",
            "line 3: expected a type, a representation or a range, found `= int_and v0`",
        ),
        ("v0 = int_not v0", "line 3: v0 is defined twice"),
        (
            "v1 = int_not v0 junk",
            "line 3: expected the end of the line, found `junk`",
        ),
        (
            "v1 = int_not v0,",
            "line 3: expected `vN`, found the end of the line",
        ),
        ("v1 = const_object[o0]", "line 3: o0 is not declared"),
        ("return v7", "line 3: v7 is not defined"),
        ("jump block9", "line 3: block9 is not defined"),
        ("exit[bored] !fs0", "line 3: unknown exit reason `bored`"),
        ("exit[overflow] !fs0", "line 3: fs0 is not defined"),
        (
            "return v0\nreturn v0",
            "line 4: expected `blockN:` or `}`, found `return v0`",
        ),
        (
            "return v0\nblock0:\nreturn v0",
            "line 4: block0 is defined twice",
        ),
    ];
    for (body, message) in cases {
        assert_eq!(body_error(body), message);
    }
}

#[test]
fn a_state_is_not_its_own_parent() {
    let text = "func f() -> boxed {\nfs0 = code0@1 parent fs0\nblock0:\nexit[empty] !fs0\n}";
    assert_eq!(error(text), "line 5: fs0 is its own parent");
}

/// xorshift64*: enough to vary tests, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn int(&mut self) -> i64 {
        self.pick(&[0, 1, -1, 255, i64::MAX, i64::MIN, 1 << 30, -77])
    }

    fn ty(&mut self) -> Type {
        let class = |random: &mut Random| random.pick(Type::CLASSES).1;
        match self.below(4) {
            0 => Type::OBJECT,
            1 => class(self).union(class(self)),
            _ => class(self),
        }
    }

    fn range(&mut self) -> IntRange {
        let (a, b) = (i128::from(self.int()), i128::from(self.int()));
        match self.below(4) {
            0 => IntRange::ANY,
            1 => IntRange {
                low: a.min(b),
                high: i128::MAX,
            },
            _ => IntRange::new(a.min(b), a.max(b)),
        }
    }

    fn value(&mut self) -> ValueId {
        ValueId::new(self.below(VALUES))
    }

    fn slot(&mut self, depth: usize) -> Slot {
        let object = match self.below(if depth > 2 { 5 } else { 10 }) {
            0 => return Slot::Null,
            1 => {
                return Slot::Maybe {
                    value: self.value(),
                    bound: self.value(),
                };
            }
            2 => return Slot::Value(self.value()),
            3 => return Slot::Result,
            4 => return Slot::Shared(self.below(9) as u32),
            5 => VirtualObject::Range {
                start: self.value(),
                stop: self.value(),
                step: self.value(),
            },
            6 => VirtualObject::RangeIterator {
                next: self.value(),
                stop: self.value(),
                step: self.value(),
            },
            7 => VirtualObject::SequenceIterator {
                sequence: self.value(),
                index: self.value(),
            },
            8 => VirtualObject::Enumerate {
                count: self.value(),
                inner: self.slot(depth + 1),
            },
            _ => VirtualObject::Zip {
                inner: (0..self.below(3)).map(|_| self.slot(depth + 1)).collect(),
            },
        };
        Slot::Virtual(Box::new(object))
    }

    fn shared(&mut self) -> Vec<(u32, Shared)> {
        (0..self.below(3))
            .map(|index| {
                let object = match self.below(5) {
                    3 => Shared::Tuple(self.slots()),
                    4 => Shared::Function {
                        code: CodeId::new(self.below(2)),
                        closure: self.slots(),
                    },
                    0 => Shared::Iterator(VirtualObject::Zip {
                        inner: self.slots(),
                    }),
                    stage => Shared::Generator {
                        code: CodeId::new(self.below(2)),
                        offset: self.below(20) as u32,
                        stage: [Stage::Created, Stage::Suspended, Stage::Finished][stage],
                        locals: self.slots(),
                        stack: self.slots(),
                    },
                };
                (index as u32, object)
            })
            .collect()
    }

    fn slots(&mut self) -> Vec<Slot> {
        (0..self.below(4)).map(|_| self.slot(0)).collect()
    }

    fn op(&mut self) -> Op {
        let (name, attribute, ..) = self.pick(&table_rows());
        let attribute = match attribute {
            "" => None,
            "i64" => Some(self.int().to_string()),
            "u64" | "u32" => Some(self.below(1 << 20).to_string()),
            "FloatBits" => Some(
                self.pick(&["0.0", "-0.0", "inf", "nan:7ff8000000000001", "1.5e300"])
                    .to_owned(),
            ),
            "bool" => Some("true".to_owned()),
            "ObjectId" => Some(format!("o{}", self.below(2))),
            "CalleeId" => Some("callee0".to_owned()),
            "ClassId" => Some("class1".to_owned()),
            "MemberPlace" => Some(format!("class0.o{}", self.below(2))),
            "FieldTable" => Some("class0.write".to_owned()),
            "FieldPlace" => Some(format!("class1.slot{}.n{}", self.below(64), self.below(9))),
            "NamespaceId" => Some("ns1".to_owned()),
            "GlobalPlace" => Some(format!("ns1.{}", self.below(3))),
            "CallShape" => Some(
                CallShape {
                    keywords: Some(ObjectId::new(1)),
                }
                .print(),
            ),
            "Type" => Some(self.ty().to_string()),
            "IntRange" => Some(self.range().print()),
            "Overflow" => Some("never".to_owned()),
            "DivMode" => Some("safe".to_owned()),
            "IntWidth" => Some("full".to_owned()),
            "Cond" => Some(self.pick(Cond::ALL).print()),
            "Container" => Some(self.pick(Container::ALL).print()),
            "MathFunction" => Some(self.pick(MathFunction::ALL).print()),
            "HelperId" => Some(self.pick(HelperId::ALL).print()),
            "ExitReason" => Some(self.pick(ExitReason::ALL).print()),
            other => panic!("no example of {other}"),
        };
        Op::parse(name, attribute.as_deref()).unwrap()
    }
}

fn table_rows() -> Vec<(&'static str, &'static str)> {
    Op::table().into_iter().map(|row| (row.0, row.1)).collect()
}

const VALUES: usize = 30;

/// A function without any sense, but all of whose ids exist.
fn random_function(seed: u64) -> Function {
    let random = &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut function = Function::new(random.pick(&["f", "<lambda>", "a b", "", "ö\"\\\n"]));
    let origin = |random: &mut Random| Origin {
        code: CodeId::new(random.below(2)),
        offset: random.below(50) as u32,
    };
    function.returns = random.pick(&Repr::ALL);
    function.namespaces = vec![random.below(3) as u32, 4];
    for handle in 0..2 {
        let name = random.pick(&["C", "f.<locals>.D"]).to_owned();
        function.classes.push(ClassInfo { name, handle });
    }
    for index in 0..2u32 {
        function.codes.push(CodeInfo {
            name: random.pick(&["f", "C.<locals>.g", "π"]).to_owned(),
            locals: random.below(5) as u32,
            function: index,
            namespace: NamespaceId::new(random.below(2)),
        });
        let text = random.pick(&["", "'a; b'", "\"\\\n\u{1}"]).to_owned();
        let handle = index * random.pick(&[1, 9]);
        function.pool.add(PoolObject {
            ty: random.ty(),
            text,
            handle,
        });
    }
    function.callees.push(Callee {
        name: "c".to_owned(),
        params: (0..random.below(3))
            .map(|_| random.pick(&Repr::ALL))
            .collect(),
        returns: random.pick(&Repr::ALL),
        handle: random.pick(&[None, Some(3)]),
    });
    for index in 0..8 {
        let offset = random.below(20) as u32;
        function.add_frame_state(FrameState {
            code: CodeId::new(random.below(2)),
            offset,
            next: offset + 1 + random.below(3) as u32,
            locals: random.slots(),
            stack: random.slots(),
            waits: match random.below(5) {
                0 => Waits::Construct,
                1 => Waits::Iterate { exit: offset },
                2 => Waits::Operate(Operation {
                    helper: HelperId::CompareLt,
                    truth: random.below(2) == 0,
                    inverse: random.below(2) == 0,
                }),
                _ => Waits::Call,
            },
            generator: (random.below(4) == 0).then_some(offset),
            consumed: (random.below(4) == 0).then(|| {
                Box::new(Consumption {
                    by: random.pick(Consumer::ALL),
                    slots: random.slots(),
                })
            }),
            shared: random.shared(),
            parent: (index > 0 && random.below(2) == 0)
                .then(|| FrameStateId::new(random.below(index))),
        });
    }
    for _ in 0..3 {
        function.add_block();
    }
    while function.values.len() < VALUES {
        let block = BlockId::new(random.below(4));
        let (ty, repr, range) = (random.ty(), random.pick(&Repr::ALL), random.range());
        if random.below(5) == 0 {
            function.add_param(block, ty, repr, range);
            continue;
        }
        let op = random.op();
        let args: Vec<_> = (0..random.below(4)).map(|_| random.value()).collect();
        // Half of the results are what the op says.
        let result = match result_facts(&op, &function) {
            Some(facts) if random.below(2) == 0 => {
                Some((facts.ty, facts.repr.unwrap_or(Repr::F64), facts.range))
            }
            _ => (random.below(3) != 0).then_some((ty, repr, range)),
        };
        let instr_origin = origin(random);
        let id = function.add_instr(op, &args, result, instr_origin);
        let state = |random: &mut Random| {
            (random.below(3) == 0).then(|| FrameStateId::new(random.below(8)))
        };
        let instr = function.instr_mut(id);
        instr.operand = random.below(3) as u8;
        (instr.exit, instr.throw, instr.after) = (state(random), state(random), state(random));
        function.block_mut(block).instrs.push(id);
    }
    for index in 0..4 {
        let edge = |random: &mut Random| Edge {
            block: BlockId::new(random.below(4)),
            args: (0..random.below(3)).map(|_| random.value()).collect(),
        };
        let terminator = match random.below(5) {
            0 => Terminator::None,
            1 => Terminator::Jump(edge(random)),
            2 => Terminator::Branch {
                condition: random.value(),
                then: edge(random),
                otherwise: edge(random),
            },
            3 => Terminator::Return(random.value()),
            _ => Terminator::Exit {
                reason: random.pick(ExitReason::ALL),
                state: FrameStateId::new(random.below(8)),
            },
        };
        let block = &mut function.blocks[index];
        block.terminator = terminator;
        block.cold = random.below(2) == 0;
    }
    function.layout.swap(1, 1 + random.below(3));
    if random.below(2) == 0 {
        function.layout.swap(0, 3);
    }
    function
}

#[test]
fn random_functions_survive() {
    for seed in 1..500 {
        let function = random_function(seed);
        let text = print_with_origins(&function);
        let parsed = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(print_with_origins(&parsed), text, "seed {seed}");
        let short = print(&function);
        assert_eq!(print(&parse(&short).unwrap()), short, "seed {seed}");
        // Not only the text is the same.
        assert_eq!(parsed.namespaces, function.namespaces);
        assert_eq!(parsed.classes, function.classes);
        assert_eq!(parsed.codes, function.codes);
        assert_eq!(parsed.callees, function.callees);
        assert!(parsed.pool.iter().eq(function.pool.iter()));
        assert_eq!(
            (parsed.entry, &parsed.layout),
            (function.entry, &function.layout)
        );
        for (a, b) in parsed.blocks.iter().zip(&function.blocks) {
            assert_eq!(
                (&a.params, &a.terminator, a.cold),
                (&b.params, &b.terminator, b.cold)
            );
            for (&a, &b) in a.instrs.iter().zip(&b.instrs) {
                let (a, b) = (parsed.instr(a), function.instr(b));
                assert_eq!(
                    (a.op, &a.args, a.result, a.origin),
                    (b.op, &b.args, b.result, b.origin)
                );
                assert_eq!(
                    (a.exit, a.throw, a.after, a.operand),
                    (b.exit, b.throw, b.after, b.operand)
                );
                for (&a, &b) in a.result.iter().zip(&b.result) {
                    let (a, b) = (parsed.value(a), function.value(b));
                    assert_eq!((a.ty, a.repr), (b.ty, b.repr));
                    if matches!(a.repr, Repr::I64 | Repr::U64) {
                        assert_eq!(a.range, b.range);
                    }
                }
                for state in [a.exit, a.throw, a.after].into_iter().flatten() {
                    assert_eq!(parsed.frame_state(state), function.frame_state(state));
                }
            }
        }
    }
}
