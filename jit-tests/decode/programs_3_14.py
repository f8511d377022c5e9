"""Syntax of 3.14; see programs.py."""


def template(a, b):
    return t"{a} and {b!r:>{a}}"


def except_without_parentheses(action):
    try:
        action()
    except ValueError, TypeError:
        return 1
    finally:
        action = None
    return 0


def annotated(x: Undefined, y: "text" = 1) -> Later:  # noqa: F821
    value: int = x
    return value


def common_constants(items):
    return all(i for i in items), any(i for i in items), tuple(i for i in items)


WARM = {"template": (5, "b"), "common_constants": ([1, 2],)}
