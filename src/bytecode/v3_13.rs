//! What CPython 3.13 changed; 3.14 has most of it too.

use super::caches;
use super::code::LocalKind;
use super::common::compare_operator;
use super::decode::{DecodeError, Decoder, RawInstr, Translated};
use super::op::{CommonConstant, Conversion, Op};
use super::opcode::Opcode;
use super::v3_12;

/// What one instruction means in this version. `false`: what it means in all versions.
pub fn translate(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let arg = raw.arg;
    let op = match raw.opcode {
        Opcode::LOAD_FAST => load_fast(decoder, raw, arg)?,
        Opcode::LOAD_FAST_LOAD_FAST => {
            let first = load_fast(decoder, raw, arg >> 4)?;
            let second = load_fast(decoder, raw, arg & 15)?;
            return Ok(decoder.emit(raw, &[first, second]));
        }
        Opcode::STORE_FAST_LOAD_FAST => {
            let store = Op::StoreFast(decoder.slot(raw, arg >> 4)?);
            let load = load_fast(decoder, raw, arg & 15)?;
            return Ok(decoder.emit(raw, &[store, load]));
        }
        Opcode::STORE_FAST_STORE_FAST => {
            let first = Op::StoreFast(decoder.slot(raw, arg >> 4)?);
            let second = Op::StoreFast(decoder.slot(raw, arg & 15)?);
            return Ok(decoder.emit(raw, &[first, second]));
        }
        Opcode::LOAD_ASSERTION_ERROR => Op::LoadCommonConstant(CommonConstant::AssertionError),
        Opcode::LOAD_GLOBAL => {
            let load = Op::LoadGlobal {
                name: decoder.name(raw, arg >> 1)?,
            };
            let with_null = [load, Op::PushNull];
            return Ok(decoder.emit(
                raw,
                if arg & 1 == 1 {
                    &with_null
                } else {
                    &with_null[..1]
                },
            ));
        }
        Opcode::LOAD_ATTR => v3_12::load_attr(decoder, raw, false)?,
        Opcode::LOAD_SUPER_ATTR => v3_12::load_super_attr(decoder, raw, false)?,
        Opcode::COMPARE_OP => Op::Compare {
            op: compare_operator(raw, arg >> 5)?,
            to_bool: arg & 16 != 0,
        },
        Opcode::FORMAT_SIMPLE => Op::FormatValue {
            conversion: Conversion::None,
            with_spec: false,
        },
        Opcode::FORMAT_WITH_SPEC => Op::FormatValue {
            conversion: Conversion::None,
            with_spec: true,
        },
        Opcode::CONVERT_VALUE => {
            use Conversion::*;
            Op::ConvertValue(decoder.variant(raw, &[None, Str, Repr, Ascii])?)
        }
        Opcode::FOR_ITER => {
            let end = decoder.forward(raw)?;
            v3_12::for_iter(decoder, raw, end, &[Opcode::END_FOR, Opcode::POP_TOP])?
        }
        // Reached by no jump: FOR_ITER continues behind it.
        Opcode::END_FOR => Op::PopTop,
        Opcode::LOAD_CONST if is_names_of_call(decoder) => return call_kw(decoder, raw),
        Opcode::CALL => Op::Call {
            argc: decoder.count(raw, arg)?,
            kwnames: None,
        },
        Opcode::MAKE_FUNCTION => Op::MakeFunction { attributes: 0 },
        Opcode::SET_FUNCTION_ATTRIBUTE => Op::SetFunctionAttribute { attribute: arg },
        _ => return Ok(false),
    };
    Ok(decoder.emit(raw, &[op]))
}

/// A load of a cell's slot is a load of the cell: variables in cells are read by LOAD_DEREF.
pub fn load_fast(decoder: &Decoder<'_>, raw: &RawInstr, slot: u32) -> Result<Op, DecodeError> {
    let slot = decoder.slot(raw, slot)?;
    let is_cell = decoder.bytes.localsplus[slot as usize].kind != LocalKind::Local;
    Ok(if is_cell {
        Op::LoadClosure(slot)
    } else {
        Op::LoadFast(slot)
    })
}

/// Whether the instruction behind the one at hand takes names from it. (A CALL_KW without such an
/// instruction before it is left unsupported: no compiler makes one.)
fn is_names_of_call(decoder: &Decoder<'_>) -> bool {
    decoder
        .peek(1)
        .is_some_and(|next| next.opcode == Opcode::CALL_KW)
}

/// The names and the call as one operation, before which the names are not on the stack.
fn call_kw(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let kwnames = Some(decoder.constant(raw, raw.arg)?);
    let Some(call) = decoder.peek(1).copied() else {
        return Err(DecodeError::Truncated { unit: raw.offset });
    };
    let argc = decoder.count(&call, call.arg)?;
    let hint = caches::hint(decoder.bytes, &call);
    Ok(decoder.emit_group(1, Op::Call { argc, kwnames }, hint))
}
