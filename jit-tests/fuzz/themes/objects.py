"""Objects of the program's own classes (`classes.py` makes them): attributes, methods, operators, and changes of classes."""

OBJ = ["K0(<int>, <float>)", "K1(<int>, <float>)", "K2(<int>, <float>)", "K2(1, 0.5)"]
KINDS = {"obj": (14, OBJ), "objs": (4, ["[K0(<int>, 1.5)]", "[K0(<int>, 1.5), K1(<int>, <float>), K2(2, <float>)]", "[]"])}

EXPRESSIONS = {
    "int": [
        "<obj>.a", "<var:obj>.a", "<var:obj>.a", "<obj>.m0(<int>)", "<var:obj>.m0(<int>)", "<var:obj>.m0(x=<int>)", "<obj>.p", "len(<obj>)",
        "<obj>[<int>]", "(<obj> + <int>)", "(<int> + <obj>)", "sum(x.a for x in <objs>)", "<K0|K1|K2>.made(<int>)", "<obj>.made(<int>)",
        "<K0|K1|K2>.shared", "<obj>.shared", "K0.m0(<obj>, <int>)", "<obj>.missing", "getattr(<obj>, '<a|shared|nothing>', <int>)", "<obj>(<int>)",
        "max((x.a for x in <objs>), default=0)", "hash(<obj>) * 0", "int(<obj>)", "(<var:obj>.m0)(<int>)", "len({<obj>: 1})", "<ints>[<obj>]",
        "isinstance(<obj>, <K0|K1|K2|(K0,K1)>)", "<var:obj>.inner.a", "operator.index(<obj>)", "(<obj> - <obj>)", "[f(<int>) for f in [<obj>.m0, <obj>.m0]][0]",
    ],
    "float": ["<obj>.b", "<var:obj>.b", "<obj>.m1()", "<var:obj>.m1()", "(<obj> * <float>)", "<obj>.scaled"],
    "bool": [
        "(<obj> == <obj>)", "(<obj> < <obj>)", "bool(<obj>)", "(not <obj>)", "(<int> in <obj>)", "(<obj> in <objs>)", "(<obj> is <obj>)", "hasattr(<obj>, '<a|nothing|p>')",
        "issubclass(type(<obj>), <K0|K1|K2>)", "(<obj> != <int>)", "(<obj> <= <obj> < <obj>)", "(<obj> and <bool>)",
    ],
    "ints": ["list(<obj>)", "<obj>.c", "[*<obj>][:4]", "[x.a for x in <objs>]", "sorted(x.a for x in <objs>)"],
    "str": ["repr(<obj>)", "type(<obj>).__name__", "str(<obj>)", "f'{<var:obj>}'"],
    "obj": ["<K0|K1|K2>(<int>, <float>)", "type(<obj>)(<int>, <float>)", "<objs>[<0|-1>]", "(<obj> if <bool> else <obj>)", "(<obj> or <obj>)", "<obj>.again(<int>)"],
    "objs": ["[<obj>, <obj>]", "[K0(i, 0.5) for i in range(<n>)]", "[x for x in <objs> if x]", "sorted(<objs>, key=lambda x: x.a)", "<objs>[:3]"],
}  # fmt: skip

STATEMENTS = [
    (8, "<put:obj> = <obj>"),
    (3, "<put:objs> = <objs>"),
    (8, "<var:obj>.a = <int>"),
    (5, "<var:obj>.a += <n>"),
    (4, "<var:obj>.b = <float>"),
    (2, "<var:obj>.b *= 0.5"),
    (3, "<var:obj>.c = <ints>"),
    (3, "if len(x := <var:obj>.c) < 9: x.append(<int>)"),
    (2, "<var:obj>.inner = <obj>"),
    (2, "<var:obj>.p = <int>"),
    (1, "<var:obj>.fresh<0|1|2> = <int>"),
    (1, "del <var:obj>.<a|c|fresh0>"),
    (2, "<o=var:obj>.a, <o>.b = <int>, <float>"),
    (2, "<var:obj>[<int>] = <int>"),
    (2, "<o=var:obj> += <int>"),
    (5, "for <i=new:int> in range(<5|12>):\n    <o=var:obj>.a = <o>.a + <i>\n    <o>.m0(<i>)\n    <block*12>"),
    (4, "for <o=new:obj> in <objs>:\n    <block*4>\n    <o>.a += 1"),
    (2, "for <x=new:int> in <obj>:\n    <block*6>"),
    (2, "for <i=new:int> in range(<4|9>):\n    <o=new:obj> = <K0|K1|K2>(<i>, <float>)\n    <put:int> = <o>.m0(<i>)\n    <block*9>"),
    (1, "K<0|1|2>.m0 = lambda self, x: <n> + x"),
    (1, "K<0|1|2>.m1 = lambda self: 1.5"),
    (1, "K<0|1|2>.shared = <int>"),
    (1, "K<0|1|2>.a = <int>"),
    (1, "K<0|1|2>.<__add__|__len__|__bool__|__lt__|__getitem__|__eq__|__index__> = lambda *a: <n>"),
    (1, "K<0|1|2>.p = property(lambda self: <n>)"),
    (1, "K<0|1|2>.__getattr__ = lambda self, name: <n>"),
    (1, "if 'm0' in K2.__dict__: del K2.m0"),
    (1, "<o=var:obj>.m0 = lambda x: <n>"),
    (1, "<o=var:obj>.__class__ = <K0|K1|K2>"),
    (1, "<o=var:obj>.__dict__['a'] = <int>"),
    (1, "<f=own:bound> = <obj>.m0\n<put:int> = <f>(<int>)\nfor <i=new:int> in range(6):\n    <f>(<i>)\n    <block*6>"),
    (1, "class <L=tmp>(<K0|K1|K2>):\n    a = <int>\n    def m0(self, x):\n        return super().m0(x) + 1\n<put:obj> = <L>(<int>, <float>)"),
]
