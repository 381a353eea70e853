"""What a packet capture in the lab's fabric says about the moment when senders began."""

from __future__ import annotations

import shlex
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from benchmarks.flow import WitnessedLab
from clearway.probe.paths import NO_SERVICES, WantedServices
from clearway.probe.records import Slot
from clearway.site.lab.model import LabSpec

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


class CapturedLab(WitnessedLab):
    """A lab whose TCP packets are captured in the fabric from before its agents are ready until its end."""

    def __init__(self, lab: LabSpec, file: Path) -> None:
        super().__init__(
            lab, [(None, ("sh", "-c", "pkill -INT -x tcpdump; while pgrep -x tcpdump; do sleep 0.05; done"))]
        )
        self._file = file

    async def start(self, slots: Sequence[Slot], services: WantedServices = NO_SERVICES) -> None:
        await super().start(slots, services)
        said = shlex.quote(f"{self._file}.said")
        self.leave_running(f"{shlex.join(capturing(self._file))} 2>{said}")
        await self.told(None, ("sh", "-c", f"until grep -q listening {said}; do sleep 0.05; done"))

    def segments(self) -> list[Segment]:
        """What was captured, once the lab has stopped."""
        return segments_of(self._file, Path(f"{self._file}.said").read_text())


def segments_of(file: Path, said: str) -> list[Segment]:
    """What tcpdump wrote, if by its last words nothing is missing."""
    assert "0 packets dropped by kernel" in said, said
    return list(_segments(file.read_bytes()))


def capturing(file: Path, what: str = "ip and tcp") -> tuple[str, ...]:
    """The command that captures headers in a fabric: of what tcpdump's expression says."""
    kept = ("-s", str(_KEPT), "-B", str(_BUFFER), "-w", str(file))
    return ("tcpdump", "-i", "fabric", "-n", "-Z", "root", *kept, what)


def first_data(segments: Iterable[Segment], instant: float) -> Mapping[str, float]:
    """When each sender's first payload in the second after the instant crossed the fabric, by source address."""
    return first_of_each(segment for segment in segments if segment.payload and 0 <= segment.at - instant < 1)


def first_of_each(segments: Iterable[Segment]) -> Mapping[str, float]:
    """When each sender's first segment crossed the fabric, in Unix seconds by source address."""
    found: dict[str, float] = {}
    for segment in segments:
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
