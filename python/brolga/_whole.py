"""The whole program under the JIT: what `jit.enable()` and `BROLGA_AUTO=1` do beside the engine.

On 3.12 and later the engine hears of every function that is made. 3.11 tells nobody; there the
functions of a module are handed over when it was imported, and the engine finds the others while
they run. `start` is what the start-up file `brolga.pth` calls.
"""

from __future__ import annotations

import gc
import sys
from types import FunctionType

from brolga import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

WATCHED_BY_ENGINE = sys.version_info >= (3, 12)


def enable() -> bool:
    """Every function, from now on and those that exist. False where nothing can run native."""
    if not _native.enable_all(gc.get_objects()):
        return False
    if not WATCHED_BY_ENGINE:
        install_import_hook()
    return True


def disable() -> None:
    """Functions made from now on are left alone."""
    _native.disable_all()
    if Finder.installed in sys.meta_path:
        sys.meta_path.remove(Finder.installed)


def start() -> None:
    """`BROLGA_AUTO=1` at the start of Python. Nothing that goes wrong here stops a program."""
    if _native.config()["auto"] and not _native.config()["disable"]:
        enable()


def functions_of_module(module: ModuleType) -> Iterator[FunctionType]:
    """Functions and methods that the module itself defines, those of nested classes too."""
    name = module.__name__
    waiting: list[object] = list(vars(module).values())
    seen: set[int] = set()
    while waiting:
        member = waiting.pop()
        if isinstance(member, staticmethod | classmethod):
            member = member.__func__
        if isinstance(member, FunctionType):
            yield member
        elif isinstance(member, property):
            waiting += [member.fget, member.fset, member.fdel]
        elif type.__instancecheck__(type, member) and id(member) not in seen:
            seen.add(id(member))
            if type.__getattribute__(member, "__dict__").get("__module__") == name:
                waiting += type.__getattribute__(member, "__dict__").values()


class Finder:
    """First on `sys.meta_path` on 3.11: asks the others, and looks at the module when it is there.

    A loader stays the object it is; only its `exec_module` is another one for the time of the import.
    """

    installed: Any = None

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                watch(spec)
                return spec
        return None


def watch(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    # Built-in and frozen modules have a class for a loader.
    if isinstance(loader, type) or not hasattr(loader, "__dict__"):
        return
    execute = getattr(loader, "exec_module", None)
    if execute is None or "exec_module" in vars(loader):
        return

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        execute(module)
        if _native.is_enabled_for_all():
            _native.take_over(list(functions_of_module(module)))

    loader.exec_module = exec_module


def install_import_hook() -> None:
    if Finder.installed is None:
        import atexit
        import os

        Finder.installed = Finder()
        # The sampler stops before the interpreter ends, and is started again in a child.
        atexit.register(_native.disable_all)
        os.register_at_fork(after_in_child=_continue_in_child)
    if Finder.installed not in sys.meta_path:
        sys.meta_path.insert(0, Finder.installed)


def _continue_in_child() -> None:
    if _native.is_enabled_for_all():
        _native.enable_all([])
