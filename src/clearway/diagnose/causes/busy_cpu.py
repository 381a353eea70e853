"""One CPU of the suspected node is fully busy while it measures, and none of the other nodes' is."""

from __future__ import annotations

from clearway.base.units import Ratio
from clearway.diagnose.causes.case import Case, typical
from clearway.probe.records import Reason

_FULL, _FREE = 0.95, 0.8
"""Busy shares: of a CPU that has no time left, and of one that has some."""


def busy_cpu(case: Case) -> Reason | None:
    usual = typical([one.cpu_busiest for one in case.other_counters if one.cpu_busiest is not None])
    for node in case.nodes:
        busy = typical([one.cpu_busiest for one in case.counters_of(node) if one.cpu_busiest is not None])
        if busy is not None and usual is not None and busy >= _FULL and usual < _FREE:
            return Reason("cause.cpu", {"node": node, "busy": Ratio(busy), "elsewhere": Ratio(usual)})
    return None
