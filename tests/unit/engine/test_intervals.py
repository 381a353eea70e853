"""The window as a row of equal intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import UsageError
from clearway.base.units import Duration
from clearway.engine.iperf import bulk_grid_of, fine_grid_of, grid_of, ticks
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
