"""`python -m brolga bisect -- command`: which function, and which pass, makes a command fail.

The command is run again and again, with functions and passes switched off by environment
variables, which its child processes inherit. It fails when its exit status is not 0 (or, with
`--status`, that one). A failure that is there without any compiled function is none of ours.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile

from brolga import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    Item = TypeVar("Item")

USAGE = """\
usage: python -m brolga bisect [--timeout SECONDS] [--status N] [--verbose] -- command [argument ...]

Finds the function, and then the pass, that makes a command fail under brolga. The command must
bring its functions under the JIT itself: with @jit, BROLGA_AUTO=1 or `python -m brolga run`.
"""


class Failed(Exception):
    """The search cannot go on; the message says why."""


class Command:
    """The command, and how often it was run."""

    def __init__(
        self, words: list[str], timeout: float | None, status: int | None, verbose: bool
    ) -> None:
        self.words = words
        self.timeout = timeout
        self.status = status
        self.verbose = verbose
        self.runs = 0

    def fails(self, **settings: str) -> bool:
        """Runs it with these variables (upper-case names without BROLGA_)."""
        environment = dict(os.environ)
        environment.update({f"BROLGA_{name}": value for name, value in settings.items()})
        self.runs += 1
        try:
            done = subprocess.run(
                self.words,
                env=environment,
                timeout=self.timeout,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            failed, how = self.status is None, "timed out"
        except OSError as error:
            raise Failed(f"cannot run {self.words[0]!r}: {error.strerror}") from None
        else:
            how = f"status {done.returncode}"
            failed = done.returncode != 0
            if self.status is not None:
                failed = done.returncode == self.status
        if self.verbose:
            shown = " ".join(f"BROLGA_{name}={shorten(value)}" for name, value in settings.items())
            print(f"  run {self.runs}: {how}  {shown}", flush=True)
        return failed


def shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def smallest(items: Sequence[Item], fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """A smallest part of `items` that fails: by halves while one half does, else by smaller parts.

    `fails(items)` holds already. The order is kept, and equal answers give equal results.
    """
    items = list(items)
    parts = 2
    while len(items) > 1:
        size = -(-len(items) // parts)
        chunks = [items[start : start + size] for start in range(0, len(items), size)]
        part = next((chunk for chunk in chunks if fails(chunk)), None)
        if part is not None:
            items, parts = list(part), 2
            continue
        rests = [[item for item in items if item not in chunk] for chunk in chunks]
        rest = next((rest for rest in rests if parts > 2 and fails(rest)), None)
        if rest is not None:
            items, parts = rest, max(parts - 1, 2)
        elif parts < len(items):
            parts = min(2 * parts, len(items))
        else:
            break
    return items


@contextlib.contextmanager
def temporary_file() -> Iterator[str]:
    handle, path = tempfile.mkstemp(prefix="brolga-bisect-")
    os.close(handle)
    try:
        yield path
    finally:
        os.unlink(path)


def compiled_functions(command: Command) -> list[str]:
    """The functions that are compiled in a failing run, in alphabetical order."""
    with temporary_file() as path:
        if not command.fails(RECORD=path):
            raise Failed("the command does not fail under brolga")
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            names = sorted(set(file.read().splitlines()))
    if not names:
        raise Failed("the command fails, but compiles no function: it is not under the JIT")
    return names


def find_functions(command: Command, names: list[str]) -> list[str]:
    def fails(part: Sequence[str]) -> bool:
        with temporary_file() as path:
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write("".join(f"{name}\n" for name in part))
            return command.fails(ONLY=f"@{path}")

    if not fails(names):
        raise Failed(
            "the failure does not come again with the same functions: it is not deterministic"
        )
    return smallest(names, fails)


def find_passes(command: Command, only: str) -> tuple[list[str], list[str]]:
    """The passes that must run for it to fail, and all others, which can be switched off."""
    every = sorted(_native.passes())

    def fails(part: Sequence[str]) -> bool:
        off = [name for name in every if name not in part]
        return command.fails(ONLY=only, DISABLE_PASSES=",".join(off))

    if not fails(every):
        raise Failed("the failure does not come again: it is not deterministic")
    if fails([]):
        return [], every
    needed = smallest(every, fails)
    return needed, [name for name in every if name not in needed]


def search(command: Command) -> list[str]:
    """The report, in lines."""
    if command.fails(DISABLE="1"):
        raise Failed("the command fails without the JIT, too (BROLGA_DISABLE=1)")
    names = compiled_functions(command)
    print(f"{len(names)} compiled function(s); looking for the one that matters", flush=True)
    functions = find_functions(command, names)
    only = ",".join(functions)
    needed, off = find_passes(command, only)
    lines = [f"function: {name}" for name in functions]
    if len(functions) > 1:
        lines.append("  (it takes all of them)")
    if needed:
        lines += [f"pass: {name}" for name in needed]
        if len(needed) > 1:
            lines.append("  (it takes all of them)")
    else:
        lines.append("pass: none; it fails with every pass off, so look at lifting and lowering")
    settings = [f"BROLGA_ONLY={only}"]
    if off:
        settings.append(f"BROLGA_DISABLE_PASSES={','.join(off)}")
    import shlex

    quoted = [f"{name}={shlex.quote(value)}" for name, value in (s.split("=", 1) for s in settings)]
    lines.append(f"reproduce: {' '.join(quoted)} {shlex.join(command.words)}")
    return lines


def main(arguments: list[str]) -> int:
    timeout: float | None = None
    status: int | None = None
    verbose = False
    arguments = list(arguments)
    while arguments and arguments[0] != "--":
        option = arguments.pop(0)
        if option in ("-h", "--help"):
            print(USAGE, end="")
            return 0
        if option == "--verbose":
            verbose = True
        elif option in ("--timeout", "--status"):
            text = arguments.pop(0) if arguments else ""
            try:
                if option == "--timeout":
                    timeout = float(text)
                else:
                    status = int(text)
            except ValueError:
                return misused(f"{option} takes a number, not {text!r}")
        else:
            return misused(f"no option {option!r}; the command comes after --")
    words = arguments[1:]
    if not words:
        return misused("which command?")
    support = _native.support()
    if not support["native"]:
        return misused(f"functions stay interpreted here: {support['reason']}")
    command = Command(words, timeout, status, verbose)
    try:
        lines = search(command)
    except Failed as problem:
        print(f"python -m brolga bisect: {problem} ({command.runs} runs)", file=sys.stderr)
        return 1
    print("\n".join(lines))
    print(f"{command.runs} runs")
    return 0


def misused(message: str) -> int:
    print(f"python -m brolga bisect: {message}\n{USAGE}", end="", file=sys.stderr)
    return 2
