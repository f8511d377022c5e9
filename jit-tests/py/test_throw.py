"""An exception raised at any instruction from outside has the outcome it has when the interpreter raises it
there; frames of native activations are visible; chains of inlined activations unwind as plain calls do."""

import dis
import gc
import sys
import weakref

import pytest
from brolga._native import _testing
from stepping.functions import CASES, LOG
from stepping.stepper import Stepper, isolated, outcome

# They work on frames as native code does.
pytestmark = pytest.mark.native_required

NULL = _testing.NULL
NAMES = [f"{function.__name__}-{index}" for index, (function, _) in enumerate(CASES)]


class Injected(Exception):
    pass


def raising_in_place(function, make_arguments, k):
    """The plain outcome when the observer of the k-th instruction raises."""
    LOG.clear()

    def action(*state):
        raise Injected("injected")

    stepper = Stepper(function, k, action)
    arguments = make_arguments()
    with stepper.watching():
        result = outcome(lambda: function(*arguments), function.__name__, LOG)
    return stepper.reached, result


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_every_instruction(case):
    function, make_arguments = case
    executed = 0
    while True:
        reached, expected = isolated(raising_in_place, function, make_arguments, executed)
        if not reached:
            break
        expected = forget_harness(expected)
        answers = []

        def action(live, offset, local_values, stack):
            unit = offset // 2  # where the observer raised: at the prefix, if there is one
            try:
                raise Injected("injected")
            except Injected as error:
                error.with_traceback(None)
                exception = error
            thrown = lambda: _testing.resume(live, unit, local_values, stack, exception)
            answers.append(outcome(thrown, function.__name__, LOG))

        def run():
            LOG.clear()
            Stepper(function, executed, action).run(make_arguments())

        isolated(run)
        assert [forget_harness(answer) for answer in answers] == [expected], f"thrown at {executed}"
        executed += 1
    assert executed > 5


def forget_harness(result):
    """Without the traceback entries of the functions that raise."""
    answer, log = result
    if answer[0] == "raised":
        entries = [entry for entry in answer[3] if entry[0] not in ("action",)]
        answer = answer[:3] + (entries,)
    return answer, log


def handled(a):
    try:
        b = a + 1
        return b
    except ValueError as error:
        return error.args


def first(function, name):
    return next(i.offset // 2 for i in dis.get_instructions(function) if i.opname.startswith(name))


def after(function, unit):
    return min(
        i.offset // 2
        for i in dis.get_instructions(function)
        if i.offset // 2 > unit and i.opname != "CACHE"
    )


def resident_kib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4


def test_many_throws_keep_memory():
    at = first(handled, "BINARY_OP")
    caught = ValueError(3)
    passing = TypeError(1)

    def both():
        caught.__traceback__ = None
        assert _testing.resume(handled, at, [1], [1, 2], caught) == (3,)
        passing.__traceback__ = None
        with pytest.raises(TypeError):
            _testing.resume(handled, at, [1], [1, 2], passing)

    for _ in range(2000):
        both()
    depth = _testing.recursion_left(), _testing.data_stack_use()
    counts = sys.getrefcount(caught), sys.getrefcount(passing)
    before = resident_kib()
    for _ in range(20_000):
        both()
    assert resident_kib() - before < 1024
    assert (sys.getrefcount(caught), sys.getrefcount(passing)) == counts
    assert (_testing.recursion_left(), _testing.data_stack_use()) == depth


# Frames of native activations.


def framed(a):
    b = a + 1
    c = callee_marker()
    return b, c


def callee_marker():
    raise AssertionError("only named")


def call_unit(function):
    return next(
        i.offset // 2
        for i in dis.get_instructions(function)
        if i.opname == "CALL"
    )


def test_native_frame_is_seen_by_its_callee():
    unit = call_unit(framed)
    seen = []

    def look():
        frame = sys._getframe(1)
        seen.append((frame.f_code.co_name, frame.f_lineno, frame.f_lasti // 2, frame.f_globals is globals()))
        seen.append(frame.f_back.f_code.co_name)

    depth = _testing.recursion_left(), _testing.data_stack_use()
    _testing.framed_call(framed, unit, look)
    line = framed.__code__.co_firstlineno + 2
    assert seen == [("framed", line, unit, True), "test_native_frame_is_seen_by_its_callee"]
    assert (_testing.recursion_left(), _testing.data_stack_use()) == depth


def test_native_frame_object_survives():
    frames = []
    look = lambda: frames.append(sys._getframe(1))
    _testing.framed_call(framed, call_unit(framed), look)
    assert frames[0].f_code is framed.__code__
    assert frames[0].f_back.f_code is sys._getframe().f_code
    assert frames[0].f_locals == {}
    frames.clear()
    gc.collect()


def test_native_frame_with_free_variables():
    def make(k):
        def inner(a):
            return callee_marker(a, k)

        return inner

    inner = make(7)
    seen = []
    look = lambda: seen.append(dict(sys._getframe(1).f_locals))
    for _ in range(100):
        _testing.framed_call(inner, call_unit(inner), look)
    assert seen[-1] == {"k": 7}
    dead = weakref.ref(inner)
    del inner
    assert dead() is None


def test_exception_through_popped_native_frame():
    def fail():
        raise KeyError("k")

    with pytest.raises(KeyError):
        _testing.framed_call(framed, call_unit(framed), fail)


def test_native_frame_is_continued():
    frames = []
    look = lambda: frames.append(sys._getframe(1))
    unit = call_unit(framed)
    point = (framed, after(framed, unit), [1, 2, NULL], ["result"])
    assert _testing.framed_resume(point, unit, look) == (2, "result")
    assert frames[0].f_locals == {"a": 1, "b": 2, "c": "result"}
    assert frames[0].f_lineno == framed.__code__.co_firstlineno + 3


def test_native_frame_throws_with_its_line():
    def fail():
        raise KeyError("k")

    unit = call_unit(framed)
    point = (framed, unit, [1, 2, NULL], [])
    with pytest.raises(KeyError) as caught:
        _testing.framed_resume(point, unit, fail)
    entries = []
    traceback = caught.value.__traceback__
    while traceback:
        entries.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno))
        traceback = traceback.tb_next
    assert entries[1:] == [
        ("framed", framed.__code__.co_firstlineno + 2),
        ("fail", fail.__code__.co_firstlineno + 1),
    ]


# Chains of inlined activations.

CHAIN = []


def outer(a):
    CHAIN.append("outer")
    r = middle(a + 1)
    CHAIN.append(("outer", r))
    return r * 2


def middle(a):
    try:
        r = inner(a * 10)
    except ZeroDivisionError as error:
        CHAIN.append(repr(error))
        r = -1
    return r + 5


def inner(a):
    frame = sys._getframe()
    names = []
    while frame is not None and len(names) < 3:
        names.append((frame.f_code.co_name, frame.f_lineno, frame.f_lasti))
        frame = frame.f_back
    CHAIN.append(names)
    return 1 / (a - 20)


def user_call(function, skip):
    """The `skip`-th CALL and the unit after it."""
    unit = [i.offset // 2 for i in dis.get_instructions(function) if i.opname == "CALL"][skip]
    return unit, after(function, unit)


def entries_from(error, name):
    entries = []
    traceback = error.__traceback__
    while traceback:
        entries.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno, traceback.tb_lasti))
        traceback = traceback.tb_next
    while entries and entries[0][0] != name:
        entries.pop(0)
    return entries


def chain_outcome(thunk):
    CHAIN.clear()
    try:
        result = thunk()
    except Exception as error:
        result = repr(error), entries_from(error, "outer")
    return result, list(CHAIN)


@pytest.mark.parametrize("framed_count", [0, 1, 2, 3])
@pytest.mark.parametrize("argument", [0, 1, "x"])
def test_chain(framed_count, argument):
    start = first(inner, "RESUME") + 1
    outer_call, outer_after = user_call(outer, 1)
    middle_call, middle_after = user_call(middle, 0)

    def chained():
        CHAIN.append("outer")
        depth = _testing.recursion_left(), _testing.data_stack_use()
        try:
            value = argument + 1
            return _testing.resume_chain(
                [
                    (outer, outer_call, outer_after, [argument, NULL], []),
                    (middle, middle_call, middle_after, [value, NULL], []),
                ],
                (inner, start, [value * 10], []),
                framed_count,
            )
        finally:
            assert (_testing.recursion_left(), _testing.data_stack_use()) == depth

    plain, native = chain_outcome(lambda: outer(argument)), None
    if argument == "x":
        return
    native = chain_outcome(chained)
    assert native == plain


@pytest.mark.parametrize("framed_count", [0, 1, 2, 3])
def test_chain_throw(framed_count):
    outer_call, outer_after = user_call(outer, 1)
    middle_call, middle_after = user_call(middle, 0)
    unit = first(inner, "BINARY_OP")
    with pytest.raises(OSError) as caught:
        _testing.resume_chain(
            [
                (outer, outer_call, outer_after, [1, NULL], []),
                (middle, middle_call, middle_after, [2, NULL], []),
            ],
            (inner, unit, [20], []),
            framed_count,
            OSError("thrown"),
        )
    names = [entry[0] for entry in entries_from(caught.value, "outer")]
    assert names == ["outer", "middle", "inner"]
    lines = [entry[1] for entry in entries_from(caught.value, "outer")]
    assert lines[0] == outer.__code__.co_firstlineno + 2
    assert lines[1] == middle.__code__.co_firstlineno + 2


def test_chain_counts_its_levels():
    """The innermost function of a chain of three sees the recursion level of a third nested call."""

    def third():
        return _testing.recursion_left()

    def second():
        return third()

    def top():
        return second()

    plain = top()[0]
    start = first(third, "RESUME") + 1
    top_call, top_after = user_call(top, 0)
    second_call, second_after = user_call(second, 0)
    native = _testing.resume_chain(
        [(top, top_call, top_after, [], []), (second, second_call, second_after, [], [])],
        (third, start, [], []),
    )
    counted_by_the_test_function = 1 if sys.version_info < (3, 12) else 0
    assert native[0] == plain - counted_by_the_test_function
