"""Stand-ins for the product: one that does nothing, and several that are wrong in known ways.

The wrong ones exist to show that the harness and the fuzzer notice. Each is a plain decorator whose
mistake is one that a real compiler makes.
"""

import dis
import functools
import types


def _configurable(decorate):
    """Gives `decorate` the two calling forms of the product: `jit(f)` and `jit(threshold=1)`."""

    def jit(function=None, **_options):
        if function is None:
            return decorate
        return decorate(function)

    return jit


def _wrap_result(change):
    """A jit that passes what a function returns through `change`."""

    def decorate(function):
        if not isinstance(function, types.FunctionType):
            return function

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return change(function(*args, **kwargs))

        return wrapper

    return _configurable(decorate)


def _wrap64(value):
    if type(value) is int:
        value &= (1 << 64) - 1
        return value - (1 << 64) if value >> 63 else value
    return value


def _positive_zero(value):
    return 0.0 if type(value) is float and value == 0.0 else value


_leaked = []


def _leak(value):
    _leaked.append(value)
    return value


def _bool_as_int(value):
    return int(value) if type(value) is bool else value


def _wrong_operator(function):
    """Turns every subtraction of `function` into an exclusive or."""
    if not isinstance(function, types.FunctionType):
        return function
    replacement = [name for name, _ in dis._nb_ops].index("NB_XOR")
    code = bytearray(function.__code__.co_code)
    for instruction in dis.get_instructions(function):
        if instruction.opname == "BINARY_OP" and instruction.argrepr == "-":
            code[instruction.offset + 1] = replacement
    function.__code__ = function.__code__.replace(co_code=bytes(code))
    return function


_FAKES = {
    "noop": lambda: _configurable(lambda function: function),
    "wrap64": lambda: _wrap_result(_wrap64),
    "positive-zero": lambda: _wrap_result(_positive_zero),
    "leak": lambda: _wrap_result(_leak),
    "bool-as-int": lambda: _wrap_result(_bool_as_int),
    "wrong-operator": lambda: _configurable(_wrong_operator),
}


def names():
    """Every stand-in."""
    return sorted(_FAKES)


def make(name):
    """The stand-in called `name`."""
    if name not in _FAKES:
        raise ValueError(f"unknown jit {name!r}; known: brolga, {', '.join(names())}")
    return _FAKES[name]()
