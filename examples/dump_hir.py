"""What a function becomes: bytecode, HIR (brolga's own language), guards, machine code."""

from brolga import jit


@jit
def dot(xs, ys):
    total = 0.0
    for i in range(len(xs)):
        total += xs[i] * ys[i]
    return total


xs = [0.5, 1.5, 2.5]
print(jit.compile(dot, xs, xs))
assert dot(xs, xs) == 8.75

for kind in ("bytecode", "hir", "guards", "asm"):
    print(f"\n---- {kind}")
    print(jit.inspect(dot, kind))
