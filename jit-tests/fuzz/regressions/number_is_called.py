# An int that machine code holds unboxed is called: a crash.
# ==== number_is_called
# call: 4294967296
# call: 3
def f(p0):
    v1 = 0
    v2 = v1 * p0
    return v2(p0)
# ==== float_is_called_with_keywords
# call: 1.5
def f(p0):
    return (p0 * 2.0)(p0, a=p0)
