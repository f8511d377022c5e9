"""The one exception brolga adds. The engine raises it too, so its constructor is part of the
contract with the native module."""

from __future__ import annotations


class CompileError(Exception):
    """A function asked for with `strict=True` (or `jit.compile`) cannot be compiled whole.

    `reason` says why in words, `filename` and `line` where, `hint` what would help ("" if unknown).
    """

    def __init__(
        self,
        reason: str,
        function: str = "",
        filename: str = "",
        line: int = 0,
        hint: str = "",
    ) -> None:
        super().__init__(reason, function, filename, line, hint)
        self.reason = reason
        self.function = function
        self.filename = filename
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.function}: {self.reason}" if self.function else self.reason
        if self.filename:
            text += f" ({self.filename}:{self.line})"
        if self.hint:
            text += f"; {self.hint}"
        return text
