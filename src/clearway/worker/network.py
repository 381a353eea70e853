"""The kernel's tables of this worker's network: which ports are open, which are free."""

from __future__ import annotations

import socket
from itertools import islice
from typing import List, Tuple

from clearway.engine.base import Listen

_LISTENING = "0A"
_FIRST_PORT, _LAST_PORT = 20_000, 30_000
"""Below the range that the kernel gives to outgoing connections, so that a tool's own can't take one."""


def is_open(listen: Listen) -> bool:
    """Whether something listens on the port. Read from /proc: connecting would be taken for a client."""
    for family in ("", "6"):
        try:
            with open(f"/proc/self/net/{listen.transport}{family}", encoding="ascii") as table:
                rows = [line.split() for line in table][1:]
        except FileNotFoundError:
            continue  # no IPv6 here
        if any(_is_row_of(row, listen) for row in rows):
            return True
    return False


def _is_row_of(row: List[str], listen: Listen) -> bool:
    port = int(row[1].rpartition(":")[2], 16)
    return port == listen.port and (listen.transport == "udp" or row[3] == _LISTENING)


def free_ports(count: int, after: int = 0) -> Tuple[int, ...]:
    """Ports that are free for TCP and UDP right now; fewer than `count` if there are not so many.

    `after` so many that are left to others: workers that share a network must not serve on the same.
    """
    free = (
        port
        for port in range(_FIRST_PORT, _LAST_PORT)
        if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM)
    )
    return tuple(islice(free, after, after + count))


def _is_free(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
