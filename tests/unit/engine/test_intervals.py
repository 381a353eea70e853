"""The window as a row of equal intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.engine.iperf import (
    TOLERANCE,
    Row,
    bulk_grid_of,
    duration,
    fate_of,
    fine_grid_of,
    grid_of,
    longest_stall,
    ticks,
)
from clearway.probe.parameters import Window

_HUNDREDTHS = st.integers(1, 6_000)


@given(warm_up=st.integers(0, 6_000), duration=_HUNDREDTHS)
def test_any_window_of_whole_hundredths_is_divided_without_a_rest(warm_up: int, duration: int) -> None:
    window = Window(Duration(warm_up / 100), Duration(duration / 100))
    grid = bulk_grid_of(window)
    assert grid.starts().start == grid.begin == warm_up * 100
    assert len(grid.starts()) * grid.step == duration * 100
    assert grid.begin % grid.step == 0


@pytest.mark.parametrize(("duration", "interval"), [(10, 0.5), (5, 0.5), (4, 0.2), (1, 0.1), (0.25, 0.01)])
def test_bulk_is_counted_by_the_longest_interval_that_makes_a_series(duration: float, interval: float) -> None:
    assert bulk_grid_of(Window(Duration(1), Duration(duration))).interval == Duration(interval)


def test_an_interval_is_never_finer_than_the_tool_can() -> None:
    assert bulk_grid_of(Window(Duration(1), Duration(0.5)), Duration(0.1)).interval == Duration(0.1)
    assert fine_grid_of(Window(Duration(1), Duration(5)), Duration(0.03)).interval == Duration(0.05)


def test_a_window_that_no_interval_divides_is_refused_with_what_would() -> None:
    with pytest.raises(UsageError) as caught:
        grid_of(Window(Duration(1), Duration(1.005)), Duration(0.01))
    assert caught.value.code == "engine.uneven-window"
    assert caught.value.values["interval"] == Duration(0.01)


@given(st.integers(0, 10**9))
def test_a_time_is_read_exactly(tick: int) -> None:
    assert ticks(f"{tick // 10_000}.{tick % 10_000:04}") == tick


@given(st.lists(st.tuples(st.integers(1, 20), st.sampled_from([0, 0, 1])), max_size=40), st.integers(0, 100))
def test_the_longest_stall_is_the_longest_run_of_empty_rows(lengths: list[tuple[int, int]], begin: int) -> None:
    rows = [Row(0, begin, 1)]
    for length, size in lengths:
        rows.append(Row(rows[-1].end, rows[-1].end + length, size))
    runs = [
        (rows[last].end - rows[first].start, rows[first].start)
        for first in range(len(rows))
        for last in range(first, len(rows))
        if not any(row.size for row in rows[first : last + 1])
    ]
    length = max((length for length, _ in runs), default=0)
    stall = longest_stall(rows)
    assert stall.length == duration(length)
    assert stall.at == (duration(min(at for found, at in runs if found == length)) if length else None)


def test_two_short_stalls_are_not_one_long_one() -> None:
    sizes = [1, 0, 0, 1, 0, 0, 0, 1]
    stall = longest_stall(Row(place, place + 1, size) for place, size in enumerate(sizes))
    assert (stall.length, stall.at) == (duration(3), duration(4))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=200))
def test_no_copy_hides_a_loss_where_more_came_than_was_numbered(arrivals: list[int]) -> None:
    """How often each number came, one copy behind the other, as the tools count it."""
    numbers = max((place + 1 for place, times in enumerate(arrivals) if times), default=0)
    received, gaps = sum(arrivals), arrivals[:numbers].count(0)
    copies = received - (numbers - gaps)
    fate = fate_of(received, numbers, max(0, gaps - copies), copies)
    assert fate is not None
    if copies > gaps + TOLERANCE:
        assert (fate.lost, fate.duplicates) == (gaps, copies)
    else:
        assert (fate.duplicates, fate.reordered) == (0, copies)


def test_counts_that_copies_do_not_explain_contradict_each_other() -> None:
    assert fate_of(received=100, numbers=50, lost=0, out_of_order=20) is None
    assert fate_of(received=40, numbers=100, lost=0, out_of_order=0) is None
