"""What methods of generated classes do with their own object: no operators and no methods, which could call them again."""

KINDS = {"obj": (8, ["K0(<int>, <float>)"])}

EXPRESSIONS = {
    "int": ["self.a", "self.a", "<obj>.a", "self.shared"],
    "float": ["self.b", "self.b", "<obj>.b"],
    "ints": ["self.c"],
}

STATEMENTS = [
    (6, "self.a = <int>"),
    (4, "self.a += <n>"),
    (3, "self.b = <float>"),
    (2, "self.c = <ints>"),
    (2, "if len(self.c) < 9: self.c.append(<int>)"),
    (1, "self.inner = <obj>"),
    (1, "if len(log) < 300: log.append(('in', self.a))"),
]
