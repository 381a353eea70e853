"""What the measured pairs say of all roads of the network: a tolerance statement, with the confidence it reaches.

Pairs are a sample of all roads, picked at random. If only a share p of the roads held, n pairs with at most k misses
among them would be seen with probability P(B <= k), B binomial(n, 1 - p). One minus it is the confidence that more
roads hold. Without a miss that is 1 - p^n: 95 % from 29 pairs on for nine roads in ten.

A network with few roads in all is better known by the same pairs: the statement is then on the safe side.

Pairs of a ring are no independent draws, since every node sends once and receives once. What is bad at a node shows the
better for it, and bad roads that lie scattered show as in independent draws; simulations of both are among the tests.

Of nodes more is known than of roads. A node of which half of the roads break, sending or receiving, is not seen on k
roads with a probability of at most 1/2^k, and b such nodes with 1/2^(k b).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from clearway.base.units import Ratio
from clearway.pairing.base import End
from clearway.verdict.model import CriterionVerdict, PairState
from clearway.verdict.thresholds import CONFIDENCE, ROADS

_EXACT = 1e-6
"""Shares are shown with far fewer digits."""


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
    broken: Ratio
    """At most this share of all roads does not hold: 95 % sure."""
    times: int
    """On so many roads or more each node sent, and received."""
    bad_nodes: int | None
    """At most so many nodes break on half of their roads, in a direction: 95 % sure. None where pairs missed."""

    @property
    def is_sure(self) -> bool:
        return self.confidence.si >= CONFIDENCE.value


def tolerance(judged: CriterionVerdict) -> Tolerance:
    """What the pairs of one criterion say of all roads."""
    share = Ratio(min(judged.criterion.share.si, ROADS.value))
    pairs = len(judged.pairs)
    missed = pairs - judged.count(PairState.HOLDS)
    times = _times(judged)
    return Tolerance(
        share=share,
        confidence=Ratio(confidence(pairs, missed, share.si)),
        pairs=pairs,
        missed=missed,
        needed=pairs_needed(missed, share.si),
        broken=Ratio(most_broken(pairs, missed)),
        times=times,
        bad_nodes=most_bad_nodes(times) if times and not missed else None,
    )


def confidence(pairs: int, missed: int, share: float) -> float:
    """How sure so many pairs make it that at least this share of all roads holds."""
    return max(0.0, 1 - math.fsum(_chance(pairs, k, 1 - share) for k in range(min(missed, pairs) + 1)))


def most_broken(pairs: int, missed: int) -> float:
    """The least share of roads of which it is 95 % sure that no more than it miss (Clopper and Pearson, 1934)."""
    low, high = 0.0, 1.0
    while high - low > _EXACT:
        middle = (low + high) / 2
        low, high = (low, middle) if confidence(pairs, missed, 1 - middle) >= CONFIDENCE.value else (middle, high)
    return high


def most_bad_nodes(times: int) -> int:
    """The most nodes that break on half of their roads and may all stay unseen, with a chance of 5 % or more."""
    return math.floor(math.log(1 - CONFIDENCE.value, 0.5) / times)


def _times(judged: CriterionVerdict) -> int:
    ends = [pair.subject for pair in judged.pairs if not isinstance(pair.subject, str)]
    sent, received = (Counter(pair[end].node for pair in ends) for end in End)
    return min((min(sent[node], received[node]) for node in sent | received), default=0)


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
