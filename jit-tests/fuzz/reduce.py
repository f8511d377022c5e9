"""Shrinks a failing program while it goes on failing in the same way.

Works on the syntax tree: drops calls, drops statements (large pieces first), replaces a compound statement by
its body, and replaces expressions by their parts or by simple constants. Every candidate runs in a child.
"""

import ast
import copy
import time

from differential.programs import Saved
from fuzz import runner

LITERALS = (0, 1)


class Reducer:
    """One reduction; `reduced()` returns the smallest failing program found in time."""

    def __init__(self, program, status, part, python, environment, seconds=60):
        self.program = program
        self.wanted = (status, part)
        self.python = python
        self.environment = environment
        self.deadline = time.monotonic() + seconds
        self.child = None
        self.tried = set()

    def fails(self, program):
        """Does `program` fail as the original did?"""
        text = program.text()
        if text in self.tried or self.late():
            return False
        self.tried.add(text)
        status, part, _ = self.judge(text)
        return status == self.wanted[0] and (status != "different" or part == self.wanted[1])

    def judge(self, text):
        if self.child is None:
            self.child = runner.Child(self.python, self.environment)
        answer = runner.judge(self.child, text)
        if answer[0] in ("crash", "hang"):
            self.child = None
        return answer

    def late(self):
        return time.monotonic() > self.deadline

    def reduced(self):
        try:
            plain = Saved(self.program.name, ast.unparse(ast.parse(self.program.source)), self.program.calls, self.program.options)
            if not self.fails(plain):
                return self.program
            best = plain
            while not self.late():
                smaller = self.fewer_calls(best)
                smaller = self.fewer_statements(smaller)
                smaller = self.simpler_expressions(smaller)
                if smaller.text() == best.text():
                    break
                best = smaller
            return best
        finally:
            if self.child is not None:
                self.child.stop()

    def fewer_calls(self, program):
        index = 0
        while index < len(program.calls) and len(program.calls) > 1:
            candidate = self.with_calls(program, program.calls[:index] + program.calls[index + 1 :])
            if self.fails(candidate):
                program = candidate
            else:
                index += 1
        return program

    @staticmethod
    def with_calls(program, calls):
        return Saved(program.name, program.source, calls, program.options)

    def with_tree(self, program, tree):
        try:
            source = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            compile(source, "candidate", "exec")
        except (SyntaxError, ValueError, RecursionError):
            return None
        return Saved(program.name, source, program.calls, program.options)

    def attempt(self, program, edit):
        """`program` with `edit(tree)` applied if it still fails, else None."""
        tree = ast.parse(program.source)
        if not edit(tree):
            return None
        candidate = self.with_tree(program, tree)
        if candidate is not None and candidate.source != program.source and self.fails(candidate):
            return candidate
        return None

    def fewer_statements(self, program):
        """Chunks of statements, halving the chunk size; then compound statements opened up."""
        size = 8
        while size >= 1 and not self.late():
            place = 0
            while place < count_statements(program.source) and not self.late():
                smaller = self.attempt(program, lambda tree: drop(tree, place, size))
                if smaller is None and size == 1:
                    smaller = self.attempt(program, lambda tree: open_up(tree, place))
                if smaller is None:
                    place += 1
                else:
                    program = smaller
            size //= 2
        return program

    def simpler_expressions(self, program):
        place = 0
        while not self.late():
            edits = replacements(ast.parse(program.source), place)
            if edits is None:
                return program
            for choice in range(edits):
                smaller = self.attempt(program, lambda tree: replace(tree, place, choice))
                if smaller is not None:
                    program = smaller
                    break
            else:
                place += 1
        return program


def bodies(tree):
    """Every list of statements below `tree`."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                yield node, field, body
        if isinstance(node, ast.Try):
            yield node, "handlers", node.handlers


def positions(tree):
    return [(body, index, node, field) for node, field, body in bodies(tree) for index in range(len(body))]


def count_statements(source):
    return len(positions(ast.parse(source)))


def drop(tree, place, size):
    found = positions(tree)
    if place >= len(found):
        return False
    body, index, node, field = found[place]
    if size > 1 and index + size > len(body):
        return False
    del body[index : index + size]
    if not body and field == "body" and not isinstance(node, ast.Module):
        body.append(ast.Pass())
    if isinstance(node, ast.Try) and not node.handlers and not node.finalbody:
        return False
    return True


def open_up(tree, place):
    found = positions(tree)
    if place >= len(found):
        return False
    body, index, _, _ = found[place]
    inner = getattr(body[index], "body", None)
    if not isinstance(inner, list) or isinstance(body[index], (ast.FunctionDef, ast.ClassDef)):
        return False
    if isinstance(body[index], ast.ExceptHandler):
        return False
    body[index : index + 1] = inner + list(getattr(body[index], "orelse", []))
    return True


def slots(tree):
    """(holder, field, index or None, expression) of every expression that may be replaced."""
    found = []
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and is_value(value) and field not in ("func", "target"):
                found.append((node, field, None, value))
            elif isinstance(value, list) and field not in ("targets", "decorator_list"):
                for index, item in enumerate(value):
                    if isinstance(item, ast.expr) and is_value(item):
                        found.append((node, field, index, item))
    return found


def is_value(node):
    return not isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)) and not isinstance(node, ast.JoinedStr)


def options(expression):
    """Simpler expressions to put in its place."""
    if isinstance(expression, (ast.Constant, ast.Name)):
        if isinstance(expression, ast.Constant) and isinstance(expression.value, (int, float)):
            return [ast.Constant(item) for item in LITERALS if abs(expression.value) > 1]
        return []
    parts = [copy.deepcopy(item) for item in ast.iter_child_nodes(expression) if isinstance(item, ast.expr) and is_value(item)]
    return parts + [ast.Constant(item) for item in LITERALS]


def replacements(tree, place):
    """How many replacements there are for the expression at `place`; None behind the last."""
    found = slots(tree)
    return len(options(found[place][3])) if place < len(found) else None


def replace(tree, place, choice):
    holder, field, index, expression = slots(tree)[place]
    new = options(expression)[choice]
    if index is None:
        setattr(holder, field, new)
    else:
        getattr(holder, field)[index] = new
    return True
