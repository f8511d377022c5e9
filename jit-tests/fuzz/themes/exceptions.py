"""Raising and handling: chains, finally, with, notes, groups; what a handler sees is written to the log."""

ERROR = "<ValueError|KeyError|IndexError|ZeroDivisionError|TypeError|Oops|Oops|StopIteration|RuntimeError>"
CAUGHT = "<ValueError|(KeyError,IndexError)|ZeroDivisionError|ArithmeticError|LookupError|Oops|Exception|Exception|BaseException>"

PRELUDE = [
    """
class Oops(ValueError):
    def __init__(self, *values):
        super().__init__(*values)
        self.values = values
""",
    """
class Manager:
    def __init__(self, swallow, fails=0):
        self.swallow = swallow
        self.fails = fails
    def __enter__(self):
        note('enter', self.swallow)
        if self.fails == 1:
            raise Oops('enter')
        return self.swallow
    def __exit__(self, kind, error, trace):
        note('exit', kind and kind.__name__, trace is not None and trace.tb_lineno)
        if self.fails == 2:
            raise Oops('exit')
        return self.swallow
""",
    """
def note(*what):
    if len(log) < 300:
        log.append(what)
""",
    """
def told(error, depth=0):
    found = [type(error).__name__, str(error)[:40]]
    entry = error.__traceback__
    while entry is not None and len(found) < 12:
        found.append((entry.tb_frame.f_code.co_name, entry.tb_lineno, entry.tb_lasti >= 0))
        entry = entry.tb_next
    for other in (error.__cause__, error.__context__):
        if other is not None and depth < 3:
            found.append(told(other, depth + 1))
    return tuple(found)
""",
    """
def fails(kind, value):
    if value % 3 == 0:
        raise kind(value)
    return value
""",
]  # fmt: skip

EXPRESSIONS = {
    "int": [f"fails({ERROR}, <int>)", "(1 // <int>)", "int(<str>)", "<ints>[<int>]", "{'a': 1}[<str>]"],
    "bool": ["(sys.exc_info()[0] is None)"],
}

STATEMENTS = [
    (8, f"try:\n    <block>\nexcept {CAUGHT} as <e=tmp>:\n    note('caught', told(<e>))\n    <block>"),
    (5, f"try:\n    <block>\n    raise {ERROR}(<int>)\nexcept {CAUGHT} as <e=tmp>:\n    note(told(<e>))\n    <block>\nelse:\n    <block>"),
    (3, f"try:\n    <block>\nexcept {CAUGHT}:\n    <block>\n    raise {ERROR}('again')"),
    (3, f"try:\n    <block>\nexcept {CAUGHT} as <e=tmp>:\n    raise {ERROR}(<int>) from <<e>|None>"),
    (2, f"try:\n    <block>\nexcept {CAUGHT}:\n    note(sys.exc_info()[0].__name__)\n    raise"),
    (4, "try:\n    <block>\nfinally:\n    note('finally', sys.exc_info()[0] is None)\n    <block>"),
    (3, f"try:\n    try:\n        <block>\n    except {CAUGHT}:\n        <block>\n    finally:\n        <block>\nexcept {CAUGHT} as <e=tmp>:\n    note(told(<e>))"),
    (2, f"try:\n    try:\n        <block>\n    except {CAUGHT} as <e=tmp>:\n        <block>\n        1 // 0\nexcept ZeroDivisionError as <z=tmp>:\n    note(told(<z>))"),
    (3, "with Manager(<True|True|False>, <0|0|0|1|2>) as <m=new:bool>:\n    <block>"),
    (2, "with Manager(<True|False>), Manager(<True|False>, <0|2>) as <m=new:bool>:\n    <block>\n    <put:int> = 1 // <int>"),
    (2, f"if <bool>: raise {ERROR}(<int>)"),
    (2, f"<put:int> = fails({ERROR}, <int>)"),
    (1, "assert <bool>, <int>"),
    (3, "for <i=new:int> in range(<4|9>):\n    try:\n        <block*9>\n        if <bool>: <continue|break>\n    except Exception as <e=tmp>:\n        note(<i>, told(<e>))\n        <block*9>\n    finally:\n        note('turn', <i>)"),
    (2, "for <i=new:int> in range(<4|9>):\n    try:\n        <put:int> = <ints>[<i>] // (<int> % 4)\n    except (IndexError, ZeroDivisionError) as <e=tmp>:\n        note(type(<e>).__name__, <i>)\n        if <bool>: <continue|break|raise>\n    else:\n        <block*9>"),
    (1, "for <i=new:int> in range(<4|9>):\n    with Manager(<True|False>) as <m=new:bool>:\n        <block*9>\n        <put:int> = <ints>[<i>]"),
    (1, "try:\n    raise ExceptionGroup('some', [ValueError(<int>), KeyError(<int>), Oops(<int>)])\nexcept* <ValueError|KeyError|Oops> as <g=tmp>:\n    note(len(<g>.exceptions), told(<g>))\n    <put:int> = <int>"),
    (1, "try:\n    <block>\nexcept Exception as <e=tmp>:\n    <e>.add_note('seen')\n    note(<e>.__notes__)\n    <put:error> = <e>"),
    (1, "if (e := <var:error>) is not None: note(told(e)); e.__traceback__ = None"),
    (1, "for <i=new:int> in range(3):\n    try:\n        <block*3>\n        if <bool>: continue\n        break\n    finally:\n        note('leaves', <i>)"),
]

KINDS = {"error": (1, ["None", "ValueError(<int>)", "Oops(1, 2)"])}
EXPRESSIONS["error"] = ["ValueError(<int>)", "KeyError(<str>)"]
