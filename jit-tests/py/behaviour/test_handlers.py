"""Exceptions that an operation raises and a handler of the same function catches run native where nobody sees them."""

import os
import sys
import types

import pytest

from brolga import jit


def quotients(values):
    total = 0
    for value in values:
        try:
            total += 100 // value
        except ZeroDivisionError:
            total -= 1
    return total


def items(values, n):
    total = 0.0
    for i in range(n):
        try:
            total += values[i % 13]
        except (KeyError, IndexError):
            total -= 1
    return total


def named(values):
    total = 0
    for value in values:
        try:
            total += 100 // value
        except ZeroDivisionError as error:
            total += len(str(error))
    return total


def plain(function):
    return types.FunctionType(function.__code__, function.__globals__)


@pytest.mark.skipif("BROLGA_STRESS" in os.environ, reason="counts exits")
@pytest.mark.parametrize(
    ("function", "arguments"),
    [(quotients, ([3, 0, 7, -2] * 100,)), (items, ([1.5] * 10, 400))],
)
def test_no_exits(function, arguments, native_required):
    want = plain(function)(*arguments)
    compiled = jit(plain(function))
    for _ in range(40):
        assert compiled(*arguments) == want
    stats = jit.stats(compiled)
    assert stats.verdict.startswith("native"), stats
    before = sum(stats.exits.values())
    for _ in range(10):
        assert compiled(*arguments) == want
    assert sum(jit.stats(compiled).exits.values()) == before
    assert "caught without an exception" in str(jit.explain(compiled))


def test_a_handler_that_looks_at_the_exception_gets_it(native_required):
    values = [3, 0, 7, -2] * 100
    compiled = jit(plain(named))
    for _ in range(40):
        assert compiled(values) == plain(named)(values)
    assert "caught without an exception" not in str(jit.explain(compiled))


def test_tracers_see_the_exceptions():
    """A tracer that comes later sees every exception, as without native code."""
    compiled = jit(plain(quotients))
    values = [3, 0, 7, 0, 5]
    for _ in range(40):
        compiled(values)

    def events(function):
        seen = []

        def trace(frame, event, arg):
            if frame.f_code is function.__code__:
                seen.append((event, frame.f_lineno))
            return trace

        sys.settrace(trace)
        try:
            function(values)
        finally:
            sys.settrace(None)
        return seen

    assert events(compiled) == events(plain(quotients))
    assert any(event == "exception" for event, _ in events(compiled))
