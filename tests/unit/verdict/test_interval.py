"""The interval of a median."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.verdict.pair import median_interval

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60)


@given(VALUES)
def test_the_middle_is_the_median_and_lies_inside(values: list[float]) -> None:
    interval = median_interval(values)
    assert interval.middle == pytest.approx(statistics.median(values))
    assert interval.low <= interval.middle <= interval.high


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=5))
def test_fewer_than_six_values_give_their_whole_range(values: list[float]) -> None:
    interval = median_interval(values)
    assert (interval.low, interval.high) == (min(values), max(values))


@pytest.mark.parametrize(("n", "rank"), [(6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (20, 6), (30, 10), (50, 18)])
def test_the_ranks_are_those_of_the_published_tables(n: int, rank: int) -> None:
    """Ranks of the distribution-free 95 % interval of a median, as found in tables of order statistics."""
    interval = median_interval(range(1, n + 1))
    assert (interval.low, interval.high) == (rank, n + 1 - rank)


def test_no_values_have_no_interval() -> None:
    with pytest.raises(ValueError, match="no values"):
        median_interval([])
