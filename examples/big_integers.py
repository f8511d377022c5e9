"""Integers outgrow the machine word in the middle of a loop. Python's answer must come out.

The loop runs on 64-bit integers while they suffice. At the first overflow native code is left at
exactly that addition, and the interpreter goes on with big integers.
"""

from brolga import jit


@jit
def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


for _ in range(100):
    fibonacci(50)  # hot, and every value so far fits

print("fibonacci(90)  =", fibonacci(90))
print("fibonacci(93)  =", fibonacci(93), " (needs 64 bits without a sign)")
print("fibonacci(300) =", fibonacci(300))

with jit.paused():
    expected = fibonacci(300)
assert fibonacci(300) == expected

print()
print(jit.stats(fibonacci))
