"""Workers that a CPU limit held back while they measured. The limit is the cluster's: clearway sets none."""

from __future__ import annotations

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.records import Probe, Reason, Result, Slot
from clearway.spec.model import Test

_NOTABLE = 0.01
"""Share of a probe's time. Below it the wait is shorter than the differences between two repeats of a measurement."""


def throttled(record: Record, test: Test) -> Reason | None:
    """How many workers of a test were held back, and the longest wait of one probe; None if no wait is known."""
    longest: dict[Slot, Duration] = {}
    for result, probe, slot in record.halves:
        if probe.test == test.name and (time := _time(result, probe)) is not None:
            longest[slot] = max(time, longest.get(slot, Duration(0)))
    if not longest:
        return None
    worst = max(longest, key=lambda slot: longest[slot])
    values = {"workers": len(longest), "longest": longest[worst], "subject": worst.node}
    return Reason("note.throttled", values)


def _time(result: Result, probe: Probe) -> Duration | None:
    time = result.counters.throttled if result.counters is not None else None
    return time if time is not None and time > probe.window.end * _NOTABLE else None
