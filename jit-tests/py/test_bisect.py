"""`python -m brolga bisect`: the search, with commands that fail for a known reason."""

import os
import subprocess
import sys
import textwrap

import pytest

from brolga import _bisect

# Fails when `g` is compiled (and the other functions named) and the passes are on: it asks brolga, so nothing is
# broken for this test.
PROGRAM = """
import os, sys
from brolga import jit

@jit(threshold=1)
def f(n):
    return n * 2 + 1

@jit(threshold=1)
def g(n):
    for i in range(10): n += i
    return n

class Box:
    @jit(threshold=1)
    def h(self, n):
        return n - 3 * n

for i in range(60):
    f(i), g(i), Box().h(i)

off = jit.config.disable_passes.split(",")
functions = {"f": f, "g": g, "h": Box.h}
compiled = all(jit.stats(functions[name]).to_dict()["native_calls"] for name in sys.argv[1].split(","))
sys.exit(5 if compiled and not set(sys.argv[2:]) & set(off) else 0)
"""


@pytest.fixture
def bisect(tmp_path, native_required):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)

    def run(*arguments, options=()):
        command = [sys.executable, "-m", "brolga", "bisect", *options, "--", sys.executable, str(script), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_finds_function_and_pass(bisect):
    done = bisect("g", "gvn")
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert "function: __main__.g" in lines and "pass: gvn" in lines
    reproduce = next(line for line in lines if line.startswith("reproduce: "))
    assert "BROLGA_ONLY=__main__.g BROLGA_DISABLE_PASSES=" in reproduce and ",gvn" not in reproduce
    again = subprocess.run(reproduce.removeprefix("reproduce: "), shell=True, check=False)
    assert again.returncode == 5


def test_finds_methods_and_pairs(bisect):
    done = bisect("f,h", "licm", "simplify")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done
    assert "function: __main__.Box.h" in lines and "function: __main__.f" in lines
    assert "pass: licm" in lines and "pass: simplify" in lines
    assert bisect("f,h", "licm", "simplify").stdout == done.stdout


def test_no_pass_is_to_blame(bisect):
    done = bisect("g")
    assert done.returncode == 0 and "pass: none" in done.stdout, done


def test_status_and_verbose(bisect):
    assert "does not fail" in bisect("g", options=("--status", "9")).stderr
    done = bisect("g", "gvn", options=("--status", "5", "--verbose"))
    assert done.returncode == 0 and "run 1: status 0  BROLGA_DISABLE=1" in done.stdout


def test_what_it_cannot_search(tmp_path, native_required):
    def run(*arguments):
        command = [sys.executable, "-m", "brolga", "bisect", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    assert run() == (2, f"python -m brolga bisect: which command?\n{_bisect.USAGE}")
    assert run("--fast", "--", "x")[0] == 2
    assert run("--timeout", "soon", "--", "x")[0] == 2
    status, error = run("--", sys.executable, "-c", "raise SystemExit(1)")
    assert status == 1 and "fails without the JIT, too" in error
    status, error = run("--", sys.executable, "-c", "pass")
    assert status == 1 and "does not fail under brolga" in error
    status, error = run("--", os.path.join(tmp_path, "nothing"))
    assert status == 1 and "cannot run" in error


def test_only_and_skip_by_list_and_by_file(run_python, tmp_path, native_required):
    program = textwrap.dedent("""
        from brolga import jit
        @jit(threshold=1)
        def f(n): return n * 2 + 1
        @jit(threshold=1)
        def g(n): return n * 3 + 1
        for i in range(9): f(i), g(i)
        print(*[bool(jit.stats(x).to_dict()["native_calls"]) for x in (f, g)])
        print(jit.stats(f).to_dict()["reason"])
    """)
    listed = tmp_path / "list"
    listed.write_text("__main__.f\n")

    def answer(**environment):
        return run_python(program, env=environment).stdout.splitlines()

    assert answer()[0] == "True True"
    assert answer(BROLGA_ONLY="__main__.g") == ["False True", "switched off by BROLGA_ONLY"]
    assert answer(BROLGA_SKIP="__main__.f") == ["False True", "switched off by BROLGA_SKIP"]
    assert answer(BROLGA_ONLY=f"@{listed}")[0] == "True False"
    recorded = tmp_path / "recorded"
    answer(BROLGA_RECORD=str(recorded))
    assert sorted(recorded.read_text().splitlines()) == ["__main__.f", "__main__.g"]


def test_the_search():
    runs = []

    def search(items, *needed):
        runs.clear()

        def fails(part):
            runs.append(part)
            return set(needed) <= set(part)

        return _bisect.smallest(items, fails)

    assert search(range(1000), 700) == [700] and len(runs) <= 22
    assert search(range(100), 3, 97) == [3, 97] and len(runs) <= 80
    assert search(range(16), 1, 6, 11) == [1, 6, 11]
    assert search([4], 4) == [4]
