"""The physical link of the suspected node is slower than those of the other nodes."""

from __future__ import annotations

from statistics import median_low

from clearway.base.units import Rate
from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_MEGABIT = 1e6


def link_speed(case: Case) -> Reason | None:
    speeds = {one.slot.node: one.facts["link-speed"] for one in case.record.workers if "link-speed" in one.facts}
    known = {node: float(speed) * _MEGABIT for node, speed in speeds.items() if speed.isdecimal()}
    others = [speed for node, speed in known.items() if node not in case.nodes]
    for node in case.nodes:
        if node in known and others and known[node] < median_low(others):
            values = {"node": node, "speed": Rate(known[node]), "elsewhere": Rate(median_low(others))}
            return Reason("cause.link-speed", values)
    return None
