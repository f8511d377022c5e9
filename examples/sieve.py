"""The sieve of Eratosthenes on a bytearray, with its bounds checks, at machine speed."""

import time

from brolga import jit


@jit
def sieve(limit):
    """How many primes are below `limit`, and the last of them."""
    composite = bytearray(limit)
    count = last = 0
    for n in range(2, limit):
        if composite[n]:
            continue
        count += 1
        last = n
        for multiple in range(n * n, limit, n):
            composite[multiple] = 1
    return count, last


def timed(limit):
    start = time.perf_counter()
    result = sieve(limit)
    return result, time.perf_counter() - start


assert sieve(10) == (4, 7)
assert sieve(100) == (25, 97)

limit = 500_000
with jit.paused():
    plain, plain_seconds = timed(limit)
fast, seconds = timed(limit)

assert fast == plain
print(f"{fast[0]:,} primes below {limit:,}, the last is {fast[1]:,}")
print(f"interpreter {plain_seconds * 1e3:7.1f} ms")
print(f"brolga      {seconds * 1e3:7.1f} ms   {plain_seconds / seconds:.1f}x")
