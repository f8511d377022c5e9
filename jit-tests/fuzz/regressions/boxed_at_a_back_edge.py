# ==== boxed_at_a_back_edge
# call: 3, 7, (-0.0)
# call: 2147483649, MyInt(2**70), 0.0
class MyInt(int):
    pass

def f(p0, p1, p2):
    v1 = p1
    v2 = 0
    v3 = v1
    k4 = 0
    while k4 < 1:
        k4 += 1
        v5 = [1.0, 0.0, 0, 0, 0][0]
        v3 &= sum((i for i in range(1)))
    try:
        pass
    finally:
        v2 = sum // (v2 or 1.5)
