"""Forms: texts with placeholders between angle brackets, which are filled with what a program has at that place.

    <int> <ints->       an expression of the kind, one or two levels deeper
    <n>                 a small number
    <a|b|int>           one of them
    <var:dict>          a variable of the kind; without one the form is not used. Statements may assign it
    <gone:dict>         the same, and it is deleted
    <put:dict>          a name to assign, old or new, that stays
    <own:int>           a new name that nothing else assigns while the statement lasts
    <new:int>           the same, and mostly forgotten afterwards: targets of loops
    <tmp> <tmp:int>     a name that is gone afterwards; parameters and locals of an inner function
    <x=put:int> <x>     a name for what a placeholder became, to say it again
    <block> <block*8>   as a whole line: statements; executed up to so many times
    <scoped>            what follows in the line runs in an inner function
"""

import re

LABEL = re.compile(r"(\w+)=((?:var|put|new|own|tmp|gone)(?::\w+)?)$")
ROLE = re.compile(r"(var|put|new|own|tmp|gone)(?::(\w+))?$")
BLOCK = re.compile(r"<block(?:\*(\d+))?>$")


class Unsuitable(Exception):
    """The form needs something that the program does not have here."""


def opens(text, place):
    """Does the bracket at `place` open a placeholder? Comparisons and shifts have a space or `=` behind."""
    following = text[place + 1 : place + 3]
    return bool(following) and following[0] not in " =<" or (following[:1] == "<" and following[1:].isalpha())


def closing(text, place):
    """The place of the bracket that closes the one at `place`."""
    depth = 0
    for index in range(place, len(text)):
        if text[index] == "<" and opens(text, index):
            depth += 1
        elif text[index] == ">":
            depth -= 1
            if not depth:
                return index
    raise ValueError(text)


def alternatives(text):
    """`text` at its bars, but for those inside of placeholders."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character == "<" and opens(text, index):
            depth += 1
        elif character == ">" and depth:
            depth -= 1
        elif character == "|" and not depth:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


class Filling:
    """One use of a form by `maker`."""

    def __init__(self, maker, depth=3, *, statement=False):
        self.maker = maker
        self.statement = statement
        self.depth = depth
        self.labels = {}
        self.bound = []
        self.fixed = []
        self.passing = []
        self.inner = []
        self.gone = []

    def text(self, form):
        """`form` with everything filled in."""
        result, place = [], 0
        while (begin := form.find("<", place)) >= 0:
            if not opens(form, begin):
                result.append(form[place : begin + 1])
                place = begin + 1
                continue
            end = closing(form, begin)
            result += [form[place:begin], self.placeholder(form[begin + 1 : end])]
            place = end + 1
        return "".join([*result, form[place:]])

    def placeholder(self, content):
        if content in self.labels:
            return self.labels[content]
        if content == "n":
            return str(self.maker.values.random.randrange(6))
        if content == "scoped":
            self.maker.calls_allowed = False
            return ""
        if found := LABEL.match(content):
            self.labels[found[1]] = name = self.placeholder(found[2])
            return name
        if found := ROLE.match(content):
            return self.name(*found.groups())
        kind = content.rstrip("-")
        if kind in self.maker.values.types:
            return self.maker.expression(kind, self.depth - 2 if content[-1] == "-" else self.depth - 1)
        parts = alternatives(content)
        if len(parts) > 1:
            return self.placeholder(self.maker.values.pick(parts))
        return self.text(content)

    def name(self, role, kind):
        maker = self.maker
        if role in ("var", "gone"):
            names = [name for name in maker.variables(kind) if not (self.statement and name in maker.fixed)]
            if not names:
                raise Unsuitable
            name = maker.values.pick(names)
            if role == "gone":
                self.gone.append(name)
            return name
        if role == "put":
            name = maker.target(kind)
            self.bound.append((name, maker.scope.get(name, kind)))
            return name
        name = maker.name("x" if role == "new" else "t" if role == "tmp" else "w")
        if role in ("own", "new") and name not in maker.fixed:
            self.fixed.append(name)
            maker.fixed.add(name)
        if kind:
            self.bound.append((name, kind))
        if role == "tmp":
            self.inner.append(name)
        if role == "new" and maker.values.chance(0.8):
            self.passing.append(name)
        return name

    def suitable(self, form):
        """Are there the variables, and is there the time, that it needs?"""
        kinds = re.findall(r"(?:var|gone):(\w+)", form)
        counts = [int(count) for count in re.findall(r"<block\*(\d+)>", form)]
        return all(self.maker.variable(kind) for kind in kinds) and self.maker.multiplier * max(counts, default=1) <= self.maker.budget

    def emit(self, form):
        """Writes a statement; False if it is not suitable here."""
        maker = self.maker
        if not self.suitable(form):
            return False
        written, scope, allowed, base = len(maker.lines), dict(maker.scope), maker.calls_allowed, maker.indent
        definition = None
        try:
            for line in form.split("\n"):
                stripped = line.lstrip()
                indent = (len(line) - len(stripped)) // 4
                if definition is not None and indent <= definition:
                    self.forget(self.inner)
                    definition = None
                if stripped.startswith("def ") and definition is None:
                    definition = indent
                maker.indent = base + indent
                self.line(stripped)
                maker.calls_allowed = allowed
        except Unsuitable:
            del maker.lines[written:]
            maker.scope = scope
            return False
        finally:
            maker.indent, maker.calls_allowed = base, allowed
            maker.fixed.difference_update(self.fixed)
        self.forget(self.inner + self.passing + self.gone)
        return True

    def line(self, stripped):
        maker = self.maker
        if found := BLOCK.match(stripped):
            maker.indent -= 1
            maker.repeated(int(found[1] or 1), looping=bool(found[1]))
        else:
            # What the line binds is there for the next line.
            maker.emit(self.text(stripped))
            maker.scope.update(self.bound)
            self.bound.clear()

    def forget(self, names):
        for name in names:
            self.maker.scope.pop(name, None)
