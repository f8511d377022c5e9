//! What only CPython 3.11 has: calls in up to three instructions, unchecked loads nowhere, jumps
//! that keep their value, conditional jumps backward.

use super::caches;
use super::common::compare_operator;
use super::decode::{DecodeError, Decoder, RawInstr, Translated};
use super::op::{CommonConstant, Condition, Conversion, GeneratorOp, Intrinsic1, Intrinsic2, Op};
use super::opcode::Opcode;

/// What one instruction means in this version. `false`: what it means in all versions.
pub fn translate(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let arg = raw.arg;
    let op = match raw.opcode {
        Opcode::LOAD_FAST => Op::LoadFastCheck(decoder.slot(raw, arg)?),
        Opcode::LOAD_CLASSDEREF => Op::LoadClassDeref(decoder.slot(raw, arg)?),
        Opcode::LOAD_ASSERTION_ERROR => Op::LoadCommonConstant(CommonConstant::AssertionError),
        Opcode::LOAD_GLOBAL => return load_global(decoder, raw),
        Opcode::LOAD_ATTR => Op::LoadAttr {
            name: decoder.name(raw, arg)?,
        },
        Opcode::LOAD_METHOD => Op::LoadMethod {
            name: decoder.name(raw, arg)?,
            null_first: true,
        },
        Opcode::COMPARE_OP => Op::Compare {
            op: compare_operator(raw, arg)?,
            to_bool: false,
        },
        Opcode::UNARY_POSITIVE => Op::UnaryPositive,
        Opcode::LIST_TO_TUPLE => Op::ListToTuple,
        Opcode::FORMAT_VALUE => format_value(raw),

        Opcode::POP_JUMP_FORWARD_IF_TRUE => forward_if(decoder, raw, Condition::True)?,
        Opcode::POP_JUMP_FORWARD_IF_FALSE => forward_if(decoder, raw, Condition::False)?,
        Opcode::POP_JUMP_FORWARD_IF_NONE => forward_if(decoder, raw, Condition::None)?,
        Opcode::POP_JUMP_FORWARD_IF_NOT_NONE => forward_if(decoder, raw, Condition::NotNone)?,
        Opcode::POP_JUMP_BACKWARD_IF_TRUE => backward_if(decoder, raw, Condition::True)?,
        Opcode::POP_JUMP_BACKWARD_IF_FALSE => backward_if(decoder, raw, Condition::False)?,
        Opcode::POP_JUMP_BACKWARD_IF_NONE => backward_if(decoder, raw, Condition::None)?,
        Opcode::POP_JUMP_BACKWARD_IF_NOT_NONE => backward_if(decoder, raw, Condition::NotNone)?,
        Opcode::JUMP_IF_TRUE_OR_POP => Op::JumpIfOrPop {
            condition: Condition::True,
            target: decoder.forward(raw)?,
        },
        Opcode::JUMP_IF_FALSE_OR_POP => Op::JumpIfOrPop {
            condition: Condition::False,
            target: decoder.forward(raw)?,
        },
        Opcode::FOR_ITER => {
            let exit = decoder.forward(raw)?;
            Op::ForIter { exit, end: exit }
        }

        Opcode::KW_NAMES => {
            let kwnames = Some(decoder.constant(raw, arg)?);
            return match (decoder.peek(1).copied(), decoder.peek(2).copied()) {
                (Some(precall), Some(call)) => group(decoder, 2, &precall, &call, kwnames),
                _ => Err(DecodeError::Truncated { unit: raw.offset }),
            };
        }
        Opcode::PRECALL => {
            return match decoder.peek(1).copied() {
                Some(call) => group(decoder, 1, raw, &call, None),
                _ => Err(DecodeError::Truncated { unit: raw.offset }),
            };
        }
        // Only behind its PRECALL.
        Opcode::CALL => return Err(DecodeError::BadArgument { unit: raw.at }),
        Opcode::MAKE_FUNCTION if arg < 16 => Op::MakeFunction { attributes: arg },

        Opcode::PRINT_EXPR => {
            let print = Op::Intrinsic1(Intrinsic1::Print);
            return Ok(decoder.emit(raw, &[print, Op::PopTop]));
        }
        Opcode::IMPORT_STAR => {
            let import = Op::Intrinsic1(Intrinsic1::ImportStar);
            return Ok(decoder.emit(raw, &[import, Op::PopTop]));
        }
        Opcode::PREP_RERAISE_STAR => Op::Intrinsic2(Intrinsic2::PrepReraiseStar),
        Opcode::ASYNC_GEN_WRAP => Op::Generator(GeneratorOp::AsyncGenWrap),
        Opcode::SEND => {
            let target = decoder.forward(raw)?;
            Op::Generator(GeneratorOp::Send {
                target,
                pops_receiver: true,
            })
        }
        _ => return Ok(false),
    };
    Ok(decoder.emit(raw, &[op]))
}

/// `LOAD_GLOBAL` of 3.11 and 3.12: the lowest bit asks for a NULL below.
pub fn load_global(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let load = Op::LoadGlobal {
        name: decoder.name(raw, raw.arg >> 1)?,
    };
    let with_null = [Op::PushNull, load];
    Ok(decoder.emit(
        raw,
        if raw.arg & 1 == 1 {
            &with_null
        } else {
            &with_null[1..]
        },
    ))
}

/// `FORMAT_VALUE` of 3.11 and 3.12: conversion and presence of a format spec in one argument.
pub fn format_value(raw: &RawInstr) -> Op {
    let conversion = match raw.arg & 3 {
        0 => Conversion::None,
        1 => Conversion::Str,
        2 => Conversion::Repr,
        _ => Conversion::Ascii,
    };
    Op::FormatValue {
        conversion,
        with_spec: raw.arg & 4 != 0,
    }
}

/// The call that ends `more` instructions behind the one at hand.
fn group(
    decoder: &mut Decoder<'_>,
    more: usize,
    precall: &RawInstr,
    call: &RawInstr,
    kwnames: Option<u32>,
) -> Translated {
    if precall.opcode != Opcode::PRECALL || call.opcode != Opcode::CALL || precall.arg != call.arg {
        return Err(DecodeError::BadArgument { unit: precall.at });
    }
    let argc = decoder.count(call, call.arg)?;
    let hint = caches::precall_hint(decoder.bytes, precall, call);
    Ok(decoder.emit_group(more, Op::Call { argc, kwnames }, hint))
}

fn forward_if(
    decoder: &Decoder<'_>,
    raw: &RawInstr,
    condition: Condition,
) -> Result<Op, DecodeError> {
    Ok(Op::PopJumpIf {
        condition,
        target: decoder.forward(raw)?,
        polls: false,
    })
}

fn backward_if(
    decoder: &Decoder<'_>,
    raw: &RawInstr,
    condition: Condition,
) -> Result<Op, DecodeError> {
    Ok(Op::PopJumpIf {
        condition,
        target: decoder.backward(raw)?,
        polls: true,
    })
}
