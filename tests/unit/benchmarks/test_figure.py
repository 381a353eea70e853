"""What a bench says of its runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figure import Figure, Paired
from scripts.goal import Goal

RUNS = st.lists(st.floats(1, 1000), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal(0.99, 1.01), 0.99, True),
        (Goal(0.99, 1.01), 1.011, False),
        (Goal(least=0.99), 7.0, True),
        (Goal(most=2.0), 2.1, False),
    ],
)
def test_a_goal_includes_its_ends_and_may_lack_one(goal: Goal, value: float, met: bool) -> None:
    assert Figure("a name", value, "s", (value,), goal).met is met


def test_a_figure_without_a_goal_is_neither_met_nor_missed() -> None:
    assert Figure("a name", 1.0, "s", (1.0,)).met is None


@given(RUNS, st.floats(0.5, 2))
def test_a_constant_ratio_is_its_own_lower_bound(by_hand: list[float], ratio: float) -> None:
    """Whatever the machine did meanwhile, as long as it did it to both."""
    pairs = Paired([value * ratio for value in by_hand], by_hand)
    assert pairs.lower_bound == pytest.approx(ratio)
    assert pairs.of_medians == pytest.approx(ratio)


@given(RUNS, RUNS)
def test_the_lower_bound_lies_among_the_ratios(ours: list[float], by_hand: list[float]) -> None:
    runs = min(len(ours), len(by_hand))
    pairs = Paired(ours[:runs], by_hand[:runs])
    assert min(pairs.ratios) <= pairs.lower_bound <= max(pairs.ratios)
