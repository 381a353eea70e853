"""What a device's own driver counts and the kernel does not: pause frames, missed packets, what a cloud cut off.

As `ethtool -S` shows it, under the driver's own names (linux/ethtool.h).
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Dict, Tuple

from clearway.worker.devices import ethtool

_GET_SIZES, _GET_NAMES, _GET_COUNTS = 0x37, 0x1B, 0x1D
_STATISTICS = 1
"""The set of names; its bit in the question for sizes is the second one."""
_NAME = 32
"""Bytes of a name."""
_MOST = 4096
"""Names that are read: devices with many queues have thousands."""
_WANTED = re.compile(r"pause|xoff|crc|missed|no_buf|out_of_buffer|discard|allowance_exceeded")
"""Parts of the names that drivers give to what the rules about causes look for."""


def totals(device: str) -> Dict[str, int]:
    """Running totals by the driver's names; empty: it has none of these."""
    names = _names(device)
    if not any(map(_WANTED.search, names)):
        return {}
    question = struct.pack("=II", _GET_COUNTS, len(names)) + bytes(8 * len(names))
    answer = ethtool(device, question)
    counts = struct.unpack_from(f"={len(names)}Q", answer, 8) if answer is not None else ()
    return {name: count for name, count in zip(names, counts) if _WANTED.search(name)}


@lru_cache(maxsize=64)
def _names(device: str) -> Tuple[str, ...]:
    """In the order of the counts; they stay the same as long as the worker lives."""
    size = _size(device)
    question = struct.pack("=III", _GET_NAMES, _STATISTICS, size) + bytes(_NAME * size)
    answer = ethtool(device, question) if 0 < size <= _MOST else None
    return () if answer is None else names_in(answer[12:])


def names_in(packed: bytes) -> Tuple[str, ...]:
    """Each in its own bytes, ended by zeros."""
    parts = (packed[at : at + _NAME] for at in range(0, len(packed), _NAME))
    return tuple(part.partition(b"\0")[0].decode(errors="replace") for part in parts)


def _size(device: str) -> int:
    answer = ethtool(device, struct.pack("=IIQI", _GET_SIZES, 0, 1 << _STATISTICS, 0))
    return 0 if answer is None else int(struct.unpack_from("=I", answer, 16)[0])
