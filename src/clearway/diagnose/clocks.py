"""How well the workers' clocks were known: the starts of a round are set in them, so they can't be closer than that."""

from __future__ import annotations

from collections.abc import Iterator

from clearway.base.units import Duration
from clearway.engine.base import ToolCommand
from clearway.ledger.record import Record
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.observations import CLOCK
from clearway.probe.records import Finding, Severity, Slot

TOLERANCE = ToolCommand.late_after
"""A worker voids a half that begins later than that in its own clock; what its clock is off besides, it can't see."""


def clock_errors(record: Record) -> dict[Slot, Duration]:
    """By how much the start of each worker may be off although it was in time on its own clock."""
    exchanges = {seen.subject: seen.values for seen in record.observed(CLOCK)}
    return {
        worker.slot: ClockOffset(values["ahead"], values["uncertainty"]).error
        for worker in record.workers
        if (values := exchanges.get(str(worker.slot)))
    }


def clock_findings(record: Record) -> Iterator[Finding]:
    """One for all workers whose clocks are not known well enough."""
    doubtful = {slot: error for slot, error in clock_errors(record).items() if error > TOLERANCE}
    if doubtful:
        values = {"workers": tuple(sorted(map(str, doubtful))), "error": max(doubtful.values()), "tolerance": TOLERANCE}
        yield Finding("clock.uncertain", Severity.WARNING, values=values)
