"""Plain hosts as a site: the agent is sent over ssh, speaks over the same pipe, and leaves with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Finding, Inventory, Reason, Severity, Slot
from clearway.shell.base import Shell, Transport
from clearway.shell.runner import LOGINS_AT_ONCE
from clearway.shell.ssh import POLICIES, SshHost, SshLogin, SshTransport
from clearway.site.base import FindingLog, Lost, NotFit, at_once
from clearway.site.hosts.agents import LEASE, RENEWALS, RemoteAgent
from clearway.site.hosts.model import Host, HostsSpec
from clearway.site.hosts.survey import Surveyed, all_findings, survey_all
from clearway.site.pipe import PipedSite


class HostsSite(PipedSite):
    """Hosts on which nothing is installed and nothing stays.

    `transport` reaches them by their names, `shell` runs single commands over it. `log` gets what is odd about them.
    """

    name = "hosts"

    def __init__(self, hosts: HostsSpec, transport: Transport, shell: Shell, *, log: FindingLog) -> None:
        super().__init__(log)
        self._hosts = {host.name: host for host in hosts.resolved()}
        self._transport = transport
        self.shell = shell
        self._agents: dict[Slot, RemoteAgent] = {}
        self._renewing: asyncio.Task[None] | None = None

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
        """What each host says of itself, with everything that is wrong with it. Raises nothing."""
        try:
            return await survey_all(self.shell, tuple(self._hosts.values()))
        finally:
            await self.shell.close()

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        """Send an agent to each, few at a time; one that can't even be sent is lost at once."""
        await at_once((self._start(slot) for slot in slots), LOGINS_AT_ONCE)
        self._renewing = asyncio.create_task(self._renew_leases())

    async def stop(self) -> None:
        """End every agent and wait until its process on the host has ended."""
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
        await super().stop()

    async def _remove(self) -> None:
        agents, self._agents = self._agents, {}
        await asyncio.gather(*(self._await_end(agent) for agent in agents.values()))
        await self.shell.close()

    async def _start(self, slot: Slot) -> None:
        try:
            agent = await RemoteAgent.start(self._transport, self._hosts[slot.node], slot)
        except OSError as error:
            self._take(Lost(slot, Reason("hosts.not-started", {"cause": error.strerror or str(error)})))
            return
        self._agents[slot] = agent
        self._open(slot, agent.reader, agent.writer, self._hosts[slot.node].data_addresses)
        self._listen(slot, self._terminate)
        await self._announcement(slot)

    async def _terminate(self, slot: Slot, fault: Reason | None) -> Reason:
        agent = self._agents[slot]
        if fault is not None:
            agent.disconnect()
        why = await agent.why_ended(self._transport)
        return fault or why

    async def _await_end(self, agent: RemoteAgent) -> None:
        if not await agent.ended():
            self._log(Finding("hosts.left-behind", Severity.WARNING, agent.slot.node, {"lease": LEASE}))
        agent.close()

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE.si / RENEWALS)
            await self._keep_alive()


def ssh_transport(hosts: HostsSpec) -> SshTransport:
    """One transport to all of them, by their names."""
    return SshTransport({host.name: _entered(host, hosts) for host in hosts.resolved()})


def _entered(host: Host, hosts: HostsSpec) -> SshHost:
    login = SshLogin(host.user, host.port, host.key, hosts.known_hosts, host_keys=POLICIES[hosts.host_keys])
    return SshHost(host.address, login)
