"""Command line: `python jit-tests/fuzz --count 2000 --seed 1`; status 1 if anything differed.

Saved failures are programs in the text form of `differential/programs.py`; moved to `regressions/` they are
run by the ordinary tests.
"""

import argparse
import os
import pathlib
import sys
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if pathlib.Path(entry or ".").resolve() != HERE]
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "py")]

from differential import programs  # noqa: E402
from fuzz import generator, reduce, runner  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="python jit-tests/fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="programs to run (default 2000)")
    parser.add_argument("--seed", type=int, help="first seed (default 1); seeds count up from here")
    parser.add_argument("--until-stopped", action="store_true", help="no end; starts at a seed made from the clock")
    parser.add_argument("--time", type=float, help="stop after this many seconds")
    parser.add_argument("--python", default=sys.executable, help="interpreter that runs the programs")
    parser.add_argument("--jobs", type=int, default=runner.default_jobs(), help="child processes")
    parser.add_argument("--jit", help="what to test: brolga (default), noop, or a stand-in")
    parser.add_argument("--stress", help="stress mode, as of BROLGA_STRESS")
    parser.add_argument("--verify", action="store_true", help="verify mode too: single calls are run both ways")
    parser.add_argument("--save", type=pathlib.Path, default=HERE / "failures", help="folder for failing programs")
    parser.add_argument("--reduce-seconds", type=float, default=60, help="time to shrink each failure; 0: do not")
    parser.add_argument("--max-failures", type=int, default=10, help="stop after this many")
    parser.add_argument("--show", action="store_true", help="print the program of --seed and stop")
    parser.add_argument("--replay", type=pathlib.Path, nargs="+", help="run saved programs and print what differs")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = int(time.time()) * 1000 if options.until_stopped else 1
    if options.until_stopped or (options.time is not None and "--count" not in sys.argv):
        options.count = 10**12
    return options


class Enough(Exception):
    """The wanted number of failures was found."""


def main():
    warnings.simplefilter("ignore", SyntaxWarning)
    options = arguments()
    if options.show:
        print(generator.generate(options.seed).text())
        return 0
    environment = runner.environment(options.jit, options.stress, verify=options.verify)
    if options.replay:
        return replay(options, environment)
    print(f"{options.python}: {options.count} programs from seed {options.seed}", flush=True)
    begin = time.monotonic()
    found = []

    def on_failure(failure):
        found.append(failure)
        print(f"-- seed {failure['seed']}: {failure['status']} ({failure['part']})", flush=True)
        if len(found) >= options.max_failures:
            raise Enough

    run = runner.Run(
        options.python, options.seed, options.count, jobs=options.jobs, seconds=options.time, env=environment, on_failure=on_failure
    )
    try:
        run.run()
    except Enough:
        print(f"stopping at {len(found)} failures")
    except KeyboardInterrupt:
        print("stopped")
    seconds = time.monotonic() - begin
    for failure in found:
        save(failure, options, environment)
    figures = ", ".join(f"{name} {value}" for name, value in sorted(run.statistics.items()))
    print(f"{run.statistics['programs']} programs in {seconds:.1f} s ({run.statistics['programs'] / seconds:.0f}/s): {figures}")
    return 1 if found else 0


def save(failure, options, environment):
    """Shrinks one failure and writes it down."""
    program = generator.generate(failure["seed"])
    if options.reduce_seconds:
        program = reduce.Reducer(
            program, failure["status"], failure["part"], options.python, environment, options.reduce_seconds
        ).reduced()
    child = runner.Child(options.python, environment)
    status, part, message = runner.judge(child, program.text())
    if status not in ("crash", "hang"):
        child.stop()
    options.save.mkdir(parents=True, exist_ok=True)
    program.name = f"seed_{failure['seed']}"
    path = options.save / f"{program.name}.py"
    details = message or failure["message"]
    head = "".join(f"# {line}\n" for line in details.split("last calls:")[0].splitlines()[:14])
    path.write_text(f"# {status} ({part}), {os.path.basename(options.python)}\n{head}{program.text()}", encoding="utf-8")
    print(f"saved {path}\n{details}\n", flush=True)


def replay(options, environment):
    failed = 0
    for path in options.replay:
        for program in programs.parse(path.read_text(encoding="utf-8"), path.stem):
            child = runner.Child(options.python, environment)
            status, part, message = runner.judge(child, program.text())
            if status not in ("crash", "hang"):
                child.stop()
            failed += status in ("different", "crash", "hang")
            print(f"{path} {program.name}: {status} {part or ''}\n{message}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
