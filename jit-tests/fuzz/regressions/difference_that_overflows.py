# ==== difference_that_overflows
# call: 1
# call: 3
def f(k):
    s = 0
    for i in range(-9223372036854775808, -9223372036854775796):
        if i - 10 != i or k == 3:
            s += k
        else:
            s -= 1
    return s
