"""Runs of tests that need all workers to run throughout: the host of a virtual machine may keep it from running."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.records import Trial
from clearway.verdict.attempt import without_cpu
from clearway.verdict.trials import TrialIndex

_TRIES = 3
_LONGEST = Duration(0.25)
"""A worker that did not get to run for so long makes its attempt void, or later than a test allows."""


async def undisturbed(folder: Path, run: Callable[[Path], Awaitable[Record]]) -> Record:
    """The first of a few runs in which no worker stood still; the last, if all were disturbed."""
    for attempt in range(1, _TRIES):
        if not _stood_still(record := await run(folder / f"try-{attempt}")):
            return record
    return await run(folder / f"try-{_TRIES}")


def _stood_still(record: Record) -> bool:
    return any(_lacked_cpu(trial) for attempts in TrialIndex(record).attempts.values() for trial in attempts)


def _lacked_cpu(trial: Trial) -> bool:
    pauses = (half.counters.paused for half in trial.halves if half.counters is not None)
    return without_cpu(trial) is not None or any(pause is not None and pause > _LONGEST for pause in pauses)
