"""One CPU of the suspected node is fully busy while it measures, and none of the other nodes' is."""

from __future__ import annotations

from collections.abc import Callable

from clearway.diagnose.causes.case import Case, Used
from clearway.probe.measurement import Counters
from clearway.probe.records import Reason

FULL, FREE = 0.95, 0.8
"""Busy shares: of a CPU that has no time left, and of one that has some."""


def busy_cpu(case: Case) -> Reason | None:
    found = full(case, lambda one: one.cpu_busiest)
    return None if found is None else found.reason("cause.cpu")


def full(case: Case, part: Callable[[Counters], float | None]) -> Used | None:
    """The node that has no time left, where the others have some."""
    for used in case.used(part):
        if used.elsewhere is not None and used.share >= FULL and used.elsewhere < FREE:
            return used
    return None
