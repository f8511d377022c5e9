//! What only CPython 3.12 has, or has as 3.11 has it.

use super::caches;
use super::common::compare_operator;
use super::decode::{DecodeError, Decoder, RawInstr, Translated};
use super::op::{CommonConstant, Op};
use super::opcode::Opcode;
use super::v3_11;

/// What one instruction means in this version. `false`: what it means in all versions.
pub fn translate(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let arg = raw.arg;
    let op = match raw.opcode {
        Opcode::LOAD_FAST => Op::LoadFast(decoder.slot(raw, arg)?),
        Opcode::LOAD_ASSERTION_ERROR => Op::LoadCommonConstant(CommonConstant::AssertionError),
        Opcode::LOAD_GLOBAL => return v3_11::load_global(decoder, raw),
        Opcode::LOAD_ATTR => load_attr(decoder, raw, true)?,
        Opcode::LOAD_SUPER_ATTR => load_super_attr(decoder, raw, true)?,
        Opcode::COMPARE_OP => Op::Compare {
            op: compare_operator(raw, arg >> 4)?,
            to_bool: false,
        },
        Opcode::FORMAT_VALUE => v3_11::format_value(raw),
        Opcode::FOR_ITER => {
            let end = decoder.forward(raw)?;
            for_iter(decoder, raw, end, &[Opcode::END_FOR])?
        }
        // Reached by no jump: FOR_ITER continues behind it.
        Opcode::END_FOR => return Ok(decoder.emit(raw, &[Op::PopTop, Op::PopTop])),
        Opcode::KW_NAMES => {
            let kwnames = Some(decoder.constant(raw, arg)?);
            let Some(call) = decoder.peek(1).copied() else {
                return Err(DecodeError::Truncated { unit: raw.offset });
            };
            if call.opcode != Opcode::CALL {
                return Err(DecodeError::BadArgument { unit: raw.at });
            }
            let argc = decoder.count(&call, call.arg)?;
            let hint = caches::hint(decoder.bytes, &call);
            return Ok(decoder.emit_group(1, Op::Call { argc, kwnames }, hint));
        }
        Opcode::CALL => Op::Call {
            argc: decoder.count(raw, arg)?,
            kwnames: None,
        },
        Opcode::MAKE_FUNCTION if arg < 16 => Op::MakeFunction { attributes: arg },
        _ => return Ok(false),
    };
    Ok(decoder.emit(raw, &[op]))
}

/// `LOAD_ATTR` of 3.12+: the lowest bit makes it load a method for a call.
pub fn load_attr(
    decoder: &Decoder<'_>,
    raw: &RawInstr,
    null_first: bool,
) -> Result<Op, DecodeError> {
    let name = decoder.name(raw, raw.arg >> 1)?;
    Ok(if raw.arg & 1 == 1 {
        Op::LoadMethod { name, null_first }
    } else {
        Op::LoadAttr { name }
    })
}

/// `LOAD_SUPER_ATTR` of 3.12+: two bits below the name.
pub fn load_super_attr(
    decoder: &Decoder<'_>,
    raw: &RawInstr,
    null_first: bool,
) -> Result<Op, DecodeError> {
    let name = decoder.name(raw, raw.arg >> 2)?;
    let (method, two_arguments) = (raw.arg & 1 == 1, raw.arg & 2 == 2);
    Ok(Op::LoadSuperAttr {
        name,
        method,
        two_arguments,
        null_first,
    })
}

/// A `FOR_ITER` that jumps to `end`, where these instructions, of one unit each, wait to be skipped.
pub fn for_iter(
    decoder: &Decoder<'_>,
    raw: &RawInstr,
    end: u32,
    skipped: &[Opcode],
) -> Result<Op, DecodeError> {
    let mut exit = end;
    for opcode in skipped {
        if decoder.opcode_at(exit) != Some(*opcode) {
            return Err(DecodeError::BadTarget { unit: raw.at });
        }
        exit += 1;
    }
    Ok(Op::ForIter { exit, end })
}
