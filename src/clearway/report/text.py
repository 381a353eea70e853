"""The report for a terminal, or plain for a pipe or a file; and tables and indents for all that is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, ClassVar, TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from clearway.report import outline
from clearway.report.document import ReportDocument
from clearway.report.outline import Column
from clearway.verdict.model import State

_COLOURS: Mapping[State, str] = {
    State.PASS: "bold green",
    State.FAIL: "bold red",
    State.INCONCLUSIVE: "bold yellow",
    State.MEASURED: "bold cyan",
}
"""A colour always means a state, and never stands without its word."""
_PAIRS = 10
"""Pairs listed for each criterion; the JSON report has all."""


WIDTH = 120
"""Columns where no terminal says how many it has."""


@dataclass(frozen=True, slots=True)
class TextReport:
    """`width` in columns; `colour` only where a terminal shows it."""

    name: ClassVar[str] = "text"
    file_name: ClassVar[str] = "report.txt"
    width: int = WIDTH
    colour: bool = False

    @classmethod
    def for_stream(cls, stream: TextIO) -> TextReport:
        """As wide and as colourful as `stream` is; plain where it is no terminal or NO_COLOR is set."""
        console = Console(file=stream)
        return cls(console.width, colour=not console.no_color) if console.is_terminal else cls()

    def render(self, document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> str:
        drawn = (_DRAW[type(block)](block) for block in outline.outline(document, _PAIRS))
        return printed(drawn, self.width, colour=self.colour) + "\n"


def _title(block: outline.Title) -> RenderableType:
    word = Text.assemble((block.word, _COLOURS[block.state]))
    return Group(Text(block.text, style="bold"), word, *map(Text, block.lines), Text(block.run, style="dim"))


def _bullets(block: outline.Bullets) -> RenderableType:
    items = [bullet(item) for item in block.items]
    return indented(*items) if block.title is None else indented(Text(block.title), indented(*items))


def _judgement(row: outline.Judgement) -> RenderableType:
    said = Group(Text(f"{row.test}: {row.sentence}"), Text(row.counts, style="dim"))
    return grid([(Text(row.word, style=_COLOURS[row.state]), said)], gap=1)


def _quote(block: outline.Quote) -> RenderableType:
    said = [block.said, *(f"  {line}" for line in block.lines)] if block.lines else []
    return indented(bullet([block.title, block.asked, *said]))


_DRAW: Mapping[type[outline.Block], Callable[[Any], RenderableType]] = {
    outline.Title: _title,
    outline.Heading: lambda block: Group(Text(), Text(block.text, style="bold")),
    outline.Paragraph: lambda block: indented(Text(block.text, style="dim" if block.minor else "")),
    outline.Bullets: _bullets,
    outline.Table: lambda block: indented(table(block.columns, block.rows)),
    outline.Judgements: lambda block: indented(*map(_judgement, block.rows)),
    outline.Facts: lambda block: indented(grid(block.rows, gap=2)),
    outline.Quote: _quote,
}


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
