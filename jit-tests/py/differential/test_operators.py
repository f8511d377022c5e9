"""Every operator on every pair of border values, four ways: call by call, in a loop, augmented, constants.

The call-by-call form meets each pair in a function specialised to what came before; the loop form changes
types and leaves the small range in the middle of a running loop.
"""

import itertools

import pytest

from differential import harness

BORDERS = sorted(
    {
        sign * (base + offset)
        for base in (2**15, 2**30, 2**31, 2**32, 2**53, 2**60, 2**62, 2**63, 2**64)
        for offset in (-1, 0, 1)
        for sign in (1, -1)
    }
    | {0, 1, -1, 2, -2, 3, -3, 7, -7, 10, 63, 64, -64, 255, 256, 257, -5, -6, 3**50, -(10**25)}
)
INTS = [str(value) for value in BORDERS]
FLOATS = """0.0 -0.0 1.0 -1.0 0.5 -2.5 3.0 7.25 1e16 9007199254740993.0 -9007199254740992.0 1e300 -1e300
5e-324 2.2250738585072014e-308 1.7976931348623157e308 4611686018427387904.0 9223372036854775807.0
-9223372036854775808.0 18446744073709551616.0 float('inf') float('-inf') float('nan')""".split()
BOOLS = ["True", "False"]
FEW_INTS = "0 1 -1 3 -7 2147483648 9007199254740993 4611686018427387903 -9223372036854775808 2**64".split()
OPERATORS = ["+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^", "**"]
COMPARISONS = ["<", "<=", "==", "!=", ">", ">="]
UNARY = ["-", "+", "~", "not "]

#: Shift counts and exponents that neither fill the memory nor take seconds.
SMALL = "0 1 2 3 5 30 31 32 62 63 64 65 100 -1 -2 -64 2**31 2**63 2**64 -(2**70) True False".split()
BASES = INTS + ["True", "False", "0.0", "-0.0", "2.5", "-2.5", "float('inf')", "float('nan')"]


def right_operands(operator):
    """Left and right operands that are worth trying and safe for this operator."""
    if operator == "<<":
        return BASES, [item for item in SMALL if not item.startswith("2**")] + ["1.0"]
    if operator == ">>":
        return BASES, SMALL + ["1.0"]
    if operator == "**":
        exponents = "0 1 2 3 5 -1 -2 -3 True False 0.5 -0.5 2.0 0.0 -0.0".split()
        return BASES, exponents + ["float('inf')", "float('-inf')", "float('nan')", "1e3"]
    return None


def pairs(operator):
    special = right_operands(operator)
    if special:
        return list(itertools.product(*special))
    few = [*FEW_INTS, *BOOLS]
    return [
        *itertools.product(INTS[::2], INTS[1::3]),
        *itertools.product(few, few),
        *itertools.product(FLOATS, FLOATS),
        *itertools.product(FLOATS, few),
        *itertools.product(few, FLOATS),
    ]


def in_chunks(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


@pytest.mark.parametrize("operator", OPERATORS + COMPARISONS)
def test_call_by_call(operator):
    source = f"def f(a, b):\n    return a {operator} b\n"
    calls = [f"{left}, {right}" for left, right in pairs(operator)]
    harness.check(source, ["3, 2", *calls], repeats=1)


@pytest.mark.parametrize("operator", OPERATORS + COMPARISONS)
def test_each_type_alone(operator):
    """One function per pair of types, so that the specialised form sees all values of its own type."""
    few = [*FEW_INTS, *BOOLS]
    special = right_operands(operator)
    for lefts, rights in (
        (INTS[::3], INTS[::4]),
        (FLOATS, FLOATS),
        (few, FLOATS),
        (FLOATS, few),
        (BOOLS, BOOLS),
    ):
        if special:
            rights = [item for item in special[1] if ("." in item or "float" in item) == (rights is FLOATS)]
        calls = [f"{left}, {right}" for left in lefts for right in rights]
        if calls:
            harness.check(f"def f(a, b):\n    return a {operator} b\n", calls, repeats=1)


LOOP = """
def f(lefts, rights):
    results = []
    for index in range(len(lefts)):
        try:
            results.append(lefts[index] {operator} rights[index])
        except (ArithmeticError, ValueError, TypeError) as error:
            results.append(str(error))
    return results
"""

AUGMENTED = """
def f(lefts, rights):
    results = []
    value = 0
    for left, right in zip(lefts, rights):
        value = left
        value {operator}= right
        results.append(value)
    return results
"""


@pytest.mark.parametrize("operator", OPERATORS + COMPARISONS)
def test_in_a_loop(operator):
    for chunk in in_chunks(pairs(operator), 150):
        lefts = ", ".join(left for left, _ in chunk)
        rights = ", ".join(right for _, right in chunk)
        harness.check(LOOP.format(operator=operator), [f"[{lefts}], [{rights}]"], repeats=2)


@pytest.mark.parametrize("operator", OPERATORS)
def test_augmented_until_it_raises(operator):
    chunk = pairs(operator)
    for start in range(0, min(len(chunk), 1500), 75):
        part = chunk[start : start + 75]
        lefts = ", ".join(left for left, _ in part)
        rights = ", ".join(right for _, right in part)
        harness.check(AUGMENTED.format(operator=operator), [f"[{lefts}], [{rights}]"], repeats=2)


@pytest.mark.parametrize("operator", OPERATORS + COMPARISONS)
def test_constant_operands(operator):
    """A constant on either side takes the paths that fold and strength-reduce."""
    constants = "0 1 -1 2 -3 8 10 -16 64 1000003 4294967295 18446744073709551615 0.0 -0.0 0.5 2.0".split()
    if operator in ("<<", "**"):
        constants = "0 1 2 3 8 31 63 64 -1 0.5 -0.0".split()
    values = [*FEW_INTS, *BOOLS, *FLOATS[:8], "float('nan')", "7", "-8", "12345678901"]
    for constant in constants:
        calls = [value for value in values]
        if operator not in ("<<", "**"):
            harness.check(f"def f(a):\n    return ({constant}) {operator} a\n", calls, repeats=1)
        harness.check(f"def f(a):\n    return a {operator} ({constant})\n", calls, repeats=1)


@pytest.mark.parametrize("operator", UNARY)
def test_unary(operator):
    harness.check(f"def f(a):\n    return {operator}a\n", [*INTS, *FLOATS, *BOOLS, "'x'", "[]", "None"], repeats=1)
    harness.check(
        f"def f(values):\n    return [{operator}value for value in values]\n",
        [f"[{', '.join(INTS)}]", f"[{', '.join(INTS + BOOLS)}]"],
    )


@pytest.mark.parametrize("operator", OPERATORS + COMPARISONS + ["in", "is", "@"])
def test_wrong_types(operator):
    values = ["1", "1.5", "True", "None", "'a'", "b'a'", "[1]", "(1,)", "{}", "{1}", "object", "1j"]
    calls = [f"{left}, {right}" for left in values for right in values]
    harness.check(f"def f(a, b):\n    return a {operator} b\n", ["1, 2", "1, 2", *calls], repeats=1)


MASKS = ["0xFF", "0xFFFF", "0x7FFFFFFF", "0xFFFFFFFF", "2**32", "2**63 - 1", "2**63", "2**64 - 1", "2**64", "-1", "-256", "1"]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("operation", ["a * b", "a + b", "a - b", "(a << 13)", "a * b + a", "(a ^ b) * 31", "~a", "-a * b"])
def test_masked(operation, mask):
    """Only the low bits of the operation are asked for: a compiler may wrap, but only if nobody can see."""
    values = INTS[::6] + ["12345", "-77", "True"]
    calls = [f"{left}, {right}" for left in values for right in values[::3]]
    harness.check(f"def f(a, b):\n    return ({operation}) & ({mask})\n", calls, repeats=1)
    harness.check(
        f"""
        def f(a, b):
            for i in range(40):
                a = ({operation}) & ({mask})
                b = (b + i) & ({mask})
            return a, b
        """,
        calls[::5],
        repeats=2,
    )
