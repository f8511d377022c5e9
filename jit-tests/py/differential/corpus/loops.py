# Loops: range with every kind of step, while, else/break/continue, nesting, iteration and mutation.
# ==== range_forms
# call: 0, 10, 1
# call: 10, 0, -1
# call: 0, 10, 3
# call: 10, 0, -3
# call: 5, 5, 1
# call: 5, 4, 1
# call: 0, 10, 0
# call: -5, 5, 2
# call: 2**62, 2**62 + 3, 1
# call: 2**63 - 3, 2**63 + 3, 1
# call: -(2**63) + 2, -(2**63) - 3, -1
# call: 0, 2**70, 2**68
# call: True, 5, True
# call: 0, 5, 1.0
# call: 0.0, 5, 1
# call: 0, 'x', 1
def f(start, stop, step):
    out = []
    for i in range(start, stop, step):
        out.append(i)
        if len(out) > 30:
            break
    else:
        out.append('else')
    return out
# ==== range_step_constant_negative
# call: 10
# call: 0
# call: -3
# call: True
def f(n):
    out = []
    for i in range(n, -1, -1):
        out.append(i)
    for i in range(n - 1, 0, -2):
        out.append(-i)
    return out, i
# ==== range_near_max
# call: 2**63 - 1
# call: 2**63
# call: 2**31
# call: -(2**63)
def f(n):
    out = []
    for i in range(n - 2, n + 2):
        out.append(i)
    for i in range(n + 2, n - 2, -1):
        out.append(i)
    for i in range(n - 2, n + 2, 3):
        out.append(i + 1)
    return out
# ==== range_loop_variable_survives
# call: 3
# call: 0
def f(n):
    for i in range(n):
        pass
    return i
# ==== range_variable_reassigned
# call: 6
def f(n):
    out = []
    for i in range(n):
        out.append(i)
        i = i * 10
        out.append(i)
    return out, i
# ==== range_bound_changes
# call: 5
def f(n):
    count = 0
    for i in range(n):
        n = n + 10
        count += 1
    return count, n
# ==== range_of_index_object
# call: 3
# call: Five()
# call: Bad()
class Five:
    def __index__(self):
        return 5
class Bad:
    def __index__(self):
        return 'x'
def f(n):
    return [i for i in range(n)], list(range(1, n)), len(range(n))
# ==== range_object_kept
# call: 5
# call: 2**70
def f(n):
    r = range(0, n, 2)
    first = [i for i in r][:3] if n < 100 else None
    return r, r.start, r.stop, r.step, 4 in r, 3 in r, r[1], first, r == range(0, n, 2), bool(r), r[-1]
# ==== range_iterator_shared
# call: 6
def f(n):
    iterator = iter(range(n))
    out = []
    for i in iterator:
        out.append(i)
        for j in iterator:
            out.append(-j)
            break
    return out, next(iterator, 'end')
# ==== range_iterator_escapes
# call: 5
kept = []
def f(n):
    iterator = iter(range(n))
    for i in iterator:
        if i == 2:
            kept.append(iterator)
            break
    return list(iterator), len(kept)
# ==== while_loop_forms
# call: 10
# call: 0
# call: 2.5
# call: -1
def f(n):
    out = []
    while n > 0:
        n -= 1
        if n == 5:
            continue
        if n == 2:
            out.append('break')
            break
        out.append(n)
    else:
        out.append('else')
    return out, n
# ==== while_true_break
# call: 7
def f(n):
    i = 0
    while True:
        i += 1
        if i % 2:
            continue
        if i > n:
            break
    return i
# ==== while_on_object_truth
# call: [1, 2, 3]
# call: 'abc'
# call: 3
# call: 2.0
# call: Countdown(3)
class Countdown:
    def __init__(self, n):
        self.n = n
    def __bool__(self):
        self.n -= 1
        return self.n >= 0
def f(x):
    n = 0
    while x:
        n += 1
        if n > 5:
            break
        if isinstance(x, list):
            x.pop()
        elif isinstance(x, str):
            x = x[1:]
        elif isinstance(x, (int, float)):
            x = x - 1
    return n
# ==== while_truth_raises
# call: Bad(2)
# call: 0
class Bad:
    def __init__(self, n):
        self.n = n
    def __bool__(self):
        self.n -= 1
        if self.n < 0:
            raise ValueError('bool')
        return True
def f(x):
    n = 0
    while x:
        n += 1
    return n
# ==== nested_loops
# call: 6, 5
# call: 0, 5
# call: 3, 0
def f(n, m):
    total = 0
    for i in range(n):
        for j in range(m):
            if j > i:
                break
            if (i + j) % 3 == 0:
                continue
            total += i * j
        else:
            total += 1000
        total -= 1
    return total
# ==== triple_nested_with_floats
# call: 4
def f(n):
    total = 0.0
    for i in range(n):
        for j in range(i, n):
            k = 0
            while k < j:
                total += i * 0.5 + j / (k + 1)
                k += 1
    return total
# ==== break_out_of_nested_with_flag
# call: [[1, 2], [3, -1], [5]]
# call: [[1], [2]]
# call: []
def f(rows):
    for row in rows:
        for item in row:
            if item < 0:
                break
        else:
            continue
        return 'negative', row, item
    else:
        return 'none'
# ==== continue_in_try_finally
# call: 6
def f(n):
    out = []
    for i in range(n):
        try:
            if i == 1:
                continue
            if i == 4:
                break
            out.append(i)
        finally:
            out.append(-i)
    return out
# ==== return_inside_loop
# call: [1, 2, 3], 2
# call: [1, 2, 3], 9
def f(values, wanted):
    for index, value in enumerate(values):
        if value == wanted:
            return index
    return -1
# ==== iterate_kinds
# call: [1, 2, 3]
# call: (1, 2.5, 'x')
# call: b'abc'
# call: bytearray(b'xyz')
# call: 'héllo😀'
# call: {1: 2, 3: 4}
# call: {7}
# call: range(3)
# call: iter([1, 2])
# call: (i * i for i in range(3))
# call: array('i', [5, 6])
# call: 5
# call: None
# call: Seq()
# call: Old()
from array import array
class Seq:
    def __iter__(self):
        yield 1
        yield 2
class Old:
    def __getitem__(self, index):
        if index > 2:
            raise IndexError
        return index * 10
def f(items):
    out = []
    for item in items:
        out.append(item)
    return out
# ==== iterate_list_growing
# call: [1, 2, 3]
def f(items):
    n = 0
    for item in items:
        n += item
        if len(items) < 10:
            items.append(item + 1)
    return n
# ==== iterate_list_shrinking
# call: [1, 2, 3, 4, 5, 6]
# call: [1]
def f(items):
    out = []
    for item in items:
        out.append(item)
        items.pop()
    return out
# ==== iterate_list_cleared
# call: [1, 2, 3, 4]
def f(items):
    out = []
    for item in items:
        out.append(item)
        items.clear()
    else:
        out.append('else')
    items.append(9)
    return out
# ==== iterate_list_replaced_by_slice
# call: [1, 2, 3, 4]
def f(items):
    out = []
    for item in items:
        out.append(item)
        if len(out) < 6:
            items[:] = items + [item * 10]
    return out
# ==== iterate_list_mutated_by_callee
# call: [1, 2, 3, 4]
def shrink(items):
    del items[-1]
def f(items):
    out = []
    for item in items:
        shrink(items)
        out.append(item)
    return out
# ==== iterate_list_elements_change_type
# call: [1, 2, 3, 4, 5]
def f(items):
    total = 0
    for index, item in enumerate(items):
        if index + 1 < len(items) and index == 2:
            items[index + 1] = 0.5
        total += item
    return total
# ==== iterate_list_rebound
# call: [1, 2, 3]
def f(items):
    out = []
    for item in items:
        items = [item] * 2
        out.append(item)
    return out, items
# ==== iterate_exhausted_list_iterator_stays_exhausted
# call: [1, 2]
def f(items):
    iterator = iter(items)
    out = [x for x in iterator]
    items.append(3)
    return out, next(iterator, 'done')
# ==== iterate_bytearray_mutated
# call: bytearray(b'abcdef')
def f(data):
    out = []
    for byte in data:
        out.append(byte)
        if len(data) > 3:
            data.pop()
    return out
# ==== iterate_bytearray_grown
# call: bytearray(b'abc')
def f(data):
    total = 0
    for byte in data:
        total += byte
        if len(data) < 50:
            data.append(byte % 7)
    return total
# ==== iterate_dict_changed_size
# call: {1: 2, 3: 4}
def f(d):
    total = 0
    for key in d:
        total += key
        d[key + 100] = 1
    return total
# ==== iterate_dict_views
# call: {'a': 1, 'b': 2}
def f(d):
    out = []
    for key, value in d.items():
        out.append((key, value))
    for value in d.values():
        out.append(value)
    return out, [*d.keys()]
# ==== iterate_set_changed
# call: {1}
def f(s):
    for item in s:
        s.add(item + 1)
# ==== enumerate_forms
# call: [5, 6, 7], 0
# call: 'ab', 10
# call: (1.5, 2.5), -3
# call: [1, 2], 2**63 - 1
# call: [1, 2], 1.5
# call: 5, 0
def f(items, start):
    out = []
    for index, item in enumerate(items, start):
        out.append((index, item))
    for pair in enumerate(items):
        out.append(pair)
    for i, x in enumerate(items, start=1):
        out.append(i)
    return out
# ==== enumerate_mutated
# call: [1, 2, 3]
def f(items):
    out = []
    for index, item in enumerate(items):
        if index < 5:
            items.append(item * index)
        out.append((index, item))
    return out
# ==== zip_forms
# call: [1, 2, 3], [4, 5]
# call: [], [1]
# call: 'ab', b'xy'
# call: range(3), [1.5, 2.5, 3.5]
# call: [1], 5
def f(a, b):
    out = []
    for x, y in zip(a, b):
        out.append((x, y))
    for pair in zip(a, b, a):
        out.append(pair)
    return out
# ==== zip_strict
# call: [1, 2], [3, 4]
# call: [1, 2], [3]
# call: [1], [3, 4]
def f(a, b):
    total = 0
    for x, y in zip(a, b, strict=True):
        total += x * y
    return total
# ==== zip_consumes_like_cpython
# call: [1, 2, 3], [1]
def f(a, b):
    first, second = iter(a), iter(b)
    out = []
    for x, y in zip(first, second):
        out.append((x, y))
    return out, list(first), list(second)
# ==== zip_pair_kept
# call: [1, 2, 3]
def f(a):
    kept = []
    for pair in zip(a, a):
        kept.append(pair)
    return kept, kept[0] is kept[1]
# ==== zip_mutated_during
# call: [1, 2, 3], [4, 5, 6]
def f(a, b):
    out = []
    for x, y in zip(a, b):
        out.append(x * y)
        b.pop()
    return out
# ==== unpack_in_loop
# call: [(1, 2), (3, 4)]
# call: [[1, 2], (3, 4.5)]
# call: [(1, 2), (3,)]
# call: [(1, 2), (3, 4, 5)]
# call: ['ab', 'cd']
# call: [(1, 2), 7]
def f(pairs):
    out = []
    for a, b in pairs:
        out.append(b)
        out.append(a)
    return out
# ==== unpack_nested_in_loop
# call: [(1, (2, 3))]
# call: [(1, (2, 3, 4))]
# call: [(1, 2)]
def f(items):
    total = 0
    for a, (b, c) in items:
        total += a * b - c
    return total
# ==== loop_target_is_subscript
# call: [0, 0, 0]
def f(items):
    for items[1] in range(5):
        items[0] += items[1]
    return items
# ==== loop_target_is_attribute
# call: 4
class Box:
    pass
def f(n):
    box = Box()
    box.total = 0
    for box.i in range(n):
        box.total += box.i
    return box.total, box.i
# ==== loop_target_is_global
# call: 4
counter = -1
def f(n):
    global counter
    total = 0
    for counter in range(n):
        total += counter
    return total
# ==== reversed_loops
# call: [1, 2, 3]
# call: range(5)
# call: 'abc'
def f(items):
    out = []
    for item in reversed(items):
        out.append(item)
    for index in reversed(range(len(items))):
        out.append(items[index])
    return out
# ==== sorted_and_filters
# call: [3, 1, 2]
# call: [2.5, 1, True]
def f(items):
    out = []
    for item in sorted(items):
        out.append(item)
    for item in map(lambda x: x * 2, items):
        out.append(item)
    for item in filter(None, items):
        out.append(item)
    return out
# ==== for_over_iterator_that_raises
# call: 2
# call: 5
class Source:
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return self
    def __next__(self):
        self.n -= 1
        if self.n == 0:
            raise StopIteration
        if self.n == 3:
            raise KeyError('three')
        return self.n
def f(n):
    out = 0
    for x in Source(n):
        out += x
    return out
# ==== generator_consumed
# call: 5
# call: 0
def numbers(n):
    for i in range(n):
        yield i
        yield i * 0.5
def f(n):
    total = 0
    for value in numbers(n):
        total += value
    return total, list(numbers(n)), sum(numbers(n)), max(numbers(n), default=None)
# ==== generator_expression_and_comprehension
# call: 6
def f(n):
    squares = [i * i for i in range(n) if i % 2]
    table = {i: i + 1 for i in range(n)}
    unique = {i % 3 for i in range(n)}
    nested = [(i, j) for i in range(3) for j in range(i)]
    return squares, table, unique, nested, sum(i * n for i in range(n)), any(i > 3 for i in range(n)), all(i < 3 for i in range(n))
# ==== comprehension_scope
# call: 5
def f(n):
    i = 'outer'
    values = [i for i in range(n)]
    functions = [lambda: i for i in range(3)]
    return i, values, [g() for g in functions], [[x * y for x in range(3)] for y in range(n)]
# ==== comprehension_raises
# call: [1, 2, 0, 4]
def f(values):
    marker = 'before'
    result = [10 // value for value in values]
    return marker, result
# ==== walrus
# call: [5, 3, 8]
def f(values):
    out = []
    index = 0
    while index < len(values) and (value := values[index]) != 3:
        out.append(value)
        index += 1
    return out, value, [y for x in values if (y := x * 2) > 6], y
# ==== loop_invariant_that_is_not
# call: [1, 2, 3]
def f(items):
    total = 0
    i = 0
    while i < len(items):
        total += items[0]
        if i == 0:
            items[0] = 100
        if i == 1:
            items.append(5)
        i += 1
    return total
# ==== aliased_lists
# call: [1, 2, 3]
def f(a):
    b = a
    total = 0
    for i in range(len(a)):
        a[i] = i * 10
        total += b[i]
        b[0] = total
    return total, a is b
# ==== two_arguments_same_list
# call: *[[1, 2, 3]] * 2
# call: [1, 2, 3], [4, 5, 6]
def f(a, b):
    total = 0
    for i in range(len(a)):
        a[i] += 1
        total = total * 10 + b[i]
    return total, a is b
# ==== long_running_loop
# call: 5000
def f(n):
    a, b, c = 0, 1, 0.0
    for i in range(n):
        a = (a * 31 + i) % 1000003
        if a & 1:
            b ^= a
        else:
            c += a / (b + 1)
    return a, b, c
# ==== loop_with_many_exits
# call: 40
def f(n):
    x = 1
    out = []
    for i in range(n):
        x = x * 3
        if i == 10:
            x = float(x)
        if i == 20:
            x = int(x)
        if i == 30:
            x = x % 7 == 1
        out.append(x)
    return out
# ==== list_as_queue_while_iterating
# call: 10
def f(n):
    queue = [n]
    seen = []
    for item in queue:
        seen.append(item)
        if item > 1:
            queue.append(item // 2)
            queue.append(item - 3)
        if len(seen) > 200:
            break
    return seen
# ==== else_after_empty
# call: []
# call: [1]
def f(items):
    for item in items:
        result = item
    else:
        result = 'none' if not items else result
    while items:
        items.pop()
    else:
        result = result, 'while else'
    return result
# ==== iterator_zipped_with_itself
# call: 7
# call: 0
# call: 3
def f(n):
    it = iter(range(n))
    return list(zip(it, it))
# ==== iterator_left_and_taken_up
# call: 7
# call: 0
# call: 3
def f(n):
    it = iter(range(n)); s=0
    for x in it:
        s += x
        if x == 3: break
    for x in it:
        s += 10*x
    return s
# ==== ranges_are_objects
# call: 7
# call: 0
# call: 3
def f(n):
    a = range(n); b = range(n)
    return a is b, a == b, a is a
# ==== range_identity
# call: 7
# call: 0
# call: 3
def f(n):
    r = range(n); t=[r, r]
    return t[0] is t[1], r is t[0]
# ==== iterator_under_two_names
# call: 7
# call: 0
# call: 3
def f(n):
    it = iter([1,2,3,4]); jt = it
    s = next(it)
    for x in jt: s = s*10+x
    return s, list(it)
# ==== iterator_in_a_list
# call: 7
# call: 0
# call: 3
def f(n):
    it = iter(range(n)); l=[it]
    s=0
    for x in it:
        s+=x
        if x==2: s+=sum(l[0])
    return s
# ==== two_iterators_of_equal_ranges
# call: 7
# call: 0
# call: 3
def f(n):
    it = iter(range(n)); jt=iter(range(n))
    s=0
    for x in it:
        for y in jt:
            s+=x*y
            if y>2: break
    return s
# ==== enumerate_left_and_taken_up
# call: 7
# call: 0
# call: 3
def f(n):
    e = enumerate([5,6,7])
    s=0
    for i,x in e:
        s+=i*x
        if i==1: break
    return s, list(e)
# ==== zip_left_and_taken_up
# call: 7
# call: 0
# call: 3
def f(n):
    z = zip([1,2,3],[4,5,6]); s=0
    for a,b in z:
        s+=a*b
        break
    return s, list(z)
# ==== range_used_in_every_way
# call: 7
# call: 0
# call: 3
def f(n):
    r = range(n)
    s = 0
    for i in r:
        for j in r: s += i*j
    return s, r, [r], len(r), r[1], 3 in r
# ==== enumerate_with_two_names
# call: [1, 2, 3, 4]
def f(a):
    e = g = enumerate(a)
    s = []
    for i, x in e:
        s.append((i, x))
        for j, y in g:
            s.append((j, y))
            break
    return s, e is g
# ==== returns_boxed_on_one_way_only
# call: {}, 1000
# call: {1000: 5}, 1000
# call: {}, -5
def f(memo, k):
    if k < 2:
        return k
    if k not in memo:
        memo[k] = k * 2
    return memo[k]
# ==== last_value_of_loop_variable
# call: [0.5] * 9, 0
# call: [0.5] * 9, 1
# call: [0.5] * 9, 2
# call: [0.5] * 9, 3
# call: [0.5] * 9, 8
# call: [0.5] * 9, 9
# call: [0.5] * 40, 33
# call: [0.5] * 9, 10
# call: [0.5, 'x'], 2
# call: [0.5, 0.5, 'x', 0.5], 4
# call: [0.5, 0.5, 0.5, 'x'], 4
# call: [0.5] * 20 + ['x'] + [0.5], 22
# call: [0.5] * 21 + [1] + [0.5], 23
# call: [0.5] * 22 + [10**30] + [0.5], 24
# call: [], 3
def f(a, n):
    s = 0.0
    error = None
    try:
        for k in range(n):
            s += a[k] * a[-1 - k]
    except (IndexError, TypeError) as caught:
        error = str(caught)
    try:
        last = k
    except NameError as caught:
        last = str(caught)
    return s, last, error
# ==== last_value_of_an_inner_loop
# call: [3, 0, 2, 0, 0, 5]
# call: [0, 0]
# call: [0, 1, 0]
# call: [1, 2, 3, 4, 5, 6, 7]
# call: [20, 0, 33]
# call: []
def f(lengths):
    seen = []
    t = 0
    for n in lengths:
        for i in range(n, 0, -1):
            for j in range(5, n, 3):
                t += i * j
        try:
            seen.append(i)
            seen.append(j)
        except NameError as caught:
            seen.append(str(caught))
    return t, seen
# ==== last_value_after_break
# call: [1.5, 2.5, 3.5], 2.5
# call: [1.5, 2.5, 3.5], 3.5
# call: [1.5, 2.5, 3.5], 1.5
# call: [1.5, 2.5, 3.5], 9.5
# call: [1.5] * 30 + [7.5], 7.5
# call: [], 7.5
def f(a, wanted):
    hits = 0
    for turn in range(3):
        for k in range(turn, len(a)):
            if a[k] == wanted:
                hits += 1
                break
            previous = k
        else:
            hits += 100
    try:
        return hits, turn, k, previous
    except NameError as caught:
        return hits, str(caught)
# ==== last_values_of_two_variables
# call: 0
# call: 1
# call: 2
# call: 7
# call: 40
# call: 2**62
# call: -1
def f(n):
    t = 0.0
    for i in range(min(n, 50)):
        before = i
        square = i * 0.5
        t += square
    try:
        return t, i, before, square
    except NameError as caught:
        return t, str(caught)
# ==== last_value_at_the_ends_of_int
# call: 2**63 - 5, 2**63 - 1, 1
# call: -2**63 + 5, -2**63, -1
# call: -2**63, -2**63 + 5, 1
# call: -2**63, -2**63 + 90, 7
# call: 2**63 - 1, 2**63 - 50, -3
# call: 2**63 - 2, 2**63 + 40, 3
# call: -2**63, -2**63, 1
def f(start, stop, step):
    t = 0
    if step > 0:
        for i in range(start, stop, 1):
            t ^= i & 1023
        for j in range(start, stop, 3):
            t ^= j & 1023
    else:
        for i in range(start, stop, -1):
            t ^= i & 1023
        for j in range(start, stop, -3):
            t ^= j & 1023
    try:
        return t, i, j
    except NameError as caught:
        return t, str(caught)
