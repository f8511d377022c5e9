"""`@jit` returns the same function object, and everything that looks at functions sees a plain function."""

import copy
import dis
import functools
import inspect
import pickle
import types
import typing
import unittest.mock

import pytest

from differential import harness, provider


def sample(a, b: int = 2, *args: float, c, d="x", **kwargs) -> list:
    """Docstring."""
    total = a
    for _ in range(3):
        total += b
    return [total, args, c, d, kwargs]


def simple(n):
    total = 0
    for i in range(n):
        total += i
    return total


original_attributes = {
    name: getattr(sample, name)
    for name in ("__name__", "__qualname__", "__doc__", "__module__", "__defaults__", "__kwdefaults__", "__code__", "__globals__", "__closure__")
}
original_signature = str(inspect.signature(sample))
jitted = provider.eager()(sample)
eager_simple = provider.eager()(simple)


@pytest.fixture(params=[0, 5], ids=["before the first call", "when hot"])
def function(request):
    for _ in range(request.param):
        jitted(1, c=3)
    return jitted


def test_same_object(function):
    assert function is sample
    assert provider.eager()(function) is function


def test_attributes(function):
    for name, value in original_attributes.items():
        assert getattr(function, name) is value or getattr(function, name) == value
    assert function.__annotations__ == {"b": int, "args": float, "return": list}


def test_type(function):
    assert isinstance(function, types.FunctionType)
    assert inspect.isfunction(function) and inspect.isroutine(function)
    assert callable(function)
    assert type(function).__name__ == "function"
    assert repr(function).startswith("<function sample at 0x")
    assert issubclass(type(function), types.FunctionType)


def test_inspect(function):
    assert str(inspect.signature(function)) == original_signature
    assert inspect.getsource(function).startswith("def sample(")
    assert inspect.getsourcefile(function) == __file__
    assert inspect.getdoc(function) == "Docstring."
    assert inspect.getfullargspec(function).kwonlyargs == ["c", "d"]
    assert typing.get_type_hints(function)["b"] is int
    assert inspect.unwrap(function) is function
    assert inspect.getclosurevars(function).builtins == {"range": range}
    assert inspect.getmodule(function).__name__ == __name__


def test_dis_shows_the_plain_bytecode(function):
    names = [instruction.opname for instruction in dis.get_instructions(function)]
    assert "FOR_ITER" in names


def test_pickle(function):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(function, protocol)) is function


def test_copy(function):
    assert copy.copy(function) is function
    assert copy.deepcopy([function])[0] is function


def test_own_attributes(function):
    function.note = 5
    assert function.note == 5 and vars(function)["note"] == 5
    del function.note
    assert not hasattr(function, "note")


def test_hash_and_equality(function):
    assert {function: 1}[sample] == 1
    assert function == sample and not function != sample


def test_wraps_partial_cache_and_dispatch(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    assert wrapper.__wrapped__ is function and wrapper.__name__ == "sample"
    assert functools.partial(function, 1, c=2)(5)[0] == 16
    cached = functools.lru_cache(maxsize=None)(eager_simple)
    assert [cached(10), cached(10)] == [45, 45] and cached.cache_info().hits == 1
    dispatch = functools.singledispatch(eager_simple)
    dispatch.register(str, lambda text: text * 2)
    assert dispatch(5) == 10 and dispatch("a") == "aa"
    assert functools.reduce(lambda x, y: x + eager_simple(y), [1, 2, 3], 0) == 4


def test_mock(function):
    double = unittest.mock.create_autospec(function, return_value=7)
    assert double(1, c=2) == 7
    with pytest.raises(TypeError):
        double()
    with unittest.mock.patch(f"{__name__}.simple", return_value="patched"):
        assert simple(3) == "patched"
    assert simple(3) == 3


def test_new_function_from_the_code(function):
    again = types.FunctionType(function.__code__, globals(), "again", (5,))
    again.__kwdefaults__ = {"c": 1, "d": 2}
    assert again(1)[0] == 16
    assert function.__code__.replace(co_name="other").co_name == "other"


def test_code_is_usable_by_others():
    """The code object itself is unchanged: exec of it, marshal, and another function with it."""
    import marshal

    code = marshal.loads(marshal.dumps(eager_simple.__code__))
    assert types.FunctionType(code, {"range": range})(10) == 45
    assert code == eager_simple.__code__


def test_method_binding():
    class C:
        @provider.eager()
        def m(self, n):
            total = self.base
            for i in range(n):
                total += i
            return total

        @staticmethod
        @provider.eager()
        def s(n):
            return n + 1

        @provider.eager()
        @classmethod
        def c(cls, n):
            return cls.base + n

        @property
        @provider.eager()
        def p(self):
            return self.base * 2

        @provider.eager()
        def __add__(self, other):
            return self.base + other

        @provider.eager()
        def __len__(self):
            return 3

        @provider.eager()
        def __getitem__(self, index):
            if index > 2:
                raise IndexError(index)
            return index * self.base

        base = 10

    class D(C):
        base = 20

        @provider.eager()
        def m(self, n):
            return super().m(n) * 2

    for _ in range(6):
        for cls in (C, D):
            item = cls()
            assert item.m(3) == (13 if cls is C else 46)
            assert cls.m(item, 3) == item.m(3)
            assert (item.s(1), cls.s(1), item.c(1), cls.c(1)) == (2, 2, cls.base + 1, cls.base + 1)
            assert item.p == cls.base * 2
            assert item + 5 == cls.base + 5
            assert len(item) == 3
            assert list(item) == [0, cls.base, 2 * cls.base]
            assert item.m.__self__ is item and item.m.__func__ is cls.__dict__["m"]
            assert inspect.ismethod(item.m)


def test_code_can_be_replaced():
    def f(n):
        return n + 1

    def g(n):
        return n * 100

    function = provider.eager()(f)
    for _ in range(5):
        assert function(2) == 3
    function.__code__ = g.__code__
    for _ in range(5):
        assert function(2) == 200


def test_defaults_can_be_replaced():
    def f(n, k=1, *, m=2):
        return n + k + m

    function = provider.eager()(f)
    for _ in range(5):
        assert function(1) == 4
    function.__defaults__ = (10,)
    function.__kwdefaults__ = {"m": 20.5}
    for _ in range(5):
        assert function(1) == 31.5
    function.__defaults__ = None
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'k'"):
        function(1)
    function.__kwdefaults__ = None
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'm'"):
        function(1, 2)


def test_builtins_of_the_globals():
    """A function whose globals have their own builtins uses those."""
    namespace = {"__builtins__": {"len": lambda items: 99, "range": range}}
    exec("def f(n):\n    t = 0\n    for i in range(3):\n        t += len(n)\n    return t", namespace)
    function = provider.eager()(namespace["f"])
    for _ in range(5):
        assert function([1]) == 297


def test_argument_errors_are_the_interpreters():
    calls = ["", "1, 2, 3", "1, z=3", "1, a=2", "*[1, 2, 3, 4]", "**{'a': 1, 'b': 2, 'q': 0}"]
    harness.check("def f(a, b):\n    t = 0\n    for i in range(3):\n        t += a * b\n    return t", ["1, 2", *calls])
    harness.check("def f(a, /, b=1, *, c):\n    return a + b + c", ["1, c=2", "a=1, c=2", "1", "1, 2, 3", "1, c=2, d=3"])
    harness.check("def f():\n    return 5", ["", "1", "x=1"])


def test_dataclass_enum_namedtuple_users():
    harness.check(
        """
        import dataclasses, enum, collections
        @dataclasses.dataclass
        class P:
            x: float
            y: float
            def norm(self):
                return (self.x * self.x + self.y * self.y) ** 0.5
        class Color(enum.IntEnum):
            RED = 1
            BLUE = 5
        T = collections.namedtuple('T', 'a b')
        def f(n):
            total = 0
            for i in range(n):
                p = P(i, i + 1)
                total += p.norm() + Color.BLUE + T(i, 2).b * Color.RED
                if Color.BLUE > i == Color.RED:
                    total += 100
            return total, p, P(1, 2) == P(1, 2), Color(5), T(1, 2)
        """,
        ["5", "2"],
    )


def test_doctest_and_help():
    import doctest
    import io
    import contextlib

    def f(n):
        """
        >>> f(3)
        3
        """
        total = 0
        for i in range(n):
            total += i
        return total

    function = provider.eager()(f)
    runner = doctest.DocTestRunner()
    finder = doctest.DocTestFinder()
    for test in finder.find(function, "f", globs={"f": function}):
        assert runner.run(test).failed == 0
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        help(function)
    assert "f(n)" in shown.getvalue()


def test_calls_through_the_c_api_without_arguments(jit):
    """`PyObject_Vectorcall` may be given NULL for no arguments, and an empty tuple for no keywords."""
    testcapi = pytest.importorskip("_testcapi")

    @jit(threshold=1)
    def nothing():
        return "nothing"

    vectorcall = testcapi.pyobject_vectorcall
    for _ in range(5):
        for arguments in ((), None):
            for names in ((), None):
                assert vectorcall(nothing, arguments, names) == "nothing"


def test_constants_keep_their_identity(jit):
    """An exit hands the interpreter the constant object, not one like it."""

    @jit(threshold=1)
    def function(again):
        x = 0.25
        y = 123456789
        exec("pass")
        match x:
            case float(z):
                pass
        return z is x, x, y, [x, y] if again else None

    constants = function.__code__.co_consts
    for again in (False, True, False, True):
        same, x, y, pair = function(again)
        assert same
        assert any(x is constant for constant in constants)
        assert any(y is constant for constant in constants)
        assert pair is None or (pair[0] is x and pair[1] is y)


def test_size_of_text_constants():
    """Asking for a constant's UTF-8 form would leave it in the object."""
    import sys

    def f(n):
        text = "\u0100\u0101\u0102" if n else "\xe9"
        return len(text) + n

    before = [sys.getsizeof(constant) for constant in f.__code__.co_consts]
    from brolga import jit

    jitted = jit(threshold=1)(f)
    assert [jitted(n) for n in (1, 2, 3, 0)] == [4, 5, 6, 1]
    jit.explain(jitted)
    assert [sys.getsizeof(constant) for constant in f.__code__.co_consts] == before
