"""`jit`: the decorator, and beside it the questions a user can ask.

This layer finds the plain functions behind what it is given, hands them to `brolga._native`, and
returns what it was given: the same object. It decides nothing the engine decides again.

It is imported by every program that uses brolga, so it imports next to nothing itself.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, MethodType

from brolga import _native
from brolga._report import CompileReport, Config, ExplainReport, FunctionStats, Listing, Stats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Literal, TypeVar, overload

    T = TypeVar("T")
    Kind = Literal["bytecode", "hir", "clif", "asm", "guards"]

# Options of one decoration; those of the process are in `jit.config`.
FUNCTION_OPTIONS = ("threshold", "strict")
KINDS = ("bytecode", "hir", "clif", "asm", "guards")


def functions_of(target: object) -> Iterator[FunctionType] | None:
    """The plain functions `target` stands for, or None if it is nothing that jit takes."""
    if isinstance(target, FunctionType):
        return iter((target,))
    if isinstance(target, staticmethod | classmethod | MethodType):
        return functions_of(target.__func__)
    if isinstance(target, type):
        return functions_of_class(target)
    return None


def functions_of_class(cls: type) -> Iterator[FunctionType]:
    """Every function the class itself defines: methods, static and class methods, properties."""
    for member in vars(cls).values():
        if isinstance(member, property):
            candidates: tuple[object, ...] = (member.fget, member.fset, member.fdel)
        elif isinstance(member, type):
            continue  # a nested class is a decision of its own
        else:
            candidates = (member,)
        for candidate in candidates:
            yield from functions_of(candidate) or ()


def one_function(target: object, caller: str) -> FunctionType:
    """The single function that `jit.<caller>(target)` is about."""
    if not isinstance(target, type):
        for function in functions_of(target) or ():
            return function
    raise TypeError(f"{caller} takes one Python function or method, not {describe(target)}")


def describe(target: object) -> str:
    """`target` for an error message, with what to do instead where that is known."""
    name = getattr(target, "__qualname__", None) or getattr(target, "__name__", None)
    kind = type(target).__name__
    text = f"{kind} {name!r}" if isinstance(name, str) else f"an instance of {kind}"
    if isinstance(target, type):
        return f"class {target.__qualname__!r}; name one of its methods"
    if isinstance(target, BuiltinFunctionType):
        return f"{text}, which is compiled already"
    if isinstance(target, property):
        return f"{text}; put @jit below @property, or decorate the class"
    if type(target).__module__ == "functools" and kind in ("partial", "partialmethod"):
        return f"{text}; decorate the function inside it"
    wrapped = getattr(target, "__wrapped__", None)
    if isinstance(wrapped, FunctionType):
        return f"{text}; put @jit below the decorator that made it"
    if callable(target):
        return f"{text}; decorate the __call__ of its class"
    return text


def options_of(given: dict[str, Any]) -> dict[str, Any]:
    """The options of one decoration, checked."""
    unknown = [name for name in given if name not in FUNCTION_OPTIONS]
    if unknown:
        known = ", ".join(FUNCTION_OPTIONS)
        raise TypeError(f"jit has no option {unknown[0]!r}; its options are: {known}")
    options = {name: value for name, value in given.items() if value is not None}
    threshold = options.get("threshold")
    if threshold is not None and (
        not isinstance(threshold, int) or isinstance(threshold, bool) or threshold < 1
    ):
        raise TypeError(f"threshold is a number of calls, at least 1, not {threshold!r}")
    strict = options.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise TypeError(f"strict is True or False, not {strict!r}")
    return options


class Paused:
    """Context of `jit.paused()`: interpreted inside, as before outside."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(_native.set_enabled(False))

    def __exit__(self, *_: object) -> None:
        _native.set_enabled(self._before.pop())


class Jit:
    """Compile a Python function to machine code once it is hot; see `brolga`.

    `@jit` or `@jit(threshold=..., strict=...)` on a function, method, staticmethod, classmethod,
    closure, lambda or class. Returns the very object it was given.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __call__(self, target: T, /) -> T: ...
        @overload
        def __call__(
            self, /, *, threshold: int | None = None, strict: bool | None = None
        ) -> Callable[[T], T]: ...
        @overload
        def __call__(
            self, target: T, /, *, threshold: int | None = None, strict: bool | None = None
        ) -> T: ...
        def __call__(self, *target: Any, **options: Any) -> Any: ...

    else:

        def __call__(self, *target, **options):
            options = options_of(options)
            if not target:
                return lambda function: self._attach(function, options)
            if len(target) > 1:
                raise TypeError(f"jit takes one function, not {len(target)}")
            return self._attach(target[0], options)

    def _attach(self, target: T, options: dict[str, Any]) -> T:
        functions = functions_of(target)
        if functions is None:
            takes = "a Python function, method, staticmethod, classmethod or class"
            raise TypeError(f"jit takes {takes}, not {describe(target)}")
        if not _native.config()["disable"]:
            for function in functions:
                _native.attach(function, options)
        return target

    def stats(self, function: object = None, /) -> Stats | FunctionStats:
        """What happened so far: totals and a row per function, or the row of one function."""
        if function is None:
            return Stats(_native.stats(None))
        return FunctionStats(_native.stats(one_function(function, "jit.stats")))

    def explain(self, function: object, /) -> ExplainReport:
        """What runs native, what does not, why, and what to change, line by line."""
        found = one_function(function, "jit.explain")
        return ExplainReport(_native.explain(found), found)

    def inspect(self, function: object, kind: Kind = "hir", /) -> Listing:
        """A listing of the function: bytecode, hir, clif, asm or guards."""
        if kind not in KINDS:
            raise ValueError(f"jit.inspect knows {', '.join(KINDS)}, not {kind!r}")
        found = one_function(function, "jit.inspect")
        return Listing(found.__qualname__, kind, _native.inspect(found, kind))

    def compile(self, function: object, /, *args: object) -> CompileReport:
        """Compile now for arguments like `args`, without calling the function."""
        return CompileReport(_native.compile(one_function(function, "jit.compile"), args))

    def enable(self, *, only_decorated: bool = False) -> bool:
        """Bring every function of the program under the JIT, those that exist and those to come.

        With `only_decorated` just undoes `disable()`. False where nothing can run native:
        `python -m brolga doctor` says why.
        """
        if not isinstance(only_decorated, bool):
            raise TypeError(f"only_decorated is True or False, not {only_decorated!r}")
        if _native.config()["disable"]:
            return False
        _native.set_enabled(True)
        if only_decorated:
            return bool(_native.support()["native"])
        from brolga import _whole

        return _whole.enable()

    def disable(self) -> None:
        """Run everything in the interpreter until `enable()`; leave new functions alone."""
        _native.set_enabled(False)
        if _native.is_enabled_for_all():
            from brolga import _whole

            _whole.disable()

    def paused(self) -> Paused:
        """`with jit.paused():` runs its body with the JIT off."""
        return Paused()

    def never(self, target: T, /) -> T:
        """Keep this function (or every method of this class) in the interpreter for good."""
        functions = functions_of(target)
        if functions is None:
            raise TypeError(f"jit.never takes a function, method or class, not {describe(target)}")
        for function in functions:
            _native.never(function)
        return target

    @property
    def config(self) -> Config:
        """Options of the process: `jit.config.threshold = 10`; print it to see them all."""
        return Config()

    def __repr__(self) -> str:
        return "<brolga.jit>"


jit = Jit()
