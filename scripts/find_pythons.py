#!/usr/bin/env python3
"""Finds the CPythons brolga builds for: per minor version one regular build with headers.

    find_pythons.py           a line "3.11 /path/to/python" each, oldest first
    find_pythons.py --one     one path: the first found that brolga runs native on, else the newest
    find_pythons.py --why     also says what was passed over, on standard error

Looks on PATH, in ~/.pyenv/versions and in .cpython (see unpack-debian-python.sh). PATH wins.
Runs under any Python 3.
"""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MINORS = (11, 12, 13, 14)
NATIVE_MINORS = (11, 12, 13, 14)

# The interpreter answers for itself: names lie (shims, virtual environments, other builds).
PROBE = """
import os, sys, sysconfig
print(sys.implementation.name)
print("%d %d" % sys.version_info[:2])
print(int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))))
print(int(bool(sysconfig.get_config_var("Py_DEBUG"))))
print(int(os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))))
print(getattr(sys, "_base_executable", None) or sys.executable)
"""


def candidates():
    """Paths that may be interpreters, best first."""
    names = ["python3", "python"] + [f"python3.{minor}" for minor in MINORS]
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in names:
            yield os.path.join(folder, name)
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    installed = glob.glob(os.path.join(glob.escape(pyenv), "versions", "*", "bin", "python3"))

    def version(path):
        return [int(number) for number in re.findall(r"\d+", path.split(os.sep)[-3])]

    yield from sorted(installed, key=version, reverse=True)
    for minor in MINORS:
        yield os.path.join(ROOT, ".cpython", f"3.{minor}", "usr", "bin", f"python3.{minor}")


def probe(path):
    """(minor, executable, objection) of an interpreter, or None if it does not run at all."""
    try:
        answer = subprocess.run(
            [path, "-I", "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,  # noqa: UP021 (`text` is younger than the oldest Python here)
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.splitlines()
    if answer.returncode != 0 or len(lines) != 6:
        return None
    name, version, free_threaded, debug, headers, executable = lines
    major, minor = map(int, version.split())
    objection = ""
    if name != "cpython":
        objection = "it is " + name
    elif major != 3 or minor not in MINORS:
        objection = f"version {major}.{minor}"
    elif free_threaded == "1":
        objection = "free-threaded build"
    elif debug == "1":
        objection = "debug build"
    elif headers != "1":
        objection = "no Python.h (install its development package)"
    return minor, executable, objection


def find(report=lambda _: None):
    """{minor: path}, in the order found."""
    found = {}
    seen = set()
    for path in candidates():
        real = os.path.realpath(path)
        # A shim is one script under many names; what it runs depends on the name.
        key = (real, os.path.basename(path))
        if key in seen or not os.access(path, os.X_OK):
            continue
        seen.add(key)
        answer = probe(path)
        if answer is None:
            report(f"{path}: does not run")
            continue
        minor, executable, objection = answer
        if objection:
            report(f"{path}: {objection}")
        elif minor not in found:
            found[minor] = executable
    return found


def one(found):
    for minor, path in found.items():
        if minor in NATIVE_MINORS:
            return path
    return found[max(found)] if found else None


def main(arguments):
    report = (lambda text: print(text, file=sys.stderr)) if "--why" in arguments else lambda _: None
    found = find(report)
    if not found:
        wanted = ", ".join(f"3.{minor}" for minor in MINORS)
        print(f"no CPython of {wanted} with headers found; --why tells more", file=sys.stderr)
        return 1
    if "--one" in arguments:
        print(one(found))
    else:
        for minor in sorted(found):
            print(f"3.{minor} {found[minor]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
