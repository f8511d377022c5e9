//! What CPython 3.14 changed against 3.13.

use super::decode::{Decoder, RawInstr, Translated};
use super::op::{CommonConstant, Op, SpecialMethod};
use super::opcode::Opcode;
use super::v3_12::for_iter;
use super::v3_13::{self, load_fast};

/// `NB_SUBSCR`: subscription became a binary operator.
const SUBSCRIPT: u32 = 26;

/// What one instruction means in this version. `false`: what it means in all versions.
pub fn translate(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let arg = raw.arg;
    let op = match raw.opcode {
        Opcode::LOAD_FAST_BORROW => load_fast(decoder, raw, arg)?,
        Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW => {
            let first = load_fast(decoder, raw, arg >> 4)?;
            let second = load_fast(decoder, raw, arg & 15)?;
            return Ok(decoder.emit(raw, &[first, second]));
        }
        Opcode::LOAD_SMALL_INT => Op::PushInt(i64::from(arg)),
        Opcode::LOAD_COMMON_CONSTANT => {
            use CommonConstant::*;
            let constants = [AssertionError, NotImplementedError, Tuple, All, Any];
            Op::LoadCommonConstant(decoder.variant(raw, &constants)?)
        }
        Opcode::LOAD_SPECIAL => {
            use SpecialMethod::*;
            Op::LoadSpecial(decoder.variant(raw, &[Enter, Exit, AsyncEnter, AsyncExit])?)
        }
        Opcode::NOT_TAKEN => Op::Nop,
        Opcode::BINARY_OP if arg == SUBSCRIPT => Op::BinarySubscr,
        Opcode::BUILD_INTERPOLATION => Op::BuildInterpolation {
            with_spec: arg & 1 == 1,
        },
        Opcode::BUILD_TEMPLATE => Op::BuildTemplate,
        Opcode::FOR_ITER => {
            let end = decoder.forward(raw)?;
            for_iter(decoder, raw, end, &[Opcode::END_FOR, Opcode::POP_ITER])?
        }
        Opcode::POP_ITER => Op::PopTop,
        Opcode::CALL_FUNCTION_EX => Op::CallFunctionEx { has_kwargs: true },
        Opcode::WITH_EXCEPT_START => Op::WithExceptStart { exit_pair: true },
        _ => return v3_13::translate(decoder, raw),
    };
    Ok(decoder.emit(raw, &[op]))
}
