"""A log-linear histogram: latencies of millions of requests in a few hundred buckets.

A value's bucket is its binary exponent and its first 7 bits behind the leading one, so a bucket is
at most 1/128 of its value wide: every statistic is exact to 0.8 %. `least`, `most` and `total` are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Dict, Iterable, Mapping, Optional

_STEPS = 128
"""Buckets per doubling."""


@dataclass(frozen=True)
class Histogram:
    """Non-negative values in one unit, which the holder of the histogram states."""

    buckets: Mapping[int, int] = field(default_factory=dict)
    """Bucket index -> how many values fell there."""
    count: int = 0
    total: float = 0.0
    least: Optional[float] = None
    most: Optional[float] = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Histogram:
        """Count `values`; raises ValueError on a negative or non-finite one."""
        buckets: Dict[int, int] = {}
        count, total = 0, 0.0
        least, most = math.inf, -math.inf
        for value in values:
            index = _index(value)
            buckets[index] = buckets.get(index, 0) + 1
            count += 1
            total += value
            least, most = min(least, value), max(most, value)
        return cls(buckets, count, total, least, most) if count else cls()

    def percentile(self, p: float) -> Optional[float]:
        """Smallest bucket value that at least `p` per cent of the values don't exceed (nearest rank); None if empty."""
        if not self.count:
            return None
        assert self.least is not None and self.most is not None
        wanted = rank(p, self.count)
        seen = 0
        for index in sorted(self.buckets):
            seen += self.buckets[index]
            if seen >= wanted:
                return min(max(_middle(index), self.least), self.most)
        return self.most


def rank(p: float, count: int) -> int:
    """Nearest rank of the `p`th percentile among `count` ordered values, from 1."""
    # Rounded first: 99.9 / 100 x 1000 is a little more than 999 in binary, and is not meant to be 1000.
    return max(1, math.ceil(round(p / 100 * count, 6)))


def _index(value: float) -> int:
    if not 0 <= value < math.inf:
        raise ValueError(f"not a finite non-negative number: {value}")
    if value == 0:
        return _ZERO
    mantissa, exponent = math.frexp(value)
    return exponent * _STEPS + int((mantissa * 2 - 1) * _STEPS)


def _middle(index: int) -> float:
    if index == _ZERO:
        return 0.0
    exponent, step = divmod(index, _STEPS)
    return math.ldexp((1 + (step + 0.5) / _STEPS) / 2, exponent)


_ZERO = -1_000_000
"""The bucket of exact zeros: below every exponent a float has."""
