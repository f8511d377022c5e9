"""`jit.enable()`: functions that nobody decorated."""

import sys

import pytest

PRELUDE = """
import gc, sys, time
from brolga import jit
"""
WATCHED = sys.version_info >= (3, 12)


def native(text, name="f"):
    """A program's text, and the lines that assert that its function ran native."""
    return f"{PRELUDE}\n{text}\nrow = jit.stats({name}).to_dict()\nassert row['native_calls'] or row['loop_entries'], row\n"


def test_functions_that_exist_come_under_the_jit(run_python, native_required):
    run_python(native("""
def f(n):
    total = 0
    for i in range(n):
        total += i
    return total
assert jit.enable() is True
assert [f(300) for _ in range(200)] == [44850] * 200
"""))


def test_methods_closures_and_lambdas_that_exist(run_python, native_required):
    run_python(PRELUDE + """
class Box:
    def __init__(self, n): self.n = n
    def area(self):
        total = 0
        for i in range(self.n): total += i
        return total
    @staticmethod
    def twice(n):
        while n < 1000: n = n * 2 + 1
        return n
def outer(k):
    def inner(n):
        for i in range(200): n += k
        return n
    return inner
inner = outer(3)
power = lambda n: [n := n * 3 % 1000 for i in range(100)][-1]
jit.enable()
for i in range(300):
    assert Box(100).area() == 4950 and Box.twice(1) == 1023 and inner(i) == i + 600
    power(7)
for function in (Box.area, Box.twice, inner):
    assert jit.stats(function).to_dict()["native_calls"], jit.stats(function)
""")


@pytest.mark.skipif(not WATCHED, reason="3.11 finds functions of scripts by sampling")
def test_functions_made_later(run_python, native_required):
    run_python(native("""
jit.enable()
def f(n):
    total = 0
    for i in range(n):
        total += i
    return total
assert [f(300) for _ in range(200)] == [44850] * 200
"""))


@pytest.mark.skipif(not WATCHED, reason="3.11 finds functions of scripts by sampling")
def test_a_function_made_later_has_the_defaults_and_cells_it_gets_behind_its_making(run_python, native_required):
    run_python(native("""
jit.enable(); jit.config.threshold = 5
def outer(k):
    def f(n, m=4, *, step=2):
        '''doc'''
        for i in range(n): m += k * step
        return m
    return f
f = outer(3)
assert [f(100) for _ in range(200)] == [604] * 200
assert (f.__defaults__, f.__kwdefaults__, f.__doc__) == ((4,), {'step': 2}, 'doc')
"""))


def test_a_function_that_is_called_once_and_loops(run_python, native_required):
    run_python(native("""
jit.enable()
def f(n):
    total = 0
    for i in range(n):
        total += i & 7
    return total
assert f(10_000_000) == 35_000_000
"""))


def test_a_function_that_runs_already(run_python, native_required):
    run_python(native("""
def f(n):
    total = 0
    jit.enable()
    for i in range(n):
        total += i & 7
    return total
assert f(10_000_000) == 35_000_000
"""))


def test_functions_of_modules_imported_later(run_python, native_required, tmp_path):
    (tmp_path / "later_module.py").write_text(
        "def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"
        "class C:\n    def g(self, n):\n        for i in range(100): n += i\n        return n\n"
    )
    run_python(PRELUDE + f"sys.path.insert(0, {str(tmp_path)!r})\n" + """
jit.enable()
import later_module
loader = later_module.__loader__
assert type(loader).__name__ == "SourceFileLoader" and not vars(loader).get("exec_module"), vars(loader)
assert later_module.__spec__.loader is loader
for _ in range(300): assert later_module.f(300) == 44850 and later_module.C().g(1) == 4951
assert jit.stats(later_module.f).to_dict()["native_calls"]
assert jit.stats(later_module.C.g).to_dict()["native_calls"]
""")


def test_disable_leaves_new_functions_alone(run_python, native_required):
    run_python(PRELUDE + """
jit.enable(); jit.disable()
def f(n):
    total = 0
    for i in range(n): total += i
    return total
for _ in range(300): f(100)
row = jit.stats(f).to_dict()
assert not row["native_calls"] and not row.get("compilations"), row
jit.enable()
for _ in range(300): f(100)
assert jit.stats(f).to_dict()["native_calls"]
with jit.paused():
    before = jit.stats(f).to_dict()["native_calls"]
    assert f(100) == 4950 and jit.stats(f).to_dict()["native_calls"] == before
""")


def test_only_decorated_undoes_disable(run_python, native_required):
    run_python(PRELUDE + """
@jit(threshold=2)
def f(n):
    for i in range(100): n += i
    return n
def g(n):
    for i in range(100): n += i
    return n
jit.disable(); jit.enable(only_decorated=True)
for _ in range(200): assert f(1) == g(1) == 4951
assert jit.stats(f).to_dict()["native_calls"] and not jit.stats(g).to_dict()["native_calls"]
try: jit.enable(only_decorated=1)
except TypeError as error: assert "only_decorated" in str(error)
else: raise AssertionError
""")


def test_what_never_gets_native_is_left_as_it_was(run_python, native_required):
    """After some calls a function that cannot be compiled has its plain entry again."""
    run_python(PRELUDE + """
jit.enable(); jit.config.threshold = 3
def f(n):
    yield n
for _ in range(20): assert list(f(2)) == [2]
row = jit.stats(f).to_dict()
assert row["verdict"] == "interpreted", row
calls = row["calls"]
for _ in range(20): list(f(2))
assert jit.stats(f).to_dict()["calls"] == calls
""")


def test_never_holds_before_and_after(run_python, native_required):
    run_python(PRELUDE + """
def f(n):
    for i in range(100): n += i
    return n
def g(n):
    for i in range(100): n += i
    return n
jit.never(f)
jit.enable()
jit.never(g)
for _ in range(200): f(1), g(1)
assert not jit.stats(f).to_dict()["native_calls"] and not jit.stats(g).to_dict()["native_calls"]
""")


def test_decorating_an_undecorated_function(run_python, native_required):
    run_python(PRELUDE + """
jit.enable()
@jit(threshold=1)
def f(n): return n * 2 + 1
assert [f(i) for i in range(20)] == [2 * i + 1 for i in range(20)]
assert jit.stats(f).to_dict()["native_calls"] >= 18, jit.stats(f)
""")


@pytest.mark.skipif(not WATCHED, reason="3.11 finds closures by sampling")
def test_of_many_closures_few_get_an_entry(run_python, native_required):
    run_python(PRELUDE + """
from brolga._native import _testing
jit.enable()
def make():
    def f(x): return x
    return f
kept = [make() for _ in range(1000)]
before = _testing.entry_count()
more = [make() for _ in range(5000)]
assert _testing.entry_count() - before < 20, (before, _testing.entry_count())
""")


def test_functions_are_not_kept_alive(run_python, native_required):
    run_python(PRELUDE + """
import weakref
jit.enable(); jit.config.threshold = 2
def make():
    def f(n):
        for i in range(50): n += i
        return n
    return f
references = []
for _ in range(50):
    f = make(); f(1); f(2); f(3)
    references.append(weakref.ref(f))
    del f
assert all(reference() is None for reference in references)
""")


def test_compiling_has_a_bounded_share_of_the_time(run_python, native_required):
    run_python(PRELUDE + """
functions = []
for number in range(400):
    scope = {}
    exec(f'''def f(n):
        a = n; b = {number}
        for i in range(3):
            a += b * i; b ^= a
            if a > 100: a -= 7
        return a''', scope)
    functions.append(scope["f"])
jit.enable(); jit.config.compile_share = 0
for _ in range(60):
    for f in functions: f(3)
total = jit.stats().to_dict()
assert 0 < total["compile_ms"] < 1000 and total["compilations"] < 300, total["compilations"]
""")


def test_call_sites_do_not_bypass_the_entry(run_python, native_required):
    """3.12+ gives a function its version after the watcher heard of it."""
    run_python(native("""
jit.enable(); jit.config.threshold = 30
scope = {}
exec('''
def f(a, b): return (a * b + a) % 1000 + (a * 3 ^ b)
def g():
    total = 0
    for i in range(20): total += f(i, 3)
    return total
''', scope)
f = scope['f']; jit.never(scope['g'])
if sys.version_info < (3, 12): jit.enable()
for _ in range(50): scope['g']()
"""))


def test_enable_under_disable_by_the_environment(run_python):
    run_python(PRELUDE + "assert jit.enable() is False\n", env={"BROLGA_DISABLE": "1"})


def test_threads_and_forks(run_python, native_required):
    run_python(PRELUDE + """
import os, threading
jit.enable()
def work(n):
    total = 0
    for i in range(n): total += i
    return total
results = []
threads = [threading.Thread(target=lambda: results.append([work(500) for _ in range(100)])) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert results == [[124750] * 100] * 4
child = os.fork()
if child == 0:
    def later(n):
        total = 0
        for i in range(n): total += i & 3
        return total
    later(3_000_000); later(3_000_000)
    row = jit.stats(later).to_dict()
    os._exit(0 if row['native_calls'] or row['loop_entries'] else 1)
assert os.waitpid(child, 0)[1] == 0
""")


def test_auto_takes_effect_at_the_start_of_python(run_python, native_required, tmp_path):
    """As the start-up file of the wheel does it; a folder of this test stands for site-packages."""
    import pathlib
    import shutil

    root = pathlib.Path(__file__).resolve().parents[3]
    shutil.copy(root / "python" / "brolga.data" / "platlib" / "brolga.pth", tmp_path)
    program = f"import site; site.addsitedir({str(tmp_path)!r})\n" + "import sys\nprint('brolga' in sys.modules)\n" + """
from brolga import jit, _native
print(_native.is_enabled_for_all())
"""
    assert run_python(program, env={"BROLGA_AUTO": "1"}).stdout.split() == ["True", "True"]
    assert run_python(program, env={"BROLGA_AUTO": "1", "BROLGA_DISABLE": "1"}).stdout.split()[1] == "False"
    for off in ("0", "", "no"):
        # Installed, the start-up file of the wheel is there too.
        assert run_python(program, env={"BROLGA_AUTO": off}).stdout.split() == ["False", "False"]


def test_subinterpreters_are_left_alone(run_python, native_required):
    """Functions of theirs get no entry, also while samples are taken (3.11)."""
    run_python("""
import sys, time
from brolga import jit
try:
    import _testcapi
except ImportError:
    sys.exit(0)
jit.enable()
time.sleep(0.01)
program = "import re, string, json\\nfor _ in range(300): json.dumps({'a': [1, 2]}); re.sub('a', 'b', 'aaa')"
for _ in range(3):
    assert _testcapi.run_in_subinterp(program) == 0
def f(n):
    total = 0
    for i in range(n): total += i & 3
    return total
for _ in range(100): f(3000)
""")
