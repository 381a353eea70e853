"""Datagrams overtake each other, or come twice."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason


def overtaken(case: Case) -> Reason | None:
    found = case.flows.get("flows.out-of-order")
    return None if found is None else Reason("cause.overtaken", dict(found))


def copied(case: Case) -> Reason | None:
    found = case.flows.get("flows.duplicated")
    return None if found is None else Reason("cause.copied", dict(found))
