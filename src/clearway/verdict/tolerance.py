"""What the measured pairs say of all roads of the network: a tolerance statement, with the confidence it reaches.

Pairs are a sample of all roads, picked at random. If only a share p of the roads held, n pairs with at most k misses
among them would be seen with probability P(B <= k), B binomial(n, 1 - p). One minus it is the confidence that more
roads hold. Without a miss that is 1 - p^n: 95 % from 29 pairs on for nine roads in ten.

A network with few roads in all is better known by the same pairs: the statement is then on the safe side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clearway.base.units import Ratio
from clearway.verdict.model import CriterionVerdict, PairState
from clearway.verdict.thresholds import CONFIDENCE, ROADS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    share: Ratio
    """At least this share of all roads holds ..."""
    confidence: Ratio
    """... and this is how sure it is."""
    pairs: int
    """Pairs that it is made from."""
    missed: int
    """Pairs among them that were not seen to hold."""
    needed: int
    """Pairs that would make it 95 % sure, with as many misses among them."""

    @property
    def is_sure(self) -> bool:
        return self.confidence.si >= CONFIDENCE.value


def tolerance(judged: CriterionVerdict) -> Tolerance:
    """What the pairs of one criterion say of all roads."""
    share = Ratio(min(judged.criterion.share.si, ROADS.value))
    pairs = len(judged.pairs)
    missed = pairs - judged.count(PairState.HOLDS)
    return Tolerance(
        share=share,
        confidence=Ratio(confidence(pairs, missed, share.si)),
        pairs=pairs,
        missed=missed,
        needed=pairs_needed(missed, share.si),
    )


def confidence(pairs: int, missed: int, share: float) -> float:
    """How sure so many pairs make it that at least this share of all roads holds."""
    return max(0.0, 1 - math.fsum(_chance(pairs, k, 1 - share) for k in range(min(missed, pairs) + 1)))


def pairs_needed(missed: int, share: float) -> int:
    """The least number of pairs that make it 95 % sure, with so many misses among them."""
    low, high = missed, missed + 1
    while confidence(high, missed, share) < CONFIDENCE.value:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if confidence(middle, missed, share) >= CONFIDENCE.value else (middle, high)
    return high


def _chance(pairs: int, missed: int, rate: float) -> float:
    """That exactly so many pairs miss."""
    return math.comb(pairs, missed) * rate**missed * (1 - rate) ** (pairs - missed)
