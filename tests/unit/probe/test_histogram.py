"""The histogram against a plain list and against another implementation."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from clearway.probe.histogram import Histogram, rank

SECONDS = st.floats(1e-6, 100)
MANY = st.lists(SECONDS, min_size=1, max_size=200)
PERCENTS = st.sampled_from(["0.1", "1", "5", "25", "50", "75", "90", "95", "99", "99.9", "99.99"])


@given(st.lists(st.floats(0, 1e9), min_size=1), PERCENTS)
def test_a_percentile_is_the_nearest_rank_to_the_width_of_a_bucket(values: list[float], percent: str) -> None:
    exact = sorted(values)[max(1, math.ceil(Fraction(percent) * len(values) / 100)) - 1]
    assert Histogram.of(values).percentile(float(percent)) == pytest.approx(exact, rel=1 / 128, abs=1e-300)


@given(st.lists(st.integers(1, 100_000_000), min_size=1, max_size=60))
def test_the_value_at_every_rank_is_what_hdrhistogram_says(values: list[int]) -> None:
    ours, theirs = Histogram.of(values), HdrHistogram(1, 200_000_000, 3)
    for value in values:
        theirs.record_value(value)
    for place in range(1, len(values) + 1):
        percent = 100 * place / len(values)
        assert ours.percentile(percent) == pytest.approx(theirs.get_value_at_percentile(percent), rel=1 / 100)


@given(MANY)
def test_least_most_total_and_count_are_exact(values: list[float]) -> None:
    histogram = Histogram.of(values)
    assert (histogram.least, histogram.most, histogram.count) == (min(values), max(values), len(values))
    assert histogram.total == pytest.approx(math.fsum(values))


@given(MANY, PERCENTS, PERCENTS)
def test_percentiles_rise_and_stay_inside_what_was_seen(values: list[float], one: str, other: str) -> None:
    low, high = sorted((float(one), float(other)))
    histogram = Histogram.of(values)
    found = histogram.percentile(low), histogram.percentile(high)
    assert found[0] is not None
    assert found[1] is not None
    assert min(values) <= found[0] <= found[1] <= max(values)


@pytest.mark.parametrize("percent", ["7", "90", "95", "99", "99.5", "99.9", "99.99"])
def test_ranks_are_those_of_decimal_arithmetic(percent: str) -> None:
    for count in range(1, 3000):
        assert rank(float(percent), count) == max(1, math.ceil(Fraction(percent) * count / 100))


def test_nothing_has_no_percentile() -> None:
    assert Histogram.of([]).percentile(99) is None
    assert Histogram.of([]) == Histogram()


def test_zero_is_kept_apart() -> None:
    histogram = Histogram.of([0.0, 0.0, 1.0])
    assert (histogram.percentile(50), histogram.percentile(99)) == (0.0, 1.0)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_what_is_no_amount_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        Histogram.of([bad])


def test_many_latencies_take_few_buckets() -> None:
    histogram = Histogram.of(i / 1e5 for i in range(1, 100_001))
    assert len(histogram.buckets) < 20 * 128


@given(st.lists(st.lists(st.floats(0, 100), max_size=20), max_size=5))
def test_the_sum_of_histograms_has_the_values_of_all(parts: list[list[float]]) -> None:
    found = Histogram.sum(map(Histogram.of, parts))
    whole = Histogram.of(value for part in parts for value in part)
    assert (found.buckets, found.count, found.least, found.most) == (
        whole.buckets,
        whole.count,
        whole.least,
        whole.most,
    )
    assert found.total == pytest.approx(whole.total)
