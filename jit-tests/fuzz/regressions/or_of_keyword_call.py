# different (arguments: plain returned, jit returned), CPython 3.13
# arguments differ in call 1: f([13, (-1), (-3)], 7, [13, 1, (-2), 3])  [Python 3.13.0]
#   at    .0.2.2.2.1.1
#   plain 7
#   jit   1
#   whole plain arguments: (('tuple', 0, (('list', 1, (('int', 13), ('int', -1), ('int', -3))), ('int', 7), ('list', 2, (('int', 13), ('int', 7), ('int', -2), ('int', 3))))), ('dict', 3, ()))
#   whole jit   arguments: (('tuple', 0, (('list', 1, (('int', 13), ('int', -1), ('int', -3))), ('int', 7), ('list', 2, (('int', 13), ('int', 1), ('int', -2), ('int', 3))))), ('dict', 3, ()))
# ==== or_of_keyword_call
# call: [13, (-1), (-3)], 7, [13, 1, (-2), 3]
def h1(p0, p1, p2):
    for x4 in list(range(0)):
        pass
    return p2

def f(p0, p1, p2):
    v3 = p1
    p2[1] = h1(p1, 0, p2=v3) or 1
