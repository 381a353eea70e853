"""Packets arrive damaged at the suspected host: checksums are wrong, or its device says so."""

from __future__ import annotations

import re

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_DAMAGED = re.compile(r"\.checksum-errors$|\.rx-errors$|\.nic\..*crc")


def damaged_packets(case: Case) -> Reason | None:
    found = case.risen(lambda name: _DAMAGED.search(name) is not None)
    if found is None:
        return None
    values = {"node": found.node, "counter": found.counter, "count": found.count}
    return Reason("cause.damaged-packets", values)
