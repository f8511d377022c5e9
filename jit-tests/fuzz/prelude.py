"""Fixed parts of generated programs: classes with side effects, and functions that rebind names."""

CLASSES = {}
CLASSES["MyInt"] = '''
class MyInt(int):
    def __add__(self, other):
        log.append('MyInt.add')
        return int(self) + 100
    def __lt__(self, other):
        return 'less'
'''
CLASSES["MyFloat"] = '''
class MyFloat(float):
    def __mul__(self, other):
        log.append('MyFloat.mul')
        return float(self)
'''
CLASSES["MyList"] = '''
class MyList(list):
    def __getitem__(self, index):
        log.append(('MyList.getitem', repr(index)))
        return list.__getitem__(self, index)
    def __iter__(self):
        return iter((7, 0.5))
'''
CLASSES["Evil"] = '''
class Evil:
    def __init__(self, mode):
        self.mode = mode
    def act(self, what):
        global g0
        if len(log) < 200:
            log.append((what, self.mode))
        if self.mode == 1:
            g0 = 0.25
        elif self.mode == 2:
            shared.append(self.mode)
            del shared[:-3]
        elif self.mode == 3 and len(log) % 3 == 0:
            raise ValueError(what)
        return len(log) % 4
    def __eq__(self, other):
        return self.act('eq') > 1
    __hash__ = None
    def __repr__(self):
        return 'Evil'
    def __lt__(self, other):
        return self.act('lt') > 1
    def __gt__(self, other):
        return self.act('gt')
    def __bool__(self):
        return self.act('bool') > 0
    def __index__(self):
        return self.act('index')
    def __add__(self, other):
        return self.act('add')
    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __and__ = __rand__ = __xor__ = __add__
    def __len__(self):
        return self.act('len')
    def __del__(self):
        if self.mode == 4:
            self.act('del')
    def __getitem__(self, index):
        if self.act('getitem') == 0:
            raise IndexError('evil')
        return index
'''

REBIND = '''
def rebind(k):
    names = {0: ('len', lambda x: 3), 1: ('abs', lambda x: 'abs'), 2: ('min', max), 3: ('g0', 2**70),
             4: ('g1', 'text'), 5: ('int', float), 6: ('range', lambda *a: (5, 6)), 7: ('h0', lambda *a: 7)}
    name, value = names[k % 8]
    if name in changed:
        old = changed.pop(name)
        if old is None:
            globals().pop(name, None)
        else:
            globals()[name] = old[0]
    else:
        changed[name] = (globals()[name],) if name in globals() else None
        globals()[name] = value
changed = {}
'''

REBIND_BUILTIN = '''
def rebind(k):
    names = {0: ('len', lambda x: 3), 1: ('abs', lambda x: 'abs'), 2: ('min', max), 3: ('isinstance', lambda a, b: 1),
             4: ('int', float), 5: ('range', lambda *a: (5, 6)), 6: ('sum', len), 7: ('float', int)}
    name, value = names[k % 8]
    space = __builtins__
    if name in changed:
        space[name] = changed.pop(name)
    else:
        changed[name] = space[name]
        space[name] = value
changed = {}
'''


def classes_used(text):
    """Lines of the classes that `text` mentions."""
    lines = []
    for name, source in CLASSES.items():
        if f"{name}(" in text:
            lines += source.strip("\n").splitlines()
    return lines


MODULES = ("functools", "math", "operator", "sys", "threading", "warnings", "weakref")


def imports_used(text):
    """Lines that import what `text` mentions."""
    lines = [f"import {name}" for name in MODULES if f"{name}." in text]
    return lines + (["from array import array"] if "array(" in text else [])
