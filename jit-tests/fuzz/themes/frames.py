"""Looking at frames: locals, callers, lines, globals, warnings."""

PRELUDE = [
    """
def caller(depth=1):
    frame = sys._getframe(depth)
    return frame.f_code.co_name, frame.f_lineno, sorted(frame.f_locals)
""",
    """
def shown(depth=1):
    return sorted((name, repr(value)[:30]) for name, value in sys._getframe(depth).f_locals.items()
                  if type(value) in (int, float, str, bool, list))
""",
    """
def note(*what):
    if len(log) < 300:
        log.append(what)
""",
]

EXPRESSIONS = {
    "int": ["len(locals())", "sys._getframe().f_lineno", "len(caller())", "len(dir())", "len(vars())"],
    "str": ["sys._getframe().f_code.co_name", "caller()[0]", "(sys._getframe().f_back.f_code.co_name)"],
    "bool": ["('log' in globals())"],
}

STATEMENTS = [
    (3, "note(caller())"),
    (3, "note(shown())"),
    (2, "note(sorted(locals()))"),
    (1, "note(caller(2))"),
    (1, "note([caller() for _ in range(2)])"),
    (1, "note((lambda: caller(2)[:2])())"),
    (1, "warnings.warn('w' + str(<n>), stacklevel=<1|2>)"),
    (1, "globals()['g1'] = <float>"),
    (1, "exec('g1 = 3.5', globals())"),
    (1, "note(eval('<n> + 1'))"),
    (1, "sys._getframe().f_locals['nobody'] = 1"),
]
