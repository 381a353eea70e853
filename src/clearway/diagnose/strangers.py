"""Others than the partner that connected to the server of a probe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from clearway.ledger.record import Record
from clearway.probe.observations import STRANGERS
from clearway.probe.records import Finding, Severity

_NAMED = 8
"""Addresses that are named: more would say nothing new to a reader. The observations have them all."""


def stranger_findings(record: Record) -> Iterator[Finding]:
    """One for each worker that they came to."""
    found: dict[str, list[str]] = defaultdict(list)
    for seen in record.observed(STRANGERS):
        found[seen.subject] += seen.values["addresses"].split(", ")
    for subject, addresses in found.items():
        shown = ", ".join(list(dict.fromkeys(addresses))[:_NAMED])
        yield Finding("run.strangers", Severity.WARNING, subject, {"addresses": shown})
