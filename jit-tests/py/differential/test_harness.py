"""The harness itself: it must accept what is right and notice each known kind of mistake."""

import pytest

from differential import fake_jits, harness, provider


@pytest.fixture
def with_jit(monkeypatch):
    """Selects a stand-in for one test."""

    def select(name):
        monkeypatch.setenv(provider.VARIABLE, name)
        provider.load.cache_clear()
        provider.native_support.cache_clear()

    yield select
    monkeypatch.undo()
    provider.load.cache_clear()
    provider.native_support.cache_clear()


WRONG = {
    "wrap64": ("def f(a):\n    return a * a", ["3", "2**40"], "outcome"),
    "positive-zero": ("def f(a):\n    return -a", ["1.5", "0.0"], "outcome"),
    "bool-as-int": ("def f(a):\n    return a > 1", ["1", "2"], "outcome"),
    "leak": ("def f(a):\n    return a", ["[1]"], "references to the result"),
    "wrong-operator": ("def f(a):\n    return a - 1", ["3", "2"], "outcome"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_notices(name, with_jit):
    source, calls, part = WRONG[name]
    with_jit("noop")
    harness.check(source, calls)
    with_jit(name)
    with pytest.raises(harness.Difference) as caught:
        harness.check(source, calls)
    assert caught.value.part == part
    assert "   1 def f(a):" in str(caught.value)


def test_every_stand_in_is_tried():
    assert set(WRONG) == set(fake_jits.names()) - {"noop"}


def unequal(first, second, call=""):
    """Parts in which two programs differ."""
    observations = []
    for source in (first, second):
        program = harness.Program(source)
        namespace = program.side(lambda function: function)
        args, kwargs = program.arguments(call, namespace)
        observations.append(
            harness.observe(
                program, namespace["f"], args, kwargs, namespace, [], number_identity=True
            ).parts
        )
    return {name for name in observations[0] if observations[0][name] != observations[1][name]}


@pytest.mark.parametrize(
    "first, second, call, parts",
    [
        ("def f(a): return a", "def f(a): return list(a)", "[1, 2]", {"outcome"}),
        ("def f(): return 1", "def f(): return True", "", {"outcome"}),
        ("def f(): return 1", "def f(): return 1.0", "", {"outcome"}),
        ("def f(): return 0.0", "def f(): return -0.0", "", {"outcome"}),
        ("def f(): return [(1,)]", "def f(): return [[1]]", "", {"outcome"}),
        ("def f(a): return [a, a]", "def f(a): return [a, a * 1.0]", "2.5", {"outcome"}),
        ("def f(): raise ValueError(1)", "def f(): raise ValueError(2)", "", {"outcome"}),
        ("def f():\n  1/0", "def f():\n\n  1/0", "", {"outcome"}),
        ("def f(a): return a+1/0", "def f(a): return a +1/0", "1", {"outcome"}),
        ("def f(a): a.append(1)", "def f(a): a.append(2)", "[]", {"arguments"}),
        ("def f(): print(1)", "def f(): print(2)", "", {"printed"}),
        ("g = 0\ndef f():\n  global g; g = 1", "g = 0\ndef f():\n  global g; g = 2", "", {"globals"}),
        ("def f(a):\n  b = 1\n  1/0", "def f(a):\n  b = 2\n  1/0", "0", {"outcome"}),
    ],
)
def test_tells_apart(first, second, call, parts):
    assert unequal(first, first, call) == set()
    assert parts <= unequal(first, second, call)


def test_nan_equals_nan(with_jit):
    with_jit("noop")
    harness.check("def f(a): return [a, -a, a - a]", ["float('nan')", "float('inf')"])


def test_cycles_and_depth(with_jit):
    with_jit("noop")
    harness.check(
        """
        def f(a):
            a.append(a)
            deep = []
            for _ in range(100):
                deep = [deep]
            return a, deep
        """,
        ["[1]"],
    )


def test_nested_functions_and_methods_are_decorated(with_jit):
    with_jit("wrap64")
    with pytest.raises(harness.Difference):
        harness.check(
            """
            class Thing:
                def method(self, a):
                    return a << 63
            def f(a):
                return str(Thing().method(a))
            """,
            ["1"],
        )
