# different (arguments: plain returned, jit returned), CPython 3.11
# ==== square_masked_to_one_bit
# call: [0, (-3), (-1), 5, 4]
def f(p0):
    v2 = 0
    v2, v3 = (-9007199254740992, v2)
    p0[0] = v2 * v2 & 1
