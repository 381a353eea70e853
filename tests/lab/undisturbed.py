"""Runs of tests that need all workers to run throughout: the host of a virtual machine may stop it for seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from clearway.base.units import Duration
from clearway.ledger.record import Record

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
    pauses = (result.counters.paused for result in record.results if result.counters is not None)
    return any(pause is not None and pause > _LONGEST for pause in pauses)
