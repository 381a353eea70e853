"""Everything that is found around a verdict, put into it by one function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clearway.diagnose.chaos import chaos_findings, met_downtime
from clearway.diagnose.losses import loss_findings
from clearway.diagnose.oom import memory_findings
from clearway.diagnose.throttling import throttled
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Reason
from clearway.spec.model import Test
from clearway.verdict.model import RunVerdict


def diagnose(record: Record, verdict: RunVerdict) -> RunVerdict:
    """The verdict with its findings and the notes of its tests; no state changes."""
    tests = {test.name: test for test in record.spec.tests}
    judged = tuple(replace(test, notes=tuple(_notes(record, tests[test.name]))) for test in verdict.tests)
    return replace(verdict, tests=judged, findings=tuple(_findings(record)))


def _findings(record: Record) -> list[Finding]:
    """What the plan says of these nodes, then what was done to nodes or seen there; each once."""
    found = [*record.findings, *chaos_findings(record), *memory_findings(record), *loss_findings(record)]
    return [finding for index, finding in enumerate(found) if finding not in found[:index]]


def _notes(record: Record, test: Test) -> Iterator[Reason]:
    for note in (throttled(record, test), met_downtime(record, test)):
        if note is not None:
            yield note
