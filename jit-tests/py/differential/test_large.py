"""Functions that are large or deep: more than 256 locals, constants and jumps (EXTENDED_ARG), deep nesting."""

import pytest

from differential import harness

CALLS = ["1", "2**62", "0.5", "True", "'x'"]


def test_more_than_256_locals():
    lines = ["def f(a):", "    v0 = a"]
    lines += [f"    v{i} = v{i - 1} + {i}" for i in range(1, 300)]
    lines += [f"    v{i} = v{299 - i} * 2 - v{i}" for i in range(0, 300, 7)]
    lines += ["    return " + " + ".join(f"v{i}" for i in range(300))]
    harness.check("\n".join(lines), CALLS)


def test_more_than_256_constants_and_names():
    lines = [f"g{i} = {i}.5" for i in range(300)]
    lines += ["def f(a):", "    total = a"]
    lines += [f"    total = total * {i + 1000} + g{i} - {i}.25" for i in range(300)]
    lines += ["    return total"]
    harness.check("\n".join(lines), CALLS)


def test_long_jumps():
    """The body of the loop is far longer than one byte of jump distance, and so are both branches."""
    lines = ["def f(a):", "    total = 0", "    for i in range(7):", "        if i % 2:"]
    lines += [f"            total = (total * 3 + i + {i}) % 1000003" for i in range(200)]
    lines += ["            continue", "        else:"]
    lines += [f"            total += a * {i}" for i in range(200)]
    lines += ["        if total == -1:", "            break", "    return total"]
    harness.check("\n".join(lines), CALLS)


def test_raises_far_inside():
    lines = ["def f(a, n):"]
    lines += [f"    v{i} = a + {i}" for i in range(280)]
    lines += ["    for i in range(5):"]
    lines += [f"        v{i} = v{i + 1} * 2 + i" for i in range(260)]
    lines += ["        v270 = 100 // (n - i)"]
    lines += ["    return " + ", ".join(f"v{i}" for i in range(0, 280, 9))]
    harness.check("\n".join(lines), ["1, 9", "1, 3", "0.5, 0", "2**61, 4"])


@pytest.mark.parametrize("depth", [5, 12, 18])
def test_nested_loops(depth):
    lines = ["def f(n):", "    total = 0"]
    for level in range(depth):
        lines.append("    " * (level + 1) + f"for i{level} in range({2 if level < 8 else 1}):")
    body = " + ".join(f"i{level} * {level + 1}" for level in range(depth))
    lines.append("    " * (depth + 1) + f"total += n + {body}")
    lines.append("    return total")
    harness.check("\n".join(lines), ["1", "0.5", "2**60"])


@pytest.mark.parametrize("depth", [20, 80])
def test_deep_expressions(depth):
    """The operand stack holds many values when the guard in the middle fails."""
    left = "(" * depth + "x" + "".join(f" + {i})" for i in range(depth))
    right = "".join(f"({i} - x * " for i in range(depth)) + "x" + ")" * depth
    harness.check(f"def f(x):\n    return {left} - ({right})\n", ["1", "-3", "2**61", "1.5", "True", "None"])


def test_many_branches():
    lines = ["def f(values):", "    out = []", "    for v in values:"]
    for i in range(120):
        lines.append(f"        {'if' if i == 0 else 'elif'} v == {i * 3}:")
        lines.append(f"            out.append(v * {i} + {i}.5)")
    lines += ["        else:", "            out.append(v)", "    return out"]
    harness.check("\n".join(lines), ["[0, 3, 6, 357, 358]", "[3.0, 6.5, True, 'x']", "list(range(400))"])


def test_many_arguments_on_the_stack():
    terms = ", ".join(f"a * {i}" for i in range(150))
    lines = ["def g(*args):", "    return sum(args)", "def f(a):"]
    lines += [f"    t = ({terms})", f"    u = [{terms}]", f"    return g({terms}), t, u, len({{{terms}}})"]
    harness.check("\n".join(lines), ["1", "0.5", "2**62"])


def test_many_calls_and_functions():
    lines = []
    for i in range(60):
        lines += [f"def g{i}(x, y={i}):", f"    return x * {i + 1} - y"]
    lines += ["def f(a):", "    total = 0", "    for i in range(3):"]
    lines += [f"        total = (total + g{i}(a, i) + g{i}(i)) % 100003" for i in range(60)]
    lines += ["    return total"]
    harness.check("\n".join(lines), ["1", "0.5", "2**62", "'x'"])


def test_large_unpacking():
    names = ", ".join(f"v{i}" for i in range(270))
    back = ", ".join(f"v{269 - i}" for i in range(270))
    source = f"def f(a):\n    {names} = a\n    {names} = {back}\n    return [{names}]\n"
    harness.check(source, ["range(270)", "list(range(270))", "tuple(range(269))", "[0.5] * 270"])
