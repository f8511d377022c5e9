"""Verify mode (`BROLGA_VERIFY=1`): a sample of calls runs both ways, and the results are compared.

A call is checked if running it twice cannot be noticed: its arguments are plain data, which is copied for the
second run, and the function does nothing but work on them. The interpreter gets the copies and native code the
originals, so a program sees the native run alone, as without verify mode.

Only imported in verify mode.
"""

from __future__ import annotations

import array
import builtins
import cmath
import contextlib
import dis
import inspect
import math
import struct
import sys
import textwrap
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IMMUTABLE = (int, float, bool, complex, str, bytes, range, type(None), type(...), slice)
MODULES = (math, cmath)
# What has no effect but on its arguments, and whose result depends on nothing else.
BUILTINS = frozenset(
    getattr(builtins, name)
    for name in (
        "abs all any ascii bin bool bytearray bytes chr complex dict divmod enumerate filter float format frozenset "
        "hash hex int isinstance issubclass iter len list map max min next oct ord pow range repr reversed round set "
        "slice sorted str sum tuple zip"
    ).split()
)
# Instructions that reach what is neither an argument nor a local variable.
EFFECTS = {
    "STORE_GLOBAL": "stores to a global",
    "DELETE_GLOBAL": "deletes a global",
    "STORE_NAME": "stores to a global",
    "STORE_ATTR": "stores to an attribute",
    "DELETE_ATTR": "deletes an attribute",
    "IMPORT_NAME": "imports a module",
    "LOAD_BUILD_CLASS": "makes a class",
    "YIELD_VALUE": "is a generator",
    "GET_AWAITABLE": "awaits",
}
FREE_STORES = ("STORE_DEREF", "DELETE_DEREF")
FREE_LOADS = ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
GLOBAL_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
# Containers with more items than that are not copied.
MOST_ITEMS = 200_000
# These say how deep or how late it was, not what the function computes.
OUTSIDE = (RecursionError, MemoryError, KeyboardInterrupt, SystemExit)


class Unverifiable(Exception):
    """The call cannot run twice; the text says why."""


class Code:
    """What a code object and those nested in it need from outside."""

    __slots__ = ("effect", "free", "names")

    def __init__(self, code: CodeType, own: frozenset[str] = frozenset()) -> None:
        self.effect: str | None = None
        self.names: set[str] = set()
        self.free: set[str] = set()
        own = own | set(code.co_cellvars)
        for instruction in dis.get_instructions(code):
            name = instruction.opname
            if name in EFFECTS:
                self.effect = EFFECTS[name]
            elif name in FREE_STORES and instruction.argval not in own:
                self.effect = f"stores to {instruction.argval!r} of an outer function"
            elif name in FREE_LOADS and instruction.argval not in own:
                self.free.add(instruction.argval)
            elif name in GLOBAL_LOADS:
                self.names.add(instruction.argval)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                inner = Code(constant, own)
                self.effect = self.effect or inner.effect
                self.names |= inner.names
                self.free |= inner.free


_codes: dict[int, tuple[CodeType, Code]] = {}


def code_of(code: CodeType) -> Code:
    """The analysis of a code object, made once."""
    known = _codes.get(id(code))
    if known is None:
        known = _codes[id(code)] = (code, Code(code))
    return known[1]


def check_function(function: FunctionType, seen: set[int], used: dict[str, Any]) -> None:
    """Raises Unverifiable if the function may have an effect. `used` collects what it needs, by name."""
    if id(function) in seen:
        return
    seen.add(id(function))
    code = code_of(function.__code__)
    if code.effect:
        raise Unverifiable(f"{function.__qualname__} {code.effect}")
    cells = function.__closure__ or ()
    values: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        if name in code.free:
            try:
                values[name] = cell.cell_contents
            except ValueError:
                continue  # unbound: both runs raise
    for name in code.names:
        if name in function.__globals__:
            values[name] = function.__globals__[name]
        elif hasattr(builtins, name):
            values[name] = getattr(builtins, name)
    for name, value in values.items():
        check_value(name, value, seen, used)


def check_value(name: str, value: Any, seen: set[int], used: dict[str, Any]) -> None:
    """Raises Unverifiable unless a global or a free variable can be used by two runs."""
    if isinstance(value, FunctionType):
        used[name] = value
        check_function(value, seen, used)
    elif isinstance(value, ModuleType):
        if value not in MODULES:
            raise Unverifiable(f"uses the module {name}")
        used[name] = value
    elif (
        isinstance(value, type)
        and issubclass(value, BaseException)
        and value.__module__ == "builtins"
    ):
        pass
    elif isinstance(value, type | BuiltinFunctionType):
        if value not in BUILTINS and getattr(value, "__module__", None) not in ("math", "cmath"):
            raise Unverifiable(f"uses {name}, which may have effects")
        if getattr(builtins, name, None) is not value:
            used[name] = value
    else:
        frozen(name, value)
        used[name] = value


def frozen(name: str, value: Any) -> None:
    """Raises Unverifiable unless the value is immutable all the way down."""
    if type(value) in (tuple, frozenset):
        for item in value:
            frozen(name, item)
    elif type(value) not in IMMUTABLE:
        raise Unverifiable(f"uses {name}, an object of type {type(value).__name__}")


def copied(value: Any, copies: dict[int, Any]) -> Any:
    """A copy of plain data that shares what the original shares."""
    kind = type(value)
    if kind in IMMUTABLE:
        return value
    if id(value) in copies:
        return copies[id(value)][1]
    if len(copies) > MOST_ITEMS:
        raise Unverifiable(f"its arguments have more than {MOST_ITEMS:,} items")
    made: Any
    if kind is list:
        made = []
        copies[id(value)] = (value, made)
        made.extend(copied(item, copies) for item in value)
    elif kind is dict:
        made = {}
        copies[id(value)] = (value, made)
        made.update((copied(key, copies), copied(item, copies)) for key, item in value.items())
    elif kind in (tuple, set, frozenset):
        made = kind(copied(item, copies) for item in value)
    elif kind is bytearray or kind is array.array:
        made = value[:]
    else:
        raise Unverifiable(f"has an argument with an object of type {kind.__name__}")
    copies[id(value)] = (value, made)
    return made


def prepare(function: FunctionType, arguments: tuple[Any, ...]) -> tuple[Any, ...] | str:
    """Copies of the arguments for a second run, or why there cannot be one.

    Returns `(copies, text)`: a tuple for the interpreter, and the arguments as they are before the call.
    """
    try:
        check_function(function, set(), {})
        memo: dict[int, Any] = {}
        copies = tuple(copied(argument, memo) for argument in arguments)
    except (Unverifiable, RecursionError) as why:
        return str(why)
    return copies, ", ".join(shown(argument) for argument in arguments)


def shown(value: Any) -> str:
    """An expression for the value."""
    try:
        return repr(value)
    except (RecursionError, ValueError):
        return f"<{type(value).__name__}>"


def same(left: Any, right: Any, pairs: dict[int, Any]) -> bool:
    """Are two values the same, to the bit and to what is shared within them?"""
    kind = type(left)
    if kind is not type(right):
        return False
    if kind is float:
        return struct.pack("d", left) == struct.pack("d", right) or (
            left != left and right != right
        )
    if kind is complex:
        return same(left.real, right.real, pairs) and same(left.imag, right.imag, pairs)
    if kind in IMMUTABLE:
        return bool(left == right)
    # What is shared on one side must be on the other: each object has one partner, kept by both addresses.
    known, partner = pairs.get(id(left)), pairs.get(-id(right))
    if known is not None or partner is not None:
        return (
            known is not None and known[1] is right and partner is not None and partner[0] is left
        )
    if kind in (list, dict, set, bytearray, array.array):
        pairs[id(left)] = pairs[-id(right)] = (left, right)
    if kind in (list, tuple):
        return len(left) == len(right) and all(
            same(a, b, pairs) for a, b in zip(left, right, strict=True)
        )
    if kind is dict:
        return len(left) == len(right) and all(
            same(a, b, pairs) and same(left[a], right[b], pairs)
            for a, b in zip(left, right, strict=True)
        )
    if kind in (set, frozenset):
        return bool(left == right)
    if kind is bytearray:
        return bool(left == right)
    if kind is array.array:
        return bool(left.typecode == right.typecode and left.tobytes() == right.tobytes())
    return True  # iterators, functions made here: their type is what can be compared


def outcome(value: Any, error: BaseException | None) -> str:
    """A result or an exception in words."""
    return shown(value) if error is None else f"raises {type(error).__name__}: {error}"


def difference(
    arguments: tuple[tuple[Any, ...], tuple[Any, ...]],
    plain: tuple[Any, BaseException | None],
    native: tuple[Any, BaseException | None],
) -> str | None:
    """What differs between the two runs of a call: their results, or what they left of the arguments."""
    if isinstance(plain[1], OUTSIDE) or isinstance(native[1], OUTSIDE):
        return None
    copies, originals = arguments
    pairs: dict[int, Any] = {}
    for position, (left, right) in enumerate(zip(copies, originals, strict=True)):
        if not same(left, right, pairs):
            return f"argument {position} afterwards\n  interpreted: {shown(left)}\n  native:      {shown(right)}"
    errors = (plain[1], native[1])
    if type(errors[0]) is type(errors[1]) and (
        same(plain[0], native[0], pairs) if errors[0] is None else str(errors[0]) == str(errors[1])
    ):
        return None
    return f"the result\n  interpreted: {outcome(*plain)}\n  native:      {outcome(*native)}"


def reproducer(function: FunctionType, arguments: str, keywords: tuple[str, ...]) -> str:
    """A program that makes the call with every function it needs, as far as their source is known."""
    used: dict[str, Any] = {}
    with contextlib.suppress(
        Unverifiable
    ):  # the call itself may have changed what the function uses
        check_function(function, set(), used)
    lines = ["from brolga import jit", ""]
    for name, value in used.items():
        if isinstance(value, ModuleType):
            lines.append(f"import {value.__name__}")
        elif isinstance(value, BuiltinFunctionType):
            lines.append(f"from {value.__module__} import {name}")
        elif not isinstance(value, FunctionType):
            lines.append(f"{name} = {shown(value)}")
    for needed in dict.fromkeys(
        [*(v for v in used.values() if isinstance(v, FunctionType)), function]
    ):
        try:
            lines.append(textwrap.dedent(inspect.getsource(needed)))
        except (OSError, TypeError):
            lines.append(f"# the source of {needed.__qualname__} is not known")
    named = f"  # the last {len(keywords)} by name: {', '.join(keywords)}" if keywords else ""
    lines.append(f"print({function.__name__}({arguments})){named}")
    return "\n".join("    " + line for text in lines for line in text.splitlines())


def report(
    function: FunctionType,
    prepared: tuple[tuple[Any, ...], str],
    originals: tuple[Any, ...],
    keywords: tuple[str, ...],
    plain: tuple[Any, BaseException | None],
    native: tuple[Any, BaseException | None],
) -> bool:
    """Compares two runs; a difference is printed on standard error. True if there is none."""
    copies, arguments = prepared
    found = difference((copies, originals), plain, native)
    if found is None:
        return True
    print(
        f"brolga: verify: {function.__qualname__}({arguments}) differs in {found}\n"
        f"reproduce it with BROLGA_VERIFY=1:\n{reproducer(function, arguments, keywords)}",
        file=sys.stderr,
    )
    return False
