//! Wrong structure: what the text format cannot even say. The other rules are tested by text,
//! `jit-tests/hir/verify`.

use super::*;
use crate::hir::function::{Definition, Edge};
use crate::hir::ids::{CodeId, ValueId};
use crate::hir::parse;

fn function() -> Function {
    let text = "
        func f(v0: i64) -> i64 {
        fs0 = code0@2 locals [v0]
        block0:
            snapshot !fs0
            v1 = int_neg[checked] v0 !fs0
            jump block1(v1)
        block1(v2: i64):
            return v2
        }";
    parse(text).unwrap()
}

fn errors(change: impl FnOnce(&mut Function)) -> String {
    let mut function = function();
    assert_eq!(verify(&function), Ok(()));
    change(&mut function);
    check(&function).unwrap_err()
}

#[test]
fn ids_that_do_not_exist() {
    let value = ValueId::new(77);
    assert_eq!(
        errors(|f| f.instrs[1].args[0] = value),
        "v77 does not exist in `int_neg`"
    );
    assert_eq!(
        errors(|f| f.blocks[1].terminator = Terminator::Return(value)),
        "v77 does not exist in `block1`"
    );
    let edge = Edge {
        block: BlockId::new(9),
        args: Vec::new(),
    };
    assert_eq!(
        errors(|f| f.blocks[1].terminator = Terminator::Jump(edge)),
        "block9 does not exist in `block1`"
    );
    assert_eq!(
        errors(|f| f.instrs[1].exit = Some(FrameStateId::new(4))),
        "fs4 does not exist in `int_neg`"
    );
    assert_eq!(
        errors(|f| f.blocks[1].instrs.push(InstrId::new(50))),
        "i50 does not exist in `block1`"
    );
    assert_eq!(
        errors(|f| f.frame_states[0].code = CodeId::new(3)),
        "code3 does not exist in `fs0`"
    );
    assert_eq!(
        errors(|f| f.frame_states[0].parent = Some(FrameStateId::new(8))),
        "fs8 does not exist in `fs0`"
    );
    assert_eq!(
        errors(|f| f.layout.push(BlockId::new(8))),
        "the layout or the entry names a block that does not exist in `f`"
    );
}

#[test]
fn parents_that_do_not_end() {
    assert_eq!(
        errors(|f| f.frame_states[0].parent = Some(FrameStateId::new(0))),
        "the chain of parents does not end in `fs0`"
    );
}

#[test]
fn definitions_that_do_not_point_back() {
    assert_eq!(
        errors(|f| f.values[2].definition = Definition::Instr(InstrId::new(0))),
        "v2 says that it is defined elsewhere in `block1(v2: i64):`"
    );
    assert_eq!(
        errors(|f| f.values[0].definition = Definition::Param(BlockId::new(0), 1)),
        "v0 says that it is defined elsewhere in `func f(v0: i64) -> i64 {`"
    );
    assert_eq!(
        errors(|f| f.blocks[1].params.push(ValueId::new(2))),
        "v2 is defined twice in `block1(v2: i64, v2: i64):`"
    );
}

#[test]
fn things_in_two_places() {
    assert_eq!(
        errors(|f| f.blocks[1].instrs.push(InstrId::new(1))),
        "this instruction is in two places in `v1 = int_neg[checked] v0 !fs0`"
    );
    assert!(
        errors(|f| f.layout.push(BlockId::new(1)))
            .ends_with("the block is in the layout twice in `block1(v2: i64):`")
    );
}

#[test]
fn layouts_without_a_target() {
    assert_eq!(
        errors(|f| f.layout.truncate(1)),
        "block1 is not in the layout in `jump block1(v1)`"
    );
    assert!(errors(|f| f.layout.swap(0, 1)).starts_with("the entry is not the first block"));
}
