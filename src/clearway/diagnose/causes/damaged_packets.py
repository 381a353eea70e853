"""Packets arrive damaged at the suspected host: checksums are wrong, or its device says so."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_DAMAGED = (".checksum-errors", ".rx-errors")


def damaged_packets(case: Case) -> Reason | None:
    found = case.risen(lambda name: name.endswith(_DAMAGED))
    if found is None:
        return None
    values = {"node": found.node, "counter": found.counter, "count": found.count}
    return Reason("cause.damaged-packets", values)
