"""The lab as a site: inspect, start, submit, stop; and, for whoever wants to know the truth, `execute`."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from clearway.base.errors import InternalError, SiteError
from clearway.base.units import Duration
from clearway.probe.records import Finding, Inventory, Node, Reason, Request, Severity, Slot
from clearway.site.base import Event, FindingLog
from clearway.site.lab.control import KeeperControl, Ran
from clearway.site.lab.model import LabNode, LabSpec
from clearway.site.lab.preflight import NamespaceEntry, open_door
from clearway.site.lab.topology import as_shell, build_steps
from clearway.site.pipe import LINE_LIMIT, PipedWorkers


class LabSite:
    """A lab of network namespaces that live exactly as long as this object's process, at most.

    `log` is told how the lab was entered and the commands that build it. `agent_env` adds to the
    environment of a node's agents.
    """

    name = "lab"

    def __init__(
        self, lab: LabSpec, *, log: FindingLog, agent_env: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self._lab = lab
        self._log = log
        self._agent_env = agent_env or {}
        self._keeper: KeeperControl | None = None
        self._workers = PipedWorkers()

    async def inspect(self) -> Inventory:
        """Nodes, zones and shaped rates. Raises SiteError where this machine can't hold such a lab."""
        await asyncio.to_thread(open_door, self._lab)
        nodes = tuple(_described(node) for node in self._lab.resolved())
        return Inventory(site=self.name, nodes=nodes, versions={"kernel": os.uname().release})

    async def start(self, slots: Sequence[Slot]) -> None:
        """Build the network and start an agent a slot. Raises SiteError; `stop` is still due then."""
        door = await asyncio.to_thread(open_door, self._lab)
        steps = build_steps(self._lab)
        self._tell(door, as_shell(steps))
        with ExitStack() as handed_over:
            agents_ends = [handed_over.enter_context(await self._open_mailbox(slot)) for slot in slots]
            self._keeper = await KeeperControl.start(door, agents_ends)
        await self._keeper.build(steps)
        self._keeper.start_agents({slot: self._agent_env.get(slot.node, {}) for slot in slots})
        for slot in slots:
            self._workers.attend(slot, partial(_seen_off, self._keeper))

    async def submit(self, round_id: str, requests: Mapping[Slot, Sequence[Request]]) -> None:
        """Hand out; a worker that is lost is passed over, its Lost event has told so."""
        await self._workers.submit(round_id, requests)

    def handing_out(self, mailboxes: int) -> Duration:
        """A pipe takes next to nothing; the agents behind it share this machine."""
        return self._workers.handing_out()

    async def cancel(self) -> None:
        """Empty every mailbox."""
        await self._workers.cancel()

    def events(self) -> AsyncIterator[Event]:
        """Everything the agents say; ends after `stop`."""
        return self._workers.events()

    async def stop(self) -> None:
        """End the lab; returns when no process of it is left."""
        await self._workers.hang_up()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.close()
        self._workers.finish()

    def leftover_hint(self) -> Reason | None:
        """The kernel takes everything with the process."""
        return None

    async def execute(self, node: str | None, argv: Sequence[str], *, text: str = "", timeout: float = 30.0) -> Ran:
        """Run a command on a node (None: in the fabric), `text` on its input, for at most `timeout` seconds."""
        return await self._running().execute(node, argv, text, timeout)

    def kill_agent(self, slot: Slot) -> None:
        """End an agent as a crash would; a Lost event follows."""
        self._running().kill_agent(slot)

    async def _open_mailbox(self, slot: Slot) -> socket.socket:
        """Returns the agent's end."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise SiteError("lab.no-sockets", cause=error.strerror) from None
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LINE_LIMIT)
        self._workers.open(slot, reader, writer)
        return theirs

    def _running(self) -> KeeperControl:
        if self._keeper is None:
            raise InternalError("lab.not-started")
        return self._keeper

    def _tell(self, door: NamespaceEntry, script: str) -> None:
        code = "lab.rootless" if door.rootless else "lab.as-root"
        self._log(Finding(code, Severity.INFO, self.name, {"command": " ".join(door.argv(()))}))
        self._log(Finding("lab.commands", Severity.INFO, self.name, {"script": script}))


async def _seen_off(keeper: KeeperControl, slot: Slot, fault: Reason | None) -> Reason:
    """End an agent that doesn't behave; why it is gone."""
    if fault is None:
        return await keeper.why_ended(slot)
    with suppress(SiteError):
        keeper.kill_agent(slot)
    return fault


def _described(node: LabNode) -> Node:
    """Both directions of a link are shaped alike, so its rate is the lesser of the two."""
    return Node(node.name, zone=node.zone, link=node.link.rate, facts={"mtu": str(node.link.mtu)})
