"""Quantiles and exact bounds against published tables and against what they are defined by."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.verdict.quantiles import beta_share, share_bound, student_quantile

TABLE = {
    (0.05, 1): 6.3138,
    (0.05, 2): 2.9200,
    (0.05, 5): 2.0150,
    (0.025, 1): 12.7062,
    (0.025, 10): 2.2281,
    (0.01, 3): 4.5407,
    (0.01, 30): 2.4573,
    (0.005, 4): 4.6041,
    (0.001, 1): 318.3088,
    (0.001, 120): 3.1595,
}
"""Student's t, as tables of statistics print it."""


@pytest.mark.parametrize(("tail", "freedom"), TABLE)
def test_quantiles_of_students_t_are_those_of_the_tables(tail: float, freedom: int) -> None:
    assert student_quantile(tail, freedom) == pytest.approx(TABLE[tail, freedom], abs=1e-4)


@pytest.mark.parametrize(
    ("lost", "sent", "upper"), [(0, 3_000, 0.000998), (1, 4_742, 0.0010004), (2, 6_294, 0.0010003), (5, 10, 0.7776)]
)
def test_upper_bounds_are_those_of_clopper_and_pearson(lost: int, sent: int, upper: float) -> None:
    assert share_bound(lost, sent, 0.05, upper=True) == pytest.approx(upper, rel=1e-3)


@given(st.integers(1, 60), st.integers(0, 60), st.floats(1e-4, 0.3))
def test_a_bound_is_where_the_binomial_tail_has_the_probability(of: int, events: int, tail: float) -> None:
    events = min(events, of)
    low, high = (share_bound(events, of, tail, upper=upper) for upper in (False, True))
    if events:
        assert binomial(of, low, range(events, of + 1)) == pytest.approx(tail, rel=1e-5)
    if events < of:
        assert binomial(of, high, range(events + 1)) == pytest.approx(tail, rel=1e-5)
    assert 0 <= low <= events / of <= high <= 1


def binomial(of: int, share: float, events: range) -> float:
    return math.fsum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in events)


@given(st.floats(0.001, 0.999), st.floats(0.5, 5_000), st.floats(0.5, 5_000))
def test_both_ends_of_the_beta_distribution_agree(x: float, a: float, b: float) -> None:
    assert beta_share(x, a, b) + beta_share(1 - x, b, a) == pytest.approx(1, abs=1e-9)
