"""`@jit`: what it takes, what it gives back, and what it leaves alone."""

import copy
import functools
import inspect
import os
import pickle
import subprocess
import sys
import types

import pytest

import brolga
from brolga import CompileError, jit


def module_level(a, b: int = 2, *rest, key=None, **more) -> tuple:
    """Doc of the function."""
    return a, b, rest, key, more


def test_returns_the_same_object_unchanged():
    before = {name: getattr(module_level, name) for name in functools.WRAPPER_ASSIGNMENTS}
    signature, code = inspect.signature(module_level), module_level.__code__
    assert jit(module_level) is module_level
    assert {name: getattr(module_level, name) for name in functools.WRAPPER_ASSIGNMENTS} == before
    assert inspect.signature(module_level) == signature
    assert module_level.__code__ is code
    assert isinstance(module_level, types.FunctionType)
    assert inspect.isfunction(module_level)
    assert pickle.loads(pickle.dumps(module_level)) is module_level
    assert copy.deepcopy(module_level) is module_level
    assert module_level(1, key=3, x=4) == (1, 2, (), 3, {"x": 4})


def test_decorating_twice_is_decorating_once():
    @jit
    @jit(threshold=3)
    def twice(n):
        return n + 1

    assert [twice(i) for i in range(100)] == list(range(1, 101))


def test_with_options():
    @jit(threshold=2)
    def f(n):
        return n * n

    assert [f(i) for i in range(5)] == [0, 1, 4, 9, 16]
    assert jit(f, threshold=5) is f
    assert jit()(f) is f


def test_methods_in_every_order():
    class C:
        @jit
        def method(self, n):
            return ("method", type(self), n)

        @jit
        @staticmethod
        def static_inside(n):
            return ("static", n)

        @staticmethod
        @jit
        def static_outside(n):
            return ("static", n)

        @jit
        @classmethod
        def class_inside(cls, n):
            return ("class", cls, n)

        @classmethod
        @jit
        def class_outside(cls, n):
            return ("class", cls, n)

        @property
        @jit
        def attribute(self):
            return ("attribute", type(self))

    class D(C):
        pass

    assert isinstance(vars(C)["static_inside"], staticmethod)
    assert isinstance(vars(C)["class_inside"], classmethod)
    for cls in (C, D):
        instance = cls()
        for _ in range(100):
            assert instance.method(1) == ("method", cls, 1)
            assert cls.static_inside(2) == instance.static_inside(2) == ("static", 2)
            assert cls.static_outside(3) == instance.static_outside(3) == ("static", 3)
            assert cls.class_inside(4) == instance.class_inside(4) == ("class", cls, 4)
            assert cls.class_outside(5) == instance.class_outside(5) == ("class", cls, 5)
            assert instance.attribute == ("attribute", cls)


def test_a_bound_method_stands_for_its_function():
    class C:
        def method(self, n):
            return n + 1

    bound = C().method
    assert jit(bound) is bound
    assert [bound(i) for i in range(60)] == list(range(1, 61))


def test_a_class_is_decorated_in_place():
    class C:
        def __init__(self, n):
            self.n = n

        def double(self):
            return self.n * 2

        @staticmethod
        def three():
            return 3

        @classmethod
        def make(cls):
            return cls(7)

        @property
        def value(self):
            return self.n

        @value.setter
        def value(self, n):
            self.n = n

        class Nested:
            def f(self):
                return 1

        constant = 5

    members = dict(vars(C))
    assert jit(C) is C
    assert dict(vars(C)) == members
    for _ in range(100):
        c = C.make()
        c.value = 4
        assert (c.double(), c.three(), c.value, C.Nested().f()) == (8, 3, 4, 1)


def test_lambdas_and_closures():
    add = jit(lambda a, b=1: a + b)
    assert [add(i) for i in range(60)] == list(range(1, 61))

    def counter():
        count = 0

        @jit
        def increment():
            nonlocal count
            count += 1
            return count

        return increment

    one, other = counter(), counter()
    assert [one() for _ in range(60)] == list(range(1, 61))
    assert other() == 1


def test_generators_and_coroutines_keep_working():
    @jit
    def numbers(n):
        yield from range(n)

    @jit
    async def answer():
        return 42

    for _ in range(60):
        assert list(numbers(3)) == [0, 1, 2]
    with pytest.raises(StopIteration) as stop:
        answer().send(None)
    assert stop.value.value == 42


class Callable:
    def __call__(self):
        return 1


class Wrapper:
    def __init__(self):
        self.__wrapped__ = module_level

    def __call__(self):
        return 1


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        (3, "an instance of int"),
        (None, "an instance of NoneType"),
        (len, "which is compiled already"),
        (functools.partial(module_level, 1), "decorate the function inside it"),
        (property(module_level), "below @property"),
        (Callable(), "decorate the __call__ of its class"),
        (Wrapper(), "below the decorator that made it"),
    ],
)
def test_what_it_does_not_take_it_says(target, advice):
    with pytest.raises(TypeError, match="jit takes a Python function") as raised:
        jit(target)
    assert advice in str(raised.value)


def test_unknown_options_name_the_known_ones():
    with pytest.raises(TypeError, match=r"no option 'treshold'.*threshold, strict"):
        jit(treshold=3)
    with pytest.raises(TypeError, match="takes one function, not 2"):
        jit(module_level, module_level)


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"threshold": 0}, "at least 1"),
        ({"threshold": True}, "at least 1"),
        ({"threshold": "many"}, "at least 1"),
        ({"strict": 1}, "True or False"),
    ],
)
def test_values_of_options_are_checked(options, advice):
    with pytest.raises(TypeError, match=advice):
        jit(**options)


@pytest.mark.parametrize("question", ["stats", "explain", "inspect", "compile"])
def test_questions_want_one_function(question):
    ask = getattr(jit, question)
    with pytest.raises(TypeError, match=rf"jit\.{question} takes one Python function"):
        ask(len)
    with pytest.raises(TypeError, match="name one of its methods"):
        ask(Callable)


def test_never_keeps_the_object_and_the_answers():
    def f(n):
        return n + 1

    assert jit.never(jit(f)) is f
    assert [f(i) for i in range(100)] == list(range(1, 101))


def test_paused_restores_what_was_before():
    @jit(threshold=1)
    def f(n):
        return n * 3

    assert [f(i) for i in range(10)] == [i * 3 for i in range(10)]
    with jit.paused():
        assert f(7) == 21
        with jit.paused():
            assert f(8) == 24
        assert f(9) == 27
    assert f(10) == 30
    jit.disable()
    try:
        with jit.paused():
            pass
        assert f(11) == 33
    finally:
        jit.enable(only_decorated=True)
    assert f(12) == 36


def test_compile_error_reads_well_and_pickles():
    error = CompileError("a generator", "numbers", "n.py", 3, "return a list")
    assert str(error) == "numbers: a generator (n.py:3); return a list"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.line, again.hint) == (str(error), 3, "return a list")
    assert str(CompileError("no reason")) == "no reason"


def test_disabled_by_the_environment():
    program = (
        "from brolga import jit\n"
        "@jit(threshold=1)\n"
        "def f(n):\n"
        "    for i in range(3): n += i\n"
        "    return n\n"
        "assert [f(1) for _ in range(100)] == [4] * 100\n"
        "assert jit.config.disable is True\n"
        "assert not jit.stats().to_dict()['functions'], jit.stats()\n"
    )
    environment = {**os.environ, "BROLGA_DISABLE": "1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_public_names():
    assert set(brolga.__all__) == {"CompileError", "__version__", "jit"}
    assert repr(jit) == "<brolga.jit>"
