"""The operand stack depth before each instruction, by walking the bytecode.

The interpreter does not save the depth for an INSTRUCTION event on 3.12 and 3.13. (On 3.11 it does, and
`dis.stack_effect` is wrong there between PRECALL and CALL, so this is not used.)
"""

import dis

JUMPS_ALWAYS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"}
ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"}


def depths(code):
    instructions = list(dis.get_instructions(code))
    following = {a.offset: b.offset for a, b in zip(instructions, instructions[1:])}
    at = {instruction.offset: instruction for instruction in instructions}
    known = {}
    work = [(instructions[0].offset, 0)]
    for entry in dis._parse_exception_table(code):
        work.append((entry.target, entry.depth + 1 + (1 if entry.lasti else 0)))
    while work:
        offset, depth = work.pop()
        while offset is not None and offset not in known:
            known[offset] = depth
            instruction = at[offset]
            if instruction.opname == "EXTENDED_ARG":
                offset = following.get(offset)
                continue
            argument = instruction.arg if instruction.opcode >= dis.HAVE_ARGUMENT else None
            if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
                effect = dis.stack_effect(instruction.opcode, argument, jump=True)
                work.append((instruction.argval, depth + effect))
            if instruction.opname in ENDS or instruction.opname in JUMPS_ALWAYS:
                break
            depth += dis.stack_effect(instruction.opcode, argument, jump=False)
            offset = following.get(offset)
    return known
