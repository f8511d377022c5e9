"""Continuing a function in the interpreter from any of its instructions gives the plain outcome."""

import dis
import gc
import sys
import threading
import weakref

import pytest
from brolga._native import _testing
from stepping.functions import CASES, LOG
from stepping.stepper import Stepper, inside_keyword_call, isolated, outcome, prefixed

# They work on frames as native code does.
pytestmark = pytest.mark.native_required

NULL = _testing.NULL
NAMES = [f"{function.__name__}-{index}" for index, (function, _) in enumerate(CASES)]


def unit_of(function, name, number=0):
    found = [i.offset // 2 for i in dis.get_instructions(function) if i.opname == name]
    return found[number]


def first_op(function, name):
    """The first instruction whose name starts with `name`."""
    return next(i.offset // 2 for i in dis.get_instructions(function) if i.opname.startswith(name))


def plain_outcome(function, make_arguments):
    LOG.clear()
    return outcome(lambda: function(*make_arguments()), function.__name__, LOG)


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_every_instruction(case, warm):
    function, make_arguments = case
    if warm:
        for _ in range(60):
            try:
                function(*make_arguments())
            except Exception:
                pass
    expected = isolated(plain_outcome, function, make_arguments)
    skipped = inside_keyword_call(function.__code__)
    executed = 0
    while True:
        answers = []

        def action(live, offset, local_values, stack):
            if offset in skipped:
                answers.append(expected)
                return
            unit = prefixed(function.__code__, offset) // 2
            resumed = lambda: _testing.resume(live, unit, local_values, stack)
            answers.append(outcome(resumed, function.__name__, LOG))

        def run():
            LOG.clear()
            return Stepper(function, executed, action).run(make_arguments())

        if not isolated(run):
            break
        assert answers == [expected], f"resumed before executed instruction {executed}"
        executed += 1
    assert executed > 5


def loop(n, box):
    total = 0
    for i in range(n):
        total += box.value * i
    return total


class Box:
    def __init__(self, value):
        self.value = value


def resident_kib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4


def test_many_resumes_keep_counts_and_memory():
    at = unit_of(loop, "FOR_ITER")
    box = Box(2)
    dead = weakref.ref(box)
    counts = sys.getrefcount(loop), sys.getrefcount(loop.__code__)
    depth = _testing.recursion_left(), _testing.data_stack_use()
    local_values = [10, box, 100, 3]
    held = sys.getrefcount(box)
    for _ in range(1000):
        assert _testing.resume(loop, at, local_values, [iter(range(5, 10))]) == 170
    before = resident_kib()
    for _ in range(100_000):
        _testing.resume(loop, at, local_values, [iter(())])
    assert resident_kib() - before < 1024
    assert (sys.getrefcount(loop), sys.getrefcount(loop.__code__)) == counts
    assert (_testing.recursion_left(), _testing.data_stack_use()) == depth
    assert sys.getrefcount(box) == held
    del box, local_values
    assert dead() is None


def test_values_of_cell_variables_are_wrapped():
    def make(k):
        def outer(a):
            b = a + k

            def inner():
                return b + k

            return inner

        return outer

    outer = make(10)
    at = unit_of(outer, "STORE_DEREF") + 1
    names = outer.__code__.co_varnames + outer.__code__.co_cellvars + outer.__code__.co_freevars
    assert names == ("a", "inner", "b", "k")
    inner = _testing.resume(outer, at, [5, NULL, 15, NULL], [], wrap=True)
    assert inner() == 25


def test_replaced_code_does_not_matter():
    def f(a):
        b = a + 1
        return b

    def other():
        return "other"

    code = f.__code__
    at = first_op(f, "STORE_FAST")
    f.__code__ = other.__code__
    assert _testing.resume(f, at, [1, NULL], [41], code=code) == 41


def test_frame_object_outlives_the_call():
    def keep(a):
        frame = sys._getframe()
        return frame

    at = first_op(keep, "LOAD_GLOBAL")
    frame = _testing.resume(keep, at, [42, NULL], [])
    assert frame.f_code is keep.__code__
    assert frame.f_locals["a"] == 42
    assert frame.f_back.f_code is sys._getframe().f_code
    dead = weakref.ref(keep)
    del frame, keep
    gc.collect()
    assert dead() is None


def native_recursion(n):
    x = 1
    if n == 0:
        return 0
    return _testing.native_activation(native_recursion, AFTER_STORE, [n - 1, 1], []) + 1


AFTER_STORE = unit_of(native_recursion, "STORE_FAST") + 1


def plain_recursion(n):
    x = 1
    if n == 0:
        return 0
    return plain_recursion(n - 1) + 1


def deepest(function):
    low, high = 1, 20_000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            function(middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low


@pytest.mark.skipif(
    sys.version_info < (3, 12), reason="3.11 counts the call of the test function; see test_entry.py"
)
def test_recursion_limit_is_met_at_the_plain_depth():
    depth = _testing.recursion_left(), _testing.data_stack_use()
    assert deepest(native_recursion) == deepest(plain_recursion)
    with pytest.raises(RecursionError) as plain:
        plain_recursion(10**6)
    with pytest.raises(RecursionError) as native:
        native_recursion(10**6)
    assert str(native.value) == str(plain.value)
    assert (_testing.recursion_left(), _testing.data_stack_use()) == depth


def test_deep_recursion_grows_the_data_stack():
    limit = sys.getrecursionlimit()
    answers = []

    def work():
        depth = _testing.recursion_left()
        try:
            answers.append(native_recursion(60_000))
        except RecursionError as error:
            answers.append(str(error))
        answers.append(_testing.recursion_left() == depth)
        answers.append(_testing.data_stack_use()[1])

    old_size = threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(200_000)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(old_size)
    assert answers == [60_000, True, 1]


def test_a_stack_running_low_raises_instead_of_crashing():
    limit = sys.getrecursionlimit()
    answers = []

    def work():
        try:
            answers.append(native_recursion(150_000))
        except RecursionError:
            answers.append("recursion error")

    old_size = threading.stack_size(4 * 1024 * 1024)
    sys.setrecursionlimit(200_000)
    try:
        thread = threading.Thread(target=work)
        if sys.version_info >= (3, 12):
            thread.start()
            thread.join()
            assert answers == ["recursion error"]
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(old_size)


def test_new_thread_without_a_data_stack():
    answers = []
    at = unit_of(loop, "FOR_ITER")
    work = lambda: answers.append(_testing.resume(loop, at, [10, Box(1), 5, 3], [iter(range(5))]))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    direct = threading.Thread(
        target=_testing.resume, args=(loop, at, [10, Box(1), 5, 3], [iter(range(5))])
    )
    direct.start()
    direct.join()
    assert answers == [15]


def test_threads():
    at = unit_of(loop, "FOR_ITER")
    failures = []

    def work():
        for k in range(5000):
            result = _testing.resume(loop, at, [10, Box(2), k, 3], [iter(range(5))])
            if result != k + 20:
                failures.append(result)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
