"""Match statements."""

KINDS = {
    "point": (4, ["Point(<int>, <int>)", "Point(0, <int>)", "Point(1, 2)"]),
    "shape": (6, ["('go', <int>)", "['stop']", "{'kind': <int>}", "<int>", "'text'", "(<int>, [<int>, <int>], <float>)", "None"]),
}

PRELUDE = [
    """
class Point:
    __match_args__ = ('x', 'y')
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def __repr__(self):
        return 'Point'
""",
    """
class Colour:
    RED = 1
    BLUE = 2
""",
]

EXPRESSIONS = {
    "int": ["<point>.x", "<point>.y"],
    "point": ["Point(<int>, <int>)"],
    "shape": ["(<str>, <int>)", "[<int>, <int>, <float>]", "{'kind': <int>, 'more': <float>}", "<point>", "<tuple>", "<int>", "<ints>"],
}

STATEMENTS = [
    (5, "<put:shape> = <shape>"),
    (6, "match <shape>:\n    case ('go', <n=new:int>):\n        <block>\n    case [<a=new:int>, *<rest=new:ints>]:\n        <block>\n    case {'kind': <k=new:int>, **<r=tmp>}:\n        <block>\n    case int(<i=new:int>) | (str() as <i>):\n        <block>\n    case _:\n        <block>"),
    (3, "match <point>:\n    case Point(0, <y=new:int>):\n        <block>\n    case Point(x=<x=new:int>, y=<z=new:int>) if <x> > <z>:\n        <block>\n    case Point():\n        <block>"),
    (3, "match <int>:\n    case 0 | 1 | -1:\n        <block>\n    case Colour.BLUE:\n        <block>\n    case <i=new:int> if <i> & 1:\n        <block>\n    case 9223372036854775808 | 1073741824:\n        <block>"),
    (2, "match (<int>, <str>):\n    case (1, 'a') | (2, 'b'):\n        <block>\n    case (<a=new:int>, <s=new:str>):\n        <block>"),
    (2, "match <shape>:\n    case None:\n        <block>\n    case float() | int():\n        <block>\n    case (<x=tmp>, [<y=tmp>, <z=tmp>], <w=tmp>):\n        log.append((<x>, <y>, <z>, <w>))\n    case Point(<x>, <y>):\n        log.append(<x>)\n    case <other=tmp>:\n        log.append(type(<other>).__name__)"),
    (2, "for <s=new:shape> in (<shape>, <shape>, <int>):\n    match <s>:\n        case [] | [_]:\n            <block*3>\n        case str(<t=new:str>):\n            <block*3>\n        case (_, <v=tmp>) if <v>:\n            <continue|break|pass>"),
]
