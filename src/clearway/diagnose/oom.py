"""Out-of-memory kills: those that were seen, by which observers, and which observers could not look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clearway.base.clock import moment
from clearway.ledger.record import Record
from clearway.probe.observations import OOM, OOM_NOT_OBSERVED, OOM_OBSERVER
from clearway.probe.records import Finding, Observation, Reason, Severity, Slot

_SHOWN = 20
"""Kills listed: more than a reader looks at. The run directory has them all."""
_SEEN: Mapping[str, str] = {"containers": "oom.container", "events": "oom.event", "kernel-log": "oom.kernel"}
_UNSEEN: Mapping[str, str] = {
    "containers": "oom.no-containers",
    "events": "oom.no-events",
    "kernel-log": "oom.no-kernel-log",
}
_CLUSTER = "cluster"


def memory_findings(record: Record) -> Iterator[Finding]:
    """One finding for each kill, then what was not looked at although it was meant to be."""
    found = tuple(kills(record))
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield Finding("oom.more", Severity.WARNING, values={"count": len(found) - _SHOWN})
    for one in record.observed(OOM_NOT_OBSERVED):
        if (code := _UNSEEN.get(one.subject)) is not None:
            yield Finding(code, Severity.INFO, str(one.values.get("scope", "")), {"cause": one.values.get("cause")})


def kills(record: Record) -> Iterator[Finding]:
    """Those that the cluster or a kernel reported, then those that workers counted themselves."""
    for one in record.observed(OOM):
        source = str(one.values.get("source"))
        if source in _SEEN:
            yield Finding(_SEEN[source], Severity.WARNING, one.subject, _values(one))
    for slot, probe in _workers_kills(record).items():
        yield Finding("oom.worker", Severity.WARNING, str(slot), {"node": slot.node, "probe": probe})


def _values(seen: Observation) -> Mapping[str, Any]:
    time = seen.values.get("time")
    return {**seen.values, "time": moment(float(time)) if isinstance(time, int | float) else None}


def _workers_kills(record: Record) -> dict[Slot, str]:
    """Worker -> the first probe in which its cgroup counted a kill: all probes of a worker share the counter."""
    found: dict[Slot, str] = {}
    for result, probe, slot in record.halves:
        if result.counters is not None and result.counters.oom_kills:
            found.setdefault(slot, probe.id)
    return found


def observers(record: Record) -> Iterator[Reason]:
    """What looked for kills; the kernel logs of all nodes are one. Without any, none seen is not the same as none."""
    seen = ((one.subject, str(one.values.get("scope", ""))) for one in record.observed(OOM_OBSERVER))
    found = dict.fromkeys((_observer(source, scope), scope if source != "kernel-log" else "") for source, scope in seen)
    yield from (Reason(code, {"scope": scope}) for code, scope in found)
    if any(result.counters is not None and result.counters.oom_kills is not None for result in record.results):
        yield Reason("oom.by-workers")


def _observer(source: str, scope: str) -> str:
    if source == "kernel-log":
        return "oom.by-kernel-logs"
    if source == "containers":
        return "oom.by-containers" if scope == _CLUSTER else "oom.by-containers-of"
    return "oom.by-events"
