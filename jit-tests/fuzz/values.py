"""Literals and argument texts: everything sits at a border where some fast path ends."""

import re

INT_BORDERS = (
    [0, 1, -1, 2, 3, -3, 5, 7, 10, 31, 63, 64, 100, 255, 256, 257, -5, -6, 1000, 65535]
    + [sign * (base + offset) for base in (2**30, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64)
       for offset in (-1, 0, 1) for sign in (1, -1)]
    + [10**18, -(10**18), 10**25, 0x9E3779B97F4A7C15, 1000003, 0xFFFFFFFF]
)
SMALL_INTS = [0, 1, 2, 3, 4, 5, 7, 8, -1, -2, -3, 10, 13]
FLOAT_BORDERS = [
    "0.0", "-0.0", "1.0", "-1.0", "0.5", "2.0", "-2.5", "3.75", "0.1", "1e16", "-1e16", "1e308",
    "-1e308", "5e-324", "2.2250738585072014e-308", "9007199254740993.0", "4611686018427387904.0",
    "9223372036854775808.0", "-9223372036854775808.0", "1.8446744073709552e+19", "inf", "-inf", "nan",
]  # fmt: skip
MASKS = ["0xFF", "0xFFFF", "0x7FFFFFFF", "0xFFFFFFFF", "0xFFFFFFFFFFFFFFFF", "0x7FFFFFFFFFFFFFFF", "1", "-1", "-8"]
STRINGS = ["''", "'a'", "'abc'", "'hello'", "'é😀z'", "'x y'"]
BYTES = ["b''", "b'a'", "b'abc\\xff\\x00'", "b'hello'"]
TYPECODES = "bBhHiIlLqQ"

#: Every type that all programs have, and how often a variable or parameter gets it; themes have more.
TYPES = {
    "int": 30, "float": 16, "bool": 5, "str": 5, "bytes": 3, "bytearray": 4, "ints": 14,
    "floats": 8, "tuple": 4, "mixed": 3, "array": 3,
}  # fmt: skip


class Values:
    """Random literals from one random source."""

    def __init__(self, random, kinds=None):
        self.random = random
        self.forms = {kind: forms for kind, (_, forms) in (kinds or {}).items()}
        self.types = TYPES | {kind: weight for kind, (weight, _) in (kinds or {}).items()}

    def pick(self, items):
        return items[int(self.random.random() * len(items))]

    def chance(self, share):
        return self.random.random() < share

    def kind(self):
        """A type by weight."""
        return self.random.choices(list(self.types), self.types.values())[0]

    def int_literal(self, small=0.6):
        value = self.pick(SMALL_INTS) if self.chance(small) else self.pick(INT_BORDERS)
        return str(value) if value >= 0 else f"({value})"

    def float_literal(self):
        text = self.pick(FLOAT_BORDERS[:10] if self.chance(0.7) else FLOAT_BORDERS)
        if text in ("inf", "-inf", "nan"):
            return f"float('{text}')"
        return f"({text})" if text.startswith("-") else text

    def literal(self, kind):
        """A literal of `kind`, which is also what an argument of that kind looks like."""
        items = self.random.choice((0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6))
        if kind == "int":
            return self.int_literal()
        if kind == "float":
            return self.float_literal()
        if kind == "bool":
            return self.pick(["True", "False"])
        if kind == "str":
            return self.pick(STRINGS)
        if kind == "bytes":
            return self.pick(BYTES)
        if kind == "bytearray":
            return f"bytearray({self.pick(BYTES)})"
        if kind == "ints":
            return "[" + ", ".join(self.int_literal(0.8) for _ in range(items)) + "]"
        if kind == "floats":
            return "[" + ", ".join(self.float_literal() for _ in range(items)) + "]"
        if kind == "tuple":
            return f"({self.int_literal()}, {self.float_literal()})"
        if kind == "array":
            code = self.pick(TYPECODES)
            return f"array('{code}', [{', '.join(str(self.random.randrange(100)) for _ in range(items))}])"
        if kind == "mixed":
            kinds = [self.pick(["int", "float", "bool", "str"]) for _ in range(items)]
            return "[" + ", ".join(self.literal(item) for item in kinds) + "]"
        if kind == "n":
            return str(self.random.randrange(6))
        return re.sub(r"<(\w+)>", lambda match: self.literal(match[1]), self.pick(self.forms[kind]))

    def odd_argument(self, kind):
        """An argument that is not quite what the parameter had before."""
        if self.chance(0.3):
            return self.pick([self.literal(self.kind()), "None", "Evil(1)", "Evil(0)", "Evil(3)"])
        if kind in ("int", "bool"):
            options = ["MyInt(5)", "MyInt(2**70)", "2.5", "True", "False", str(2**63), "1.0", "2**70", "-(2**65)"]
        elif kind == "float":
            options = ["MyFloat(0.5)", "3", "2**63", "True", "10**400", "MyInt(2)"]
        else:
            options = ["MyList([1, 2, 3])", "[1, 2.5, True]", "(1, 2, 3)", "range(4)", "[True, 2**70]", "[Evil(2)]",
                       "bytearray(b'abc')", "array('i', [1, 2, 3])"]
        return self.pick(options)
