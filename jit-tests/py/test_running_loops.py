"""Loops of functions that are called once, entered while they run: same values, exceptions and tracebacks."""

import sys
import traceback
import types

from brolga import jit

# More turns than make a loop hot.
N = 5000


def outcome(function, arguments):
    """What the call gives: type and text of the result, or exception, traceback positions and context."""
    try:
        result = function(*arguments)
    except Exception as error:
        rows = traceback.extract_tb(error.__traceback__)
        places = [(r.name, r.lineno, r.colno, r.end_colno) for r in rows if r.name != "outcome"]
        return "raised", type(error), str(error), places, repr(error.__context__)
    return "returned", type(result), repr(result)


def both(function, *arguments):
    """The first call of a jitted copy, whose loops are entered while they run, gives what the plain one gives."""
    copy = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    assert outcome(jit(copy), arguments) == outcome(function, arguments)
    return jit.stats(copy)


def test_sum():
    def f(n):
        t = 0
        for i in range(n):
            t += i
        return t

    both(f, N)


def test_while_continue_break():
    def f(n):
        t = 0
        i = 0
        while i < n:
            i += 1
            if i % 3 == 0:
                continue
            t += i
            if t > 10**7:
                break
        else:
            t = -t
        return t, i

    both(f, N)
    both(f, 100000)


def test_return_inside():
    def f(n):
        t = 0
        for i in range(n):
            t += i
            if i == 4000:
                return (t, i)

    both(f, N)


def test_raise_inside():
    def f(n):
        t = 0
        for i in range(n):
            t += 10 // (4321 - i)
        return t

    both(f, N)


def test_try_inside():
    def f(n):
        t = 0
        bad = 0
        for i in range(n):
            try:
                t += 10 // (i % 1000)
            except ZeroDivisionError as e:
                bad += len(str(e)) + e.__traceback__.tb_lineno
        return t, bad

    both(f, N)


def test_try_around():
    def f(n):
        t = 0
        try:
            for i in range(n):
                t += 10 // (4321 - i)
        except ZeroDivisionError as e:
            return t, i, e.__traceback__.tb_lineno
        finally:
            t += 1
        return t

    both(f, N)


def test_finally_loop():
    def f(n):
        t = 0
        try:
            raise KeyError("x")
        except KeyError as e:
            for i in range(n):
                t += i
            t += len(str(e))
        finally:
            for i in range(n):
                t += i
        try:
            return t
        finally:
            for i in range(n):
                t -= 1

    both(f, N)


def test_finally_loop_reraise():
    def f(n):
        t = 0
        try:
            raise KeyError("x")
        finally:
            for i in range(n):
                t += i
            assert sys.exc_info()[0] is KeyError

    both(f, N)


def test_with():
    class M:
        def __init__(self):
            self.n = 0

        def __enter__(self):
            return self

        def __exit__(self, *a):
            self.n += 1
            return True

    def f(n):
        m = M()
        t = 0
        with m:
            for i in range(n):
                with m:
                    t += i
                    if i % 1000 == 999:
                        raise ValueError(i)
            t += 1 // 0
        return t, m.n

    both(f, N)


def test_nested():
    def f(n):
        t = 0
        for i in range(n):
            for j in range(20):
                for k in range(3):
                    t += i * j - k
                t ^= j
        return t

    both(f, 300)
    both(f, 3000)


def test_list_iter_mutation():
    def f(n):
        a = list(range(n))
        t = 0
        for x in a:
            t += x
            if x == 3000:
                a.append(7)
            if x == 3001:
                a.pop()
            if x == 4000:
                del a[10:20]
        return t, len(a)

    both(f, N)


def test_enumerate_zip():
    def f(n):
        a = [i * 0.5 for i in range(n)]
        s = 0.0
        for i, x in enumerate(a, 3):
            s += i * x
        for x, y in zip(a, range(n)):
            s -= x * y
        for x, y in zip(a, a[10:]):
            s -= x * y
        return s

    both(f, N)


def test_own_iterator():
    def f(n):
        it = iter(range(n))
        t = 0
        for i in it:
            t += i
            if i % 100 == 7:
                t += next(it)
        return t, list(it)

    both(f, N)


def test_shared_iterator():
    def f(n):
        it = iter(list(range(n)))
        t = 0
        for i in it:
            t += i
            for j in it:
                t -= j
                if j % 10 == 3:
                    break
        return t

    both(f, N)


def test_strings_bytes():
    def f(n):
        t = 0
        for c in b"abcdef" * n:
            t += c
        for c in bytearray(b"abcdef" * n):
            t += c
        for c in (1, 2, 3) * n:
            t += c
        u = 0
        for c in "abc\u1234" * n:
            if c == "b":
                u += 1
        return t, u

    both(f, N)


def test_overflow_to_big():
    def f(n):
        t = 1
        for i in range(n):
            t += t % 1000003 + i * i
            if i % 100 == 0:
                t *= 3
            if t > 10**60:
                t = 1
        return t

    both(f, N)


def test_type_change():
    def f(n):
        t = 0
        for i in range(n):
            if i == 2000:
                t = float(t)
            if i == 3000:
                t = str(t)
            if i < 3000:
                t += 1
            else:
                t = t[:5] + str(i)
        return t

    both(f, N)


def test_del_local():
    def f(n):
        t = 0
        x = 5
        for i in range(n):
            if i == 3000:
                del x
            if i > 4000:
                t += abs(x)
            t += i
        return t

    both(f, N)


def test_unbound_then_bound():
    def f(n):
        for i in range(n):
            if i > 3000:
                y = i
        return y

    both(f, N)


def test_cells():
    def f(n):
        t = 0
        k = 2

        def g():
            nonlocal t
            t += 1
            return t

        for i in range(n):
            t += k
            if i % 1000 == 0:
                g()
        fs = []
        for i in range(n):
            if i % 1000 == 0:
                fs.append(lambda: i)
        return t, [h() for h in fs], g()

    both(f, N)


def test_free_variables():
    z = 10

    def f(n):
        nonlocal z
        t = 0
        for i in range(n):
            t += z
            if i == 3000:
                z = 11
        return t

    z = 10
    r = f(N)
    z = 10
    g = jit(f)
    assert g(N) == r


def test_identity_of_numbers():
    def f(n):
        a = 12345.5
        b = a
        k = 10**12
        m = k
        t = 0
        for i in range(n):
            t += k
            c = a * 2
        return a is b, k is m, t

    both(f, N)


def test_inlined_callee():
    ns = {}
    exec(
        "def h(x): return 10 // (4000 - x)\ndef f(n):\n    t = 0\n    for i in range(n):\n        t += h(i)\n    return t",
        ns,
    )
    plain = None
    try:
        ns["f"](N)
    except ZeroDivisionError as e:
        plain = [(x.name, x.lineno) for x in traceback.extract_tb(e.__traceback__)][1:]
    ns["h"] = jit(ns["h"])
    ns["f"] = jit(ns["f"])
    try:
        ns["f"](N)
    except ZeroDivisionError as e:
        native = [(x.name, x.lineno) for x in traceback.extract_tb(e.__traceback__)][1:]
    assert plain == native


def test_string_building():
    def f(n):
        s = ""
        for i in range(n):
            s += "ab"
        return len(s), s[-3:]

    both(f, N)


def test_comprehension():
    def f(n):
        a = [i * 2 for i in range(n) if i % 3]
        b = {i: i for i in range(n)}
        c = sum(x * x for x in a)
        i = 5
        d = [[j for j in range(5)] for i in range(n)]
        return a[-1], len(b), c, i, len(d)

    both(f, N)


def test_exhausted_big_range():
    def f():
        t = 0
        for i in range(2**62, 2**62 + 5000):
            t += i
        for i in range(-(2**63), -(2**63) + 5000, 7):
            t += i
        for i in range(5000, -5000, -3):
            t += i
        for i in range(2**64, 2**64 + 3000):
            t += i
        return t

    both(f)


def test_many_locals():
    src = (
        "def f(n):\n"
        + "".join(f"    a{i} = {i}\n" for i in range(60))
        + "    for i in range(n):\n"
        + "".join(f"        a{i} += {i}\n" for i in range(60))
        + "    return ["
        + ",".join(f"a{i}" for i in range(60))
        + "]"
    )
    ns = {}
    exec(src, ns)
    both(ns["f"], N)


def test_assert_and_match():
    def f(n):
        t = 0
        for i in range(n):
            match i % 4:
                case 0:
                    t += 1
                case 1:
                    t -= 3
                case _:
                    t ^= i
            assert t < 10**9
        return t

    both(f, N)
