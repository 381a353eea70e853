"""How much each look at a criterion may err: a pair is judged after every repeat, and looks that err add up.

A pair that holds may err with 5 %: so a criterion asked of every pair passes wrongly with at most that, as all have
to hold. One pair that breaks by mistake can be enough to fail a criterion, so the 5 % are shared by the pairs that
must not break.

Each part is spent over the looks that the repeats allow. Looks share data, so K looks that each err with p err
together with less than K p: for p = 5 % and K = 6 by a factor of nearly 2, for a small p by hardly any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clearway.spec.model import Repeats
from clearway.verdict.thresholds import CONFIDENCE, LOOKS, OVERLAP, ROUNDING, TWO_DEGREES


@dataclass(frozen=True, slots=True)
class Tails:
    """What a verdict on one pair may err with at one look."""

    holds: float
    breaks: float


@dataclass(frozen=True, slots=True)
class Looks:
    """At `pairs` pairs, of which a share has to hold, after `min` to `max` repeats."""

    repeats: Repeats
    pairs: int
    share: float

    def tails(self, look: int, *, noise_is_learned: bool) -> Tails:
        """After so many repeats. What is counted has no noise to learn first: each look has an equal part."""
        weigh = self._weight if noise_is_learned else _equal
        looks = range(self.repeats.min, self.repeats.max + 1)
        part = weigh(min(max(look, looks[0]), looks[-1])) / math.fsum(map(weigh, looks))
        may_break = math.floor(self.pairs * (1 - self.share) + ROUNDING)
        error = 1 - CONFIDENCE.value
        errors = (error, error / max(1, self.pairs - may_break))
        return Tails(*(one * part * math.pow(len(looks), one**OVERLAP.value) for one in errors))

    def is_last(self, look: int) -> bool:
        return look >= self.repeats.max

    def _weight(self, look: int) -> float:
        """More where the noise is better known: it grows with its degrees of freedom."""
        freedom = self.pairs * (look - 1) if look > 1 else max(1, self.pairs - 1)
        return LOOKS.values[min(look, len(LOOKS.values)) - 1] * freedom / (freedom + TWO_DEGREES.value)


def _equal(look: int) -> float:
    return 1.0
