# crash (SIGSEGV), CPython 3.13
# Fatal Python error: Segmentation fault
# 
# Current thread 0x00007efe7d843c40 (most recent call first):
#   File "<differential 0>", line 9 in f
# ==== enumerate_of_int_in_callee
# call: 10, 9007199254740993, (-2)
# call: 4294967295, (-9007199254740991), True
def h0(p0, p1):
    v1 = 0
    v2 = v1 * 5 or 1.5
    for i9, x8 in enumerate(p1 if v2 != v2 else p1):
        pass
    return p0 * 3

def f(p0, p1, p2=10):
    v1 = [p2 - 3, p0]
    v3 = min(p2, p1)
    h0(p1 ^ v3, 'hello')
    v1.extend([h0(p2, 'x y')])
