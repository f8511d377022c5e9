# different (outcome: plain returned, jit returned), CPython 3.11
# outcome differs in call 5: f(8, (-4611686018427387904), (-2.5))  [Python 3.11.7]
#   at    .1.2.1.1
#   plain -1
#   jit   0
#   whole plain outcome: ('returned', ('tuple', 2, (('int', 8), ('int', -1), ('float', '-0x1.4000000000000p+1'), ('float', '-0x1.4000000000000p+1'), ('int', 8), ('list', 3, (('int', 8), ('int', 0), ('int', 3), ('int', -1), ('int', 4), ('int
#   whole jit   outcome: ('returned', ('tuple', 2, (('int', 8), ('int', 0), ('float', '-0x1.4000000000000p+1'), ('float', '-0x1.4000000000000p+1'), ('int', 8), ('list', 3, (('int', 8), ('int', 0), ('int', 3), ('int', -1), ('int', 4), ('int'
# ==== negative_modulo_index
# call: (-4611686018427387903), 10, 9223372036854775808.0
# call: 63, 9223372036854775809, (-1.0)
# call: 8, (-4611686018427387904), (-2.5)
from array import array

def h1(p0, p1):
    v1 = -5 | 10
    return max(p0, v1) + p0 % (p0 or 1.5)

def f(p0, p1, p2):
    v1 = h1(p2, p2)
    v3 = [8, 0, 3, -1, 4, -2147483647][:6] + [4, 3, 257, -9223372036854775809][:4]
    for i4 in range(-9223372036854775808, -9223372036854775820, -1):
        v2 = p0 if -v1 > p1 - 13 else v3[i4 % (len(v3) or 1)]
        v5 = v2 >> 63
        p1 >>= 64
        v3[v2 % (len(v3) or 1)], v3[(v5 - 4) % (len(v3) or 1)] = (v3[(v5 - 4) % (len(v3) or 1)], v3[v2 % (len(v3) or 1)])
        v6 = array('h', [49, 54, 51, 78])
    v7 = (p0 << 32) % (2 ** 31 - 1)
    v7 %= p0 or 3
    for i8 in range(0, -12, -1):
        v9 = p0
    return (p0, p1, p2, v1, v2, v3, v7, i8)
