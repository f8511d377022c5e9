"""Every program of `corpus/`, plain against jitted. What the fuzzer found is in `test_fuzzer.py`."""

import pathlib

import pytest

from differential import harness, programs

HERE = pathlib.Path(__file__).resolve().parent
FOUND = programs.load_folder(HERE / "corpus")


@pytest.mark.parametrize("program", [pytest.param(item, id=f"{stem}-{item.name}") for stem, item in FOUND])
def test_program(program):
    harness.check(program.source, program.calls, **program.options)


def test_names_are_unique():
    names = [(stem, program.name) for stem, program in FOUND]
    assert len(names) == len(set(names))
