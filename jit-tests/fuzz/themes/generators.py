"""Generators and coroutines: iterated, sent to, thrown into, closed, left half way; generator expressions."""

KINDS = {"gen": (9, ["counting(<n>)", "iter(<ints>)", "echoing(<int>)", "(x for x in (1, 2, 3))"])}

PRELUDE = [
    """
def counting(n):
    try:
        for i in range(n % 7):
            yield i * 3
    finally:
        note('counted')
""",
    """
def echoing(start):
    value = start
    for turn in range(6):
        try:
            got = yield value
        except ValueError as error:
            note('thrown', str(error), turn)
            got = -1
        value = (value + (got if got is not None else 1)) & 0xFFFF
    return value
""",
    """
def delegating(n, *sources):
    result = yield from counting(n)
    for source in sources:
        result = yield from source
    note('delegated', result)
    return n
""",
    """
def flat(items):
    for item in items:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item
""",
    """
def pipeline(source, function):
    for item in source:
        yield function(item)
""",
    """
class Waits:
    def __init__(self, value):
        self.value = value
    def __await__(self):
        got = yield self.value
        return got
async def waiting(n):
    total = 0
    for i in range(n % 5):
        total += await Waits(i)
    async with Context() as value:
        total += value
    return total
class Context:
    async def __aenter__(self):
        return 5
    async def __aexit__(self, *error):
        note('aexit', error[0] is None)
def run_to_end(coroutine):
    try:
        got = coroutine.send(None)
        while True:
            got = coroutine.send(got + 1)
    except StopIteration as stop:
        return stop.value
""",
    """
def note(*what):
    if len(log) < 300:
        log.append(what)
""",
]

EXPRESSIONS = {
    "int": [
        "next(<gen>, <int>)", "next(<var:gen>)", "next(<var:gen>, <int>)",
        "sum(<gen>)", "sum(x * <int> for x in <gen>)", "max(<gen>, default=<n>)", "len(list(<gen>))",
        "sum(x for x in <ints> if x > <int>)", "next((x for x in <ints> if x > <int>), <int>)",
        "sum(1 for x, y in zip(<gen>, <ints>) if x < y)",
        "run_to_end(waiting(<n>))", "len([*<gen>, *<gen>])",
        "(lambda a, *b: a + len(b))(<int>, *<gen>)",
    ],
    "bool": ["any(x > <int> for x in <gen>)", "all(x < <int> for x in <gen>)", "(<int> in <gen>)"],
    "ints": ["list(<gen>)[:9]", "sorted(<gen>)", "[x for x in <gen>]", "list(flat([<int>, [<int>, [<int>]], []]))", "[*map(lambda x: x + 1, <gen>)]"],
    "str": ["''.join(str(x) for x in <gen>)[:9]"],
    "gen": [
        "counting(<int>)", "echoing(<int>)", "delegating(<n>, <gen>)", "delegating(<n>, echoing(<int>))",
        "(x + <n> for x in <gen>)", "(x * y for x in <ints> for y in (1, <int>))", "pipeline(<gen>, lambda x: x - 1)",
        "flat([<int>, <ints>[:3]])", "iter(<ints>)", "map(lambda x: x ^ <int>, <ints>)", "(i for i in range(<n>) if i != <int>)",
    ],
}  # fmt: skip

STATEMENTS = [
    (7, "<put:gen> = <gen>"),
    (5, "for <x=new:int> in <var:gen>:\n    <block*6>\n    if <bool>: break"),
    (4, "for <x=new:int> in <gen>:\n    <block*6>"),
    (2, "for <i=new:int>, <x=new:int> in enumerate(<gen>):\n    <block*6>"),
    (2, "for <x=new:int>, <y=new:int> in zip(<gen>, <gen>):\n    <block*6>"),
    (2, "<g=put:gen> = echoing(<int>)\nnext(<g>)\n<put:int> = <g>.send(<int>)"),
    (2, "try:\n    note(<g=var:gen>.send(<<int>|None>))\nexcept (StopIteration, TypeError, AttributeError) as <e=tmp>:\n    note(type(<e>).__name__, getattr(<e>, 'value', None))"),
    (2, "try:\n    note(<g=var:gen>.throw(ValueError('in')))\nexcept (StopIteration, ValueError, AttributeError) as <e=tmp>:\n    note(type(<e>).__name__)"),
    (1, "if hasattr(<g=var:gen>, 'close'): <g>.close()"),
    (1, "del <gone:gen>; note('dropped')"),
    (2, "<g=own:gen> = counting(<6|13>); next(<g>)\n<g> = None\nnote('half way')"),
    (3, "def <g=tmp>(<n=tmp:int>):\n    for <i=tmp:int> in range(min(abs(<n>), 6)):\n        <scoped>yield <int>\n<put:gen> = <g>(<int>)"),
    (2, "def <g=tmp>(<n=tmp:int>):\n    <t=tmp:int> = <n>\n    while <t> % 8:\n        <t> = (<t> + 1) & 15\n        try:\n            <scoped>yield <int>\n        finally:\n            note('f', <t>)\nfor <x=new:int> in <g>(<int>):\n    <block*6>\n    if <bool>: break"),
    (1, "def <g=tmp>():\n    <r=tmp:int> = yield <n>\n    <scoped>return <int>\n<y=tmp> = <g>(); next(<y>)\ntry:\n    <y>.send(<int>)\nexcept StopIteration as <e=tmp>:\n    note(<e>.value)"),
    (1, "<put:int> = run_to_end(waiting(<n>))"),
]
