"""Frames that arrive at one device leave by another some time later: `hold.py FROM TO SECONDS`.

It prints its process id once it listens, and goes on in the background.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections import deque
from contextlib import suppress

_EVERY_PROTOCOL = 3
_SOL_PACKET, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 263, 15, 23
_RCVBUFFORCE, _QUEUE = 33, 32_000_000
"""Byte: on a busy machine this process waits for a CPU, and must lose no frame then."""
_LARGEST = 10 + 18 + 65_536
"""Byte: the kernel's note on segments and checksum, which passes on unread; the Ethernet header; the packet."""


def attached(device: str, protocol: int) -> socket.socket:
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    frames.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    frames.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    with suppress(PermissionError):
        frames.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _QUEUE)
    frames.bind((device, protocol))
    return frames


def hold(source: socket.socket, target: socket.socket, seconds: float) -> None:
    waiting: deque[tuple[float, bytes]] = deque()
    while True:
        rest = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        if select.select([source], [], [], rest)[0]:
            waiting.append((time.monotonic() + seconds, source.recv(_LARGEST)))
        while waiting and waiting[0][0] <= time.monotonic():
            with suppress(OSError):  # ENOBUFS: the queue was full, and dropped it as it drops others
                target.send(waiting.popleft()[1])


def main(source: str, target: str, seconds: str) -> None:
    ends = attached(source, _EVERY_PROTOCOL), attached(target, 0)
    if child := os.fork():
        print(child)
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    with suppress(PermissionError):
        os.nice(-15)
    hold(*ends, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
