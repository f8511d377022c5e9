"""Stands in for pyperf while a benchmark of pyperformance runs in worker.py: collects what the script would have timed.

Only what the benchmarks use. `BENCHMARKS` holds a name and a function of each: called with a number of
loops, it runs them and answers seconds and the last value.
"""

import argparse
import asyncio

# The time of the process: other programs on the machine do not count.
from time import process_time as perf_counter

__all__ = ["BENCHMARKS", "Runner", "perf_counter"]
BENCHMARKS = []


class Runner:
    """`pyperf.Runner` without processes, calibration and output."""

    def __init__(self, *_, **__):
        self.metadata = {}
        self.argparser = argparse.ArgumentParser()
        self.args = None

    def parse_args(self, arguments=None):
        self.args = self.argparser.parse_args(arguments or [])
        return self.args

    def bench_func(self, name, function, *args, inner_loops=None, **_):
        def timed(loops):
            began = perf_counter()
            value = None
            for _ in range(loops):
                value = function(*args)
            return perf_counter() - began, value

        BENCHMARKS.append((name, timed))

    def bench_time_func(self, name, function, *args, inner_loops=None, **_):
        BENCHMARKS.append((name, lambda loops: (function(loops, *args), None)))

    def bench_async_func(self, name, function, *args, **_):
        def timed(loops):
            async def main():
                began = perf_counter()
                for _ in range(loops):
                    await function(*args)
                return perf_counter() - began

            return asyncio.run(main()), None

        BENCHMARKS.append((name, timed))
