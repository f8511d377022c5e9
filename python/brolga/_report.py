"""What `jit` answers with: data that prints well.

Every report has `to_dict()` (plain data, for programs), `__str__` (also its repr, so that a prompt
shows it) and `_repr_html_` (notebooks). The fields come from the engine as they are; this file only
lays them out.
"""

from __future__ import annotations

from brolga import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import FunctionType
    from typing import Any


def cell(value: object) -> str:
    """A value as it stands in a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {cell(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value)) or "-"
    return str(value)


def heading(name: str) -> str:
    return name.replace("_", " ")


def columns_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Every key of the rows, in order of first appearance."""
    return list(dict.fromkeys(key for row in rows for key in row))


def text_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns: text to the left, numbers to the right."""
    texts = [[cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *texts, strict=True)]
    numeric = [
        all(isinstance(row[i], int | float | None) for row in rows) and bool(rows)
        for i in range(len(names))
    ]

    def line(cells: Sequence[str]) -> str:
        parts = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(cells, widths, numeric, strict=True)
        )
        return "  ".join(parts).rstrip()

    return "\n".join([line(names), line(["-" * width for width in widths]), *map(line, texts)])


def html_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    from html import escape

    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Report:
    """Plain data with a text and an HTML form. Fields read as attributes and as keys."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def to_dict(self) -> dict[str, Any]:
        from copy import deepcopy

        return deepcopy(self._data)

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __getattr__(self, name: str) -> Any:
        # Copying and pickling ask for attributes before `_data` exists.
        data = self.__dict__.get("_data", {})
        if name in data:
            return data[name]
        known = ", ".join(map(str, data))
        kind = type(self).__name__
        raise AttributeError(f"{kind} has no field {name!r}; its fields are: {known}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._data]

    def _fields(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """The report as one table; a subclass with more to show overrides the two below."""
        told = {key: value for key, value in self._data.items() if value != ""}
        return ("field", "value"), [(heading(key), cell(value)) for key, value in told.items()]

    def __str__(self) -> str:
        _, rows = self._fields()
        width = max((len(str(row[0])) for row in rows), default=0)
        return "\n".join(f"{row[0]!s:<{width}}  {row[1]}" for row in rows)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_table(*self._fields())


class FunctionStats(Report):
    """One function's counters."""


class CompileReport(Report):
    """What one compile did."""


class Stats(Report):
    """Totals of the process and a row for each function."""

    def _table(self) -> tuple[list[str], list[list[object]]]:
        rows = self._data.get("functions", [])
        names = columns_of(rows)
        return names, [[row.get(name) for name in names] for row in rows]

    def _totals(self) -> str:
        totals = {key: value for key, value in self._data.items() if key != "functions"}
        return "\n".join(f"{heading(key)}: {cell(value)}" for key, value in totals.items())

    def __str__(self) -> str:
        names, rows = self._table()
        if not rows:
            return self._totals() + "\nno function decorated yet"
        return self._totals() + "\n\n" + text_table([heading(name) for name in names], rows)

    def _repr_html_(self) -> str:
        from html import escape

        names, rows = self._table()
        totals = escape(self._totals()).replace("\n", "<br>")
        return f"<p>{totals}</p>" + html_table([heading(name) for name in names], rows)


class ExplainReport(Report):
    """Verdict, reason, and each source line with its status, why, and what would help."""

    def __init__(self, data: dict[str, Any], function: FunctionType) -> None:
        super().__init__(data)
        self._add_source(function)

    def _add_source(self, function: FunctionType) -> None:
        """The engine knows line numbers; the text of the lines is in the file."""
        lines = self._data.get("lines", [])
        if not lines or all("source" in line for line in lines):
            return
        import linecache

        filename = function.__code__.co_filename
        linecache.checkcache(filename)
        for line in lines:
            text = linecache.getline(filename, line["line"], function.__globals__)
            line.setdefault("source", text.rstrip())

    def __str__(self) -> str:
        data = self._data
        text = [f"{data['name']}: {data['verdict']}"]
        if data.get("reason"):
            text.append(f"  {data['reason']}")
        lines = data.get("lines", [])
        number_width = max((len(str(line["line"])) for line in lines), default=0)
        status_width = max((len(line["status"]) for line in lines), default=0)
        sources = dedent([line.get("source", "") for line in lines])
        if lines:
            text.append("")
        for line, source in zip(lines, sources, strict=True):
            place = f"{line['line']:>{number_width}}  {line['status']:<{status_width}}"
            text.append(f"  {place} | {source}".rstrip())
            margin = " " * (number_width + status_width + 5) + "|   ^ "
            if line.get("why"):
                text.append(f"{margin}{line['why']}")
            if line.get("hint"):
                text.append(f"{margin}hint: {line['hint']}")
        return "\n".join(text)

    def _repr_html_(self) -> str:
        from html import escape

        data = self._data
        names = ["line", "status", "source", "why", "hint"]
        rows = [[str(line.get(name) or "") for name in names] for line in data.get("lines", [])]
        title = f"<b>{escape(data['name'])}</b>: {escape(data['verdict'])}"
        reason = escape(data.get("reason") or "")
        return f"<p>{title}<br>{reason}</p>" + html_table(names, rows)


def dedent(lines: Sequence[str]) -> list[str]:
    """The lines without the indentation they share."""
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    shared = min(indents, default=0)
    return [line[shared:] for line in lines]


class Listing:
    """Text of one kind: bytecode, hir, clif, asm or guards."""

    __slots__ = ("function", "kind", "text")

    def __init__(self, function: str, kind: str, text: str) -> None:
        self.function = function
        self.kind = kind
        self.text = text

    def to_dict(self) -> dict[str, str]:
        return {"function": self.function, "kind": self.kind, "text": self.text}

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.text)}</pre>"


class Config:
    """The options of the process. Read and set as attributes, set several by calling.

    Names, environment variables, defaults and help come from the engine's one table.
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        return _native.config()

    def _unknown(self, name: str) -> str:
        return f"brolga has no option {name!r}; its options are: {', '.join(self)}"

    def __iter__(self) -> Iterator[str]:
        return (option["name"] for option in _native.options())

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __getattr__(self, name: str) -> Any:
        values = _native.config()
        if name not in values:
            raise AttributeError(self._unknown(name))
        return values[name]

    def __setattr__(self, name: str, value: object) -> None:
        if name not in tuple(self):
            raise TypeError(self._unknown(name))
        _native.set_config(name, value)

    def __call__(self, **values: object) -> None:
        for name in values:
            if name not in tuple(self):
                raise TypeError(self._unknown(name))
        for name, value in values.items():
            _native.set_config(name, value)

    def _table(self) -> tuple[list[str], list[list[object]]]:
        values = _native.config()
        names = ["option", "value", "default", "variable", "help"]
        return names, [
            [
                option["name"],
                cell(values.get(option["name"])),
                cell(option["default"]),
                option["env"],
                option["help"],
            ]
            for option in _native.options()
        ]

    def __str__(self) -> str:
        return text_table(*self._table())

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html_table(*self._table())
