# different (outcome: plain returned, jit returned), CPython 3.11
# outcome differs in call 1: f(3.75, 'a', bytearray(b'abc\xff\x00'))  [Python 3.11.7]
#   at    .1.2.3.1
#   plain '0x1.8000000000000p-1'
#   jit   '0x1.6000000000000p+1'
#   whole plain outcome: ('returned', ('tuple', 3, (('float', '0x1.e000000000000p+1'), ('str', 'a'), ('same', 'bytearray', 1), ('float', '0x1.8000000000000p-1'), ('int', 3), ('list', 4, (('int', 1), ('int', -3))), ('list', 5, (('float', '0x
#   whole jit   outcome: ('returned', ('tuple', 3, (('float', '0x1.e000000000000p+1'), ('str', 'a'), ('same', 'bytearray', 1), ('float', '0x1.6000000000000p+1'), ('int', 3), ('list', 4, (('int', 1), ('int', -3))), ('list', 5, (('float', '0x
# ==== call_result_or_constant
# options: private_builtins
# call: 3.75, 'a', bytearray(b'abc\xff\x00')
def h0(p0, p1, p2):
    v2 = 1
    for x5 in [v2, v2]:
        pass
    else:
        v6 = v2 * x5 + 5 << (x5 + x5 - (v2 + 8) & 18446744073709551615 & 7)
    return 1

def f(p0, p1, p2):
    v1 = p0
    v2 = 3
    v3 = [1, -3][:3]
    v4 = [-2.5 * v1, v1, 0.5] if 2 - (v2 + 8) & 2147483647 == 13 + v2 else [j * 0.5 for j in range(1)]
    for i5 in range(4611686018427387904, 4611686018427387988, 7):
        pass
    v1 -= v2 / (h0(v1, p2, v3) or 3)
    return (p0, p1, p2, v1, v2, v3, v4, i5)
