"""The demo of `make demo`: some programs, plain and under `@jit`, and one explanation.

Each program runs plain first, then its functions are given to `jit` and it runs again, in the same
process. Times are the best of several calls; `same` compares values and types.
"""

import math
import sys
import time

import brolga
from brolga import jit


def sum_of_squares(n):
    total = 0
    for i in range(n):
        if i % 3 == 0 or i % 5 == 0:
            total += i * i
    return total


def mandelbrot(size):
    inside = 0
    for row in range(size):
        for column in range(size):
            cx, cy = 3.0 * column / size - 2.0, 2.0 * row / size - 1.0
            x = y = 0.0
            for _ in range(50):
                x, y = x * x - y * y + cx, 2.0 * x * y + cy
                if x * x + y * y > 4.0:
                    break
            else:
                inside += 1
    return inside


def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def sieve(limit):
    composite = bytearray(limit)
    count = 0
    for n in range(2, limit):
        if not composite[n]:
            count += 1
            for multiple in range(n * n, limit, n):
                composite[multiple] = 1
    return count


def matrix_product(size):
    a = [[float(i * j % 7) for j in range(size)] for i in range(size)]
    b = [[float(i + j) for j in range(size)] for i in range(size)]
    product = [[0.0] * size for _ in range(size)]
    for i in range(size):
        row = a[i]
        for j in range(size):
            total = 0.0
            for k in range(size):
                total += row[k] * b[k][j]
            product[i][j] = total
    return sum(map(sum, product))


def xorshift(n):
    state = 88172645463325252
    for _ in range(n):
        state ^= (state << 13) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= (state << 17) & 0xFFFFFFFFFFFFFFFF
    return state


def factorial_digits(n):
    product = 1
    for i in range(2, n + 1):
        product *= i  # leaves the machine word at 21!
    total = 0
    while product:
        product, digit = divmod(product, 10)
        total += digit
    return total


PROGRAMS = [
    (sum_of_squares, 300_000),
    (mandelbrot, 70),
    (fibonacci, 22),
    (sieve, 200_000),
    (matrix_product, 50),
    (xorshift, 100_000),
    (factorial_digits, 300),
]


def best_of(function, argument, seconds=0.5, calls=20):
    """(result, seconds of the fastest call) of up to `calls` calls, begun within `seconds`."""
    best = math.inf
    start = time.perf_counter()
    while calls > 0 and (best == math.inf or time.perf_counter() - start < seconds):
        before = time.perf_counter()
        result = function(argument)
        best = min(best, time.perf_counter() - before)
        calls -= 1
    return result, best


def identical(left, right):
    """Equal, of one type, and for floats bit by bit."""
    if type(left) is not type(right):
        return False
    return left.hex() == right.hex() if isinstance(left, float) else left == right


def main():
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"brolga {brolga.__version__} on {sys.implementation.name} {version}\n")
    print(f"{'program':<18}{'plain ms':>10}{'brolga ms':>11}{'ratio':>8}   same result")
    wrong = 0
    for function, argument in PROGRAMS:
        expected, plain = best_of(function, argument)
        jit(function)
        function(argument)  # warm up: counts as hot
        result, native = best_of(function, argument)
        same = identical(result, expected)
        wrong += not same
        verdict = "yes" if same else f"NO: {result!r} instead of {expected!r}"
        name = function.__name__
        times = f"{plain * 1e3:>10.2f}{native * 1e3:>11.3f}{plain / native:>7.1f}x"
        print(f"{name:<18}{times}   {verdict}")
    print(f"\njit.explain(sieve):\n{jit.explain(sieve)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
