"""Compiled functions that wait for a compiled callee are seen by whoever looks at the frames."""

import sys
import traceback
import types

import pytest

brolga = pytest.importorskip("brolga")


def chain():
    """Name and line of every frame from the caller's up to the test's."""
    frame = sys._getframe(1)
    seen = []
    while frame is not None and not frame.f_code.co_name.startswith("test_"):
        seen.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        frame = frame.f_back
    return seen


def make(decorate):
    """Three functions that call each other, decorated."""

    @decorate
    def inner(n, look, log):
        total = 0
        for i in range(n):
            total += i
        if look == n:
            log.append(chain())
        return total

    @decorate
    def middle(n, look, log):
        total = 0
        for i in range(3):
            total += inner(n, look, log) + 1
            total += inner(n + i, look, log)
        return total

    @decorate
    def outer(n, look, log):
        total = middle(n, look, log)
        return total + middle(n + 1, look, log)

    @decorate
    def down(n, log):
        if n == 0:
            log.append(chain())
            return 0
        return down(n - 1, log) + n

    @decorate
    def divide(n, by):
        total = 0.0
        for i in range(n):
            total += i / by
        return total

    @decorate
    def share(n, by):
        return divide(n, by) + divide(n, by + 1.0)

    return types.SimpleNamespace(**locals())


@pytest.fixture
def both():
    plain, compiled = make(lambda function: function), make(brolga.jit)
    for _ in range(200):
        compiled.outer(4, -1, [])
        compiled.share(4, 2.0)
        compiled.down(5, [])
    return plain, compiled


@pytest.mark.parametrize("look", [4, 5, 6, 7])
def test_frames_of_waiting_functions(both, look):
    logs = []
    for functions in both:
        for _ in range(60):
            log = []
            result = functions.outer(4, look, log)
        logs.append((result, log))
    assert logs[0] == logs[1]
    assert logs[0][1]


def test_deep_recursion(both):
    logs = []
    for functions in both:
        log = []
        for _ in range(5):
            functions.down(60, log)
        logs.append(log)
    assert logs[0] == logs[1]


def test_tracebacks(both):
    seen = []
    for functions in both:
        for by in (0.0, -1.0):
            with pytest.raises(ZeroDivisionError) as caught:
                functions.share(4, by)
            lines = traceback.extract_tb(caught.value.__traceback__)
            seen.append([(line.name, line.lineno, line.line) for line in lines[1:]])
    assert seen[:2] == seen[2:]
