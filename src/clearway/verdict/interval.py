"""What the repeats of a pair show about its true value: the value measured, and an interval for the true one.

Repeats are put together before they are judged: means are averaged, counts added, samples pooled. The two ends of an
interval have each their own tail, as a verdict that holds may err by more than one that breaks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clearway.probe.distribution import added
from clearway.verdict.noise import Means, Noise
from clearway.verdict.quantiles import normal_quantile, share_bound, student_quantile
from clearway.verdict.thresholds import LOSSY_BLOCKS, UNKNOWN_BLOCKS, WIDEST


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    value: float
    high: float


class Pooled(Protocol):
    """Values from one or several repeats, kept one by one or as a histogram."""

    @property
    def count(self) -> int:
        """More than 0."""

    def percentile(self, p: float) -> float | None:
        """By nearest rank."""

    def above(self, value: float) -> int:
        """How many are larger."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the repeats' means, in multiples of `limit`, among the noise of all pairs."""

    means: Means
    limit: float
    noise: Noise

    def interval(self, low: float, high: float) -> Interval:
        """The margin is a share of the larger one, the measured mean or the true one: so it errs on the safe side."""
        value = self.means.value * self.limit
        return Interval(value * (1 - self._margin(low)), value, value / (1 - self._margin(high)))

    def _margin(self, tail: float) -> float:
        return min(WIDEST.value, self.noise.margin(self.means, tail))


@dataclass(frozen=True, slots=True)
class Share:
    """Events among many, added over the repeats: datagrams lost of those sent."""

    events: float
    of: float
    repeats: tuple[tuple[float, float], ...] = ()
    blocks: tuple[tuple[float, float], ...] = ()
    """Of both: how many there were, and to how many it happened; none if they are not known."""

    @property
    def value(self) -> float:
        return self.events / self.of

    def interval(self, low: float, high: float) -> Interval:
        """Clopper and Pearson's, which is exact for events that do not depend on each other. Events that come in
        bursts say as much as fewer of fewer would.
        """
        blocks = [block for block in self.blocks if block[0]]
        effect = max(1.0, _clustering(blocks), _clustering(self.repeats)) if len(blocks) > 1 else 1.0
        freedom = min(len(blocks) - 1, max(round(LOSSY_BLOCKS.value), sum(events > 0 for _, events in blocks)))
        ends = [self._bound(effect, freedom, tail, upper=upper) for tail, upper in ((low, False), (high, True))]
        return Interval(ends[0], self.value, ends[1])

    def _bound(self, effect: float, freedom: int, tail: float, *, upper: bool) -> float:
        if effect == 1:
            return share_bound(self.events, self.of, tail, upper=upper)
        count = self.of * _known_from(freedom, tail) / effect
        return share_bound(count * self.value, count, tail, upper=upper)


@dataclass(frozen=True, slots=True)
class Percentile:
    """Pooled of all repeats, and how far they are from being as many as they look."""

    samples: Pooled
    p: float
    repeats: tuple[Pooled, ...] = ()
    blocks: tuple[tuple[Pooled, ...], ...] = ()
    """Of each repeat; none if they are not known."""

    @property
    def value(self) -> float:
        return self._at(1 - self.p / 100)

    def interval(self, low: float, high: float) -> Interval:
        """Woodruff's: bounds of the share that lies beyond the percentile, read as percentiles again."""
        value = self.value
        effect, freedom = self._design_effect(value)
        ends = [self._beyond(effect, freedom, low, upper=True), self._beyond(effect, freedom, high, upper=False)]
        return Interval(self._at(ends[0]), value, self._at(ends[1]))

    def _at(self, beyond: float) -> float:
        value = self.samples.percentile(100 * (1 - beyond))
        assert value is not None
        return value

    def _beyond(self, effect: float, freedom: int, tail: float, *, upper: bool) -> float:
        """A bound of the share beyond the percentile, from as many samples as would say as much if none depended on
        another.
        """
        known = _known_from(freedom, tail) if freedom else 1.0
        count = max(1, math.floor(self.samples.count * known / effect))
        return share_bound(count * (1 - self.p / 100), count, tail, upper=upper)

    def _design_effect(self, value: float) -> tuple[float, int]:
        """How many samples count as one, and the blocks less one that this is known from."""
        blocks = [(block.count, block.above(value)) for repeat in self.blocks for block in repeat if block.count]
        if len(blocks) < 2:
            return UNKNOWN_BLOCKS.value, 0
        repeats = [(repeat.count, repeat.above(value)) for repeat in self.repeats]
        return max(1.0, _clustering(blocks), _clustering(repeats)), len(blocks) - 1


@dataclass(frozen=True, slots=True)
class Added:
    """A percentile under load less the same one of the idle road."""

    loaded: Percentile
    idle: Percentile

    @property
    def value(self) -> float:
        return added(self.loaded.value, self.idle.value)

    def interval(self, low: float, high: float) -> Interval:
        """Each end from the opposite ends of the two. Either may be wrong, so each gets half of the chance for it."""
        tails = low / 2, high / 2
        loaded, idle = self.loaded.interval(*tails), self.idle.interval(*reversed(tails))
        return Interval(added(loaded.low, idle.high), self.value, added(loaded.high, idle.low))


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst of all repeats: what a limit on the least, the longest or a number of things is about."""

    value: float

    def interval(self, low: float, high: float) -> Interval:
        return Interval(self.value, self.value, self.value)


@dataclass(frozen=True, slots=True)
class Bracket:
    """A value that was shown, and the least that is shown not to be: the true one lies between them."""

    value: float
    top: float

    def interval(self, low: float, high: float) -> Interval:
        return Interval(self.value, self.value, self.top)


def _known_from(freedom: int, tail: float) -> float:
    """Which part of the samples counts where a design effect is known from few blocks: Korn and Graubard's."""
    return (normal_quantile(tail) / student_quantile(tail, freedom)) ** 2


def _clustering(parts: Sequence[tuple[float, float]]) -> float:
    """Variance of the events of parts over that of independent ones; a part is (samples, events)."""
    samples, events = sum(count for count, _ in parts), sum(found for _, found in parts)
    if len(parts) < 2 or not 0 < events < samples:
        return 1.0
    share = events / samples
    squares = math.fsum((found - count * share) ** 2 for count, found in parts)
    return len(parts) / (len(parts) - 1) * squares / (samples * share * (1 - share))
