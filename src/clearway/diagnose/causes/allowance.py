"""A cloud cuts off what exceeds the allowance of the suspected node's instance, as its virtual device says."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

_CUT_OFF = "allowance_exceeded"
"""The end of the names of the counters of AWS's `ena`: bandwidth in and out, packets a second, connections."""


def allowance(case: Case) -> Reason | None:
    found = case.risen(lambda name: name.endswith(_CUT_OFF))
    if found is None:
        return None
    return Reason("cause.allowance", {"node": found.node, "counter": found.counter, "count": found.count})
