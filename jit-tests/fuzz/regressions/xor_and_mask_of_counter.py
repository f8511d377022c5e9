# different (outcome: plain returned, jit returned), CPython 3.13
# outcome differs in call 1: f(3.75)  [Python 3.13.0]
#   at    .1.1
#   plain '-0x1.d880000000000p+7'
#   jit   '-0x1.9c80000000000p+7'
#   whole plain outcome: ('returned', ('float', '-0x1.d880000000000p+7'))
#   whole jit   outcome: ('returned', ('float', '-0x1.9c80000000000p+7'))
# ==== xor_and_mask_of_counter
# call: 3.75
def f(p0=0.5):
    v2 = 0
    for i5 in range(-9223372036854775808, -9223372036854775748, 1):
        for i6 in range(-1, -8, -1):
            v2 ^= i6 * i6 & 1
            p0 -= v2
    return p0
