"""What stands in a report and in which order, before any layout. Text and Markdown only render these records."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from clearway.base.clock import moment
from clearway.base.units import Quantity
from clearway.report.document import CriterionPart, EvidencePart, Message, ReportDocument, SummaryPart, TestPart
from clearway.report.phrases import Phrases
from clearway.verdict.model import State

_FIGURES = ("figure", "pairs", "mean", "p5", "p50", "p95", "worst", "worst-pair")
"""Columns of a test's summary, worded as `column.<name>`."""
_WORDS = ("figure", "worst-pair")
"""Of these, the ones that hold words, not numbers."""


@dataclass(frozen=True, slots=True)
class Title:
    """The head of the report."""

    text: str
    state: State
    word: str
    headline: str
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


def outline(document: ReportDocument, pairs: int) -> Iterator[Block]:
    """All blocks of a report; at most `pairs` pairs that do not hold are listed for each criterion."""
    phrases = Phrases(document.language)
    yield _title(document, phrases)
    yield from _section(phrases.say("report.claims"), _bullets(document.claims))
    yield from _section(phrases.say("report.criteria"), _criteria(document, phrases))
    yield from _section(phrases.say("report.pairs"), _exceptions(document, pairs, phrases))
    for test in document.tests:
        yield from _section(phrases.say("report.test", name=test.name), _test(test, phrases))
    if document.coverage is not None:
        yield from _section(phrases.say("report.coverage"), [Paragraph(document.coverage.sentence)])
    yield from _section(phrases.say("report.conditions"), _conditions(document, phrases))
    yield from _section(phrases.say("report.findings"), _findings(document.findings, phrases))
    yield from _section(phrases.say("report.evidence"), (_quote(part, phrases) for part in document.evidence))
    yield from _section(phrases.say("report.notes"), _bullets(document.notes))


def _title(document: ReportDocument, phrases: Phrases) -> Title:
    run = phrases.say(
        "report.run",
        run=document.run,
        site=document.site,
        started=moment(document.started),
        version=document.version,
    )
    title = phrases.say("report.title", title=document.title)
    return Title(title, document.state, document.word, document.headline, run)


def _section(heading: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Nothing where there is no content."""
    if found := list(blocks):
        yield Heading(heading)
        yield from found


def _bullets(sentences: Iterable[str]) -> Iterator[Bullets]:
    if items := tuple((sentence,) for sentence in sentences):
        yield Bullets(items)


def _criteria(document: ReportDocument, phrases: Phrases) -> Iterator[Judgements]:
    rows = tuple(
        Judgement(part.state, part.word, test.name, part.text, part.sentence, part.counts)
        for test in document.tests
        for part in test.criteria
    )
    if rows:
        verdict, criterion, value = (phrases.say(f"column.{name}") for name in ("verdict", "criterion", "value"))
        yield Judgements((verdict, criterion, value), rows)


def _exceptions(document: ReportDocument, most: int, phrases: Phrases) -> Iterator[Bullets]:
    for test in document.tests:
        for criterion in test.criteria:
            if criterion.exceptions:
                items = tuple((sentence,) for sentence in _pairs(criterion, most, phrases))
                yield Bullets(items, f"{test.name}: {criterion.text}")


def _pairs(criterion: CriterionPart, most: int, phrases: Phrases) -> Iterator[str]:
    exceptions = criterion.exceptions
    for pair in exceptions[:most]:
        yield f"{pair.sentence} ({phrases.say(f'standing.{pair.standing.value}')})"
    if len(exceptions) > most:
        yield phrases.say("report.more-pairs", count=len(exceptions) - most)


def _test(test: TestPart, phrases: Phrases) -> Iterator[Block]:
    yield Paragraph(f"{test.protocol}, {test.engine}; {test.conditions}", minor=True)
    if test.summary:
        columns = tuple(Column(phrases.say(f"column.{name}"), name in _WORDS) for name in _FIGURES)
        yield Table(columns, tuple(_figures(row, phrases) for row in test.summary))
    yield from _bullets([*(reason.sentence for reason in test.reasons), *test.notes])


def _figures(row: SummaryPart, phrases: Phrases) -> tuple[str, ...]:
    """The cells of one row. A unit that all figures share stands once, beside the label."""
    label = phrases.say("report.across-zones", label=row.label) if row.across_zones else row.label
    unit, figures = _shared_unit((row.mean, row.p5, row.p50, row.p95, row.worst))
    return f"{label}, {unit}" if unit else label, str(row.pairs), *figures, row.worst_pair


def _shared_unit(figures: Sequence[Quantity]) -> tuple[str, tuple[str, ...]]:
    """The unit that all figures have in common and their numbers; no unit and whole figures where there is none."""
    texts = tuple(map(str, figures))
    units = {text.partition(" ")[2] for figure, text in zip(figures, texts, strict=True) if figure.si}
    if len(units) != 1:
        return "", texts
    (unit,) = units
    return unit, tuple(text.partition(" ")[0] for text in texts)


def _conditions(document: ReportDocument, phrases: Phrases) -> Iterator[Facts]:
    if rows := tuple((condition.label, condition.value) for condition in document.conditions):
        yield Facts((phrases.say("column.condition"), phrases.say("column.value")), rows)


def _findings(findings: Sequence[Message], phrases: Phrases) -> Iterator[Bullets]:
    if findings:
        yield Bullets(
            tuple(
                (one.sentence,) if one.hint is None else (one.sentence, phrases.say("report.hint", text=one.hint))
                for one in findings
            )
        )


def _quote(part: EvidencePart, phrases: Phrases) -> Quote:
    title = phrases.say(
        "report.attempt", probe=part.probe, attempt=part.attempt, half=part.half, sentence=part.sentence
    )
    command = shlex.join(part.argv)
    asked, said = phrases.say("report.command", command=command), phrases.say("report.said")
    return Quote(title, command, asked, said, tuple(part.tail.splitlines()))
