# ==== list_stored_in_itself
# call: [False, False, 'a', float('-inf'), 1, (-9223372036854775807)]
def f(p0):
    for i2 in range(2147483646, 2147483846):
        if bytearray(0):
            pass
    v6 = 0
    p0[v6] = p0
