"""Which hardware address this worker's kernel sends a neighbour's packets to (IPv4, from /proc/net/arp)."""

from __future__ import annotations

from typing import Optional

from clearway.probe.measurement import UNANSWERED
from clearway.probe.records import Half, Request
from clearway.worker.cgroup import text_of

_ADDRESS, _FLAGS, _HARDWARE = 0, 2, 3
"""Columns of /proc/net/arp."""


def of_partner(request: Request) -> Optional[str]:
    """UNANSWERED: the question for it had no answer. None: it is behind a router, or was not asked for."""
    partner = request.server.address if request.half is Half.SEND else next(iter(request.partner or ()), "")
    return in_table(text_of("/proc/self/net/arp") or "", partner)


def in_table(table: str, address: str) -> Optional[str]:
    """The same of any address, from the kernel's table."""
    rows = (line.split() for line in table.splitlines()[1:])
    found = next((row for row in rows if row[_ADDRESS] == address), None)
    if found is None:
        return None
    return found[_HARDWARE] if int(found[_FLAGS], 16) else UNANSWERED
