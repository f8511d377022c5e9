#!/usr/bin/env python3
"""pyperformance's pure-Python benchmarks, each under `python -m brolga run` and plain, in turn.

    run.py DIRECTORY [--python PY] [--only richards,go] [--json OUT]

DIRECTORY holds the `bm_*` folders of an unpacked pyperformance (`pip download --no-deps pyperformance`,
then `pyperformance/data-files/benchmarks` in the wheel). Reported per benchmark: medians of plain and
brolga's time, their ratio, and whether the values were the same.
"""

import argparse
import json
import math
import os
import select
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = """richards deltablue raytrace chaos go hexiom nqueens float spectral_norm fannkuch nbody pyflate
crypto_pyaes deepcopy json_dumps logging scimark unpack_sequence generators coroutines comprehensions""".split()
START_SECONDS = 60
CALL_SECONDS = 300
WARM_SECONDS = 3.0
SAMPLE_SECONDS = 0.15
SAMPLES = 7


class Died(Exception):
    """A worker crashed, failed or hung."""


class Worker:
    def __init__(self, python, directory, jitted):
        command = [
            python,
            *(["-m", "brolga", "run"] if jitted else []),
            HERE / "worker.py",
            directory,
        ]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self.names = self.read(START_SECONDS)["names"]

    def read(self, seconds):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.process.kill()
            raise Died(f"no answer in {seconds} s")
        line = self.process.stdout.readline()
        if not line:
            rest = self.process.stderr.read().strip().splitlines()
            raise Died(f"exit {self.process.wait()}: {rest[-1] if rest else ''}")
        return json.loads(line)

    def call(self, index, loops):
        self.process.stdin.write(f"{index} {loops}\n")
        self.process.stdin.flush()
        answer = self.read(CALL_SECONDS)
        return answer["seconds"], answer["value"]

    def close(self):
        self.process.kill()
        self.process.communicate()


def warm_up(worker, index):
    """Calls until the engine has settled; loops that fill a sample."""
    loops, spent = 1, 0.0
    while spent < WARM_SECONDS:
        seconds, _ = worker.call(index, loops)
        spent += seconds
        if seconds < SAMPLE_SECONDS / 2 and loops < 1 << 16:
            loops *= 2
    return loops


def measure(python, directory):
    plain, jitted = Worker(python, directory, False), Worker(python, directory, True)
    try:
        for index, name in enumerate(plain.names):
            loops = [warm_up(worker, index) for worker in (plain, jitted)]
            times = ([], [])
            values = [None, None]
            for _ in range(SAMPLES):
                for which, worker in enumerate((plain, jitted)):
                    seconds, values[which] = worker.call(index, loops[which])
                    times[which].append(seconds / loops[which])
            before, after = map(statistics.median, times)
            yield name, before, after, values[0] == values[1]
    finally:
        plain.close()
        jitted.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows, failed = [], False
    names = options.only.split(",") if options.only else NAMES
    print(f"{'benchmark':28} {'plain ms':>10} {'brolga ms':>10} {'ratio':>7}")
    for folder in names:
        try:
            for name, before, after, same in measure(
                options.python, options.directory / f"bm_{folder}"
            ):
                ratio = before / after
                remark = "" if same else "  OTHER VALUE"
                failed |= not same
                rows.append(
                    {
                        "folder": folder,
                        "name": name,
                        "plain": before,
                        "brolga": after,
                        "ratio": ratio,
                        "same": same,
                    }
                )
                print(
                    f"{name:28} {before * 1e3:10.3f} {after * 1e3:10.3f} {ratio:7.2f}{remark}",
                    flush=True,
                )
        except Died as error:
            failed = True
            print(f"{folder:28} FAILED: {error}", flush=True)
    groups = {}
    for row in rows:
        groups.setdefault(row["folder"], []).append(math.log(row["ratio"]))
    if groups:
        means = [statistics.mean(logs) for logs in groups.values()]
        print(
            f"\ngeometric mean {math.exp(statistics.mean(means)):.2f} over {len(means)} benchmarks"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
