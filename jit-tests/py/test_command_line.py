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


def test_python_314_says_it_stays_interpreted():
    if sys.version_info[:2] == (3, 14):
        assert ": interpreted: " in run().stdout
        assert "3.14" in run().stdout


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
