"""`python -m brolga doctor`: what runs here, whether it works, how it is configured, what is missing."""

from __future__ import annotations

import os
import platform
import sys

from brolga import __version__, _native, jit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Features that make a difference to the code that is generated.
CPU_FEATURES = (
    "sse3 ssse3 sse4_1 sse4_2 popcnt avx avx2 bmi1 bmi2 lzcnt abm fma avx512f".split()
    + "asimd atomics crc32".split()
)
START_UP_FILE = "brolga.pth"

UNSUPPORTED = (
    (
        "generators and coroutines",
        "only loops without yield or await run native; what a generator yields goes through the interpreter anyway",
    ),
    ("class bodies and module-level code", "their variables live in dictionaries"),
    ("functions that are mostly attributes, dictionaries and calls", "nothing to gain yet"),
    ("subinterpreters", "everything in them is interpreted"),
    (
        "code under a debugger, profiler or coverage tool",
        "interpreted while it is watched, so that the tool sees everything",
    ),
)


def main(arguments: list[str]) -> int:
    if arguments:
        print("usage: python -m brolga doctor", file=sys.stderr)
        return 0 if arguments[0] in ("-h", "--help") else 2
    problems: list[str] = []
    for heading, rows in (
        ("interpreter", interpreter()),
        ("processor", processor()),
        ("self-test", self_test(problems)),
        ("configuration", configuration(problems)),
        ("who else is here", company()),
        ("stays interpreted", UNSUPPORTED),
    ):
        print(heading)
        for name, text in rows:
            print(f"  {name + ':':<26} {text}")
    for problem in problems:
        print(f"problem: {problem}")
    print("all is well" if not problems else f"{len(problems)} problem(s)")
    return 1 if problems else 0


def interpreter() -> Iterator[tuple[str, str]]:
    version = ".".join(map(str, sys.version_info[:3]))
    kind = []
    if hasattr(sys, "gettotalrefcount"):
        kind.append("debug build")
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        kind.append("without GIL")
    yield "brolga", f"{__version__}, {os.path.dirname(os.path.abspath(__file__))}"
    yield "python", f"{sys.implementation.name} {version}, {', '.join(kind) or 'regular build'}"
    yield "executable", sys.executable
    yield "compiler of python", platform.python_compiler()


def processor() -> Iterator[tuple[str, str]]:
    model = "unknown"
    features: list[str] = []
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                name, _, value = (part.strip() for part in line.partition(":"))
                if name in ("model name", "CPU part") and model == "unknown":
                    model = value
                if name in ("flags", "Features") and not features:
                    present = value.split()
                    features = [feature for feature in CPU_FEATURES if feature in present]
    except OSError:
        pass
    yield "machine", f"{platform.machine()} {platform.system()}, {os.cpu_count()} processors"
    yield "model", model
    yield "features", " ".join(features) or "unknown"


def self_test(problems: list[str]) -> Iterator[tuple[str, str]]:
    support = _native.support()
    if not support["native"]:
        problems.append(f"functions stay interpreted: {support['reason']}")
        yield "native code", f"none: {support['reason']}"
        return
    yield "layout of the interpreter", "as expected"
    if _native.config()["disable"]:
        yield "compiled function", "not tried: BROLGA_DISABLE is set"
        return

    def sum_of_squares(n: int) -> int:
        total = 0
        for i in range(n):
            total += i * i
        return total

    # 64 bits overflow in the middle, so that an exit is tried too.
    counts = (10, 1000, 3_000_000)
    expected = [sum_of_squares(n) for n in counts[:2]] + [8999995500000500000]
    jit(sum_of_squares)
    report = jit.compile(sum_of_squares, 10).to_dict()
    found = [sum_of_squares(n) for n in counts]
    row = jit.stats(sum_of_squares).to_dict()
    if found != expected:
        problems.append(f"the self-test got {found} instead of {expected}: please report this")
        yield "compiled function", "WRONG RESULT"
    elif not row["native_calls"]:
        reason = report.get("reason") or row["reason"]
        yield "compiled function", f"right result, but interpreted: {reason}"
    else:
        yield "compiled function", f"right result, compiled in {row['compile_ms']:.2f} ms"


def configuration(problems: list[str]) -> Iterator[tuple[str, str]]:
    rows = _native.options()
    values = _native.config()
    known = {row["env"] for row in rows}
    for row in rows:
        given = os.environ.get(row["env"])
        value = values[row["name"]]
        if given is None:
            continue
        yield row["env"], f"{given!r}: {row['help']}"
        if value == row["default"] and given not in ("", "0", "no", "false", str(value)):
            problems.append(f"{row['env']}={given!r} is not understood and ignored")
    unknown = [name for name in os.environ if name.startswith("BROLGA_") and name not in known]
    for name in sorted(unknown):
        problems.append(f"{name} is set, but there is no such variable")
    if not any(row["env"] in os.environ for row in rows):
        yield "variables", "none is set; `python -m brolga options` lists them"
    yield "start-up file", start_up_file(problems)
    yield "whole program", "yes" if _native.is_enabled_for_all() else "no, decorated functions only"
    if sys.version_info < (3, 12):
        yield (
            "functions made later",
            "found when their module was imported, or by sampling what runs (3.11 has no watchers)",
        )


def start_up_file(problems: list[str]) -> str:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(folder, START_UP_FILE)
    if os.path.exists(path):
        wanted = values_say_auto()
        if wanted and not _native.is_enabled_for_all() and _native.support()["native"]:
            problems.append(f"BROLGA_AUTO is set, but {path} was not run at the start of Python")
        return f"{path}: BROLGA_AUTO=1 works"
    if values_say_auto():
        problems.append("BROLGA_AUTO is set, but has no effect without the start-up file")
    return (
        f"no {START_UP_FILE} in {folder}: BROLGA_AUTO=1 has no effect there;"
        " use python -m brolga run, or jit.enable()"
    )


def values_say_auto() -> bool:
    config = _native.config()
    return bool(config["auto"] and not config["disable"])


def company() -> Iterator[tuple[str, str]]:
    tools: list[str] = []
    if sys.gettrace() is not None:
        tools.append("a tracer (sys.settrace)")
    if sys.getprofile() is not None:
        tools.append("a profiler (sys.setprofile)")
    if sys.version_info >= (3, 12):
        names = (sys.monitoring.get_tool(tool) for tool in range(6))
        tools += [f"monitoring tool {name!r}" for name in names if name not in (None, "brolga")]
    yield "tools", ", ".join(tools) or "none"
