"""What a tool waited for a CPU counts within a second, however long it runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.worker.child import LongestWait

BOOTED = 1_000.0
"""Seconds of the monotonic clock when the tool begins."""


def after_waiting(shares: list[float]) -> float:
    """Of a thread that waited such a share of each tenth of a second."""
    wait, total = LongestWait(), 0.0
    for number, share in enumerate(shares, start=1):
        total += share * 0.1
        wait.look(BOOTED + number * 0.1, total)
    return wait.seconds


def test_a_little_in_every_moment_of_a_long_run_is_little() -> None:
    assert after_waiting([0.1] * 600) == pytest.approx(0.1, abs=0.011)


def test_a_second_without_any_cpu_is_that_second() -> None:
    assert after_waiting([0.0] * 50 + [1.0] * 10 + [0.0] * 50) == pytest.approx(1.0)


def test_a_thread_that_is_looked_at_too_rarely_may_have_waited_all_at_once() -> None:
    wait = LongestWait()
    wait.look(BOOTED, 0.0)
    wait.look(BOOTED + 5.0, 0.6)
    assert wait.seconds == pytest.approx(0.6)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_no_second_holds_more_waiting_than_it_says(shares: list[float]) -> None:
    most = max(sum(shares[begin : begin + 10]) * 0.1 for begin in range(len(shares)))
    assert most <= after_waiting(shares) + 1e-9
    assert after_waiting(shares) <= sum(shares) * 0.1 + 1e-9
