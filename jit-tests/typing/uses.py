"""How programs use `jit`, for a type checker: never run. `scripts/check.py lint` gives it to mypy.

Decorating must not change a type, and misuse must be an error (an unused ignore is one too).
"""

from collections.abc import Callable
from typing import Any, assert_type

from brolga import CompileError, __version__, jit


@jit
def bare(n: int, scale: float = 1.0) -> float:
    return n * scale


@jit(threshold=3, strict=True)
def with_options(words: list[str]) -> int:
    return len(words)


@jit
class Counter:
    def __init__(self) -> None:
        self.count = 0

    @jit
    def add(self, n: int) -> int:
        self.count += n
        return self.count

    @jit
    @staticmethod
    def zero() -> int:
        return 0

    @classmethod
    @jit
    def make(cls) -> "Counter":
        return cls()


square: Callable[[int], int] = jit(lambda n: n * n)

assert_type(bare(1), float)
assert_type(bare(1, scale=2.0), float)
assert_type(with_options(["a"]), int)
assert_type(Counter.make().add(1), int)
assert_type(Counter.zero(), int)
assert_type(jit.stats().to_dict(), dict[str, Any])
assert_type(__version__, str)

bare("1")  # type: ignore[arg-type]
with_options()  # type: ignore[call-arg]
jit(treshold=3)  # type: ignore[call-overload]
jit.inspect(bare, "llvm")  # type: ignore[arg-type]

assert_type(jit.enable(), bool)
jit.enable(only_decorated=True)
jit.enable(only_decorated="all")  # type: ignore[arg-type]
with jit.paused():
    bare(1)

try:
    jit.compile(bare, 1, 2.0)
except CompileError as error:
    assert_type(error.line, int)
