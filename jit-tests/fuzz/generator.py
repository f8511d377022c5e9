"""Random programs that end: one function `f`, some functions it calls, and calls of `f`.

A program is a function of its seed alone. Most statements succeed, so that programs run deep; a small share
of chaos (other types, missing bounds, unbound names, evil objects) meets the paths that raise and leave.
The estimated number of executed statements is bounded by `BUDGET`: loops and calls that would exceed it are
not generated.
"""

import dataclasses
import random

from differential.programs import Saved
from fuzz import classes, prelude, themes
from fuzz.expressions import Expressions
from fuzz.templates import Filling
from fuzz.values import Values

BUDGET = 1500


@dataclasses.dataclass
class Helper:
    """A function the program defined earlier."""

    name: str
    parameters: list
    result: str
    cost: int
    recursive: bool = False
    generator: bool = False
    #: The first parameter is an iterable of ints, and it yields something of each.
    filter: bool = False


class FunctionMaker(Expressions):
    """Writes one function."""

    budget = BUDGET

    def __init__(self, values, helpers, chaos, features, program_themes):
        self.values = values
        self.themes = program_themes
        self.helpers = helpers
        self.chaos = chaos
        self.features = features
        self.scope = {}
        self.counters = []
        self.fixed = set()
        self.result = None
        self.closures = {}
        self.lines = []
        self.indent = 1
        self.multiplier = 1
        self.cost = 1
        self.loop_depth = 0
        self.serial = 0
        self.calls_allowed = True
        self.statements_left = 40
        #: What a generator yields.
        self.yields = None

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def name(self, prefix="v"):
        self.serial += 1
        return f"{prefix}{self.serial}"

    def without_call(self, make):
        """`make()` with no calls of helpers in it (they would run once per item of a comprehension)."""
        before, self.calls_allowed = self.calls_allowed, False
        try:
            return make()
        finally:
            self.calls_allowed = before

    # Calls of other functions of the program

    def call_of(self, kind, depth):
        if not self.calls_allowed:
            return None
        fitting = [
            item
            for item in self.helpers
            if item.result == kind and not item.generator and item.cost * self.multiplier < BUDGET
        ]
        makers = [item for item in self.helpers if item.generator and item.cost * self.multiplier < BUDGET]
        consumers = {"int": ["sum({})", "max({}, default=0)", "len(list({}))"], "float": ["sum({})"], "ints": ["list({})", "sorted({})"]}
        makers = [item for item in makers if f"{item.result}s" == kind or item.result == kind]
        if makers and kind in consumers and self.values.chance(0.4):
            helper = self.values.pick(makers)
            self.cost += helper.cost * self.multiplier
            return self.values.pick(consumers[kind]).format(self.call_text(helper, depth))
        closures = [name for name, result in self.closures.items() if result == kind]
        if closures and self.values.chance(0.5):
            return f"{self.values.pick(closures)}({self.expression('int', depth - 1)})"
        if not fitting:
            return None
        helper = self.values.pick(fitting)
        self.cost += helper.cost * self.multiplier
        return self.call_text(helper, depth)

    def call_text(self, helper, depth):
        arguments = [self.expression(kind, depth - 2) for _, kind in helper.parameters]
        if helper.filter:
            sources = [item for item in self.helpers if item.generator and item.result == "int" and item is not helper]
            if sources and depth > 0 and self.values.chance(0.7):
                source = self.values.pick(sources)
                self.cost += source.cost * self.multiplier
                arguments[0] = self.call_text(source, depth - 1)
        if helper.recursive:
            arguments[0] = str(self.values.random.randrange(0, 5))
        elif arguments and self.values.chance(0.15):
            arguments[-1] = f"{helper.parameters[-1][0]}={arguments[-1]}"
        elif arguments and self.values.chance(0.05):
            return f"{helper.name}(*({', '.join(arguments)},))"
        return f"{helper.name}({', '.join(arguments)})"

    # Statements

    def block(self, count, leave_names=0.08):
        """A nested block; names first bound in it mostly stay inside."""
        before = dict(self.scope)
        closures = dict(self.closures)
        self.indent += 1
        start = len(self.lines)
        for _ in range(count):
            self.statement()
        if len(self.lines) == start:
            self.emit("pass")
        self.indent -= 1
        self.closures = closures
        self.scope = {
            name: kind
            for name, kind in self.scope.items()
            if name in before or (kind != "evil" and self.values.chance(leave_names))
        }

    def statement(self):
        if self.statements_left <= 0:
            return
        self.statements_left -= 1
        self.cost += self.multiplier
        deep = self.indent > 4
        if self.themes.statements and self.values.chance(0.5) and self.themed_statement(deep):
            return
        choices = [
            (26, self.assign), (18, self.augment), (3, self.swap), (8, self.store), (6, self.list_method),
            (4, self.unpack), (2, self.delete), (1, self.print_), (4, self.global_write), (2, self.rebind),
            (2, self.call_statement), (2, self.leave_loop), (0 if self.yields is None else 10, self.yield_),
        ]  # fmt: skip
        if not deep:
            choices += [
                (11, self.if_), (11, self.for_range), (7, self.for_container), (5, self.while_),
                (4, self.try_), (3, self.closure), (1, self.with_), (1, self.early_return),
            ]  # fmt: skip
        weights = [weight for weight, _ in choices]
        self.values.random.choices([make for _, make in choices], weights)[0]()

    def themed_statement(self, deep):
        """A statement of a theme; False if none was found that is suitable."""
        for _ in range(3):
            _, form = self.values.random.choices(self.themes.statements, [weight for weight, _ in self.themes.statements])[0]
            if not (deep and "<block" in form) and Filling(self, statement=True).emit(form):
                return True
        return False

    def target(self, kind):
        """A name to assign: an existing one of the type, rarely one of another type, or a new one."""
        names = [name for name in self.scope if name not in self.fixed]
        same = [name for name in names if self.scope[name] == kind]
        if same and self.values.chance(0.6):
            return self.values.pick(same)
        if names and self.values.chance(2 * self.chaos):
            return self.values.pick(names)
        return self.name()

    def bind(self, name, kind):
        self.scope.setdefault(name, kind)

    def assign(self):
        if self.features["evil"] and self.values.chance(0.06):
            name = self.name("e")
            self.emit(f"{name} = Evil({self.values.random.randrange(5)})")
            self.scope[name] = "evil"
            return
        kind = self.values.kind()
        text = self.bounded(kind, self.expression(kind))
        name = self.target(kind)
        self.emit(f"{name} = {text}")
        self.bind(name, kind)

    def augment(self):
        name = self.variable("int", "float", "int", "bool")
        if name is None or name in self.fixed:
            return self.assign()
        kind = self.scope[name]
        if kind == "bool":
            return self.emit(f"{name} {self.values.pick(['&=', '|=', '^='])} {self.expression('bool', 2)}")
        operator = self.values.pick(["+=", "+=", "-=", "*=", "//=", "%=", "^=", "&=", "|=", ">>="])
        if kind == "float":
            operator = self.values.pick(["+=", "-=", "*=", "/="])
        right = self.expression(kind if self.values.chance(0.9) else "bool", 2)
        if operator == "*=" and kind == "int":
            self.emit(f"{name} = {self._reduced(f'{name} * {right}')}")
            return None
        if operator == "*=":
            right = self.values.pick(["0.5", "1.5", "-1.0", "3", "1e10"])
        if operator in ("//=", "%=", "/=") and self.values.chance(0.93):
            right = f"({right} or 3)"
        if operator == ">>=":
            right = self.values.pick(["1", "3", "64"])
        return self.emit(f"{name} {operator} {right}")

    def swap(self):
        names = [name for name in self.variables("int", "float", "ints", "floats") if name not in self.fixed]
        container = self.variable("ints", "floats", "array", "bytearray")
        if container and self.values.chance(0.6):
            i, j = self.index(container), self.index(container)
            return self.emit(f"{container}[{i}], {container}[{j}] = {container}[{j}], {container}[{i}]")
        if len(names) < 2:
            return self.assign()
        first, second = self.values.random.sample(names, 2)
        if self.scope[first] != self.scope[second] and self.values.chance(0.8):
            return self.assign()
        return self.emit(f"{first}, {second} = {second}, {first}")

    def store(self):
        name = self.variable("ints", "floats", "ints", "floats", "bytearray", "array", "mixed")
        if name is None:
            return self.assign()
        kind = self.scope[name]
        value = self.expression({"floats": "float", "mixed": self.values.kind()}.get(kind, "int"))
        if kind in ("bytearray", "array") and self.values.chance(0.8):
            value = f"({value}) & {self.values.pick(['255', '127'])}"
        if kind == "floats" and self.values.chance(0.3):
            return self.emit(f"{name}[{self.index(name)}] {self.values.pick(['+=', '-='])} {value}")
        if kind == "ints" and self.values.chance(0.2):
            return self.emit(f"{name}[{self.index(name)}] {self.values.pick(['+=', '-=', '^='])} {value}")
        if self.values.chance(0.06) and kind in ("ints", "floats"):
            part = self.values.pick(["1:2", ":0", "::-1", ":", "2:"])
            return self.emit(f"{name}[{part}] = {self.bounded(kind, self.expression(kind))}[:5]")
        return self.emit(f"{name}[{self.index(name)}] = {value}")

    def list_method(self):
        name = self.variable("ints", "floats", "mixed", "bytearray")
        if name is None:
            return self.assign()
        kind = self.scope[name]
        value = self.expression({"floats": "float", "mixed": self.values.kind()}.get(kind, "int"), 2)
        if kind == "bytearray":
            value = f"({value}) & 255"
        choice = self.values.random.random()
        if choice < 0.6:
            method = self.values.pick([f"append({value})", f"append({value})", f"insert({self.index(name)}, {value})", f"extend([{value}])"])
            return self.emit(f"if len({name}) < 30: {name}.{method}")
        if choice < 0.9:
            target = self.target("float" if kind == "floats" else "int")
            safe = self.values.chance(0.7)
            self.emit(f"{target} = {name}.pop({self.values.pick(['', '', '0', '-1'])})" + (f" if {name} else 0" if safe else ""))
            return self.bind(target, "float" if kind == "floats" else "int")
        return self.emit(self.values.pick([f"{name}.reverse()", f"{name}.clear()", f"del {name}[:1]", f"del {name}[-1:]"]))

    def unpack(self):
        choice = self.values.random.random()
        first, second = self.target("int"), self.target("float")
        if choice < 0.5:
            self.emit(f"{first}, {second} = {self.expression('tuple')}")
        elif choice < 0.8:
            self.emit(f"{first}, {second} = {self.expression('int')}, {self.expression('float')}")
        else:
            rest = self.name()
            self.emit(f"{first}, *{rest} = {self.expression('ints', 2)} or [1]")
            self.bind(first, "int")
            return self.bind(rest, "ints")
        self.bind(first, "int")
        return self.bind(second, "float")

    def delete(self):
        names = [name for name in self.scope if name not in self.fixed and self.scope[name] != "evil"]
        evils = self.variables("evil")
        if evils and self.values.chance(0.7):
            name = self.values.pick(evils)
            self.emit(f"{name} = None")
            return self.scope.pop(name)
        if len(names) < 4 or self.indent > 1:
            return self.assign()
        name = self.values.pick(names)
        self.emit(f"del {name}")
        if not self.values.chance(0.1):
            self.scope.pop(name)
        return None

    def print_(self):
        name = self.variable("int", "float", "bool", "str", "tuple")
        self.emit(f"print({name or 0})")

    def global_write(self):
        if not self.features["globals"]:
            return self.assign()
        target, kind = self.values.pick([("g0", "int"), ("g1", "float")])
        if self.values.chance(0.4):
            name = self.target(kind)
            self.emit(f"{name} = {target}")
            return self.bind(name, kind)
        text = self.expression(kind, 2)
        if kind == "int":
            text = self._reduced(text)
        return self.emit(f"{target} = {text}")

    def rebind(self):
        if not self.features["rebind"]:
            return self.assign()
        return self.emit(f"rebind({self.values.random.randrange(8)})")

    def call_statement(self):
        text = self.call_of(self.values.kind(), 3)
        return self.emit(text) if text else self.assign()

    def yield_(self):
        if self.multiplier > 12:
            return self.assign()
        text = f"yield {self.bounded(self.yields, self.expression(self.yields, 2))}"
        if self.values.chance(0.1):
            text = f"{self.name('n')} = {text}"
        return self.emit(text)

    def leave_loop(self):
        if not self.loop_depth:
            return self.assign()
        return self.emit(f"if {self.condition()}: {self.values.pick(['break', 'continue'])}")

    def early_return(self):
        self.emit(f"if {self.condition(1)} and {self.condition(1)}: return {self.expression(self.result or self.values.kind(), 1)}")

    def if_(self):
        self.emit(f"if {self.condition(3)}:")
        self.block(self.values.random.randrange(1, 4))
        while self.values.chance(0.25):
            self.emit(f"elif {self.condition(2)}:")
            self.block(self.values.random.randrange(1, 3))
        if self.values.chance(0.4):
            self.emit("else:")
            self.block(self.values.random.randrange(1, 3))

    def loop_body(self, count, *names):
        """The body, then an `else` sometimes; `names` (the targets) mostly go out of scope behind it."""
        self.repeated(count, most=5)
        if self.values.chance(0.08):
            self.emit("else:")
            self.block(1)
        for name in names:
            if self.values.chance(0.8):
                self.scope.pop(name, None)

    def repeated(self, count, most=3, looping=True):
        """A block that is executed up to `count` times."""
        self.loop_depth += looping
        self.multiplier *= count
        self.block(self.values.random.randrange(1, most + 1))
        self.multiplier //= count
        self.loop_depth -= looping

    def for_(self, target, iterable, count, *names):
        """The loop. Sometimes the iterable has a name, so that others see its state: inside and behind."""
        iterator = None
        if self.values.chance(0.12):
            iterator = self.name("it")
            iterable = self.values.pick([iterable, f"iter({iterable})"])
            if iterable.startswith(("range(", "[", "(")) or self.values.chance(0.3):
                self.emit(f"{iterator} = {iterable}")
            else:
                self.emit(f"{iterator} = {self.name('w')} = {iterable}")
            iterable = iterator
        self.emit(f"for {target} in {iterable}:")
        if iterator and self.values.chance(0.4):
            self.indent += 1
            # What is no iterator is left as it is: a TypeError is an outcome like others.
            taken = self.values.pick([f"next({iterator}, 0)", f"len([*{iterator}])", f"{iterator} is {iterator}"])
            self.emit(f"{self.name('n')} = {taken}")
            self.indent -= 1
        self.loop_body(count, *names)
        if iterator and self.values.chance(0.8):
            left = self.name("n")
            self.emit(f"{left} = len([*{iterator}])")
            self.scope[left] = "int"

    def for_range(self):
        random_ = self.values.random
        count = random_.choice([1, 3, 5, 8, 12, 12, 30, 200])
        if self.multiplier * count > BUDGET:
            return self.assign()
        start = random_.choice([0, 0, 0, 1, -3, 5, 2**31 - 2, 2**62, 2**63 - 2, -(2**63)])
        step = random_.choice([1, 1, 1, 2, -1, -3, 7])
        stop = start + count * step
        if start == 0 and step == 1:
            bounds = str(count)
            if self.values.chance(0.3):
                bounds = f"min({count}, {self.expression('int', 1)})"
            name = self.variable("ints", "floats", "bytes", "bytearray", "array")
            if name and self.values.chance(0.4):
                bounds = f"len({name})"
        else:
            bounds = f"{start}, {stop}" if step == 1 else f"{start}, {stop}, {step}"
        counter = self.name("i")
        self.scope[counter] = "int"
        self.counters.append(counter)
        if self.values.chance(0.9):
            self.fixed.add(counter)
        self.for_(counter, f"range({bounds})", count, counter)
        self.counters.remove(counter)
        return None

    def for_container(self):
        if self.multiplier * 8 > BUDGET:
            return self.assign()
        kind = self.values.pick(["ints", "ints", "ints", "floats", "floats", "bytes", "bytearray", "str", "tuple", "mixed", "array"])
        item_kind = {"floats": "float", "str": "str", "mixed": "bool", "tuple": "float"}.get(kind, "int")
        source = self.expression(kind, 1)
        item = self.name("x")
        second = index = None
        choice = self.values.random.random()
        generators = [helper for helper in self.helpers if helper.generator and helper.cost * self.multiplier < BUDGET]
        if choice < 0.15:
            other_kind = self.values.pick(["ints", "floats"])
            other = self.expression(other_kind, 1)
            second = self.name("x")
            loop = f"{item}, {second}", f"zip({source}, {other})"
            self.scope[second] = other_kind[:-1]
        elif choice < 0.35:
            index = self.name("i")
            start = self.values.pick(["", "", ", 1", ", 2**62"])
            loop = f"{index}, {item}", f"enumerate({source}{start})"
            self.scope[index] = "int"
            self.counters.append(index)
        elif choice < (0.75 if generators else 0.45) and generators:
            helper = self.values.pick(generators)
            self.cost += helper.cost * self.multiplier
            loop = item, self.call_text(helper, 2)
            item_kind = helper.result
        else:
            loop = item, source
        self.scope[item] = item_kind
        self.for_(*loop, 8, item, second, index)
        return None

    def while_(self):
        count = self.values.random.choice([3, 6, 15, 60])
        if self.multiplier * count > BUDGET:
            return self.assign()
        counter = self.name("k")
        self.emit(f"{counter} = 0")
        self.fixed.add(counter)
        self.scope[counter] = "int"
        condition = f"{counter} < {count}"
        if self.values.chance(0.5):
            condition += f" and {self.condition(2)}"
        self.emit(f"while {condition}:")
        self.indent += 1
        self.emit(f"{counter} += 1")
        self.indent -= 1
        self.loop_body(count)
        return None

    def try_(self):
        self.emit("try:")
        self.block(self.values.random.randrange(1, 5), leave_names=0.3)
        if self.values.chance(0.85):
            error = self.values.pick(["ZeroDivisionError", "IndexError", "TypeError", "(ValueError, OverflowError)", "Exception", "Exception"])
            name = self.name("x")
            if self.values.chance(0.4):
                self.emit(f"except {error} as {name}:")
                self.indent += 1
                self.emit(f"log.append(str({name})[:60])")
                self.indent -= 1
            else:
                self.emit(f"except {error}:")
            self.block(1)
            if self.values.chance(0.2):
                self.emit("else:")
                self.block(1)
            if self.values.chance(0.8):
                return
        self.emit("finally:")
        # A jump out of a finally block swallows the exception; newer Pythons warn about it.
        depth, self.loop_depth = self.loop_depth, 0
        self.indent += 1
        self.assign()
        self.indent -= 1
        self.loop_depth = depth

    def with_(self):
        self.emit(f"with memoryview({self.expression('bytes', 1)}) as {self.name('m')}:")
        self.block(2)

    def closure(self):
        names = [name for name in self.variables("int") if name not in self.fixed]
        name = self.name("c")
        argument = self.name("a")
        self.emit(f"def {name}({argument}):")
        self.indent += 1
        before = dict(self.scope), self.fixed, self.counters
        self.counters = []
        if names and self.values.chance(0.6):
            cell = self.values.pick(names)
            self.emit(f"nonlocal {cell}")
            self.emit(f"{cell} = {self._reduced(f'{cell} + {argument} * 3')}")
        self.scope = {key: kind for key, kind in self.scope.items() if kind != "evil"}
        self.scope[argument] = "int"
        kind = self.values.pick(["int", "int", "float"])
        self.emit(f"return {self.without_call(lambda: self.expression(kind, 2))}")
        self.scope, self.fixed, self.counters = before
        self.indent -= 1
        self.closures[name] = kind


def make_function(values, name, parameters, result, helpers, chaos, features, statements, shape="plain", *, themes):
    """(lines, cost) of one function."""
    maker = FunctionMaker(values, list(helpers), chaos, features, themes)
    maker.scope = {parameter: kind for parameter, kind in parameters}
    maker.statements_left = statements * 3
    maker.result = None if name == "f" else result
    if shape in ("generator", "filter"):
        maker.yields = result
    if shape == "filter":
        # An iterator of unknown length is not looked into.
        del maker.scope[parameters[0][0]]
    if shape == "recursive":
        maker.fixed.add(parameters[0][0])
    if features["globals"]:
        maker.emit("global g0, g1")
    if shape == "recursive":
        maker.emit(f"if {parameters[0][0]} <= 0: return {maker.expression(result, 1)}")
    if shape == "method":
        maker.fixed.add("self")
    for kind in first_kinds(values, themes, shape):
        maker.emit(f"{maker.name()} = {maker.expression(kind, 1)}")
        maker.scope[f"v{maker.serial}"] = kind
    for _ in range(statements):
        maker.statement()
    maker.indent = 1
    if shape == "generator":
        maker.emit(f"for y in range({values.random.randrange(1, 6)}):")
        maker.emit(f"    yield {maker.expression(result, 2)}")
    elif shape == "filter":
        maker.scope["y"] = "int"
        maker.emit(f"for y in {parameters[0][0]}:")
        maker.multiplier *= 6
        maker.block(values.random.randrange(0, 3))
        maker.multiplier //= 6
        maker.indent += 1
        maker.emit(f"if {maker.condition(1)}: yield {maker.bounded(result, maker.expression(result, 2))}")
        maker.indent -= 1
    elif shape == "recursive":
        again = [f"{parameters[0][0]} - 1"] + [maker.expression(kind, 1) for _, kind in parameters[1:]]
        tail = maker.bounded(result, maker.expression(result, 2))
        first = f"{name}({', '.join(again)})"
        maker.emit(f"r = {first}")
        maker.emit(f"return {values.pick(['r', f'r if {maker.condition(1)} else {tail}', tail])}")
    elif name == "f":
        bound = [item for item in maker.scope if maker.scope[item] != "evil"]
        maker.emit(f"return ({', '.join(bound[:14])},)" if bound else "return None")
    else:
        maker.emit(f"return {maker.bounded(result, maker.expression(result, 2))}")
    defaults = values.chance(0.2) and shape != "method"
    header = ", ".join(
        f"{parameter}={values.literal(kind)}" if defaults and index == len(parameters) - 1 else parameter
        for index, (parameter, kind) in enumerate(parameters)
    )
    return [f"def {name}({header}):", *maker.lines], maker.cost


def first_kinds(values, program_themes, shape):
    """Kinds of the variables that a function begins with."""
    if shape == "method":
        return []
    kinds = values.random.sample(["int", "float", "ints", "int"], values.random.randrange(1, 4))
    return kinds + [kind for kind in program_themes.kinds if values.chance(0.7)]


def generate(seed):
    """The program of `seed`, ready to be checked or saved."""
    source = random.Random(seed)
    program_themes = themes.drawn(source)
    values = Values(source, program_themes.kinds)
    chance = values.chance
    chaos = values.pick([0.0, 0.0, 0.003, 0.02])
    features = {
        "evil": chance(0.25),
        "globals": chance(0.5),
        "rebind": chance(0.12),
        "builtins": chance(0.4),
    }
    private = features["rebind"] and features["builtins"]
    lines = []
    if features["rebind"]:
        text = prelude.REBIND_BUILTIN if private else prelude.REBIND
        lines += text.strip("\n").splitlines()
    if "objects" in program_themes.names:
        lines += classes.source_of(values, make_function, features)
    helpers = []
    for index in range(values.random.choice([0, 1, 1, 2, 2, 3])):
        shape = values.random.choices(["plain", "recursive", "generator", "filter"], [5, 2, 2, 2])[0]
        parameters = [(f"p{number}", values.kind()) for number in range(values.random.randrange(0, 4))]
        if shape == "recursive":
            parameters.insert(0, ("d", "int"))
        if shape == "filter":
            parameters.insert(0, ("source", "ints"))
        result = values.pick(["int", "int", "int", "float", "float", "bool", "ints", "str"])
        body, cost = make_function(
            values, f"h{index}", parameters, result, helpers, chaos, features, values.random.randrange(1, 5), shape,
            themes=program_themes,
        )
        lines += body
        cost = cost * 6 if shape == "recursive" else cost
        generator = shape in ("generator", "filter")
        helpers.append(
            Helper(f"h{index}", parameters, result, cost, shape == "recursive", generator, shape == "filter")
        )
    parameters = [(f"p{number}", values.kind()) for number in range(values.random.randrange(1, 5))]
    body, _ = make_function(
        values, "f", parameters, "tuple", helpers, chaos, features, values.random.randrange(2, 9), themes=program_themes
    )
    lines += body
    calls = make_calls(values, parameters)
    text = "\n".join(lines + calls)
    head = prelude.classes_used(text) + program_themes.prelude_of(text)
    text = "\n".join([*head, text])
    start = prelude.imports_used(text) + ["log = []", "shared = [1, 2, 3]", "g0 = 5", "g1 = 0.5"]
    lines = start + head + lines
    options = {"private_builtins": True} if private else {}
    if "__del__" in text or "weakref" in text:
        options["lends"] = True
    if chance(0.25):
        # By then the interpreter has specialised its bytecode, which is what compiled code is made for.
        options["threshold"] = values.pick([3, 9, 20])
        calls = calls * 2
    return Saved(f"seed_{seed}", "\n".join(lines) + "\n", calls, options)


def make_calls(values, parameters):
    """Texts of arguments: a few of the expected types, then some that differ."""
    calls = [", ".join(values.literal(kind) for _, kind in parameters) for _ in range(3)]
    for _ in range(values.random.choice([0, 1, 1, 2])):
        odd = values.random.randrange(len(parameters))
        calls.append(
            ", ".join(
                values.odd_argument(kind) if index == odd else values.literal(kind)
                for index, (_, kind) in enumerate(parameters)
            )
        )
    if len(calls) > 3:
        calls.append(calls[0])
    return calls
