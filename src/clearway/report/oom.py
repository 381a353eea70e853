"""Out-of-memory kills as a report tells them: those that were seen, by whom, and who could not look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from clearway.base.clock import moment
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Half, Observation, Probe, Severity, Slot
from clearway.report.phrases import Phrases

_SHOWN = 20
"""Kills told one by one; the run directory has them all."""
_SEEN: Mapping[str, str] = {"containers": "oom.container", "events": "oom.event", "kernel-log": "oom.kernel"}
_UNSEEN: Mapping[str, str] = {
    "containers": "oom.no-containers",
    "events": "oom.no-events",
    "kernel-log": "oom.no-kernel-log",
}
_CLUSTER = "cluster"


def memory_findings(record: Record) -> Iterator[Finding]:
    """A finding a kill, then what was not looked at although it was meant to be."""
    kills = list(_kills(record))
    yield from islice(kills, _SHOWN)
    if len(kills) > _SHOWN:
        yield Finding("oom.more", Severity.WARNING, values={"count": len(kills) - _SHOWN})
    for one in _of_kind(record, "oom-not-observed"):
        if (code := _UNSEEN.get(one.subject)) is not None:
            yield Finding(code, Severity.INFO, str(one.values.get("scope", "")), {"cause": one.values.get("cause")})


def memory_condition(record: Record, phrases: Phrases) -> str:
    """How many kills were seen, and by whom; nobody who looked is not the same as none."""
    observers = list(_observers(record))
    if not observers:
        return phrases.say("oom.not-observed")
    names = tuple(phrases.say(code, scope=scope) for code, scope in observers)
    count = sum(1 for _ in _kills(record))
    return phrases.say("oom.seen" if count else "oom.none-seen", count=count, observers=names)


def _kills(record: Record) -> Iterator[Finding]:
    for one in _of_kind(record, "oom"):
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
    probes = {probe.id: probe for round_ in record.rounds for probe in round_.probes}
    found: dict[Slot, str] = {}
    for result in record.results:
        probe = probes.get(result.probe)
        if probe is not None and result.counters is not None and result.counters.oom_kills:
            found.setdefault(_slot(probe, result.half), probe.id)
    return found


def _slot(probe: Probe, half: Half) -> Slot:
    return probe.server if half is Half.SERVE else probe.client


def _observers(record: Record) -> Iterator[tuple[str, str]]:
    """Code and scope of each that looked; nodes' kernel logs are one."""
    seen = ((one.subject, str(one.values.get("scope", ""))) for one in _of_kind(record, "oom-observer"))
    found = dict.fromkeys((_observer(source, scope), scope if source != "kernel-log" else "") for source, scope in seen)
    yield from found
    if any(result.counters is not None and result.counters.oom_kills is not None for result in record.results):
        yield "oom.by-workers", ""


def _observer(source: str, scope: str) -> str:
    if source == "kernel-log":
        return "oom.by-kernel-logs"
    if source == "containers":
        return "oom.by-containers" if scope == _CLUSTER else "oom.by-containers-of"
    return "oom.by-events"


def _of_kind(record: Record, kind: str) -> Iterator[Observation]:
    return (one for one in record.observations if one.kind == kind)
