"""RecursionError comes where CPython raises it, and the C stack never overflows."""

import sys

import pytest

from differential import harness

brolga = pytest.importorskip("brolga")

COUNT_DOWN = """
def g(n):
    return 0 if n == 0 else 1 + g(n - 1)
def f(n):
    try:
        return g(n)
    except RecursionError as error:
        return str(error)
"""


@pytest.mark.parametrize("n", [10, 500, 900, 5000])
def test_result_or_error_alike(n):
    harness.check(COUNT_DOWN, [str(n)])


def test_exact_depth_at_which_it_raises():
    """Bisects on both sides: the largest n that works is the same."""
    harness.check(
        """
        def g(n):
            return 0 if n == 0 else 1 + g(n - 1)
        def works(n):
            try:
                g(n)
            except RecursionError:
                return False
            return True
        def f(low, high):
            while low < high:
                middle = (low + high + 1) // 2
                if works(middle):
                    low = middle
                else:
                    high = middle - 1
            return low
        """,
        ["0, 2000", "0, 2000"],
    )


def test_depth_through_mixed_frames():
    """Jitted, plain and C frames in one recursion: sorted() with a key, map, a generator."""
    harness.check(
        """
        depth = 0
        def g(n):
            global depth
            depth = max(depth, n)
            if n % 3 == 0:
                return sorted([1], key=lambda x: g(n + 1))
            if n % 3 == 1:
                return list(map(g, [n + 1]))
            return [g(n + 1) for _ in range(1)]
        def f():
            global depth
            depth = 0
            try:
                g(0)
            except RecursionError:
                return depth
        """,
        [""],
    )


def test_traceback_of_recursion_error():
    harness.check("def f(n):\n    x = n * 2\n    return f(n + 1) + x\n", ["0", "0.5"])


def test_recovery_after_recursion_error():
    """After the error everything works as before, many times."""
    harness.check(
        """
        def g(n):
            return g(n + 1) + 1
        def h(n):
            return 0 if n == 0 else 1 + h(n - 1)
        def f():
            out = []
            for i in range(5):
                try:
                    g(0)
                except RecursionError:
                    out.append(h(100))
            return out
        """,
        [""],
    )


def test_recursion_error_caught_deep_inside():
    harness.check(
        """
        count = 0
        def g(n):
            global count
            try:
                return g(n + 1)
            except RecursionError:
                count += 1
                return n - n + 1
        def f():
            global count
            count = 0
            return g(0), count
        """,
        [""],
    )


DEEP = """
import resource, sys, threading
from differential import provider
limit, depth, jitted = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == 'jit'
sys.setrecursionlimit(limit)
decorate = provider.eager() if jitted else (lambda function: function)
@decorate
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
@decorate
def fact(n):
    return 1.0 if n <= 0 else fact(n - 1) * 1.0000001
for _ in range(3):
    down(50), fact(50)
try:
    print(down(depth))
    print(round(fact(depth), 9))
except RecursionError as error:
    print(error)
"""


@pytest.mark.parametrize("limit, depth", [(3000, 2500), (50000, 40000), (200000, 150000), (10**6, 100000)])
def test_raised_recursion_limit(limit, depth, run_python):
    """What plain CPython survives with a raised limit, jitted code survives with the same result."""
    plain = run_python(DEEP, limit, depth, "plain", check=False)
    if plain.returncode != 0:
        pytest.skip("plain CPython does not survive this depth here")
    jitted = run_python(DEEP, limit, depth, "jit", check=False)
    assert jitted.returncode == 0, jitted.stderr[-2000:]
    assert jitted.stdout == plain.stdout


def test_infinite_recursion_with_a_huge_limit(run_python):
    """With the limit out of reach CPython (3.11) or the C stack check must stop it; never a crash of its own."""
    program = DEEP.replace("print(down(depth))", "print(down(-1) > 0)")
    plain = run_python(program, 30000, 1, "plain", check=False)
    jitted = run_python(program, 30000, 1, "jit", check=False)
    if plain.returncode == 0:
        assert jitted.returncode == 0, jitted.stderr[-2000:]
        assert jitted.stdout == plain.stdout


def test_small_thread_stack(run_python):
    """A thread with a small C stack: native recursion stays within it."""
    done = run_python(
        """
import sys, threading
from differential import provider
threading.stack_size(256 * 1024)
@provider.eager()
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
results = []
def work():
    for _ in range(3):
        down(20)
    try:
        results.append(down(900))
    except RecursionError:
        results.append('RecursionError')
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(results)
"""
    )
    assert done.stdout.strip() == "[900]"


PROGRAMS = {
    "fib": ("n", "return n if n < 2 else fib(n - 1) + fib(n - 2)", ["10", "-3", "16", "2.5", "True"]),
    "ackermann": (
        "m, n",
        "return n + 1 if m == 0 else ackermann(m - 1, 1) if n == 0 "
        "else ackermann(m - 1, ackermann(m, n - 1))",
        ["2, 3", "2, 9", "1, 400", "0, 2**62", "0, 2**63 - 1"],
    ),
    "hanoi": (
        "n, a, b, c",
        "return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)",
        ["5, 0, 1, 2", "7, 'a', 'b', 'c'"],
    ),
    "tak": (
        "x, y, z",
        "return z if y >= x else tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))",
        ["8, 4, 2", "7.5, 3.5, 1.0"],
    ),
    "gcd": ("a, b", "return a if b == 0 else gcd(b, a % b)", ["987, 610", "2**70, 6**30", "5, 0"]),
    "product": ("n", "return 1 if n == 0 else product(n - 1) * n", ["5", "20", "21", "40"]),
    "power": (
        "b, e",
        "return 1 if e == 0 else power(b, e - 1) * b",
        ["3, 30", "3, 60", "2.5, 9", "-2, 63", "2, 63"],
    ),
    "tree": (
        "t",
        "return 1 if t[0] is None else 1 + tree(t[0]) + tree(t[1])",
        ["(None, None)", "((None, 1), (None, 2))", "[[None], [None]]", "((None, 1), 5)"],
    ),
    "nothing": ("n", "return None if n == 0 else nothing(n - 1)", ["3", "30"]),
    "is_odd": ("n", "return n == 1 if n < 2 else not is_odd(n - 1)", ["3", "30"]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_usual_recursions(name):
    """Their values, also where ints get big and arguments are of other types than before."""
    parameters, body, calls = PROGRAMS[name]
    source = f"def {name}({parameters}):\n    {body}\ndef f(*args):\n    return {name}(*args)\n"
    harness.check(source, calls * 2)


def test_depth_of_two_calls_in_one_expression():
    """The levels left are counted along each way down."""
    harness.check(
        """
        def g(n, m):
            return m if n <= 0 else g(n - 1, m) + g(n - 2 * m, m)
        def f(n, m):
            try:
                return g(n, m)
            except RecursionError as error:
                return str(error), len(str(error.__traceback__.tb_lineno))
        """,
        ["5, 3", "800, 500", "2000, 1999", "12, 6"],
    )


@pytest.mark.parametrize("at", [0, 1, 7, 60])
def test_function_rebound_within_its_recursion(at):
    """A float where an int was makes the callee leave; what it calls then rebinds the function."""
    harness.check(
        """
        import sys
        class Strange(int):
            def __sub__(self, other):
                global g
                if self.when == 0:
                    depth, frame = 0, sys._getframe(1)
                    while frame is not None and frame.f_code.co_name == 'g':
                        depth, frame = depth + 1, frame.f_back
                    seen.append(depth)
                    g = lambda n: seen.append(n) or 1000
                    return int(self) - other
                result = Strange(int(self) - other)
                result.when = self.when - 1
                return result
        def original(n):
            return 0 if n <= 0 else g(n - 1) + g(n - 2) + 1
        original.__name__ = 'g'
        def f(n, when):
            global g, seen
            seen = []
            g = original
            if when >= 0:
                start = Strange(n)
                start.when = when
                n = start
            return g(n), seen
        """,
        ["9, -1", f"70, {at}", "9, -1", f"8, {at}", "3, -1"],
    )


def test_global_rebound_and_put_back():
    harness.check(
        """
        def g(n):
            return 1 if n == 0 else g(n - 1) + step
        step = 1
        def f(n, new):
            global step, g
            step = new
            before = g(n)
            kept = g
            g = lambda n: 7
            between = kept(n), kept(0)
            g = kept
            return before, between, g(n)
        """,
        ["5, 1", "5, 2", "5, 1.5", "5, 1"],
    )


def test_code_and_defaults_replaced_between_calls():
    harness.check(
        """
        def g(n, by=1):
            return 0 if n <= 0 else g(n - by) + 1
        def other(n, by=1):
            return 5
        def f(n, which):
            code, defaults = g.__code__, g.__defaults__
            if which == 1:
                g.__defaults__ = (3,)
            if which == 2:
                g.__code__ = other.__code__
            try:
                return g(n), g(n, 1)
            finally:
                g.__code__, g.__defaults__ = code, defaults
        """,
        ["9, 0", "9, 1", "9, 0", "9, 2", "9, 0"],
    )


def test_traceback_through_native_recursion():
    """Raised at the bottom: one line for every call."""
    harness.check(
        """
        import traceback
        def g(n, by):
            if n == 0:
                return 1 // by
            return g(n - 1, by) + 1
        def f(n, by):
            try:
                return g(n, by)
            except ZeroDivisionError as error:
                return [(row.name, row.lineno) for row in traceback.extract_tb(error.__traceback__)]
        """,
        ["6, 1", "6, 0", "40, 0", "0, 0"],
    )


def test_trace_function_set_within_a_recursion():
    """What a callee that left does switches tracing on; its callers are traced from then on."""

    class Tracing(float):
        def __rsub__(self, other):
            frame = sys._getframe(1)
            while frame is not None and frame.f_code.co_name == "g":
                frame.f_trace = trace
                frame = frame.f_back
            sys.settrace(trace)
            return other - float(self)

    def trace(frame, event, argument):
        if frame.f_code.co_name == "g":
            events.append((event, frame.f_lineno, frame.f_locals.get("n")))
        return trace

    def make():
        def g(n, by):
            if n <= 0:
                return 2.0 - by
            x = g(n - 1, by)
            y = 2.0 - x
            return y + n

        return g

    seen = []
    for decorate in (lambda function: function, brolga.jit):
        g = make()
        g = decorate(g)
        for _ in range(100):
            g(20, 1.5)
        events = []
        before = sys.gettrace()
        try:
            value = g(9, Tracing(1.5))
        finally:
            sys.settrace(before)
        seen.append((value, events, g(20, 1.5)))
    assert seen[0][1]
    assert seen[0] == seen[1]


def test_limit_changed_within_a_recursion():
    # No comparisons: on 3.11 those that are not specialised yet count a level, so the message of the error depends
    # on how warm the code is.
    harness.check(
        """
        import sys
        class Raising(float):
            def __radd__(self, other):
                sys.setrecursionlimit(limit)
                return other + float(self)
        def g(n, x):
            return g(n - 1, x) + 1.0 if n else 1.0 + x
        def f(n, new, strange):
            global limit
            before = sys.getrecursionlimit()
            limit = new
            out = []
            try:
                out.append(g(n, Raising(0.5) if strange else 0.5))
                for depth in (100, 1400, 2400):
                    try:
                        out.append(g(depth, 0.5))
                    except RecursionError as error:
                        out.append(str(error))
            finally:
                sys.setrecursionlimit(before)
            return out
        """,
        ["5, 1000, False", "5, 2000, True", "40, 3000, True", "5, 1000, False"],
    )


def test_threads_recurse_by_turns(run_python):
    """Each has its own counter and stack, however often they take turns."""
    done = run_python(
        """
import sys, threading
from differential import provider
sys.setswitchinterval(1e-5)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
fib, down = provider.eager()(fib), provider.eager()(down)
for _ in range(3):
    fib(5), down(5)
results, wrong = [], []
def work(n):
    for i in range(60):
        if fib(18) != 2584 or down(n) != n:
            wrong.append((n, i))
        try:
            down(5000)
            wrong.append(n)
        except RecursionError:
            pass
    results.append(n)
threads = [threading.Thread(target=work, args=(n,)) for n in (10, 300, 700, 20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results), wrong, down(900))
"""
    )
    assert done.stdout.strip() == "[10, 20, 300, 700] [] 900"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 has one counter: with a raised limit it overflows itself")
@pytest.mark.parametrize("threshold", [1, 2, 1_000_000])
def test_recursion_through_c_functions_with_a_raised_limit(run_python, threshold):
    """3.12+ counts C calls apart; those above the low mark of the C stack must not be missing at its end."""
    run_python(f"""
import sys
from brolga import jit
@jit(threshold={threshold})
def g(n):
    if n:
        list(map(g, (n - 1,)))
sys.setrecursionlimit(200_000)
g(100)
for _ in range(3):
    try:
        g(90_000)
    except RecursionError:
        pass
    else:
        raise AssertionError
g(100)
""")
