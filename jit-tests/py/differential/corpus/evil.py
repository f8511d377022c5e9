# Objects whose methods have side effects, and the moment at which objects die.
# ==== del_on_overwrite_in_loop
# call: 4
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(('del', self.n))
def f(n):
    for i in range(n):
        x = Noisy(i)
        log.append(('made', i))
    log.append('loop over')
    x = None
    log.append('cleared')
    return log[-1]
# ==== del_of_temporary
# call: 3
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
        self.value = n * 2
    def __del__(self):
        log.append(('del', self.n))
def f(n):
    total = 0
    for i in range(n):
        total += Noisy(i).value
        log.append(i)
        Noisy(-i)
        log.append('after')
    return total
# ==== del_in_list_store
# call: 3
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(('del', self.n))
def f(n):
    items = [Noisy(i) for i in range(n)]
    for i in range(n):
        items[i] = i
        log.append(i)
    items = [Noisy('a'), Noisy('b'), Noisy('c')]
    items.pop()
    log.append('popped')
    del items[0]
    log.append('deleted')
    items[:] = []
    log.append('end')
# ==== del_at_return_order
# options: arguments_die_in_callee
# call: 1
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(('del', self.n))
def g(a, b):
    c = Noisy('c')
    d = Noisy('d')
    log.append('in g')
    return a
def f(n):
    result = g(Noisy('a'), Noisy('b'))
    log.append('after g')
    return result.n
# ==== del_of_argument_when_rebound
# options: arguments_die_in_callee
# call: 3
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(('del', self.n))
def g(x, n):
    log.append('enter')
    x = n
    log.append('rebound')
    total = 0
    for i in range(n):
        total += i
    return total
def f(n):
    return g(Noisy('arg'), n)
# ==== del_on_exception
# call: 0
# call: 2
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(('del', self.n))
def g(n):
    x = Noisy('x')
    y = Noisy('y')
    return 10 // n
def f(n):
    try:
        g(n)
    except ZeroDivisionError:
        log.append('handler')
    log.append('done')
# ==== del_unused_local_lives_to_the_end
# call: 5
log = []
class Noisy:
    def __del__(self):
        log.append('del')
def f(n):
    x = Noisy()
    total = 0
    for i in range(n):
        total += i
        log.append(total)
    return total
# ==== del_statement_kills_now
# call: 3
log = []
class Noisy:
    def __del__(self):
        log.append('del')
def f(n):
    x = Noisy()
    total = 0
    for i in range(n):
        total += i
        if i == 1:
            del x
        log.append(i)
    return total
# ==== del_mutates_what_the_loop_reads
# call: 4
class Noisy:
    def __init__(self, items):
        self.items = items
    def __del__(self):
        self.items.append(99)
def f(n):
    items = [1, 2, 3]
    total = 0
    for i in range(n):
        x = Noisy(items)
        x = None
        total += len(items)
    return total, items
# ==== del_mutates_list_during_store
# call: 3
class Noisy:
    def __init__(self, items):
        self.items = items
    def __del__(self):
        del self.items[:]
def f(n):
    items = [0, 1, 2]
    items[1] = Noisy(items)
    try:
        for i in range(n):
            items[i] = i * 10
    except IndexError as error:
        return str(error), items
    return items
# ==== del_rebinds_global
# call: 4
scale = 2
class Noisy:
    def __del__(self):
        global scale
        scale = 0.5
def f(n):
    global scale
    scale = 2
    out = []
    for i in range(n):
        out.append(i * scale)
        if i == 1:
            x = Noisy()
            x = 1
    return out
# ==== del_raises
# call: 3
class Noisy:
    def __del__(self):
        raise ValueError('in del')
def f(n):
    total = 0
    for i in range(n):
        x = Noisy()
        total += i
    return total
# ==== weakref_callbacks
# call: 3
import weakref
log = []
class Thing:
    pass
def f(n):
    refs = []
    for i in range(n):
        thing = Thing()
        refs.append(weakref.ref(thing, lambda ref, i=i: log.append(i)))
        log.append([r() is None for r in refs])
    thing = None
    return [r() is None for r in refs]
# ==== objects_kept_alive_by_list
# call: 3
log = []
class Noisy(int):
    def __del__(self):
        log.append(('del', int(self)))
def f(n):
    items = []
    total = 0
    for i in range(n):
        x = Noisy(i)
        items.append(x)
        total += x
        if len(items) > 1:
            items.pop(0)
        log.append(total)
    return total
# ==== float_subclass_with_del
# call: 3
log = []
class Noisy(float):
    def __del__(self):
        log.append(('del', float(self)))
def f(n):
    x = Noisy(0.5)
    for i in range(n):
        x = x + i
        log.append(i)
        y = Noisy(i)
        y = y * 2
    return x
# ==== eq_with_side_effects
# call: 5
log = []
class Evil:
    def __init__(self, n):
        self.n = n
    def __eq__(self, other):
        log.append(('eq', self.n))
        return self.n % 2
    def __hash__(self):
        return 1
def f(n):
    count = 0
    for i in range(n):
        if Evil(i) == i:
            count += 1
        if i != Evil(i):
            count += 10
    return count
# ==== add_changes_global
# call: 5
scale = 1
class Evil:
    def __add__(self, other):
        global scale
        scale += other
        return other
    __radd__ = __add__
def f(n):
    global scale
    scale = 1
    e = Evil()
    out = []
    for i in range(n):
        out.append(e + i * scale)
        out.append(i + e)
    return out, scale
# ==== add_mutates_list_being_iterated
# call: [1, 2, 3, 4]
class Evil:
    def __init__(self, items):
        self.items = items
    def __radd__(self, other):
        if self.items:
            self.items.pop()
        return other
def f(items):
    e = Evil(items)
    total = 0
    for item in items:
        total += item
        total = total + e
    return total, items
# ==== bool_mutates
# call: 5
class Evil:
    def __init__(self):
        self.n = 0
    def __bool__(self):
        self.n += 1
        return self.n < 4
def f(n):
    e = Evil()
    count = 0
    while e and count < n:
        count += 1
    return count, e.n, not e, bool(e), (e and 1), (e or 2)
# ==== bool_returns_wrong_type
# call: Evil(1)
# call: Evil(None)
# call: 1
class Evil:
    def __init__(self, n):
        self.n = n
    def __bool__(self):
        return self.n
def f(x):
    if x:
        return 'true'
    return 'false'
# ==== reflected_and_notimplemented
# call: 3
class A:
    def __add__(self, other):
        return NotImplemented
    def __mul__(self, other):
        return 'mul'
class B(A):
    def __radd__(self, other):
        return 'radd'
    def __rmul__(self, other):
        return 'rmul'
def f(n):
    out = []
    for i in range(n):
        out.append(A() + B())
        out.append(A() * B())
        out.append(i + B())
        out.append(1.5 * B())
    try:
        A() + 1
    except TypeError as error:
        out.append(str(error))
    return out
# ==== inplace_operators
# call: 3
class Acc:
    def __init__(self):
        self.v = []
    def __iadd__(self, other):
        self.v.append(other)
        return self
    def __imul__(self, other):
        return 'gone'
def f(n):
    a = Acc()
    b = a
    for i in range(n):
        a += i
    same = a is b
    a *= 2
    return same, b, a
# ==== getitem_with_side_effects
# call: 5
class Evil:
    def __init__(self):
        self.log = []
    def __getitem__(self, i):
        self.log.append(i)
        return i * 0.5
    def __setitem__(self, i, v):
        self.log.append((i, v))
    def __len__(self):
        return len(self.log)
    def __contains__(self, x):
        self.log.append(('in', x))
        return x > 2
def f(n):
    e = Evil()
    total = 0
    for i in range(n):
        total += e[i]
        e[i] = total
        if i in e:
            total += len(e)
    return total, e.log
# ==== index_changes_type_of_local_list
# call: [1, 2, 3]
class Evil:
    def __init__(self, items):
        self.items = items
    def __index__(self):
        for i in range(len(self.items)):
            self.items[i] = 0.5
        return 1
def f(items):
    total = items[0]
    total += items[Evil(items)]
    total += items[2]
    return total, items
# ==== len_lies
# call: 4
class Evil(list):
    def __len__(self):
        return 1
def f(n):
    items = Evil([1, 2, 3])
    out = []
    for i in range(len(items)):
        out.append(items[i])
    return out, bool(items), [x for x in items]
# ==== hash_and_eq_in_dict
# call: 4
log = []
class Key:
    def __init__(self, n):
        self.n = n
    def __hash__(self):
        log.append(('hash', self.n))
        return self.n % 2
    def __eq__(self, other):
        log.append(('eq', self.n, other.n))
        return self.n == other.n
def f(n):
    d = {}
    for i in range(n):
        d[Key(i)] = i
    return d[Key(1)], Key(2) in d, len(d)
# ==== iterator_mutates_source
# call: [1, 2, 3]
class Evil:
    def __init__(self, items):
        self.items = items
    def __iter__(self):
        return self
    def __next__(self):
        if not self.items:
            raise StopIteration
        return self.items.pop()
def f(items):
    total = 0
    for x in Evil(items):
        total = total * 10 + x
        if x == 3:
            items.append(0)
    return total
# ==== getattr_hooks
# call: 3
class Evil:
    count = 0
    def __getattr__(self, name):
        Evil.count += 1
        return Evil.count
def f(n):
    Evil.count = 0
    e = Evil()
    total = 0
    for i in range(n):
        total += e.anything
    return total
# ==== method_replaced_mid_loop
# call: 6
class C:
    def m(self, x):
        return x
def f(n):
    C.m = lambda self, x: x
    c = C()
    out = []
    for i in range(n):
        out.append(c.m(i))
        if i == 2:
            C.m = lambda self, x: -x
        if i == 4:
            c.m = lambda x: 'own'
    return out
# ==== class_changed_mid_loop
# call: 6
class A:
    def v(self):
        return 1
class B:
    def v(self):
        return 2.5
def f(n):
    x = A()
    total = 0
    for i in range(n):
        total += x.v()
        if i == 2:
            x.__class__ = B
    return total
# ==== str_of_exception_in_print
# call: 3
def f(n):
    for i in range(n):
        print('value', i, i * 0.1, sep='|')
    print([i, -0.0], end='')
    return i
# ==== refcount_visible_lists
# call: 3
def f(n):
    inner = [n]
    outer = [inner] * n
    for i in range(n):
        outer[i] = [inner]
    return outer
# ==== copy_semantics_of_augmented_list
# call: [1], [2]
def f(a, b):
    c = a
    for i in range(3):
        a += b
        b = b + [i]
    return a is c, a, b, c
# ==== generator_closed_finalises
# call: 5
log = []
def g():
    try:
        for i in range(100):
            yield i
    finally:
        log.append('closed')
def f(n):
    for x in g():
        if x == n:
            break
        log.append(x)
    log.append('after')
    return x
# ==== recursion_inside_del
# call: 3
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(self.n)
        if self.n > 0:
            f(self.n - 1)
def f(n):
    x = Noisy(n)
    x = None
    return n
# ==== callee_drops_the_callers_list
# call: 3
holder = []
log = []
class Noisy:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        log.append(self.n)
def drop(i):
    holder.clear()
    return i
def f(n):
    total = 0
    for i in range(n):
        holder.append(Noisy(i))
        x = holder[0]
        drop(i)
        total += x.n
        log.append('used')
    return total
# ==== element_used_after_container_died
# call: 3
def f(n):
    out = []
    for i in range(n):
        items = [[i], [i + 1]]
        first = items[0]
        items = None
        first.append(i)
        out.append(first)
    return out
# ==== float_element_used_after_store
# call: [1.5, 2.5]
def f(a):
    x = a[0]
    a[0] = a[1] * 2
    y = a[0]
    a[1] = x + y
    a[0] = x
    return a, x, y
# ==== object_replaced_while_method_runs
# call: 3
class C:
    def __init__(self, n):
        self.n = n
    def run(self):
        holder[0] = None
        return self.n
holder = [None]
def f(n):
    total = 0
    for i in range(n):
        holder[0] = C(i)
        total += holder[0].run()
    return total
# ==== globals_whose_attributes_run_code
# call: 5
class Meta(type):
    def __getattribute__(cls, name):
        log.append(('class', name))
        return type.__getattribute__(cls, name)
class Spy:
    def __getattribute__(self, name):
        log.append(('object', name))
        return object.__getattribute__(self, name)
class Traced(metaclass=Meta):
    pass
log = []
spy, constant = Spy(), Spy()
def g(x, spy=constant):
    return x if spy is not Traced else 0
def f(n):
    total = 0
    for i in range(n):
        if spy is not None and Traced is not None:
            total += g(i)
    return total, list(log)
# ==== element_wider_than_seen_compared
# call: [2]
# call: [4611686018427387904]
# call: [2**70]
def f(l):
    x = l[0]
    if x < 1073741824:
        return 1
    return 2
# ==== wider_than_seen_shift
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] >> 2
    if y < 2**29: return 1
    return 2
# ==== wider_than_seen_sum
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] + 1
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_product
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] * 3
    if y < 2**40: return 1
    return 2
# ==== wider_than_seen_absolute
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = abs(l[0])
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_negative
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = -l[0]
    if y > -2**31: return 1
    return 2
# ==== wider_than_seen_complement
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = ~l[0]
    if y > -2**31: return 1
    return 2
# ==== wider_than_seen_quotient
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] // 3
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_mask
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] & l[1]
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_union
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = abs(l[0]) | abs(l[1])
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_least
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = min(l[0], l[1])
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_choice
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] if l[2] else l[1]
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_left_shift
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] << 3
    if y < 2**40: return 1
    return 2
# ==== wider_than_seen_remainder
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] % 2**40
    if y < 2**31: return 1
    return 2
# ==== wider_than_seen_itself
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0]
    while y > 2**62: return 3
    return 2
# ==== wider_than_seen_difference
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    y = l[0] - l[1]
    if y < 2**33: return 1
    return 2
# ==== wider_than_seen_in_a_loop
# call: [5, 6, 7]
# call: [2**62, 2**62, 2**62]
# call: [-2**62, -2**61, 0]
# call: [2**80, 2**80, 2**80]
def f(l):
    for i in range(3):
        y = l[i] + i
        if y > 2**31: return i
    return 9
