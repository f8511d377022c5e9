"""Which loops over generators run the generator's code in place, and which do not."""

import os
import sys

import pytest

from brolga import jit

#: Of a frame state: the frame is that of a generator in pieces.
RUNS = " runs g"

stressed = pytest.mark.skipif(
    bool({"BROLGA_STRESS", "BROLGA_THRESHOLD"} & set(os.environ)), reason="stress modes compile at other times"
)


def numbers(n):
    for i in range(n):
        yield i


def doubled(source):
    for x in source:
        yield 2 * x


def with_handler(n):
    try:
        for i in range(n):
            yield i
    finally:
        n = 0


def delegating(n):
    yield from range(n)


def unknown(n):
    for i in range(n):
        yield sys.intern(str(i))


def hir_of(function, *arguments):
    """The HIR of the function, compiled for these arguments; the plain function gives the same result."""
    plain = function(*arguments)
    jitted = jit(function)
    for _ in range(120):
        assert jitted(*arguments) == plain
    return str(jit.inspect(jitted, "hir"))


@stressed
def test_loops_run_in_place():
    def one(n):
        total = 0
        for x in numbers(n):
            total += x
        return total

    def chain(n):
        total = 0
        for x in doubled(doubled(numbers(n))):
            total += x
        return total

    def named(n):
        source = numbers(n)
        total = 0
        for x in doubled(source):
            total += x
        return total

    for function in (one, chain, named):
        text = hir_of(function, 50)
        assert RUNS in text, function
        assert "iter_next" not in text, function


@stressed
def test_builtins_run_in_place():
    def summed(n):
        return sum(i * i for i in range(n))

    def found(n):
        return any(i == 3 for i in range(n))

    def least(n):
        return min(i - 3 for i in range(n))

    def listed(n):
        return list(numbers(n))

    def first(n):
        return next(numbers(n))

    for function in (summed, found, least, listed, first):
        text = hir_of(function, 50)
        assert RUNS in text, function
        assert "new_function" not in text, function


@stressed
def test_what_stays_an_object():
    def handler(n):
        total = 0
        for x in with_handler(n):
            total += x
        return total

    def delegated(n):
        total = 0
        for x in delegating(n):
            total += x
        return total

    def runs_unknown_code(n):
        total = 0
        for x in unknown(n):
            total += len(x)
        return total

    def escapes(n):
        source = numbers(n)
        kept = [source]
        total = 0
        for x in source:
            total += x
        return total + len(kept)

    for function in (handler, delegated, runs_unknown_code, escapes):
        assert RUNS not in hir_of(function, 50), function


def test_generator_functions_say_why():
    jitted = jit(numbers)
    for _ in range(120):
        assert list(jitted(3)) == [0, 1, 2]
    text = str(jit.explain(jitted))
    assert "stay interpreted" in text
