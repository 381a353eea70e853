"""One process on this machine, bounded in time and in how much of its output is kept."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from clearway.shell.base import CommandOutput

KEPT = 1_000_000
"""Bytes of each stream; the rest is read and dropped, so that the process never blocks on a full pipe."""
_STREAMS_END_WITHIN = 1.0
"""Seconds for the pipes to end after the process has: a child that it left behind may hold them open for ever."""
_KILLED_WITHIN = 5.0
"""Seconds for the kernel to remove a killed process; one that waits for a dead disk may take for ever."""


async def run_process(argv: Sequence[str], text: str = "") -> CommandOutput:
    """Run it and return its exit status (negative: the signal that ended it) and output.

    On cancellation the process is killed with all its children. Raises OSError if it can't be started.
    """
    transport, reader = await _started(argv, asyncio.subprocess.PIPE if text else asyncio.subprocess.DEVNULL)
    try:
        _write_input(transport, text)
        await reader.ended.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STREAMS_END_WITHIN):
                await reader.streams_ended.wait()
        return reader.output(transport)
    finally:
        if transport.get_returncode() is None:
            await _end(transport, reader)
        transport.close()


async def _started(argv: Sequence[str], stdin: int) -> tuple[asyncio.SubprocessTransport, _OutputReader]:
    """On cancellation asyncio would kill the process without its children: here the whole group is killed."""
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_exec(
            _OutputReader,
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
        transport, reader = await starting
        await _end(transport, reader)
        transport.close()
        raise


class _OutputReader(asyncio.SubprocessProtocol):
    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.streams_ended = asyncio.Event()
        """Set when both streams have ended."""
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
            self.streams_ended.set()

    def process_exited(self) -> None:
        self.ended.set()

    def output(self, transport: asyncio.SubprocessTransport) -> CommandOutput:
        status = transport.get_returncode()
        assert status is not None
        stdout, stderr = (bytes(self._kept[fd]).decode(errors="replace") for fd in (1, 2))
        return CommandOutput(status, stdout, stderr, self._truncated)


def _write_input(transport: asyncio.SubprocessTransport, text: str) -> None:
    """A process that ends before it has read all of its input is not an error."""
    pipe = transport.get_pipe_transport(0)
    if isinstance(pipe, asyncio.WriteTransport):
        pipe.write(text.encode(errors="surrogateescape"))
        pipe.write_eof()


async def _end(transport: asyncio.SubprocessTransport, reader: _OutputReader) -> None:
    """Kill the whole process group: the process leads one of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_KILLED_WITHIN):
            await reader.ended.wait()
