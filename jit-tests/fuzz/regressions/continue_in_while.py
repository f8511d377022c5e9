# `continue` jumps to the condition at the top, the end of the body to its copy at the bottom: two loops
# that overlap. What the inner part assigns, the outer loop has to carry.
# ==== continue_in_while
# call: 1, 0.25
# call: 1, 0.25
# call: 2, 3.0
# call: 3, 3.0
# call: 5, 3.0
def f(p0, p1):
    v1 = p1
    k2 = 0
    while k2 < 5:
        k2 += 1
        if k2 != p0: continue
        v1 /= p0
    return (p0, v1, k2)
