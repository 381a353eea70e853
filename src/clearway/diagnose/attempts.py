"""Attempts that need a word: those whose value is not in the verdict, and those that show what the road did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearway.base.units import Quantity
from clearway.diagnose.figures import shown_figures
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Outcome, Reason, Role, Severity, Trial
from clearway.spec.model import Test
from clearway.verdict import doubts
from clearway.verdict.attempt import outcome, without_cpu
from clearway.verdict.doubts import Doer
from clearway.verdict.trials import TrialIndex


@dataclass(frozen=True, slots=True)
class DoubtfulAttempt:
    trial: Trial
    doer: Doer
    """The road, where it did anything; else the instrument."""
    in_verdict: bool
    """Whether its value is judged."""
    measured_again: bool
    """Whether another attempt at the same probe gave a value that is judged."""
    reasons: tuple[Reason, ...]
    values: Mapping[str, Quantity]
    """What it showed, by name of the figure; empty where it measured nothing."""


def doubtful_attempts(record: Record) -> tuple[DoubtfulAttempt, ...]:
    """All of them, in order of hand-out. What no worker had answered when a run was interrupted is none."""
    index, tests = record.derived(TrialIndex), {test.name: test for test in record.spec.tests}
    counted = {trial.probe.id for trial in record.trials if index.counts(trial)}
    return tuple(
        _doubtful(index, trial, tests[trial.probe.test], again=trial.probe.id in counted)
        for trial in record.trials
        if trial.probe.role in (Role.JUDGED, Role.REPORTED, Role.IDLE) and trial.halves and _reasons(index, trial)
    )


def unexplained_attempts(record: Record) -> Iterator[Finding]:
    """How many attempts, background loads included, are void by no cause that is known."""
    index = record.derived(TrialIndex)
    made = [trial for trial in record.trials if trial.halves]
    count = sum(_is_unexplained(index, trial) for trial in made)
    if count:
        yield Finding("attempt.unexplained", Severity.WARNING, values={"count": count, "attempts": len(made)})


def _doubtful(index: TrialIndex, trial: Trial, test: Test, *, again: bool) -> DoubtfulAttempt:
    counts = index.counts(trial)
    return DoubtfulAttempt(
        trial=trial,
        doer=Doer.ROAD if index.road_doubts(trial) else Doer.INSTRUMENT,
        in_verdict=counts,
        measured_again=again and not counts,
        reasons=_reasons(index, trial),
        values=_values(trial, test),
    )


def _reasons(index: TrialIndex, trial: Trial) -> tuple[Reason, ...]:
    return (*index.disturbances.of(trial), *(doubt.reason for doubt in index.doubts(trial)))


def _values(trial: Trial, test: Test) -> Mapping[str, Quantity]:
    if outcome(trial) is not Outcome.MEASURED:
        return {}
    read = ((figure, figure.metric.value(trial, figure.statistic)) for figure in shown_figures(test))
    return {figure.name: figure.metric.unit(value) for figure, value in read if value is not None}


_UNEXPLAINED = (doubts.TOOL, doubts.LATE)
_OUT_OF_MEMORY = "worker.out-of-memory"


def _is_unexplained(index: TrialIndex, trial: Trial) -> bool:
    found = (doubt for doubt in index.doubts(trial) if doubt.kind in _UNEXPLAINED)
    return without_cpu(trial) is None and any(doubt.reason.code != _OUT_OF_MEMORY for doubt in found)
