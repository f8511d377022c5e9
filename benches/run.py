#!/usr/bin/env python3
"""Measures brolga on whole programs against plain CPython of the same version, in one run.

    run.py [--python PY] [--only a01,b05] [--small] [--json OUT] [--floors]

For each program in workloads/, two processes of PY run it, one plain and one with `@jit` on the
functions in its KERNELS; they are called in turn, so that a busy machine slows both. Every value
is compared with workloads/expected.json, bit by bit. Columns:

    ratio    plain time / brolga time: medians of processor time, steady state
    wall     the same of wall-clock time
    first    what brolga adds to the first call, in ms of wall-clock time

--small runs the small sizes once each (a check of values; its ratios mean little).
--floors fails if a program is below the ratio that FLOORS demands.
"""

import argparse
import json
import os
import select
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKLOADS = HERE / "workloads"

# Ratios the project promises, by program; NEVER_SLOWER for all others.
FLOORS = {
    "a01_sum_squares": 30,
    "a02_harmonic_pi": 30,
    "a03_mandelbrot_float": 35,
    "a06_sieve": 12,
    "a07_number_theory_small": 14,
    "a08_number_theory_big": 1.0,
    "a09_xorshift": 15,
    "a10_fib_recursive": 20,
    "a12_matmul_lists": 12,
    "a14_fannkuch": 12,
    "a15_nbody_lists": 12,
    "b05_quicksort": 10,
    "b11_crc32_bytes": 20,
    "c01_dot_saxpy_array": 30,
    "d04_hash_mixing": 15,
    "e01_generator_pipeline": 5,
}
NEVER_SLOWER = 0.95

WARM_SECONDS = 0.6
SAMPLE_SECONDS = 0.02
FIRST_CALL_SECONDS = 120
CALL_SECONDS = 60


class Died(Exception):
    """A worker raised, crashed or hung."""


class Worker:
    def __init__(self, python, mode, path):
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [python, HERE / "worker.py", mode, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def read(self, seconds=CALL_SECONDS):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            raise Died(f"no answer in {seconds} s")
        line = self.process.stdout.readline()
        if not line:
            raise Died(f"crashed (exit {self.process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise Died(answer["error"])
        return answer

    def ask(self, command, seconds=CALL_SECONDS):
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # reading says what happened
        return self.read(seconds)

    def call(self, size, repeats=1, seconds=CALL_SECONDS):
        return self.ask(f"call {size} {repeats}", seconds)


def warm_up(worker, size):
    """Calls until the engine has settled; answers how many calls fill one sample."""
    spent, calls = 0.0, 0
    while calls < 40 and (calls < 3 or spent < WARM_SECONDS):
        last = worker.call(size)["wall"]
        spent += last
        calls += 1
    return max(1, min(2000, int(SAMPLE_SECONDS / max(last, 1e-7))))


def median_ratio(plain, jitted, clock):
    def median(samples):
        return statistics.median(sample[clock] for sample in samples)

    return median(plain) / max(median(jitted), 1e-9)


def measure(path, python, expected, small, pairs):
    """A row of the report for one program."""
    row = {"program": path.stem, "status": "ok", "why": ""}
    size, wanted = ("N_SMALL", expected["small"]) if small else ("N", expected["full"])
    with Worker(python, "plain", path) as plain, Worker(python, "brolga", path) as jitted:
        try:
            plain.read()
            plain_first = plain.call(size)
        except Died as died:
            missing = "No module named 'numpy'" in str(died)
            row.update(status="skipped" if missing else "plain failed", why=str(died))
            return row
        if plain_first["result"] != wanted:
            row.update(status="plain failed", why="plain result is not that of expected.json")
            return row
        try:
            jitted.read(FIRST_CALL_SECONDS)
            first = jitted.call(size, seconds=FIRST_CALL_SECONDS)
            results = [(first["result"], wanted)]
            repeats = warm_up(jitted, size)
            plain.call(size)
            samples = []
            for _ in range(1 if small else pairs):
                samples.append((plain.call(size), jitted.call(size, repeats)))
                results.append((samples[-1][1]["result"], wanted))
            results.append((jitted.call("N_SMALL")["result"], expected["small"]))
            row.update(jitted.ask("describe"))
        except Died as died:
            row.update(status="failed", why=str(died))
            return row
    for got, want in results:
        if got != want:
            row.update(status="WRONG", why=f"got {str(got)[:80]}, expected {str(want)[:80]}")
            return row
    plains, jits = zip(*samples, strict=True)
    row.update(
        ratio=median_ratio(plains, jits, "cpu"),
        ratio_wall=median_ratio(plains, jits, "wall"),
        plain_ms=statistics.median(sample["cpu"] for sample in plains) * 1e3,
        brolga_ms=statistics.median(sample["cpu"] for sample in jits) * 1e3,
        first_extra_ms=(first["wall"] - plain_first["wall"]) * 1e3,
        # The small sizes are too short for a ratio to mean anything.
        floor=0 if small else FLOORS.get(path.stem, NEVER_SLOWER),
    )
    return row


def show(row):
    if row["status"] != "ok":
        print(f"{row['program']:<28}{row['status']}: {row['why']}", flush=True)
        return
    below = f"   below {row['floor']:g}" if row["ratio"] < row["floor"] else ""
    print(
        f"{row['program']:<28}{row['plain_ms']:>10.2f}{row['brolga_ms']:>11.3f}"
        f"{row['ratio']:>9.2f}{row['ratio_wall']:>9.2f}{row['first_extra_ms']:>9.1f}{below}",
        flush=True,
    )


def summary(rows):
    good = [row for row in rows if row["status"] == "ok"]
    lines = []
    for group in sorted({row["program"][0] for row in good}):
        ratios = [row["ratio"] for row in good if row["program"][0] == group]
        lines.append(f"{group.upper()} {statistics.geometric_mean(ratios):.2f} ({len(ratios)})")
    if good:
        overall = statistics.geometric_mean(row["ratio"] for row in good)
        lines.append(f"all {overall:.2f}")
    counts = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    statuses = ", ".join(f"{number} {status}" for status, number in counts.items())
    return f"geometric means: {', '.join(lines) or '-'}\nprograms: {statuses}"


def programs(parser, only):
    """Paths of the programs whose names start with one of the prefixes, and the values expected of all."""
    prefixes = tuple(only.split(","))
    paths = sorted(path for path in WORKLOADS.glob("*.py") if path.name.startswith(prefixes))
    if not paths:
        parser.error(f"no program starts with {only}")
    return paths, json.loads((WORKLOADS / "expected.json").read_text())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter that has brolga")
    parser.add_argument("--only", default="", help="programs by prefix, separated by commas")
    parser.add_argument("--small", action="store_true", help="small sizes: checks values only")
    parser.add_argument("--pairs", type=int, default=5, help="plain/brolga pairs per program")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--floors", action="store_true", help="fail where a floor is not reached")
    options = parser.parse_args()

    paths, expected = programs(parser, options.only)
    about = subprocess.run(
        [options.python, "-m", "brolga"], capture_output=True, text=True, check=False
    )
    if about.returncode != 0:
        parser.error(f"{options.python} has no brolga: {about.stderr.strip()}")
    print(about.stdout)
    names = ("plain ms", "brolga ms", "ratio", "wall", "first ms")
    print(f"{'program':<28}{names[0]:>10}{names[1]:>11}{names[2]:>9}{names[3]:>9}{names[4]:>9}")
    rows = []
    for path in paths:
        rows.append(
            measure(path, options.python, expected[path.stem], options.small, options.pairs)
        )
        show(rows[-1])
    print(f"\n{summary(rows)}")
    if options.json:
        figures = {"about": about.stdout.strip(), "small": options.small, "programs": rows}
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    bad = [row for row in rows if row["status"] not in ("ok", "skipped")]
    if options.floors:
        bad += [row for row in rows if row["status"] == "ok" and row["ratio"] < row["floor"]]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
