"""Workers that a CPU limit held back while they measured: somebody else's limit, as clearway sets none."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.records import Half, Probe, Result, Slot
from clearway.spec.model import Test

_NOTABLE = 0.01
"""Share of a probe's time."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """How many workers of a test were held back, and by how much at most in one probe."""

    workers: int
    longest: Duration
    node: str
    """The longest one's."""


def held_back(record: Record, test: Test) -> Throttled | None:
    """None if nobody was, or nobody could tell."""
    probes = {probe.id: probe for round_ in record.rounds for probe in round_.probes if probe.test == test.name}
    longest: dict[Slot, Duration] = {}
    for result in record.results:
        probe = probes.get(result.probe)
        if probe is not None and (time := _time(result, probe)) is not None:
            slot = probe.server if result.half is Half.SERVE else probe.client
            longest[slot] = max(time, longest.get(slot, Duration(0)))
    if not longest:
        return None
    worst = max(longest, key=lambda slot: longest[slot])
    return Throttled(len(longest), longest[worst], worst.node)


def _time(result: Result, probe: Probe) -> Duration | None:
    time = result.counters.throttled if result.counters is not None else None
    return time if time is not None and time > probe.window.end * _NOTABLE else None
