"""The kernel's tables of this worker's network: which ports are open, which are free."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from itertools import islice
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple

from clearway.engine.base import Listen
from clearway.probe.records import Endpoint
from clearway.worker import sock_diag
from clearway.worker.sock_diag import ANY, ASKING, ESTABLISHED, LEFT, LISTENING, Address, OtherEnd, Query, Socket

_LOCAL, _REMOTE, _STATE, _INODE, _DROPS = 1, 2, 3, 9, 12
"""Columns of /proc/net/tcp and /proc/net/udp."""
_OPEN = frozenset((LISTENING,))
_CONNECTED = frozenset((ESTABLISHED, LEFT))
"""What waits to be forgotten may be of an earlier probe."""
_FIRST_PORT, _LAST_PORT = 20_000, 30_000
"""Below the range that the kernel gives to outgoing connections, so that a tool's own can't take one."""


def is_open(listen: Listen) -> bool:
    """Whether something listens on the port. The kernel says so: connecting would be taken for a client."""
    return bool(sockets(Query(listen.transport, listen.port, ANY if listen.transport == "udp" else _OPEN)))


def unanswered(server: Endpoint) -> int:
    """Connections of this worker's network to a server that the kernel has asked for without an answer so far."""
    asking = sockets(Query("tcp", server.port, frozenset((ASKING,)), remote=True))
    return sum(one.end.address == ip_address(server.address) for one in asking)


def peers(listen: Listen) -> FrozenSet[str]:
    """Addresses that have a connection to the port now; over UDP those of sockets that are tied to one sender."""
    found = sockets(Query(listen.transport, listen.port, _CONNECTED))
    return usual_addresses(one.end.address for one in found)


def usual_addresses(addresses: Iterable[Address]) -> FrozenSet[str]:
    """Each in its one usual form: IPv6 sockets write the addresses of IPv4 as their own."""
    return frozenset(str(getattr(address, "ipv4_mapped", None) or address) for address in addresses)


def usual_forms(addresses: Iterable[str]) -> FrozenSet[str]:
    """Addresses, each in its one usual form; what is no address is left out."""
    found = []
    for address in addresses:
        with suppress(ValueError):
            found.append(ip_address(address.partition("%")[0]))
    return usual_addresses(found)


class SocketDrops:
    """Datagrams that the sockets of one UDP port dropped. The kernel forgets a socket's count as it is closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._seen: Dict[int, int] = {}

    def sample(self) -> None:
        """Read the counts of all sockets that the port has now: iperf opens one for each client."""
        for one in sockets(Query("udp", self._port)):
            self._seen[one.inode] = max(one.drops or 0, self._seen.get(one.inode, 0))

    @property
    def total(self) -> Optional[int]:
        """Over all sockets that were seen; None: none was."""
        return sum(self._seen.values()) if self._seen else None


def sockets(query: Query) -> List[Socket]:
    """What the kernel has, IPv4 and IPv6. Where it can't be asked, as in some sandboxes, its tables are read."""
    try:
        return sock_diag.find(query)
    except OSError:
        return in_tables(query)


def in_tables(query: Query) -> List[Socket]:
    """The same from /proc. The kernel goes through all that it has room for: 3 to 8 ms on a machine of 24 GB."""
    rows: List[List[str]] = []
    for family in ("", "6"):
        with suppress(OSError), open(f"/proc/self/net/{query.transport}{family}", encoding="ascii") as table:
            rows += [line.split() for line in table][1:]
    end = _REMOTE if query.remote else _LOCAL
    chosen = (row for row in rows if int(row[end].rpartition(":")[2], 16) == query.port)
    found = (_in_row(row, query.transport) for row in chosen)
    return [one for one in found if one.state in query.states]


def _in_row(row: List[str], transport: str) -> Socket:
    drops = int(row[_DROPS]) if transport == "udp" else None
    address, _, port = row[_REMOTE].rpartition(":")
    return Socket(int(row[_STATE], 16), OtherEnd(_address(address), int(port, 16)), int(row[_INODE]), drops)


def _address(cell: str) -> Address:
    """The kernel prints an address as words of 32 bits, each in the machine's own order of bytes."""
    return ip_address(b"".join(bytes.fromhex(cell[at : at + 8])[::-1] for at in range(0, len(cell), 8)))


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
