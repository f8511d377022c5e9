# ==== power_that_is_a_float
# call: 2147483647
def f(p0):
    v1 = 0
    v2 = 1
    for x6, x7 in zip('I', [0, 1.0, 0.1]):
        v9 = v1 & v2 ** (-1)
        x6 >>= 1
