# Members of classes: super(), class methods, static methods, attributes of classes, isinstance.
# ==== super_method
# call: 60
class A:
    def area(self):
        return self.x * 2
class B(A):
    def __init__(self, x):
        self.x = x
        self.y = x + 1
    def area(self):
        return super().area() + self.y
class C(B):
    def area(self):
        return super().area() * 3
def f(n):
    total = 0
    for i in range(n):
        total += C(i).area() + B(i).area()
    return total
# ==== super_init_with_cycle_of_classes
# call: 60
class A:
    def __init__(self, x):
        self.x = x
class L(A):
    def __init__(self, x):
        super().__init__(x)
        self.l = x
class R(A):
    def __init__(self, x):
        super().__init__(x + 1)
        self.r = x
class D(L, R):
    def __init__(self, x):
        super().__init__(x)
        self.d = x
def f(n):
    out = []
    for i in range(n):
        d = D(i)
        out.append(list(vars(d).items()))
    return out
# ==== super_of_two_arguments
# call: 40
class A:
    name = 'a'
    def who(self):
        return 'A' + self.name
class B(A):
    name = 'b'
    def who(self):
        return 'B' + super(B, self).who() + super(B, self).name
def f(n):
    b = B()
    return [b.who() for i in range(n)], [super(B, b).name for i in range(n)]
# ==== super_base_replaced
# call: 60
class A:
    def go(self):
        return 1
class A2:
    def go(self):
        return 100
class B(A):
    def go(self):
        return super().go() + 1
def f(n):
    b = B()
    total = []
    for i in range(n):
        total.append(b.go())
        if i == n // 2:
            B.__bases__ = (A2,)
        if i == n // 2 + 10:
            A2.go = lambda self: -5
    return total
# ==== super_class_cell_rebound
# call: 60
class A:
    def go(self):
        return 1
class B(A):
    def go(self):
        return __class__.__name__ + str(super().go())
    def swap(self, other):
        nonlocal_class = [c for c in B.go.__closure__]
        nonlocal_class[0].cell_contents = other
class C(B):
    pass
def f(n):
    c = C()
    out = []
    for i in range(n):
        try:
            out.append(c.go())
        except Exception as error:
            out.append((type(error).__name__, str(error)))
        if i == n // 2:
            c.swap(int)
        if i == n // 2 + 5:
            c.swap(C)
    return out
# ==== super_missing_name
# call: 20
class A:
    pass
class B(A):
    def go(self):
        return super().missing
def f(n):
    out = []
    for i in range(n):
        try:
            B().go()
        except AttributeError as error:
            out.append(str(error))
    return out
# ==== super_property_and_class_method
# call: 50
class A:
    @property
    def p(self):
        return self.x + 1
    @classmethod
    def c(cls):
        return cls.__name__
    @staticmethod
    def s(x):
        return x * 2
class B(A):
    def __init__(self, x):
        self.x = x
    @property
    def p(self):
        return super().p * 2
    @classmethod
    def c(cls):
        return super().c() + '!'
    def t(self, x):
        return super().s(x)
def f(n):
    out = []
    for i in range(n):
        b = B(i)
        out.append((b.p, b.c(), B.c(), b.t(i)))
    return out
# ==== super_rebound
# call: 50
class A:
    def go(self):
        return 1
class B(A):
    def go(self):
        return super().go() + 1
class Fake:
    def go(self):
        return 50
def f(n):
    b = B()
    out = []
    for i in range(n):
        out.append(b.go())
        if i == n // 2:
            globals()['super'] = lambda *args: Fake()
        if i == n // 2 + 9:
            del globals()['super']
    return out
# ==== super_self_rebound
# call: 50
class A:
    def go(self):
        return self.x
class B(A):
    def __init__(self, x):
        self.x = x
    def go(self, other):
        mine = self
        self = other
        try:
            return super().go() + mine.x
        except TypeError as error:
            return str(error)
def f(n):
    out = []
    for i in range(n):
        out.append(B(i).go(B(i * 2)))
        if i % 10 == 5:
            out.append(B(i).go(7))
    return out
# ==== class_methods
# call: 60
class A:
    made = 0
    def __init__(self, x):
        self.x = x
    @classmethod
    def make(cls, x, *, more=1):
        cls.made += more
        return cls(x)
class B(A):
    pass
def f(n):
    total = 0
    for i in range(n):
        total += A.make(i).x + B.make(i, more=2).x + B(1).make(i).x
    return total, A.made, B.made
# ==== class_attribute_changes
# call: 80
class A:
    scale = 2
    table = [1, 2, 3]
class B(A):
    pass
def f(n):
    total = 0
    for i in range(n):
        total += A.scale * B.scale + B.table[i % 3]
        if i == 20:
            A.scale = 5
        if i == 30:
            B.scale = 2.5
        if i == 40:
            A.table = (7, 8, 9)
        if i == 50:
            del B.scale
    return total
# ==== class_attribute_dies
# call: 80
class Item:
    dead = 0
    def __init__(self, x):
        self.x = x
    def __del__(self):
        Item.dead += 1
class A:
    item = Item(1)
def f(n):
    total = 0
    for i in range(n):
        item = A.item
        total += item.x
        if i % 10 == 9:
            A.item = Item(i)
            total += item.x * 100
    return total, Item.dead
# ==== metaclass_attributes
# call: 50
class Meta(type):
    @property
    def size(cls):
        return cls._size * 2
    def double(cls):
        return cls._size * 3
    def __getattr__(cls, name):
        return len(name)
class A(metaclass=Meta):
    _size = 4
def f(n):
    total = 0
    for i in range(n):
        total += A.size + A.double() + A._size + A.unknown
        if i == 25:
            A._size = 9
    return total
# ==== isinstance_of_classes
# call: 80
import abc
class A: pass
class B(A): pass
class C: pass
class Abstract(abc.ABC): pass
class Liar:
    __class__ = A
class Meta(type):
    def __instancecheck__(cls, other):
        return other == 3
class Odd(metaclass=Meta): pass
def f(n):
    out = []
    things = [A(), B(), C(), Liar(), 3, 4.5, 'x', None, True, A, [], ()]
    for i in range(n):
        thing = things[i % len(things)]
        out.append((isinstance(thing, A), isinstance(thing, (B, C)), isinstance(thing, (int, str)), isinstance(thing, Abstract), isinstance(thing, Odd), isinstance(thing, bool), isinstance(thing, object)))
        if i == n // 2:
            Abstract.register(C)
    return out
# ==== isinstance_class_of_instance_changes
# call: 60
class A: pass
class B(A): pass
class C: pass
def check(x):
    return isinstance(x, A)
def f(n):
    b = B()
    out = []
    for i in range(n):
        out.append(check(b))
        if i == n // 3:
            b.__class__ = C
        if i == n // 2:
            C.__bases__ = (A,) if False else C.__bases__
            b.__class__ = A
    return out
# ==== isinstance_errors
# call: 20
class A: pass
def f(n):
    out = []
    for i in range(n):
        for of in (3, (A, 4), [], int | str, ((A,), int)):
            try:
                out.append(isinstance(A(), of))
            except TypeError as error:
                out.append(str(error))
    return out
# ==== derived_from_builtins
# call: 50
class L(list):
    def __init__(self, items):
        super().__init__(items)
        self.extra = len(items)
    def append(self, x):
        super().append(x + 1)
    def total(self):
        return sum(self) + self.extra
class D(dict):
    def __missing__(self, key):
        self[key] = key * 2
        return self[key]
class E(Exception):
    def __init__(self, code):
        super().__init__('code %d' % code)
        self.code = code
def f(n):
    out = []
    d = D()
    for i in range(n):
        l = L([i])
        l.append(i)
        l.extend([1, 2])
        out.append((l.total(), d[i % 7], str(E(i)), E(i).code, E(i).args))
    return out
# ==== class_of_instance
# call: 50
class A:
    kind = 1
class B(A):
    kind = 2
def f(n):
    out = []
    for i in range(n):
        x = (A(), B())[i & 1]
        out.append((x.__class__.__name__, type(x).kind, x.__class__ is A, type(x) is B))
    return out
# ==== static_methods
# call: 50
class A:
    @staticmethod
    def twice(x):
        return x * 2
    def go(self, x):
        return self.twice(x) + A.twice(x)
def f(n):
    a = A()
    total = 0
    for i in range(n):
        total += a.go(i)
        if i == 30:
            A.twice = staticmethod(lambda x: x)
    return total
# ==== zero_argument_super_in_closure
# call: 40
class A:
    def go(self):
        return 3
class B(A):
    def go(self):
        def inner():
            return super(B, self).go()
        return inner() + super().go()
def f(n):
    b = B()
    return sum([b.go() for i in range(n)])
