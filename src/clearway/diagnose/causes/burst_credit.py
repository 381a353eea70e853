"""The road is fast at first and slower later: a credit for bursts ran out."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason


def burst_credit(case: Case) -> Reason | None:
    found = case.flows.get("flows.fallen")
    return None if found is None else Reason("cause.burst-credit", dict(found))
