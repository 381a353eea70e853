"""Where a report comes from: whether the record under it is whole, which verdict it shows, and by which limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from clearway.base.clock import moment
from clearway.ledger.files import OLD_FORMAT
from clearway.ledger.record import Record
from clearway.ledger.verdicts import GivenVerdict, LimitsUsed
from clearway.report.document import ConditionPart, Message, ReportDocument
from clearway.report.phrases import Phrases
from clearway.report.wording import hint
from clearway.verdict.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a report says of its verdict beside the verdict itself."""

    at: float
    """When it is given, in Unix seconds."""
    number: int | None = None
    """Of the verdict that is kept; None: it is made for this report alone."""
    earlier: tuple[GivenVerdict, ...] = ()
    """The run's verdicts that are kept already."""
    limits: LimitsUsed | None = None
    """Instead of the run's own criteria."""
    own: State | None = None
    """The verdict by the run's own criteria, where other limits are used."""


def with_provenance(document: ReportDocument, record: Record, provenance: Provenance | None) -> ReportDocument:
    """The report with what has to stand before its verdict is read, and with where it comes from."""
    phrases = Phrases(document.language)
    said, rows = [*_of_record(record, phrases)], [*_record_row(record, phrases)]
    if provenance is not None:
        said += _of_limits(provenance, phrases)
        rows += _verdict_rows(provenance, phrases)
    conditions = (
        ConditionPart(name=name, label=phrases.say(f"condition-label.{name}"), value=row) for name, row in rows
    )
    return replace(document, remarks=(*said, *document.remarks), conditions=(*document.conditions, *conditions))


def _of_limits(provenance: Provenance, phrases: Phrases) -> Iterator[Message]:
    limits, own = provenance.limits, provenance.own
    if limits is not None and own is not None:
        at = moment(provenance.at)
        values = {"file": limits.file, "digest": limits.content, "at": at, "own": own.value}
        yield _message("remark.other-limits", values, phrases, word=phrases.say(f"verdict-word.{own.value}"))


def _of_record(record: Record, phrases: Phrases) -> Iterator[Message]:
    """What keeps a reader from relying on all of it."""
    if record.manifest.format == OLD_FORMAT:
        yield _message("remark.no-digests", {"format": OLD_FORMAT}, phrases)
    whole = record.wholeness
    if whole is None:
        return
    if whole.torn:
        yield _message("remark.torn", {"files": whole.torn}, phrases)
    if whole.closing is None:
        yield _message("remark.not-closed", {}, phrases)


def _message(code: str, values: dict[str, Any], phrases: Phrases, **shown: str) -> Message:
    known = {**values, **shown}
    return Message(
        code=code, values=values, sentence=phrases.say(code, **known), hint=hint(code, known, phrases.language)
    )


def _record_row(record: Record, phrases: Phrases) -> Iterator[tuple[str, str]]:
    if record.wholeness is not None and record.wholeness.closing is not None:
        yield "record", phrases.say("condition-value.sealed", digest=record.wholeness.closing)


def _verdict_rows(provenance: Provenance, phrases: Phrases) -> Iterator[tuple[str, str]]:
    values = {"number": provenance.number, "at": moment(provenance.at), "limits": _by(provenance.limits)}
    code = "condition-value.verdict-kept" if provenance.number is not None else "condition-value.verdict-made"
    yield "verdict", phrases.say(code, **values)
    if provenance.earlier:
        yield "earlier-verdicts", "; ".join(_earlier(one, phrases) for one in provenance.earlier)


def _earlier(one: GivenVerdict, phrases: Phrases) -> str:
    word = phrases.say(f"verdict-word.{one.state}")
    values = {"number": one.number, "word": word, "at": moment(one.at), "limits": _by(one.limits)}
    return phrases.say("condition-value.verdict-earlier", **values)


def _by(limits: LimitsUsed | None) -> str | None:
    return None if limits is None else limits.file
