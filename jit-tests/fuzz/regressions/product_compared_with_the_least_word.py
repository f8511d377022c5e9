# ==== product_compared_with_the_least_word
# call: bytearray(b'abc\xff\x00'), [(-2), 10, 5, 5], [4, (-1073741824), 1, 9007199254740991], 5
def f(p0, p1, p2, p3):
    v1 = [p3 for _ in range(1)]
    for i2 in range(-9223372036854775808, 0, 1):
        if not not i2 * 3 < i2:
            p3, *v4 = [x for x in v1]
            g0 = v4[i2]
        elif i2 << 1:
            pass
