"""A function is slower than hoped. `jit.explain` names the line, the reason and the remedy."""

from brolga import jit


class Settings:
    scale = 3


@jit
def scaled_sum(values, settings):
    total = 0
    for value in values:
        total += value * settings.scale  # an attribute looked up on every turn
    return total


@jit
def scaled_sum_hoisted(values, settings):
    scale = settings.scale
    total = 0
    for value in values:
        total += value * scale
    return total


values = list(range(1000))
settings = Settings()
for _ in range(100):
    slow = scaled_sum(values, settings)
    fast = scaled_sum_hoisted(values, settings)
assert slow == fast == 3 * sum(values)

print(jit.explain(scaled_sum))
print()
print(jit.explain(scaled_sum_hoisted))
