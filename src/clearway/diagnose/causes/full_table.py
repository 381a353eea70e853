"""The suspected host's table of connections takes in no new ones."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason

COUNTERS = ("conntrack.drop", "conntrack.early-drop", "conntrack.insert-failed")


def full_table(case: Case) -> Reason | None:
    found = case.risen(COUNTERS.__contains__)
    return None if found is None else Reason("cause.full-table", {"node": found.node, "count": found.count})
