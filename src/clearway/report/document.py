"""The content of a report in one language, before any format: all sentences, no layout.

The formats render this; JSON, for programs, is all of it, with codes and values beside the sentences. The same codecs
write the JSON report and its JSON Schema (docs/schema/report.schema.json). A quantity is an object of its unit,
`{"bit/s": 5e9}`; what is absent has no key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clearway.base.units import Duration, Quantity, Rate, Ratio
from clearway.probe.codec import CodecError, of
from clearway.probe.json_values import parsed
from clearway.probe.path_mtu import BLACK_HOLE
from clearway.probe.records import Outcome, Severity
from clearway.report.ladders import LadderPart
from clearway.report.wording import Language
from clearway.verdict.doubts import Doer
from clearway.verdict.model import Coverage, PairState, State, VerdictScope
from clearway.verdict.suspect import Confirmation, Suspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A finding or a reason with its sentence."""

    code: str
    values: Mapping[str, object]
    sentence: str
    hint: str | None = None
    severity: Severity | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPart:
    """One pair (or node, or the total) against one criterion."""

    subject: str
    sender: str | None
    """Slot; None where the subject is no pair."""
    receiver: str | None
    standing: PairState
    value: Quantity | None
    low: Quantity | None
    high: Quantity | None
    limit: Quantity | None
    repeats: int
    reasons: tuple[Message, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionPart:
    text: str
    """As it was written in the spec."""
    state: State
    word: str
    """The state in words."""
    metric: str
    statistic: str
    relation: str
    limit: str
    over: str
    asked_share: Ratio
    share: Ratio | None
    achieved: Quantity | None
    sentence: str
    """The criterion as it was judged, both ways: what was asked, what was found."""
    claim: str
    counts: str
    reasons: tuple[Message, ...]
    """Always empty: the pairs have the reasons. Format 1 has the key."""
    pairs: tuple[PairPart, ...]
    """Worst first."""

    @property
    def exceptions(self) -> tuple[PairPart, ...]:
        """Pairs that don't hold."""
        return tuple(pair for pair in self.pairs if pair.standing is not PairState.HOLDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPart:
    """One figure over all pairs of one kind."""

    metric: str
    statistic: str
    label: str
    across_zones: bool
    pairs: int
    mean: Quantity
    p5: Quantity | None
    """None of fewer than 20 pairs; so is `p95`."""
    p50: Quantity
    p95: Quantity | None
    worst: Quantity
    worst_pair: str


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """All figures of one pair, by name of the figure."""

    sender: str
    receiver: str
    across_zones: bool
    values: Mapping[str, Quantity]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopePart(VerdictScope):
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPart:
    name: str
    state: State
    word: str
    protocol: str
    engine: str
    conditions: str
    under_load: bool = False
    """Whether bulk traffic filled the same roads meanwhile."""
    scope: ScopePart
    claims: tuple[str, ...]
    criteria: tuple[CriterionPart, ...]
    summary: tuple[SummaryPart, ...]
    measured: tuple[MeasuredPart, ...]
    reasons: tuple[Message, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePart(Coverage):
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionPart:
    """A condition of the run, the same for all tests."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePart:
    """The command and the output of a tool, in an attempt that is void or that shows a broken pair."""

    probe: str
    attempt: int
    half: str
    outcome: Outcome
    sentence: str
    argv: tuple[str, ...]
    tail: str
    """Last lines of its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPart:
    """An attempt that is void, or that shows what the road did."""

    test: str
    sender: str
    receiver: str
    probe: str
    attempt: int
    doer: Doer
    """Whose doing it is."""
    in_verdict: bool
    """Whether its value is judged."""
    measured_again: bool
    """Whether another attempt gave the value that is judged."""
    reasons: tuple[Message, ...]
    values: Mapping[str, Quantity]
    """What it showed, by name of the figure."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectPart(Suspect):
    confirmation: Confirmation
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePart:
    """A node of the network, measured or not."""

    name: str
    zone: str | None
    machine: str
    link: Rate | None
    mtu: int | None
    """As its workers found it; None: it had none."""
    facts: Mapping[str, str]
    """What its workers found, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePart:
    """What one attempt at a pair showed in the course of its window: of the worst pairs and of one in the middle."""

    test: str
    sender: str
    receiver: str
    interval: Duration
    rates: tuple[Rate, ...]
    """At the receiver, one an interval."""
    stall: Duration | None
    """The longest time in which nothing arrived."""
    stalled_at: Duration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentilesPart:
    """The delays of one pair: of the worst pairs and of one in the middle."""

    test: str
    sender: str
    receiver: str
    count: int
    """Of the answers that were timed."""
    values: Mapping[str, Duration]
    """By percentile: `p50`, ..., `p100`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDocument:
    language: Language
    title: str
    run: str
    version: str
    """Of clearway."""
    started: float
    """Unix seconds."""
    ended: float | None = None
    """When the last that is known of it happened."""
    site: str
    state: State
    word: str
    headline: str
    suspects: tuple[SuspectPart, ...]
    """The strongest first."""
    scope: ScopePart
    remarks: tuple[Message, ...]
    """What the first lines say beside the headline and the scope."""
    tests: tuple[TestPart, ...]
    ladders: tuple[LadderPart, ...]
    coverage: CoveragePart | None
    conditions: tuple[ConditionPart, ...]
    attempts: tuple[AttemptPart, ...]
    """In order of hand-out."""
    evidence: tuple[EvidencePart, ...]
    findings: tuple[Message, ...]
    notes: tuple[str, ...]
    nodes: tuple[NodePart, ...] = ()
    curves: tuple[CurvePart, ...] = ()
    percentiles: tuple[PercentilesPart, ...] = ()
    spec_digest: str | None = None
    """SHA-256 of the spec as it was run."""

    @property
    def first_lines(self) -> tuple[str, ...]:
        """What stands right below the verdict."""
        suspected = (suspect.sentence for suspect in self.suspects[:_SUSPECTS_SAID])
        holes = [one.sentence for one in self.findings if one.code == BLACK_HOLE][:_SUSPECTS_SAID]
        return self.headline, *holes, *suspected, self.scope.sentence, *(remark.sentence for remark in self.remarks)

    @property
    def claims(self) -> tuple[str, ...]:
        return tuple(claim for test in self.tests for claim in test.claims)


_SUSPECTS_SAID = 3
"""Suspects in the first lines: with more of them a reader looks at the list of all."""
DOCUMENT = of(ReportDocument)
FORMAT = 2
"""Rises when a key changes its meaning or goes away; new keys don't raise it."""

_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class JsonReport:
    """JSON, indented; keys in the document's order."""

    name = "json"
    file_name = "report.json"

    def render(self, document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> str:
        content = DOCUMENT.encode(document)
        return json.dumps({"format": FORMAT, **content}, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of this format."""
    plain = DOCUMENT.schema()
    return {
        "$schema": _SCHEMA_DIALECT,
        "title": "clearway report",
        **plain,
        "required": ["format", *plain["required"]],
        "properties": {"format": {"const": FORMAT}, **plain["properties"]},
    }


def read(text: str) -> ReportDocument:
    """The document that `text` was rendered from. Raises CodecError if it is not of this format."""
    content = parsed(text)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise CodecError("codec.wrong-format", wanted=FORMAT)
    return DOCUMENT.decode(content)
