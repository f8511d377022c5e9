# Builtins that take all items of a generator expression or a generator: loops without a generator object.

# ==== sum_of_ints
# call: 0
# call: 20
# call: 300
def f(n):
    return sum(x * x for x in range(n))

# ==== sum_over_list
# call: [1, 2, 3]
# call: []
# call: [1, 2.5, 3]
# call: [1.5, 2.5]
# call: [1, 2**70, 3]
# call: [2**62, 2**62, 2**62, 0.5, 1e16, 1.0, 1.0]
# call: [True, False, True]
# call: [1e16, 1.0, 1.0, -1e16]
# call: [1e308, 1e308, -1e308]
# call: [float("inf"), 1.0, float("-inf")]
# call: [float("nan"), 1.0]
# call: [1e16, 1, 1, 1.0]
# call: [0.1] * 10
# call: [-0.0]
# call: [1, "a"]
# call: [1.0, "a"]
# call: [1.0, 2j, 1e16, 1.0]
# call: [1, 2j, 1e16, 1.0]
def f(values):
    return sum(x for x in values)

# ==== sum_with_start
# call: [1, 2, 3], 10
# call: [1.5, 2], 10
# call: [1.5, 2.5], 0.5
# call: [1e16, 1.0, 1.0], -0.0
# call: [], 2**65
# call: [], "a"
# call: [[1], [2]], []
def f(values, start):
    return sum((x for x in values), start)

# ==== sum_with_condition
# call: 30
# call: 1
def f(n):
    return sum(i for i in range(n) if i % 3 == 1)

# ==== sum_of_floats_with_condition
# call: 30
# call: 1
def f(n):
    return sum(i * 0.1 for i in range(n) if i % 3 == 1)

# ==== closure
# call: 5, [1, 2, 3]
# call: 0.5, [1, 2, 3]
def f(k, values):
    return sum(x * k for x in values)

# ==== nested_fors
# call: 6, 5
# call: 0, 3
def f(n, m):
    return sum(i * j for i in range(n) for j in range(m) if i != j)

# ==== overflow_goes_on
# call: 70
def f(n):
    return sum(1 << i for i in range(n))

# ==== any_and_all
# call: [1, 2, 3], 2
# call: [1, 2, 3], 0
# call: [1, 2, 3], 9
# call: [], 0
# call: [3.5, 1], 2
def f(values, limit):
    return any(x > limit for x in values), all(x > limit for x in values)

# ==== any_of_values
# call: [0, 0.0, "", None, [], 5]
# call: [0, 0]
# call: ["", ""]
# call: [None]
def f(values):
    return any(x for x in values), all(x for x in values)

# ==== any_runs_code
# call: 0
# call: 3
LOG = []

class Truth:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        LOG.append(self.n)
        if self.n == 7:
            raise ValueError(self.n)
        return self.n > 4

def f(start):
    LOG.clear()
    try:
        found = any(x for x in [Truth(start), Truth(start + 2), Truth(start + 4), Truth(9)])
    except ValueError as error:
        found = str(error)
    return found, list(LOG)

# ==== stops_early
# call: 5
def items(n, log):
    for i in range(n):
        log.append(i)
        yield i
    log.append("end")

def f(n):
    log = []
    found = any(x == 2 for x in items(n, log))
    none = all(x < 2 for x in items(n, log))
    return found, none, log

# ==== minimum_and_maximum
# call: [3, 1, 2, 1]
# call: [2.5, -0.0, 0.0]
# call: [7]
# call: [1, 2.5]
# call: [True, False]
# call: ["b", "a"]
# call: [float("nan"), 1.0]
# call: [1.0, float("nan")]
# call: [2**70, 1]
def f(values):
    return min(x for x in values), max(x for x in values)

# ==== minimum_of_nothing
# call: []
# call: [1, -1]
def f(values):
    return min(x for x in values if x > 0)

# ==== maximum_of_nothing
# call: 0
def f(n):
    try:
        return max(i for i in range(n))
    except ValueError as error:
        return str(error)

# ==== lists_and_tuples
# call: [1, 2, 3]
# call: []
# call: ["a", 2.5, None]
def f(values):
    return list(x for x in values), tuple((x, x) for x in values)

# ==== sets
# call: [1, 2, 2, 3]
# call: ["a", "b", "a"]
# call: [1, [2]]
# call: [1.0, 1, True]
def f(values):
    return set(x for x in values)

# ==== sets_with_evil_hashes
# call: 4
LOG = []

class Hashed:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        LOG.append(("hash", self.n))
        return self.n % 2

    def __eq__(self, other):
        LOG.append(("eq", self.n))
        return self.n == other.n

def items(n):
    for i in range(n):
        LOG.append(i)
        yield Hashed(i)

def f(n):
    LOG.clear()
    return len(set(items(n))), list(LOG)

# ==== sorting
# call: [3, 1, 2]
# call: ["b", "a"]
# call: [1, "a"]
# call: []
def f(values):
    return sorted(x for x in values)

# ==== joining
# call: ["a", "b"], "-"
# call: [], "-"
# call: ["a", 1, "b"], ""
# call: ["x"], "\u20ac"
def f(values, sep):
    return sep.join(x for x in values)

# ==== join_of_texts
# call: "hello"
# call: ""
def f(text):
    return "".join(c.upper() for c in text if c != "l")

# ==== over_a_generator_function
# call: 9
# call: 0
def gen(n):
    for i in range(n):
        yield i
        if i % 2:
            yield -i

def f(n):
    return sum(gen(n)), list(gen(n)), tuple(gen(n)), max(gen(n + 1)), sorted(gen(n)), set(gen(n))

# ==== expression_over_a_generator
# call: 9
# call: 0
def gen(n):
    for i in range(n):
        yield i
        if i % 2:
            yield i * 0.5

def f(n):
    return sum(x + 1 for x in gen(n))

# ==== chain_of_expressions
# call: 12
# call: 0
def f(n):
    a = (i * i for i in range(n))
    b = (x for x in a if x % 2)
    return sum(x + 1 for x in b)

# ==== raises_inside
# call: [4, 2, 0, 1]
# call: [4, 2, 1]
def f(values):
    return sum(12 // x for x in values)

# ==== raises_inside_and_is_caught
# call: [4, 2, 0, 1]
def f(values):
    try:
        return list(12 // x for x in values)
    except ZeroDivisionError as error:
        return str(error)

# ==== in_a_loop
# call: [[1, 2], [3], []]
# call: [[1.5], [2]]
def f(rows):
    total = 0
    for row in rows:
        total += sum(x * 2 for x in row)
        if any(x == 3 for x in row):
            total += 100
    return total

# ==== inlined_helper
# call: [[1, 2], [3], []]
def norm(row):
    return sum(x * x for x in row)

def f(rows):
    out = []
    for row in rows:
        out.append(norm(row))
    return out

# ==== for_over_an_expression
# call: 8
def f(n):
    out = []
    for x in (i * 2 for i in range(n) if i % 3):
        out.append(x)
        if x > 9:
            break
    return out

# ==== partly_taken
# call: 8
def f(n):
    it = (i for i in range(n))
    out = []
    for x in it:
        out.append(x)
        if x == 2:
            break
    out.append(sum(it))
    out.append(list(it))
    return out

# ==== escaping_expression
# call: 5
def f(n):
    it = (i for i in range(n))
    kept = [it]
    out = [sum(it)]
    out.append(next(kept[0], "done"))
    return out

# ==== any_keeps_the_rest
# call: 9
def f(n):
    it = (i for i in range(n))
    found = any(x == 3 for x in it)
    return found, list(it)

# ==== over_a_dict
# call: {1: 2, 3: 4}
# call: {}
# call: {"a": 1.5}
def f(table):
    return sum(table[k] for k in table), sum(v for v in table.values()), list(k for k, v in table.items())

# ==== over_zip_and_enumerate
# call: [1, 2, 3], [4, 5, 6]
# call: [1.5, 2], [4, 5, 6]
def f(a, b):
    return sum(x * y for x, y in zip(a, b)), sum(i * x for i, x in enumerate(a))

# ==== comprehensions
# call: 6
# call: 0
def f(n):
    k = n + 1
    a = [x * x for x in range(n)]
    b = [x + k for x in a if x % 2 == 0]
    c = [[i * j for j in range(i)] for i in range(n)]
    return a, b, c

# ==== comprehension_of_texts
# call: ["a b", "c"]
def f(lines):
    return [word.upper() for line in lines for word in line.split()]

# ==== stop_iteration_inside
# call: [1, 2, 0]
def stop(x):
    if not x:
        raise StopIteration
    return x

def f(values):
    return sum(stop(x) for x in values)

# ==== rebound_builtin
# call: [1, 2]
# options: private_builtins
def f(values):
    import builtins
    kept = builtins.sum
    out = [sum(x for x in values)]
    builtins.sum = max
    try:
        out.append(sum(x for x in values))
    finally:
        builtins.sum = kept
    return out

# ==== result_types_change
# call: 6
def f(n):
    out = []
    for i in range(n):
        out.append(sum(x * 0.5 if i > 3 else x for x in range(i)))
    return out
