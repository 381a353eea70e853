"""The controller's side of a keeper: starts it, sends it requests, and learns when it or an agent ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any, NamedTuple

import clearway
from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.probe.records import Reason, Slot
from clearway.site.lab import keeper
from clearway.site.lab.preflight import NamespaceEntry
from clearway.site.lab.topology import TopologyStep, in_node
from clearway.worker.host import search_path

IMPORT_ROOT = Path(clearway.__file__).parent.parent
BUILT_WITHIN = 60.0
"""Seconds for up to 250 nodes, on a busy machine."""
ENDED_WITHIN = 5.0
"""Seconds for the kernel to end all processes of a lab."""
LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of output that a command in the lab may have."""


class Ran(NamedTuple):
    """How a command in the lab ended; `exit` is None if it did not start or not end in time."""

    exit: int | None
    stdout: str
    stderr: str


@dataclass
class KeeperControl:
    """A running keeper. Closing it, or dying, ends the lab."""

    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    errors: IO[bytes]
    _built: asyncio.Future[dict[str, Any]] = field(default_factory=asyncio.Future)
    _numbers: count[int] = field(default_factory=count)
    _commands: dict[int, asyncio.Future[Ran]] = field(default_factory=dict)
    _endings: dict[str, asyncio.Future[Reason]] = field(default_factory=dict)
    _listening: asyncio.Task[None] | None = None
    _ended: bool = False

    @classmethod
    async def start(cls, entry: NamespaceEntry, mailboxes: Sequence[socket.socket]) -> KeeperControl:
        """Start a keeper in the namespaces of `entry`. It passes one of `mailboxes` to each agent. Raises SiteError."""
        ours, theirs = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the keeper
        try:
            with theirs:
                process = await _spawn(entry, theirs, len(mailboxes), errors)
            _send_mailboxes(ours, mailboxes)
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LINE_LIMIT)
        except BrokenPipeError:
            ours.close()
            raise SiteError("lab.keeper-ended", stderr=_tail(errors)) from None
        except BaseException:
            ours.close()
            raise
        control = cls(process, reader, writer, errors)
        control._listening = asyncio.create_task(control._listen())
        return control

    async def build(self, steps: Sequence[TopologyStep]) -> None:
        """Build the network. Raises SiteError with the command that failed and its output."""
        self._ask(do="build", steps=[asdict(step) for step in steps])
        try:
            async with asyncio.timeout(BUILT_WITHIN):
                answer = await self._built
        except TimeoutError:
            raise SiteError("lab.build-hangs", within=Duration(BUILT_WITHIN)) from None
        if answer["said"] == "refused":
            command = " ".join(answer["argv"])
            raise SiteError("lab.build-refused", command=command, stderr=answer["stderr"].strip())

    def start_agents(self, environments: Mapping[Slot, Mapping[str, str]]) -> None:
        """Start one agent per slot, in the order of the mailboxes, with these variables in its environment."""
        self._endings = {str(slot): asyncio.Future() for slot in environments}
        standard = {"PATH": search_path(os.environ), "LC_ALL": "C.UTF-8"}
        agents = [
            {"slot": str(slot), "node": slot.node, "env": {**standard, **own}} for slot, own in environments.items()
        ]
        self._ask(do="agents", agents=agents)

    async def execute(self, node: str | None, argv: Sequence[str], text: str, timeout: float) -> Ran:
        """Run a command on a node (None: in the fabric). Raises SiteError if the lab ends before the command."""
        number = next(self._numbers)
        where = argv if node is None else in_node(node, argv)
        self._ask(do="execute", id=number, argv=list(where), text=text, timeout=timeout)
        self._commands[number] = asyncio.Future()
        try:
            return await self._commands[number]
        finally:
            self._commands.pop(number)

    def kill_agent(self, slot: Slot) -> None:
        self._ask(do="kill", slot=str(slot))

    async def why_ended(self, slot: Slot) -> Reason:
        """Why this agent ended, as the keeper reports it."""
        try:
            async with asyncio.timeout(ENDED_WITHIN):
                return await self._endings[str(slot)]
        except TimeoutError:
            return Reason("lab.agent-silent")

    async def close(self) -> None:
        """End the lab and wait until the kernel has removed everything."""
        self.writer.close()
        try:
            async with asyncio.timeout(ENDED_WITHIN):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self._listening is not None:
            await self._listening
        self.errors.close()

    def _ask(self, **message: Any) -> None:
        if self._ended:
            raise SiteError("lab.keeper-ended", stderr=_tail(self.errors))
        self.writer.write(json.dumps(message).encode() + b"\n")

    async def _listen(self) -> None:
        try:
            while line := await self.reader.readline():
                self._take(json.loads(line))
        except ConnectionError:
            pass
        self._ended = True
        self._fail_pending()

    def _take(self, message: dict[str, Any]) -> None:
        said = message["said"]
        if said == "executed":
            self._take_output(message)
        elif said == "ended":
            self._endings[message["slot"]].set_result(_reason_of(message))
        else:
            self._built.set_result(message)

    def _take_output(self, message: dict[str, Any]) -> None:
        """Ignores the answer if its caller has been cancelled."""
        if (waiting := self._commands.get(message["id"])) is not None:
            waiting.set_result(Ran(message["exit"], message["stdout"], message["stderr"]))

    def _fail_pending(self) -> None:
        ended = {"stderr": _tail(self.errors)}
        waiting: list[asyncio.Future[Any]] = [self._built, *self._commands.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(SiteError("lab.keeper-ended", **ended))
                future.exception()  # asyncio would log an exception that no caller has read
        for ending in self._endings.values():
            if not ending.done():
                ending.set_result(Reason("lab.keeper-ended", ended))


async def _spawn(
    entry: NamespaceEntry, control: socket.socket, agents: int, errors: IO[bytes]
) -> asyncio.subprocess.Process:
    """In a session of its own, so that Ctrl-C at the terminal reaches the controller only."""
    command = (sys.executable, "-S", "-m", "clearway.site.lab.keeper", str(control.fileno()), str(agents))
    return await asyncio.create_subprocess_exec(
        *entry.argv(command),
        pass_fds=(control.fileno(),),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=errors,
        env={**os.environ, "PATH": search_path(os.environ), "LC_ALL": "C.UTF-8", "PYTHONPATH": str(IMPORT_ROOT)},
        start_new_session=True,
    )


def _send_mailboxes(control: socket.socket, mailboxes: Sequence[socket.socket]) -> None:
    """Sent as messages, not inherited: only the agent may have its end open, so that its death closes the socket."""
    for start in range(0, len(mailboxes), keeper.FDS_PER_MESSAGE):
        batch = mailboxes[start : start + keeper.FDS_PER_MESSAGE]
        socket.send_fds(control, [b"\n"], [mailbox.fileno() for mailbox in batch])


def _reason_of(ended: dict[str, Any]) -> Reason:
    status = ended["status"]
    if status < 0:
        return Reason("lab.agent-killed", {"signal": signal.Signals(-status).name, "stderr": ended["stderr"]})
    return Reason("lab.agent-exited", {"status": status, "stderr": ended["stderr"]})


def _tail(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - keeper.ERROR_TAIL))
    return errors.read().decode(errors="replace").strip()
