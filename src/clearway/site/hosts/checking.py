"""`check` for hosts: a survey of each, then a worker on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearway.base.units import Duration
from clearway.engine.base import tools_of
from clearway.engine.table import DEFAULT_ENGINES
from clearway.plan.schedule import zone_findings
from clearway.probe.records import Finding, Inventory, Severity, Slot, Worker
from clearway.site.base import Lost, Ready, await_announcements, is_notable
from clearway.site.hosts.site import HostsSite
from clearway.site.hosts.survey import Surveyed, all_findings

_READY_WITHIN = Duration(60)
"""Logins come few at a time, and a host may take seconds for a login and for starting Python."""


async def check(site: HostsSite) -> tuple[Finding, ...]:
    """Everything that is good or bad for a run; nothing of it stays on a host."""
    surveyed = await site.survey()
    found = [*all_findings(surveyed), *zone_findings(Inventory(HostsSite.name, tuple(one.node() for one in surveyed)))]
    if any(finding.severity is Severity.ERROR for finding in found):
        return tuple(found)
    return (*found, *await _with_workers(site, surveyed))


async def _with_workers(site: HostsSite, surveyed: Sequence[Surveyed]) -> list[Finding]:
    slots = [Slot(one.host.name) for one in surveyed]
    try:
        await site.start(slots)
        events = await await_announcements(site, slots, _READY_WITHIN.si)
    finally:
        await site.stop()
    return [finding for slot in slots for finding in _of_worker(slot, events.get(slot))]


def _of_worker(slot: Slot, event: Ready | Lost | None) -> Iterator[Finding]:
    if event is None:
        yield Finding("hosts.worker-silent", Severity.ERROR, slot.node, {"within": _READY_WITHIN})
    elif isinstance(event, Lost):
        yield Finding(event.reason.code, Severity.ERROR, slot.node, event.reason.values)
    else:
        yield from _tools(event.worker)
        if as_root := event.worker.facts.get("serves-as-root"):
            yield Finding("hosts.serves-as-root", Severity.WARNING, slot.node, {"tools": as_root.replace(" ", ", ")})
        if is_notable(event.clock):
            yield Finding("hosts.clock-off", Severity.INFO, slot.node, {"ahead": event.clock.ahead})
        values = {"address": event.worker.addresses[0], "mtu": event.worker.mtu}
        yield Finding("hosts.worker-ready", Severity.INFO, slot.node, values)


def _tools(worker: Worker) -> Iterator[Finding]:
    """A warning for each missing tool: which of them a run needs depends on its spec."""
    for tool in tools_of(DEFAULT_ENGINES.values()).values():
        if tool.binary not in worker.versions:
            values = {"tool": tool.binary, "package": tool.package}
            yield Finding("preflight.tool-missing", Severity.WARNING, worker.slot.node, values)
