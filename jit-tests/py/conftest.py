"""Options, markers and fixtures of the Python tests.

`--jit NAME` selects what is tested (see `differential/provider.py`), `--stress MODE` switches a stress mode
of the product on for the whole run, and `--stress all` runs the suite once per mode in child processes.
The environment is set before any test module imports brolga, because brolga reads it at import.
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
STRESS_MODES = ("threshold=1", "exit:all", "verify", "refcheck")

for folder in (HERE, HERE.parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def pytest_addoption(parser):
    parser.addoption("--jit", default=None, help="brolga (default), noop, or a stand-in of fake_jits.py")
    parser.addoption("--stress", default=None, help=f"one of {', '.join(STRESS_MODES)}, or all")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "native_required: asserts that machine code ran; skipped where brolga has none"
    )
    config.addinivalue_line("markers", "slow: takes seconds; still part of a full run")
    if config.getoption("--jit"):
        os.environ["BROLGA_TEST_JIT"] = config.getoption("--jit")
    mode = config.getoption("--stress")
    if mode and mode != "all":
        _enter_stress(os.environ, mode)


def _enter_stress(environment, mode):
    environment["BROLGA_THRESHOLD"] = "1"
    if not mode.startswith("threshold"):
        environment["BROLGA_STRESS"] = mode


def pytest_cmdline_main(config):
    """`--stress all`: one child run per mode; the first failing status is the result."""
    if config.getoption("--stress") != "all":
        return None
    arguments = [item for item in config.invocation_params.args]
    place = next(index for index, item in enumerate(arguments) if str(item).startswith("--stress"))
    if "=" not in str(arguments[place]):
        del arguments[place + 1]
    del arguments[place]
    status = 0
    for mode in STRESS_MODES:
        print(f"== stress mode {mode}", flush=True)
        command = [sys.executable, "-m", "pytest", f"--stress={mode}", *map(str, arguments)]
        status = subprocess.call(command, cwd=config.invocation_params.dir) or status
    return status


def pytest_report_header():
    from differential import provider

    native, reason = provider.native_support()
    stress = os.environ.get("BROLGA_STRESS", "none")
    return f"jit: {provider.jit_name()}, native code: {'yes' if native else 'no, ' + reason}, stress: {stress}"


def pytest_collection_modifyitems(items):
    from differential import provider

    native, reason = provider.native_support()
    if native:
        _skip_known_wrong(items)
        return
    skip = pytest.mark.skip(reason=reason)
    for item in items:
        if item.get_closest_marker("native_required"):
            item.add_marker(skip)


def _skip_known_wrong(items):
    """The list of promises that do not hold yet: `known_wrong.txt` says why and by which rules."""
    lines = (HERE / "known_wrong.txt").read_text().splitlines()
    known = [line.split("  ", 1) for line in lines if line and not line.startswith("#")]
    for item in items:
        for part, reason in known:
            if part in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=f"known wrong: {reason}"))


@pytest.fixture
def jit():
    """The jit under test."""
    from differential import provider

    return provider.load()


@pytest.fixture
def native_required():
    """Skips without native code; otherwise gives `ran(function)`, which asserts that machine code ran."""
    from differential import provider

    native, reason = provider.native_support()
    if not native:
        pytest.skip(reason)

    def ran(function):
        assert provider.native_calls(function) > 0, provider.explanation(function)

    return ran


@pytest.fixture
def run_python():
    """Runs a program text in a fresh interpreter that sees the same jit; returns the finished process."""

    def run(source, *arguments, check=True, timeout=120, env=None, flags=()):
        environment = dict(os.environ)
        paths = [str(HERE), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        environment.update(env or {})
        done = subprocess.run(
            [sys.executable, *flags, "-c", source, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
