# Int, float and bool arithmetic beyond single operators: big-int transitions, borders, built-in functions.
# ==== overflow_in_sum
# call: 10
# call: 70
# call: 200
def f(n):
    total = 1
    for i in range(n):
        total += total + i
    return total
# ==== overflow_in_product
# call: 5
# call: 21
# call: 40
def f(n):
    result = 1
    for i in range(1, n + 1):
        result *= i
    return result
# ==== overflow_and_back
# call: 2**61
# call: 2**62
# call: 2**63
# call: -2**63
def f(a):
    b = a + a
    c = b + b
    d = c - b - b + a
    return a, b, c, d, c // 4 == a, (c >> 2) - a
# ==== overflow_negate
# call: -2**63
# call: 2**63
# call: -2**62
# call: 0
def f(a):
    out = []
    for i in range(3):
        a = -a
        out.append(a)
        a = abs(a)
        out.append(a)
    return out
# ==== overflow_floor_division_of_minimum
# call: -2**63, -1
# call: -2**63, 1
# call: -2**62, -1
# call: 2**63, -1
# call: -2**31, -1
def f(a, b):
    out = []
    for i in range(3):
        out.append((a // b, a % b, divmod(a, b)))
    return out
# ==== shift_grows
# call: 1, 70
# call: -1, 70
# call: 3, 130
# call: True, 65
def f(a, n):
    out = []
    for i in range(n):
        a <<= 1
        out.append(a)
    for i in range(n):
        a >>= 1
        out.append(a)
    return out
# ==== negative_shift_raises_mid_loop
# call: [1, 2, 3]
# call: [1, 2, -3, 4]
# call: [1, 2, 3, 200]
def f(counts):
    total = 0
    for count in counts:
        total += 5 << count
        total -= 1000 >> count
    return total
# ==== zero_division_mid_loop
# call: [3, 2, 1]
# call: [3, 2, 0]
# call: [3.0, 2.0, 0.0]
# call: [True, False]
def f(divisors):
    total = 1000
    for divisor in divisors:
        total = total // divisor
        total = total + 7 % divisor
    return total
# ==== true_division_exactness
# call: 2**53 + 1, 1
# call: 2**63, 3
# call: -(2**63) + 1, 7
# call: 10**18 + 1, 10**18 - 1
# call: 2**70, 2**69 + 1
# call: 1, 3
# call: 0, -5
def f(a, b):
    return a / b, b / (a or 1), (a * a) / (b * b)
# ==== true_division_overflow
# call: 1, 2
# call: 10**400, 3
# call: 10**400, 10**399
def f(a, b):
    return a / b
# ==== int_float_mixing
# call: 3, 2.5
# call: 2**53 + 1, 1.0
# call: 2**63 - 1, -0.0
# call: 10**400, 1.5
# call: True, 0.5
def f(a, b):
    return a + b, a - b, b - a, a * b, b * a
# ==== int_float_compare_at_the_edge
# call: 2**53, 2.0**53
# call: 2**53 + 1, 2.0**53
# call: 2**53 + 1, 2.0**53 + 2
# call: 2**63 - 1, 2.0**63
# call: -(2**63), -(2.0**63)
# call: 10**400, float('inf')
# call: -(10**400), float('-inf')
# call: 5, float('nan')
# call: False, -0.0
def f(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b, b < a, b <= a, b == a, b != a, b > a, b >= a
# ==== power
# call: 2, 10
# call: 2, 62
# call: 2, 63
# call: 2, 64
# call: -3, 41
# call: 0, 0
# call: 0, -1
# call: 2, -2
# call: 2.0, 0.5
# call: -8, 1/3
# call: -8.0, 2.0
# call: 0.0, -1.0
# call: 1e200, 2
# call: 10, 400
# call: True, False
def f(a, b):
    x = a ** b
    a **= b
    return x, a
# ==== power_modulo
# call: 3, 200, 7
# call: 3, -1, 7
# call: 3, -1, 6
# call: 3, 5, 0
# call: 3, 5, -7
# call: 2**70, 2**65, 2**61 - 1
# call: 2.0, 2, 2
def f(a, b, c):
    return pow(a, b, c), pow(a, b % 50)
# ==== float_floor_and_modulo
# call: 7.5, 2.0
# call: -7.5, 2.0
# call: 7.5, -2.0
# call: -0.0, 3.0
# call: 0.0, -3.0
# call: float('inf'), 2.0
# call: 5.0, float('inf')
# call: -5.0, float('inf')
# call: 1e300, 1e-300
# call: 5.0, 0.0
# call: float('nan'), 2.0
# call: 1e16, 0.1
def f(a, b):
    return a // b, a % b, divmod(a, b)
# ==== float_sum_order
# call: 1000
def f(n):
    total = 0.0
    other = 0.0
    for i in range(1, n):
        total += 1.0 / i
        other = other + 0.1 * i - i / 3
    return total, other, total * other - other * total
# ==== no_contraction
# call: 1.0000000000000002, 1.0000000000000002, -1.0000000000000004
# call: 1e16, 1.1, -1.1e16
# call: 0.1, 10.0, -1.0
def f(a, b, c):
    x = a * b + c
    y = c + b * a
    z = c - a * b
    return x, y, z
# ==== minus_zero
# call: 0.0
# call: -0.0
# call: 0
def f(a):
    return -a, 0.0 - a, a + 0.0, a - 0.0, a * -1, a * -1.0, abs(a), -abs(a), a + -0.0, 0 - a, round(a), a % 5.0, a // 5.0
# ==== nan_comparisons
# call: float('nan')
# call: 1.0
def f(x):
    out = [x == x, x != x, x < x, x <= x, x > x, not x < x, x is x]
    if x < 1:
        out.append('less')
    elif x >= 1:
        out.append('at least')
    else:
        out.append('neither')
    while x > 2:
        break
    else:
        out.append('else')
    return out
# ==== chained_comparisons
# call: 1, 2, 3
# call: 3, 2, 1
# call: 1, 2.0, 2
# call: 1, float('nan'), 2
# call: 2**63, 2**64, 2.0**65
# call: 'a', 'b', 'c'
# call: 1, 'b', 2
def f(a, b, c):
    return a < b < c, a <= b > c, a == b != c, a < b == c, not a < b <= c
# ==== chained_evaluates_once
# call: [1, 2, 3]
# call: [3, 2, 1]
# call: [1, 1.0, True]
log = []
def note(x):
    log.append(x)
    return x
def f(v):
    return note(v[0]) < note(v[1]) < note(v[2]), note(v[0]) == note(v[1]) == note(v[2])
# ==== bools_as_ints
# call: True, False
# call: True, True
# call: False, 3
# call: True, 2.5
def f(a, b):
    return a + b, a - b, a * b, a & True, a | False, a ^ True, -a, +a, a << 2, a == 1, a is True, int(a), float(b), a and b, a or b, not a, a < b
# ==== bool_accumulation
# call: [1, 5, 10, 20]
# call: [1.5, 5.5]
# call: []
def f(values):
    count = 0
    flags = False
    every = True
    for value in values:
        count += value > 4
        flags |= value > 10
        every &= value > 0
    return count, flags, every
# ==== bool_invert
# call: 5
# call: True
def f(a):
    return ~a
# ==== bit_mixing
# call: 12345, 50
# call: 2**63, 20
# call: -1, 10
def f(x, n):
    out = []
    for _ in range(n):
        x ^= (x << 13) & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 7
        x ^= (x << 17) & 0xFFFFFFFFFFFFFFFF
        out.append(x)
    return out
# ==== multiply_mask_64
# call: 1, 30
# call: 2**64 - 1, 30
# call: -5, 5
# call: 10**30, 5
def f(h, n):
    out = []
    for i in range(n):
        h = (h ^ i) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        h = (h + (h << 5)) & 0xFFFFFFFFFFFFFFFF
        h ^= h >> 33
        out.append(h)
    return out
# ==== mask_32_then_signed
# call: 77, 40
# call: 2**40, 10
def f(state, n):
    out = []
    for i in range(n):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        value = state
        if value & 0x40000000:
            value -= 0x80000000
        out.append(value)
    return out
# ==== mask_with_negative
# call: 5
# call: -5
# call: 2**70
# call: -2**70
def f(a):
    return a & -1, a & -2, a & ~0xFF, (a * a) & -16, -a & 0xFF, a & (1 << 64), a & (2**64 - 1)
# ==== masked_value_is_also_used_whole
# call: 2**40, 2**40
# call: 3, 4
# call: -2**63, 2**63
def f(a, b):
    product = a * b
    low = product & 0xFFFFFFFF
    return low, product, product >> 32
# ==== modulo_not_mask
# call: 2**40, 2**41
# call: -7, 3
def f(a, b):
    return (a * b) % 2**32, (a * b) % -(2**32), (a + b) % (2**64)
# ==== collatz
# call: 27
# call: 97
# call: 2**62 + 1
def f(n):
    steps = 0
    while n != 1 and steps < 300:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps, n
# ==== gcd_and_signs
# call: 48, 36
# call: -48, 36
# call: 2**80, 2**70 + 2**10
# call: 0, 0
def f(a, b):
    trail = []
    while b:
        a, b = b, a % b
        trail.append((a, b))
    return a, trail
# ==== isqrt_newton
# call: 0
# call: 10**6
# call: 2**62
# call: 2**64 + 12345
# call: 10**40
def f(n):
    if n == 0:
        return 0
    x = n
    y = (x + 1) // 2
    while y < x:
        x = y
        y = (x + n // x) // 2
    return x
# ==== integer_builtins
# call: -7, 3
# call: 2**63, -2**63
# call: -2.5, 7
# call: True, 1
# call: 1.0, 1
def f(a, b):
    return abs(a), min(a, b), max(a, b), min(a, b, 0), max([a, b]), int(a), float(b), bool(a), divmod(a, b), isinstance(a, int), isinstance(b, (int, float))
# ==== min_max_ties_and_nan
# call: 1, 1.0
# call: 1.0, 1
# call: True, 1
# call: float('nan'), 1.0
# call: 1.0, float('nan')
# call: 0.0, -0.0
# call: -0.0, 0
def f(a, b):
    return min(a, b), max(a, b), min(b, a), max(b, a), min(a, b, a), max((a, b, a))
# ==== min_max_errors
# call: 1, 'a'
# call: None, 1
def f(a, b):
    return min(a, b)
# ==== min_of_one_number
# call: 3
# call: [3, 1]
def f(a):
    return max(a)
# ==== int_of_float
# call: 2.9
# call: -2.9
# call: 1e18
# call: 9.3e18
# call: 1e300
# call: -0.0
# call: float('inf')
# call: float('nan')
# call: '12'
# call: 'x'
def f(a):
    return int(a)
# ==== float_of_int
# call: 2**53 + 1
# call: 2**63 + 1025
# call: 10**400
# call: True
# call: '1.5'
# call: None
def f(a):
    return float(a)
# ==== rounding
# call: 0.5
# call: 1.5
# call: 2.5
# call: -0.5
# call: 2.675
# call: 1e20
# call: 12345
# call: float('nan')
# call: float('inf')
# call: True
def f(a):
    return round(a), round(a, 2), round(a, -2), round(a, None)
# ==== round_negative_digits_of_int
# call: 15, -1
# call: 25, -1
# call: 2**63, -3
# call: 2**63, 3
# call: 1.25, 1
# call: 1, 'x'
def f(a, n):
    return round(a, n)
# ==== ord_chr
# call: 65
# call: 1114111
# call: 1114112
# call: -1
# call: 2**70
# call: 'A'
def f(n):
    return chr(n), ord(chr(n))
# ==== sums
# call: [1, 2, 3]
# call: [1, 2.5, True]
# call: [2**62, 2**62, 2**62]
# call: [0.1] * 10
# call: [1e16, 1.0, -1e16]
# call: []
# call: [1, 'a']
def f(values):
    return sum(values), sum(values, 10), sum(tuple(values), 0.5), sum(v for v in values), sum(range(len(values)))
# ==== float_methods
# call: 2.5
# call: -0.0
# call: 3
def f(x):
    return x.is_integer() if isinstance(x, float) else x.bit_length(), x.as_integer_ratio(), x.real, x.conjugate()
# ==== complex_stays_right
# call: 1, 2
# call: 1.5, -2j
def f(a, b):
    c = a + b * 1j
    total = 0
    for i in range(5):
        total += c * i
    return c, c * c, abs(c), total
# ==== math_functions
# call: 0.5
# call: 2.0
# call: -1.0
# call: 1e308
# call: 0
# call: 2**70
# call: float('inf')
# call: float('nan')
# call: True
# call: 'x'
import math
def f(x):
    out = []
    for function in (math.sqrt, math.sin, math.cos, math.exp, math.log, math.floor, math.ceil, math.fabs, math.atan, math.trunc, math.log2, math.isnan, math.isinf):
        try:
            out.append(function(x))
        except (ValueError, OverflowError, TypeError) as error:
            out.append(str(error))
    return out
# ==== math_sqrt_in_loop
# call: [1, 4.0, 2]
# call: [1.0, -1.0]
# call: [1.0, 'a']
# call: [10**400]
import math
def f(values):
    total = 0.0
    for value in values:
        total += math.sqrt(value)
    return total
# ==== math_from_import
# call: 3.0
# call: -1.0
from math import sqrt, pi, floor, pow as power, atan2, hypot
def f(x):
    total = pi
    for i in range(4):
        total += floor(x * i) + power(x, i) + atan2(x, i) + hypot(x, i)
    return total, sqrt(x)
# ==== math_pow_is_not_operator
# call: 2, 3
# call: -8.0, 1/3
# call: 0.0, -1
# call: 1e200, 2
import math
def f(a, b):
    return math.pow(a, b)
# ==== ternary_and_or
# call: 0, 1
# call: 2, 0
# call: 0.0, -0.0
# call: '', []
# call: None, float('nan')
# call: 5, 'x'
def f(a, b):
    return a and b, a or b, not a, a if b else b, (a and b) or (b and a), not (a or b), 1 if a else 2.0 if b else 'neither'
# ==== short_circuit_effects
# call: 0
# call: 1
# call: 5
log = []
def note(x):
    log.append(x)
    return x
def f(x):
    if note(x) and note(x - 1) or note(x - 5):
        return note('yes')
    return note('no') if not note(x) else note('else')
# ==== deep_expression
# call: 3
# call: 2**62
# call: 1.5
# call: True
def f(x):
    return ((((((((x + 1) * (x - 2)) - ((x + 3) * (x + 4))) + (((x - 5) * (x + 6)) - ((x * x) - (x + 7)))) * 2 + x) - ((((x + 8) - (x * 9)) + ((x - 10) * (x + 11))) - (((x + 12) * 3) - ((x - 13) * (x + 14))))) // 3) % 1000003) - x * (x + (x - (x * (x + (x - (x * 2))))))
# ==== long_arithmetic_chain
# call: 1
# call: 2**60
# call: -0.5
def f(x):
    a = x + 1; b = a * 2; c = b - a; d = c + b; e = d * a; g = e - d; h = g + c; i = h * 3
    j = i - g; k = j + h; l = k - i; m = l + j; n = m * 2; o = n - k; p = o + l; q = p - m
    return a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q
# ==== int_subclass
# call: 5
# call: Mine(5)
# call: Mine(2**70)
# call: True
class Mine(int):
    def __add__(self, other):
        return 'added'
    def __lt__(self, other):
        return 'less'
    def __bool__(self):
        return False
def f(a):
    total = 0
    for i in range(3):
        total = total + a if i else a + i
    return total, a + 1, 1 + a, a * 2, a < 3, 'true' if a else 'false', -a, a - 1, a // 2, a == 5
# ==== int_subclass_reflected
# call: 5
# call: Mine(5)
class Mine(int):
    def __radd__(self, other):
        return ('radd', other)
    def __rsub__(self, other):
        return ('rsub', other)
    def __index__(self):
        return 1
def f(a):
    return 10 + a, 10 - a, [7, 8, 9][a if a < 3 else -1], 10.0 + a
# ==== float_subclass
# call: 2.0
# call: Mine(2.0)
class Mine(float):
    def __mul__(self, other):
        return 'product'
    def __eq__(self, other):
        return 'equal'
    __hash__ = None
def f(a):
    return a * 2, 2 * a, a + 1, a == 2, a < 3, -a, a // 1, abs(a)
# ==== plain_subclass_without_overrides
# call: 7
# call: Mine(7)
# call: Real(7.5)
class Mine(int):
    pass
class Real(float):
    pass
def f(a):
    total = a
    for i in range(4):
        total = total + a
    return total, +a, a + 0, a * 1, a & 7 if isinstance(a, int) else a
# ==== type_changes_between_calls
# call: 1, 2
# call: 1.5, 2
# call: 'a', 'b'
# call: [1], [2]
# call: 2**70, 1
# call: True, None
# call: 1, 2
def f(a, b):
    return a + b
# ==== type_changes_in_loop
# call: [1, 2.5, 3]
# call: [1.0, 2, True]
# call: ['a', 'b']
# call: [1, 'b']
# call: [[1], [2]]
def f(values):
    total = values[0]
    for value in values[1:]:
        total = total + value
        total = total * 2
    return total
# ==== polymorphic_local
# call: 10
# call: 70
def f(n):
    x = 0
    out = []
    for i in range(n):
        if i % 3 == 0:
            x = i
        elif i % 3 == 1:
            x = x + 0.5
        else:
            x = str(x)
            out.append(x)
            x = len(x)
        out.append(x)
    return out
# ==== int_becomes_float_in_loop
# call: 5, 2
# call: 5, 0.5
# call: 100, 1
def f(n, step):
    x = 0
    for i in range(n):
        x += step
        if i == 3:
            x = x / 2
    return x
# ==== undefined_after_branch
# call: 1
# call: 0
def f(a):
    if a:
        value = a * 2
    return value
# ==== number_literals
# call: 1
def f(a):
    return 0x7FFFFFFFFFFFFFFF + a, -0x8000000000000000 - a, 1e308 * 10 * a, 0b1011 ^ a, 1_000_000 * a, 2**100 + a, 1.5e-320 * a
# ==== compare_results_are_bool
# call: 1, 2
# call: 1.5, 2
# call: Evil(), 2
class Evil:
    def __lt__(self, other):
        return [1, 2]
    def __gt__(self, other):
        return ''
    def __eq__(self, other):
        return 0
def f(a, b):
    if a < b:
        branch = 'then'
    else:
        branch = 'else'
    return a < b, a > b, a == b, a != b, branch, a < b < 3, (a < b) + 1 if not isinstance(a < b, list) else None
# ==== huge_int_argument_paths
# call: 3
# call: 10**50
# call: -(10**50)
def f(a):
    out = []
    for i in range(5):
        out.append(a + i)
        out.append(a * i)
        out.append(a - i)
        out.append(a // (i + 1))
        out.append(a % (i + 1))
        out.append(a & 0xFFFF)
        out.append(a >> i)
        out.append(a < i)
    return out
# ==== digits_limit
# call: 100
# call: 20000
def f(n):
    value = 1
    for i in range(n // 100):
        value *= 2**100
    return str(value)[:20]
# ==== maximum_with_an_int_of_all_bits
# call: 5
# call: 2**62
# call: -(2**62)
def f(n):
    top = 9223372036854775807
    low = -9223372036854775808
    out = []
    for i in range(3):
        out.append(max(top, n * n - i) & 1)
        out.append(min(low, -n * n * 2 + i) & 3)
        out.append(max(n * n, top) % 10 == min(top, n * n) % 10)
    return out
# ==== powers_by_half_and_by_two
# call: [0.0, -0.0, 1.0, 2.0, 3.0, 4.0, 9.0, 0.25, 0.1, 1e300, 1e-300, 1.7976931348623157e308]
# call: [5e-324, 2.2250738585072014e-308, 1e-310, 2.0**-960, 2.0**-961, 2.0**-450, 2.0**-451, 1e154, 1.4e154]
# call: [1.0000000000000002, 0.9999999999999999, 4.000000000000001, 3.9999999999999996, 1.0000000000000004]
# call: [2.0**k for k in range(-1074, 1024)]
# call: [2.0**k * 0.9999999999999999 for k in range(-1000, 1024)]
# call: [2.0**k * 1.0000000000000002 for k in range(-1000, 1023)]
# call: [float('inf')]
# call: [float('nan')]
# call: [2.0, float('-inf')]
# call: [2.0, -1.5, -2.0]
# call: [1e200, 1.0]
def f(values):
    out = []
    for x in values:
        out.append(x**0.5)
    try:
        for x in values:
            out.append(x**2)
            out.append(x**2.0)
    except OverflowError as caught:
        out.append(str(caught))
    return out
# ==== powers_by_half_and_by_two_of_many
# call: 1, 2000, 1.0
# call: 2, 2000, 1e-5
# call: 3, 2000, 3e100
# call: 4, 2000, 1e-140
# call: 5, 300, 1e-300
def f(seed, n, scale):
    out = []
    for i in range(n):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        x = ((seed >> 11) + 1) * 2.0**-53 * scale
        out.append(x**0.5)
        out.append(x**2)
        y = (seed >> 40) * 1.0
        out.append((y * y) ** 0.5)
    return out
