"""What stands in a report and in which order, before any layout. Text and Markdown only render these records."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clearway.base.clock import moment
from clearway.base.units import Quantity
from clearway.report.document import (
    CriterionPart,
    EvidencePart,
    Message,
    ReportDocument,
    SummaryPart,
    TestPart,
)
from clearway.report.ladders import LadderPart, RungPart
from clearway.report.phrases import rounded
from clearway.report.wording import Wording
from clearway.verdict.doubts import Doer
from clearway.verdict.model import State

_FIGURES = ("figure", "pairs", "mean", "p5", "p50", "p95", "worst", "worst-pair")
"""Columns of a test's summary, worded as `column.<name>`."""
_TAILS = ("p5", "p95")
"""Of these, the ones that too few pairs have none of."""
_WORDS = ("figure", "worst-pair")
"""Of these, the ones that hold words, not numbers."""

_RUNGS = ("path", "value", "cost", "interval", "amount", "amount-interval")
"""Columns of a ladder."""


@dataclass(frozen=True, slots=True)
class Title:
    """The head of the report."""

    text: str
    state: State
    word: str
    lines: tuple[str, ...]
    run: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section: all blocks until the next heading belong to it."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    minor: bool = False
    """Less important than what stands around it."""


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[tuple[str, ...], ...]
    """Each item is one or more lines."""
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    words: bool = False
    """Its cells are words, not numbers."""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    state: State
    word: str
    test: str
    criterion: str
    sentence: str
    counts: str


@dataclass(frozen=True, slots=True)
class Judgements:
    columns: tuple[str, str, str]
    """Titles for word, criterion and sentence, where a format has columns."""
    rows: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    columns: tuple[str, str]
    """Titles for label and value, where a format has columns."""
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A command, and the last lines of its output."""

    title: str
    command: str
    asked: str
    """The command as a sentence."""
    said: str
    """A label for the lines."""
    lines: tuple[str, ...]


Block = Title | Heading | Paragraph | Bullets | Table | Judgements | Facts | Quote


def outline(document: ReportDocument, pairs: int) -> list[Block]:
    """All blocks of a report; at most `pairs` attempts are listed, and pairs that do not hold for each criterion."""
    wording = Wording(document.language)
    coverage = () if document.coverage is None else (Paragraph(document.coverage.sentence),)
    sections: list[tuple[str, Iterable[Block]]] = [
        (wording.say("report.claims"), _bullets(document.claims)),
        (wording.say("report.criteria"), _criteria(document, wording)),
        (wording.say("report.pairs"), _exceptions(document, pairs, wording)),
        (wording.say("report.attempts"), _attempts(document, pairs, wording)),
        *((wording.say("report.test", name=test.name), _test(document, test, wording)) for test in document.tests),
        *(
            (wording.say("report.ladder", name=part.name, label=part.label), _ladder(part, wording))
            for part in document.ladders
        ),
        (wording.say("report.coverage"), coverage),
        (wording.say("report.conditions"), _conditions(document, wording)),
        (wording.say("report.findings"), _findings(document.findings, wording)),
        (wording.say("report.evidence"), (_quote(part, wording) for part in document.evidence)),
        (wording.say("report.notes"), _bullets(document.notes)),
    ]
    blocks: list[Block] = [_title(document, wording)]
    for heading, content in sections:
        if found := list(content):
            blocks += [Heading(heading), *found]
    return blocks


def _title(document: ReportDocument, wording: Wording) -> Title:
    run = wording.say(
        "report.run",
        run=document.run,
        site=document.site,
        started=moment(document.started),
        version=document.version,
    )
    title = wording.say("report.title", title=document.title)
    return Title(title, document.state, document.word, document.first_lines, run)


def _bullets(sentences: Iterable[str]) -> Iterator[Bullets]:
    if items := tuple((sentence,) for sentence in sentences):
        yield Bullets(items)


def _criteria(document: ReportDocument, wording: Wording) -> Iterator[Judgements]:
    rows = tuple(
        Judgement(part.state, part.word, test.name, part.text, part.sentence, part.counts)
        for test in document.tests
        for part in test.criteria
    )
    if rows:
        verdict, criterion, value = (wording.say(f"column.{name}") for name in ("verdict", "criterion", "value"))
        yield Judgements((verdict, criterion, value), rows)


def _exceptions(document: ReportDocument, most: int, wording: Wording) -> Iterator[Bullets]:
    for test in document.tests:
        for criterion in test.criteria:
            if criterion.exceptions:
                items = tuple((sentence,) for sentence in _pairs(criterion, most, wording))
                yield Bullets(items, f"{test.name}: {criterion.text}")


def _pairs(criterion: CriterionPart, most: int, wording: Wording) -> Iterator[str]:
    exceptions = criterion.exceptions
    for pair in exceptions[:most]:
        yield f"{pair.sentence} ({wording.say(f'standing.{pair.standing.value}')})"
    if len(exceptions) > most:
        yield wording.say("report.more-pairs", count=len(exceptions) - most)


def _attempts(document: ReportDocument, most: int, wording: Wording) -> Iterator[Bullets]:
    """Those of the instrument first: they are in no list of pairs."""
    ordered = sorted(document.attempts, key=lambda part: part.doer is Doer.ROAD)
    said = [part.sentence for part in ordered[:most]]
    if (more := len(ordered) - most) > 0:
        said.append(wording.say("report.more-attempts", count=more))
    yield from _bullets(said)


def _test(document: ReportDocument, test: TestPart, wording: Wording) -> Iterator[Block]:
    yield Paragraph(f"{test.protocol}, {test.engine}; {test.conditions}", minor=True)
    if test.scope.judged != document.scope.judged:
        yield Paragraph(test.scope.sentence)
    if test.summary:
        tails = any(row.p5 is not None for row in test.summary)
        names = [name for name in _FIGURES if tails or name not in _TAILS]
        columns = tuple(Column(wording.say(f"column.{name}"), name in _WORDS) for name in names)
        yield Table(columns, tuple(_figures(row, wording, tails=tails) for row in test.summary))
    yield from _bullets([*(reason.sentence for reason in test.reasons), *test.notes])


def _figures(row: SummaryPart, wording: Wording, *, tails: bool) -> tuple[str, ...]:
    """The cells of one row. A unit that all figures share stands once, beside the label."""
    label = wording.say("report.across-zones", label=row.label) if row.across_zones else row.label
    known = (row.mean, row.p5, row.p50, row.p95, row.worst) if tails else (row.mean, row.p50, row.worst)
    unit, figures = _shared_unit(row.metric, known)
    return f"{label}, {unit}" if unit else label, str(row.pairs), *figures, row.worst_pair


@lru_cache(maxsize=1024)
def _shared_unit(metric: str, figures: tuple[Quantity | None, ...]) -> tuple[str, tuple[str, ...]]:
    """The unit that all figures have in common and their numbers; no unit and whole figures where there is none.

    Every format, in either language, has the same.
    """
    texts = tuple("-" if figure is None else rounded(metric, figure) for figure in figures)
    units = {text.partition(" ")[2] for figure, text in zip(figures, texts, strict=True) if figure and figure.si}
    if len(units) != 1:
        return "", texts
    (unit,) = units
    return unit, tuple(text.partition(" ")[0] for text in texts)


def _ladder(part: LadderPart, wording: Wording) -> Iterator[Block]:
    """A table, and what it says in sentences."""
    columns = tuple(Column(wording.say(f"column.{name}"), name == "path") for name in _RUNGS)
    yield Table(columns, tuple(_rung(part, rung) for rung in part.rungs))
    yield Bullets(tuple((rung.sentence,) for rung in part.rungs if rung.sentence is not None))


def _rung(part: LadderPart, rung: RungPart) -> tuple[str, ...]:
    value = "-" if rung.value is None else rounded(part.metric, rung.value)
    if (cost := rung.cost) is None:
        return rung.label, value, *("-",) * 4
    shares, amounts = (cost.share_low, cost.share_high), (cost.amount_low, cost.amount_high)
    return rung.label, value, _signed(cost.share), _span(shares), _signed(cost.amount), _span(amounts)


def _signed(value: Quantity) -> str:
    return f"+{value}" if value.si > 0 else str(value)


def _span(ends: tuple[Quantity, Quantity]) -> str:
    return f"{_signed(ends[0])} .. {_signed(ends[1])}"


def _conditions(document: ReportDocument, wording: Wording) -> Iterator[Facts]:
    if rows := tuple((condition.label, condition.value) for condition in document.conditions):
        yield Facts((wording.say("column.condition"), wording.say("column.value")), rows)


def _findings(findings: Sequence[Message], wording: Wording) -> Iterator[Bullets]:
    if findings:
        yield Bullets(
            tuple(
                (one.sentence,) if one.hint is None else (one.sentence, wording.say("report.hint", text=one.hint))
                for one in findings
            )
        )


def _quote(part: EvidencePart, wording: Wording) -> Quote:
    title = wording.say(
        "report.attempt", probe=part.probe, attempt=part.attempt, half=part.half, sentence=part.sentence
    )
    command = shlex.join(part.argv)
    asked, said = wording.say("report.command", command=command), wording.say("report.said")
    return Quote(title, command, asked, said, tuple(part.tail.splitlines()))
