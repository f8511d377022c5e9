# Functions known by their code: arguments, cells, items; closures made and called in loops.
# ==== function_argument_called_in_a_loop
# call: adder(3), 0, 200
# call: adder(2.5), 0, 200
# call: adder('x'), '', 200
# call: lambda x: x * 2 + 1, 1, 100
# call: lambda x, y=5: x + y, 1, 100
# call: len, 'abc', 1
# call: Twice(), 1, 60
# call: lambda x: bad, 1, 60
# call: lambda: 5, 1, 60
def adder(k):
    def add(x):
        return x + k
    return add
class Twice:
    def __call__(self, x):
        return x + 2
def f(function, x, n):
    for _ in range(n):
        x = function(x)
    return x
# ==== different_closures_at_one_call
# call: 120
def adder(k):
    def add(x):
        return x + k
    return add
def f(n):
    total = 0
    functions = [adder(1), adder(10**18), adder(2**62), adder(0.5), lambda x: x - 1]
    for i in range(n):
        for function in functions:
            total += function(i)
    return total
# ==== composed
# call: 150
def compose(f, g):
    return lambda x: f(g(x))
def adder(k):
    return lambda x: x + k
def apply(function, x, n):
    for _ in range(n):
        x = function(x)
    return x
def f(n):
    return apply(compose(adder(3), adder(4)), 0, n), apply(compose(adder(2**61), adder(2**62)), 0, n)
# ==== nonlocal_counter
# call: 200
def counter():
    count = 0
    def bump(step):
        nonlocal count
        count += step
        return count
    return bump
def drive(bump, n):
    total = 0
    for i in range(n):
        total += bump(i)
    return total
def f(n):
    one, two = counter(), counter()
    return drive(one, n), drive(two, n), drive(one, n), one(0), two(0)
# ==== cell_that_grows_beyond_the_machine
# call: 100
def counter():
    count = 1
    def double():
        nonlocal count
        count = count * 3 + 1
        return count
    return double
def drive(step, n):
    last = None
    for _ in range(n):
        last = step()
    return last
def f(n):
    return drive(counter(), n)
# ==== code_is_replaced_while_it_runs
# call: 60
def adder(k):
    def add(x):
        return x + k
    return add
def other(k):
    def subtract(x):
        return x - k
    return subtract
def drive(function, n, at):
    total = 0
    for i in range(n):
        if i == at:
            function.__code__ = other(1).__code__
        total += function(i)
    return total
def f(n):
    return [drive(adder(5), n, at) for at in (-1, -1, -1, 7, 30, -1)]
# ==== errors_inside
# call: 60
def divider(k):
    def divide(x):
        y = k - x
        return 100 // y
    return divide
def drive(function, n):
    total = 0
    for i in range(n):
        total += function(i)
    return total
def f(n):
    out = []
    for k in (1000, 1000, 30, 1000, 5):
        try:
            out.append(drive(divider(k), n))
        except ZeroDivisionError as error:
            lines, trace = [], error.__traceback__
            while trace:
                lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno, sorted(trace.tb_frame.f_locals)))
                trace = trace.tb_next
            out.append((str(error), lines[1:]))
    return out
# ==== unbound_cell
# call: 60
def make(bind):
    def get(x):
        return x + value
    if bind:
        value = 5
    return get
def drive(function, n):
    total = 0
    for i in range(n):
        total += function(i)
    return total
def f(n):
    out = []
    for bind in (True, True, False, True):
        try:
            out.append(drive(make(bind), n))
        except NameError as error:
            out.append(str(error))
    return out
# ==== left_in_the_statement_that_makes_a_function
# call: 300
# call: 300.5
def made(x):
    k = x
    function, moved = (lambda: k), x + 1
    return function() + moved
def with_defaults(x):
    functions = [lambda a=x, *, b=x: (a, b), x + 1]
    return functions[0](), functions[1]
def f(last):
    total = 0
    for x in (1, 2, 3) * 100 + (last, 'text'):
        try:
            a, b = with_defaults(x)
            total += made(x) + a[0] + a[1] + b
        except TypeError as error:
            total = str(total) + str(error)
    return total
