"""The values inside one trial, and their statistics."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Optional, Protocol, Tuple

from clearway.probe.histogram import Histogram, rank
from clearway.probe.measurement import Connecting

PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,9})?)")


class Distribution(Protocol):
    """The values inside one trial, in the metric's SI unit."""

    @property
    def count(self) -> int:
        """How many samples stand behind any statistic."""

    def statistic(self, name: str) -> Optional[float]:
        """`mean`, `median`, `min`, `max`, `pNN` or `total`; None if there are no values."""


@dataclass(frozen=True)
class SampleStats:
    """Values kept one by one: statistics are exact, percentiles by nearest rank."""

    values: Tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    def statistic(self, name: str) -> Optional[float]:
        if not self.values:
            return None
        ordered = sorted(self.values)
        if name == "mean":
            return math.fsum(ordered) / len(ordered)
        if name == "min":
            return ordered[0]
        if name == "max":
            return ordered[-1]
        return ordered[rank(percent(name), len(ordered)) - 1]


@dataclass(frozen=True)
class LevelStats(SampleStats):
    """Levels of the parts of a window. Mean and total are the level of the whole, for a part may be shorter."""

    whole: float

    def statistic(self, name: str) -> Optional[float]:
        return self.whole if name in ("mean", "total") else super().statistic(name)


@dataclass(frozen=True)
class HistogramStats:
    """Values kept as a histogram: percentiles to 0.8 %, the rest exact."""

    histogram: Histogram

    @property
    def count(self) -> int:
        return self.histogram.count

    def statistic(self, name: str) -> Optional[float]:
        histogram = self.histogram
        if not histogram.count:
            return None
        if name == "mean":
            return histogram.total / histogram.count
        if name == "min":
            return histogram.least
        if name == "max":
            return histogram.most
        return histogram.percentile(percent(name))


@dataclass(frozen=True)
class AddedStats:
    """What a load adds to times: a statistic under load less the same one of an idle road."""

    loaded: HistogramStats
    idle: HistogramStats

    @property
    def count(self) -> int:
        """The fewer of the two decide."""
        return min(self.loaded.count, self.idle.count)

    def statistic(self, name: str) -> Optional[float]:
        loaded, idle = self.loaded.statistic(name), self.idle.statistic(name)
        return None if loaded is None or idle is None else added(loaded, idle)


def added(loaded: float, idle: float) -> float:
    """Never less than 0: no load makes a road faster, but a busy machine wakes up faster than a sleeping one."""
    return max(0.0, loaded - idle)


@dataclass(frozen=True)
class ConnectingStats:
    """Of connections whose single times are not known."""

    times: Connecting
    count: int = 1

    def statistic(self, name: str) -> Optional[float]:
        known = {"mean": self.times.mean, "max": self.times.most}
        return known[name].si if name in known else None


@dataclass(frozen=True)
class SingleValue:
    """One value over the whole session, from `count` events."""

    value: float
    count: int
    parts: Tuple[Tuple[int, int], ...] = ()
    """Of the window in time order: how many things there were, and to how many it happened; () if not known."""

    def statistic(self, name: str) -> Optional[float]:
        return self.value


def percent(statistic: str) -> float:
    """`median` is 50, `p99.9` is 99.9; raises ValueError on anything else."""
    if statistic == "median":
        return 50.0
    if match := PERCENTILE.fullmatch(statistic):
        return float(match.group(1))
    raise ValueError(f"not a percentile: {statistic}")
