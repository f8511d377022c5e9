"""Strings built by `+=`: grown in place where the interpreter grows them, copied where somebody else looks."""

import sys
import time

import pytest
from brolga import jit


def plain(n, piece):
    text = ""
    for _ in range(n):
        text += piece
    return text


def kept(n, piece):
    text, seen = "", []
    for i in range(n):
        text += piece
        if i % 3 == 0:
            seen.append(text)
    return text, seen


def before(n, piece):
    text = "start"
    out = []
    for _ in range(n):
        old = text
        text += piece
        out.append(len(old) + len(text))
    return text, out, old


def doubled(n, piece):
    text = piece
    for _ in range(min(n, 12)):
        text += text
    return text


def reversed_operands(n, piece):
    text = ""
    for _ in range(n):
        text = piece + text
    return text


def as_key(n, piece):
    text, table = "", {}
    for i in range(n):
        text += piece
        table[text] = i
    return text, table


def spelled_out(n, piece):
    text = ""
    for _ in range(n):
        text = text + piece
    return text


def wider(n, piece):
    text = ""
    for i in range(n):
        text += "a"
        if i % 5 == 4:
            text += piece
    return text


def two(n, piece):
    left, right = "", ""
    for _ in range(n):
        left += piece
        right += left[:2]
        left, right = right, left
    return left, right


def empty(n, piece):
    text = piece
    for _ in range(n):
        text += ""
    return text, text is piece


FUNCTIONS = [plain, kept, before, doubled, reversed_operands, as_key, spelled_out, wider, two, empty]


@pytest.mark.parametrize("piece", ["a", "ab", "é", "π", "𝄞", ""])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_same_as_plain(function, piece):
    copy = type(function)(function.__code__, function.__globals__)
    compiled = jit(copy)
    for n in [1, 2, 60, 3, 200, 60, 60, 0 if function is not before else 1]:
        want = function(n, piece)
        got = compiled(n, piece)
        assert got == want
        assert sys.getsizeof(got) == sys.getsizeof(want)


def test_arguments_are_not_changed():
    @jit
    def extend(text, piece):
        text += piece
        return text

    for i in range(200):
        given = "".join(["given", str(i)])
        copy = str(given.encode(), "ascii")
        references = sys.getrefcount(given)
        assert extend(given, "-more") == copy + "-more"
        assert given == copy and sys.getrefcount(given) == references


def test_appending_is_not_quadratic():
    compiled = jit(type(plain)(plain.__code__, plain.__globals__))
    for _ in range(100):
        compiled(100, "ab")

    def best(function, n):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            function(n, "ab")
            times.append(time.perf_counter() - start)
        return min(times)

    # Copying the string each time takes thousands of times longer than the interpreter does.
    assert best(compiled, 150_000) < 20 * best(plain, 150_000)
