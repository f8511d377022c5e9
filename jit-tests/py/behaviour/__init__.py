"""Run-time behaviour around native code: signals, threads, recursion, tracing, leaks, fork, shutdown."""
