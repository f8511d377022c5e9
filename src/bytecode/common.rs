//! Instructions that mean the same in all versions that have them.

use super::decode::{Decoder, RawInstr, Translated};
use super::op::{
    BinaryOperator, CompareOperator, Condition, GeneratorOp, Intrinsic1, Intrinsic2, Op,
};
use super::opcode::Opcode;

/// What one instruction means. `false`: it is not known here.
pub fn translate(decoder: &mut Decoder<'_>, raw: &RawInstr) -> Translated {
    let arg = raw.arg;
    let op = match raw.opcode {
        Opcode::NOP => Op::Nop,
        Opcode::RESUME => Op::Resume {
            at_start: arg & 3 == 0,
        },

        Opcode::LOAD_CONST => Op::LoadConst(decoder.constant(raw, arg)?),
        Opcode::PUSH_NULL => Op::PushNull,
        Opcode::LOAD_BUILD_CLASS => Op::LoadBuildClass,
        Opcode::LOAD_FAST_CHECK => Op::LoadFastCheck(decoder.slot(raw, arg)?),
        Opcode::LOAD_FAST_AND_CLEAR => Op::LoadFastAndClear(decoder.slot(raw, arg)?),
        Opcode::STORE_FAST => Op::StoreFast(decoder.slot(raw, arg)?),
        Opcode::DELETE_FAST => Op::DeleteFast(decoder.slot(raw, arg)?),
        Opcode::MAKE_CELL => Op::MakeCell(decoder.slot(raw, arg)?),
        Opcode::COPY_FREE_VARS => {
            if arg != decoder.bytes.nfreevars {
                return Err(super::DecodeError::BadArgument { unit: raw.at });
            }
            Op::CopyFreeVars(arg)
        }
        Opcode::LOAD_CLOSURE => Op::LoadClosure(decoder.slot(raw, arg)?),
        Opcode::LOAD_DEREF => Op::LoadDeref(decoder.slot(raw, arg)?),
        Opcode::STORE_DEREF => Op::StoreDeref(decoder.slot(raw, arg)?),
        Opcode::DELETE_DEREF => Op::DeleteDeref(decoder.slot(raw, arg)?),

        Opcode::STORE_GLOBAL => Op::StoreGlobal {
            name: decoder.name(raw, arg)?,
        },
        Opcode::DELETE_GLOBAL => Op::DeleteGlobal {
            name: decoder.name(raw, arg)?,
        },
        Opcode::LOAD_NAME => Op::LoadName {
            name: decoder.name(raw, arg)?,
        },
        Opcode::STORE_NAME => Op::StoreName {
            name: decoder.name(raw, arg)?,
        },
        Opcode::DELETE_NAME => Op::DeleteName {
            name: decoder.name(raw, arg)?,
        },
        Opcode::LOAD_LOCALS => Op::LoadLocals,
        Opcode::LOAD_FROM_DICT_OR_GLOBALS => Op::LoadFromDictOrGlobals {
            name: decoder.name(raw, arg)?,
        },
        Opcode::LOAD_FROM_DICT_OR_DEREF => Op::LoadFromDictOrDeref(decoder.slot(raw, arg)?),
        Opcode::SETUP_ANNOTATIONS => Op::SetupAnnotations,

        Opcode::STORE_ATTR => Op::StoreAttr {
            name: decoder.name(raw, arg)?,
        },
        Opcode::DELETE_ATTR => Op::DeleteAttr {
            name: decoder.name(raw, arg)?,
        },
        Opcode::IMPORT_NAME => Op::ImportName {
            name: decoder.name(raw, arg)?,
        },
        Opcode::IMPORT_FROM => Op::ImportFrom {
            name: decoder.name(raw, arg)?,
        },

        Opcode::BINARY_OP => {
            let inplace = arg as usize >= BinaryOperator::ALL.len();
            let number = arg as usize
                - if inplace {
                    BinaryOperator::ALL.len()
                } else {
                    0
                };
            match BinaryOperator::ALL.get(number) {
                Some(&op) => Op::BinaryOp { op, inplace },
                None => return Err(super::DecodeError::BadArgument { unit: raw.at }),
            }
        }
        Opcode::UNARY_NEGATIVE => Op::UnaryNegative,
        Opcode::UNARY_NOT => Op::UnaryNot,
        Opcode::UNARY_INVERT => Op::UnaryInvert,
        Opcode::TO_BOOL => Op::ToBool,
        Opcode::IS_OP => Op::Is { invert: arg != 0 },
        Opcode::CONTAINS_OP => Op::Contains { invert: arg != 0 },
        Opcode::BINARY_SUBSCR => Op::BinarySubscr,
        Opcode::STORE_SUBSCR => Op::StoreSubscr,
        Opcode::DELETE_SUBSCR => Op::DeleteSubscr,
        Opcode::BINARY_SLICE => Op::BinarySlice,
        Opcode::STORE_SLICE => Op::StoreSlice,

        Opcode::BUILD_SLICE => Op::BuildSlice(if arg == 3 { 3 } else { 2 }),
        Opcode::BUILD_TUPLE => Op::BuildTuple(decoder.count(raw, arg)?),
        Opcode::BUILD_LIST => Op::BuildList(decoder.count(raw, arg)?),
        Opcode::BUILD_SET => Op::BuildSet(decoder.count(raw, arg)?),
        Opcode::BUILD_MAP => Op::BuildMap(decoder.count(raw, arg)?),
        Opcode::BUILD_CONST_KEY_MAP => Op::BuildConstKeyMap(decoder.count(raw, arg)?),
        Opcode::BUILD_STRING => Op::BuildString(decoder.count(raw, arg)?),
        Opcode::LIST_APPEND => Op::ListAppend(decoder.depth(raw, arg)?),
        Opcode::SET_ADD => Op::SetAdd(decoder.depth(raw, arg)?),
        Opcode::MAP_ADD => Op::MapAdd(decoder.depth(raw, arg)?),
        Opcode::LIST_EXTEND => Op::ListExtend(decoder.depth(raw, arg)?),
        Opcode::SET_UPDATE => Op::SetUpdate(decoder.depth(raw, arg)?),
        Opcode::DICT_UPDATE => Op::DictUpdate(decoder.depth(raw, arg)?),
        Opcode::DICT_MERGE => Op::DictMerge(decoder.depth(raw, arg)?),
        Opcode::UNPACK_SEQUENCE => Op::UnpackSequence(decoder.count(raw, arg)?),
        Opcode::UNPACK_EX => {
            let before = decoder.count(raw, arg & 0xff)?;
            Op::UnpackEx {
                before,
                after: decoder.count(raw, arg >> 8)?,
            }
        }

        Opcode::COPY => Op::Copy(decoder.depth(raw, arg)?),
        Opcode::SWAP => Op::Swap(decoder.depth(raw, arg)?),
        Opcode::POP_TOP => Op::PopTop,

        Opcode::JUMP_FORWARD => Op::Jump {
            target: decoder.forward(raw)?,
        },
        Opcode::JUMP_BACKWARD => Op::JumpBackward {
            target: decoder.backward(raw)?,
            polls: true,
        },
        Opcode::JUMP_BACKWARD_NO_INTERRUPT => Op::JumpBackward {
            target: decoder.backward(raw)?,
            polls: false,
        },
        Opcode::POP_JUMP_IF_TRUE => forward_if(decoder, raw, Condition::True)?,
        Opcode::POP_JUMP_IF_FALSE => forward_if(decoder, raw, Condition::False)?,
        Opcode::POP_JUMP_IF_NONE => forward_if(decoder, raw, Condition::None)?,
        Opcode::POP_JUMP_IF_NOT_NONE => forward_if(decoder, raw, Condition::NotNone)?,
        Opcode::GET_ITER => Op::GetIter,
        Opcode::RETURN_VALUE => Op::ReturnValue,
        Opcode::RETURN_CONST => {
            let constant = decoder.constant(raw, arg)?;
            return Ok(decoder.emit(raw, &[Op::LoadConst(constant), Op::ReturnValue]));
        }
        Opcode::CALL_FUNCTION_EX => Op::CallFunctionEx {
            has_kwargs: arg & 1 == 1,
        },

        Opcode::RAISE_VARARGS if arg <= 2 => Op::Raise(arg),
        Opcode::RERAISE => Op::Reraise {
            lasti_depth: decoder.count(raw, arg)?,
        },
        Opcode::PUSH_EXC_INFO => Op::PushExcInfo,
        Opcode::POP_EXCEPT => Op::PopExcept,
        Opcode::CHECK_EXC_MATCH => Op::CheckExcMatch,
        Opcode::CHECK_EG_MATCH => Op::CheckEgMatch,
        Opcode::BEFORE_WITH => Op::BeforeWith,
        Opcode::WITH_EXCEPT_START => Op::WithExceptStart { exit_pair: false },

        Opcode::GET_LEN => Op::GetLen,
        Opcode::MATCH_MAPPING => Op::MatchMapping,
        Opcode::MATCH_SEQUENCE => Op::MatchSequence,
        Opcode::MATCH_KEYS => Op::MatchKeys,
        Opcode::MATCH_CLASS => Op::MatchClass(arg),

        Opcode::CALL_INTRINSIC_1 => intrinsic_1(decoder, raw)?,
        Opcode::CALL_INTRINSIC_2 => {
            use Intrinsic2::*;
            let variants = [
                None,
                Some(PrepReraiseStar),
                Some(TypeVarWithBound),
                Some(TypeVarWithConstraints),
                Some(SetFunctionTypeParams),
                Some(SetTypeParamDefault),
            ];
            match decoder.variant(raw, &variants)? {
                Some(intrinsic) => Op::Intrinsic2(intrinsic),
                None => Op::Unsupported(raw.opcode.name()),
            }
        }

        Opcode::RETURN_GENERATOR => Op::Generator(GeneratorOp::ReturnGenerator),
        Opcode::YIELD_VALUE => Op::Generator(GeneratorOp::YieldValue),
        Opcode::GET_YIELD_FROM_ITER => Op::Generator(GeneratorOp::GetYieldFromIter),
        Opcode::GET_AWAITABLE => Op::Generator(GeneratorOp::GetAwaitable),
        Opcode::GET_AITER => Op::Generator(GeneratorOp::GetAiter),
        Opcode::GET_ANEXT => Op::Generator(GeneratorOp::GetAnext),
        Opcode::BEFORE_ASYNC_WITH => Op::Generator(GeneratorOp::BeforeAsyncWith),
        Opcode::END_ASYNC_FOR => Op::Generator(GeneratorOp::EndAsyncFor),
        Opcode::SEND => {
            let target = decoder.forward(raw)?;
            Op::Generator(GeneratorOp::Send {
                target,
                pops_receiver: false,
            })
        }
        Opcode::END_SEND => Op::Generator(GeneratorOp::EndSend),
        Opcode::CLEANUP_THROW => Op::Generator(GeneratorOp::CleanupThrow),
        _ => return Ok(false),
    };
    Ok(decoder.emit(raw, &[op]))
}

/// The comparison with this number in CPython.
pub fn compare_operator(
    raw: &RawInstr,
    number: u32,
) -> Result<CompareOperator, super::DecodeError> {
    let operator = CompareOperator::ALL.get(number as usize).copied();
    operator.ok_or(super::DecodeError::BadArgument { unit: raw.at })
}

fn forward_if(
    decoder: &Decoder<'_>,
    raw: &RawInstr,
    condition: Condition,
) -> Result<Op, super::DecodeError> {
    Ok(Op::PopJumpIf {
        condition,
        target: decoder.forward(raw)?,
        polls: false,
    })
}

fn intrinsic_1(decoder: &Decoder<'_>, raw: &RawInstr) -> Result<Op, super::DecodeError> {
    let ops = [
        Op::Unsupported(raw.opcode.name()),
        Op::Intrinsic1(Intrinsic1::Print),
        Op::Intrinsic1(Intrinsic1::ImportStar),
        Op::Intrinsic1(Intrinsic1::StopIterationError),
        Op::Generator(GeneratorOp::AsyncGenWrap),
        Op::UnaryPositive,
        Op::ListToTuple,
        Op::Intrinsic1(Intrinsic1::TypeVar),
        Op::Intrinsic1(Intrinsic1::ParamSpec),
        Op::Intrinsic1(Intrinsic1::TypeVarTuple),
        Op::Intrinsic1(Intrinsic1::SubscriptGeneric),
        Op::Intrinsic1(Intrinsic1::TypeAlias),
    ];
    decoder.variant(raw, &ops)
}
