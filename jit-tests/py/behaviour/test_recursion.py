"""RecursionError comes where CPython raises it, and the C stack never overflows."""

import pytest

from differential import harness

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
