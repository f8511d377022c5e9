"""Runs a function plainly, and at its k-th executed instruction calls an action with the frame's state.

3.12+ uses local INSTRUCTION events of sys.monitoring, 3.11 opcode tracing. The action runs while the plain
run is suspended; the plain run then ends by itself and its outcome is ignored.
"""

import contextlib
import dis
import sys

from brolga._native import _testing

from .depths import depths

TOOL = 3
NEW = sys.version_info >= (3, 12)
OWN_NAMES = {"_event", "_trace", "_trace_local", "_hit", "outcome"}


def traceback_entries(traceback, name):
    """(name, line, offset) of the entries from the function called `name` on, without the harness's own."""
    entries = []
    inside = False
    while traceback:
        found = traceback.tb_frame.f_code.co_name
        inside = inside or found == name
        if inside and found not in OWN_NAMES:
            entries.append((found, traceback.tb_lineno, traceback.tb_lasti))
        traceback = traceback.tb_next
    return entries


def outcome(thunk, name, log):
    """What a call did, as comparable data. The log is not cleared."""
    try:
        result = ("returned", repr(thunk()))
    except BaseException as error:
        context = repr(error.__context__)
        result = ("raised", repr(error), context, traceback_entries(error.__traceback__, name))
    return result, repr(log)


def isolated(function, *arguments):
    """Calls with a fresh level of `sys.exc_info`, as a generator has its own."""

    def generator():
        yield function(*arguments)

    return next(generator())


class Stepper:
    """Calls `action(function, offset, locals, stack)` once, before the k-th executed instruction."""

    def __init__(self, function, k, action):
        self.function = function
        self.code = function.__code__
        self.k = k
        self.action = action
        self.reached = False
        self.count = 0
        self.depths = depths(self.code)

    def _hit(self, frame, offset):
        if self.reached:
            return
        self.count += 1
        if self.count <= self.k:
            return
        self.reached = True
        depth = self.depths[offset] if NEW else _testing.saved_depth(frame)
        function, _, local_values, stack = _testing.snapshot(frame, depth)
        del frame
        self.action(function, offset, local_values, stack)

    def _event(self, code, offset):
        if code is self.code:
            self._hit(sys._getframe(1), offset)

    def _trace(self, frame, event, argument):
        if frame.f_code is not self.code:
            return None
        frame.f_trace_opcodes = True
        return self._trace_local

    def _trace_local(self, frame, event, argument):
        if event == "opcode":
            self._hit(frame, frame.f_lasti)
        return self._trace_local

    @contextlib.contextmanager
    def watching(self):
        if NEW:
            monitoring = sys.monitoring
            monitoring.use_tool_id(TOOL, "stepper")
            instruction = monitoring.events.INSTRUCTION
            monitoring.register_callback(TOOL, instruction, self._event)
            monitoring.set_local_events(TOOL, self.code, instruction)
            try:
                yield
            finally:
                monitoring.set_local_events(TOOL, self.code, 0)
                monitoring.register_callback(TOOL, instruction, None)
                monitoring.free_tool_id(TOOL)
        else:
            previous = sys.gettrace()
            sys.settrace(self._trace)
            try:
                yield
            finally:
                sys.settrace(previous)

    def run(self, arguments):
        with self.watching():
            try:
                self.function(*arguments)
            except BaseException:
                pass
        return self.reached


def prefixed(code, offset):
    """The offset of the first EXTENDED_ARG prefix of the instruction at `offset`."""
    while offset >= 2 and code.co_code[offset - 2] == dis.EXTENDED_ARG:
        offset -= 2
    return offset


def inside_keyword_call(code):
    """Offsets behind KW_NAMES up to its CALL (3.11, 3.12): the names are in a C variable there."""
    inside = set()
    active = False
    for instruction in dis.get_instructions(code):
        if active:
            inside.add(instruction.offset)
        if instruction.opname == "KW_NAMES":
            active = True
        elif instruction.opname.startswith("CALL"):
            active = False
    return inside
