"""What `import brolga` costs, over bare Python: at most 10 ms and 10 MiB."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys, time

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

before, memory, start = set(sys.modules), peak(), time.process_time()
import brolga
seconds = time.process_time() - start
print(json.dumps([seconds, peak() - memory, sorted(set(sys.modules) - before)]))
"""


def imported():
    command = [sys.executable, "-S", "-c", PROGRAM]
    path = ":".join(sys.path)
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    return json.loads(done.stdout)


def test_time_and_memory():
    runs = [imported() for _ in range(7)]
    seconds = min(run[0] for run in runs)
    kibibytes = min(run[1] for run in runs)
    assert seconds <= 0.010, f"import takes {seconds * 1e3:.1f} ms"
    assert kibibytes <= 10 * 1024, f"import takes {kibibytes / 1024:.1f} MiB"


def test_it_imports_next_to_nothing_else():
    _, _, modules = imported()
    others = {name for name in modules if name.partition(".")[0] != "brolga"}
    assert others <= {"types", "_types", "__future__", "warnings", "_contextvars"}, sorted(others)
