"""What programs are about, beyond numbers and lists: each file of this folder is one theme, and nearly all data.

A theme names

* `KINDS`: further kinds of values, with the weight they have among variables and the literals they are made of;
* `EXPRESSIONS`: by kind, forms of expressions;
* `STATEMENTS`: weight and form of statements, of one or more lines;
* `PRELUDE`: what the program has in front, in pieces: of a piece that defines a name, only if the program uses it.

`templates.py` says what stands for what in forms.
"""

import importlib
import re
import sys

NAMES = (
    "containers", "exceptions", "finalisers", "frames", "functions", "generators", "matching", "objects", "slices",
    "texts", "threads",
)  # fmt: skip
WEIGHTS = dict.fromkeys(NAMES, 4) | {"objects": 8, "generators": 6, "exceptions": 6, "threads": 1, "frames": 1}
# Known wrong: from 3.14 on several operands of one instruction die in another order than those of machine code do.
LEFT_OUT = {"finalisers"} if sys.version_info >= (3, 14) else set()
DEFINED = re.compile(r"^(?:def|class) (\w+)|^(\w+) =", re.MULTILINE)


class Themes:
    """The themes of one program, put together."""

    def __init__(self, names=()):
        self.names = tuple(names)
        self.kinds = {}
        self.expressions = {}
        self.statements = []
        self.prelude = []
        for name in self.names:
            theme = importlib.import_module(f"fuzz.themes.{name}")
            self.kinds.update(getattr(theme, "KINDS", {}))
            for kind, forms in getattr(theme, "EXPRESSIONS", {}).items():
                self.expressions.setdefault(kind, []).extend(forms)
            self.statements += getattr(theme, "STATEMENTS", [])
            self.prelude += [piece for piece in getattr(theme, "PRELUDE", []) if piece not in self.prelude]

    def prelude_of(self, text):
        """Lines of the pieces that `text` uses, or that these use."""
        wanted, grown = [], True
        while grown:
            grown = False
            for piece in self.prelude:
                if piece not in wanted and self._used(piece, "\n".join([text, *wanted])):
                    wanted.append(piece)
                    grown = True
        return [line for piece in self.prelude if piece in wanted for line in piece.strip("\n").splitlines()]

    @staticmethod
    def _used(piece, text):
        names = [first or second for first, second in DEFINED.findall(piece)]
        return not names or any(re.search(rf"\b{name}\b", text) for name in names)


def drawn(random):
    """The themes of a program: none in a share of them, mostly one to three."""
    count = random.choices([0, 1, 2, 3, 5], [3, 3, 4, 3, 1])[0]
    names = [name for name in NAMES if name not in LEFT_OUT]
    chosen = []
    for _ in range(count):
        name = random.choices(names, [WEIGHTS[item] for item in names])[0]
        names.remove(name)
        chosen.append(name)
    return Themes(chosen)
