"""The whole of brolga in one decorator: the same function, the same answer, sooner."""

import time

from brolga import jit


def count_primes(limit):
    """Primes below `limit`, by trial division."""
    found = 0
    for n in range(2, limit):
        divisor = 2
        while divisor * divisor <= n:
            if n % divisor == 0:
                break
            divisor += 1
        else:
            found += 1
    return found


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


plain_result, plain_seconds = timed(count_primes, 40_000)

same_function = jit(count_primes)  # what @jit above the definition does
assert same_function is count_primes

count_primes(100)  # a function with a loop compiles at its second call
count_primes(100)
fast_result, fast_seconds = timed(count_primes, 40_000)

assert fast_result == plain_result
print(f"{plain_result} primes below 40,000")
print(f"interpreter {plain_seconds * 1e3:7.1f} ms")
print(f"brolga      {fast_seconds * 1e3:7.1f} ms   {plain_seconds / fast_seconds:.1f}x")
