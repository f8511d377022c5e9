"""The native module. Not public: `brolga.jit` is. Checked against the binary by `make test`."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = [
    "__version__",
    "_testing",
    "attach",
    "compile",
    "config",
    "detach",
    "disable_all",
    "enable_all",
    "explain",
    "inspect",
    "is_enabled_for_all",
    "never",
    "options",
    "passes",
    "set_config",
    "set_enabled",
    "stats",
    "support",
    "take_over",
]
__version__: str

# What the tests of the runtime call; nothing a program should.
_testing: ModuleType

# Takes effect on the function object itself. `options`: threshold, strict. Raises
# brolga._errors.CompileError only for strict.
def attach(function: Callable[..., Any], options: dict[str, Any]) -> None: ...

# The function is as it was before `attach`.
def detach(function: Callable[..., Any]) -> None: ...

# Every function comes under the JIT from now on, and those among `existing`, which may hold anything.
# False where the interpreter cannot.
def enable_all(existing: list[Any]) -> bool: ...

# Functions made from now on are left alone.
def disable_all() -> None: ...
def is_enabled_for_all() -> bool: ...

# These functions come under the JIT if every one does.
def take_over(functions: list[Callable[..., Any]]) -> None: ...

# The names of all passes.
def passes() -> list[str]: ...

# Stays interpreted for good, attached or not.
def never(function: Callable[..., Any]) -> None: ...

# Compiles for the types of `args`. Keys: name, verdict, reason, and figures.
def compile(function: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]: ...

# With a function its row: name, verdict, reason, calls, exits ({reason: count}), and figures. With
# None the totals, and `functions`: the rows.
def stats(function: Callable[..., Any] | None) -> dict[str, Any]: ...

# Keys: name, verdict, reason, lines: dicts of line, status ("native", "guarded", "runtime call",
# "interpreted"), why, hint; source is added in Python where it is missing.
def explain(function: Callable[..., Any]) -> dict[str, Any]: ...

# kind: bytecode, hir, clif, asm, guards.
def inspect(function: Callable[..., Any], kind: str) -> str: ...

# Returns what it was before.
def set_enabled(enabled: bool) -> bool: ...

# Option name to value; `disable` is always among them.
def config() -> dict[str, Any]: ...
def set_config(name: str, value: Any) -> None: ...

# Rows of the option table: name, env, default, help.
def options() -> list[dict[str, Any]]: ...

# native: bool, reason: str ("" if native).
def support() -> dict[str, Any]: ...
