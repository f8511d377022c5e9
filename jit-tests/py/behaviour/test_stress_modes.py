"""The stress modes do what they say: guards fail in turn, and a reference of a dead object is noticed."""

import pytest

pytestmark = pytest.mark.native_required

# Loops of every form that ends in a conditional jump back, with operands on the stack at guards.
PROGRAM = """
import types
from brolga import jit

class Countdown:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        self.n -= 1
        return self.n >= 0

def while_object(x):
    n = 0
    while x:
        n += 1
    return n

def while_or(text, at):
    start, found = at, False
    while at < len(text) and (text[at].isdigit() or text[at] in "+-.eE"):
        if text[at] in ".eE":
            found = True
        at += 1
    return text[start:at], at, found

def while_is(items):
    head, n = items, 0
    while head is not None:
        head, n = head[0], n + 1
    return n

def nested(n, items):
    total = 0
    for i, item in enumerate(items):
        for j in range(i, n):
            total += (item * j if j % 3 else len(items)) - (total >> 4)
    return total, [total % (k + 1) for k in range(n)]

def chain():
    head = None
    for _ in range(9):
        head = (head,)
    return head

calls = [
    (while_object, lambda: (Countdown(7),)),
    (while_or, lambda: ("  12345.5e3}", 2)),
    (while_is, lambda: (chain(),)),
    (nested, lambda: (7, [3, 1, 4, 1, 5])),
]
for function, arguments in calls:
    plain = types.FunctionType(function.__code__, function.__globals__)
    expected = plain(*arguments())
    jitted = jit(threshold=1)(function)
    for call in range(500):
        assert jitted(*arguments()) == expected, (function.__name__, call)
    print(function.__name__, jit.stats(jitted).to_dict()["exits"].get("forced", 0))
"""


def forced_exits(done):
    return [int(line.split()[1]) for line in done.stdout.splitlines()]


def test_every_guard_fails_in_turn(run_python):
    done = run_python(PROGRAM, env={"BROLGA_STRESS": "exit:all"})
    assert all(count > 10 for count in forced_exits(done)), done.stdout


def test_no_guard_fails_by_itself(run_python):
    done = run_python(PROGRAM, env={"BROLGA_STRESS": ""})
    assert forced_exits(done) == [0, 0, 0, 0]


def test_no_exit_is_forced_behind_what_a_helper_did(run_python):
    # Helpers that raise, make an object or change one, and may leave.
    source = """
from brolga import jit

def missing(table, key):
    found = []
    for _ in range(20):
        try:
            found.append(table[key])
        except KeyError as error:
            found.append(error.args)
    return found

def no_number(texts):
    found = []
    for text in texts:
        try:
            found.append(float(text))
        except ValueError as error:
            found.append(str(error))
    return found

def changed(table, items, keys):
    for key in keys:
        table[key] = table.get(key, 0) + 1
        items.add(key)
    return table, items

def letters(codes):
    return [chr(code) for code in codes]

calls = [
    (missing, lambda: ({}, "x")),
    (missing, lambda: ({1: 2}, 7)),
    (no_number, lambda: (["1", "x", "2.5", ""] * 3,)),
    (changed, lambda: ({}, set(), [5, 6, 5, 7] * 3)),
    (letters, lambda: ([0x4e2d, 0x6587] * 9,)),
]
for function, arguments in calls:
    expected = function(*arguments())
    jitted = jit(threshold=1)(function)
    for call in range(500):
        assert jitted(*arguments()) == expected, (function.__name__, call)
"""
    run_python(source, env={"BROLGA_STRESS": "exit:all"})


def test_references_are_tested(run_python):
    run_python(PROGRAM, env={"BROLGA_STRESS": "refcheck", "PYTHONMALLOC": "debug"})


def test_a_dead_object_is_noticed(run_python):
    source = """
import ctypes
from brolga._native import _testing

class Dead:
    pass

address = id(Dead())
check = ctypes.CFUNCTYPE(None, ctypes.c_size_t)(_testing.support_address("check_reference"))
check(id(Dead))
check(0)
print("alive", flush=True)
check(address)
"""
    done = run_python(source, check=False, env={"PYTHONMALLOC": "debug"})
    assert done.returncode != 0
    assert done.stdout == "alive\n"
    assert "refcheck" in done.stderr
