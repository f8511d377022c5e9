"""Loops entered while they run, seen from outside: frames, tools, generators, threads, finalisers."""

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback
import types

import pytest

from brolga import jit

# More turns than make a loop hot.
N = 5000


def test_f_locals_callee():
    seen = []

    def look():
        fr = sys._getframe(1)
        seen.append((dict(fr.f_locals), fr.f_lineno, fr.f_code.co_name, fr.f_back.f_code.co_name))

    def f(n):
        t = 0
        s = "x"
        for i in range(n):
            t += i
            if i % 1000 == 999:
                look()
        return t, locals().keys()

    f2 = f
    r = f(N)[0]
    a = list(seen)
    seen.clear()
    g = jit(f)
    r2 = g(N)[0]
    b = list(seen)
    assert r == r2
    strip = lambda rows: [
        ({k: v for k, v in d.items() if k in "tsin"}, l, c) for d, l, c, _ in rows
    ]
    assert strip(a) == strip(b)


def test_write_locals_debugger():
    # a callee that begins to trace
    events = []

    def tracer(frame, event, arg):
        if frame.f_code.co_name in ("f", "h"):
            events.append((frame.f_code.co_name, event, frame.f_lineno))
        return tracer

    def h(i):
        return i + 1

    def start():
        sys.settrace(tracer)
        sys._getframe(1).f_trace = tracer

    def f(n):
        t = 0
        for i in range(n):
            t += i
            if i == n - 4:
                start()
            if i > n - 3:
                t += h(i)
        sys.settrace(None)
        return t

    try:
        r = f(N)
    finally:
        sys.settrace(None)
    a = list(events)
    events.clear()
    g = jit(f)
    try:
        r2 = g(N)
    finally:
        sys.settrace(None)
    assert r == r2
    assert a == events


def test_tracing_before():
    events = []

    def tracer(frame, event, arg):
        if frame.f_code.co_name == "f":
            events.append((event, frame.f_lineno))
        return tracer

    def f(n):
        t = 0
        for i in range(n):
            t += i
        return t

    sys.settrace(tracer)
    try:
        r = f(N)
    finally:
        sys.settrace(None)
    a = list(events)
    events.clear()
    g = jit(f)
    sys.settrace(tracer)
    try:
        r2 = g(N)
    finally:
        sys.settrace(None)
    assert r == r2 and a == events


def test_profile_during():
    events = []

    def prof(frame, event, arg):
        events.append((event, frame.f_code.co_name))

    def h(i):
        return i

    def f(n):
        t = 0
        for i in range(n):
            t += i
            if i == n - 5:
                sys.setprofile(prof)
            if i > n - 3:
                h(i)
        sys.setprofile(None)
        return t

    r = f(N)
    a = list(events)
    events.clear()
    r2 = jit(f)(N)
    assert r == r2 and a == events


@pytest.mark.skipif(sys.version_info < (3, 12), reason="monitoring")
def test_monitoring_during():
    m = sys.monitoring
    lines = []

    def f(n):
        t = 0
        for i in range(n):
            t += i
            if i == n - 5:
                on()
        return t

    def on():
        m.use_tool_id(1, "cov")
        m.register_callback(
            1, m.events.LINE, lambda c, l: lines.append(l) if c.co_name == "f" else None
        )
        m.set_events(1, m.events.LINE)

    def off():
        m.set_events(1, 0)
        m.register_callback(1, m.events.LINE, None)
        m.free_tool_id(1)

    r = f(N)
    off()
    a = list(lines)
    lines.clear()
    r2 = jit(f)(N)
    off()
    assert r == r2 and a == lines


@pytest.mark.skipif(sys.version_info < (3, 12), reason="monitoring")
def test_callee_events_are_seen():
    # events of python code called from the native loop while our callback is on the stack
    m = sys.monitoring
    starts = []

    def h(i):
        return i

    def f(n):
        t = 0
        for i in range(n):
            t += i
            if i == n - 5:
                on()
            if i > n - 3:
                h(i)
        return t

    def on():
        m.use_tool_id(1, "cov")
        m.register_callback(1, m.events.PY_START, lambda c, l: starts.append(c.co_name))
        m.set_events(1, m.events.PY_START)

    def off():
        m.set_events(1, 0)
        m.register_callback(1, m.events.PY_START, None)
        m.free_tool_id(1)

    r = f(N)
    off()
    a = list(starts)
    starts.clear()
    r2 = jit(f)(N)
    off()
    assert r == r2 and [x for x in a if x == "h"] == [x for x in starts if x == "h"]


def test_generator():
    def gen(n):
        for k in range(5):
            s = 0
            for i in range(n):
                s += i * k
            got = yield s
            if got:
                s += got

    want = list(gen(N))
    g = jit(gen)
    assert list(g(N)) == want
    it = g(N)
    assert next(it) == want[0]
    it.close()


def test_generator_yield_in_loop():
    def gen(n):
        s = 0
        for i in range(n):
            s += i
            if i % 7 == 0:
                yield s
        return s

    want = list(gen(N))
    g = jit(gen)
    assert list(g(N)) == want


def test_generator_throw():
    def gen(n):
        s = 0
        while True:
            try:
                for i in range(n):
                    s += i
                yield s
            except ValueError as e:
                s = -1000

    def drive(g):
        it = g(N)
        out = []
        out.append(next(it))
        out.append(next(it))
        out.append(it.throw(ValueError("x")))
        out.append(next(it))
        it.close()
        return out

    assert drive(jit(gen)) == drive(gen)


def test_coroutine():
    async def work(n):
        s = 0
        for i in range(n):
            s += i
            if i % 2000 == 0:
                await asyncio.sleep(0)
        return s

    async def agen(n):
        for i in range(n):
            s = 0
            for j in range(300):
                s += j * i
            yield s

    async def main(w, a):
        r = await asyncio.gather(w(N), w(N + 1))
        return r, [x async for x in a(50)]

    assert asyncio.run(main(work, agen)) == asyncio.run(main(jit(work), jit(agen)))


def test_recursion():
    def f(d, n):
        t = 0
        for i in range(n):
            t += i
        if d:
            for i in range(n):
                t += 1
                if i == n - 1:
                    t += f(d - 1, n)
        return t

    want = f(20, 1500)
    g = {}
    exec(
        "def f(d, n):\n    t = 0\n    for i in range(n):\n        t += i\n        if i == n - 1 and d: t += f(d - 1, n)\n    return t",
        g,
    )
    w = g["f"](50, 1500)
    g["f"] = jit(g["f"])
    assert g["f"](50, 1500) == w


@pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="known limit: comparisons count as a level there, native ones do not",
)
def test_recursion_limit():
    src = """
def f(d, n):
    t = 0
    for i in range(n):
        t += i
        if i == n - 1:
            t += f(d + 1, n)
    return t
"""

    def depth(wrap):
        g = {}
        exec(src, g)
        count = [0]
        inner = wrap(g["f"])
        g["f"] = inner
        try:
            inner(0, 1200)
        except RecursionError as e:
            return len(traceback.extract_tb(e.__traceback__)), str(e)

    old = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        a = depth(lambda f: f)
        b = depth(jit)
    finally:
        sys.setrecursionlimit(old)
    assert a == b


def test_threads():
    def f(n):
        t = 0
        for i in range(n):
            t += i & 3
        return t

    want = f(300000)
    for _ in range(3):
        g = jit(types.FunctionType(f.__code__, {}, "f"))
        out = []
        ts = [threading.Thread(target=lambda: out.append(g(300000))) for _ in range(4)]
        old = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            [t.start() for t in ts]
            [t.join() for t in ts]
        finally:
            sys.setswitchinterval(old)
        assert out == [want] * 4


def test_interrupt():
    def f():
        t = 0
        while True:
            t += 1

    g = jit(f)
    signal.setitimer(signal.ITIMER_REAL, 0.3)

    def h(*a):
        raise KeyboardInterrupt("now")

    old = signal.signal(signal.SIGALRM, h)
    try:
        with pytest.raises(KeyboardInterrupt):
            g()
    finally:
        signal.signal(signal.SIGALRM, old)


def test_finalizers():
    log = []

    class D:
        def __init__(self, k):
            self.k = k

        def __del__(self):
            log.append(self.k)

    def f(n, log):
        d = D(-1)
        t = 0
        for i in range(n):
            t += i
            if i == 3000:
                d = D(i)
                log.append("replaced")
            if i == 4000:
                d = None
                log.append("gone")
        keep = D(-2)
        for i in range(n):
            t += 1
        log.append("end")
        return t

    f(N, log)
    a = list(log)
    log.clear()
    jit(f)(N, log)
    assert a == log


def test_finalizer_list():
    log = []

    class D:
        def __del__(self):
            log.append("d")

    def f(n, log):
        t = 0
        for x in [1] * n + [D()]:
            if x.__class__ is int:
                t += x
        x = None
        log.append("after")
        return t

    f(N, log)
    a = list(log)
    log.clear()
    jit(f)(N, log)
    assert a == log


def test_refcounts():
    class O:
        pass

    o = O()

    def f(n, o, l):
        t = 0
        a = o
        x = None
        for i in range(n):
            t += i
            x = o
            if i == 4000:
                l.append(o)
        return t

    g = jit(f)
    before = sys.getrefcount(o)
    for _ in range(5):
        l = []
        g(N, o, l)
        del l
    gc.collect()
    assert sys.getrefcount(o) == before


def test_method_and_class():
    class C:
        def __init__(self):
            self.v = 1

        @jit
        def m(self, n):
            t = 0
            for i in range(n):
                t += i
                self.v = t
            return t

    c = C()
    assert c.m(N) == sum(range(N)) and c.v == sum(range(N))


def test_global_rebound():
    ns = {}
    exec(
        "K = 3\ndef f(n):\n    global K\n    t = 0\n    for i in range(n):\n        t += K\n        if i == 3000: K = 4\n    return t",
        ns,
    )
    w = ns["f"](N)
    ns["K"] = 3
    ns["f"] = jit(ns["f"])
    assert ns["f"](N) == w


def test_exec_changes_code():
    def f(n):
        t = 0
        for i in range(n):
            t += i
        return t

    g = jit(types.FunctionType(f.__code__, {}, "f"))
    assert g(N) == f(N)
    g.__code__ = (lambda n: n + 1).__code__
    assert g(N) == N + 1


@pytest.mark.native_required
@pytest.mark.skipif("BROLGA_STRESS" in os.environ, reason="counts exits")
def test_a_function_called_once_runs_natively():
    def f(n):
        t = 0
        for i in range(n):
            t += i
        return t

    g = jit(threshold=50)(f)
    assert g(100_000) == sum(range(100_000))
    stats = jit.stats(g)
    assert (stats.calls, stats.native_calls) == (1, 0)
    # (Signals and other threads may ask for a turn in the interpreter; stress modes do.)
    assert stats.loop_entries >= 1
    assert stats.loop_compilations >= 1
    assert stats.verdict == "native loops"
    assert "entered while it ran" in str(jit.explain(g))


@pytest.mark.native_required
@pytest.mark.skipif("BROLGA_STRESS" in os.environ, reason="counts exits")
def test_the_outer_loop_is_preferred():
    def f(n):
        t = 0
        for i in range(n):
            for j in range(50):
                t += i * j
        return t

    g = jit(threshold=50)(f)
    assert g(2000) == sum(i * j for i in range(2000) for j in range(50))
    assert jit.stats(g).exits.get("loop-ended") == 1
