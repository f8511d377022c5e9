"""Calls from outside before a function has an entry stub in machine code, and after: no difference to see."""

import sys
import types

import pytest

from brolga import jit

pytestmark = pytest.mark.native_required

# Above the calls after which a stub is made.
CALLS = 1500


def twin(function):
    return types.FunctionType(function.__code__, function.__globals__, function.__name__)


def nothing():
    return None


def words(a, b, c, d, e, f, g, h, i, j, k):
    return a - b + c - d + e - f + g - h + i - j + k


def too_many_words(a, b, c, d, e, f, g, h, i, j, k, l):
    return a - b + c - d + e - f + g - h + i - j + k - l


def floats(a, b, c, d, e, f, g, h):
    return a - b + c - d + e - f + g - h


def too_many_floats(a, b, c, d, e, f, g, h, i):
    return a - b + c - d + e - f + g - h + i


def mixed(n, x, flag, items, m, y, text, k, z, other, last):
    total = x * n + y * m - z * k
    if flag:
        total += len(items) + len(text)
    for value in items:
        total += value
    return total + last if other is None else total - last


def flipped(flag, other):
    return not flag if other else flag


def halves(n, x):
    return x / n


def wide(n):
    return (n * 0x9E3779B97F4A7C15 + 1) & 0xFFFFFFFFFFFFFFFF


def boxed(items, index):
    return items[index]


def fails_late(n, d):
    return n // d


ROWS = [
    (nothing, [()]),
    (words, [tuple(range(11)), tuple(range(100, 1200, 100))]),
    (too_many_words, [tuple(range(12))]),
    (floats, [tuple(x / 3 for x in range(8))]),
    (too_many_floats, [tuple(x / 3 for x in range(9))]),
    (
        mixed,
        [
            (3, 1.5, True, [1, 2], 4, 2.5, "ab", 7, 0.25, None, 9),
            (1, 0.5, False, [], 2, 1.0, "", 3, 8.0, 5, -4),
        ],
    ),
    (flipped, [(True, False), (False, True), (True, True)]),
    (halves, [(3, 1.0), (7, -2.5)]),
    (wide, [(0,), (3,), ((1 << 63) - 1,), (1 << 63,), ((1 << 64) - 1,)]),
    (boxed, [([1, "a", None], 1), ([1, "a", None], -1)]),
    (fails_late, [(7, 2), (-7, 2)]),
]
ODD = [
    ("x",),
    (1 << 70, 3),
    (-(1 << 63),),
    (-1,),
    (None, None),
    (5, 0),
    (True, 2),
    (1.5, 2.5),
    ([], 0),
    tuple(range(10)) + (1 << 80,),
    tuple(range(7)) + ("x",),
]


def outcome(function, arguments):
    try:
        result = function(*arguments)
    except Exception as error:
        return type(error), str(error)
    return type(result), repr(result)


@pytest.mark.parametrize("plain, calls", ROWS, ids=lambda value: getattr(value, "__name__", ""))
def test_results_are_the_same_all_along(plain, calls):
    jitted, plain = jit(twin(plain)), twin(plain)
    expected = [outcome(plain, arguments) for arguments in calls]
    odd = [outcome(plain, arguments) for arguments in ODD]
    for turn in range(CALLS // len(calls)):
        assert [outcome(jitted, arguments) for arguments in calls] == expected
        if turn in (2, 40, 100) or turn == CALLS // len(calls) - 1:
            assert [outcome(jitted, arguments) for arguments in ODD] == odd


def test_keywords_and_defaults():
    def function(a, b=3, c=4):
        return a * 100 + b * 10 + c

    jit(function)
    for _ in range(CALLS):
        assert function(1) == 134
        assert function(1, c=2) == 132
        assert function(c=1, b=2, a=3) == 321
        with pytest.raises(TypeError):
            function()
    function.__defaults__ = (8, 9)
    assert function(1) == 189


@pytest.mark.parametrize("calls", [10, CALLS])
def test_other_code_is_seen(calls):
    def function(n):
        total = 0
        for i in range(n):
            total += i
        return total

    def other(n):
        return -n

    jit(function)
    for _ in range(calls):
        assert function(5) == 10
    function.__code__ = other.__code__
    assert function(5) == -5


@pytest.mark.parametrize("calls", [10, CALLS])
def test_a_profiler_sees_every_call(calls):
    def function(n):
        total = 0
        for i in range(n):
            total += i
        return total

    jit(function)
    for _ in range(calls):
        function(5)
    seen = []
    sys.setprofile(lambda frame, event, arg: seen.append((event, frame.f_code.co_name)))
    try:
        function(5)
    finally:
        sys.setprofile(None)
    assert ("call", "function") in seen and ("return", "function") in seen


@pytest.mark.parametrize("calls", [20, CALLS])
def test_references_are_not_kept(calls):
    def function(items, thing, n):
        for _ in range(n):
            items = items[:]
        return thing

    jit(function)
    items, thing = [1, 2], object()
    for _ in range(20):
        function(items, thing, 2)
    before = sys.getrefcount(items), sys.getrefcount(thing)
    for _ in range(calls):
        function(items, thing, 2)
    assert (sys.getrefcount(items), sys.getrefcount(thing)) == before


def test_recursion_from_the_first_call_on():
    def down(n):
        total = 0
        for _ in range(1):
            total += 1
        return total if n == 0 else total + call(n - 1)

    jit(down)
    call = lambda n: down(n)
    for depth in (3, 50, 100):
        assert down(depth) == depth + 1
    with pytest.raises(RecursionError):
        down(1 << 20)
    assert down(10) == 11
