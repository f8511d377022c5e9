"""The classes K0, K1 and K2 of a program: layouts, operators, and methods with bodies of their own.

Each has the attributes `a` (int), `b` (float), `c` (ints), `inner`, `shared`; the methods `m0(x)`, `m1()`, `made(x)`,
`again(x)`; the properties `p` and `scaled`; and some of the operators. How they come by all that differs.
"""

from fuzz.themes import Themes

#: Operators: each with a side effect, most with a plain result.
OPERATORS = {
    "__add__": ("other", "self.a + (other if type(other) is int else 1)"),
    "__radd__": ("other", "other + self.a"),
    "__sub__": ("other", "self.a - other.a"),
    "__iadd__": ("other", "self"),
    "__mul__": ("other", "self.b * other"),
    "__eq__": ("other", "self is other or self.a == getattr(other, 'a', other)"),
    "__lt__": ("other", "self.a < other.a"),
    "__le__": ("other", "'less' if self.a <= other.a else ''"),
    "__hash__": ("", "hash(self.a)"),
    "__bool__": ("", "self.a % 3 != 0"),
    "__len__": ("", "self.a % 5"),
    "__index__": ("", "self.a % 3"),
    "__int__": ("", "int(self.b % 100)"),
    "__getitem__": ("index", "self.c[index]"),
    "__setitem__": ("index, value", "self.c.__setitem__(index % 3, value)"),
    "__contains__": ("item", "item in self.c"),
    "__iter__": ("", "iter(self.c)"),
    "__repr__": ("", "'K' + str(self.a % 7)"),
    "__call__": ("x", "self.a ^ x"),
    "__getattr__": ("name", "7 if name == 'missing' else self.nothing_at_all() if name != 'nothing_at_all' else 1 // 0"),
    "__del__": ("", "None"),
}

META = """
class Meta(type):
    def __call__(cls, *values):
        log_it('new', cls.__name__)
        return super().__call__(*values)
    def __getattr__(cls, name):
        return 11
"""

LOG = """
def log_it(*what):
    if len(log) < 300:
        log.append(what)
"""


def source_of(values, make_function, features):
    """Lines of the three classes."""
    lines = LOG.strip("\n").splitlines()
    meta = values.chance(0.15)
    if meta:
        lines += META.strip("\n").splitlines()
    bases = {"K0": "", "K1": values.pick(["", "K0", "K0"]), "K2": values.pick(["", "K0", "K1"])}
    slotted = set()
    for name, base in bases.items():
        slots = values.chance(0.25) and (not base or base in slotted)
        if slots:
            slotted.add(name)
        head = ", ".join(filter(None, [base, "metaclass=Meta" if meta and not base else ""]))
        lines.append(f"class {name}({head}):" if head else f"class {name}:")
        body = members(values, base, slots, make_function, features)
        lines += ["    " + line for line in body]
    return lines


def members(values, base, slots, make_function, features):
    """The body of one class; one with a base leaves most of it to that."""
    chance = values.chance
    body = []
    if slots:
        own = ["a", "b", "c", "inner", "other"] if not base else ["more"]
        body.append(f"__slots__ = {tuple(own)!r}")
    if not base or chance(0.3):
        body.append(f"shared = {values.int_literal()}")
    if not slots and chance(0.2):
        body.append(f"c = [1, {values.int_literal()}]")
    if not base or chance(0.3):
        body += constructor(values, base)
    if not base or chance(0.5):
        body += method(values, "m0", [("x", "int")], "int", make_function, features)
    if not base or chance(0.3):
        body += method(values, "m1", [], "float", make_function, features)
    if not base or chance(0.2):
        body += ["@property", "def p(self):", "    return self.a + 1"]
        if chance(0.5):
            body += ["@p.setter", "def p(self, value):", "    log_it('set p')", "    self.a = value"]
        body += ["@property", "def scaled(self):", f"    return self.b * {values.float_literal()}"]
        body += [values.pick(["@classmethod", "@staticmethod"]), "def made(*values):", "    return len(values)"]
        body += ["def again(self, x):", "    return type(self)(x, self.b)"]
    for name, (parameters, result) in OPERATORS.items():
        if chance(0.3 if not base else 0.1) or (name == "__repr__" and not base):
            rare = name in ("__getattr__", "__del__") and chance(0.5)
            if not rare:
                body += operator(name, parameters, result)
    if any("def __eq__" in line for line in body) and not any("def __hash__" in line for line in body) and chance(0.8):
        body.append("__hash__ = object.__hash__")
    return body or ["pass"]


def constructor(values, base):
    lines = ["def __init__(self, a, b=0.5):"]
    if base and values.chance(0.6):
        return [*lines, "    super().__init__(a, b)", f"    self.b = {values.float_literal()}"]
    assignments = ["self.a = a", "self.b = b", f"self.c = [a, {values.int_literal()}, 3]", "self.inner = self"]
    if values.chance(0.8):
        assignments[3] = "self.inner = None"
    values.random.shuffle(assignments)
    return lines + ["    " + line for line in assignments]


def method(values, name, parameters, result, make_function, features):
    """A method with statements of its own."""
    lines, _ = make_function(
        values, name, [("self", "obj"), *parameters], result, [], 0.0, features,
        values.random.randrange(0, 3), shape="method", themes=Themes(["attributes"]),
    )  # fmt: skip
    return lines


def operator(name, parameters, result):
    head = ", ".join(filter(None, ["self", parameters]))
    lines = [f"def {name}({head}):"]
    if name == "__iadd__":
        lines.append("    self.a += 1")
    if name not in ("__getattr__", "__hash__", "__repr__"):
        lines.append(f"    log_it({name!r}, self.a)" if name != "__del__" else f"    log_it({name!r})")
    return [*lines, f"    return {result}"]
