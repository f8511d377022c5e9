"""Tracers, profilers, monitoring tools, coverage and debuggers see what they would see without brolga."""

import sys
import textwrap

import pytest

from differential import harness, provider

PROGRAM = textwrap.dedent(
    """
    def leaf(x):
        y = x * 2
        return y + 1

    def loop(n):
        total = 0
        for i in range(n):
            if i % 2:
                total += leaf(i)
            else:
                total -= i
        return total

    def raises(n):
        try:
            for i in range(n):
                leaf(i) // (2 - i)
        except ZeroDivisionError:
            return 'caught'
        finally:
            n = 0
        return n

    def f(n):
        return loop(n), raises(n), [leaf(i) for i in range(3)], abs(-n)
    """
)


def sides():
    program = harness.Program(PROGRAM)
    return [program.side(lambda function: function), program.side(provider.eager())]


def compare(record, calls=((5,), (0,), (3,), (5,), (5,))):
    """`record(function, argument)` returns what was seen; it must agree, before and after compilation."""
    plain, jitted = sides()
    for namespace in (plain, jitted):
        for _ in range(4):
            namespace["f"](4)
    for arguments in calls:
        expected = record(plain["f"], *arguments)
        got = record(jitted["f"], *arguments)
        assert expected == got
        assert expected, "the recorder saw nothing"


def trace_events(function, *arguments):
    events = []

    def tracer(frame, event, argument):
        if "differential" not in frame.f_code.co_filename:
            return None
        shown = argument if event == "return" and not callable(argument) else None
        events.append(
            (event, frame.f_code.co_name, frame.f_lineno, repr(shown), sorted(frame.f_locals))
        )
        return tracer

    sys.settrace(tracer)
    try:
        function(*arguments)
    finally:
        sys.settrace(None)
    return events


def test_settrace():
    compare(trace_events)


def test_settrace_opcodes():
    def record(function, *arguments):
        events = []

        def tracer(frame, event, argument):
            if "differential" not in frame.f_code.co_filename:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                events.append((frame.f_code.co_name, frame.f_lasti))
            return tracer

        # 3.12 begins to report opcodes some time after the first frame asked: the second run counts.
        for _ in range(2):
            events.clear()
            sys.settrace(tracer)
            try:
                function(*arguments)
            finally:
                sys.settrace(None)
        return events

    compare(record)


def test_setprofile():
    def record(function, *arguments):
        events = []

        def profiler(frame, event, argument):
            if "differential" in frame.f_code.co_filename:
                name = argument.__name__ if event.startswith("c_") else None
                events.append((event, frame.f_code.co_name, frame.f_lineno, name))

        sys.setprofile(profiler)
        try:
            function(*arguments)
        finally:
            sys.setprofile(None)
        return events

    compare(record)


def test_cprofile():
    import cProfile

    def record(function, *arguments):
        profile = cProfile.Profile()
        profile.runcall(function, *arguments)
        return sorted(
            (entry.code.co_name, entry.callcount, entry.reccallcount)
            if not isinstance(entry.code, str)
            else (entry.code, entry.callcount)
            for entry in profile.getstats()
            if isinstance(entry.code, str) or "differential" in entry.code.co_filename
        )

    compare(record)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_monitoring():
    monitoring = sys.monitoring
    kinds = [
        "PY_START",
        "PY_RETURN",
        "LINE",
        "JUMP",
        "BRANCH",
        "CALL",
        "RAISE",
        "PY_RESUME",
        "EXCEPTION_HANDLED",
    ]
    kinds = [kind for kind in kinds if hasattr(monitoring.events, kind)]

    def record(function, *arguments):
        events = []
        monitoring.use_tool_id(3, "test")

        def watch(kind):
            def callback(code, *details):
                if "differential" in code.co_filename:
                    events.append(
                        (kind, code.co_name, details[0] if isinstance(details[0], int) else None)
                    )

            return callback

        mask = 0
        for kind in kinds:
            mask |= getattr(monitoring.events, kind)
            monitoring.register_callback(3, getattr(monitoring.events, kind), watch(kind))
        monitoring.set_events(3, mask)
        try:
            function(*arguments)
        finally:
            monitoring.set_events(3, 0)
            for kind in kinds:
                monitoring.register_callback(3, getattr(monitoring.events, kind), None)
            monitoring.free_tool_id(3)
        return events

    compare(record)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_local_monitoring_of_one_function():
    monitoring = sys.monitoring

    def record(function, *arguments):
        lines = []
        code = function.__globals__["loop"].__code__
        monitoring.use_tool_id(3, "test")
        monitoring.register_callback(
            3, monitoring.events.LINE, lambda code, line: lines.append(line)
        )
        monitoring.set_local_events(3, code, monitoring.events.LINE)
        try:
            function(*arguments)
        finally:
            monitoring.set_local_events(3, code, 0)
            monitoring.register_callback(3, monitoring.events.LINE, None)
            monitoring.free_tool_id(3)
        return lines

    compare(record)


CORES = ["ctrace", "pytrace", *(["sysmon"] if sys.version_info >= (3, 12) else [])]


@pytest.mark.parametrize("core", CORES)
def test_coverage(tmp_path, monkeypatch, core):
    """By a trace function in C, by one in Python, and by a monitoring tool; branches by the latter only from 3.14 on."""
    coverage = pytest.importorskip("coverage")
    monkeypatch.setenv("COVERAGE_CORE", core)
    branch = core != "sysmon" or sys.version_info >= (3, 14)
    path = tmp_path / "measured.py"
    path.write_text(PROGRAM, encoding="utf-8")

    def measure(decorator):
        namespace = {"__name__": "measured"}
        exec(compile(PROGRAM, str(path), "exec"), namespace)
        for name in ("leaf", "loop", "raises", "f"):
            namespace[name] = decorator(namespace[name])
        for _ in range(4):
            namespace["f"](4)
        cover = coverage.Coverage(
            data_file=None, branch=branch, include=[str(path)], config_file=False
        )
        cover.start()
        namespace["f"](5)
        cover.stop()
        data = cover.get_data()
        return sorted(data.lines(str(path)) or []), sorted(data.arcs(str(path)) or [])

    plain = measure(lambda function: function)
    assert plain[0]
    assert measure(provider.eager()) == plain


def test_tracer_switched_on_in_the_middle_of_a_loop():
    """From the moment a tracer is there, the running function's lines are traced (it sets f_trace itself)."""
    source = """
        import sys
        events = []
        def tracer(frame, event, argument):
            if frame.f_code.co_name in ('f', 'g'):
                events.append((event, frame.f_code.co_name, frame.f_lineno))
            return tracer
        def start():
            sys._getframe(1).f_trace = tracer
            sys.settrace(tracer)
        def g(x):
            return x + 1
        def f(n):
            total = 0
            for i in range(n):
                total = g(total)
                if i == 2:
                    start()
            sys.settrace(None)
            return total
    """
    harness.check(source, ["5", "2"])


def test_profiler_switched_on_in_the_middle():
    source = """
        import sys
        events = []
        def profiler(frame, event, argument):
            if frame.f_code.co_name in ('f', 'g'):
                events.append((event, frame.f_code.co_name, frame.f_lineno))
        def g(x):
            return x + 1
        def f(n):
            total = 0
            for i in range(n):
                total = g(total)
                if i == 2:
                    sys.setprofile(profiler)
            sys.setprofile(None)
            return total
    """
    harness.check(source, ["5", "2"])


def test_tracer_changes_a_local():
    """A debugger writes to a local of a running frame; the loop goes on with the new value."""
    source = """
        import sys
        def tracer(frame, event, argument):
            if frame.f_code.co_name == 'f' and event == 'line' and frame.f_locals.get('i') == 3:
                frame.f_locals['total'] = 1000
            return tracer
        def f(n):
            total = 0
            for i in range(n):
                total += i
            return total
        """
    plain, jitted = (
        harness.Program(textwrap.dedent(source)).side(d) for d in (lambda f: f, provider.eager())
    )
    for namespace in (plain, jitted):
        for _ in range(3):
            namespace["f"](6)
        sys.settrace(namespace["tracer"])
        try:
            namespace["result"] = namespace["f"](6)
        finally:
            sys.settrace(None)
    assert plain["result"] == jitted["result"]


def test_breakpoint_in_a_callee():
    """pdb-like: a callee looks up its caller's frame, its line and its locals, in each iteration."""
    harness.check(
        """
        import sys
        def stop():
            frame = sys._getframe(1)
            return frame.f_lineno, dict(frame.f_locals), frame.f_back.f_code.co_name
        def inner(n):
            seen = []
            value = 0.5
            for i in range(n):
                value = value * 2
                if i == n - 1:
                    line, names, caller = stop()
                    seen.append((line, sorted(names), names['value'], names['i'], caller))
            return seen
        def f(n):
            return inner(n)
        """,
        ["3", "1", "0"],
    )


def test_audit_hooks_and_excepthook(run_python):
    """An uncaught error from native code prints the traceback plain CPython prints."""
    program = """
import sys
from differential import provider
decorate = provider.eager() if sys.argv[1] == 'jit' else (lambda f: f)
@decorate
def inner(x, k):
    total = 0
    for i in range(5):
        total += x // (k - i)
    return total
@decorate
def outer(x, k):
    return inner(x, k) + 1
for _ in range(4):
    outer(3, 10)
outer(3, 2)
"""
    plain = run_python(program, "plain", check=False)
    jitted = run_python(program, "jit", check=False)
    assert plain.returncode == jitted.returncode == 1
    assert plain.stderr == jitted.stderr
    assert "ZeroDivisionError" in plain.stderr


@pytest.mark.native_required
@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_native_code_is_entered_after_a_tool_was_used():
    """The interpreter keeps data of tools with each code object from then on: they are no sign of a tool."""
    monitoring = sys.monitoring
    monitoring.use_tool_id(3, "test")
    monitoring.set_events(3, monitoring.events.LINE)
    (lambda: 0)()
    monitoring.set_events(3, 0)
    monitoring.free_tool_id(3)
    namespace = harness.check(
        """
        def g(n):
            total = 0
            for i in range(n):
                total += i * i
            return total
        def f(n):
            return g(n) + 1
        """,
        ["5", "7"],
    )
    for name in ("f", "g"):
        before = provider.native_calls(namespace["g"])
        for _ in range(5):
            namespace[name](6)
        assert provider.native_calls(namespace["g"]) > before or name == "f", provider.explanation(
            namespace["g"]
        )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
@pytest.mark.parametrize("name", ["leaf", "loop", "raises", "f"])
def test_local_monitoring_of_each_function(name):
    """Also where the function is inlined into native code of another, or called by it directly."""
    monitoring = sys.monitoring

    def record(function, *arguments):
        lines = []
        code = function.__globals__[name].__code__
        monitoring.use_tool_id(3, "test")
        monitoring.register_callback(
            3, monitoring.events.LINE, lambda code, line: lines.append(line)
        )
        monitoring.set_local_events(3, code, monitoring.events.LINE)
        try:
            function(*arguments)
        finally:
            monitoring.set_local_events(3, code, 0)
            monitoring.register_callback(3, monitoring.events.LINE, None)
            monitoring.free_tool_id(3)
        return lines

    compare(record)


def test_tracer_switched_on_two_levels_down():
    """All native callers leave, not only the one whose callee did it."""
    source = """
        import sys
        events = []
        def tracer(frame, event, argument):
            if frame.f_code.co_name in ('f', 'g', 'middle'):
                events.append((event, frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals)))
            return tracer
        def start():
            frame = sys._getframe(1)
            while frame is not None and frame.f_code.co_name in ('f', 'middle'):
                frame.f_trace = tracer
                frame = frame.f_back
            sys.settrace(tracer)
        def g(x):
            return (x * 3 + 1) % 101
        def middle(i, k):
            total = 0
            for j in range(k):
                total += g(j) + i
            if i == 2:
                start()
            return total
        def f(n):
            total = 0
            for i in range(n):
                total += middle(i, 3)
                total = g(total)
            sys.settrace(None)
            return total
    """
    harness.check(source, ["5", "2"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
@pytest.mark.parametrize("where", ["f", "middle", None])
def test_monitoring_switched_on_by_a_callee(where):
    """Events from then on; of all code, or of one function that is running natively."""
    source = f"""
        import sys
        monitoring = sys.monitoring
        lines = []
        where = {where!r}
        def watch(code, line):
            if code.co_filename.startswith('<differential'):
                lines.append((code.co_name, line))
        def start():
            monitoring.use_tool_id(3, 'test')
            monitoring.register_callback(3, monitoring.events.LINE, watch)
            if where:
                monitoring.set_local_events(3, globals()[where].__code__, monitoring.events.LINE)
            else:
                monitoring.set_events(3, monitoring.events.LINE)
        def stop():
            if where:
                monitoring.set_local_events(3, globals()[where].__code__, 0)
            else:
                monitoring.set_events(3, 0)
            monitoring.register_callback(3, monitoring.events.LINE, None)
            monitoring.free_tool_id(3)
        def g(x):
            return (x * 3 + 1) % 101
        def middle(i, k):
            total = 0
            for j in range(k):
                total += g(j) + i
            if i == 2:
                start()
            return total
        def f(n):
            total = 0
            for i in range(n):
                total += middle(i, 3)
                total = g(total)
            if n > 2:
                stop()
            return total
    """
    harness.check(source, ["5", "2"])


def test_locals_written_by_a_callee():
    """From 3.13 on a write to `f_locals` of a running caller counts; before, it does not."""
    harness.check(
        """
        import sys
        def poke(depth, name, value):
            sys._getframe(depth).f_locals[name] = value
        def middle(i):
            y = i * 3
            if i == 3:
                poke(1, 'y', 7)
            if i == 4:
                poke(2, 'half', 2.25)
            if i == 5:
                poke(2, 'text', 5)
                poke(2, 'total', 'seven')
            return y + 1
        def f(n):
            total = 0
            half = 0.5
            text = 'abc'
            for i in range(n):
                total += i
                if i == 2:
                    poke(1, 'total', 1000)
                half = half * 1.5 + middle(i)
                if i == 5:
                    total = [total]
                    break
            return total, half, text
        """,
        ["4", "5", "6"],
    )


RAISES_INTO_TRACED_CALLER = """
def f(n):
    try:
        for i in range(n):
            last = g(i, n - 1)
    except ValueError:
        last = -i
    return last

def g(i, stop):
    if i == stop:
        start()
        raise ValueError
    return i
"""


def is_called():
    import sys  # noqa: F401 (an import is called, not inlined)


@pytest.mark.parametrize("before", [is_called, lambda: None], ids=["called", "inlined"])
@pytest.mark.parametrize("what", ["settrace", "setprofile"])
def test_a_callee_begins_to_trace_and_raises(what, before):
    """The caller is in the middle of its call, so no tracer hears that it is called. What a callee called before was
    called from native code, or was inlined, so that the callee leaves native code before it begins to trace."""
    import sys as system

    def record(namespace):
        events = []

        def tracer(frame, event, argument):
            if frame.f_code.co_name in ("f", "g", "record"):
                events.append((event, frame.f_code.co_name, frame.f_lineno))
            return tracer

        def start():
            getattr(system, what)(tracer)
            if what == "settrace":
                system._getframe(1).f_trace = tracer
                system._getframe(2).f_trace = tracer

        namespace["start"] = start
        try:
            result = namespace["f"](5)
        finally:
            getattr(system, what)(None)
        return result, events

    program = harness.Program(RAISES_INTO_TRACED_CALLER)
    plain, jitted = program.side(lambda function: function), program.side(provider.eager())
    for namespace in (plain, jitted):
        namespace["start"] = before
        for _ in range(4):
            namespace["f"](5)
    for _ in range(3):
        expected = record(plain)
        assert record(jitted) == expected
        assert not any(event[:2] == ("call", "f") for event in expected[1])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
@pytest.mark.parametrize("before", [is_called, lambda: None], ids=["called", "inlined"])
def test_a_callee_begins_to_monitor_and_raises(before):
    """As above, and no tool hears that an exception is thrown into the caller; one that is, is heard of."""
    monitoring = sys.monitoring
    kinds = ["PY_THROW", "PY_UNWIND", "RAISE", "EXCEPTION_HANDLED", "PY_RETURN"]

    def generator():
        yield

    def record(namespace):
        events = []

        def watch(kind):
            def callback(code, offset, _):
                if code.co_name in ("f", "g", "generator"):
                    # 3.12 tells the last unit of a call that raised, or the first, by what was called.
                    events.append((kind, code.co_name, list(code.co_positions())[offset // 2]))

            return callback

        watchers = {kind: watch(kind) for kind in kinds}

        def start():
            for kind in kinds:
                monitoring.register_callback(3, getattr(monitoring.events, kind), watchers[kind])
            monitoring.set_events(3, sum(getattr(monitoring.events, kind) for kind in kinds))

        namespace["start"] = start
        monitoring.use_tool_id(3, "test")
        try:
            result = namespace["f"](5)
            thrown_into = generator()
            next(thrown_into)
            with pytest.raises(KeyError):
                thrown_into.throw(KeyError)
        finally:
            monitoring.set_events(3, 0)
            for kind in kinds:
                former = monitoring.register_callback(3, getattr(monitoring.events, kind), None)
                assert former is watchers[kind]
            monitoring.free_tool_id(3)
        return result, events

    program = harness.Program(RAISES_INTO_TRACED_CALLER)
    plain, jitted = program.side(lambda function: function), program.side(provider.eager())
    for namespace in (plain, jitted):
        namespace["start"] = before
        for _ in range(4):
            namespace["f"](5)
    for _ in range(3):
        expected = record(plain)
        assert record(jitted) == expected
        throws = [event[:2] for event in expected[1] if event[0] == "PY_THROW"]
        assert throws == [("PY_THROW", "generator")]


@pytest.mark.parametrize("before", [is_called, lambda: None], ids=["called", "inlined"])
@pytest.mark.parametrize("what", ["settrace", "setprofile"])
def test_a_callee_of_a_running_loop_begins_to_trace_and_raises(what, before):
    """The caller's frame was entered at its loop: it goes on itself, with its handler, or without."""
    source = """
        import sys
        events = []
        def tracer(frame, event, argument):
            if frame.f_code.co_name in ('f', 'h', 'g'):
                events.append((event, frame.f_code.co_name, frame.f_lineno))
            return tracer
        def start():
            getattr(sys, what)(tracer)
            if what == 'settrace':
                sys._getframe(1).f_trace = tracer
                sys._getframe(2).f_trace = tracer
        def g(i, stop):
            if i == stop:
                begin()
                raise ValueError
            return i
        def f(n):
            global begin
            begin = before
            for i in range(n):
                try:
                    last = g(i, n - 1)
                    if i == n // 2:
                        begin = start
                except ValueError:
                    last = -i
            getattr(sys, what)(None)
            return last
        def h(n):
            global begin
            begin = before
            for i in range(n):
                last = g(i, n - 1)
                if i == n // 2:
                    begin = start
            return last
    """
    for name in ("f", "h"):
        seen = []
        for decorator in (lambda function: function, provider.eager()):
            namespace = harness.Program(textwrap.dedent(source)).side(decorator)
            namespace.update(before=before, what=what)
            try:
                result = namespace[name](3000)
            except ValueError as error:
                result = type(error)
            finally:
                getattr(sys, what)(None)
            seen.append((result, namespace["events"]))
        assert seen[0] == seen[1]
        assert seen[0][1]
