"""Random expressions of a wanted type.

Growth is bounded so that every program ends soon: inside loops a product of two large operands is reduced
at once, shift counts are small, and strings and lists that are assigned are cut to a few items.
"""

from fuzz.values import INT_BORDERS, MASKS, SMALL_INTS

COMPARE = ["<", "<=", "==", "!=", ">", ">="]
NUMBERS = ("int", "float", "bool")


class Expressions:
    """Needs from its subclass: `values`, `scope` (name -> type), `multiplier`, and `call_of(kind, depth)`."""

    def variables(self, *kinds):
        return [name for name, kind in self.scope.items() if kind in kinds]

    def variable(self, *kinds):
        names = self.variables(*kinds)
        return self.values.pick(names) if names else None

    def expression(self, kind, depth=3):
        """An expression of `kind`; rarely, on purpose, of another."""
        pick, chance = self.values.pick, self.values.chance
        if chance(self.chaos):
            kind = self.values.kind()
            evil = self.variable("evil")
            if evil and chance(0.5):
                return evil
        if depth <= 0 or chance(0.3):
            name = self.variable(kind)
            if name and chance(0.85):
                return name
            if kind in NUMBERS and depth > -2 and chance(0.5):
                # A literal alone would often be folded away; tie it to something unknown.
                other = self.variable(*NUMBERS)
                if other:
                    return f"({other} {pick(['+', '-', '*'])} {pick(SMALL_TEXT)})"
            return self.values.literal(kind)
        if chance(0.08):
            return f"({self.expression(kind, depth - 1)} if {self.condition(depth - 1)} else {self.expression(kind, depth - 1)})"
        if chance(0.10):
            called = self.call_of(kind, depth)
            if called:
                return called
        if chance(0.03) and kind in ("int", "float", "str"):
            return f"({self.expression(kind, depth - 1)} {pick(['and', 'or'])} {self.expression(kind, depth - 1)})"
        return getattr(self, "_" + kind)(depth)

    # Numbers

    def _int(self, depth):
        values, pick = self.values, self.values.pick
        choice = values.random.random()
        if choice < 0.50:
            return self._int_operation(depth)
        if choice < 0.58:
            return f"({pick(['-', '~', '+', '-'])}{self.expression('int', depth - 1)})"
        if choice < 0.68:
            element = self.element(["ints", "bytes", "bytearray", "array"], depth)
            return element or self._int_operation(depth)
        if choice < 0.74:
            return f"len({self.expression(pick(['ints', 'floats', 'str', 'bytes', 'tuple', 'bytearray']), depth - 2)})"
        if choice < 0.80:
            return self._mixing(depth)
        a, b = self.expression("int", depth - 1), self.expression("int", depth - 1)
        x = self.expression("float", depth - 1)
        return pick(
            [
                f"abs({a})",
                f"min({a}, {b})",
                f"max({a}, {b})",
                f"int({x})" if values.chance(0.3) else f"int({a})",
                f"round({x})" if values.chance(0.3) else f"round({a})",
                f"divmod({a}, {b} or 1)[{pick(['0', '1'])}]",
                f"pow({a}, {values.random.randrange(0, 5)}, {pick(['7', '1000003', '(2**61 - 1)', '-5'])})",
                f"sum({self.expression('ints', depth - 2)})",
                f"ord({self.expression('str', depth - 2)}[:1] or 'q')",
                f"({a}).bit_length()" if values.chance(0.3) else f"int({a} > {b})",
                f"({self.expression('bool', depth - 1)} + {a})",
                f"sum(i * 2 for i in range({values.random.randrange(5)}))",
                f"int({a} == {x})",
            ]
        )

    def _int_operation(self, depth):
        values, pick, chance = self.values, self.values.pick, self.values.chance
        operator = pick(["+", "+", "-", "-", "*", "*", "//", "%", "<<", ">>", "&", "|", "^", "**"])
        chaos = self.chaos
        if operator == "*":
            self.chaos = 0  # a list times a border value would fill the memory
        left, right = self.expression("int", depth - 1), self.expression("int", depth - 1)
        self.chaos = chaos
        if operator in ("//", "%"):
            if chance(0.93):
                right = pick(SMALL_TEXT) if chance(0.5) else f"({right} or 1)"
            return f"({left} {operator} {right})"
        if operator == "*":
            if self.multiplier > 1:
                if chance(0.5):
                    return f"({left} * {pick(SMALL_TEXT)})"
                return self._reduced(f"{left} * {right}")
            return f"({left} * {right})"
        if operator == "<<":
            count = pick(["1", "3", "13", "31", "32", "64"]) if chance(0.5) else f"({right} & 7)"
            return self._reduced(f"({left} << {count})") if chance(0.4) else f"({left} << {count})"
        if operator == ">>":
            count = pick(["1", "7", "33", "63", "64", "100"]) if chance(0.8) else f"({right} & 63)"
            if chance(0.03):
                count = right
            return f"({left} >> {count})"
        if operator == "**":
            power = f"{left} ** {pick(['0', '1', '2', '2', '2', '3', '4']) if chance(0.97) else '(-1)'}"
            return self._reduced(f"({power})") if self.multiplier > 1 else f"({power})"
        if operator == "&" and chance(0.5):
            right = pick(MASKS)
        return f"({left} {operator} {right})"

    def _reduced(self, text):
        pick = self.values.pick
        if self.values.chance(0.6):
            return f"({text} & {pick(MASKS[:7])})"
        return f"(({text}) % {pick(['1000003', '2**61', '97', '(2**31 - 1)', '2.0**40'][:4])})"

    def _mixing(self, depth):
        """The shapes of hashes and random number generators, where only the low bits matter."""
        a, b = self.expression("int", depth - 1), self.expression("int", depth - 1)
        mask = self.values.pick(MASKS[2:6])
        return self.values.pick(
            [
                f"(({a} * 1103515245 + 12345) & {mask})",
                f"(({a} ^ ({b} & {mask}) >> 7) * 0x9E3779B1 & {mask})",
                f"((({a} << 13) ^ {b}) & {mask})",
                f"(({a} & {mask}) * ({b} & {mask}) & {mask})",
                f"(({a} - {b}) & {mask})",
                f"((-{a}) & {mask})",
                f"(({a} & {mask}) >> 17 | ({b} << 47) & {mask})",
            ]
        )

    def _float(self, depth):
        pick, chance = self.values.pick, self.values.chance
        left = self.expression("float", depth - 1)
        right = self.expression("float" if chance(0.6) else "int", depth - 1)
        if chance(0.2):
            left, right = right, left
        choice = self.values.random.random()
        if choice < 0.6:
            operator = pick(["+", "+", "-", "*", "*", "/", "//", "%"])
            if operator in ("/", "//", "%") and chance(0.93):
                right = f"({right} or 1.5)"
            if operator == "*" and self.multiplier > 1:
                # Should an int sneak in, repeated squaring would never end.
                if chance(0.3):
                    return f"({left} * {right} % {pick(['1000.0', '7.5', '1e300'])})"
                right = pick(["0.5", "1.5", "(-1.0)", "3", "0.1", "1e10"])
            return f"({left} {operator} {right})"
        if choice < 0.7:
            return self.element(["floats"], depth) or f"(-{left})"
        return pick(
            [
                f"(-{left})",
                f"abs({left})",
                f"min({left}, {right})",
                f"max({left}, {right})",
                f"float({right})",
                f"math.sqrt(abs({left}))",
                f"math.sqrt({left} % 9.0)",
                f"math.floor({left} % 100)",
                f"math.sin({left})" if chance(0.5) else f"math.atan2({left}, {right})",
                f"({self.expression('int', depth - 1)} / ({self.expression('int', depth - 1)} or 3))",
                f"sum({self.expression('floats', depth - 2)})",
                f"round({left}, {pick(['0', '2', '-1'])})",
                f"(abs({left}) ** {pick(['0.5', '-1', '0', '0.25'] if self.multiplier > 1 else ['0.5', '2', '-1', '2.0'])})",
                f"(({left}) * 0.5 + {right})",
            ]
        )

    def _bool(self, depth):
        return self.condition(depth)

    def condition(self, depth=2):
        """Something whose truth is asked for; mostly a comparison."""
        values, pick, chance = self.values, self.values.pick, self.values.chance
        choice = values.random.random()
        if depth <= 0 or choice < 0.55:
            kind = pick(["int", "int", "int", "int", "float", "float", "str"]) if chance(0.9) else "bool"
            other = kind if chance(0.85) or kind == "str" else pick(["int", "float", "bool"])
            left, right = self.expression(kind, depth - 1), self.expression(other, depth - 1)
            if chance(0.1):
                return f"({left} {pick(COMPARE)} {right} {pick(COMPARE)} {self.expression(kind, depth - 1)})"
            return f"({left} {pick(COMPARE)} {right})"
        if choice < 0.65:
            return f"(not {self.condition(depth - 1)})"
        if choice < 0.80:
            return f"({self.condition(depth - 1)} {pick(['and', 'or'])} {self.condition(depth - 1)})"
        if choice < 0.90:
            container = pick(["ints", "floats", "tuple", "bytes", "mixed"])
            value = self.expression("int", depth - 1)
            if chance(0.3):
                # Short ranges only: for anything but an int CPython searches them item by item.
                start, step = values.pick(INT_BORDERS), pick([1, 2, -3])
                return f"({value} in range({start}, {start + step * values.random.randrange(20)}, {step}))"
            if container == "bytes":
                value = f"({value} & 255)"
            return f"({value} {pick(['in', 'not in'])} {self.expression(container, depth - 1)})"
        if choice < 0.95:
            return f"isinstance({self.expression(self.values.kind(), depth - 1)}, {pick(['int', 'float', 'bool', '(int, float)', 'list'])})"
        if choice < 0.97:
            return f"({self.expression(pick(['ints', 'mixed']), 0)} is {self.expression(pick(['ints', 'mixed']), 0)})"
        if chance(0.5):
            return f"bool({self.expression(values.kind(), depth - 1)})"
        return self.expression("bool", 0)

    # Containers

    def element(self, kinds, depth):
        """A subscript of some container of one of `kinds`, usually within bounds."""
        name = self.variable(*kinds)
        if name is None:
            return None
        return f"{name}[{self.index(name, depth)}]"

    def index(self, name, depth=1):
        pick, chance = self.values.pick, self.values.chance
        counters = [item for item in self.counters if item in self.scope]
        if counters and chance(0.4):
            counter = pick(counters)
            return counter if chance(0.25) else f"{counter} % (len({name}) or 1)"
        if chance(0.25):
            return pick(["0", "-1", "0", "1", "-2"])
        text = self.expression("int", depth - 1)
        if chance(0.95):
            return f"{text} % (len({name}) or 1)"
        return text

    def _slice(self, kind, depth):
        whole = self.expression(kind, depth - 1)
        pick = self.values.pick
        part = pick(["1:", ":-1", ":3", "::-1", "::2", "1:3", "-2:", ":"])
        if self.values.chance(0.2):
            part = f"{self.expression('int', depth - 2)}:{self.expression('int', depth - 2)}"
        return f"{whole}[{part}]"

    def _ints(self, depth):
        values, pick = self.values, self.values.pick
        n = values.random.randrange(0, 6)
        inner = self.without_call(lambda: self.expression("int", depth - 2))
        return pick(
            [
                f"[{self.expression('int', depth - 1)}, {self.expression('int', depth - 1)}]",
                f"[{inner} for _ in range({n})]",
                f"[j * j for j in range({n}) if j != {values.random.randrange(4)}]",
                f"list(range({n}))",
                f"list({self.expression(pick(['bytes', 'bytearray', 'ints']), depth - 1)})",
                f"([{self.expression('int', depth - 1)}] * {n})",
                f"({self.expression('ints', depth - 1)}[:6] + {self.expression('ints', depth - 1)}[:4])",
                f"sorted({self.expression('ints', depth - 1)})",
                self._slice("ints", depth),
                f"[x + 1 for x in {self.expression('ints', depth - 1)}]",
            ]
        )

    def _floats(self, depth):
        n = self.values.random.randrange(0, 6)
        return self.values.pick(
            [
                f"[{self.expression('float', depth - 1)}, {self.expression('float', depth - 1)}]",
                f"[j * 0.5 for j in range({n})]",
                f"([{self.expression('float', depth - 1)}] * {n})",
                f"[x * 2.0 for x in {self.expression('floats', depth - 1)}]",
                self._slice("floats", depth),
            ]
        )

    def _mixed(self, depth):
        kinds = [self.values.kind() for _ in range(self.values.random.randrange(0, 4))]
        return "[" + ", ".join(self.expression(kind, depth - 2) for kind in kinds) + "]"

    def _tuple(self, depth):
        return f"({self.expression('int', depth - 1)}, {self.expression('float', depth - 1)})"

    def _array(self, depth):
        code = self.values.pick("bBhHiIlLqQ")
        return f"array('{code}', [{', '.join(str(self.values.random.randrange(100)) for _ in range(4))}])"

    def _bytes(self, depth):
        return self.values.pick(
            [
                f"bytes([{self.expression('int', depth - 1)} & 255, 7])",
                f"bytes({self.expression('bytearray', depth - 1)})",
                self._slice("bytes", depth),
            ]
        )

    def _bytearray(self, depth):
        return self.values.pick(
            [
                f"bytearray({self.values.random.randrange(6)})",
                f"bytearray({self.expression('bytes', depth - 1)})",
                self._slice("bytearray", depth),
            ]
        )

    def _str(self, depth):
        pick = self.values.pick
        return pick(
            [
                f"({self.expression('str', depth - 1)}[:10] + {self.expression('str', depth - 1)}[:10])",
                f"chr({self.expression('int', depth - 1)} % 128)",
                f"f'{{{self.variable('int', 'float', 'bool') or '1'}}}-{{{self.variable('int', 'float') or '2'}!r}}'",
                f"str({self.variable('int', 'float', 'bool') or '3'})",
                self._slice("str", depth),
                f"({self.expression('str', depth - 1)}[:5] * {self.values.random.randrange(4)})",
            ]
        )

    def bounded(self, kind, text):
        """`text` so that assigning it in a loop cannot grow without end."""
        if self.multiplier > 1 and kind in ("str", "ints", "floats", "mixed", "bytes", "bytearray"):
            return f"({text})[:8]"
        return text


SMALL_TEXT = [str(value) if value > 0 else f"({value})" for value in SMALL_INTS if value]
