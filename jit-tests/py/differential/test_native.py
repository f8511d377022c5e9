"""What must run as machine code, feature by feature: correct by the harness, and native by the counters.

Every test here is skipped where `_native.support()["native"]` is false. A case is a feature of the language
that the engine promises to compile: after warm-up nearly every call must enter native code, and it must
not leave it in every call.
"""

import pytest

from differential import harness, provider

pytestmark = pytest.mark.native_required

#: name: (program, call). Each must be hot numeric code with one type per variable.
FEATURES = {
    "int sum": ("def f(n):\n    t = 0\n    for i in range(n):\n        t += i * i\n    return t", "100"),
    "float sum": ("def f(n):\n    t = 0.0\n    for i in range(n):\n        t += 1.0 / (i + 1)\n    return t", "100"),
    "mixed int and float": ("def f(n):\n    t = 0.5\n    for i in range(n):\n        t = t * 2 - i\n        t /= 3\n    return t", "50"),
    "while": ("def f(n):\n    t = 0\n    while n > 0:\n        t += n\n        n -= 1\n    return t", "100"),
    "no loop": ("def f(n):\n    return (n * 3 + 1) % 7 - (n << 2)", "100"),
    "float expression": ("def f(x):\n    return x * x - 2.0 * x + 1.0", "1.5"),
    "every int operator": (
        "def f(a):\n    t = 0\n    for i in range(1, a):\n        t += (i * 7 - 3) // i + i % 5 + (i << 3) + (i >> 1) + (i & 6) + (i | 8) + (i ^ 9) + ~i + -i + i ** 2\n    return t",
        "60",
    ),
    "true division of ints": ("def f(n):\n    t = 0.0\n    for i in range(1, n):\n        t += n / i\n    return t", "60"),
    "float floor and modulo": ("def f(n):\n    t = 0.0\n    for i in range(1, n):\n        t += (i * 2.5) // 3.0 + (i * 1.5) % 2.0\n    return t", "60"),
    "float power": ("def f(n):\n    t = 0.0\n    for i in range(1, n):\n        t += (i + 0.5) ** 2.0\n    return t", "60"),
    "comparisons": ("def f(n):\n    t = 0\n    for i in range(n):\n        if 3 <= i < 40 and i != 7 or i == 50:\n            t += 1\n    return t", "60"),
    "bools": ("def f(n):\n    t = 0\n    flag = False\n    for i in range(n):\n        flag = not flag\n        t += flag\n    return t, flag", "60"),
    "ternary": ("def f(n):\n    t = 0\n    for i in range(n):\n        t += i if i % 2 else -i\n    return t", "60"),
    "nested loops": ("def f(n):\n    t = 0\n    for i in range(n):\n        for j in range(i):\n            if j == 9:\n                break\n            t += i * j\n    return t", "30"),
    "range with step": ("def f(n):\n    t = 0\n    for i in range(n, 0, -3):\n        t += i\n    for i in range(0, n, 7):\n        t -= i\n    return t", "100"),
    "range with unknown step": ("def f(n, s):\n    t = 0\n    for i in range(0, n, s):\n        t += i\n    return t", "100, 3"),
    "loop else": ("def f(n):\n    t = 0\n    for i in range(n):\n        if i == n:\n            break\n        t += i\n    else:\n        t += 1000\n    return t", "30"),
    "xorshift": ("def f(x):\n    for i in range(50):\n        x ^= (x << 13) & 0xFFFFFFFFFFFFFFFF\n        x ^= x >> 7\n        x ^= (x << 17) & 0xFFFFFFFFFFFFFFFF\n    return x", "88172645463325252"),
    "fnv": ("def f(d):\n    h = 0xCBF29CE484222325\n    for b in d:\n        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF\n    return h", "b'hello world'"),
    "32-bit mixing": ("def f(h):\n    for i in range(40):\n        h ^= h >> 16\n        h = (h * 0x85EBCA6B) & 0xFFFFFFFF\n        h ^= h >> 13\n    return h", "12345"),
    "attributes": ("class P:\n    def __init__(self, x, n):\n        self.x = x\n        self.n = n\n    def step(self, i):\n        self.x += 0.5\n        self.n = (self.n + i) % 97\n        return self.n\n    @property\n    def twice(self):\n        return self.n * 2\ndef f(p):\n    t = 0.0\n    for i in range(50):\n        p.x += 1.5\n        t += p.x * p.n\n    return t", "P(1.0, 2)"),
    "slots": ("class S:\n    __slots__ = ('x',)\n    def __init__(self, x):\n        self.x = x\ndef f(s):\n    t = 0\n    for i in range(50):\n        s.x += i\n        t ^= s.x\n    return t", "S(1)"),
    "methods": ("class P:\n    def __init__(self, x, n):\n        self.x = x\n        self.n = n\n    def step(self, i):\n        self.x += 0.5\n        self.n = (self.n + i) % 97\n        return self.n\n    @property\n    def twice(self):\n        return self.n * 2\ndef f(p):\n    t = 0\n    for i in range(50):\n        t += p.step(i)\n    return t", "P(1.0, 2)"),
    "properties": ("class P:\n    def __init__(self, x, n):\n        self.x = x\n        self.n = n\n    def step(self, i):\n        self.x += 0.5\n        self.n = (self.n + i) % 97\n        return self.n\n    @property\n    def twice(self):\n        return self.n * 2\ndef f(p):\n    t = 0\n    for i in range(50):\n        t += p.twice + i\n    return t", "P(1.0, 2)"),
    "instances": ("class P:\n    def __init__(self, x, n):\n        self.x = x\n        self.n = n\n    def step(self, i):\n        self.x += 0.5\n        self.n = (self.n + i) % 97\n        return self.n\n    @property\n    def twice(self):\n        return self.n * 2\ndef f(p, n):\n    t = p.n\n    for i in range(n):\n        p = P(0.5, i)\n        t += p.n\n    return t", "P(1.0, 2), 50"),
    "several classes": ("class P:\n    def __init__(self, x, n):\n        self.x = x\n        self.n = n\n    def step(self, i):\n        self.x += 0.5\n        self.n = (self.n + i) % 97\n        return self.n\n    @property\n    def twice(self):\n        return self.n * 2\nclass Q(P):\n    def step(self, i):\n        return self.n - i\ndef f(ps):\n    t = 0\n    for i in range(30):\n        for p in ps:\n            t += p.step(i) + p.n\n    return t", "[P(1.0, 2), Q(2.0, 3), P(0.0, 1)]"),
    "list load": ("def f(a):\n    t = 0\n    for i in range(len(a)):\n        t += a[i] * a[-1 - i]\n    return t", "list(range(50))"),
    "list iteration": ("def f(a):\n    t = 0\n    for x in a:\n        t += x\n    return t", "list(range(50))"),
    "list of floats": ("def f(a):\n    t = 0.0\n    for x in a:\n        t += x * 0.5\n    return t", "[0.5] * 50"),
    "list store": ("def f(a):\n    for i in range(1, len(a)):\n        a[i] = a[i - 1] + a[i]\n    return a", "list(range(50))"),
    "list float store": ("def f(a):\n    for i in range(len(a)):\n        a[i] = a[i] * 1.5 + 1.0\n    return a", "[0.5] * 50"),
    "swap": ("def f(a):\n    n = len(a)\n    for i in range(n // 2):\n        a[i], a[n - 1 - i] = a[n - 1 - i], a[i]\n    return a", "list(range(50))"),
    "list of lists": ("def f(a):\n    t = 0\n    for i in range(len(a)):\n        row = a[i]\n        for j in range(len(row)):\n            t += row[j] * a[j][i]\n    return t", "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]"),
    "append": ("def f(n):\n    a = []\n    for i in range(n):\n        a.append(i * 2)\n    return a", "50"),
    "pop": ("def f(a):\n    t = 0\n    while a:\n        t += a.pop()\n    return t", "list(range(50))"),
    "list building": ("def f(n):\n    a = [0] * n\n    for i in range(n):\n        a[i] = i\n    b = [n, n + 1, a[1]]\n    return a, b", "50"),
    "tuple": ("def f(n):\n    a, b = 0, 1\n    for i in range(n):\n        a, b = b, (a + b) % 1000\n    return a, b", "50"),
    "tuple load": ("def f(t):\n    s = 0\n    for i in range(len(t)):\n        s += t[i]\n    return s", "tuple(range(50))"),
    "unpack pairs": ("def f(p):\n    t = 0\n    for a, b in p:\n        t += a * b\n    return t", "[(1, 2), (3, 4)] * 20"),
    "bytes": ("def f(d):\n    a, b = 1, 0\n    for x in d:\n        a = (a + x) % 65521\n        b = (b + a) % 65521\n    return b << 16 | a", "b'hello world' * 5"),
    "bytes load": ("def f(d):\n    t = 0\n    for i in range(len(d)):\n        t = (t * 31 + d[i]) & 0xFFFFFFFF\n    return t", "b'hello world' * 5"),
    "bytearray": ("def f(d):\n    for i in range(len(d)):\n        d[i] = d[i] ^ 0x55\n    return d", "bytearray(b'hello world')"),
    "array of doubles": ("from array import array\ndef f(a):\n    t = 0.0\n    for i in range(len(a)):\n        t += a[i] * a[i]\n        a[i] = t\n    return t", "array('d', range(50))"),
    "array of ints": ("from array import array\ndef f(a):\n    t = 0\n    for i in range(len(a)):\n        t += a[i]\n        a[i] = t & 0xFF\n    return t", "array('q', range(50))"),
    "enumerate": ("def f(a):\n    t = 0\n    for i, x in enumerate(a):\n        t += i * x\n    return t", "list(range(50))"),
    "zip": ("def f(a, b):\n    t = 0\n    for x, y in zip(a, b):\n        t += x * y\n    return t", "list(range(50)), list(range(50))"),
    "in range and list": ("def f(a):\n    t = 0\n    for i in range(60):\n        if i in a:\n            t += 1\n        if i in range(5, 50):\n            t += 10\n    return t", "[3, 5, 50]"),
    "len abs min max": ("def f(a):\n    t = 0\n    for i in range(len(a)):\n        t += abs(a[i] - 25) + min(a[i], 10) + max(a[i], i, 3)\n    return t", "list(range(50))"),
    "conversions": ("def f(n):\n    t = 0.0\n    for i in range(n):\n        t += float(i) + int(t) % 7 + bool(i)\n    return t", "50"),
    "divmod pow": ("def f(n):\n    t = 0\n    for i in range(1, n):\n        q, r = divmod(n * i, i + 3)\n        t += q - r + pow(i, 2)\n    return t", "50"),
    "math": ("import math\ndef f(n):\n    t = 0.0\n    for i in range(n):\n        t += math.sqrt(i) + math.sin(t) + math.floor(t)\n    return t", "50"),
    "math by name": ("from math import sqrt, pi\ndef f(n):\n    t = pi\n    for i in range(n):\n        t += sqrt(i * t)\n    return t", "50"),
    "isinstance": ("def f(n):\n    t = 0\n    for i in range(n):\n        if isinstance(i, int):\n            t += i\n    return t", "50"),
    "ord chr": ("def f(s):\n    t = 0\n    for c in s:\n        t = t * 31 + ord(c) & 0xFFFFFF\n    return t", "'hello world'"),
    "global read": ("scale = 3\ndef f(n):\n    t = 0\n    for i in range(n):\n        t += i * scale\n    return t", "50"),
    "global write": ("total = 0\ndef f(n):\n    global total\n    t = 0\n    for i in range(n):\n        t += i * i % 7\n    total = t\n    return t", "50"),
    "cell read": ("def make():\n    k = 3\n    def g(n):\n        t = 0\n        for i in range(n):\n            t += i * k\n        return t\n    return g\nf = make()", "50"),
    "cell write": ("def make():\n    k = 0\n    def g(n):\n        nonlocal k\n        for i in range(n):\n            k = (k + i) % 1000\n        return k\n    return g\nf = make()", "50"),
    "recursion": ("def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)", "10"),
    "callee": ("def g(x, y):\n    return x * 2 + y\ndef f(n):\n    t = 0\n    for i in range(n):\n        t += g(i, t % 10)\n    return t", "50"),
    "callee with defaults and keywords": ("def g(x, y=3, *, z=2):\n    return x * y - z\ndef f(n):\n    t = 0\n    for i in range(n):\n        t += g(i) + g(i, z=1) + g(y=2, x=i)\n    return t", "50"),
    "callee defined later": ("def f(n):\n    t = 0\n    for i in range(n):\n        t += later(i)\n    return t\ndef later(x):\n    return x & 5", "50"),
    "try around a loop": ("def f(n):\n    t = 0\n    try:\n        for i in range(n):\n            t += i\n    except ZeroDivisionError:\n        t = -1\n    return t", "50"),
    "one odd line": ("def f(n):\n    t = 0\n    for i in range(n):\n        t += i * i % 7\n    return f'{t}'", "50"),
    "unknown callable at the end": ("def f(n):\n    t = 0\n    for i in range(n):\n        t += i * i % 7\n    return sorted([t, 1])", "50"),
    "del": ("def f(n):\n    x = n * 2\n    t = 0\n    for i in range(n):\n        t += x\n    del x\n    return t", "50"),
    "collatz": ("def f(n):\n    s = 0\n    while n != 1:\n        n = n // 2 if n % 2 == 0 else 3 * n + 1\n        s += 1\n    return s", "27"),
    "sieve": ("def f(n):\n    a = [True] * (n + 1)\n    for i in range(2, n + 1):\n        if a[i]:\n            for j in range(i * i, n + 1, i):\n                a[j] = False\n    return sum(a)", "100"),
    "mandelbrot": ("def f(cx, cy):\n    x = y = 0.0\n    n = 0\n    while x * x + y * y <= 4.0 and n < 50:\n        x, y = x * x - y * y + cx, 2.0 * x * y + cy\n        n += 1\n    return n", "0.1, 0.2"),
    "matrix product": ("def f(a, b):\n    n = len(a)\n    c = [[0.0] * n for _ in range(n)]\n    for i in range(n):\n        for j in range(n):\n            t = 0.0\n            for k in range(n):\n                t += a[i][k] * b[k][j]\n            c[i][j] = t\n    return c", "[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]"),
}

CALLS = 12
#: After warm-up a call may leave now and then (recompiling, an eval-breaker poll), but not as a rule.
MOST_EXITS = 6


def unforced(exits):
    """How often code left because it had to: a stress mode forces exits that say nothing."""
    return sum(count for reason, count in exits.items() if reason != "forced")


@pytest.mark.parametrize("name", FEATURES)
def test_runs_natively(name):
    source, call = FEATURES[name]
    namespace = harness.check(source, [call])
    function = namespace["f"]
    args, kwargs = eval(f"(lambda *a, **k: (a, k))({call})", namespace)
    for _ in range(4):
        function(*[list(item) if isinstance(item, list) else item for item in args], **kwargs)
    before = provider.stats_of(function)
    for _ in range(CALLS):
        args, kwargs = eval(f"(lambda *a, **k: (a, k))({call})", namespace)
        function(*args, **kwargs)
    after = provider.stats_of(function)
    explanation = provider.explanation(function)
    assert after["native_calls"] - before["native_calls"] >= CALLS, f"{source}\n{before}\n{after}\n{explanation}"
    exits = unforced(after["exits"]) - unforced(before["exits"])
    assert exits <= MOST_EXITS, f"{exits} exits in {CALLS} calls\n{source}\n{after}\n{explanation}"


REFUSED = {
    "generator": "def f(n):\n    yield n",
    "coroutine": "async def f(n):\n    return n",
    "asynchronous generator": "async def f(n):\n    yield n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_have_a_reason(name):
    namespace = {}
    exec(REFUSED[name], namespace)
    function = provider.eager()(namespace["f"])
    for _ in range(5):
        result = function(1)
        if hasattr(result, "close"):
            result.close()
    report = provider.load().explain(function).to_dict()
    assert report["reason"]
    assert provider.native_calls(function) == 0


def test_a_loop_compiles_at_its_second_call():
    """Without options: calls decide, and a loop counts for more than its call."""
    namespace = {}
    exec("def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t", namespace)
    function = provider.load()(namespace["f"])
    for _ in range(3):
        function(1000)
    assert provider.native_calls(function) >= 1, provider.explanation(function)


def test_types_seen_later_become_native_too():
    """Float calls after int calls: another version, not an exit for ever."""
    namespace = {}
    exec("def f(x, n):\n    t = x\n    for i in range(n):\n        t = t + x\n    return t", namespace)
    function = provider.eager()(namespace["f"])
    for _ in range(10):
        function(1, 20)
    for _ in range(20):
        function(0.5, 20)
    before = provider.native_calls(function)
    for _ in range(10):
        function(0.5, 20)
        function(1, 20)
    # A few calls may be timed interpreted, to see whether the version pays.
    assert provider.native_calls(function) - before >= 10, provider.explanation(function)


def test_paused_runs_interpreted():
    jit = provider.load()
    namespace = {}
    exec("def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t", namespace)
    function = provider.eager()(namespace["f"])
    for _ in range(5):
        function(100)
    before = provider.native_calls(function)
    with jit.paused():
        assert function(100) == 4950
    assert provider.native_calls(function) == before
    assert function(100) == 4950
    assert provider.native_calls(function) == before + 1


def test_traced_calls_run_interpreted():
    import sys

    namespace = {}
    exec("def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t", namespace)
    function = provider.eager()(namespace["f"])
    for _ in range(5):
        function(100)
    before = provider.native_calls(function)
    sys.settrace(lambda *_: None)
    try:
        assert function(100) == 4950
    finally:
        sys.settrace(None)
    assert provider.native_calls(function) == before
    function(100)
    assert provider.native_calls(function) == before + 1
