#!/usr/bin/env python3
"""What brolga costs where it does not help: import, compiling, calls, exits, refused functions.

    costs.py [--json OUT] [--check]

Run it with an interpreter that has brolga. Times are the best of alternating rounds, plain and
jitted, in one process. --check fails if a figure is above its limit.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKLOADS = HERE / "workloads"

IMPORT = """
import sys, time

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

memory, start = peak(), time.process_time()
import brolga
print((time.process_time() - start) * 1e3, (peak() - memory) / 1024)
"""

# Runs one program at its small size and prints the compile times of all its functions in ms.
COMPILE = """
import json, sys
sys.path.insert(0, sys.argv[1])
sys.setrecursionlimit(5000)
import worker
from brolga import jit
module = worker.load(sys.argv[2])
worker.decorate(module)
for _ in range(60):
    module.run(module.N_SMALL)
rows = jit.stats().to_dict()["functions"]
compiled = [row for row in rows if row["compilations"]]
print(json.dumps([row["compile_ms"] / row["compilations"] for row in compiled]))
"""


def identity(x):
    return x


def double(x):
    return x + x


def squares(n):
    yield n * n


def attributes(thing):
    return thing.left, thing.right, thing.left


class Thing:
    left, right = 1, 2


def again(function):
    """The same function as another object, so that one can be decorated."""
    return type(function)(function.__code__, function.__globals__, function.__name__)


def called(function, argument, repeats=100_000):
    """Seconds of one call from an interpreted loop."""
    turns = range(repeats)
    start = time.process_time()
    for _ in turns:
        function(argument)
    return (time.process_time() - start) / repeats


def cost_of_calls(function, argument, warm=None, rounds=9):
    """(plain, jitted) seconds of one call. `warm` is what the function is compiled for."""
    from brolga import jit

    plain, jitted = again(function), jit(again(function))
    for candidate in (plain, jitted):
        for _ in range(1000):
            candidate(argument if warm is None else warm)
    pairs = [(called(plain, argument), called(jitted, argument)) for _ in range(rounds)]
    return tuple(map(min, zip(*pairs, strict=True)))


def import_cost():
    """(ms, MiB) above bare Python."""
    runs = []
    for _ in range(9):
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
        )
        runs.append([float(word) for word in done.stdout.split()])
    return min(run[0] for run in runs), min(run[1] for run in runs)


def compile_times():
    """Milliseconds of every compile in the corpus."""
    times = []
    for program in sorted(WORKLOADS.glob("*.py")):
        command = [sys.executable, "-c", COMPILE, HERE, program]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            times += json.loads(done.stdout)
        elif "numpy" not in done.stderr:
            sys.exit(f"{program.name}: {done.stderr}")
    return sorted(times)


def measure():
    """Rows of (what, figure, unit, limit)."""
    milliseconds, mebibytes = import_cost()
    yield "import, time", milliseconds, "ms", 10
    yield "import, memory", mebibytes, "MiB", 10
    times = compile_times()
    if times:
        yield "compile, median", statistics.median(times), "ms", 1
        yield "compile, p99", times[min(len(times) - 1, int(len(times) * 0.99))], "ms", 10
    plain, jitted = cost_of_calls(identity, 3)
    yield "call of a compiled function", jitted / plain, "plain calls", 1
    plain, jitted = cost_of_calls(double, 1 << 62, warm=3)
    yield "call that leaves once", jitted / plain, "plain calls", 3
    plain, jitted = cost_of_calls(squares, 3)
    yield "call of a refused generator function", jitted / plain, "plain calls", 1.02
    plain, jitted = cost_of_calls(attributes, Thing())
    yield "call of a function not worth compiling", jitted / plain, "plain calls", 1.02


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--check", action="store_true", help="fail above a limit")
    options = parser.parse_args()
    rows = []
    for what, figure, unit, limit in measure():
        over = "   above" if figure > limit else ""
        print(f"{what:<40}{figure:>9.3f} {unit:<12} limit {limit:g}{over}", flush=True)
        rows.append({"what": what, "figure": figure, "unit": unit, "limit": limit})
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if options.check and any(row["figure"] > row["limit"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
