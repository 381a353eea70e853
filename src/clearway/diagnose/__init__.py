"""Everything that explains a verdict, put into it by one function. A new cause is a function and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from clearway.diagnose.chaos import chaos_findings, met_downtime
from clearway.diagnose.losses import loss_findings
from clearway.diagnose.resources import memory_findings, throttled
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Reason
from clearway.spec.model import Test
from clearway.verdict.model import RunVerdict

_OF_RUN: tuple[Callable[[Record], Iterator[Finding]], ...] = (chaos_findings, memory_findings, loss_findings)
_OF_TEST: tuple[Callable[[Record, Test], Reason | None], ...] = (throttled, met_downtime)


def diagnose(record: Record, verdict: RunVerdict) -> RunVerdict:
    """The verdict with its findings and the notes of its tests; no state changes.

    What the plan says of these nodes comes first. Each finding stands once.
    """
    found = [*record.findings, *(finding for find in _OF_RUN for finding in find(record))]
    noted = [
        replace(judged, notes=tuple(note for find in _OF_TEST if (note := find(record, test)) is not None))
        for judged, test in zip(verdict.tests, record.spec.tests, strict=True)
    ]
    findings = tuple(finding for index, finding in enumerate(found) if finding not in found[:index])
    return replace(verdict, tests=tuple(noted), findings=findings)
