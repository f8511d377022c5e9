# different (references to arguments: plain IndexError, jit IndexError), CPython 3.11
# references to arguments differ in call 1: f(2, [], 2, b'hello')  [Python 3.11.7]
#   at    .0
#   plain 2
#   jit   4
#   whole plain references to arguments: (2, 6)
#   whole jit   references to arguments: (4, 8)
# ==== wide_constant_of_a_callee_compiled_in_a_handler
# call: 2, [], 2, b'hello'
def h0(p0):
    v1 = 11400714819323198485

def f(p0, p1, p2, p3):
    v1 = 0
    try:
        p1[p0], p1[1] = p1
    except Exception as x3:
        p0 = p0 - h0(v1)
    finally:
        p0 = p1[p0]
    for i4 in range:
        pass
