"""When the first data of a send half left this worker.

The kernel's own time stamps show it, where this worker may capture packets. A thread that looks for itself is
woken late, because the very senders that it watches take the CPUs.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import List, NamedTuple, Optional, Tuple

from clearway.probe.records import Endpoint

LEAD = 0.1
"""Call `first_data` this many seconds before the instant."""
_PATIENCE = 1.0
"""Seconds after the instant without data that make it unknown."""
_POLL = 0.001
"""Seconds between looks at the counters: more often, the watchers of many senders would take the CPUs themselves."""
_BARE_SEGMENT = 100
"""Bytes of IP and TCP headers at most: anything longer holds data."""
_COUNTED = 1_000
"""Bytes on an interface that count as data: more than an ARP request or a keep-alive."""

_ALL_PROTOCOLS = 3
"""linux/if_ether.h: ETH_P_ALL."""
_ATTACH_FILTER, _TIMESTAMPS = 26, 35
"""Socket options that Python's own module does not name."""
_TIMESPEC = struct.Struct("@ll")
_QUEUE = 16_384
"""Bytes of packets kept: only the first is wanted."""


class _Instruction(NamedTuple):
    """One of the kernel's packet filter machine."""

    code: int
    if_true: int
    if_false: int
    value: int


def first_data(server: Endpoint, transport: str, instant: float) -> Optional[float]:
    """When the first data at or after `instant` left for `server`, both in this machine's Unix time.

    None if none did within a second, or if the call came after the instant. Without the right to see packets the
    interfaces' counters are polled: then it is the latest moment at which nothing had left yet.
    """
    try:
        watch = _watch(server, transport)
    except OSError:
        return _by_counters(instant)
    with watch:
        return _by_stamps(watch, instant) if time.time() < instant else None


def sees_packets() -> bool:
    """Whether this worker may capture packets, so that `first_data` is the kernel's own time stamp."""
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM):
            return True
    except OSError:
        return False


def _by_stamps(watch: socket.socket, instant: float) -> Optional[float]:
    time.sleep(max(0.0, instant + _PATIENCE / 4 - time.time()))
    while (rest := instant + _PATIENCE - time.time()) > 0:
        watch.settimeout(rest)
        try:
            _, notes, _, _ = watch.recvmsg(1, socket.CMSG_SPACE(_TIMESPEC.size))
        except socket.timeout:
            return None
        seconds, nanoseconds = _TIMESPEC.unpack(notes[0][2])
        stamp: float = seconds + nanoseconds / 1e9
        if stamp >= instant:
            return stamp
    return None


def _by_counters(instant: float) -> Optional[float]:
    unchanged, before = instant, bytes_sent()
    while (now := time.time()) < instant + _PATIENCE:
        sent = bytes_sent()
        if now >= instant and sent - before >= _COUNTED:
            return unchanged
        unchanged = max(instant, now)
        if now < instant:
            before = sent
        time.sleep(_POLL)
    return None


def bytes_sent() -> int:
    """Bytes that left all interfaces but the loopback."""
    with open("/proc/self/net/dev", encoding="ascii") as table:
        rows = [line.replace(":", " ").split() for line in list(table)[2:]]
    return sum(int(row[9]) for row in rows if row[0] != "lo")


def _watch(server: Endpoint, transport: str) -> socket.socket:
    """A socket that gets the packets with data that leave for the server, stamped.

    Raises OSError where this worker may not.
    """
    watch = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
    watch.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
    watch.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
    _attach(watch, _leaving_for(server, _BARE_SEGMENT if transport == "tcp" else 0))
    _empty(watch)
    return watch


def _empty(watch: socket.socket) -> None:
    """What came before the filter was in place may be of other connections, and a full queue takes in nothing more."""
    with suppress(BlockingIOError):
        for _ in range(_QUEUE):
            watch.recv(1, socket.MSG_DONTWAIT)


def _attach(watch: socket.socket, program: List[_Instruction]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    watch.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code)))


_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE, _LOAD_LENGTH, _RETURN = 0x20, 0x28, 0x30, 0x80, 0x06
_JUMP_IF_EQUAL, _JUMP_IF_GREATER = 0x15, 0x25
_PACKET_TYPE, _OUTGOING = 0xFFFFF004, 4
_VERSION_4_NO_OPTIONS = 0x45
"""First byte of an IPv4 header: version 4, and five words long."""


def _leaving_for(server: Endpoint, bare: int) -> List[_Instruction]:
    """Packets from here to the server's address and port that are longer than `bare` bytes, from the IP header on."""
    tests = [
        (_LOAD_WORD, _PACKET_TYPE, _JUMP_IF_EQUAL, _OUTGOING),
        *_address_tests(server),
        (_LOAD_HALF, 42 if server.v6 else 22, _JUMP_IF_EQUAL, server.port),
        (_LOAD_LENGTH, 0, _JUMP_IF_GREATER, bare),
    ]
    program: List[_Instruction] = []
    for number, (load, place, jump, value) in enumerate(tests):
        to_refusal = 2 * (len(tests) - number) - 1
        program += [_Instruction(load, 0, 0, place), _Instruction(jump, 0, to_refusal, value)]
    return [*program, _Instruction(_RETURN, 0, 0, 1), _Instruction(_RETURN, 0, 0, 0)]


def _address_tests(server: Endpoint) -> List[Tuple[int, int, int, int]]:
    packed = ip_address(server.address).packed
    words = struct.unpack(f"!{len(packed) // 4}I", packed)
    first = 24 if server.v6 else 16
    same = [(_LOAD_WORD, first + 4 * place, _JUMP_IF_EQUAL, word) for place, word in enumerate(words)]
    return same if server.v6 else [(_LOAD_BYTE, 0, _JUMP_IF_EQUAL, _VERSION_4_NO_OPTIONS), *same]
