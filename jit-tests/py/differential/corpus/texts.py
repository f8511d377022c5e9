# Strings: characters, slices, methods, formatting, conversions.
# ==== characters_compared
# call: 'abcabd', 'xbcxbd'
# call: 'aé😀\x00', 'aë😀\x01'
# call: '', 'a'
# call: 'straße', 'strasse'
def f(a, b):
    out = []
    for turn in range(40):
        for i in range(min(len(a), len(b))):
            out.append((a[i] == b[i], a[i] != b[i], a[i] < b[i], a[i] >= b[i], a[i] == 'b', 'é' <= b[-1 - i]))
            if a[i] in 'abé😀':
                out.append(ord(a[i]))
            if b[i] not in ' .;,':
                out.append(a[i])
            c = a[i]
            if c == 'x' or c == b[i]:
                out.append(c)
    return out
# ==== characters_of_text_iterated
# call: 'hello wörld' * 30
# call: ''
def f(text):
    vowels = digits = 0
    kept = ''
    for letter in text:
        if letter in 'aeiou':
            vowels += 1
        elif 'a' <= letter <= 'z':
            kept += letter
        if letter.isdigit():
            digits += ord(letter)
        if letter in '':
            digits += 1000
    return vowels, digits, kept
# ==== orderings
# call: ['b', 'a', 'ab', '', 'é', '😀', 'B', 'ba'] * 8
# call: [Text('b'), 'a', 'ab', Text('')] * 20
class Text(str):
    def __lt__(self, other):
        return 'never'
def f(words):
    best, out = 'aa', []
    for word in words:
        if word > best:
            best = word
        out.append((word < 'ab', word <= best, word >= 'b', word == 'ab', word != best))
    return best, out
# ==== slices_of_text
# call: 'hello, wörld'
# call: b'hello, world'
# call: [1, 2, 3, 4, 5, 6, 7]
# call: (1, 2, 3, 4, 5, 6, 7)
# call: Text('subclass')
# call: ''
class Text(str):
    def __getitem__(self, key):
        return ('item', str(key))
def f(text):
    out = []
    for i in range(-9, 60):
        for j in (0, 3, -2, 100, -100):
            out.append(text[i:j])
            out.append(text[i - 1:])
            out.append(text[:j])
            out.append(text[j:i + 2])
    out.append(text[:] is text)
    return out
# ==== slices_with_odd_bounds
# call: 'hello', 2**70, -2**70
# call: 'hello', True, None
# call: 'hello', None, None
# call: 'hello', 1.5, 2
# call: 'hello', Bound(), 4
# call: [1, 2, 3], Bound(), None
class Bound:
    def __index__(self):
        return 1
def f(text, i, j):
    out = []
    for _ in range(70):
        out.append(text[i:j])
        out.append(text[j:i])
    return out
# ==== finding
# call: 'a:b:c', ':', 0
# call: 'a:b:c', 'zz', -3
# call: 'aéb', 'é', 1
# call: '', '', 0
# call: 'abc', 5, 0
# call: 'abc', Text('b'), 0
# call: Text('abc'), 'b', 0
class Text(str):
    def find(self, *args):
        return 'mine'
def f(text, part, start):
    out = []
    for i in range(60):
        out.append(text.find(part))
        out.append(text.find(part, start))
        out.append(text.find(part, start, i))
        out.append(text.startswith(part))
        out.append(text.endswith(part))
        out.append(text.startswith(part, start))
        out.append(text.endswith(part, start, i - 5))
        out.append(text.startswith(part, None, None))
        if text.find(part) >= 0:
            out.append(text[text.find(part) + 1:])
    return out
# ==== startswith_tuple
# call: 'abc', ('x', 'a')
# call: 'abc', ()
def f(text, parts):
    return [text.startswith(parts) for _ in range(70)]
# ==== methods_of_text
# call: '  Hello, World. ', ' .'
# call: 'ÉCOLE\t', None
# call: 'x', 5
def f(text, letters):
    out = []
    for _ in range(60):
        out.append((text.lower(), text.upper(), text.strip(), text.title(), text.swapcase(), text.capitalize()))
        out.append((text.isalpha(), text.isdigit(), text.isspace(), text.isupper()))
        out.append((text.replace('l', 'LL'), text.replace('o', '', 1), text.ljust(20), text.rjust(20, '*'), text.zfill(18)))
        out.append((text.split(), text.split(','), text.rsplit(None, 1), text.partition(','), text.splitlines()))
        out.append((text.count('l'), text.rfind('l'), text.encode(), text.encode().decode(), text.removeprefix(' ')))
        out.append('-'.join([text, 'b']) + '+'.join(('a', text)))
        out.append(text.strip(letters))
    return out
# ==== methods_that_raise
# call: ['a', 'b'], 'x'
# call: ['a', 5], 'x'
# call: ['a', Text('b')], 'zz'
# call: ('a', None), 'x'
# call: {'a': 1}, 'x'
# call: (c for c in 'abc'), 'x'
class Text(str):
    pass
def f(parts, missing):
    out = []
    for _ in range(50):
        try:
            out.append('-'.join(parts))
        except TypeError as error:
            out.append(str(error))
        try:
            out.append('axb'.index(missing))
        except ValueError as error:
            out.append(str(error))
    return out, '-'.join(parts)
# ==== words_counted
# call: 'The quick brown. fox the quick; the end, The' * 9
def f(text):
    counts = {}
    for word in text.split():
        key = word.lower().strip('.,;')
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
    best, count = '', 0
    for word, c in counts.items():
        if c > count or (c == count and word < best):
            best, count = word, c
    return counts, best, count
# ==== formatting
# call: 5, 'ann', 2.5
# call: -2**70, 'é', float('nan')
# call: True, '', -0.0
# call: 1.5, None, 3
# call: Odd(), 'x', 1.5
class Odd:
    def __format__(self, spec):
        return 'odd' + spec
    def __str__(self):
        return 'str'
    def __repr__(self):
        return 'repr'
def f(i, name, amount):
    out = []
    for turn in range(60):
        out.append(f"{i}|{name!s:<8}|{amount:10.2f}|{'even' if turn % 2 == 0 else 'odd'}|{turn:06d}|{turn}")
        out.append(f'{amount}{i!r}{name!r}{turn:{turn % 5 + 4}}')
        out.append(str(turn) + str(name) + str(amount) + str(turn * 0.5) + str(turn > 3))
    return out
# ==== conversions
# call: ['1', ' 2 ', '-3', '1_000', '99999999999999999999']
# call: ['1', 'x', '2.5', '']
# call: ['1.5', 'nan', 'inf', '-0.0', '1e400', ' 2 ']
# call: ['7', b'8', 9, 2.5, True]
def f(items):
    out = []
    for _ in range(30):
        for item in items:
            try:
                out.append(int(item))
            except ValueError as error:
                out.append(str(error))
            try:
                out.append(float(item))
            except ValueError as error:
                out.append(str(error))
    return out
# ==== methods_of_lists
# call: [3, 1, 2], [9, 8]
# call: [], ()
# call: [1], 'abc'
# call: [1], {5: 6}
# call: [2], 7
def f(items, more):
    out = []
    for i in range(60):
        mine = list(items)
        mine.insert(i % 4, 'new')
        mine.reverse()
        try:
            mine.extend(more)
        except TypeError as error:
            out.append(str(error))
        mine.extend(mine)
        out.append(mine.pop(0))
        try:
            out.append(mine.pop(i))
        except IndexError as error:
            out.append(str(error))
        out.append(mine.copy())
        out.append(mine.index('new') if 'new' in mine else -1)
        out.append(mine.count(1))
        mine.clear()
        out.append(mine)
    return out
