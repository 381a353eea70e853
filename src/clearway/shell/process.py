"""One process on this machine, bounded in time and in what is kept of its words."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from clearway.shell.base import CommandOutput

KEPT = 1_000_000
"""Byte of each stream; the rest is read and thrown away, so that nobody waits on a full pipe."""
_LAST_WORDS_WITHIN = 1.0
"""Seconds for the pipes to end after the process has: one that it left behind may hold them open for ever."""
_KILLED_WITHIN = 5.0
"""Seconds for the kernel to take a killed process away."""


async def run_process(argv: Sequence[str], text: str = "") -> CommandOutput:
    """Run it, and say how it ended (negative: the signal that ended it).

    Cancelled, it ends the process with everything that it started. Raises OSError if it can't be started.
    """
    transport, ear = await _started(argv, asyncio.subprocess.PIPE if text else asyncio.subprocess.DEVNULL)
    try:
        _speak(transport, text)
        await ear.ended.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_WITHIN):
                await ear.silent.wait()
        return ear.said(transport)
    finally:
        if transport.get_returncode() is None:
            await _end(transport, ear)
        transport.close()


async def _started(argv: Sequence[str], stdin: int) -> tuple[asyncio.SubprocessTransport, _Ear]:
    """Cancelled half-way, asyncio would end the process alone: what it started meanwhile ends with it here."""
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_exec(
            _Ear,
            *argv,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        transport, ear = await starting
        await _end(transport, ear)
        transport.close()
        raise


class _Ear(asyncio.SubprocessProtocol):
    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.silent = asyncio.Event()
        """Both streams have ended."""
        self._kept = {1: bytearray(), 2: bytearray()}
        self._open = {1, 2}
        self._truncated = False

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self._kept[fd]
        self._truncated |= len(kept) + len(data) > KEPT
        kept += data[: KEPT - len(kept)]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open:
            self.silent.set()

    def process_exited(self) -> None:
        self.ended.set()

    def said(self, transport: asyncio.SubprocessTransport) -> CommandOutput:
        status = transport.get_returncode()
        assert status is not None
        stdout, stderr = (bytes(self._kept[fd]).decode(errors="replace") for fd in (1, 2))
        return CommandOutput(status, stdout, stderr, self._truncated)


def _speak(transport: asyncio.SubprocessTransport, text: str) -> None:
    """A process that does not listen to the end is no fault of the caller's."""
    pipe = transport.get_pipe_transport(0)
    if isinstance(pipe, asyncio.WriteTransport):
        pipe.write(text.encode(errors="surrogateescape"))
        pipe.write_eof()


async def _end(transport: asyncio.SubprocessTransport, ear: _Ear) -> None:
    """Its whole group: it leads one of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_KILLED_WITHIN):
            await ear.ended.wait()
