#!/usr/bin/env python3
"""Runs the Rust benches for the interpreter this script runs with: what `make bench` calls.

    rust_benches.py [arguments of criterion]       rust_benches.py passes/gvn    rust_benches.py --quick

benches/engine.rs embeds the interpreter, which takes a shared libpython. Without one the benches that
need no interpreter run, and a line says what was skipped.
"""

import os
import subprocess
import sys
import sysconfig

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def missing_library():
    """Why this interpreter cannot be embedded; empty if it can."""
    library = sysconfig.get_config_var("INSTSONAME") or ""
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        return "it was built without a shared libpython"
    path = os.path.join(sysconfig.get_config_var("LIBDIR") or "", library)
    if not os.path.exists(path):
        return f"its library is not at {path}"
    # What the linker looks for comes with the development package.
    linked = path[: path.index(".so") + 3]
    return "" if os.path.exists(linked) else f"there is no {linked} to link with"


def main(arguments):
    command = ["cargo", "bench", "--locked"]
    environment = dict(os.environ)
    reason = missing_library()
    skipped = f"SKIPPED benches/engine.rs: cannot embed {sys.executable}: {reason}"
    if reason:
        print(skipped, flush=True)
        command.append("--no-default-features")
    else:
        environment["PYO3_PYTHON"] = sys.executable
        # An embedded interpreter cannot tell by its executable where its library is.
        environment["PYTHONHOME"] = f"{sys.base_prefix}:{sys.base_exec_prefix}"
    done = subprocess.run([*command, "--", *arguments], cwd=ROOT, env=environment, check=False)
    if reason:
        print(skipped)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
