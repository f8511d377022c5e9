"""Loops over generators in functions that are called once: entered while they run, the generators taken apart."""

import gc
import os
import sys
import weakref

from brolga import jit
from test_running_loops import both

N = 6000


def entered(stats):
    """Stress modes have their own ideas of what is entered."""
    assert stats.loop_entries >= 1 or {"BROLGA_STRESS", "BROLGA_THRESHOLD"} & set(os.environ)


def numbers(n):
    x = 1
    for _ in range(n):
        x = (x * 16807) % 2147483647
        yield x


def odd_only(source):
    for x in source:
        if x % 2 == 1:
            yield x


def scaled(source, k):
    for x in source:
        yield x // k


def pairs(n):
    for i in range(n):
        yield i
        yield -i


def test_one_generator():
    def f(n):
        total = 0
        for x in numbers(n):
            total += x % 7
        return total

    entered(both(f, N))


def test_chain():
    def f(n):
        total = 0
        count = 0
        for x in scaled(odd_only(numbers(n)), 1000):
            total += x
            count += 1
        return total, count

    stats = both(f, N)
    if sys.version_info >= (3, 12):
        # 3.11 stops listening before: the lines of all the generators are events, too.
        entered(stats)


def test_expression():
    def f(n):
        total = 0
        for x in (i * 3 for i in range(n) if i % 2):
            total += x
        return total

    both(f, N)


def test_two_yields():
    def f(n):
        out = []
        for x in pairs(n):
            out.append(x)
        return out

    both(f, N)


def test_named_generator():
    def f(n):
        it = numbers(n)
        total = 0
        for x in it:
            total += x % 3
            if total > 4000:
                break
        rest = 0
        for x in it:
            rest += 1
        return total, rest, next(it, None)

    both(f, N)


def test_known_elsewhere():
    def f(n):
        it = numbers(n)
        kept = [it]
        total = 0
        for x in it:
            total += x % 3
            if x % 5 == 0:
                total += next(kept[0], 0) % 11
        return total

    both(f, N)


def test_weakly_known():
    def f(n):
        it = numbers(n)
        reference = weakref.ref(it)
        total = 0
        for x in it:
            total += x % 3
            if reference() is not it:
                return "gone"
        return total

    both(f, N)


def test_looked_into():
    def f(n):
        it = numbers(n)
        frame = it.gi_frame
        total = 0
        for x in it:
            total += x % 3
        return total, frame.f_locals.get("x")

    both(f, N)


def test_exception_inside():
    def inverse(n):
        for i in range(n, -5, -1):
            yield 1000 // i

    def f(n):
        total = 0
        for x in inverse(n):
            total += x
        return total

    both(f, N)


def test_exception_is_caught():
    def inverse(n):
        for i in range(n, -5, -1):
            yield 1000 // i

    def f(n):
        total = 0
        try:
            for x in inverse(n):
                total += x
        except ZeroDivisionError as error:
            return total, str(error)
        return total

    both(f, N)


def test_types_change():
    def mixed(n):
        for i in range(n):
            yield i if i < n // 2 else i * 0.5

    def f(n):
        total = 0
        for x in mixed(n):
            total += x
        return total

    both(f, N)


def test_nested():
    def f(n):
        total = 0
        for x in pairs(n):
            for y in pairs(3):
                total += x * y
        return total

    both(f, N)


def test_closure():
    def f(n):
        factor = 3

        def gen():
            for i in range(n):
                yield i * factor

        total = 0
        for x in gen():
            total += x
        return total

    both(f, N)


def test_variables_die():
    class Thing:
        pass

    def gen(things, n):
        for _ in range(n):
            for thing in things:
                yield thing

    def f(n):
        things = [Thing(), Thing()]
        references = [weakref.ref(thing) for thing in things]
        count = 0
        for _ in gen(things, n):
            count += 1
            if count == n:
                break
        del things, _
        return count, [reference() is None for reference in references]

    both(f, N)


def test_no_references_are_lost():
    values = [object() for _ in range(4)]

    def gen(n):
        for i in range(n):
            yield values[i % 4]

    def f(n):
        count = 0
        for x in gen(n):
            if x is values[0]:
                count += 1
        return count

    gc.collect()
    before = [sys.getrefcount(value) for value in values]
    both(f, N)
    gc.collect()
    assert [sys.getrefcount(value) for value in values] == before


def test_frames_after_an_exit():
    """What native code leaves behind is a generator like any other."""

    def gen(n):
        for i in range(n):
            got = yield i
            if got:
                yield got

    def f(n):
        it = gen(n)
        total = 0
        for x in it:
            total += x
            if x == n - 10:
                break
        frame = it.gi_frame
        running = it.gi_running
        row = frame.f_locals["i"], running, it.gi_yieldfrom, it.__name__
        sent = it.send("a"), next(it), list(it)
        return total, row, sent, it.gi_frame

    both(f, N)
    jitted = jit(f, threshold=2)
    for _ in range(20):
        assert jitted(50) == f(50)
