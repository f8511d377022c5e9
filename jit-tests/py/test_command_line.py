"""`python -m brolga`: version, options, doctor. `run` and `bisect` have files of their own."""

import os
import subprocess
import sys

import brolga


def run(*arguments, **environment):
    command = [sys.executable, "-m", "brolga", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


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
    assert "BROLGA_DISABLE" in done.stdout and "BROLGA_AUTO" in done.stdout
    assert run("options", "now").returncode == 2


def test_an_unknown_command_gets_the_usage():
    done = run("compile")
    assert done.returncode == 2
    assert "no command 'compile'" in done.stderr and "usage:" in done.stderr
    assert run("--help").stdout.startswith("usage:")


def test_doctor_finds_nothing_wrong(native_required):
    done = run("doctor", BROLGA_THRESHOLD="7")
    assert done.returncode == 0 and not done.stderr, done
    assert "all is well" in done.stdout and "right result, compiled in" in done.stdout
    assert "BROLGA_THRESHOLD:" in done.stdout and "'7'" in done.stdout
    for heading in ("interpreter", "processor", "self-test", "configuration", "stays interpreted"):
        assert f"\n{heading}\n" in f"\n{done.stdout}", heading


def test_doctor_says_what_is_wrong_with_the_configuration():
    done = run("doctor", BROLGA_TRESHOLD="7", BROLGA_THRESHOLD="many")
    assert done.returncode == 1
    assert "problem: BROLGA_TRESHOLD is set, but there is no such variable" in done.stdout
    assert "problem: BROLGA_THRESHOLD='many' is not understood" in done.stdout
    assert run("doctor", "all").returncode == 2


def test_doctor_tells_of_the_start_up_file():
    folder = os.path.dirname(os.path.dirname(os.path.abspath(brolga.__file__)))
    done = run("doctor")
    if os.path.exists(os.path.join(folder, "brolga.pth")):
        assert "BROLGA_AUTO=1 works" in done.stdout
        assert "whole program:             yes" in run("doctor", BROLGA_AUTO="1").stdout
    else:
        assert "no brolga.pth in" in done.stdout
        assert run("doctor", BROLGA_AUTO="1").returncode == 1
