"""Every program of `corpus/` and every failure the fuzzer ever found, plain against jitted."""

import pathlib

import pytest

from differential import harness, programs

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = (HERE / "corpus", HERE.parent.parent / "fuzz" / "regressions")
FOUND = [item for folder in FOLDERS for item in programs.load_folder(folder)]


@pytest.mark.parametrize("program", [pytest.param(item, id=f"{stem}-{item.name}") for stem, item in FOUND])
def test_program(program):
    harness.check(program.source, program.calls, **program.options)


def test_names_are_unique():
    names = [(stem, program.name) for stem, program in FOUND]
    assert len(names) == len(set(names))
