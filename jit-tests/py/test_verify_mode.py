"""Verify mode: calls that run both ways, what cannot, and what a difference looks like."""

import array
import math
import os
import subprocess
import sys
import textwrap

import pytest

from brolga import _verify


def run(program, **variables):
    """Standard output and error of a program in a process of its own, in verify mode."""
    environment = {**os.environ, "BROLGA_VERIFY": "1", "BROLGA_LOG": "verify", **variables}
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split(), result.stderr


def test_calls_are_checked_and_seen_once():
    out, err = run(
        """
        from brolga import jit

        @jit
        def work(items, n):
            total = 0
            for i in range(n):
                total += items[i % len(items)]
            items.append(total)
            return total

        items = [1, 2, 3]
        plain = [1, 2, 3]
        for _ in range(20):
            work(items, 100)
        for _ in range(20):
            total = 0
            for i in range(100):
                total += plain[i % len(plain)]
            plain.append(total)
        assert items == plain
        stats = jit.stats(work)
        print(stats.verified > 10, stats.differences)
        """
    )
    assert out == ["True", "0"] and not err, err


def test_effects_are_not_repeated():
    out, err = run(
        """
        from brolga import jit
        count = 0

        @jit
        def work(n):
            global count
            count += 1
            total = 0
            for i in range(n):
                total += i * n
            return total

        @jit
        def speak(n):
            for i in range(n):
                pass
            print("said", end=" ")

        for _ in range(60):
            work(10)
            speak(10)
        print(count, jit.stats(work).verified, jit.stats(speak).verified)
        """
    )
    assert out == ["said"] * 60 + ["60", "0", "0"]
    assert "work is not checked: work stores to a global" in err
    assert "speak is not checked: uses print, which may have effects" in err


def test_exceptions_keywords_and_recursion_are_checked():
    out, err = run(
        """
        from brolga import jit

        @jit
        def divide(a, b=1):
            total = 0
            for i in range(b):
                total += a // (i - 5)
            return total

        @jit
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)

        for _ in range(30):
            divide(100, 5), divide(100), divide(a=100, b=3)
            try:
                divide(100, b=10)
            except ZeroDivisionError:
                pass
        for _ in range(200):
            assert fib(8) == 21
        for f in divide, fib:
            print(jit.stats(f).verified > 20, jit.stats(f).differences)
        """
    )
    assert out == ["True", "0"] * 2 and not err, err


def test_a_difference_is_reported_with_a_program():
    out, err = run(
        """
        from brolga import _verify, jit

        @jit
        def work(a, b):
            for i in range(3):
                a += b
            return a

        _verify.difference = lambda *runs: "the result (made up)" if runs[1][0] == 10 else None
        for _ in range(10):
            work(4, 2)
            work(1, 2)
        print(jit.stats(work).differences > 0)
        """
    )
    assert out == ["True"]
    assert "brolga: verify: work(4, 2) differs in the result (made up)" in err
    assert "work(4, 2)" in err.split("reproduce it with")[1]


def scale(values, factor):
    """A function whose source is in a file."""
    return [math.floor(value * factor) for value in values]


def test_a_reproducer_has_all_it_takes(capsys):
    prepared = _verify.prepare(scale, ([1.5, 2.5], 2))
    assert prepared == (([1.5, 2.5], 2), "[1.5, 2.5], 2")
    same = _verify.report(scale, prepared, ([1.5, 2.5], 2), (), ([3, 5], None), ([3, 4], None))
    assert not same
    text = capsys.readouterr().err
    assert "interpreted: [3, 5]" in text and "native:      [3, 4]" in text
    program = textwrap.dedent(text.split("BROLGA_VERIFY=1:\n")[1])
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert printed.stdout == "[3, 5]\n", printed.stderr


VALUES = [
    (1, 1, True),
    (1, True, False),
    (1, 1.0, False),
    (0.0, -0.0, False),
    (math.nan, math.nan, True),
    (complex(0.0, -0.0), complex(0.0, 0.0), False),
    ([1, [2]], [1, [2]], True),
    ([1, [2]], [1, [3]], False),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
    ({"a": 1.0}, {"a": 1}, False),
    ((1, 2), [1, 2], False),
    (array.array("d", [1.0]), array.array("d", [1.0]), True),
    (array.array("d", [0.0]), array.array("d", [-0.0]), False),
    (bytearray(b"a"), bytearray(b"b"), False),
    ({1, 2}, {2, 1}, True),
]


@pytest.mark.parametrize("left, right, expected", VALUES)
def test_same_is_exact(left, right, expected):
    assert _verify.same(left, right, {}) is expected


def test_what_is_shared_must_be_shared():
    inner = [1]
    assert not _verify.same([inner, inner], [[1], [1]], {})
    assert not _verify.same([[1], [1]], [inner, inner], {})
    memo = {}
    copy = _verify.copied([inner, inner], memo)
    assert copy[0] is copy[1] is not inner
    loop = []
    loop.append(loop)
    assert _verify.same(loop, _verify.copied(loop, {}), {})


class Other:
    pass


def test_what_cannot_be_copied_is_said():
    assert _verify.prepare(scale, (Other(), 2)) == "has an argument with an object of type Other"
    assert _verify.prepare(scale, ([0] * 10, iter([]))) == "has an argument with an object of type list_iterator"
