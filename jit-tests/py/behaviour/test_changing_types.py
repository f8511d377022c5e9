"""Arguments whose types change every few calls: answers stay right, compilations bounded, each kind keeps its code."""

import itertools

import pytest

from brolga import jit


class Vector:
    """An object with operators written in Python."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Vector(self.value + (other.value if isinstance(other, Vector) else other))

    __radd__ = __add__

    def __mul__(self, other):
        return Vector(self.value * other)

    def __eq__(self, other):
        return isinstance(other, Vector) and self.value == other.value

    def __repr__(self):
        return f"Vector({self.value})"


PAIRS = {
    "int": (3, 4),
    "float": (1.5, 2.5),
    "big": (1 << 80, 1 << 70),
    "str": ("a", "bc"),
    "object": (Vector(1), Vector(2)),
}


def add(a, b):
    return a + b


def accumulate(a, b):
    total = a
    for _ in range(30):
        total = total + b
    return total


def scale(a, b):
    result = a
    for _ in range(20):
        result = b * 2 + a
        if result == a:
            break
    return result


def copy_of(function):
    return type(function)(function.__code__.replace(), function.__globals__, function.__name__)


@pytest.mark.parametrize("function", [add, accumulate, scale])
def test_every_order_of_types_settles(function):
    expected = {kind: repr(function(*pair)) for kind, pair in PAIRS.items()}
    for order in itertools.permutations(PAIRS):
        fast = jit(copy_of(function))
        for _ in range(3):
            for kind in order:
                for _ in range(100):
                    result = fast(*PAIRS[kind])
                assert repr(result) == expected[kind], order
        assert jit.stats(fast).compilations <= 12, order


def test_each_kind_keeps_its_version():
    fast = jit(copy_of(accumulate), threshold=1)
    for _ in range(4):
        for kind in ("int", "float"):
            for _ in range(20):
                fast(*PAIRS[kind])
    settled = jit.stats(fast)
    assert settled.versions == 2
    for _ in range(10):
        for kind in ("int", "float"):
            for _ in range(20):
                fast(*PAIRS[kind])
    stats = jit.stats(fast)
    assert stats.compilations == settled.compilations
    assert stats.native_calls == settled.native_calls + 400
    assert stats.calls == settled.calls + 400


def test_a_version_for_anything_does_not_take_the_calls_of_the_others():
    fast = jit(copy_of(accumulate), threshold=1)
    kinds = ("int", "float", "object")
    for _ in range(4):
        for kind in kinds:
            for _ in range(20):
                fast(*PAIRS[kind])
    text = jit.inspect(fast, "hir")
    assert jit.stats(fast).versions == 3, text
    assert fast(*PAIRS["int"]) == 3 + 30 * 4
    assert fast(*PAIRS["float"]) == 1.5 + 30 * 2.5
    assert fast(*PAIRS["object"]) == accumulate(*PAIRS["object"])


def test_an_unprofitable_kind_leaves_the_others_native():
    fast = jit(copy_of(accumulate))
    for _ in range(40):
        for kind in ("int", "float", "object"):
            for _ in range(100):
                fast(*PAIRS[kind])
    before = jit.stats(fast)
    assert before.verdict == "native"
    for _ in range(100):
        assert fast(3, 4) == 123
        assert fast(1.5, 2.5) == 76.5
    assert jit.stats(fast).native_calls == before.native_calls + 200


def test_compilations_used_up_leave_the_versions_as_they_are():
    source = "def many(kind, a, b):\n" + "".join(
        f"    if kind == {number}:\n        return a * b + {number}\n" for number in range(40)
    )
    namespace = {}
    exec(source, namespace)
    plain = copy_of(namespace["many"])
    fast = jit(namespace["many"], threshold=1)
    for number in range(41):
        for a, b in ((2, 3), (2.5, 3), ("ab", 3)):
            if isinstance(a, str):
                continue
            for _ in range(4):
                assert fast(number, a, b) == plain(number, a, b)
    stats = jit.stats(fast)
    assert stats.compilations <= 12
    assert stats.verdict == "native"


def weight(value):
    if isinstance(value, list):
        total = 0.0
        for item in value:
            total += item
        return total
    return value * 2


def test_a_kind_that_comes_rarely_among_others_is_compiled_again():
    """What an exit taught costs its version, and the next calls are of other kinds."""
    fast = jit(copy_of(weight), threshold=1)
    values = [1, 2.5, [1.0, 2.0], 3, 4.5, [1, 2, 3], 5, True, [0.5, 7]]
    expected = [weight(value) for value in values]
    for _ in range(60):
        assert [fast(value) for value in values] == expected
    before = jit.stats(fast)
    for _ in range(40):
        assert [fast(value) for value in values] == expected
    after = jit.stats(fast)
    assert after.compilations == before.compilations <= 12
    assert after.native_calls - before.native_calls >= 40 * len(values) * 0.9
