#!/usr/bin/env python3
"""What the first calls of a program cost with brolga: call 1, 2, 5, 10 and 100 against plain CPython.

    warmup.py [--python PY] [--only a01,b05] [--small] [--rounds N] [--calls N] [--json OUT] [--check]

For each program in workloads/, two fresh processes of PY call it in turn, one plain and one with `@jit`
on the functions in its KERNELS. Times are processor time, the best of all rounds for each call. Columns:

    plain    one plain call, ms
    1 .. 100 the brolga call of that number divided by the plain call of the same number
    first 10 the first ten brolga calls divided by the first ten plain ones
    worst    the call that cost most beyond the plain one, and how many ms
    compiled functions that were compiled

Promised: no call is slower than 1.3 plain calls plus 2 ms for each compiled function, and the first ten are
not slower than 1.1 times plain. --check fails where that does not hold.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

from run import FIRST_CALL_SECONDS, Died, Worker, programs

SHOWN = (1, 2, 5, 10, 100)
CALL_RATIO = 1.3
FUNCTION_MS = 2.0
FIRST_TEN_RATIO = 1.1
# Slow programs are not called a hundred times.
ROUND_SECONDS = 10.0
# Of a plain call: below, the clock says nothing.
CLOCK_MS = 0.05


def one_round(path, python, size, calls, wanted):
    """Processor times in ms of each plain and brolga call, and the report on the kernels."""
    plains, jits, spent = [], [], 0.0
    with Worker(python, "plain", path) as plain, Worker(python, "brolga", path) as jitted:
        plain.read()
        jitted.read(FIRST_CALL_SECONDS)
        while len(jits) < calls and (len(jits) < 10 or spent < ROUND_SECONDS):
            pair = plain.call(size), jitted.call(size, seconds=FIRST_CALL_SECONDS)
            spent += sum(answer["wall"] for answer in pair)
            for answer, times in zip(pair, (plains, jits), strict=True):
                if answer["result"] != wanted:
                    raise Died(f"wrong value in call {len(jits) + 1}")
                times.append(answer["cpu"] * 1e3)
        return plains, jits, jitted.ask("describe")["kernels"]


def best(rounds):
    """The best of each call over the rounds, as far as all went."""
    return [min(times) for times in zip(*rounds, strict=False)]


def measure(path, python, expected, options):
    row = {"program": path.stem, "status": "ok", "why": ""}
    size, wanted = ("N_SMALL", expected["small"]) if options.small else ("N", expected["full"])
    rounds = []
    try:
        for _ in range(options.rounds):
            rounds.append(one_round(path, python, size, options.calls, wanted))
    except Died as died:
        missing = "No module named 'numpy'" in str(died)
        row.update(status="skipped" if missing else "failed", why=str(died))
        return row
    plains, jits = best([plain for plain, _, _ in rounds]), best([jit for _, jit, _ in rounds])
    compiled = max(sum(kernel["compilations"] > 0 for kernel in kernels) for *_, kernels in rounds)
    # A plain call is what it usually is: some are interrupted.
    plain = max(statistics.median(plains), CLOCK_MS)
    extra = [jit - plain for jit in jits]
    row.update(
        plain_ms=plain,
        plain_calls_ms=plains,
        brolga_calls_ms=jits,
        ratios={call: jits[call - 1] / plain for call in SHOWN if call <= len(jits)},
        first_ten=sum(jits[:10]) / (plain * len(jits[:10])),
        worst_call=extra.index(max(extra)) + 1,
        worst_extra_ms=max(extra),
        compiled=compiled,
    )
    limit = CALL_RATIO * plain + FUNCTION_MS * compiled
    row["slow_calls"] = [call for call, time in enumerate(jits, 1) if time > limit]
    row["broken"] = bool(row["slow_calls"]) or row["first_ten"] > FIRST_TEN_RATIO
    return row


def show(row):
    if row["status"] != "ok":
        print(f"{row['program']:<28}{row['status']}: {row['why']}", flush=True)
        return
    ratios = "".join(
        f"{row['ratios'][call]:>8.2f}" if call in row["ratios"] else f"{'-':>8}" for call in SHOWN
    )
    broken = "   above" if row["broken"] else ""
    print(
        f"{row['program']:<28}{row['plain_ms']:>9.2f}{ratios}{row['first_ten']:>10.2f}"
        f"{row['worst_call']:>6}{row['worst_extra_ms']:>9.1f}{row['compiled']:>9}{broken}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter that has brolga")
    parser.add_argument("--only", default="", help="programs by prefix, separated by commas")
    parser.add_argument("--small", action="store_true", help="small sizes")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of processes per program")
    parser.add_argument("--calls", type=int, default=100, help="calls in each process")
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--check", action="store_true", help="fail where a promise is broken")
    options = parser.parse_args()

    paths, expected = programs(parser, options.only)
    head = "".join(f"{call:>8}" for call in SHOWN)
    print(f"{'program':<28}{'plain':>9}{head}{'first 10':>10}{'worst':>6}{'ms':>9}{'compiled':>9}")
    rows = []
    for path in paths:
        rows.append(measure(path, options.python, expected[path.stem], options))
        show(rows[-1])
    good = [row for row in rows if row["status"] == "ok"]
    print(f"\n{sum(not row['broken'] for row in good)} of {len(good)} programs keep the promises")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")
    failed = any(row["status"] == "failed" for row in rows)
    return 1 if failed or (options.check and any(row["broken"] for row in good)) else 0


if __name__ == "__main__":
    sys.exit(main())
