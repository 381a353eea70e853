"""What a packet capture in the lab's fabric says about the moment when senders began."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from benchmarks.flow import WitnessedLab
from clearway.base.clock import Clock

_KEPT = 96
"""Bytes of a packet that are captured: all headers."""
_BUFFER = 32_768
"""KiB that may wait for tcpdump."""
_ETHERNET = 14
_FILE_HEADER, _RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
_MICROSECONDS = 0xA1B2C3D4


@dataclass(frozen=True)
class Segment:
    """One TCP packet as it crossed the fabric."""

    at: float
    """Unix seconds, by the kernel that both ends run on."""
    source: str
    payload: int
    """Byte."""


async def capture(site: WitnessedLab, file: Path, until: float) -> None:
    """Write the TCP packets that cross the fabric from now until a Unix time to a file."""
    seconds = Clock().until(until)
    dump = ("tcpdump", "-i", "fabric", "-n", "-Z", "root", "-s", str(_KEPT), "-B", str(_BUFFER), "-w", str(file))
    limited = ("timeout", "--signal=INT", f"{seconds:.2f}", *dump, "ip and tcp")
    ran = await site.execute(None, limited, timeout=seconds + 20)
    assert "0 packets dropped by kernel" in ran.stderr, ran


def first_data(file: Path, instant: float) -> Mapping[str, float]:
    """When each sender's first payload at or after the instant crossed the fabric, by source address."""
    found: dict[str, float] = {}
    for segment in _segments(file.read_bytes()):
        if segment.payload and segment.at >= instant:
            found.setdefault(segment.source, segment.at)
    return found


def _segments(data: bytes) -> Iterator[Segment]:
    magic = _FILE_HEADER.unpack_from(data)[0]
    assert magic == _MICROSECONDS, hex(magic)
    place = _FILE_HEADER.size
    while place + _RECORD.size <= len(data):
        seconds, micros, kept, _ = _RECORD.unpack_from(data, place)
        place += _RECORD.size
        yield _segment(seconds + micros / 1e6, data[place : place + kept])
        place += kept


def _segment(at: float, packet: bytes) -> Segment:
    ip = packet[_ETHERNET:]
    ip_header = (ip[0] & 0x0F) * 4
    tcp_header = (ip[ip_header + 12] >> 4) * 4
    length = int.from_bytes(ip[2:4], "big")
    return Segment(at, str(IPv4Address(ip[12:16])), length - ip_header - tcp_header)
