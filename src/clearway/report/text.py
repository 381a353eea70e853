"""The report for a terminal, or plain for a pipe or a file."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from clearway.ledger.record import Record
from clearway.report.compose import compose
from clearway.report.document import CriterionPart, EvidencePart, Message, ReportDocument, SummaryPart, TestPart
from clearway.report.language import Language
from clearway.report.phrases import Phrases, moment
from clearway.report.rows import SUMMARY_COLUMNS, summary_row
from clearway.verdict.model import State, Verdict

_COLOURS: Mapping[State, str] = {
    State.PASS: "bold green",
    State.FAIL: "bold red",
    State.INCONCLUSIVE: "bold yellow",
    State.SKIPPED: "bold yellow",
    State.MEASURED: "bold cyan",
}
"""A colour always means a state, and never stands without its word."""
_PAIRS = 10
"""Pairs listed, a criterion; the JSON report has all."""


@dataclass(frozen=True, slots=True)
class TextReport:
    """`width` in columns; `colour` only where a terminal shows it."""

    width: int = 120
    colour: bool = False

    @classmethod
    def for_stream(cls, stream: TextIO) -> TextReport:
        """As wide and as colourful as `stream` is; plain where it is no terminal or NO_COLOR is set."""
        console = Console(file=stream)
        if not console.is_terminal:
            return cls()
        return cls(console.width, colour=not console.no_color)

    def render(self, record: Record, verdict: Verdict, language: Language) -> str:
        document = compose(record, verdict, language)
        sink = StringIO()
        console = Console(
            file=sink,
            width=self.width,
            force_terminal=self.colour,
            color_system="standard" if self.colour else None,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )
        for part in _parts(document, Phrases(language)):
            console.print(part)
        return "\n".join(line.rstrip() for line in sink.getvalue().splitlines()) + "\n"


def _parts(document: ReportDocument, phrases: Phrases) -> Iterator[RenderableType]:
    yield from _header(document, phrases)
    yield from _section("report.claims", (_bullet(claim) for claim in document.claims), phrases)
    yield from _section("report.criteria", _criteria(document), phrases)
    yield from _section("report.pairs", _exceptions(document, phrases), phrases)
    for test in document.tests:
        yield from _section("report.test", _test(test, phrases), phrases, name=test.name)
    if document.coverage is not None:
        yield from _section("report.coverage", [Text(document.coverage.sentence)], phrases)
    yield from _section("report.conditions", _conditions(document), phrases)
    yield from _section("report.findings", (_finding(said, phrases) for said in document.findings), phrases)
    yield from _section("report.evidence", (_evidence(part, phrases) for part in document.evidence), phrases)
    yield from _section("report.notes", (_bullet(note) for note in document.notes), phrases)


def _header(document: ReportDocument, phrases: Phrases) -> Iterator[RenderableType]:
    yield Text(phrases.say("report.title", title=document.title), style="bold")
    yield Text.assemble((document.word, _COLOURS[document.state]))
    yield Text(document.headline)
    run = phrases.say(
        "report.run",
        run=document.run,
        site=document.site,
        started=moment(document.started),
        version=document.version,
    )
    yield Text(run, style="dim")


def _section(
    code: str, content: Iterable[RenderableType], phrases: Phrases, **values: object
) -> Iterator[RenderableType]:
    """A title with its content indented; nothing where there is no content."""
    lines = list(content)
    if lines:
        yield Text()
        yield Text(phrases.say(code, **values), style="bold")
        yield Padding(Group(*lines), (0, 0, 0, 2))


def _bullet(sentence: str) -> RenderableType:
    return _hanging("-", Text(sentence))


def _hanging(mark: str | Text, content: RenderableType) -> RenderableType:
    """A mark, and a block to its right that keeps its indent when it wraps."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(mark, content)
    return grid


def _criteria(document: ReportDocument) -> Iterator[RenderableType]:
    for test in document.tests:
        for criterion in test.criteria:
            yield _hanging(
                Text(criterion.word, style=_COLOURS[criterion.state]),
                Group(Text(f"{test.name}: {criterion.sentence}"), Text(criterion.counts, style="dim")),
            )


def _exceptions(document: ReportDocument, phrases: Phrases) -> Iterator[RenderableType]:
    for test in document.tests:
        for criterion in test.criteria:
            if criterion.exceptions:
                yield Text(f"{test.name}: {criterion.text}")
                yield Padding(Group(*_pairs(criterion, phrases)), (0, 0, 0, 2))


def _pairs(criterion: CriterionPart, phrases: Phrases) -> Iterator[RenderableType]:
    exceptions = criterion.exceptions
    for pair in exceptions[:_PAIRS]:
        yield _bullet(f"{pair.sentence} ({phrases.say(f'standing.{pair.standing.value}')})")
    if len(exceptions) > _PAIRS:
        yield _bullet(phrases.say("report.more-pairs", count=len(exceptions) - _PAIRS))


def _test(test: TestPart, phrases: Phrases) -> Iterator[RenderableType]:
    yield Text(f"{test.protocol}, {test.engine}; {test.conditions}", style="dim")
    if test.summary:
        yield _summary(test.summary, phrases)
    for said in test.reasons:
        yield _bullet(said.sentence)
    for note in test.notes:
        yield _bullet(note)


def _summary(rows: Sequence[SummaryPart], phrases: Phrases) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in SUMMARY_COLUMNS:
        left = name in ("figure", "worst-pair")
        table.add_column(
            phrases.say(f"column.{name}"), justify="left" if left else "right", no_wrap=not left, overflow="fold"
        )
    for row in rows:
        table.add_row(*summary_row(row, phrases))
    return table


def _conditions(document: ReportDocument) -> Iterator[RenderableType]:
    if not document.conditions:
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")
    for condition in document.conditions:
        grid.add_row(condition.label, condition.value)
    yield grid


def _finding(said: Message, phrases: Phrases) -> RenderableType:
    if said.hint is None:
        return _bullet(said.sentence)
    return _hanging("-", Group(Text(said.sentence), Text(phrases.say("report.hint", text=said.hint))))


def _evidence(part: EvidencePart, phrases: Phrases) -> RenderableType:
    head = phrases.say("report.attempt", probe=part.probe, attempt=part.attempt, half=part.half, sentence=part.sentence)
    lines = [phrases.say("report.command", command=shlex.join(part.argv))]
    if part.tail:
        lines += [phrases.say("report.said"), *(f"  {line}" for line in part.tail.splitlines())]
    return _hanging("-", Group(Text(head), *(Text(line) for line in lines)))
