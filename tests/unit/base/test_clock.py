"""Agreed instants stay where they are, whatever happens to the time of day."""

from __future__ import annotations

import time

import pytest

from clearway.base.clock import Clock, moment


@pytest.fixture
def set_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    day = time.time
    monkeypatch.setattr(time, "time", lambda: day() + 100.0)


def test_it_is_unix_time() -> None:
    assert Clock().now() == pytest.approx(time.time(), abs=0.5)


@pytest.mark.usefixtures("set_forward")
def test_setting_the_machines_clock_does_not_move_it() -> None:
    assert time.time() - Clock().now() == pytest.approx(100.0, abs=0.5)


@pytest.mark.usefixtures("set_forward")
def test_a_tool_is_given_the_instant_in_the_machines_new_time() -> None:
    clock = Clock()
    assert clock.stepped() == pytest.approx(100.0, abs=0.5)
    assert clock.system(clock.now()) == pytest.approx(time.time(), abs=0.5)


def test_a_shift_is_part_of_the_workers_time_alone() -> None:
    clock = Clock(7.0)
    assert clock.now() - Clock().now() == pytest.approx(7.0, abs=0.5)
    assert clock.system(clock.now()) == pytest.approx(time.time(), abs=0.5)


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (1.9, "1970-01-01 00:00:01 UTC"),
        (-1e308, "1970-01-01 00:00:00 UTC"),
        (1e308, "9999-12-31 23:59:59 UTC"),
        (float("inf"), "9999-12-31 23:59:59 UTC"),
    ],
)
def test_what_is_no_date_is_written_as_the_nearest(instant: float, written: str) -> None:
    assert moment(instant) == written
