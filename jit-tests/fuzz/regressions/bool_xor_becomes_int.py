# different (outcome: plain returned, jit returned), CPython 3.11
# outcome differs in call 11: f([1, 2.5, True])  [Python 3.11.7]
#   at    .1.2.1.0
#   plain 'bool'
#   jit   'int'
#   whole plain outcome: ('returned', ('tuple', 3, (('same', 'list', 1), ('bool', True), ('list', 4, (('int', 1261), ('bool', True), ('float', '0x1.4000000000000p+1'), ('int', 0), ('int', 0), ('int', 0))), ('float', '-0x0.0p+0'), ('int', 0)
#   whole jit   outcome: ('returned', ('tuple', 3, (('same', 'list', 1), ('int', 1), ('list', 4, (('int', 1261), ('bool', True), ('float', '0x1.4000000000000p+1'), ('int', 0), ('int', 0), ('int', 0))), ('float', '-0x0.0p+0'), ('int', 0), ('
# ==== bool_xor_becomes_int
# call: [7, (-1), 2, 2, (-4294967297), 2]
# call: [1, 2.5, True]
# call: []
def f(p0):
    v1 = 31 >> 5
    v2 = sorted(p0)
    v3 = (v1 + 4) * -0.0
    k4 = 0
    for i6 in range(len(v2)):
        if len(v2) < 30:
            v2.extend([v1 if not v1 < v1 != v1 else --3])
    for i7 in range(-9223372036854775808, -9223372036854775898, -3):
        for x8 in p0[:6] + [2][:4]:
            pass
        else:
            v2[k4 % (len(v2) or 1)] = ord('abc'[:1] or 'q') * 13
        v11 = ''[:8]
        v1 = v2[v2[i7 % (len(v2) or 1)] % (len(v2) or 1)]
    k12 = 0
    while k12 < 6:
        k12 += 1
        v1 ^= v3 > v3 if 'abc' <= 'é😀z' else k12 >= k4
        v13 = [k12, ord(''[:1] or 'q') >> 63][:8]
        v14 = bytes(bytearray(b'abc\xff\x00'))[:8]
    return (p0, v1, v2, v3, k4, k12)
