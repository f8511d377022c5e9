"""Everything the project checks about itself: what `make test` and CI run.

    check.py                    all of it
    check.py lint rust          only these steps; `python` means every Python, `3.12` just that one

Steps are independent: one that fails does not hide the next. The closing line counts the tests of
all steps; a step that should run tests and ran none has failed.
"""

import os
import re
import subprocess
import sys
import time

import environments
import find_pythons
from environments import ROOT

# How the tests of both languages announce themselves.
PYTEST = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s")
CARGO = re.compile(r"^test result: \w+\. ((?:\d+ [a-z ]+; )+)")
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|ignored|xfailed)")
NAMES = {"error": "failed", "errors": "failed", "ignored": "skipped", "xfailed": "skipped"}

# Switches of the engine that make its rare paths common (docs/testing.md).
STRESS = ("threshold=1", "exit:all", "verify", "refcheck")

# The version on which a fast part of CPython's own tests runs; `make cpython-tests` runs all on every version.
CPYTHON_TESTS_MINOR = 13

# What a stripped wheel may weigh, in MB.
WHEEL_LIMIT = 6


class Failed(Exception):
    """A command of a step failed; the step goes no further."""


class Step:
    """One step: runs commands, shows their output, counts their tests."""

    def __init__(self, name):
        self.name = name
        self.counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
        self.problem = ""
        self.seconds = 0.0

    def count(self, line):
        match = PYTEST.match(line) or CARGO.match(line)
        if match:
            for number, what in COUNT.findall(match[1]):
                self.counts[NAMES.get(what, what)] += int(number)

    def run(self, *command, tests=False, **environment):
        """Runs a command. With `tests`, it must report at least one passed test."""
        command = [str(part) for part in command]
        shown = " ".join(
            os.path.relpath(p, ROOT) if p.startswith(str(ROOT)) else p for p in command
        )
        settings = "".join(f"{key}={value} " for key, value in environment.items())
        print(f"\n-- {self.name}: {settings}{shown}", flush=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("BROLGA_", "PYTHON"))}
        before = self.counts["passed"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**inherited, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for line in process.stdout:
            print(line, end="", flush=True)
            self.count(line)
        if process.wait() != 0:
            raise Failed(f"exit {process.returncode} of {shown}")
        if tests and self.counts["passed"] == before:
            raise Failed(f"no test ran in {shown}")

    def __str__(self):
        parts = [f"{number} {what}" for what, number in self.counts.items() if number]
        state = self.problem or "ok"
        return f"{self.name:<12} {self.seconds:6.0f} s  {', '.join(parts) or '-':<28} {state}"


def lint(step, pythons):
    tools = environments.tools().parent
    step.run("cargo", "fmt", "--check")
    step.run(
        *("cargo", "clippy", "--release", "--locked", "--all-targets", "--", "-D", "warnings"),
        PYO3_PYTHON=find_pythons.one(pythons),
    )
    step.run(tools / "ruff", "check")
    step.run(tools / "ruff", "format", "--check")
    step.run(tools / "mypy", "-p", "brolga", MYPYPATH="python")
    step.run(tools / "mypy", "jit-tests/typing/uses.py", MYPYPATH="python")


def rust(step, pythons):
    # `cross` also emits AArch64 code, which runs under qemu-user where that is installed.
    command = "cargo test --release --locked --no-default-features --features cross --no-fail-fast"
    step.run(*command.split(), tests=True)
    # The driver's own tests embed an interpreter.
    executable = find_pythons.one(pythons)
    reason, folder = embedding(executable)
    if reason:
        print(f"-- SKIPPED tests of the driver: cannot embed {executable}: {reason}", flush=True)
        return
    command = "cargo test --release --locked --lib driver::"
    step.run(*command.split(), tests=True, PYO3_PYTHON=executable, LD_LIBRARY_PATH=folder)


def embedding(executable):
    """Why an interpreter cannot be embedded (empty if it can), and where its library is."""
    code = "import rust_benches, sysconfig; print(rust_benches.missing_library()); print(sysconfig.get_config_var('LIBDIR'))"
    answer = subprocess.run(
        [executable, "-c", code],
        cwd=ROOT / "scripts",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    reason, folder = answer.stdout.splitlines()
    return reason, folder


def pytest(step, python, *arguments, **environment):
    step.run(python, "-m", "pytest", "-q", *arguments, tests=True, **environment)


def python_of(step, pythons):
    """The test environment of the step's version with the wheel installed."""
    executable = pythons[int(step.name.split(".")[1].split()[0])]
    version = step.name.split()[0]
    made = environments.environment(version, executable)
    built = environments.wheel(version, executable)
    megabytes = built.stat().st_size / 1e6
    print(f"-- {step.name}: {built.name}, {megabytes:.1f} MB", flush=True)
    if megabytes > WHEEL_LIMIT:
        raise Failed(f"the wheel has {megabytes:.1f} MB, more than {WHEEL_LIMIT}")
    environments.install_wheel(made, built)
    return made


def python(step, pythons):
    # The opcode tables in src/bytecode/tables/ are those of this interpreter.
    executable = pythons[int(step.name.split(".")[1])]
    step.run(executable, "scripts/gen_opcode_tables.py", "--check")
    made = python_of(step, pythons)
    step.run(made, "-m", "brolga")
    pytest(step, made)
    if int(step.name.split(".")[1]) == min(pythons):
        # The stub is the same for every version: compare it with one binary.
        environments.pip_install(made, environments.pinned("mypy"))
        step.run(made, "-m", "mypy.stubtest", "brolga._native")
    if int(step.name.split(".")[1]) == CPYTHON_TESTS_MINOR:
        fast = ("--here", "--fast", "--threshold", "2")
        step.run(made, "scripts/cpython_tests.py", *fast)


def stress(step, pythons):
    made = python_of(step, pythons)
    for mode in STRESS:
        # What is freed is filled, so that a reference of a dead object is noticed.
        environment = {"PYTHONMALLOC": "debug"} if mode == "refcheck" else {}
        pytest(step, made, f"--stress={mode}", **environment)


def unpack_debian_python():
    """Python 3.14 where the machine has none. Without apt the run goes on without it."""
    if 14 in find_pythons.find():
        return
    script = ROOT / "scripts" / "unpack-debian-python.sh"
    print("-- unpacking CPython 3.14 into .cpython", flush=True)
    done = subprocess.run([script, "3.14", ROOT / ".cpython"], stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        print("-- SKIPPED 3.14: none on this machine, and apt could not fetch it", flush=True)


def plan(wanted, pythons):
    """(step, function) of the wanted names, in order of usefulness of an early failure."""
    versions = [f"3.{minor}" for minor in sorted(pythons)]
    native = [f"3.{minor}" for minor in sorted(pythons) if minor in find_pythons.NATIVE_MINORS]
    known = {"lint": [("lint", lint)], "rust": [("rust", rust)]}
    known.update({version: [(version, python)] for version in versions})
    known["python"] = [(version, python) for version in versions]
    known["stress"] = [(f"{version} stress", stress) for version in native]
    for name in wanted:
        if name not in known:
            sys.exit(f"check.py: no step {name!r}; there are: {', '.join(known)}")
    return [(Step(name), action) for key in wanted for name, action in known[key]]


def main(arguments):
    start = time.monotonic()
    wanted = arguments or ["lint", "rust", "python"]
    if any(name == "python" or name == "3.14" for name in wanted):
        unpack_debian_python()
    pythons = find_pythons.find()
    steps = plan(wanted, pythons)
    for step, action in steps:
        print(f"\n== {step.name}", flush=True)
        began = time.monotonic()
        try:
            action(step, pythons)
        except (Failed, subprocess.CalledProcessError, ValueError) as error:
            step.problem = f"FAILED: {error}"
            print(f"-- {step.name}: {step.problem}", flush=True)
        step.seconds = time.monotonic() - began
    print("\n== summary")
    for step, _ in steps:
        print(step)
    failed = sum(max(step.counts["failed"], bool(step.problem)) for step, _ in steps)
    passed, skipped = (sum(s.counts[what] for s, _ in steps) for what in ("passed", "skipped"))
    counts = [f"{passed} passed", *([f"{failed} failed"] if failed else []), f"{skipped} skipped"]
    print(f"{', '.join(counts)} in {time.monotonic() - start:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
