"""Will a run work on these hosts, and if not, exactly why: what they say of themselves, then a worker on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clearway.base.units import Duration
from clearway.engine.table import DEFAULT_ENGINES, tools_of
from clearway.plan.zones import zone_findings
from clearway.probe.records import Finding, Inventory, Severity, Slot, Worker
from clearway.site.announcements import await_announcements
from clearway.site.base import Lost, Ready
from clearway.site.hosts.site import HostsSite
from clearway.site.hosts.survey import Surveyed, all_findings

_READY_WITHIN = 60.0
_NOTABLE_OFFSET = Duration(0.1)


async def check(site: HostsSite) -> tuple[Finding, ...]:
    """All that speaks for or against a run; nothing of it stays on a host."""
    surveyed = await site.survey()
    found = [*all_findings(surveyed), *zone_findings(Inventory(HostsSite.name, tuple(one.node() for one in surveyed)))]
    if any(finding.severity is Severity.ERROR for finding in found):
        return tuple(found)
    return (*found, *await _tried(site, surveyed))


async def _tried(site: HostsSite, surveyed: Sequence[Surveyed]) -> list[Finding]:
    slots = [Slot(one.host.name) for one in surveyed]
    try:
        await site.start(slots)
        heard = await await_announcements(site, slots, _READY_WITHIN)
    finally:
        await site.stop()
    return [finding for slot in slots for finding in _of_worker(slot, heard.get(slot))]


def _of_worker(slot: Slot, news: Ready | Lost | None) -> Iterator[Finding]:
    if news is None:
        yield Finding("hosts.worker-silent", Severity.ERROR, slot.node, {"within": Duration(_READY_WITHIN)})
    elif isinstance(news, Lost):
        yield Finding(news.reason.code, Severity.ERROR, slot.node, news.reason.values)
    else:
        yield from _tools(news.worker)
        if abs(news.clock.ahead.si) > max(_NOTABLE_OFFSET.si, news.clock.uncertainty.si):
            yield Finding("hosts.clock-off", Severity.INFO, slot.node, {"ahead": news.clock.ahead})
        values = {"address": news.worker.addresses[0], "mtu": news.worker.mtu}
        yield Finding("hosts.worker-ready", Severity.INFO, slot.node, values)


def _tools(worker: Worker) -> Iterator[Finding]:
    """A warning each: which of them a run needs is for its spec to say."""
    for tool in tools_of(DEFAULT_ENGINES.values()).values():
        if tool.binary not in worker.versions:
            values = {"tool": tool.binary, "package": tool.package}
            yield Finding("preflight.tool-missing", Severity.WARNING, worker.slot.node, values)
