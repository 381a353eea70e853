"""Labs for tests: started, ready, and gone at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from clearway.probe.records import Finding, Slot
from clearway.site.base import Event, Lost, Ready
from clearway.site.lab.model import LabSpec
from clearway.site.lab.site import LabSite


@dataclass
class RunningLab:
    """A started lab and what it said so far."""

    site: LabSite
    log: list[Finding]
    events: AsyncIterator[Event]
    ready: dict[Slot, Ready] = field(default_factory=dict)

    async def until_ready(self, slots: list[Slot]) -> None:
        while set(self.ready) != set(slots):
            event = await anext(self.events)
            assert isinstance(event, Ready), event
            self.ready[event.worker.slot] = event

    async def lost(self) -> Lost:
        """The next worker to be lost."""
        while not isinstance(event := await anext(self.events), Lost):
            pass
        return event


@asynccontextmanager
async def running_lab(
    lab: LabSpec, *, agents: bool = True, agent_env: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncIterator[RunningLab]:
    """One agent a node, all of them ready; or only the network."""
    log: list[Finding] = []
    site = LabSite(lab, log=log.append, agent_env=agent_env)
    slots = [Slot(node.name) for node in lab.resolved()] if agents else []
    running = RunningLab(site, log, site.events())
    try:
        await site.start(slots)
        await running.until_ready(slots)
        yield running
    finally:
        await site.stop()
