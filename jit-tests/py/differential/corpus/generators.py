# Generators that are consumed where they are made: their code runs in place of a loop, and the object exists only
# when native code leaves.

# ==== pipeline
# call: 0
# call: 1
# call: 40
# call: 200
def numbers(n):
    x = 1
    for i in range(n):
        x = (x * 16807) % 2147483647
        yield x

def odd_only(source):
    for x in source:
        if x % 2 == 1:
            yield x

def scaled(source, k):
    for x in source:
        yield x // k

def batched(source, size):
    batch = []
    for x in source:
        batch.append(x)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

def f(n):
    total = 0
    groups = 0
    for batch in batched(scaled(odd_only(numbers(n)), 1000), 4):
        groups += 1
        total += sum(batch) % 1009
    return [groups, total]

# ==== one_yield
# call: 10
# call: 0
def squares(n):
    for i in range(n):
        yield i * i

def f(n):
    total = 0
    for x in squares(n):
        total += x
    return total

# ==== several_yields
# call: 7, 3
# call: 0, 0
def gen(n, k):
    yield n
    for i in range(n):
        yield i
        if i % k == 0:
            yield -i
    yield k

def f(n, k):
    out = []
    if k == 0:
        k = 1
    for x in gen(n, k):
        out.append(x)
    return out

# ==== while_and_break
# call: 5
# call: 100
def count(start):
    while True:
        yield start
        start += 1

def f(limit):
    out = []
    for x in count(3):
        if x > limit:
            break
        if x % 3 == 0:
            continue
        out.append(x)
    else:
        out.append("else")
    return out

# ==== return_inside
# call: [1, 2, 3], 2
# call: [1, 2, 3], 9
def items(values):
    for x in values:
        yield x

def f(values, wanted):
    place = 0
    for x in items(values):
        if x == wanted:
            return place
        place += 1
    return None

# ==== else_clause
# call: 4
def gen(n):
    for i in range(n):
        yield i

def f(n):
    total = 0
    for x in gen(n):
        total += x
    else:
        total += 1000
    return total

# ==== nested_loops
# call: 5, 4
def grid(n, m):
    for i in range(n):
        for j in range(m):
            yield i * 10 + j

def f(n, m):
    total = 0
    for x in grid(n, m):
        for y in grid(2, 2):
            total += x * y
    return total

# ==== same_generator_twice
# call: 6
def gen(n):
    for i in range(n):
        yield i

def f(n):
    it = gen(n)
    first = []
    for x in it:
        first.append(x)
        if x == 2:
            break
    for x in it:
        first.append(-x)
    for x in it:
        first.append(1000)
    return first

# ==== float_sum_from_int_zero
# call: 5
# call: 0
def halves(n):
    for i in range(n):
        if i % 3:
            yield i * 0.5

def f(n):
    total = 0
    for x in halves(n):
        total += x
    return total

# ==== running_best
# call: [3, 1, 2]
# call: []
# call: [2.5, 1]
def items(values):
    for x in values:
        yield x

def f(values):
    best = None
    for x in items(values):
        if best is None or x < best:
            best = x
    return best

# ==== division_by_zero_inside
# call: [4, 2, 0, 1]
# call: [4, 2, 1]
def inverse(values):
    for x in values:
        yield 12 // x

def f(values):
    out = []
    for x in inverse(values):
        out.append(x)
    return out

# ==== division_by_zero_in_body
# call: [4, 2, 0, 1]
def items(values):
    for x in values:
        yield x - 1

def f(values):
    out = []
    for x in items(values):
        out.append(10 // (x + 1))
    return out

# ==== caught_around
# call: [4, 2, 0, 1]
def inverse(values):
    for x in values:
        yield 12 // x

def f(values):
    out = []
    try:
        for x in inverse(values):
            out.append(x)
    except ZeroDivisionError as error:
        out.append(str(error))
    return out

# ==== caught_in_body
# call: [4, 2, 0, 1]
def items(values):
    for x in values:
        yield x

def f(values):
    out = []
    for x in items(values):
        try:
            out.append(12 // x)
        except ZeroDivisionError:
            out.append(-1)
    return out

# ==== type_changes
# call: [1, 2, 3.5, 2**70, 4]
# call: [1, 2, "a"]
# call: [True, 2]
def doubled(values):
    for x in values:
        yield x + x

def f(values):
    out = []
    for x in doubled(values):
        out.append(x)
    return out

# ==== overflow_inside
# call: 70
def powers(n):
    x = 1
    for i in range(n):
        yield x
        x = x * 2

def f(n):
    total = 0
    for x in powers(n):
        total += x
    return total

# ==== changes_its_source
# call: [1, 2, 3, 4]
def items(values):
    for x in values:
        yield x

def f(values):
    seen = []
    values = list(values)
    for x in items(values):
        seen.append(x)
        if len(values) < 8:
            values.append(x * 10)
    return seen, values

# ==== order_of_effects
# call: 4
def gen(n, log):
    log.append("start")
    for i in range(n):
        log.append(i)
        yield i
        log.append(-i)
    log.append("end")

def f(n):
    log = []
    for x in gen(n, log):
        log.append(x * 100)
    return log

# ==== value_of_yield
# call: 4
def gen(n):
    for i in range(n):
        got = yield i
        if got is not None:
            yield 999

def f(n):
    out = []
    for x in gen(n):
        out.append(x)
    return out

# ==== empty_generator
# call: 3
def nothing(n):
    if n > 100:
        yield n

def f(n):
    total = 0
    for x in nothing(n):
        total += x
    return total

# ==== return_value_is_dropped
# call: 3
def gen(n):
    for i in range(n):
        yield i
    return [n]

def f(n):
    total = 0
    for x in gen(n):
        total += x
    return total

# ==== unbound_inside
# call: 3
# call: 0
def gen(n):
    for i in range(n):
        last = i
        yield i
    yield last

def f(n):
    total = 0
    for x in gen(n):
        total += x
    return total

# ==== defaults_and_keywords
# call: 9
def gen(n, *, step=2, start=1):
    i = start
    while i < n:
        yield i
        i += step

def f(n):
    out = []
    for x in gen(n):
        out.append(x)
    for x in gen(n, step=3):
        out.append(x)
    return out

# ==== closure_variables
# call: 5
def f(n):
    factor = 3
    def gen(m):
        for i in range(m):
            yield i * factor
    total = 0
    for x in gen(n):
        total += x
    return total

# ==== changed_closure
# call: 5
def f(n):
    factor = 3
    def gen(m):
        for i in range(m):
            yield i * factor
    total = 0
    for x in gen(n):
        total += x
        factor += 1
    return total

# ==== escapes_into_list
# call: 3
def gen(n):
    for i in range(n):
        yield i

def f(n):
    kept = [gen(n)]
    total = 0
    for x in gen(n):
        total += x
        kept.append(x)
    for x in kept[0]:
        total += x * 10
    return total

# ==== next_and_loop
# call: 5
def gen(n):
    for i in range(n):
        yield i

def f(n):
    it = gen(n)
    total = next(it) + 100
    for x in it:
        total += x
    return total

# ==== stop_iteration_inside
# call: 5
def gen(n):
    for i in range(n):
        if i == 3:
            raise StopIteration
        yield i

def f(n):
    total = 0
    for x in gen(n):
        total += x
    return total

# ==== a_chain_that_raises
# call: [3, 2, 1, 0]
def a(values):
    for x in values:
        yield 6 // x

def b(source):
    for x in source:
        yield x + 1

def c(source):
    for x in source:
        yield x * 2

def f(values):
    out = []
    for x in c(b(a(values))):
        out.append(x)
    return out

# ==== two_sources
# call: 6
def evens(n):
    for i in range(n):
        yield 2 * i

def shifted(source, by):
    for x in source:
        yield x + by

def f(n):
    total = 0
    for x in shifted(evens(n), 1):
        for y in shifted(evens(3), x):
            total += y
    return total

# ==== recursion
# call: 4
def walk(depth):
    yield depth
    if depth > 0:
        for x in walk(depth - 1):
            yield x
        for x in walk(depth - 1):
            yield x

def f(depth):
    out = []
    for x in walk(depth):
        out.append(x)
    return out

# ==== yields_tuples
# call: 6
def pairs(n):
    for i in range(n):
        yield i, i * i

def f(n):
    total = 0
    for i, square in pairs(n):
        total += square - i
    return total

# ==== yields_in_branches
# call: 12
def gen(n):
    for i in range(n):
        if i % 3 == 0:
            yield i
        elif i % 3 == 1:
            yield i * 0.5
        else:
            yield None

def f(n):
    out = []
    for x in gen(n):
        out.append(x)
    return out

# ==== consumer_inlined_elsewhere
# call: 20
def gen(n):
    for i in range(n):
        yield i

def total(n):
    t = 0
    for x in gen(n):
        t += x
    return t

def f(n):
    out = 0
    for i in range(n):
        out += total(i)
    return out

# ==== rebinds_the_generator
# call: 6
def gen(n):
    for i in range(n):
        yield i

def other(n):
    yield 7

def f(n):
    global gen
    kept = gen
    out = []
    for x in gen(n):
        out.append(x)
        gen = other
    for x in gen(n):
        out.append(x)
    gen = kept
    return out

# ==== strings
# call: "abc def  ghi"
# call: ""
def words(text):
    word = ""
    for c in text:
        if c == " ":
            if word:
                yield word
            word = ""
        else:
            word += c
    if word:
        yield word

def f(text):
    out = []
    for word in words(text):
        out.append(word.upper() + str(len(word)))
    return out

# ==== finalisers_when_it_is_left
# call: 3
# call: 0
LOG = []

class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        LOG.append(self.name)

def gen(things):
    first = things[0]
    for x in things:
        yield x

def f(n):
    LOG.clear()
    for x in gen([Noisy("a"), Noisy("b"), Noisy("c")]):
        LOG.append("body")
        if x.name == "b":
            break
    LOG.append("behind")
    del x
    LOG.append("end")
    return list(LOG)

# ==== many_variables
# call: 10
def gen(n):
    a = 1
    b = 2.5
    c = "x"
    d = None
    for i in range(n):
        a, b = a + 1, b * 1.5
        if i == 3:
            d = a
        yield a
        c = c + "y"
        yield b
    yield c
    yield d

def f(n):
    out = []
    for x in gen(n):
        out.append(x)
    return out

# ==== next_first
# call: 5
# call: 0
def gen(n):
    for i in range(n):
        yield i * 2

def f(n):
    it = gen(n)
    try:
        first = next(it)
    except StopIteration:
        return "empty"
    total = first * 100
    for x in it:
        total += x
    return total, next(it, "end")

# ==== next_with_default
# call: 5
# call: 0
def gen(n):
    if n > 3:
        yield n

def f(n):
    return next(gen(n), -1), next((i for i in range(n) if i > 2), None)

# ==== handed_to_a_function
# call: 6
# call: 0
def gen(n):
    for i in range(n):
        yield i

def total(source, start):
    for x in source:
        start += x
        if start > 11:
            break
    return start

def f(n):
    out = []
    for i in range(n):
        out.append(total(gen(i), 1))
        out.append(total((x * 2 for x in range(i)), 0.5))
    return out

# ==== formats_and_slices
# call: ["ab", "cde"]
def gen(lines):
    for number, line in enumerate(lines):
        head, tail = line[:1], line[1:]
        yield f"{number}: {head}|{tail}"

def f(lines):
    return list(gen(lines)), "\n".join(gen(lines))

# ==== raises_its_own
# call: [1, 2, -1, 3]
def checked(values):
    for x in values:
        if x < 0:
            raise ValueError(x)
        yield x

def f(values):
    out = []
    try:
        for x in checked(values):
            out.append(x)
    except ValueError as error:
        out.append(error.args)
    return out
