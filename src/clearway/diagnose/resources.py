"""Memory and CPU that ran out: out-of-memory kills, what looked for them, and workers that a CPU limit held back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clearway.base.clock import moment
from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.observations import OOM, OOM_NOT_OBSERVED, OOM_OBSERVER
from clearway.probe.records import Finding, Reason, Severity, Slot
from clearway.spec.model import Test

_SHOWN = 20
"""Kills listed: more than a reader looks at. The run directory has them all."""
_SEEN: Mapping[str, str] = {"containers": "oom.container", "events": "oom.event", "kernel-log": "oom.kernel"}
_UNSEEN: Mapping[str, str] = {
    "containers": "oom.no-containers",
    "events": "oom.no-events",
    "kernel-log": "oom.no-kernel-log",
}
_CLUSTER = "cluster"
_NOTABLE = 0.01
"""Share of a probe's time. Below it the wait is shorter than the differences between two repeats of a measurement."""


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
        source, time = str(one.values.get("source")), one.values.get("time")
        if source in _SEEN:
            shown = moment(float(time)) if isinstance(time, int | float) else None
            yield Finding(_SEEN[source], Severity.WARNING, one.subject, {**one.values, "time": shown})
    found: dict[Slot, str] = {}
    for result, probe, slot in record.halves:
        if result.counters is not None and result.counters.oom_kills:
            # All probes of a worker share the counter of its cgroup: the first one is named.
            found.setdefault(slot, probe.id)
    for slot, name in found.items():
        yield Finding("oom.worker", Severity.WARNING, str(slot), {"node": slot.node, "probe": name})


def observers(record: Record) -> Iterator[Reason]:
    """What looked for kills; the kernel logs of all nodes are one. Without any, none seen is not the same as none."""
    found: dict[tuple[str, str], None] = {}
    for one in record.observed(OOM_OBSERVER):
        scope = str(one.values.get("scope", ""))
        of_containers = "oom.by-containers" if scope == _CLUSTER else "oom.by-containers-of"
        codes = {"kernel-log": ("oom.by-kernel-logs", ""), "containers": (of_containers, scope)}
        found[codes.get(one.subject, ("oom.by-events", scope))] = None
    yield from (Reason(code, {"scope": scope}) for code, scope in found)
    if any(result.counters is not None and result.counters.oom_kills is not None for result in record.results):
        yield Reason("oom.by-workers")


def throttled(record: Record, test: Test) -> Reason | None:
    """How many workers of a test a CPU limit held back, and the longest wait in one probe; None if no wait is known.

    The limit is the cluster's: clearway sets none.
    """
    longest: dict[Slot, Duration] = {}
    for result, probe, slot in record.halves:
        time = result.counters.throttled if result.counters is not None else None
        if probe.test == test.name and time is not None and time > probe.window.end * _NOTABLE:
            longest[slot] = max(time, longest.get(slot, Duration(0)))
    if not longest:
        return None
    worst = max(longest, key=lambda slot: longest[slot])
    values = {"workers": len(longest), "longest": longest[worst], "subject": worst.node}
    return Reason("note.throttled", values)
