# ==== wide_int_compared_with_a_constant
# call: 2.0, 13, array('i', [78]), 2
# call: 1e16, 5, array('B', [84, 2, 29, 59, 24]), 4611686018427387904
from array import array

def h0(p0, p1):
    pass

def f(p0, p1, p2, p3=0):
    v1 = max(p3, 1073741824, 0)
    v2 = [v1 for _ in range(0)]

    def c3(a4):
        nonlocal p3
    v5 = abs(p0) if chr(p3 % 1) != h0(b'a', p1=[False, 1, '', 0, False, 0]) else p0
    v2 = v2[p1 % 1]
