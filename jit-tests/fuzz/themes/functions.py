"""Closures, nonlocal variables, defaults, keyword arguments, *args and **kwargs, decorators, recursion."""

KINDS = {"fn": (7, ["abs", "(lambda x: x + 1)", "(lambda x, y=2: x * y)", "(lambda *a: len(a))", "int"])}

PRELUDE = [
    """
def spread(a, b=2, *rest, c=3, **more):
    if len(log) < 300:
        log.append((a, b, rest, c, more))
    return a
""",
    """
def only(a, /, b, *, c=1):
    return a if c else b
""",
    """
def twice(function):
    def inner(*values, **names):
        return function(function(*values, **names))
    return inner
""",
    """
def deep(n, limit):
    if n >= limit:
        return n
    return deep(n + 1, limit) + 1
""",
    """
def even(n):
    return n == 0 or odd(n - 1)
def odd(n):
    return n != 0 and even(n - 1)
""",
    """
def endless(n):
    global g0
    g0 = n
    return endless(n + 1)
""",
]

EXPRESSIONS = {
    "int": [
        "<fn>(<int>)",
        "<var:fn>(<int>)",
        "spread(<int>)", "spread(<int>, <int>)", "spread(<int>, c=<int>)", "spread(a=<int>, b=<int>)",
        "spread(*[<int>, <int>, <int>])", "spread(<int>, *<ints>[:3], c=<float>, d=1)", "spread(<int>, **{'c': <int>, 'x': 2})",
        "spread(<int>, *<tuple>, **{'k': <int>})",
        "only(<int>, <int>)", "only(<int>, b=<int>)", "only(<int>, <int>, c=<int>)", "only(<int>, c=0, b=<int>)",
        "twice(<fn>)(<int>)",
        "deep(0, <0|3|17>)",
        "(lambda x, y=<int>: x - y)(<int>)",
        "(lambda *a, **k: len(a) - len(k))(<int>, *<ints>[:2], z=1)",
        "sum(map(<fn>, <ints>))",
        "[f(<int>) for f in (<fn>, <fn>)][-1]",
        "functools.reduce(lambda x, y: (x + y) & 0xFFFF, <ints>, 1)",
        "max(<int>, <int>, key=<fn>)",
        "functools.partial(spread, <int>)(b=<int>)",
    ],
    "bool": ["even(<3|8|11>)", "odd(<3|8>)", "callable(<fn>)"],
    "fn": ["(lambda x: x - <int>)", "(lambda x, k=<int>: x ^ k)", "twice(<fn>)", "(<fn> if <bool> else <fn>)", "[<fn>, abs][<0|1>]"],
}  # fmt: skip

STATEMENTS = [
    (6, "<put:fn> = <fn>"),
    (4, "def <f=put:fn>(<a=tmp:int>, <b=tmp:int>=<int>):\n    <scoped>return <int>\n<put:int> = <f>(<int>)"),
    (4, "<n=own:int> = <int>\ndef <f=put:fn>(<a=tmp:int>=1):\n    nonlocal <n>\n    <n> = (<n> + <a> * 3) & 0xFFFFF\n    <scoped>return <int>\n<put:int> = <f>(<int>) + <f>(<int>)"),
    (2, "def <f=put:fn>(*<a=tmp>, <k=tmp:int>=<int>, **<w=tmp>):\n    return len(<a>) + <k> + len(<w>)\n<put:int> = <f>(<int>, <k>=<int>, q=1)"),
    (2, "<fs=tmp> = [lambda x, i=i: x + i for i in range(3)]\n<put:int> = sum(f(<int>) for f in <fs>)"),
    (2, "<fs=tmp> = [lambda x: x + i for i in range(3)]\n<put:int> = sum(f(<int>) for f in <fs>)"),
    (2, "for <i=new:int> in range(<3|8>):\n    def <f=put:fn>(<a=tmp:int>=0):\n        <scoped>return <int>\n    <put:int> = <f>(<i>)\n    <block*8>"),
    (1, "def <f=tmp>(<d=tmp:int>):\n    <scoped>return <int> if <d> <= 0 else <f>(<d> - 1)\n<put:int> = <f>(<3|9>)"),
    (1, "@twice\ndef <f=put:fn>(<a=tmp:int>):\n    <scoped>return <int>\n<put:int> = <f>(<int>)"),
    (2, "spread(<int>, <float>, <mixed>, d=<int>)"),
    (1, "try:\n    <<fn>()|only(1)|only(a=1,b=2)|spread()|spread(1,a=2)|only(1,2,3)|spread(*3)|spread(1,**2)>\nexcept TypeError as <e=tmp>:\n    log.append(str(<e>)[-60:])"),
    (1, "spread.__defaults__ = (<int>,); log.append(spread(1))"),
    (1, "spread.__kwdefaults__ = {'c': <int>}"),
    (1, "only.__code__ = (lambda a, /, b, *, c=1: <a|b|c>).__code__"),
    (1, "try:\n    endless(0)\nexcept RecursionError as <e=tmp>:\n    log.append((g0 > 0, str(<e>)))"),
]
