"""An agent on a host: here it is the ssh process that holds its pipe."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from clearway.base.units import Duration
from clearway.probe.records import Reason, Slot
from clearway.shell.base import CommandOutput, Transport
from clearway.site.hosts.model import Host
from clearway.site.hosts.program import first_lines, starter
from clearway.site.listening import LINE_LIMIT
from clearway.worker.host import HOST_CONFIG, HostConfig

LEASE = Duration(120)
"""How long an agent outlives a connection that broke without being closed: longer than a usual network outage."""
RENEWALS = 6
"""How often the controller renews a lease within its time: five may be lost before an agent ends."""
_ENDED_WITHIN = 15.0
"""Seconds for an agent whose input has ended to send what it has and to end, with reserve for a slow connection."""
_ERROR_TAIL = 2_000
"""Bytes of its standard error that are kept: the end of a traceback."""


def command(host: Host, slot: Slot, *, task: str) -> tuple[str, ...]:
    """The command on the host: the agent as a worker (`host`), or to describe the host (`survey`)."""
    config = HOST_CONFIG.encode(HostConfig(slot, host.data_addresses, LEASE))
    return (*starter(host.interpreter), f"--{task}", json.dumps(config))


@dataclass(frozen=True)
class RemoteAgent:
    """Its pipe is the process's standard streams; it lives on the host for as long as they are open."""

    slot: Slot
    process: asyncio.subprocess.Process
    errors: IO[bytes]

    @classmethod
    async def start(cls, transport: Transport, host: Host, slot: Slot) -> RemoteAgent:
        """Raises OSError if nothing could be started here."""
        argv = transport.command(host.name, command(host, slot, task="host"))
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        try:
            process = await _spawned(argv, errors)
        except OSError:
            errors.close()
            raise
        agent = cls(slot, process, errors)
        agent.writer.write(first_lines().encode())
        return agent

    @property
    def reader(self) -> asyncio.StreamReader:
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def writer(self) -> asyncio.StreamWriter:
        assert self.process.stdin is not None
        return self.process.stdin

    async def ended(self) -> bool:
        """Wait for its end once its input has ended. True if it ended by itself: then nothing of it is left."""
        try:
            async with asyncio.timeout(_ENDED_WITHIN):
                await self.process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.process.wait()
            return False
        return True

    async def why_ended(self, transport: Transport) -> Reason:
        """Why it ended, from the output of the transport and of the agent."""
        self.writer.close()
        if not await self.ended():
            return Reason("hosts.agent-silent")
        output = CommandOutput(self.process.returncode or 0, "", self._error_tail())
        return transport.failure(self.slot.node, output) or _exit_reason(output)

    def disconnect(self) -> None:
        """End the connection of an agent that breaks the protocol: its input ends with it."""
        self._signal(signal.SIGTERM)

    def close(self) -> None:
        self.errors.close()

    def _error_tail(self) -> str:
        size = self.errors.seek(0, os.SEEK_END)
        self.errors.seek(max(0, size - _ERROR_TAIL))
        return self.errors.read().decode(errors="replace").strip()

    def _signal(self, sign: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, sign)


async def _spawned(argv: Sequence[str], errors: IO[bytes]) -> asyncio.subprocess.Process:
    """In a session of its own, so that Ctrl-C at the terminal reaches the controller only."""
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
        limit=LINE_LIMIT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )


def _exit_reason(output: CommandOutput) -> Reason:
    """The agent's parent on the host reports a signal as 128 + its number. A negative exit: ssh was killed."""
    if output.exit < 0:
        return Reason("hosts.ssh-killed", {"signal": signal.Signals(-output.exit).name})
    by_signal = next((sign for sign in signal.Signals if output.exit == 128 + sign), None)
    if by_signal is not None:
        return Reason("hosts.agent-killed", {"signal": by_signal.name, "stderr": output.stderr})
    return Reason("hosts.agent-exited", {"status": output.exit, "stderr": output.stderr})
