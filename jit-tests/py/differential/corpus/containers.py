# Subscripts, slices, stores, building, packing; lists, tuples, bytes, bytearrays, arrays, strings, dicts.
# ==== subscript_forms
# call: [10, 20, 30], 0
# call: [10, 20, 30], 2
# call: [10, 20, 30], 3
# call: [10, 20, 30], -1
# call: [10, 20, 30], -3
# call: [10, 20, 30], -4
# call: [10, 20, 30], True
# call: [10, 20, 30], 1.0
# call: [10, 20, 30], 2**63
# call: [10, 20, 30], -2**63 - 1
# call: [10, 20, 30], 2**31
# call: [10, 20, 30], Index(1)
# call: [10, 20, 30], Index('x')
# call: [10, 20, 30], None
# call: [10, 20, 30], 'a'
# call: [], 0
# call: (1, 2.5), 1
# call: (1, 2.5), 2
# call: b'abc', 1
# call: b'abc', -4
# call: bytearray(b'abc'), -1
# call: bytearray(b'abc'), 5
# call: 'abc', 1
# call: 'aé😀', 2
# call: 'abc', 3
# call: {1: 'x'}, 1
# call: {1: 'x'}, 2
# call: {1: 'x'}, True
# call: range(10, 20), 3
# call: range(10, 20), -11
# call: 5, 0
# call: None, 0
# call: array('d', [1.5]), 0
# call: array('d', [1.5]), 1
# call: memoryview(b'abc'), 1
from array import array
class Index:
    def __init__(self, value):
        self.value = value
    def __index__(self):
        return self.value
def f(items, index):
    return items[index]
# ==== subscript_in_loop_all_kinds
# call: [1, 2, 3, 4]
# call: (1, 2.5, 3, 4)
# call: b'wxyz'
# call: bytearray(b'wxyz')
# call: 'wxyz'
# call: array('h', [1, -2, 3, -4])
# call: array('f', [1.1, 2.2, 3.3, 4.4])
# call: range(4)
# call: {0: 1, 1: 2, 2: 3, 3: 4, -1: 5, -2: 6, -3: 7, -4: 8}
from array import array
def f(items):
    out = []
    for i in range(-len(items), len(items)):
        if type(items) is dict and i not in items:
            continue
        out.append(items[i])
    return out
# ==== store_forms
# call: [1, 2, 3], 1, 'x'
# call: [1, 2, 3], -1, 2.5
# call: [1, 2, 3], 3, 0
# call: [1, 2, 3], -4, 0
# call: [1, 2, 3], True, None
# call: [1, 2, 3], 1.0, 0
# call: [1, 2, 3], 2**64, 0
# call: (1, 2), 0, 5
# call: b'abc', 0, 5
# call: 'abc', 0, 'x'
# call: bytearray(b'abc'), 1, 255
# call: bytearray(b'abc'), 1, 256
# call: bytearray(b'abc'), 1, -1
# call: bytearray(b'abc'), 1, 2**70
# call: bytearray(b'abc'), 1, True
# call: bytearray(b'abc'), 1, 1.0
# call: bytearray(b'abc'), 1, 'x'
# call: bytearray(b'abc'), 3, 0
# call: bytearray(b'abc'), -3, 7
# call: bytearray(b'abc'), -4, 7
# call: {}, 'k', 1
# call: {}, [], 1
# call: None, 0, 0
def f(items, index, value):
    items[index] = value
    return items
# ==== store_bounds_and_value_error_order
# call: 10, 999
# call: 10, 5
# call: 1, 999
# call: 1, 'x'
# call: 10, 'x'
def f(index, value):
    data = bytearray(3)
    data[index] = value
    return data
# ==== array_store_order_of_errors
# call: 10, 2**40
# call: 10, 'x'
# call: 0, 2**40
# call: -9, 1
from array import array
def f(index, value):
    data = array('i', [1, 2, 3])
    data[index] = value
    return data
# ==== bytearray_arithmetic_overflow_in_loop
# call: bytearray(b'\x00\x10\x20'), 3
# call: bytearray(b'\xf0\x10\x20'), 30
# call: bytearray(b'\x02\x10\x20'), -3
def f(data, step):
    for i in range(len(data)):
        data[i] += step
    return data
# ==== list_float_in_place
# call: [1.5, 2.5, -0.0]
# call: [1.5, 2, True]
# call: [1.5, 'x']
# call: []
def f(values):
    for i in range(len(values)):
        values[i] *= 2
        values[i] = values[i] + 0.5
    return values
# ==== list_identity_after_swaps
# call: [[1], [2], [3]]
# call: [1.5, 2.5, 3.5]
def f(values):
    first = values[0]
    for i in range(len(values) - 1):
        values[i], values[i + 1] = values[i + 1], values[i]
    values[0], values[-1] = values[-1], values[0]
    return values, first
# ==== swap_with_side_effects
# call: [3, 1, 2], 0, 2
# call: [3, 1, 2], 0, 5
# call: [1, 0, 2], 1, 1
def f(a, i, j):
    a[i], a[j] = a[j], a[i]
    i, a[i] = a[i], i
    return a, i, j
# ==== rotate_three
# call: 1, 2.5, 'x'
# call: 2**70, None, 3
def f(a, b, c):
    for _ in range(4):
        a, b, c = b, c, a
        a, b = b, a
    return a, b, c
# ==== augmented_subscript
# call: [1, 2, 3], 1
# call: [1, 2, 3], 7
# call: [1.5, 2.5], 1
# call: ['a', 'b'], 1
# call: {1: 5}, 1
# call: {1: 5}, 2
# call: [[1], [2]], 0
def f(items, i):
    items[i] += items[i]
    items[i] *= 2
    return items
# ==== slices_load
# call: [0, 1, 2, 3, 4, 5], 1, 4
# call: [0, 1, 2, 3], -3, None
# call: [0, 1, 2, 3], None, -1
# call: [0, 1, 2, 3], 3, 1
# call: [0, 1, 2, 3], -100, 100
# call: (1, 2, 3), 1, 2
# call: 'hello', 1, -1
# call: b'hello', 2, 2**70
# call: bytearray(b'hello'), True, 3
# call: range(10), 2, 5
# call: [1, 2], 1.0, 2
# call: 5, 0, 1
def f(items, start, stop):
    return items[start:stop], items[start:], items[:stop], items[:], items[::2], items[::-1]
# ==== slices_with_step
# call: [0, 1, 2, 3, 4, 5, 6], 1, 6, 2
# call: [0, 1, 2, 3, 4, 5, 6], 6, 0, -2
# call: 'abcdefg', None, None, -1
# call: [1, 2], 0, 2, 0
# call: [1, 2], 0, 2, 'x'
def f(items, start, stop, step):
    return items[start:stop:step]
# ==== slice_store
# call: [1, 2, 3, 4], 1, 3, [9]
# call: [1, 2, 3, 4], 1, 1, [9, 8, 7]
# call: [1, 2, 3, 4], 0, 4, ()
# call: bytearray(b'abcd'), 1, 3, b'zzz'
# call: bytearray(b'abcd'), 1, 3, [1, 300]
# call: [1, 2], 0, 1, 5
def f(items, start, stop, values):
    items[start:stop] = values
    items[len(items):] = values
    return items
# ==== slice_self_assignment
# call: [1, 2, 3, 4, 5]
def f(a):
    a[1:3] = a
    a[::2] = [0] * len(a[::2])
    del a[::3]
    a[:] = a[::-1]
    return a
# ==== slice_in_loop
# call: 'abcdefghij'
# call: b'abcdefghij'
# call: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
# call: bytearray(b'abcdefghij')
def f(items):
    out = []
    for i in range(len(items)):
        part = items[i:i + 3]
        if len(part) == 3 and part[0] != items[0]:
            out.append(part)
    return out
# ==== list_methods
# call: [3, 1, 2]
# call: []
# call: [1, 'a']
def f(a):
    out = []
    a.append(5)
    a.extend([6, 7])
    a.insert(0, 8)
    a.insert(100, 9)
    a.insert(-1, 10)
    out.append(a.pop())
    out.append(a.pop(0))
    out.append(a.pop(-2))
    out.append(a.index(5))
    out.append(a.count(7))
    a.reverse()
    a.sort()
    b = a.copy()
    b.remove(5)
    a += b
    a *= 2
    return a, b, out
# ==== pop_errors
# call: [], 0
# call: [1], 5
# call: [1], -2
# call: [1], 'x'
# call: [1, 2, 3], 1
def f(a, i):
    return a.pop(i), a.pop()
# ==== pop_until_empty_raises
# call: [1, 2, 3]
# call: [1.5]
def f(a):
    total = 0
    while True:
        total += a.pop()
# ==== append_in_loop_then_index
# call: 5
# call: 40
def f(n):
    a = []
    for i in range(n):
        a.append(i * i)
        a.append(a[-1] + a[len(a) // 2])
    return a, a[n], a[-n]
# ==== append_bound_method_kept
# call: 5
def f(n):
    out = []
    add = out.append
    for i in range(n):
        add(i)
        if i == 2:
            out = []
    return out, add.__self__
# ==== append_returns_none
# call: [1]
def f(a):
    return a.append(2), a.extend((3,)), a.insert(0, 1), a.sort(), a.reverse()
# ==== list_subclass
# call: [1, 2, 3]
# call: Loud([1, 2, 3])
class Loud(list):
    def __getitem__(self, index):
        return ('loud', list.__getitem__(self, index))
    def append(self, value):
        list.append(self, ('appended', value))
    def __len__(self):
        return 2
    def __iter__(self):
        return iter('xyz')
def f(a):
    a.append(4)
    out = [a[0], len(a)]
    for item in a:
        out.append(item)
    for i in range(len(a)):
        out.append(a[i])
    a[0] = 7
    return out, a
# ==== tuple_and_bytes_subclass
# call: (1, 2)
# call: T((1, 2))
# call: B(b'ab')
class T(tuple):
    def __getitem__(self, i):
        return 'T'
class B(bytes):
    def __len__(self):
        return 99
def f(a):
    return a[0], len(a), [x for x in a], a + a, a[0:1]
# ==== list_build_and_repeat
# call: 4
# call: 0
# call: -1
# call: 2.0
def f(n):
    a = [0] * n
    b = [0.5, 1] * n
    c = n * [[]]
    if c:
        c[0].append(1)
    d = [n, n + 1, *a, *b]
    return a, b, c, d, (1,) * n, 'ab' * n, b'xy' * n, [None] * n
# ==== matrix_rows_alias
# call: 3
def f(n):
    shared = [[0] * n] * n
    separate = [[0] * n for _ in range(n)]
    for i in range(n):
        shared[i][i] += i + 1
        separate[i][i] += i + 1
    return shared, separate
# ==== matrix_product
# call: 4
def f(n):
    a = [[i * 0.5 + j for j in range(n)] for i in range(n)]
    b = [[i - j * 1.5 for j in range(n)] for i in range(n)]
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        row = a[i]
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += row[k] * b[k][j]
            c[i][j] = total
    return c
# ==== ragged_matrix_raises
# call: [[1, 2], [3]]
# call: [[1, 2], [3, 4]]
# call: [[1, 2], 5]
# call: [[1, 2], 'ab']
def f(rows):
    total = 0
    for i in range(len(rows)):
        for j in range(len(rows[0])):
            total += rows[i][j]
    return total
# ==== tuple_packing
# call: 1, 2.5
# call: 2**70, 'x'
def f(a, b):
    t = a, b
    u = (t, t, a)
    x, y = t
    (p, q), r, s = u
    return u, x, y, p, q, r, s, t == (a, b), t is p, len(u)
# ==== unpack_forms
# call: (1, 2, 3)
# call: [1, 2, 3]
# call: 'abc'
# call: iter([1, 2, 3])
# call: {1: 0, 2: 0, 3: 0}
# call: [1, 2]
# call: [1, 2, 3, 4]
# call: 5
# call: (i for i in range(3))
def f(items):
    a, b, c = items
    return c, b, a
# ==== unpack_star
# call: [1, 2, 3, 4]
# call: (1, 2)
# call: 'x'
# call: []
def f(items):
    first, *rest = items
    *init, last = items
    return first, rest, init, last
# ==== unpack_star_middle
# call: [1, 2, 3, 4, 5]
# call: [1]
def f(items):
    a, *b, c, d = items
    return a, b, c, d
# ==== tuple_returned_and_unpacked_in_loop
# call: 10
def pair(i):
    return i, i * 0.5
def f(n):
    total = 0
    for i in range(n):
        a, b = pair(i)
        c, d = b, a
        total += a * b - c + d
    return total
# ==== tuple_comparison
# call: (1, 2), (1, 3)
# call: (1, 2), (1, 2, 3)
# call: (1, 'a'), (1, 2)
# call: (float('nan'),), (float('nan'),)
def f(a, b):
    return a == b, a != b, a < b
# ==== containers_equal_by_identity_first
# call: float('nan')
# call: 1.0
def f(x):
    values = [x]
    y = values[0]
    return y in values, x in values, values == [x], values.count(x), (x,) == (y,), values.index(x), y == x, x in (x, 1), x is y
# ==== in_forms
# call: 2, [1, 2, 3]
# call: 2.0, [1, 2, 3]
# call: True, [1, 2, 3]
# call: 'x', [1, 2, 3]
# call: 2, (1, 2)
# call: 5, range(0, 10, 5)
# call: 5.0, range(10)
# call: 5.5, range(10)
# call: 2**70, range(10)
# call: 97, b'abc'
# call: 300, b'abc'
# call: b'b', b'abc'
# call: 97, bytearray(b'abc')
# call: -1, bytearray(b'abc')
# call: 'b', 'abc'
# call: 1, 'abc'
# call: 1, {1: 2}
# call: [], {1: 2}
# call: 1, {1}
# call: 1, 5
# call: 1, iter([1, 2])
def f(x, items):
    return x in items, x not in items
# ==== in_with_evil_eq
# call: [Evil(1), Evil(2), 3]
log = []
class Evil:
    def __init__(self, n):
        self.n = n
    def __eq__(self, other):
        log.append((self.n, other if isinstance(other, int) else other.n))
        return self.n == 2
    __hash__ = None
def f(items):
    return 3 in items, items[1] in items, items.index(3), items == items
# ==== array_all_typecodes
# call: 'b', [1, -1, 127, -128, 128]
# call: 'B', [1, 255, 256]
# call: 'B', [1, -1]
# call: 'h', [1, 32767, -32768, 32768]
# call: 'H', [1, 65535, 65536]
# call: 'i', [1, 2**31 - 1, -2**31, 2**31]
# call: 'I', [1, 2**32 - 1, 2**32]
# call: 'I', [1, -1]
# call: 'l', [1, 2**63 - 1, -2**63, 2**63]
# call: 'L', [1, 2**64 - 1, 2**64]
# call: 'L', [1, -1]
# call: 'q', [1, 2**63 - 1, -2**63, -2**63 - 1]
# call: 'Q', [1, 2**63, 2**64 - 1, 2**64]
# call: 'f', [1, 0.1, 1e38, 1e39, float('nan'), 2**40]
# call: 'd', [1, 0.1, -0.0, 2**70, 10**400]
# call: 'd', [1.5, 'x']
# call: 'd', [1.5, True]
# call: 'i', [1, 1.5]
# call: 'i', [True, None]
# call: 'u', ['a', 'é', 'xx']
from array import array
def f(code, values):
    store = array(code, [values[0]] * 4)
    out = []
    for i in range(len(values)):
        try:
            store[i % 4] = values[i]
            out.append(store[i % 4])
            out.append(store[-1 - i % 4])
        except (OverflowError, TypeError) as error:
            out.append(str(error))
    return out, store
# ==== array_loops
# call: 'd', 10
# call: 'f', 10
# call: 'i', 10
# call: 'Q', 10
# call: 'b', 20
from array import array
def f(code, n):
    x = array(code, range(n))
    y = array(code, [0] * n)
    total = 0
    for i in range(n):
        y[i] = x[i] * x[n - 1 - i] + 3
        total += y[i]
    for value in y:
        total += value
    for i, value in enumerate(x):
        total -= value * i
    return total, x, y
# ==== array_grows_and_shrinks
# call: 5
from array import array
def f(n):
    a = array('q', range(n))
    for i in range(n):
        a.append(a[i] * 2)
        a[0] += 1
        a.extend([i])
        if i % 2:
            a.pop()
    return a, len(a), a[-1], a[1:3], 4 in a
# ==== array_type_changes
# call: array('i', [1, 2, 3])
# call: array('d', [1.0, 2.0, 3.0])
# call: [1, 2.0, 3]
# call: (1, 2, 3)
# call: memoryview(array('i', [4, 5, 6]))
from array import array
def f(a):
    total = 0
    for i in range(3):
        total += a[i] * (i + 1)
    return total
# ==== array_subclass
# call: array('i', [1, 2])
# call: Mine('i', [1, 2])
from array import array
class Mine(array):
    def __getitem__(self, i):
        return 100 + i
def f(a):
    a[0] = 5
    return a[0] + a[1], [x for x in a], len(a)
# ==== array_resized_while_exported
# call: 1
from array import array
def f(n):
    a = array('i', [1, 2, 3])
    view = memoryview(a)
    total = 0
    for i in range(3):
        total += a[i] + view[i]
        view[i] = 9
        total += a[i]
    a.append(4)
# ==== bytearray_resized_while_exported
# call: 2
def f(n):
    a = bytearray(b'abc')
    view = memoryview(a)
    for i in range(n):
        a[i] = view[i + 1]
    a.append(4)
# ==== bytes_loops
# call: b'hello world'
# call: bytearray(b'hello world')
# call: [104, 101]
# call: b''
def f(data):
    a, b, crc = 1, 0, 0xFFFFFFFF
    for byte in data:
        a = (a + byte) % 65521
        b = (b + a) % 65521
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xEDB88320 & -(crc & 1))
    return (b << 16) | a, crc ^ 0xFFFFFFFF
# ==== bytes_compare_and_concat
# call: b'abc', b'abd'
# call: b'', bytearray(b'')
# call: b'a', 'a'
def f(a, b):
    return a == b, a < b if type(a) is type(b) else None, a + b
# ==== bytearray_methods
# call: 5
def f(n):
    data = bytearray()
    for i in range(n):
        data.append(i * 60 % 256)
        data += bytes([i])
        data.extend((1, 2))
    data.insert(1, 9)
    last = data.pop()
    del data[0]
    return data, last, bytes(data), data.find(2), data.hex()
# ==== bytearray_append_errors
# call: 255
# call: 256
# call: -1
# call: 1.5
# call: 'x'
# call: True
def f(value):
    data = bytearray(b'ab')
    for i in range(3):
        data.append(value)
    return data
# ==== strings
# call: 'hello wörld'
# call: ''
# call: '😀a'
def f(s):
    out = []
    for c in s:
        out.append(ord(c))
        if c == 'l' or c in 'aeiou' or 'm' <= c <= 'z':
            out.append(c.upper())
    for i in range(len(s)):
        out.append(s[i] + s[-1 - i])
    return out, ''.join(reversed(s)), s * 2 + '!', s == 'hello', s < 'i', len(s), s.find('l'), s.split()
# ==== string_concat_in_loop
# call: 20
def f(n):
    s = ''
    t = s
    for i in range(n):
        s += chr(97 + i % 26)
        if i == 5:
            t = s
    return s, t
# ==== fstrings
# call: 1, 2.5
# call: 2**70, 'x'
# call: True, None
# call: Evil(), -0.0
class Evil:
    def __format__(self, spec):
        return f'evil<{spec}>'
    def __repr__(self):
        return 'Evil()'
def f(a, b):
    out = []
    for i in range(3):
        out.append(f'{a}-{b!r}-{i:03d}-{a!s:>5}-{i * 2}{i}')
    return ''.join(out), f'{a:5}|{b!r:>8}', '%s %r' % (a, b), '{} {}'.format(a, b)
# ==== dicts
# call: 10
def f(n):
    d = {}
    for i in range(n):
        d[i % 4] = d.get(i % 4, 0) + i
        if i % 3 in d:
            d['k%d' % (i % 3)] = i
    total = 0
    for key, value in d.items():
        total += value
    d.setdefault('z', []).append(total)
    removed = d.pop(0, None)
    return d, total, removed, len(d), 'z' in d
# ==== dict_key_equality
# call: {1: 'a'}
# call: {}
def f(d):
    d[True] = 'b'
    d[1.0] = 'c'
    d[0.0] = 'zero'
    d[-0.0] = 'minus'
    return d, d[1], d[False]
# ==== dict_missing
# call: {'a': 1}
# call: D()
class D(dict):
    def __missing__(self, key):
        return 'missing ' + key
def f(d):
    out = []
    for key in ['b', 'a']:
        out.append(d[key])
    return out
# ==== sets
# call: 10
def f(n):
    seen = set()
    out = []
    for i in range(n):
        x = i * i % 7
        if x in seen:
            out.append(x)
        seen.add(x)
        seen.discard(3)
    return out, seen, seen & {1, 2}, len(seen)
# ==== delete_items
# call: [1, 2, 3, 4]
# call: [1]
# call: {1: 2, 0: 3}
# call: (1, 2)
def f(items):
    del items[1]
    del items[0]
    return items
# ==== attributes
# call: 5
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def norm(self):
        return self.x * self.x + self.y * self.y
    @property
    def double(self):
        return self.x * 2
    @staticmethod
    def make(i):
        return Point(i, i * 0.5)
    @classmethod
    def other(cls, i):
        return cls(i, -i)
def f(n):
    total = 0
    p = Point(1, 2.5)
    for i in range(n):
        p.x += i
        p.y = p.norm()
        total += p.double + Point.make(i).norm() - Point.other(i).y
    return total, p, p.missing if n > 100 else None
# ==== attribute_errors
# call: 1
# call: None
# call: [1]
def f(a):
    a.missing = 1
    return a.nothing
# ==== slots_and_descriptors
# call: 3
class S:
    __slots__ = ('a', 'b')
def f(n):
    s = S()
    s.a = 0
    for i in range(n):
        s.a += i
    try:
        s.b
    except AttributeError as error:
        message = str(error)
    s.c = 1
# ==== nested_structures
# call: [[1, [2, 3]], [4, [5, 6]]]
def f(data):
    total = 0
    for row in data:
        total += row[0] + row[1][0] * row[1][1]
        row[1][0], row[0] = row[0], row[1]
    return total, data
# ==== stack_machine
# call: [(0, 5), (0, 7), (1, 0), (0, 3), (2, 0), (3, 0)]
# call: [(0, 5), (1, 0)]
# call: [(9, 0)]
def f(program):
    stack = []
    for op, arg in program:
        if op == 0:
            stack.append(arg)
        elif op == 1:
            b = stack.pop()
            a = stack.pop()
            stack.append(a + b)
        elif op == 2:
            b = stack.pop()
            a = stack.pop()
            stack.append(a * b)
        elif op == 3:
            stack.append(stack[-1])
        else:
            raise ValueError('bad op', op)
    return stack
# ==== sieve
# call: 100
# call: 2
# call: 0
def f(n):
    flags = bytearray([1]) * (n + 1)
    flags[0:2] = b'\x00\x00'
    i = 2
    while i * i <= n:
        if flags[i]:
            flags[i * i::i] = bytes(len(range(i * i, n + 1, i)))
        i += 1
    return [i for i in range(n + 1) if flags[i]], sum(flags)
# ==== sieve_list_of_bools
# call: 60
def f(n):
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    for i in range(2, n + 1):
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
    count = 0
    for flag in flags:
        count += flag
    return count, flags
# ==== prefix_sums_and_binary_search
# call: [3, 1, 4, 1, 5, 9, 2, 6]
# call: [0.5, 2, True]
def f(values):
    sums = [0]
    for value in values:
        sums.append(sums[-1] + value)
    out = []
    for target in range(0, 20, 3):
        low, high = 0, len(sums)
        while low < high:
            middle = (low + high) // 2
            if sums[middle] < target:
                low = middle + 1
            else:
                high = middle
        out.append(low)
    return sums, out
# ==== bubble_sort
# call: [5, 2, 9, 1]
# call: [2.5, 1, True, -0.0, 0.0]
# call: ['b', 'a', 'c']
# call: [1, 'a']
# call: [3, float('nan'), 1, 2]
def f(a):
    n = len(a)
    swaps = 0
    for i in range(n):
        for j in range(n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
                swaps += 1
    return a, swaps
# ==== list_of_lists_iterated_and_mutated
# call: [[3, 2], [1], []]
def f(rows):
    out = []
    for row in rows:
        while row:
            out.append(row.pop())
        if len(rows) < 6:
            rows.append([len(rows)])
    return out, rows
# ==== memoryview_loads
# call: b'abcdef'
def f(data):
    view = memoryview(data)
    total = 0
    for i in range(len(view)):
        total = total * 3 + view[i]
    for byte in view[1:3]:
        total += byte
    return total
# ==== index_object_side_effects
# call: [1, 2, 3]
log = []
class Index:
    def __init__(self, items):
        self.items = items
    def __index__(self):
        log.append('index')
        del self.items[:]
        return 0
def f(items):
    return items[Index(items)]
# ==== index_object_store_shrinks
# call: [1, 2, 3]
class Index:
    def __init__(self, items):
        self.items = items
    def __index__(self):
        self.items.pop()
        return -1
def f(items):
    items[Index(items)] = 'x'
    items[Index(items)] += 'y'
    return items
# ==== float_stores_over_what_was_loaded
# call: [0.5, 1.5, 2.5, 3.5, 4.5, 5.5], False, 3
# call: [0.5, 1.5, 2.5, 3.5, 4.5, 5.5], True, 3
# call: [0.5] * 6, False, 4
# call: [0.5] * 6, True, 4
# call: [0.5, 1.5, 2.5, 7, 4.5, 5.5], False, 3
# call: [0.5, 1.5, 2.5, 7, 4.5, 5.5], True, 3
# call: [0.5, True, 2.5, 3.5, 4.5, 10**20], True, 3
# call: [0.5, 1.5, 2.5, Fraction(1, 3), 4.5, 5.5], True, 2
# call: [0.5, 1.5, 2.5, Half(0.25), 4.5, 5.5], True, 3
# call: [0.5, 1.5, 2.5, 'x', 4.5, 5.5], False, 3
# call: [0.5, -0.0, float('inf'), float('nan'), 4.5, 5e-324], True, 3
from fractions import Fraction
class Half(float):
    def __add__(self, other):
        return float(self) + other * 0.5
def f(values, same, turns):
    a = list(values)
    b = a if same else list(values)
    kept = [a[0], b[-1]]
    error = None
    try:
        for turn in range(turns):
            for i in range(len(a)):
                for j in range(i + 1, len(b)):
                    d = a[i] - b[j]
                    q = 0.25 / (d * d + 1.0)
                    a[i] += d * q
                    b[j] -= d * q * b[i]
                    a[j] = a[j] + q
                    if j == 4:
                        kept.append(a[i])
                        a[i] = b[j]
    except TypeError as caught:
        error = str(caught)
    return a, b, kept, error
# ==== int_stores_over_what_was_loaded
# call: [5, 1000, 70000, 3], False, 5
# call: [5, 1000, 70000, 3], True, 5
# call: [500] * 4, True, 5
# call: [5, 1000, 2**40, 3], True, 5
# call: [5, 1000, 2**62, 3], True, 5
# call: [5, 1000, True, 3], True, 5
# call: [5, 1000, 2.5, 3], True, 5
def f(values, same, turns):
    a = list(values)
    b = a if same else list(values)
    kept = [a[1]]
    for turn in range(turns):
        for i in range(len(a)):
            a[i] += b[i - 1] + turn
            b[i] = b[i] * 3 - a[i]
        kept.append(a[2])
    return a, b, kept
