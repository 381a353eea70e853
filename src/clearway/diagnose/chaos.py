"""Nodes that were broken on purpose: when, whether it was seen, and which measurements it touched."""

from __future__ import annotations

from collections.abc import Iterator

from clearway.base.clock import moment
from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.observations import CHAOS_FAILED
from clearway.probe.records import Finding, Observation, Reason, Severity
from clearway.spec.model import Test
from clearway.verdict.downtime import downtimes
from clearway.verdict.trials import TrialIndex

_NAMED = 10
"""Measurements named: as many as a reader looks at. The ledger has all."""


def chaos_findings(record: Record) -> Iterator[Finding]:
    """Every downtime, and everything about it that went wrong."""
    for downtime in downtimes(record.observations):
        values = {
            "kind": downtime.kind,
            "began": moment(downtime.began),
            "seen": _since(downtime.began, downtime.seen),
            "back": moment(downtime.back) if downtime.back is not None else None,
            "took": _since(downtime.putting_back, downtime.back),
        }
        known = {name: value for name, value in values.items() if value is not None}
        yield Finding("chaos.node-broken", Severity.INFO, downtime.node, known)
    for seen in record.observations:
        yield from failure(seen)


def failure(seen: object) -> Iterator[Finding]:
    """What went wrong with breaking a node, or with putting it back, if that is what was seen."""
    if isinstance(seen, Observation) and seen.kind == CHAOS_FAILED.name:
        values = {name: value for name, value in seen.values.items() if name != "code"}
        yield Finding(seen.values["code"], Severity.ERROR, seen.subject, {"node": seen.subject, **values})


def met_downtime(record: Record, test: Test) -> Reason | None:
    """How many measurements of a test met a downtime of one of their own nodes; None if none did."""
    disturbances = record.derived(TrialIndex).disturbances
    nodes, probes = set[str](), dict[str, None]()
    for trial in record.trials:
        if trial.probe.test == test.name and trial.probe.is_figure:
            for downtime in disturbances.overlapping(trial):
                nodes.add(downtime.node)
                probes[trial.probe.id] = None
    if not probes:
        return None
    values = {"count": len(probes), "nodes": tuple(sorted(nodes)), "named": tuple(probes)[:_NAMED]}
    return Reason("note.met-downtime", values)


def _since(first: float | None, then: float | None) -> Duration | None:
    return None if first is None or then is None else Duration(then - first)
