# Variables that change their class in the first turn of a loop, and stores of ints into lists.
# ==== float_sum_from_int
# call: [0.5, 1.5, 2.5]
# call: []
# call: [1, 2, 3]
# call: [1, 0.5]
# call: [0.5, 1]
# call: [True, 0.25]
# call: [0.5, 'x']
# call: [-0.0]
# call: [0.5, 2**70]
def f(a):
    s = 0
    for x in a:
        s += x
    return s
# ==== nested_sums
# call: [[0.5, 1.5], [2.5]]
# call: [[], [2.5], []]
# call: []
# call: [[], []]
# call: [[1], [2.5]]
# call: [[0.5], [2]]
def f(m):
    t = 0
    rows = []
    for row in m:
        s = 0
        for x in row:
            s += x
            t += x
        rows.append(s)
    return t, rows
# ==== horner
# call: [1.0, 2.0, 3.0], [0.5, 2]
# call: [1, 2, 3], [0.5, 2]
# call: [], [0.5]
# call: [1.0], []
# call: [0.0, -0.0], [-0.0]
def f(c, xs):
    t = 0
    for x in xs:
        r = 0
        for a in c:
            r = r * x + a
        t += r
    return t
# ==== triangular
# call: 4
# call: 1
# call: 0
def f(n):
    x = []
    for i in range(n):
        s = 0
        for j in range(i):
            s += x[j] * 0.5
        x.append((i + 1 - s) / (i + 1))
    return x, s
# ==== best_from_none
# call: [0.5, 2.5, 1.5]
# call: [3, 9, 4]
# call: []
# call: [3, 0.5, 4]
# call: [None, 1]
# call: ['b', 'c']
def f(a):
    best = None
    where = -1
    for i, x in enumerate(a):
        if best is None or x > best:
            best = x
            where = i
    return best, where
# ==== best_from_zero
# call: [0.5, 2.5, 1.5]
# call: [-0.5, -1.5]
# call: [-0.5, 2.5, 0.25]
# call: [0, 1.5, -1]
# call: [float('nan'), 1.5]
def f(a):
    best = 0
    for i in range(len(a)):
        if a[i] > best:
            best = a[i]
    return best
# ==== while_with_continue_and_break
# call: [0.5, -1.0, 2.5, 4.0], 100
# call: [-1.0, 2.5, 4.0], 100
# call: [-1.0], 100
# call: [0.5, 9.0, 4.0], 5
# call: [9.0], 5
# call: [], 5
# call: [1, 2, -1, 3], 5
def f(a, limit):
    s = 0
    i = 0
    while i < len(a):
        x = a[i]
        i += 1
        if x < 0:
            continue
        s += x
        if s > limit:
            break
    else:
        return s, 'all'
    return s, i
# ==== exception_in_the_first_turn
# call: [0.5, 0.0, 2.0]
# call: [0.0, 2.0]
# call: [2.0, 4.0]
# call: []
def f(a):
    s = 0
    try:
        for x in a:
            s += 1 / x
    except ZeroDivisionError as e:
        return s, str(e)
    return s
# ==== three_loops
# call: 3
# call: 1
# call: 0
def f(n):
    t = 0
    for i in range(n):
        for j in range(i):
            for k in range(j + 1):
                t += (i + j * k) / 4
    return t
# ==== changes_back
# call: [0.5, 1, 2.5]
# call: [1, 0.5]
# call: []
def f(a):
    last = 0
    out = []
    for x in a:
        out.append(last)
        last = x
        if x == 1:
            last = 0
    return out, last
# ==== two_variables
# call: 6, 0.5
# call: 6, 2
# call: 1, 0.5
# call: 0, 0.5
def f(n, d):
    a = 0
    b = 1
    k = 0
    while k < n:
        a, b = b * d, a + b
        k += 1
    return a, b, k
# ==== int_items
# call: [1000, 2000, 3000], 7
# call: [1000, 2000, 3000], 250
# call: [300, 2**29, 2**30 - 2, 2**30, -2**30, 2**40], 1
# call: [0, 255, 256, 257, -5, -6, -7], 1
# call: [0, 255, 256, 257, -4, -5, -6], -1
# call: [2**62, 2**62], 2**62
# call: [2**63 - 2, 5], 1
# call: [2**63 - 1, 5], 1
# call: [-2**63, 5], -1
# call: [2**64, 5], 1
# call: [True, False], 1
# call: [1000, 0.5, 2000], 1
# call: [1000, 'x'], 1
def f(a, d):
    for i in range(len(a)):
        a[i] += d
    for i in range(len(a)):
        a[i] = a[i] + d
    return a
# ==== int_items_shared
# call: 5, 1000
# call: 5, 3
# call: 5, 2**35
def f(n, v):
    a = [v + n] * n
    b = list(a)
    old = a[0]
    for i in range(n):
        a[i] = a[i] + i + 500
    seen = a[2]
    for i in range(n):
        a[i] = a[i] * 2
    return a, b, old, seen
# ==== int_items_seen_before_the_store
# call: [1000, 2000, 3000, 4000]
# call: [2**31, 2**32, 5, 6]
def f(a):
    out = []
    for i in range(1, len(a)):
        x = a[i]
        a[i] = a[i - 1] + 1000
        y = a[i]
        a[i] = y + 1000
        out.append(x)
        out.append(y)
        out.append(a[i] - x)
    return a, out
# ==== int_items_over_others
# call: 400
# call: 2**40
# call: 3
def f(v):
    class Loud:
        def __del__(self):
            log.append('dies')
    log = []
    a = [Loud(), 'text', 1.5, None, [1], (2,), 2**100, True, 10**5]
    for i in range(len(a)):
        a[i] = v + i
        log.append(i)
    return a, log
# ==== int_items_while_iterating
# call: [1000, 2000, 3000]
def f(a):
    out = []
    for x in a:
        a[-1] = x + 5000
        a[0] = x + 7000
        out.append(x)
    return a, out
# ==== int_items_of_two_names
# call: [1000, 2000, 3000]
def f(a):
    b = a
    m = [a, b]
    for i in range(3):
        m[0][i] = m[1][i] + 1000
        m[1][i] = m[0][i] + b[i]
    return a, m
# ==== flags
# call: 50
# call: 2
def f(n):
    flags = [True] * (n + 1)
    for i in range(2, n + 1):
        if flags[i]:
            for j in range(i + i, n + 1, i):
                flags[j] = False
    marks = [None] * 5
    for i in range(5):
        marks[i] = None
        marks[i] = 'x' if i % 2 else None
        marks[-i] = ()
    return flags, marks
# ==== min_max_of_items
# call: [[1, 5], [2, 3]]
# call: [[1.5, 5.0], [2.0, 3.0]]
# call: [[1, 5.0], [2.0, 3]]
# call: [['a', 'b'], ['c', 'd']]
# call: [[True, 2], [3, False]]
# call: [[2**70, 2], [3, 1]]
def f(m):
    t = []
    for i in range(2):
        for j in range(2):
            t.append(max(m[i][j], m[j][i]))
            t.append(min(m[i][j], m[j][i], m[0][0]))
    return t
# ==== indexes_from_both_ends
# call: [1, 2, 3], 2
# call: [1, 2, 3], -3
# call: [1, 2, 3], -4
# call: [1, 2, 3], 3
# call: [], 0
# call: [], -1
# call: [1, 2, 3], 2**62
# call: [1, 2, 3], -2**62
# call: [1, 2, 3], 2**63 - 1
# call: [1, 2, 3], -2**63
# call: (4, 5), -1
# call: 'word', -2
# call: 'wörd', -3
# call: b'word', -4
def f(a, i):
    out = []
    for k in range(3):
        out.append(a[i])
        out.append(a[i - k])
        i += 1
    return out
# ==== strings_compared_and_indexed
# call: 'banana', 'a'
# call: 'banana', 'an'
# call: 'bänänä', 'ä'
# call: 'bänänä', 'a'
# call: '日本語日', '日'
# call: 'a\U0001f600b\U0001f600', '\U0001f600'
# call: '\xff\x80\x7f', '\x80'
# call: '', ''
# call: 'a\0b\0', '\0'
def f(s, c):
    count = 0
    where = []
    for i in range(len(s)):
        if s[i] == c:
            count += 1
        if s[i] != s[-1 - i]:
            where.append(i)
        if s[i] in 'aeiouä日':
            where.append(s[i])
        if s[i] in c:
            where.append(ord(s[i]))
    for x in s:
        if x == c:
            count += 10
    return count, where, s[:2] == s[2:4], s[:1] == 'b'
