"""The tool itself keeps a whole CPU busy at the suspected node, and elsewhere it does not: it measures itself."""

from __future__ import annotations

from clearway.diagnose.causes.busy_cpu import full
from clearway.diagnose.causes.case import Case
from clearway.probe.records import Reason


def tool_cpu(case: Case) -> Reason | None:
    found = full(case, lambda one: one.tool_cpu)
    return None if found is None else found.reason("cause.tool")
