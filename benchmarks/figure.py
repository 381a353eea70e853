"""What a bench reports: a number, what it should be, and how far it scattered."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scripts.goal import Goal

_RESAMPLES = 2_000
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    name: str
    value: float
    unit: str
    runs: Sequence[float]
    """What each single run gave, in the same unit."""
    goal: Goal | None = None
    """None: reported, not held to anything."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.goal.is_met(self.value)


@dataclass(frozen=True)
class Paired:
    """Two ways to measure one thing, taken in turns on one link: run `i` of both lies side by side in time."""

    ours: Sequence[float]
    by_hand: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        return [ours / theirs for ours, theirs in zip(self.ours, self.by_hand, strict=True)]

    @property
    def of_medians(self) -> float:
        return median(self.ours) / median(self.by_hand)

    @property
    def lower_bound(self) -> float:
        """What the median of the paired ratio exceeds with 95 % confidence, by the bootstrap (seeded)."""
        rng, ratios = random.Random(1), self.ratios
        medians = sorted(median(rng.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
        return medians[round((1 - _CONFIDENCE) * _RESAMPLES)]
