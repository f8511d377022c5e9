"""Every program of `corpus/`, plain against jitted. What the fuzzer found is in `test_fuzzer.py`."""

import pathlib

import pytest

from differential import harness, programs, provider

HERE = pathlib.Path(__file__).resolve().parent
#: Option of programs that see an argument die inside the function it was passed to. CPython moves arguments
#: into a plain Python frame, but lends them to every other callable, a decorated function among them.
ARGUMENTS_DIE = "arguments_die_in_callee"
FOUND = programs.load_folder(HERE / "corpus")


@pytest.mark.parametrize("program", [pytest.param(item, id=f"{stem}-{item.name}") for stem, item in FOUND])
def test_program(program):
    if program.options.pop(ARGUMENTS_DIE, False) and provider.native_support()[0]:
        pytest.skip("known limit: behind a vectorcall entry the caller keeps arguments alive until the return")
    harness.check(program.source, program.calls, **program.options)


def test_names_are_unique():
    names = [(stem, program.name) for stem, program in FOUND]
    assert len(names) == len(set(names))
