"""Random expressions of a wanted type.

Growth is bounded so that every program ends soon: inside loops a product of two large operands is reduced
at once, shift counts are small, and strings and lists that are assigned are cut to a few items.
"""

from fuzz.templates import Filling, Unsuitable
from fuzz.values import INT_BORDERS, MASKS, SMALL_INTS

COMPARE = ["<", "<=", "==", "!=", ">", ">="]
#: Variables of which types an arithmetic expression of a type may use.
SIMILAR = {"int": ("int", "bool"), "float": ("float", "int"), "bool": ("int", "float")}



INT_FORMS = [
    "abs(<int>)",
    "min(<int>, <int>)",
    "max(<int>, <int>)",
    "int(<int>)",
    "int(<float>)",
    "round(<int>)",
    "divmod(<int>, <int> or 1)[<0|1>]",
    "pow(<int>, <n>, <7|1000003|(2**61-1)|-5>)",
    "sum(<ints->)",
    "ord(<str->[:1] or 'q')",
    "(<int>).bit_length()",
    "int(<int> > <int>)",
    "(<bool> + <int>)",
    "sum(i * 2 for i in range(<n>))",
    "sum(x * <n> for x in <ints>)",
    "sum((x for x in <ints> if x % 3), <n>)",
    "sum(i * j for i in range(<n>) for j in range(i) if i != j)",
    "max(x - <n> for x in <ints> + [<n>])",
    "next((x for x in <ints> if x > <n>), -1)",
    "len(set(x % 5 for x in <ints>))",
    "int(<int> == <float>)",
    "(<int> if <bool> else <int>)",
    "int(<float> // 3.0 % 1000.0)",
    "max(<int>, <int>, <n>)",
]
MIXING_FORMS = [
    "((<int> * 1103515245 + 12345) & {mask})",
    "((<int> ^ (<int> & {mask}) >> 7) * 0x9E3779B1 & {mask})",
    "(((<int> << 13) ^ <int>) & {mask})",
    "((<int> & {mask}) * (<int> & {mask}) & {mask})",
    "((<int> - <int>) & {mask})",
    "((-<int>) & {mask})",
    "((<int> & {mask}) >> 17 | (<int> << 47) & {mask})",
]
FLOAT_FORMS = [
    "(-<float>)",
    "abs(<float>)",
    "min(<float>, <float>)",
    "max(<float>, <int>)",
    "float(<int>)",
    "math.sqrt(abs(<float>))",
    "math.sqrt(<float> % 9.0)",
    "float(math.floor(<float> % 100))",
    "math.sin(<float>)",
    "math.atan2(<float>, <float>)",
    "(<int> / (<int> or 3))",
    "sum(<floats->)",
    "sum(x * 0.1 for x in <floats>)",
    "sum((x for x in <floats> if x > 0.5), 0.25)",
    "min(x * 0.5 for x in <floats> + [0.0])",
    "round(<float>, <0|2|-1>)",
    "(abs(<float>) ** <0.5|-1|0|0.25>)",
    "(<float> * 0.5 + <float>)",
    "(<float> if <bool> else <float>)",
]
INTS_FORMS = [
    "[<int>, <int>]",
    "[<int>, <int>, <int>, <n>]",
    "[j * j for j in range(<n>) if j != <n>]",
    "[j * 3 + 1 for j in range(<n>)]",
    "list(range(<n>))",
    "list(<bytes|bytearray|ints>)",
    "([<int>] * <n>)",
    "(<ints>[:6] + <ints>[:4])",
    "sorted(<ints>)",
    "[x + 1 for x in <ints>]",
    "list(x - 1 for x in <ints> if x != <n>)",
    "list(tuple(x ^ <n> for x in <ints>))",
    "sorted(x * x % 7 for x in <ints>)",
]
FLOATS_FORMS = [
    "[<float>, <float>]",
    "[<float>, <float>, 0.5]",
    "[j * 0.5 for j in range(<n>)]",
    "([<float>] * <n>)",
    "[x * 2.0 for x in <floats>]",
    "list(x / 3.0 for x in <floats>)",
]


#: How often an expression is of a form of the program's themes.
THEMED = 0.4


class Expressions:
    """Needs from its subclass: `values`, `themes`, `scope` (name -> type), `multiplier`, and `call_of(kind, depth)`."""

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
            if kind in SIMILAR and depth > -2 and chance(0.5):
                # A literal alone would often be folded away; tie it to something unknown.
                other = self.variable(*SIMILAR[kind])
                operator = pick(COMPARE if kind == "bool" else ["+", "-", "*"])
                if other:
                    return f"({other} {operator} {pick(SMALL_TEXT)})"
            return self.values.literal(kind)
        if chance(0.08):
            return f"({self.expression(kind, depth - 1)} if {self.condition(depth - 1)} else {self.expression(kind, depth - 1)})"
        if chance(0.10):
            called = self.call_of(kind, depth)
            if called:
                return called
        if chance(0.03) and kind in ("int", "float", "str"):
            return f"({self.expression(kind, depth - 1)} {pick(['and', 'or'])} {self.expression(kind, depth - 1)})"
        return self.themed(kind, depth) or self.ordinary(kind, depth)

    def ordinary(self, kind, depth):
        make = getattr(self, "_" + kind, None)
        return make(depth) if make else self.values.literal(kind)

    def themed(self, kind, depth):
        """An expression of one of the forms that the themes have for a kind; None for an ordinary one."""
        forms = self.themes.expressions.get(kind)
        if not forms or (hasattr(self, "_" + kind) and not self.values.chance(THEMED)):
            return None
        for _ in range(3):
            form = self.values.pick(forms)
            try:
                # What is behind `for` or `lambda` may run many times.
                inner = " for " in form or "lambda" in form or "map(" in form
                return self.without_call(lambda: self.fill(form, depth)) if inner else self.fill(form, depth)
            except Unsuitable:
                continue
        return self.values.literal(kind)

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
        return self.fill(pick(INT_FORMS), depth)

    def fill(self, template, depth):
        """`template` with its placeholders filled in."""
        return Filling(self, depth).text(template)

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
        mask = self.values.pick(MASKS[2:6])
        return self.fill(self.values.pick(MIXING_FORMS).format(mask=mask), depth)

    def _float(self, depth):
        pick, chance = self.values.pick, self.values.chance
        choice = self.values.random.random()
        if choice < 0.6:
            left = self.expression("float", depth - 1)
            right = self.expression("float" if chance(0.6) else "int", depth - 1)
            if chance(0.2):
                left, right = right, left
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
            return self.element(["floats"], depth) or self.fill("(-<float>)", depth)
        return self.fill(pick(FLOAT_FORMS), depth)

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
        if self.values.chance(0.15):
            return self._slice("ints", depth)
        if self.values.chance(0.1):
            inner = self.without_call(lambda: self.expression("int", depth - 2))
            return f"[{inner} for _ in range({self.values.random.randrange(6)})]"
        return self.fill(self.values.pick(INTS_FORMS), depth)

    def _floats(self, depth):
        if self.values.chance(0.15):
            return self._slice("floats", depth)
        return self.fill(self.values.pick(FLOATS_FORMS), depth)

    def _mixed(self, depth):
        kinds = [self.values.kind() for _ in range(self.values.random.randrange(0, 4))]
        return "[" + ", ".join(self.expression(kind, depth - 2) for kind in kinds) + "]"

    def _tuple(self, depth):
        return f"({self.expression('int', depth - 1)}, {self.expression('float', depth - 1)})"

    def _array(self, depth):
        code = self.values.pick("bBhHiIlLqQ")
        return f"array('{code}', [{', '.join(str(self.values.random.randrange(100)) for _ in range(4))}])"

    def _bytes(self, depth):
        if self.values.chance(0.3):
            return self._slice("bytes", depth)
        return self.fill(self.values.pick(["bytes([<int> & 255, 7])", "bytes(<bytearray>)"]), depth)

    def _bytearray(self, depth):
        if self.values.chance(0.3):
            return self._slice("bytearray", depth)
        return self.fill(self.values.pick(["bytearray(<n>)", "bytearray(<bytes>)"]), depth)

    def _str(self, depth):
        first = self.variable("int", "float", "bool") or "1"
        second = self.variable("int", "float") or "2"
        if self.values.chance(0.2):
            return self._slice("str", depth)
        forms = ["(<str>[:10] + <str>[:10])", "chr(<int> % 128)", "(<str>[:5] * <n>)"]
        forms += ["'-'.join(str(x % 10) for x in <ints>[:4])", "''.join(c for c in <str>[:8] if c > 'b')"]
        forms += [f"f'{{{first}}}-{{{second}!r}}'", f"str({first})"]
        return self.fill(self.values.pick(forms), depth)

    def bounded(self, kind, text):
        """`text` so that assigning it in a loop cannot grow without end."""
        if self.multiplier > 1 and kind in ("str", "ints", "floats", "mixed", "bytes", "bytearray"):
            return f"({text})[:8]"
        return text


SMALL_TEXT = [str(value) if value > 0 else f"({value})" for value in SMALL_INTS if value]
