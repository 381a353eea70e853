"""One CPU of the suspected node spends nearly all its time on packets, and none of the other nodes' does."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_MOST, _PART = 0.8, 0.5
"""Shares of a CPU's time in softirq: what leaves a program on it none, and what every busy receiver may show."""


def packet_cpu(case: Case) -> Reason | None:
    for used in case.used(lambda one: one.cpu_softirq):
        if used.elsewhere is not None and used.share >= _MOST and used.elsewhere < _PART:
            return used.reason("cause.packet-cpu")
    return None
