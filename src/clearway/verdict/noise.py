"""How much the value of one repeat varies around its pair's true mean, learned from all pairs of a test together.

Values are taken as multiples of their pair's limit, noise as a share of the mean: pairs of different rates count alike.
Three things are known of it, and the one that bounds it best is used:

- the scatter of repeats, pooled over the pairs: it becomes better known with each repeat, and is all of the noise;
- before there are repeats, the scatter of the pairs' values: noise and real differences, so never too little of it;
- for a lone value, nothing but an assumption. The blocks inside a probe can only raise it: what makes one repeat
  differ from the next (another path, a busy neighbour) does not show inside one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from clearway.verdict.quantiles import normal_quantile, student_quantile
from clearway.verdict.thresholds import APART, LEAST_NOISE, LONE_NOISE


@dataclass(frozen=True, slots=True)
class Means:
    """A mean for each repeat of a pair, as multiples of its limit."""

    values: tuple[float, ...]
    block_error: float = 0.0
    """Relative standard error of the first mean, by blocks inside its probe."""

    @property
    def value(self) -> float:
        """What the repeats show together."""
        return fmean(self.values)

    @property
    def freedom(self) -> int:
        return len(self.values) - 1

    @property
    def scatter(self) -> float:
        """Relative standard deviation of the repeats; 0 for one repeat."""
        return _relative_deviation(self.values)


@dataclass(frozen=True, slots=True)
class Noise:
    """Of one repeat's value, as relative standard deviations with their degrees of freedom (0: not known)."""

    repeats: float = 0.0
    repeats_freedom: int = 0
    pairs: float = 0.0
    pairs_freedom: int = 0

    @classmethod
    def of(cls, measured: Iterable[Means]) -> Noise:
        """A pair that scatters far more than all others is left out: it is judged by its own scatter."""
        known = [one for one in measured if one.value > 0]
        firsts = [one.values[0] for one in known]
        return cls(*_pooled(known), _relative_deviation(firsts), max(0, len(firsts) - 1))

    def margin(self, pair: Means, tail: float) -> float:
        """The true mean of a pair lies further from its measured one only with this probability, on one side.

        As a share of the true mean.
        """
        if pair.freedom:
            return self._of_repeats(pair, tail) / math.sqrt(len(pair.values))
        least = max(LEAST_NOISE.value, pair.block_error)
        margins = [normal_quantile(tail) * max(LONE_NOISE.value, least)]
        if self.pairs_freedom:
            margins.append(student_quantile(tail, self.pairs_freedom) * max(self.pairs, least))
        if self.repeats_freedom:
            margins.append(student_quantile(tail, self.repeats_freedom) * max(self.repeats, least))
        return min(margins)

    def _of_repeats(self, pair: Means, tail: float) -> float:
        alone = not self.repeats_freedom or _lies_apart(pair, self.repeats, self.repeats_freedom)
        scatter, freedom = (pair.scatter, pair.freedom) if alone else (self.repeats, self.repeats_freedom)
        return student_quantile(tail, freedom) * max(scatter, LEAST_NOISE.value)


def block_error(blocks: Sequence[float]) -> float:
    """Relative standard error of the mean of these means of blocks; 0 if there are too few to know."""
    return _relative_deviation(blocks) / math.sqrt(len(blocks)) if blocks else 0.0


def _relative_deviation(values: Sequence[float]) -> float:
    """Standard deviation as a share of the mean; 0 if there is none."""
    if len(values) < 2 or (mean := fmean(values)) <= 0:
        return 0.0
    return math.sqrt(math.fsum((value / mean - 1) ** 2 for value in values) / (len(values) - 1))


def _pooled(measured: Iterable[Means]) -> tuple[float, int]:
    """The scatter of repeats, without the pairs that lie apart; and its degrees of freedom."""
    parts = [(one, one.freedom * one.scatter**2) for one in measured if one.freedom]
    all_squares, all_freedom = math.fsum(squares for _, squares in parts), sum(one.freedom for one, _ in parts)
    calm = [
        (one, squares)
        for one, squares in parts
        if not _lies_apart(one, *_scatter(all_squares - squares, all_freedom - one.freedom))
    ]
    return _scatter(math.fsum(squares for _, squares in calm), sum(one.freedom for one, _ in calm))


def _lies_apart(pair: Means, others: float, freedom: int) -> bool:
    """Whether it scatters more than two of 1,000 pairs with equal noise do after two repeats, and fewer later."""
    return freedom > 0 and pair.scatter > student_quantile(APART.value, freedom) * max(others, LEAST_NOISE.value)


def _scatter(squares: float, freedom: int) -> tuple[float, int]:
    return (math.sqrt(max(0.0, squares) / freedom), freedom) if freedom else (0.0, 0)
