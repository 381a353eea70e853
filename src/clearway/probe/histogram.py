"""Values counted in buckets: latencies of millions of requests in a few hundred numbers.

A value's bucket is its binary exponent and its first 7 bits behind the leading one, so a bucket is at most 1/128 of its
value wide: every statistic is exact to 0.8 %. `least`, `most` and `total` are exact.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from clearway.probe.json_values import Natural

_STEPS = 128
"""Buckets per doubling."""


@dataclass(frozen=True)
class Histogram:
    """Non-negative values in one unit, which the holder of the histogram states."""

    buckets: Mapping[int, Natural] = field(default_factory=dict)
    """Bucket index -> how many values fell there."""
    count: Natural = 0
    total: float = 0.0
    least: Optional[float] = None
    most: Optional[float] = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Histogram:
        """Count `values`; raises ValueError on a negative or non-finite one."""
        counts = BucketCounts()
        for value in values:
            counts.add(value)
        return counts.histogram()

    @classmethod
    def sum(cls, parts: Iterable[Histogram]) -> Histogram:
        """The values of all of them."""
        buckets: Dict[int, int] = {}
        filled = [part for part in parts if part.count]
        for part in filled:
            for index, count in part.buckets.items():
                buckets[index] = buckets.get(index, 0) + count
        return cls(
            buckets,
            count=sum(part.count for part in filled),
            total=sum(part.total for part in filled),
            least=min((part.least for part in filled if part.least is not None), default=None),
            most=max((part.most for part in filled if part.most is not None), default=None),
        )

    def above(self, value: float) -> int:
        """How many values lie in a higher bucket than `value` does."""
        indexes, seen = self._ranks
        return seen[-1] - seen[bisect_right(indexes, _index(value))]

    def percentile(self, p: float) -> Optional[float]:
        """Smallest bucket value that at least `p` per cent of the values don't exceed (nearest rank); None if empty."""
        if not self.count:
            return None
        assert self.least is not None and self.most is not None
        indexes, seen = self._ranks
        found = bisect_left(seen, rank(p, self.count))
        return min(max(_middle(indexes[found - 1]), self.least), self.most) if found < len(seen) else self.most

    def changed(self, change: Callable[[float], float]) -> Histogram:
        """Of what `change` makes of each value, which is known to the width of its bucket."""
        counts = BucketCounts()
        for index, count in self.buckets.items():
            assert self.least is not None and self.most is not None
            counts.add(change(min(max(_middle(index), self.least), self.most)), count)
        return counts.histogram()

    @cached_property
    def _ranks(self) -> Tuple[List[int], List[int]]:
        """Filled buckets in order, and how many values lie before each: added up once for all that is asked of them."""
        indexes = sorted(self.buckets)
        return indexes, [0, *accumulate(self.buckets[index] for index in indexes)]


class BucketCounts:
    """A histogram while its values are counted."""

    def __init__(self) -> None:
        self._buckets: Dict[int, int] = {}
        self._total, self._least, self._most = 0.0, math.inf, -math.inf

    def add(self, value: float, times: int = 1) -> None:
        """Raises ValueError on a negative or non-finite value."""
        index = _index(value)
        self._buckets[index] = self._buckets.get(index, 0) + times
        self._total += value * times
        self._least, self._most = min(self._least, value), max(self._most, value)

    def histogram(self) -> Histogram:
        if not self._buckets:
            return Histogram()
        return Histogram(self._buckets, sum(self._buckets.values()), self._total, self._least, self._most)


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
    exponent = min(exponent, 1024)  # the largest that a number has: what a worker wrote may be any
    return math.ldexp((1 + (step + 0.5) / _STEPS) / 2, exponent)


_ZERO = -1_000_000
"""The bucket of exact zeros: below every exponent a float has."""
