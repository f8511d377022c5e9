"""Turns the outcome of a call into plain data that can be compared with `==`.

Two calls ran alike exactly if their observations are equal. An observation holds the encoded result or
exception, what was printed, warned and reported as unraisable, the arguments after the call, and how far
the reference counts of the arguments moved.

Encoding keeps what `==` of Python values loses: the exact type at every level, the sign of zero, nan, and
which objects are the same object. Objects are numbered in the order in which they are met, so `[a, a]` and
`[a, b]` differ, and so do "returned its argument" and "returned a copy".
"""

import re
import sys
import types

#: CPython 3.11 joins two loads of locals into one instruction once a function is warm. When the second one
#: is unbound, the error then points at the first: the position depends on how often the function ran.
UNSTEADY_UNBOUND = sys.version_info < (3, 12)

MAX_DEPTH = 40
TRACEBACK_ENDS = 12

#: An address in the text of an object, which differs between two runs.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_ATOMS = (type(None), bool, str, bytes, type(Ellipsis), type(NotImplemented))
_BUILTIN_ITERATORS = tuple(
    type(iter(empty)) for empty in ([], (), "", b"", bytearray(), range(0), {}, set())
) + (enumerate, zip, reversed, type(reversed([])))


def _attributes(value):
    """The instance's own attributes; no `__getattr__` of the program is asked."""
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


class Encoder:
    """Encodes object graphs; one instance numbers the objects of one observation."""

    def __init__(self, number_identity=False, owned_files=()):
        self._number_identity = number_identity
        self._owned_files = owned_files
        self._seen = {}
        self._alive = []

    def encode(self, value, depth=0):
        """`value` as nested tuples of atoms."""
        kind = type(value)
        if kind is int:
            if self._number_identity and not -5 <= value <= 256:
                return ("int", value, self._number(value)[0])
            return ("int", value)
        if kind is float:
            return self._encode_float(value)
        if kind is str and " at 0x" in value:
            return ("str", _ADDRESS.sub(" at ...", value))
        if kind in _ATOMS:
            return (kind.__name__, value)
        if kind is complex:
            return ("complex", self._encode_float(value.real), self._encode_float(value.imag))
        if depth > MAX_DEPTH:
            return ("deep", kind.__name__)
        return self._encode_object(value, kind, depth)

    def _encode_float(self, value):
        text = "nan" if value != value else float.hex(value)
        if self._number_identity:
            return ("float", text, self._number(value)[0])
        return ("float", text)

    def _number(self, value):
        """(number of the object, whether it was met before)."""
        number = self._seen.get(id(value))
        if number is not None:
            return number, True
        number = self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        return number, False

    def _encode_object(self, value, kind, depth):
        number, known = self._number(value)
        name = kind.__name__
        if known:
            return ("same", name, number)
        deeper = depth + 1
        if kind is list or kind is tuple:
            return (name, number, tuple([self.encode(item, deeper) for item in value]))
        if kind is dict:
            items = [(self.encode(key, deeper), self.encode(item, deeper)) for key, item in value.items()]
            return (name, number, tuple(items))
        if kind is set or kind is frozenset:
            return (name, number, tuple(sorted(repr(self.encode(item, deeper)) for item in value)))
        if kind is bytearray:
            return (name, number, bytes(value))
        if kind is range or kind is slice:
            return (name, number, repr(value))
        if isinstance(value, types.FunctionType):
            # Also the subtype that the product gives functions on 3.11: `harness` says what may differ.
            return ("function", number, value.__qualname__)
        if isinstance(value, type) or kind in (types.BuiltinFunctionType, types.ModuleType):
            return (name, number, getattr(value, "__qualname__", value.__name__))
        if kind is types.MethodType:
            return (name, number, value.__qualname__, self.encode(value.__self__, deeper))
        if isinstance(value, BaseException):
            return self.encode_error(value, deeper, numbered=number)
        if kind in _BUILTIN_ITERATORS:
            return (name, number, self.encode(value.__reduce__()[1:], deeper))
        if kind.__name__ == "array" and kind.__module__ == "array":
            return (name, number, value.typecode, value.tobytes())
        return self._encode_instance(value, kind, number, deeper)

    def _encode_instance(self, value, kind, number, depth):
        """An object of a class of the program: the built-in value below it, then its attributes."""
        below = None
        for base, read in (
            (int, int.__int__),
            (float, float.__float__),
            (str, str.__str__),
            (bytes, lambda item: bytes(memoryview(item))),
            (list, lambda item: list(list.__iter__(item))),
            (tuple, lambda item: tuple(tuple.__iter__(item))),
            (dict, lambda item: dict(dict.items(item))),
        ):
            if isinstance(value, base):
                below = self.encode(read(value), depth)
                break
        attributes = _attributes(value)
        if attributes is not None:
            attributes = tuple((name, self.encode(item, depth)) for name, item in attributes.items())
        return ("instance", kind.__qualname__, number, below, attributes)

    def encode_error(self, error, depth=0, numbered=None):
        """An exception: type, arguments, traceback, and the exceptions it stands for or hides."""
        if depth > 8:
            return ("error", type(error).__qualname__)
        if numbered is None:
            number, known = self._number(error)
            if known:
                return ("same error", type(error).__qualname__, number)
        chain = tuple(
            None if other is None else self.encode_error(other, depth + 1)
            for other in (error.__cause__, error.__context__)
        )
        return (
            "error",
            type(error).__qualname__,
            tuple(self.encode(item, depth + 1) for item in error.args),
            ("name", self.encode(getattr(error, "name", None), depth + 1)),
            self._traceback(error, depth),
            chain,
            ("suppressed", error.__suppress_context__),
        )

    def _traceback(self, error, depth):
        """Function, positions and locals of each entry; very deep tracebacks by length and both ends."""
        entries = []
        entry = error.__traceback__
        while entry is not None:
            if entry.tb_frame.f_code.co_filename in self._owned_files:
                entries.append(entry)
            entry = entry.tb_next
        length = len(entries)
        if length > 2 * TRACEBACK_ENDS:
            entries = entries[:TRACEBACK_ENDS] + entries[-TRACEBACK_ENDS:]
        described = [self._entry(item, length < 20, depth) for item in entries]
        if described and UNSTEADY_UNBOUND and isinstance(error, UnboundLocalError):
            described[-1] = (described[-1][0], "unsteady", described[-1][3])
        return ("traceback", length, tuple(described))

    def _entry(self, entry, with_locals, depth):
        code = entry.tb_frame.f_code
        local_values = None
        if with_locals and code.co_name != "<module>":
            local_values = tuple(
                (name, self.encode(value, depth + 1))
                for name, value in sorted(entry.tb_frame.f_locals.items())
            )
        return (code.co_qualname, entry.tb_lineno, _position(code, entry.tb_lasti), local_values)


_position_tables = {}


def _position(code, offset):
    """(line, end line, column, end column) of the instruction at `offset`."""
    table = _position_tables.get(id(code))
    if table is None or table[0] is not code:
        if len(_position_tables) > 256:
            _position_tables.clear()
        table = _position_tables[id(code)] = (code, list(code.co_positions()))
    return table[1][offset // 2]


def difference(plain, jitted, path=""):
    """The innermost place where two encodings differ, as (path, plain, jitted); None if equal."""
    if plain == jitted and type(plain) is type(jitted):
        return None
    if type(plain) is tuple and type(jitted) is tuple and len(plain) == len(jitted):
        for index, (left, right) in enumerate(zip(plain, jitted)):
            found = difference(left, right, f"{path}.{index}")
            if found:
                return found
    return (path, plain, jitted)
