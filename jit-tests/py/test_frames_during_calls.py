"""What a called Python function sees of its native callers: frames, lines, locals, as plain Python shows them.

Every program is run plainly and jitted. It calls `look`, which records what it sees of the frames below.
"""

import gc
import linecache
import re
import sys
import textwrap
import warnings
import weakref

import pytest

from differential import provider

TOOLS = """
import sys, warnings, weakref, inspect, traceback
seen = []
def look(depth=1):
    frame = sys._getframe(depth)
    shown = sorted(frame.f_locals.items(), key=lambda item: item[0])
    seen.append((frame.f_code.co_name, frame.f_lineno, [(name, repr(value).split(' at 0x')[0]) for name, value in shown]))
    return len(seen)
def chain():
    names = []
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals is globals():
        names.append((frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals)))
        frame = frame.f_back
    seen.append(names)
    return 1
def fail(x):
    raise ValueError(x)
"""

#: name -> (program, arguments of `f`)
PROGRAMS = {
    "numbers": (
        """
        def f(n):
            total = 0
            half = 0.5
            even = False
            for i in range(n):
                total += i * 3
                half = half * 1.5
                even = i % 2 == 0
                total += look()
            return total, half, even
        """,
        (5,),
    ),
    "unbound": (
        """
        def f(n):
            total = 0
            for i in range(n):
                total += look()
                if i == 1:
                    late = total
                if i == 3:
                    del late
                    total += look()
                    late = 1.5
            return total
        """,
        (5,),
    ),
    "objects": (
        """
        def f(n):
            items = [0.5] * n
            name = 'abc'
            pair = (n, items)
            total = 0.0
            for i in range(n):
                items[i] = i * 0.5
                total += items[i] + look()
            return total
        """,
        (4,),
    ),
    "cells": (
        """
        def outer():
            free = 7
            def f(n):
                own = 0
                total = 0
                def inner():
                    return own
                for i in range(n):
                    total += i + free + look()
                return total
            return f
        f = outer()
        """,
        (4,),
    ),
    "two up": (
        """
        def middle(x):
            y = x * 2
            return look(2) + y
        def f(n):
            total = 0
            for i in range(n):
                total += middle(i)
            return total
        """,
        (4,),
    ),
    "lines of the chain": (
        """
        def deep(x):
            return chain() + x
        def middle(x):
            y = x * 2
            z = deep(y)
            return z + y
        def f(n):
            out = []
            total = 0
            for i in range(n):
                total += i
                total += middle(i)
                out.append(
                    deep(i))
            return total, out
        """,
        (3,),
    ),
    "recursion": (
        """
        def f(n):
            if n <= 0:
                return chain()
            here = n * 2
            return f(n - 1) + here
        """,
        (6,),
    ),
    "arguments rebound": (
        """
        def f(n, x=1.5):
            x = x * 2
            look()
            n = n + 1
            x = look()
            return n, x, look()
        """,
        (3,),
    ),
    "raising": (
        """
        def f(n):
            total = 0
            for i in range(n):
                try:
                    total += i
                    fail(total)
                except ValueError as error:
                    frame = error.__traceback__.tb_frame
                    seen.append(sorted((k, repr(v)) for k, v in frame.f_locals.items() if k in ('i', 'n', 'total')))
                    del frame
            return total
        """,
        (4,),
    ),
    "raised to the caller": (
        """
        def g(n):
            total = 0
            for i in range(n):
                total += look() + i
                if i == 2:
                    fail(total)
            return total
        def f(n):
            try:
                return g(n)
            except ValueError as error:
                rows = traceback.walk_tb(error.__traceback__)
                seen.append([(frame.f_code.co_name, line, sorted(frame.f_locals)) for frame, line in rows])
                return str(error)
        """,
        (5,),
    ),
    "frame read after the return": (
        """
        kept = []
        def keep():
            for frame in kept:
                shown = sorted(frame.f_locals.items(), key=lambda item: item[0])
                seen.append((frame.f_lineno, [(name, repr(value)) for name, value in shown]))
            del kept[:-1]
            kept.append(sys._getframe(1))
            return 1
        def g(n):
            inner = keep() * n
            inner = inner + 1
            if n > 2:
                return inner * 2
            inner = -inner
            return 5
        def f(n):
            total = 0
            half = 0.5
            for i in range(n):
                half = half * 1.5
                total += keep() + g(i)
            text = [total]
            total = total + 7
            del i
            return total
        """,
        (5,),
    ),
    "frame kept": (
        """
        def keep():
            frame = sys._getframe(1)
            seen.append((frame.f_lineno, frame.f_locals['total'], frame.f_locals['i']))
            return frame
        def f(n):
            total = 0
            same = True
            last = None
            for i in range(n):
                total += i
                frame = keep()
                same = same and (last is None or frame is last)
                last = frame
                del frame
            return total, same
        """,
        (4,),
    ),
}


HEAD = re.compile(r"^( *)(for i in range\(n\)|def (?:deep|middle|g|f)\(.*\)):$", re.MULTILINE)
WORK = "for k in range(2): pad = (k * 3 + 1) ^ (k & 5) ^ (k * k + 7)"


def load(text, jitted):
    # Loops of arithmetic, so that compiling pays in spite of the calls.
    source = TOOLS + HEAD.sub(rf"\g<0>\n\1    {WORK}", textwrap.dedent(text))
    space = {"__name__": "program"}
    name = "<frames-during-calls>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), space)
    if jitted:
        for function in ("deep", "middle", "g", "f"):
            if function in space:
                space[function] = provider.eager()(space[function])
    return space


def history(text, arguments, jitted):
    space = load(text, jitted)
    results = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(6):
            space["seen"].clear()
            value = space["f"](*arguments)
            results.append((value, list(space["seen"])))
    results.append([(str(item.message), item.filename, item.lineno) for item in caught])
    return results


@pytest.mark.parametrize("name", PROGRAMS)
def test_seen_from_a_callee(name):
    text, arguments = PROGRAMS[name]
    assert history(text, arguments, True) == history(text, arguments, False)


def test_warnings_name_the_callers_line():
    text = """
    def g(i):
        warnings.warn('from g', stacklevel=2)
        return i
    def f(n):
        total = 0
        for i in range(n):
            total += i
            total += g(i)
            warnings.warn('from f')
        return total
    """
    assert history(text, (3,), True) == history(text, (3,), False)


TEMPORARY = """
class Thing:
    pass
def touch(x):
    look()
    return x
def f(n):
    alive = []
    thing = Thing()
    watch = weakref.ref(thing)
    for i in range(n):
        look()
        thing = Thing()
        alive.append(watch() is None)
        watch = weakref.ref(thing)
    thing = None
    alive.append(watch() is None)
    return alive
"""


def without_texts(rows):
    return [row[0] if isinstance(row, tuple) else None for row in rows]


def test_shown_locals_die_in_time():
    # With 3.11 and 3.12 the dict that `f_locals` makes keeps the objects, jitted or not.
    jitted = history(TEMPORARY, (4,), True)
    assert without_texts(jitted) == without_texts(history(TEMPORARY, (4,), False))


def test_nothing_leaks():
    text, _ = PROGRAMS["objects"]
    space = load(text.replace("look()", "quiet()"), True)
    exec("def quiet():\n    sys._getframe(1).f_locals\n    return 1", space)
    marker = "abc"
    del marker

    def counts():
        gc.collect()
        return [sys.getrefcount(space[name]) for name in ("f", "quiet", "look")] + [
            sys.getrefcount(space["f"].__code__)
        ]

    for _ in range(50):
        space["f"](4)
    before = counts()
    blocks = sys.getallocatedblocks()
    for _ in range(500):
        space["f"](4)
    assert counts() == before
    assert sys.getallocatedblocks() - blocks < 200


def test_objects_are_released():
    space = load(
        """
        class Thing(list):
            pass
        def f(thing, n):
            total = 0
            other = thing
            for i in range(n):
                total += i + look()
            return total
        """,
        True,
    )
    for _ in range(6):
        thing = space["Thing"]()
        gone = weakref.ref(thing)
        space["f"](thing, 3)
        del thing
        assert gone() is None
