"""When objects die: `__del__` and the callbacks of weak references write to the log."""

KINDS = {
    "mortal": (9, ["Mortal(<int>)", "Mortal(1, Mortal(2))", "Mortal(3)"]),
    "mortals": (4, ["[Mortal(<int>)]", "[Mortal(1), Mortal(2), <int>]", "[]"]),
}

PRELUDE = [
    """
class Mortal:
    count = 0
    def __init__(self, tag, inner=None):
        Mortal.count += 1
        self.tag = tag
        self.inner = inner
    def __del__(self):
        Mortal.count -= 1
        if len(log) < 400:
            log.append(('dies', self.tag))
    def __add__(self, other):
        return Mortal(('sum', self.tag), None)
    def __iadd__(self, other):
        self.tag = ('grown', other)
        return self
    def __eq__(self, other):
        return Mortal(('eq', self.tag))
    def __bool__(self):
        return self.tag != 3
    __hash__ = object.__hash__
    def __repr__(self):
        return 'Mortal'
    def pair(self, other):
        return Mortal(('pair', self.tag), other)
    def __getitem__(self, index):
        return Mortal(('item', index))
    def __call__(self, *values):
        return Mortal(('called', len(values)))
""",
    """
def watch(target, name):
    def gone(_):
        if len(log) < 400:
            log.append(('gone', name))
    return weakref.ref(target, gone)
""",
    """
def note(*what):
    if len(log) < 300:
        log.append(what)
""",
]

EXPRESSIONS = {
    "int": ["Mortal.count", "len(<mortals>)", "(note('x') or <int>)", "Mortal(<int>).count", "hash(<mortal>) * 0", "isinstance(<mortal>.tag, int)"],
    "bool": ["(<mortal> is <mortal>)", "(not <mortal>)", "(<mortal> in <mortals>)", "(watch(<mortal>, <int>)() is None)"],
    "mortal": [
        "(<mortal> + <int>)", "<mortal>.pair(<mortal>)", "(<mortal> or <mortal>)", "(<mortal> if <bool> else <mortal>)",
        "<mortal>[<int>]", "<mortal>(<mortal>)", "(<mortal> == <mortal>)", "Mortal(<int>, <mortal>)", "[<mortal>, <mortal>][<0|1>]",
        "(lambda x: x)(<mortal>)", "(lambda x: Mortal(5))(<mortal>)",
    ],
    "mortals": ["[<mortal>, <mortal>]", "[<mortal> for _ in range(<n>)]", "<mortals>[:1]", "[x for x in <mortals> if x]"],
}  # fmt: skip

STATEMENTS = [
    (7, "<put:mortal> = <mortal>"),
    (3, "<m=var:mortal> = <<m>.inner|None|None>; note('after')"),
    (2, "<m=var:mortal> += <int>"),
    (2, "<mortal>; note('dropped')"),
    (3, "<m=tmp> = <mortal>\ndel <m>; note('deleted')"),
    (2, "<a=var:mortal>, <b=var:mortal> = <b>, <a>"),
    (2, "<a=var:mortal>.inner = <mortal>; note('stored')"),
    (3, "<put:mortals> = <mortals>"),
    (2, "if len(x := <var:mortals>) < 9: x.append(<mortal>)"),
    (2, "if x := <var:mortals>: x[<-1|0>] = <<mortal>|None|0>; note('replaced')"),
    (1, "if x := <var:mortals>: x.pop(); note('popped')"),
    (1, "<var:mortals>.clear(); note('cleared')"),
    (3, "for <m=new:mortal> in <mortals>:\n    note('turn')\n    <block*4>"),
    (2, "for <i=new:int> in range(<3|6>):\n    <m=new:mortal> = Mortal(<i>)\n    <block*6>"),
    (2, "for <i=new:int> in range(<3|6>):\n    <mortal>\n    note('turn', <i>)\n    if <bool>: <break|continue>"),
    (1, "try:\n    <m=new:mortal> = <mortal>\n    <block>\n    raise ValueError(<m>)\nexcept ValueError as <e=tmp>:\n    note('caught')\nnote('left')"),
    (1, "<w=tmp> = watch(<m=var:mortal>, <int>)\n<m> = None\nnote(<w>() is None)"),
    (1, "<c=tmp> = lambda: <m=var:mortal>\n<m> = <c>().inner\nnote('rebound')"),
]
