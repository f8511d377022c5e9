"""Virtual environments and wheels for building and testing, under .venvs/.

One cargo target directory serves every Python, so the compiler back end is built once and only
PyO3 and brolga are built again per interpreter. Environments are made again when their
interpreter or the pinned requirements change.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "scripts" / "requirements.txt"
VENVS = ROOT / ".venvs"


def pinned(name):
    """The line of requirements.txt for one package."""
    for line in REQUIREMENTS.read_text().splitlines():
        if line.startswith(f"{name}=="):
            return line
    raise KeyError(name)


def run(command, **options):
    subprocess.run([str(part) for part in command], check=True, **options)


def python_in(directory):
    return directory / "bin" / "python"


def up_to_date(directory, wanted):
    marker = directory / ".made-for"
    made = marker.exists() and marker.read_text() == wanted
    return made and python_in(directory).exists()


def make(directory, python, arguments, install):
    """A virtual environment of `python`, fresh unless the one there was made the same way."""
    wanted = hashlib.sha256(f"{python}\n{REQUIREMENTS.read_text()}".encode()).hexdigest()
    if up_to_date(directory, wanted):
        return python_in(directory)
    shutil.rmtree(directory, ignore_errors=True)
    run([python, "-m", "venv", *arguments, directory])
    install(python_in(directory))
    (directory / ".made-for").write_text(wanted)
    return python_in(directory)


def tools():
    """The environment that has pip, maturin, ruff and mypy; returns its Python."""

    def install(python):
        run([python, "-m", "pip", "install", "-q", "-r", REQUIREMENTS])

    # Not sys.executable: that may be this very environment.
    return make(VENVS / "tools", sys._base_executable, [], install)


def pip_install(python, *arguments):
    """Installs into any environment with the tools' pip: Debian's Pythons may have none."""
    run([tools(), "-m", "pip", "--python", python, "install", "-q", *arguments])


def environment(name, python):
    """The test environment called `name` (a minor version); returns its Python."""

    def install(made):
        pip_install(made, *map(pinned, ("coverage", "numpy", "pytest")))

    return make(VENVS / name, python, ["--without-pip"], install)


def wheel(name, python):
    """Builds the wheel for `python`; returns its path."""
    out = ROOT / "target" / "wheels" / name
    shutil.rmtree(out, ignore_errors=True)
    maturin = tools().parent / "maturin"
    clean = {key: value for key, value in os.environ.items() if key != "PYO3_PYTHON"}
    run(
        [maturin, "build", "--release", "--locked", "--interpreter", python, "--out", out],
        cwd=ROOT,
        env=clean,
    )
    (built,) = out.glob("*.whl")
    return built


def install_wheel(python, built):
    pip_install(python, "--force-reinstall", "--no-deps", "--no-index", built)
