"""Runs one source text plain and under the JIT and demands that nobody can tell which is which.

`check(source, calls)` executes the source in two fresh namespaces. In both, every `def` (nested ones and
methods too) carries one extra decorator: identity on the plain side, `jit(threshold=1)` on the other, so
that both sides have the same code objects with the same positions. Each call is evaluated separately per
side, made several times so that compilation happens between the repetitions, and compared after each
repetition. State carries over from call to call on both sides alike.

A call is text, `"1, [2, 3], key=4"`, evaluated in the namespace of its side; that way arguments may be
objects of classes of the program. A tuple of values is accepted too and copied per side.
"""

import ast
import builtins
import copy
import gc
import inspect
import io
import itertools
import linecache
import os
import re
import signal
import sys
import textwrap
import types
import warnings

from differential import compare, provider

REPEATS = 3
STRESS_REPEATS = 8
DECORATOR = "__jit__"

#: Attributes of classes that are compared by their values.
_PLAIN = (int, float, str, bool, list, dict, tuple)

_serial = itertools.count()
_MODULE_NOISE = {"__builtins__", "__name__", DECORATOR, "__warningregistry__", "__call__"}


class Difference(AssertionError):
    """The jitted program did something that the plain one does not."""

    def __init__(self, message, part, kind):
        super().__init__(message)
        self.part = part
        self.kind = kind


class TooSlow(BaseException):
    """A plain call took longer than the caller of `check` wants to wait; programs must not catch it."""


class Observation:
    """What one call did: parts that must be equal, by name; and which of the counted arguments are numbers."""

    __slots__ = ("parts", "numbers")

    def __init__(self, parts, numbers):
        self.parts = parts
        self.numbers = numbers


def default_repeats():
    """More repetitions where a stress mode makes the k-th execution of each guard fail."""
    return STRESS_REPEATS if os.environ.get("BROLGA_STRESS", "").startswith("exit") else REPEATS


def _decorate_functions(statements):
    """Adds the decorator to every `def` in `statements`, at any depth.

    The decorator stands where the `def` stands, so that no position in the program changes.
    """
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name = ast.Name(
                id=DECORATOR,
                ctx=ast.Load(),
                lineno=node.lineno,
                col_offset=node.col_offset,
                end_lineno=node.lineno,
                end_col_offset=node.col_offset + 3,
            )
            node.decorator_list.append(name)
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, None)
            if inner:
                _decorate_functions(inner)


class Program:
    """One source text with its two sides.

    Each side is compiled on its own: code objects carry counters, caches and whatever a JIT attaches.
    """

    def __init__(self, source, *, function="f", private_builtins=False, decorate=True):
        self.source = source
        self.function_name = function
        self.filename = f"<differential {next(_serial)}>"
        linecache.cache[self.filename] = (len(source), None, source.splitlines(True), self.filename)
        tree = ast.parse(source)
        if decorate:
            _decorate_functions(tree.body)
        self._tree = tree
        self.private_builtins = private_builtins
        self._calls = {}

    def side(self, decorator):
        """A fresh namespace in which the source has run with `decorator` on every function."""
        namespace = {"__name__": "program", DECORATOR: decorator, "__call__": _pack}
        if self.private_builtins:
            namespace["__builtins__"] = dict(vars(builtins))
        exec(compile(self._tree, self.filename, "exec", dont_inherit=True), namespace)
        return namespace

    def arguments(self, call, namespace):
        """(args, kwargs) of `call`, fresh for this side."""
        if isinstance(call, tuple):
            return copy.deepcopy(call), {}
        code = self._calls.get(call)
        if code is None:
            text = f"__call__({call}\n)"
            code = self._calls[call] = compile(text, self.filename + " call", "eval")
        return eval(code, namespace)

    def close(self):
        """Forgets the source text."""
        linecache.cache.pop(self.filename, None)


def _pack(*args, **kwargs):
    return args, kwargs


def _same_references(plain, jitted, numbers):
    """Are the changes of the counts alike?

    Whether a number that went through an operation comes back as the same object is a question of
    identity, which `number_identity` asks. Without it a number may end with fewer new references than on the
    plain side (its holder got a new object), but never with more, and never with less than it had.
    """
    if len(plain) != len(jitted):
        return False
    return all(
        left == right or (number and min(left, 0) <= right <= max(left, 0))
        for left, right, number in zip(plain, jitted, numbers)
    )


def _tracked(args, kwargs):
    """Objects whose reference counts are watched: arguments and what they directly hold."""
    found = []
    for value in (*args, *kwargs.values()):
        found.append(value)
        if type(value) in (list, tuple):
            found.extend(value[:20])
    return [value for value in found if _counts(value)]


def _counts(value):
    kind = type(value)
    if kind is int:
        return not -5 <= value <= 256
    if kind is bytes or kind is tuple:
        return len(value) > 1
    return not (value is None or kind is bool or kind is str or callable(value))


def _more_references(value, count, holders):
    """`count` without the references of compiled code: it may keep a number that a global was, nothing else.

    Nor are those of globals counted, of a number: `holders` is how many more hold it than before. What a call
    puts into a global was there before if an earlier call had put the same object there, and not if that was
    another object of the same value.
    """
    if type(value) in (int, float):
        count -= holders
        if count > 0:
            count -= provider.references_held(value)
    return count


def _holders(value, namespace):
    """How many globals, and items of lists and tuples that are globals, are this very number."""
    if type(value) not in (int, float):
        return 0
    found = 0
    for held in namespace.values():
        found += held is value
        if type(held) in (list, tuple):
            found += sum(item is value for item in held)
    return found


def observe(program, function, args, kwargs, namespace, caught, *, number_identity, locate=True):
    """Calls `function` and records everything that can be seen from outside."""
    tracked = _tracked(args, kwargs)
    held = [_holders(value, namespace) for value in tracked]
    before = [sys.getrefcount(value) for value in tracked]
    unraisable = []
    output = io.StringIO()
    encoder = compare.Encoder(number_identity, (program.filename,) if locate else ())
    old_output, old_hook = sys.stdout, sys.unraisablehook
    sys.stdout = output
    sys.unraisablehook = lambda report: unraisable.append(
        # 3.14 names the function with its address, which differs between two definitions.
        (
            report.exc_type.__qualname__,
            str(report.exc_value),
            re.sub(r" at 0x[0-9a-fA-F]+", " at ...", report.err_msg or ""),
        )
    )
    result = error = result_count = None
    try:
        try:
            result = function(*args, **kwargs)
        except (KeyboardInterrupt, TooSlow):
            raise
        except BaseException as raised:
            error = raised
    finally:
        sys.stdout, sys.unraisablehook = old_output, old_hook
    arguments = (encoder.encode(args), encoder.encode(kwargs))
    if error is None:
        if type(result) in (list, dict, set, bytearray):
            result_count = sys.getrefcount(result)
        outcome = ("returned", encoder.encode(result))
    else:
        outcome = ("raised", encoder.encode_error(error))
        # The traceback starts at this frame: without this the error would keep the arguments alive.
        error.__traceback__ = None
        error = None
    state = tuple(
        (name, _encode_class(encoder, value) if isinstance(value, type) else encoder.encode(value))
        for name, value in namespace.items()
        if name not in _MODULE_NOISE and not isinstance(value, (types.FunctionType, types.ModuleType))
    )
    parts = {
        "outcome": outcome,
        "arguments": arguments,
        "globals": state,
        "printed": output.getvalue(),
        "unraisable": tuple(unraisable),
        "warnings": tuple((item.category.__name__, str(item.message), item.lineno) for item in caught),
        "references to the result": result_count,
    }
    caught.clear()
    del encoder
    numbers = tuple(type(value) in (int, float) for value in tracked)
    parts["references to arguments"] = tuple(
        # The result may be an argument or hold one: it is alive on both sides here.
        _more_references(value, sys.getrefcount(value) - count, _holders(value, namespace) - globals_before)
        for value, count, globals_before in zip(tracked, before, held)
    )
    return Observation(parts, numbers)


def _encode_class(encoder, value):
    """What a class of the program holds: data, and which functions."""
    if value.__module__ != "program":
        return ("class", value.__qualname__)
    names = [name for name in vars(value) if not name.startswith("__") or callable(vars(value)[name])]
    held = tuple((name, encoder.encode(vars(value)[name])) for name in names if type(vars(value)[name]) in _PLAIN)
    return ("class", value.__qualname__, tuple(names), held)


def check(
    source,
    calls=("",),
    *,
    function="f",
    repeats=None,
    private_builtins=False,
    decorate=True,
    number_identity=False,
    references=True,
    native=False,
    slow_after=None,
    threshold=1,
    lends=False,
):
    """Raises `Difference` unless every call behaves alike on both sides.

    `source` is text or a function; `private_builtins` gives each side its own copy of the builtins, for
    programs that rebind them; `native` demands that machine code ran where the platform has it; a plain call
    that computes for longer than `slow_after` seconds raises `TooSlow`; `threshold` is the call that compiles;
    `lends` lends arguments on the plain side too: a decorated function cannot see one of them die (README, limits).
    Returns the jitted side's namespace for further questions.
    """
    if callable(source):
        function = source.__name__
        source = inspect.getsource(source)
    source = textwrap.dedent(source).strip("\n") + "\n"
    program = Program(source, function=function, private_builtins=private_builtins, decorate=decorate)
    repeats = repeats or default_repeats()
    if slow_after:
        signal.signal(signal.SIGVTALRM, _too_slow)
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            plain = program.side(provider.lending if lends else _identity)
            jitted = program.side(provider.eager(threshold))
            caught.clear()
            history = []
            # Each call several times in a row, then all once more: types change between calls.
            schedule = [call for call in calls for _ in range(repeats)] + list(calls) * 2
            for call in schedule:
                history.append(call)
                _compare(
                    program, call, history, plain, jitted, caught, number_identity, references, slow_after
                )
    finally:
        if collecting:
            gc.enable()
        program.close()
    refused = provider.refusal(jitted.get(function))
    if refused.startswith(("internal", "malformed")):
        # An error of the compiler that was caught is no crash, but a bug all the same.
        raise Difference(f"{function} was refused: {refused}\n{source}", "refusal", f"refusal: {refused[:60]}")
    if native and provider.native_support()[0]:
        assert provider.native_calls(jitted[function]) > 0, (
            f"{function} never ran natively:\n{source}\n{provider.explanation(jitted[function])}"
        )
    return jitted


def _too_slow(_number, _frame):
    raise TooSlow


def _identity(function):
    return function


def _compare(program, call, history, plain, jitted, caught, number_identity, references, slow_after):
    sides = []
    for namespace in (plain, jitted):
        limited = slow_after and namespace is plain
        if limited:
            signal.setitimer(signal.ITIMER_VIRTUAL, slow_after)
        args, kwargs = program.arguments(call, namespace)
        caught.clear()
        sides.append(
            observe(
                program,
                namespace[program.function_name],
                args,
                kwargs,
                namespace,
                caught,
                number_identity=number_identity,
            )
        )
        del args, kwargs
        if limited:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    expected, got = sides
    for name, value in expected.parts.items():
        if not references and name.startswith("references"):
            continue
        if name == "references to arguments" and not number_identity:
            if _same_references(value, got.parts[name], expected.numbers):
                continue
        found = compare.difference(value, got.parts[name])
        if found:
            message = _message(program, call, history, name, found, expected, got, jitted)
            kind = f"{name}: plain {_ending(expected)}, jit {_ending(got)}"
            raise Difference(message, name, kind)


def _ending(observation):
    """`returned`, or the name of the exception."""
    outcome = observation.parts["outcome"]
    return outcome[0] if outcome[0] == "returned" else outcome[1][1]


def _message(program, call, history, part, found, expected, got, jitted):
    path, plain_value, jitted_value = found
    numbered = "".join(
        f"{number:4} {line}\n" for number, line in enumerate(program.source.splitlines(), 1)
    )
    shown = "\n".join(f"    {program.function_name}({item})" for item in history[-6:])
    lines = [
        f"{part} differ{'s' if not part.endswith('s') else ''} in call {len(history)}: "
        f"{program.function_name}({call})  [Python {sys.version.split()[0]}]",
        f"  at    {path or 'top'}",
        f"  plain {_short(plain_value)}",
        f"  jit   {_short(jitted_value)}",
        f"  whole plain {part}: {_short(expected.parts[part], 1500)}",
        f"  whole jit   {part}: {_short(got.parts[part], 1500)}",
        "last calls:",
        shown,
        "program:",
        numbered.rstrip("\n"),
        "explain:",
        provider.explanation(jitted.get(program.function_name)),
    ]
    return "\n".join(lines)


def _short(value, limit=600):
    try:
        text = repr(value)
    except ValueError as error:  # an int longer than the digits limit
        text = f"(not printable: {error})"
    return text if len(text) <= limit else text[:limit] + f"... ({len(text)} characters)"
