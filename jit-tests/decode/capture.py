#!/usr/bin/env python3
"""Stores the code of the functions in programs*.py, and what `dis` says of it, for jit-tests/decode.rs.

    python3.X jit-tests/decode/capture.py            writes jit-tests/decode/3.X/*.txt

One line is one fact: a word for the kind, then its fields. Positions are code units; `-` is None.
Texts that may hold anything are in hexadecimal. Fields are listed where they are written, below.
"""

import dis
import importlib.util
import inspect
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
VERSION = sys.version_info[:2]
CO_FAST_LOCAL, CO_FAST_CELL, CO_FAST_FREE = 0x20, 0x40, 0x80
WARM_CALLS = 60
PREFIX_AND_CACHE = {"EXTENDED_ARG", "CACHE"}


def text(value):
    return value.encode("utf-8", "surrogatepass").hex() or "-"


def optional(value):
    return "-" if value is None else str(value)


def constant(value):
    kind = type(value)
    if value is None:
        yield "const none"
    elif kind is bool:
        yield f"const bool {int(value)}"
    elif kind is int:
        yield f"const int {value}"
    elif kind is float:
        yield f"const float {value.hex()}"
    elif kind is str and value.isascii():
        yield f"const str {text(value)}"
    elif kind is bytes:
        yield f"const bytes {value.hex() or '-'}"
    elif kind is tuple:
        yield f"const tuple {len(value)}"
        for item in value:
            yield from constant(item)
    elif kind is types.CodeType:
        yield "const code"
    elif value is ...:
        yield "const ellipsis"
    else:
        yield "const other"


def slots(code):
    """Name, kind byte and whether the caller fills it, of every slot of localsplus."""
    arguments = code.co_argcount + code.co_kwonlyargcount
    arguments += bool(code.co_flags & inspect.CO_VARARGS)
    arguments += bool(code.co_flags & inspect.CO_VARKEYWORDS)
    own_cells = [name for name in code.co_cellvars if name not in code.co_varnames]
    first_free = len(code.co_varnames) + len(own_cells)
    for index in range(first_free + len(code.co_freevars)):
        name = code._varname_from_oparg(index)
        if index >= first_free:
            kind = CO_FAST_FREE
        else:
            kind = CO_FAST_LOCAL if index < len(code.co_varnames) else 0
            kind |= CO_FAST_CELL if name in code.co_cellvars else 0
        yield name, kind, index < arguments


def facts(code):
    yield f"code {text(code.co_qualname)}"
    yield f"name {text(code.co_name)}"
    yield (
        f"counts {code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount}"
        f" {code.co_nlocals} {len(code.co_freevars)} {code.co_stacksize} {code.co_flags}"
        f" {code.co_firstlineno}"
    )
    yield f"bytes {code.co_code.hex()}"
    yield f"adaptive {code._co_code_adaptive.hex()}"
    yield f"exceptiontable {code.co_exceptiontable.hex() or '-'}"
    yield f"linetable {code.co_linetable.hex()}"
    for name, kind, is_arg in slots(code):
        yield f"slot {name} {kind} {int(is_arg)}"
    for name in code.co_names:
        yield f"global {name}"
    for value in code.co_consts:
        yield from constant(value)

    # What dis says: unit, name, specialised name, argument, jump target, position.
    plain = [i for i in dis.get_instructions(code) if i.opname not in PREFIX_AND_CACHE]
    adaptive = {i.offset: i.opname for i in dis.get_instructions(code, adaptive=True)}
    for i in plain:
        target = i.argval // 2 if i.opcode in dis.hasjrel else None
        place = i.positions
        yield (
            f"instr {i.offset // 2} {i.opname} {adaptive.get(i.offset, i.opname)} {optional(i.arg)}"
            f" {optional(target)} {optional(place.lineno)} {optional(place.end_lineno)}"
            f" {optional(place.col_offset)} {optional(place.end_col_offset)}"
        )
    # Start, end, target, depth, lasti.
    for e in dis._parse_exception_table(code):
        yield f"handler {e.start // 2} {e.end // 2} {e.target // 2} {e.depth} {int(e.lasti)}"
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from facts(value)


def load(path):
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module


def capture(path):
    module = load(path)
    for name, arguments in module.WARM.items():
        for _ in range(WARM_CALLS):
            getattr(module, name)(*arguments)
    lines = ["# Captured by capture.py; not to be edited."]
    source = path.read_text()
    lines += facts(compile(source, path.name, "exec"))
    # The functions again, as they are after running.
    for name in module.WARM:
        lines.append("warm")
        lines += facts(getattr(module, name).__code__)
    # Made by exec, so not part of the module's code.
    if hasattr(module, "long_function"):
        lines += facts(module.long_function.__code__)
    output = HERE / f"{VERSION[0]}.{VERSION[1]}" / f"{path.stem}.txt"
    output.parent.mkdir(exist_ok=True)
    output.write_text("\n".join(lines) + "\n")
    print(f"wrote {output.relative_to(HERE.parent.parent)}")


def main():
    for path in sorted(HERE.glob("programs*.py")):
        needs = path.stem.removeprefix("programs").strip("_").split("_")
        if needs == [""] or VERSION >= tuple(map(int, needs)):
            capture(path)


main()
