"""A child of the fuzzer: reads one JSON command a line, answers in JSON lines. Not for direct use.

Commands: `{"first": seed, "count": n}` runs generated programs; `{"program": text}` runs one saved program.
"""

import collections
import faulthandler
import json
import os
import pathlib
import resource
import sys
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "py")]
# The folder of this script holds modules that must only be seen as `fuzz.name`.
sys.path[:] = [entry for entry in sys.path if pathlib.Path(entry or ".").resolve() != HERE]

from differential import harness, programs, provider  # noqa: E402
from fuzz import generator  # noqa: E402

SLOW_SECONDS = 0.25
#: A list times a border value is a MemoryError on both sides instead of a full machine.
DATA_BYTES = 1 << 30


def run(program, counts):
    """(status, part, message) of one program."""
    try:
        namespace = harness.check(
            program.source,
            program.calls,
            repeats=max(2, program.options.get("threshold", 0) // 2),
            slow_after=SLOW_SECONDS,
            number_identity=bool(os.environ.get("BROLGA_TEST_NUMBER_IDENTITY")),
            **program.options,
        )
    except harness.Difference as difference:
        return "different", difference.kind, str(difference)
    except harness.TooSlow:
        return "slow", None, ""
    except (SyntaxError, NameError) as error:
        return "invalid", None, repr(error)
    except Exception as error:  # the top level of the program failed on one side or on both
        return "invalid", None, repr(error)
    function = namespace.get("f")
    if callable(function):
        counts["native calls"] += provider.native_calls(function)
        counts["ran natively"] += provider.native_calls(function) > 0
        counts["calls verified"] += provider.stats_of(function).get("verified", 0)
        if provider.stats_of(function).get("differences", 0):
            return "different", "verify mode", "standard error has the report"
    return "same", None, ""


def say(message):
    sys.__stdout__.write(json.dumps(message) + "\n")
    sys.__stdout__.flush()


def generated(command):
    counts = collections.Counter()
    begin = time.monotonic()
    limit = command.get("deadline")
    for seed in range(command["first"], command["first"] + command["count"]):
        if limit is not None and time.monotonic() - begin > limit:
            break
        say({"at": seed})
        status, part, message = run(generator.generate(seed), counts)
        counts[f"status {status}"] += 1
        if status == "different":
            say({"status": status, "part": part, "message": message, "seed": seed})
    say({"statistics": counts})
    say({"done": True})


def main():
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    provider.load()
    for line in sys.stdin:
        command = json.loads(line)
        if "program" in command:
            program = programs.parse(command["program"], "program")[0]
            status, part, message = run(program, collections.Counter())
            say({"status": status, "part": part, "message": message})
        else:
            generated(command)


main()
