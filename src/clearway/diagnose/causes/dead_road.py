"""Nothing gets through at all: no connection is answered."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.records import Outcome, Reason, Trial
from clearway.verdict.attempt import outcome

_MOST = 0.5
"""Share of the attempts that found it so: the road may have died in the middle of a run."""


def dead_road(case: Case) -> Reason | None:
    dead = sum(map(is_dead, case.attempts))
    return Reason("cause.dead-road") if dead and dead >= _MOST * len(case.attempts) else None


def is_dead(trial: Trial) -> bool:
    """Whether none of its connections was answered."""
    why = trial.send.reason if trial.send is not None else None
    if outcome(trial) is not Outcome.UNREACHABLE or why is None:
        return False
    return why.code != "worker.unanswered" or why.values["count"] >= why.values["connections"]
