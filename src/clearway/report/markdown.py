"""The report as Markdown, for a ticket, a wiki or a job summary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from clearway.report import outline
from clearway.report.document import ReportDocument

_PAIRS = 20
"""Pairs listed for each criterion; the JSON report has all."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


class MarkdownReport:
    """CommonMark with tables."""

    name = "markdown"
    file_name = "report.md"

    def render(self, document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> str:
        return "\n\n".join(_WRITE[type(block)](block) for block in outline.outline(document, _PAIRS)) + "\n"


def _title(block: outline.Title) -> str:
    headline, *others = map(_escaped, block.lines)
    return "\n\n".join((f"# {_escaped(block.text)}", f"**{block.word}** - {headline}", *others, _escaped(block.run)))


def _bullets(block: outline.Bullets) -> str:
    items = "\n".join(f"- {_escaped(' '.join(item))}" for item in block.items)
    return items if block.title is None else f"{_escaped(block.title)}\n\n{items}"


def _judgements(block: outline.Judgements) -> str:
    rows = [(row.word, f"{row.test}: {row.criterion}", f"{row.sentence} {row.counts}") for row in block.rows]
    return _table(block.columns, rows)


def _quote(block: outline.Quote) -> str:
    quoted = "\n".join(f"    {line}" for text in (f"$ {block.command}", *block.lines) for line in text.splitlines())
    return f"{_escaped(block.title)}\n\n{quoted}"


def _table(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    titles = list(header)
    lines = [titles, ["---"] * len(titles), *([_escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Plain text as it is: nothing in a name or in the output of a tool may become markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


_WRITE: Mapping[type[outline.Block], Callable[[Any], str]] = {
    outline.Title: _title,
    outline.Heading: lambda block: f"## {_escaped(block.text)}",
    outline.Paragraph: lambda block: _escaped(block.text),
    outline.Bullets: _bullets,
    outline.Table: lambda block: _table((column.title for column in block.columns), block.rows),
    outline.Judgements: _judgements,
    outline.Facts: lambda block: _table(block.columns, block.rows),
    outline.Quote: _quote,
}
