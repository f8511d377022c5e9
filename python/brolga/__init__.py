"""brolga: a native JIT for stock CPython, fast and exact.

    from brolga import jit

    @jit
    def f(n): ...

`jit` is the whole interface: a decorator that returns the same function, and beside it
`jit.stats()`, `jit.explain(f)`, `jit.inspect(f, kind)`, `jit.compile(f, *args)`,
`jit.enable()`, `jit.disable()`, `jit.paused()`, `jit.never(f)` and `jit.config`.
"""

from brolga._decorator import jit
from brolga._errors import CompileError
from brolga._native import __version__

__all__ = ["CompileError", "__version__", "jit"]
