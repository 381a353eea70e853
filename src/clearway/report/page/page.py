"""The whole page, in the order in which it is read: for a manager first, then for an engineer."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clearway.base.units import Duration
from clearway.report.document import ReportDocument
from clearway.report.page.charts import courses, distributions, percentiles
from clearway.report.page.claim import Shield, shield, span, utc_beside
from clearway.report.page.heat import HeatMap, heat_map
from clearway.report.page.judged import JudgedCriterion, judged_criteria
from clearway.report.page.ladders import LadderTable, ladder_tables
from clearway.report.page.nodes import NodeTable, node_table
from clearway.report.page.pairs import PairTable, packed, pair_tables
from clearway.report.page.plot import Chart
from clearway.report.page.steps import Step, steps
from clearway.report.page.tiles import Tile, tiles
from clearway.report.page.voices import Text, Voices
from clearway.report.suspects import place_text
from clearway.verdict.model import PairState, State

_NAMED = 3
"""Suspects in the first lines."""
_SEALED = "record"
"""The condition that holds the record's seal."""


@dataclass(frozen=True, slots=True)
class CriterionRow:
    test: str
    name: Text
    measure: Text
    state: State
    word: Text
    asked: str
    holds: int
    undecided: int
    pairs: int
    worst: str | Text
    worst_pair: str | Text
    sentence: Text


@dataclass(frozen=True, slots=True)
class Fact:
    label: Text
    values: tuple[Any, ...]
    """The first one stands out."""


@dataclass(frozen=True, slots=True)
class Proof:
    title: Text
    command: str
    lines: str


@dataclass(frozen=True, slots=True)
class TestNote:
    name: str
    lines: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class Page:
    voices: Voices
    document: ReportDocument
    word: Text
    headline: Text
    below: tuple[Text, ...]
    """What stands below the headline: the suspects by name, and the scope."""
    remarks: tuple[Text, ...]
    criteria: tuple[CriterionRow, ...]
    identity: tuple[Fact, ...]
    tiles: tuple[Tile, ...]
    shield: Shield
    steps: tuple[Step, ...]
    maps: tuple[HeatMap, ...]
    distributions: tuple[Chart, ...]
    courses: tuple[Chart, ...]
    percentiles: tuple[Chart, ...]
    ladders: tuple[LadderTable, ...]
    tests: tuple[TestNote, ...]
    conditions: tuple[tuple[Text, Text], ...]
    nodes: NodeTable | None
    findings: tuple[tuple[Text, Text | None], ...]
    attempts: tuple[Text, ...]
    tables: tuple[PairTable, ...]
    packed: str
    evidence: tuple[Proof, ...]
    notes: tuple[Text, ...]
    seal: str | None


def page(documents: Sequence[ReportDocument]) -> Page:
    """Of the same report in one language or in several, the reader's own first."""
    voices = Voices(tuple(documents))
    document, criteria, tables = voices.first, tuple(judged_criteria(voices)), pair_tables(voices)
    return Page(
        voices=voices,
        document=document,
        word=voices.each(lambda one: one.word),
        headline=voices.each(lambda one: one.headline),
        below=tuple(_below(voices)),
        remarks=voices.all(lambda one: [remark.sentence for remark in one.remarks]),
        criteria=tuple(_criterion(one) for one in criteria),
        identity=tuple(_identity(voices)),
        tiles=tiles(criteria, voices),
        shield=shield(criteria, voices),
        steps=steps(criteria, voices),
        maps=tuple(found for one in criteria if (found := heat_map(one)) is not None),
        distributions=tuple(distributions(criteria)),
        courses=tuple(courses(voices, criteria)),
        percentiles=tuple(percentiles(voices, criteria)),
        ladders=ladder_tables(voices),
        tests=tuple(_tests(voices)),
        conditions=_conditions(voices),
        nodes=node_table(voices),
        findings=tuple(_findings(voices)),
        attempts=voices.all(lambda one: [part.sentence for part in one.attempts]),
        tables=tables,
        packed=packed(tables),
        evidence=tuple(_evidence(voices)),
        notes=voices.all(lambda one: one.notes),
        seal=next((row.value for row in document.conditions if row.name == _SEALED), None),
    )


def _below(voices: Voices) -> Iterator[Text]:
    places = [suspect.place for suspect in voices.first.suspects]
    if places:
        named = voices.phrased(lambda phrases: ", ".join(place_text(place, phrases) for place in places[:_NAMED]))
        yield voices.say("page.suspects", places=named, count=len(places))
    yield voices.each(lambda one: one.scope.sentence)


def _criterion(one: JudgedCriterion) -> CriterionRow:
    worst = one.worst
    return CriterionRow(
        test=one.test.name,
        name=one.name,
        measure=one.measure,
        state=one.part.state,
        word=one.voices.each(lambda document: document.tests[one.test_index].criteria[one.index].word),
        asked=one.part.text,
        holds=one.count(PairState.HOLDS),
        undecided=one.count(PairState.UNDECIDED),
        pairs=len(one.part.pairs),
        worst=one.shown_of(worst),
        worst_pair="-" if worst is None else one.worst_subject,
        sentence=one.sentence,
    )


def _identity(voices: Voices) -> Iterator[Fact]:
    document = voices.first
    versions = next((row.value for row in document.conditions if row.name == "site-versions"), "")
    yield Fact(voices.say("page.network"), (document.site, versions))
    yield Fact(voices.say("page.time"), (span(document.started, document.ended), *_lasted(voices)))
    scope = document.scope
    nodes = voices.say("page.nodes-covered", covered=scope.nodes_covered, nodes=scope.nodes)
    roads = voices.say("page.roads-judged", judged=scope.judged, total=scope.total)
    yield Fact(voices.say("page.scope"), (nodes, roads, *_by_test(voices)))
    digest = document.spec_digest
    shown = "" if digest is None else f"spec.yaml sha256 {digest[:12]}"
    yield Fact(voices.say("page.run"), (document.run, document.title, shown, f"clearway {document.version}"))


def _by_test(voices: Voices) -> Iterator[str]:
    """How many roads each test is about, where they differ."""
    scopes = {test.name: test.scope.judged for test in voices.first.tests}
    if len(set(scopes.values())) > 1:
        yield ", ".join(f"{name} {judged}" for name, judged in scopes.items())


def _lasted(voices: Voices) -> Iterator[str]:
    """How long it took, and when it began by UTC."""
    document = voices.first
    if document.ended is not None:
        yield str(Duration(round(document.ended - document.started)))
    if begun := utc_beside(document.started):
        yield begun


def _tests(voices: Voices) -> Iterator[TestNote]:
    """Under which conditions each test measured, and what a reader of its figures has to know."""
    for index, test in enumerate(voices.first.tests):
        yield TestNote(test.name, voices.all(_lines_of_test(index)))


def _lines_of_test(index: int) -> Callable[[ReportDocument], Sequence[str]]:
    def lines(document: ReportDocument) -> Sequence[str]:
        test = document.tests[index]
        reasons = (reason.sentence for reason in test.reasons)
        return [f"{test.protocol}, {test.engine}; {test.conditions}", test.scope.sentence, *reasons, *test.notes]

    return lines


def _conditions(voices: Voices) -> tuple[tuple[Text, Text], ...]:
    labels = voices.all(lambda one: [row.label for row in one.conditions])
    values = voices.all(lambda one: [row.value for row in one.conditions])
    return tuple(zip(labels, values, strict=True))


def _findings(voices: Voices) -> Iterator[tuple[Text, Text | None]]:
    for index, finding in enumerate(voices.first.findings):
        hint = None if finding.hint is None else voices.each(lambda one, at=index: one.findings[at].hint or "")  # type: ignore[misc]
        yield voices.all(lambda one: [part.sentence for part in one.findings])[index], hint


def _evidence(voices: Voices) -> Iterator[Proof]:
    titles = voices.all(lambda one: [part.sentence for part in one.evidence])
    for title, part in zip(titles, voices.first.evidence, strict=True):
        where = voices.say("report.attempt", probe=part.probe, attempt=part.attempt, half=part.half, sentence=title)
        yield Proof(where, shlex.join(part.argv), part.tail)
