"""The interval that repeats give their median."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_CONFIDENCE = 0.95
_ENOUGH = 6
"""Fewer repeats than this can't bound a median at 95 %: 2 / 2**5 is 6 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    middle: float
    high: float


def median_interval(values: Sequence[float]) -> Interval:
    """Median of `values` and its 95 % order-statistic interval; with fewer than 6 values, their whole range.

    The interval from the k-th smallest to the k-th largest value covers the true median with
    probability 1 - 2 P(B < k), B binomial(n, 1/2). Raises ValueError on no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    n = len(ordered)
    outer = _rank(n) - 1 if n >= _ENOUGH else 0
    return Interval(ordered[outer], (ordered[(n - 1) // 2] + ordered[n // 2]) / 2, ordered[n - 1 - outer])


def _rank(n: int) -> int:
    """Largest k that keeps the coverage."""
    tail, k = 0.0, 0
    while True:
        tail += math.comb(n, k) / 2**n
        if 1 - 2 * tail < _CONFIDENCE:
            return k
        k += 1
