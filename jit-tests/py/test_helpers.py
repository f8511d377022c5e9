"""Runtime helpers against the interpreter's own operators: value, type, exception, message, references."""

import copy
import itertools
import math
import operator
import random
import struct
import sys
import weakref

import pytest
from brolga._native import _testing

NULL = _testing.NULL
call = _testing.call_helper
support = _testing.call_support


class Evil:
    """Answers some operators, raises in others, and refuses the rest."""

    def __init__(self, tag):
        self.tag = tag

    def __repr__(self):
        return f"Evil({self.tag})"

    def __add__(self, other):
        return ("add", self.tag, repr(other))

    def __radd__(self, other):
        return ("radd", repr(other), self.tag)

    def __iadd__(self, other):
        return ("iadd", self.tag, repr(other))

    def __mul__(self, other):
        raise ValueError(f"mul {self.tag}")

    def __lt__(self, other):
        return [] if self.tag else NotImplemented

    def __eq__(self, other):
        raise KeyError("eq")

    __hash__ = None

    def __bool__(self):
        if self.tag == 2:
            raise OverflowError("bool")
        return bool(self.tag)

    def __len__(self):
        return 3

    def __getitem__(self, key):
        if isinstance(key, int) and key >= 3:
            raise IndexError(key)
        return ("item", key)

    def __neg__(self):
        return "neg"

    def __format__(self, spec):
        return f"<{spec}>"


class Text(str):
    def __add__(self, other):
        return "Text.add"

    def __format__(self, spec):
        return "Text.format"

    def __str__(self):
        return "Text.str"


class Int(int):
    def __rsub__(self, other):
        return "rsub"

    def __index__(self):
        return 1


def operands():
    return [
        0, 1, -1, 7, -7, 255, 2**30 - 1, 2**30, -(2**30), 2**31, 2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 2**64 + 1,
        10**30, -(10**30), True, False, 0.0, -0.0, 1.5, -2.5, 1e308, math.inf, -math.inf, math.nan, 3 + 4j, None,
        "", "a", "abc", "π€", "%s-%s", Text("t"), b"", b"ab", bytearray(b"xy"), [], [1, 2], (), (1, "b"), {}, {1: 2}, {"a": 1},
        {1, 2}, frozenset([3]), range(5), slice(1, 2), int, len, Int(5), Evil(0), Evil(1), Evil(2), Ellipsis,
    ]  # fmt: skip


SHARED = operands()


def fresh(index):
    """The operand, not shared if it can be changed."""
    value = SHARED[index]
    return copy.copy(value) if isinstance(value, (bytearray, list, dict, set, Evil)) else value


def kind(value):
    """Comparable, down to the sign of zero and the bits of nan."""
    if isinstance(value, float):
        return (type(value), struct.pack("d", value))
    if isinstance(value, complex):
        return (type(value), kind(value.real), kind(value.imag))
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return (type(value), [kind(item) for item in value])
    if type(value).__repr__ is object.__repr__:
        return (type(value), "by address")
    return (type(value), repr(value))


def outcome(function, *arguments):
    try:
        return ("value", kind(function(*arguments)))
    except Exception as error:
        return ("error", type(error), str(error), [repr(item) for item in error.args])


def same(name, expected, make_arguments):
    """The helper and the operator, each with its own operands, and what became of those."""
    mine, theirs = make_arguments(), make_arguments()
    got = outcome(call, name, *mine)
    want = outcome(expected, *theirs)
    assert got == want, (name, theirs)
    assert [kind(item) for item in mine] == [kind(item) for item in theirs], (name, theirs)



BINARY = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "lshift": operator.lshift,
    "rshift": operator.rshift, "and": operator.and_, "or": operator.or_, "xor": operator.xor, "matmul": operator.matmul,
}  # fmt: skip
# Statements, so that messages name `+=`; functions of `operator` go the same way.
INPLACE = {
    "add": operator.iadd, "sub": operator.isub, "mul": operator.imul, "truediv": operator.itruediv,
    "floordiv": operator.ifloordiv, "mod": operator.imod, "pow": operator.ipow, "lshift": operator.ilshift,
    "rshift": operator.irshift, "and": operator.iand, "or": operator.ior, "xor": operator.ixor, "matmul": operator.imatmul,
}  # fmt: skip
COMPARE = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
}  # fmt: skip
TABLE = (
    [(f"binary_{name}", function) for name, function in BINARY.items()]
    + [(f"inplace_{name}", function) for name, function in INPLACE.items()]
    + [(f"compare_{name}", function) for name, function in COMPARE.items()]
    + [("contains", lambda a, b: a in b), ("get_item", lambda a, b: a[b])]
)


def too_big(name, a, b):
    """Answers that would fill the memory."""
    number = lambda value: abs(value) if isinstance(value, int) else 0
    if name.endswith("lshift") or name.endswith("pow"):
        small = 0 if name.endswith("lshift") else 1
        return number(b) > 300 and not isinstance(a, float) and (number(a) > small or isinstance(a, (Int, Evil)))
    if name.endswith("mul"):
        return (number(a) > 2**20 and hasattr(b, "__len__")) or (number(b) > 2**20 and hasattr(a, "__len__"))
    return False


@pytest.mark.parametrize("name, function", TABLE, ids=[row[0] for row in TABLE])
def test_binary(name, function):
    count = len(SHARED)
    for i, j in itertools.product(range(count), range(count)):
        if not too_big(name, SHARED[i], SHARED[j]):
            same(name, function, lambda: (fresh(i), fresh(j)))


def test_identical_operands():
    for index in range(len(SHARED)):
        value = fresh(index)
        for name, function in (("compare_eq", operator.eq), ("contains", lambda a, b: a in [b])):
            if name == "compare_eq":
                assert outcome(call, name, value, value) == outcome(function, value, value)
            else:
                assert call(name, value, [value]) is True


UNARY = {
    "unary_negative": operator.neg, "unary_positive": operator.pos, "unary_invert": operator.invert, "is_true": bool,
    "get_iter": lambda a: kind(list(iter(a))), "str_of": str, "repr_of": repr, "ascii_of": ascii,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    for index in range(len(SHARED)):
        if name == "get_iter":
            continue
        same(name, UNARY[name], lambda: (fresh(index),))


def test_inverting_a_bool_warns_as_the_interpreter_does():
    import warnings

    def caught(function):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            assert function() == -2
        return [(item.category, str(item.message)) for item in seen]

    value = True
    assert caught(lambda: call("unary_invert", value)) == caught(lambda: ~value)


class OldSequence:
    def __getitem__(self, index):
        return "xyz"[index]


class NotIterator:
    def __iter__(self):
        return 5


class Raises:
    def __iter__(self):
        yield 1
        raise RuntimeError("in the middle")


class RaisesTypeError:
    def __iter__(self):
        raise TypeError("my own")


class NoIterator:
    __iter__ = None


def iterables():
    return [
        5, None, 1.5, "xyz", "", [1, 2, 3], (1, 2), {1: 2, 3: 4}, range(3), {7}, OldSequence(), NotIterator(), Raises(),
        RaisesTypeError(), NoIterator(), iter([1, 2]), (n for n in range(2)), Evil(1), int, bytearray(b"ab"),
    ]  # fmt: skip


def drained(value):
    iterator = call("get_iter", value)
    items = []
    while True:
        item = call("iter_next", iterator)
        if item == "end":
            assert call("iter_next", iterator) == "end"
            return items
        items.append(item)


def listed(value):
    items = []
    for item in value:
        items.append(item)
    return items


def test_iteration():
    for index in range(len(iterables())):
        assert outcome(drained, iterables()[index]) == outcome(listed, iterables()[index])


def unpack0(value):
    () = value
    return ()


def unpack1(value):
    (a,) = value
    return (a,)


def unpack2(value):
    a, b = value
    return (a, b)


def unpack3(value):
    a, b, c = value
    return (a, b, c)


def test_unpacking():
    for count, function in enumerate([unpack0, unpack1, unpack2, unpack3]):
        for index in range(len(iterables())):
            got = outcome(call, "unpack_sequence", iterables()[index], count)
            assert got == outcome(function, iterables()[index])


def test_items_and_slices():
    def set_item(a, b, c):
        a[b] = c
        return 0

    def delete_item(a, b):
        del a[b]
        return 0

    def set_slice(a, b, c, d):
        a[b:c] = d
        return 0

    def get_slice(a, b, c):
        return a[b:c]

    ends = [None, 0, 1, -1, 5, 2**70, "x", 1.0, Int(9)]
    for index in range(len(SHARED)):
        for key in [0, 1, -1, 5, "a", None, 2**70, slice(0, 1), (1, 2), [1], Evil(1)]:
            same("set_item", set_item, lambda: (fresh(index), key, "new"))
            same("delete_item", delete_item, lambda: (fresh(index), key))
        for low, high in itertools.product(ends, ends):
            same("get_slice", get_slice, lambda: (fresh(index), low, high))
            same("set_slice", set_slice, lambda: (fresh(index), low, high, (8, 9)))
    for a, b, c in itertools.product([None, 1, "x"], repeat=3):
        same("build_slice", slice, lambda: (a, b, c))
    assert call("build_slice", 1, 2, NULL) == slice(1, 2)


class Attributes:
    fixed = 1
    __slots__ = ("slot",)

    @property
    def computed(self):
        raise LookupError("computed")


class Open:
    def __getattr__(self, name):
        if name == "missing":
            raise AttributeError("none of that", name=name, obj=None)
        return name * 2


def attribute_names(error):
    return getattr(error, "name", None), type(getattr(error, "obj", None))


def test_attributes():
    for make in (Attributes, Open, lambda: 5, lambda: Attributes, lambda: math, lambda: None):
        for name in ("fixed", "slot", "computed", "missing", "__class__", "pi", "real", "__doc__"):
            same("get_attribute", getattr, lambda: (make(), name))
            if make() is math or make() is Attributes:
                continue
            same("set_attribute", lambda a, b, c: setattr(a, b, c) or 0, lambda: (make(), name, Open))
            same("delete_attribute", lambda a, b: delattr(a, b) or 0, lambda: (make(), name))
    with pytest.raises(AttributeError) as mine:
        call("get_attribute", 5, "nothing")
    with pytest.raises(AttributeError) as theirs:
        (5).nothing  # noqa: B018
    assert attribute_names(mine.value) == attribute_names(theirs.value)


def test_globals():
    class Namespace(dict):
        def __missing__(self, key):
            if key == "strange":
                raise ZeroDivisionError(key)
            if key == "made":
                return "up"
            raise KeyError(key)

    builtins = {"len": len, "twice": 2}
    assert call("load_global", {"twice": 1}, builtins, "twice") == 1
    assert call("load_global", {}, builtins, "twice") == 2
    assert call("load_global", {}, Namespace(builtins), "twice") == 2
    assert call("load_global", {}, Namespace(builtins), "made") == "up"
    with pytest.raises(ZeroDivisionError):
        call("load_global", {}, Namespace(), "strange")
    for name in ("nowhere", "π", "long" * 100):
        for mapping in ({}, Namespace()):
            with pytest.raises(NameError) as mine:
                call("load_global", {}, mapping, name)
            with pytest.raises(NameError) as theirs:
                exec(f"def f():\n    return {name}\nf()", {})
            assert str(mine.value) == str(theirs.value)
            assert mine.value.name == theirs.value.name == name
            assert type(mine.value) is type(theirs.value)
    namespace = {}
    assert call("store_global", namespace, "x", 5) == 0
    assert namespace == {"x": 5}


def test_construction():
    for count in range(6):
        items = [object() for _ in range(count)]
        assert call("new_list", *items) == items
        assert call("new_tuple", *items) == tuple(items)
        assert call("new_set", *items) == set(items)
    assert call("new_tuple") is ()
    for bounds in [(0, 5, 1), (5, -3, -2), (1 << 40, -(1 << 62), -7), (3, 3, 1)]:
        made = call("new_range", *bounds)
        assert (made.start, made.stop, made.step) == bounds and made == range(*bounds)
    assert call("new_map", "a", 1, "b", 2, "a", 3) == {"a": 3, "b": 2}
    assert list(call("new_map", "b", 1, "a", 2)) == ["b", "a"]
    same("new_map", lambda a, b: {a: b}, lambda: ([], 1))
    same("new_set", lambda a, b: {a, b}, lambda: (1, {}))
    same("new_set", lambda a, b: {a, b}, lambda: (1, 1.0))


def cell_of(value):
    return (lambda: value).__closure__[0]


def test_cells():
    assert call("new_cell", 5).cell_contents == 5
    assert type(call("new_cell", NULL)) is type(cell_of(1))
    with pytest.raises(ValueError, match="empty"):
        call("new_cell", NULL).cell_contents  # noqa: B018


def test_instances():
    class Plain:
        pass

    class Slots:
        __slots__ = ("x",)

    references = sys.getrefcount(Plain)
    made = call("new_instance", Plain)
    assert type(made) is Plain and vars(made) == {}
    made.x = made.y = 1
    assert list(vars(made)) == ["x", "y"]
    del made
    assert sys.getrefcount(Plain) == references
    with pytest.raises(AttributeError):
        call("new_instance", Slots).x  # noqa: B018
    alive = weakref.WeakSet()
    for _ in range(20000):
        made = call("new_instance", Plain)
        made.me = made
        alive.add(made)
    assert len(alive) < 20000, "no collection"


def test_operator_answers():
    """What comes behind a method that answered: the codes are those of `Operation::code`, told by what they do."""

    class Never:
        def __lt__(self, other):
            return NotImplemented

        __gt__ = __le__ = __ge__ = __eq__ = __ne__ = __add__ = __iadd__ = __pow__ = __lt__
        __hash__ = None

    class Says(Never):
        def __gt__(self, other):
            return ["said"]

    operators = {
        "compare_lt": operator.lt, "compare_ge": operator.ge, "compare_eq": operator.eq, "compare_ne": operator.ne,
        "binary_add": operator.add, "binary_pow": operator.pow, "inplace_add": operator.iadd,
    }
    for name, function in operators.items():
        code = _testing.operation_code(name, False, False)
        for left, right in itertools.product((Never(), Says()), (Never(), Says(), 3, None)):
            wanted = outcome(function, left, right)
            assert outcome(call, "operator_answer", left, right, NotImplemented, code) == wanted, name
            assert call("operator_answer", left, right, [5], code) == [5]
        for truth, inverse in ((True, False), (True, True)):
            if name.startswith("compare"):
                code = _testing.operation_code(name, truth, inverse)
                assert call("operator_answer", Never(), 3, [5], code) is (not inverse)
    for inverse in (False, True):
        code = _testing.operation_code("contains", False, inverse)
        assert call("operator_answer", 1, Never(), "", code) is inverse
        assert call("operator_answer", 1, Never(), "x", code) is not inverse


def test_length_answers():
    for answer in (0, 5, True, -1, 2**70, -(2**70), 2.5, "x", None):
        class Sized:
            def __len__(self):
                return answer

        assert outcome(call, "length_answer", answer) == outcome(len, Sized())


def test_is_instance_of():
    class Base:
        pass

    class Derived(Base):
        pass

    class Liar:
        __class__ = Base

    class Asked:
        @property
        def __class__(self):
            return Base

    class Guarded:
        def __getattribute__(self, name):
            raise ValueError(name)

    for thing in (1, True, 2.5, "x", None, [], Base, Base(), Derived(), Derived, type, object()):
        for of in (Base, Derived, int, object, type, list):
            answer = call("is_instance_of", thing, of)
            # Of a class, its own class need not be the answer.
            assert answer is isinstance(thing, of) or (isinstance(thing, type) and answer == "leaves")
    # Where the class does not answer, the object may.
    for thing in (Liar(), Asked(), Guarded()):
        assert call("is_instance_of", thing, Base) == "leaves"
        assert call("is_instance_of", thing, object) is True


def test_functions():
    def outer(cell):
        def inner(a, b: int = 2, *, c=3) -> str:
            "doc"
            return (a, b, c, cell, __name__)

        return inner

    model = outer("inside")
    made = call(
        "new_function", model.__code__, globals(), (2,), {"c": 3}, ("b", int, "return", str), model.__closure__
    )
    assert made(1) == model(1)
    assert made(1, c=5) == model(1, c=5)
    for name in ("__defaults__", "__kwdefaults__", "__name__", "__qualname__", "__module__", "__doc__", "__closure__"):
        assert getattr(made, name) == getattr(model, name), name
    if sys.version_info < (3, 14):
        assert made.__annotations__ == model.__annotations__
    assert made.__code__ is model.__code__ and made.__globals__ is globals()
    plain = call("new_function", (lambda: 5).__code__, {}, NULL, NULL, NULL, NULL)
    assert plain() == 5 and plain.__defaults__ is None and plain.__closure__ is None
    for _ in range(50):
        assert made(1) == model(1)


def test_strings():
    pieces = ["", "a", "abc", "π", "€uro", "𝄞", Text("t")]
    for count in range(4):
        for items in itertools.product(pieces, repeat=count):
            assert call("join_strings", *items) == "".join(items)
    only = "only one"
    assert call("join_strings", only) is only
    for index in range(len(SHARED)):
        same("format_value", lambda a, b: format(a), lambda: (fresh(index), NULL))
        for spec in ("", ">5", "x", ".2f", "bad spec"):
            same("format_value", format, lambda: (fresh(index), spec))
    for text in pieces[:-1]:
        assert call("format_value", text, NULL) is text
        for index in range(len(text)):
            assert call("str_index", text, index) == text[index]
        assert call("str_ord", text) == (ord(text) if len(text) == 1 else "leaves")
        for other in pieces[:-1]:
            assert call("str_equal", text, other) is (text == other)
            assert call("str_contains", text, other) is (text in other)
            assert call("str_concat", text, other) == text + other
            assert call("str_append", text, other) == text + other
        assert not text or call("str_index", text, 0) is text[0] or ord(text[0]) > 255
    for code in (0, 65, 255, 256, 0xD800, 0x10FFFF):
        assert call("str_chr", code) == chr(code)
    for code in (-1, 0x110000, 2**40, -(2**40)):
        assert call("str_chr", code) == "leaves"


LONGS = [
    0, 1, -1, 2, 3, -3, 63, 64, 255, 2**30 - 1, 2**30, 2**31, 2**60, -(2**60), 2**62, 2**63 - 1, 2**63, -(2**63), 2**64,
    -(2**64), 2**90, 10**40, -(10**40), 2**1100, -(2**1100),
]  # fmt: skip


def test_longs():
    names = ("add", "sub", "mul", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor", "truediv")
    for a, b in itertools.product(LONGS, LONGS):
        for name in names:
            if not too_big(name, a, b):
                same(f"long_{name}", BINARY[name], lambda: (a, b))
        for name in ("lt", "le", "eq"):
            assert call(f"long_{name}", a, b) is COMPARE[name](a, b)
    for a in LONGS:
        assert call("long_neg", a) == -a
        assert call("long_invert", a) == ~a
        assert call("long_is_true", a) is bool(a)
        got = call("long_to_float", a)
        assert got == float(a) if abs(a) < 2**1024 else got == "leaves"


def test_lists():
    def extend(a, b):
        a = [*a, *b]
        return 0

    for index in range(len(iterables())):
        mine = [0]
        got = outcome(call, "list_extend", mine, iterables()[index])
        assert got == outcome(extend, [0], iterables()[index])
        if got[0] == "value":
            assert mine == [0, *iterables()[index]]
    for count in (-1, 0, 1, 3):
        assert call("list_repeat", [1, "a"], count) == [1, "a"] * count
    same("list_repeat", operator.mul, lambda: ([1], 2**62))
    items = [1, 2.0, "x", None, Evil(1)]
    for low in range(4):
        for high in range(low, 5):
            got = call("list_slice", items, low, high)
            assert len(got) == high - low and all(a is b for a, b in zip(got, items[low:high], strict=True))
    for item in (1, 2, "x", None, 7):
        assert outcome(call, "list_contains", items, item) == outcome(lambda a, b: b in a, items, item)


def test_every_helper_is_tested():
    source = open(__file__, encoding="utf-8").read()
    tables = {row[0] for row in TABLE} | set(UNARY) | {f"long_{name}" for name in (*BINARY, *COMPARE)}
    missing = [name for name in _testing.helper_names() if f'"{name}"' not in source and name not in tables]
    assert not missing


def test_references_balance():
    """Each helper many times: no object of the arguments gains or loses references."""
    values = [object(), [1, 2], (1.5, "x"), "text" * 3, 10**30, {"k": "v"}, Evil(1)]
    calls = [
        ("binary_add", [values[1], [3]]), ("binary_add", [values[0], values[4]]), ("inplace_add", [values[2], (4,)]),
        ("compare_eq", [values[3], "other"]), ("compare_lt", [values[6], values[0]]), ("contains", [values[0], values[1]]),
        ("get_item", [values[5], "k"]), ("get_slice", [values[1], 0, 1]), ("get_iter", [values[1]]),
        ("iter_next", [iter(())]), ("unpack_sequence", [values[1], 2]), ("unpack_sequence", [values[1], 3]),
        ("unpack_sequence", [values[2], 1]), ("unpack_sequence", [values[4], 1]), ("new_list", values), ("new_tuple", values),
        ("new_map", [values[3], values[6]]), ("new_map", [values[1], values[1]]), ("new_set", [values[0], values[2]]),
        ("new_set", [values[0], values[1]]), ("new_cell", [values[0]]), ("join_strings", [values[3], "b"]),
        ("join_strings", [values[3]]), ("list_extend", [[], values[2]]), ("list_extend", [[], values[0]]),
        ("format_value", [values[3], NULL]), ("str_of", [values[3]]), ("load_global", [values[5], {}, "k"]),
        ("load_global", [values[5], {}, "none"]), ("load_global", [{}, values[5], "k"]), ("list_slice", [values[1], 0, 2]),
        ("list_to_tuple", [values[1]]), ("empty_set", []),
        ("build_slice", [values[0], values[4], values[3]]), ("str_index", [values[3], 1]), ("long_add", [values[4], 1]),
        ("long_lt", [values[4], 1]), ("str_concat", [values[3], "z"]), ("str_append", [values[3], "z"]), ("list_repeat", [values[1], 2]),
        ("get_attribute", [values[6], "tag"]), ("get_attribute", [values[6], "none"]),
    ]  # fmt: skip

    def counts():
        return [sys.getrefcount(value) for value in values]

    before = counts()
    for name, arguments in calls:
        for _ in range(20):
            try:
                call(name, *arguments)
            except Exception:
                pass
        assert counts() == before, name
    none, end = sys.getrefcount(None), iter([])
    for _ in range(1000):
        call("iter_next", end)
        call("list_extend", [], ())
        call("new_cell", None)
    assert abs(sys.getrefcount(None) - none) < 50


def test_numbers_in_and_out_of_boxes():
    edges = [0, 1, -1, 256, 257, -5, -6, 2**30 - 1, 2**30, -(2**30), 2**60 - 1, 2**60, -(2**60), 2**62, 2**63 - 1, -(2**63)]
    for value in edges:
        assert support("box_i64", value) == value
        assert support("unbox_i64", value) == value
    assert support("box_i64", 5) is 5 + 0
    for value in (2**63, -(2**63) - 1, 2**64, 10**40, -(10**40), 2**90 - 1, 2**90):
        assert support("unbox_i64", value) == "leaves"
    for value in (0, 1, 2**30, 2**63, 2**64 - 1):
        assert support("box_u64", value) == value
        assert support("unbox_u64", value) == value
    for value in (-1, 2**64, -(2**64), 10**40, 2**90 + 5):
        assert support("unbox_u64", value) == "leaves"
    for value in (0.0, -0.0, 1.5, math.inf):
        assert kind(support("box_f64", value)) == kind(value)


def test_int_power():
    bases = [0, 1, -1, 2, -2, 3, 7, -8, 10, 2**31, 2**32, -(2**31), 2**62, 2**63 - 1, -(2**63)]
    for base, exponent in itertools.product(bases, [0, 1, 2, 3, 5, 18, 19, 31, 39, 40, 62, 63, 64, 65, 1000]):
        exact = base**exponent
        fits = -(2**63) <= exact < 2**63
        assert support("int_pow", base, exponent) == (exact if fits else "leaves"), (base, exponent)
    for base, exact in ((0, 0), (1, 1), (-1, -1)):
        assert support("int_pow", base, 2**63 - 1) == exact
    assert support("int_pow", 2, 2**32) == "leaves"


def floats():
    generator = random.Random(5)
    values = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 1.5, 7.25, -7.25, 1e-320, -1e-320, 1e308, -1e308]
    values += [2.0**53, -(2.0**53), 2.0**53 - 1, 1e16 + 2, math.inf, -math.inf, math.nan, 0.1, 1e-5, 5e-324, 1 / 3]
    values += [generator.uniform(-100, 100) for _ in range(40)]
    values += [struct.unpack("d", generator.randbytes(8))[0] for _ in range(60)]
    return values


def bits(value):
    return "nan" if math.isnan(value) else struct.pack("d", value)


def test_float_division():
    for a, b in itertools.product(floats(), floats()):
        if b != 0:
            assert bits(support("float_mod", a, b)) == bits(a % b), (a, b)
            assert bits(support("float_floordiv", a, b)) == bits(a // b), (a, b)


def test_float_power():
    decided = 0
    for a, b in itertools.product(floats(), floats()):
        got = support("float_pow", a, b)
        if math.isnan(got):
            continue
        decided += 1
        exact = a**b
        assert type(exact) is float and bits(got) == bits(exact), (a, b)
    assert decided > 5000
    for a, b in ((2.0, 0.5), (0.0, 2.0), (-2.0, 3.0), (1e-300, 2.0), (math.inf, -1.0)):
        assert not math.isnan(support("float_pow", a, b))
    for a, b in ((0.0, -1.0), (-2.0, 0.5), (1e300, 2.0), (math.nan, 1.0)):
        assert math.isnan(support("float_pow", a, b))


MATH = ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "expm1", "log1p", "log", "log2", "log10"]


@pytest.mark.parametrize("name", MATH)
def test_math(name):
    """Where the C function's result is finite it is the answer of the module; elsewhere code leaves."""
    for value in floats():
        got = support(name, value)
        if math.isfinite(got):
            assert bits(getattr(math, name)(value)) == bits(got), value


def test_list_ends():
    for count in range(1, 40):
        mine, theirs = list(range(count)), list(range(count))
        mine.append(count), theirs.append(count)
        while mine:
            assert support("list_pop_last", mine) == theirs.pop()
            assert mine == theirs and sys.getsizeof(mine) == sys.getsizeof(theirs)
    mine, theirs = [], []
    for count in range(100):
        assert support("list_append", mine, count) == 0
        theirs.append(count)
        assert mine == theirs and sys.getsizeof(mine) == sys.getsizeof(theirs)
    item = object()
    before = sys.getrefcount(item)
    support("list_append", mine, item)
    assert sys.getrefcount(item) == before + 1
    assert support("list_pop_last", mine) is item
    assert sys.getrefcount(item) == before


def test_silent_drops():
    class Loud:
        def __del__(self):
            pass

    silent = [0, 10**40, 1.5, "x", b"x", bytearray(b"x"), None, True, 1j, range(3), [], [1, [2.0, ("x",)]], (), (1, None)]
    silent += [{}, {"a": [1, 2]}, [[1], [1]]]
    for value in silent:
        assert support("drop_is_silent", value) == 1, value
    cycle = []
    cycle.append(cycle)
    deep = [[[[[[[[1]]]]]]]]
    for value in [Loud(), [Loud()], (1, [Loud()]), {1: Loud()}, Int(5), Text("x"), {1, 2}, int, len, lambda: 0, cycle, deep]:
        assert support("drop_is_silent", value) == 0, value
    assert support("drop_is_silent", list(range(10**5))) == 0


class Hashed:
    """Equal to ints, by a program's own code."""

    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        return self.value == other


KEYS = [0, 1, -1, -2, 5, 2**30, -(2**30), 2**60, 2**61 - 1, 2**61, 2**63 - 1, -(2**63), 2**64, 1.5, 2.0, -0.0, math.inf, True]
KEYS += [None, "", "a", float(2**52), "b" * 40, "é", "😀", b"a", (), (1, "a"), (1, (2, (3,))), object, object()]


def test_dict_look_ups():
    generator = random.Random(3)
    for _ in range(400):
        table = {key: str(key) for key in generator.sample(KEYS, generator.randrange(len(KEYS)))}
        for number in range(generator.choice([0, 3, 300])):
            table[number * 7] = number
        for key in generator.sample(list(table), len(table) // 3):
            del table[key]
        assert call("dict_length", table) == len(table)
        for key in KEYS:
            wanted = table.get(key, NULL)
            assert call("dict_contains", table, key) is (key in table)
            assert call("dict_get_or", table, key, "none") == table.get(key, "none")
            if wanted is not NULL:
                assert call("dict_get", table, key) is wanted
            else:
                with pytest.raises(KeyError) as raised:
                    call("dict_get", table, key)
                assert raised.value.args == (key,)
            if type(key) is int and -(2**63) <= key < 2**63:
                assert call("dict_contains_int", table, key) is (key in table)
                if wanted is not NULL:
                    assert call("dict_get_int", table, key) is wanted
                else:
                    with pytest.raises(KeyError, match=str(key)):
                        call("dict_get_int", table, key)
            mine, theirs = dict(table), dict(table)
            assert call("dict_setdefault", mine, key, 5) is theirs.setdefault(key, 5)
            assert mine == theirs
            call("dict_set", mine, key, "new")
            theirs[key] = "new"
            assert mine == theirs and list(mine) == list(theirs)


def test_set_look_ups():
    generator = random.Random(4)
    for _ in range(400):
        items = set(generator.sample(KEYS, generator.randrange(len(KEYS))))
        items.update(range(0, generator.choice([0, 20, 2000]), 7))
        for key in generator.sample(list(items), len(items) // 3):
            items.remove(key)
        for container in (items, frozenset(items)):
            assert call("set_length", container) == len(items)
            for key in KEYS:
                assert call("set_contains", container, key) is (key in items)
                if type(key) is int and -(2**63) <= key < 2**63:
                    assert call("set_contains_int", container, key) is (key in items)
        for key in KEYS:
            mine, theirs = set(items), set(items)
            call("set_add", mine, key)
            theirs.add(key)
            assert mine == theirs and list(mine) == list(theirs)


def test_tables_leave_what_runs_code():
    evil = Hashed(5)
    assert call("dict_get", {evil: 1}, 5) == "leaves"
    assert call("dict_get_int", {evil: 1}, 5) == "leaves"
    assert call("dict_contains", {evil: 1}, 5) == "leaves"
    assert call("dict_contains", {5: 1}, evil) == "leaves"
    assert call("dict_get_or", {5: 1}, (1, evil), 2) == "leaves"
    assert call("set_contains", {evil}, 5) == "leaves"
    assert call("set_contains_int", {evil}, 5) == "leaves"
    assert call("set_add", {5}, evil) == "leaves"
    assert call("dict_contains", {}, []) == "leaves"
    table = {evil: 1}
    assert call("dict_set", table, 5, 6) == "leaves" and list(table.values()) == [1]
    assert call("dict_setdefault", table, 5, 6) == "leaves"

    class Loud:
        def __del__(self):
            pass

    table = {1: Loud()}
    assert call("dict_set", table, 1, 2) == "leaves" and type(table[1]) is Loud
    kept = table[1]
    assert call("dict_set", table, 1, 2) == 0 and table == {1: 2}
    assert kept is not None


def test_table_iterators():
    for count in (0, 1, 5, 300):
        table = {str(number): number for number in range(count)}
        table.pop("3", None)
        for view in (table, table.values(), table.items()):
            iterator, seen = iter(view), []
            while (key := call("dict_iter_next", iterator)) != "end":
                seen.append((key, call("dict_iter_value", iterator)))
            assert seen == list(table.items())
            assert list(iterator) == []
        items = set(table)
        iterator, seen = iter(items), []
        while (item := call("set_iter_next", iterator)) != "end":
            seen.append(item)
        assert seen == list(items) and list(iterator) == []
    table = {1: 2}
    iterator = iter(table)
    table[3] = 4
    with pytest.raises(RuntimeError, match="dictionary changed size during iteration"):
        call("dict_iter_next", iterator)
    items = {1}
    iterator = iter(items)
    items.add(2)
    with pytest.raises(RuntimeError, match="Set changed size during iteration"):
        call("set_iter_next", iterator)


TEXTS = ["", "a", "abc", "a:b:c", "é", "aéb", "😀x", "a" * 300, "0", "12", " 7 ", "1.5", "nan", "x\x00y"]


def test_text_helpers():
    stop = 2**63 - 1
    for a, b in itertools.product(TEXTS, TEXTS):
        assert call("str_order", a, b) == (a > b) - (a < b) + 1
        for i, j in itertools.product((0, 1, -1, 5, -400, 400), (0, 1, -1, 3, -400, stop)):
            high = None if j == stop else j
            assert call("str_find", a, b, i, j) == a.find(b, i, high) + 1
            assert call("str_tail", a, b, i, j, 0) is a.startswith(b, i, high)
            assert call("str_tail", a, b, i, j, 1) is a.endswith(b, i, high)
            assert call("str_slice", a, i, j) == a[i:high]
            data = a.encode()
            assert call("bytes_slice", data, i, j) == data[i:high]
            items = list(a)
            assert call("list_slice", items, i, j) == items[i:high]
    for text in TEXTS:
        assert call("str_slice", text, 0, stop) is text[:]
        for name, convert in (("int_of_str", int), ("float_of_str", float)):
            try:
                wanted = convert(text)
            except ValueError as error:
                with pytest.raises(ValueError) as raised:
                    call(name, text)
                assert str(raised.value) == str(error)
            else:
                got = call(name, text)
                assert got == wanted or (got == "leaves" and wanted != wanted)
        assert call("str_format", text, ">5") == format(text, ">5")
        assert call("str_of_number", text) is text
    for number in (5, -(2**70), 1.5, True, None):
        assert call("str_of_number", number) == str(number)
    for number in (5, -(2**70), 1.5, True):
        assert call("str_format", number, "5") == format(number, "5")
        assert call("str_format", number, NULL) == format(number)


def test_method_calls():
    assert call("quiet_call", str.lower, "ABC") == "abc"
    assert call("quiet_call", str.split, "a,b", ",") == ["a", "b"]
    assert call("quiet_call", str.replace, "aaa", "a", "b", 2) == "bba"
    assert call("quiet_call", str.join, "-", ["a", "b"]) == "a-b"
    with pytest.raises(TypeError, match="sequence item 0: expected str instance, int found"):
        call("quiet_call", str.join, "-", [1])
    items = [1, 2, 3]
    assert call("quiet_list_call", list.reverse, items) is None and items == [3, 2, 1]
    assert call("quiet_list_call", list.pop, items, 0) == 3
    with pytest.raises(IndexError, match="pop index out of range"):
        call("quiet_list_call", list.pop, items, 9)


def test_allocations():
    assert call("new_list", 1, 2) == [1, 2]
    assert call("new_tuple", 1, 2) == (1, 2)
    assert call("empty_map") == {}
    made = call("empty_set")
    assert type(made) is set and made == set()
    assert call("list_to_tuple", [1, "x"]) == (1, "x") and call("list_to_tuple", []) == ()
    assert call("new_cell", 5).cell_contents == 5
    assert call("list_repeat", [1, 2], 2) == [1, 2, 1, 2]
    assert call("list_slice", [1, 2, 3], 1, 5) == [2, 3]
    made = call("new_function", (lambda: 7).__code__, globals(), NULL, NULL, NULL, NULL)
    assert made() == 7 and made.__globals__ is globals()
