"""What the tools' own waiting for a CPU explains: the evidence as it would be without it.

An answer is late by what both tools waited while it was awaited. In which seconds they waited is in the record; in
records of earlier versions only the most of any second, which then counts for each second of a time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from clearway.base.units import Duration
from clearway.probe.distribution import HistogramStats, SampleStats, SingleValue
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Counters, Http
from clearway.probe.readings import measured
from clearway.probe.records import Trial
from clearway.spec.criteria import Criterion
from clearway.verdict.evidence import Evidence, Reading, loaded_readings, pooled, worst
from clearway.verdict.interval import Added, Percentile, Worst
from clearway.verdict.thresholds import CLOCKS


@dataclass(frozen=True, slots=True)
class ToolWaits:
    """How long the tools of one timed exchange waited for a CPU, both together; in seconds."""

    most: float
    """In any second."""
    by_second: Mapping[int, float] | None = None
    """In the second that begins so many seconds after the instant. None: not known."""

    @classmethod
    def of(cls, trial: Trial) -> ToolWaits:
        counters = [half.counters for half in trial.halves if half.counters is not None]
        waited = [one for one in counters if one.tool_waited is not None]
        most = math.fsum(one.tool_waited.si for one in waited if one.tool_waited is not None)
        if any(one.tool_waits is None for one in waited):
            return cls(most)
        return cls(most, _added(waited))

    def within(self, begin: float, end: float) -> float:
        """Between two times after the instant, at most. What begins within them and may last longer is not in it."""
        if self.by_second is None:
            return self.most * max(1, math.ceil(end - begin))
        seconds = range(math.floor(begin - CLOCKS.value), math.floor(end + CLOCKS.value) + 1)
        return math.fsum(self.by_second.get(second, 0.0) for second in seconds)


def tools_waited(trial: Trial) -> Duration:
    """The most that both tools of a timed exchange waited for a CPU within a second: an answer may be later by it."""
    return Duration(ToolWaits.of(trial).most)


def without_waits(criterion: Criterion, readings: Sequence[Reading]) -> Evidence | None:
    """The evidence of times, each shorter by what the tools may have waited meanwhile; None: they did not wait."""
    waits = [ToolWaits.of(reading.trial) for reading in readings]
    timed = criterion.metric.unit is Duration and any(one.most for one in waits)
    if not timed or any(isinstance(reading.found, SampleStats) for reading in readings):
        return None
    whole = pooled(criterion, None, readings)
    if isinstance(whole, Added):
        return replace(whole, loaded=_percentile_without(whole.loaded, loaded_readings(readings), waits))
    if isinstance(whole, Percentile):
        return _percentile_without(whole, readings, waits)
    if isinstance(whole, Worst):
        return worst(criterion, [_shorter(*known) for known in zip(readings, waits, strict=True)])
    return None


def _percentile_without(whole: Percentile, readings: Sequence[Reading], waits: Sequence[ToolWaits]) -> Percentile:
    parts = [tuple(_parts(*known)) for known in zip(readings, waits, strict=True)]
    repeats = tuple(map(Histogram.sum, parts))
    blocks = tuple(part if kept else () for part, kept in zip(parts, whole.blocks, strict=True))
    return Percentile(Histogram.sum(repeats), whole.p, repeats, blocks)


def _added(counters: Sequence[Counters]) -> Mapping[int, float]:
    sums = Counter[int]()
    for one in counters:
        sums.update({second: waited.si for second, waited in (one.tool_waits or {}).items()})
    return sums


def _shorter(reading: Reading, waits: ToolWaits) -> float:
    """The worst time of a repeat. When it was is known only of a time without answers: in the blocks that have none."""
    value = reading.value
    places = list(_places(reading.trial, value)) if isinstance(reading.found, SingleValue) else []
    return min((_less(waits, *place, value) for place in places), default=_less(ToolWaits(waits.most), 0.0, 0.0, value))


def _places(trial: Trial, stall: float) -> Iterator[tuple[float, float]]:
    """When so long a time without an answer may have begun: the blocks are empty that it covers whole."""
    client = measured(trial.send, Http)
    if client is None or client.interval is None or client.answers is None:
        return
    length, begin = client.interval.si, trial.probe.window.warm_up.si
    inside = max(0, math.floor(stall / length) - 1)
    for first in range(len(client.answers) - inside):
        if not any(client.answers[first + 1 : first + 1 + inside]):
            at = begin + first * length
            yield at, at + length


def _parts(reading: Reading, waits: ToolWaits) -> Iterator[Histogram]:
    """The times of each block of the window, or of all where they are not kept in blocks, each without the waits."""
    client, window = measured(reading.trial.send, Http), reading.trial.probe.window
    if client is None or not client.blocks or client.interval is None:
        assert isinstance(reading.found, HistogramStats)
        yield reading.found.histogram.changed(partial(_less, ToolWaits(waits.most), 0.0, 0.0))
        return
    length = client.interval.si
    for number, block in enumerate(client.blocks):
        due = window.warm_up.si + number * length
        yield block.changed(partial(_less, waits, due, due + length))


def _less(waits: ToolWaits, earliest: float, latest: float, time: float) -> float:
    """A time that began between two instants, without what the tools waited meanwhile."""
    return max(0.0, time - waits.within(earliest, latest + time))
