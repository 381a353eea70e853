"""A hypervisor gives the suspected node's CPUs to others: a noisy neighbour, or a machine that is sold too often."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_STOLEN = 0.05
"""Share of the time: what makes an attempt doubtful."""
_TIMES = 3.0
"""Of what is stolen elsewhere."""


def stolen_cpu(case: Case) -> Reason | None:
    for used in case.used(lambda one: one.cpu_steal):
        if used.share >= _STOLEN and used.share >= _TIMES * (used.elsewhere or 0.0):
            return used.reason("cause.stolen-cpu")
    return None
