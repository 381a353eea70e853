"""Plain hosts as a site: the agent is sent over ssh, speaks over the same pipe, and leaves with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

from clearway.base.units import Duration
from clearway.probe.records import Finding, Inventory, Reason, Request, Severity, Slot
from clearway.shell.base import Shell, Transport
from clearway.shell.runner import LOGINS_AT_ONCE
from clearway.site.base import Event, FindingLog, NotFit
from clearway.site.hosts.agents import GREETINGS, LEASE, RemoteAgent
from clearway.site.hosts.model import HostsSpec
from clearway.site.hosts.survey import Surveyed, all_findings, survey_all
from clearway.site.parallel import at_once
from clearway.site.pipe import PipedWorkers


class HostsSite:
    """Hosts on which nothing is installed and nothing stays.

    `road` leads to them by their names, `shell` runs single commands over it. `log` is told what is odd about them.
    """

    name = "hosts"

    def __init__(self, hosts: HostsSpec, road: Transport, shell: Shell, *, log: FindingLog) -> None:
        self._hosts = {host.name: host for host in hosts.resolved()}
        self._road = road
        self.shell = shell
        self._log = log
        self._agents: dict[Slot, RemoteAgent] = {}
        self._workers = PipedWorkers()
        self._greeting: asyncio.Task[None] | None = None

    async def inspect(self) -> Inventory:
        """What each host says of itself. Raises NotFit with all that stands in the way."""
        surveyed = await self.survey()
        found = tuple(all_findings(surveyed))
        if errors := tuple(finding for finding in found if finding.severity is Severity.ERROR):
            raise NotFit(errors)
        for finding in found:
            self._log(finding)
        nodes = tuple(one.node() for one in surveyed)
        kernels = sorted({node.facts["kernel"] for node in nodes})
        return Inventory(site=self.name, nodes=nodes, versions={"kernel": ", ".join(kernels)})

    async def survey(self) -> tuple[Surveyed, ...]:
        """The same for whoever wants to know more; whatever is wrong with a host is in it."""
        try:
            return await survey_all(self.shell, tuple(self._hosts.values()))
        finally:
            await self.shell.close()

    async def start(self, slots: Sequence[Slot]) -> None:
        """Send an agent to each, few at a time; one that can't even be sent is lost at once."""
        await at_once((self._start(slot) for slot in slots), LOGINS_AT_ONCE)
        self._greeting = asyncio.create_task(self._greet())

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over, its Lost event has told so."""
        await self._workers.submit(round_id, requests)

    def handing_out(self, mailboxes: int) -> Duration:
        """All at once, each over a connection of its own."""
        return self._workers.handing_out()

    async def cancel(self) -> None:
        """Empty every mailbox."""
        await self._workers.cancel()

    def events(self) -> AsyncIterator[Event]:
        """Everything the agents say; ends after `stop`."""
        return self._workers.events()

    async def stop(self) -> None:
        """End every agent and wait until it is seen to have left its host."""
        if self._greeting is not None:
            self._greeting.cancel()
            with suppress(asyncio.CancelledError):
                await self._greeting
        await self._workers.hang_up()
        agents, self._agents = self._agents, {}
        await asyncio.gather(*(self._seen_leaving(agent) for agent in agents.values()))
        await self.shell.close()
        self._workers.finish()

    def leftover_hint(self) -> Reason | None:
        """Agents leave with their pipes."""
        return None

    async def _start(self, slot: Slot) -> None:
        try:
            agent = await RemoteAgent.start(self._road, self._hosts[slot.node], slot)
        except OSError as error:
            self._workers.tell_lost(slot, Reason("hosts.not-started", {"cause": error.strerror or str(error)}))
            return
        self._agents[slot] = agent
        self._workers.open(slot, agent.reader, agent.writer)
        self._workers.attend(slot, self._see_off)
        await self._workers.arrival(slot)

    async def _see_off(self, slot: Slot, fault: Reason | None) -> Reason:
        agent = self._agents[slot]
        if fault is not None:
            agent.turn_out()
        why = await agent.why_ended(self._road)
        return fault or why

    async def _seen_leaving(self, agent: RemoteAgent) -> None:
        if not await agent.ended():
            self._log(Finding("hosts.left-behind", Severity.WARNING, agent.slot.node, {"lease": LEASE}))
        agent.close()

    async def _greet(self) -> None:
        while True:
            await asyncio.sleep(LEASE.si / GREETINGS)
            await self._workers.greet()
