"""Attached functions: counted, sent to native code, restored; the same object as before to everybody."""

import copy
import dis
import functools
import gc
import inspect
import pickle
import subprocess
import sys
import textwrap
import threading
import time
import types
import weakref

import pytest
from brolga._native import _testing

# They work on frames as native code does.
pytestmark = pytest.mark.native_required

NEVER = lambda arguments: "detach"
NATIVE = lambda arguments: "native"
VERSION = sys.version_info[:2]


def module_level(a, b=2, *rest, key=None, **others):
    """doc"""
    return a, b, rest, key, others


@pytest.fixture
def attached_module_level():
    _testing.attach(module_level, 1, NATIVE)
    module_level(0)
    yield module_level
    _testing.detach(module_level)


def plain_again(function):
    new = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__
    )
    new.__kwdefaults__ = function.__kwdefaults__
    return new


def test_counts_and_hands_over():
    seen = []

    def hot(arguments):
        seen.append(arguments)
        return 3 if len(seen) == 1 else "native"

    def f(x, y=1):
        return x + y

    _testing.attach(f, 5, hot)
    assert [f(k) for k in range(12)] == [k + 1 for k in range(12)]
    assert seen == [(4,), (7,)]
    assert _testing.entry_report(f) == (True, 8, 5)
    assert f(1, y=5) == 6
    assert f(*[1], **{"y": 7}) == 8
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        f()
    assert _testing.detach(f)
    assert not _testing.detach(f)
    assert f(1) == 2
    assert _testing.entry_report(f)[0] is False


def sites(f, n):
    for _ in range(n):
        f(1)
        f(1)


def fresh_sites():
    return types.FunctionType(sites.__code__.replace(co_name="fresh"), globals())


@pytest.mark.parametrize("warmed", [True, False])
def test_no_call_bypasses_the_entry(warmed):
    def f(x):
        return x

    site = fresh_sites()
    if warmed:
        site(f, 200)
    _testing.attach(f, 1, NATIVE)
    site(f, 100)
    fresh_sites()(f, 100)
    list(map(f, range(50)))

    class C:
        m = f

    for _ in range(100):
        C().m()
    assert _testing.entry_report(f)[2] == 200 + 200 + 50 + 100


def test_arguments_of_every_shape(attached_module_level):
    f = attached_module_level
    g = plain_again(module_level)
    calls = [
        lambda h: h(1),
        lambda h: h(1, 2, 3, 4),
        lambda h: h(1, key=5),
        lambda h: h(a=1, z=2),
        lambda h: h(*range(5), key=1, other=2),
        lambda h: h(),
        lambda h: h(1, a=2),
    ]
    for call in calls:
        answers = []
        for h in (f, g):
            try:
                answers.append(call(h))
            except TypeError as error:
                answers.append(str(error))
        assert answers[0] == answers[1]


def test_looks_the_same(attached_module_level):
    f = attached_module_level
    assert inspect.isfunction(f)
    assert isinstance(f, types.FunctionType)
    assert f.__class__ is types.FunctionType
    assert type(f).__name__ == "function"
    assert type(f).__module__ == "builtins"
    assert str(inspect.signature(f)) == "(a, b=2, *rest, key=None, **others)"
    assert inspect.getsource(f).startswith("def module_level")
    assert f.__doc__ == "doc"
    assert repr(f).startswith("<function module_level at 0x")
    assert pickle.loads(pickle.dumps(f)) is f
    assert pickle.loads(pickle._dumps(f)) is f
    assert copy.copy(f) is f
    assert copy.deepcopy(f) is f
    assert hash(f) == object.__hash__(f)
    assert callable(f)
    assert functools.wraps(f)(lambda: None).__wrapped__ is f
    f.attribute = 1
    assert f.__dict__ == {"attribute": 1}
    del f.attribute
    assert f.__get__(3)() == (3, 2, (), None, {})
    assert weakref.ref(f)() is f
    assert gc.is_tracked(f)
    if VERSION >= (3, 12):
        assert type(f) is types.FunctionType
    with pytest.raises(AttributeError):
        f.missing


def test_lambda_cannot_be_pickled_as_before():
    f = lambda x: x
    plain = pytest.raises(Exception, pickle.dumps, f)
    _testing.attach(f, 1, NATIVE)
    attached = pytest.raises(Exception, pickle.dumps, f)
    assert type(attached.value) is type(plain.value)
    assert str(attached.value) == str(plain.value)


def test_static_class_and_bound_methods():
    class C:
        def method(self, x):
            return self, x

        @staticmethod
        def static(x):
            return x

        @classmethod
        def of_class(cls, x):
            return cls, x

        @property
        def prop(self):
            return "p"

    for f in (C.method, C.__dict__["static"].__func__, C.__dict__["of_class"].__func__, C.prop.fget):
        _testing.attach(f, 1, NATIVE)
    c = C()
    for _ in range(50):
        assert c.method(1) == (c, 1)
        assert C.static(2) == 2
        assert c.of_class(3) == (C, 3)
        assert c.prop == "p"
        assert C.method(c, 4) == (c, 4)
    assert _testing.entry_report(C.method)[2] == 100


def test_records_die_with_their_functions():
    def make(k):
        def inner(x):
            return x + k

        return inner

    gc.collect()  # what other tests left in cycles would die meanwhile
    before, used = _testing.entry_count(), _testing.code_statistics()["used"]
    for k in range(2000):
        inner = make(k)
        _testing.attach(inner, 2, NATIVE)
        assert [inner(1), inner(2), inner(3)] == [k + 1, k + 2, k + 3]
        if k % 3 == 0:
            _testing.detach(inner)
            assert inner(4) == k + 4
    del inner
    assert _testing.entry_count() == before
    assert _testing.code_statistics()["used"] == used


def test_record_dies_in_a_cycle():
    class Token:
        pass

    def make():
        token = Token()

        def inner():
            return inner, token

        return inner, weakref.ref(token)

    gc.collect()
    before = _testing.entry_count()
    inner, dead = make()
    _testing.attach(inner, 1, NATIVE)
    inner()
    del inner
    gc.collect()
    assert dead() is None
    assert _testing.entry_count() == before


def test_state_of_a_dead_function_is_dropped():
    class Hot:
        def __call__(self, arguments):
            return "native"

    hot = Hot()
    dead = weakref.ref(hot)

    def f():
        pass

    _testing.attach(f, 1, hot)
    f()
    del hot
    assert dead() is not None
    del f
    assert dead() is None


def test_function_deleted_while_it_runs():
    space = {}
    exec("def f(n):\n    global f\n    del f\n    return n", space)
    before = _testing.entry_count()
    _testing.attach(space["f"], 1, NATIVE)
    assert space["f"](3) == 3
    assert _testing.entry_count() == before


def test_detach_inside_the_call():
    def f(n):
        _testing.detach(f)
        return n

    _testing.attach(f, 1, NATIVE)
    assert [f(1), f(2), f(3)] == [1, 2, 3]
    assert _testing.entry_report(f)[0] is False


def test_attach_twice_and_again():
    def f():
        return 1

    _testing.attach(f, 2, NEVER)
    with pytest.raises(ValueError, match="entry already"):
        _testing.attach(f, 2, NEVER)
    assert [f(), f(), f()] == [1, 1, 1]
    assert _testing.entry_report(f)[0] is False
    _testing.attach(f, 2, NATIVE)
    f()
    assert _testing.entry_report(f)[0] is True
    for _ in range(100):
        _testing.detach(f)
        f()
        _testing.attach(f, 2, NATIVE)
        f()


def test_not_functions():
    for thing in (len, int, functools.partial(len), 3, object().__str__):
        with pytest.raises(ValueError):
            _testing.attach(thing, 1, NEVER)


@pytest.mark.skipif(VERSION >= (3, 12), reason="3.12 keeps the type")
def test_special_methods_are_left_alone():
    def __new__(cls):
        return object.__new__(cls)

    with pytest.raises(ValueError, match="specially"):
        _testing.attach(__new__, 1, NEVER)


def test_new_as_attached_method_works_on_newer_versions():
    if VERSION < (3, 12):
        pytest.skip("refused there")

    def __new__(cls):
        return object.__new__(cls)

    _testing.attach(__new__, 1, NATIVE)
    C = type("C", (), {"__new__": __new__})
    assert type(C()) is C
    assert type(C.__dict__["__new__"]) is staticmethod


def test_code_can_be_replaced():
    def f():
        return "old"

    def other():
        return "new"

    _testing.attach(f, 1, NATIVE)
    assert f() == "old"
    f.__code__ = other.__code__
    assert f() == "new"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_exception_in_hot_is_not_the_caller_s(capsys):
    def hot(arguments):
        raise RuntimeError("in hot")

    def f():
        return 5

    _testing.attach(f, 1, hot)
    assert [f(), f()] == [5, 5]


def recursion(n):
    return 0 if n == 0 else recursion(n - 1) + 1


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


def test_recursion_depth_is_the_plain_one():
    plain = deepest(recursion)
    left = _testing.recursion_left()
    _testing.attach(recursion, 1, NATIVE)
    try:
        assert deepest(recursion) == plain
        assert _testing.recursion_left() == left
        assert _testing.entry_report(recursion)[2] > plain
    finally:
        _testing.detach(recursion)


def test_deep_recursion_survives_on_a_small_stack():
    """Plain calls need no C stack, so an attached function must go as deep as a plain one."""
    limit = sys.getrecursionlimit()
    answers = []

    def work():
        answers.append(recursion(100_000))
        answers.append(_testing.entry_report(recursion)[0])

    _testing.attach(recursion, 1, NATIVE)
    old_size = threading.stack_size(4 * 1024 * 1024)
    sys.setrecursionlimit(200_000)
    try:
        before = _testing.entry_report(recursion)[2]
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert answers == [100_000, True]
        native = _testing.entry_report(recursion)[2] - before
        assert 1000 < native < 100_000
        assert recursion(3) == 3
        assert _testing.entry_report(recursion)[2] == before + native + 4
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(old_size)
        _testing.detach(recursion)


def cost(function, n=200_000):
    def run(f):
        start = time.thread_time()
        for _ in range(n):
            f(1)
            f(1)
            f(1)
        return time.thread_time() - start

    fresh = types.FunctionType(run.__code__.replace(co_name="run_fresh"), globals(), "run", None, run.__closure__)
    return min(fresh(function) for _ in range(5))


@pytest.mark.parametrize("change", [None, "defaults", "code"])
def test_a_detached_function_is_specialised_again(change):
    def f(x, y=1):
        return x + y

    def other(x, y=1):
        return x - y

    def site(f, n):
        for _ in range(n):
            f(1, 2)

    site(f, 1000)
    _testing.attach(f, 3, NEVER)
    if change == "defaults":
        f.__defaults__ = None
    elif change == "code":
        f.__code__ = other.__code__
    for _ in range(10):
        f(1, 2)
    assert _testing.entry_report(f)[0] is False
    new_site = types.FunctionType(site.__code__.replace(co_name="new"), globals())
    new_site(f, 1000)
    names = [i.opname for i in dis.get_instructions(new_site, adaptive=True) if "CALL" in i.opname]
    if change is None or VERSION < (3, 13):
        assert names[-1] == "CALL_PY_EXACT_ARGS"
    assert f(1, 2) == (-1 if change == "code" else 3)
    if change == "defaults":
        with pytest.raises(TypeError):
            f(1)


@pytest.mark.slow
def test_a_detached_function_costs_nothing():
    def make():
        def f(x):
            return x

        return f

    plain, detached = make(), make()
    _testing.attach(detached, 3, NEVER)
    for _ in range(10):
        detached(1)
    assert _testing.entry_report(detached)[0] is False
    ratio = min(cost(detached) / cost(plain) for _ in range(3))
    assert ratio < 1.15


def test_threads():
    def f(x):
        return x * 2

    _testing.attach(f, 50, NATIVE)
    failures = []

    def work():
        for k in range(5000):
            if f(k) != k * 2:
                failures.append(k)

    threads = [threading.Thread(target=work) for _ in range(6)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert failures == []


def run_child(source):
    code = "from brolga._native import _testing as t\n" + textwrap.dedent(source)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Code memory.


@pytest.mark.parametrize("files", ["memory file", "one mapping"])
def test_code_memory(files):
    out = run_child(f"""
        import random
        t.refuse_memory_files({files == "one mapping"})
        r = random.Random(1)
        live = {{}}
        for step in range(20000):
            if r.random() < 0.55 or not live:
                size = r.choice([6, 16, 17, 100, 1000, 5000])
                block = t.install_constant(step, size)
                live[step] = block
            else:
                key = r.choice(list(live))
                assert t.run_constant(live[key][0]) == key
                t.free_constant(*live.pop(key))
        spans = sorted(live.values())
        for (a, n), (b, _) in zip(spans, spans[1:]):
            assert a + n <= b
        for key, block in live.items():
            assert t.run_constant(block[0]) == key
            t.free_constant(*block)
        s = t.code_statistics()
        assert s["used"] == 0 and s["pinned"] == 0, s
        before = s["reserved"]
        big = t.install_constant(7, 3 << 20)
        assert t.run_constant(big[0]) == 7
        t.free_constant(*big)
        print(t.code_statistics()["dual_mapped"] > 0)
    """)
    assert out.strip() == str(files == "memory file")


@pytest.mark.parametrize("files", ["memory file", "one mapping"])
def test_code_memory_after_fork(files):
    out = run_child(f"""
        import os, sys
        t.refuse_memory_files({files == "one mapping"})
        old = [t.install_constant(k) for k in range(100)]
        go_r, go_w = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(go_w)
            os.read(go_r, 1)      # the parent has freed and installed by now
            ok = all(t.run_constant(a) == k for k, (a, _) in enumerate(old))
            new = [t.install_constant(1000 + k) for k in range(100)]
            for a in old[:50]:
                t.free_constant(*a)
            newer = [t.install_constant(2000 + k) for k in range(100)]
            ok = ok and all(t.run_constant(a) == 1000 + k for k, (a, _) in enumerate(new))
            ok = ok and all(t.run_constant(a) == 2000 + k for k, (a, _) in enumerate(newer))
            ok = ok and all(t.run_constant(a) == k + 50 for k, (a, _) in enumerate(old[50:]))
            grandchild = os.fork()
            if grandchild == 0:
                ok = ok and all(t.run_constant(a) == 1000 + k for k, (a, _) in enumerate(new))
                third = [t.install_constant(3000 + k) for k in range(50)]
                ok = ok and all(t.run_constant(a) == 3000 + k for k, (a, _) in enumerate(third))
                os._exit(0 if ok else 1)
            status = os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1])
            os._exit(0 if ok and status == 0 else 1)
        for a in old:
            t.free_constant(*a)
        parent_new = [t.install_constant(5000 + k) for k in range(300)]
        assert all(t.run_constant(a) == 5000 + k for k, (a, _) in enumerate(parent_new))
        os.write(go_w, b"x")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert all(t.run_constant(a) == 5000 + k for k, (a, _) in enumerate(parent_new))
        print(t.code_statistics()["pinned"])
    """)
    assert int(out) == (1600 if files == "memory file" else 0)


def test_entries_after_fork():
    run_child("""
        import os
        def make(k):
            def f(x): return x + k
            return f
        native = lambda arguments: "native"
        fs = [make(k) for k in range(50)]
        for f in fs: t.attach(f, 1, native); f(0)
        child = os.fork()
        if child == 0:
            assert [f(1) for f in fs] == [k + 1 for k in range(50)]
            del fs[:25]
            more = [make(k) for k in range(50)]
            for f in more: t.attach(f, 1, native)
            assert [f(1) for f in more] == [k + 1 for k in range(50)]
            assert [f(1) for f in fs] == [k + 26 for k in range(25)]
            os._exit(0)
        fs.clear()
        more = [make(k + 7) for k in range(50)]
        for f in more: t.attach(f, 1, native)
        assert [f(1) for f in more] == [k + 8 for k in range(50)]
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    """)


def test_attached_functions_at_shutdown():
    run_child("""
        import atexit
        native = lambda arguments: "native"
        def f(x): return x
        t.attach(f, 1, native)
        f(1)
        class Last:
            def __del__(self): f(2)
        last = Last()
        atexit.register(f, 3)
    """)
