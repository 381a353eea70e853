"""The kernel's tables of this worker's network: which ports are open, which are free."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple, Union

from clearway.engine.base import Listen
from clearway.probe.records import Endpoint

_LOCAL, _REMOTE, _STATE, _INODE, _DROPS = 1, 2, 3, 9, 12
"""Columns of /proc/net/tcp and /proc/net/udp."""
_LISTENING, _ASKING = "0A", "02"
_CONNECTED = ("01", "08")
"""Established, and left by the other end alone. What waits to be forgotten may be of an earlier probe."""
_FIRST_PORT, _LAST_PORT = 20_000, 30_000
"""Below the range that the kernel gives to outgoing connections, so that a tool's own can't take one."""


def is_open(listen: Listen) -> bool:
    """Whether something listens on the port. Read from /proc: connecting would be taken for a client."""
    rows = _rows(listen.transport, listen.port)
    return any(listen.transport == "udp" or row[_STATE] == _LISTENING for row in rows)


def unanswered(server: Endpoint) -> int:
    """Connections of this worker's network to a server that the kernel has asked for without an answer so far."""
    return sum(row[_STATE] == _ASKING and _is_remote(row[_REMOTE], server) for row in _table("tcp"))


def peers(listen: Listen) -> FrozenSet[str]:
    """Addresses that have a connection to the port now; over UDP those of sockets that are tied to one sender."""
    rows = (row for row in _rows(listen.transport, listen.port) if row[_STATE] in _CONNECTED)
    return frozenset(_usual(_address(row[_REMOTE].rpartition(":")[0])) for row in rows)


def usual_forms(addresses: Iterable[str]) -> FrozenSet[str]:
    """Addresses, each in its one usual form; what is no address is left out."""
    found = set()
    for address in addresses:
        with suppress(ValueError):
            found.add(_usual(ip_address(address.partition("%")[0])))
    return frozenset(found)


def _usual(address: Union[IPv4Address, IPv6Address]) -> str:
    """IPv6 sockets write the addresses of IPv4 as their own."""
    return str((address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address)


def _is_remote(cell: str, server: Endpoint) -> bool:
    address, _, port = cell.rpartition(":")
    return int(port, 16) == server.port and _address(address) == ip_address(server.address)


def _address(cell: str) -> Union[IPv4Address, IPv6Address]:
    """The kernel prints an address as words of 32 bits, each in the machine's own order of bytes."""
    return ip_address(b"".join(bytes.fromhex(cell[at : at + 8])[::-1] for at in range(0, len(cell), 8)))


class SocketDrops:
    """Datagrams that the sockets of one UDP port dropped. The kernel forgets a socket's count as it is closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._seen: Dict[str, int] = {}

    def sample(self) -> None:
        """Read the counts of all sockets that the port has now: iperf opens one for each client."""
        for row in _rows("udp", self._port):
            self._seen[row[_INODE]] = max(int(row[_DROPS]), self._seen.get(row[_INODE], 0))

    @property
    def total(self) -> Optional[int]:
        """Over all sockets that were seen; None: none was."""
        return sum(self._seen.values()) if self._seen else None


def _rows(transport: str, port: int) -> List[List[str]]:
    """The sockets of a local port, IPv4 and IPv6."""
    return [row for row in _table(transport) if int(row[_LOCAL].rpartition(":")[2], 16) == port]


def _table(transport: str) -> List[List[str]]:
    rows: List[List[str]] = []
    for family in ("", "6"):
        with suppress(OSError), open(f"/proc/self/net/{transport}{family}", encoding="ascii") as table:
            rows += [line.split() for line in table][1:]
    return rows


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
