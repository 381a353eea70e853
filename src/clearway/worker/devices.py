"""What the kernel reports about the devices and queues that packets go through: what they are, and what went wrong.

Devices, their counters and connection tracking are those of this worker's own network namespace, a pod's or the
host's. `softnet` is always of the whole machine.
"""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from clearway.worker.cgroup import text_of

_DEVICES = 16
"""Devices that are read: a host may have hundreds, one for each of its pods."""
_COLUMNS = {"rx-errors": 2, "rx-dropped": 3, "tx-errors": 10, "tx-dropped": 11}
"""Of a row in /proc/net/dev."""
_SOFTNET = ("processed", "dropped", "squeezed")
_TRACKING = {"drop": "drop", "early_drop": "early-drop", "insert_failed": "insert-failed"}
_CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_"

Counts = Dict[str, int]


def totals() -> Counts:
    """Running totals by name, `eth0.rx-dropped`, `softnet.dropped`, `conntrack.drop`; empty: nothing can be read."""
    return {
        **dict(of_devices(text_of("/proc/self/net/dev") or "")),
        **dict(of_softnet(text_of("/proc/self/net/softnet_stat") or "")),
        **dict(of_tracking(text_of("/proc/self/net/stat/nf_conntrack") or "")),
    }


def risen(before: Optional[Counts], after: Optional[Counts]) -> Optional[Mapping[str, int]]:
    """By how much each counter rose that did. A device that came or was made anew meanwhile is left out."""
    if before is None or after is None:
        return None
    return {name: after[name] - before[name] for name in after if after[name] > before.get(name, after[name])}


def facts(device: str) -> Dict[str, str]:
    """Of one device, and of the table of connections; what can't be read is not there."""
    found = {
        "driver": _driver(device),
        "offloads": _offloads(device),
        "conntrack-count": _line("count"),
        "conntrack-max": _line("max"),
    }
    return {name: text for name, text in found.items() if text is not None}


def names() -> List[str]:
    """Devices of this network that are read, but for the loopback."""
    return [name for name, *_ in _rows(text_of("/proc/self/net/dev") or "")]


def of_devices(table: str) -> Iterator[Tuple[str, int]]:
    """From /proc/net/dev; the loopback is no device."""
    for row in _rows(table):
        for name, column in _COLUMNS.items():
            yield f"{row[0]}.{name}", int(row[column + 1])


def _rows(table: str) -> List[List[str]]:
    rows = [line.replace(":", " ", 1).split() for line in table.splitlines()[2:]]
    return [row for row in rows if row[0] != "lo"][:_DEVICES]


def of_softnet(table: str) -> Iterator[Tuple[str, int]]:
    """From /proc/net/softnet_stat: a row a CPU, in hexadecimal."""
    rows = [[int(word, 16) for word in line.split()[:3]] for line in table.splitlines()]
    if rows:
        for place, name in enumerate(_SOFTNET):
            yield f"softnet.{name}", sum(row[place] for row in rows)


def of_tracking(table: str) -> Iterator[Tuple[str, int]]:
    """From /proc/net/stat/nf_conntrack: names, then a row a CPU, in hexadecimal."""
    names, rows = _split(table)
    for place, name in enumerate(names):
        if name in _TRACKING:
            yield f"conntrack.{_TRACKING[name]}", sum(row[place] for row in rows)


def _split(table: str) -> Tuple[List[str], List[List[int]]]:
    head, *rows = [line.split() for line in table.splitlines()] or [[]]
    return head, [[int(word, 16) for word in row] for row in rows]


_SIOCETHTOOL = 0x8946
"""linux/sockios.h; the next is of linux/ethtool.h."""
_GET_DRIVER = 0x3
_DRIVER_INFO = struct.Struct("=I32s32s32s32s32s12s5I")
_SWITCHES = {"tx-checksum": 0x16, "rx-checksum": 0x14, "tso": 0x1E, "gso": 0x23, "gro": 0x2B}
"""What each is called, and the question for it."""
_SWITCH = struct.Struct("=II")


def _driver(device: str) -> Optional[str]:
    answer = ethtool(device, _DRIVER_INFO.pack(_GET_DRIVER, *(b"",) * 6, *(0,) * 5))
    if answer is None:
        return None
    name: bytes = _DRIVER_INFO.unpack(answer)[1]
    return name.rstrip(b"\0").decode(errors="replace") or None


def _offloads(device: str) -> Optional[str]:
    """`tso gso gro`: those that are on; None where the device can't be asked."""
    answers = {name: ethtool(device, _SWITCH.pack(command, 0)) for name, command in _SWITCHES.items()}
    known = {name: _SWITCH.unpack(answer)[1] for name, answer in answers.items() if answer is not None}
    return (" ".join(name for name, on in known.items() if on) or "none") if known else None


def ethtool(device: str, question: bytes) -> Optional[bytes]:
    """What a device's driver answers to a question of linux/ethtool.h, as long as it; None: there is no answer."""
    buffer = ctypes.create_string_buffer(question, len(question))
    request = struct.pack("16sP16x", device.encode()[:15], ctypes.addressof(buffer))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            fcntl.ioctl(asked, _SIOCETHTOOL, request)
    except OSError:
        return None
    return buffer.raw


def _line(name: str) -> Optional[str]:
    return (text_of(_CONNTRACK + name) or "").strip() or None
