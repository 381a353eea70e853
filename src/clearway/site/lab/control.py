"""The controller's side of a keeper: checks this machine, starts it, sends requests, sees when it or an agent ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any, NamedTuple

import clearway
from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.engine.table import search_path
from clearway.probe.records import Reason, Slot
from clearway.site.lab import keeper
from clearway.site.lab.model import LabSpec
from clearway.site.lab.topology import TopologyStep, in_node

PACKAGES = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "tc": "iproute2",
    "nft": "nftables",
}
"""Tool -> Debian package that brings it."""

_PRIVATE = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
_AS_OWN_ROOT = ("--user", "--map-root-user")

SYSCTLS = Path("/proc/sys")
_FORBIDDING = {
    "kernel.unprivileged_userns_clone": "0",
    "user.max_user_namespaces": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}
"""sysctl -> the value that forbids users to create namespaces."""


@dataclass(frozen=True)
class NamespaceEntry:
    """How a command of this process runs in namespaces of its own."""

    prefix: tuple[str, ...]
    """The words before the command."""
    rootless: bool


def namespace_entry(lab: LabSpec) -> NamespaceEntry:
    """How to enter the lab's namespaces. Raises SiteError with the tool, sysctl or kernel module that prevents it."""
    for tool, package in PACKAGES.items():
        if shutil.which(tool, path=search_path(os.environ)) is None:
            raise SiteError("lab.tool-missing", tool=tool, package=package)
    entry = _first_allowed()
    if any(node.link.delay is not None for node in lab.resolved()):
        _require_netem(entry)
    return entry


def _first_allowed() -> NamespaceEntry:
    as_user = NamespaceEntry((*_PRIVATE, *_AS_OWN_ROOT), rootless=True)
    entries = (NamespaceEntry(_PRIVATE, rootless=False), as_user) if os.geteuid() == 0 else (as_user,)
    refusals = []
    for entry in entries:
        tried = _try(entry, ("mount", "-t", "tmpfs", "lab", "/run"))
        if tried.returncode == 0:
            return entry
        refusals.append(tried.stderr.strip())
    raise SiteError("lab.namespaces-refused", stderr=refusals[-1], sysctl=_forbidding_sysctl())


def _require_netem(entry: NamespaceEntry) -> None:
    tried = _try(entry, ("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"))
    if tried.returncode != 0:
        raise SiteError("lab.no-netem", stderr=tried.stderr.strip(), kernel=os.uname().release)


def _try(entry: NamespaceEntry, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": search_path(os.environ), "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(
            (*entry.prefix, *command), env=environment, capture_output=True, text=True, timeout=10, check=False
        )
    except subprocess.TimeoutExpired:
        raise SiteError("lab.namespaces-hang", command=" ".join(command)) from None


def _forbidding_sysctl() -> str | None:
    """The known sysctl that forbids it; None if none does."""
    for sysctl, forbidding in _FORBIDDING.items():
        file = SYSCTLS.joinpath(*sysctl.split("."))
        if file.exists() and file.read_text().strip() == forbidding:
            return f"{sysctl}={forbidding}"
    return None


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
        with suppress(ConnectionError):
            while line := await self.reader.readline():
                message = json.loads(line)
                match message["said"]:
                    case "executed":
                        self._take_output(message)
                    case "ended":
                        self._endings[message["slot"]].set_result(_reason_of(message))
                    case _:
                        self._built.set_result(message)
        self._ended = True
        self._fail_pending()

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
        *entry.prefix,
        *command,
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
