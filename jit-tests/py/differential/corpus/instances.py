# Instances, their classes and everything that moves an attribute from where it was.
# ==== load_and_store
# call: V(1.0, 2), 40
class V:
    def __init__(self, x, n):
        self.x = x
        self.n = n
def f(v, count):
    total = 0.0
    for i in range(count):
        v.x += 0.5
        v.n += i
        total += v.x * v.n
    return total, v.x, v.n, vars(v)
# ==== order_of_keys
# call: 6
class V:
    pass
def fill(v, i):
    if i % 3 == 0:
        v.a = i
        v.b = i + 0.5
    elif i % 3 == 1:
        v.b = 'b'
        v.a = i
    else:
        v.c = None
        v.a = 1.5
        v.b = v.a
def f(n):
    out = []
    for i in range(n):
        v = V()
        fill(v, i)
        out.append(list(v.__dict__.items()))
    return out
# ==== unset_attribute
# call: 5
class V:
    pass
def read(v):
    return v.x + 1
def f(n):
    out = []
    for i in range(n):
        v = V()
        if i != 3:
            v.x = i
        try:
            out.append(read(v))
        except AttributeError as error:
            out.append(str(error))
    return out
# ==== deleted_attribute
# call: 60
class V:
    x = 'class'
def read(v):
    return v.x
def f(n):
    v = V()
    out = []
    for i in range(n):
        v.x = i
        out.append(read(v))
        if i % 7 == 3:
            del v.x
            out.append(read(v))
    return out
# ==== dict_taken
# call: 60
class V:
    def __init__(self):
        self.x = 1
        self.y = 2.0
def step(v):
    v.x += 1
    v.y += 0.5
    return v.x + v.y
def f(n):
    v = V()
    total = 0
    for i in range(n):
        total += step(v)
        if i == n // 2:
            d = v.__dict__
            d['x'] = 100
        if i > n // 2:
            d['x'] += 3
    return total, vars(v)
# ==== dict_replaced
# call: 60
class V:
    def __init__(self):
        self.x = 1
def step(v):
    v.x += 1
    return v.x
def f(n):
    v = V()
    total = 0
    for i in range(n):
        total += step(v)
        if i % 20 == 10:
            v.__dict__ = {'x': i, 'other': 1}
    return total, vars(v)
# ==== dict_deleted_under_it
# call: 40
class V:
    def __init__(self):
        self.x = 1
def step(v):
    v.x += 1
    return v.x
def f(n):
    v = V()
    total = 0
    d = vars(v)
    for i in range(n):
        total += step(v)
        if i == 30:
            v.__dict__ = {'x': 5}
            d['x'] = 77
    return total, vars(v), d
# ==== class_assigned
# call: 60
class A:
    def __init__(self):
        self.x = 1
    def m(self):
        return self.x
class B(A):
    def m(self):
        return self.x * 1000
def call(v):
    return v.m() + v.x
def f(n):
    v = A()
    out = []
    for i in range(n):
        if i % 10 == 7:
            v.__class__ = B if i % 20 == 7 else A
        out.append(call(v))
        v.x += 1
    return out
# ==== class_assigned_behind_call
# call: 40
class A:
    def __init__(self):
        self.x = 1
    def m(self):
        return 'A'
class B(A):
    x = property(lambda self: 'property', lambda self, value: None)
    def m(self):
        return 'B'
def change(v, i):
    if i == 25:
        v.__class__ = B
def f(n):
    v = A()
    out = []
    for i in range(n):
        out.append((v.x, v.m()))
        change(v, i)
        out.append((v.x, v.m()))
    return out[-40:]
# ==== method_replaced
# call: 60
class A:
    def __init__(self):
        self.x = 1
    def m(self, a):
        return self.x + a
def other(self, a):
    return self.x - a
def f(n):
    a = A()
    out = []
    first = A.m
    for i in range(n):
        out.append(a.m(i))
        if i == 40:
            A.m = other
    A.m = first
    return out
# ==== method_replaced_during_call
# call: 40
class A:
    def __init__(self):
        self.count = 0
    def m(self):
        self.count += 1
        if self.count == 30:
            A.m = lambda self: -1
        return self.count
def f(n):
    saved = A.m
    a = A()
    out = [a.m() for _ in range(n)]
    A.m = saved
    return out
# ==== method_shadowed_by_instance
# call: 60
class A:
    def __init__(self):
        self.x = 1
    def m(self):
        return 'class'
def call(a):
    return a.m()
def f(n):
    a = A()
    b = A()
    out = []
    for i in range(n):
        out.append(call(a))
        out.append(call(b))
        if i == n - 5:
            a.m = lambda: 'instance'
    return out[-20:]
# ==== shadowed_in_dict
# call: 60
class A:
    def __init__(self):
        self.x = 1
    def m(self):
        return 'class'
def call(a):
    return a.m()
def f(n):
    a = A()
    out = []
    for i in range(n):
        out.append(call(a))
        if i == n - 5:
            vars(a)['m'] = lambda: 'instance'
    return out[-20:]
# ==== descriptor_added_to_class
# call: 60
class A:
    def __init__(self):
        self.x = 1
def read(a):
    return a.x
def write(a, value):
    a.x = value
def f(n):
    a = A()
    out = []
    for i in range(n):
        write(a, i)
        out.append(read(a))
        if i == 40:
            A.x = property(lambda self: 'get', lambda self, value: out.append(('set', value)))
        if i == 45:
            del A.x
    return out
# ==== descriptor_of_changing_class
# call: 60
class D:
    def __init__(self, value):
        self.value = value
def get(self, obj, owner):
    return 'descriptor'
class A:
    c = D(1)
    def __init__(self):
        self.x = 1
def read(a):
    return a.c
def f(n):
    a = A()
    out = []
    for i in range(n):
        got = read(a)
        out.append(got if isinstance(got, str) else got.value)
        if i == 40:
            D.__get__ = get
        if i == 50:
            D.__set__ = lambda self, obj, value: out.append('set')
            a.c = 1
        if i == 55:
            del D.__set__, D.__get__
    return out
# ==== getattr_hook
# call: 30
class A:
    def __init__(self):
        self.x = 1
    def __getattr__(self, name):
        return name.upper()
def f(n):
    a = A()
    out = []
    for i in range(n):
        out.append(a.x)
        out.append(a.y)
        if i == 20:
            del a.x
    return out
# ==== getattribute_hook
# call: 30
class A:
    def __init__(self):
        self.x = 1
    def __getattribute__(self, name):
        return (name, object.__getattribute__(self, name))
def f(n):
    a = A()
    return [a.x for _ in range(n)]
# ==== getattribute_added
# call: 60
class A:
    def __init__(self):
        self.x = 1
    def m(self):
        return self.x
def read(a):
    return a.x, a.m()
def f(n):
    a = A()
    out = []
    for i in range(n):
        out.append(read(a))
        if i == 40:
            A.__getattribute__ = lambda self, name: (lambda: name) if name == 'm' else name
        if i == 50:
            del A.__getattribute__
    return out
# ==== setattr_hook
# call: 60
class A:
    def __init__(self):
        self.x = 1
def write(a, i):
    a.x = i
def f(n):
    a = A()
    log = []
    for i in range(n):
        write(a, i)
        if i == 40:
            A.__setattr__ = lambda self, name, value: log.append((name, value))
        if i == 50:
            del A.__setattr__
    return a.x, log
# ==== slots
# call: 60
class A:
    __slots__ = ('x', 'y')
    def __init__(self):
        self.x = 1.5
def step(a, i):
    a.x += i
    a.y = i
    return a.x + a.y
def read(a):
    return a.y
def f(n):
    a = A()
    out = []
    for i in range(n):
        out.append(step(a, i))
        out.append(read(a))
        if i % 9 == 5:
            del a.y
            try:
                read(a)
            except AttributeError as error:
                out.append(str(error))
    return out
# ==== slots_and_dict
# call: 40
class A:
    __slots__ = ('x', '__dict__')
class B(A):
    __slots__ = ('z',)
class C(A):
    pass
def step(a, i):
    a.x = i
    a.w = i + 1
    return a.x + a.w
def f(n):
    out = []
    things = [A(), B(), C()]
    for i in range(n):
        for a in things:
            out.append(step(a, i))
    return out, [vars(a) for a in things]
# ==== one_slot_two_names
# call: 40
class A:
    __slots__ = ('x',)
A.y = A.x
def step(a, i):
    a.x = i
    b = a.y
    a.y = i * 2
    return b + a.x
def f(n):
    a = A()
    return [step(a, i) for i in range(n)]
# ==== slot_of_another_class
# call: 30
class A:
    __slots__ = ('x',)
class B:
    __slots__ = ('y',)
B.x = A.x
def read(b):
    return b.x
def f(n):
    a, b = A(), B()
    a.x, b.y = 1, 2
    out = []
    for i in range(n):
        for o in (a, b):
            try:
                out.append(read(o))
            except TypeError as error:
                out.append(str(error))
    return out
# ==== many_classes
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def m(self):
        return self.x
class B(A):
    def m(self):
        return -self.x
class C:
    def __init__(self, x):
        self.y = 0
        self.x = x
    def m(self):
        return self.x * 3
class D(C):
    x = 'shadowed'
class E:
    __slots__ = ('x',)
    def __init__(self, x):
        self.x = x
    def m(self):
        return self.x * 5
def call(o):
    o.x += 1
    return o.m() + o.x
def f(n):
    things = [A(1), B(2), C(3), D(4), E(5)]
    total = 0
    for i in range(n):
        for o in things[: 1 + i // 10]:
            total += call(o)
    return total, [o.x for o in things]
# ==== class_attributes
# call: 60
class A:
    limit = 10
    scale = 2.5
    def __init__(self):
        self.n = 0
    def step(self):
        if self.n < self.limit:
            self.n += 1
        return self.n * self.scale
def f(n):
    a = A()
    out = []
    for i in range(n):
        out.append(a.step())
        if i == 30:
            A.limit = 20
        if i == 40:
            a.limit = 25
        if i == 50:
            A.scale = -1.0
            del a.limit
    A.limit, A.scale = 10, 2.5
    return out
# ==== base_changed
# call: 60
class Base:
    def m(self):
        return 'base'
class Other:
    def m(self):
        return 'other'
class Holder(Base):
    pass
class A(Holder):
    def __init__(self):
        self.x = 1
def call(a):
    return a.m()
def f(n):
    a = A()
    out = []
    for i in range(n):
        out.append(call(a))
        if i == 40:
            Base.m = lambda self: 'changed'
        if i == 50:
            del Base.m
            Base.m = lambda self: 'back'
    Base.m = lambda self: 'base'
    return out
# ==== static_and_class_methods
# call: 40
class A:
    def __init__(self):
        self.x = 3
    @staticmethod
    def s(a):
        return a * 2
    @classmethod
    def c(cls, a):
        return (cls.__name__, a)
    @property
    def p(self):
        return self.x + 1
    @p.setter
    def p(self, value):
        self.x = value
class B(A):
    pass
def f(n):
    out = []
    for i in range(n):
        for o in (A(), B()):
            out.append(o.s(i))
            out.append(o.c(i))
            o.p = i
            out.append(o.p)
            o.p += 1
            out.append(o.x)
    return out
# ==== finaliser_of_replaced_value
# call: 30
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(self.n)
class Holder:
    def __init__(self):
        self.value = None
def put(h, value):
    h.value = value
    log.append('put')
def f(n):
    h = Holder()
    for i in range(n):
        put(h, Noisy(i) if i % 3 else i)
    h.value = None
    return len(log)
# ==== finaliser_reads_the_attribute
# call: 30
log = []
class Noisy:
    def __init__(self, holder):
        self.holder = holder
    def __del__(self):
        log.append((self.holder.value is self, self.holder.other))
        self.holder.other += 1
class Holder:
    def __init__(self):
        self.value = None
        self.other = 0
def put(h):
    h.value = Noisy(h)
    a = h.other
    h.value = None
    return a, h.other
def f(n):
    h = Holder()
    return [put(h) for _ in range(n)], len(log)
# ==== finaliser_changes_the_class
# call: 30
class A:
    def __init__(self):
        self.x = 1
    def m(self):
        return 'A'
class B(A):
    def m(self):
        return 'B'
class Noisy:
    def __init__(self, target):
        self.target = target
    def __del__(self):
        self.target.__class__ = B if type(self.target) is A else A
def f(n):
    a = A()
    out = []
    for i in range(n):
        k = Noisy(a)
        before = a.m()
        k = None
        out.append((before, a.m(), a.x))
    return out
# ==== last_reference_in_attribute
# call: 50
class Node:
    def __init__(self, value, next):
        self.value = value
        self.next = next
def walk(n):
    head = None
    for i in range(n):
        head = Node(i, head)
    total = 0
    node = head
    head = None
    while node is not None:
        total += node.value
        following = node.next
        node.next = None
        node = following
    return total
def f(n):
    return walk(n)
# ==== replaced_while_in_use
# call: 40
class Box:
    def __init__(self, item):
        self.item = item
class Item:
    def __init__(self, n):
        self.n = n
def swap(box, i):
    item = box.item
    box.item = Item(i)
    n = item.n
    item.n = n + 1
    return n + box.item.n
def f(n):
    box = Box(Item(0))
    return [swap(box, i) for i in range(n)]
# ==== weak_references
# call: 40
import weakref
log = []
class Item:
    def __init__(self, n):
        self.n = n
class Box:
    def __init__(self):
        self.item = None
def put(box, i):
    item = Item(i)
    ref = weakref.ref(item, lambda ref: log.append(i))
    box.item = item
    item = None
    alive = ref() is box.item
    box.item = i
    return alive, ref() is None, len(log)
def f(n):
    box = Box()
    return [put(box, i) for i in range(n)]
# ==== numbers_keep_their_identity
# call: 12345.678, 987654
class V:
    pass
def f(x, n):
    out = []
    v = V()
    for i in range(20):
        v.a = x
        v.b = v.a
        v.c = v.b + 0.0
        out.append((v.a is v.b, v.a is v.c, v.c == x))
        v.c += 1.0
        d = v.c
        out.append((d is v.c, v.b is v.a, v.a == x, d))
        v.c += 1.0
        out.append(d)
    return out
# ==== shared_box_is_not_written
# call: 30
class V:
    def __init__(self):
        self.x = 0.5
        self.n = 1000
def f(n):
    v = V()
    kept = []
    for i in range(n):
        kept.append(v.x)
        kept.append(v.n)
        v.x += 1.0
        v.n += 1
    w = V()
    w.x = v.x
    w.n = v.n
    for i in range(n):
        v.x += 1.0
        v.n += 1
    return kept, v.x, w.x, v.n, w.n
# ==== types_of_values_change
# call: 60
class V:
    def __init__(self):
        self.x = 0
def step(v, i):
    v.x = v.x + i
    return v.x
def f(n):
    v = V()
    out = []
    for i in range(n):
        out.append(step(v, i if i < 40 else i + 0.5))
        if i == 50:
            v.x = 2 ** 70
    return out
# ==== wide_ints
# call: 80
class V:
    def __init__(self):
        self.x = 1
def step(v):
    v.x = v.x * 3 + 1
    return v.x
def f(n):
    v = V()
    return [step(v) for _ in range(n)]
# ==== recursion_on_methods
# call: 7
class Node:
    def __init__(self, left, right):
        self.left = left
        self.right = right
    def check(self):
        if self.left is None or self.right is None:
            return 1
        return 1 + self.left.check() + self.right.check()
def make(depth):
    if depth == 0:
        return Node(None, None)
    return Node(make(depth - 1), make(depth - 1))
def f(depth):
    return make(depth).check()
# ==== too_deep_recursion_on_methods
# call: 100000
import sys
class Node:
    def __init__(self):
        self.next = self
        self.count = 0
    def go(self, n):
        self.count += 1
        if n == 0:
            return 0
        return 1 + self.next.go(n - 1)
def f(n):
    limit = sys.getrecursionlimit()
    node = Node()
    try:
        for i in range(60):
            node.go(5)
        node.count = 0
        node.go(n)
    except RecursionError as error:
        return str(error)[:40], node.count > limit // 3
# ==== error_inside_method
# call: 60
class A:
    def __init__(self, x):
        self.x = x
    def inverse(self):
        return 1 / self.x
    def twice(self):
        return self.inverse() * 2
def f(n):
    a = A(n)
    total = 0
    for i in range(n + 1):
        a.x = n - i
        total += a.twice()
    return total
# ==== super_calls
# call: 40
class A:
    def __init__(self, x):
        self.x = x
    def m(self, a):
        return self.x + a
class B(A):
    def __init__(self, x, y):
        super().__init__(x)
        self.y = y
    def m(self, a):
        return super().m(a) * self.y
class C(B):
    def m(self, a):
        return -super().m(a)
def f(n):
    out = []
    for i in range(n):
        for o in (B(i, 2), C(i, 3)):
            out.append(o.m(i))
    return out
# ==== constructors
# call: 40
made = []
class A:
    def __init__(self, x, y=2, *, z=3):
        self.x = x
        self.y = y
        self.z = z
class B:
    pass
class C:
    def __new__(cls, x):
        self = object.__new__(cls)
        self.x = x
        made.append(x)
        return self
class D:
    def __init__(self, x):
        self.x = x
        return None if x != 20 else x
class M(type):
    def __call__(cls, *args):
        made.append(args)
        return super().__call__(*args)
class E(metaclass=M):
    def __init__(self, x):
        self.x = x
def f(n):
    out = []
    for i in range(n):
        a, b, c, e = A(i, z=i), B(), C(i), E(i)
        out.append((a.x, a.y, a.z, vars(b), c.x, e.x, len(made)))
        try:
            out.append(D(i).x)
        except TypeError as error:
            out.append(str(error))
    return out
# ==== init_replaced
# call: 60
class A:
    def __init__(self, x):
        self.x = x
def make(i):
    return A(i)
def f(n):
    out = []
    first = A.__init__
    for i in range(n):
        out.append(make(i).x)
        if i == 30:
            A.__init__ = lambda self, x: setattr(self, 'x', -x)
        if i == 40:
            A.__new__ = lambda cls, x: object.__new__(cls)
    A.__init__ = first
    del A.__new__
    return out
# ==== init_that_raises
# call: 60
class A:
    def __init__(self, x):
        self.x = x
        if x % 7 == 6:
            raise ValueError(x)
        self.y = 10 // (x % 10 - 5)
def f(n):
    out = []
    for i in range(n):
        try:
            out.append(A(i).y)
        except (ValueError, ZeroDivisionError) as error:
            out.append((type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno))
    return out
# ==== instances_in_lists
# call: 30
class P:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def move(self, dx, dy):
        self.x += dx
        self.y += dy
def f(n):
    points = [P(float(i), 0.5 * i) for i in range(5)]
    for step in range(n):
        for p in points:
            p.move(0.25, -0.125)
        for i in range(len(points)):
            a = points[i]
            for j in range(i + 1, len(points)):
                b = points[j]
                dx = a.x - b.x
                a.y += dx * 0.01
                b.y -= dx * 0.01
    return [(p.x, p.y) for p in points]
# ==== frames_in_methods
# call: 30
import sys
class A:
    def __init__(self):
        self.x = 1
    def where(self):
        frame = sys._getframe()
        return frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_lineno, 'self' in frame.f_locals
    def outer(self):
        return self.where()
def f(n):
    a = A()
    return [a.outer() for _ in range(n)]
# ==== operators_of_instances
# call: 30
class V:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def __add__(self, other):
        return V(self.x + other.x, self.y + other.y)
    def __mul__(self, k):
        return V(self.x * k, self.y * k)
    def __eq__(self, other):
        return self.x == other.x and self.y == other.y
    def __bool__(self):
        return self.x > 0
    def __len__(self):
        return 3
    def __getitem__(self, i):
        return (self.x, self.y, 0.0)[i]
def f(n):
    a, b = V(1.0, 2.0), V(0.5, -0.5)
    hits = 0
    for i in range(n):
        a = a + b * 0.5
        if a == b:
            hits += 1
        if a:
            hits += len(a)
        hits += a[0]
    return a.x, a.y, hits
# ==== subclass_of_builtin
# call: 30
class L(list):
    def __init__(self, n):
        super().__init__(range(n))
        self.total = 0
    def add(self, x):
        self.append(x)
        self.total += x
class Err(Exception):
    def __init__(self, code):
        self.code = code
def f(n):
    l = L(3)
    codes = []
    for i in range(n):
        l.add(i)
        try:
            raise Err(i)
        except Err as error:
            codes.append(error.code)
    return list(l), l.total, codes
# ==== cyclic_garbage
# call: 400
import gc
class Node:
    def __init__(self, other):
        self.other = other
        self.me = self
def f(n):
    last = None
    for i in range(n):
        last = Node(last if i % 3 else None)
    return type(last.other).__name__
# ==== deepcopied
# call: 30
import copy
class A:
    def __init__(self, x):
        self.x = x
        self.items = [x]
def f(n):
    a = A(1)
    out = []
    for i in range(n):
        b = copy.copy(a)
        c = copy.deepcopy(a)
        b.x += 1
        c.items.append(i)
        a.x += b.x
        out.append((a.x, b.x, c.x, len(a.items), b.items is a.items))
    return out
# ==== more_names_than_fit
# call: 60
class A:
    pass
def f(n):
    out = []
    for k in range(3):
        a = A()
        for i in range(n):
            setattr(a, 'a%d' % i, i)
        a.x = k
        a.x += 1
        out.append((a.x, len(vars(a))))
    return out
