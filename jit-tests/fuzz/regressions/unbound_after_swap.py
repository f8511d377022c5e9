# different (outcome: plain IndexError, jit UnboundLocalError), CPython 3.11
# outcome differs in call 3: f([5, (-3), (-1), 10], (-1.0))  [Python 3.11.7]
#   at    .1.1
#   plain 'IndexError'
#   jit   'UnboundLocalError'
#   whole plain outcome: ('raised', ('error', 'IndexError', (('str', 'list assignment index out of range'),), ('name', ('NoneType', None)), ('traceback', 1, (('f', 8, (8, 8, 12, 18), (('i6', ('int', 2)), ('i9', ('int', 1)), ('p0', ('same', 
#   whole jit   outcome: ('raised', ('error', 'UnboundLocalError', (('str', "cannot access local variable 'x5' where it is not associated with a value"),), ('name', ('NoneType', None)), ('traceback', 1, (('f', 'unsteady', (('i6', ('int', 2)
# ==== unbound_after_swap
# call: [5, (-3), (-1), 10], (-1.0)
def f(p0, p1):
    v1 = p1
    v2 = 1
    for i6, x5 in enumerate((v2, v1), 1):
        pass
    for x8 in [0, 0, 0, 34]:
        for i9 in range(1, 9):
            p0[x8] = x8
            x5, v1 = (v1, x5)
