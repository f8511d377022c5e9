"""Functions of every kind of syntax, whose code `capture.py` stores for the decoder's tests.

They are valid on every supported version. `WARM` gives the arguments with which a function is called
until the interpreter has specialised it; functions that are not named there are captured cold.
"""

import asyncio
import contextlib

LIMIT = 10


class Point:
    origin = 0

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y

    @property
    def total(self):
        return self.x + self.y

    def __getitem__(self, index):
        return self.x if index == 0 else self.y


class Slotted:
    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value):
        self.value = value


class Derived(Point):
    def __init__(self, x, y, z):
        super().__init__(x, y)
        self.z = z

    def norm(self):
        return super(Derived, self).norm() + self.z**2 + super().total


def identity(x):
    return x


def constants():
    return (None, True, -1, 2**70, 1.5, -0.0, "text", b"bytes", (1, (2, "x")), ..., 3j, "\ud800")


def arithmetic_int(a, b):
    c = a + b
    c = c - a
    c = c * b
    c += a
    c -= b
    c *= 2
    return c // 3 % 7


def arithmetic_float(a, b):
    c = a + b
    c = c - a
    c = c * b
    return c / (a * b)


def arithmetic_str(a, b):
    text = a + b
    text += a
    return text * 2


def arithmetic_mixed(a, b):
    return a * b + 1, a & 3 | 4 ^ 5, a << 2 >> 1, ~a, -a, +a, not a, a**2, a @ b if a is b else 0


def inplace(a, b):
    a += b
    a -= b
    a *= b
    a /= b
    a //= b
    a %= b
    a **= b
    a <<= b
    a >>= b
    a &= b
    a |= b
    a ^= b
    a @= b
    return a


def comparisons(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b, a is b, a is not b, a in [b], a not in [b]


def chained(a, b, c):
    return a < b < c and 0 <= a <= 10 or b == c != a


def branch_int(a, b):
    if a < b:
        return 1
    if a == b:
        return 2
    return 3


def branch_float(a, b):
    return 1 if a < b else 2


def branch_str(a, b):
    return 1 if a == b else 2


def truth(a, b, c, d):
    result = []
    if a:
        result.append(1)
    if not b:
        result.append(2)
    if c and d or a and not d:
        result.append(3)
    return result if c else b or d


def none_tests(a, b):
    if a is None:
        return b
    if b is not None:
        return a
    while a is not None:
        a = None
    return a


def loop_range(n):
    total = 0
    for i in range(n):
        if i % 3 == 0:
            continue
        if i > 1000:
            break
        total += i
    else:
        total += 1
    return total


def loop_list(items):
    total = 0
    for item in items:
        total += item
    return total


def loop_tuple(items):
    total = 0.0
    for item in items:
        total += item
    return total


def loop_while(n):
    i = 0
    while i < n:
        i += 1
    while True:
        i -= 1
        if i < 0:
            break
    while not i:
        i = 1
    return i


def loop_nested(n):
    found = None
    for i in range(n):
        for j in range(i):
            while j > 0:
                j -= 2
                if i * j == 12:
                    found = i, j
                    break
            else:
                continue
            break
    return found


def subscripts(items, pair, table, text, point):
    items[0] = items[1]
    table["k"] = items[0]
    return items[0], pair[1], table["k"], text[0], point[0], items[-1], items[1:], items[:1:2]


def slices(items, a, b):
    items[a:b] = items[b:a]
    items[a:] = [1]
    del items[:b]
    del items[0]
    items[a:b] += [2]
    return items[:], items[a:b:2], items[::-1]


def contains(x, keys, table):
    return x in keys, x in table, x not in keys


def attributes(point, slotted):
    point.x = slotted.value
    slotted.value = point.y
    point.y += 1
    return point.x + point.total + Point.origin + slotted.value


def methods(point, items, text):
    items.append(point.norm())
    return text.upper(), text.split("a"), text.replace("a", "b"), items.count(1), items.pop()


def delete_things(point):
    value = 1
    del value
    del point.x
    global GLOBAL_VALUE
    GLOBAL_VALUE = 1
    del GLOBAL_VALUE
    return point


def maybe_unbound(flag):
    if flag:
        value = 1
    return value


def calls_builtin(items, x):
    return len(items), isinstance(x, int), type(x), str(x), tuple(items), abs(x), max(x, 1), int(x)


def calls_python(a, b):
    return identity(a) + with_defaults(a) + with_defaults(a, b) + Point(a, b).norm()


def calls_bound(method, a):
    return method() + identity(a)


def calls_keywords(a, b):
    return with_defaults(a, b=b) + keyword_only(a, key=b) + dict(x=a, y=b)["x"] + identity(x=a)


def calls_unpacked(args, kwargs):
    print(*args, **kwargs) if kwargs is None else None
    return identity(*args) + with_defaults(*args, **kwargs) + with_defaults(1, *args[1:], b=2)


def with_defaults(a, b=2):
    return a + b


def keyword_only(a, /, *args, key, other=3, **kwargs):
    return a + key + other + len(args) + len(kwargs)


def unpack(pair, triple, items):
    a, b = pair
    c, d, e = triple
    [f, *g] = items
    h, *i, j = items
    (k, (m, n)) = 1, pair
    a, b = b, a
    a, b, c = c, a, b
    return a, b, c, d, e, f, g, h, i, j, k, m, n


def displays(a, b):
    return (
        [a, b],
        (a, b),
        {a, b},
        {a: b, b: a},
        {"x": a, "y": b},
        [*a, 1, *b],
        {*a, b},
        {**a, "k": b},
        (*a, *b),
        [1, 2, 3, 4],
        {1, 2, 3, 4},
        {"a": 1, "b": 2},
        slice(a, b),
    )


def comprehensions(items, n):
    squares = [i * i for i in items if i > 1]
    unique = {i % n for i in items}
    table = {i: j for i, j in zip(items, items)}
    nested = [[i * j for j in range(n)] for i in range(n)]
    total = sum(i + n for i in items)
    return squares, unique, table, nested, total


def comprehension_shadow(i, items):
    first = [i for i in items]
    second = [lambda: i for i in items]
    return i, first, second


def format_strings(a, b, width):
    return f"{a} {b!r} {a!s:>{width}} {b!a} {a:.2f} {a=} {{}} {'x' + str(b)}"


def format_long(a):
    return f"{a}{a}{a}{a}{a}{a}{a}{a}-{a}-{a}-{a}"


def closure(n):
    count = 0

    def increment(step=n, *, scale: int = 1):
        nonlocal count
        count += step * scale
        return count, n

    increment()
    return increment, lambda x: x + count + n


def closure_argument(values, cell):
    def reader():
        return cell, values

    cell = cell + 1
    del values
    return reader


def recursive(n):
    def factorial(k):
        return 1 if k < 2 else k * factorial(k - 1)

    return factorial(n)


def try_except(a, b):
    try:
        return a / b
    except ZeroDivisionError:
        return 0
    except (TypeError, ValueError) as error:
        return str(error)


def try_finally(items):
    try:
        items.append(1)
        if len(items) > 100:
            return items
    finally:
        items.append(2)
    return None


def try_everything(n):
    for i in range(n):
        try:
            try:
                if i == 1:
                    continue
                if i == 5:
                    break
                int("x" if i == 2 else "1")
            except ValueError as error:
                if i == 3:
                    raise
                raise RuntimeError("again") from error
            else:
                i += 1
            finally:
                n -= 1
        except RuntimeError:
            pass
        except:  # noqa: E722
            return -1
    return n


def try_star(action):
    try:
        action()
    except* ValueError as group:
        return_value = group
    except* (TypeError, KeyError):
        return_value = None
    return return_value


def raising(a):
    if a == 0:
        raise
    if a == 1:
        raise ValueError
    if a == 2:
        raise ValueError("two") from None
    assert a != 3
    assert a != 4, f"four {a}"


def with_block(manager, other):
    with manager as a, other:
        a = a or 1
        if a:
            return a
    with contextlib.suppress(ValueError):
        int("x")
    return 0


def with_loop(managers):
    for manager in managers:
        with manager as value:
            if value:
                continue
            break
    return managers


def match_values(x):
    match x:
        case 0 | 1:
            return "small"
        case int(n) if n > 5:
            return n
        case "text" | None | True:
            return "constant"
        case [a, b]:
            return a, b
        case [a, *rest, b]:
            return rest
        case {"k": v, "m": 1, **others}:
            return v, others
        case Slotted(value):
            return value
        case Point(x=0, y=y):
            return y
        case Point.origin:
            return 0
        case _:
            return None


def generator(n):
    for i in range(n):
        received = yield i
        if received:
            yield from range(received)
    return n


def generator_finally(items):
    try:
        for item in items:
            yield item
    finally:
        items.clear()


def generator_consumer(n):
    total = 0
    for i in generator(n):
        total += i
    return total


async def coroutine(x):
    await asyncio.sleep(0)
    return x


async def asynchronous(items, manager):
    async with manager as value:
        total = value
    async for item in items:
        total += item
    try:
        total += await coroutine(total)
    except ValueError:
        total = 0
    return [i async for i in items], [await i for i in items], total


async def asynchronous_generator(n):
    for i in range(n):
        yield await coroutine(i)


def class_body(base):
    class Inner(base, metaclass=type):
        """Documented."""

        field: int = 1
        values = [field for _ in range(2)]

        def method(self):
            return __class__, base, super().method()

    return Inner


@contextlib.contextmanager
def decorated(x: int, *args: str) -> None:
    y: int = x
    z: "str"
    yield y


def imports():
    import os.path as path
    import sys
    from collections import OrderedDict, defaultdict as dd

    return path, sys, OrderedDict, dd


def globals_and_names(flag):
    global LIMIT
    if flag:
        LIMIT = LIMIT + 1
    return LIMIT, __name__, len, print


def walrus(items):
    if (n := len(items)) > 2:
        return [m for item in items if (m := item) and n]
    return n


def lambdas():
    return (lambda: 0), (lambda x, *a, y=1, **k: (x, a, y, k)), [lambda: i for i in range(3)]


def conditional_arguments(a, b, f):
    return f(a if b else 0, b or a, key=a and b) + f.method(a if b else f(1), [b for b in a])


def never_reached(n):
    total = 0
    for i in range(n):
        if i < 0:
            total -= len(str(i)) * 2
            total.missing(i)
        total += i
    return total


def type_changes(values):
    total = 0
    for value in values:
        total = total + value
    return total


def swallow_loop(a):
    while a:
        try:
            a -= 1
        finally:
            pass
        with contextlib.nullcontext():
            if a == 2:
                continue
    else:
        return a
    return None


def docstring_only():
    """Nothing else."""


def long_function():
    """Filled in below: more names, constants, locals and distance than one byte counts."""


def _long_source():
    lines = ["def long_function(a, flag):", "    total = 0", "    while flag:"]
    for i in range(300):
        lines.append(f"        v{i} = a.attribute{i} + {1000 + i}")
    lines += ["        if total > 5: continue", "        for v299 in a:", "            v280 += v299"]
    for i in range(60):
        lines.append(f"            total += f{i}(v{i}, key{i}=v{299 - i}) if v{i} else v{i + 200}")
    lines += ["        flag -= 1", "        try:", "            v290 = v1[v298]"]
    lines += ["        except KeyError as v297:", "            total = v297 or v290"]
    lines.append("    return total, v250, [v260 for v260 in v270], lambda: (v255, v256)")
    return "\n".join(lines)


exec(_long_source())


def build_large(a):
    return [
        a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a,
        {"a": a, "b": a, "c": a, "d": a, "e": a, "f": a, "g": a, "h": a, "i": a, "j": a, "k": a},
    ]  # fmt: skip


WARM = {
    "identity": (1,),
    "arithmetic_int": (3, 4),
    "arithmetic_float": (1.5, 2.5),
    "arithmetic_str": ("a", "b"),
    "arithmetic_mixed": (3, 4),
    "branch_int": (2, 2),
    "branch_float": (1.0, 2.0),
    "branch_str": ("a", "b"),
    "truth": (1, "", [1], None),
    "none_tests": (1, None),
    "loop_range": (20,),
    "loop_list": ([1, 2, 3],),
    "loop_tuple": ((1.5, 2.5),),
    "loop_while": (5,),
    "loop_nested": (12,),
    "subscripts": ([1, 2], (1, 2), {"k": 1}, "abc", Point(1, 2)),
    "contains": (1, {1, 2}, {1: 2}),
    "attributes": (Point(1, 2), Slotted(3)),
    "methods": (Point(1, 2), [1], "banana"),
    "calls_builtin": ([1, 2], 5),
    "calls_python": (1, 2),
    "calls_bound": (Point(1, 2).norm, 1),
    "calls_keywords": (1, 2),
    "calls_unpacked": ((1,), {"b": 2}),
    "unpack": ((1, 2), (1, 2, 3), [1, 2, 3]),
    "comprehensions": ([1, 2, 3], 2),
    "comprehension_shadow": (1, [1, 2, 3]),
    "format_strings": (1.5, "b", 8),
    "closure": (1,),
    "recursive": (5,),
    "try_except": (1, 0),
    "try_finally": ([],),
    "generator_consumer": (5,),
    "globals_and_names": (False,),
    "walrus": ([1, 2, 3],),
    "never_reached": (20,),
    "type_changes": ([1, 2.5, 3, 2.5] * 20,),
    "match_values": ([1, 2, 3],),
}
