"""Callers and callees of compiled functions come under the JIT with them, within a module."""

import types

import pytest
from brolga import _native, jit

pytestmark = pytest.mark.native_required

SOURCE = """
def kernel(values, n):
    total = 0
    for i in range(n):
        total += values[i] * i
        total += helper(i, total)
    return total

def helper(k, seed):
    state = seed & 1023
    for _ in range(k & 7):
        state = (state * 5 + k) & 1023
        if state > 900:
            state -= 900
        elif state > 600:
            state -= 550
        elif state > 500:
            state ^= 77
        if state & 1:
            state = state * 3 + 1
        else:
            state >>= 1
        state &= 1023
        if state == 17:
            state = 18
        elif state == 19:
            state = 23
        elif state == 29:
            state = 31
    return state

def run(n):
    values = []
    seed = 7
    for i in range(n):
        seed = (seed * 1103515245 + 12345) % 2147483648
        values.append(seed >> 8)
    return kernel(values, n)
"""


def module(name="space", decorate=True):
    space = types.ModuleType(name)
    exec(SOURCE, space.__dict__)
    if decorate:
        jit(space.kernel)
    return space


def stats(function):
    return jit.stats(function).to_dict()


@pytest.fixture
def option():
    before = _native.config()["neighbours"]
    yield lambda value: setattr(jit.config, "neighbours", value)
    jit.config.neighbours = before


def test_a_caller_and_a_long_callee_are_compiled_beside_the_decorated_function():
    space, plain = module(), module(decorate=False)
    results = [space.run(2000) for _ in range(6)]
    assert results == [plain.run(2000)] * 6
    for function in (space.run, space.helper):
        assert stats(function)["neighbour"], jit.explain(function)
        assert stats(function)["verdict"] == "native", jit.explain(function)
    assert not stats(space.kernel)["neighbour"]


def test_a_caller_from_another_module_is_left_alone():
    space, other = module(), types.ModuleType("other")
    exec("def call(f, n):\n    total = 0\n    for k in range(3):\n        total += f(n)\n    return total", other.__dict__)
    for _ in range(5):
        other.call(space.run, 500)
    assert jit.explain(other.call).to_dict()["reason"] == "it has no @jit, or cannot have one"
    assert type(other.call) is types.FunctionType


def test_never_holds_for_a_neighbour():
    space = module()
    jit.never(space.run)
    jit.never(space.helper)
    for _ in range(5):
        space.run(1500)
    assert stats(space.run)["native_calls"] == 0
    assert stats(space.helper)["verdict"] == "interpreted"


def test_the_option_switches_it_off(option):
    option(False)
    space = module()
    for _ in range(5):
        space.run(1500)
    assert jit.explain(space.run).to_dict()["verdict"] == "interpreted"
    assert jit.explain(space.helper).to_dict()["reason"] == "it has no @jit, or cannot have one"


def test_a_neighbour_that_is_decorated_later_is_decorated():
    space = module()
    for _ in range(5):
        space.run(1500)
    assert jit(space.run) is space.run
    assert not stats(space.run)["neighbour"]


def test_a_neighbour_stays_the_same_function():
    space = module()
    before = (space.run, space.run.__code__, space.run.__defaults__)
    for _ in range(5):
        space.run(1500)
    assert (space.run, space.run.__code__, space.run.__defaults__) == before
    assert isinstance(space.run, types.FunctionType)


def test_rebinding_a_neighbour_is_seen():
    space = module()
    for _ in range(5):
        space.run(1500)
    space.helper = lambda k, seed: 0
    plain = module(decorate=False)
    plain.helper = space.helper
    assert space.run(1500) == plain.run(1500)
