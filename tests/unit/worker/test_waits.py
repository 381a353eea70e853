"""What a tool waited for a CPU counts within a second, however long it runs, and in the second in which it waited."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.probe.measurement import Counters
from clearway.worker.waits import ThreadWaits, counted

SPAWNED = -0.6
"""Seconds from the instant."""


def waiting(shares: list[float]) -> ThreadWaits:
    """A thread that waited such a share of each tenth of a second, looked at after each."""
    waits, total = ThreadWaits(SPAWNED), 0.0
    for number, share in enumerate(shares, start=1):
        total += share * 0.1
        waits.look(SPAWNED + number * 0.1, total)
    return waits


def test_a_little_in_every_moment_of_a_long_run_is_little() -> None:
    assert waiting([0.1] * 600).most == pytest.approx(0.1, abs=0.011)


def test_a_second_without_any_cpu_is_that_second() -> None:
    waits = waiting([0.0] * 56 + [1.0] * 10 + [0.0] * 50)
    assert waits.most == pytest.approx(1.0)
    assert waits.by_second[5] == pytest.approx(1.0)
    assert sum(waits.by_second.values()) <= 1.2


def test_a_thread_that_is_looked_at_too_rarely_may_have_waited_all_at_once() -> None:
    waits = ThreadWaits(SPAWNED)
    waits.look(0.0, 0.0)
    waits.look(5.0, 0.6)
    assert waits.most == pytest.approx(0.6)
    assert [waits.by_second[second] for second in range(5)] == pytest.approx([0.6] * 5)


def test_a_wait_that_is_over_after_a_look_may_have_begun_before_it() -> None:
    waits = ThreadWaits(SPAWNED)
    waits.look(2.95, 0.0)
    waits.look(3.05, 0.5)
    assert waits.by_second[2] == pytest.approx(0.5)
    assert waits.by_second[3] == pytest.approx(0.05)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_no_second_holds_more_waiting_than_it_says(shares: list[float]) -> None:
    waits = waiting(shares)
    most = max(sum(shares[begin : begin + 10]) * 0.1 for begin in range(len(shares)))
    assert most <= waits.most + 1e-9
    assert waits.most <= sum(shares) * 0.1 + 1e-9
    for second in range(-1, 6):
        inside = [share for number, share in enumerate(shares) if second <= SPAWNED + (number + 0.5) * 0.1 < second + 1]
        assert sum(inside) * 0.1 <= waits.by_second.get(second, 0.0) + 1e-9


def test_a_record_has_the_seconds_in_which_a_thread_waited() -> None:
    busy, calm = waiting([0.0] * 6 + [0.05] * 10 + [0.0] * 10 + [0.5] * 5), waiting([0.0] * 6 + [0.1] * 10)
    found = counted(Counters(), [busy, calm])
    assert found.tool_waits is not None
    assert found.tool_waits.keys() == {-1, 0, 1, 2}
    assert found.tool_waits[0].si == pytest.approx(0.1)
    assert found.tool_waits[2].si == pytest.approx(0.25)
    assert found.tool_waited is not None
    assert found.tool_waited.si == pytest.approx(0.25)


def test_a_tool_that_no_one_looked_at_has_no_waits() -> None:
    assert counted(Counters(), []) == Counters()
