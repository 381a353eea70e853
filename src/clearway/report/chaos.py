"""What was broken on purpose, as a report tells it: when, whether it was seen, and what it took from measurements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearway.base.clock import moment
from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Observation, Role, Severity
from clearway.spec.model import Test
from clearway.verdict.downtime import Disturbances, Downtime, downtimes

_NAMED = 10
"""Measurements named; the ledger has all."""


@dataclass(frozen=True, slots=True)
class Met:
    """Measurements of a test that met a downtime of one of their own nodes."""

    count: int
    nodes: tuple[str, ...]
    named: tuple[str, ...]
    """Ids of the first of their probes."""


def chaos_findings(record: Record) -> Iterator[Finding]:
    """Every downtime, and everything about it that went wrong."""
    for downtime in downtimes(record.observations):
        yield _told(downtime)
    for seen in record.observations:
        yield from failure(seen)


def failure(seen: object) -> Iterator[Finding]:
    """What went wrong with breaking a node, or with putting it back, if that is what was seen."""
    if isinstance(seen, Observation) and seen.kind == "chaos-failed":
        values = {name: value for name, value in seen.values.items() if name != "code"}
        yield Finding(seen.values["code"], Severity.ERROR, seen.subject, {"node": seen.subject, **values})


def met_downtime(record: Record, test: Test) -> Met | None:
    """None if none did."""
    disturbances = Disturbances(record)
    met = {
        trial.probe.id: tuple(one.node for one in disturbances.overlapping(trial))
        for trial in record.trials
        if trial.probe.test == test.name and trial.probe.role is not Role.BACKGROUND
    }
    found = {probe: nodes for probe, nodes in met.items() if nodes}
    if not found:
        return None
    nodes = tuple(sorted({node for several in found.values() for node in several}))
    return Met(len(found), nodes, tuple(list(found)[:_NAMED]))


def _told(downtime: Downtime) -> Finding:
    values = {
        "kind": downtime.kind,
        "began": moment(downtime.began),
        "seen": _since(downtime.began, downtime.seen),
        "back": moment(downtime.back) if downtime.back is not None else None,
        "took": _since(downtime.putting_back, downtime.back),
    }
    known = {name: value for name, value in values.items() if value is not None}
    return Finding("chaos.node-broken", Severity.INFO, downtime.node, known)


def _since(first: float | None, then: float | None) -> Duration | None:
    return None if first is None or then is None else Duration(then - first)
