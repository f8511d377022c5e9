# Dicts and sets: look-ups, stores and iteration without Python code, and with it.
# ==== look_ups_of_every_kind_of_key
# call: {1: 2, 'a': 3, 2.0: 5, None: 6, (1, 2): 7, 2**70: 1}, [1, 'a', 'zz', 2, None, (1, 2), 3, False, True, 2**70, (1, (2, 3)), b'x', -1, -2, 2.0, 1.0] * 9
# call: {Evil(1): 2, 3: 4}, [1, 2, 3, Evil(3), Evil(1)] * 20
# call: {True: 1, 0.0: 2, -1: 3, -2: 4, 2**61 - 1: 5, 2**61: 6, -2**63: 7, 2**63 - 1: 8}, [1, 0, -1, -2, 2**61 - 1, 2**61, 2**62 - 1, -2**63, 2**63 - 1, 2**63] * 9
# call: {'x': 1}, ['x', Text('x'), Text('y'), 'y'] * 20
# call: {float(2**53): 1, float(2**60): 2}, [2**53, 2**53 + 1, 2**60, 2**60 + 1] * 20
class Evil:
    def __init__(self, value):
        self.value = value
    def __hash__(self):
        return hash(self.value)
    def __eq__(self, other):
        return self.value == (other.value if isinstance(other, Evil) else other)
class Text(str):
    __hash__ = str.__hash__
    def __eq__(self, other):
        return False
def f(table, keys):
    found = []
    for key in keys:
        if key in table:
            found.append(table[key])
        found.append(table.get(key))
        found.append(table.get(key, 5))
        found.append(key not in table)
    return found
# ==== int_keys_without_objects
# call: 0, 300
# call: -300, 300
# call: 2**61 - 150, 300
# call: 2**30 - 150, 300
# call: 2**60 - 150, 300
def f(start, count):
    table, seen = {}, set()
    for i in range(start, start + count):
        table[i] = i * 2
        seen.add(i)
    total = 0
    for i in range(start - 2, start + count + 2):
        if i in table:
            total += table[i]
        if i in seen:
            total += 1
        total += table.get(i, 3)
    return total, len(table), len(seen)
# ==== counting
# call: [1, 2, 3, 1, 2, -1, -2, 2**61 - 1, 0, 2**61, 1.0, True] * 20
# call: 'the quick brown fox jumps over the lazy dog'.split() * 20
# call: [(1, 2), (1, 2), (3, 'x'), ()] * 30
# call: [None, [], 3] * 3
def f(items):
    table = {}
    for item in items:
        table[item] = table.get(item, 0) + 1
    other = {}
    for item in items:
        if item in other:
            other[item] += 1
        else:
            other[item] = 1
    return table, other
# ==== grouping
# call: [(1, 2), ('a', 3), (1, 4)] * 40
# call: [(Key(1), 2), (Key(1), 3), (1, 4)] * 40
class Key:
    def __init__(self, value):
        self.value = value
    def __hash__(self):
        return self.value
    def __eq__(self, other):
        return self.value == getattr(other, 'value', other)
    def __repr__(self):
        return 'Key'
def f(pairs):
    groups = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
# ==== missing_keys_raise
# call: {1: 2}, 1
# call: {1: 2}, 3
# call: {}, 'x'
# call: {}, []
# call: {}, ([],)
# call: Missing({1: 2}), 3
class Missing(dict):
    def __missing__(self, key):
        return key * 2
def f(table, key):
    found = []
    for _ in range(60):
        try:
            found.append(table[key])
        except KeyError as error:
            found.append(error.args)
        found.append(table.get(key, 7))
    return found, table[key]
# ==== iteration_of_dicts
# call: {i: str(i) for i in range(300)}
# call: {str(i): i for i in range(300)}
# call: {}
# call: vars(Plain).copy()
class Plain:
    x = 1
def f(table):
    found = []
    for key in table:
        found.append(key)
    for key in table.keys():
        found.append(key)
    for value in table.values():
        found.append(value)
    for key, value in table.items():
        found.append(key)
        found.append(value)
    for pair in table.items():
        found.append(pair)
    return [repr(item)[:20] for item in found]
# ==== iteration_of_sets
# call: set(range(300))
# call: set()
# call: {1}
def f(items):
    total = 0
    for item in items:
        total += item
    for item in frozenset(items):
        total += item
    for item in set(items):
        total += item
    return total
# ==== iteration_of_instance_dict
# call: 50
class Many:
    pass
def f(count):
    total = 0
    for i in range(count):
        one = Many()
        one.a, one.b = i, 2
        for name, value in vars(one).items():
            total += value + len(name)
        for name in vars(one):
            total += vars(one)[name]
    return total
# ==== dict_grows_while_iterated
# call: {i: i for i in range(400)}
def f(table):
    for key in table:
        table[key + 1000000] = 1
# ==== dict_keys_change_while_iterated
# call: {i: i for i in range(40)}
def f(table):
    turns = 0
    for key in table:
        del table[key]
        table[key + 1] = 0
        turns += 1
        if turns > 5000:
            break
    return turns
# ==== dict_values_change_while_iterated
# call: {i: i for i in range(400)}
def f(table):
    for key, value in table.items():
        table[key] = value + 1
    return table
# ==== set_grows_while_iterated
# call: {i for i in range(400)}
def f(items):
    for item in items:
        items.add(item + 1000000)
# ==== iterator_with_a_name_is_exhausted
# call: {1: 2, 3: 4}
# call: {i: i for i in range(300)}
def f(table):
    found = []
    iterator = iter(table)
    for key in iterator:
        found.append(key)
    found.append(next(iterator, 'end'))
    table[-1] = 0
    found.append(next(iterator, 'end'))
    pairs = iter(table.items())
    for key, value in pairs:
        if value == 0:
            break
    found.append(list(pairs))
    return found
# ==== values_die_where_they_are_replaced
# call: 60
class Loud:
    def __init__(self, log, name):
        self.log, self.name = log, name
    def __del__(self):
        self.log.append(self.name)
def f(count):
    log, table = [], {}
    for i in range(count):
        table[i % 7] = Loud(log, i)
        log.append('stored')
    for key in {j: Loud(log, j) for j in range(3)}:
        log.append(key)
    log.append('after')
    for one in {Loud(log, 'x')}:
        log.append('item')
    log.append('end')
    return log
# ==== keys_that_change_the_dict
# call: 40
class Sly:
    def __init__(self, table):
        self.table = table
    def __hash__(self):
        return 5
    def __eq__(self, other):
        self.table.clear()
        return False
def f(count):
    found = []
    for i in range(count):
        table = {}
        table[Sly(table)] = 1
        try:
            found.append(5 in table)
            found.append(table.get(5, 'none'))
            table[5] = i
        except Exception as error:
            found.append(repr(error))
        found.append(len(table))
    return found
# ==== truth_and_length
# call: [{}, {1: 2}, set(), {3}, frozenset(), frozenset({1, 2})] * 20
def f(tables):
    found = []
    for table in tables:
        if table:
            found.append(len(table))
        if not table:
            found.append('empty')
    return found
# ==== frozenset_in_a_constant
# call: list('hello, world; this. is') * 10
# call: [1, 'a', None, 'o'] * 10
def f(letters):
    count = 0
    for letter in letters:
        if letter in {'a', 'e', 'i', 'o', 'u'}:
            count += 1
    return count
# ==== set_in_set
# call: {frozenset({1}), 2}, {1}
# call: {frozenset({1}), 2}, {2}
def f(items, item):
    return [item in items for _ in range(80)]
