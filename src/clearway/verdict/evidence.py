"""What the attempts at one pair show for one criterion, put together from all repeats.

How repeats are put together follows from what is asked: a mean, a share of many, a percentile, or the worst of all.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from clearway.base.units import Count, Duration, Quantity, Ratio, Size
from clearway.probe.distribution import AddedStats, Distribution, HistogramStats, SampleStats, SingleValue, percent
from clearway.probe.histogram import Histogram, rank
from clearway.probe.measurement import Http
from clearway.probe.metrics import Metric
from clearway.probe.readings import measured
from clearway.probe.records import Reason, Trial
from clearway.spec.criteria import EVERY, GOOD_SIDE, Criterion, Over, Relation
from clearway.verdict.interval import Added, Bracket, Percentile, Pooled, Share, Worst
from clearway.verdict.noise import Means, block_error
from clearway.verdict.thresholds import BEYOND_PERCENTILE, BLOCK, RULE_OF_THREE

Evidence = Means | Share | Percentile | Added | Bracket | Worst


@dataclass(frozen=True, slots=True)
class Ordered:
    """Values kept one by one, sorted."""

    values: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    def percentile(self, p: float) -> float:
        return self.values[rank(p, len(self.values)) - 1]

    def above(self, value: float) -> int:
        return len(self.values) - bisect_right(self.values, value)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one repeat measured."""

    trial: Trial
    found: Distribution
    value: float


def read(criterion: Criterion, trials: Sequence[Trial]) -> tuple[tuple[Reading, ...], tuple[Reason, ...]]:
    """The readings of all repeats, and why they cannot be judged."""
    readings = [reading for trial in trials if (reading := _reading(criterion, trial)) is not None]
    missing = len(trials) - len(readings)
    faults = [Reason("verdict.no-value", {"metric": criterion.metric.name})] * missing if missing else []
    count, needed = sum([reading.found.count for reading in readings]), _needed_samples(criterion)
    if readings and count < needed:
        faults.append(Reason("verdict.too-few-samples", {"count": count, "needed": needed}))
    return tuple(readings), tuple(faults)


def pooled(criterion: Criterion, limit: Quantity | None, readings: Sequence[Reading]) -> Evidence:
    """The readings of one pair, which are not none, as one piece of evidence."""
    if _is_percentile(criterion):
        return _added(percent(criterion.statistic), readings) or _percentile(percent(criterion.statistic), readings)
    values = [reading.value for reading in readings]
    if criterion.metric.unit is Ratio and limit is not None and limit.si > 0:
        return _share(readings)
    if is_worst(criterion):
        return worst(criterion, values)
    return Means(tuple(values), _mean_block_error(readings[0]))


def value_of_all(metric: Metric, statistic: str, trials: Sequence[Trial]) -> float | None:
    """One number of all repeats, made as the verdict makes it; None if no repeat carries it."""
    if len(trials) == 1:
        return metric.value(trials[0], statistic)
    whole = metric.unit(1.0)
    asked = Criterion(metric, statistic, GOOD_SIDE[metric.better], whole, Over.PAIRS, EVERY, "")
    readings, _ = read(asked, trials)
    if len(readings) == 1:
        return readings[0].value
    return pooled(asked, whole, readings).value if readings else None


def is_worst(criterion: Criterion) -> bool:
    """Whether repeats add but their worst: the least, the longest, a number of things, a share that has to be 0."""
    once = criterion.statistic == "total" and criterion.metric.unit in (Count, Duration, Ratio, Size)
    return once or criterion.statistic in ("min", "max")


def worst(criterion: Criterion, values: Sequence[float]) -> Worst:
    return Worst(min(values) if criterion.relation is Relation.AT_LEAST else max(values))


def _reading(criterion: Criterion, trial: Trial) -> Reading | None:
    found = criterion.metric.values(trial)
    value = found.statistic(criterion.statistic) if found is not None else None
    return None if found is None or value is None else Reading(trial, found, value)


def _is_percentile(criterion: Criterion) -> bool:
    return criterion.statistic == "median" or criterion.statistic.startswith("p")


def _needed_samples(criterion: Criterion) -> int:
    if isinstance(criterion.limit, Ratio):
        return math.ceil(RULE_OF_THREE.value / criterion.limit.si) if criterion.limit.si > 0 else 1
    if _is_percentile(criterion):
        return round(BEYOND_PERCENTILE.value / (1 - percent(criterion.statistic) / 100))
    return 1


def _share(readings: Sequence[Reading]) -> Share:
    counts = [reading.found.count for reading in readings]
    events = [reading.value * count for reading, count in zip(readings, counts, strict=True)]
    blocks = tuple(block for reading in readings for block in _blocks_of_events(reading))
    return Share(math.fsum(events), sum(counts), tuple(zip(counts, events, strict=True)), blocks)


def _added(p: float, readings: Sequence[Reading]) -> Added | None:
    """None: they are no differences."""
    loaded = loaded_readings(readings)
    idle = [replace(one, found=one.found.idle) for one in readings if isinstance(one.found, AddedStats)]
    return Added(_percentile(p, loaded), _percentile(p, idle)) if loaded else None


def loaded_readings(readings: Sequence[Reading]) -> list[Reading]:
    """Of differences to the idle road, what was measured under load; none of other readings."""
    return [replace(one, found=one.found.loaded) for one in readings if isinstance(one.found, AddedStats)]


def _percentile(p: float, readings: Sequence[Reading]) -> Percentile:
    repeats = tuple(_samples(reading.found) for reading in readings)
    return Percentile(_together(repeats), p, repeats, tuple(tuple(map(_samples, _blocks(one))) for one in readings))


def _samples(found: Distribution) -> Pooled:
    if isinstance(found, HistogramStats):
        return found.histogram
    assert isinstance(found, SampleStats)
    return Ordered(tuple(sorted(found.values)))


def _together(repeats: Sequence[Pooled]) -> Pooled:
    """Repeats of one probe are all of one kind."""
    if len(repeats) == 1:
        return repeats[0]
    histograms = [one for one in repeats if isinstance(one, Histogram)]
    if histograms:
        return Histogram.sum(histograms)
    return Ordered(tuple(sorted(chain.from_iterable(one.values for one in repeats if isinstance(one, Ordered)))))


def _blocks(reading: Reading) -> tuple[Distribution, ...]:
    """The samples of one repeat in blocks of half a second; none where they have no order."""
    if isinstance(reading.found, HistogramStats):
        client = measured(reading.trial.send, Http)
        return tuple(map(HistogramStats, client.blocks or ())) if client is not None else ()
    if not isinstance(reading.found, SampleStats):
        return ()
    values = reading.found.values
    return tuple(SampleStats(values[low:high]) for low, high in _block_edges(reading, len(values)))


def _blocks_of_events(reading: Reading) -> tuple[tuple[int, int], ...]:
    """What there was in each half second, and to how much of it the event happened."""
    parts = reading.found.parts if isinstance(reading.found, SingleValue) else ()
    blocks = (parts[low:high] for low, high in _block_edges(reading, len(parts)))
    return tuple((sum(count for count, _ in block), sum(events for _, events in block)) for block in blocks)


def _block_edges(reading: Reading, values: int) -> Iterator[tuple[int, int]]:
    """Where each block of so many values of the window begins and ends."""
    count = min(values, max(1, round(reading.trial.probe.window.duration.si / BLOCK.value)))
    return pairwise([values * n // count for n in range(count + 1)] if count else [])


def _mean_block_error(first: Reading) -> float:
    """0 where there are no blocks."""
    if not isinstance(first.found, SampleStats):
        return block_error([mean for block in _blocks(first) if (mean := block.statistic("mean")) is not None])
    values = first.found.values
    return block_error([math.fsum(values[low:high]) / (high - low) for low, high in _block_edges(first, len(values))])
