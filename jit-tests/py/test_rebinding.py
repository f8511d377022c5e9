"""Globals and builtins bound again, in every way a program can do it: native code sees the new value where the
interpreter would."""

import builtins
import gc
import types

import pytest
from brolga import jit


class Name(str):
    """Equal to a plain string, and another object."""

    __hash__ = str.__hash__


def fresh_text(text):
    """An equal string that is not interned."""
    return "".join(list(text))


SOURCE = """
def f(n):
    total = 0
    for k in range(n):
        for j in range(9):
            total = (total * 3 + j * j - k) % 1000003
        total += helper(k) + len(data)
    return total

def helper(k):
    return k & 3

def change_and_add(n, change):
    total = 0
    for k in range(n):
        for j in range(9):
            total = (total * 3 + j * j - k) % 1000003
        total += helper(k)
        if k == n // 2:
            change()
    return total
"""


MODULE_SOURCE = """
def f(n):
    total = 0
    for k in range(n):
        for j in range(9):
            total = (total * 3 + j * j - k) % 1000003
        total += module.scale(k)
    return total
"""


def make():
    space = {"__name__": "space", "data": (1, 2)}
    exec(SOURCE, space)
    plain = dict(space)
    exec(SOURCE, plain)
    for name in ("f", "change_and_add"):
        space[name] = jit(space[name])
    return space, plain


def warm(space):
    for _ in range(30):
        space["f"](20)
        space["change_and_add"](20, int)


def other(k):
    return 1000 + k


CHANGES = {
    "store": lambda space: space.__setitem__("helper", other),
    "a string that is not interned": lambda space: space.__setitem__(fresh_text("helper"), other),
    "a subclass of str": lambda space: space.__setitem__(Name("helper"), other),
    "update": lambda space: space.update(helper=other, unrelated=1),
    "update from a dict": lambda space: space.update({"data": "abcdef"}),
    "or": lambda space: space.__ior__({"helper": other}),
    "exec": lambda space: exec("def helper(k): return -k", space),
    "global statement": lambda space: exec("def g():\n global data\n data = [1]\ng()", space),
    "delete": lambda space: space.pop("helper"),
    "shadow a builtin": lambda space: space.__setitem__("len", lambda items: 7),
    "setdefault a builtin": lambda space: space.setdefault("len", lambda items: 9),
    "replaced code": lambda space: setattr(space["helper"], "__code__", other.__code__),
}


def answer(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("change", CHANGES)
def test_between_calls(change):
    space, plain = make()
    warm(space)
    for side in (space, plain):
        CHANGES[change](side)
    for _ in range(30):
        assert answer(space["f"], 20) == answer(plain["f"], 20)


@pytest.mark.parametrize("change", CHANGES)
def test_inside_of_a_loop(change):
    space, plain = make()
    warm(space)
    got = answer(space["change_and_add"], 20, lambda: CHANGES[change](space))
    assert got == answer(plain["change_and_add"], 20, lambda: CHANGES[change](plain))


def test_there_and_back(native_required):
    space, plain = make()
    warm(space)
    native_required(space["f"])
    native_required(space["change_and_add"])
    helper = space["helper"]
    for turn in range(40):
        space["helper"] = other if turn % 2 else helper
        plain["helper"] = other if turn % 2 else plain["helper"] if plain["helper"] is not other else helper
        assert space["f"](10) == plain["f"](10)


def test_clear_and_fill_again():
    space, plain = make()
    warm(space)
    f = space["f"]
    kept = dict(space)
    space.clear()
    with pytest.raises(NameError):
        f(3)
    space.update(kept)
    assert f(20) == plain["f"](20)


def test_builtins(native_required):
    def count(n):
        total = 0
        for _ in range(n):
            total += len("abc")
        return total

    count = jit(count)
    for _ in range(30):
        assert count(10) == 30
    native_required(count)
    original = builtins.len
    try:
        builtins.len = lambda text: 100
        assert count(10) == 1000
    finally:
        builtins.len = original
    assert count(10) == 30


def test_attributes_of_modules(native_required):
    module = types.ModuleType("module")
    module.scale = lambda x: 2 * x
    space = {"module": module}
    exec(MODULE_SOURCE, space)
    plain = types.FunctionType(space["f"].__code__, space)
    f = jit(space["f"])
    for _ in range(30):
        assert f(5) == plain(5)
    native_required(f)
    module.scale = lambda x: 3 * x
    assert f(5) == plain(5)
    vars(module)[fresh_text("scale")] = lambda x: 4 * x
    assert f(5) == plain(5)
    del module.scale
    assert answer(f, 5) == answer(plain, 5)


def test_many_namespaces_come_and_go():
    for turn in range(60):
        space, plain = make()
        warm(space)
        if turn % 3 == 0:
            space["helper"] = plain["helper"] = other
        assert space["f"](20) == plain["f"](20)
        del space, plain
        if turn % 20 == 0:
            gc.collect()
