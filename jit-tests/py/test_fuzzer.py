"""The fuzzer itself: deterministic, harmless to right implementations, sharp on wrong ones, crash-safe."""

import ast
import os
import pathlib
import sys

import pytest

from differential import programs, provider
from fuzz import generator, reduce, runner

REGRESSIONS = programs.load_folder(pathlib.Path(generator.__file__).parent / "regressions")
SEEDS = range(5000, 5060)


def run(jit, count, first=1000, **options):
    work = runner.Run(sys.executable, first, count, env=runner.environment(jit), **options)
    work.run()
    return work


def test_a_seed_is_a_program():
    for seed in SEEDS:
        first, second = generator.generate(seed), generator.generate(seed)
        assert first.text() == second.text()
        ast.parse(first.source)


def test_text_form_round_trips():
    for seed in SEEDS:
        program = generator.generate(seed)
        (parsed,) = programs.parse(program.text(), "x")
        assert (parsed.name, parsed.calls, parsed.options) == (program.name, program.calls, program.options)
        assert parsed.source.strip() == program.source.strip()


def test_most_programs_run_deep():
    """A generator whose programs raise at once would test nothing."""
    returned = 0
    for seed in SEEDS:
        program = generator.generate(seed)
        namespace = {"__call__": lambda *args: args}
        exec(compile(program.source, "program", "exec"), namespace)
        try:
            namespace["f"](*eval(f"__call__({program.calls[0]})", namespace))
            returned += 1
        except Exception:
            pass
    assert returned > len(SEEDS) // 3


def test_no_difference_without_a_jit():
    work = run("noop", 60)
    assert work.failures == []
    assert work.statistics["programs"] == 60
    assert work.statistics["status same"] + work.statistics["status slow"] == 60


@pytest.mark.skipif(not provider.native_support()[0], reason="interpreted here")
def test_no_difference_in_verify_mode():
    work = runner.Run(sys.executable, 2000, 60, env=runner.environment(verify=True))
    work.run()
    assert work.failures == []
    assert work.statistics["calls verified"] > 100


@pytest.mark.parametrize("jit", ["wrap64", "leak", "bool-as-int", "wrong-operator"])
def test_finds_mistakes(jit):
    work = run(jit, 250)
    assert work.failures, f"nothing found with {jit}"
    # Wrong arithmetic may loop for ever; most of what is found are differences.
    found = [failure["status"] for failure in work.failures]
    assert set(found) <= {"different", "hang"} and "different" in found


def test_reduces(tmp_path):
    """A wrong subtraction in a large program becomes a program of a few lines."""
    source = "\n".join(
        ["def helper(a, b):", "    return a + b", "def f(p, q):", "    total = 0"]
        + [f"    v{i} = p + {i}" for i in range(20)]
        + ["    for i in range(3):", "        if i != 5:", "            total = total + q - i", "    return (total, v3)"]
    )
    program = programs.Saved("long", source, ["1, 2", "3, 4", "5, 6"], {})
    environment = runner.environment("wrong-operator")
    child = runner.Child(sys.executable, environment)
    status, part, message = runner.judge(child, program.text())
    child.stop()
    assert status == "different", message
    small = reduce.Reducer(program, status, part, sys.executable, environment, 30).reduced()
    assert len(small.source.splitlines()) <= 5
    assert len(small.calls) == 1


def test_crash_and_hang_are_pinned_to_their_program(monkeypatch):
    """A child that dies takes one program with it; the run goes on behind it."""
    crashing = "import os\ndef f(a):\n    if a == 2:\n        os.abort()\n    return a\n"
    environment = runner.environment("noop")
    child = runner.Child(sys.executable, environment)
    fine = programs.Saved("fine", "def f(a):\n    return a\n", ["1"], {})
    assert runner.judge(child, fine.text())[0] == "same"
    status, part, message = runner.judge(child, programs.Saved("bad", crashing, ["1", "2"], {}).text())
    assert (status, part) == ("crash", "SIGABRT")
    monkeypatch.setattr(runner, "SILENCE_SECONDS", 1)
    child = runner.Child(sys.executable, environment)
    hanging = "import time\ndef f(a):\n    time.sleep(60)\n"
    assert runner.judge(child, programs.Saved("hang", hanging, ["1"], {}).text())[0] == "hang"


def test_a_run_survives_crashes(tmp_path):
    """Children whose jit kills the process at some programs: the others are still counted."""
    hook = tmp_path / "sitecustomize.py"
    hook.write_text(
        "import atexit, os, sys\n"
        "sys.path.insert(0, os.environ['FUZZ_PY'])\n"
        "from differential import fake_jits\n"
        "def crash(function):\n"
        "    if len(function.__code__.co_code) > 900: os.abort()\n"
        "    return function\n"
        "fake_jits._FAKES['noop'] = lambda: fake_jits._configurable(crash)\n"
    )
    here = pathlib.Path(__file__).resolve().parent
    environment = runner.environment("noop", extra={"PYTHONPATH": str(tmp_path), "FUZZ_PY": str(here)})
    work = runner.Run(sys.executable, 2000, 60, env=environment)
    failures = work.run()
    assert work.statistics["programs"] == 60
    assert failures and all(failure["part"] == "SIGABRT" for failure in failures)
    assert len({failure["seed"] for failure in failures}) == len(failures)


def test_random_programs(tmp_path):
    """The fixed share of fuzzing that every run of the tests does, on the jit under test."""
    count = int(os.environ.get("BROLGA_FUZZ_COUNT", "300"))
    work = runner.Run(sys.executable, 1, count, env=runner.environment())
    failures = work.run()
    assert not failures, "\n\n".join(f"seed {item['seed']}: {item['part']}\n{item['message']}" for item in failures[:5])
    assert work.statistics["programs"] == count


@pytest.mark.parametrize("program", [pytest.param(item, id=stem) for stem, item in REGRESSIONS])
def test_regression(program):
    """Everything the fuzzer ever found, each in a child of its own: some of them were crashes."""
    child = runner.Child(sys.executable, runner.environment())
    status, part, message = runner.judge(child, program.text())
    if status not in ("crash", "hang"):
        child.stop()
    assert status == "same", f"{status} {part}\n{message}"
