"""`python -m brolga`: which brolga this is, and whether it runs native here."""

from __future__ import annotations

import sys

from brolga import __version__, _native

USAGE = """\
usage: python -m brolga            version, and whether functions run native on this interpreter
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
    if arguments == ["options"]:
        from brolga import jit

        print(jit.config)
        return 0
    if arguments[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if arguments[0] == "run":
        print(
            "python -m brolga run: not there yet; put @jit on the hot functions of the script"
            " and run it with python",
            file=sys.stderr,
        )
        return 2
    print(f"python -m brolga: no command {arguments[0]!r}\n{USAGE}", end="", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
