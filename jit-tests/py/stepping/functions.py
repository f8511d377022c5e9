"""Functions that together run nearly every kind of instruction; each case is (function, arguments)."""

import sys

LOG = []


class Thing:
    def __init__(self, value=1):
        self.value = value

    def method(self, other):
        return self.value + other

    def __enter__(self):
        LOG.append("enter")
        return self

    def __exit__(self, *details):
        LOG.append(("exit", details[0]))
        return False


def double(x):
    return x * 2


def boom(x):
    raise ValueError(x)


def keywords(a, *, b=1, c=2):
    return (a, b, c)


def f_loop(n):
    t = 0
    for i in range(n):
        t += i * i
    return t


def f_expression(a, b, c):
    return (a + b) * (b + c) - (a * c) + double(a + double(b)) + Thing(c).method(a)


def f_while(n):
    r = []
    while n > 0:
        if n % 2:
            r.append(n)
        elif n % 3 == 0:
            r += [double(n), n]
        n -= 1
    return r


def f_try(n):
    out = []
    for i in range(n):
        try:
            if i == 2:
                boom(i)
            out.append(i)
        except ValueError as e:
            out.append(("caught", e.args))
        finally:
            out.append("fin")
    return out


def f_raise(n):
    t = 1
    try:
        t += n
        return boom(t)
    finally:
        LOG.append("finally")


def f_raise_lines(a):
    b = [a,
         a + 1]
    return a[b]


def f_unary(a):
    b = (-a,
         1)
    try:
        c = -b
    except TypeError:
        c = 7
    return c


def f_with(n):
    with Thing(n) as o, Thing(3) as p:
        t = o.value + p.value
        if n == 3:
            boom(t)
    return t


def f_nested(n):
    try:
        try:
            boom(n)
        except ValueError:
            try:
                boom(n + 1)
            except KeyError:
                pass
            finally:
                LOG.append(repr(sys.exc_info()[1]))
    except Exception as e:
        LOG.append((repr(e), repr(e.__context__)))
        raise


def make_closure(k):
    z = [k]

    def f_closure(a, *args, kw=2, **kws):
        w = a + kw

        def inner(q):
            nonlocal w
            w += q
            return w + k + z[0]

        s = inner(1) + inner(2)
        return s, w, args, kws

    return f_closure


f_closure = make_closure(5)


def f_comprehension(n):
    a = [x * n for x in range(n)]
    d = {x: y for x, y in zip(a, "abc")}
    s = {*a}
    return a, d, len(s), sum(y for y in a), f"{n:>4}{a!r}"


def f_unpack(t):
    a, *b, c = t
    x, y = y, x = (1, 2)
    return a, b, c, x, y, max(*b, key=lambda v: -v), dict(**{"p": a})


def f_keywords(a):
    return keywords(a, c=a + 1) + keywords(a, b=double(a))


def f_delete(a):
    b = a
    del a
    try:
        return a
    except UnboundLocalError as e:
        LOG.append(str(e))
    return b


def f_match(x):
    match x:
        case {"a": 1, "b": v}:
            return v
        case [a, b, *r]:
            return a, b, r
        case Thing(value=3):
            return "thing"
        case _:
            return None


def f_super():
    class A:
        def m(self):
            return 1

    class B(A):
        def m(self):
            return super().m() + 1

    return B().m()


def f_branches(a):
    x = a and a + 1 or 5
    y = 1 if x > 3 else 2
    if a is None:
        return 0
    assert x, "no"
    return x < y < 9, not x, x in (1, 2, 6), x[0:1] if a == "" else y


def f_subscripts(items, table):
    items[0] += 1
    table["k"] = items
    table["k"][1] -= 2
    del items[2]
    o = Thing()
    o.value += 3
    o.extra = 4
    del o.extra
    return items, table, o.value, items[1:2]


def f_except_star(n):
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
    except* ValueError:
        LOG.append("v")
    except* TypeError:
        LOG.append("t")
    return n


CASES = [
    (f_loop, lambda: (5,)),
    (f_expression, lambda: (1, 2, 3)),
    (f_while, lambda: (7,)),
    (f_try, lambda: (4,)),
    (f_raise, lambda: (4,)),
    (f_raise_lines, lambda: (4,)),
    (f_unary, lambda: (4,)),
    (f_with, lambda: (2,)),
    (f_with, lambda: (3,)),
    (f_nested, lambda: (3,)),
    (f_closure, lambda: (3, 4, 5)),
    (f_comprehension, lambda: (3,)),
    (f_unpack, lambda: ((1, 2, 3, 4),)),
    (f_keywords, lambda: (3,)),
    (f_delete, lambda: (3,)),
    (f_match, lambda: ({"a": 1, "b": 2},)),
    (f_match, lambda: ([1, 2, 3],)),
    (f_match, lambda: (Thing(3),)),
    (f_super, lambda: ()),
    (f_branches, lambda: (4,)),
    (f_branches, lambda: (0,)),
    (f_subscripts, lambda: ([1, 2, 3], {})),
    (f_except_star, lambda: (3,)),
]
