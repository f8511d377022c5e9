# Operators that classes answer by methods in Python.
# ==== arithmetic
# call: 60
class V:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def __add__(self, other):
        return V(self.x + other.x, self.y + other.y)
    def __sub__(self, other):
        return V(self.x - other.x, self.y - other.y)
    def __mul__(self, k):
        return V(self.x * k, self.y * k)
    def __rmul__(self, k):
        return V(self.x * k, self.y * k + 1)
    def __truediv__(self, k):
        return V(self.x / k, self.y / k)
    def __floordiv__(self, k):
        return (self.x // k, self.y // k)
    def __mod__(self, other):
        return self.x * other.y - self.y * other.x
    def __pow__(self, k):
        return self.x ** k
    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y
    def __neg__(self):
        return V(-self.x, -self.y)
    def __pos__(self):
        return self.x
    def __invert__(self):
        return V(self.y, self.x)
def f(n):
    total = V(0, 1)
    step = V(1.5, 2)
    out = []
    for i in range(n):
        total = total + step * 2 - 3 * step
        total += step / 4
        total = ~(-total)
        out.append((total.x, total.y, total // 3, total % step, total @ step, +total, step ** 2))
    return out
# ==== declined_operands
# call: 40
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        if self.x % 5 == 3:
            return NotImplemented
        return self.x
    def __mul__(self, other):
        return NotImplemented if self.x % 7 == 2 else 1
    def __rsub__(self, other):
        return NotImplemented if self.x % 4 == 1 else 2
    def __iadd__(self, other):
        return NotImplemented if self.x % 2 else self.x * 10
    def __pow__(self, other):
        return NotImplemented
    def __lt__(self, other):
        return NotImplemented if self.x % 5 == 1 else self.x
    def __eq__(self, other):
        return NotImplemented if self.x % 3 == 1 else 'yes'
    def __gt__(self, other):
        return 'gt'
def attempt(out, operation, *args):
    try:
        out.append(operation(*args))
    except TypeError as error:
        out.append(str(error))
def add(a, b): return a + b
def sub(a, b): return a - b
def mul(a, b): return a * b
def power(a, b): return a ** b
def ipower(a, b):
    a **= b
    return a
def imul(a, b):
    a *= b
    return a
def iadd(a, b):
    a += b
    return a
def less(a, b): return a < b
def less_or_equal(a, b): return a <= b
def truth(a, b):
    if a < b:
        return 1
    return 2
def equal(a, b): return a == b
def unequal(a, b): return a != b
def if_unequal(a, b): return 1 if a != b else 0
def f(n):
    out = []
    for i in range(n):
        a, b = A(i), A(i + 1)
        for operation in (add, sub, mul, power, ipower, imul, iadd, less, less_or_equal, truth, equal, unequal, if_unequal):
            attempt(out, operation, a, b)
            attempt(out, operation, a, 3)
            attempt(out, operation, a, 'x')
            attempt(out, operation, a, None)
            attempt(out, operation, 3, a)
    return out
# ==== one_way_each
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        if self.x % 5 == 3:
            return NotImplemented
        return self.x
def f(n):
    out = []
    for i in range(n):
        try:
            out.append(A(i) + A(i))
        except TypeError as error:
            out.append(str(error))
        try:
            out.append(A(i) + 1)
        except TypeError as error:
            out.append(str(error))
        try:
            a = A(i)
            a += 2.5
            out.append(a)
        except TypeError as error:
            out.append(str(error))
    return out
# ==== comparisons_of_one_class
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def __lt__(self, other):
        return self.x < other.x if self.x % 7 else NotImplemented
    def __le__(self, other):
        return [] if self.x % 2 else [1]
    def __eq__(self, other):
        return self.x % 3 == other.x % 3 if self.x % 4 else NotImplemented
    def __gt__(self, other):
        return 5
def f(n):
    out = []
    for i in range(n):
        a, b = A(i), A(i * 7 % 5)
        out.append((a < b, a <= b, a == b, a != b, a > b, a == 3, a != None, a < 'x' if i % 7 else 0))
        if a < b:
            out.append('less')
        if a <= b:
            out.append('less or equal')
        if a != b:
            out.append('unequal')
        while a == b:
            out.append('equal')
            break
        out.append(1 if not a == b else 2)
        try:
            out.append(a >= b)
        except TypeError as error:
            out.append(str(error))
    return out
# ==== subclass_goes_first
# call: 40
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        return ('A', self.x)
    def __radd__(self, other):
        return ('rA', self.x)
    def __lt__(self, other):
        return 'A<'
    def __gt__(self, other):
        return 'A>'
class B(A):
    def __radd__(self, other):
        return ('rB', self.x)
    def __gt__(self, other):
        return 'B>'
def f(n):
    out = []
    for i in range(n):
        a, b = A(i), B(-i)
        out.append((a + b, b + a, a + a, b + b, a < b, b < a, a > b))
    return out
# ==== containers_in_python
# call: 60
class Grid:
    def __init__(self, n):
        self.n = n
        self.items = [0] * (n * n)
    def __getitem__(self, place):
        x, y = place
        return self.items[y * self.n + x]
    def __setitem__(self, place, value):
        x, y = place
        self.items[y * self.n + x] = value
    def __len__(self):
        return self.n * self.n
    def __contains__(self, value):
        return value in self.items
def f(n):
    grid = Grid(5)
    out = []
    for i in range(n):
        grid[i % 5, i % 3] = i
        grid[1, 1] += 2
        out.append((grid[i % 5, 2], len(grid), i in grid, -1 in grid, i not in grid))
    try:
        grid[7, 7]
    except IndexError as error:
        out.append(str(error))
    try:
        grid[3]
    except TypeError as error:
        out.append(str(error))
    return out
# ==== odd_lengths_and_truths
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def __len__(self):
        return (3, -1, True, 2.5, 2 ** 70, 'x', 7)[self.x % 7]
    def __contains__(self, other):
        return (0, 1, [], 'x', None, 2.5, self)[self.x % 7]
def length(a):
    try:
        return len(a)
    except (TypeError, ValueError, OverflowError) as error:
        return type(error).__name__, str(error)
def inside(a):
    try:
        return (1 in a, 1 not in a)
    except (TypeError, ValueError, OverflowError) as error:
        return type(error).__name__, str(error)
def f(n):
    out = []
    for i in range(n):
        out.append((length(A(i)), inside(A(i))))
    return out
# ==== calls_of_instances
# call: 60
class Adder:
    def __init__(self, k):
        self.k = k
    def __call__(self, x, scale=1, *, shift=0):
        return (self.k + x) * scale + shift
def f(n):
    total = 0
    add = Adder(3)
    for i in range(n):
        total += add(i) + add(i, 2) + add(i, scale=3) + add(i, shift=-1)
        if i == 30:
            add = Adder(2.5)
        if i == 40:
            Adder.__call__ = lambda self, x, scale=1, shift=0: x
    return total
# ==== instance_attributes_do_not_count
# call: 40
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        return self.x
    def __call__(self):
        return self.x
    def __len__(self):
        return 4
def f(n):
    a = A(3)
    out = []
    for i in range(n):
        out.append((a + a, a(), len(a)))
        if i == 20:
            a.__add__ = lambda other: 7
            a.__call__ = lambda: 8
            a.__len__ = lambda: 9
    return out
# ==== method_replaced_while_it_runs
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        if self.x == 30:
            A.__add__ = lambda self, other: -1
        return self.x
def f(n):
    out = []
    for i in range(n):
        out.append(A(i) + A(1))
    return out
# ==== raising_operators
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        return self.x // (self.x % 5)
    def __lt__(self, other):
        return {}[self.x % 3] if self.x % 3 else True
    def __getitem__(self, i):
        return [1, 2, 3][i]
def f(n):
    out = []
    for i in range(n):
        a = A(i)
        try:
            out.append(a + a)
        except ZeroDivisionError as error:
            out.append((str(error), error.__traceback__.tb_next.tb_frame.f_code.co_name, error.__traceback__.tb_lineno - f.__code__.co_firstlineno))
        try:
            out.append(1 if a < a else 2)
        except KeyError as error:
            out.append((str(error), error.__traceback__.tb_next.tb_lineno - f.__code__.co_firstlineno))
        try:
            out.append(a[i % 5])
        except IndexError as error:
            out.append(str(error))
    return out
# ==== operands_die_in_order
# call: 40
log = []
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        log.append(('add', self.x, other.x))
        if self.x % 4 == 3:
            return NotImplemented
        if self.x % 4 == 2:
            raise ValueError
        return A(self.x + other.x)
    def __eq__(self, other):
        log.append(('eq', self.x, other.x))
        return self.x == other.x
    def __del__(self):
        log.append(('del', self.x))
def f(n):
    for i in range(n):
        try:
            A(i) + A(i + 100)
            log.append(A(i + 1000) == A(i))
        except (TypeError, ValueError) as error:
            log.append(type(error).__name__)
            error = None
    return log
# ==== derived_from_sequences
# call: 40
class L(list):
    def __add__(self, other):
        return NotImplemented
    def __mul__(self, other):
        return NotImplemented
    def __getitem__(self, i):
        return 7
    def __len__(self):
        return 40
class T(str):
    def __add__(self, other):
        return NotImplemented if len(self) > 2 else 'T'
class I(int):
    def __add__(self, other):
        return I(int(self) + 2 * int(other))
    def __lt__(self, other):
        return True
def f(n):
    out = []
    for i in range(n):
        l = L([i])
        try:
            out.append((l + [1], l * 3, l[5], len(l)))
        except TypeError as error:
            out.append(str(error))
        out.append((T('abc') + 'd', T('a') + 'd', I(i) + I(2), I(i) + 3, 3 + I(i), I(i) < 2, 2 < I(i)))
    return out
# ==== frames_in_operators
# call: 30
import sys
class A:
    def __init__(self, x):
        self.x = x
    def __add__(self, other):
        if self.x % 9 == 8:
            frame = sys._getframe()
            return (frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_back.f_lineno - f.__code__.co_firstlineno)
        return self.x
def f(n):
    out = []
    for i in range(n):
        a = A(i)
        b = A(1)
        out.append(a
            + b)
    return out
# ==== hash_and_equality_in_tables
# call: 40
class P:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def __eq__(self, other):
        return self.x == other.x and self.y == other.y
    def __hash__(self):
        return hash((self.x, self.y))
def f(n):
    table = {}
    for i in range(n):
        p = P(i % 5, i % 3)
        table[p] = table.get(p, 0) + 1
    return sorted((p.x, p.y, count) for p, count in table.items()), P(1, 2) in table, P(1, 2) == P(1, 2)
# ==== iterables_in_python
# call: 40
class Count:
    def __init__(self, n):
        self.n = n
        self.i = 0
    def __iter__(self):
        return self
    def __next__(self):
        if self.i >= self.n:
            raise StopIteration
        self.i += 1
        return self.i
class Tree:
    def __init__(self, items):
        self.items = items
    def __iter__(self):
        for item in self.items:
            yield item
            yield item * 2
def f(n):
    total = 0
    for i in range(n):
        for x in Count(i % 7):
            total += x
        for x in Tree([i, 2.5]):
            total += x
    return total
# ==== derived_from_numbers
# call: 40
class I(int):
    def __add__(self, other):
        return NotImplemented
    def __radd__(self, other):
        return NotImplemented
    def __lt__(self, other):
        return NotImplemented
class F(float):
    def __mul__(self, other):
        return NotImplemented
    def __rmul__(self, other):
        return NotImplemented
class C(complex):
    def __sub__(self, other):
        return NotImplemented
def add(a, b): return a + b
def mul(a, b): return a * b
def sub(a, b): return a - b
def iadd(a, b):
    a += b
    return a
def less(a, b): return a < b
def f(n):
    out = []
    for i in range(n):
        a, b, c = I(i), F(i), C(i)
        out.append((add(a, 3), add(3, a), iadd(a, True), mul(b, 2.5), mul(2, b), sub(c, 1.5), less(a, 3), less(3, a)))
        try:
            out.append(add(a, a))
        except TypeError as error:
            out.append(str(error))
    return out
