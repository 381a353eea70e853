"""Sockets of this network, asked for by port and state, and those that the kernel closes (Linux sock_diag).

A table in /proc is read whole each time. See docs/developers/design/0024-sockets-by-netlink.md.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

Address = Union[IPv4Address, IPv6Address]

ESTABLISHED, ASKING, LEFT, LISTENING = 1, 2, 8, 10
"""States of the kernel: connected, waiting for the first answer, left by the other end alone, open to connections."""
LEAVING = frozenset((4, 5, 9, 11))
"""Closed by its tool, but not yet by the kernel: the other end has yet to agree."""
ANY = frozenset(range(1, 13))
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}
_PATIENCE = 1.0
"""Seconds. The kernel answers within the call; a sandbox might never."""

# From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
_SOCK_DIAG, _BY_FAMILY, _ASK_FOR_ALL = 4, 20, 0x301
_ERROR, _DONE = 2, 3
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_CLOSED_GROUPS = {"tcp": (1, 3), "udp": (2, 4)}
"""Of each transport, over IPv4 and over IPv6."""
_FILTER, _INFO, _MEMORY, _DROPS = 1, 2, 7, 8
"""The attribute of a request that filters; those of an answer with what TCP knows of a socket, with a socket's counts,
and which of these it is."""
_AT_LEAST, _AT_MOST, _OF_REMOTE = 2, 3, 2
"""Operations of the filter on the local port; so much more is that on the remote one."""
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI48x")
_OPERATION = struct.Struct("=BBHBBH")
_INSTRUCTION = struct.Struct("=HBBI")
_ATTACH_FILTER = 26
"""A program for the kernel, from linux/filter.h, that drops messages before they take up room."""
_ANSWER = struct.Struct(">BB2xHH16x16s28x4s")
"""Family, state, ports, the remote address, the inode: all but the last in the order of the network."""


class OtherEnd(NamedTuple):
    """The other end of a socket; all zeros if there is none."""

    address: Address
    port: int


@dataclass(frozen=True)
class Query:
    """Sockets in one of the states, of a local port, or tied to a `remote` one."""

    transport: str
    port: int
    states: FrozenSet[int] = ANY
    remote: bool = False
    info: bool = False
    """Whether what TCP knows of each is wanted too."""


@dataclass(frozen=True)
class Socket:
    """What the kernel says of one."""

    state: int
    end: OtherEnd
    inode: int
    drops: Optional[int] = None
    """Datagrams that it dropped; only UDP's are asked for."""
    info: bytes = b""
    """The kernel's `struct tcp_info`, where it was wanted."""


def find(query: Query) -> List[Socket]:
    """Over IPv4 and IPv6. Raises OSError where the kernel or a sandbox can't be asked."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE)
        return [found for family in _FAMILIES for found in _answers(kernel, _request(query, family))]


class Closings:
    """Who was at the other end of the sockets of a local port, as the kernel closes each: it then forgets them."""

    _AT_ONCE = 10_000
    """That are read in one go, so that a flood of them ends."""

    def __init__(self, transport: str, port: int) -> None:
        self._kernel: Optional[socket.socket] = None
        with suppress(OSError):
            self._kernel = _member(_CLOSED_GROUPS[transport], port)

    def take(self) -> Tuple[Set[OtherEnd], bool]:
        """Those since the last time, and whether they are all: some may be lost, and not every kernel names them."""
        found: Set[OtherEnd] = set()
        whole = self._kernel is not None
        for _ in range(self._AT_ONCE):
            message = self._next()
            if message is None:
                return found, whole
            whole = whole and bool(message)
            found |= {_socket(body).end for _, body in _parts(message)}
        return found, False

    def _next(self) -> Optional[bytes]:
        """A message of the kernel; None: there is none; an empty one: more were closed than it keeps."""
        try:
            return None if self._kernel is None else self._kernel.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def close(self) -> None:
        """Hear no more."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


def _member(groups: Tuple[int, ...], port: int) -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
    program = ctypes.create_string_buffer(_of_local(port))
    try:
        filtering = struct.pack("HL", len(program) // _INSTRUCTION.size, ctypes.addressof(program))
        kernel.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, filtering)
        kernel.bind((0, 0))
        for group in groups:
            kernel.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        kernel.setblocking(False)
    except OSError:
        kernel.close()
        raise
    return kernel


def _of_local(port: int) -> bytes:
    """Read two bytes, behind the header and four others; if they are the port, keep the message, else nothing of it."""
    steps = ((0x28, 0, 0, _HEADER.size + 4), (0x15, 0, 1, port), (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0))
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def _request(query: Query, family: int) -> bytes:
    wanted = {_MEMORY: query.transport == "udp", _INFO: query.info}
    asked = sum(1 << (attribute - 1) for attribute, is_wanted in wanted.items() if is_wanted)
    states = sum(1 << state for state in query.states)
    chosen = _filter(query)
    body = _REQUEST.pack(family, _PROTOCOLS[query.transport], asked, states)
    body += struct.pack("=HH", 4 + len(chosen), _FILTER) + chosen
    return _HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _ASK_FOR_ALL, 0, 0) + body


def _filter(query: Query) -> bytes:
    """At least the port, and at most it: old kernels can't ask for equality. To go on past the end means no."""
    more, size = (_OF_REMOTE if query.remote else 0), _OPERATION.size
    first = _OPERATION.pack(_AT_LEAST + more, size, 2 * size + 4, 0, 0, query.port)
    return first + _OPERATION.pack(_AT_MOST + more, size, size + 4, 0, 0, query.port)


def _answers(kernel: socket.socket, request: bytes) -> Iterator[Socket]:
    kernel.send(request)
    while True:
        for kind, body in _parts(kernel.recv(65536)):
            if kind in (_DONE, _ERROR):
                _check(body)
                return
            yield _socket(body)


def _parts(message: bytes) -> Iterator[Tuple[int, bytes]]:
    """The kind and the body of each part of a message."""
    while len(message) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(message)
        yield kind, message[_HEADER.size : length]
        message = message[_aligned(max(length, _HEADER.size)) :]


def _check(body: bytes) -> None:
    code = int.from_bytes(body[:4], sys.byteorder, signed=True)
    if code:
        raise OSError(-code, "sock_diag")


def _socket(body: bytes) -> Socket:
    family, state, _, port, remote, inode = _ANSWER.unpack_from(body)
    attributes = _attributes(body[_ANSWER.size :])
    memory = attributes.get(_MEMORY, b"")[4 * _DROPS : 4 * _DROPS + 4]
    drops = int.from_bytes(memory, sys.byteorder) if memory else None
    end = OtherEnd(_address(family, remote), port)
    return Socket(state, end, int.from_bytes(inode, sys.byteorder), drops, attributes.get(_INFO, b""))


def _address(family: int, packed: bytes) -> Address:
    return IPv4Address(packed[:4]) if family == socket.AF_INET else IPv6Address(packed)


def _attributes(text: bytes) -> Dict[int, bytes]:
    found = {}
    while len(text) >= 4:
        length, kind = struct.unpack_from("=HH", text)
        found[kind] = text[4:length]
        text = text[_aligned(max(length, 4)) :]
    return found


def _aligned(length: int) -> int:
    return (length + 3) & ~3
