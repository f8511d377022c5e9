"""`python -m brolga`."""

import subprocess
import sys

import brolga


def run(*arguments):
    command = [sys.executable, "-m", "brolga", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_says_its_version_and_whether_it_runs_native():
    done = run()
    assert done.returncode == 0 and not done.stderr
    assert done.stdout.startswith(f"brolga {brolga.__version__} on cpython ")
    assert ": native" in done.stdout or ": interpreted: " in done.stdout


def test_versions_that_run_native_say_so():
    regular = not hasattr(sys, "gettotalrefcount") and getattr(sys, "_is_gil_enabled", lambda: True)()
    if regular and (3, 11) <= sys.version_info[:2] <= (3, 14):
        assert run().stdout.rstrip().endswith(": native")


def test_lists_the_options():
    done = run("options")
    assert done.returncode == 0
    assert "BROLGA_DISABLE" in done.stdout


def test_run_is_not_there_yet_and_says_so():
    done = run("run", "script.py")
    assert done.returncode == 2
    assert "put @jit on the hot functions" in done.stderr


def test_an_unknown_command_gets_the_usage():
    done = run("compile")
    assert done.returncode == 2
    assert "no command 'compile'" in done.stderr and "usage:" in done.stderr
    assert run("--help").stdout.startswith("usage:")
