"""Quantiles of the normal, Student's t and beta distribution, and the exact bounds of a share that rest on them.

Everything but the normal comes from one function, the regularized incomplete beta function, by its continued
fraction (Lentz's way to sum it). A tail is the probability beyond the quantile, on one side.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_TINY = 1e-300
"""Near the least that a double holds: what is smaller counts as 0."""
_EXACT = 1e-10
"""Where the sum changes by less, it is exact to more digits than any figure shows."""
_NEAR = 1e-7
"""A step of Newton's that is smaller leaves an error of about its square."""


@lru_cache(maxsize=4096)
def normal_quantile(tail: float) -> float:
    return NormalDist().inv_cdf(1 - tail)


@lru_cache(maxsize=4096)
def student_quantile(tail: float, freedom: float) -> float:
    """Of a tail of less than a half: beyond t on either side lies I_x(f / 2, 1 / 2), x = f / (f + t^2)."""
    x = beta_quantile(2 * tail, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 / x - 1))


def student_tail(quantile: float, freedom: float) -> float:
    """The probability beyond a quantile that is not negative, on one side."""
    return beta_share(freedom / (freedom + quantile**2), freedom / 2, 0.5) / 2


@lru_cache(maxsize=16384)
def share_bound(events: float, of: float, tail: float, *, upper: bool) -> float:
    """One end of the Clopper-Pearson interval of a share: the true one lies beyond it with at most this probability."""
    if events <= 0:
        return 1 - tail ** (1 / of) if upper else 0.0
    if upper:
        return 1.0 if events >= of else beta_quantile(1 - tail, events + 1, of - events)
    return beta_quantile(tail, events, of - events + 1)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Newton's steps from the normal distribution's answer, inside a bracket that each step makes smaller."""
    low, high, x = 0.0, 1.0, _guess(probability, a, b)
    for _ in range(200):
        missing = probability - beta_share(x, a, b)
        low, high = (x, high) if missing > 0 else (low, x)
        density = math.exp((a - 1) * math.log(x) + (b - 1) * math.log1p(-x) - _log_beta(a, b))
        step = missing / density if density > _TINY else math.inf
        nearer = x + step if low < x + step < high else (low + high) / 2
        if abs(nearer - x) <= _NEAR * x:
            return nearer
        x = nearer
    return x


def _guess(probability: float, a: float, b: float) -> float:
    """As if the beta distribution were normal with the same mean and spread, kept inside."""
    middle = a / (a + b)
    guess = middle - normal_quantile(probability) * math.sqrt(middle * (1 - middle) / (a + b + 1))
    return min(max(guess, middle / 100), 1 - (1 - middle) / 100)


def beta_share(x: float, a: float, b: float) -> float:
    """I_x(a, b): the probability that a beta variable of a and b is at most x, which lies between 0 and 1."""
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    factor = math.exp(a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b)) if x > 0 else 0.0
    return factor * _fraction(x, a, b) / a


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x(a, b). It needs some sqrt(max(a, b)) terms."""
    ahead, behind = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    total = behind
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            behind = 1 / _apart(1 + term * behind)
            ahead = _apart(1 + term / ahead)
            change *= behind * ahead
        total *= change
        if abs(change - 1) < _EXACT:
            break
    return total


def _apart(value: float) -> float:
    """Kept apart from 0, by which the next step divides."""
    return value if abs(value) > _TINY else _TINY
