"""Tables and indents of plain text, drawn by rich: shared by the text report and by what commands print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from clearway.report.outline import Column

WIDTH = 120
"""Columns where no terminal says how many it has."""


def printed(parts: Iterable[RenderableType], width: int = WIDTH, *, colour: bool = False) -> str:
    """Each part below the one before, without spaces at the end of a line."""
    sink = StringIO()
    options: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "_environ": {}}
    options["color_system"] = "standard" if colour else None
    console = Console(file=sink, width=width, force_terminal=colour, **options)
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in sink.getvalue().splitlines())


def table(columns: Iterable[Column], rows: Iterable[Sequence[str]]) -> Table:
    """Numbers stand at the right, and are never broken."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        number = not column.words
        drawn.add_column(column.title, justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def grid(rows: Iterable[Sequence[RenderableType]], gap: int) -> Table:
    """Two columns; the right one keeps its indent when it wraps."""
    drawn = Table.grid(padding=(0, gap))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn


def bullet(lines: Iterable[str]) -> Table:
    return grid([("-", Group(*map(Text, lines)))], gap=1)


def indented(*parts: RenderableType) -> Padding:
    return Padding(Group(*parts), (0, 0, 0, 2))
