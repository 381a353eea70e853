"""Lets programs outside reach the API server: `python -m harness.forward LISTENING-FD ADDRESS PORT`.

The listening socket was opened on the machine's loopback and stays there; this process is in the cluster's network,
so what it connects to is there. Where nothing listens, the connection from outside is reset.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import cast


class _End(asyncio.Protocol):
    """One end of a forwarded connection: what arrives here leaves at the other, no faster than that takes it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._others_transport().write(data)

    def pause_writing(self) -> None:
        self._others_transport().pause_reading()

    def resume_writing(self) -> None:
        self._others_transport().resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self._others_transport().close()

    def _others_transport(self) -> asyncio.Transport:
        assert self.other is not None
        assert self.other.transport is not None
        return self.other.transport


class _Outside(_End):
    """An accepted connection, read from once there is somewhere to pass it on to."""

    def __init__(self, address: str, port: int) -> None:
        super().__init__()
        self._server = (address, port)
        self._connecting: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        """What came before that: some Pythons, Debian's 3.11.2 among them, read on what is paused as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        self._connecting = asyncio.create_task(self._connect(self.transport))

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._early.append(data)
        else:
            super().data_received(data)

    async def _connect(self, transport: asyncio.Transport) -> None:
        try:
            _, inside = await asyncio.get_running_loop().create_connection(_End, *self._server)
        except OSError:
            transport.abort()
            return
        self.other, inside.other = inside, self
        for data in self._early:
            self._others_transport().write(data)
        transport.resume_reading()


async def main() -> None:
    listener, address, port = socket.socket(fileno=int(sys.argv[1])), sys.argv[2], int(sys.argv[3])
    server = await asyncio.get_running_loop().create_server(lambda: _Outside(address, port), sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
