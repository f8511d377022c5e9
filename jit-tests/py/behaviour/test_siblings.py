"""Many functions of one code object: compiling each of them must not cost more than it gives."""

import pytest

from brolga import jit

pytestmark = pytest.mark.native_required


def make(start):
    def total(n):
        result = start
        for i in range(n):
            result += i
        return result

    return total


def compilations(functions):
    return sum(jit.stats(function).to_dict()["compilations"] for function in functions)


def test_short_lived_siblings_are_not_all_compiled():
    """A thousand closures called three times each: a handful are compiled."""
    compiled = 0
    for start in range(1000):
        function = jit(make(start))
        assert [function(4), function(5), function(0)] == [start + 6, start + 10, start]
        compiled += compilations([function])
    assert 1 <= compiled <= 12


def test_a_busy_sibling_is_compiled_all_the_same():
    for start in range(100):
        function = jit(make(start))
        for _ in range(3):
            function(3)
    for _ in range(5000):
        assert function(3) == 102
    assert compilations([function]) == 1


def test_other_code_does_not_wait():
    for start in range(100):
        function = jit(make(start))
        for _ in range(3):
            function(3)
    namespace = {}
    exec("def other(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t", namespace)
    other = jit(namespace["other"])
    for _ in range(3):
        other(3)
    assert compilations([other]) == 1


def test_siblings_that_compile_at_once_wait_in_the_end():
    """`threshold=1` asks for code at the first call; of a thousand closures called once, not all get it."""
    compiled = 0
    for start in range(1000):
        function = jit(threshold=1)(make(start))
        assert function(4) == start + 6
        compiled += compilations([function])
    assert 1 <= compiled <= 40
