"""The level that is usual among pairs of which some, or even most, are at fault, and the noise around it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from statistics import fmean, median

LEAST_USUAL = 0.35
"""Share of the pairs that has to be usual: with fewer there is no rest to compare with."""
_NEAR = 2.0
"""Noises within which a level is a usual one; 5 % of a normal distribution lies beyond."""
_NEAR_VARIANCE = 0.774
"""Variance of a standard normal variable that lies no further off than that."""
_NORMAL_DEVIATION = 1.4826
"""Standard deviations in the median distance of normal values from their mean."""
_ITERATIONS = 30
_SETTLED = 1e-3
"""Change, as a share of the noise, from which on no iteration is worth its time."""


def usual_level(levels: Sequence[float], counts: Sequence[int], start: float, least: float) -> tuple[float, float]:
    """The usual level near `start`, and the noise of one measurement around it, at least `least`.

    Both by the levels that lie near. What lies further off, and may be most, has no part in them.
    """
    roots = [math.sqrt(count) for count in counts]
    above = [(level - start) * root for level, root in zip(levels, roots, strict=True) if level > start]
    usual, noise = start, max(least, _NORMAL_DEVIATION * median(above) if above else 0.0)
    fewest = max(1, int(LEAST_USUAL * len(levels)))
    for _ in range(_ITERATIONS):
        away = sorted((abs(level - usual) * root, level) for level, root in zip(levels, roots, strict=True))
        near = away[: max(fewest, bisect_right(away, (_NEAR * noise, math.inf)))]
        before = usual, noise
        usual = fmean(level for _, level in near)
        noise = max(least, math.sqrt(fmean(distance * distance for distance, _ in near) / _NEAR_VARIANCE))
        if abs(usual - before[0]) + abs(noise - before[1]) <= _SETTLED * noise:
            break
    return usual, noise


def spread(levels: Sequence[float], counts: Sequence[int], usual: float) -> float:
    """The noise of one measurement, if all distances from the usual level are noise; 0 of fewer than two."""
    squares = math.fsum(count * (level - usual) ** 2 for level, count in zip(levels, counts, strict=True))
    return math.sqrt(squares / (len(levels) - 1)) if len(levels) > 1 else 0.0
