"""Runs one benchmark script of pyperformance for run.py: `worker.py DIRECTORY`, commands on standard input.

Answers are lines of JSON on the file descriptor that standard output was; what the benchmark prints is dropped.
"""

import json
import os
import runpy
import sys


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def answer(**values):
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    directory = sys.argv[1]
    sys.argv = [os.path.join(directory, "run_benchmark.py")]
    sys.path.insert(0, directory)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    runpy.run_path(sys.argv[0], run_name="__main__")
    import pyperf

    answer(names=[name for name, _ in pyperf.BENCHMARKS])
    for line in sys.stdin:
        index, loops = map(int, line.split())
        seconds, value = pyperf.BENCHMARKS[index][1](loops)
        plain = isinstance(value, (int, float, str, bytes, list, tuple, dict, type(None)))
        answer(seconds=seconds, value=repr(value)[:1000] if plain else type(value).__name__)


main()
