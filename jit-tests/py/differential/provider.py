"""Which `jit` the tests run: the product, or a stand-in that proves the tests themselves.

`BROLGA_TEST_JIT` (option `--jit` of pytest and of the fuzzer) is one of

* `brolga` (default): `from brolga import jit`; a failing import is an error, never a silent pass;
* `noop`: decorates nothing. Every test must pass, since plain interpretation is a valid implementation;
* any other name in `fake_jits.py`: wrong on purpose. The harness and the fuzzer must notice.

The module is imported by the fuzzer's workers too, so it knows nothing about pytest.
"""

import functools
import os

VARIABLE = "BROLGA_TEST_JIT"


def jit_name():
    """Name of the selected implementation."""
    return os.environ.get(VARIABLE, "brolga")


@functools.cache
def load():
    """The selected `jit` object: callable as `jit(function)` and `jit(threshold=1)`."""
    name = jit_name()
    if name == "brolga":
        from brolga import jit

        return jit
    from differential import fake_jits

    return fake_jits.make(name)


def eager(threshold=1):
    """The decorator the tests use: compile as early as the product can, or after so many calls."""
    return load()(threshold=threshold)


def lending(function):
    """Decorates a function that stays interpreted, but is lent its arguments like a compiled one."""
    if native_support()[0]:
        from brolga import _native

        _native._testing.attach(function, 2**32 - 1, None)
    return function


@functools.cache
def native_support():
    """(is native code available, reason in words if not)."""
    if jit_name() != "brolga":
        return False, f"the jit under test is the stand-in {jit_name()!r}"
    try:
        from brolga import _native
    except ImportError as error:
        return False, f"brolga._native cannot be imported: {error}"
    probe = getattr(_native, "support", None)
    if probe is None:
        return False, "brolga._native has no support()"
    report = probe()
    if report.get("native"):
        return True, ""
    return False, f"brolga reports no native code here: {report.get('reason', report)}"


def stats_of(function):
    """`jit.stats(function).to_dict()`, or an empty dict where the implementation has none."""
    jit = load()
    if not hasattr(jit, "stats"):
        return {}
    return jit.stats(function).to_dict()


def refusal(function):
    """Why `function` is not compiled; empty if it is, or if it is not the jit's business."""
    try:
        return stats_of(function).get("reason", "")
    except (TypeError, ValueError, KeyError):
        return ""


def native_calls(function):
    """How many calls of `function` entered machine code so far."""
    return stats_of(function).get("native_calls", 0)


def references_held(value):
    """References of compiled code to an object: to numbers that it assumes a global to be."""
    if not native_support()[0]:
        return 0
    from brolga import _native

    return _native._testing.references_held(value)


def explanation(function):
    """`jit.explain(function)` as text for failure messages; never raises."""
    try:
        return str(load().explain(function))
    except Exception as error:  # a failure message must not be lost to a failing report
        return f"(no explanation: {type(error).__name__}: {error})"
