# ==== sum_that_overflows_in_a_difference
# call: 10
def f(p0):
    v1 = [0, 0, 0, 0]
    for i3 in range(-9223372036854775808, -9223372036854775805):
        if 4 < i3 - (i3 + i3):
            v1[0] = i3
    return v1
