"""Differential tests: every program runs plain and under the JIT, and plain CPython is the oracle."""
