# ==== arguments_beyond_64_bits_in_a_handler
# call: (-0.0), (-2)
# call: (-2.5), -(2**65)
def h0(p0, p1, p2):
    if p1:
        pass

def f(p0, p1):
    v1 = p1
    for x5 in b'hello':
        try:
            v7 = array
        except Exception as x8:
            if h0(x5, v1, 0.1):
                pass
            elif h0(False, x5, 0):
                pass
