"""The exact interval for the middle of paired differences, by Wilcoxon's signed ranks (Hodges and Lehmann 1963).

It asks nothing of the differences but that they scatter evenly to both sides of their middle, which those of two
series with the same noise do; one that is far off moves the middle little. A mean would follow it, and its interval
would need a normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import median

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    low: float
    high: float

    def moved(self, scale: float, zero: float = 0.0) -> Estimate:
        """Each number times `scale`, plus `zero`; the ends stay in order."""
        ends = sorted((self.low * scale + zero, self.high * scale + zero))
        return Estimate(self.value * scale + zero, *ends)

    @property
    def cut(self) -> Estimate:
        """Without the digits that an interval of this width says nothing of."""
        width = self.high - self.low
        if width <= 0:
            return self
        places = 1 - math.floor(math.log10(width))
        return Estimate(*(round(number, places) + 0.0 for number in (self.value, self.low, self.high)))


def middle(differences: Sequence[float]) -> Estimate | None:
    """The median of all means of two with the interval that covers the truth in at least 95 % of cases.

    None of fewer than six: no interval of theirs covers so much.
    """
    cut = _cut(len(differences))
    if cut is None:
        return None
    means = sorted((one + other) / 2 for one, other in combinations_with_replacement(differences, 2))
    return Estimate(median(means), means[cut], means[-1 - cut])


def _cut(count: int) -> int | None:
    """How many of the least, and of the largest, means lie outside: the largest c with P(rank sum <= c) <= 2.5 %."""
    ways = _ways(count)
    total, below = 2**count, 0
    for rank_sum, found in enumerate(ways):
        below += found
        if below > total * (1 - LEVEL) / 2:
            return rank_sum - 1 if rank_sum else None
    return None


def _ways(count: int) -> list[int]:
    """In how many ways ranks of 1 to `count` add up to each sum."""
    ways = [1] + [0] * math.comb(count + 1, 2)
    for rank in range(1, count + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return ways
