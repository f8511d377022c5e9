"""No reference, object or memory is lost: over a million calls, a hundred thousand exits, many functions."""

import gc
import os
import sys
import weakref

import pytest

from brolga import jit

from differential import harness, provider

CALLS = 1_000_000
EXITS = 100_000
FUNCTIONS = 10_000


def memory_kilobytes():
    """Resident memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def watched():
    """Shared objects whose counts move only if somebody loses or invents references."""
    return [None, True, False, 0, 1, 2, 7, 256, (), "", "a", b"", Ellipsis, NotImplemented, int, float, list, len, range]


def counts(extra=()):
    return [sys.getrefcount(item) for item in [*watched(), *extra]]


def drift(work, times, extra=()):
    """Runs `work` often; largest change of a count per run of `work`, and growth of memory in KiB."""
    for _ in range(200):
        work()
    gc.collect()
    before, memory = counts(extra), memory_kilobytes()
    for _ in range(times):
        work()
    gc.collect()
    after, grown = counts(extra), memory_kilobytes() - memory
    worst = max(abs(b - a) for a, b in zip(before, after)) / times
    return worst, grown


#: Bodies that meet the different ways in which a function can end, and what they are called with.
PROGRAMS = {
    "int": ("def f(a):\n    return a + 1", [10**6]),
    "float": ("def f(a):\n    return a * 2.0", [0.5]),
    "object": ("def f(a):\n    return a", [[1]]),
    "loop": ("def f(a):\n    t = 0\n    for i in range(5):\n        t += i\n    return t", [1]),
    "list": ("def f(a):\n    b = [a, a]\n    b.append(a)\n    b[0] = None\n    return b.pop()", [[1]]),
    "list of floats": ("def f(a):\n    for i in range(len(a)):\n        a[i] = a[i] * 0.5 + 1.0\n    return a", [[0.5, 1.5]]),
    "tuple": ("def f(a):\n    b, c = (a, a)\n    return (c, b)", [[1]]),
    "closure": ("def f(a):\n    def g():\n        return a\n    return g()", [[1]]),
    "callee": ("def g(x, y):\n    return x\ndef f(a):\n    return g(a, g(a, a))", [[1]]),
    "unknown call": ("def f(a):\n    return max([a, a], key=id) is a", [[1]]),
    "string": ("def f(a):\n    s = ''\n    for c in a:\n        s += c\n    return s", ["abc"]),
    "bytes": ("def f(a):\n    t = 0\n    for c in a:\n        t += c\n    return t", [b"abc"]),
    "global": ("g = 0\ndef f(a):\n    global g\n    g = a\n    return g", [[1]]),
    "generator": ("def f(a):\n    return sum(x for x in (1, 2, 3))", [[1]]),
    "enumerate": ("def f(a):\n    t = None\n    for i, x in enumerate(a):\n        t = (i, x)\n    return t", [[[1], [2]]]),
    "zip": ("def f(a):\n    t = None\n    for p in zip(a, a):\n        t = p\n    return t", [[[1], [2]]]),
    "attribute": ("class C: pass\nc = C()\ndef f(a):\n    c.x = a\n    return c.x", [[1]]),
    "dict": ("def f(a):\n    d = {1: a}\n    d[2] = a\n    return d[1]", [[1]]),
    "fstring": ("def f(a):\n    return f'{a}-{a!r}'", [5]),
    "big int": ("def f(a):\n    return (a << 70) + a", [10**6]),
    "bool": ("def f(a):\n    return a > 3, not a", [5]),
}

#: Each of these leaves native code in every call: by a guard, by an exception, or by a changed type.
LEAVING = {
    "raises": ("def f(a):\n    b = [a]\n    return b[5]", [[1]]),
    "raises in loop": ("def f(a):\n    t = 0\n    for i in range(5):\n        t += 10 // (3 - i)\n    return t", [1]),
    "raises deep": ("def g(a, n):\n    return g(a, n - 1) if n else a[9]\ndef f(a):\n    return g(a, 5)", [[1]]),
    "caught": ("def f(a):\n    try:\n        return 1 // 0\n    except ZeroDivisionError as e:\n        return a", [[1]]),
    "overflow": ("def f(a):\n    x = a\n    for i in range(4):\n        x = x * x\n    return x", [10**6]),
    "type change": ("def f(a):\n    x = 1\n    for i in range(4):\n        if i == 2:\n            x = a\n        y = [x, a]\n    return y", [[1]]),
    "float in int list": ("def f(a):\n    t = 0\n    for x in a:\n        t += x\n    return t", [[1, 2, 0.5, 2**70]]),
    "unbound": ("def f(a):\n    if not a:\n        b = 1\n    return b", [[1]]),
    "wrong type": ("def f(a):\n    b = [a, a]\n    return a + 1", [[1]]),
    "iteration": ("def f(a):\n    for x in a:\n        pass\n    return x", [iter]),
    "arguments": ("def f(a):\n    return a", []),
}


def work_of(source, arguments):
    namespace = {}
    exec(source, namespace)
    for name, value in list(namespace.items()):
        if callable(value) and not isinstance(value, type):
            namespace[name] = provider.eager()(value)
    function = namespace["f"]

    def work():
        try:
            function(*arguments)
        except Exception:
            pass

    return work


@pytest.mark.parametrize("name", PROGRAMS)
def test_calls_lose_nothing(name):
    source, arguments = PROGRAMS[name]
    worst, grown = drift(work_of(source, arguments), CALLS // 50, arguments)
    assert worst < 0.01, f"a count moves by {worst:.3f} per call"
    assert grown < 2000, f"memory grows by {grown} KiB"


@pytest.mark.parametrize("name", LEAVING)
def test_exits_lose_nothing(name):
    source, arguments = LEAVING[name]
    worst, grown = drift(work_of(source, arguments), EXITS // 10, arguments)
    assert worst < 0.01, f"a count moves by {worst:.3f} per exit"
    assert grown < 2000, f"memory grows by {grown} KiB"


@pytest.mark.slow
def test_a_million_calls():
    work = work_of(*PROGRAMS["callee"])
    worst, grown = drift(work, CALLS, PROGRAMS["callee"][1])
    assert worst < 0.0001
    assert grown < 2000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["raises deep", "overflow", "type change"])
def test_a_hundred_thousand_exits(name):
    source, arguments = LEAVING[name]
    worst, grown = drift(work_of(source, arguments), EXITS, arguments)
    assert worst < 0.001
    assert grown < 2000


def drop_functions(count):
    for number in range(count):
        namespace = {}
        exec(f"def f(n):\n    t = {number % 100}\n    for i in range(n):\n        t += i\n    return t", namespace)
        function = provider.eager()(namespace.pop("f"))
        for _ in range(3):
            function(3)


@pytest.mark.slow
def test_memory_is_flat_over_dropped_functions():
    drop_functions(500)
    gc.collect()
    before = memory_kilobytes()
    drop_functions(FUNCTIONS)
    gc.collect()
    grown = memory_kilobytes() - before
    assert grown < 8000, f"{grown} KiB for {FUNCTIONS} functions"


def test_dropped_functions_are_freed():
    """The function, its code and what it closes over die with the last reference."""

    class Marker:
        pass

    for attempt in range(20):
        marker = Marker()
        alive = weakref.ref(marker)

        def f(n, marker=marker):
            total = 0
            for i in range(n):
                total += i
            return total, marker

        function = provider.eager()(f)
        dead_function = weakref.ref(function)
        for _ in range(4):
            function(5)
        del f, function, marker
        gc.collect()
        assert alive() is None, f"kept alive in attempt {attempt}"
        assert dead_function() is None


def test_function_dies_while_it_runs():
    """The last reference to the running function goes away inside it."""
    harness.check(
        """
        holder = []
        def make():
            def g(n):
                total = 0
                for i in range(n):
                    total += i
                    if i == 2:
                        holder.clear()
                return total, len(holder)
            return g
        def f(n):
            out = []
            for _ in range(4):
                holder.append(make())
                out.append(holder[0](n))
                out.append(holder[0](n) if holder else 'gone')
            return out
        """,
        ["5", "2"],
    )


def test_same_code_in_many_closures():
    """Ten thousand closures over one code object: nothing piles up per closure."""

    def make(k):
        def g(n):
            total = k
            for i in range(n):
                total += i
            return total

        return provider.eager()(g)

    for k in range(500):
        make(k)(3)
    gc.collect()
    before = memory_kilobytes()
    for k in range(FUNCTIONS):
        function = make(k)
        assert function(3) == k + 3
        assert function(3) == k + 3
    gc.collect()
    assert memory_kilobytes() - before < 8000


def test_arguments_are_released_in_time():
    """Nothing the engine keeps (feedback, exit records) holds an argument alive."""

    class Big:
        def __init__(self):
            self.data = 5

    def f(x):
        total = 0
        for i in range(3):
            total += x.data
        return total

    function = provider.eager()(f)
    for _ in range(30):
        big = Big()
        alive = weakref.ref(big)
        function(big)
        del big
        assert alive() is None


def test_exception_and_traceback_are_released():
    class Marker:
        pass

    def f(marker, n):
        values = [1, 2, 3]
        for i in range(n):
            values[i] += 1
        return values

    function = provider.eager()(f)
    for _ in range(30):
        marker = Marker()
        alive = weakref.ref(marker)
        try:
            function(marker, 5)
        except IndexError:
            pass
        del marker
        assert alive() is None


@pytest.mark.skipif(not hasattr(sys, "gettotalrefcount"), reason="only debug builds count all references")
def test_total_references():
    work = work_of(*LEAVING["raises deep"])
    for _ in range(100):
        work()
    before = sys.gettotalrefcount()
    for _ in range(1000):
        work()
    assert abs(sys.gettotalrefcount() - before) < 50


def test_values_of_globals_die_when_rebound():
    """Code that reads a global keeps neither a container nor an instance alive, also in mid-run."""
    harness.check(
        """
        import sys
        import weakref

        class Box:
            def __init__(self, value):
                self.value = value

        class Table(list):
            pass

        box, table, plain = Box(1), Table([1, 2]), [3, 4]

        def rebind(value):
            global box, table, plain
            counts = sys.getrefcount(box), sys.getrefcount(table), sys.getrefcount(plain)
            watched = weakref.ref(box), weakref.ref(table)
            box, table, plain = Box(value), Table([value, 2]), [value]
            return counts, [reference() is None for reference in watched]

        def f(n):
            total, seen = 0, []
            for i in range(n):
                total += box.value + len(table) + plain[-1] + plain[0]
                if i % 3 == 1:
                    seen.append(rebind(i))
                    total += box.value + plain[0]
            return total, seen
        """,
        ["7", "2"],
    )


def test_compiling_in_a_handler_keeps_no_frame():
    """What the compiler raises and catches must not take the exception being handled as its context."""

    class Held:
        pass

    class Odd:
        def __getattr__(self, name):
            raise AttributeError(name)

    def wide(value):
        return 11400714819323198485

    def loops(value):
        total = 0
        for i in range(20):
            total += i & 18446744073709551615
        return total, value

    def attributes(value):
        return getattr(value, "missing", None)

    def fail(held):
        raise ValueError

    for function in (wide, loops, attributes):
        for argument in (1, 1 << 70, 0.5, Odd(), [1 << 90]):
            fast = jit(type(function)(function.__code__, globals()), threshold=1)
            held = Held()
            reference = weakref.ref(held)
            try:
                fail(held)
            except ValueError:
                del held
                fast(argument)
                fast(argument)
            assert reference() is None, (function, argument)


def test_arguments_that_the_caller_does_not_own():
    """`with` passes a traceback that only the exception keeps alive; the callee may let it go."""
    lines, others = set(), []

    def churn():
        """New tracebacks, where one that was freed has been."""
        for _ in range(4):
            try:
                raise KeyError
            except KeyError as error:
                others.append(error.__traceback__)

    class Manager:
        def __enter__(self):
            return self

        @jit(threshold=1)
        def __exit__(self, kind, value, traceback):
            value.__traceback__ = None
            churn()
            total = 0
            for i in range(100):
                total += i
                total += i * i & 255
            lines.add(traceback.tb_lineno)
            return total > 0

    first = sys._getframe().f_lineno
    for number in range(300):
        with Manager():
            raise ValueError(number)
    assert lines == {first + 3}
    assert jit.stats(Manager.__exit__).native_calls > 0 or not provider.native_support()[0]
