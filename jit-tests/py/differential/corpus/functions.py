# Calls, arguments, recursion, closures, globals, builtins, and callees that look at or change the caller.
# ==== defaults_and_keywords
# call: 1
# call: 1, 2
# call: 1, c=5
# call: 1, 2, 3, d=4
# call: a=1, b=2.5
# call:
# call: 1, 2, 3, 4
# call: 1, a=2
# call: 1, z=2
def f(a, b=10, c=2.5, *, d=7):
    total = 0
    for i in range(3):
        total += a * b - c + d
    return total, a, b, c, d
# ==== star_arguments
# call: 1, 2, 3
# call: 1
# call: 1, 2, x=3, y=4.5
# call:
def f(a, *rest, **named):
    total = a
    for value in rest:
        total += value
    for key in named:
        total += named[key]
    return total, rest, named
# ==== positional_only
# call: 1, 2
# call: 1, b=2
# call: a=1, b=2
def f(a, /, b):
    return a - b
# ==== calls_with_everything
# call: 5
def g(a, b=2, *args, c=3, **kwargs):
    return a, b, args, c, sorted(kwargs.items())
def f(n):
    out = []
    rest = (7, 8)
    named = {'c': 9, 'z': 1}
    for i in range(n):
        out.append(g(i))
        out.append(g(i, c=i))
        out.append(g(b=i, a=1))
        out.append(g(*rest))
        out.append(g(i, *rest, **named))
        out.append(g(i, *rest, y=4, **{'x': i}))
        out.append(g(*[i], **named))
    return out
# ==== wrong_argument_counts
# call: 0
# call: 1
# call: 2
# call: 3
# call: 4
def g(a, b, c=0, *, k=1):
    return a + b + c + k
def f(which):
    if which == 0:
        return g(1, 2)
    if which == 1:
        return g(1)
    if which == 2:
        return g(1, 2, 3, 4)
    if which == 3:
        return g(1, 2, j=3)
    return g(1, 2, a=3)
# ==== default_is_mutable
# call: 1
# call: 2
def f(n, seen=[]):
    seen.append(n)
    total = 0
    for value in seen:
        total += value
    return total, seen
# ==== defaults_changed_later
# call: 1
# call: 1, 2
def g(a, b=5):
    return a * b
def f(n, m=None):
    first = g(n)
    g.__defaults__ = (7 + n,)
    return first, g(n), g(n, 2)
# ==== evaluation_order
# call: 1
log = []
def note(x):
    log.append(x)
    return x
def g(*args, **kwargs):
    return len(args) + len(kwargs)
def f(n):
    a = [0, 0, 0]
    a[note(1)] = note(2)
    a[note(0)], a[note(2)] = note(5), note(6)
    r = g(note('a'), *[note('b')], k=note('c'), **{'z': note('d')})
    d = {note('k'): note('v')}
    return note(3) + note(4) * note(5), note(1) if note(0) else note(9), a, r, d, note(7) - note(8)
# ==== recursion_fib
# call: 12
# call: 0
# call: 2.5
# call: True
def f(n):
    if n < 2:
        return n
    return f(n - 1) + f(n - 2)
# ==== recursion_factorial_goes_big
# call: 5
# call: 25
# call: 60
def f(n):
    return 1 if n <= 1 else n * f(n - 1)
# ==== recursion_float_and_int_results
# call: 6
# call: 1
def f(n):
    if n == 0:
        return 0
    if n % 2:
        return f(n - 1) + 0.5
    return f(n - 1) * 2 + 1
# ==== recursion_ackermann
# call: 2, 3
# call: 1, 5
def f(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return f(m - 1, 1)
    return f(m - 1, f(m, n - 1))
# ==== mutual_recursion
# call: 10
# call: 7
# call: 3.0
def even(n):
    return True if n == 0 else odd(n - 1)
def odd(n):
    return False if n == 0 else even(n - 1)
def f(n):
    return even(n), odd(n)
# ==== recursion_raises_at_the_bottom
# call: 5
# call: 0
def f(n):
    if n == 0:
        return 1 // n
    return n + f(n - 1)
# ==== recursion_with_list_argument
# call: [3, 1, 2, 5, 4]
# call: []
# call: [2.5, 1]
def f(a):
    if len(a) <= 1:
        return a
    pivot = a[0]
    return f([x for x in a[1:] if x < pivot]) + [pivot] + f([x for x in a[1:] if x >= pivot])
# ==== recursion_in_place_quicksort
# call: [3, 1, 2, 5, 4, 9, 0]
# call: [2.5, 1, 7]
# call: [1, 'x', 2]
def sort(a, low, high):
    if low < high:
        pivot = a[high]
        i = low
        for j in range(low, high):
            if a[j] < pivot:
                a[i], a[j] = a[j], a[i]
                i += 1
        a[i], a[high] = a[high], a[i]
        sort(a, low, i - 1)
        sort(a, i + 1, high)
def f(a):
    sort(a, 0, len(a) - 1)
    return a
# ==== infinite_recursion_message
# call: 1
def g(n):
    return g(n + 1) + 1
def f(n):
    try:
        g(n)
    except RecursionError as error:
        return str(error)
# ==== infinite_recursion_depth_counted
# call: 1
depth = 0
def g(n):
    global depth
    depth += 1
    return g(n + 1) + 1
def f(n):
    global depth
    depth = 0
    try:
        g(n)
    except RecursionError:
        return depth
# ==== infinite_recursion_depth_by_argument
# call: 1
def g(n, seen):
    seen[0] = n
    g(n + 1, seen)
def f(n):
    seen = [0]
    try:
        g(n, seen)
    except RecursionError:
        pass
    return seen
# ==== recursion_error_traceback
# call: 1
def f(n):
    return f(n + 1)
# ==== recursion_error_in_mutual
# call: 1
count = 0
def g(n):
    global count
    count += 1
    return h(n) + 1
def h(n):
    return g(n) * 2
def f(n):
    global count
    count = 0
    try:
        g(n)
    except RecursionError as error:
        return count, str(error)
# ==== calls_other_types_each_time
# call: 6
def g(a, b):
    return a + b
def f(n):
    out = []
    for i in range(n):
        out.append(g(i, i))
        out.append(g(i * 0.5, i))
        out.append(g('a', 'b'))
        out.append(g([i], [i]))
        out.append(g(2**62 + i, 2**62))
    return out
# ==== callee_raises_for_some
# call: [4, 2, 1]
# call: [4, 0, 1]
# call: [4, 'x']
def g(x):
    return 10 // x
def f(values):
    total = 0
    for value in values:
        total += g(value)
    return total
# ==== callee_returns_none
# call: 3
def g(x):
    if x == 2:
        return x
def f(n):
    out = []
    for i in range(n):
        out.append(g(i))
    return out, g(0) is None
# ==== callee_defined_later
# call: 4
def f(n):
    return later(n) + later(n + 1)
def later(n):
    return n * 2
# ==== callee_replaced_in_loop
# call: 6
def g(x):
    return x + 1
def h(x):
    return x * 100
def replace(i):
    global g
    if i == 2:
        g = h
def f(n):
    out = []
    for i in range(n):
        out.append(g(i))
        replace(i)
    return out
# ==== callee_code_replaced
# call: 6
def g(x):
    return x + 1
def other(x):
    return x - 1.5
original = g.__code__
def f(n):
    out = []
    g.__code__ = original
    for i in range(n):
        out.append(g(i))
        if i == 2:
            g.__code__ = other.__code__
    return out
# ==== own_code_replaced_while_running
# call: 5
def other(n):
    return 'other', n
def swap():
    f.__code__ = other.__code__
def f(n):
    total = 0
    for i in range(n):
        total += i
        if i == 2:
            swap()
    return total
# ==== closures_read
# call: 5
def f(n):
    scale = 3
    def g(x):
        return x * scale + n
    total = 0
    for i in range(n):
        total += g(i)
    scale = 0.5
    return total, g(1), g(2)
# ==== closures_write
# call: 5
# call: 70
def f(n):
    count = 0
    total = 1
    def bump(x):
        nonlocal count, total
        count += 1
        total = total * 2 + x
        return count
    out = []
    for i in range(n):
        out.append(bump(i))
        count += 10
    return out, count, total
# ==== closure_cell_unbound
# call: 1
# call: 0
def f(n):
    def g():
        return value
    if n:
        value = 5
    first = g()
    del value
    return first, g()
# ==== closure_own_cell_unbound
# call: 1
# call: 0
def f(n):
    def g():
        return value
    if n:
        value = 5
        del value
    return value
# ==== closure_per_iteration
# call: 4
def f(n):
    functions = []
    for i in range(n):
        def g(x, k=i):
            return x + k + i
        functions.append(g)
    return [g(10) for g in functions]
# ==== closure_counter_returned
# call: 3
def make(start):
    value = start
    def step(by=1):
        nonlocal value
        value += by
        return value
    return step
def f(n):
    a, b = make(0), make(0.5)
    out = []
    for i in range(n):
        out.append((a(), b(i), a(b())))
    return out
# ==== closure_type_changes
# call: 6
def f(n):
    x = 1
    def grow():
        nonlocal x
        x = x * 2 if not isinstance(x, str) else len(x)
        if x > 8:
            x = 'long' * int(x)
        return x
    return [grow() for _ in range(n)], x
# ==== recursion_in_closure
# call: 8
def f(n):
    memo = {}
    def fib(k):
        if k < 2:
            return k
        if k not in memo:
            memo[k] = fib(k - 1) + fib(k - 2)
        return memo[k]
    return fib(n), memo
# ==== lambdas
# call: 4
def f(n):
    double = lambda x: x * 2
    compose = lambda g, h: lambda x: g(h(x))
    quad = compose(double, double)
    return [quad(i) for i in range(n)], sorted(range(n), key=lambda x: -x), (lambda *a, **k: (a, k))(1, b=n)
# ==== globals_read_write
# call: 5
total = 0
scale = 2
def f(n):
    global total
    total = 0
    for i in range(n):
        total += i * scale
        total = total % 1000
    return total
# ==== globals_rebound_by_callee
# call: 6
scale = 2
def change(i):
    global scale
    if i == 3:
        scale = 0.5
    if i == 4:
        scale = 'x'
def f(n):
    global scale
    scale = 2
    out = []
    for i in range(n):
        out.append(i * scale)
        change(i)
    return out
# ==== globals_rebound_via_dict
# call: 6
scale = 2
def f(n):
    out = []
    namespace = globals()
    namespace['scale'] = 2
    for i in range(n):
        out.append(i + scale)
        if i == 2:
            namespace['scale'] = 2**70
    return out
# ==== global_deleted_mid_loop
# call: 4
scale = 3
def drop(i):
    global scale
    if i == 2:
        del scale
def f(n):
    global scale
    scale = 3
    total = 0
    for i in range(n):
        total += scale
        drop(i)
    return total
# ==== global_missing
# call: 0
# call: 1
def f(n):
    if n:
        return undefined_name + 1
    return n
# ==== global_shadows_builtin_later
# call: 6
def shadow(i):
    if i == 2:
        globals()['len'] = lambda items: -1
    if i == 4:
        del globals()['len']
def f(n):
    out = []
    items = [1, 2, 3]
    for i in range(n):
        out.append(len(items))
        shadow(i)
    return out
# ==== global_shadows_range_and_abs
# call: 6
def shadow(i):
    if i == 2:
        globals()['abs'] = lambda x: 'abs'
        globals()['range'] = lambda *a: [99]
def f(n):
    globals().pop('abs', None)
    globals().pop('range', None)
    out = []
    for i in range(n):
        out.append(abs(-i))
        for j in range(2):
            out.append(j)
        shadow(i)
    return out
# ==== builtin_replaced_in_builtins
# options: private_builtins
# call: 6
def change(i):
    if i == 2:
        __builtins__['len'] = lambda items: 1000
        __builtins__['min'] = max
    if i == 4:
        del __builtins__['len']
def f(n):
    __builtins__['len'] = [].__len__.__class__ and (lambda items: sum(1 for _ in items))
    out = []
    for i in range(n):
        out.append(min(i, 3))
        out.append(len([1, 2]))
        change(i)
    return out
# ==== builtin_deleted
# options: private_builtins
# call: 2
# call: 5
original = abs
def f(n):
    __builtins__['abs'] = original
    out = []
    for i in range(n):
        out.append(abs(i - 2))
        if i == 3:
            del __builtins__['abs']
    return out
# ==== builtin_range_replaced
# options: private_builtins
# call: 5
def f(n):
    out = []
    for i in range(n):
        for j in range(3):
            out.append(j)
        if i == 2:
            __builtins__['range'] = lambda k: 'ab'
    return out
# ==== builtin_isinstance_replaced
# options: private_builtins
# call: [1, 2.5, 'x', True]
def f(values):
    out = []
    for value in values:
        out.append(isinstance(value, int))
        __builtins__['isinstance'] = lambda a, b: 'patched'
    return out
# ==== math_module_attribute_replaced
# call: 5
import types
math = types.SimpleNamespace(sqrt=lambda x: x ** 0.5, floor=int)
def f(n):
    out = []
    for i in range(n):
        out.append(math.sqrt(i))
        if i == 2:
            math.sqrt = lambda x: 'patched'
    math.sqrt = lambda x: x ** 0.5
    return out
# ==== real_math_patched_and_restored
# call: 6
import math
original = math.sqrt
def f(n):
    out = []
    try:
        for i in range(n):
            out.append(math.sqrt(i))
            if i == 2:
                math.sqrt = lambda x: -x
    finally:
        math.sqrt = original
    return out
# ==== name_math_rebound
# call: 5
import math
real = math
class Other:
    pi = 3
    @staticmethod
    def sin(x):
        return 'sin'
def f(n):
    global math
    math = real
    out = []
    for i in range(n):
        out.append(math.sin(i) if i != 1 else math.pi)
        if i == 2:
            math = Other
    math = real
    return out
# ==== builtins_as_values
# call: 4
def f(n):
    choose = [len, abs, sum, max, int, float, bool, ord, chr, str]
    out = []
    for i in range(n):
        g = choose[i % 3]
        out.append(g([i]) if g in (len, sum) else g(-i))
    smallest = min
    return out, smallest(n, 2), [g.__name__ for g in choose], list(map(abs, range(-n, 0)))
# ==== builtin_errors
# call: 0
# call: 1
# call: 2
# call: 3
# call: 4
# call: 5
# call: 6
# call: 7
# call: 8
def f(which):
    if which == 0:
        return len(5)
    if which == 1:
        return abs('x')
    if which == 2:
        return ord('ab')
    if which == 3:
        return min()
    if which == 4:
        return max([])
    if which == 5:
        return divmod(1, 0)
    if which == 6:
        return len()
    if which == 7:
        return sum(5)
    return isinstance(1, 5)
# ==== len_of_many_things
# call: [1], 'ab', (1, 2, 3), b'', {1: 2}
# call: range(5), {1}, bytearray(3), range(2**40), Odd(3)
# call: Odd(-1)
# call: Odd('x')
# call: Odd(2**70)
class Odd:
    def __init__(self, n):
        self.n = n
    def __len__(self):
        return self.n
def f(*items):
    total = 0
    for item in items:
        total += len(item)
    return total
# ==== isinstance_forms
# call: 1
# call: True
# call: 1.5
# call: 'x'
# call: [1]
# call: Sub(3)
# call: None
class Sub(int):
    pass
class Meta(type):
    def __instancecheck__(cls, obj):
        return 'yes'
class Odd(metaclass=Meta):
    pass
def f(x):
    out = []
    for kind in (int, float, bool, str, list, Sub, Odd, object, (int, str)):
        out.append(isinstance(x, kind))
    if isinstance(x, int):
        out.append(x + 1)
    elif isinstance(x, float):
        out.append(x * 2)
    return out, type(x), type(x) is int, type(x) == float
# ==== frame_inspection
# call: 5
import sys
def where():
    frame = sys._getframe(1)
    return frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals.items(), key=lambda item: item[0])
def f(n):
    out = []
    total = 0
    half = 0.5
    for i in range(n):
        total += i
        half = half * 1.5
        out.append(where()[:2])
        if i == 3:
            state = [pair for pair in where()[2] if pair[0] != 'out']
    return total, half, out, state
# ==== frame_inspection_two_up
# call: 3
import sys
def deep():
    names = []
    frame = sys._getframe(0)
    while frame is not None and frame.f_globals is globals():
        names.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return names
def middle(x):
    y = x * 2
    return deep()
def f(n):
    out = []
    for i in range(n):
        out.append(middle(i))
    return out
# ==== frame_locals_written_by_callee
# call: 5
import sys
def poke():
    frame = sys._getframe(1)
    return frame.f_locals.get('total'), frame.f_lasti > 0
def f(n):
    total = 0
    out = []
    for i in range(n):
        total += i
        out.append(poke())
    return out
# ==== locals_and_globals_called
# call: 3
def f(n):
    total = 0
    for i in range(n):
        total += i
        snapshot = locals()
    return sorted(k for k in snapshot), snapshot['total'], 'f' in globals(), vars()['n'], dir()
# ==== eval_and_exec
# call: 3
scale = 4
def f(n):
    total = 0
    for i in range(n):
        total += eval('i * scale + n')
        exec('scale = scale + 1', globals())
    return total
# ==== traceback_through_many
# call: 3
def a(x):
    return b(x) + 1
def b(x):
    for i in range(3):
        x = c(x, i)
    return x
def c(x, i):
    return x // (2 - i)
def f(n):
    return (a(n) +
            1)
# ==== warnings_from_callee
# call: 3
import warnings
def g(i):
    warnings.warn('from g %d' % i, stacklevel=2)
    return i
def f(n):
    total = 0
    for i in range(n):
        total += g(i)
        warnings.warn('from f')
    return total
# ==== decorated_callee
# call: 4
import functools
def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(function(*args, **kwargs))
    return wrapper
@twice
def g(x):
    return x * 3
@functools.lru_cache(None)
def h(x):
    return x - 0.5
def f(n):
    total = 0
    for i in range(n):
        total += g(i) - h(i % 2)
    return total, g.__name__
# ==== partial_and_methods
# call: 3
import functools
class C:
    def __init__(self, k):
        self.k = k
    def m(self, x, y=2):
        return self.k * x + y
    def __call__(self, x):
        return self.k - x
def f(n):
    c = C(n)
    bound = c.m
    p = functools.partial(C.m, c, y=9)
    out = []
    for i in range(n):
        out.append((c.m(i), bound(i, y=i), p(i), c(i), C.m(c, i), c.m(*[i], **{'y': 1})))
    return out
# ==== super_and_class_cell
# call: 3
class A:
    def m(self, x):
        return x + 1
class B(A):
    def m(self, x):
        total = 0
        for i in range(3):
            total += super().m(x + i)
        return total, __class__.__name__
def f(n):
    return B().m(n), B().m(n * 0.5)
# ==== generators_and_coroutines
# call: 3
import asyncio
def g(n):
    total = 0
    while total < n:
        received = yield total
        total += received or 1
    return total
def outer(n):
    result = yield from g(n)
    yield -result
async def co(n):
    await asyncio.sleep(0)
    return n * 2
def f(n):
    generator = g(5)
    sent = [next(generator), generator.send(2)]
    loop = asyncio.new_event_loop()
    try:
        answer = loop.run_until_complete(co(n))
    finally:
        loop.close()
    return sent, list(outer(n)), answer
# ==== delete_locals
# call: 1
# call: 0
def f(n):
    x = n + 1
    y = x * 2
    if n:
        del x
    z = y
    del y
    return z, x
# ==== unbound_locals
# call: 0
# call: 1
# call: 2
# call: 3
def f(n):
    if n == 0:
        a = 1
    elif n == 1:
        del a
    elif n == 2:
        a += 1
    return a
# ==== unbound_loop_variable
# call: []
# call: [1]
def f(items):
    for item in items:
        last = item
    return item, last
# ==== delete_in_loop_and_rebind
# call: 5
def f(n):
    out = []
    for i in range(n):
        x = i * 2
        if i != 3:
            out.append(x)
        del x
    try:
        x
    except UnboundLocalError as error:
        out.append(str(error))
    return out
# ==== del_global_and_builtin_name
# call: 1
value = 5
def f(n):
    global value
    value = 1
    del value
    del value
# ==== except_variable_unbound_after
# call: 0
# call: 1
def f(n):
    try:
        1 // n
    except ZeroDivisionError as error:
        message = str(error)
    else:
        error = 'none'
        message = 'fine'
    return message, error
# ==== return_many_kinds
# call: 0
# call: 1
# call: 2
# call: 3
# call: 4
# call: 5
def f(n):
    if n == 0:
        return 1
    if n == 1:
        return 2.5
    if n == 2:
        return None
    if n == 3:
        return 'text'
    if n == 4:
        return [n]
# ==== argument_is_returned_unchanged
# call: [1]
# call: 1.5
# call: 2**70
# call: 'x'
def f(a):
    b = a
    for i in range(3):
        c = b
    return c
# ==== unused_arguments
# call: 1, [2], 'x', None
def f(a, b, c, d):
    b = 0
    for i in range(a + 3):
        b += i
    return b
# ==== argument_rebound
# call: [1, 2], 3
# call: 'ab', 2
def f(a, n):
    a = a * n
    for i in range(n):
        a = a + a[:1]
    return a
# ==== many_arguments
# call: *range(40)
# call: *[0.5] * 40
# call: *range(39)
def f(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9):
    total = a0 + a9 * b0 - b9 + c0 * c9 - d0 + d9
    for i in range(3):
        total += a1 + b1 * c1 - d1
        a1, b1, c1, d1 = d1, a1, b1, c1
    return total, a5, b5, c5, d5
# ==== type_annotations_and_docstring
# call: 3
def f(n: int, m: "float" = 2.5) -> list:
    """Doc."""
    total: float = 0
    for i in range(n):
        value: int = i
        total += value * m
    return [total, f.__doc__, list(f.__annotations__)]
# ==== nested_function_definitions_with_defaults
# call: 3
def f(n):
    def g(x, y=n, *, z=n * 2):
        def h(w):
            return w + x + y + z + n
        return h(1) + h(0.5)
    return g(1), g(1, 2), g(1, z=5)
# ==== class_body_in_function
# call: 3
def f(n):
    class Local:
        factor = n * 2
        def times(self, x):
            return x * self.factor + n
    return Local().times(2), Local.factor
# ==== import_in_function
# call: 2
def f(n):
    import math
    from math import sqrt as root
    total = 0
    for i in range(n):
        total += math.floor(root(i))
    return total
# ==== pattern_matching
# call: [1, 2]
# call: (1, 2, 3)
# call: {'a': 1}
# call: 5
# call: 5.0
# call: 'x'
# call: P(1, 2)
class P:
    __match_args__ = ('a', 'b')
    def __init__(self, a, b):
        self.a, self.b = a, b
def f(x):
    match x:
        case [a, b]:
            return 'two', a, b
        case [a, *rest]:
            return 'many', a, rest
        case {'a': value, **others}:
            return 'map', value, others
        case P(a, b=2):
            return 'point', a
        case int(n) if n > 3:
            return 'int', n
        case float():
            return 'float'
        case _:
            return 'other'
# ==== two_versions_of_one_callee
# call: 3, 'ab', [1.5, 2.5]
# call: 4, 'ab', [1.5, 2.5]
def g(values, factor):
    total = factor
    for value in values:
        total = total + factor
        if total == value:
            return value
    return total
def f(n, text, numbers):
    total = 0.0
    for i in range(n):
        total += g(numbers, i) + g(text, i) + g(range(i), 0.5) + g((i, n), i)
    return total
# ==== keyword_only_defaults
# call: 6
# call: 3
def g(x, /, y=2, *, z=3, w=[]):
    return x * y + z + len(w)
def f(n):
    total = 0
    for i in range(n):
        total += g(i) + g(i, z=i) + g(i, w=(1, 2), y=i)
    return total
# ==== keyword_only_default_changed
# call: 7
# call: 4
def g(x, *, z=3):
    return x * z
def change(step):
    if step == 1:
        g.__kwdefaults__['z'] = 4
    elif step == 2:
        g.__kwdefaults__['z'] = 2.5
    elif step == 3:
        g.__kwdefaults__ = {'z': 'ab'}
    elif step == 4:
        g.__kwdefaults__ = {'z': 2**70}
    elif step == 5:
        del g.__kwdefaults__['z']
    else:
        g.__kwdefaults__ = {'z': 3}
def f(n):
    out = []
    for i in range(n):
        try:
            out.append((g(i), g(i, z=5)))
            change(i)
            out.append((g(i), g(i, z=6)))
        except TypeError as error:
            out.append(str(error))
    return out
# ==== keyword_only_recursion
# call: 10
def f(n, *, step=1):
    return n if n < 1 else f(n - step) + f(n - 2, step=2)
# ==== keyword_only_missing
# call: 3
def g(x, *, z):
    return x + z
def f(n):
    total = 0
    for i in range(n):
        total += g(i, z=i)
    return total + g(n)
# ==== bool_of_anything
# call: 3
# call: None
# call: []
# call: {}
# call: P()
# call: P(0)
# call: P(ValueError)
# call: object()
# call: f
# call: 2**70
# call: 1.5
class P:
    def __init__(self, size=1):
        self.size = size
    def __len__(self):
        if isinstance(self.size, type):
            raise self.size('no length')
        return self.size
def f(x):
    out = []
    for _ in range(3):
        out.append(bool(x))
        if bool(x):
            out.append('true')
        out.append(not bool(x))
        out.append(bool() or bool(out))
    return out
# ==== callee_for_narrow_ints_gets_wide_ones
# call: 1, 5
# call: 0, 5
# call: 1, 31
# call: 0, 45
# call: 1, 70
def start(c):
    if c:
        return 3
    return 4
def g(x):
    for i in range(3):
        if i == 50:
            g(1)
    return x * x * 7
def f(c, n):
    x = start(c)
    total = 0
    for i in range(n):
        total ^= g(x)
        x = x * 2 + 1
    return total
