"""Hashes with masks: `(a * b) & MASK` asks only for low bits, so machine arithmetic is exact.

Other compilers wrap every integer (and change answers) or refuse; here the mask is what allows it.
"""

import time

from brolga import jit

MASK = 0xFFFFFFFFFFFFFFFF


def fnv1a(data):
    """The 64-bit FNV-1a hash of bytes."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def timed(function, argument):
    start = time.perf_counter()
    result = function(argument)
    return result, time.perf_counter() - start


data = bytes(range(256)) * 800
plain, plain_seconds = timed(fnv1a, data)

jit(fnv1a)
assert fnv1a(b"") == 0xCBF29CE484222325
assert fnv1a(b"a") == 0xAF63DC4C8601EC8C  # from the published test vectors
hashed, seconds = timed(fnv1a, data)

assert hashed == plain
print(f"fnv1a of {len(data):,} bytes: {hashed:#018x}")
print(f"interpreter {plain_seconds * 1e3:7.1f} ms")
print(f"brolga      {seconds * 1e3:7.1f} ms   {plain_seconds / seconds:.1f}x")
