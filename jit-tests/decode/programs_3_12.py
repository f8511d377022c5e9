"""Syntax of 3.12 and later; see programs.py."""


def generic[T, *Ts, **P](x: T, *args: *Ts) -> T:
    return x


def bounded[T: int, U: (str, bytes)](x: T, y: U):
    return x, y


class Generic[T]:
    field: T

    def method[U](self, x: U) -> T:
        return self.field


type Alias[T] = list[T]


def nested_format(a, b):
    return f"{f'{a!r}' + "x"} {a:{b}.{b}}"


WARM = {"nested_format": ("a", 3)}
