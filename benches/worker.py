"""One program in one mode, driven line by line over standard input. `run.py` starts it.

    worker.py plain|brolga PROGRAM

A program is a module with `run(n)`, sizes `N` and `N_SMALL`, and `KERNELS`: the functions and
methods a user would decorate. Answers are JSON lines.
"""

import importlib.util
import json
import os
import sys
import time


def load(path):
    name = os.path.basename(path).removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def decorate(module):
    """Puts `jit` on each kernel, as `@jit` above its definition would."""
    from brolga import jit

    kernels = []
    for dotted in module.KERNELS:
        *owners, name = dotted.split(".")
        owner = module
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, jit(vars(owner)[name]))
        kernels.append(vars(owner)[name])
    return kernels


def plain_data(value):
    """`value` as JSON that keeps every bit and the exact type."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    if type(value) is int:
        return f"int:{value}" if abs(value) >= 1 << 53 else value
    if type(value) is float:
        return ["f", value.hex()]
    return repr(value)


def measure(module, size, repeats):
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        result = module.run(size)
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    return {"wall": wall / repeats, "cpu": processor / repeats, "result": plain_data(result)}


def describe(kernels):
    """What brolga says of the kernels, and how much memory the process took at most."""
    rows = []
    if kernels:
        from brolga import jit

        rows = [jit.stats(kernel).to_dict() for kernel in kernels]
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return {"kernels": rows, "peak_rss_kb": peak}


def main():
    mode, path = sys.argv[1:]
    # The programs may print; answers have the real standard output for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.setrecursionlimit(5000)

    def answer(work):
        try:
            reply = work()
        except BaseException as error:
            reply = {"error": f"{type(error).__name__}: {error}"[:400]}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
        return "error" not in reply

    module, kernels = None, []

    def start():
        nonlocal module, kernels
        module = load(path)
        kernels = decorate(module) if mode == "brolga" else []
        return {}

    going = answer(start)
    while going and (line := sys.stdin.readline()):
        command, *arguments = line.split()
        if command == "call":
            size, repeats = arguments
            n = getattr(module, size)
            going = answer(lambda n=n, repeats=repeats: measure(module, n, int(repeats)))
        else:
            going = answer(lambda: describe(kernels))


if __name__ == "__main__":
    main()
