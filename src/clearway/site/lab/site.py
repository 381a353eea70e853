"""The lab as a site; `execute` also runs commands in it, for tests that compare figures with what really happened."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from clearway.base.errors import InternalError, SiteError
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Finding, Inventory, Node, Reason, Severity, Slot
from clearway.site.base import FindingLog
from clearway.site.lab.control import KeeperControl, Ran, namespace_entry
from clearway.site.lab.model import LabSpec
from clearway.site.lab.topology import Addresses, build_steps
from clearway.site.listening import LINE_LIMIT
from clearway.site.pipe import PipedSite


class LabSite(PipedSite):
    """A lab of network namespaces that live exactly as long as this object's process, at most.

    `log` gets how the lab was entered and the commands that build it. `agent_env` adds to the environment of a
    node's agents.
    """

    name = "lab"

    def __init__(
        self, lab: LabSpec, *, log: FindingLog, agent_env: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        super().__init__(log)
        self._lab = lab
        self._agent_env = agent_env or {}
        self._keeper: KeeperControl | None = None
        self._addresses = {node.name: Addresses(lab.ip).of(node) for node in lab.resolved()}

    async def inspect(self) -> Inventory:
        """Nodes, zones and shaped rates. Raises SiteError if this machine can't run such a lab."""
        await asyncio.to_thread(namespace_entry, self._lab)
        # Both directions of a link have the same rate.
        nodes = tuple(
            Node(node.name, zone=node.zone, link=node.link.rate, facts={"mtu": str(node.link.mtu)})
            for node in self._lab.resolved()
        )
        return Inventory(site=self.name, nodes=nodes, versions={"kernel": os.uname().release})

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        """Build the network and start one agent per slot. Raises SiteError; `stop` must be called even then."""
        entry = await asyncio.to_thread(namespace_entry, self._lab)
        steps = build_steps(self._lab)
        script = "\n".join(step.as_shell() for step in steps)
        how = "lab.rootless" if entry.rootless else "lab.as-root"
        self._log(Finding(how, Severity.INFO, self.name, {"command": " ".join(entry.prefix)}))
        self._log(Finding("lab.commands", Severity.INFO, self.name, {"script": script}))
        with ExitStack() as handed_over:
            agents_ends = [handed_over.enter_context(await self._open_mailbox(slot)) for slot in slots]
            self._keeper = await KeeperControl.start(entry, agents_ends)
        await self._keeper.build(steps)
        self._keeper.start_agents({slot: self._agent_env.get(slot.node, {}) for slot in slots})
        for slot in slots:
            self._listen(slot, partial(_terminated, self._keeper))

    async def execute(self, node: str | None, argv: Sequence[str], *, text: str = "", timeout: float = 30.0) -> Ran:
        """Run a command on a node (None: in the fabric), `text` on its input, for at most `timeout` seconds."""
        return await self._running().execute(node, argv, text, timeout)

    def kill_agent(self, slot: Slot) -> None:
        """End an agent as a crash would; a Lost event follows."""
        self._running().kill_agent(slot)

    async def _remove(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.close()

    async def _open_mailbox(self, slot: Slot) -> socket.socket:
        """Returns the agent's end."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise SiteError("lab.no-sockets", cause=error.strerror) from None
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LINE_LIMIT)
        self._open(slot, reader, writer, (self._addresses[slot.node],))
        return theirs

    def _running(self) -> KeeperControl:
        if self._keeper is None:
            raise InternalError("lab.not-started")
        return self._keeper


async def _terminated(keeper: KeeperControl, slot: Slot, fault: Reason | None) -> Reason:
    """End an agent that breaks the protocol; returns why it ended."""
    if fault is None:
        return await keeper.why_ended(slot)
    with suppress(SiteError):
        keeper.kill_agent(slot)
    return fault
