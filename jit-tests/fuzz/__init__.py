"""Differential fuzzer: random functions, plain against jitted. `python jit-tests/fuzz --help` tells the rest."""
