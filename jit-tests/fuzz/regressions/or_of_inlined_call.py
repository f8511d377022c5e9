# different (outcome: plain returned, jit returned), CPython 3.11
# outcome differs in call 1: f([], [64, 7], (-9223372036854775808.0), 2)  [Python 3.11.7]
#   at    .1.1
#   plain 2
#   jit   1
#   whole plain outcome: ('returned', ('int', 2))
#   whole jit   outcome: ('returned', ('int', 1))
# ==== or_of_inlined_call
# call: [], [64, 7], (-9223372036854775808.0), 2
def h0(p0=0):
    v1 = p0
    v2 = len(bytearray(b'a')) // 1
    return v1

def f(p0, p1, p2, p3):
    v1 = h0(p3)
    v2 = v1 or 1
    return v2
