"""`python -m brolga run`: a program as `python` would run it, with every function under the JIT.

What differs from plain Python: the frames of this file are below the program's (`sys._getframe`
of the outermost frame has an `f_back`). Tracebacks do not show them.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any

USAGE = """\
usage: python -m brolga run [--stats] script.py [argument ...]
       python -m brolga run [--stats] -m module [argument ...]

Runs a program as python would, with every function of it under the JIT. With --stats a table
of what was compiled is printed on standard error at the end.
"""


def main(arguments: list[str]) -> int:
    arguments = list(arguments)
    show_stats = False
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        if option in ("-h", "--help"):
            print(USAGE, end="")
            return 0
        if option == "--stats":
            show_stats = True
        elif option == "-m":
            if not arguments:
                return misused("argument expected for -m")
            return start(arguments, show_stats, is_module=True)
        elif option == "--":
            break
        else:
            return misused(f"no option {option!r}")
    if not arguments:
        return misused("a script or -m module is needed")
    return start(arguments, show_stats, is_module=False)


def misused(message: str) -> int:
    print(f"python -m brolga run: {message}\n{USAGE}", end="", file=sys.stderr)
    return 2


def start(arguments: list[str], show_stats: bool, *, is_module: bool) -> int:
    from brolga import jit

    if show_stats:
        import atexit

        # The first to be registered is the last to run.
        atexit.register(print_stats)
    old = sys.modules["__main__"]
    try:
        if is_module:
            run_module(arguments, jit.enable)
        else:
            status = run_script(arguments, jit.enable)
            if status:
                return status
    except SystemExit:
        raise
    except BaseException as error:
        hide_own_frames(error)
        raise
    finally:
        # Frames of the module that is being run still use it.
        sys.modules.setdefault("brolga.__main__", old)
    return 0


def print_stats() -> None:
    from brolga import jit

    print(jit.stats(), file=sys.stderr)


def new_main() -> ModuleType:
    """`__main__`, empty."""
    module = ModuleType("__main__")
    vars(module)["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = module
    return module


def run_script(arguments: list[str], enable: Any) -> int:
    import os

    script = arguments[0]
    path = os.path.abspath(script)
    sys.argv[:] = arguments
    if os.path.isdir(path) or is_archive(path):
        return run_folder(path, enable)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        print(f"{sys.executable}: can't open file {path!r}: {reason}", file=sys.stderr)
        return 2
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    from importlib.machinery import SourceFileLoader

    module = new_main()
    namespace = vars(module)
    namespace["__file__"] = path
    namespace["__loader__"] = SourceFileLoader("__main__", path)
    if sys.version_info < (3, 15):
        namespace["__cached__"] = None
    enable()
    execute(compile_script(source, path), namespace)
    return 0


def is_archive(path: str) -> bool:
    """A zip file with a program in it."""
    from pkgutil import get_importer

    importer = get_importer(path)
    return importer is not None and type(importer).__name__ == "zipimporter"


def run_folder(path: str, enable: Any) -> int:
    import runpy

    if sys.flags.safe_path:
        sys.path.insert(0, path)
    else:
        sys.path[0] = path
    new_main()
    enable()
    run_as_main(runpy._run_module_as_main, "__main__", False)  # type: ignore[attr-defined]
    return 0


def run_module(arguments: list[str], enable: Any) -> None:
    import runpy

    name = arguments[0]
    sys.argv[:] = ["-m", *arguments[1:]]
    new_main()
    enable()
    run_as_main(runpy._run_module_as_main, name, True)  # type: ignore[attr-defined]


def compile_script(source: bytes, path: str) -> CodeType:
    return compile(source, path, "exec", dont_inherit=True)


def execute(code: CodeType, namespace: dict[str, Any]) -> None:
    exec(code, namespace)


def run_as_main(run: Any, name: str, alter_argv: bool) -> None:
    run(name, alter_argv)


# The innermost functions of this file on the stack of a program.
OWN = (execute.__code__, run_as_main.__code__, compile_script.__code__)


def hide_own_frames(error: BaseException) -> None:
    """An uncaught exception is printed as if the program had been run by Python itself."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code not in OWN:
        traceback = traceback.tb_next
    shown = None if traceback is None else traceback.tb_next
    hook = sys.excepthook

    def print_exception(
        kind: type[BaseException], value: BaseException, full: TracebackType | None
    ) -> None:
        sys.excepthook = hook
        if value is not error:
            hook(kind, value, full)
            return
        value.__traceback__ = shown
        sys.last_traceback = shown
        hook(kind, value, shown)

    sys.excepthook = print_exception
