"""`python -m brolga`: which brolga this is, and the commands."""

from __future__ import annotations

import sys

from brolga import __version__, _native

USAGE = """\
usage: python -m brolga            version, and whether functions run native on this interpreter
       python -m brolga run [--stats] script.py [argument ...]
                                   run a program with every function under the JIT; also -m module
       python -m brolga doctor     build, processor, self-test, configuration, what is unsupported
       python -m brolga bisect -- command
                                   find the function and the pass that make a command fail
       python -m brolga options    every option with its variable, default and help
"""


def report() -> str:
    support = _native.support()
    state = "native" if support["native"] else f"interpreted: {support['reason']}"
    version = ".".join(map(str, sys.version_info[:3]))
    return f"brolga {__version__} on {sys.implementation.name} {version}: {state}"


def main(arguments: list[str]) -> int:
    if not arguments:
        print(report())
        return 0
    command, *rest = arguments
    if command == "run":
        from brolga import _run

        return _run.main(rest)
    if command == "doctor":
        from brolga import _doctor

        return _doctor.main(rest)
    if command == "bisect":
        from brolga import _bisect

        return _bisect.main(rest)
    if command == "options" and not rest:
        from brolga import jit

        print(jit.config)
        return 0
    if command in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    problem = (
        f"no command {command!r}"
        if not rest or command != "options"
        else "options takes no argument"
    )
    print(f"python -m brolga: {problem}\n{USAGE}", end="", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
