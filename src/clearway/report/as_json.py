"""The report as JSON, for programs: all of the document, with codes and values beside the sentences.

The same codecs write the report and its JSON Schema (docs/schema/report.schema.json). A quantity is
an object of its unit, `{"bit/s": 5e9}`; what is absent has no key.
"""

from __future__ import annotations

import json
from typing import Any

from clearway.ledger.record import Record
from clearway.probe import codec as c
from clearway.probe.codec import Codec
from clearway.probe.records import Outcome, Severity
from clearway.report.compose import compose
from clearway.report.document import (
    ConditionPart,
    CoveragePart,
    CriterionPart,
    EvidencePart,
    MeasuredPart,
    Message,
    PairPart,
    ReportDocument,
    SummaryPart,
    TestPart,
)
from clearway.report.language import LANGUAGES, Language
from clearway.verdict.model import PairState, State, Verdict

FORMAT = 1
"""Rises when a key changes its meaning or goes away; new keys don't raise it."""

_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_UNITS = ("bit/s", "byte", "s", "ratio", "/s", "count")


class JsonReport:
    """JSON, indented; keys in the document's order."""

    def render(self, record: Record, verdict: Verdict, language: Language) -> str:
        content = DOCUMENT.encode(compose(record, verdict, language))
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
    content = json.loads(text)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise c.CodecError("codec.wrong-format", wanted=FORMAT)
    return DOCUMENT.decode(content)


def _quantity_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {unit: {"type": "number"} for unit in _UNITS},
    }


_QUANTITY: Codec[Any] = Codec(c.VALUE.encode, c.VALUE.decode, _quantity_schema)
_SAID = c.record(
    Message,
    code=c.TEXT,
    values=c.mapping(c.VALUE),
    sentence=c.TEXT,
    hint=c.optional(c.TEXT),
    severity=c.optional(c.enum(Severity)),
    subject=c.optional(c.TEXT),
)
_PAIR = c.record(
    PairPart,
    subject=c.TEXT,
    sender=c.optional(c.TEXT),
    receiver=c.optional(c.TEXT),
    standing=c.enum(PairState),
    value=c.optional(_QUANTITY),
    low=c.optional(_QUANTITY),
    high=c.optional(_QUANTITY),
    limit=c.optional(_QUANTITY),
    repeats=c.INTEGER,
    reasons=c.many(_SAID),
    sentence=c.TEXT,
)
_CRITERION = c.record(
    CriterionPart,
    text=c.TEXT,
    state=c.enum(State),
    word=c.TEXT,
    metric=c.TEXT,
    statistic=c.TEXT,
    relation=c.TEXT,
    limit=c.TEXT,
    over=c.TEXT,
    asked_share=c.RATIO,
    share=c.optional(c.RATIO),
    achieved=c.optional(_QUANTITY),
    sentence=c.TEXT,
    claim=c.TEXT,
    counts=c.TEXT,
    reasons=c.many(_SAID),
    pairs=c.many(_PAIR),
)
_SUMMARY = c.record(
    SummaryPart,
    metric=c.TEXT,
    statistic=c.TEXT,
    label=c.TEXT,
    across_zones=c.BOOLEAN,
    pairs=c.INTEGER,
    mean=_QUANTITY,
    p5=_QUANTITY,
    p50=_QUANTITY,
    p95=_QUANTITY,
    worst=_QUANTITY,
    worst_pair=c.TEXT,
)
_MEASURED = c.record(MeasuredPart, sender=c.TEXT, receiver=c.TEXT, across_zones=c.BOOLEAN, values=c.mapping(_QUANTITY))
_TEST = c.record(
    TestPart,
    name=c.TEXT,
    state=c.enum(State),
    word=c.TEXT,
    protocol=c.TEXT,
    engine=c.TEXT,
    conditions=c.TEXT,
    claims=c.many(c.TEXT),
    criteria=c.many(_CRITERION),
    summary=c.many(_SUMMARY),
    measured=c.many(_MEASURED),
    reasons=c.many(_SAID),
    notes=c.many(c.TEXT),
)
_COVERAGE = c.record(
    CoveragePart,
    pairs=c.INTEGER,
    measured=c.INTEGER,
    nodes=c.INTEGER,
    nodes_covered=c.INTEGER,
    uncovered=c.many(c.TEXT),
    sentence=c.TEXT,
)
_EVIDENCE = c.record(
    EvidencePart,
    probe=c.TEXT,
    attempt=c.INTEGER,
    half=c.TEXT,
    outcome=c.enum(Outcome),
    sentence=c.TEXT,
    argv=c.many(c.TEXT),
    tail=c.TEXT,
)
_LANGUAGE: Codec[Any] = Codec(c.TEXT.encode, c.TEXT.decode, lambda: {"enum": list(LANGUAGES)})
DOCUMENT = c.record(
    ReportDocument,
    language=_LANGUAGE,
    title=c.TEXT,
    run=c.TEXT,
    version=c.TEXT,
    started=c.NUMBER,
    site=c.TEXT,
    state=c.enum(State),
    word=c.TEXT,
    headline=c.TEXT,
    tests=c.many(_TEST),
    coverage=c.optional(_COVERAGE),
    conditions=c.many(c.record(ConditionPart, name=c.TEXT, label=c.TEXT, value=c.TEXT)),
    evidence=c.many(_EVIDENCE),
    findings=c.many(_SAID),
    notes=c.many(c.TEXT),
)
