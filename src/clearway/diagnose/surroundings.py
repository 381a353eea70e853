"""What happened around the measurement: what the site found, workers that were given up, nodes that came and went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clearway.base.clock import moment
from clearway.ledger.record import Record
from clearway.probe.observations import (
    FOREIGN_MESSAGE,
    NODE_ADDED,
    NODE_CORDONED,
    NODE_LEFT,
    NODE_REPLACED,
    NODE_UNCORDONED,
    NODES_NOT_WATCHED,
    SITE_FINDING,
)
from clearway.probe.records import Finding, Severity

_KEYS = ("code", "severity")


def site_findings(record: Record) -> Iterator[Finding]:
    """As they were said when the run began."""
    for seen in record.observed(SITE_FINDING):
        values = {name: value for name, value in seen.values.items() if name not in _KEYS}
        yield Finding(seen.values["code"], Severity(seen.values["severity"]), seen.subject, values)


def given_up_findings(record: Record) -> Iterator[Finding]:
    """One for each worker that was given up for what it sent."""
    for seen in record.observed(FOREIGN_MESSAGE):
        yield Finding("run.given-up", Severity.WARNING, seen.subject, seen.values)


def membership_findings(record: Record) -> Iterator[Finding]:
    """Each node that left, came or was taken out of service, with the time."""
    for seen in record.observations:
        if (severity := _MEMBERSHIP.get(seen.kind)) is not None:
            yield Finding(f"membership.{seen.kind}", severity, seen.subject, {"time": moment(seen.at)})
    for seen in record.observed(NODES_NOT_WATCHED):
        yield Finding("membership.not-watched", Severity.INFO, values={"cause": seen.values.get("cause")})


_MEMBERSHIP: Mapping[str, Severity] = {
    NODE_LEFT.name: Severity.WARNING,
    NODE_REPLACED.name: Severity.WARNING,
    NODE_CORDONED.name: Severity.WARNING,
    NODE_UNCORDONED.name: Severity.INFO,
    NODE_ADDED.name: Severity.INFO,
}
