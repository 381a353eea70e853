"""A CPU limit holds the suspected node's worker back, and those of the other nodes hardly."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case, typical
from clearway.probe.records import Reason

_HELD, _HARDLY = 0.05, 0.01
"""Share of the attempts' time: what makes an attempt doubtful, and what no repeat shows."""


def cpu_limit(case: Case) -> Reason | None:
    span = typical([trial.probe.window.end.si for trial in case.attempts])
    if not span:
        return None
    for used in case.used(lambda one: None if one.throttled is None else one.throttled.si / span):
        if used.share >= _HELD and (used.elsewhere or 0.0) <= _HARDLY:
            return used.reason("cause.cpu-limit")
    return None
